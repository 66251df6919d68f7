package query

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// goalWords says in a sentence, for each kind of goal, where the chosen units stand together.
func goalWords(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	goals, err := r.goalStates(ctx, l)
	if err != nil {
		return nil, err
	}
	var order []string
	sums := map[string]*goalSum{}
	for _, g := range goals {
		s, ok := sums[g.metric]
		if !ok {
			s = &goalSum{}
			sums[g.metric], order = s, append(order, g.metric)
		}
		s.add(g)
	}
	got := make(rows, len(order))
	for i, metric := range order {
		got[i] = []any{l.sentence(metric, sums[metric])}
	}
	c := &columns{texts: l.texts}
	c.text("summary", got, at(0))
	return c.frame(l.q.Metric), nil
}

// goalSum is goals of one kind taken together. Goals without a measured value are left out
// of all sums, so that like is compared with like.
type goalSum struct {
	now, target, expected, targetAll decimal.Decimal
	day                              time.Time
	measured                         int
}

func (s *goalSum) add(g goalState) {
	s.targetAll = s.targetAll.Add(g.target)
	if g.day.After(s.day) {
		s.day = g.day
	}
	if g.now == nil {
		return
	}
	s.measured++
	s.now, s.target, s.expected = s.now.Add(*g.now), s.target.Add(g.target), s.expected.Add(g.expected())
}

func (l *listing) sentence(metric string, s *goalSum) string {
	count := func(d decimal.Decimal) string { return l.texts.Number(d, 0) }
	key, status, target := "words.goal", "words.on_track", s.target
	switch {
	case s.measured == 0:
		key, target = "words.goal_no_data", s.targetAll
	case s.now.LessThanOrEqual(s.target):
		key = "words.goal_reached"
	case s.now.GreaterThan(s.expected):
		status = "words.behind"
	}
	return l.texts.T(key, "goal", l.texts.Value("goal", metric), "now", count(s.now), "target", count(target), "day", s.day.Format(time.DateOnly),
		"left", count(s.now.Sub(s.target)), "expected", count(s.expected), "status", l.texts.T(status))
}
