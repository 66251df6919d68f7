package ore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"linesman/schema"
)

func TestRoundByHand(t *testing.T) {
	for _, c := range []struct{ exact, want []schema.Money }{
		{nil, []schema.Money{}},
		{[]schema.Money{10_000}, []schema.Money{10_000}},
		{[]schema.Money{5_000}, []schema.Money{10_000}},
		{[]schema.Money{-5_000}, []schema.Money{-10_000}},
		{[]schema.Money{3_333, 3_333, 3_334}, []schema.Money{0, 0, 10_000}},
		{[]schema.Money{5_000, 5_000, 5_000}, []schema.Money{10_000, 10_000, 0}}, // 0.015 is 0.02
		{[]schema.Money{-3_333, 3_333}, []schema.Money{0, 0}},                    // of the two the negative one loses most when rounded down
		{[]schema.Money{20_000, 14_999, 14_999}, []schema.Money{20_000, 20_000, 10_000}},
	} {
		got := Round(c.exact)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v is rounded to %v, want %v", c.exact, got, c.want)
		}
	}
}

// Whatever the amounts are: the sum of the rounded is the rounded sum, each moves by less than one
// öre, whole öre stay, and rows rounded to a sheet's amount add up to it.
func TestRoundedAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for range 3_000 {
		groups := make([][]schema.Money, 1+r.IntN(6))
		var sums []schema.Money
		for i := range groups {
			for range r.IntN(8) {
				m := schema.Money(r.Int64N(60_000) - 30_000)
				if r.IntN(4) == 0 {
					m = m / One * One
				}
				groups[i] = append(groups[i], m)
			}
			sums = append(sums, Sum(groups[i]))
		}
		rounded := Round(sums)
		if Sum(rounded) != Sum(sums).RoundOre() {
			t.Fatalf("%v are rounded to %v", sums, rounded)
		}
		for i, g := range groups {
			prior := make([]schema.Money, len(g))
			for j := range prior {
				prior[j] = schema.Money(r.Int64N(6)-3) * One
			}
			for _, got := range [][]schema.Money{To(rounded[i], g, nil), To(rounded[i], g, prior)} {
				if Sum(got) != rounded[i] {
					t.Fatalf("%v to %s: %v", g, rounded[i], got)
				}
				for j := range g {
					if d := got[j] - g[j]; got[j]%One != 0 || d <= -One || d >= One {
						t.Fatalf("%s is rounded to %s", g[j], got[j])
					}
				}
			}
		}
	}
}

func TestEarlierRoundingIsKept(t *testing.T) {
	exact := []schema.Money{5_000, 5_000, 15_000, 25_000}
	prior := []schema.Money{0, 10_000, 10_000, 30_000}
	if got := To(Sum(exact).RoundOre(), exact, prior); !slices.Equal(got, prior) {
		t.Errorf("rounded to %v, was %v", got, prior)
	}
}
