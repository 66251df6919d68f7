package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// staleSteps colours the days since a source delivered: a source is expected every day, and its
// absence for a week is an alert.
func staleSteps() []step { return []step{base("blue"), from(2, "orange"), from(7, "red")} }

// dataQuality is for whoever runs Linesman: what came when, what of it was refused, and what of
// the past has moved since it was shown.
func dataQuality(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	unit := by("unit")
	list := func(metric string, limit int) query.Query {
		return query.Query{Metric: metric, Format: query.FormatTable, Limit: limit}
	}
	some := []step{base("blue"), from(1, "orange")}
	colored := func(color string) []dashboard.DynamicConfigValue {
		return []dashboard.DynamicConfigValue{property("color", fixed(color))}
	}
	age := []dashboard.DynamicConfigValue{cell("color-text"), property("thresholds", steps("blue", 2, "orange", 7, "red"))}

	b.row("quality.row.now")
	b.add(4, 4, b.number("quality.stale", "empty.files", ask("A", stats("stale_days")), staleSteps()...))
	b.add(4, 4, b.number("quality.failed", "empty.files", ask("A", stats("failed_files")), some...))
	b.add(4, 4, b.number("quality.rejected", "empty.files", ask("A", stats("rejected_records")), some...))
	b.add(4, 4, b.number("quality.duplicates", "empty.files", ask("A", stats("duplicate_records"))))
	b.add(4, 4, b.number("quality.restatements", "empty.restatements", ask("A", stats("restatements"), unit)))
	b.add(4, 4, b.number("quality.late", "empty.restatements", ask("A", stats("late_records"), unit)))

	b.row("quality.row.sources")
	b.add(9, tall(7), b.rows("quality.age", "empty.files", ask("A", list("source_age", 0))).OverrideByName("delivery_age", age))
	b.add(15, tall(7), b.rows("quality.freshness", "empty.files", ask("A", list("data_freshness", 0))).OverrideByName("failed", []dashboard.DynamicConfigValue{cell("color-text"), property("thresholds", steps("text", 1, "orange"))}))
	b.add(9, 11, b.categories("quality.deliveries", "empty.files", "delivered", "blue", ask("A", list("deliveries", 0))).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).Legend(legend(true)).
		OverrideByName("accepted", colored("blue")).OverrideByName("duplicate", colored("gray")).OverrideByName("rejected", colored("orange")))
	b.add(15, 11, b.rows("quality.by_source", "empty.files", ask("A", list("deliveries_by_source", 500))))

	b.row("quality.row.refused")
	b.add(24, tall(10), b.rows("quality.reasons", "empty.rejects", ask("A", list("reject_reasons", 100))))
	b.add(24, tall(12), b.rows("quality.files", "empty.files", ask("A", list("file_list", 200))).
		OverrideByName("state", []dashboard.DynamicConfigValue{cell("color-text"), b.words("state", map[string]string{"done": "blue", "failed": "red"})}).
		OverrideByName("error", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))

	b.row("quality.row.moved")
	b.add(24, tall(8), b.rows("quality.moved", "empty.restatements", ask("A", list("restatement_list", 200), unit)))
	return b.build("data-quality", b.marks(query.Filter{Field: "about", Op: query.OpIn, Values: []string{"rule"}}), b.several("unit", "units"))
}
