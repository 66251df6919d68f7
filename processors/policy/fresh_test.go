package policy

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

// Usage that arrives is judged at once by some rules and later by all; nothing is left out by
// looking only at whom it concerns.
func TestFreshUsage(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set, err := Merge(builtin(t), languageSet(t))
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	quick, later := 0, 0
	publish := func(n *int) Publish {
		return func(_ context.Context, events []schema.Violation) error {
			*n += len(events)
			s.project(events)
			return nil
		}
	}
	for seed := range uint64(2) {
		s.reset()
		g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, 21))}
		offset := uint64(0)
		for range 3 {
			scope := Scope{Fresh: []Fresh{{Partition: 1001, From: offset}}}
			var rows []schema.Usage
			for range 120 {
				g.n++
				u := pick(g, roaming(g.line(), g.unit(), g.moment(), pick(g, "NO", "SE", ""), pick(g, uint64(1), 10*mb, 25*mb), g.n), premium(g.line(), g.unit(), g.moment(), g.n),
					forwarded(g.line(), g.unit(), g.moment(), schema.Kronor(int64(g.rnd.IntN(9))), g.n), forwarded("L1", "U1", at(t, "2026-03-05 02:00:00"), schema.Kronor(1), g.n))
				u.Answered = g.rnd.IntN(4) > 0
				u.LogPartition, u.LogOffset, u.LocalDay = 1001, offset, schema.DayOf(u.OccurredAt, stockholm)
				offset++
				rows = append(rows, u)
				scope.TouchLine(u.Line, u.LocalDay)
				scope.TouchUnitUsage(u.UnitID, u.LocalDay)
			}
			scope.Fresh[0].Next = offset
			s.asIs(rows...)
			if err := e.Quick(testCtx(t), scope, publish(&quick)); err != nil {
				t.Fatal(err)
			}
			if err := e.Each(testCtx(t), scope, publish(&later)); err != nil {
				t.Fatal(err)
			}
			if more := s.evaluate(e, Scope{All: true}); len(more) > 0 {
				t.Fatalf("a look at everything finds %d more: %v", len(more), brief(more))
			}
		}
	}
	t.Logf("%d events at once, %d later", quick, later)
	if quick < 30 || later < 30 {
		t.Errorf("%d events at once and %d later: the worlds are too tame", quick, later)
	}
}

// Rows that a rule does not select concern nobody, and what is touched for another reason is
// judged as it is.
func TestWhomFreshUsageConcerns(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rule := premiumRule(t)
	set := &Set{rules: []*Rule{rule}}
	e, err := New(Config{}, s.conn, set, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	march := at(t, "2026-03-10 12:00:00")
	a, b, c := premium("LA", "U1", march), forwarded("LB", "U1", march, 0), premium("LC", "U2", march)
	var scope Scope
	for i, u := range []*schema.Usage{&a, &b, &c} {
		u.LogPartition, u.LogOffset = 1002, uint64(i)
		scope.TouchLine(u.Line, u.LocalDay)
		scope.TouchUnitUsage(u.UnitID, u.LocalDay)
	}
	s.asIs(a, b, c)
	lines := func() int {
		pick, err := e.concerned(testCtx(t), scope)
		if err != nil {
			t.Fatal(err)
		}
		return len(pick(rule).Lines)
	}
	if n := lines(); n != 3 {
		t.Errorf("without offsets %d lines, want all 3", n)
	}
	for _, step := range []struct {
		from, next uint64
		want       int
	}{{0, 3, 2}, {0, 2, 1}, {1, 2, 0}, {2, 9, 1}} {
		scope.Fresh = []Fresh{{1002, step.from, step.next}}
		if n := lines(); n != step.want {
			t.Errorf("offsets %d to %d concern %d lines, want %d", step.from, step.next, n, step.want)
		}
	}
	scope.Add(Scope{Lines: map[string]Days{"LB": {schema.Date(2026, 3, 1): {}}}})
	if n := lines(); n != 3 {
		t.Errorf("joined with lines touched for another reason: %d lines, want 3", n)
	}
}
