package budgets

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/processors/covered"
	"linesman/processors/forecast"
	"linesman/processors/goals"
	"linesman/processors/store"
	"linesman/schema"
)

// history is how many months back from the month that is shown outcomes are read.
const history = 36

// place is whom a budget is for; at least one is set.
type place struct{ unit, centre string }

// statement is a budget as it was stated to hold for a time, in days of the judging zone.
type statement struct {
	goal     string
	place    place
	amount   schema.Money
	from, to schema.Day // to is exclusive, 0: open
}

// spent is what a place spent in a month: on all days, and on the newest day that is looked at.
type spent struct{ all, newest forecast.Spent }

// loader reads what the report is made of, once.
type loader struct {
	store Store
	in    Input

	first       schema.Day // that usage covers
	asOf        schema.Day // last day that is looked at
	month, from schema.Day // that is shown; first of the history
	whole       bool

	statements map[string][]statement // by goal, the latest first
	order      []string               // the goals
	recorded   map[schema.Day]bool    // months in which anything is
	spent      map[place]map[schema.Day]*spent
	cost       schema.Money            // of the month
	centres    map[string]schema.Money // cost of the month by cost centre
	names      map[place]string
}

func (l *loader) load(ctx context.Context) error {
	for _, step := range []struct {
		what string
		read func(context.Context) error
	}{
		{"finding out what usage covers", l.horizon}, {"reading budgets", l.loadStatements}, {"reading outcomes", l.loadSpent}, {"reading names", l.loadNames},
	} {
		if err := step.read(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

func (l *loader) each(ctx context.Context, sql string, scan func(driver.Rows) error, args ...any) error {
	rows, err := l.store.Query(ctx, sql+"\nSETTINGS final = 1", args...)
	if err != nil {
		return err
	}
	return store.EachRow(rows, scan)
}

// horizon finds the month that is shown and the day as of which it is. A month that is over is
// shown as of its end, whatever came later.
func (l *loader) horizon(ctx context.Context) error {
	first, last, err := covered.Days(ctx, l.store)
	if err != nil {
		return err
	}
	l.first, l.asOf, l.month = first, last, last.Month()
	if l.in.Month != 0 {
		l.month = l.in.Month.Month()
		if l.month > last || covered.End(l.month) < first {
			return fmt.Errorf("usage reaches from %s to %s, %s lies outside: %w", first, last, l.month, covered.ErrNoMonth)
		}
		l.asOf = min(last, covered.End(l.month))
	}
	l.whole = l.asOf == covered.End(l.month)
	t := l.month.At(time.UTC)
	l.from = schema.Date(t.Year(), t.Month()-history, 1)
	return nil
}

func (l *loader) loadStatements(ctx context.Context) error {
	l.statements = map[string][]statement{}
	return l.each(ctx, `SELECT goal_id, toString(unit_id), toString(cost_centre), target, toInt64(toDecimal128(amount, 6) * 1000000), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM goals WHERE metric = {metric:String} ORDER BY goal_id, valid_from DESC`, func(rows driver.Rows) error {
		var s statement
		var target float64
		var from, to int64
		if err := rows.Scan(&s.goal, &s.place.unit, &s.place.centre, &target, (*int64)(&s.amount), &from, &to); err != nil {
			return err
		}
		if s.amount == 0 { // stated before there was an exact amount: what the number was written as
			s.amount = schema.Money(decimal.NewFromFloat(target).Round(6).Shift(6).IntPart())
		}
		s.from = schema.DayOf(schema.Time(from), l.in.Zone)
		if to != 0 {
			s.to = schema.DayOf(schema.Time(to), l.in.Zone)
		}
		if l.statements[s.goal] == nil {
			l.order = append(l.order, s.goal)
		}
		l.statements[s.goal] = append(l.statements[s.goal], s)
		return nil
	}, clickhouse.Named("metric", goals.CostMonth))
}

// inForce finds the statement of a goal that holds on a day; of several the one that began last.
func (l *loader) inForce(goal string, d schema.Day) (statement, bool) {
	for _, s := range l.statements[goal] {
		if s.from <= d && (s.to == 0 || d < s.to) {
			return s, true
		}
	}
	return statement{}, false
}

// loadSpent reads what was spent by month. The newest day is told apart: of a month under way
// it may be coming in still.
func (l *loader) loadSpent(ctx context.Context) error {
	l.recorded, l.spent, l.centres = map[schema.Day]bool{}, map[place]map[schema.Day]*spent{}, map[string]schema.Money{}
	var rest []int32
	for d := l.from; d <= l.asOf; d++ {
		if !l.in.Workday(d) {
			rest = append(rest, int32(d))
		}
	}
	const micro = "toInt64(sumIf(cost, %s) * 1000000)"
	sums := fmt.Sprintf(micro+", "+micro+", "+micro, "kind = 'fee'", "kind != 'fee' AND NOT has({rest:Array(Int32)}, toInt32(local_day))", "kind != 'fee' AND has({rest:Array(Int32)}, toInt32(local_day))")
	return l.each(ctx, `SELECT toString(unit_id) AS u, toString(cost_centre) AS c, toInt32(toDate32(toStartOfMonth(local_day))) AS m, toInt32(local_day) = {newest:Int32} AS today, `+sums+`
FROM usage_daily WHERE local_day BETWEEN {from:Date32} AND {to:Date32}
GROUP BY u, c, m, today`, func(rows driver.Rows) error {
		var p place
		var m int32
		var today uint8
		var fees, workdays, others int64
		if err := rows.Scan(&p.unit, &p.centre, &m, &today, &fees, &workdays, &others); err != nil {
			return err
		}
		l.note(p, schema.Day(m), today != 0, forecast.Spent{Workdays: schema.Money(workdays), Others: schema.Money(others), Fees: schema.Money(fees)})
		return nil
	}, clickhouse.Named("rest", rest), clickhouse.Named("newest", int32(l.asOf)), clickhouse.Named("from", l.from.String()), clickhouse.Named("to", l.asOf.String()))
}

// note adds what was spent to whom it may belong: the cost centre, the unit, and both.
func (l *loader) note(p place, month schema.Day, newest bool, s forecast.Spent) {
	l.recorded[month] = true
	if month == l.month {
		l.cost += s.Total()
		l.centres[p.centre] += s.Total()
	}
	for i, of := range [3]place{{p.unit, ""}, {"", p.centre}, p} {
		if of == (place{}) || i == 2 && (p.unit == "" || p.centre == "") {
			continue // nobody, or noted already
		}
		if l.spent[of] == nil {
			l.spent[of] = map[schema.Day]*spent{}
		}
		at := l.spent[of][month]
		if at == nil {
			at = &spent{}
			l.spent[of][month] = at
		}
		at.all = plus(at.all, s)
		if newest {
			at.newest = plus(at.newest, s)
		}
	}
}

func plus(a, b forecast.Spent) forecast.Spent {
	return forecast.Spent{Workdays: a.Workdays + b.Workdays, Others: a.Others + b.Others, Fees: a.Fees + b.Fees}
}

// of is what a place spent in a month.
func (l *loader) of(p place, month schema.Day) spent {
	if s := l.spent[p][month]; s != nil {
		return *s
	}
	return spent{}
}

func (l *loader) loadNames(ctx context.Context) error {
	l.names = map[place]string{}
	return l.each(ctx, `SELECT toString(unit_id), '', argMax(name, valid_from) FROM units GROUP BY unit_id
UNION ALL SELECT '', toString(cost_centre), argMax(name, valid_from) FROM cost_centres GROUP BY cost_centre`, func(rows driver.Rows) error {
		var p place
		var name string
		if err := rows.Scan(&p.unit, &p.centre, &name); err != nil {
			return err
		}
		l.names[p] = name
		return nil
	})
}
