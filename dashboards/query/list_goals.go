package query

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// Where a goal stands.
const (
	statusReached = "reached"
	statusOnTrack = "on_track"
	statusBehind  = "behind"
	statusNoData  = "no_data"
)

// goalState is one goal and the latest value measured for it.
type goalState struct {
	id, metric, unit, centre, owner string
	baseline, target                decimal.Decimal
	from, day                       time.Time // first day of the statement, day of the target
	now                             *decimal.Decimal
	asOf                            time.Time // day the value belongs to
}

// expected is where the straight line from baseline to target stands on the value's day.
func (g goalState) expected() decimal.Decimal {
	span := decimal.NewFromFloat(g.day.Sub(g.from).Hours() / 24)
	gone := decimal.NewFromFloat(g.asOf.Sub(g.from).Hours() / 24)
	switch {
	case span.Sign() <= 0 || gone.GreaterThanOrEqual(span):
		return g.target
	case gone.Sign() <= 0:
		return g.baseline
	}
	return g.baseline.Add(g.target.Sub(g.baseline).Mul(gone).DivRound(span, 6))
}

// progress is the way gone from baseline to target, in per cent; nil when it has no length.
// It is below 0 when things got worse and above 100 when the target is passed.
func (g goalState) progress() *decimal.Decimal {
	way := g.baseline.Sub(g.target)
	if g.now == nil || way.Sign() == 0 {
		return nil
	}
	p := g.baseline.Sub(*g.now).Mul(decimal.NewFromInt(100)).DivRound(way, 6)
	return &p
}

// shownProgress is progress within what a reader can take in: a goal of few calls can be
// missed by thousands of per cent, which says no more than "away from the target".
func (g goalState) shownProgress() *decimal.Decimal {
	p := g.progress()
	if p == nil {
		return nil
	}
	within := decimal.Max(decimal.NewFromInt(-100), decimal.Min(decimal.NewFromInt(200), *p))
	return &within
}

// status judges by direction: a goal below its baseline is one of reduction.
func (g goalState) status() string {
	if g.now == nil {
		return statusNoData
	}
	worse := func(limit decimal.Decimal) bool { return g.now.GreaterThan(limit) }
	if g.target.GreaterThan(g.baseline) && g.metric != "cost_month" {
		worse = func(limit decimal.Decimal) bool { return g.now.LessThan(limit) }
	}
	switch {
	case !worse(g.target):
		return statusReached
	case g.metric != "cost_month" && !worse(g.expected()):
		return statusOnTrack
	}
	return statusBehind
}

// goalProgress lists every goal in force at the end of the period with the latest value.
func goalProgress(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	goals, err := r.goalStates(ctx, l)
	if err != nil {
		return nil, err
	}
	if len(goals) > l.q.Limit {
		goals = goals[:l.q.Limit]
	}
	labels, err := r.labels(ctx, l.q.Lang, []string{"unit", "cost_centre"}, make(rows, len(goals)))
	if err != nil {
		return nil, err
	}
	got := make(rows, len(goals))
	for i, g := range goals {
		got[i] = []any{g}
	}
	text := func(f func(g goalState) string) func([]any) string {
		return func(row []any) string { return f(row[0].(goalState)) }
	}
	number := func(f func(g goalState) *decimal.Decimal) func([]any) *decimal.Decimal {
		return func(row []any) *decimal.Decimal { return f(row[0].(goalState)) }
	}
	c := &columns{texts: l.texts}
	c.text("unit", got, text(func(g goalState) string {
		if g.unit == "" && g.centre != "" {
			return labels.text("cost_centre", g.centre)
		}
		return labels.text("unit", g.unit)
	}))
	c.text("goal", got, text(func(g goalState) string { return l.texts.Value("goal", g.metric) }))
	c.number("baseline", unitCount, got, number(func(g goalState) *decimal.Decimal { return &g.baseline }))
	c.number("target", unitCount, got, number(func(g goalState) *decimal.Decimal { return &g.target }))
	c.number("now", unitCount, got, number(func(g goalState) *decimal.Decimal { return g.now }))
	c.number("progress", unitPercent, got, number(goalState.shownProgress))
	c.text("status", got, text(func(g goalState) string { return l.texts.T("status." + g.status()) }))
	c.text("target_day", got, text(func(g goalState) string { return g.day.Format(time.DateOnly) }))
	c.text("owner", got, text(func(g goalState) string { return g.owner }))
	return c.frame(l.q.Metric), nil
}

// goalCount counts the goals that stand in one of the states.
func goalCount(states ...string) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		goals, err := r.goalStates(ctx, l)
		if err != nil {
			return nil, err
		}
		var count *decimal.Decimal
		if len(goals) > 0 {
			n := decimal.Zero
			for _, g := range goals {
				if slices.Contains(states, g.status()) {
					n = n.Add(decimal.NewFromInt(1))
				}
			}
			count = &n
		}
		c := &columns{texts: l.texts}
		c.number(l.q.Metric, unitCount, rows{nil}, func([]any) *decimal.Decimal { return count })
		return c.frame(l.q.Metric), nil
	}
}

