package query

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

func watchLists() map[string]listFunc {
	return map[string]listFunc{
		"watches_by_unit":   watchesByUnit,
		"watches_age":       watchesAge,
		"watches_over_time": watchesOverTime,
		"watches_over_30d":  watchesOver30,
	}
}

// latestWeeks is the newest week of each unit within the period.
func (l *listing) latestWeeks(s *statement) string {
	var c conditions
	s.span(&c, "week", l.period)
	l.narrow(s, &c, "unit_id")
	return "SELECT unit_id, max(week) AS w, argMax(open, week) AS open, argMax(over_30d, week) AS old, sum(created) AS created, sum(closed) AS closed FROM watches_weekly" + c.where() + "\nGROUP BY unit_id"
}

// watchesByUnit lists units with their open watches, the goal for them, and what became of the
// pile in the period. A unit without a goal has none of the figures about goals.
func watchesByUnit(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	goal := Query{Metric: "watches_target", GroupBy: []string{"unit"}, Filters: l.filters, Format: FormatTable, Interval: "week"}
	a, err := r.plan(goal, l.scope, TimeRange{midnight(l.period.from, r.cfg.Zone), midnight(l.period.to.AddDate(0, 0, 1), r.cfg.Zone)})
	if err != nil {
		return nil, err
	}
	goals, err := a.statement()
	if err != nil {
		return nil, err
	}
	stated, err := read(ctx, r.store, goals)
	if err != nil {
		return nil, err
	}
	targets := map[string]decimal.Decimal{}
	for _, row := range stated {
		targets[asText(row[0])] = asNumber(row[1])
	}
	s := &statement{}
	s.write("%s\nORDER BY open DESC, unit_id\nLIMIT %d\nSETTINGS final = 1", l.latestWeeks(s), l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	target := func(f func(open, target decimal.Decimal) decimal.Decimal) func(row []any) *decimal.Decimal {
		return func(row []any) *decimal.Decimal {
			t, ok := targets[asText(row[0])]
			return present(ok, f(asNumber(row[2]), t))
		}
	}
	c := &columns{texts: l.texts}
	c.text("unit", got, func(row []any) string { return names.text("unit", asText(row[0])) })
	c.number("watches_open", unitCount, got, num(2))
	c.number("target", unitCount, got, target(func(_, t decimal.Decimal) decimal.Decimal { return t }))
	c.number("above_target", unitCount, got, target(func(open, t decimal.Decimal) decimal.Decimal { return open.Sub(t) }))
	c.number("over_30d", unitCount, got, num(3))
	c.number("watches_created", unitCount, got, num(4))
	c.number("watches_closed", unitCount, got, num(5))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// watchesAge lists, by unit and profession group, how old the open watches are at the newest count.
// Small counts are withheld as everywhere, and with the number of open watches what is about them.
func watchesAge(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	s.span(&c, "day", l.period)
	l.narrow(s, &c, "unit_id")
	s.write("SELECT unit_id, profession_group, open, over_7d, over_30d, toDecimal64(median_age_days, 1) FROM watches_current\n")
	s.write("WHERE (unit_id, day) IN (SELECT unit_id, max(day) FROM watches_current%s GROUP BY unit_id)\n", c.where())
	s.write("ORDER BY unit_id, open DESC, profession_group\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	hidden := withholdAges(got)
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.text("unit", got, func(row []any) string { return names.text("unit", asText(row[0])) })
	out.text("profession_group", got, func(row []any) string {
		if group := asText(row[1]); group != "" {
			return group
		}
		return l.texts.T("none")
	})
	out.number("watches_open", unitCount, got, num(2))
	out.number("over_7d", unitCount, got, num(3))
	out.number("over_30d", unitCount, got, num(4))
	out.number("median_age", "", got, num(5))
	f := out.capped(l.q.Metric, more, l.q.Limit)
	if hidden {
		note(f, l.texts.T("notice.suppressed"))
	}
	return f, nil
}

// withholdAges sets small counts to nil, each column within its unit, and every figure of a group
// whose open watches are withheld.
func withholdAges(got rows) (hidden bool) {
	for from := 0; from < len(got); {
		to := from
		for to < len(got) && asText(got[to][0]) == asText(got[from][0]) {
			to++
		}
		unit := got[from:to]
		for column := 2; column <= 4; column++ {
			values, refs := make([]*decimal.Decimal, len(unit)), make([]**decimal.Decimal, len(unit))
			for i, row := range unit {
				values[i] = num(column)(row)
				refs[i] = &values[i]
			}
			if !withhold(refs) {
				continue
			}
			hidden = true
			for i, row := range unit {
				if values[i] != nil {
					continue
				}
				row[column] = nil
				if column == 2 {
					row[3], row[4], row[5] = nil, nil, nil
				}
			}
		}
		from = to
	}
	return hidden
}

// watchesOverTime divides the open watches of each week by age.
func watchesOverTime(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	s.span(&c, "week", l.period)
	l.narrow(s, &c, "unit_id")
	s.write("SELECT week, toInt64(sum(open)) - toInt64(sum(over_30d)), sum(over_30d) FROM watches_weekly%s\nGROUP BY week ORDER BY week\nLIMIT %d\nSETTINGS final = 1", c.where(), maxBuckets)
	got, _, err := l.read(ctx, r, s, maxBuckets)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.time("time", got, func(row []any) time.Time { return midnight(asTime(row[0]), r.cfg.Zone) })
	out.number("up_to_30d", unitCount, got, num(1))
	out.number("over_30d", unitCount, got, num(2))
	return out.frame(l.q.Metric), nil
}

// watchesOver30 counts watches that have been open for more than 30 days, at the newest count.
func watchesOver30(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	s.write("SELECT sum(old), count() FROM (%s)\nSETTINGS final = 1", l.latestWeeks(s))
	got, _, err := l.read(ctx, r, s, 1)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.number(l.q.Metric, unitCount, got, func(row []any) *decimal.Decimal { return present(asCount(row[1]) > 0, asNumber(row[0])) })
	return c.frame(l.q.Metric), nil
}
