package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// violationEvidence is about one violation: what was found, by which rule, and what it rests on.
func violationEvidence(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	one := by("violation")
	list := func(metric string, limit int) query.Query {
		return query.Query{Metric: metric, Format: query.FormatTable, Limit: limit}
	}
	wide := func(width int) []dashboard.DynamicConfigValue {
		return []dashboard.DynamicConfigValue{property("custom.width", width), property("custom.wrapHeaderText", true)}
	}
	hidden := property("custom.hideFrom", map[string]bool{"legend": true, "tooltip": false, "viz": true})

	b.row("evidence.row.what")
	b.add(6, 4, b.number("evidence.value", "empty.violation", ask("A", stats("violation_value"), one)))
	b.add(6, 4, b.number("evidence.limit", "empty.violation", ask("A", stats("violation_limit"), one)))
	b.add(6, 4, b.number("evidence.cost", "empty.violation", ask("A", stats("violation_sum"), one)))
	b.add(6, 4, b.number("evidence.events", "empty.violation", ask("A", stats("violation_events"), one)))
	b.add(14, 11, b.rows("evidence.facts", "empty.violation", ask("A", list("violation_facts", 0), one)).ShowHeader(false).
		OverrideByName("fact", []dashboard.DynamicConfigValue{property("custom.width", 150)}).
		OverrideByName("summary", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))
	b.add(10, 11, b.rows("evidence.history", "empty.violation", ask("A", list("violation_history", 100), one)).
		OverrideByName("why", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))

	b.row("evidence.row.events")
	b.add(24, 8, b.categories("evidence.daily", "empty.evidence", "day", "orange", ask("A", list("violation_evidence_daily", 400), one)).
		Orientation(common.VizOrientationVertical).XTickLabelSpacing(60).OverrideByName("cost", []dashboard.DynamicConfigValue{hidden}))
	b.add(24, tall(20), b.rows("evidence.list", "empty.evidence", ask("A", list("violation_evidence", 1000), one)).
		OverrideByName("occurred_at", wide(136)).OverrideByName("service", wide(150)).OverrideByName("other_mask", wide(120)).OverrideByName("visited_country", wide(96)).
		OverrideByName("duration", wide(96)).OverrideByName("volume", wide(84)).OverrideByName("watches_open", wide(96)).OverrideByName("charged", wide(96)).OverrideByName("currency", wide(84)).OverrideByName("rated", wide(96)).
		OverrideByName("name", wide(310)).OverrideByName("file_row", wide(64)))
	return b.build("violation-evidence", b.marks(query.Filter{Field: "about", Op: query.OpIn, Values: []string{"rule"}}), b.variable("violation", "violations").Multi(false).IncludeAll(false))
}
