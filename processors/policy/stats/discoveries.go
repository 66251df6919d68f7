package stats

import (
	"cmp"
	"slices"
)

// Discoveries is the outcome of Benjamini and Hochberg's step-up procedure.
type Discoveries struct {
	Found  []bool  // by hypothesis, in the order given
	Count  int     // how many were found
	Judged int     // how many were judged
	Cut    float64 // level at which p-values were found: Count·q/Judged; 0 when none was
}

// BenjaminiHochberg finds the hypotheses whose p-values stand out among all that were
// tested, so that the expected share of false ones among those found is at most q: with
// the p-values in ascending order, the greatest k with p(k) ≤ k·q/m, and all up to it. It
// holds for independent tests and for such as depend on each other positively.
func BenjaminiHochberg(p []float64, q float64) Discoveries {
	m := len(p)
	d := Discoveries{Found: make([]bool, m), Judged: m}
	order := make([]int, m)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	for k := m; k > 0; k-- {
		if p[order[k-1]]*float64(m) <= float64(k)*q {
			d.Count = k
			break
		}
	}
	for _, i := range order[:d.Count] {
		d.Found[i] = true
	}
	if m > 0 {
		d.Cut = float64(d.Count) * q / float64(m)
	}
	return d
}
