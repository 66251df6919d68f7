package forecast

import (
	"math"

	"linesman/processors/policy/stats"
	"linesman/schema"
)

// NewTrend foresees by the line of Theil and Sen, which one bad month does not turn: the slope
// is the median of the slopes of all pairs of months, the level the median of what remains. It
// needs four months and looks at the last twelve. From 24 months on, when every month of the
// year is there twice, the slopes are those within the same month of the year, each such
// month has a level of its own, and all months count.
//
// The interval joins the slope's (by the ranks of Mann and Kendall's test), which grows with the
// distance from the middle of the months, with that of a single month around the line:
// standard deviation of the remains times Student's quantile, widened for the level.
func NewTrend(points []Point) (*Model, bool) {
	points = ordered(points)
	if len(points) < leastTrend {
		return nil, false
	}
	if m, ok := seasonalTrend(points); ok {
		return m, true
	}
	points = points[max(0, len(points)-mostPlain):]
	return fit(points, [][]stats.Point{series(points)}, func(schema.Day) int { return 0 })
}

// seasonalTrend fits months of the year each for themselves; not ok where one of them is not there twice.
func seasonalTrend(points []Point) (*Model, bool) {
	if len(points) < leastSeasonal {
		return nil, false
	}
	seasons := make([][]stats.Point, 12)
	ofYear := func(month schema.Day) int { return int(index(month)) % 12 }
	for i, p := range series(points) {
		s := ofYear(points[i].Month)
		seasons[s] = append(seasons[s], p)
	}
	for _, s := range seasons {
		if len(s) < 2 {
			return nil, false
		}
	}
	return fit(points, seasons, ofYear)
}

func series(points []Point) []stats.Point {
	out := make([]stats.Point, len(points))
	for i, p := range points {
		out[i] = stats.Point{Time: index(p.Month), Value: float64(p.Amount)}
	}
	return out
}

// fit draws the lines: one slope, and one level for each season.
func fit(points []Point, seasons [][]stats.Point, season func(schema.Day) int) (*Model, bool) {
	const plain = 0.8 // the level of the interval does not matter to the estimate
	slope := stats.SeasonalTheilSen(seasons, plain).Estimate
	// Times are counted from the first month: a product with the number of a month would be great and lose digits.
	origin := index(points[0].Month)
	line := func(month float64) float64 { return float64(slope * (month - origin)) }
	levels := make([]float64, len(seasons))
	var squares, middle float64
	for i, list := range seasons {
		rest := make([]float64, len(list))
		for j, p := range list {
			rest[j] = p.Value - line(p.Time)
			middle += p.Time
		}
		levels[i] = stats.Median(rest)
		for _, r := range rest {
			d := r - levels[i]
			squares += float64(d * d)
		}
	}
	n, fitted := float64(len(points)), float64(len(seasons)+1)
	if n <= fitted {
		return nil, false
	}
	return &Model{
		method: Trend, months: len(points), last: points[len(points)-1].Month,
		value:  func(month schema.Day) float64 { return levels[season(month)] + line(index(month)) },
		scale:  math.Sqrt(squares / (n - fitted)),
		free:   n - fitted,
		level:  math.Sqrt(float64(len(seasons)) / n),
		centre: middle / n,
		slope: func(confidence float64) (below, above float64) {
			s := stats.SeasonalTheilSen(seasons, confidence)
			return s.Estimate - s.Low, s.High - s.Estimate
		},
	}, true
}
