package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Roles of an instance.
const (
	RoleAll     = "all"
	RoleCollect = "collect"
	RoleProcess = "process"
	RoleConsole = "console"
)

// Sharing is how several instances share the work on one Kafka and one ClickHouse.
type Sharing struct {
	Roles    string        `koanf:"roles" doc:"What this instance does: all, or some of collect (read files into the log), process (carry the log into the store, judge) and console, separated by commas. Anything but all needs broker.mode cluster."`
	Group    string        `koanf:"group" doc:"Name of the Kafka consumer group in which instances share partitions, where log and store are both clusters. Instances with the same store use the same name, and others another one."`
	Instance string        `koanf:"instance" doc:"Name of this instance; empty: made of the host's name and the data directory."`
	Session  time.Duration `koanf:"session" doc:"After how long without a sign of life the others take over what an instance carried."`
}

func defaultSharing() Sharing {
	return Sharing{Roles: RoleAll, Group: "linesman", Session: 10 * time.Second}
}

// Has tells whether an instance has a role.
func (c *Config) Has(role string) bool {
	roles := split(c.Sharing.Roles)
	return len(roles) == 0 || slices.Contains(roles, RoleAll) || slices.Contains(roles, role)
}

// Shared tells whether other instances may carry a part of the log into the same store.
func (c *Config) Shared() bool { return c.Broker.Mode == "cluster" && c.Store.Mode == "cluster" }

func (c *Config) validateSharing() error {
	var errs []error
	roles := split(c.Sharing.Roles)
	for _, r := range roles {
		if !slices.Contains([]string{RoleAll, RoleCollect, RoleProcess, RoleConsole}, r) {
			errs = append(errs, fmt.Errorf("sharing.roles: %q is none of %s, %s, %s and %s", r, RoleAll, RoleCollect, RoleProcess, RoleConsole))
		}
	}
	if len(roles) > 0 && !slices.Contains(roles, RoleAll) && c.Broker.Mode != "cluster" {
		errs = append(errs, fmt.Errorf("sharing.roles: %s: an embedded log belongs to one instance, which does everything; leave the roles at %s, or let several instances share a Kafka (broker.mode cluster)",
			strings.Join(roles, ", "), RoleAll))
	}
	if c.Shared() && c.Sharing.Group == "" {
		errs = append(errs, errors.New("sharing.group: needed where log and store are clusters"))
	}
	return errors.Join(errs...)
}
