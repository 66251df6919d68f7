// Package forecast tells where a monthly series of amounts leads: by the same month of last
// year, by a robust trend, or, of too few months, by their mean; each with an interval, and
// with a rule that says which of them is shown and why. It also tells the run rate of a month
// that is not over. It knows nothing of budgets and of the store.
//
// Amounts that were spent are exact; what is foreseen is worked out in floating point, in
// millionths, and rounded to öre. Nothing is drawn at random, the order of points does not
// matter, and no product is added to anything in one expression, so that the same months give
// the same amounts on every machine. The run rate is exact throughout and rounded once.
//
// Sources: R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice (3rd ed.
// 2021), 5.2 and 5.5 (seasonal naive method and its interval), 5.10 (rolling origin); P. K. Sen,
// J. Amer. Statist. Assoc. 63 (1968) 1379, and R. M. Hirsch, J. R. Slack and R. A. Smith, Water
// Resources Research 18 (1982) 107 (slopes); see processors/policy/stats.
package forecast

import (
	"cmp"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"linesman/schema"
)

// Methods of a forecast.
const (
	SeasonalNaive = "seasonal_naive" // as much as in the same month of the year before
	Trend         = "trend"          // the line of Theil and Sen through the months
	Mean          = "mean"           // the mean of the months: there are too few for anything else
)

// How many months the methods need.
const (
	leastNaive    = 13 // the same month a year ago, and one error to tell the interval by
	leastTrend    = 4  // three lie on a line too easily
	leastSeasonal = 24 // every month of the year twice: the slope is seen within each of them
	mostPlain     = 12 // without seasons, what is long ago says nothing of the present pace
)

// Point is what a month came to.
type Point struct {
	Month  schema.Day // its first day
	Amount schema.Money
}

// Interval is where an amount lies with some confidence.
type Interval struct {
	Low  schema.Money `json:"low"`
	High schema.Money `json:"high"`
}

// Forecast is an amount that is foreseen, rounded to öre. The intervals are missing where one
// month alone is known: it says nothing about how much months differ.
type Forecast struct {
	Amount schema.Money `json:"amount"`
	In80   *Interval    `json:"in_80,omitempty"` // of 80 %
	In95   *Interval    `json:"in_95,omitempty"` // of 95 %
}

// Part is a month that is foreseen, or what is left of one.
type Part struct {
	Month schema.Day // its first day
	Left  float64    // share of the month's amount that is still to come; 1: all of it
}

// Model is a method fitted to months. It is immutable.
type Model struct {
	method string
	months int                                             // that it was fitted to
	value  func(month schema.Day) float64                  // millionths
	scale  float64                                         // of one month's distance from what is foreseen: its standard deviation
	free   float64                                         // degrees of freedom of scale; 0: not known
	level  float64                                         // standard error of what all months share, in units of scale
	slope  func(confidence float64) (below, above float64) // how far off a slope per month may be; nil: there is none
	centre float64                                         // month at which a wrong slope does no harm
	last   schema.Day
}

// Method returns which of the methods it is.
func (m *Model) Method() string { return m.method }

// Months returns how many months it was fitted to.
func (m *Model) Months() int { return m.months }

// Sum foresees the sum of months that come after those it was fitted to. Distances of single
// months are taken as independent, those within a month that has begun as well; a wrong level
// or slope is wrong in all months alike. So of a sum the first grow by the root, the others
// as they are, and both are joined at right angles.
func (m *Model) Sum(parts ...Part) Forecast {
	var value, share, reach, noise float64
	for _, p := range parts {
		v, ahead := m.value(p.Month)*p.Left, (index(p.Month)-m.centre)*p.Left
		value, share, reach, noise = value+v, share+p.Left, reach+ahead, noise+float64(p.Left*m.cycles(p.Month))
	}
	f := Forecast{Amount: ore(value)}
	if m.free == 0 {
		return f
	}
	interval := func(confidence float64) *Interval {
		q := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m.free}.Quantile((1 + confidence) / 2)
		own := math.Hypot(q*m.scale*math.Sqrt(noise), q*m.scale*m.level*share)
		below, above := own, own
		if m.slope != nil {
			less, more := m.slope(confidence)
			below, above = math.Hypot(own, less*reach), math.Hypot(own, more*reach)
		}
		return &Interval{ore(value - below), ore(value + above)}
	}
	f.In80, f.In95 = interval(0.80), interval(0.95)
	return f
}

// cycles is how many years a month lies ahead: last year's month repeated k times is off by k
// years' changes.
func (m *Model) cycles(month schema.Day) float64 {
	if m.method != SeasonalNaive {
		return 1
	}
	return math.Max(1, math.Ceil((index(month)-index(m.last))/12))
}

// index numbers the months one by one.
func index(month schema.Day) float64 {
	t := month.At(time.UTC)
	return float64(t.Year()*12 + int(t.Month()) - 1)
}

// ore rounds millionths to öre, half away from zero.
func ore(v float64) schema.Money {
	const most = 999_999_999_999 * 1e6
	return schema.Money(math.Round(math.Max(-most, math.Min(most, v)))).RoundOre()
}

// NewSeasonalNaive foresees for each month what the same month last came to. It needs 13
// months, and of every month of the year the last 12 must be there.
//
// The interval is that of the method: the root of the mean square of the year-on-year changes,
// times the quantile of Student's distribution with as many degrees of freedom as there are
// changes, for they are few.
func NewSeasonalNaive(points []Point) (*Model, bool) {
	points = ordered(points)
	if len(points) < leastNaive {
		return nil, false
	}
	at := map[int]float64{}
	for _, p := range points {
		at[int(index(p.Month))] = float64(p.Amount)
	}
	last := points[len(points)-1].Month
	end := int(index(last))
	for i := end - 11; i <= end; i++ {
		if _, ok := at[i]; !ok {
			return nil, false
		}
	}
	var squares, n float64
	for _, p := range points {
		if before, ok := at[int(index(p.Month))-12]; ok {
			d := float64(p.Amount) - before
			squares, n = squares+float64(d*d), n+1
		}
	}
	if n == 0 {
		return nil, false
	}
	value := func(month schema.Day) float64 {
		i := int(index(month))
		for i > end {
			i -= 12
		}
		return at[i]
	}
	return &Model{method: SeasonalNaive, months: len(points), value: value, scale: math.Sqrt(squares / n), free: n, last: last}, true
}

// NewMean foresees the mean of the months. The interval is that of a new value beside a mean.
func NewMean(points []Point) (*Model, bool) {
	points = ordered(points)
	if len(points) == 0 {
		return nil, false
	}
	var sum, squares float64
	n := float64(len(points))
	for _, p := range points {
		sum += float64(p.Amount)
	}
	mean := sum / n
	for _, p := range points {
		d := float64(p.Amount) - mean
		squares += float64(d * d)
	}
	m := &Model{method: Mean, months: len(points), value: func(schema.Day) float64 { return mean }, last: points[len(points)-1].Month}
	if n > 1 {
		m.free, m.scale, m.level = n-1, math.Sqrt(squares/(n-1)), math.Sqrt(1/n)
	}
	return m, true
}

// ordered returns the points in order of time; of two for a month the last one given counts.
func ordered(points []Point) []Point {
	out := slices.Clone(points)
	slices.SortStableFunc(out, func(a, b Point) int { return cmp.Compare(a.Month, b.Month) })
	kept := out[:0]
	for i, p := range out {
		if i+1 < len(out) && out[i+1].Month == p.Month {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}
