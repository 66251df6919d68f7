package packcases

import "linesman/schema"

func nuPlants() []plant {
	callback := all(device("mobile"), hash(601))
	jabber := all(device("jabber_desktop"), func(u *schema.Usage) { u.CostCentre = "4711" }, costs(1))
	return []plant{
		{rule: "nu-private-mobile-forwarding", severity: "medium", line: true, approval: "forwarding", row: forwardedTo("mobile", 501), at: 10, over: "11", high: 40, near: []near{
			{"another number", hash(502)}, {"no number told", hash(0)}, {"the organisation's own mobile", class("internal")}, {"not answered", unanswered}, {"not forwarded", notForwarded}}},
		{rule: "nu-private-mobile-callback", severity: "low", row: callback, at: 20, over: "21", near: []near{
			{"another number", hash(602)}, {"with Jabber", device("jabber_iphone")}, {"a colleague's service mobile", class("internal")}, {"not answered", unanswered},
			{"incoming", incoming}, {"private", func(u *schema.Usage) { u.Private = true }}}},
		{rule: "nu-jabber-cost", severity: "low", row: jabber, at: 0, over: "0.000001", unnamed: true, near: []near{
			{"on the region's cost centre", func(u *schema.Usage) { u.CostCentre = "REGION" }}, {"not with Jabber", device("desk_phone")}, {"free", free}}},
	}
}

