package cases

import (
	"cmp"
	"slices"

	"linesman/schema"
)

// Chain returns the steps that hold, in order: from the first one on, of those that follow the
// same step the first in the log. The view cases_current goes the same way.
func Chain(steps []schema.Case) []schema.Case {
	steps = slices.Clone(steps)
	slices.SortFunc(steps, func(a, b schema.Case) int { return cmp.Compare(a.Offset, b.Offset) })
	var out []schema.Case
	var last schema.ID
	for _, s := range steps {
		if s.Previous == last {
			out, last = append(out, s), s.EventID
		}
	}
	return out
}

// settled tells whether a step ends the work: a value that changes afterwards begins it again.
func settled(step string) bool { return step == schema.StepClosed || step == schema.StepApproved }

// StateOf returns the state of a violation: retracted where the data say so, else where the
// last step led to, unless it settled another value than the present one. reopened tells of
// the latter.
func StateOf(v *schema.Violation, chain []schema.Case) (state string, reopened bool) {
	if v.Change == schema.ChangeRetracted {
		return schema.StateRetracted, false
	}
	if n := len(chain); n > 0 {
		last := &chain[n-1]
		if reopened = settled(last.Step) && last.SeenValue != v.Value; !reopened {
			return last.Step, false
		}
	}
	confirmed := slices.ContainsFunc(chain, func(c schema.Case) bool { return c.Step == schema.StepOpen })
	if v.Candidate && !confirmed {
		return schema.StateCandidate, reopened
	}
	return schema.StepOpen, reopened
}

// approvals returns the steps since the case was last opened that stated an approval: those
// approvals are in force.
func approvals(chain []schema.Case) []schema.Case {
	var out []schema.Case
	for _, c := range chain {
		switch {
		case c.Step == schema.StepOpen:
			out = nil
		case c.Step == schema.StepApproved && c.ApprovalID != "":
			out = append(out, c)
		}
	}
	return out
}
