package policy

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"linesman/schema"
)

// ledger is a judge of goals that knows the answers by month.
type ledger struct {
	states map[schema.Day][]GoalState
	asked  []string
}

func (l *ledger) GoalsAt(_ context.Context, month schema.Day) ([]GoalState, error) {
	l.asked = append(l.asked, month.String()[:7])
	return l.states[month], nil
}

// A month is judged when it is over, again when something of it or before it changed, and
// not otherwise; of several goals of one unit the first state of the rule's list tells.
func TestGoalRule(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := parsed(t, "pack: goals\nrules:\n  - id: too-slow"+kindsHead+"    kind: goal\n    window: month\n    goal: {metric: watches_open, status: [missed, off_track]}\n")
	feb, march := schema.Date(2024, 2, 1), schema.Date(2024, 3, 1)
	state := func(id, unit, status string, month schema.Day, now schema.Money) GoalState {
		return GoalState{ID: id, Metric: "watches_open", Unit: unit, Status: status, AsOf: nextMonth(month) - 1, Measured: month, Now: now, Target: 80_000_000, TargetDay: schema.Date(2024, 12, 31)}
	}
	late := state("G4", "U2", "missed", feb, 90_000_000)
	late.AsOf -= 31 // the store does not cover the month
	j := &ledger{states: map[schema.Day][]GoalState{
		feb:   {state("G1", "U1", "off_track", feb, 120_000_000), state("G2", "U1", "missed", feb, 130_000_000), late, {ID: "G3", Metric: "cost_month", Unit: "U1", Status: "missed", AsOf: march - 1, Measured: feb}},
		march: {state("G1", "U1", "on_track", march, 81_000_000)},
	}}
	var stated []schema.Goal
	for _, id := range []string{"G1", "G2", "G4"} {
		stated = append(stated, schema.Goal{GoalID: id, Metric: "watches_open", UnitID: "U1", ValidFrom: at(t, "2024-01-01 00:00:00"), EventID: schema.NewID("goal", id)})
	}
	insert(s, schema.GoalTable(), stated...)
	e, err := New(Config{Goals: j}, s.conn, set, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	judge := func(what string, scope Scope, asked, want string) {
		t.Helper()
		j.asked = nil
		events, err := e.EvaluateGoals(testCtx(t), scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(j.asked); got != asked {
			t.Errorf("%s: asked for %s, want %s", what, got, asked)
		}
		if got := fmt.Sprint(brief(events)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
		}
		s.project(events)
	}
	touched := func(day schema.Day) (scope Scope) { scope.TouchUnit("U1", day); return scope }
	insert(s, schema.UsageTable(), usage(schema.KindCall, "L1", "U1", at(t, "2024-02-01 12:00:00")), usage(schema.KindCall, "L1", "U1", at(t, "2024-02-28 12:00:00")))
	judge("February goes on", touched(feb), "[]", "[]")
	insert(s, schema.UsageTable(), usage(schema.KindCall, "L1", "U1", at(t, "2024-03-01 00:00:00")))
	judge("February is over", touched(march), "[2024-02]", "[opened too-slow U1 2024-02-01 goal=130 0.00 ]")
	judge("once more, for what was told may have been lost", touched(march), "[2024-02]", "[]")
	judge("nothing that counts", touched(march), "[]", "[]")
	insert(s, schema.UsageTable(), usage(schema.KindCall, "L1", "U1", at(t, "2024-04-01 00:00:00")))
	judge("March is over", touched(schema.Date(2024, 4, 1)), "[2024-03]", "[]")
	j.states[feb] = nil
	judge("late usage of February", touched(feb), "[2024-02 2024-03]", "[retracted too-slow U1 2024-02-01 goal=0 0.00 data]")
	judge("statements", Scope{Inventory: true}, "[2024-02 2024-03]", "[]")
	if _, err := s.evaluator(set).EvaluateGoals(testCtx(t), Scope{All: true}); err == nil {
		t.Error("goals are judged without a judge")
	}
}
