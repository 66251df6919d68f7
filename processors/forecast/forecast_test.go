package forecast

import (
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

// months makes a series that begins in January 2024, in kronor.
func months(kronor ...int64) []Point {
	var out []Point
	month := schema.Date(2024, 1, 1)
	for _, k := range kronor {
		out = append(out, Point{month, schema.Kronor(k)})
		month = (month + 31).Month()
	}
	return out
}

func parts(ms ...schema.Day) []Part {
	var out []Part
	for _, m := range ms {
		out = append(out, Part{m, 1})
	}
	return out
}

func amount(t *testing.T, s string) schema.Money {
	t.Helper()
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestByHand holds forecasts against what was worked out with a pocket calculator and a table
// of Student's distribution (t 0.90 and 0.975: of 1 degree of freedom 3.07768 and 12.70620, of
// 2 1.88562 and 4.30265).
func TestByHand(t *testing.T) {
	jan25 := schema.Date(2025, 1, 1)
	year := []int64{100, 90, 110, 100, 100, 100, 60, 70, 100, 110, 120, 130}
	thirteen := months(append(append([]int64{}, year...), 112)...)
	for _, tc := range []struct {
		name                     string
		make                     func([]Point) (*Model, bool)
		points                   []Point
		parts                    []Part
		want, l80, h80, l95, h95 string
	}{
		// One change, 12: the interval of February is 90 ± t·12.
		{"naive", NewSeasonalNaive, thirteen, parts(jan25 + 31), "90", "53.07", "126.93", "-62.47", "242.47"},
		// Two months: 90+110 ± t·12·√2.
		{"naive, two months", NewSeasonalNaive, thirteen, parts(jan25+31, jan25+59), "200", "147.77", "252.23", "-15.63", "415.63"},
		// March 2026 is two years after the last March: 110 ± t·12·√2.
		{"naive, March in two years", NewSeasonalNaive, thirteen, parts(schema.Date(2026, 3, 1)), "110", "57.77", "162.23", "-105.63", "325.63"},
		// Half a month: 45 ± t·12·√0.5.
		{"naive, half of February", NewSeasonalNaive, thirteen, []Part{{jan25 + 31, 0.5}}, "45", "18.88", "71.12", "-62.82", "152.82"},
		// Mean 110, standard deviation 10 with 2 degrees of freedom: 110 ± t·10·√(1+1/3).
		{"mean", NewMean, months(100, 110, 120), parts(jan25), "110", "88.23", "131.77", "60.32", "159.68"},
		// A line of 10 a month without noise: slope 10 for every pair, nothing remains, the interval is a point.
		{"trend", NewTrend, months(10, 20, 30, 40, 50), parts(schema.Date(2024, 7, 1), schema.Date(2024, 8, 1)), "150", "150", "150", "150", "150"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, ok := tc.make(tc.points)
			if !ok {
				t.Fatal("no model")
			}
			f := m.Sum(tc.parts...)
			if f.Amount != amount(t, tc.want) || *f.In80 != (Interval{amount(t, tc.l80), amount(t, tc.h80)}) || *f.In95 != (Interval{amount(t, tc.l95), amount(t, tc.h95)}) {
				t.Errorf("%s in %v, %v; want %s in %s–%s, %s–%s", f.Amount, *f.In80, *f.In95, tc.want, tc.l80, tc.h80, tc.l95, tc.h95)
			}
		})
	}
}

// TestTrendByHand: 10, 20, 30, 70 has the pairwise slopes 10, 10, 10, 20, 25, 40, so 15; what remains of
// it at months 0 to 3 is 10, 5, 0, 25, so the level is 7.50 and April 2024 + 1 is 7.50 + 4·15. Squares
// 2.5², 2.5², 7.5², 17.5² make 375; with 2 degrees of freedom the deviation is √187.5 = 13.6931. Of S the
// variance is 26/3; ranks (6 ∓ 1.28155·2.94392)/2 are 1.11 and 4.89 + 1, so the slopes lie in 10–40
// (rounded ranks 1 and 6); May is 2.5 months from the middle.
func TestTrendByHand(t *testing.T) {
	m, ok := NewTrend(months(10, 20, 30, 70))
	if !ok {
		t.Fatal("no model")
	}
	f := m.Sum(Part{schema.Date(2024, 5, 1), 1})
	// Around the line: t·13.6931·√(1 + 1/4) = 28.8678; below: hypot(28.8678, 5·2.5), above: hypot(28.8678, 25·2.5).
	if f.Amount != amount(t, "67.50") || *f.In80 != (Interval{amount(t, "36.04"), amount(t, "136.34")}) {
		t.Errorf("%s in %v", f.Amount, *f.In80)
	}
}

func TestTrendWithSeasons(t *testing.T) {
	var points []Point
	month := schema.Date(2023, 1, 1)
	for i := range 30 { // July is half, and a month costs 5 more than the one before
		v := int64(1000 + 5*i)
		if i%12 == 6 {
			v -= 500
		}
		points = append(points, Point{month, schema.Kronor(v)})
		month = (month + 31).Month()
	}
	m, ok := NewTrend(points)
	if !ok {
		t.Fatal("no model")
	}
	if f := m.Sum(Part{schema.Date(2025, 7, 1), 1}); f.Amount != schema.Kronor(1000+5*30-500) {
		t.Errorf("July is foreseen as %s", f.Amount)
	}
	points[20].Amount = schema.Kronor(90000) // one bad month turns nothing
	if m, ok = NewTrend(points); !ok {
		t.Fatal("no model")
	}
	if f := m.Sum(Part{schema.Date(2025, 7, 1), 1}); f.Amount != schema.Kronor(1000+5*30-500) {
		t.Errorf("with one bad month July is foreseen as %s", f.Amount)
	}
}

func TestChoose(t *testing.T) {
	season := []int64{100, 200, 300, 400, 500, 600, 700, 800, 900, 800, 500, 300}
	twice := append(append([]int64{}, season...), season...)
	var rising []int64
	for i := range 30 {
		rising = append(rising, int64(100+10*i))
	}
	gap := months(twice...)
	gap = append(gap[:15:15], gap[16:]...)
	for _, tc := range []struct {
		name        string
		points      []Point
		method, why string
	}{
		{"one month", months(5), Mean, WhyTooFew},
		{"three months", months(5, 6, 7), Mean, WhyTooFew},
		{"four months", months(5, 6, 7, 8), Trend, WhyShort},
		{"twelve months", months(season...), Trend, WhyShort},
		{"fifteen months", months(append(append([]int64{}, season...), 100, 200, 300)...), Trend, WhyUntried},
		{"two equal years", months(twice...), SeasonalNaive, WhySmallerError},
		{"a steady rise", months(rising...), Trend, WhySmallerError},
		{"a gap in the last year", gap, Trend, WhyShort},
	} {
		c, ok := Choose(tc.points)
		if !ok || c.Method() != tc.method || c.Why != tc.why {
			t.Errorf("%s: %v %s, %s; want %s, %s", tc.name, ok, c.Method(), c.Why, tc.method, tc.why)
		}
	}
	if _, ok := Choose(nil); ok {
		t.Error("something is foreseen of nothing")
	}
	c, _ := Choose(months(rising...))
	if len(c.Errors) != 2 || c.Errors[0].Mean != schema.Kronor(120) || c.Errors[0].Months != 6 || c.Errors[1].Mean != 0 {
		t.Errorf("errors %+v", c.Errors)
	}
	c, _ = Choose(months(5))
	if f := c.Sum(Part{schema.Date(2025, 1, 1), 1}); f.In80 != nil || f.Amount != schema.Kronor(5) {
		t.Errorf("of one month: %+v", f)
	}
}

// TestProperties holds what must be so of any series: the interval contains the point, the
// wider one contains the narrower one, amounts moved or multiplied move or multiply what is
// foreseen (to an öre, for it is rounded), and the order of points does not matter.
func TestProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	for range 400 {
		n := 1 + rng.IntN(40)
		points := make([]Point, n)
		month := schema.Date(2022, 1, 1)
		for i := range points {
			points[i] = Point{month, schema.Money(rng.Int64N(5_000_000_000) - 500_000_000)}
			month = (month + 31).Month()
			if rng.IntN(15) == 0 {
				month = (month + 31).Month()
			}
		}
		ahead := []Part{{month, rng.Float64()}, {(month + 31).Month(), 1}}
		weight := ahead[0].Left + 1
		for name, fit := range map[string]func([]Point) (*Model, bool){SeasonalNaive: NewSeasonalNaive, Trend: NewTrend, Mean: NewMean} {
			m, ok := fit(points)
			if !ok {
				continue
			}
			f := m.Sum(ahead...)
			if f.In80 != nil && !(f.In95.Low <= f.In80.Low && f.In80.Low <= f.Amount && f.Amount <= f.In80.High && f.In80.High <= f.In95.High) {
				t.Fatalf("%s of %d months: %s in %v in %v", name, n, f.Amount, *f.In80, *f.In95)
			}
			moved, times, mixed := make([]Point, n), make([]Point, n), make([]Point, n)
			by := schema.Money(rng.Int64N(1_000_000_000))
			for i, p := range points {
				moved[i], times[i] = Point{p.Month, p.Amount + by}, Point{p.Month, p.Amount * 3}
			}
			for i, j := range rng.Perm(n) {
				mixed[i] = points[j]
			}
			check := func(what string, series []Point, want func(schema.Money) float64) {
				t.Helper()
				m, _ := fit(series)
				g := m.Sum(ahead...)
				same := func(a, b schema.Money) bool {
					d := float64(a) - want(b)
					return d < 20_001 && d > -20_001 // both rounded to öre, one of them times three
				}
				if !same(g.Amount, f.Amount) || f.In80 != nil && !(same(g.In80.Low, f.In80.Low) && same(g.In80.High, f.In80.High) && same(g.In95.Low, f.In95.Low) && same(g.In95.High, f.In95.High)) {
					t.Fatalf("%s of %d months, %s: %+v becomes %+v", name, n, what, f, g)
				}
			}
			check("moved", moved, func(a schema.Money) float64 { return float64(a) + float64(by)*weight })
			check("times three", times, func(a schema.Money) float64 { return 3 * float64(a) })
			if m, _ := fit(mixed); m.Sum(ahead...).Amount != f.Amount {
				t.Fatalf("%s: the order of months matters", name)
			}
		}
	}
}

// TestMonotone: where any month came to more, no less is foreseen by the mean and the seasonal naive.
func TestMonotone(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		points := months(make([]int64, 14+rng.IntN(20))...)
		for i := range points {
			points[i].Amount = schema.Money(rng.Int64N(1e12))
		}
		more := append([]Point{}, points...)
		more[rng.IntN(len(more))].Amount += schema.Money(rng.Int64N(1e10))
		next := Part{(points[len(points)-1].Month + 31).Month(), 1}
		for _, fit := range []func([]Point) (*Model, bool){NewSeasonalNaive, NewMean} {
			a, _ := fit(points)
			b, _ := fit(more)
			if a.Sum(next).Amount > b.Sum(next).Amount {
				t.Fatalf("%s: %s became %s", a.Method(), a.Sum(next).Amount, b.Sum(next).Amount)
			}
		}
	}
}
