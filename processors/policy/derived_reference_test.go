package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"time"

	"linesman/schema"
)

var kindsStart = schema.Date(2024, 1, 1).Start(stockholm)

// covered tells which days usage covers: the first, the newest, and the months with any.
// Cancelled records count.
func (w *statements) covered() (first, newest schema.Day, months map[schema.Day]bool) {
	months = map[schema.Day]bool{}
	for _, u := range w.usage {
		d := dayAt(u.OccurredAt)
		if len(months) == 0 {
			first, newest = d, d
		}
		first, newest = min(first, d), max(newest, d)
		months[schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1)] = true
	}
	return first, newest, months
}

func monthAfter(d schema.Day) schema.Day {
	u := d.At(time.UTC)
	return schema.Date(u.Year(), u.Month()+1, 1)
}

func (w *statements) lineIDs() []string {
	seen := map[string]bool{}
	for _, l := range w.lines {
		seen[l.LineID] = true
	}
	var out []string
	for id := range seen {
		out = append(out, id)
	}
	sort.Strings(out)
	return out
}

// decided is when an approval was decided.
func decided(a schema.Approval) schema.Time {
	if a.DecidedAt != 0 {
		return a.DecidedAt
	}
	return a.ValidFrom
}

func (w *statements) claimAbsences(out map[string]claim) {
	first, newest, months := w.covered()
	if len(months) == 0 {
		return
	}
	live := w.live()
	for _, rule := range []string{"unused", "unused-year", "unreviewed"} {
		for window := schema.Date(2024, 1, 1); window < newest; {
			to := monthAfter(window)
			from := to - 45
			switch rule {
			case "unused-year":
				to = schema.Date(window.At(time.UTC).Year()+1, 1, 1)
				from = window
			case "unreviewed":
				from = to - 60
			}
			ready := from >= schema.Date(2024, 1, 1) && newest >= to && first <= from
			for d := from; d < to; d++ {
				ready = ready && months[schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1)]
			}
			if ready {
				for _, line := range w.lineIDs() {
					if c, ok := w.silent(rule, line, from, window, to, live); ok {
						out[spot(rule, line, window)] = c
					}
				}
			}
			window = to
		}
	}
}

func (w *statements) silent(rule, line string, from, window, to schema.Day, live []schema.Usage) (claim, bool) {
	start, end := from.Start(stockholm), to.Start(stockholm)
	last, ok := w.lineAt(line, end-1)
	if !ok || rule != "unused-year" && last.Kind != "mobile" || rule == "unused" && last.Role != "personal" && last.Role != "shared" {
		return claim{}, false
	}
	var held []schema.Line
	moments := []schema.Time{start}
	for _, l := range w.lines {
		if l.LineID != line {
			continue
		}
		moments = append(moments, l.ValidFrom, l.ValidTo)
		if l.ValidFrom < end && (l.ValidTo == 0 || l.ValidTo > start) {
			held = append(held, l)
		}
	}
	for _, m := range moments {
		if _, ok := w.lineAt(line, m); m >= start && m < end && !ok {
			return claim{}, false
		}
	}
	if rule == "unreviewed" {
		for _, a := range w.approvals {
			at := decided(a)
			if a.Kind != "review" || at < start || at >= end {
				continue
			}
			now, ok := w.lineAt(line, at)
			if a.LineID != "" && w.named(a.LineID, at) == line || a.LineID == "" && ok && now.UnitID == a.UnitID {
				return claim{}, false
			}
		}
	} else {
		for _, u := range live {
			if u.Line == line && u.OccurredAt >= start && u.OccurredAt < end && (u.Kind == "call" || rule == "unused" && u.Kind != "fee") {
				return claim{}, false
			}
		}
	}
	c := claim{Severity: "medium", Unit: last.UnitID, Centre: w.centreOf(last.UnitID, last.CostCentre, end-1), Measure: "absence", Value: float64(to - from), Limit: float64(to - from), To: to}
	sort.Slice(held, func(i, j int) bool { return held[i].ValidFrom < held[j].ValidFrom })
	var ids []schema.ID
	for _, l := range held {
		ids = append(ids, l.EventID)
	}
	for _, u := range live {
		if u.Line == line && u.Kind == "fee" && u.OccurredAt >= window.Start(stockholm) && u.OccurredAt < end {
			ids = append(ids, u.EventID)
			c.Cost += u.Cost
		}
	}
	c.Evidence, c.Total = idText(ids), uint32(len(ids))
	return c, true
}

