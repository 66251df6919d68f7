package forecast

import (
	"math"

	"linesman/schema"
)

// Why a method is shown.
const (
	WhySmallerError = "smaller_error"  // its forecasts of the last months were nearer to what came
	WhyShort        = "short"          // fewer than 13 months, or gaps: the same month of last year is not known
	WhyUntried      = "untried"        // both can be made, but too few months are there to try them on
	WhyTooFew       = "too_few_months" // too few even for a trend
)

// How many of the last months methods are tried on, and how few tell nothing.
const (
	mostTries  = 6
	leastTries = 3
)

// Error is how a method did on the last months.
type Error struct {
	Method string       `json:"method"`
	Mean   schema.Money `json:"mean_error"` // mean absolute error of its forecasts one month ahead, rounded to öre
	Months int          `json:"months"`     // that it was tried on
}

// Choice is the model that is shown, and why.
type Choice struct {
	*Model
	Why    string
	Errors []Error // of the methods that were compared
}

// Choose fits the methods and says which one is shown. Each is tried on the last six months
// (a rolling origin): fitted to what came before a month only, it foresees that month. Where
// both seasonal naive and trend could be tried on the same three months at least, the smaller mean
// absolute error decides; of equal ones the seasonal naive is shown, for it assumes less. Otherwise
// it is the trend, and below four months the mean. Not ok where there is no month at all.
func Choose(points []Point) (Choice, bool) {
	points = ordered(points)
	trend, ok := NewTrend(points)
	if !ok {
		m, ok := NewMean(points)
		return Choice{Model: m, Why: WhyTooFew}, ok
	}
	naive, ok := NewSeasonalNaive(points)
	if !ok {
		return Choice{Model: trend, Why: WhyShort}, true
	}
	var ofNaive, ofTrend float64
	tries := 0
	for i := len(points) - 1; i >= max(0, len(points)-mostTries); i-- {
		n, able := NewSeasonalNaive(points[:i])
		t, both := NewTrend(points[:i])
		if !able || !both {
			continue
		}
		tries++
		ofNaive += n.miss(points[i])
		ofTrend += t.miss(points[i])
	}
	if tries < leastTries {
		return Choice{Model: trend, Why: WhyUntried}, true
	}
	c := Choice{Model: trend, Why: WhySmallerError, Errors: []Error{
		{SeasonalNaive, ore(ofNaive / float64(tries)), tries}, {Trend, ore(ofTrend / float64(tries)), tries}}}
	if ofNaive <= ofTrend {
		c.Model = naive
	}
	return c, true
}

// miss is how far a forecast is from what came.
func (m *Model) miss(p Point) float64 { return math.Abs(m.value(p.Month) - float64(p.Amount)) }
