package enrich

import (
	"slices"
	"testing"

	"linesman/schema"
)

// An approval or a goal that is replaced concerns also what it said before.
func TestReplacedApprovalConcernsWhatItAllowed(t *testing.T) {
	s := NewState()
	first := schema.Approval{ApprovalID: "a", LineID: schema.LineID(1), ValidFrom: 100, ValidTo: 900, Rank: 1}
	s.ApplyApproval(first, NewChange())
	second := first
	second.LineID, second.ValidTo, second.Rank = schema.LineID(2), 500, 2
	c := NewChange()
	s.ApplyApproval(second, c)
	want := []Judge{{Line: schema.LineID(1), From: 100, To: 900}, {Line: schema.LineID(2), From: 100, To: 500}}
	if !slices.Equal(c.Judge, want) {
		t.Errorf("judged %+v, want %+v", c.Judge, want)
	}
	c = NewChange()
	s.ApplyApproval(first, c) // stated earlier, recorded later
	if len(c.Judge) != 0 {
		t.Errorf("an older statement judged %+v", c.Judge)
	}
	goal := schema.Goal{GoalID: "g", UnitID: "U1", ValidFrom: 100, Rank: 1}
	s.ApplyGoal(goal, NewChange())
	goal.UnitID, goal.Rank = "U2", 2
	c = NewChange()
	s.ApplyGoal(goal, c)
	if !slices.Equal(c.Judge, []Judge{{Unit: "U1", From: 100}, {Unit: "U2", From: 100}}) {
		t.Errorf("judged %+v", c.Judge)
	}
}

// The cost centre of a unit stands in its violations; trends count per employee.
func TestUnitsCostCentreIsJudged(t *testing.T) {
	s := NewState()
	s.ApplyUnit(schema.Unit{UnitID: "U", CostCentre: "1", ValidFrom: 100}, NewChange())
	c := NewChange()
	s.ApplyUnit(schema.Unit{UnitID: "U", CostCentre: "1", Name: "other", ValidFrom: 200}, c)
	if len(c.Judge) != 0 {
		t.Errorf("nothing changed, judged %+v", c.Judge)
	}
	s.ApplyUnit(schema.Unit{UnitID: "U", CostCentre: "2", ValidFrom: 300}, c)
	s.ApplyUnit(schema.Unit{UnitID: "U", CostCentre: "2", Employees: 20, ValidFrom: 400}, c)
	if !slices.Equal(c.Judge, []Judge{{Unit: "U", From: 300}, {Unit: "U", From: 400}}) {
		t.Errorf("judged %+v", c.Judge)
	}
}
