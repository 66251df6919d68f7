package query

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// costCentreFollowUp sets the cost of every cost centre against its budget and the months
// before. A cost centre with a budget and no cost is there too.
func costCentreFollowUp(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s, err := l.followUpSQL(r)
	if err != nil {
		return nil, err
	}
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.names(ctx, "cost_centre")
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("cost_centre", got, func(row []any) string {
		if code := asText(row[0]); code != "" {
			return code
		}
		return l.texts.T("no_cost_centre")
	})
	c.text("cost_centre_name", got, func(row []any) string { return names[asText(row[0])] })
	c.number("cost", unitKronor, got, num(1))
	budgeted := func(f func(cost, budget decimal.Decimal) *decimal.Decimal) func(row []any) *decimal.Decimal {
		return func(row []any) *decimal.Decimal {
			if asNumber(row[4]).Sign() == 0 {
				return nil // no budget is not a budget of nothing
			}
			return f(asNumber(row[1]), asNumber(row[2]))
		}
	}
	c.number("budget", unitKronor, got, budgeted(func(_, budget decimal.Decimal) *decimal.Decimal { return &budget }))
	c.number("share", unitPercent, got, budgeted(func(cost, budget decimal.Decimal) *decimal.Decimal {
		return compared("budget_percent", &cost, &budget)
	}))
	c.number("difference", unitKronor, got, budgeted(func(cost, budget decimal.Decimal) *decimal.Decimal {
		d := cost.Sub(budget)
		return &d
	}))
	if l.period.months != nil {
		c.number("previous", unitKronor, got, num(3))
	}
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// followUpSQL gathers, by cost centre: cost, budget, cost of the months before, and whether
// there is a budget.
func (l *listing) followUpSQL(r *Runner) (*statement, error) {
	s := &statement{}
	usage := func(p period) string {
		var c conditions
		s.span(&c, "local_day", p)
		l.narrow(s, &c, "unit_id")
		return "usage_daily" + c.where() + " GROUP BY cost_centre"
	}
	const none = "toDecimal128(0, 6)"
	s.write("SELECT cost_centre, sum(cost) AS v1, sum(budget) AS v2, sum(earlier) AS v3, max(has_budget) AS v4 FROM (\n")
	s.write("  SELECT cost_centre, sum(cost) AS cost, %s AS budget, %s AS earlier, 0 AS has_budget FROM %s\n", none, none, usage(l.period))
	if l.period.months != nil {
		s.write("  UNION ALL\n  SELECT cost_centre, %s, %s, sum(cost), 0 FROM %s\n", none, none, usage(l.period.before()))
	}
	budget := Query{Metric: "budget", GroupBy: []string{"cost_centre"}, Filters: l.filters, Format: FormatTable, Interval: "month"}
	a, err := r.plan(budget, l.scope, TimeRange{l.period.from, l.period.to.AddDate(0, 0, 1)})
	if err != nil {
		return nil, err
	}
	a.period = l.period
	from, err := a.fromGoals(s)
	if err != nil {
		return nil, err
	}
	s.write("  UNION ALL\n  SELECT cost_centre, %s, sum(value), %s, 1 %s GROUP BY cost_centre\n)\n", none, none, from)
	s.write("GROUP BY cost_centre\nORDER BY v1 DESC, cost_centre\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	return s, nil
}

// linesTop lists the lines with the highest cost, by pseudonym and masked number.
func linesTop(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	s.span(&c, "local_day", l.period)
	l.narrow(s, &c, "unit_id")
	// First who they are, from two columns; then what there is to say about those few, by the
	// primary key.
	few := fmt.Sprintf("SELECT line_id FROM usage_line_daily%s\nGROUP BY line_id ORDER BY sum(cost) DESC, line_id LIMIT %d", c.where(), l.q.Limit+1)
	c.add("line_id IN (%s)", few)
	s.write("SELECT ranked.line_id, held.mask, ranked.u, held.role, ranked.v1, ranked.v2, ranked.v3 FROM (\n")
	s.write("SELECT line_id, argMax(unit_id, local_day) AS u, sum(cost) AS v1, sumIf(events, kind = 'call') AS v2, sum(volume_bytes) / 1e6 AS v3 FROM usage_line_daily%s\nGROUP BY line_id) AS ranked\n", c.where())
	s.write("LEFT JOIN (SELECT line_id, argMax(number_mask, valid_from) AS mask, argMax(role, valid_from) AS role FROM lines WHERE line_id IN (%s) GROUP BY line_id) AS held ON held.line_id = ranked.line_id\n", few)
	s.write("ORDER BY ranked.v1 DESC, ranked.line_id\nSETTINGS final = 1")
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	units, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.text("line", got, at(0))
	out.text("mask", got, at(1))
	out.text("unit", got, func(row []any) string { return units.text("unit", asText(row[2])) })
	out.text("role", got, func(row []any) string { return l.texts.Value("role", asText(row[3])) })
	out.number("cost", unitKronor, got, num(4))
	out.number("calls", unitCount, got, num(5))
	out.number("volume", unitMB, got, num(6))
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}
