package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// violations shows what the rules flagged, and leads to the evidence.
func violations(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	// The figures have their own state; the picker narrows what is listed and drawn.
	of := []query.Filter{by("rule"), by("unit")}
	all := []query.Filter{by("state"), by("rule"), by("unit")}

	b.row("violations.row.now")
	b.add(5, 4, b.number("violations.open", "empty.violations", ask("A", stats("violations_open"), of...), base("green"), from(1, "orange")))
	b.add(5, 4, b.number("violations.new", "empty.violations", ask("A", stats("violations_new"), of...), base("green"), from(1, "orange")))
	b.add(5, 4, b.number("violations.high", "empty.violations", ask("A", stats("violations_high"), of...), base("green"), from(1, "red")))
	b.add(4, 4, b.number("violations.retracted", "empty.violations", ask("A", stats("violations_retracted"), of...)))
	b.add(5, 4, b.number("violations.cost", "empty.violations", ask("A", stats("violation_cost"), of...)))

	b.row("violations.row.time")
	b.add(14, 9, b.bars("violations.by_month", "empty.violations", ask("A", query.Query{Metric: "violations", GroupBy: []string{"rule"}, Format: query.FormatTimeseries, Interval: "month"}, all...)))
	b.add(10, 9, b.categories("violations.by_unit", "empty.violations", "unit", "orange", ask("A", query.Query{Metric: "violations", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, all...)))

	b.row("violations.row.list")
	b.add(24, 14, b.rows("violations.list", "empty.violations", ask("A", query.Query{Metric: "violation_list", Format: query.FormatTable, Limit: 500}, all...)).
		OverrideByName("severity", []dashboard.DynamicConfigValue{cell("color-text"), property("custom.width", 70),
			b.words("severity", map[string]string{"low": "blue", "medium": "orange", "high": "red"})}).
		OverrideByName("rule", []dashboard.DynamicConfigValue{property("custom.width", 285)}).
		OverrideByName("subject", []dashboard.DynamicConfigValue{property("custom.width", 140)}).
		OverrideByName("opened_at", []dashboard.DynamicConfigValue{property("custom.width", 138)}).
		OverrideByName("state", []dashboard.DynamicConfigValue{cell("color-text"), property("custom.width", 82),
			b.words("state", map[string]string{"open": "orange", "retracted": "green"})}).
		OverrideByName("violation_id", []dashboard.DynamicConfigValue{cell("data-links"), property("custom.width", 112)}))
	return b.build("violations", b.several("state", "states"), b.several("rule", "rules"), b.several("unit", "units"))
}
