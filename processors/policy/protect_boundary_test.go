package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/schema"
)

// TestProtectBoundaries counts lines at the least number, and looks at what a verdict tells.
func TestProtectBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set, err := loadAll(agreement(), packOf(
		ruleText("unit-calls", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: calls, above: 0}]")))
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	// lines makes n lines of a unit call, the first m of them with Jabber.
	lines := func(unit string, n, m int) []schema.Usage {
		var out []schema.Usage
		for i := range n {
			u := usage(schema.KindCall, fmt.Sprint("L", unit, i), unit, at(t, fmt.Sprintf("2026-04-%02d 10:30:00", 2+i)))
			if u.Device = "mobile"; i < m {
				u.Device, u.Cost = "jabber_iphone", schema.Kronor(1)
			}
			out = append(out, u)
		}
		return out
	}
	again := func(rows []schema.Usage) []schema.Usage { // the same lines once more
		for _, u := range rows {
			u.EventID, u.OccurredAt = schema.NewID("again", u.LineID), u.OccurredAt+1
			rows = append(rows, u)
		}
		return rows
	}
	unknown := func(rows []schema.Usage) []schema.Usage {
		u := rows[0]
		u.EventID, u.LineID, u.Line, u.OccurredAt = schema.NewID("unknown", u.UnitID), "", "", u.OccurredAt+5
		return append(rows, u)
	}
	for name, c := range map[string]struct {
		rows     []schema.Usage
		total    uint32 // events told of; 0: nothing is
		evidence int
	}{
		"seven":               {lines("U7", 7, 1), 7, 6},
		"six":                 {lines("U6", 6, 1), 0, 0},
		"six, none protected": {lines("N6", 6, 0), 6, 6},
		"six twice":           {again(lines("T6", 6, 1)), 0, 0},
		"six and nobody":      {unknown(lines("X6", 6, 1)), 0, 0},
		"all protected":       {lines("A7", 7, 7), 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.reset()
			insert(s, schema.UsageTable(), c.rows...)
			var got *schema.Violation
			for _, v := range s.evaluate(e, Scope{All: true}) {
				if v.Rule == "unit-calls" {
					got = &v
				}
			}
			if got == nil || c.total == 0 {
				if got != nil || c.total != 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			if got.EvidenceTotal != c.total || len(got.Evidence) != c.evidence {
				t.Errorf("%d events, %d named", got.EvidenceTotal, len(got.Evidence))
			}
			first, last := c.rows[0].OccurredAt, c.rows[len(c.rows)-1].OccurredAt
			if c.total != uint32(c.evidence) { // to the day
				first, last = at(t, "2026-04-02 00:00:00"), schema.DayOf(last, stockholm).Start(stockholm)
			}
			if got.FirstEventAt != first || got.LastEventAt != last {
				t.Errorf("from %s to %s, want %s to %s", got.FirstEventAt, got.LastEventAt, first, last)
			}
			for _, id := range got.Evidence {
				if i := slices.IndexFunc(c.rows, func(u schema.Usage) bool { return u.EventID == id }); i < 0 || strings.HasPrefix(c.rows[i].Device, "jabber") {
					t.Error("a protected event is named")
				}
			}
		})
	}
}

