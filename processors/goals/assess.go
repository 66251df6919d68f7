package goals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Store is what this package needs of the store: clickhouse-go's connection has it.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Input says which goals are judged, and as of when.
type Input struct {
	Zone *time.Location // judging zone: where days begin
	// AsOf is the last day that is looked at: later data do not count, and the goals are those
	// in force on it. 0, or a day beyond the data: as far as the data reach.
	AsOf  schema.Day
	Units []string // goals of these units only; nil: every goal
}

// AssessMonth judges every goal in force on the last day of a month, by what the store holds of
// that month and those before it: what came later does not count, so the answer stays the same
// as long as those months do. Any day of the month names it. An assessment speaks for the
// month only where its AsOf is the month's last day (the store covers all of it) and its
// Month the month's first one (the goal was measured in it).
func AssessMonth(ctx context.Context, store Store, zone *time.Location, month schema.Day) ([]Assessment, error) {
	return Assess(ctx, store, Input{Zone: zone, AsOf: lastDay(month)})
}

// Assess judges every goal in force, ordered by metric, unit, cost centre and identity. It
// reads the roll-ups and the small tables of the store, of the last 13 months. Of the same rows
// and the same Input it always makes the same; for whole months, see AssessMonth.
func Assess(ctx context.Context, store Store, in Input) ([]Assessment, error) {
	if in.Zone == nil {
		return nil, errors.New("judging goals needs a zone")
	}
	l := &loader{store: store, in: in}
	if err := l.horizon(ctx); err != nil {
		return nil, fmt.Errorf("finding out what the store covers: %w", err)
	}
	goals, err := l.goals(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the goals: %w", err)
	}
	if len(goals) == 0 {
		return nil, nil
	}
	l.usage.reach(goals)
	l.watches.reach(goals)
	if err := l.load(ctx, goals); err != nil {
		return nil, err
	}
	out := make([]Assessment, len(goals))
	for i, g := range goals {
		out[i] = Judge(g, l.series(g))
	}
	return out, nil
}

// history is how many months back from the newest whole one values are read. For goals whose
// day has passed it reaches back to the month before that day.
const history = 12

// loader reads what the goals at hand need, once.
type loader struct {
	store   Store
	in      Input
	usage   coverage
	watches coverage

	flows     []flow
	employees map[string][]staffing // by unit, the latest statement first
	unused    []idle
	phones    map[string][]phone // by item, the latest statement first
	counts    map[string][]Point // by unit, oldest first
}

// coverage is what the store holds of a source. That it reaches beyond the day that is looked
// at tells that the days before are complete; it tells nothing else.
type coverage struct {
	first, last schema.Day
	months      map[schema.Day]bool // by first day: something was recorded in it
	until       schema.Day          // last day that is looked at; 0: any
	counted     schema.Day          // newest day on which something was recorded
	asOf        schema.Day          // last day of the newest whole month; 0: none
	from        schema.Day          // first day of the history
}

// lastDay of the month that a day belongs to.
func lastDay(d schema.Day) schema.Day {
	t := d.At(time.UTC)
	return schema.Date(t.Year(), t.Month()+1, 1) - 1
}

// add notes that days of a month were recorded.
func (c *coverage) add(first, last schema.Day) {
	if c.months == nil {
		c.months, c.first = map[schema.Day]bool{}, first
	}
	c.months[first.Month()] = true
	c.first, c.last = min(c.first, first), max(c.last, last)
}

// whole tells whether a month is covered from its first to its last day: something was
// recorded in it, and not only from its middle on or up to it. A month within which nothing
// at all was recorded is one of which nothing is known.
func (c *coverage) whole(month schema.Day) bool {
	end := lastDay(month)
	return c.months[month] && c.first <= month && c.last >= end && (c.until == 0 || end <= c.until)
}

// settle finds the newest whole month.
func (c *coverage) settle() {
	if c.months == nil {
		return
	}
	for m := c.last.Month(); m >= c.first.Month(); m = (m - 1).Month() {
		if c.whole(m) {
			c.asOf = lastDay(m)
			return
		}
	}
}

// reach settles how far back values are read.
func (c *coverage) reach(goals []Goal) {
	back := func(d schema.Day, months int) schema.Day {
		t := d.At(time.UTC)
		return schema.Date(t.Year(), t.Month()-time.Month(months), 1)
	}
	c.from = back(c.asOf, history)
	for _, g := range goals {
		if g.TargetDay < c.asOf {
			c.from = min(c.from, back(g.TargetDay, 2))
		}
	}
}

// wholes are the whole months of the history, oldest first.
func (c *coverage) wholes() []schema.Day {
	var out []schema.Day
	for m := c.asOf.Month(); c.asOf != 0 && m >= max(c.from, c.first.Month()); m = (m - 1).Month() {
		if c.whole(m) {
			out = append(out, m)
		}
	}
	slices.Reverse(out)
	return out
}

// each runs a statement and hands every row to scan.
func (l *loader) each(ctx context.Context, sql string, args map[string]any, scan func(rows driver.Rows) error) error {
	var named []any
	for name, v := range args {
		named = append(named, clickhouse.Named(name, v))
	}
	rows, err := l.store.Query(ctx, sql+"\nSETTINGS final = 1", named...)
	if err != nil {
		return fmt.Errorf("querying the store: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("reading a row of the store: %w", err)
		}
	}
	return rows.Err()
}

