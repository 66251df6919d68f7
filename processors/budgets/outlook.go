package budgets

import (
	"linesman/processors/covered"
	"linesman/processors/forecast"
	"linesman/schema"
)

// outlook is what is foreseen of a place.
type outlook struct {
	choice forecast.Choice // without a model: nothing is
	rate   *Rate
	now    schema.Day    // month under way; 0: the newest month is over
	part   forecast.Part // what is left of it
	gone   schema.Money  // spent on its days that are over
	spent  schema.Money  // spent in it so far
}

// foresee fits the forecast, and of a month under way the run rate.
func (l *loader) foresee(p place) outlook {
	var o outlook
	o.choice, _ = forecast.Choose(l.series(p))
	if l.whole {
		return o
	}
	pace := l.pace(p)
	o.now, o.gone, o.spent = l.month, pace.Spent.Total(), l.of(p, l.month).all.Total()
	o.part = forecast.Part{Month: l.month, Left: 1}
	if over := l.asOf - l.month; over > 0 {
		o.part.Left = 1 - float64(over)/float64(covered.Next(l.month)-l.month)
	}
	if r, ok := forecast.RunRate(pace); ok {
		o.rate = &Rate{Month: max(r.Month, o.spent), Share: percent(r.Share), Until: (l.asOf - 1).String()}
		o.part.Left, _ = r.Left.Float64()
	}
	return o
}

// month foresees one month.
func (o outlook) month(m schema.Day) *forecast.Forecast { return o.sum([]schema.Day{m}) }

// sum foresees months together; of the one under way what is spent is certain, and the rest is
// the share of a usual month that is still to come.
func (o outlook) sum(months []schema.Day) *forecast.Forecast {
	if o.choice.Model == nil || len(months) == 0 {
		return nil
	}
	var parts []forecast.Part
	var certain, least schema.Money
	for _, m := range months {
		if m == o.now {
			parts, certain, least = append(parts, o.part), o.gone, o.spent
			continue
		}
		parts = append(parts, forecast.Part{Month: m, Left: 1})
	}
	f := o.choice.Sum(parts...)
	move(&f, certain, least)
	return &f
}

// move adds what is certain. Nothing below least: what is spent is spent, and no month costs
// less than nothing.
func move(f *forecast.Forecast, certain, least schema.Money) {
	to := func(m schema.Money) schema.Money { return max((m + certain).RoundOre(), least) }
	f.Amount = to(f.Amount)
	for _, in := range []**forecast.Interval{&f.In80, &f.In95} {
		if *in != nil {
			*in = &forecast.Interval{Low: to((*in).Low), High: to((*in).High)}
		}
	}
}

// sumYear adds the year up: months that have a budget, over or foreseen.
func (l *loader) sumYear(b *Budget, o outlook) {
	var known schema.Money
	var ahead []schema.Day
	var budget schema.Money
	for i, m := range l.year() {
		month := b.Months[i]
		if !month.Budgeted {
			continue
		}
		if m <= l.month && !month.Covered {
			b.Year.Missing = append(b.Year.Missing, month.Month)
			continue
		}
		budget += month.Budget
		if m < l.month || m == l.month && l.whole {
			known += month.Outcome
		} else {
			ahead = append(ahead, m)
		}
	}
	spent := b.YearToDate.Outcome
	b.Year.Line = line(budget, spent)
	b.Year.Forecast = o.sum(ahead)
	if f := b.Year.Forecast; f != nil {
		move(f, known, spent)
	}
	b.Year.Verdict = l.verdict(budget, spent, b.Year.Forecast, len(ahead) == 0)
	b.Year.Verdict.When = l.usedUp(b, budget)
}

// usedUp finds the month in which the year's budget is used up, by outcomes and forecasts.
func (l *loader) usedUp(b *Budget, budget schema.Money) string {
	if b.Year.Verdict.State != Exceeded && b.Year.Verdict.State != Likely {
		return ""
	}
	var sum schema.Money
	for i, m := range b.Months {
		switch {
		case !m.Budgeted || !m.Covered && l.year()[i] <= l.month:
			continue
		case m.Forecast != nil:
			sum += m.Forecast.Amount
		default:
			sum += m.Outcome
		}
		if sum > budget {
			return m.Month
		}
	}
	return b.Months[11].Month // öre of rounding
}

// monthVerdict judges the month; where no forecast can be made the run rate stands in.
func (l *loader) monthVerdict(m Month, rate *Rate) Verdict {
	if !m.Budgeted {
		return Verdict{State: Unknown}
	}
	f := m.Forecast
	if f == nil && rate != nil {
		f = &forecast.Forecast{Amount: rate.Month}
	}
	return l.verdict(m.Budget, m.Outcome, f, l.whole)
}

// verdict judges an amount that is spent, and one that is foreseen, by a budget.
func (l *loader) verdict(budget, spent schema.Money, f *forecast.Forecast, over bool) Verdict {
	v := Verdict{State: Unknown, By: spent - budget}
	if f != nil {
		v.By = f.Amount - budget
	}
	switch {
	case spent > budget:
		v.State = Exceeded
	case over:
		v.State = Kept
	case f == nil:
	case f.Amount > budget:
		v.State = Likely
	case f.In80 != nil && f.In80.High > budget:
		v.State = Possible
	default:
		v.State = Unlikely
	}
	return v
}
