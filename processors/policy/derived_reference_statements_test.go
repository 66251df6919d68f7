package policy

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"linesman/schema"
)

func (w *statements) claimHours(out map[string]claim) {
	byLine, byUnit, match := map[string][]row{}, map[string][]row{}, map[string][]row{}
	for _, h := range w.hours {
		if h.OpensMin >= h.ClosesMin {
			continue
		}
		r := w.placed(h.ValidFrom, h.EventID, h.LineID, h.UnitID)
		r.h = h
		if r.line != "" {
			byLine[r.line] = append(byLine[r.line], r)
		}
		if r.unit == "" {
			continue
		}
		if h.Weekday < 6 {
			byUnit[r.unit] = append(byUnit[r.unit], r)
		}
		if r.at >= kindsStart && !w.allowed(r, "hours") {
			match[spot("hours-at-all", r.unit, dayAt(r.at))] = append(match[spot("hours-at-all", r.unit, dayAt(r.at))], r)
		}
	}
	for at, rows := range match {
		byEvent(rows)
		last := rows[len(rows)-1]
		out[at] = claim{Severity: "medium", Unit: last.unit, Centre: last.centre, Measure: "matches", Value: float64(len(rows)), To: dayAt(last.at) + 1, Evidence: idText(rowIDs(rows)), Total: uint32(len(rows))}
	}
	for line, rows := range byLine {
		w.schedule(out, "line-hours", line, rows)
	}
	for unit, rows := range byUnit {
		w.schedule(out, "unit-hours", unit, rows)
	}
}

// schedule walks through all days, and through all minutes of their week.
func (w *statements) schedule(out map[string]claim, rule, subject string, rows []row) {
	sortRows(rows)
	before, same := "", ""
	for d := schema.Date(2024, 1, 1); d < schema.Date(2025, 12, 31); d++ {
		var now []row
		key := ""
		for _, r := range rows {
			if dayAt(r.h.ValidFrom) > d || r.h.ValidTo != 0 && d >= dayAt(r.h.ValidTo) {
				continue
			}
			now = append(now, r)
			key += string(r.event[:])
		}
		if key == same { // no statement begins or ends
			continue
		}
		same = key
		var open [7 * 1440]bool
		for _, r := range now {
			for m := r.h.OpensMin; m < r.h.ClosesMin; m++ {
				open[(r.h.Weekday-1)*1440+m] = true
			}
		}
		picture := fmt.Sprint(open)
		if len(now) == 0 {
			picture = ""
		}
		if picture == before {
			continue
		}
		if before = picture; picture == "" {
			continue
		}
		total, shortest, length := 0, 7*1440, 0
		closed := slices.Index(open[:], false)
		for i := range open {
			if open[i] {
				total++
			}
		}
		for i := 0; closed >= 0 && i <= len(open); i++ {
			if open[(closed+i)%len(open)] {
				length++
				continue
			}
			if length > 0 {
				shortest = min(shortest, length)
			}
			length = 0
		}
		c := claim{Severity: "medium", To: d + 1}
		switch {
		case rule == "line-hours" && total < 300:
			c.Measure, c.Value, c.Limit = "weekly-hours", round6(float64(total)/60), 5
		case rule == "line-hours" && shortest < 60:
			c.Measure, c.Value, c.Limit = "shortest-hours", round6(float64(shortest)/60), 1
		case rule == "unit-hours" && total < 450:
			c.Measure, c.Value, c.Limit = "weekly-hours", round6(float64(total)/60), 7.5
		default:
			continue
		}
		end := (d + 1).Start(stockholm) - 1
		if c.Unit, c.Centre = now[len(now)-1].unit, now[len(now)-1].centre; rule == "unit-hours" {
			c.Unit, c.Centre = subject, w.centreOf(subject, "", end)
		} else if l, ok := w.lineAt(subject, end); ok {
			c.Unit, c.Centre = l.UnitID, w.centreOf(l.UnitID, l.CostCentre, end)
		}
		c.Evidence, c.Total = idText(rowIDs(now)), uint32(len(now))
		out[spot(rule, subject, d)] = c
	}
}

const never = schema.Time(1 << 60)

func endOf(t schema.Time) schema.Time {
	if t == 0 {
		return never
	}
	return t
}

// yearAfter is the same day and clock a year later; after 29 February, 28 February.
func yearAfter(t schema.Time) schema.Time {
	l := local(t)
	day := l.Day()
	if l.Month() == time.February && day == 29 {
		day = 28
	}
	return schema.TimeOf(time.Date(l.Year()+1, l.Month(), day, l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), stockholm))
}

type owed struct {
	due, ceases schema.Time
}

// owing lists when a holder's equipment was due back.
func (w *statements) owing(holder string) []owed {
	var work, leave []schema.Employment
	for _, e := range w.employed {
		switch {
		case e.Holder != holder:
		case e.State == "leave":
			leave = append(leave, e)
		default:
			work = append(work, e)
		}
	}
	seen := map[schema.Time]bool{}
	var out []owed
	for _, e := range work {
		goesOn, next := false, never
		for _, o := range work {
			goesOn = goesOn || o.ValidFrom <= e.ValidTo && endOf(o.ValidTo) > e.ValidTo
			if o.ValidFrom > e.ValidTo {
				next = min(next, o.ValidFrom)
			}
		}
		if e.ValidTo != 0 && !goesOn && !seen[e.ValidTo] {
			seen[e.ValidTo] = true
			out = append(out, owed{e.ValidTo, next})
		}
	}
	sort.Slice(leave, func(i, j int) bool { return leave[i].ValidFrom < leave[j].ValidFrom })
	for i := 0; i < len(leave); {
		began, ends, due := leave[i].ValidFrom, schema.Time(0), never
		for ; i < len(leave) && (ends == 0 || leave[i].ValidFrom <= ends); i++ {
			to := endOf(leave[i].ValidTo)
			switch {
			case to == never:
				due = min(due, max(leave[i].ValidFrom, yearAfter(began)))
			case to > yearAfter(began):
				due = min(due, leave[i].ValidFrom)
			}
			ends = max(ends, to)
		}
		if due != never {
			out = append(out, owed{due, ends})
		}
	}
	return out
}

