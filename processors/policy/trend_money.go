package policy

import (
	"math/big"
	"slices"
	"strings"

	"linesman/schema"
)

// exact converts a whole number of the column's own unit to the rule's, without loss.
func (t *Trend) exact(value int64) *big.Rat {
	scale := big.NewInt(t.Scale)
	if t.money {
		scale.Mul(scale, big.NewInt(int64(schema.Micro)))
	}
	return new(big.Rat).SetFrac(big.NewInt(value), scale)
}

// exactMedian is the median of some numbers in the rule's unit, without loss.
func (t *Trend) exactMedian(values []int64) *big.Rat {
	sorted := slices.Sorted(slices.Values(values))
	low, high := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	sum := new(big.Rat).Add(t.exact(low), t.exact(high))
	return sum.Mul(sum, big.NewRat(1, 2))
}

// exactText writes a number with as many decimals as it has, at most nine.
func exactText(v *big.Rat) string {
	if v.IsInt() {
		return v.Num().String()
	}
	return strings.TrimRight(strings.TrimRight(v.FloatString(9), "0"), ".")
}

// aboveTarget tells whether a number is above a goal's target as the target is written.
func aboveTarget(v *big.Rat, target float64) bool {
	t, ok := new(big.Rat).SetString(number(target))
	return ok && v.Cmp(t) > 0
}

// sumOf adds up what the events behind some numbers cost.
func sumOf(points []trendPoint) schema.Money {
	var sum schema.Money
	for _, p := range points {
		sum += p.cost
	}
	return sum
}
