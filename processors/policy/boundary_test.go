package policy

import (
	"fmt"
	"strings"
	"testing"

	"linesman/schema"
)

const mb = 1_000_000

// only returns the one violation of a rule among events, or fails.
func only(t *testing.T, events []schema.Violation, rule string) schema.Violation {
	t.Helper()
	if len(events) != 1 || events[0].Rule != rule {
		t.Fatalf("want one event of %s, got %+v", rule, events)
	}
	return events[0]
}

// TestBoundaries puts usage on both sides of every limit of the line rules. Each case is
// lines of its own in one store; want names the windows that are flagged.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	calls := func(n int, each schema.Money, when string) []schema.Usage {
		var out []schema.Usage
		for i := range n {
			out = append(out, forwarded("", "U1", at(t, when)+schema.Time(i), each, i))
		}
		return out
	}
	one := func(u ...schema.Usage) []schema.Usage { return u }
	tests := []struct {
		name string
		rows []schema.Usage
		want string // "rule window measure value severity", joined by commas
	}{
		{"data at the limit", one(roaming("", "U1", at(t, "2026-03-10 10:00:00"), "NO", 50*mb)), ""},
		{"data one byte above", one(roaming("", "U1", at(t, "2026-03-10 10:00:00"), "NO", 50*mb-1), roaming("", "U1", at(t, "2026-03-11 10:00:00"), "TH", 2)), "private-roaming 2026-03-01 volume 50.000001 medium"},
		{"data at the high limit", one(roaming("", "U1", at(t, "2026-03-10 10:00:00"), "NO", 500*mb)), "private-roaming 2026-03-01 volume 500 medium"},
		{"data above the high limit", one(roaming("", "U1", at(t, "2026-03-10 10:00:00"), "NO", 500*mb+1)), "private-roaming 2026-03-01 volume 500.000001 high"},
		{"data at home", one(roaming("", "U1", at(t, "2026-03-10 10:00:00"), "SE", 900*mb), roaming("", "U1", at(t, "2026-03-10 11:00:00"), "", 900*mb)), ""},
		{"sixty calls", calls(60, 0, "2026-03-10 10:00:00"), ""},
		{"sixty-one calls", calls(61, 0, "2026-03-10 10:00:00"), "excessive-forwarding 2026-03-01 count 61 medium"},
		{"cost at the limit", calls(3, schema.Kronor(50), "2026-03-10 10:00:00"), ""},
		{"cost a millionth above", calls(3, schema.Kronor(50)+1, "2026-03-10 10:00:00"), "excessive-forwarding 2026-03-01 cost 150.000003 medium"},
		{"both above: the first speaks", calls(61, schema.Kronor(3), "2026-03-10 10:00:00"), "excessive-forwarding 2026-03-01 count 61 medium"},
		{"unanswered do not count", func() []schema.Usage {
			rows := calls(61, 0, "2026-03-10 10:00:00")
			rows[0].Answered = false
			return rows
		}(), ""},
		{"one premium call", one(premium("", "U1", at(t, "2026-03-10 10:00:00"))), "premium-call 2026-03-01 count 1 medium"},
		{"premium by service only", one(func() schema.Usage {
			u := premium("", "U1", at(t, "2026-03-10 10:00:00"))
			u.Class = "masked"
			return u
		}()), "premium-call 2026-03-01 count 1 medium"},
		// 31 March 23:59:59.999 in Stockholm is 21:59:59.999 UTC; one millisecond later it is April.
		{"last moment of March", one(premium("", "U1", at(t, "2026-04-01 00:00:00")-1)), "premium-call 2026-03-01 count 1 medium"},
		{"first moment of April", one(premium("", "U1", at(t, "2026-04-01 00:00:00"))), "premium-call 2026-04-01 count 1 medium"},
		{"UTC's first moment of April is no boundary", one(roaming("", "U1", at(t, "2026-04-01 01:59:59"), "NO", 30*mb), roaming("", "U1", at(t, "2026-04-01 02:00:00"), "NO", 30*mb)), "private-roaming 2026-04-01 volume 60 medium"},
		{"midnight divides", one(roaming("", "U1", at(t, "2026-04-01 00:00:00")-1, "NO", 30*mb), roaming("", "U1", at(t, "2026-04-01 00:00:00"), "NO", 30*mb)), ""},
		{"winter: midnight is 23:00 UTC", one(premium("", "U1", at(t, "2026-02-01 00:00:00")-1), premium("", "U1", at(t, "2026-02-01 00:00:00"))), "premium-call 2026-01-01 count 1 medium,premium-call 2026-02-01 count 1 medium"},
		// The nights of daylight saving: 02:00–03:00 does not exist on 29 March and comes twice on 25 October.
		{"DST nights", one(roaming("", "U1", at(t, "2026-03-29 01:59:59"), "NO", 30*mb), roaming("", "U1", at(t, "2026-03-29 03:00:00"), "NO", 30*mb),
			roaming("", "U1", at(t, "2026-10-25 01:59:59"), "NO", 30*mb), roaming("", "U1", at(t, "2026-10-25 03:00:00"), "NO", 30*mb)),
			"private-roaming 2026-03-01 volume 60 medium,private-roaming 2026-10-01 volume 60 medium"},
		{"before the staff were informed", one(premium("", "U1", at(t, "2025-01-01 00:00:00")-1)), ""},
		{"the moment they were", one(premium("", "U1", at(t, "2025-01-01 00:00:00"))), "premium-call 2025-01-01 count 1 medium"},
	}
	want := map[string]string{}
	for i, tt := range tests {
		line := fmt.Sprintf("L%03d", i)
		for j := range tt.rows {
			tt.rows[j].Line, tt.rows[j].LineID = line, line
			tt.rows[j].EventID = schema.NewID("case", line, fmt.Sprint(j))
		}
		insert(s, schema.UsageTable(), tt.rows...)
		want[line] = tt.want
	}
	got := map[string][]string{}
	for _, v := range s.evaluate(s.evaluator(builtin(t)), Scope{All: true}) {
		got[v.SubjectID] = append(got[v.SubjectID], fmt.Sprintf("%s %s %s %s %s", v.Rule, v.WindowFrom, v.Measure, number(v.Value), v.Severity))
	}
	for i, tt := range tests {
		if g := strings.Join(got[fmt.Sprintf("L%03d", i)], ","); g != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, g, tt.want)
		}
	}
}

