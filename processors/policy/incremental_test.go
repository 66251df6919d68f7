package policy

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"linesman/schema"
)

// ownRule writes a rule: what every rule must say, and a body.
func ownRule(id, body string) string {
	return "\n  - id: " + id + "\n    version: 1\n    title: {en: T, sv: T}\n    description: {en: D, sv: D}\n    severity: low\n    policy: [{document: D, section: S, quote: Q}]\n" +
		"    valid_from: 2025-01-01\n    informed_at: 2025-01-01\n" + body
}

// Late and cancelled usage concerns the windows that look back on it, not only its own.
func TestLateUsageConcernsTheAbsencesThatLookBackOnIt(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := setOf(t, map[string]string{"own": "rules:" + ownRule("unused", "    kind: absence\n    subject: line\n    window: month\n    source: usage\n    when: kind != \"fee\"\n    absence: {days: 90}\n")})
	for _, id := range []string{"LA", "LB"} {
		insert(s, schema.LineTable(), schema.Line{LineID: id, UnitID: "U", ValidFrom: at(t, "2025-01-01 00:00:00"), Kind: "mobile", EventID: schema.NewID(id)})
	}
	for m := 1; m <= 12; m++ {
		insert(s, schema.UsageTable(), premium("LB", "U", at(t, fmt.Sprintf("2025-%02d-01 12:00:00", m))))
	}
	e := s.evaluator(set)
	s.project(s.evaluate(e, Scope{All: true}))
	if again := s.evaluate(e, Scope{All: true}); len(again) > 0 {
		t.Fatalf("judged twice: %v", again)
	}
	late := premium("LA", "U", at(t, "2025-05-20 12:00:00"))
	touched := func() (sc Scope) {
		sc.TouchLine("LA", late.LocalDay)
		sc.TouchUnitUsage("U", late.LocalDay)
		return sc
	}
	told := func(events []schema.Violation) string {
		s.project(events)
		var out []string
		for _, v := range events {
			out = append(out, v.Change+" "+v.WindowFrom.String()[:7])
		}
		return strings.Join(out, ", ")
	}
	insert(s, schema.UsageTable(), late)
	if got, want := told(s.evaluate(e, touched())), "retracted 2025-05, retracted 2025-06, retracted 2025-07"; got != want {
		t.Errorf("after a late call: %s, want %s", got, want)
	}
	dead := late
	dead.Deleted, dead.Revision = true, 1<<40
	insert(s, schema.UsageTable(), dead)
	if got, want := told(s.evaluate(e, touched())), "opened 2025-05, opened 2025-06, opened 2025-07"; got != want {
		t.Errorf("after it was cancelled: %s, want %s", got, want)
	}
	if left := s.evaluate(e, Scope{All: true}); len(left) > 0 {
		t.Errorf("a look at everything finds %v", left)
	}
}

// A rule that the store cannot judge does not keep the others from being judged.
func TestOneRuleThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := setOf(t, map[string]string{"own": "rules:" + ownRule("a-budget", "    kind: budget\n    subject: unit\n    window: month\n    source: usage\n    budget: {metric: cost_month}\n") +
		ownRule("calls", "    kind: match\n    subject: line\n    source: usage\n    when: kind == \"call\"\n")})
	insert(s, schema.GoalTable(), schema.Goal{GoalID: "G", Metric: "cost_month", UnitID: "U", Target: 1e13, ValidFrom: at(t, "2025-01-01 00:00:00"), EventID: schema.NewID("g")}) // more than an amount can be
	insert(s, schema.UsageTable(), usage(schema.KindCall, "L1", "U", at(t, "2026-03-05 10:00:00")))
	var told []string
	err := s.evaluator(set).Each(testCtx(t), Scope{All: true}, func(_ context.Context, events []schema.Violation) error {
		for _, v := range events {
			told = append(told, v.Rule)
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "a-budget/1") {
		t.Errorf("the error is %v", err)
	}
	if strings.Join(told, " ") != "calls" {
		t.Errorf("told of %v", told)
	}
}

// What several rules found in one reading is out of date for a rule that has told something
// since.
func TestAReadingIsOutOfDateOnceItsRuleHasTold(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.quietParts()
	for i := range 50 {
		s.asIs(usage(schema.KindCall, fmt.Sprint("LX", i), "U", at(t, "2026-03-10 12:00:00")))
	}
	s.merge("202603")
	e, err := New(Config{bulk: 10}, s.conn, builtin(t), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	before, err := e.findShared(testCtx(t), e.queries, nil)
	if err != nil || len(before.found) < 2 {
		t.Fatalf("%d rules judged together, %v", len(before.found), err)
	}
	u := premium("LQ", "U", at(t, "2026-03-11 12:00:00"))
	u.LogPartition, u.LogOffset = 1002, 7
	s.asIs(u)
	sc := Scope{Fresh: []Fresh{{1002, 7, 8}}}
	sc.TouchLine(u.Line, u.LocalDay)
	sc.TouchUnitUsage("U", u.LocalDay)
	var told []string
	publish := func(_ context.Context, events []schema.Violation) error {
		for _, v := range events {
			told = append(told, v.Rule+" "+v.Change)
		}
		s.project(events)
		return nil
	}
	if err := e.Quick(testCtx(t), sc, publish); err != nil {
		t.Fatal(err)
	}
	for _, q := range e.queries {
		if err := e.judge(testCtx(t), q, plan{}, before, ReasonData, publish); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(told, ", ") != "premium-call opened" {
		t.Errorf("told: %v", told)
	}
}

// How many rows a store has, and what rules select there, is looked at again when it has grown.
func TestALargerStoreIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.quietParts()
	e, err := New(Config{bulk: 10}, s.conn, builtin(t), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	q, err := e.asked(premiumRule(t))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(wantRows uint64, least, most float64) {
		t.Helper()
		shares, rows, err := e.shares(testCtx(t), []*Rule{q.rule})
		if err != nil || rows != wantRows || shares[q.rule] < least || shares[q.rule] > most {
			t.Errorf("%d rows, a share of %v (%v); want %d, %v to %v", rows, shares[q.rule], err, wantRows, least, most)
		}
	}
	for i := range 10 {
		s.asIs(usage(schema.KindFee, fmt.Sprint("LA", i), "U", at(t, "2026-03-10 12:00:00")))
	}
	s.merge("202603")
	expect(10, 0.01, 0.1) // none of them, but never nothing
	var many []schema.Usage
	for i := range 500 {
		many = append(many, premium("LB", "U", at(t, "2026-02-10 12:00:00"), i))
	}
	s.asIs(many...)
	s.merge("202602")
	expect(510, 1, 1)
	s.asIs(usage(schema.KindFee, "LC", "U", at(t, "2031-01-10 12:00:00"))) // a month that has just begun
	s.merge("203101")
	expect(511, 1, 1)
}
