package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/processors/budgets"
	"linesman/schema"
)

// TestBudgetsCommand takes calls, a price and budgets from their files to words, with and
// without a running linesman: one call of a krona on each day from 1 January to 10 May 2026.
func TestBudgetsCommand(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	const unit = "SE2321000016-A1B2"
	layout := newLayout(t)
	first := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	made := calls("budget", 130)
	for i := range made {
		for _, column := range []string{"dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect"} {
			made[i] = made[i].with(column, fmt.Sprint(first.AddDate(0, 0, i).Unix()))
		}
		made[i] = made[i].with("callingPartyNumber", "62000")
	}
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "units.csv"), []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";Akuten;;0100;40;2025-01-01;\n")),
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"+46101062000;62000;fixed;personal;;"+unit+";;Norrtele;Bas;;2025-01-01;\n")),
		write(t, filepath.Join(dir, "prices.csv"), []byte("book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to\n"+
			"bok;1;1;;;voice_out;;;;call;1;0;0;0;SEK;2025-01-01;\n")),
		write(t, filepath.Join(dir, "goals.csv"), []byte("goal_id;metric;unit_id;cost_centre;baseline;target;target_date;owner;valid_from;valid_to\n"+
			"B-1;cost_month;;0100;0;30,5;2026-12-31;Ekonomi;2026-01-01;\nB-2;cost_month;"+unit+";;0;40;2026-12-31;Ekonomi;2026-01-01;\n")))
	fails(t, []string{"no whole month"}, "budgets", "--data", data)
	succeed(t, "collect", "--data", data, "cucm", write(t, filepath.Join(dir, "cdr_StandAloneCluster_01_202605101200_1"), layout.file(made...)))
	check := func() {
		t.Helper()
		var r budgets.Report
		succeedJSON(t, &r, "budgets", "--data", data, "--month", "2026-03")
		if r.AsOf != "2026-03-31" || !r.Whole || len(r.Budgets) != 2 || r.Cost != schema.Kronor(31) || r.Unbudgeted != 0 {
			t.Errorf("March is %+v", r)
		}
		b := r.Budgets[0]
		if b.CostCentre != "0100" || b.Month.Outcome != schema.Kronor(31) || b.Month.Budget != schema.Ore(3050) || b.Month.Left != schema.Ore(-50) || b.Verdict.State != "exceeded" || b.YearToDate.Outcome != schema.Kronor(90) {
			t.Errorf("the cost centre in March is %+v", b)
		}
		succeedJSON(t, &r, "budgets", "--data", data, "--cost-centre", "0100")
		if r.AsOf != "2026-05-10" || r.Whole || len(r.Budgets) != 1 || r.Budgets[0].RunRate == nil || r.Budgets[0].RunRate.Month.RoundOre() < schema.Kronor(30) || r.Budgets[0].RunRate.Month > schema.Kronor(32) {
			t.Errorf("May is %+v", r)
		}
		out := succeed(t, "budgets", "--data", data, "--lang", "sv", "--unit", unit)
		for _, want := range []string{"Budgetar i maj 2026, som pågår, till och med den 10 maj 2026.", "Akuten (" + unit + ")\n    maj 2026: budgeten räcker troligen", "Fortsätter månaden som den börjat blir den 31 kr (till och med den 9 maj 2026:",
			"Prognosen bygger på trenden, av 4 hela månader: samma månad året före är inte känd.", "mars 2026"} {
			if !strings.Contains(out, want) {
				t.Errorf("linesman budgets said\n%s\nwithout %q", out, want)
			}
		}
		rows := strings.Split(strings.TrimSpace(succeed(t, "budgets", "--data", data, "--csv")), "\n")
		if len(rows) != 1+2*12 || rows[3] != "2026-05-10;2026-03;0100;;;30.50;31.00;-0.50;101.639344;;;;;" {
			t.Errorf("as CSV: %q", rows)
		}
	}
	check()
	startUp(t, data)
	check()
	fails(t, []string{"2027-01-01 lies outside"}, "budgets", "--data", data, "--month", "2027-01")
	fails(t, []string{"--month", "yyyy-mm"}, "budgets", "--data", data, "--month", "mars")
	fails(t, []string{`language "fi"`}, "budgets", "--data", data, "--lang", "fi")
}
