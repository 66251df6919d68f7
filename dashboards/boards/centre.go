package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// costCentre is for whoever answers for one cost centre.
func costCentre(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	centre := by("cost_centre")
	month := []query.Filter{by("month"), centre}
	table := func(metric string, limit int, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTable, Limit: limit}
	}

	b.row("cost.row.month")
	b.add(6, 4, b.number("cost.month", "empty.cost", ask("A", stats("cost"), month...)))
	b.add(6, 4, b.number("cost.vs_budget", "empty.budget", ask("A", compared("budget"), month...), base("blue"), from(0, "orange")))
	b.add(6, 4, b.number("cost.vs_budget_percent", "empty.budget", ask("A", compared("budget_percent"), month...), budgetSteps()...))
	b.add(6, 4, b.number("cost.vs_previous_percent", "empty.previous", ask("A", compared("previous_percent"), month...)))
	b.add(8, 4, b.number("cost.lines_used", "empty.lines", ask("A", stats("lines_used"), month...)))
	b.linked(8, 4, "forwarding", b.number("cost.forwarding", "empty.cost", ask("A", stats("forwarding_cost"), month...)))
	b.linked(8, 4, "roaming", b.number("cost.roaming", "empty.cost", ask("A", stats("roaming_cost"), month...)))

	b.row("cost.row.time")
	b.add(18, 9, b.bars("cost.by_month", "empty.cost",
		ask("A", query.Query{Metric: "cost", GroupBy: []string{"kind"}, Format: query.FormatTimeseries, Interval: "month"}, centre),
		ask("B", query.Query{Metric: "budget", Format: query.FormatTimeseries, Interval: "month"}, centre)).
		OverrideByName("budget", asLine("text")))
	b.linked(6, 9, "violations", b.number("violations.cost", "empty.violations", ask("A", stats("violation_cost"), centre))) // of the period, as there

	b.row("cost.row.where")
	b.add(12, 10, b.categories("cost.by_unit", "empty.cost", "unit", "blue", ask("A", table("cost", 15, "unit"), month...)))
	b.add(12, 10, b.categories("centre.by_service", "empty.cost", "service", "blue", ask("A", table("cost", 15, "service"), month...)))
	b.add(12, 9, b.bars("centre.daily", "empty.cost", ask("A", query.Query{Metric: "cost", GroupBy: []string{"kind"}, Format: query.FormatTimeseries, Interval: "day"}, month...)))
	b.linked(12, 9, "violations", b.bars("violations.by_month", "empty.violations", ask("A", query.Query{Metric: "violations", GroupBy: []string{"rule"}, Format: query.FormatTimeseries, Interval: "month"}, centre)))

	b.row("cost.row.lines")
	b.add(24, tall(20), b.rows("cost.top_lines", "empty.lines", ask("A", query.Query{Metric: "lines_top", Format: query.FormatTable, Limit: 20}, month...)))
	return b.build("cost-centre", b.marks(query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"cost_month"}}, centre), b.variable("cost_centre", "cost_centres").Multi(false).IncludeAll(false), b.month())
}
