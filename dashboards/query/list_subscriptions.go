package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

func subscriptionLists() map[string]listFunc {
	figure := func(unit string, f func(u *SubscriptionUnit) decimal.Decimal) listFunc {
		return oneNumber(unit, func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error) {
			report, ok, err := r.subscriptionReport(ctx, l)
			if err != nil || !ok {
				return nil, err
			}
			sum := decimal.Zero
			for i := range report.Units {
				sum = sum.Add(f(&report.Units[i]))
			}
			return &sum, nil
		})
	}
	number := func(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)) }
	return map[string]listFunc{
		"subscriptions":          subscriptionHoldings,
		"subscriptions_held":     figure(unitCount, func(u *SubscriptionUnit) decimal.Decimal { return number(u.Lines) }),
		"subscriptions_to_check": figure(unitCount, func(u *SubscriptionUnit) decimal.Decimal { return number(u.ToCheck) }),
		"subscription_fees":      figure(unitKronor, func(u *SubscriptionUnit) decimal.Decimal { return u.Fees }),
		"subscription_idle":      figure(unitKronor, func(u *SubscriptionUnit) decimal.Decimal { return u.Idle }),
		"subscription_units":     subscriptionUnits,
		"subscription_questions": subscriptionQuestions,
		"subscription_plans":     subscriptionPlans,
		"subscription_checks":    subscriptionChecks,
	}
}

// subscriptionReport is the report of the month, of the units that are seen.
func (r *Runner) subscriptionReport(ctx context.Context, l *listing) (SubscriptionReport, bool, error) {
	var out SubscriptionReport
	if r.cfg.Reports == nil {
		return out, false, nil
	}
	all, ok, err := r.cfg.Reports.Subscriptions(ctx, l.reportMonth())
	if err != nil || !ok {
		return out, false, err
	}
	for _, u := range all.Units {
		if l.sees(u.Unit) {
			out.Units = append(out.Units, u)
		}
	}
	for _, line := range all.Lines {
		if l.sees(line.Unit) {
			out.Lines = append(out.Lines, line)
		}
	}
	return out, true, nil
}

