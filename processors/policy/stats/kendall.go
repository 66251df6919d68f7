package stats

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Test is the outcome of a Mann–Kendall test.
type Test struct {
	Points   int     // points compared
	S        int64   // pairs that rise less pairs that fall
	Variance float64 // of S where there is no trend, ties taken into account
	Z        float64 // S in standard deviations, with the correction for continuity
	P        float64 // how likely so great an S is where there is no trend: one-sided, upwards
}

// MannKendall tests whether a series rises. Fewer than two points, or all of one value,
// give P = 1: there is nothing that could speak for a rise.
func MannKendall(points []Point) Test {
	return SeasonalMannKendall([][]Point{points})
}

// SeasonalMannKendall tests whether a series with seasons rises (Hirsch, Slack and Smith
// 1982): points are compared within their season only, and the seasons' S and variances are
// added. A season may miss any points. The variance is that of independent seasons; the
// form of Hirsch and Slack (1984), which estimates the covariance of seasons, needs about
// ten cycles to be of use and is not computed.
func SeasonalMannKendall(seasons [][]Point) Test {
	var t Test
	var variance int64 // 18 times the variance is a whole number
	for _, season := range seasons {
		points := ordered(season)
		t.Points += len(points)
		t.S += score(points)
		variance += variance18(points)
	}
	t.Variance = float64(variance) / 18
	t.Z = standardised(t.S, t.Variance)
	t.P = 1
	if variance > 0 {
		t.P = distuv.UnitNormal.Survival(t.Z)
	}
	return t
}

// score is Kendall's S.
func score(points []Point) int64 {
	var s int64
	for j := range points {
		for i := range j {
			s += int64(cmp.Compare(points[j].Value, points[i].Value))
		}
	}
	return s
}

// variance18 is 18 times the variance of S with the correction for ties:
// n(n−1)(2n+5) − Σ t(t−1)(2t+5), t being the sizes of the groups of equal values.
func variance18(points []Point) int64 {
	each := func(n int64) int64 { return n * (n - 1) * (2*n + 5) }
	sizes := map[float64]int64{}
	for _, p := range points {
		sizes[p.Value]++
	}
	v := each(int64(len(points)))
	for _, t := range sizes {
		v -= each(t)
	}
	return v
}

// standardised moves S one towards zero before it is divided: S takes whole values only.
func standardised(s int64, variance float64) float64 {
	switch {
	case variance <= 0 || s == 0:
		return 0
	case s > 0:
		return float64(s-1) / math.Sqrt(variance)
	}
	return float64(s+1) / math.Sqrt(variance)
}
