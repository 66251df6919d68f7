package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// Shares of a budget at which figures change colour: the ones at which alerts are sent.
const (
	budgetNear = 80
	budgetFull = 100
)

// budgetSteps colours a share of a budget.
func budgetSteps() []step {
	return []step{base("blue"), from(budgetNear, "orange"), from(budgetFull, "red")}
}

// overview is for everybody: what stands out this month, with the way to more about it.
func overview(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	month, unit := []query.Filter{by("month"), by("unit")}, by("unit")
	some := []step{base("blue"), from(1, "orange")}
	series := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTimeseries, Interval: "month"}
	}

	b.row("overview.row.month")
	b.linked(6, 4, "cost-follow-up", b.number("cost.month", "empty.cost", ask("A", stats("cost"), month...)))
	b.linked(6, 4, "cost-follow-up", b.number("cost.vs_budget_percent", "empty.budget", ask("A", compared("budget_percent"), month...), budgetSteps()...))
	b.linked(6, 4, "cost-follow-up", b.number("cost.vs_previous_percent", "empty.previous", ask("A", compared("previous_percent"), month...)))
	b.linked(6, 4, "subscriptions", b.number("overview.savings", "empty.savings", ask("A", stats("savings_year"), month...)))
	b.linked(6, 4, "roaming", b.number("cost.roaming", "empty.cost", ask("A", stats("roaming_cost"), month...)))
	b.linked(6, 4, "forwarding", b.number("cost.forwarding", "empty.cost", ask("A", stats("forwarding_cost"), month...)))
	b.linked(6, 4, "forwarding", b.number("goals.forwarded_now", "empty.forwarded", ask("A", stats("forwarded_calls"), month...)))
	b.linked(6, 4, "melior-watches", b.number("goals.open_now", "empty.watches", ask("A", stats("watches_open"), unit)))

	b.row("overview.row.attention")
	b.linked(6, 4, "violations", b.number("overview.open", "empty.violations", ask("A", stats("violations_open"), unit), some...))
	b.linked(6, 4, "violations", b.number("overview.high", "empty.violations", ask("A", stats("violations_high"), unit), base("blue"), from(1, "red")))
	b.linked(6, 4, "reduction-goals", b.number("goals.on_track", "empty.goals", ask("A", stats("goals_on_track"), unit), base("text"), from(1, "blue")))
	b.linked(6, 4, "reduction-goals", b.number("goals.behind", "empty.goals", ask("A", stats("goals_behind"), unit), some...))

	b.row("overview.row.time")
	b.linked(12, 9, "cost-follow-up", b.bars("cost.by_month", "empty.cost", ask("A", series("cost", "kind"), unit), ask("B", series("budget"), unit)).
		OverrideByName("budget", asLine("text")))
	b.linked(12, 9, "violations", b.bars("violations.by_month", "empty.violations", ask("A", series("violations", "rule"), unit)))
	b.linked(12, 9, "melior-watches", b.lines("goals.watches", "empty.watches",
		ask("A", query.Query{Metric: "watches_open", Format: query.FormatTimeseries, Interval: "week"}, unit),
		ask("B", query.Query{Metric: "watches_target", Format: query.FormatTimeseries, Interval: "week"}, unit)).
		OverrideByName("watches_open", []dashboard.DynamicConfigValue{property("color", fixed("blue")), property("custom.lineWidth", 3)}).
		OverrideByName("watches_target", dashed("purple")))
	b.linked(12, 9, "forwarding", b.bars("goals.forwarded", "empty.forwarded", ask("A", series("forwarded_calls"), unit), ask("B", series("forwarded_target"), unit)).
		OverrideByName("forwarded_calls", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}).
		OverrideByName("forwarded_target", asLine("purple")))

	b.row("overview.row.where")
	b.add(12, 10, b.categories("cost.by_unit", "empty.cost", "unit", "blue", ask("A", query.Query{Metric: "cost", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, month...)))
	b.add(12, 10, b.categories("violations.by_unit", "empty.violations", "unit", "orange", ask("A", query.Query{Metric: "violations", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, unit)))

	// Invoices and files belong to no unit: who sees some units only is told so here.
	b.row("overview.row.whole")
	b.linked(6, 4, "invoice-reconciliation", b.number("overview.mismatch", "empty.invoices", ask("A", stats("invoice_mismatch"), by("month")), some...))
	b.linked(6, 4, "invoice-reconciliation", b.number("overview.claimed", "empty.invoices", ask("A", stats("invoice_claimed"), by("month"))))
	b.linked(6, 4, "data-quality", b.number("quality.stale", "empty.files", ask("A", stats("stale_days")), staleSteps()...))
	b.linked(6, 4, "data-quality", b.number("quality.failed", "empty.files", ask("A", stats("failed_files")), some...))
	return b.build("overview", b.marks(unit), b.month(), b.several("unit", "units"))
}
