package packcases

import "linesman/schema"

func sorselePlants() []plant {
	onCall := role("on_call")
	answered := func(u *schema.Usage) { u.Answered, u.Outcome, u.DurationS, u.RingS = true, "answered", 60, 10 }
	paid := all(class("premium"), costs(1))
	return []plant{
		{rule: "sorsele-private-forwarding", severity: "medium", line: true, approval: "forwarding", row: forwardedTo("mobile", 501), at: 5, over: "6", high: 30, near: []near{
			{"another number", hash(502)}, {"no number told", hash(0)}, {"the municipality's own", class("internal")}, {"not answered", unanswered}, {"not forwarded", notForwarded}}},
		{rule: "sorsele-on-call-forwarded", severity: "high", daily: true, row: all(forwardedTo("internal", 501), onCall), at: 0, over: "1", near: []near{
			{"a shared phone", role("shared")}, {"not forwarded", all(notForwarded)}}},
		{rule: "sorsele-on-call-outgoing", severity: "low", row: onCall, at: 4, over: "5", high: 100, near: []near{
			{"a personal phone", role("personal")}, {"incoming", incoming}, {"not answered", unanswered}, {"to 112", class("emergency")}}},
		{rule: "sorsele-on-call-manned", severity: "medium", row: all(incoming, unanswered, rings(31), onCall), at: 1, whole: 20, other: answered, over: "10", high: 5, near: []near{
			{"hung up within thirty seconds", rings(30)}, {"answered", answered}, {"a shared phone", role("shared")}}},
		{rule: "sorsele-unanswered", severity: "low", row: all(incoming, unanswered), at: 10, whole: 40, other: answered, over: "27.5", workday: true, near: []near{
			{"before eight", onDay("2026-03-18 07:59:00")}, {"at five", onDay("2026-03-18 17:00:00")}, {"on a Saturday", onDay("2026-03-21 10:00:00")}, {"on Good Friday", onDay("2026-04-03 10:00:00")},
			{"an on-call phone", all(role("on_call"), rings(10))}, {"answered", answered}}},
		{rule: "sorsele-sms-customers", severity: "low", approval: "sms", row: message, at: 30, over: "31", high: 300, near: []near{
			{"to a colleague", class("internal")}, {"to a short number", class("short_code")}, {"private", func(u *schema.Usage) { u.Private = true }}, {"received", func(u *schema.Usage) { u.Direction = schema.DirectionIn }}}},
		{rule: "sorsele-data-abroad", severity: "low", with: permitted("trip"), row: all(data, in("NO"), bytes(10_000_000)), at: 50, last: bytes(1), over: "500.000001", each: 10, high: 500, near: []near{
			{"in Sweden", inSweden}, {"no country told", unknownPlace}, {"no data", bytes(0)}}},
		{rule: "sorsele-private-data-abroad", severity: "medium", line: true, approval: "trip", country: true, row: all(data, in("NO")), at: 10, last: bytes(1), over: "50.000001", near: []near{
			{"in Sweden", inSweden}, {"no country told", unknownPlace}, {"no data", bytes(0)}}},
		{rule: "sorsele-broadband-abroad", severity: "medium", line: true, approval: "trip", country: true, row: all(data, in("NO"), lineKind("data")), at: 2, last: bytes(1), over: "10.000001", near: []near{
			{"in Sweden", inSweden}, {"no country told", unknownPlace}, {"a phone", lineKind("mobile")}}},
		{rule: "sorsele-premium", severity: "medium", line: true, approval: "premium", row: paid, at: 0, over: "0.000001", near: []near{
			{"free of charge", free}, {"not answered", unanswered}, {"a shared-cost number", class("shared_cost")}}},
		{rule: "sorsele-calls-abroad", severity: "low", line: true, approval: "trip", row: all(class("international"), to("DE")), at: 3, over: "4", high: 30, near: []near{
			{"within Sweden", to("SE")}, {"country not known", to("")}, {"not answered", unanswered}, {"incoming", incoming}}},
	}
}

