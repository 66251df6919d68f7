package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/processors/charges"
	"linesman/processors/savings"
)

// TestChargesAndSavings takes lines, prices and calls from their files to both answers, with and
// without a running linesman.
func TestChargesAndSavings(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	const unit = "SE2321000016-A1B2"
	layout, made := newLayout(t), calls("savings", 3)
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
	fails(t, []string{"whole month"}, "charges", "--data", data, "--month", "2026-05-01")
	fails(t, []string{"whole month"}, "savings", "--data", data, "--month", "2026-05-01")
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "units.csv"), []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";Akuten;;0100;40;2025-01-01;\n")),
		write(t, filepath.Join(dir, "prices.csv"), []byte("book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to\n"+
			"b;1;1;Norrtele;Bas;subscription;;;;month;89.50;;;;SEK;2025-01-01;\nb;1;2;Norrtele;Bas;credit;;;;month;-9.50;;;;SEK;2025-01-01;\n")),
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"+46101062000;62000;fixed;shared;;"+unit+";;;;;2025-01-01;\n+46101062001;62001;mobile;shared;;"+unit+";;Norrtele;Bas;;2025-01-01;\n")))
	check := func() {
		t.Helper()
		var c charges.Result
		succeedJSON(t, &c, "charges", "--data", data)
		if c.Month != "2026-04-01" || len(c.Charges) != 2 || c.Sums["fee"].String() != "89.50" || c.Sums["credit"].String() != "-9.50" || c.Total.String() != "80.00" {
			t.Fatalf("charges: %+v", c)
		}
		line := c.Charges[0].LineID
		if out := succeed(t, "charges", "--data", data, "--line", line, "--lang", "sv"); !strings.Contains(out, "Månadsavgift") || !strings.Contains(out, "b/1/1") || !strings.Contains(out, "−9,50") {
			t.Errorf("charges in Swedish:\n%s", out)
		}
		var s savings.Report
		succeedJSON(t, &s, "savings", "--data", data, "--unit", unit)
		if len(s.Findings) != 1 || s.Findings[0].LineID != line || s.Findings[0].Kind != savings.Unused || s.Findings[0].Year.String() != "960.00" || s.Findings[0].CostCentre != "0100" || !strings.Contains(s.Findings[0].Why, "Not used for 90 days") {
			t.Fatalf("savings: %+v", s)
		}
		out := succeed(t, "savings", "--data", data, "--lang", "sv")
		for _, want := range []string{"960,00", "Oanvänd anslutning", "Akuten " + unit, "Det är en delad anslutning", "säg upp abonnemanget"} {
			if !strings.Contains(out, want) {
				t.Errorf("savings said\n%s\nwithout %q", out, want)
			}
		}
		if out := succeed(t, "savings", "--data", data, "--least", "961"); strings.Contains(out, line) || !strings.Contains(out, "960.00") {
			t.Errorf("of at least 961 kronor:\n%s", out)
		}
		if rows := strings.Split(strings.TrimSpace(succeed(t, "savings", "--data", data, "--csv")), "\n"); len(rows) != 2 || !strings.HasPrefix(rows[1], "2026-04-01;unused;"+unit+";0100;"+line+";mobile;shared;Norrtele;Bas;;960.00;") {
			t.Errorf("as CSV: %q", rows)
		}
	}
	check()
	startUp(t, data)
	check()
	fails(t, []string{`language "fi"`}, "savings", "--data", data, "--lang", "fi")
	fails(t, []string{"--month"}, "charges", "--data", data, "--month", "May")
	fails(t, []string{"--least"}, "savings", "--data", data, "--least", "much")
}
