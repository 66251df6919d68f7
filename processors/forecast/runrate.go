package forecast

import (
	"math/big"
	"slices"

	"linesman/schema"
)

// Spent is what a month, or a part of one, came to, told apart by days.
type Spent struct {
	Workdays schema.Money // use on working days
	Others   schema.Money // use on weekends and public holidays
	Fees     schema.Money // what comes once a month, whatever the day
}

// Total is all of it.
func (s Spent) Total() schema.Money { return s.Workdays + s.Others + s.Fees }

// Days counts the days of a month, or of a part of one.
type Days struct{ Workdays, Others int64 }

// Pace is the month under way.
type Pace struct {
	Days  Days    // of the whole month
	Gone  Days    // days of it that are over
	Spent Spent   // on those days
	Past  []Usual // whole months before it
}

// Usual is a whole month: its days, and what was spent on them.
type Usual struct {
	Days  Days
	Spent Spent
}

// Rate is a run rate.
type Rate struct {
	// Month is what the month comes to if it goes on as it began, rounded to öre.
	Month schema.Money
	// Share of a usual month's use that falls on the days that are over.
	Share *big.Rat
	// Left is the share of a usual month's amount, fees included, that is still to come.
	Left *big.Rat
}

// RunRate scales what was used by the share of a usual month that falls on the days so far.
// A working day and another day weigh as the mean use on such days in the past months; where
// nothing is known of them, every day weighs the same. Fees come at once and are not scaled:
// of a month with fewer fees than the median of the past, the rest is still to come. Not ok
// where no day is over, or the usual use on the days so far is nothing or less: then there is
// nothing to scale by. All of it is exact.
func RunRate(p Pace) (Rate, bool) {
	workday, other, known := p.weights()
	usual := weigh(p.Days, workday, other)
	gone := weigh(p.Gone, workday, other)
	if usual.Sign() <= 0 || gone.Sign() <= 0 {
		return Rate{}, false
	}
	share := new(big.Rat).Quo(gone, usual)
	use := money(p.Spent.Workdays + p.Spent.Others)
	month := new(big.Rat).Quo(use, share)

	usualFees := money(p.fees())
	owed := new(big.Rat).Sub(usualFees, money(p.Spent.Fees))
	if owed.Sign() < 0 {
		owed = new(big.Rat)
	}
	month.Add(month, owed).Add(month, money(p.Spent.Fees))

	left := new(big.Rat).Sub(big.NewRat(1, 1), share)
	if !known {
		usual = new(big.Rat) // weights of one are days, not amounts
	}
	if whole := new(big.Rat).Add(usual, usualFees); usualFees.Sign() >= 0 && whole.Sign() > 0 {
		left.Mul(left, usual)
		left.Add(left, owed).Quo(left, whole)
	}
	return Rate{Month: rounded(month), Share: share, Left: left}, true
}

// weights are the mean use on a working day and on another day, in millionths. Where one of
// them is not known, or nothing was used at all, both are one.
func (p Pace) weights() (workday, other *big.Rat, known bool) {
	var days Days
	var spent Spent
	for _, m := range p.Past {
		days.Workdays, days.Others = days.Workdays+m.Days.Workdays, days.Others+m.Days.Others
		spent.Workdays, spent.Others = spent.Workdays+m.Spent.Workdays, spent.Others+m.Spent.Others
	}
	if days.Workdays == 0 || days.Others == 0 || spent.Workdays < 0 || spent.Others < 0 || spent.Workdays+spent.Others == 0 {
		return big.NewRat(1, 1), big.NewRat(1, 1), false
	}
	return big.NewRat(int64(spent.Workdays), days.Workdays), big.NewRat(int64(spent.Others), days.Others), true
}

func weigh(d Days, workday, other *big.Rat) *big.Rat {
	w := new(big.Rat).Mul(workday, big.NewRat(d.Workdays, 1))
	return w.Add(w, new(big.Rat).Mul(other, big.NewRat(d.Others, 1)))
}

// fees is the median of the past months' fees; of an even number the lower of the two in the middle.
func (p Pace) fees() schema.Money {
	if len(p.Past) == 0 {
		return 0
	}
	list := make([]schema.Money, len(p.Past))
	for i, m := range p.Past {
		list[i] = m.Spent.Fees
	}
	slices.Sort(list)
	return list[(len(list)-1)/2]
}

func money(m schema.Money) *big.Rat { return new(big.Rat).SetInt64(int64(m)) }

// rounded rounds to öre, half away from zero, once.
func rounded(r *big.Rat) schema.Money {
	const ore = int64(schema.Micro / 100)
	q := new(big.Rat).Quo(r, new(big.Rat).SetInt64(ore))
	n, d := new(big.Int).Abs(q.Num()), q.Denom()
	n.Add(n.Lsh(n, 1), d).Quo(n, new(big.Int).Lsh(d, 1)) // (2n+d)/2d
	const most = 99_999_999_999_999                      // öre, as many as the store takes
	if !n.IsInt64() || n.Int64() > most {
		n.SetInt64(most)
	}
	if q.Sign() < 0 {
		n.Neg(n)
	}
	return schema.Money(n.Int64() * ore)
}

// Annualised is what a year comes to if the rest of it goes on like the days so far: exact,
// rounded to a millionth.
func Annualised(spent schema.Money, gone, days int64) (schema.Money, error) {
	return spent.MulDiv(days, gone)
}
