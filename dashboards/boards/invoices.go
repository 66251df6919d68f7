package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// invoices is for finance: what suppliers bill, beside what was subscribed to and used.
func invoices(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	month := by("month")
	list := func(metric string, limit int) query.Query {
		return query.Query{Metric: metric, Format: query.FormatTable, Limit: limit}
	}
	wide := func(width int, more ...dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
		return append(more, property("custom.width", width))
	}

	b.row("invoices.row.month")
	b.add(6, 4, b.number("invoices.billed_now", "empty.invoices", ask("A", stats("invoice_billed"), month)))
	b.add(6, 4, b.number("invoices.claimed_now", "empty.invoices", ask("A", stats("invoice_claimed"), month)))
	b.add(6, 4, b.number("invoices.mismatch_now", "empty.invoices", ask("A", stats("invoice_mismatch"), month), base("blue"), from(1, "orange")))
	b.linked(6, 4, "cost-follow-up", b.number("invoices.charged_now", "empty.cost", ask("A", stats("charged"), month)))

	b.row("invoices.row.outcomes")
	b.add(12, 10, b.rows("invoices.outcomes", "empty.invoices", ask("A", list("invoice_outcomes", 0), month)).
		OverrideByName("outcome", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))
	b.add(12, 10, b.rows("invoices.documents", "empty.invoices", ask("A", list("invoice_documents", 200), month)).
		OverrideByName("findings", []dashboard.DynamicConfigValue{cell("color-text"), property("thresholds", steps("text", 1, "orange"))}))

	b.row("invoices.row.disputes")
	b.add(24, tall(20), b.rows("invoices.disputes", "empty.disputes", ask("A", list("invoice_disputes", 200), month)).
		OverrideByName("document", wide(150)).OverrideByName("operator", wide(110)).OverrideByName("mask", wide(140)).
		OverrideByName("outcome", wide(300, property("custom.wrapText", true))))

	b.row("invoices.row.detail")
	b.add(12, 9, b.bars("invoices.charged_by_month", "empty.cost", ask("A", query.Query{Metric: "charged", GroupBy: []string{"operator"}, Format: query.FormatTimeseries, Interval: "month"})))
	b.add(12, 9, b.rows("invoices.charged_rated", "empty.cost", ask("A", query.Query{Metric: "cost", Also: []string{"charged", "rated"}, GroupBy: []string{"operator", "service"}, Format: query.FormatTable, Limit: 50}, month)))
	return b.build("invoice-reconciliation", b.marks(query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"cost_month"}}), b.month())
}

// steps are the thresholds of one column: a colour from the start, and others from values on, in
// turn.
func steps(first string, more ...any) map[string]any {
	list := []any{map[string]any{"value": nil, "color": first}}
	for i := 0; i+1 < len(more); i += 2 {
		list = append(list, map[string]any{"value": more[i], "color": more[i+1]})
	}
	return map[string]any{"mode": "absolute", "steps": list}
}
