package demo

import (
	"math"
	"slices"
)

// The rule rising-watches, as the policy states it.
const (
	trendLookback = 12
	trendLeast    = 8
	trendZ        = 2.326
	trendRise     = 0.15
)

// verdict is what the rule says of a series at one moment.
type verdict uint8

const (
	quiet   verdict = iota // clearly no violation
	unclear                // too near to a limit to be planted
	rising                 // clearly a violation
)

// judge applies the rule to the counts up to a week. Within a margin around the limits, or
// where variants of the test (with and without the correction for ties and for continuity)
// disagree, it says unclear: such a series is no test of anything. target < 0 means no goal.
func judge(counts []int, target float64) verdict {
	if len(counts) > trendLookback {
		counts = counts[len(counts)-trendLookback:]
	}
	if len(counts) < trendLeast {
		return quiet
	}
	slope := theilSen(counts)
	low, high := mannKendall(counts)
	rise := slope * float64(len(counts)-1) / median(floats(counts))
	last := median(floats(counts[len(counts)-4:]))
	goal := target < 0 || last > target*1.03
	noGoal := target >= 0 && last < target*0.97
	switch {
	case slope <= 0 || high < trendZ-0.25 || rise < trendRise-0.02 || noGoal:
		return quiet
	case low > trendZ+0.25 && rise > trendRise+0.02 && goal:
		return rising
	}
	return unclear
}

func floats(v []int) []float64 {
	f := make([]float64, len(v))
	for i, x := range v {
		f[i] = float64(x)
	}
	return f
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// theilSen is the median of the slopes of all pairs, per week.
func theilSen(v []int) float64 {
	var slopes []float64
	for i := range v {
		for j := i + 1; j < len(v); j++ {
			slopes = append(slopes, float64(v[j]-v[i])/float64(j-i))
		}
	}
	return median(slopes)
}

// mannKendall gives the least and the greatest z among the usual variants of the test.
func mannKendall(v []int) (low, high float64) {
	s, ties := 0, map[int]int{}
	for i := range v {
		ties[v[i]]++
		for j := i + 1; j < len(v); j++ {
			switch {
			case v[j] > v[i]:
				s++
			case v[j] < v[i]:
				s--
			}
		}
	}
	n := len(v)
	plain := float64(n*(n-1)*(2*n+5)) / 18
	tied := plain
	for _, t := range ties {
		tied -= float64(t*(t-1)*(2*t+5)) / 18
	}
	if tied <= 0 {
		return 0, 0
	}
	signed := float64(s)
	switch {
	case s > 0:
		signed--
	case s < 0:
		signed++
	}
	zs := []float64{signed / math.Sqrt(plain), signed / math.Sqrt(tied), float64(s) / math.Sqrt(plain), float64(s) / math.Sqrt(tied)}
	return slices.Min(zs), slices.Max(zs)
}
