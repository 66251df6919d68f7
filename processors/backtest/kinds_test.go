package backtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/processors/policy"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// ruleOf is a rule file with one rule whose kind's own keys a test gives.
func ruleOf(version, body string) string {
	return `pack: own
rules:
  - id: kind
    version: ` + version + `
    title: {en: T, sv: T}
    description: {en: D., sv: D.}
    severity: low
    policy: [{document: D, section: S, quote: Q}]
    valid_from: 2026-01-01
    informed_at: 2026-01-01
    ` + strings.ReplaceAll(body, "\n", "\n    ") + "\n"
}

// missed is a judge by whom one goal is missed in every month.
type missed struct{}

func (missed) GoalsAt(_ context.Context, month schema.Day) ([]policy.GoalState, error) {
	return []policy.GoalState{{ID: "G1", Metric: "watches_open", Unit: "U1", Status: "missed", AsOf: (month.Month() + 31).Month() - 1, Measured: month, Now: 5_000_000, Target: 3_000_000, TargetDay: month}}, nil
}

// Every kind of rule can be tried beside its present version, over the whole store and over a
// period, and what a draft changes in it is told in words.
func TestKinds(t *testing.T) {
	w := worldtest.New(t)
	var rows []schema.Usage
	rows = append(rows, calls(t, "L1", "U1", "2026-01-01 09:00", 300, schema.Ore(10))...)   // 30 days, ten a day
	rows = append(rows, calls(t, "L1", "U1", "2026-02-01 09:00", 280, schema.Kronor(1))...) // 28 days
	rows = append(rows, calls(t, "L1", "U1", "2026-03-01 09:00", 100, schema.Ore(10))...)
	rows = append(rows, calls(t, "L1", "U1", "2026-04-01 09:00", 20, schema.Ore(10))...)
	insert(t, w, schema.UsageTable(), rows...)
	insert(t, w, schema.LineTable(), schema.Line{LineID: "L1", UnitID: "U1", Kind: "mobile", Role: "personal", ValidFrom: at(t, "2025-01-01 00:00")},
		schema.Line{LineID: "L2", UnitID: "U1", Kind: "mobile", Role: "personal", ValidFrom: at(t, "2025-01-01 00:00")},
		schema.Line{LineID: "L3", UnitID: "U1", Kind: "fixed", Role: "personal", ValidFrom: at(t, "2025-01-01 00:00")})
	insert(t, w, schema.UnitTable(), schema.Unit{UnitID: "U1", Name: "Ward", CostCentre: "K1", ValidFrom: at(t, "2025-01-01 00:00")})
	insert(t, w, schema.GoalTable(), schema.Goal{GoalID: "G1", UnitID: "U1", Metric: "cost_month", Target: 100, ValidFrom: at(t, "2026-01-01 00:00")},
		schema.Goal{GoalID: "G2", UnitID: "U1", Metric: "watches_open", Target: 3, ValidFrom: at(t, "2026-01-01 00:00")})
	insert(t, w, schema.TelephoneHoursTable(), schema.TelephoneHours{EventID: schema.NewID("h1"), LineID: "L1", UnitID: "U1", Weekday: 1, OpensMin: 480, ClosesMin: 720, ValidFrom: at(t, "2026-02-02 00:00")})
	for name, c := range map[string]struct {
		old, next, all, february string
		en, sv                   []string
	}{
		"absence": {"kind: absence\nsubject: line\nwindow: month\nsource: usage\nabsence: {lines: 'kind == \"mobile\"'}", "kind: absence\nsubject: line\nwindow: month\nsource: usage\nabsence: {days: 31, lines: 'kind in [\"mobile\", \"fixed\"]'}",
			"L2 2026-02-01 changed, L3 2026-01-01 new, L3 2026-02-01 new, L3 2026-03-01 new", "L2 2026-02-01 changed, L3 2026-02-01 new", []string{`days without use: 0 → 31`, `lines looked at: kind == "mobile" → kind in ["mobile", "fixed"]`}, []string{`dagar utan användning: 0 → 31`, `anknytningar som granskas: kind == "mobile" → kind in ["mobile", "fixed"]`}},
		"schedule": {"kind: schedule\nsubject: line\nwindow: day\nsource: hours\nschedule: {weekly_hours: 3}", "kind: schedule\nsubject: line\nwindow: day\nsource: hours\nschedule: {weekly_hours: 5.5}",
			"L1 2026-02-02 new", "L1 2026-02-02 new", []string{"hours a week: 3 → 5.5"}, []string{"timmar i veckan: 3 → 5.5"}},
		"budget": {"kind: budget\nsubject: unit\nwindow: month\nsource: usage\nbudget: {metric: cost_month, above_percent: 300}", "kind: budget\nsubject: unit\nwindow: month\nsource: usage\nbudget: {metric: cost_month, above_percent: 100, high_above_percent: 250}",
			"U1 2026-02-01 new", "U1 2026-02-01 new", []string{"limit in per cent of the budget: 300 → 100", "limit of high severity in per cent of the budget was added: 250"},
			[]string{"gräns i procent av budgeten: 300 → 100", "gräns för hög allvarlighetsgrad i procent av budgeten har tillkommit: 250"}},
		"goal": {"kind: goal\nsubject: unit\nwindow: month\ngoal: {metric: watches_open, status: [off_track]}", "kind: goal\nsubject: unit\nwindow: month\ngoal: {metric: watches_open, status: [missed, off_track]}",
			"U1 2026-01-01 new, U1 2026-02-01 new, U1 2026-03-01 new", "U1 2026-02-01 new", []string{"a state of the goal was added: missed"}, []string{"ett läge för målet har tillkommit: missat"}},
		"rolling": {"subject: line\nwindow: rolling\ndays: 7\nsource: usage\nwhen: kind == \"call\"\nlimits: [{measure: count, count: true, unit: calls, above: 70}]", "subject: line\nwindow: rolling\ndays: 10\nsource: usage\nwhen: kind == \"call\"\nlimits: [{measure: count, count: true, unit: calls, above: 70}]",
			"L1 2025-12-30 new", "", []string{"length of the window in days: 7 → 10"}, []string{"fönstrets längd i dagar: 7 → 10"}},
	} {
		t.Run(name, func(t *testing.T) {
			old, next := parse(t, ruleOf("1", c.old)), parse(t, ruleOf("2", c.next))
			find := func(from, to schema.Day) string {
				rep, err := Run(t.Context(), Input{Store: w.St.Conn(), Draft: next, Against: old, From: from, To: to, Examples: 10, Goals: missed{}})
				if err != nil {
					t.Fatal(err)
				}
				addsUp(t, rep)
				var out []string
				for _, e := range rep.Rules[0].Examples {
					out = append(out, fmt.Sprintf("%s %s %s", e.Subject, e.From, e.Kind))
				}
				slices.Sort(out)
				return strings.Join(out, ", ")
			}
			if got := find(0, 0); got != c.all {
				t.Errorf("in all: %s", got)
			}
			if got := find(schema.Date(2026, 2, 1), schema.Date(2026, 3, 1)); got != c.february {
				t.Errorf("in February: %s", got)
			}
			var en, sv []string
			for _, w := range Diff(old.Rules()[0], next.Rules()[0])[1:] {
				en, sv = append(en, w.EN), append(sv, w.SV)
			}
			if !slices.Equal(en, c.en) || !slices.Equal(sv, c.sv) {
				t.Errorf("told %q\n%q", en, sv)
			}
		})
	}
}