// subscriptionUnits adds up what each unit subscribes to, the dearest first.
func subscriptionUnits(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.subscriptionReport(ctx, l)
	if err != nil {
		return nil, err
	}
	got, more := shown(l, report.Units)
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("unit", got, of(func(u SubscriptionUnit) string { return names.text("unit", u.Unit) }))
	c.number("lines_held", unitCount, got, of(func(u SubscriptionUnit) *decimal.Decimal { return count(u.Lines) }))
	c.number("fees", unitKronor, got, of(func(u SubscriptionUnit) *decimal.Decimal { return &u.Fees }))
	c.number("idle_fees", unitKronor, got, of(func(u SubscriptionUnit) *decimal.Decimal { return &u.Idle }))
	c.number("usage_cost", unitKronor, got, of(func(u SubscriptionUnit) *decimal.Decimal { return &u.Usage }))
	c.number("to_check", unitCount, got, of(func(u SubscriptionUnit) *decimal.Decimal { return count(u.ToCheck) }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// tally is a name with what adds up under it.
type tally struct {
	name, more, last string
	lines            int
	sum              decimal.Decimal
}

// tallied sorts tallies: the most kronor first, then the most lines, then by name.
func tallied(of map[string]*tally) []tally {
	out := make([]tally, 0, len(of))
	for _, t := range of {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b tally) int {
		return cmp.Or(b.sum.Cmp(a.sum), cmp.Compare(b.lines, a.lines), cmp.Compare(a.name, b.name), cmp.Compare(a.more, b.more), cmp.Compare(a.last, b.last))
	})
	return out
}

// subscriptionQuestions counts lines by what somebody should ask about them.
func subscriptionQuestions(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.subscriptionReport(ctx, l)
	if err != nil {
		return nil, err
	}
	asked := map[string]*tally{}
	for i := range report.Units {
		for question, n := range report.Units[i].Asked {
			t := asked[question]
			if t == nil {
				t = &tally{name: question}
				asked[question] = t
			}
			t.lines += n
		}
	}
	got, more := shown(l, tallied(asked))
	c := &columns{texts: l.texts}
	c.text("question", got, of(func(t tally) string { return l.texts.T("subscriptions.ask." + t.name) }))
	c.number("lines_held", unitCount, got, of(func(t tally) *decimal.Decimal { return count(t.lines) }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// subscriptionPlans adds up lines and fees by operator and plan.
func subscriptionPlans(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.subscriptionReport(ctx, l)
	if err != nil {
		return nil, err
	}
	plans := map[string]*tally{}
	for i := range report.Units {
		for _, p := range report.Units[i].Plans {
			key := strings.Join([]string{p.Operator, p.Plan, p.Kind}, "\x00")
			t := plans[key]
			if t == nil {
				t = &tally{name: p.Operator, more: p.Plan, last: p.Kind}
				plans[key] = t
			}
			t.lines += p.Lines
			t.sum = t.sum.Add(p.Fees)
		}
	}
	got, more := shown(l, tallied(plans))
	c := &columns{texts: l.texts}
	c.text("operator", got, of(func(t tally) string { return cmp.Or(t.name, l.texts.T("none")) }))
	c.text("plan", got, of(func(t tally) string { return cmp.Or(t.more, l.texts.T("none")) }))
	c.text("line_kind", got, of(func(t tally) string { return l.texts.Value("line_kind", t.last) }))
	c.number("lines_held", unitCount, got, of(func(t tally) *decimal.Decimal { return count(t.lines) }))
	c.number("fees", unitKronor, got, of(func(t tally) *decimal.Decimal { return &t.sum }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// subscriptionChecks lists the lines that somebody should ask about, the dearest first.
func subscriptionChecks(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.subscriptionReport(ctx, l)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(report.Lines, func(a, b SubscriptionLine) int { return b.Fees.Cmp(a.Fees) })
	got, more := shown(l, report.Lines)
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("line", got, of(func(s SubscriptionLine) string { return s.Line }))
	c.text("unit", got, of(func(s SubscriptionLine) string { return names.text("unit", s.Unit) }))
	c.text("question", got, of(func(s SubscriptionLine) string {
		words := make([]string, len(s.Questions))
		for i, q := range s.Questions {
			words[i] = l.texts.T("subscriptions.ask." + q)
		}
		return strings.Join(words, "; ")
	}))
	c.text("plan", got, of(func(s SubscriptionLine) string {
		return cmp.Or(strings.TrimSpace(s.Operator+" "+s.Plan), l.texts.T("none"))
	}))
	c.text("role", got, of(func(s SubscriptionLine) string { return l.texts.Value("role", s.Role) }))
	c.text("last_use", got, of(func(s SubscriptionLine) string { return cmp.Or(s.LastUse, l.texts.T("none")) }))
	c.number("fees", unitKronor, got, of(func(s SubscriptionLine) *decimal.Decimal { return &s.Fees }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// subscriptionHoldings lists lines with plan, last use and what the month cost, the dearest first.
func subscriptionHoldings(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	s.span(&c, "local_day", l.period)
	l.narrow(s, &c, "unit_id")
	// As with lines_top: first who they are, then what there is to say about those few.
	few := fmt.Sprintf("SELECT line_id FROM usage_line_daily%s\nGROUP BY line_id ORDER BY sum(cost) DESC, line_id LIMIT %d", c.where(), l.q.Limit+1)
	c.add("line_id IN (%s)", few)
	s.write("SELECT ranked.line_id, held.mask, ranked.u, held.kind, held.role, held.operator, held.plan, used.d, ranked.v1, ranked.v2 FROM (\n")
	s.write("SELECT line_id, argMax(unit_id, local_day) AS u, sumIf(cost, kind = 'fee') AS v1, sumIf(cost, kind != 'fee') AS v2 FROM usage_line_daily%s\nGROUP BY line_id) AS ranked\n", c.where())
	s.write("LEFT JOIN (SELECT line_id, argMax(number_mask, valid_from) AS mask, argMax(kind, valid_from) AS kind, argMax(role, valid_from) AS role, argMax(operator, valid_from) AS operator, argMax(plan, valid_from) AS plan FROM lines WHERE line_id IN (%s) GROUP BY line_id) AS held ON held.line_id = ranked.line_id\n", few)
	s.write("LEFT JOIN (SELECT line_id, max(local_day) AS d FROM usage_line_daily WHERE kind != 'fee' AND local_day <= %s AND line_id IN (%s) GROUP BY line_id) AS used ON used.line_id = ranked.line_id\n", s.day(l.period.to), few)
	s.write("ORDER BY ranked.v1 + ranked.v2 DESC, ranked.line_id\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	word := func(i int) func(row []any) string {
		return func(row []any) string { return cmp.Or(asText(row[i]), l.texts.T("none")) }
	}
	out.text("line", got, at(0))
	out.text("mask", got, at(1))
	out.text("unit", got, func(row []any) string { return names.text("unit", asText(row[2])) })
	out.text("line_kind", got, func(row []any) string { return l.texts.Value("line_kind", asText(row[3])) })
	out.text("role", got, func(row []any) string { return l.texts.Value("role", asText(row[4])) })
	out.text("operator", got, word(5))
	out.text("plan", got, word(6))
	out.text("last_use", got, func(row []any) string {
		if day := asTime(row[7]); day.Year() > 1970 {
			return dayOf(day).String()
		}
		return l.texts.T("none")
	})
	out.number("fees", unitKronor, got, num(8))
	out.number("usage_cost", unitKronor, got, num(9))
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}
