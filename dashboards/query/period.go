package query

import (
	"fmt"
	"slices"
	"time"
)

// period is what a query covers, as calendar days of the judging zone. Days are written as
// midnight UTC of that date. Either a span of days (both ends inclusive) or whole months.
type period struct {
	from, to time.Time
	months   []time.Time // first days; nil when it is a span
}

// date is the calendar day of a moment in a zone.
func date(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// midnight is the moment at which a calendar day begins in a zone.
func midnight(day time.Time, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
}

func monthOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func mondayOf(day time.Time) time.Time {
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// thisMonth is the month in which the time range ends: an alert rule cannot know its name.
const thisMonth = "now"

// periodOf takes the months out of the filters, or else the days of the time range.
func periodOf(q Query, r TimeRange, zone *time.Location) (period, []Filter, error) {
	p := period{from: date(r.From, zone), to: date(r.To.Add(-time.Millisecond), zone)}
	var rest []Filter
	for _, f := range q.Filters {
		if f.Field != "month" || f.Op == OpNotIn {
			rest = append(rest, f)
			continue
		}
		for _, v := range f.Values {
			if v == thisMonth && !r.To.IsZero() {
				p.months = append(p.months, monthOf(p.to))
				continue
			}
			m, err := time.Parse("2006-01", v)
			if err != nil {
				return p, nil, fmt.Errorf("%w: month %q; a month is written 2026-03", ErrQuery, v)
			}
			p.months = append(p.months, m)
		}
	}
	if p.months == nil {
		if r.From.IsZero() || r.To.IsZero() || p.to.Before(p.from) {
			return p, nil, fmt.Errorf("%w: the time range is empty", ErrQuery)
		}
		return p, rest, nil
	}
	slices.SortFunc(p.months, time.Time.Compare)
	p.from, p.to = p.months[0], p.months[len(p.months)-1].AddDate(0, 1, -1)
	return p, rest, nil
}

// before is the period of the same months right before this one.
func (p period) before() period {
	n := len(p.months)
	out := period{months: make([]time.Time, n)}
	for i, m := range p.months {
		out.months[i] = m.AddDate(0, -n, 0)
	}
	out.from, out.to = out.months[0], out.months[n-1].AddDate(0, 1, -1)
	return out
}

// buckets are the first days of the points of an interval that begin in the period. A month
// that the period cuts into counts whole, so that a bar and its budget stand together.
func (p period) buckets(interval string) ([]time.Time, error) {
	start, step := p.from, [3]int{0, 0, 1}
	switch interval {
	case "month":
		start, step = monthOf(p.from), [3]int{0, 1, 0}
	case "week":
		start, step = mondayOf(p.from), [3]int{0, 0, 7}
		if start.Before(p.from) {
			start = start.AddDate(0, 0, 7)
		}
	}
	var out []time.Time
	for d := start; !d.After(p.to); d = d.AddDate(step[0], step[1], step[2]) {
		if p.months != nil && !slices.ContainsFunc(p.months, monthOf(d).Equal) {
			continue
		}
		if out = append(out, d); len(out) > maxBuckets {
			return nil, fmt.Errorf("%w: the period holds more than %d points; choose a coarser interval", ErrQuery, maxBuckets)
		}
	}
	return out, nil
}
