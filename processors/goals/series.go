package goals

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// flow is what a unit and cost centre used in a month.
type flow struct {
	unit, centre string
	month        schema.Day
	forwarded    uint64
	cost         decimal.Decimal
}

// staffing is one statement of a unit: who works there, and who pays.
type staffing struct {
	stated
	unit, centre string
	employees    uint32
}

// load reads what the goals need, and nothing else.
func (l *loader) load(ctx context.Context, goals []Goal) error {
	places := func(metrics ...string) (units, centres []string) {
		for _, g := range goals {
			switch {
			case !slices.Contains(metrics, g.Metric):
			case g.Unit != "":
				units = append(units, g.Unit)
			case g.CostCentre != "":
				centres = append(centres, g.CostCentre)
			}
		}
		return distinct(units), distinct(centres)
	}
	if units, centres := places(ForwardedCalls, CostMonth, CostPerEmployee); len(units)+len(centres) > 0 && l.usage.asOf != 0 {
		if err := l.loadFlows(ctx, units, centres); err != nil {
			return fmt.Errorf("reading usage for goals: %w", err)
		}
	}
	if units, _ := places(WatchesOpen); len(units) > 0 && l.watches.asOf != 0 {
		if err := l.loadCounts(ctx, units); err != nil {
			return fmt.Errorf("reading watches for goals: %w", err)
		}
	}
	if slices.ContainsFunc(goals, func(g Goal) bool { return g.Metric != WatchesOpen }) && l.usage.asOf != 0 {
		if err := l.loadStaffing(ctx); err != nil {
			return fmt.Errorf("reading units for goals: %w", err)
		}
	}
	if units, centres := places(UnusedLines); len(units)+len(centres) > 0 && l.usage.asOf != 0 {
		if err := l.loadUnused(ctx); err != nil {
			return fmt.Errorf("looking for unused lines: %w", err)
		}
	}
	if units, centres := places(DeskPhones); len(units)+len(centres) > 0 && l.usage.asOf != 0 {
		if err := l.loadPhones(ctx); err != nil {
			return fmt.Errorf("reading equipment for goals: %w", err)
		}
	}
	return nil
}

// distinct never returns nil: the store takes no nil lists.
func distinct(list []string) []string {
	slices.Sort(list)
	return append([]string{}, slices.Compact(list)...)
}

func (l *loader) loadFlows(ctx context.Context, units, centres []string) error {
	return l.each(ctx, `SELECT toString(unit_id) AS u, toString(cost_centre) AS c, toInt32(toDate32(toStartOfMonth(local_day))) AS m, sumIf(events, forwarded), toDecimal128(sum(cost), 6)
FROM usage_daily
WHERE local_day BETWEEN {from:Date32} AND {to:Date32} AND (unit_id IN {units:Array(String)} OR cost_centre IN {centres:Array(String)})
GROUP BY u, c, m ORDER BY m, u, c`,
		map[string]any{"from": l.usage.from.String(), "to": l.usage.asOf.String(), "units": units, "centres": centres}, func(rows driver.Rows) error {
			var f flow
			var m int32
			if err := rows.Scan(&f.unit, &f.centre, &m, &f.forwarded, &f.cost); err != nil {
				return err
			}
			f.month = schema.Day(m)
			l.flows = append(l.flows, f)
			return nil
		})
}

func (l *loader) loadCounts(ctx context.Context, units []string) error {
	l.counts = map[string][]Point{}
	return l.each(ctx, `SELECT toString(unit_id) AS u, toInt32(day) AS d, toInt64(open)
FROM watches_weekly WHERE unit_id IN {units:Array(String)} AND day BETWEEN {from:Date32} AND {to:Date32} ORDER BY u, d`,
		map[string]any{"from": l.watches.from.String(), "to": l.watches.asOf.String(), "units": units}, func(rows driver.Rows) error {
			var unit string
			var day int32
			var open int64
			if err := rows.Scan(&unit, &day, &open); err != nil {
				return err
			}
			l.counts[unit] = append(l.counts[unit], Point{Day: schema.Day(day), Value: decimal.NewFromInt(open)})
			return nil
		})
}

