package charges

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// span is a month.
type span struct {
	first schema.Day
	days  int
	from  schema.Time   // first moment of the month
	ends  []schema.Time // last moment of each day
}

func newSpan(month schema.Day, zone *time.Location) span {
	s := span{first: month, days: int((month + 31).Month() - month), from: month.Start(zone)}
	for d := range s.days {
		s.ends = append(s.ends, (month+schema.Day(d)+1).Start(zone)-1)
	}
	return s
}

// to is the first moment after the month.
func (s span) to() schema.Time { return s.ends[s.days-1] + 1 }

// held is how a line was held on a day.
type held struct {
	unit, centre, operator, plan string
}

// run is days in a row on which a line was held in the same way: from day to before day, counted
// from 0.
type run struct {
	held
	from, to int
}

// heldLine is a line and the days of the month on which it was held.
type heldLine struct {
	id   string
	runs []run
}

// stated is one statement of a line or a unit and when it holds.
type stated struct {
	held
	from, to schema.Time
}

func (s *stated) holds(at schema.Time) bool { return s.from <= at && (s.to == 0 || at < s.to) }

// asOf is the statement that holds at a time; the latest begun comes first.
func asOf(list []stated, at schema.Time) *stated {
	for i := range list {
		if list[i].holds(at) {
			return &list[i]
		}
	}
	return nil
}

// loadLines reads who held which line on which days of the month. A day is the holder's at its
// end: a line that begins during a day is held on it, one that ends during a day is not.
func loadLines(ctx context.Context, store Store, s span) ([]heldLine, error) {
	units, err := loadStated(ctx, store, s, "reading units", `SELECT toString(unit_id), '', toString(cost_centre), '', '', toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM units`, "unit_id")
	if err != nil {
		return nil, err
	}
	lines, err := loadStated(ctx, store, s, "reading lines", `SELECT line_id, toString(unit_id), toString(cost_centre), toString(operator), toString(plan), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM lines`, "line_id")
	if err != nil {
		return nil, err
	}
	centres := map[string][]stated{}
	for _, u := range units {
		centres[u.id] = u.list
	}
	var out []heldLine
	for _, l := range lines {
		if h := (heldLine{l.id, runsOf(l.list, centres, s)}); len(h.runs) > 0 {
			out = append(out, h)
		}
	}
	return out, nil
}

// runsOf puts the days of a line together.
func runsOf(list []stated, centres map[string][]stated, s span) []run {
	var runs []run
	for d, end := range s.ends {
		l := asOf(list, end)
		if l == nil {
			continue
		}
		h := l.held
		if h.centre == "" {
			if u := asOf(centres[h.unit], end); u != nil {
				h.centre = u.centre
			}
		}
		if n := len(runs); n > 0 && runs[n-1].held == h && runs[n-1].to == d {
			runs[n-1].to++
			continue
		}
		runs = append(runs, run{h, d, d + 1})
	}
	return runs
}

// statements are what was stated of one line or unit, the latest begun first.
type statements struct {
	id   string
	list []stated
}

func loadStated(ctx context.Context, store Store, s span, what, sql, key string) ([]statements, error) {
	var out []statements
	sql += "\nWHERE valid_from < fromUnixTimestamp64Milli({to:Int64}) AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to > fromUnixTimestamp64Milli({from:Int64}))\nORDER BY " + key + ", valid_from DESC"
	err := each(ctx, store, what, sql, func(rows driver.Rows) error {
		var id string
		var l stated
		var from, to int64
		if err := rows.Scan(&id, &l.unit, &l.centre, &l.operator, &l.plan, &from, &to); err != nil {
			return err
		}
		l.from, l.to = schema.Time(from), schema.Time(to)
		if n := len(out); n == 0 || out[n-1].id != id {
			out = append(out, statements{id: id})
		}
		last := &out[len(out)-1]
		last.list = append(last.list, l)
		return nil
	}, moment("from", s.from), moment("to", s.to()))
	return out, err
}

// shares works out what accounts hold in a month: of each line what its days give, of a shared
// pool what all lines of the plan put together.
type shares struct {
	span  span
	lines map[string][]run      // by line
	plans map[[2]string][][]run // by operator and plan: the runs of every line that had it
}

func newShares(s span, lines []heldLine) *shares {
	out := &shares{span: s, lines: map[string][]run{}, plans: map[[2]string][][]run{}}
	for _, l := range lines {
		out.lines[l.id] = l.runs
		var known [][2]string
		for _, r := range l.runs {
			if k := [2]string{r.operator, r.plan}; !slices.Contains(known, k) {
				known = append(known, k)
				out.plans[k] = append(out.plans[k], l.runs)
			}
		}
	}
	return out
}

func (s *shares) holds(row *schema.Price, k accountKey, base int64) int64 {
	switch {
	case row.Pool == poolFixed:
		return included(row, base, s.span.days, s.span.days)
	case row.Pool == poolShared:
		total := int64(0)
		for _, runs := range s.plans[[2]string{k.operator, k.plan}] {
			if n := s.days(row, k, runs); n > 0 {
				total = plus(total, included(row, base, n, s.span.days))
			}
		}
		return total
	case !row.Prorated:
		return included(row, base, s.span.days, s.span.days)
	}
	return included(row, base, s.days(row, k, s.lines[k.line]), s.span.days)
}

// days counts the days on which a line had the plan while the row was in force.
func (s *shares) days(row *schema.Price, k accountKey, runs []run) int {
	n := 0
	for _, r := range runs {
		if r.operator != k.operator || r.plan != k.plan {
			continue
		}
		for d := r.from; d < r.to; d++ {
			if inForce(row, s.span.ends[d]) {
				n++
			}
		}
	}
	return n
}
