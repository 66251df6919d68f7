package query

import (
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
	"linesman/schema"
)

// goalSentence says what a goal's latest month means.
func goalSentence(texts messages.Texts, g GoalState) string {
	w := goalWriter{texts, g}
	if !g.Measured {
		return texts.T("goalsay.nothing", "goal", texts.Value("goal", g.Metric), "aim", w.aim())
	}
	out := w.month(g.Now, g.Before) + "; " + w.aim() + "."
	if verdict := w.verdict(); verdict != "" {
		out += " " + verdict
	}
	return out
}

type goalWriter struct {
	messages.Texts
	g GoalState
}

// money tells whether the goal is about kronor.
func (w goalWriter) money() bool {
	return w.g.Metric == budgetMetric || w.g.Metric == costEach
}

// decimals that amounts are written with: öre where the amounts are small.
func (w goalWriter) decimals() int32 {
	if w.money() && w.g.Target.LessThan(decimal.NewFromInt(100)) {
		return 2
	}
	return 0
}

func (w goalWriter) amount(d decimal.Decimal) string { return w.Number(d, w.decimals()) }

func (w goalWriter) monthOf(d schema.Day) string { return w.Month(d.At(time.UTC)) }

// month says what was measured, and how it compares with the month before.
func (w goalWriter) month(now, before decimal.Decimal) string {
	key := "goalsay." + w.g.Metric
	if now.Equal(decimal.NewFromInt(1)) && w.Has(key+".one") {
		key += ".one"
	}
	out := w.T(key, "month", w.monthOf(w.g.Month), "now", w.amount(now))
	if !w.g.HasBefore {
		return out
	}
	how := "count"
	if w.money() {
		how = "money"
	}
	diff := now.Sub(before).Round(w.decimals())
	switch diff.Sign() {
	case -1:
		how += ".less"
	case 0:
		how += ".same"
	case 1:
		how += ".more"
	}
	return out + ", " + w.T("goalsay."+how, "diff", w.amount(diff.Abs()), "before", w.MonthName((w.g.Month-1).At(time.UTC)))
}

// aim says what is to be reached.
func (w goalWriter) aim() string {
	key := "goalsay.aim"
	switch {
	case w.g.Metric == budgetMetric:
		key = "goalsay.aim_budget"
	case w.money() && w.g.over():
		key = "goalsay.aim_money_was"
	case w.money():
		key = "goalsay.aim_money"
	case w.g.over():
		key = "goalsay.aim_was"
	}
	level := w.amount(w.g.Target)
	switch {
	case w.g.Metric == budgetMetric || w.g.Target.IsZero(): // a budget is one, and nothing is nothing
	case w.g.rising():
		level = w.T("goalsay.at_least") + " " + level
	default:
		level = w.T("goalsay.at_most") + " " + level
	}
	return w.T(key, "level", level, "day", w.Day(w.g.TargetDay.At(time.UTC)))
}

// verdict says where the goal stands, and why.
func (w goalWriter) verdict() string {
	g := w.g
	switch {
	case g.over():
		return w.T("goalsay.over." + g.Status)
	case g.Metric == budgetMetric && g.Status == statusOffTrack:
		return w.T("goalsay.budget_over", "more", w.exceeding(g.Now.Sub(g.Target)))
	case g.Metric == budgetMetric && g.Status == statusOnTrack:
		return w.T("goalsay.budget_kept")
	case g.Status == statusTooLittle && g.Month != g.AsOf.Month():
		return w.T("goalsay.stale", "month", w.monthOf(g.AsOf))
	case g.Status == statusOnTrack || g.Status == statusOffTrack:
		return w.pace()
	}
	return w.T("goalsay." + g.Status)
}

// exceeding writes an amount that is more than nothing with as many decimals as show it.
func (w goalWriter) exceeding(d decimal.Decimal) string {
	places := w.decimals()
	for places < 2 && d.Round(places).IsZero() {
		places++
	}
	return w.Number(d, places)
}

// pace says where the present pace leads, and what the planned path says of today where that
// is something else.
func (w goalWriter) pace() string {
	g := w.g
	// What is rounded must not say the opposite of the verdict.
	places := w.decimals()
	for met := w.meets(g.Forecast); places < 3 && w.meets(g.Forecast.Round(places)) != met; {
		places++
	}
	value, low, high := w.Number(g.Forecast, places), w.Number(g.Low, places), w.Number(g.High, places)
	if w.money() {
		value = w.T("goalsay.kronor", "value", value)
	}
	if low != high {
		value = w.T("goalsay.interval", "value", value, "low", low, "high", high)
	}
	out := w.T("goalsay.pace", "value", value, "status", w.T("goalsay."+g.Status))
	if g.OnPath != (g.Status == statusOnTrack) {
		out += " " + w.T("goalsay.but_"+g.Status, "expected", w.amount(g.Expected))
	}
	return out
}

func (w goalWriter) meets(d decimal.Decimal) bool {
	if w.g.rising() {
		return d.GreaterThanOrEqual(w.g.Target)
	}
	return d.LessThanOrEqual(w.g.Target)
}
