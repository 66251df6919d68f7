// Package stats holds the statistics of trends: Mann–Kendall's test, plain and seasonal,
// the slopes of Theil and Sen that go with it, and Benjamini and Hochberg's control of
// false discoveries. It knows nothing of rules and of the store.
//
// Nothing here depends on the order in which points are given, and no product is added to
// anything in one expression, so that the same numbers give the same bits on every machine
// (a compiler may fuse a product and a sum, which rounds otherwise).
//
// Sources: H. B. Mann, Econometrica 13 (1945) 245; M. G. Kendall, Rank Correlation Methods
// (1975); H. Theil, Proc. Kon. Ned. Akad. Wetensch. A 53 (1950); P. K. Sen, J. Amer. Statist.
// Assoc. 63 (1968) 1379; R. M. Hirsch, J. R. Slack and R. A. Smith, Water Resources Research
// 18 (1982) 107; R. O. Gilbert, Statistical Methods for Environmental Pollution Monitoring
// (1987), chapters 16 and 17; Y. Benjamini and Y. Hochberg, J. Roy. Statist. Soc. B 57 (1995) 289.
package stats

import (
	"cmp"
	"slices"
)

// Point is one value of a series. The times of a series are distinct; their unit is the
// caller's (weeks, say), and a slope is per that unit.
type Point struct{ Time, Value float64 }

// ordered returns the points in order of time.
func ordered(points []Point) []Point {
	out := slices.Clone(points)
	slices.SortFunc(out, func(a, b Point) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

// Median returns the middle of the values, or half the sum of the two in the middle; 0 of
// none.
func Median(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return sortedMedian(s)
}

func sortedMedian(s []float64) float64 {
	n := len(s)
	switch {
	case n == 0:
		return 0
	case n%2 == 0:
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[n/2]
}
