package query

import (
	"context"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// goalStates asks for the goals in force at the end of the period, judged by the whole months
// before it.
func (r *Runner) goalStates(ctx context.Context, l *listing) ([]GoalState, error) {
	return r.judged(ctx, l.scope, dayOf(l.period.to), l.filters)
}

// goalRows lists goals as rows, up to the limit, with the names of whom they are for.
func (r *Runner) goalRows(ctx context.Context, l *listing) (got rows, place func(row []any) string, more bool, err error) {
	goals, err := r.goalStates(ctx, l)
	if err != nil {
		return nil, nil, false, err
	}
	if more = len(goals) > l.q.Limit; more {
		goals = goals[:l.q.Limit]
	}
	places, err := r.places(ctx, l.q.Lang, len(goals))
	if err != nil {
		return nil, nil, false, err
	}
	got = make(rows, len(goals))
	for i, g := range goals {
		got[i] = []any{g}
	}
	return got, func(row []any) string { return places(row[0].(GoalState)) }, more, nil
}

// goalProgress lists every goal in force at the end of the period with where it stands.
func goalProgress(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	got, place, more, err := r.goalRows(ctx, l)
	if err != nil {
		return nil, err
	}
	text := func(f func(g GoalState) string) func([]any) string {
		return func(row []any) string { return f(row[0].(GoalState)) }
	}
	number := func(f func(g GoalState) *decimal.Decimal) func([]any) *decimal.Decimal {
		return func(row []any) *decimal.Decimal { return f(row[0].(GoalState)) }
	}
	c := &columns{texts: l.texts}
	c.text("unit", got, place)
	c.text("goal", got, text(func(g GoalState) string { return l.texts.Value("goal", g.Metric) }))
	c.number("baseline", unitCount, got, number(func(g GoalState) *decimal.Decimal { return &g.Baseline }))
	c.number("target", unitCount, got, number(func(g GoalState) *decimal.Decimal { return &g.Target }))
	c.number("now", unitCount, got, number(func(g GoalState) *decimal.Decimal { return present(g.Measured, g.Now) }))
	c.number("progress", unitPercent, got, number(GoalState.shownProgress))
	c.number("forecast", unitCount, got, number(func(g GoalState) *decimal.Decimal { return present(g.HasForecast, g.Forecast) }))
	c.text("interval", got, text(func(g GoalState) string {
		w := goalWriter{l.texts, g}
		if !g.HasForecast {
			return l.texts.T("none")
		}
		return w.amount(g.Low) + "–" + w.amount(g.High)
	}))
	c.text("status", got, text(func(g GoalState) string { return l.texts.T("status." + g.Status) }))
	c.text("target_day", got, text(func(g GoalState) string { return g.TargetDay.String() }))
	c.text("owner", got, text(func(g GoalState) string { return g.Owner }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// goalSentences says of every goal what its latest month means.
func goalSentences(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	got, place, more, err := r.goalRows(ctx, l)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("unit", got, place)
	c.text("summary", got, func(row []any) string { return goalSentence(l.texts, row[0].(GoalState)) })
	return c.capped(l.q.Metric, more, l.q.Limit), nil
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
				if slices.Contains(states, g.Status) {
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

// goalWords says in a sentence, for each kind of goal, where the chosen units stand together.
func goalWords(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	goals, err := r.goalStates(ctx, l)
	if err != nil {
		return nil, err
	}
	var got rows
	for len(goals) > 0 {
		n := slices.IndexFunc(goals, func(g GoalState) bool { return g.Metric != goals[0].Metric })
		if n < 0 {
			n = len(goals)
		}
		got = append(got, []any{l.together(goals[:n])})
		goals = goals[n:]
	}
	c := &columns{texts: l.texts}
	c.text("summary", got, at(0))
	return c.frame(l.q.Metric), nil
}

// together says where goals of one kind stand: how many in which state, and what all of them
// come to. Only goals measured in the same month add up; costs per employee never do.
func (l *listing) together(goals []GoalState) string {
	count := func(n int) string { return l.texts.Number(decimal.NewFromInt(int64(n)), 0) }
	states := map[string]int{}
	for _, g := range goals {
		states[g.Status]++
	}
	out := l.texts.T("goalsum.goals", "goal", l.texts.Value("goal", goals[0].Metric))
	separator := ": "
	for _, s := range []string{statusReached, statusOnTrack, statusOffTrack, statusMissed, statusTooLittle} {
		if states[s] > 0 {
			out += separator + l.texts.T("goalsum."+s, "n", count(states[s]))
			separator = ", "
		}
	}
	out += "."
	sum, ok := addUp(goals)
	if !ok {
		return out
	}
	w := goalWriter{l.texts, sum}
	return out + " " + l.texts.T("goalsum.sum", "month", w.month(sum.Now, sum.Before), "target", w.amount(sum.Target))
}

// addUp sums the goals that were measured in the newest month; the month before only where
// all of them were measured then too. Each place counts once, and a cost centre not beside its
// units.
func addUp(goals []GoalState) (GoalState, bool) {
	sum := GoalState{Metric: goals[0].Metric, HasBefore: true}
	if sum.Metric == costEach {
		return sum, false
	}
	for _, g := range goals {
		if g.Measured && g.Month > sum.Month {
			sum.Month = g.Month
		}
	}
	goals = slices.DeleteFunc(slices.Clone(goals), func(g GoalState) bool { return !g.Measured || g.Month != sum.Month })
	all := oneEach(goals)
	for _, g := range all {
		sum.Now, sum.Before, sum.Target = sum.Now.Add(g.Now), sum.Before.Add(g.Before), sum.Target.Add(g.Target)
		sum.HasBefore = sum.HasBefore && g.HasBefore
	}
	return sum, len(all) > 1 && !mixed(goals)
}

// mixed tells whether some goals are for units and some for cost centres: what a unit counts,
// its cost centre counts too.
func mixed(goals []GoalState) bool {
	return slices.ContainsFunc(goals, func(g GoalState) bool { return (g.Unit == "") != (goals[0].Unit == "") })
}

// oneEach keeps one goal of each unit or cost centre: of several, as one for the summer and one
// for the year, the one that is due next; when all are over, the last. The goals must be of one
// kind.
func oneEach(goals []GoalState) []GoalState {
	var out []GoalState
	for _, g := range goals {
		i := slices.IndexFunc(out, func(o GoalState) bool { return o.Unit == g.Unit && o.CostCentre == g.CostCentre })
		switch {
		case i < 0:
			out = append(out, g)
		case g.sooner(out[i]):
			out[i] = g
		}
	}
	return out
}

// sooner tells whether a goal is due before another, those that are over last.
func (g GoalState) sooner(o GoalState) bool {
	if g.over() != o.over() {
		return o.over()
	}
	if g.over() {
		return g.TargetDay > o.TargetDay
	}
	return g.TargetDay < o.TargetDay
}
