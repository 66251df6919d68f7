package allocate

import (
	"math/big"
	"slices"
	"testing"

	"linesman/schema"
)

func TestSplit(t *testing.T) {
	const most = 999_999_999_999_999_999
	cases := []struct {
		amount  schema.Money
		weights []uint64
		want    []schema.Money
	}{
		{100, []uint64{1}, []schema.Money{100}},
		{10, []uint64{1, 1, 1}, []schema.Money{4, 3, 3}},
		{-10, []uint64{1, 1, 1}, []schema.Money{-4, -3, -3}},
		{11, []uint64{1, 1, 1}, []schema.Money{4, 4, 3}},
		{10, []uint64{1, 2, 4}, []schema.Money{1, 3, 6}}, // 1.43, 2.86, 5.71: two are left
		{1, []uint64{0, 1, 3}, []schema.Money{0, 0, 1}},
		{1, []uint64{0, 5, 5}, []schema.Money{0, 1, 0}},
		{0, []uint64{2, 3}, []schema.Money{0, 0}},
		{7, []uint64{0, 0}, []schema.Money{0, 0}},
		{7, nil, nil},
		{most, []uint64{most, most, most}, []schema.Money{most / 3, most / 3, most / 3}},
		{-9_223_372_036_854_775_808, []uint64{1}, []schema.Money{-9_223_372_036_854_775_808}},
	}
	for _, c := range cases {
		if got := Split(c.amount, c.weights); !slices.Equal(got, c.want) {
			t.Errorf("%d by %v: %v, want %v", c.amount, c.weights, got, c.want)
		}
	}
}

// Whatever is divided: the parts add up, each is within a millionth of its share and on its side
// of 0, more weight is never less, and a credit mirrors its charge.
func FuzzSplit(f *testing.F) {
	f.Add(int64(10), uint64(1), uint64(1), uint64(1), uint64(0))
	f.Add(int64(-999_999_999_999_999_999), uint64(1<<63), uint64(1<<63), uint64(1<<63), uint64(3))
	f.Add(int64(1), uint64(0), uint64(0), uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, amount int64, a, b, c, d uint64) {
		if amount == -1<<63 {
			return // has no mirror
		}
		weights := []uint64{a, b, c, d}
		parts, mirror := Split(schema.Money(amount), weights), Split(schema.Money(-amount), weights)
		total, sum := new(big.Int), schema.Money(0)
		for _, n := range weights {
			total.Add(total, new(big.Int).SetUint64(n))
		}
		for i, p := range parts {
			sum += p
			if p != -mirror[i] {
				t.Errorf("%d by %v: part %d is %d, of the credit %d", amount, weights, i, p, mirror[i])
			}
			// |p*total - amount*n| < total
			off := new(big.Int).Mul(big.NewInt(int64(p)), total)
			off.Sub(off, new(big.Int).Mul(big.NewInt(amount), new(big.Int).SetUint64(weights[i])))
			if total.Sign() > 0 && off.CmpAbs(total) >= 0 {
				t.Errorf("%d by %v: part %d is %d, a millionth off", amount, weights, i, p)
			}
			for j, q := range parts {
				if weights[i] > weights[j] && max(p, -p) < max(q, -q) {
					t.Errorf("%d by %v: %v", amount, weights, parts)
				}
			}
		}
		if total.Sign() > 0 && sum != schema.Money(amount) {
			t.Errorf("%d by %v: %v add up to %d", amount, weights, parts, sum)
		}
	})
}
