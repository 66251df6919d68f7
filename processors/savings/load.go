package savings

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/charges"
	"linesman/processors/store"
	"linesman/schema"
)

// finder is the work on a report.
type finder struct {
	store      Store
	in         Input
	month, end schema.Day // first and last day of the month
	first      schema.Day // first day of which usage is in the store

	lines   []*line // in force at the end of the month, by id
	byID    map[string]*line
	names   map[string]string                      // of units
	centres map[string]string                      // of units
	fees    map[string]map[schema.Day]schema.Money // subscription fees that operators charged, by line and month
	tariff  *charges.Tariff
	trials  *charges.Trials

	findings    []Finding
	unnamed     []unnamed       // findings whose fees are not named yet
	taken       map[string]bool // lines of which something was found that others may not count again
	unpriced    map[string]int
	notCompared map[string]int
}

// statement is one statement of a line.
type statement struct {
	kind, role, holder, unit, centre, operator, plan string
	from, to                                         schema.Time
}

// line is a line and what was stated of it within a year, the latest begun first.
type line struct {
	id   string
	list []statement
	end  schema.Time // last moment of the month
}

func (l *line) at(t schema.Time) *statement {
	for i := range l.list {
		if s := &l.list[i]; s.from <= t && (s.to == 0 || t < s.to) {
			return s
		}
	}
	return nil
}

// now is the line at the end of the month; lines that were not in force then are not kept.
func (l *line) now() *statement { return l.at(l.end) }

// throughout tells whether the line was held on every day from first to last, and, where steady,
// on the plan that it has at the end.
func (f *finder) throughout(l *line, first, last schema.Day, steady bool) bool {
	for d := first; d <= last; d++ {
		s := l.at((d + 1).Start(f.in.Zone) - 1)
		if s == nil || steady && (s.operator != l.now().operator || s.plan != l.now().plan) {
			return false
		}
	}
	return true
}

func (f *finder) each(ctx context.Context, sql string, scan func(driver.Rows) error, args ...any) error {
	rows, err := f.store.Query(charges.Merged(ctx), sql, args...)
	if err != nil {
		return err
	}
	return store.EachRow(rows, scan)
}

// months is how many of the months that are judged the data cover.
func (f *finder) months() int {
	n := 0
	for n < compared && back(f.month, n) >= f.first.Month() {
		n++
	}
	return n
}

// from is the first day of the months that are judged.
func (f *finder) from() schema.Day { return back(f.month, f.months()-1) }

// days are parameters: the first and last local day that are read, and the moments around them.
func (f *finder) days(first schema.Day) []any {
	return []any{clickhouse.Named("first", first.String()), clickhouse.Named("last", f.end.String()),
		clickhouse.Named("from", int64((first - 1).Start(f.in.Zone))), clickhouse.Named("to", int64((f.end + 2).Start(f.in.Zone)))}
}

const within = "local_day BETWEEN {first:Date32} AND {last:Date32} AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})"

func (f *finder) loadLines(ctx context.Context) error {
	f.byID = map[string]*line{}
	var all []*line
	end := (f.end + 1).Start(f.in.Zone) - 1
	err := f.each(ctx, `SELECT line_id, toString(kind), toString(role), holder, toString(unit_id), toString(cost_centre), toString(operator), toString(plan), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM lines WHERE valid_from < fromUnixTimestamp64Milli({to:Int64}) AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to > fromUnixTimestamp64Milli({from:Int64}))
ORDER BY line_id, valid_from DESC`, func(rows driver.Rows) error {
		var id string
		var s statement
		var from, to int64
		if err := rows.Scan(&id, &s.kind, &s.role, &s.holder, &s.unit, &s.centre, &s.operator, &s.plan, &from, &to); err != nil {
			return err
		}
		s.from, s.to = schema.Time(from), schema.Time(to)
		if n := len(all); n == 0 || all[n-1].id != id {
			all = append(all, &line{id: id, end: end})
		}
		l := all[len(all)-1]
		l.list = append(l.list, s)
		return nil
	}, clickhouse.Named("from", int64(back(f.month, feeMonths-1).Start(f.in.Zone))), clickhouse.Named("to", int64(end+1)))
	for _, l := range all {
		if l.now() != nil {
			f.lines = append(f.lines, l)
			f.byID[l.id] = l
		}
	}
	return err
}

func (f *finder) loadNames(ctx context.Context) error {
	f.names, f.centres = map[string]string{}, map[string]string{}
	return f.each(ctx, `SELECT toString(unit_id), argMax(name, valid_from), toString(argMax(cost_centre, valid_from)) FROM units WHERE valid_from < fromUnixTimestamp64Milli({to:Int64}) GROUP BY unit_id`, func(rows driver.Rows) error {
		var id, name, centre string
		if err := rows.Scan(&id, &name, &centre); err != nil {
			return err
		}
		f.names[id], f.centres[id] = name, centre
		return nil
	}, clickhouse.Named("to", int64((f.end+1).Start(f.in.Zone))))
}

// loadFees reads the subscription fees that operators charged, by line and month of a year.
func (f *finder) loadFees(ctx context.Context) error {
	f.fees = map[string]map[schema.Day]schema.Money{}
	return f.each(ctx, `SELECT line_id, toInt32(toDate32(toStartOfMonth(local_day))) AS month, reinterpretAsInt64(toDecimal64(sum(cost), 6)) FROM usage_line_daily
WHERE local_day BETWEEN {first:Date32} AND {last:Date32} AND kind = 'fee' AND service = '`+schema.ServiceSubscription+`' GROUP BY line_id, month`, func(rows driver.Rows) error {
		var id string
		var month int32
		var sum int64
		if err := rows.Scan(&id, &month, &sum); err != nil {
			return err
		}
		if f.fees[id] == nil {
			f.fees[id] = map[schema.Day]schema.Money{}
		}
		f.fees[id][schema.Day(month)] += schema.Money(sum)
		return nil
	}, clickhouse.Named("first", back(f.month, feeMonths-1).String()), clickhouse.Named("last", f.end.String()))
}

func (f *finder) loadBooks(ctx context.Context) error {
	var err error
	if f.tariff, err = charges.LoadTariff(ctx, f.store); err != nil {
		return err
	}
	f.trials = f.tariff.Trials(f.in.Zone)
	return nil
}

// used counts what was recorded of lines in the months that are judged, fees left out.
func (f *finder) used(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	err := f.each(ctx, `SELECT line_id, sum(events) FROM usage_line_daily WHERE local_day BETWEEN {first:Date32} AND {last:Date32} AND kind != 'fee' GROUP BY line_id`, func(rows driver.Rows) error {
		var id string
		var n uint64
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		out[id] = n
		return nil
	}, clickhouse.Named("first", f.from().String()), clickhouse.Named("last", f.end.String()))
	return out, err
}

// text quotes a text for SQL.
func text(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
