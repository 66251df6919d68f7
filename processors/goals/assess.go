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
	// in force on it. 0: as far as the data reach.
	AsOf  schema.Day
	Units []string // goals of these units only; nil: every goal
}

// Assess judges every goal in force, ordered by metric, unit, cost centre and identity. It
// reads the roll-ups and the small tables of the store, of the last 13 months.
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
	counts    map[string][]Point // by unit, oldest first
}

// coverage is what the store holds of a source, up to the day that is looked at.
type coverage struct {
	first, last schema.Day
	months      map[schema.Day]bool // by first day: something was recorded in it
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
	return c.months[month] && c.first <= month && c.last >= lastDay(month)
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
			if l.in.AsOf != 0 && lo > l.in.AsOf {
				return nil
			}
			if q.ahead > 0 {
				lo = lo.Month() // one count tells the level of a month
			}
			if hi += q.ahead; l.in.AsOf != 0 {
				hi = min(hi, l.in.AsOf)
			}
			q.c.add(lo, hi)
			return nil
		})
		if err != nil {
			return err
		}
		q.c.settle()
	}
	return nil
}

// today is the day on which goals must be in force.
func (l *loader) today() schema.Day {
	if l.in.AsOf != 0 {
		return l.in.AsOf
	}
	return max(l.usage.last, l.watches.last)
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

// goals reads the goals in force; of several statements of one, the latest counts.
func (l *loader) goals(ctx context.Context) ([]Goal, error) {
	var out []Goal
	seen := map[string]bool{}
	err := l.each(ctx, `SELECT goal_id, toString(metric), toString(unit_id), toString(cost_centre), owner, baseline, target, toInt32(target_day),
  toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM goals ORDER BY goal_id, valid_from DESC`, nil, func(rows driver.Rows) error {
		var g Goal
		var baseline, target float64
		var day int32
		var from, to int64
		if err := rows.Scan(&g.ID, &g.Metric, &g.Unit, &g.CostCentre, &g.Owner, &baseline, &target, &day, &from, &to); err != nil {
			return err
		}
		s := l.stated(from, to)
		if seen[g.ID] || !s.holds(l.today()) {
			return nil
		}
		seen[g.ID] = true
		g.Baseline, g.Target, g.TargetDay, g.From = decimal.NewFromFloat(baseline), decimal.NewFromFloat(target), schema.Day(day), s.from
		if l.in.Units == nil || slices.Contains(l.in.Units, g.Unit) {
			out = append(out, g)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Goal) int {
		return cmp.Or(order(a.Metric)-order(b.Metric), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.CostCentre, b.CostCentre), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

// order is the place of a metric in lists.
func order(metric string) int {
	return slices.Index([]string{WatchesOpen, ForwardedCalls, UnusedLines, CostPerEmployee, CostMonth}, metric)
}