// A line that changes unit inside the window is one violation, placed with the unit of the
// latest event, whatever the order of the rows.
func TestSIMChangesUnit(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var rows []schema.Usage
	for i := range 70 {
		unit := "U1"
		if i >= 50 {
			unit = "U2"
		}
		rows = append(rows, forwarded("L1", unit, at(t, "2026-03-01 08:00:00")+schema.Time(i)*3_600_000, schema.Ore(100), i))
	}
	insert(s, schema.UsageTable(), rows[50:]...)
	insert(s, schema.UsageTable(), rows[:50]...)
	v := only(t, s.evaluate(s.evaluator(builtin(t)), Scope{All: true}), "excessive-forwarding")
	if v.UnitID != "U2" || v.CostCentre != "KU2" || v.Value != 70 || v.Cost != schema.Kronor(70) || v.EvidenceTotal != 70 {
		t.Errorf("got %+v", v)
	}
	for i, id := range v.Evidence {
		if id != rows[i].EventID {
			t.Fatalf("evidence %d is not in order of time", i)
		}
	}
	if v.FirstEventAt != rows[0].OccurredAt || v.LastEventAt != rows[69].OccurredAt || v.WindowTo.String() != "2026-04-01" {
		t.Errorf("from %s to %s, window to %s", v.FirstEventAt, v.LastEventAt, v.WindowTo)
	}
}

