// Package goals judges the goals that the organisation set itself: how far the way from the
// baseline to the target is gone, where it ends at the present pace, and whether that is
// enough. It tells facts; the words for them are the dashboards'.
//
// The same rows always give the same judgement: what "now" means is told by the store's own
// horizon, never by a clock, and nothing is drawn at random.
package goals

import (
	"math"
	"slices"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Metrics that a goal can be about. docs/goals.md defines each.
const (
	WatchesOpen     = "watches_open"      // open watches at the last count of the month
	ForwardedCalls  = "forwarded_calls"   // forwarded calls in the month
	CostPerEmployee = "cost_per_employee" // cost of the month by its employees, in kronor
	UnusedLines     = "unused_lines"      // lines without use for 90 days, on the month's last day
	DeskPhones      = "desk_phones"       // desk telephones handed out, on the month's last day
	CostMonth       = "cost_month"        // a budget: cost of the month, in kronor
)

// Where a goal stands.
const (
	Reached       = "reached"         // at the target, or beyond it
	OnTrack       = "on_track"        // at the present pace it is reached on its day; a budget: kept
	OffTrack      = "off_track"       // at the present pace it is not; a budget: exceeded
	Missed        = "missed"          // its day has passed without it being reached
	TooLittleData = "too_little_data" // nothing measured of late, or not often enough to see a pace
)

// How many points a pace is seen in: fewer say nothing, and what is long ago says nothing
// about the present pace.
const (
	leastMonths = 3
	mostMonths  = 12
	leastWeeks  = 6
	mostWeeks   = 26
)

// Goal is one goal as it holds on the day of the judgement.
type Goal struct {
	ID, Metric       string
	Unit, CostCentre string // whom it is for; at least one is set
	Owner            string
	Baseline, Target decimal.Decimal
	From             schema.Day // day on which it began to hold as it is now: start of the path
	TargetDay        schema.Day
}

// Point is one measured value. Day is the counted day of a count, the last day of a month of
// what is summed over months.
type Point struct {
	Day   schema.Day
	Value decimal.Decimal
	// Weight is what the value was divided by: the employees of a cost per employee. Zero where
	// nothing was divided.
	Weight decimal.Decimal
}

// Series is what was measured for a goal, oldest first.
type Series struct {
	Weekly bool // counts of weeks, else values of months
	Points []Point
	// AsOf is the last day of the newest whole month that the store covers; 0: there is none.
	AsOf schema.Day
}

// Assessment is a goal and what the series says of it. It is flat, so that a package that may
// not know this one can declare the same and be given it.
type Assessment struct {
	ID, Metric, Unit, CostCentre, Owner string
	Baseline, Target                    decimal.Decimal
	From, TargetDay                     schema.Day
	AsOf                                schema.Day // last day of the newest whole month that the store covers; 0: none

	Measured    bool            // Now, NowDay, Month and Expected are set
	Now         decimal.Decimal // the value that is judged: the latest, or the last one before the goal's day
	NowDay      schema.Day
	Month       schema.Day // first day of the month that Now belongs to
	HasBefore   bool
	Before      decimal.Decimal // the value of the month before Month
	Expected    decimal.Decimal // where the straight path stands on NowDay; of a budget, the target
	OnPath      bool            // Now is on the path, or on the better side of it
	HasProgress bool
	Progress    decimal.Decimal // per cent of the way gone; below 0 away from the target, above 100 beyond it

	Points              int // that the pace is seen in
	HasForecast         bool
	Forecast, Low, High decimal.Decimal // at the target day, with the bounds of an interval of 80 %
	Status              string

	// What was measured, oldest first, up to AsOf: the points of the series, laid side by side.
	Days            []schema.Day
	Values, Weights []decimal.Decimal
}

// Judge says what a series means for a goal. The series must hold no points after AsOf.
func Judge(g Goal, s Series) Assessment {
	a := Assessment{ID: g.ID, Metric: g.Metric, Unit: g.Unit, CostCentre: g.CostCentre, Owner: g.Owner,
		Baseline: g.Baseline, Target: g.Target, From: g.From, TargetDay: g.TargetDay, AsOf: s.AsOf, Status: TooLittleData}
	for _, p := range s.Points {
		a.Days, a.Values, a.Weights = append(a.Days, p.Day), append(a.Values, p.Value), append(a.Weights, p.Weight)
	}
	over := s.AsOf != 0 && s.AsOf >= g.TargetDay
	points := slices.DeleteFunc(slices.Clone(s.Points), func(p Point) bool { return over && p.Day > g.TargetDay })
	if len(points) == 0 {
		return a
	}
	a.measure(points)
	if !over {
		a.foresee(g, s, points)
	}
	a.Status = a.status(over)
	return a
}

// measure notes the value that is judged, and how it stands to the way.
func (a *Assessment) measure(points []Point) {
	last := points[len(points)-1]
	a.Measured, a.Now, a.NowDay, a.Month = true, last.Value, last.Day, last.Day.Month()
	for _, p := range slices.Backward(points) {
		if m := p.Day.Month(); m < a.Month {
			if a.HasBefore = m == (a.Month - 1).Month(); a.HasBefore {
				a.Before = p.Value
			}
			break
		}
	}
	a.Expected = a.path(last.Day)
	a.OnPath = a.meets(a.Now, a.Expected)
	if way := a.Baseline.Sub(a.Target); way.Sign() != 0 && !a.budget() {
		a.HasProgress, a.Progress = true, a.Baseline.Sub(a.Now).Mul(decimal.NewFromInt(100)).DivRound(way, 6)
	}
}

func (a *Assessment) budget() bool { return a.Metric == CostMonth }

// path is where the straight line from the baseline on the first day to the target on its
// day stands. A budget has no way to go: it holds from the first month.
func (a *Assessment) path(day schema.Day) decimal.Decimal {
	switch {
	case a.budget() || day >= a.TargetDay || a.TargetDay <= a.From:
		return a.Target
	case day <= a.From:
		return a.Baseline
	}
	gone, span := decimal.NewFromInt(int64(day-a.From)), decimal.NewFromInt(int64(a.TargetDay-a.From))
	return a.Baseline.Add(a.Target.Sub(a.Baseline).Mul(gone).DivRound(span, 6))
}

// meets tells whether a value is at a limit or on its better side: above it where the goal
// is one of growth, below it otherwise. A millionth is lost in divisions and counts as met.
func (a *Assessment) meets(v, limit decimal.Decimal) bool {
	slack := decimal.New(1, -5)
	if a.Target.GreaterThan(a.Baseline) && !a.budget() {
		return v.Add(slack).GreaterThanOrEqual(limit)
	}
	return v.LessThanOrEqual(limit.Add(slack))
}

// foresee draws the pace since the goal holds on to the goal's day.
func (a *Assessment) foresee(g Goal, s Series, points []Point) {
	least, most := leastMonths, mostMonths
	began := func(p Point) schema.Day { return p.Day.Month() }
	if s.Weekly {
		least, most = leastWeeks, mostWeeks
		began = func(p Point) schema.Day { return p.Day }
	}
	points = slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return began(p) < g.From })
	points = points[max(0, len(points)-most):]
	a.Points = len(points)
	if len(points) < least {
		return
	}
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = float64(p.Day), p.Value.InexactFloat64()
	}
	f := foresee(x, y, float64(g.TargetDay))
	// Nothing that a goal is about can be less than nothing.
	rounded := func(v float64) decimal.Decimal { return decimal.NewFromFloat(math.Max(0, v)).Round(6) }
	a.HasForecast, a.Forecast, a.Low, a.High = true, rounded(f.value), rounded(f.low), rounded(f.high)
}

func (a *Assessment) status(over bool) string {
	met := a.meets(a.Now, a.Target)
	switch {
	case over && a.Month < dueMonth(a.TargetDay): // what was measured is older than what was asked
		return TooLittleData
	case over && met:
		return Reached
	case over:
		return Missed
	case a.Month != a.AsOf.Month(): // what was measured is not of the newest month
		return TooLittleData
	case a.budget() && met:
		return OnTrack
	case a.budget():
		return OffTrack
	case met:
		return Reached
	case !a.HasForecast:
		return TooLittleData
	case a.meets(a.Forecast, a.Target):
		return OnTrack
	}
	return OffTrack
}

// dueMonth is the last month that is over on a day: a goal is judged by it when its day has
// passed. First day of the month.
func dueMonth(d schema.Day) schema.Day {
	if d == lastDay(d) {
		return d.Month()
	}
	return (d.Month() - 1).Month()
}