func nuSituations() []situation {
	const rise, made, inside, outside, phones = "nu-watches-rise", "nu-watches-created", "nu-ace-internal-key", "nu-ace-partner-key", "nu-desk-phones-goal"
	// Nine weeks of spring in three years, the first and last of one season of the year each.
	springs := func(open func(year, week int) uint32) []any {
		var out []any
		for y := range 3 {
			out = append(out, counts([]string{"2025-04-04", "2026-04-03", "2027-04-02"}[y], func(i int) uint32 { return open(y, i) }, level(10), 9)...)
		}
		return out
	}
	phone := func(from, to string) schema.Equipment {
		e := handed("", to)
		e.Kind, e.LineID, e.ValidFrom = "desk_phone", "-", at(from)
		return e
	}
	target := func(n float64) schema.Goal {
		g := goal("watches_open", 100, n, "2025-12-31")
		return g
	}
	return []situation{
		{rise, "half a year of rise", counts("2025-01-03", rising(100, 2), level(10), 26), []string{rise + " 2025-06-01 50 medium 1-26"}},
		{rise, "a count too few", counts("2025-01-03", rising(100, 2), level(10), 25), nil},
		{rise, "level", counts("2025-01-03", level(100), level(10), 26), nil},
		{rise, "falling", counts("2025-01-03", func(i int) uint32 { return 200 - 2*uint32(i) }, level(10), 26), nil},
		{rise, "certain but small", counts("2025-01-03", func(i int) uint32 { return 1000 + 5*uint32(i) }, level(10), 26), nil},
		{rise, "the first counts are from before the staff knew", counts("2024-12-20", rising(100, 2), level(10), 27), nil},
		{rise, "at its goal", rows(counts("2025-01-03", rising(100, 2), level(10), 26), target(147)), nil},
		{rise, "above its goal", rows(counts("2025-01-03", rising(100, 2), level(10), 26), target(146.9)), []string{rise + " 2025-06-01 50 medium 1-26"}},
		{rise, "each spring more than the last, though each spring falls", springs(func(y, w int) uint32 { return uint32(200 + 60*y - 5*w) }), []string{rise + " 2027-05-01 122.666667 medium 1-27"}},
		{rise, "each spring rises, and none is higher than the last", springs(func(_, w int) uint32 { return uint32(200 + 20*w) }), nil},
		{made, "more are created", rows(counts("2025-01-03", level(100), rising(10, 1), 26), staff(100)), []string{made + " 2025-06-01 25 low 1-26"}},
		{made, "a count too few", rows(counts("2025-01-03", level(100), rising(10, 1), 25), staff(100)), nil},
		{made, "as many per employee", rows(counts("2025-01-03", level(100), func(i int) uint32 { return []uint32{20, 40}[i/13] }, 26),
			schema.Unit{Employees: 100, ValidFrom: at("2024-01-01 00:00:00"), ValidTo: at("2025-04-04 00:00:00")}, schema.Unit{Employees: 200, ValidFrom: at("2025-04-04 00:00:00")}), nil},
		{made, "employees not known", counts("2025-01-03", level(100), rising(10, 1), 26), nil},

		{"nu-watches-goal", "missed", rows(counts("2025-01-03", level(100), level(10), 5), goal("watches_open", 100, 50, "2025-01-31")), []string{"nu-watches-goal 2025-01-01 100 medium 6"}},
		{"nu-watches-goal", "reached", rows(counts("2025-01-03", level(50), level(10), 5), goal("watches_open", 100, 50, "2025-01-31")), nil},
		{"nu-watches-goal", "off track", rows(counts("2025-01-03", level(100), level(10), 6), goal("watches_open", 100, 50, "2025-12-31")), []string{"nu-watches-goal 2025-02-01 100 medium 7"}},
		{"nu-watches-goal", "on track", rows(counts("2025-01-03", func(i int) uint32 { return 100 - 2*uint32(i) }, level(10), 6), goal("watches_open", 100, 50, "2025-12-31")), nil},
		{"nu-watches-goal", "no goal", counts("2025-01-03", level(100), level(10), 6), nil},
		{phones, "missed", rows(phone("2024-06-01 00:00:00", ""), goal("desk_phones", 10, 0, "2025-01-31")), []string{phones + " 2025-01-01 1 low 2"}},
		{phones, "handed back on the last day", rows(phone("2024-06-01 00:00:00", "2025-01-31 12:00:00"), goal("desk_phones", 10, 0, "2025-01-31")), nil},
		{phones, "an extension without a phone", rows(held("fixed", "personal", "2024-06-01 00:00:00", ""), goal("desk_phones", 10, 0, "2025-01-31")), nil},
		{phones, "the emergency department has no goal", rows(phone("2024-06-01 00:00:00", "")), nil},
		passing(phones),

		{inside, "above the limit", []any{contact("2026-03-18 10:00:00", "internal", "9", 10), contact("2026-03-18 10:15:00", "internal", "1", 1)}, []string{inside + " 2026-03-01 11 low 1-2"}},
		{inside, "exactly at the limit", []any{contact("2026-03-18 10:00:00", "internal", "9", 10)}, nil},
		{inside, "very many", []any{contact("2026-03-18 10:00:00", "internal", "9", 101)}, []string{inside + " 2026-03-01 101 high 1"}},
		{inside, "many", []any{contact("2026-03-18 10:00:00", "internal", "9", 100)}, []string{inside + " 2026-03-01 100 low 1"}},
		{inside, "sick and well", []any{contact("2026-03-18 10:00:00", "internal", "8", 500)}, nil},
		{inside, "no key chosen", []any{contact("2026-03-18 10:00:00", "internal", "", 500)}, nil},
		{inside, "origin not known", []any{contact("2026-03-18 10:00:00", "unknown", "1", 500)}, nil},
		{inside, "corrected by a later extract", []any{contact("2026-03-18 10:00:00", "internal", "9", 500), contact("2026-03-18 10:00:00", "internal", "9", 3)}, nil},
		{inside, "before the staff knew", []any{contact("2024-12-31 23:45:00", "internal", "9", 500)}, nil},
		{inside, "midnight divides months", []any{contact("2026-03-31 23:45:00", "internal", "9", 10), contact("2026-04-01 00:00:00", "internal", "9", 10)}, nil},
		{inside, "the hour that comes twice", []any{contact("2026-10-25 00:45:00Z", "internal", "9", 6), contact("2026-10-25 01:45:00Z", "internal", "9", 5)}, []string{inside + " 2026-10-01 11 low 1-2"}},
		{inside, "leap day", []any{contact("2028-02-29 23:45:00", "internal", "9", 11)}, []string{inside + " 2028-02-01 11 low 1"}},

		{outside, "above the limit", []any{contact("2026-03-18 10:00:00", "external", "2", 21)}, []string{outside + " 2026-03-01 21 low 1"}},
		{outside, "exactly at the limit", []any{contact("2026-03-18 10:00:00", "external", "2", 20)}, nil},
		{outside, "key 9", []any{contact("2026-03-18 10:00:00", "external", "9", 500)}, nil},
		{outside, "sick, from home", []any{contact("2026-03-18 10:00:00", "external", "8", 500)}, nil},
		{outside, "no key chosen", []any{contact("2026-03-18 10:00:00", "external", "", 500)}, nil},
		{outside, "before the staff knew", []any{contact("2024-12-31 23:45:00", "external", "2", 500)}, nil},
		{outside, "midnight divides months", []any{contact("2026-03-31 23:45:00", "external", "2", 20), contact("2026-04-01 00:00:00", "external", "2", 20)}, nil},
	}
}