func (l *loader) horizon(ctx context.Context) error {
	// Grouped by the partition key itself, the first is answered from the parts' own minima and
	// maxima, without reading a row. A count of watches speaks for its week.
	for _, q := range []struct {
		sql   string
		c     *coverage
		ahead schema.Day
	}{
		{"SELECT toInt32(min(local_day)), toInt32(max(local_day)) FROM usage_daily GROUP BY toYYYYMM(local_day)", &l.usage, 0},
		{"SELECT toInt32(min(day)), toInt32(max(day)) FROM watches GROUP BY toYYYYMM(day)", &l.watches, 6},
	} {
		err := l.each(ctx, q.sql, nil, func(rows driver.Rows) error {
			var first, last int32
			if err := rows.Scan(&first, &last); err != nil {
				return err
			}
			lo, hi := schema.Day(first), schema.Day(last)
			q.c.counted = max(q.c.counted, hi)
			if q.ahead > 0 {
				lo = lo.Month() // one count tells the level of a month
			}
			q.c.add(lo, hi+q.ahead)
			return nil
		})
		if err != nil {
			return err
		}
		q.c.until = l.in.AsOf
		q.c.settle()
	}
	return nil
}

// today is the day on which goals must be in force: a goal that ends with the year is still
// judged in January, as long as the data end in December.
func (l *loader) today() schema.Day {
	newest := max(l.usage.counted, l.watches.counted)
	if l.in.AsOf != 0 && (newest == 0 || l.in.AsOf < newest) {
		return l.in.AsOf
	}
	return newest
}

// stated is when a statement holds, as days of the judging zone; to is exclusive, 0: open.
type stated struct{ from, to schema.Day }

func (l *loader) stated(from, to int64) stated {
	s := stated{from: schema.DayOf(schema.Time(from), l.in.Zone)}
	if to != 0 {
		s.to = schema.DayOf(schema.Time(to), l.in.Zone)
	}
	return s
}

func (s stated) holds(d schema.Day) bool { return s.from <= d && (s.to == 0 || d < s.to) }

// inForce finds the statement that holds on a day, in a list with the latest first.
func inForce[T any](list []T, of func(T) stated, d schema.Day) (out T, ok bool) {
	for _, x := range list {
		if of(x).holds(d) {
			return x, true
		}
	}
	return out, false
}

// throughout tells whether on each of the days some statement holds.
func throughout[T any](list []T, of func(T) stated, from, to schema.Day) bool {
	for d := to; d >= from; {
		x, ok := inForce(list, of, d)
		if !ok {
			return false
		}
		d = of(x).from - 1
	}
	return true
}

// statement is a goal as it was stated to hold for a time.
type statement struct {
	stated
	Goal
}

// same tells whether two statements of a goal ask for the same: only the owner changed.
func (s statement) same(o statement) bool {
	return s.Metric == o.Metric && s.Unit == o.Unit && s.CostCentre == o.CostCentre && s.TargetDay == o.TargetDay &&
		s.Baseline.Equal(o.Baseline) && s.Target.Equal(o.Target)
}

// goals reads the goals in force.
func (l *loader) goals(ctx context.Context) ([]Goal, error) {
	lists := map[string][]statement{} // by goal, the latest statement first
	err := l.each(ctx, `SELECT goal_id, toString(metric), toString(unit_id), toString(cost_centre), owner, baseline, target, toInt32(target_day),
  toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM goals ORDER BY goal_id, valid_from DESC`, nil, func(rows driver.Rows) error {
		var g statement
		var baseline, target float64
		var day int32
		var from, to int64
		if err := rows.Scan(&g.ID, &g.Metric, &g.Unit, &g.CostCentre, &g.Owner, &baseline, &target, &day, &from, &to); err != nil {
			return err
		}
		g.stated = l.stated(from, to)
		g.Baseline, g.Target, g.TargetDay, g.From = decimal.NewFromFloat(baseline), decimal.NewFromFloat(target), schema.Day(day), g.from
		lists[g.ID] = append(lists[g.ID], g)
		return nil
	})
	var out []Goal
	for _, list := range lists {
		g, ok := inForceGoal(list, l.today())
		if ok && (l.in.Units == nil || slices.Contains(l.in.Units, g.Unit)) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b Goal) int {
		return cmp.Or(order(a.Metric)-order(b.Metric), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.CostCentre, b.CostCentre), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

// inForceGoal finds the statement that holds on a day; of several, the latest counts. Where
// those right before it asked for the same, the way began with them: a new owner takes a goal
// over and does not set a new one.
func inForceGoal(list []statement, d schema.Day) (Goal, bool) {
	i := slices.IndexFunc(list, func(s statement) bool { return s.holds(d) })
	if i < 0 {
		return Goal{}, false
	}
	g := list[i].Goal
	for _, before := range list[i+1:] {
		if !before.same(list[i]) || (before.to != 0 && before.to < g.From) {
			break
		}
		g.From = before.from
	}
	return g, true
}

// order is the place of a metric in lists.
func order(metric string) int {
	return slices.Index([]string{WatchesOpen, ForwardedCalls, UnusedLines, DeskPhones, CostPerEmployee, CostMonth}, metric)
}
