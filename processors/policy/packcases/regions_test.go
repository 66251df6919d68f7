package packcases

import "linesman/schema"

func sjaellandPlants() []plant {
	answered := func(u *schema.Usage) { u.Answered, u.Outcome, u.DurationS = true, "answered", 60 }
	return []plant{
		{rule: "sjaelland-unanswered", severity: "low", row: all(incoming, unanswered), at: 8, whole: 40, other: answered, over: "22.5", workday: true, unnamed: true, near: []near{
			{"before eight", onDay("2026-03-18 07:59:00")}, {"at sixteen", onDay("2026-03-18 16:00:00")}, {"on a Sunday", onDay("2026-03-22 10:00:00")},
			{"on Maundy Thursday, a holiday in Denmark", onDay("2026-04-02 10:00:00")}, {"answered", answered}, {"outgoing", outgoing}}},
		{rule: "sjaelland-talk-time", severity: "low", row: lasts(3600 * 100), at: 20, last: lasts(36), over: "2000.01", unnamed: true, near: []near{
			{"nobody talks", lasts(0)}, {"a data session", func(u *schema.Usage) { u.Kind = schema.KindData }}}},
	}
}

// Its share is of hours, which the plants set themselves: see outside.
func jamtlandPlants() []plant { return nil }

// outside makes n calls on personal mobiles of which k were at another time than ten in the morning of
// a Wednesday.
func outside(when string, k, n int, change change) []any {
	var out []any
	for i := range n {
		u := moved(call("2026-03-18 10:00:00"), "2026-03-18 10:00:00", i)
		if i < k {
			u = moved(u, when, i%60)
			change(&u)
		}
		out = append(out, u)
	}
	return out
}

func sjaellandSituations() []situation {
	const rise, budget = "sjaelland-cost-rise", "sjaelland-budget"
	spent := func(n int, cost func(i int) schema.Money) []any {
		return months("2025-01-01", n, func(i int, m schema.Day) []any {
			u := call((m + 9).String() + " 12:00:00")
			u.Cost = cost(i)
			return []any{u}
		})
	}
	growing := func(i int) schema.Money { return schema.Kronor(int64(100 + 10*i)) }
	once := func(m schema.Money) schema.Usage {
		u := call("2026-03-18 10:00:00")
		u.Cost = m
		return u
	}
	// 2,500 hours or more, on so many lines, the first of them with Jabber
	talk := func(lines, jabber int) []any {
		var out []any
		for i := range lines {
			u := call("2026-03-18 10:00:00")
			u.Line, u.DurationS = string(rune('a'+i)), uint32([]int{700, 500}[lines-4]*3600)
			if u.Device = "jabber_desktop"; i >= jabber {
				u.Device = "desk_phone"
			}
			out = append(out, u)
		}
		return out
	}
	return []situation{
		passing(budget),
		{rise, "eight months of rise", rows(spent(8, growing), staff(100)), []string{rise + " 2025-08-01 70 low - of 8"}},
		{rise, "seven months", rows(spent(7, growing), staff(100)), nil},
		{rise, "level", rows(spent(8, func(int) schema.Money { return schema.Kronor(100) }), staff(100)), nil},
		{rise, "employees not known", spent(8, growing), nil},
		{"sjaelland-talk-time", "Jabber on one of four lines", talk(4, 1), nil},
		{"sjaelland-talk-time", "Jabber on five lines", talk(5, 5), []string{"sjaelland-talk-time 2026-03-01 2500 low - of 5"}},
		{"sjaelland-talk-time", "Jabber on one of five lines", talk(5, 1), []string{"sjaelland-talk-time 2026-03-01 2500 low - of 5"}},
		{"sjaelland-talk-time", "four lines without Jabber", talk(4, 0), []string{"sjaelland-talk-time 2026-03-01 2800 low - of 4"}},
		{budget, "above", []any{goal("cost_month", 1000, 1000, "2027-12-31"), once(schema.Kronor(1000) + 1)}, []string{budget + " 2026-03-01 1000.000001 low - of 2"}},
		{budget, "exactly at the budget", []any{goal("cost_month", 1000, 1000, "2027-12-31"), once(schema.Kronor(1000))}, nil},
	}
}

