package goals

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// confidence of the interval around a forecast.
const confidence = 0.8

// forecast is a value in the future and the interval it should lie in.
type forecast struct{ value, low, high float64 }

// foresee draws the Theil–Sen line through points (x ascending, y) on to a later x: the slope
// is the median of the slopes of all pairs, so that one bad month does not turn it.
//
// The interval joins two uncertainties at right angles: that of the slope, by the ranks of
// Mann–Kendall's test (Gilbert, Statistical Methods for Environmental Pollution Monitoring,
// 1987, 16.5), and that of a single value around the line, by the spread of the values there
// are. Nothing is drawn at random: the same points give the same interval.
func foresee(x, y []float64, at float64) forecast {
	n := len(x)
	var slopes []float64
	for i := range n {
		for j := i + 1; j < n; j++ {
			if x[j] != x[i] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
			}
		}
	}
	if len(slopes) == 0 {
		return forecast{}
	}
	slices.Sort(slopes)
	slope := median(slopes)
	rest := make([]float64, n)
	for i := range n {
		rest[i] = y[i] - slope*x[i]
	}
	level := median(slices.Sorted(slices.Values(rest)))
	value := level + slope*at
	low, high := slopeBounds(slopes, y)
	reach := at - stat.Mean(x, nil)
	around := spread(rest, level)
	return forecast{value, value - math.Hypot((slope-low)*reach, around), value + math.Hypot((high-slope)*reach, around)}
}

// slopeBounds are the slopes at the ranks between which the true slope lies with the
// confidence, by the variance of Mann–Kendall's S, corrected for ties.
func slopeBounds(slopes, y []float64) (low, high float64) {
	n := float64(len(y))
	variance := n * (n - 1) * (2*n + 5)
	same := map[float64]float64{}
	for _, v := range y {
		same[v]++
	}
	for _, t := range same {
		variance -= t * (t - 1) * (2*t + 5)
	}
	c := distuv.UnitNormal.Quantile(1-(1-confidence)/2) * math.Sqrt(math.Max(0, variance)/18)
	all := float64(len(slopes))
	return rank(slopes, (all-c)/2), rank(slopes, (all+c)/2+1)
}

// rank reads a sorted list at a rank from 1 on, between two entries by the straight line.
func rank(sorted []float64, r float64) float64 {
	r = math.Max(1, math.Min(float64(len(sorted)), r))
	i := int(r)
	if i == len(sorted) {
		return sorted[i-1]
	}
	return sorted[i-1] + (r-float64(i))*(sorted[i]-sorted[i-1])
}

// spread is how far a single value lies from the line, with the confidence: the quantile of
// the distances, widened because the line was fitted to these very values.
func spread(rest []float64, level float64) float64 {
	away := make([]float64, len(rest))
	for i, r := range rest {
		away[i] = math.Abs(r - level)
	}
	slices.Sort(away)
	n := float64(len(rest))
	return stat.Quantile(confidence, stat.Empirical, away, nil) * math.Sqrt((n+1)/(n-2))
}

// median of a sorted list.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
