package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Slope is a robust slope with its confidence interval.
type Slope struct {
	Estimate  float64 // median of the slopes of all pairs
	Low, High float64 // limits of the interval; equal to the extreme slopes when there are too few pairs for the level asked for
	Pairs     int     // pairs that have a slope; with 0 the rest means nothing
}

// TheilSen returns the median of the slopes between every two points, and the two-sided
// interval at a level such as 0.9: the slopes whose ranks lie C/2 on either side of the
// middle, C being the quantile of the normal distribution times the standard deviation of
// Mann–Kendall's S (Sen 1968; Gilbert 1987, 16.5). Ranks are rounded to the nearest one.
func TheilSen(points []Point, level float64) Slope {
	return SeasonalTheilSen([][]Point{points}, level)
}

// SeasonalTheilSen is [TheilSen] over the pairs within the same season: the seasonal
// Kendall slope of Hirsch, Slack and Smith (1982).
func SeasonalTheilSen(seasons [][]Point, level float64) Slope {
	var slopes []float64
	var variance int64
	for _, season := range seasons {
		points := ordered(season)
		variance += variance18(points)
		for j := range points {
			for i := range j {
				if dt := points[j].Time - points[i].Time; dt > 0 {
					slopes = append(slopes, (points[j].Value-points[i].Value)/dt)
				}
			}
		}
	}
	n := len(slopes)
	if n == 0 {
		return Slope{}
	}
	slices.Sort(slopes)
	c := distuv.UnitNormal.Quantile((1+level)/2) * math.Sqrt(float64(variance)/18)
	rank := func(at float64) float64 { return slopes[min(max(int(math.Round(at)), 1), n)-1] }
	return Slope{Estimate: sortedMedian(slopes), Low: rank((float64(n) - c) / 2), High: rank((float64(n)+c)/2 + 1), Pairs: n}
}
