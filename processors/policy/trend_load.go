package policy

import (
	"fmt"
	"math/big"
	"slices"

	"linesman/schema"
)

// trendBody reads what a rule with a trend measures.
func (f fields) trendBody(rule *Rule, table schema.Info) {
	refused := []string{"exempt", "limits"}
	counted := rule.source().counted
	if !counted {
		refused = refused[1:]
	}
	for _, key := range refused {
		if f.has(key) && !counted {
			f.r.problem(f.value[key], "%s: a rule has limits or a trend, not both", f.what)
		} else if f.has(key) {
			f.r.problem(f.value[key], "%s: %q is for events; watches are judged by their trend", f.what, key)
		}
	}
	if rule.Subject != SubjectUnit || rule.Window != WindowWeek && rule.Window != WindowMonth {
		what := "over watches"
		if !counted {
			what = "with a trend"
		}
		f.r.problem(f.node, "%s: a rule %s has the subject unit and the window week or month", f.what, what)
	}
	n := f.need("trend")
	if n == nil {
		return
	}
	t, ok := f.r.mapping(n, f.what+" trend", "column", "lookback_weeks", "at_least", "z", "rise_share", "recent", "goal",
		"test", "season", "per", "lookback_months", "exposure", "false_discovery", "baseline", "count", "sum", "cost", "scale", "unit")
	if !ok {
		return
	}
	trend := &Trend{Goal: t.text("goal", false), Per: WindowWeek, Scale: 1, Unit: "watches"}
	if t.trendMeasure(trend, rule, table); counted {
		f.trendWhere(rule)
	}
	t.trendForm(trend, rule)
	t.trendTest(trend)
	t.trendCounts(trend)
	rule.Trend = trend
}

// trendWhere checks that a count of watches is narrowed only by what a count has one of.
func (f fields) trendWhere(rule *Rule) {
	for _, c := range rule.Where {
		for _, name := range c.columns() {
			if !slices.Contains([]string{"unit_id", "profession_group", "source"}, name) {
				f.r.problem(f.value["where"], "%s where: a trend can be narrowed by unit_id, profession_group or source, not by %q", f.what, name)
			}
		}
	}
}

// trendMeasure reads which number is followed: a column of watches, or a count, sum or cost
// of usage.
func (f fields) trendMeasure(trend *Trend, rule *Rule, table schema.Info) {
	ways := []string{measureCount, measureSum, measureCost}
	if rule.source().counted {
		for _, key := range append(ways, "scale", "unit") {
			if f.has(key) {
				f.r.problem(f.value[key], "%s: %q is for source usage; watches have a \"column\"", f.what, key)
			}
		}
		trend.Column = "open"
		if f.has("column") {
			if col, ok := f.column("column", table); ok && col.Type != schema.TypeUint32 {
				f.r.problem(f.value["column"], "%s: column %q is not a count", f.what, col.Name)
			}
			trend.Column = f.text("column", false)
		}
		return
	}
	if f.has("column") {
		f.r.problem(f.value["column"], "%s: \"column\" is for source watches; usage has one of count: true, sum: a column, cost: true", f.what)
	}
	trend.Scale, trend.Unit = f.integer("scale", false, 1, 1), f.text("unit", true)
	given := 0
	for _, key := range ways {
		if f.has(key) {
			given, trend.How = given+1, key
		}
	}
	switch {
	case given != 1:
		f.r.problem(f.node, "%s: give exactly one of count: true, sum: a column, cost: true", f.what)
	case trend.How == measureSum:
		col, ok := f.column(measureSum, table)
		if ok && !slices.Contains([]schema.Type{schema.TypeUint, schema.TypeUint32, schema.TypeInt, schema.TypeMoney}, col.Type) {
			f.r.problem(f.value[measureSum], "%s: column %q is a %s and cannot be summed", f.what, col.Name, col.Type)
		}
		trend.Column, trend.money = col.Name, col.Type == schema.TypeMoney
	case trend.How == measureCost && !rule.source().has("cost"):
		f.r.problem(f.value[measureCost], "%s: %s have no cost", f.what, rule.From)
	case !f.flag(trend.How):
		f.r.problem(f.value[trend.How], "%s: %s wants true", f.what, trend.How)
	case trend.How == measureCost:
		trend.Column, trend.money = "cost", true
	}
}