// row is a statement with its place.
type row struct {
	at                 schema.Time
	event              schema.ID
	line, unit, centre string
	h                  schema.TelephoneHours
	late, hours, used  int64
	cost               schema.Money
	returned           bool
}

func (w *statements) placed(at schema.Time, event schema.ID, name, unit string) row {
	r := row{at: at, event: event, unit: unit}
	own := ""
	if name != "" {
		r.line = w.named(name, at)
		if l, ok := w.statement(name, at); ok && (unit == "" || unit == l.UnitID) {
			r.unit, own = l.UnitID, l.CostCentre
		}
	}
	r.centre = w.centreOf(r.unit, own, at)
	return r
}

func sortRows(rows []row) {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.h.Weekday, b.h.Weekday), cmp.Compare(a.h.OpensMin, b.h.OpensMin), cmp.Compare(a.h.ClosesMin, b.h.ClosesMin), bytes.Compare(a.event[:], b.event[:]))
	})
}

func byEvent(rows []row) {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.event[:], b.event[:])) })
}

func rowIDs(rows []row) (out []schema.ID) {
	for _, r := range rows {
		out = append(out, r.event)
	}
	return out
}

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

// allowed tells whether an approval covers a row.
func (w *statements) allowed(r row, kind string) bool {
	for _, a := range w.approvals {
		if a.Kind != kind || !inForceAt(a.ValidFrom, a.ValidTo, r.at) {
			continue
		}
		if a.LineID == "" && a.UnitID != "" && a.UnitID == r.unit || a.LineID != "" && a.LineID == r.line {
			return true
		}
		for _, l := range w.lines {
			if a.LineID == "" || l.Alias != a.LineID || l.LineID != r.line || !inForceAt(l.ValidFrom, l.ValidTo, r.at) {
				continue
			}
			over := false // by a later statement about the line or the extension
			for _, o := range w.lines {
				later := cmp.Or(cmp.Compare(o.ValidFrom, l.ValidFrom), cmp.Compare(o.Rank, l.Rank)) > 0
				over = over || later && o.ValidFrom <= r.at && (o.LineID == l.LineID || o.Alias == l.Alias)
			}
			if !over {
				return true
			}
		}
	}
	return false
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

func (w *statements) claimBudgets(out map[string]claim) {
	live := w.live()
	ids := map[string]bool{}
	for _, g := range w.goals {
		ids[g.GoalID] = true
	}
	for _, rule := range []string{"unit-budget", "centre-budget", "year-budget"} {
		best := map[string]*big.Rat{}
		for _, id := range idsInOrder(ids) {
			for window := schema.Date(2024, 1, 1); window < schema.Date(2026, 1, 1); {
				to := monthAfter(window)
				if rule == "year-budget" {
					to = schema.Date(window.At(time.UTC).Year()+1, 1, 1)
				}
				for _, subject := range []string{"U0", "U1", "U2", "K1", "K2", "K3"} {
					w.budget(out, best, rule, id, subject, window, to, live)
				}
				window = to
			}
		}
	}
}

func idsInOrder(m map[string]bool) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func (w *statements) budget(out map[string]claim, best map[string]*big.Rat, rule, id, subject string, window, to schema.Day, live []schema.Usage) {
	var target, spent schema.Money
	var ids, events []schema.ID
	centre := ""
	for month := window; month < to; month = monthAfter(month) {
		var g schema.Goal
		found := false
		end := monthAfter(month).Start(stockholm)
		for _, o := range w.goals {
			if o.GoalID == id && inForceAt(o.ValidFrom, o.ValidTo, end-1) && (!found || o.ValidFrom > g.ValidFrom) {
				g, found = o, true
			}
		}
		if !found || g.Metric != "cost_month" || rule == "centre-budget" && (g.UnitID != "" || g.CostCentre != subject) || rule != "centre-budget" && g.UnitID != subject {
			continue
		}
		target += schema.Money(math.Round(g.Target * 1e6))
		if rule != "centre-budget" {
			centre = g.CostCentre
		}
		if len(ids) == 0 || ids[len(ids)-1] != g.EventID {
			ids = append(ids, g.EventID)
		}
		for _, u := range live {
			mine := rule == "centre-budget" && u.CostCentre == subject || rule != "centre-budget" && u.UnitID == subject && (g.CostCentre == "" || g.CostCentre == u.CostCentre)
			if !mine || u.OccurredAt < month.Start(stockholm) || u.OccurredAt >= end || rule == "unit-budget" && u.Device == "desk_phone" {
				continue
			}
			spent += u.Cost
			events = append(events, u.EventID)
		}
	}
	percent := int64(100)
	if rule == "centre-budget" {
		percent = 80
	}
	if len(ids) == 0 || len(events) == 0 || int64(spent)*100 <= int64(target)*percent {
		return
	}
	share := big.NewRat(int64(spent), int64(target))
	key := spot(rule, subject, window)
	if old := best[key]; old != nil && share.Cmp(old) <= 0 {
		return
	}
	best[key] = share
	c := claim{Severity: "medium", Unit: subject, Centre: centre, Measure: "budget", Value: float64(spent) / 1e6, Limit: round6(float64(target) * float64(percent) / 1e8), Cost: spent, To: to}
	switch {
	case rule == "centre-budget":
		c.Unit, c.Centre = "", subject
	case centre == "":
		c.Centre = w.centreOf(subject, "", to.Start(stockholm)-1)
	}
	if rule == "unit-budget" && int64(spent)*100 > int64(target)*120 {
		c.Severity = "high"
	}
	c.Evidence, c.Total = idText(append(ids, events...)), uint32(len(ids)+len(events))
	out[key] = c
}

func (w *statements) claimRuns(out map[string]claim) {
	lines, units := map[string][]schema.Usage{}, map[string][]schema.Usage{}
	for _, u := range w.live() {
		if u.Kind == "call" && u.Line != "" && !w.allowed(row{at: u.OccurredAt, line: u.Line, unit: u.UnitID}, "forwarding") {
			lines[u.Line] = append(lines[u.Line], u)
		}
		if u.Kind == "data" && u.UnitID != "" {
			units[u.UnitID] = append(units[u.UnitID], u)
		}
	}
	for line, events := range lines {
		runsOf(out, "often", line, events, 7)
	}
	for unit, events := range units {
		runsOf(out, "often-unit", unit, events, 5)
	}
}

func runsOf(out map[string]claim, rule, subject string, events []schema.Usage, days schema.Day) {
	var first, last schema.Day
	var open bool
	var peak [2]int64
	finish := func() {
		if !open {
			return
		}
		c := claim{Severity: "medium", To: last + 1}
		var ids []schema.ID
		for _, u := range events {
			if d := dayAt(u.OccurredAt); d > first-days && d <= last {
				ids, c.Cost, c.Unit, c.Centre = append(ids, u.EventID), c.Cost+u.Cost, u.UnitID, u.CostCentre
			}
		}
		switch {
		case rule == "often-unit":
			c.Measure, c.Value, c.Limit = "volume", float64(peak[0])/1e6, 30
		case peak[0] > 6:
			c.Measure, c.Value, c.Limit = "count", float64(peak[0]), 6
		default:
			c.Measure, c.Value, c.Limit = "cost", float64(peak[1])/1e6, 20
		}
		if rule == "often" && peak[0] > 9 {
			c.Severity = "high"
		}
		c.Evidence, c.Total = idText(ids), uint32(len(ids))
		out[spot(rule, subject, first-days+1)] = c
		open = false
	}
	seen := map[schema.Day]bool{}
	for _, at := range events {
		d := dayAt(at.OccurredAt)
		if seen[d] {
			continue
		}
		seen[d] = true
		var sum [2]int64
		for _, u := range events {
			if e := dayAt(u.OccurredAt); e > d-days && e <= d {
				if rule == "often" {
					sum[0]++
				} else {
					sum[0] += int64(u.VolumeBytes)
				}
				sum[1] += int64(u.Cost)
			}
		}
		broken := rule == "often" && (sum[0] > 6 || sum[1] > 20_000_000) || rule == "often-unit" && sum[0] > 30_000_000
		if open && (!broken || d-last >= days) {
			finish()
		}
		if !broken {
			continue
		}
		if !open {
			open, first, peak = true, d, [2]int64{}
		}
		last = d
		peak[0], peak[1] = max(peak[0], sum[0]), max(peak[1], sum[1])
	}
	finish()
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
