package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// subscriptions is for whoever answers for what is subscribed to, and what of it could be saved.
func subscriptions(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts}
	month := []query.Filter{by("month"), by("unit")}
	list := func(metric string, limit int) query.Query {
		return query.Query{Metric: metric, Format: query.FormatTable, Limit: limit}
	}
	some := []step{base("blue"), from(1, "orange")}

	b.row("subs.row.month")
	b.add(4, 4, b.number("subs.held", "empty.subscriptions", ask("A", stats("subscriptions_held"), month...)))
	b.add(4, 4, b.number("subs.fees", "empty.subscriptions", ask("A", stats("subscription_fees"), month...)))
	b.add(4, 4, b.number("subs.idle", "empty.subscriptions", ask("A", stats("subscription_idle"), month...), some...))
	b.add(4, 4, b.number("subs.check", "empty.subscriptions", ask("A", stats("subscriptions_to_check"), month...), some...))
	b.add(4, 4, b.number("overview.savings", "empty.savings", ask("A", stats("savings_year"), month...)))
	b.add(4, 4, b.number("subs.found", "empty.savings", ask("A", stats("savings_found"), month...)))

	b.row("subs.row.savings")
	b.add(12, 9, b.rows("subs.savings_kinds", "empty.savings", ask("A", list("savings_kinds", 0), month...)))
	b.add(12, 9, b.categories("subs.savings_units", "empty.savings", "unit", "blue", ask("A", list("savings_units", 15), month...)).
		OverrideByName("found", []dashboard.DynamicConfigValue{property("custom.hideFrom", map[string]bool{"legend": true, "tooltip": true, "viz": true})}))
	b.add(24, tall(15), b.rows("subs.savings_list", "empty.savings", ask("A", list("savings_list", 200), month...)).
		OverrideByName("saving", []dashboard.DynamicConfigValue{property("custom.wrapText", true)}))

	b.row("subs.row.questions")
	b.add(12, 9, b.categories("subs.questions", "empty.questions", "question", "orange", ask("A", list("subscription_questions", 0), month...)))
	b.add(12, 9, b.rows("subs.plans", "empty.subscriptions", ask("A", list("subscription_plans", 100), month...)))
	b.add(24, tall(15), b.rows("subs.units", "empty.subscriptions", ask("A", list("subscription_units", 200), month...)))
	b.add(24, tall(15), b.rows("subs.checks", "empty.questions", ask("A", list("subscription_checks", 200), month...)).
		OverrideByName("question", []dashboard.DynamicConfigValue{property("custom.wrapText", true), property("custom.width", 330)}))

	b.row("subs.row.lines")
	b.add(24, tall(20), b.rows("subs.lines", "empty.lines", ask("A", list("subscriptions", 200), month...)))
	return b.build("subscriptions", b.marks(query.Filter{Field: "goal", Op: query.OpIn, Values: []string{"unused_lines"}}, by("unit")), b.month(), b.several("unit", "units"))
}