// trendForm reads the keys that have package stats judge: which test, per which period,
// against what.
func (f fields) trendForm(trend *Trend, rule *Rule) {
	others := []string{"season", "per", "lookback_months", "exposure", "false_discovery", "baseline"}
	if !rule.source().counted || slices.ContainsFunc(others, f.has) {
		trend.Test = TestMannKendall
	}
	if f.has("test") {
		trend.Test = f.word("test", true, TestMannKendall, TestSeasonal)
	}
	if f.has("per") {
		trend.Per = f.word("per", true, WindowWeek, WindowMonth)
	}
	if trend.Per == WindowMonth && rule.Window == WindowWeek {
		f.r.problem(f.value["per"], "%s: numbers per month are judged in the window month", f.what)
	}
	trend.Exposure = f.word("exposure", false, ExposureEmployees, ExposureLines)
	if share, ok := f.decimal("false_discovery", false); ok {
		if share.Sign() <= 0 || share.Cmp(big.NewRat(1, 2)) > 0 {
			f.r.problem(f.value["false_discovery"], "%s: \"false_discovery\" is the share of false ones among the units found: above 0 and at most 0.5", f.what)
		}
		trend.FalseDiscovery, _ = share.Float64()
	}
	if n := f.value["baseline"]; n != nil {
		if b, ok := f.r.mapping(n, f.what+" baseline", "from", "to"); ok {
			trend.Baseline = Span{b.day("from", true), b.day("to", true)}
			first := trend.period(trend.Baseline.From)
			if first < trend.Baseline.From {
				first = trend.after(first, 1)
			}
			if b.has("from") && b.has("to") && trend.after(first, 1) > trend.Baseline.To {
				f.r.problem(b.value["to"], "%s baseline: \"to\" is the day after the last; want at least one whole %s after from", f.what, trend.Per)
			}
		}
	}
}

// trendTest checks the seasons: they belong to the seasonal test, and a year of them to the
// lookback at least twice.
func (f fields) trendTest(trend *Trend) {
	unit, years := "lookback_weeks", int64(2*52)
	if trend.Per == WindowMonth {
		unit, years = "lookback_months", 2*12
	}
	for _, key := range []string{"lookback_weeks", "lookback_months"} {
		if key != unit && f.has(key) {
			f.r.problem(f.value[key], "%s: numbers per %s look back %q", f.what, trend.Per, unit)
		}
	}
	trend.Lookback = int(f.integer(unit, true, 2*52, 3))
	if trend.Test != TestSeasonal {
		if f.has("season") {
			f.r.problem(f.value["season"], "%s: \"season\" goes with test: %s", f.what, TestSeasonal)
		}
		return
	}
	trend.Season = int(f.integer("season", true, 12, 1))
	allowed := []int{52, 12, 4}
	if trend.Per == WindowMonth {
		allowed = allowed[1:]
	}
	if !slices.Contains(allowed, trend.Season) {
		f.r.problem(f.value["season"], "%s: \"season\" is the number of seasons of a year: one of %s per %s", f.what, listed(allowed), trend.Per)
	}
	if f.has(unit) && int64(trend.Lookback) < years {
		f.r.problem(f.value[unit], "%s: seasons are compared between years; %s wants at least %d", f.what, unit, years)
	}
}

// trendCounts reads how many counts are needed and how great a rise must be.
func (f fields) trendCounts(trend *Trend) {
	trend.AtLeast, trend.Recent = int(f.integer("at_least", true, 8, 3)), int(f.integer("recent", true, 4, 1))
	if trend.Lookback > 260 || trend.AtLeast > trend.Lookback || trend.Recent > trend.AtLeast {
		lookback := "lookback_weeks"
		if trend.Per == WindowMonth {
			lookback = "lookback_months"
		}
		f.r.problem(f.node, "%s: want recent ≤ at_least ≤ %s ≤ 260", f.what, lookback)
	}
	if z, ok := f.decimal("z", trend.FalseDiscovery == 0 && !f.has("false_discovery")); ok {
		trend.Z, _ = z.Float64()
		trend.hasZ = true
	}
	if share, ok := f.decimal("rise_share", true); ok {
		trend.RiseShare, _ = share.Float64()
		trend.riseNum, trend.riseDen = share.Num().Int64(), share.Denom().Int64()
	}
}

func listed(numbers []int) string {
	s := fmt.Sprint(numbers)
	return s[1 : len(s)-1]
}
