package packcases

import (
	"fmt"

	"linesman/schema"
)

// contact is the statistics of one queue, key and quarter of an hour.
func contact(when, origin, key string, offered uint32) schema.Contact {
	c := schema.Contact{Queue: "BUP", Key: key, Origin: origin, OccurredAt: at(when), Zone: schema.DefaultZone, IntervalS: 900, Offered: offered, Answered: offered}
	c.LocalDay = schema.DayOf(c.OccurredAt, stockholm)
	return c
}

// counts makes weekly counts of watches from a day on, as many as there are values.
func counts(from string, open, created func(i int) uint32, n int) []any {
	var out []any
	for i := range n {
		d := day(from) + schema.Day(7*i)
		out = append(out, schema.Watch{Day: d, Open: open(i), Created: created(i), ExtractAt: (d + 1).Start(stockholm), Week: d.Week()})
	}
	return out
}

func level(n uint32) func(int) uint32 { return func(int) uint32 { return n } }

func rising(from, by uint32) func(int) uint32 {
	return func(i int) uint32 { return from + by*uint32(i) }
}

// months makes something for each of n months from a month on.
func months(from string, n int, of func(i int, month schema.Day) []any) []any {
	var out []any
	m := day(from)
	for i := range n {
		out = append(out, of(i, m)...)
		m = (m + 31).Month()
	}
	return out
}

// staff states that a unit has so many employees from 2024 on.
func staff(n uint32) schema.Unit {
	return schema.Unit{Employees: n, ValidFrom: at("2024-01-01 00:00:00")}
}

// goal states a goal of a unit from 2025 on.
func goal(metric string, baseline, target float64, by string) schema.Goal {
	return schema.Goal{Metric: metric, Baseline: baseline, Target: target, TargetDay: day(by), ValidFrom: at("2025-01-01 00:00:00")}
}

func held(kind, role, from, to string) schema.Line {
	l := schema.Line{Kind: kind, Role: role, ValidFrom: at(from)}
	if to != "" {
		l.ValidTo = at(to)
	}
	return l
}

func approval(kind, from string) schema.Approval {
	return schema.Approval{Kind: kind, UnitID: "-", DecidedAt: at(from), ValidFrom: at(from)}
}

// permitted is an approval for both lines that the cases of plants have.
func permitted(kind string) []any {
	other := approval(kind, "2020-01-01 00:00:00")
	other.LineID = "b"
	return []any{approval(kind, "2020-01-01 00:00:00"), other}
}

// handed is a phone that somebody was handed out in 2024; to is empty while it is out.
func handed(item, to string) schema.Equipment {
	e := schema.Equipment{ItemID: item, Kind: "mobile", LineID: item, ValidFrom: at("2024-06-01 00:00:00")}
	if to != "" {
		e.ValidTo = at(to)
	}
	return e
}

func lost(lostAt, blockedAt string) schema.Equipment {
	e := handed("", "")
	if e.LostAt = at(lostAt); blockedAt != "" {
		e.BlockedAt = at(blockedAt)
	}
	return e
}

func employed(state, from, to string) schema.Employment {
	e := schema.Employment{State: state, ValidFrom: at(from)}
	if to != "" {
		e.ValidTo = at(to)
	}
	return e
}

// open hours of a weekday, written "08:00-09:30".
func hours(weekday uint32, span, from, to string) schema.TelephoneHours {
	var h1, m1, h2, m2 uint32
	if _, err := fmt.Sscanf(span, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); err != nil {
		panic(err)
	}
	h := schema.TelephoneHours{Weekday: weekday, OpensMin: 60*h1 + m1, ClosesMin: 60*h2 + m2, ValidFrom: at(from)}
	if to != "" {
		h.ValidTo = at(to)
	}
	return h
}

func rows(lists ...any) []any {
	var out []any
	for _, l := range lists {
		switch l := l.(type) {
		case []any:
			out = append(out, l...)
		default:
			out = append(out, l)
		}
	}
	return out
}

// passing is a situation in which time goes by: a call in every month of five years, so that the data
// cover them. Its line calls colleagues.
func passing(rule string) situation {
	return situation{rule: rule, name: "time goes by", rows: months("2024-12-01", 40, func(_ int, m schema.Day) []any {
		u := call(m.String() + " 12:00:00")
		u.Class, u.OtherClass, u.Role = "internal", "internal", "shared"
		return []any{u, moved(u, (m+14).String()+" 12:00:00", 0)}
	})}
}
