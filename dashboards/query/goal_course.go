package query

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// goalCourse lays the goals of one kind out over time: what was measured at the end of each
// month, the level to reach and the one it began at, and the forecast for the goal's day with
// its interval, joined to the newest value. Goals of several units add up; costs per employee
// are weighed by the employees. Of several there is no interval, and no forecast where they are
// due on different days. A month's values stand on its first day, and so does the forecast, in
// the month of the goal's day, which may lie beyond the period.
func goalCourse(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	goals, err := r.goalStates(ctx, l)
	if err != nil {
		return nil, err
	}
	if len(goals) > 0 && slices.ContainsFunc(goals, func(g GoalState) bool { return g.Metric != goals[0].Metric }) {
		return nil, fmt.Errorf("%w: goals of several kinds have no common course; filter on one kind (field goal)", ErrQuery)
	}
	if mixed(goals) {
		goals = slices.DeleteFunc(goals, func(g GoalState) bool { return g.Unit == "" })
	}
	goals = slices.DeleteFunc(oneEach(goals), func(g GoalState) bool { return len(g.Days) == 0 })
	c := &columns{texts: l.texts}
	if len(goals) == 0 {
		return c.frame(l.q.Metric), nil
	}
	got := course(goals, schema.Date(l.period.from.Year(), l.period.from.Month(), l.period.from.Day()))
	unit := unitCount
	if goals[0].Metric == costEach || goals[0].Metric == budgetMetric {
		unit = unitKronor
	}
	weekly := goals[0].Metric == watchMetric
	c.time("time", got, func(row []any) time.Time {
		day := row[0].(schema.Day)
		if !weekly {
			day = day.Month() // where the bars of months stand
		}
		return midnight(day.At(time.UTC), r.cfg.Zone)
	})
	for i, name := range []string{"outcome", "target", "baseline", "forecast", "low", "high"} {
		c.number(name, unit, got, num(i+1))
	}
	return c.frame(l.q.Metric), nil
}

// course makes the rows of goals of one kind: day, outcome, target, baseline, forecast, low,
// high. Only months in which all of the goals were measured are among them: fewer would look
// like a fall.
func course(goals []GoalState, from schema.Day) rows {
	var out rows
	for i := range goals[0].Days {
		day := goals[0].Days[i]
		now, ok := weighed(goals, func(g GoalState) (decimal.Decimal, bool) { v, _, ok := g.on(day); return v, ok }, day)
		if !ok || day < from {
			continue
		}
		target, _ := weighed(goals, func(g GoalState) (decimal.Decimal, bool) { return g.Target, true }, day)
		baseline, _ := weighed(goals, func(g GoalState) (decimal.Decimal, bool) { return g.Baseline, true }, day)
		out = append(out, []any{day, now, target, baseline, nil, nil, nil})
	}
	if len(out) == 0 {
		return out
	}
	last := out[len(out)-1]
	day := last[0].(schema.Day)
	due := goals[0].TargetDay
	ahead, ok := weighed(goals, func(g GoalState) (decimal.Decimal, bool) {
		return g.Forecast, g.HasForecast && g.TargetDay == due && due > day && g.NowDay == day
	}, day)
	if !ok {
		return out
	}
	last[4] = last[1]
	row := []any{due, nil, last[2], last[3], ahead, nil, nil}
	if len(goals) == 1 {
		last[5], last[6] = last[1], last[1]
		row[5], row[6] = goals[0].Low, goals[0].High
	}
	return append(out, row)
}

// on is what was measured for a goal on a day, and what it was divided by.
func (g GoalState) on(day schema.Day) (value, weight decimal.Decimal, ok bool) {
	i := slices.Index(g.Days, day)
	if i < 0 {
		return value, weight, false
	}
	return g.Values[i], g.Weights[i], true
}

// weighed adds up a value of goals, or weighs it by what their outcome of a day was divided
// by; not ok when one of them has none.
func weighed(goals []GoalState, value func(GoalState) (decimal.Decimal, bool), day schema.Day) (sum decimal.Decimal, ok bool) {
	var weights decimal.Decimal
	for _, g := range goals {
		v, has := value(g)
		_, w, measured := g.on(day)
		if !has || !measured {
			return sum, false
		}
		if w.Sign() > 0 {
			v = v.Mul(w)
		}
		sum, weights = sum.Add(v), weights.Add(w)
	}
	if weights.Sign() > 0 {
		sum = sum.DivRound(weights, 6)
	}
	return sum, true
}
