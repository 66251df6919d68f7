package packcases

import "linesman/schema"

func laholmPlants() []plant {
	extension := all(forwardedTo("mobile", 0), func(u *schema.Usage) { u.LineKind, u.Role = "fixed", "personal" }, free)
	ownMobile := func(u *schema.Usage) { u.Class = "internal" } // by number range; recorded as a mobile number
	abroad := all(incoming, func(u *schema.Usage) { u.Service = schema.ServiceVoiceInRoaming }, in("NO"), lasts(180), costs(schema.Kronor(2)))
	paid := all(class("premium"), free)
	prefix := func(u *schema.Usage) { u.Private = true }
	return []plant{
		{rule: "laholm-forwarding", severity: "medium", approval: "forwarding", row: all(extension, ownMobile), at: 0, over: "1", high: 100, near: []near{
			{"not answered", unanswered}, {"not forwarded", notForwarded}, {"forwarded to a fixed phone", class("fixed")}, {"a mobile's own forwarding", lineKind("mobile")}}},
		{rule: "laholm-forwarding-sparing", severity: "low", with: permitted("forwarding"), row: all(extension, ownMobile, costs(schema.Kronor(100))), at: 5, last: costs(1), over: "500.000001", each: 100, high: 50, near: []near{
			{"free", free}, {"not answered", unanswered}, {"forwarded to a fixed phone", class("fixed")}, {"a mobile's own forwarding", lineKind("mobile")}}},
		{rule: "laholm-voicemail-abroad", severity: "low", row: abroad, at: 3, over: "4", near: []near{
			{"a second longer than a message", lasts(181)}, {"in Sweden", inSweden}, {"no country told", unknownPlace}, {"free of charge", free}, {"a fixed line", lineKind("fixed")}, {"outgoing", outgoing}}},
		{rule: "laholm-premium", severity: "medium", approval: "premium", row: paid, at: 0, over: "1", high: 10, near: []near{
			{"not answered", unanswered}, {"a shared-cost number", class("shared_cost")}, {"a fee", fee}}},
		{rule: "laholm-private-calls", severity: "low", line: true, row: all(prefix, costs(1)), at: 0, over: "0.000001", near: []near{
			{"without the prefix", notPrivate}, {"free", free}}},
		{rule: "laholm-private-use", severity: "low", approval: "private", row: all(prefix, free), at: 4, over: "5", near: []near{
			{"without the prefix", notPrivate}, {"a fee", fee}}},
		{rule: "laholm-private-mobile", severity: "low", line: true, approval: "forwarding", row: forwardedTo("mobile", 501), at: 10, over: "11", near: []near{
			{"another number", hash(502)}, {"no number told", hash(0)}, {"the municipality's own mobile", ownMobile}, {"not answered", unanswered}, {"not forwarded", notForwarded}}},
		{rule: "laholm-long-mobile-calls", severity: "low", row: lasts(601), at: 2, whole: 20, other: lasts(600), over: "15", near: []near{
			{"ten minutes", lasts(600)}, {"from a fixed phone to another", all(lineKind("fixed"), class("fixed"))}, {"private", func(u *schema.Usage) { u.Private, u.Cost = true, 0 }}}},
		{rule: "laholm-five-rings", severity: "low", row: all(incoming, rings(31)), at: 2, whole: 20, other: rings(30), over: "15", high: 8, near: []near{
			{"five rings", rings(30)}, {"outgoing", outgoing}}},
		{rule: "laholm-unanswered", severity: "medium", row: all(incoming, unanswered, rings(31)), at: 2, whole: 20, other: func(u *schema.Usage) {
			u.Answered, u.Outcome, u.DurationS, u.RingS = true, "answered", 60, 10
		}, over: "15", high: 8, near: []near{
			{"hung up within five rings", rings(30)}, {"voicemail answered", func(u *schema.Usage) { u.Answered, u.Outcome, u.RingS = true, "answered", 30 }},
			{"forwarded", func(u *schema.Usage) { u.Forwarded = true }}, {"outgoing", outgoing}}},
		{rule: "laholm-operator", severity: "medium", row: operator("fjordtel"), at: 0, over: "1", near: []near{
			{"the chosen operator", operator("norrtele")}, {"the exchange's own", operator("")}}},
	}
}

