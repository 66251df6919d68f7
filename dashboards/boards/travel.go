package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// abroad is a filter on use outside Sweden.
func abroad() query.Filter {
	return query.Filter{Field: "roaming_zone", Op: query.OpIn, Values: []string{"eea", "world"}}
}

// roaming shows what use abroad costs, where, and by whom.
func roaming(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	places := []query.Filter{by("cost_centre"), by("unit")}
	month := append([]query.Filter{by("month")}, places...)
	inMonth := append([]query.Filter{abroad()}, month...)
	series := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTimeseries, Interval: "month"}
	}
	table := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTable, Limit: 15}
	}
	roamed := query.Filter{Field: "rule", Op: query.OpIn, Values: []string{"private-roaming"}}

	b.row("roaming.row.month")
	b.add(6, 4, b.number("cost.roaming", "empty.roaming", ask("A", stats("roaming_cost"), month...)))
	b.add(6, 4, b.number("roaming.volume", "empty.roaming", ask("A", stats("roaming_volume"), month...)))
	b.add(6, 4, b.number("roaming.lines", "empty.roaming", ask("A", stats("lines_used"), inMonth...)))
	b.linked(6, 4, "violations", b.number("roaming.violations", "empty.violations", ask("A", stats("violations_open"), append([]query.Filter{roamed}, places...)...), base("blue"), from(1, "orange")))

	b.row("roaming.row.time")
	b.add(12, 9, b.bars("roaming.cost_by_zone", "empty.roaming", ask("A", series("roaming_cost", "roaming_zone"), append([]query.Filter{abroad()}, places...)...)))
	b.add(12, 9, b.bars("roaming.volume_by_country", "empty.roaming", ask("A", series("roaming_volume", "visited_country"), append([]query.Filter{abroad()}, places...)...)))

	b.row("roaming.row.where")
	b.add(12, 10, b.categories("roaming.by_country", "empty.roaming", "visited_country", "blue", ask("A", table("roaming_cost", "visited_country"), append([]query.Filter{abroad()}, places...)...)))
	b.add(12, 10, b.categories("roaming.by_unit", "empty.roaming", "unit", "blue", ask("A", table("roaming_cost", "unit"), append([]query.Filter{abroad()}, places...)...)))
	b.add(24, tall(10), b.rows("roaming.networks", "empty.roaming", ask("A", query.Query{Metric: "roaming_networks", Format: query.FormatTable, Limit: 100}, month...)))
	b.add(24, tall(8), b.rows("roaming.services", "empty.roaming", ask("A", query.Query{Metric: "cost", Also: []string{"calls", "duration", "messages", "volume"}, GroupBy: []string{"roaming_zone", "service"}, Format: query.FormatTable, Limit: 30}, inMonth...)))
	return b.build("roaming", b.marks(query.Filter{Field: "about", Op: query.OpIn, Values: []string{"rule"}}), b.month(), b.several("cost_centre", "cost_centres"), b.several("unit", "units"))
}

// forwarding shows which lines pass calls on, to what, and what that costs.
func forwarding(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	unit := by("unit")
	month := []query.Filter{by("month"), unit}
	series := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTimeseries, Interval: "month"}
	}
	table := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTable, Limit: 15}
	}
	goal := query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"forwarded_calls"}}
	rule := query.Filter{Field: "rule", Op: query.OpIn, Values: []string{"excessive-forwarding"}}

	b.row("forwarding.row.month")
	b.add(6, 4, b.number("goals.forwarded_now", "empty.forwarded", ask("A", stats("forwarded_calls"), month...)))
	b.add(6, 4, b.number("cost.forwarding", "empty.forwarded", ask("A", stats("forwarding_cost"), month...)))
	b.linked(6, 4, "reduction-goals", b.number("forwarding.behind", "empty.goals", ask("A", stats("goals_behind"), goal, unit), base("blue"), from(1, "orange")))
	b.linked(6, 4, "violations", b.number("forwarding.violations", "empty.violations", ask("A", stats("violations_open"), rule, unit), base("blue"), from(1, "orange")))

	b.row("forwarding.row.time")
	b.add(12, 9, b.bars("goals.forwarded", "empty.forwarded", ask("A", series("forwarded_calls"), unit), ask("B", series("forwarded_path"), unit), ask("C", series("forwarded_target"), unit)).
		OverrideByName("forwarded_calls", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}).
		OverrideByName("forwarded_path", asLine("orange")).OverrideByName("forwarded_target", asLine("purple")))
	b.add(12, 9, b.bars("forwarding.class_by_month", "empty.forwarded", ask("A", series("forwarded_calls", "other_class"), unit)))

	b.row("forwarding.row.where")
	b.add(8, 10, b.categories("forwarding.by_class", "empty.forwarded", "other_class", "blue", ask("A", table("forwarded_calls", "other_class"), month...)))
	b.add(8, 10, b.categories("forwarding.by_unit", "empty.forwarded", "unit", "blue", ask("A", table("forwarded_calls", "unit"), month...)))
	b.add(8, 10, b.categories("forwarding.cost_by_unit", "empty.forwarded", "unit", "orange", ask("A", table("forwarding_cost", "unit"), month...)))
	b.add(24, tall(20), b.rows("forwarding.lines", "empty.forwarded", ask("A", query.Query{Metric: "forwarding_lines", Format: query.FormatTable, Limit: 50}, month...)))
	return b.build("forwarding", b.marks(goal, unit), b.month(), b.several("unit", "units"))
}
