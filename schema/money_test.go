package schema_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

// most is the largest amount of Decimal(18, 6).
const most = 999_999_999_999_999_999

func TestMoneyIsReadAsItIsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	amounts := []schema.Money{0, 1, -1, schema.Micro, -schema.Micro, most, -most, 10_000, 9_999, 999_999, 1_000_001}
	for range 20_000 {
		amounts = append(amounts, schema.Money(int64(r.Uint64())>>r.UintN(64)%most))
	}
	for _, m := range amounts {
		got, err := schema.ParseMoney(m.String())
		if err != nil || got != m {
			t.Fatalf("%d is written %s and read as %d, %v", int64(m), m, int64(got), err)
		}
		// The written form is the number itself.
		f, ok := new(big.Rat).SetString(m.String())
		if !ok || f.Cmp(big.NewRat(int64(m), int64(schema.Micro))) != 0 {
			t.Fatalf("%d is written %s", int64(m), m)
		}
	}
}

func TestMoneyForms(t *testing.T) {
	for m, want := range map[schema.Money]string{
		0: "0.00", 1: "0.000001", -1: "-0.000001", schema.Ore(5): "0.05", schema.Ore(-150): "-1.50", schema.Kronor(79): "79.00",
		1_234_567: "1.234567", 1_230_000: "1.23", 1_200_000: "1.20", 1_234_500: "1.2345", most: "999999999999.999999", math.MinInt64: "-9223372036854.775808",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d is written %s, want %s", int64(m), got, want)
		}
	}
}

func TestParseMoney(t *testing.T) {
	for in, want := range map[string]schema.Money{
		"0": 0, "-0": 0, "+0.0": 0, ".5": 500_000, "5.": 5_000_000, "-.000001": -1, "+1.5": 1_500_000, "0012.30": 12_300_000, "1.230000000": 1_230_000,
		"999999999999.999999": most, "-999999999999.999999": -most, "0000000000000000001": 1_000_000,
	} {
		if got, err := schema.ParseMoney(in); err != nil || got != want {
			t.Errorf("%q is read as %d, %v; want %d", in, int64(got), err, int64(want))
		}
	}
	for _, in := range []string{"", "-", "+", ".", "-.", "1,5", "1 000", "1e3", "--1", "+-1", "1.2.3", "0x10", "1.0000001", "12kr", "NaN", "∞", "１", "1_000", "1.-5", "1.5 ", " 1"} {
		if got, err := schema.ParseMoney(in); err == nil || got != 0 {
			t.Errorf("%q is read as %d, %v; want an error", in, int64(got), err)
		}
	}
	for _, in := range []string{"1000000000000", "-1000000000000.000000", "99999999999999999999"} {
		if _, err := schema.ParseMoney(in); !errors.Is(err, schema.ErrMoneyRange) {
			t.Errorf("%q: %v, want ErrMoneyRange", in, err)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"1.5", "-0.000001", "999999999999.999999", ".", "1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := schema.ParseMoney(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(big.NewRat(int64(m), int64(schema.Micro))) != 0 || m > most || m < -most {
			t.Fatalf("%q is read as %d", s, int64(m))
		}
	})
}

// mulDiv is the slow and plain way: exact fractions, rounded half away from zero.
func mulDiv(m, n, d int64) (*big.Int, bool) {
	p := new(big.Int).Mul(big.NewInt(m), big.NewInt(n))
	abs := new(big.Int).Abs(p)
	q, rest := new(big.Int).QuoRem(abs, big.NewInt(d), new(big.Int))
	if rest.Lsh(rest, 1).Cmp(big.NewInt(d)) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	inside := q.Cmp(big.NewInt(most)) <= 0
	if p.Sign() < 0 {
		q.Neg(q)
	}
	return q, inside
}

func checkMulDiv(t *testing.T, m, n, d int64) {
	t.Helper()
	want, inside := mulDiv(m, n, d)
	got, err := schema.Money(m).MulDiv(n, d)
	if inside && (err != nil || int64(got) != want.Int64()) || !inside && (!errors.Is(err, schema.ErrMoneyRange) || got != 0) {
		t.Fatalf("%d * %d / %d = %d, %v; want %v, inside the range: %v", m, n, d, int64(got), err, want, inside)
	}
}

func TestMulDiv(t *testing.T) {
	edges := []int64{0, 1, -1, 2, 3, -3, 59, 60, 999_999, 1_000_000, 1 << 31, -1 << 31, 1<<32 + 1, most, -most, most + 1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1,
		math.MaxInt64 / 2, math.MaxInt64/2 + 1, math.MinInt64 / 2, math.MinInt64/2 - 1, 3_037_000_499, 3_037_000_500}
	for _, m := range edges {
		for _, n := range edges {
			for _, d := range edges {
				if d > 0 {
					checkMulDiv(t, m, n, d)
				} else if _, err := schema.Money(m).MulDiv(n, d); err == nil {
					t.Errorf("dividing by %d gave no error", d)
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(2, 2))
	draw := func() int64 { return int64(r.Uint64()) >> r.UintN(64) }
	for range 200_000 {
		checkMulDiv(t, draw(), draw(), max(1, draw()))
	}
	for range 20_000 { // exact halves, and one beside them
		d := 2 * (1 + r.Int64N(1<<30))
		half := d/2 + d*(r.Int64N(1<<20)-1<<19)
		for _, p := range []int64{half - 1, half, half + 1} {
			checkMulDiv(t, p, 1, d)
			checkMulDiv(t, p, -1, d)
		}
	}
}

func TestRoundOre(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0.00", "0.004999": "0.00", "0.005": "0.01", "-0.004999": "0.00", "-0.005": "-0.01", "-0.015": "-0.02", "1.994999": "1.99", "1.995": "2.00", "2.675": "2.68", "-2.675": "-2.68",
		"999999999999.994999": "999999999999.99", "-999999999999.99": "-999999999999.99",
	} {
		m, err := schema.ParseMoney(in)
		if got := m.RoundOre(); err != nil || got.String() != want {
			t.Errorf("%s is rounded to %s, want %s", in, got, want)
		}
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range 20_000 {
		m := schema.Money(int64(r.Uint64()) >> r.UintN(64) % most)
		want, _ := mulDiv(int64(m), 1, int64(schema.Ore(1)))
		if got := m.RoundOre(); int64(got) != want.Int64()*int64(schema.Ore(1)) {
			t.Fatalf("%s is rounded to %s", m, got)
		}
	}
}
