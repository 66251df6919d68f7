package allocate

import (
	"cmp"
	"math/big"
	"slices"

	"linesman/schema"
)

// Split divides an amount by weights, exactly: the parts add up to it, each is within a millionth
// of its share, and the millionths that are left go to the largest remainders, of equal ones to
// the first. A credit is divided as a charge of the same size. Without weights above 0 there is
// nothing to divide by: every part is 0 and the amount stays the caller's.
func Split(amount schema.Money, weights []uint64) []schema.Money {
	out := make([]schema.Money, len(weights))
	total, size := new(big.Int), new(big.Int).Abs(big.NewInt(int64(amount)))
	for _, n := range weights { // weights are up to 10^18 each: their sum may be beyond 64 bits
		total.Add(total, new(big.Int).SetUint64(n))
	}
	if total.Sign() == 0 {
		return out
	}
	order, rests, left := make([]int, len(weights)), make([]*big.Int, len(weights)), new(big.Int).Set(size)
	for i, n := range weights {
		part, rest := new(big.Int).SetUint64(n), new(big.Int)
		part.Mul(part, size).QuoRem(part, total, rest)
		left.Sub(left, part)
		order[i], rests[i], out[i] = i, rest, schema.Money(part.Int64())
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(rests[b].Cmp(rests[a]), cmp.Compare(a, b)) })
	for _, i := range order[:left.Int64()] { // fewer than there are remainders above 0
		out[i]++
	}
	if amount < 0 {
		for i := range out {
			out[i] = -out[i]
		}
	}
	return out
}
