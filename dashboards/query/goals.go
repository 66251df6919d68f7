package query

import (
	"fmt"
	"slices"
	"time"
)

// goalLine is which number of which goals a metric lays out over time.
type goalLine struct {
	metric string // metric of the goal, as in the goals table
	value  goalValue
}

type goalValue int

const (
	goalTarget goalValue = iota
	goalBaseline
	goalPath // the straight line from the baseline on the first day to the target on its day
)

// inForce tells, in SQL over goals, whether a statement holds on the day in column bucket.
func inForce(s *statement, zone string) string {
	return fmt.Sprintf("%s <= bucket AND (toUnixTimestamp64Milli(valid_to) = 0 OR bucket < %s)",
		localDay(s, "valid_from", zone), localDay(s, "valid_to", zone))
}

func localDay(s *statement, column, zone string) string {
	return fmt.Sprintf("toDate32(toTimeZone(%s, %s))", column, s.bind("String", zone))
}

func (a *aggregate) goalExpr(s *statement, v goalValue, budget bool) string {
	switch v {
	case goalBaseline:
		return "baseline"
	case goalPath:
		start := localDay(s, "valid_from", a.zone)
		return fmt.Sprintf("baseline + (target - baseline) * if(target_day <= %s, 1, least(1, greatest(0, dateDiff('day', %s, bucket) / dateDiff('day', %s, target_day))))", start, start, start)
	}
	if budget {
		return "if(amount != 0, amount, toDecimal64(target, 6))" // stated before there was an exact amount
	}
	return "target"
}

// fromGoals lays the goals in force out over the points of the period. Several statements of
// one goal may hold at a time; the one that began last counts.
func (a *aggregate) fromGoals(s *statement) (string, error) {
	line := a.decl[0].goal
	budget := line.metric == "cost_month"
	interval := a.every
	if budget && a.timed && interval != "month" {
		return "", fmt.Errorf("%w: budgets are per month; choose interval \"month\"", ErrQuery)
	}
	if budget {
		interval = "month"
	}
	days, err := a.period.buckets(interval)
	if err != nil {
		return "", err
	}
	if !a.timed && !budget {
		days = []time.Time{a.period.to}
	}
	var c conditions
	a.narrow(s, &c)
	if budget {
		// The same money may be planned by unit and by cost centre: one of them is the question.
		if a.uses("unit") || (!a.scope.All && !a.uses("cost_centre")) {
			c.add("unit_id != ''")
		} else {
			c.add("cost_centre != ''")
		}
	}
	value := a.goalExpr(s, line.value, budget)
	laid := fmt.Sprintf(`(
  SELECT bucket, goal_id, argMax(unit_id, valid_from) AS unit_id, argMax(cost_centre, valid_from) AS cost_centre, argMax(%s, valid_from) AS value, argMax(target_day, valid_from) AS due
  FROM (SELECT goal_id, unit_id, cost_centre, baseline, target, amount, target_day, valid_from, valid_to, arrayJoin(%s) AS bucket FROM goals WHERE metric = %s)
  WHERE %s
  GROUP BY bucket, goal_id)`, value, s.days(days), s.bind("String", line.metric), inForce(s, a.zone))
	if !budget {
		// Of several goals for the same, as one for the summer and one for the year, the one
		// that is due next is the one to look at: they are not to be added.
		laid = fmt.Sprintf(`(
  SELECT bucket, unit_id, cost_centre, argMin(value, (due < bucket, abs(dateDiff('day', bucket, due)), goal_id)) AS value
  FROM %s
  GROUP BY bucket, unit_id, cost_centre)`, laid)
	}
	return "FROM " + laid + c.where(), nil
}

// budgetOf is the query for the budget of what another query asks for.
func budgetOf(q Query) Query {
	b := q
	b.Metric, b.Also, b.Compare = "budget", nil, ""
	b.Filters = slices.Clone(q.Filters)
	return b
}
