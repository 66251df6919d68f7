package backtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/processors/policy"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// rising is a rule file about watches that become more.
func rising(version, rise string) string {
	return `pack: own
rules:
  - id: rising
    version: ` + version + `
    title: {en: Watches rise, sv: Bevakningar ökar}
    description: {en: D., sv: D.}
    severity: low
    policy: [{document: D, section: S, quote: Q}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: unit
    window: month
    source: watches
    trend: {column: open, lookback_weeks: 12, at_least: 8, z: 2.326, rise_share: ` + rise + `, recent: 4}
`
}

// What a trend looks back on may lie before the period that is asked about.
func TestPeriodOfATrend(t *testing.T) {
	w := worldtest.New(t)
	var rows []schema.Watch
	for i := range 30 {
		d := schema.Date(2025, 10, 6) + schema.Day(7*i)
		rows = append(rows, schema.Watch{EventID: schema.NewID("w", d.String()), UnitID: "U1", Day: d, Week: d.Week(), Open: uint32(100 + 10*i), ExtractAt: 1})
	}
	insert(t, w, schema.WatchTable(), rows...)
	inForce, draft := parse(t, rising("1", "0.15")), parse(t, rising("2", "0.10"))
	months := func(from schema.Day) []string {
		rep := run(t, w, Input{Draft: draft, Against: inForce, From: from})
		var out []string
		for _, row := range rep.Rules[0].ByMonth {
			out = append(out, fmt.Sprint(row.Key[:7], " ", row.Unchanged.Count))
		}
		return out
	}
	all := months(0)
	if want := []string{"2025-11 1", "2025-12 1", "2026-01 1", "2026-02 1", "2026-03 1", "2026-04 1"}; !slices.Equal(all, want) {
		t.Fatalf("in all: %q", all)
	}
	for i, from := range []schema.Day{schema.Date(2026, 2, 1), schema.Date(2026, 3, 1), schema.Date(2026, 4, 1)} {
		if got := months(from); !slices.Equal(got, all[3+i:]) {
			t.Errorf("from %s: %q, want %q", from, got, all[3+i:])
		}
	}
}