func sorseleSituations() []situation {
	const asked, short, end, leave, blocked, used = "sorsele-hours-approval", "sorsele-hours-length", "sorsele-return-end", "sorsele-return-leave", "sorsele-loss-blocked", "sorsele-loss-used"
	const from = "2026-03-02 00:00:00" // a Monday
	week := func(span string, days int, to string) []any {
		var out []any
		for d := range days {
			out = append(out, hours(uint32(d+1), span, from, to))
		}
		return out
	}
	permitted := approval("hours", "2026-01-01 00:00:00")
	after := func(when string, change change) schema.Usage {
		u := call(when)
		u.Class, u.OtherClass, u.Role = "internal", "internal", "shared"
		change(&u)
		return u
	}
	none := func(*schema.Usage) {}
	paidCall := func(m schema.Money) schema.Usage {
		u := call("2026-03-18 10:00:00")
		class("premium")(&u)
		u.Cost = m
		return u
	}
	abroad := func(kind string, volume uint64) schema.Usage {
		u := call("2026-03-18 10:00:00")
		all(data, in("NO"), lineKind(kind), bytes(volume))(&u)
		return u
	}
	return []situation{
		passing(used),
		{"sorsele-premium", "two hundred kronor", []any{paidCall(schema.Kronor(200))}, []string{"sorsele-premium 2026-03-01 200 medium 1"}},
		{"sorsele-premium", "more than two hundred kronor", []any{paidCall(schema.Kronor(200) + 1)}, []string{"sorsele-premium 2026-03-01 200.000001 high 1"}},
		{"sorsele-private-data-abroad", "500 MB", []any{abroad("mobile", 500_000_000)}, []string{"sorsele-private-data-abroad 2026-03-01 500 medium 1"}},
		{"sorsele-private-data-abroad", "more than 500 MB", []any{abroad("mobile", 500_000_001)}, []string{"sorsele-data-abroad 2026-03-01 500.000001 low 1", "sorsele-private-data-abroad 2026-03-01 500.000001 high 1"}},
		{"sorsele-broadband-abroad", "1,000 MB", []any{abroad("data", 1_000_000_000)}, []string{"sorsele-broadband-abroad 2026-03-01 1000 medium 1", "sorsele-data-abroad 2026-03-01 1000 low 1"}},
		{"sorsele-broadband-abroad", "more than 1,000 MB", []any{abroad("data", 1_000_000_001)}, []string{"sorsele-broadband-abroad 2026-03-01 1000.000001 high 1", "sorsele-data-abroad 2026-03-01 1000.000001 low 1"}},
		{short, "short since before the staff knew", rows(hours(1, "08:00-09:00", "2024-09-01 00:00:00", "2025-03-01 00:00:00"), permitted), []string{short + " 2025-01-01 1 low 1"}},
		{asked, "not decided", week("08:00-09:00", 5, ""), []string{asked + " 2026-03-02 5 low 1-5"}},
		{asked, "decided", rows(week("08:00-09:00", 5, ""), permitted), nil},
		{asked, "decided too late", rows(week("08:00-09:00", 5, ""), approval("hours", "2026-03-02 00:00:01")), []string{asked + " 2026-03-02 5 low 1-5"}},
		{asked, "another line's were decided", rows(week("08:00-09:00", 5, ""), schema.Approval{Kind: "hours", LineID: "b", UnitID: "-", ValidFrom: at("2026-01-01 00:00:00")}), []string{asked + " 2026-03-02 5 low 1-5"}},
		{asked, "before the staff knew", []any{hours(1, "08:00-13:00", "2024-12-31 23:59:59", "2025-02-01 00:00:00")}, nil},
		{short, "five hours, an hour each", rows(week("08:00-09:00", 5, ""), permitted), nil},
		{short, "a minute less than five hours", rows(week("08:00-09:00", 4, ""), hours(5, "08:00-08:59", from, ""), permitted), []string{short + " 2026-03-02 4.983333 low 1-5"}},
		{short, "five hours on one day", rows(hours(1, "08:00-13:00", from, ""), permitted), nil},
		{short, "an occasion of 59 minutes", rows(week("08:00-10:00", 4, ""), hours(5, "08:00-08:59", from, ""), permitted), []string{short + " 2026-03-02 0.983333 low 1-5"}},
		{short, "two half hours that adjoin", rows(week("08:00-10:00", 4, ""), hours(5, "08:00-08:30", from, ""), hours(5, "08:30-09:00", from, ""), permitted), nil},
		{short, "two half hours apart", rows(week("08:00-10:00", 4, ""), hours(5, "08:00-08:30", from, ""), hours(5, "08:31-09:01", from, ""), permitted), []string{short + " 2026-03-02 0.5 low 1-6"}},

		{end, "never returned", []any{handed("", ""), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00")}, []string{end + " 2026-03-01 1 medium 1"}},
		{end, "returned after fifteen days", []any{handed("", "2026-03-16 12:00:00"), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00")}, []string{end + " 2026-03-01 1 medium 1"}},
		{end, "returned after fourteen days", []any{handed("", "2026-03-15 12:00:00"), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00")}, nil},
		{end, "an assignment", []any{handed("", ""), employed("assignment", "2024-01-01 00:00:00", "2026-03-01 00:00:00")}, []string{end + " 2026-03-01 1 medium 1"}},
		{end, "employed again at once", []any{handed("", ""), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00"), employed("employed", "2026-03-01 00:00:00", "")}, nil},
		{end, "may be kept: not for who leaves", []any{handed("", ""), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00"), approval("return", "2026-01-01 00:00:00")}, []string{end + " 2026-03-01 1 medium 1"}},
		{end, "two items", []any{handed("", ""), handed("b", ""), employed("employed", "2024-01-01 00:00:00", "2026-03-01 00:00:00")}, []string{end + " 2026-03-01 2 medium 1-2"}},
		{end, "ended before the staff knew", []any{handed("", ""), employed("employed", "2024-01-01 00:00:00", "2024-12-31 00:00:00")}, nil},
		{leave, "a year and a day", []any{handed("", ""), employed("leave", "2026-03-01 00:00:00", "2027-03-02 00:00:00")}, []string{leave + " 2026-03-01 1 low 1"}},
		{leave, "exactly a year", []any{handed("", ""), employed("leave", "2026-03-01 00:00:00", "2027-03-01 00:00:00")}, nil},
		{leave, "until further notice: after a year", []any{handed("", ""), employed("leave", "2026-03-01 00:00:00", "")}, []string{leave + " 2027-03-01 1 low 1"}},
		{leave, "a manager excepted it", []any{handed("", ""), employed("leave", "2026-03-01 00:00:00", ""), approval("return", "2026-02-01 00:00:00")}, nil},
		{leave, "returned after fourteen days", []any{handed("", "2026-03-15 12:00:00"), employed("leave", "2026-03-01 00:00:00", "2027-04-01 00:00:00")}, nil},

		{blocked, "after a day and an hour", []any{lost("2026-03-10 10:00:00", "2026-03-11 11:00:00")}, []string{blocked + " 2026-03-10 1 medium 1"}},
		{blocked, "after a day", []any{lost("2026-03-10 10:00:00", "2026-03-11 10:00:00")}, nil},
		{blocked, "never", []any{lost("2026-03-10 10:00:00", "")}, []string{blocked + " 2026-03-10 1 medium 1"}},
		{blocked, "the night of 23 hours", []any{lost("2026-03-28 12:00:00", "2026-03-29 13:00:00")}, nil},
		{blocked, "the night of 25 hours", []any{lost("2026-10-24 12:00:00", "2026-10-25 12:00:00")}, []string{blocked + " 2026-10-24 1 medium 1"}},
		{blocked, "a desk phone has no card", []any{func() schema.Equipment { e := lost("2026-03-10 10:00:00", ""); e.Kind = "desk_phone"; return e }()}, nil},
		{blocked, "before the staff knew", []any{lost("2024-12-31 23:59:59", "")}, nil},
		{used, "a call the same evening", []any{held("mobile", "personal", "2024-06-01 00:00:00", ""), lost("2026-03-10 10:00:00", "2026-03-10 22:00:00"), after("2026-03-10 21:59:59", none)}, []string{used + " 2026-03-10 1 high 2"}},
		{used, "a call before it was lost", []any{held("mobile", "personal", "2024-06-01 00:00:00", ""), lost("2026-03-10 10:00:00", "2026-03-10 22:00:00"), after("2026-03-10 10:00:00", none)}, nil},
		{used, "a call after it was blocked", []any{held("mobile", "personal", "2024-06-01 00:00:00", ""), lost("2026-03-10 10:00:00", "2026-03-10 22:00:00"), after("2026-03-10 22:00:00", none)}, nil},
		{used, "its fee", []any{held("mobile", "personal", "2024-06-01 00:00:00", ""), lost("2026-03-10 10:00:00", "2026-03-10 22:00:00"), after("2026-03-10 12:00:00", fee)}, nil},
	}
}