// informed_at inside a window: only what came after counts, and is evidence.
func TestInformedInsideTheWindow(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rules, problems := Parse("own.yaml", []byte(strings.NewReplacer("informed_at: 2025-02-01", "informed_at: 2026-03-18",
		"subject: unit", "subject: line", "window: week", "window: month", "above: 10.5", "above: 1").Replace(good)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, _ := newSet(contents{rules: rules})
	var rows []schema.Usage
	for _, when := range []string{"2026-03-10 10:00:00", "2026-03-17 23:59:59", "2026-03-18 00:00:00", "2026-03-20 10:00:00", "2026-06-30 23:00:00", "2026-07-01 00:00:00"} {
		u := usage(schema.KindCall, "L1", "U1", at(t, when))
		u.DurationS = 5400
		rows = append(rows, u)
	}
	insert(s, schema.UsageTable(), rows...)
	events := s.evaluate(s.evaluator(set), Scope{All: true})
	if len(events) != 2 {
		t.Fatalf("got %+v", events)
	}
	march, june := events[0], events[1]
	if march.Value != 3 || march.EvidenceTotal != 2 || march.Evidence[0] != rows[2].EventID {
		t.Errorf("March: %+v", march)
	}
	if june.WindowFrom.String() != "2026-06-01" || june.Value != 1.5 { // valid_to 2026-07-01 ends it
		t.Errorf("June: %+v", june)
	}
}

// Approvals cover the line or its unit, the country, and the moment from valid_from to
// just before valid_to.
func TestApprovals(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	approve := func(id, line, unit, countries, from, to string) schema.Approval {
		a := schema.Approval{ApprovalID: id, Kind: "trip", LineID: line, UnitID: unit, Countries: countries, ValidFrom: at(t, from)}
		if to != "" {
			a.ValidTo = at(t, to)
		}
		return a
	}
	const from, to = "2026-03-10 00:00:00", "2026-03-15 00:00:00"
	insert(s, schema.ApprovalTable(),
		approve("A1", "covered", "", "NO,DK", from, to), approve("A2", "other-country", "", "NO", from, to), approve("A3", "any-country", "", "", from, to),
		approve("A4", "first-moment", "", "", from, to), approve("A5", "last-moment", "", "", from, to), approve("A6", "ended", "", "", from, to),
		approve("A7", "early", "", "", from, to), approve("A8", "open-ended", "", "", from, ""), approve("A9", "", "UT", "no, dk", from, to),
		approve("A10", "x61234", "", "", from, to), approve("A11", "wrong-kind", "", "", from, to), approve("A12", "", "", "", from, to))
	wrong := approve("A11", "wrong-kind", "", "", from, to)
	wrong.Kind, wrong.Offset = "premium", 9
	insert(s, schema.ApprovalTable(), wrong) // a correction: the latest statement wins
	insert(s, schema.LineTable(), schema.Line{LineID: "has-extension", Alias: "x61234", ValidFrom: at(t, "2026-03-12 00:00:00")})
	type row struct{ line, unit, when, country string }
	flagged := map[string]bool{}
	for _, r := range []row{
		{"covered", "U1", "2026-03-12 10:00:00", "DK"}, {"other-country", "U1", "2026-03-12 10:00:00", "TH"}, {"any-country", "U1", "2026-03-12 10:00:00", "TH"},
		{"first-moment", "U1", from, "NO"}, {"last-moment", "U1", "2026-03-14 23:59:59", "NO"}, {"ended", "U1", to, "NO"}, {"early", "U1", "2026-03-09 23:59:59", "NO"},
		{"open-ended", "U1", "2029-01-01 10:00:00", "NO"}, {"in-unit", "UT", "2026-03-12 10:00:00", "DK"}, {"left-unit", "UX", "2026-03-12 10:00:00", "DK"},
		{"has-extension", "U1", "2026-03-12 10:00:00", "NO"}, {"had-not-yet", "U1", "2026-03-12 10:00:00", "NO"}, {"wrong-kind", "U1", "2026-03-12 10:00:00", "NO"},
	} {
		insert(s, schema.UsageTable(), roaming(r.line, r.unit, at(t, r.when), r.country, 60*mb))
		flagged[r.line] = false
	}
	insert(s, schema.UsageTable(), roaming("has-extension-later", "U1", at(t, "2026-03-12 10:00:00"), "NO", 60*mb))
	for _, v := range s.evaluate(s.evaluator(builtin(t)), Scope{All: true}) {
		flagged[v.SubjectID] = true
	}
	for line, want := range map[string]bool{"covered": false, "other-country": true, "any-country": false, "first-moment": false, "last-moment": false, "ended": true,
		"early": true, "open-ended": false, "in-unit": false, "left-unit": true, "has-extension": false, "had-not-yet": true, "wrong-kind": true} {
		if flagged[line] != want {
			t.Errorf("%s: flagged %t, want %t", line, flagged[line], want)
		}
	}
}
