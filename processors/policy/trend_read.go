package policy

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// trendPoint is the number of a unit in one period, in the column's own unit.
type trendPoint struct {
	period, counted    schema.Day
	value              int64
	total, fingerprint uint64 // of the events behind it
	cost               schema.Money
	uses               uint64 // of the unit's telephones, fees apart
}

// stated is one statement about a unit and the time it holds; to 0: until further notice.
type stated struct{ from, to schema.Time }

func (s stated) holds(at schema.Time) bool { return s.from <= at && (s.to == 0 || at < s.to) }

// trendSeries is all that is known of a unit whose trend is judged.
type trendSeries struct {
	unit      string
	points    []trendPoint
	unitTimes []stated // of the unit's statements, in the order in which they begin
	centres   []string
	employees []int64
	lineAt    []int64 // moments at which the number of its lines changes
	lineDelta []int64
	goalTimes []stated
	targets   []float64
}

// inForce returns the place of the statement that holds at a moment: of several the one
// that began last; −1 when none does.
func inForce(times []stated, at schema.Time) int {
	for i := len(times) - 1; i >= 0; i-- {
		if times[i].holds(at) {
			return i
		}
	}
	return -1
}

func (s *trendSeries) centre(at schema.Time) string {
	if i := inForce(s.unitTimes, at); i >= 0 {
		return s.centres[i]
	}
	return ""
}

// exposed returns what a count of a moment is divided by; 0 when it is not known.
func (s *trendSeries) exposed(exposure string, at schema.Time) int64 {
	if exposure == ExposureLines {
		var n int64
		for i, moment := range s.lineAt {
			if moment <= int64(at) {
				n += s.lineDelta[i]
			}
		}
		return n
	}
	if i := inForce(s.unitTimes, at); i >= 0 {
		return s.employees[i]
	}
	return 0
}

func (s *trendSeries) target(at schema.Time) (float64, bool) {
	if i := inForce(s.goalTimes, at); i >= 0 {
		return s.targets[i], true
	}
	return 0, false
}

// readSeries runs a query made by seriesSQL.
func (e *Evaluator) readSeries(ctx context.Context, q Query, parts []Part) ([]trendSeries, error) {
	rows, err := e.store.Query(ctx, q.seriesWithin(parts))
	if err != nil {
		return nil, fmt.Errorf("reading the series of rule %s: %w", q.Rule, err)
	}
	defer rows.Close()
	var out []trendSeries
	for rows.Next() {
		s, err := scanSeries(rows)
		if err != nil {
			return nil, fmt.Errorf("reading a series of rule %s: %w", q.Rule, err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the series of rule %s: %w", q.Rule, err)
	}
	if !q.rule.source().counted {
		q.rule.Trend.dropUnfinished(out)
	}
	return out, nil
}

// withheld is the number of uses of a period that a protection withholds.
const withheld = math.MaxUint64

// dropUnfinished leaves out the periods in which the unit used nothing, fees apart, those that
// are withheld, and those that are not over: a period counts once the store holds usage of the
// next one, of whatever unit.
func (t *Trend) dropUnfinished(all []trendSeries) {
	used := map[schema.Day]bool{}
	for _, s := range all {
		for _, p := range s.points {
			used[p.period] = used[p.period] || p.uses > 0
		}
	}
	for i := range all {
		all[i].points = slices.DeleteFunc(all[i].points, func(p trendPoint) bool { return p.uses == 0 || p.uses == withheld || !used[t.after(p.period, 1)] })
	}
}

func scanSeries(rows driver.Rows) (trendSeries, error) {
	var (
		s                                  trendSeries
		periods, counted                   []int32
		values, costs                      []int64
		totals, fingerprints, uses         []uint64
		unitFrom, unitTo, goalFrom, goalTo []int64
	)
	if err := rows.Scan(&s.unit, &periods, &counted, &values, &totals, &fingerprints, &costs, &uses, &unitFrom, &unitTo, &s.centres, &s.employees,
		&s.lineAt, &s.lineDelta, &goalFrom, &goalTo, &s.targets); err != nil {
		return s, err
	}
	for i, p := range periods {
		s.points = append(s.points, trendPoint{schema.Day(p), schema.Day(counted[i]), values[i], totals[i], fingerprints[i], schema.Money(costs[i]), uses[i]})
	}
	for i, from := range unitFrom {
		s.unitTimes = append(s.unitTimes, stated{schema.Time(from), schema.Time(unitTo[i])})
	}
	for i, from := range goalFrom {
		s.goalTimes = append(s.goalTimes, stated{schema.Time(from), schema.Time(goalTo[i])})
	}
	return s, nil
}