func TestSince(t *testing.T) {
	weeks := parse(t, rising("1", "0.15"))
	plain := parse(t, forwarding(t)).Rules()[0]
	for name, c := range map[string]struct {
		in   Input
		t    task
		want schema.Day
	}{
		"own dates":         {Input{AsDated: true}, task{draft: plain, inForce: plain}, 0},
		"no predecessor":    {Input{From: schema.Date(2026, 3, 1)}, task{draft: plain}, earliest},
		"the earlier":       {Input{}, task{draft: plain, inForce: plain}, schema.Date(2025, 1, 1)},
		"after both":        {Input{From: schema.Date(2026, 3, 1)}, task{draft: plain, inForce: plain}, schema.Date(2025, 1, 1)},
		"before both":       {Input{From: schema.Date(2024, 3, 1)}, task{draft: plain, inForce: plain}, schema.Date(2024, 3, 1)},
		"lookback of weeks": {Input{From: schema.Date(2025, 2, 1)}, task{draft: weeks.Rules()[0], inForce: weeks.Rules()[0]}, schema.Date(2025, 1, 27) - 84},
	} {
		if got := c.in.since(c.t); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A period without a whole window has no windows to tell, and says so.
func TestNoWholeWindow(t *testing.T) {
	w := world(t)
	draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40"))
	st := &asked{Store: w.St.Conn()}
	rep, err := Run(t.Context(), Input{Store: st, Draft: draft, Against: parse(t, forwarding(t)), From: schema.Date(2026, 3, 2), To: schema.Date(2026, 3, 31)})
	if err != nil {
		t.Fatal(err)
	}
	r := rep.Rules[0]
	if r.From != 0 || r.To != 0 || brief(r.Tally) != brief(Tally{}) || len(st.queries) != 0 {
		t.Errorf("windows %s – %s, %s, %d queries", r.From, r.To, brief(r.Tally), len(st.queries))
	}
	if !slices.ContainsFunc(r.Notes, func(n Text) bool {
		return n == Text{"no whole window (month) lies in the period, so nothing was judged: ask for a longer one", "inget helt fönster (månad) ligger i perioden, så ingenting bedömdes: fråga efter en längre"}
	}) {
		t.Errorf("notes %+v", r.Notes)
	}
	rep = run(t, w, Input{Draft: draft, Against: parse(t, forwarding(t)), From: schema.Date(2026, 3, 1), To: schema.Date(2026, 5, 1)})
	if r := rep.Rules[0]; r.From.String() != "2026-03-01" || r.To.String() != "2026-04-30" {
		t.Errorf("windows %s – %s", r.From, r.To)
	}
}

func TestWindows(t *testing.T) {
	for _, c := range []struct {
		window            string
		day, first, after schema.Day
	}{
		{policy.WindowDay, schema.Date(2026, 3, 4), schema.Date(2026, 3, 4), schema.Date(2026, 3, 5)},
		{policy.WindowWeek, schema.Date(2026, 3, 4), schema.Date(2026, 3, 2), schema.Date(2026, 3, 9)},
		{policy.WindowMonth, schema.Date(2026, 1, 31), schema.Date(2026, 1, 1), schema.Date(2026, 2, 1)},
		{policy.WindowYear, schema.Date(2024, 12, 31), schema.Date(2024, 1, 1), schema.Date(2025, 1, 1)},
		{policy.WindowYear, schema.Date(2025, 1, 1), schema.Date(2025, 1, 1), schema.Date(2026, 1, 1)},
		{policy.WindowRolling, schema.Date(2026, 3, 4), schema.Date(2026, 3, 4), schema.Date(2026, 3, 5)},
	} {
		if first := windowFrom(c.window, c.day); first != c.first || windowAfter(c.window, first) != c.after {
			t.Errorf("%s of %s: from %s to before %s", c.window, c.day, first, windowAfter(c.window, first))
		}
	}
}

// Which version judges when is told, and each version by its own dates has no day in common.
func TestReigns(t *testing.T) {
	w := world(t)
	inForce := parse(t, forwarding(t))
	next := func(changes ...string) *policy.Set {
		return parse(t, forwarding(t, append([]string{"version: 1", "version: 2", "above: 60", "above: 40"}, changes...)...))
	}
	for name, c := range map[string]struct {
		draft   *policy.Set
		asDated bool
		since   string
		want    string
	}{
		"later":          {next("valid_from: 2025-01-01", "valid_from: 2027-01-01"), false, "2025-01-01", "1 2025-01-01 – 2026-12-31, draft 2 2027-01-01 – "},
		"own dates":      {next("valid_from: 2025-01-01", "valid_from: 2027-01-01"), true, "", "1 2025-01-01 – 2026-12-31, draft 2 2027-01-01 – "},
		"from the start": {next(), false, "2025-01-01", "draft 2 2025-01-01 – "},
		"bounded":        {next("valid_from: 2025-01-01", "valid_from: 2026-04-01\n    valid_to: 2026-06-01"), false, "2025-01-01", "1 2025-01-01 – 2026-03-31, draft 2 2026-04-01 – 2026-05-31"},
		"same number":    {parse(t, forwarding(t, "above: 60", "above: 40")), false, "2025-01-01", "draft 1 2025-01-01 – "},
	} {
		r := run(t, w, Input{Draft: c.draft, Against: inForce, AsDated: c.asDated}).Rules[0]
		var got []string
		for _, j := range r.Judges {
			text := fmt.Sprintf("%d %s – %s", j.Version, j.From, j.To)
			if j.Draft {
				text = "draft " + text
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want || r.Since.String() != c.since || r.AsDated != c.asDated {
			t.Errorf("%s: since %q, as dated %t: %q", name, r.Since, r.AsDated, got)
		}
	}
}

// Versions in a draft or in force that end where the next begins are compared over the same
// period as others.
func TestSucceededVersions(t *testing.T) {
	w := world(t)
	first, second := parse(t, forwarding(t)), parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 55", "valid_from: 2025-01-01", "valid_from: 2026-04-01"))
	inForce, err := policy.Merge(first, second)
	if err != nil {
		t.Fatal(err)
	}
	draft := parse(t, forwarding(t, "version: 1", "version: 3", "above: 60", "above: 40", "valid_from: 2025-01-01", "valid_from: 2026-05-01"))
	rep := run(t, w, Input{Draft: draft, Against: inForce, From: schema.Date(2026, 1, 1)})
	if r := rep.Rules[0]; r.InForce != 2 || brief(r.Tally) != "new 2 53.50, gone 0 0.00, changed 0 0.00→0.00, unchanged 3 167.000061" || len(r.Judges) != 3 {
		t.Errorf("%+v", r)
	}
	one, _ := inForce.Find("forwarding", 1)
	two, _ := inForce.Find("forwarding", 2)
	for _, w := range Diff(one, two) {
		if w.Field != "version" && w.Field != "limits" && w.Field != "valid_from" {
			t.Errorf("told: %+v", w)
		}
	}
}
