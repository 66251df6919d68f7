package packcases

import (
	"fmt"
	"strconv"

	"linesman/schema"
)

// plant says of a rule over usage what trips it. The cases that every such rule must pass are
// made of it: exactly at the limit, one more, each near-miss, midnights, nights on which
// clocks change, leap day, approvals, exempt numbers, lines that change hands.
type plant struct {
	rule string
	row  func(u *schema.Usage) // makes an answered outgoing call into what the rule counts
	at   int                   // so many are exactly at the limit
	last func(u *schema.Usage) // what breaks the limit, when it is not one more of the same
	over string                // the measure then
	high int                   // so many are exactly at the limit of high severity; 0: it has none, or a case of its own
	each float64               // of sums: how much one is
	// of shares: how many events in all, and what makes one that is not selected
	whole int
	other func(u *schema.Usage)
	near  []near // each takes an event out of what the rule counts

	line     bool   // the subject is a line
	approval string // what makes it permitted
	country  bool   // and must name the country
	unnamed  bool   // no event is named
	severity string
	workday  bool  // it judges by hours and days off: no case at night
	daily    bool  // its window is the day
	with     []any // what every case has besides, such as an approval that keeps another rule silent
}

// near is one thing that is different.
type near struct {
	name   string
	change func(u *schema.Usage)
}

// unionHash stands for the union's number, which every pack is loaded with as exempt.
const unionHash = 31

// call is an answered outgoing call of five minutes to somebody's mobile.
func call(when string) schema.Usage {
	u := schema.Usage{Kind: schema.KindCall, Service: schema.ServiceVoiceOut, Direction: schema.DirectionOut, OccurredAt: at(when), Zone: schema.DefaultZone,
		DurationS: 300, RingS: 10, Answered: true, Outcome: "answered", OtherClass: "mobile", Class: "mobile", OtherHash: 77, Role: "personal", LineKind: "mobile"}
	u.LocalDay = schema.DayOf(u.OccurredAt, stockholm)
	return u
}

// moved puts an event to another time.
func moved(u schema.Usage, when string, seconds int) schema.Usage {
	u.OccurredAt = at(when) + schema.Time(1000*seconds)
	u.LocalDay = schema.DayOf(u.OccurredAt, stockholm)
	return u
}

// events makes n events that the rule counts, one a second from a moment on; of a share also
// the others.
func (p plant) events(when string, n int) []schema.Usage {
	var out []schema.Usage
	for i := range max(n, p.whole) {
		u := call("2026-03-18 10:00:00")
		if p.row(&u); i >= n {
			p.other(&u)
		}
		out = append(out, moved(u, when, i))
	}
	return out
}

// broken is events that break the limit by as little as can be; the one that does is number at+1.
func (p plant) broken(when string) []schema.Usage {
	out := p.events(when, p.at+1)
	if p.last != nil {
		p.last(&out[p.at])
	}
	return out
}

// situations makes the cases.
func (p plant) situations() []situation {
	const march = "2026-03-18 10:00:00"
	trips := func(window, value string) []string {
		evidence := "1-" + strconv.Itoa(p.at+1)
		if p.at == 0 {
			evidence = "1"
		}
		if p.unnamed {
			evidence = fmt.Sprintf("- of %d", p.at+1)
		}
		return []string{fmt.Sprintf("%s %s %s %s %s", p.rule, window, value, p.severity, evidence)}
	}
	var out []situation
	add := func(name string, rows []schema.Usage, want []string, more ...any) {
		s := situation{rule: p.rule, name: name, want: want}
		for _, u := range rows {
			s.rows = append(s.rows, u)
		}
		s.rows = append(append(s.rows, more...), p.with...)
		out = append(out, s)
	}
	yes := trips(p.window("2026-03-18"), p.over)
	add("above the limit", p.broken(march), yes)
	if p.at > 0 {
		add("exactly at the limit", p.events(march, p.at), nil)
	}
	for _, n := range p.near {
		rows := p.broken(march)
		for i := range rows[:p.at+1] {
			if i == p.at || p.whole > 0 {
				n.change(&rows[i])
			}
		}
		add("near: "+n.name, rows, nil)
	}
	p.graver(add)
	p.times(add, trips)
	p.approvals(add, yes)
	union := p.broken(march)
	for i := range union {
		if i == p.at || p.whole > 0 {
			union[i].OtherHash = unionHash
		}
	}
	add("with the union", union, nil)
	p.hands(add, yes)
	return out
}

// window is the first day of the window that a day is in.
func (p plant) window(day string) string {
	if p.daily {
		return day
	}
	return day[:7] + "-01"
}

// graver makes the cases of high severity: exactly at its limit, and above it.
func (p plant) graver(add adder) {
	if p.high == 0 {
		return
	}
	size := func(n int) float64 { return float64(n) } // a count
	switch {
	case p.whole > 0:
		size = func(n int) float64 { return 100 * float64(n) / float64(p.whole) }
	case p.each > 0:
		size = func(n int) float64 { return p.each * float64(n) }
	}
	for n := p.high; n <= p.high+1; n++ {
		name, severity := "exactly at the limit of high severity", p.severity
		if n > p.high {
			name, severity = "above the limit of high severity", "high"
		}
		evidence := "1-" + strconv.Itoa(n)
		add(name, p.events("2026-03-18 10:00:00", n), []string{fmt.Sprintf("%s %s %s %s %s", p.rule, p.window("2026-03-18"), strconv.FormatFloat(size(n), 'f', -1, 64), severity, evidence)})
	}
}

