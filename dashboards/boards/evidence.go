package boards

import (
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
		OverrideByName("cost", []dashboard.DynamicConfigValue{hidden}))
	b.add(24, tall(20), b.rows("evidence.list", "empty.evidence", ask("A", list("violation_evidence", 1000), one)))
	return b.build("violation-evidence", b.marks(query.Filter{Field: "about", Op: query.OpIn, Values: []string{"rule"}}), b.variable("violation", "violations").Multi(false).IncludeAll(false))
}
