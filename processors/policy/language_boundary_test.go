package policy

import (
	"fmt"
	"strings"
	"testing"

	"linesman/schema"
)

// TestLanguageBoundaries puts usage on both sides of what the rules of languagePack draw:
// limits of shares, days of negotiation, hours, holidays, exempt numbers, exceptions. Each
// case is a line and a unit of its own; want names what is flagged of them.
func TestLanguageBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	call := func(when string, change ...func(*schema.Usage)) schema.Usage {
		u := usage(schema.KindCall, "", "", at(t, when))
		for _, c := range change {
			c(&u)
		}
		return u
	}
	missed := func(u *schema.Usage) { u.Answered = false }
	message := func(u *schema.Usage) { u.Kind = schema.KindSMS }
	with := func(hash uint64) func(*schema.Usage) { return func(u *schema.Usage) { u.OtherHash = hash } }
	role := func(r string) func(*schema.Usage) { return func(u *schema.Usage) { u.Role = r } }
	unit := func(id string) func(*schema.Usage) { return func(u *schema.Usage) { u.UnitID = id } }
	costs := func(m schema.Money) func(*schema.Usage) { return func(u *schema.Usage) { u.Cost = m } }
	// calls makes n calls on a Wednesday of April 2026, the last m of them unanswered.
	calls := func(n, m int, change ...func(*schema.Usage)) []schema.Usage {
		var out []schema.Usage
		for i := range n {
			u := call(fmt.Sprintf("2026-04-15 10:00:%02d", i), change...)
			u.Answered = i < n-m
			out = append(out, u)
		}
		return out
	}
	one := func(u ...schema.Usage) []schema.Usage { return u }
	tests := []struct {
		name string
		rows []schema.Usage
		want string // "rule value limit severity excepted", joined by commas
	}{
		{"a share at the limit", calls(8, 2), ""},
		{"a share just above it", calls(7, 2), "unanswered 28.571429 25 low "},
		{"at the high limit", calls(10, 4), "unanswered 40 25 low "},
		{"above the high limit", calls(12, 5), "unanswered 41.666667 25 high "},
		{"one event too few", calls(3, 3), ""},
		{"just enough events", calls(4, 2), "unanswered 50 25 high "},
		{"on call: nothing is allowed", calls(30, 1, role("on_call")), "unanswered 3.333333 0 low share:role"},
		{"on call until the last event", append(calls(8, 2, role("on_call")), call("2026-04-16 10:00:00", missed, role("shared"))), "unanswered 33.333333 25 low "},
		{"an answered event does not decide", append(calls(8, 2, role("on_call")), call("2026-04-16 10:00:00", role("shared"))), "unanswered 22.222222 0 low share:role"},
		{"the unit goes before the role", calls(10, 4, role("on_call"), unit("U1")), ""},
		{"the unit's own limit", calls(10, 5, unit("U1")), "unanswered 50 40 low share:unit"},
		{"the unit's own high limit", calls(10, 7, unit("U1")), "unanswered 70 40 high share:unit"},
		{"events outside of what the share is of", append(calls(4, 1), call("2026-04-16 10:00:00", missed, message)), ""},
		{"exempt numbers are in no share", append(calls(4, 1), calls(1, 1, with(7))...), ""},
		{"others are", append(calls(4, 1), call("2026-04-16 10:00:00", missed, with(9))), "unanswered 40 25 low "},
		{"six in the morning", one(call("2026-04-15 06:00:00")), ""},
		{"a second before", one(call("2026-04-15 05:59:59")), "night-calls 1 0 low "},
		{"midnight is night", one(call("2026-04-15 00:00:00")), "night-calls 1 0 low "},
		{"midnight divides days", one(call("2026-04-14 23:59:59"), call("2026-04-15 00:00:00")), "night-calls 1 0 low "},
		{"Good Friday", one(call("2026-04-03 10:00:00")), "night-calls 1 0 low "},
		{"Maundy Thursday", one(call("2026-04-02 10:00:00")), ""},
		{"the clocks go back: five comes once", one(call("2026-10-26 05:59:59"), call("2026-10-26 06:00:00")), "night-calls 1 0 low "},
		{"before it was negotiated", one(call("2025-10-31 05:00:00")), ""},
		{"the last moment before", one(call("2025-10-31 23:59:59"), call("2025-11-01 00:00:00")), "night-calls 1 0 low "},
		{"the union at night", one(call("2026-04-15 05:00:00", with(7)), call("2026-04-15 05:00:01", with(8))), ""},
		{"others at night", one(call("2026-04-15 05:00:00", with(7)), call("2026-04-15 05:00:01", with(9))), "night-calls 1 0 low "},
		{"costs that are counted", one(call("2026-03-19 10:00:00", costs(schema.Kronor(30)), role("shared")), call("2026-03-19 10:00:01", costs(schema.Ore(150)-1))), ""},
		{"a millionth more", one(call("2026-03-19 10:00:00", costs(schema.Kronor(29)-schema.Ore(50)+1)), call("2026-03-19 10:00:01", costs(schema.Ore(150)))), "dear-week 30.000001 30 medium "},
		{"the rule has ended", one(call("2026-03-20 00:00:00", message, costs(schema.Kronor(90)))), ""},
		{"the last moment of it", one(call("2026-03-19 23:59:59", costs(schema.Kronor(90)), role("on_call"))), "dear-week 90 10.5 medium cost:role"},
	}
	for i, tt := range tests {
		for j := range tt.rows {
			u := &tt.rows[j]
			u.Line, u.LineID, u.EventID = fmt.Sprintf("L%03d", i), fmt.Sprintf("L%03d", i), schema.NewID("case", fmt.Sprint(i), fmt.Sprint(j))
			if u.UnitID == "" {
				u.UnitID = fmt.Sprintf("C%03d", i)
			}
		}
		insert(s, schema.UsageTable(), tt.rows...)
	}
	got := map[string][]string{}
	for _, v := range s.evaluate(s.evaluator(languageSet(t)), Scope{All: true}) {
		d := parseDetail(v.Detail)
		of := v.SubjectID
		if len(of) == 4 {
			of = of[1:]
		}
		got[of] = append(got[of], fmt.Sprintf("%s %s %s %s %s", v.Rule, number(v.Value), number(v.Limit), v.Severity, d["excepted"]))
	}
	for i, tt := range tests {
		if g := strings.Join(got[fmt.Sprintf("%03d", i)], ","); g != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, g, tt.want)
		}
	}
}

// A limit that differs because a line changed its role was changed by data, not by the rule.
func TestReasonOfAnotherException(t *testing.T) {
	v := schema.Violation{Measure: "cost", Value: 40, Limit: 30, Detail: "limits=cost:30"}
	k := v
	k.Limit, k.Detail = 10.5, "limits=cost:10.5;excepted=cost:role"
	for name, tt := range map[string]struct {
		v, k schema.Violation
		want string
	}{
		"the role changed":                   {v, k, ReasonReference},
		"and back":                           {k, v, ReasonReference},
		"the limit of the rule was edited":   {v, schema.Violation{Measure: "cost", Value: 40, Limit: 20, Detail: "limits=cost:20"}, ReasonRule},
		"the limit of the role, in the rule": {k, schema.Violation{Measure: "cost", Value: 40, Limit: 9, Detail: "limits=cost:9;excepted=cost:role"}, ReasonRule},
	} {
		if events := compare([]schema.Violation{tt.v}, []schema.Violation{tt.k}, ReasonReference); len(events) != 1 || events[0].ReasonCode != tt.want {
			t.Errorf("%s: %+v, want the reason %s", name, events, tt.want)
		}
	}
}