type adder func(name string, rows []schema.Usage, want []string, more ...any)

// times makes the cases of midnights, months, clocks and leap days.
func (p plant) times(add adder, trips func(window, value string) []string) {
	before := p.broken("2025-01-02 10:00:00")
	for i := range before[:p.at+1] {
		if i == p.at || p.whole > 0 {
			before[i] = moved(before[i], "2024-12-31 10:00:00", i)
		}
	}
	add("before the staff knew", before, nil)
	if p.workday {
		add("leap day", p.broken("2028-02-29 10:00:00"), trips(p.window("2028-02-29"), p.over))
		return
	}
	if p.daily {
		two := append(p.events("2026-03-31 23:59:59", 1), p.events("2026-04-01 00:00:00", 1)...)
		day := func(of, row string) string { return fmt.Sprintf("%s %s 1 %s %s", p.rule, of, p.severity, row) }
		add("midnight divides days", two, []string{day("2026-03-31", "1"), day("2026-04-01", "2")})
	}
	if p.whole == 0 {
		last := p.broken("2025-01-01 00:00:00")
		last[p.at] = moved(last[p.at], "2024-12-31 23:59:59", 0)
		add("the last moment before the staff knew", last, nil)
		apart := p.broken("2026-03-31 23:00:00")
		apart[p.at] = moved(apart[p.at], "2026-04-01 00:00:00", 0)
		if p.at > 0 {
			add("midnight divides months", apart, nil)
		}
		together := p.broken("2026-03-01 00:00:00")
		together[p.at] = moved(together[p.at], "2026-03-31 23:59:59", 0)
		add("from midnight to midnight", together, trips(p.window("2026-03-31"), p.over))
		clocks := p.broken("2026-10-25 00:30:00Z") // half past two in summer time
		clocks[p.at] = moved(clocks[p.at], "2026-10-25 01:30:00Z", 0)
		add("the hour that comes twice", clocks, trips(p.window("2026-10-25"), p.over))
	}
	add("the first day on which the staff knew", p.broken("2025-01-01 00:00:00"), trips(p.window("2025-01-01"), p.over))
	add("the night without an hour from two to three", p.broken("2026-03-29 01:59:00"), trips(p.window("2026-03-29"), p.over))
	add("leap day", p.broken("2028-02-29 10:00:00"), trips(p.window("2028-02-29"), p.over))
}

// approvals makes the cases of what is permitted, and of what no approval makes permitted.
func (p plant) approvals(add adder, yes []string) {
	const march = "2026-03-18 10:00:00"
	permit := func(kind, line, unit, countries, from, to string) schema.Approval {
		a := schema.Approval{Kind: kind, LineID: line, UnitID: unit, Countries: countries, DecidedAt: at("2026-01-01 00:00:00"), ValidFrom: at(from)}
		if to != "" {
			a.ValidTo = at(to)
		}
		return a
	}
	if p.approval == "" {
		var all []any
		for _, kind := range []string{"trip", "premium", "forwarding", "private", "hours", "return", "sms"} {
			all = append(all, permit(kind, "", "-", "", "2026-01-01 00:00:00", ""))
		}
		add("no approval permits it", p.broken(march), yes, all...)
		return
	}
	all := p.broken(march)
	places := ""
	if p.country {
		places = all[0].VisitedCtry
	}
	add("approved", all, nil, permit(p.approval, "", "-", places, "2026-03-01 00:00:00", ""))
	add("approved for the unit", all, nil, permit(p.approval, "-", "", places, "2026-03-01 00:00:00", ""))
	add("approved until the moment", all, yes, permit(p.approval, "", "-", places, "2026-03-01 00:00:00", march))
	add("another line is approved", all, yes, permit(p.approval, "other", "-", places, "2026-03-01 00:00:00", ""))
	another := "trip"
	if p.approval == another {
		another = "premium"
	}
	add("something else is approved", all, yes, permit(another, "", "-", places, "2026-03-01 00:00:00", ""))
	if p.country {
		add("another country is approved", all, yes, permit(p.approval, "", "-", "JP", "2026-03-01 00:00:00", ""))
	}
}

// hands makes the cases of a line that changes hands in the month, and of two lines.
func (p plant) hands(add adder, yes []string) {
	if p.at == 0 || p.whole > 0 {
		return
	}
	rows := p.broken("2026-03-18 10:00:00")
	rows[p.at].UnitID = "b"
	if p.line {
		add("the line changes unit in the month", rows, yes)
	} else {
		add("the line changes unit in the month", rows, nil)
	}
	rows = p.broken("2026-03-18 10:00:00")
	rows[p.at].Line = "b"
	if p.line {
		add("two lines", rows, nil)
	} else {
		add("two lines of the unit", rows, yes)
	}
}

// anyRows is what breaks the limit, as rows of a situation.
func (p plant) anyRows() []any {
	var out []any
	for _, u := range p.broken("2026-03-18 10:00:00") {
		out = append(out, u)
	}
	return out
}
