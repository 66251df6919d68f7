package enrich

import (
	"fmt"
	"maps"
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

// An approval for an extension concerns every line that has it while it is in force, also one
// that gets it later, and the units that hold these lines.
func TestApprovalsConcernWhoeverHasTheExtension(t *testing.T) {
	s := NewState()
	for i, l := range []schema.Line{
		{LineID: "L1", Alias: "E", UnitID: "A", ValidFrom: 100, ValidTo: 300},
		{LineID: "L2", Alias: "E", UnitID: "B", ValidFrom: 300},
		{LineID: "L2", Alias: "E", UnitID: "C", ValidFrom: 500},
		{LineID: "L3", Alias: "F", UnitID: "D", ValidFrom: 100},
	} {
		l.Offset = uint64(i)
		l.Rank = uint64(i)
		s.ApplyLine(l, NewChange())
	}
	judged := func(line string, from, to schema.Time) (out []string) {
		c := NewChange()
		s.ApplyApproval(schema.Approval{ApprovalID: fmt.Sprint(line, from, to), LineID: line, ValidFrom: from, ValidTo: to}, c)
		for _, j := range c.Judge {
			if j.From != from || j.To != to {
				t.Errorf("judged %+v", j)
			}
			out = append(out, j.Line+j.Unit)
		}
		return out
	}
	for _, tc := range []struct {
		line     string
		from, to schema.Time
		want     []string
	}{
		{"E", 50, 100, []string{"E"}},
		{"E", 50, 101, []string{"E", "L1", "A"}},
		{"E", 299, 301, []string{"E", "L1", "L2", "A", "B"}},
		{"E", 300, 0, []string{"E", "L2", "B", "C"}},
		{"L2", 100, 300, []string{"L2"}},
		{"L2", 400, 500, []string{"L2", "B"}},
		{"", 1, 2, []string{""}},
	} {
		if got := judged(tc.line, tc.from, tc.to); !slices.Equal(got, tc.want) {
			t.Errorf("for %q from %d to %d: judged %v, want %v", tc.line, tc.from, tc.to, got, tc.want)
		}
	}
}

// A unit that ends at another time than was said before is judged from the earlier end on.
func TestUnitsThatEndAtAnotherTimeAreJudged(t *testing.T) {
	s := NewState()
	s.ApplyUnit(schema.Unit{UnitID: "U", Employees: 5, ValidFrom: 100, ValidTo: 900, Rank: 1, Offset: 1}, NewChange())
	c := NewChange()
	s.ApplyUnit(schema.Unit{UnitID: "U", Employees: 5, ValidFrom: 100, ValidTo: 500, Rank: 2, Offset: 2}, c)
	s.ApplyUnit(schema.Unit{UnitID: "U", Employees: 5, ValidFrom: 100, Rank: 3, Offset: 3}, c)
	s.ApplyUnit(schema.Unit{UnitID: "U", Employees: 5, ValidFrom: 100, Rank: 4, Offset: 4}, c)
	if want := []Judge{{Unit: "U", From: 100, To: 900}, {Unit: "U", From: 100}}; !slices.Equal(c.Judge, want) {
		t.Errorf("judged %+v, want %+v", c.Judge, want)
	}
}

// An extension that changes hands has those judged who had an approval for it, and those who
// have it now, though no usage moves.
func TestExtensionsThatChangeHandsAreJudged(t *testing.T) {
	s := NewState()
	s.ApplyLine(schema.Line{LineID: "L1", Alias: "E", UnitID: "A", ValidFrom: 100, Offset: 1, Rank: 1}, NewChange())
	s.ApplyApproval(schema.Approval{ApprovalID: "a", LineID: "E", ValidFrom: 200, ValidTo: 900, Offset: 2, Rank: 2}, NewChange())
	judged := func(l schema.Line) string {
		t.Helper()
		c := NewChange()
		s.ApplyLine(l, c)
		found := map[string]bool{}
		for _, j := range c.Judge {
			if j.From != 200 || j.To != 900 {
				t.Errorf("judged %+v", j)
			}
			found[j.Line+j.Unit] = true
		}
		return fmt.Sprint(slices.Sorted(maps.Keys(found)))
	}
	for i, tc := range []struct {
		line schema.Line
		want string
	}{
		{schema.Line{LineID: "L3", Alias: "F", UnitID: "C", ValidFrom: 100}, "[]"},
		{schema.Line{LineID: "L2", Alias: "E", UnitID: "B", ValidFrom: 500}, "[A B E L1 L2]"},
		{schema.Line{LineID: "L1", UnitID: "A", ValidFrom: 500}, "[A B E L1 L2]"}, // no longer its own
		{schema.Line{LineID: "L2", Alias: "G", UnitID: "B", ValidFrom: 500}, "[A B E L1 L2]"},
	} {
		tc.line.Offset, tc.line.Rank = uint64(3+i), uint64(3+i)
		if got := judged(tc.line); got != tc.want {
			t.Errorf("%+v: judged %s, want %s", tc.line, got, tc.want)
		}
	}
}