func jamtlandSituations() []situation {
	const share, rise, unused = "jamtland-out-of-hours", "jamtland-out-of-hours-rise", "jamtland-unused-goal"
	none := func(*schema.Usage) {}
	yes := []string{share + " 2026-03-01 16.666667 low - of 10"}
	// so many calls before seven in each of n months
	early := func(n int, calls func(i int) int) []any {
		return months("2025-01-01", n, func(i int, m schema.Day) []any {
			return outside((m+9).String()+" 05:00:00", calls(i), calls(i), none)
		})
	}
	growing := func(i int) int { return 5 + i }
	return []situation{
		passing(unused),
		{share, "before seven", outside("2026-03-18 06:59:00", 10, 60, none), yes},
		{share, "exactly at the limit", outside("2026-03-18 06:59:00", 9, 60, none), nil},
		{share, "too few calls to judge", outside("2026-03-18 06:59:00", 10, 49, none), nil},
		{share, "just enough calls", outside("2026-03-18 06:59:00", 10, 50, none), []string{share + " 2026-03-01 20 low - of 10"}},
		{share, "at seven", outside("2026-03-18 07:00:00", 10, 60, none), nil},
		{share, "before six in the evening", outside("2026-03-18 17:59:00", 10, 60, none), nil},
		{share, "at six in the evening", outside("2026-03-18 18:00:00", 10, 60, none), yes},
		{share, "on a Saturday", outside("2026-03-21 10:00:00", 10, 60, none), yes},
		{share, "on Epiphany", rows(outside("2026-01-06 10:00:00", 60, 60, none)), []string{share + " 2026-01-01 100 low - of 60"}},
		{share, "on the day after", rows(outside("2026-01-07 10:00:00", 60, 60, none)), nil},
		{share, "in the night without an hour from two to three", outside("2026-03-29 03:00:00", 10, 60, none), yes},
		{share, "the first hour of the month", outside("2026-03-01 00:00:00", 10, 60, none), yes},
		{share, "the last hour of the month before", outside("2026-02-28 23:59:00", 10, 60, none), nil},
		{share, "on call", outside("2026-03-18 06:59:00", 10, 60, role("on_call")), nil},
		{share, "a shared phone", outside("2026-03-18 06:59:00", 10, 60, role("shared")), nil},
		{share, "a fixed phone", outside("2026-03-18 06:59:00", 10, 60, lineKind("fixed")), nil},
		{share, "not answered", outside("2026-03-18 06:59:00", 10, 60, unanswered), nil},
		{share, "private", outside("2026-03-18 06:59:00", 10, 60, func(u *schema.Usage) { u.Private = true }), nil},
		{share, "with the union", outside("2026-03-18 06:59:00", 10, 60, hash(unionHash)), nil},
		{share, "before the staff knew", rows(outside("2024-12-30 05:00:00", 60, 60, none)), nil},
		{rise, "eight months of rise", rows(early(8, growing), staff(100)), []string{rise + " 2025-08-01 7 low - of 68"}},
		{rise, "seven months", rows(early(7, growing), staff(100)), nil},
		{rise, "as many", rows(early(8, func(int) int { return 9 }), staff(100)), nil},
		{rise, "employees not known", early(8, growing), nil},
		{rise, "as many per employee", rows(early(8, func(i int) int { return []int{5, 10}[i/4] }),
			schema.Unit{Employees: 50, ValidFrom: at("2024-01-01 00:00:00"), ValidTo: at("2025-05-01 00:00:00")}, schema.Unit{Employees: 100, ValidFrom: at("2025-05-01 00:00:00")}), nil},
		{unused, "one line too many", []any{held("mobile", "personal", "2024-06-01 00:00:00", "2025-03-02 00:00:00"), goal("unused_lines", 5, 0, "2025-02-28")}, []string{unused + " 2025-02-01 1 low 2"}},
		{unused, "as many as the goal", []any{held("mobile", "personal", "2024-06-01 00:00:00", "2025-03-02 00:00:00"), goal("unused_lines", 5, 1, "2025-02-28")}, nil},
		{unused, "on call", []any{held("mobile", "on_call", "2024-06-01 00:00:00", "2025-03-02 00:00:00"), goal("unused_lines", 5, 0, "2025-02-28")}, nil},
		{unused, "no goal", []any{held("mobile", "personal", "2024-06-01 00:00:00", "2025-03-02 00:00:00")}, nil},
	}
}
