package budgets

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"linesman/processors/covered"
	"linesman/processors/forecast"
	"linesman/schema"
)

// usualMonths is how many whole months tell what a usual month is for the run rate.
const usualMonths = 6

// planned is what a place's goals come to in a month.
type planned struct {
	amount schema.Money
	goals  []string
}

// plan lays the goals out over the months of the budget year. What holds on the first day of a
// month is the month's budget, as in the console; several goals for the same place add up.
func (l *loader) plan() map[place]map[schema.Day]planned {
	out := map[place]map[schema.Day]planned{}
	for _, m := range l.year() {
		for _, goal := range l.order {
			s, ok := l.inForce(goal, m)
			if !ok || s.place == (place{}) || l.in.CostCentre != "" && s.place.centre != l.in.CostCentre || l.in.Unit != "" && s.place.unit != l.in.Unit {
				continue
			}
			if out[s.place] == nil {
				out[s.place] = map[schema.Day]planned{}
			}
			p := out[s.place][m]
			out[s.place][m] = planned{p.amount + s.amount, append(slices.Clone(p.goals), goal)}
		}
	}
	return out
}

// year lists the months of the budget year.
func (l *loader) year() []schema.Day {
	year := l.month.At(time.UTC).Year()
	out := make([]schema.Day, 12)
	for i := range out {
		out[i] = schema.Date(year, time.Month(i+1), 1)
	}
	return out
}

func (l *loader) report() (Report, error) {
	r := Report{Month: l.month.String(), AsOf: l.asOf.String(), Whole: l.whole, Cost: l.cost, Unbudgeted: l.cost, Budgets: []Budget{}}
	plans := l.plan()
	places := make([]place, 0, len(plans))
	for p := range plans {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.centre, b.centre))
	})
	for _, p := range places {
		b, err := l.follow(p, plans[p])
		if err != nil {
			return r, fmt.Errorf("cost centre %q, unit %q: %w", p.centre, p.unit, err)
		}
		if p.unit == "" && b.Month.Budgeted {
			r.Unbudgeted -= b.Month.Outcome
			r.Total = r.Total.add(b.Month.Line)
		}
		r.Budgets = append(r.Budgets, b)
	}
	return r, nil
}

// follow follows one place up.
func (l *loader) follow(p place, plan map[schema.Day]planned) (Budget, error) {
	b := Budget{CostCentre: p.centre, Unit: p.unit, Name: l.name(p)}
	outlook := l.foresee(p)
	if c := outlook.choice; c.Model != nil {
		b.Year.Method, b.Year.Why, b.Year.History, b.Year.Errors = c.Method(), c.Why, c.Months(), c.Errors
	}
	b.RunRate = outlook.rate
	for _, m := range l.year() {
		month := l.monthOf(p, m, plan)
		if m >= l.month && !(m == l.month && l.whole) {
			month.Forecast = outlook.month(m)
		}
		switch {
		case m == l.month:
			b.Month, b.Goals = month, plan[m].goals
			b.Verdict = l.monthVerdict(month, b.RunRate)
			fallthrough
		case m < l.month:
			if month.Budgeted && month.Covered {
				b.YearToDate = b.YearToDate.add(month.Line)
			}
		}
		b.Months = append(b.Months, month)
	}
	if b.Goals == nil {
		for _, m := range l.year() {
			b.Goals = append(b.Goals, plan[m].goals...)
		}
		slices.Sort(b.Goals)
		b.Goals = slices.Compact(b.Goals)
	}
	l.sumYear(&b, outlook)
	var err error
	b.Annualised, err = l.annualised(p)
	return b, err
}

func (l *loader) name(p place) string {
	if p.unit != "" {
		return l.names[place{unit: p.unit}]
	}
	return l.names[place{centre: p.centre}]
}

func (l *loader) monthOf(p place, m schema.Day, plan map[schema.Day]planned) Month {
	of, budgeted := plan[m]
	out := Month{Month: m.String(), Budgeted: budgeted, Covered: l.recorded[m] && m <= l.month, Line: line(of.amount, l.of(p, m).all.Total())}
	if !budgeted {
		out.Line = Line{Outcome: out.Outcome}
	}
	return out
}

// annualised scales what was spent in the year, on the days of it that the data cover and that
// are over, to the whole year.
func (l *loader) annualised(p place) (*schema.Money, error) {
	months := l.year()
	begin, end := max(months[0], l.first), l.asOf
	var sum schema.Money
	for _, m := range months {
		if m <= l.month {
			sum += l.of(p, m).all.Total()
		}
	}
	if !l.whole { // the newest day may be coming in still
		end--
		sum -= l.of(p, l.month).newest.Total()
	}
	if end < begin {
		return nil, nil
	}
	out, err := forecast.Annualised(sum, int64(end-begin+1), int64(covered.Next(months[11])-months[0]))
	if err != nil {
		return nil, fmt.Errorf("working out a year's cost: %w", err)
	}
	return &out, nil
}

// series are the whole months before the one under way, from the first in which the place spent
// anything. A month of which nothing is recorded at all is a gap.
func (l *loader) series(p place) []forecast.Point {
	var out []forecast.Point
	for m := l.from; m <= l.month; m = covered.Next(m) {
		if m < l.first || !l.recorded[m] || m == l.month && !l.whole {
			continue
		}
		if s := l.spent[p][m]; s != nil || len(out) > 0 {
			out = append(out, forecast.Point{Month: m, Amount: l.of(p, m).all.Total()})
		}
	}
	return out
}

// pace is how the month under way goes on: the newest day is not over.
func (l *loader) pace(p place) forecast.Pace {
	now := l.of(p, l.month)
	out := forecast.Pace{Days: l.days(l.month, covered.End(l.month)), Gone: l.days(l.month, l.asOf-1)}
	out.Spent = forecast.Spent{Workdays: now.all.Workdays - now.newest.Workdays, Others: now.all.Others - now.newest.Others, Fees: now.all.Fees - now.newest.Fees}
	months := l.series(p)
	for _, m := range months[max(0, len(months)-usualMonths):] {
		out.Past = append(out.Past, forecast.Usual{Days: l.days(m.Month, covered.End(m.Month)), Spent: l.of(p, m.Month).all})
	}
	return out
}

func (l *loader) days(from, to schema.Day) (d forecast.Days) {
	for ; from <= to; from++ {
		if l.in.Workday(from) {
			d.Workdays++
		} else {
			d.Others++
		}
	}
	return d
}

// percent writes a share as a percentage with one decimal.
func percent(share interface{ FloatString(int) string }) decimal.Decimal {
	d, err := decimal.NewFromString(share.FloatString(9))
	if err != nil {
		return decimal.Zero
	}
	return d.Shift(2).Round(1)
}
