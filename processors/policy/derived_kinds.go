package policy

import (
	"context"
	"fmt"
	"hash"

	"linesman/schema"
)

// The kinds that are judged outside the one query of a rule: absence, schedule, budget, goal,
// and thresholds with a rolling window. docs/policy-kinds.md says what each means.

// special tells whether the rule is of such a kind.
func (r *Rule) special() bool {
	return r.Absence != nil || r.Schedule != nil || r.Budget != nil || r.GoalRule != nil || r.rolling()
}

// specialSQL returns the query that such a rule begins with.
func (r *Rule) specialSQL() string {
	switch {
	case r.Absence != nil:
		return r.absenceSQL()
	case r.Schedule != nil:
		return r.scheduleSQL()
	case r.Budget != nil:
		return r.budgetSQL()
	case r.GoalRule != nil:
		return "SELECT goal_id, target, valid_from, valid_to, event_id\nFROM goals\nWHERE metric = " + quote(r.GoalRule.Metric) + "\nORDER BY goal_id, valid_from DESC\n" + settings
	}
	return r.rollingSQL()
}

// specialBounds bounds the rows of that query; done is false where the usual bounds hold.
func (r *Rule) specialBounds(parts []Part) (text string, done bool) {
	switch {
	case r.Absence != nil:
		return r.absenceBounds(parts), true
	case r.Schedule != nil, r.GoalRule != nil:
		return "", true
	case r.rolling():
		return r.rollingBounds(parts), true
	}
	return "", false
}

// reach is how many days before and after the days of parts such a query reads.
func (r *Rule) reach() (before, after schema.Day) {
	switch {
	case r.Absence != nil:
		return schema.Day(r.Absence.Days), 0
	case r.rolling():
		return rollingBefore * r.days(), rollingAfter * r.days()
	}
	return 0, 0
}

// specialDigest adds to a digest of rules what the query does not say.
func (r *Rule) specialDigest(h hash.Hash) {
	switch {
	case r.Absence != nil:
		lines := ""
		if r.Absence.Lines != nil {
			lines = r.Absence.Lines.SQL()
		}
		fmt.Fprintf(h, "absence %d %s %s\n", r.Absence.Days, r.Window, lines)
	case r.Schedule != nil:
		fmt.Fprintf(h, "schedule %v %v\n", r.Schedule.Weekly, r.Schedule.Shortest)
	case r.Budget != nil:
		fmt.Fprintf(h, "budget %s %s %v %v\n", r.Window, r.Budget.Metric, r.Budget.Above, r.Budget.HighAbove)
	case r.GoalRule != nil:
		fmt.Fprintf(h, "goal %s %q\n", r.GoalRule.Metric, r.GoalRule.Status)
	case r.rolling():
		fmt.Fprintf(h, "rolling %d\n", r.Days)
	}
}

// findSpecial judges a rule of such a kind.
func (e *Evaluator) findSpecial(ctx context.Context, q Query, parts []Part) ([]schema.Violation, error) {
	r := q.rule
	switch {
	case r.Absence != nil:
		return e.findAbsence(ctx, q, parts)
	case r.Schedule != nil:
		return e.findSchedule(ctx, q)
	case r.Budget != nil:
		return e.findBudget(ctx, q, parts)
	case r.GoalRule != nil:
		if e.cfg.Goals == nil {
			return nil, errNoJudge
		}
		c, err := e.monthsCovered(ctx, r)
		if err != nil {
			return nil, err
		}
		return e.findGoals(ctx, r, r.goalMonths(c), parts)
	}
	return e.findRolling(ctx, q, parts)
}

// evidence is how many events a verdict names.
func (e *Evaluator) evidence() int {
	if e.cfg.Evidence > 0 {
		return min(e.cfg.Evidence, MaxEvidence)
	}
	return MaxEvidence
}

// explainSpecial explains what rules of these kinds find.
func (w wording) explainSpecial(v schema.Violation, r *Rule, d map[string]string) (string, bool) {
	switch {
	case v.Measure == measureAbsence && d["fees"] != "":
		return w.explainAbsence(v, r, d), true
	case (v.Measure == measureWeekly || v.Measure == measureShortest) && d["hours"] != "":
		return w.explainSchedule(v, r, d), true
	case v.Measure == measureBudget && d["budget"] != "":
		return w.explainBudget(v, r, d), true
	case v.Measure == measureGoal && d["status"] != "":
		return w.explainGoal(v, r, d), true
	}
	return "", false
}
