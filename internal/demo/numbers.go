package demo

import (
	"fmt"
	"math/rand/v2"
)

// pool holds the numbers of the outside world.
type pool struct {
	mobile  []string // first the numbers for fiction, then made-up ones
	fixed   []string // all from the series for fiction
	foreign []foreign
}

type foreign struct{ number, country string }

func newPool(rng *rand.Rand) pool {
	var p pool
	for i := 60; i < 100; i++ { // 070-174 06 60 to 99; those below are the organisation's own
		p.mobile = append(p.mobile, fmt.Sprintf("+467017406%02d", i))
	}
	for _, i := range rng.Perm(100000)[:6000] {
		p.mobile = append(p.mobile, fmt.Sprintf("+467399%05d", i))
	}
	for i := range 100 {
		p.fixed = append(p.fixed, fmt.Sprintf("+468465004%02d", i), fmt.Sprintf("+463139006%02d", i),
			fmt.Sprintf("+46406280%03d", 400+i), fmt.Sprintf("+46980319%03d", 200+i))
	}
	for i := range 60 {
		p.foreign = append(p.foreign,
			foreign{fmt.Sprintf("+472200%04d", 1000+31*i), "NO"}, foreign{fmt.Sprintf("+453312%04d", 1000+37*i), "DK"},
			foreign{fmt.Sprintf("+358912%05d", 10000+41*i), "FI"}, foreign{fmt.Sprintf("+493012%05d", 30000+43*i), "DE"},
			foreign{fmt.Sprintf("+442079460%03d", i), "GB"}, foreign{fmt.Sprintf("+120255501%02d", i), "US"})
	}
	return p
}

// pick prefers numbers early in the list, as people call some numbers again and again.
func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(rng.IntN(len(from))+1)] }

// lengths is a table of durations in seconds, log-normal around a median: drawing from it
// is an index, not an exponential.
type lengths []int32

func newLengths(rng *rand.Rand, median, sigma float64, least, most int32) lengths {
	l := make(lengths, 1<<12)
	for i := range l {
		v := int32(median * expApprox(sigma*rng.NormFloat64()))
		l[i] = max(least, min(most, v))
	}
	return l
}

// expApprox is e^x by its power series: the same bits on every processor, which the library
// function does not promise.
func expApprox(x float64) float64 {
	if x < 0 {
		return 1 / expApprox(-x)
	}
	sum, term := 1.0, 1.0
	for i := 1; i < 40; i++ {
		term = float64(term * x / float64(i))
		sum = float64(sum + term)
	}
	return sum
}

func (l lengths) draw(rng *rand.Rand) int32 { return l[rng.Uint32()&(1<<12-1)] }
