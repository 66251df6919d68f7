package subscriptions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/goals"
	"linesman/processors/store"
	"linesman/schema"
)

// holding is a line as it is held on the last day.
type holding struct {
	id, kind, role, holder, unit, centre, operator, plan, sim string
	before                                                    bool // it was in force on the first of the days it is asked about, too
	year                                                      bool // and a year ago
}

// use is what was recorded of a line: fees and other cost of the month, and its last use.
type use struct {
	fees, traffic schema.Money
	last          schema.Day // 0: none within look days
}

// engaged is one statement of how long somebody is employed, engaged or on leave; to 0: until
// further notice.
type engaged struct {
	state    string
	from, to schema.Day
}

// loader reads what the report is made of.
type loader struct {
	store    Store
	in       Input
	asOf     schema.Day
	covered  bool // usage covers the days that are asked about
	lines    []holding
	uses     map[string]use
	people   map[string][]engaged
	reviewed map[string]schema.Day // latest review up to the last day, by line
	names    map[string]string     // of units
	centres  map[string]string     // of units: who pays for lines that name no cost centre
}

// look is how many days back a line's last use is looked for.
const look = 400

func (l *loader) load(ctx context.Context) error {
	for _, step := range []struct {
		what string
		read func(context.Context) error
	}{
		{"finding out what usage covers", l.horizon}, {"reading lines", l.loadLines}, {"reading what lines cost", l.loadUses},
		{"reading employments", l.loadPeople}, {"reading reviews", l.loadReviews}, {"reading units", l.loadNames},
	} {
		if err := step.read(ctx); err != nil {
			return fmt.Errorf("following up subscriptions: %s: %w", step.what, err)
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

// horizon finds the last day of the month that is asked for.
func (l *loader) horizon(ctx context.Context) error {
	var first, last schema.Day
	err := l.each(ctx, "SELECT toInt32(min(local_day)), toInt32(max(local_day)), count() FROM usage_daily", func(rows driver.Rows) error {
		var lo, hi int32
		var n uint64
		if err := rows.Scan(&lo, &hi, &n); err != nil || n == 0 {
			return err
		}
		first, last = schema.Day(lo), schema.Day(hi)
		return nil
	})
	if err != nil {
		return err
	}
	if l.asOf = monthEnd(last); l.asOf != last {
		l.asOf = last.Month() - 1
	}
	if l.in.AsOf != 0 {
		asked := monthEnd(l.in.AsOf)
		if asked > last {
			return fmt.Errorf("usage reaches %s, the month of %s is not over: %w", last, l.in.AsOf, ErrNoMonth)
		}
		l.asOf = asked
	}
	if last == 0 || first > l.asOf.Month() {
		return ErrNoMonth
	}
	l.covered = first <= l.asOf-schema.Day(l.in.Days)+1
	return nil
}

// monthEnd is the last day of the month of a day.
func monthEnd(d schema.Day) schema.Day { return (d.Month() + 31).Month() - 1 }

// loadLines reads the lines in force at the end of the last day. Of several statements the
// one that began last holds.
func (l *loader) loadLines(ctx context.Context) error {
	end := l.asOf + 1
	return l.each(ctx, `SELECT line_id, toString(t.1), toString(t.2), t.3, toString(t.4), toString(t.5), toString(t.6), toString(t.7), toString(t.8), held > 0, long > 0
FROM (
    SELECT line_id,
        argMaxIf(tuple(kind, role, holder, unit_id, cost_centre, operator, plan, sim_status), valid_from, valid_from < {end:DateTime64(3)} AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to >= {end:DateTime64(3)})) AS t,
        countIf(valid_from < {end:DateTime64(3)} AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to >= {end:DateTime64(3)})) AS now,
        countIf(valid_from < {begin:DateTime64(3)} AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to >= {begin:DateTime64(3)})) AS held,
        countIf(valid_from < {year:DateTime64(3)} AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to >= {year:DateTime64(3)})) AS long
    FROM lines GROUP BY line_id
)
WHERE now > 0 ORDER BY line_id`, func(rows driver.Rows) error {
		var h holding
		var held, long uint8
		if err := rows.Scan(&h.id, &h.kind, &h.role, &h.holder, &h.unit, &h.centre, &h.operator, &h.plan, &h.sim, &held, &long); err != nil {
			return err
		}
		h.before, h.year = held != 0, long != 0
		l.lines = append(l.lines, h)
		return nil
	}, l.moment("end", end), l.moment("begin", end-schema.Day(l.in.Days)+1), l.moment("year", years(end, -1)))
}

// years is the same day in another year; of the leap day, 1 March.
func years(d schema.Day, n int) schema.Day {
	t := d.At(time.UTC)
	return schema.Date(t.Year()+n, t.Month(), t.Day())
}

// moment is a parameter: when a day begins in the judging zone.
func (l *loader) moment(name string, day schema.Day) any {
	return clickhouse.Named(name, time.UnixMilli(int64(day.Start(l.in.Zone))).UTC().Format("2006-01-02 15:04:05.000"))
}

func (l *loader) loadUses(ctx context.Context) error {
	l.uses = map[string]use{}
	return l.each(ctx, `SELECT line_id, toInt64(sumIf(cost, kind = 'fee' AND local_day >= {month:Date32}) * 1000000), toInt64(sumIf(cost, kind != 'fee' AND local_day >= {month:Date32}) * 1000000),
    toInt32(maxIf(local_day, kind != 'fee')), countIf(kind != 'fee')
FROM usage_line_daily WHERE local_day BETWEEN {from:Date32} AND {to:Date32} GROUP BY line_id`, func(rows driver.Rows) error {
		var id string
		var fees, traffic int64
		var last int32
		var n uint64
		if err := rows.Scan(&id, &fees, &traffic, &last, &n); err != nil {
			return err
		}
		u := use{fees: schema.Money(fees), traffic: schema.Money(traffic)}
		if n > 0 {
			u.last = schema.Day(last)
		}
		l.uses[id] = u
		return nil
	}, clickhouse.Named("month", l.asOf.Month().String()), clickhouse.Named("from", (l.asOf-look+1).String()), clickhouse.Named("to", l.asOf.String()))
}

func (l *loader) loadPeople(ctx context.Context) error {
	l.people = map[string][]engaged{}
	return l.each(ctx, `SELECT holder, toString(state), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM employments ORDER BY holder, valid_from`, func(rows driver.Rows) error {
		var holder string
		var e engaged
		var from, to int64
		if err := rows.Scan(&holder, &e.state, &from, &to); err != nil {
			return err
		}
		e.from = schema.DayOf(schema.Time(from), l.in.Zone)
		if to != 0 {
			e.to = schema.DayOf(schema.Time(to), l.in.Zone)
		}
		l.people[holder] = append(l.people[holder], e)
		return nil
	})
}

// loadReviews reads when each holding was reviewed last. A review may name the extension.
func (l *loader) loadReviews(ctx context.Context) error {
	l.reviewed = map[string]schema.Day{}
	return l.each(ctx, `SELECT line, max(at) FROM (
    SELECT line_id AS line, toUnixTimestamp64Milli(decided_at) AS at FROM approvals WHERE kind = 'review' AND line_id != '' AND decided_at < {end:DateTime64(3)}
    UNION ALL
    SELECT l.line_id, toUnixTimestamp64Milli(a.decided_at) FROM approvals AS a INNER JOIN lines AS l ON a.line_id = l.alias_id
    WHERE a.kind = 'review' AND a.line_id != '' AND a.decided_at < {end:DateTime64(3)} AND l.valid_from <= a.decided_at AND (toUnixTimestamp64Milli(l.valid_to) = 0 OR a.decided_at < l.valid_to)
) GROUP BY line`, func(rows driver.Rows) error {
		var line string
		var at int64
		if err := rows.Scan(&line, &at); err != nil {
			return err
		}
		l.reviewed[line] = schema.DayOf(schema.Time(at), l.in.Zone)
		return nil
	}, l.moment("end", l.asOf+1))
}

func (l *loader) loadNames(ctx context.Context) error {
	l.names, l.centres = map[string]string{}, map[string]string{}
	return l.each(ctx, `SELECT toString(unit_id), argMax(name, valid_from), toString(argMax(cost_centre, valid_from)) FROM units WHERE valid_from < {end:DateTime64(3)} GROUP BY unit_id`, func(rows driver.Rows) error {
		var id, name, centre string
		if err := rows.Scan(&id, &name, &centre); err != nil {
			return err
		}
		l.names[id], l.centres[id] = name, centre
		return nil
	}, l.moment("end", l.asOf+1))
}

// mobilesByHolder counts the mobile subscriptions that each person holds for daily work.
func (l *loader) mobilesByHolder() map[string]int {
	out := map[string]int{}
	for _, h := range l.lines {
		if h.kind == "mobile" && h.role == "personal" && h.holder != "" {
			out[h.holder]++
		}
	}
	return out
}

// ask finds what is to be asked about a line.
func (l *loader) ask(h holding, mobiles map[string]int) []string {
	u := l.uses[h.id]
	mobile := h.kind == "mobile"
	holds := map[string]bool{
		Unused:     l.covered && h.before && slices.Contains(goals.CountedRoles(), h.role) && (u.last == 0 || u.last <= l.asOf-schema.Day(l.in.Days)),
		Leaver:     h.holder != "" && l.left(h.holder),
		LongLeave:  h.holder != "" && l.away(h.holder),
		NoHolder:   h.role == "personal" && h.holder == "",
		Several:    mobile && h.role == "personal" && mobiles[h.holder] > 1,
		Blocked:    (h.sim == "blocked" || h.sim == "spare") && u.fees > 0,
		Unreviewed: mobile && h.role != "m2m" && h.year && l.reviewed[h.id] <= years(l.asOf, -1),
		NoPlan:     mobile && (h.operator == "" || h.plan == ""),
	}
	var out []string
	for _, q := range Questions() {
		if holds[q] {
			out = append(out, q)
		}
	}
	return out
}

// left tells whether everything that bound somebody to the organisation has ended by the last
// day. Of somebody about whom nothing is stated it is not known.
func (l *loader) left(holder string) bool {
	known := false
	for _, e := range l.people[holder] {
		if e.state == "leave" || e.from > l.asOf {
			continue
		}
		if known = true; e.to == 0 || e.to > l.asOf {
			return false
		}
	}
	return known
}

// away tells whether somebody is on a leave of more than a year, planned or already that long.
func (l *loader) away(holder string) bool {
	return slices.ContainsFunc(l.people[holder], func(e engaged) bool {
		return e.state == "leave" && e.from <= l.asOf && (e.to == 0 || e.to > l.asOf) && (e.to > years(e.from, 1) || e.to == 0 && l.asOf >= years(e.from, 1))
	})
}
