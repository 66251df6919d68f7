package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// violations shows what the rules flagged, and leads to the evidence.
func violations(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	// The figures have a state of their own within the one that is picked: with "retracted"
	// picked there is nothing open, above as well as in the list.
	all := []query.Filter{by("state"), by("rule"), by("unit")}

	b.row("violations.row.now")
	b.add(5, 4, b.number("violations.open", "empty.violations", ask("A", stats("violations_open"), all...), base("blue"), from(1, "orange")))
	b.add(5, 4, b.number("violations.new", "empty.violations", ask("A", stats("violations_new"), all...), base("blue"), from(1, "orange")))
	b.add(5, 4, b.number("violations.high", "empty.violations", ask("A", stats("violations_high"), all...), base("blue"), from(1, "red")))
	b.add(4, 4, b.number("violations.retracted", "empty.violations", ask("A", stats("violations_retracted"), all...)))
	b.add(5, 4, b.number("violations.cost", "empty.violations", ask("A", stats("violation_cost"), all...)))

	b.row("violations.row.time")
	b.add(14, 9, b.bars("violations.by_month", "empty.violations", ask("A", query.Query{Metric: "violations", GroupBy: []string{"rule"}, Format: query.FormatTimeseries, Interval: "month"}, all...)))
	b.add(10, 9, b.categories("violations.by_unit", "empty.violations", "unit", "orange", ask("A", query.Query{Metric: "violations", GroupBy: []string{"unit"}, Format: query.FormatTable, Limit: 15}, all...)))

	b.row("violations.row.list")
	// The widths fit a panel of 1330 px without scrolling sideways; the last column takes what
	// a wider one has left.
	wide := func(width int, more ...dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
		return append(more, property("custom.width", width))
	}
	wrapped := property("custom.wrapText", true)
	b.add(24, tall(17), b.rows("violations.list", "empty.violations", ask("A", query.Query{Metric: "violation_list", Format: query.FormatTable, Limit: 500}, all...)).
		OverrideByName("violation_id", wide(80, cell("data-links"), b.evidence())).
		OverrideByName("severity", wide(70, cell("color-text"), b.words("severity", map[string]string{"low": "blue", "medium": "orange", "high": "red"}))).
		OverrideByName("rule", wide(298, wrapped)).
		OverrideByName("subject", wide(146)).
		OverrideByName("unit", wide(156, wrapped)).
		OverrideByName("window", wide(124)).
		OverrideByName("value", wide(130)).
		OverrideByName("limit", wide(128)).
		OverrideByName("cost", wide(78)).
		OverrideByName("state", []dashboard.DynamicConfigValue{cell("color-text"), b.words("state", map[string]string{"open": "orange", "retracted": "blue"})}))
	return b.build("violations", b.marks(query.Filter{Field: "about", Op: query.OpIn, Values: []string{"rule"}}), b.several("state", "states"), b.several("rule", "rules"), b.several("unit", "units"))
}

// evidence leads from a violation to what it rests on. The console has a page for that, which its
// queries lead to, with the case that people make of it: it leaves this link out.
func (b *board) evidence() dashboard.DynamicConfigValue {
	return property("links", []any{map[string]any{"title": b.texts.T("link.violation"), "url": "/d/violation-evidence?${__url_time_range}&var-violation=${__value.raw}"}})
}
