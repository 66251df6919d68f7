package config

import (
	"errors"
	"fmt"
	"time"

	"linesman/internal/broker"
)

// Kafka is how topics are made on a cluster and how instances share them.
type Kafka struct {
	Replication      int           `koanf:"replication" doc:"Copies of each topic that Linesman creates; 0: the cluster's default. With two or more, a record is acknowledged when two brokers have it."`
	Retention        time.Duration `koanf:"retention" doc:"After how long Kafka deletes records of topics that Linesman creates, counted from when they were recorded; 0: never. The store can only be rebuilt from what the log holds."`
	MaxMessageBytes  int           `koanf:"max_message_bytes" doc:"Largest batch that is sent, and the limit that topics are created with, in bytes."`
	Group            string        `koanf:"group" doc:"Consumer group in which instances share the partitions."`
	SessionTimeout   time.Duration `koanf:"session_timeout" doc:"After how long without a sign of life the other instances take over the partitions of one. The cluster's group.min.session.timeout.ms must allow it."`
	RebalanceTimeout time.Duration `koanf:"rebalance_timeout" doc:"How long an instance may take to finish what it has begun when partitions move."`
}

func defaultKafka() Kafka {
	return Kafka{
		MaxMessageBytes: broker.DefaultMaxMessageBytes, Group: broker.DefaultGroup,
		SessionTimeout: broker.DefaultSessionTimeout, RebalanceTimeout: broker.DefaultRebalanceTimeout,
	}
}

// smallestMessage keeps a mistyped limit from making a batch of every record.
const smallestMessage = 16 << 10

func (k Kafka) validate() error {
	var errs []error
	if k.Replication < 0 || k.Replication > 32767 {
		errs = append(errs, fmt.Errorf("broker.kafka.replication: %d copies cannot be", k.Replication))
	}
	if k.Retention < 0 {
		errs = append(errs, fmt.Errorf("broker.kafka.retention: %v lies in the past; 0 keeps everything", k.Retention))
	}
	if k.MaxMessageBytes < smallestMessage {
		errs = append(errs, fmt.Errorf("broker.kafka.max_message_bytes: %d is less than the smallest useful limit of %d", k.MaxMessageBytes, smallestMessage))
	}
	if k.Group == "" {
		errs = append(errs, errors.New("broker.kafka.group: needed"))
	}
	if k.SessionTimeout < time.Second || k.RebalanceTimeout < time.Second {
		errs = append(errs, errors.New("broker.kafka.session_timeout, rebalance_timeout: at least 1s"))
	}
	return errors.Join(errs...)
}

// GroupConfig is how this instance takes part in sharing topics; those of
// together all go to one instance.
func (c *Config) GroupConfig(instance string, topics, together []string) broker.GroupConfig {
	k := c.Broker.Kafka
	return broker.GroupConfig{
		ID: k.Group, Topics: topics, Together: together, Instance: instance, SessionTimeout: k.SessionTimeout, RebalanceTimeout: k.RebalanceTimeout,
	}
}