func (r *Runner) goalStates(ctx context.Context, l *listing) ([]goalState, error) {
	s := &statement{}
	var c conditions
	l.narrow(s, &c, "unit_id")
	zone := r.cfg.Zone.String()
	s.write(`SELECT goal_id, m AS metric, u AS unit_id, cc AS cost_centre, o, b, t, f, d FROM (
  SELECT goal_id, argMax(metric, valid_from) AS m, argMax(unit_id, valid_from) AS u, argMax(cost_centre, valid_from) AS cc, argMax(owner, valid_from) AS o,
    argMax(baseline, valid_from) AS b, argMax(target, valid_from) AS t, argMax(%s, valid_from) AS f, argMax(target_day, valid_from) AS d
  FROM (SELECT *, %s AS bucket FROM goals)
  WHERE %s
  GROUP BY goal_id)%s
ORDER BY metric DESC, unit_id, cost_centre, goal_id
LIMIT %d
SETTINGS final = 1`, localDay(s, "valid_from", zone), s.day(l.period.to), inForce(s, zone), c.where(), maxRows)
	got, _, err := l.read(ctx, r, s, maxRows)
	if err != nil {
		return nil, err
	}
	out := make([]goalState, 0, len(got))
	for _, row := range got {
		out = append(out, goalState{id: asText(row[0]), metric: asText(row[1]), unit: asText(row[2]), centre: asText(row[3]), owner: asText(row[4]),
			baseline: asNumber(row[5]), target: asNumber(row[6]), from: asTime(row[7]), day: asTime(row[8])})
	}
	return out, r.measureGoals(ctx, l, out)
}

// measureGoals finds the latest value of every goal: the last weekly count of its unit, or
// the last complete month of its calls or cost.
func (r *Runner) measureGoals(ctx context.Context, l *listing, goals []goalState) error {
	if len(goals) == 0 {
		return nil
	}
	s := &statement{}
	var c conditions
	c.add("week BETWEEN %s AND %s", s.day(l.period.from), s.day(l.period.to))
	s.scope(&c, l.scope, "unit_id")
	s.write("SELECT toString(metric), toString(unit), toString(centre), v, toDate32(at) FROM (\nSELECT 'watches_open' AS metric, unit_id AS unit, '' AS centre, toDecimal128(argMax(open, week), 6) AS v, max(week) AS at FROM watches_weekly%s GROUP BY unit_id", c.where())
	month, err := r.lastMonth(ctx, l.period)
	if err != nil {
		return err
	}
	if !month.IsZero() {
		end := month.AddDate(0, 1, -1)
		for _, m := range []struct{ metric, expr, group, names string }{
			{"forwarded_calls", "toDecimal128(sumIf(events, forwarded), 6)", "unit_id", "unit_id AS unit, '' AS centre"},
			{"cost_month", "sum(cost)", "unit_id", "unit_id AS unit, '' AS centre"},
			{"cost_month", "sum(cost)", "cost_centre", "'' AS unit, cost_centre AS centre"},
		} {
			var c conditions
			c.add("local_day BETWEEN %s AND %s", s.day(month), s.day(end))
			s.scope(&c, l.scope, "unit_id")
			s.write("\nUNION ALL SELECT '%s', %s, %s, %s FROM usage_daily%s GROUP BY %s", m.metric, m.names, m.expr, s.day(end), c.where(), m.group)
		}
	}
	s.write(")")
	got, err := read(ctx, r.store, s)
	if err != nil {
		return err
	}
	l.sql += "\n\n" + s.String()
	for i := range goals {
		g := &goals[i]
		for _, row := range got {
			if asText(row[0]) == g.metric && asText(row[1]) == g.unit && (asText(row[2]) == g.centre || g.metric != "cost_month") && (g.unit != "" || g.centre != "") {
				v := asNumber(row[3])
				g.now, g.asOf = &v, asTime(row[4])
			}
		}
	}
	return nil
}

// lastMonth is the last complete month of usage within the period, else the last one.
func (r *Runner) lastMonth(ctx context.Context, p period) (time.Time, error) {
	months, err := r.months(ctx)
	if err != nil {
		return time.Time{}, err
	}
	inside := slices.DeleteFunc(months, func(m dataMonth) bool {
		return m.first.After(p.to) || m.first.AddDate(0, 1, -1).Before(p.from)
	})
	for _, m := range inside {
		if m.complete {
			return m.first, nil
		}
	}
	if len(inside) > 0 {
		return inside[0].first, nil
	}
	return time.Time{}, nil
}
