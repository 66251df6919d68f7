package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/processors/subscriptions"
)

// TestSubscriptionsReport takes lines and calls from their files to the report, with and
// without a running linesman.
func TestSubscriptionsReport(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	const unit = "SE2321000016-A1B2"
	layout, made := newLayout(t), calls("report", 3)
	for i, day := range []string{"2026-01-01", "2026-03-31", "2026-05-02"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range []string{"dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect"} {
			made[i] = made[i].with(column, fmt.Sprint(at.Unix()+12*3600))
		}
		made[i] = made[i].with("callingPartyNumber", "62000")
	}
	succeed(t, "collect", "--data", data, "cucm", write(t, filepath.Join(dir, "cdr_StandAloneCluster_01_202605021200_1"), layout.file(made...)))
	fails(t, []string{"whole month"}, "report", "subscriptions", "--data", data, "--as-of", "2026-05-01")
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "units.csv"), []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";Akuten;;0100;40;2025-01-01;\n")),
		write(t, filepath.Join(dir, "employments.csv"), []byte("holder;state;unit_id;valid_from;valid_to\nabc123;employed;"+unit+";2020-01-01;2026-03-01\n")),
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"+46101062000;62000;fixed;personal;abc123;"+unit+";;Norrtele;Bas;;2025-01-01;\n+46101062001;62001;mobile;shared;;"+unit+";;Norrtele;Bas;;2025-01-01;\n")))
	check := func() {
		t.Helper()
		out := succeed(t, "report", "subscriptions", "--data", data, "--lang", "sv", "--lines")
		for _, want := range []string{"Abonnemang per 2026-04-30.", "Akuten " + unit, "innehavaren har slutat\n", "inte använd på 90 dagar, inte omprövad på ett år\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("the report said\n%s\nwithout %q", out, want)
			}
		}
		var r subscriptions.Report
		succeedJSON(t, &r, "report", "subscriptions", "--data", data, "--unit", unit)
		if r.AsOf != "2026-04-30" || r.Total.Lines != 2 || r.Total.ToCheck != 2 || r.Total.Asked["unused"] != 1 || r.Total.Asked["leaver"] != 1 {
			t.Errorf("the report is %+v", r)
		}
		rows := strings.Split(strings.TrimSpace(succeed(t, "report", "subscriptions", "--data", data, "--csv")), "\n")
		if len(rows) != 3 || !strings.HasPrefix(rows[0], "as_of;unit;line;") || !strings.Contains(strings.Join(rows, "\n"), ";unused,unreviewed") {
			t.Errorf("as CSV: %q", rows)
		}
	}
	check()
	startUp(t, data)
	check()
	fails(t, []string{`language "fi"`}, "report", "subscriptions", "--data", data, "--lang", "fi")
}
