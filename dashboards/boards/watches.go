package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// meliorWatches shows the open watches ("bevakningar") of the record system Melior: how many, how
// old, in which units and professions, against the goals for them.
func meliorWatches(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	unit := by("unit")
	goal := query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"watches_open"}}
	rule := query.Filter{Field: "rule", Op: query.OpIn, Values: []string{"rising-watches"}}
	series := func(metric string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTimeseries, Interval: "week"}
	}
	list := func(metric string, limit int) query.Query {
		return query.Query{Metric: metric, Format: query.FormatTable, Limit: limit}
	}
	aboveTarget := property("thresholds", steps("blue", 0.001, "orange"))

	b.row("watches.row.now")
	b.add(5, 4, b.number("goals.open_now", "empty.watches", ask("A", stats("watches_open"), unit)))
	b.add(5, 4, b.number("goals.target_now", "empty.goals", ask("A", stats("watches_target"), unit)))
	b.add(5, 4, b.number("watches.old", "empty.watches", ask("A", stats("watches_over_30d"), unit)))
	b.linked(5, 4, "reduction-goals", b.number("watches.behind", "empty.goals", ask("A", stats("goals_behind"), goal, unit), base("blue"), from(1, "orange")))
	b.linked(4, 4, "violations", b.number("watches.violations", "empty.violations", ask("A", stats("violations_open"), rule, unit), base("blue"), from(1, "orange")))

	b.row("watches.row.time")
	b.add(12, 10, b.lines("goals.watches", "empty.watches",
		ask("A", series("watches_open"), unit), ask("B", series("watches_baseline"), unit), ask("C", series("watches_path"), unit), ask("D", series("watches_target"), unit)).
		OverrideByName("watches_open", []dashboard.DynamicConfigValue{property("color", fixed("blue")), property("custom.lineWidth", 3)}).
		OverrideByName("watches_baseline", dashed("gray")).OverrideByName("watches_path", dashed("orange")).OverrideByName("watches_target", dashed("purple")))
	b.add(12, 10, b.bars("watches.age", "empty.watches", ask("A", list("watches_over_time", 0), unit)).
		OverrideByName("up_to_30d", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}).
		OverrideByName("over_30d", []dashboard.DynamicConfigValue{property("color", fixed("orange"))}))
	b.add(12, 9, b.lines("goals.watches_flow", "empty.watches", ask("A", series("watches_created"), unit), ask("B", series("watches_closed"), unit)).
		OverrideByName("watches_created", []dashboard.DynamicConfigValue{property("color", fixed("orange"))}).
		OverrideByName("watches_closed", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}))
	b.add(12, 9, b.lines("goals.watches_group", "empty.watches", ask("A", series("watches_open", "profession_group"), unit)))

	b.row("watches.row.units")
	b.add(24, tall(15), b.rows("watches.by_unit", "empty.watches", ask("A", list("watches_by_unit", 200), unit)).
		OverrideByName("above_target", []dashboard.DynamicConfigValue{cell("color-text"), aboveTarget, property("noValue", "–")}).
		OverrideByName("target", []dashboard.DynamicConfigValue{property("noValue", "–")}))
	b.add(24, tall(15), b.rows("watches.by_group", "empty.watches", ask("A", list("watches_age", 500), unit)).
		OverrideByName("over_30d", []dashboard.DynamicConfigValue{property("noValue", "–")}))
	return b.build("melior-watches", b.marks(goal, unit), b.several("unit", "units"))
}
