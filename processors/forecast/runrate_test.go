package forecast

import (
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

func kr(work, others, fees int64) Spent {
	return Spent{schema.Kronor(work), schema.Kronor(others), schema.Kronor(fees)}
}

func TestRunRate(t *testing.T) {
	usual := []Usual{{Days{20, 10}, kr(2000, 100, 500)}, {Days{22, 8}, kr(2200, 80, 520)}, {Days{21, 10}, kr(2100, 100, 510)}}
	for _, tc := range []struct {
		name        string
		pace        Pace
		month       string
		share, left string
		none        bool
	}{
		// A working day weighs 100, another one 10: the month is 20·100+10·10 = 2100, of which 10·100+5·10 = 1050 are over.
		{name: "half of it, fees paid", pace: Pace{Days{20, 10}, Days{10, 5}, kr(1200, 60, 510), usual}, month: "3030", share: "1/2", left: "35/87"}, // 1050/2610
		// The first weekend: 2·10 of 2100. Nothing told by days alone would be far off.
		{name: "a weekend alone", pace: Pace{Days{20, 10}, Days{0, 2}, kr(0, 20, 510), usual}, month: "2610", share: "1/105", left: "208/261"},
		{name: "fees still to come", pace: Pace{Days{20, 10}, Days{10, 5}, kr(1050, 0, 0), usual}, month: "2610", share: "1/2", left: "52/87"},     // (1050+510)/2610
		{name: "more fees than usual", pace: Pace{Days{20, 10}, Days{10, 5}, kr(1050, 0, 600), usual}, month: "2700", share: "1/2", left: "35/87"}, // fees do not repeat
		{name: "nothing known", pace: Pace{Days{20, 10}, Days{5, 1}, kr(100, 0, 50), nil}, month: "550", share: "1/5", left: "4/5"},                // by days
		{name: "only fees before", pace: Pace{Days{20, 10}, Days{5, 1}, kr(0, 0, 50), []Usual{{Days{20, 10}, kr(0, 0, 100)}}}, month: "100", share: "1/5", left: "1/2"},
		{name: "the whole month", pace: Pace{Days{20, 10}, Days{20, 10}, kr(1234, 5, 510), usual}, month: "1749", share: "1/1", left: "0/1"},
		{name: "no day over", pace: Pace{Days{20, 10}, Days{}, Spent{}, usual}, none: true},
		{name: "credits only", pace: Pace{Days{20, 10}, Days{10, 5}, kr(-100, 0, 0), usual}, month: "310", share: "1/2", left: "52/87"}, // −200 and the fees
	} {
		r, ok := RunRate(tc.pace)
		if ok == tc.none {
			t.Errorf("%s: %v", tc.name, ok)
			continue
		}
		if !ok {
			continue
		}
		if r.Month != amount(t, tc.month) || r.Share.String() != tc.share || r.Left.String() != tc.left {
			t.Errorf("%s: %s, share %s, left %s; want %s, %s, %s", tc.name, r.Month, r.Share, r.Left, tc.month, tc.share, tc.left)
		}
	}
}

// TestRunRateProperties: what was used and multiplied multiplies the rate (to an öre); with more
// days gone for the same money the rate is no higher.
func TestRunRateProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		p := Pace{Days: Days{20 + rng.Int64N(3), 8 + rng.Int64N(3)}}
		for range rng.IntN(7) {
			p.Past = append(p.Past, Usual{Days{20 + rng.Int64N(3), 9}, Spent{schema.Money(rng.Int64N(1e12)), schema.Money(rng.Int64N(1e11)), 0}})
		}
		p.Gone = Days{1 + rng.Int64N(15), rng.Int64N(6)}
		p.Spent = Spent{Workdays: schema.Money(rng.Int64N(1e12)), Others: schema.Money(rng.Int64N(1e10))}
		a, ok := RunRate(p)
		if !ok {
			continue
		}
		if a.Month.RoundOre() != a.Month || a.Month+schema.Ore(1) < p.Spent.Total() {
			t.Fatalf("%+v: %s is less than what is spent", p, a.Month)
		}
		double := p
		double.Spent = Spent{p.Spent.Workdays * 2, p.Spent.Others * 2, 0}
		if b, _ := RunRate(double); b.Month > 2*a.Month+schema.Ore(2) || b.Month < 2*a.Month-schema.Ore(2) {
			t.Fatalf("%+v: %s doubled is %s", p, a.Month, b.Month)
		}
		later := p
		later.Gone.Workdays++
		if b, _ := RunRate(later); b.Month > a.Month {
			t.Fatalf("%+v: a day later the same money makes %s and not %s", p, b.Month, a.Month)
		}
	}
}

func TestAnnualised(t *testing.T) {
	if m, err := Annualised(schema.Kronor(100), 100, 365); err != nil || m != schema.Kronor(365) {
		t.Errorf("%s, %v", m, err)
	}
	if _, err := Annualised(schema.Kronor(100), 0, 365); err == nil {
		t.Error("a year of no days is no error")
	}
}