func (w *statements) claimReturns(out map[string]claim) {
	_, newest, months := w.covered()
	if len(months) == 0 {
		return
	}
	end := newest.Start(stockholm)
	kept, late := map[string][]row{}, map[string][]row{}
	for _, e := range w.equipment {
		for _, o := range w.owing(e.Holder) {
			if e.Holder == "" || e.ValidFrom >= o.due || o.due >= endOf(e.ValidTo) || o.due >= end || e.LostAt != 0 && e.LostAt <= o.due {
				continue
			}
			r := w.placed(o.due, e.EventID, e.LineID, e.UnitID)
			until := newest - 1
			if e.ValidTo != 0 {
				until = min(until, dayAt(e.ValidTo))
			}
			if o.ceases != never {
				until = min(until, dayAt(o.ceases))
			}
			r.late, r.returned = max(0, int64(until-dayAt(o.due))), e.ValidTo != 0 && e.ValidTo <= end
			d := dayAt(o.due)
			if o.due < kindsStart {
				continue
			}
			if r.unit != "" && !r.returned && r.late > 14 {
				at := spot("kept", r.unit, schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1))
				kept[at] = append(kept[at], r)
			}
			if r.line != "" && r.late > 0 {
				at := spot("returns-late", r.line, schema.Date(d.At(time.UTC).Year(), 1, 1))
				late[at] = append(late[at], r)
			}
		}
	}
	for at, rows := range kept {
		byEvent(rows)
		last := rows[len(rows)-1]
		out[at] = claim{Severity: "medium", Unit: last.unit, Centre: last.centre, Measure: "matches", Value: float64(len(rows)), To: monthAfter(dayAt(last.at)), Evidence: idText(rowIDs(rows)), Total: uint32(len(rows))}
	}
	for at, rows := range late {
		byEvent(rows)
		last := rows[len(rows)-1]
		var sum int64
		for _, r := range rows {
			sum += r.late
		}
		if sum > 20 {
			out[at] = claim{Severity: "medium", Unit: last.unit, Centre: last.centre, Measure: "days", Value: float64(sum), Limit: 20, To: schema.Date(local(last.at).Year()+1, 1, 1), Evidence: idText(rowIDs(rows)), Total: uint32(len(rows))}
		}
	}
}

func (w *statements) claimLosses(out map[string]claim) {
	_, newest, months := w.covered()
	end := newest.Start(stockholm)
	if len(months) == 0 {
		end = 0
	}
	groups := map[string][]row{}
	for _, e := range w.equipment {
		if e.LostAt == 0 || e.LostAt < kindsStart || e.Kind != "mobile" && e.Kind != "sim" {
			continue
		}
		r := w.placed(e.LostAt, e.EventID, e.LineID, e.UnitID)
		until := endOf(e.BlockedAt)
		r.hours = int64(min(until, max(e.LostAt, end))-e.LostAt) / 3_600_000
		for _, u := range w.usage {
			if !u.Deleted && u.Kind != "fee" && u.Line == r.line && r.line != "" && u.OccurredAt > e.LostAt && u.OccurredAt < until {
				r.used, r.cost = r.used+1, r.cost+u.Cost
			}
		}
		if d := dayAt(e.LostAt); r.line != "" {
			at := spot("not-blocked", r.line, schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1))
			groups[at] = append(groups[at], r)
		}
	}
	for at, rows := range groups {
		byEvent(rows)
		last := rows[len(rows)-1]
		c := claim{Severity: "medium", Unit: last.unit, Centre: last.centre, To: monthAfter(dayAt(last.at)), Evidence: idText(rowIDs(rows)), Total: uint32(len(rows))}
		var hours, used int64
		for _, r := range rows {
			hours, used, c.Cost = hours+r.hours, used+r.used, c.Cost+r.cost
		}
		switch {
		case hours > 24:
			c.Measure, c.Value, c.Limit = "hours", float64(hours), 24
		case used > 0:
			c.Measure, c.Value, c.Limit = "used", float64(used), 0
		case c.Cost > 1_000_000:
			c.Measure, c.Value, c.Limit = "cost", float64(c.Cost)/1e6, 1
		default:
			continue
		}
		out[at] = c
	}
}

func (w *statements) claimDecisions(out map[string]claim) {
	groups := map[string][]row{}
	for _, a := range w.approvals {
		at := decided(a)
		if a.Kind != "trip" && a.Kind != "premium" || at < kindsStart {
			continue
		}
		r := w.placed(at, a.EventID, a.LineID, a.UnitID)
		d := dayAt(at)
		if r.unit != "" {
			key := spot("many-approvals", r.unit, schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1))
			groups[key] = append(groups[key], r)
		}
	}
	for key, rows := range groups {
		byEvent(rows)
		last := rows[len(rows)-1]
		if len(rows) > 1 {
			out[key] = claim{Severity: "medium", Unit: last.unit, Centre: last.centre, Measure: "count", Value: float64(len(rows)), Limit: 1, To: monthAfter(dayAt(last.at)), Evidence: idText(rowIDs(rows)), Total: uint32(len(rows))}
		}
	}
}
