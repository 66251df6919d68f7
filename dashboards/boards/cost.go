package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// costFollowUp is for finance: what it cost, against budget, and where.
func costFollowUp(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	month := []query.Filter{by("month"), by("cost_centre"), by("unit")}
	places := month[1:]
	overBudget := []step{base("blue"), from(0, "orange")}

	b.row("cost.row.month")
	b.add(6, 4, b.number("cost.month", "empty.cost", ask("A", stats("cost"), month...)))
	b.add(6, 4, b.number("cost.vs_budget", "empty.budget", ask("A", compared("budget"), month...), overBudget...))
	b.add(6, 4, b.number("cost.vs_budget_percent", "empty.budget", ask("A", compared("budget_percent"), month...), budgetSteps()...))
	b.linked(6, 4, "subscriptions", b.number("cost.lines_used", "empty.lines", ask("A", stats("lines_used"), month...)))
	b.add(6, 4, b.number("cost.vs_previous", "empty.previous", ask("A", compared("previous"), month...)))
	b.add(6, 4, b.number("cost.vs_previous_percent", "empty.previous", ask("A", compared("previous_percent"), month...)))
	b.linked(6, 4, "forwarding", b.number("cost.forwarding", "empty.cost", ask("A", stats("forwarding_cost"), month...)))
	b.linked(6, 4, "roaming", b.number("cost.roaming", "empty.cost", ask("A", stats("roaming_cost"), month...)))

	b.row("cost.row.time")
	b.add(24, 9, b.bars("cost.by_month", "empty.cost",
		ask("A", query.Query{Metric: "cost", GroupBy: []string{"kind"}, Format: query.FormatTimeseries, Interval: "month"}, places...),
		ask("B", query.Query{Metric: "budget", Format: query.FormatTimeseries, Interval: "month"}, places...)).
		OverrideByName("budget", asLine("text")))

	b.row("cost.row.where")
	b.add(15, 10, b.rows("cost.by_cost_centre", "empty.cost", ask("A", query.Query{Metric: "cost_centre_follow_up", Format: query.FormatTable}, month[:2]...)).
		OverrideByName("cost_centre", []dashboard.DynamicConfigValue{property("custom.width", 116), b.leads("cost-centre", "cost_centre", "month")}).
		OverrideByName("cost_centre_name", []dashboard.DynamicConfigValue{property("custom.width", 180), property("custom.wrapText", true)}).
		OverrideByName("share", []dashboard.DynamicConfigValue{
			property("custom.cellOptions", map[string]any{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
			property("min", 0), property("max", 150), property("custom.width", 112),
			property("thresholds", steps("blue", budgetNear, "orange", budgetFull, "red")),
		}).
		OverrideByName("difference", []dashboard.DynamicConfigValue{
			cell("color-text"),
			property("thresholds", steps("blue", 0, "orange")),
		}))
	b.add(9, 10, b.categories("cost.by_unit", "empty.cost", "unit", "blue", ask("A", query.Query{Metric: "cost", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, month...)))
	b.add(24, tall(11), b.rows("cost.by_service", "empty.cost", ask("A", query.Query{Metric: "cost", Also: []string{"charged", "rated", "calls", "duration", "messages", "volume"},
		GroupBy: []string{"kind", "service"}, Format: query.FormatTable}, month...)))

	b.row("cost.row.lines")
	b.add(24, tall(20), b.rows("cost.top_lines", "empty.lines", ask("A", query.Query{Metric: "lines_top", Format: query.FormatTable, Limit: 20}, month...)))
	return b.build("cost-follow-up", b.marks(query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"cost_month", "cost_per_employee"}}, by("unit")), b.month(), b.several("cost_centre", "cost_centres"), b.several("unit", "units"))
}
