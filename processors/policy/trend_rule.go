package policy

import (
	"time"

	"linesman/schema"
)

// Tests of a trend.
const (
	TestMannKendall = "mann-kendall"
	TestSeasonal    = "seasonal-mann-kendall"
)

// What counts are put in relation to.
const (
	ExposureEmployees = "employees" // per 100 employees of the unit
	ExposureLines     = "lines"     // per 100 lines the unit holds
)

// Trend asks whether a number rises. In its plain form (none of the keys from Test on) the
// store judges weekly counts of watches: Theil–Sen slope above zero, Mann–Kendall z above
// Z, a rise of at least RiseShare of the median over the lookback, and, where the unit has
// a goal in force, a median of the Recent last counts above the goal's target. With any
// other key the store gives the series and package stats judges them; see
// docs/policy-trends.md.
type Trend struct {
	Column    string // the counted column of watches, or the summed one of usage
	Lookback  int    // periods, ending with the last counted one of the window
	AtLeast   int    // counts needed
	Z         float64
	RiseShare float64
	Recent    int
	Goal      string // metric of the goal; empty: no goal is asked for

	Test           string  // empty: the plain form
	Season         int     // seasons of a year, for TestSeasonal: 52, 12 or 4
	Per            string  // period of the series: WindowWeek or WindowMonth
	Exposure       string  // what counts are divided by; empty: nothing
	FalseDiscovery float64 // share of false ones among the units found, at most; 0: each unit is judged alone
	Baseline       Span    // period whose median the rise is measured by; zero: the series' own median
	How            string  // for usage: count, sum or cost
	Scale          int64   // the column's unit divided by this gives Unit
	Unit           string  // unit of the numbers, e.g. "watches" or "calls"

	riseNum int64 // RiseShare as an exact fraction
	riseDen int64
	hasZ    bool
	money   bool
}

// Span is a range of days: From is the first, To the day after the last.
type Span struct{ From, To schema.Day }

// statistical tells whether package stats judges the trend, and not the store alone.
func (t *Trend) statistical() bool { return t != nil && t.Test != "" }

// coupled tells whether the verdict of a unit depends on other units.
func (t *Trend) coupled() bool { return t != nil && t.FalseDiscovery > 0 }

// period returns the first day of the period that holds a day.
func (t *Trend) period(day schema.Day) schema.Day { return windowFrom(t.Per, day) }

// after returns the first day of the n-th period after the one that begins on a day; n may
// be below zero.
func (t *Trend) after(period schema.Day, n int) schema.Day {
	if t.Per == WindowWeek {
		return period + schema.Day(7*n)
	}
	u := period.At(time.UTC)
	return schema.Date(u.Year(), u.Month()+time.Month(n), 1)
}

// clock numbers the periods without gaps.
func (t *Trend) clock(period schema.Day) int {
	if t.Per == WindowWeek {
		return int(period-schema.FirstDay) / 7 // FirstDay is a Monday
	}
	u := period.At(time.UTC)
	return 12*u.Year() + int(u.Month()) - 1
}

// perYear is the number of periods of a year: what a full cycle of seasons takes.
func (t *Trend) perYear() int {
	if t.Per == WindowWeek {
		return 52
	}
	return 12
}

// season returns the season of a period, and the year it belongs to: the ISO year for
// weeks, otherwise the year of the period's first day. Week 53, which few years have, is
// taken with week 52.
func (t *Trend) season(period schema.Day) (season, year int) {
	u := period.At(time.UTC)
	switch t.Season {
	case 52:
		year, week := u.ISOWeek()
		return min(week, 52), year
	case 4:
		return (int(u.Month()) + 2) / 3, u.Year()
	}
	return int(u.Month()), u.Year()
}

// inLife tells whether a point may be flagged: the rule was in force and known. Of usage,
// the whole period must be, because it is added up.
func (r *Rule) inLife(period, counted schema.Day) bool {
	from, until := counted, counted+1
	if !r.source().counted {
		from, until = period, r.Trend.after(period, 1)
	}
	return from >= r.start() && (r.ValidTo == 0 || until <= r.ValidTo)
}

// inBaseline tells whether a whole period lies in the baseline.
func (t *Trend) inBaseline(period schema.Day) bool {
	return t.Baseline.From <= period && t.after(period, 1) <= t.Baseline.To
}

// trendScope widens a scope for rules where one unit's numbers can change another unit's
// verdict, or where a touched line may belong to any unit: whole months are judged again.
func (r *Rule) trendScope(s Scope) Scope {
	if !r.Trend.statistical() || r.source().counted && !r.Trend.coupled() {
		return s
	}
	wide := Scope{Reason: s.Reason}
	touched := []map[string]Days{s.Units}
	if !r.source().counted {
		touched = []map[string]Days{s.Units, s.UsageUnits, s.Lines}
	}
	for day := range s.Months {
		wide.TouchMonth(day)
	}
	for _, subjects := range touched {
		for _, days := range subjects {
			for day := range days {
				wide.TouchMonth(day)
			}
		}
	}
	return wide
}

// trendReach returns the days of periods whose windows may depend on what happened in
// [from, to): a count belongs to the period it lies in, and speaks in every window whose
// lookback reaches that period.
func (r *Rule) trendReach(from, to schema.Day) (schema.Day, schema.Day) {
	t := r.Trend
	first, last := t.period(from), t.period(to-1)
	reach := t.after(last, t.Lookback-1) + 1
	if !r.source().counted {
		first = t.after(first, -1) // usage of the next period completes a period
	}
	if b := t.Baseline; b.To > 0 && t.after(t.period(b.From), 0) < to && from < t.after(t.period(b.To-1), 2) {
		first, reach = min(first, t.period(r.start())), (schema.LastDay - 366).Month() // every window there will ever be
	}
	return first, reach
}
