package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// reductionGoals is for unit managers: are we getting where we said we would?
func reductionGoals(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	unit := by("unit")
	reduction := query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"watches_open", "forwarded_calls", "unused_lines", "desk_phones", "cost_per_employee"}}
	series := func(metric, interval string, groupBy ...string) query.Query {
		return query.Query{Metric: metric, GroupBy: groupBy, Format: query.FormatTimeseries, Interval: interval}
	}

	b.row("goals.row.now")
	b.linked(4, 4, "melior-watches", b.number("goals.open_now", "empty.watches", ask("A", stats("watches_open"), unit)))
	b.add(4, 4, b.number("goals.target_now", "empty.goals", ask("A", stats("watches_target"), unit)))
	b.add(4, 4, b.number("goals.created_week", "empty.watches", ask("A", series("watches_created", "week"), unit)).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"mean"}).Fields("").Values(false)))
	b.linked(4, 4, "forwarding", b.number("goals.forwarded_now", "empty.forwarded", ask("A", stats("forwarded_calls"), by("month"), unit)))
	b.add(4, 4, b.number("goals.on_track", "empty.goals", ask("A", stats("goals_on_track"), reduction, unit), base("text"), from(1, "blue")))
	b.add(4, 4, b.number("goals.behind", "empty.goals", ask("A", stats("goals_behind"), reduction, unit), base("blue"), from(1, "orange")))

	b.add(24, 8, b.rows("goals.words", "empty.goals", ask("A", query.Query{Metric: "goal_words", Format: query.FormatTable}, reduction, unit)).ShowHeader(false))

	b.row("goals.row.watches")
	b.add(14, 10, b.lines("goals.watches", "empty.watches",
		ask("A", series("watches_open", "week"), unit), ask("B", series("watches_baseline", "week"), unit),
		ask("C", series("watches_path", "week"), unit), ask("D", series("watches_target", "week"), unit)).
		OverrideByName("watches_open", []dashboard.DynamicConfigValue{property("color", fixed("blue")), property("custom.lineWidth", 3)}).
		OverrideByName("watches_baseline", dashed("gray")).OverrideByName("watches_path", dashed("orange")).OverrideByName("watches_target", dashed("purple")))
	b.add(10, 10, b.lines("goals.watches_flow", "empty.watches", ask("A", series("watches_created", "week"), unit), ask("B", series("watches_closed", "week"), unit)).
		OverrideByName("watches_created", []dashboard.DynamicConfigValue{property("color", fixed("orange"))}).
		OverrideByName("watches_closed", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}))
	b.add(24, 8, b.lines("goals.watches_group", "empty.watches", ask("A", series("watches_open", "week", "profession_group"), unit)))

	b.row("goals.row.forwarding")
	b.add(14, 9, b.bars("goals.forwarded", "empty.forwarded",
		ask("A", series("forwarded_calls", "month"), unit), ask("B", series("forwarded_path", "month"), unit), ask("C", series("forwarded_target", "month"), unit)).
		OverrideByName("forwarded_calls", []dashboard.DynamicConfigValue{property("color", fixed("blue"))}).
		OverrideByName("forwarded_path", asLine("orange")).OverrideByName("forwarded_target", asLine("purple")))
	b.add(10, 9, b.categories("goals.forwarded_unit", "empty.forwarded", "unit", "blue", ask("A", query.Query{Metric: "forwarded_calls", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, unit)))

	b.row("goals.row.course")
	b.add(8, 9, b.course("goals.unused", "unused_lines", unit))
	b.add(8, 9, b.course("goals.phones", "desk_phones", unit))
	b.add(8, 9, b.course("goals.each", "cost_per_employee", unit))

	b.row("goals.row.each")
	b.add(24, tall(13), b.rows("goals.progress", "empty.goals", ask("A", query.Query{Metric: "goal_progress", Format: query.FormatTable}, reduction, unit)).
		OverrideByName("progress", []dashboard.DynamicConfigValue{
			property("custom.cellOptions", map[string]any{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
			property("min", 0), property("max", 100), property("color", fixed("blue")), property("noValue", "–"),
		}).
		OverrideByName("now", []dashboard.DynamicConfigValue{property("noValue", "–")}).
		OverrideByName("forecast", []dashboard.DynamicConfigValue{property("noValue", "–")}).
		OverrideByName("status", []dashboard.DynamicConfigValue{cell("color-text"), b.words("status", map[string]string{"reached": "blue", "on_track": "blue", "off_track": "red", "missed": "red", "too_little_data": "text"})}))
	b.add(24, tall(13), b.rows("goals.sentences", "empty.goals", ask("A", query.Query{Metric: "goal_sentences", Format: query.FormatTable}, reduction, unit)).
		OverrideByName("unit", []dashboard.DynamicConfigValue{property("custom.width", 210)}).
		OverrideByName("summary", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))
	return b.build("reduction-goals", b.marks(reduction, unit), b.several("unit", "units"), b.month())
}

// course draws the goals of one kind over time: what was measured, the level to reach and the one
// it began at, and the forecast with its interval as a band.
func (b *board) course(key, goal string, filters ...query.Filter) *timeseries.PanelBuilder {
	only := query.Filter{Field: "goal", Op: query.OpIn, Values: []string{goal}}
	band := func(below string) []dashboard.DynamicConfigValue {
		out := []dashboard.DynamicConfigValue{property("color", fixed("blue")), property("custom.lineWidth", 0), property("custom.showPoints", "never"),
			property("custom.hideFrom", map[string]bool{"legend": true, "tooltip": false, "viz": false})}
		if below != "" {
			out = append(out, property("custom.fillBelowTo", below), property("custom.fillOpacity", 15))
		}
		return out
	}
	return b.lines(key, "empty.goals", ask("A", query.Query{Metric: "goal_course", Format: query.FormatTable}, append([]query.Filter{only}, filters...)...)).
		OverrideByName("outcome", []dashboard.DynamicConfigValue{property("color", fixed("blue")), property("custom.lineWidth", 3), property("custom.showPoints", "always")}).
		OverrideByName("baseline", dashed("gray")).OverrideByName("target", dashed("purple")).OverrideByName("forecast", dashed("blue")).
		OverrideByName("high", band("low")).OverrideByName("low", band(""))
}
