package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Reports is how monthly reports are published. Nothing is published by itself unless day is set.
type Reports struct {
	Folder     string `koanf:"folder" doc:"Folder that published monthly reports are written to; empty: reports, in the data directory."`
	Day        int    `koanf:"day" doc:"Day of the month, 1 to 31, on which the reports of the month before are published by themselves; a month that is shorter has it on its last day. 0: never."`
	Hour       int    `koanf:"hour" doc:"Hour in the zone at which they are published, 0 to 23. What could not be mailed is tried again for a day."`
	Languages  List   `koanf:"languages" doc:"Languages of the reports: sv, en."`
	Scopes     List   `koanf:"scopes" doc:"What reports are published about by themselves: all (the whole organisation), cost_centre, unit."`
	Recipients Values `koanf:"recipients" doc:"Address for each cost centre or unit id, or all for the report about the organisation, for example 0412: ekonomi@example.se; ids are read as they stand, with or without quotes; in the environment id=address, separated by semicolons. Use addresses of functions, not of persons. The mail server is that of mail.host."`
}

func defaultReports() Reports {
	return Reports{Hour: 7, Languages: List{"sv"}, Scopes: List{"all", "cost_centre", "unit"}}
}

// ReportFolder is where published reports are.
func (c *Config) ReportFolder() string {
	if c.Reports.Folder == "" {
		return c.Path("reports")
	}
	return filepath.Clean(c.Reports.Folder)
}

// Address returns where reports about a cost centre or unit are mailed to; empty: nowhere.
func (r *Reports) Address(kind, id string) string {
	if kind == "all" {
		return r.Recipients["all"]
	}
	return r.Recipients[id]
}

func (r *Reports) validate(mail *Mail) error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(r.Day < 0 || r.Day > 31, "reports.day: from 1 to 31, or 0 for never")
	wrong(r.Hour < 0 || r.Hour > 23, "reports.hour: from 0 to 23")
	wrong(len(r.Languages) == 0, "reports.languages: want sv, en or both")
	for i, l := range r.Languages {
		wrong(l != "sv" && l != "en", "reports.languages: %q is not one of sv, en", l)
		wrong(slices.Contains(r.Languages[:i], l), "reports.languages: %s is there twice", l)
	}
	for _, s := range r.Scopes {
		wrong(s != "all" && s != "cost_centre" && s != "unit", "reports.scopes: %q is not one of all, cost_centre, unit", s)
	}
	wrong(r.Day > 0 && len(r.Scopes) == 0, "reports.scopes: day is set, but nothing is to be published")
	for id, to := range r.Recipients {
		wrong(!plainAddress(to), "reports.recipients: %s: want an address as ekonomi@example.se", id)
	}
	wrong(r.Day > 0 && len(r.Recipients) > 0 && !mail.Configured(), "reports.recipients: there are some, but mail.host names no mail server")
	return errors.Join(errs...)
}