func laholmSituations() []situation {
	const review, unused, budget, rings5 = "laholm-yearly-review", "laholm-unused-mobile", "laholm-budget", "laholm-five-rings"
	year := func(extra ...any) []any {
		return rows(held("mobile", "personal", "2025-12-31 00:00:00", "2027-01-02 00:00:00"), rows(extra...))
	}
	// used twice a month, so that it is no unused mobile
	kept := months("2025-12-01", 14, func(_ int, m schema.Day) []any {
		u := call(m.String() + " 12:00:00")
		u.Class, u.OtherClass = "internal", "internal"
		return []any{u, moved(u, (m+14).String()+" 12:00:00", 0)}
	})
	quarter := func(from, to string, more ...any) []any {
		return rows(held("mobile", "personal", from, to), rows(more...))
	}
	used := func(when string) schema.Usage {
		u := call(when)
		u.Class, u.OtherClass = "internal", "internal"
		return u
	}
	spent := func(when string, m schema.Money) schema.Usage {
		u := used(when)
		u.Cost = m
		return u
	}
	return []situation{
		passing(unused),
		{review, "not reviewed", year(kept), []string{review + " 2026-01-01 365 low 1"}},
		{review, "reviewed on New Year's Eve", year(kept, approval("review", "2026-12-31 23:59:59")), nil},
		{review, "reviewed the year before", year(kept, approval("review", "2025-12-31 23:59:59")), []string{review + " 2026-01-01 365 low 1"}},
		{review, "reviewed the year after", year(kept, approval("review", "2027-01-01 00:00:00")), []string{review + " 2026-01-01 365 low 1"}},
		{review, "the unit reviewed all it held", year(kept, schema.Approval{Kind: "review", LineID: "-", DecidedAt: at("2026-06-01 10:00:00"), ValidFrom: at("2026-06-01 10:00:00")}), nil},
		{review, "another decision", year(kept, approval("private", "2026-06-01 10:00:00")), []string{review + " 2026-01-01 365 low 1"}},
		{review, "held from the second of January", rows(held("mobile", "personal", "2026-01-02 00:00:00", "2027-01-02 00:00:00"), kept), nil},
		{review, "a fixed phone", rows(held("fixed", "personal", "2025-12-31 00:00:00", "2027-01-02 00:00:00"), kept), nil},
		{unused, "ninety days", quarter("2026-01-01 00:00:00", "2026-04-02 00:00:00"), []string{unused + " 2026-03-01 90 low 1"}},
		{unused, "used on the first of them", quarter("2026-01-01 00:00:00", "2026-04-02 00:00:00", used("2026-01-01 00:00:00")), nil},
		{unused, "used the day before", quarter("2025-12-31 00:00:00", "2026-04-02 00:00:00", used("2025-12-31 23:59:59")), []string{unused + " 2026-03-01 90 low 1"}},
		{unused, "used on the last of them", quarter("2026-01-01 00:00:00", "2026-04-02 00:00:00", used("2026-03-31 23:59:59")), nil},
		{unused, "handed out a day later", quarter("2026-01-02 00:00:00", "2026-04-02 00:00:00"), nil},
		{unused, "a spare phone to lend", rows(held("mobile", "loan", "2026-01-01 00:00:00", "2026-04-02 00:00:00")), nil},
		{unused, "on call", rows(held("mobile", "on_call", "2026-01-01 00:00:00", "2026-04-02 00:00:00")), nil},
		{unused, "a fixed phone", rows(held("fixed", "personal", "2026-01-01 00:00:00", "2026-04-02 00:00:00")), nil},
		{unused, "only its fees", quarter("2026-01-01 00:00:00", "2026-04-02 00:00:00", func() schema.Usage { u := used("2026-03-01 00:00:00"); fee(&u); u.Cost = schema.Kronor(119); return u }()),
			[]string{unused + " 2026-03-01 90 low 1-2"}},
		{budget, "a millionth above", []any{goal("cost_month", 1000, 1000, "2027-12-31"), spent("2026-03-18 10:00:00", schema.Kronor(1000)+1)}, []string{budget + " 2026-03-01 1000.000001 low 1-2"}},
		{budget, "exactly at the budget", []any{goal("cost_month", 1000, 1000, "2027-12-31"), spent("2026-03-18 10:00:00", schema.Kronor(1000))}, nil},
		{budget, "a fifth above", []any{goal("cost_month", 1000, 1000, "2027-12-31"), spent("2026-03-18 10:00:00", schema.Kronor(1200))}, []string{budget + " 2026-03-01 1200 low 1-2"}},
		{budget, "more than a fifth above", []any{goal("cost_month", 1000, 1000, "2027-12-31"), spent("2026-03-18 10:00:00", schema.Kronor(1200)+1)}, []string{budget + " 2026-03-01 1200.000001 high 1-2"}},
		{budget, "two months", []any{goal("cost_month", 1000, 1000, "2027-12-31"), spent("2026-03-31 23:59:59", schema.Kronor(600)), spent("2026-04-01 00:00:00", schema.Kronor(600))}, nil},
		{budget, "no budget", []any{spent("2026-03-18 10:00:00", schema.Kronor(9000))}, nil},
		{rings5, "high", plant{row: all(incoming, rings(31)), at: 9, whole: 20, other: rings(30)}.anyRows(), []string{rings5 + " 2026-03-01 50 high 1-10"}},
	}
}