// A line more or less, or a call that turns out to be of Jabber, opens and retracts.
func TestProtectFollows(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set, err := loadAll(agreement())
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	var rows []schema.Usage
	for i := range 7 {
		u := usage(schema.KindCall, fmt.Sprint("L", i), "U1", at(t, "2026-04-15 10:30:00"), i)
		u.Device, u.Cost = "jabber_iphone", schema.Kronor(1)
		rows = append(rows, u)
	}
	var scope Scope
	scope.TouchUnit("U1", schema.Date(2026, 4, 15))
	look := func(want string) {
		t.Helper()
		events := s.evaluate(e, scope)
		s.project(events)
		got := ""
		for _, v := range events {
			got += fmt.Sprint(v.Change, " ", v.Cost, " ")
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	insert(s, schema.UsageTable(), rows[:6]...)
	look("")
	insert(s, schema.UsageTable(), rows[6])
	look("opened 7.00")
	rows[6].Revision, rows[6].Deleted = 1, true
	insert(s, schema.UsageTable(), rows[6])
	look("retracted 0.00")
}

// A period of a trend with too few lines is as if it were not there.
func TestProtectTrend(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rise := ruleText("calls-rise", "unit", `source: usage
    window: month
    when: kind == "call"
    trend: {count: true, unit: calls, lookback_weeks: 20, at_least: 8, z: 1.6, rise_share: 0.1, recent: 2}`)
	free, err := loadAll(packOf(rise))
	if err != nil {
		t.Fatal(err)
	}
	bound, err := loadAll(agreement(), packOf(rise))
	if err != nil {
		t.Fatal(err)
	}
	approved, err := loadAll(agreement(), packOf(strings.Replace(rise, "    trend:", "    exempt: {approval: forwarding}\n    trend:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	monday := schema.Date(2025, 3, 3)
	var rows []schema.Usage
	for week := range 12 {
		for i := range 10 + 2*week {
			u := usage(schema.KindCall, fmt.Sprint("L", i%8), "U1", (monday+schema.Day(7*week)).Start(stockholm)+36_000_000+schema.Time(i), week)
			if u.Device = "mobile"; i == 3 {
				u.Device = "jabber_iphone"
			}
			if week == 4 { // two lines only
				u.Line = fmt.Sprint("L", i%2)
				u.LineID = u.Line
			}
			rows = append(rows, u)
		}
	}
	insert(s, schema.UsageTable(), rows...)
	for name, c := range map[string]struct {
		set    *Set
		counts int
		total  uint32
		ids    int
	}{"free": {free, 11, 220, 220}, "bound": {bound, 10, 202, 192}, "with approvals": {approved, 10, 202, 192}} {
		ev := s.evaluator(c.set)
		r, _ := c.set.Find("calls-rise", 1)
		judged, err := ev.Trends(testCtx(t), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if last := judged[len(judged)-1]; last.Counts != c.counts || !last.Flagged {
			t.Errorf("%s: %+v", name, last)
		}
		found, err := ev.Verdicts(testCtx(t), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := found[len(found)-1]; v.EvidenceTotal != c.total || len(v.Evidence) != c.ids {
			t.Errorf("%s: %d events, %d named", name, v.EvidenceTotal, len(v.Evidence))
		}
	}
}

// The line of an exempt number is no subject, and does not count in its unit.
func TestExemptLine(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	union := schema.LineID(5)
	set, err := loadAll(strings.Replace(packOf(
		ruleText("of-lines", "line", "source: usage\n    kind: match\n    when: kind == \"call\""),
		ruleText("of-units", "unit", "source: usage\n    window: month\n    when: '!answered'\n    limits: [{measure: share, share: {of: kind == \"call\"}, at_least: 1, above: 0}]")),
		"rules:", "exempt_numbers: ["+union+"]\nrules:", 1))
	if err != nil {
		t.Fatal(err)
	}
	own := usage(schema.KindCall, union, "U1", at(t, "2026-04-15 10:00:00"))
	short := usage(schema.KindCall, "L9", "U1", at(t, "2026-04-15 11:00:00"))
	short.LineID = union // recorded as the union's number, of another line now
	other := usage(schema.KindCall, "L8", "U1", at(t, "2026-04-15 12:00:00"))
	own.Answered, short.Answered, other.Answered = false, false, false
	insert(s, schema.UsageTable(), own, short, other)
	var got []string
	for _, v := range s.evaluate(s.evaluator(set), Scope{All: true}) {
		got = append(got, fmt.Sprint(v.SubjectID, " ", v.EvidenceTotal, " ", parseDetail(v.Detail)["parts"]))
	}
	if !slices.Equal(got, []string{"L8 1 ", "U1 1 share:1/1"}) {
		t.Errorf("found %q", got)
	}
}

// Whoever agrees on a protection later takes the names of events out of what is known.
func TestProtectLater(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	own := packOf(ruleText("unit-calls", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: calls, above: 0}]"),
		ruleText("calls-rise", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    trend: {count: true, unit: calls, lookback_weeks: 20, at_least: 8, z: 1.6, rise_share: 0.1, recent: 2}"))
	monday := schema.Date(2025, 3, 3)
	var rows []schema.Usage
	jabber := map[schema.ID]bool{}
	for week := range 12 {
		for i := range 10 + 2*week {
			u := usage(schema.KindCall, fmt.Sprint("L", i%8), "U1", (monday+schema.Day(7*week)).Start(stockholm)+36_000_000+schema.Time(i), week)
			if u.Device = "mobile"; i == 3 {
				u.Device = "jabber_iphone"
				jabber[u.EventID] = true
			}
			rows = append(rows, u)
		}
	}
	insert(s, schema.UsageTable(), rows...)
	named := func(events []schema.Violation) (protected, others int) {
		for _, v := range events {
			for _, id := range v.Evidence {
				if jabber[id] {
					protected++
				} else {
					others++
				}
			}
		}
		return protected, others
	}
	first := s.evaluate(s.evaluator(must(loadAll(own))), Scope{All: true})
	s.project(first)
	if protected, _ := named(first); protected == 0 || len(first) < 4 {
		t.Fatalf("%d protected events are named by %d verdicts", protected, len(first))
	}
	second := s.evaluate(s.evaluator(must(loadAll(own, protection+"rules:\n"+ruleText("none", "unit", "source: usage\n    kind: match\n    when: kind == \"sms\"")))), Scope{All: true, Reason: ReasonRule})
	s.project(second)
	if protected, others := named(second); protected > 0 || others == 0 || len(second) != len(first) {
		t.Errorf("%d verdicts changed of %d; they name %d protected events and %d others", len(second), len(first), protected, others)
	}
	none := s.evaluate(s.evaluator(must(loadAll(strings.ReplaceAll(own, "    when:", "    evidence: none\n    when:")))), Scope{All: true, Reason: ReasonRule})
	if protected, others := named(none); protected+others > 0 || len(none) != len(first) {
		t.Errorf("%d verdicts changed of %d; they name %d events", len(none), len(first), protected+others)
	}
}
