// Package ore rounds exact amounts to öre for documents so that what is rounded adds up: the sum
// of the rounded amounts is the rounded sum. Each amount moves by less than one öre.
package ore

import (
	"cmp"
	"slices"

	"linesman/schema"
)

// One is one öre.
const One = schema.Micro / 100

// Round rounds amounts by largest remainder: all are rounded down to öre, and what is missing to
// the rounded sum goes, one öre each, to those that lost most; of equals to the first. An amount
// that is whole öre keeps its value.
func Round(exact []schema.Money) []schema.Money { return To(Sum(exact).RoundOre(), exact, nil) }

// To is [Round] to a given sum, which must be whole öre and less than one öre from the exact sum;
// so the rows of a sheet can be rounded to the sheet's amount, which was rounded among sheets.
// prior, if not nil, gives for each amount what it was rounded to before; where there is a choice
// an amount keeps that, so that a change of one does not move others by an öre.
func To(sum schema.Money, exact, prior []schema.Money) []schema.Money {
	out := make([]schema.Money, len(exact))
	order := make([]int, 0, len(exact))
	missing := sum
	for i, m := range exact {
		out[i] = floor(m)
		missing -= out[i]
		if out[i] != m {
			order = append(order, i)
		}
	}
	wish := func(i int) int { // first those that were rounded up before, last those that were rounded down
		switch {
		case prior == nil:
			return 1
		case prior[i] == out[i]+One:
			return 0
		case prior[i] == out[i]:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(wish(a), wish(b)), cmp.Compare(exact[b]-out[b], exact[a]-out[a]))
	})
	n := int(missing / One)
	for _, i := range order[:min(max(n, 0), len(order))] {
		out[i] += One
	}
	return out
}

// Sum adds amounts.
func Sum(amounts []schema.Money) (sum schema.Money) {
	for _, m := range amounts {
		sum += m
	}
	return sum
}

// floor rounds towards minus infinity.
func floor(m schema.Money) schema.Money {
	down := m / One * One
	if down > m {
		down -= One
	}
	return down
}