func (l *loader) loadStaffing(ctx context.Context) error {
	l.employees = map[string][]staffing{}
	return l.each(ctx, `SELECT toString(unit_id), toString(cost_centre), employees, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM units ORDER BY unit_id, valid_from DESC`, nil, func(rows driver.Rows) error {
		var s staffing
		var from, to int64
		if err := rows.Scan(&s.unit, &s.centre, &s.employees, &from, &to); err != nil {
			return err
		}
		s.stated = l.stated(from, to)
		l.employees[s.unit] = append(l.employees[s.unit], s)
		return nil
	})
}

// staffed finds what was stated of a unit as of a day.
func (l *loader) staffed(unit string, d schema.Day) (staffing, bool) {
	return inForce(l.employees[unit], func(s staffing) stated { return s.stated }, d)
}

// closed tells whether a goal's unit had ceased to be before the end of a day: what it does
// not use from then on is no success. A unit of which nothing is stated is there.
func (l *loader) closed(g Goal, d schema.Day) bool {
	if g.Unit == "" {
		return false
	}
	_, there := l.staffed(g.Unit, d)
	return !there && slices.ContainsFunc(l.employees[g.Unit], func(s staffing) bool { return s.from <= d })
}

// heads counts the employees of a goal's unit, or of the units of its cost centre, over a
// month: days is how many they add up to, of so many days; 0 when they are unknown. For whoever
// came, left or changed the cost centre within the month, it is by the day.
func (l *loader) heads(g Goal, month schema.Day) (days, of int64) {
	for d := month; d <= lastDay(month); d++ {
		if g.Unit != "" {
			if s, ok := l.staffed(g.Unit, d); ok && s.employees > 0 {
				days, of = days+int64(s.employees), of+1 // a day of which nothing is known tells nothing
			}
			continue
		}
		of++
		for unit := range l.employees {
			if s, ok := l.staffed(unit, d); ok && s.centre == g.CostCentre {
				days += int64(s.employees)
			}
		}
	}
	return days, of
}

// series is what was measured for a goal.
func (l *loader) series(g Goal) Series {
	switch g.Metric {
	case WatchesOpen:
		return Series{Weekly: true, Points: l.counts[g.Unit], AsOf: l.watches.asOf}
	case UnusedLines:
		return Series{Points: l.idleSeries(g), AsOf: l.usage.asOf}
	case DeskPhones:
		return Series{Points: l.phoneSeries(g), AsOf: l.usage.asOf}
	case ForwardedCalls, CostMonth, CostPerEmployee:
		return Series{Points: l.flowSeries(g), AsOf: l.usage.asOf}
	}
	return Series{AsOf: l.usage.asOf} // a metric that a later version knows
}

// flowSeries adds usage up by month. A month that the store covers and in which the unit used
// nothing is one of zero, from the first month on in which it used something (before that it
// may not have existed) and until it was closed.
func (l *loader) flowSeries(g Goal) []Point {
	sums := map[schema.Day]flow{}
	var first schema.Day
	for _, f := range l.flows {
		if (g.Unit != "" && f.unit != g.Unit) || (g.CostCentre != "" && (g.Unit == "" || g.Metric == CostMonth) && f.centre != g.CostCentre) {
			continue
		}
		if first == 0 || f.month < first {
			first = f.month
		}
		s := sums[f.month]
		s.forwarded, s.cost = s.forwarded+f.forwarded, s.cost.Add(f.cost)
		sums[f.month] = s
	}
	var out []Point
	for _, m := range l.usage.wholes() {
		if first == 0 || m < first || l.closed(g, lastDay(m)) {
			continue
		}
		p := Point{Day: lastDay(m), Value: sums[m].cost}
		switch g.Metric {
		case ForwardedCalls:
			p.Value = decimal.NewFromUint64(sums[m].forwarded)
		case CostPerEmployee:
			days, of := l.heads(g, m)
			if days == 0 {
				continue // not known is not nobody
			}
			p.Value = p.Value.Mul(decimal.NewFromInt(of)).DivRound(decimal.NewFromInt(days), 6)
			p.Weight = decimal.NewFromInt(days).DivRound(decimal.NewFromInt(of), 6)
		}
		out = append(out, p)
	}
	return out
}
