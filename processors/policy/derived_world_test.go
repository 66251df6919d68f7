package policy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

// statements is a world of usage and of statements. Statements with the same identity replace
// each other.
type statements struct {
	t         testing.TB
	s         *testStore
	rnd       *rand.Rand
	n         int
	pending   pending
	usage     map[schema.ID]schema.Usage
	lines     map[string]schema.Line
	units     map[string]schema.Unit
	hours     map[string]schema.TelephoneHours
	equipment map[string]schema.Equipment
	employed  map[string]schema.Employment
	approvals map[string]schema.Approval
	goals     map[string]schema.Goal
	from, to  schema.Day // usage is made for these days
	scope     Scope
}

// pending is what was said since the store was told last. It is told all of it at once, as by
// the pipeline.
type pending struct {
	usage     []schema.Usage
	lines     []schema.Line
	units     []schema.Unit
	hours     []schema.TelephoneHours
	equipment []schema.Equipment
	employed  []schema.Employment
	approvals []schema.Approval
	goals     []schema.Goal
}

func newStated(t testing.TB, s *testStore, seed uint64) *statements {
	return &statements{t: t, s: s, rnd: rand.New(rand.NewPCG(seed, 41)), usage: map[schema.ID]schema.Usage{}, lines: map[string]schema.Line{}, units: map[string]schema.Unit{}, hours: map[string]schema.TelephoneHours{},
		equipment: map[string]schema.Equipment{}, employed: map[string]schema.Employment{}, approvals: map[string]schema.Approval{}, goals: map[string]schema.Goal{}}
}

func any1[T any](w *statements, from ...T) T { return from[w.rnd.IntN(len(from))] }

// day prefers the places where mistakes are made.
func (w *statements) day(from, to schema.Day) schema.Day {
	if w.rnd.IntN(3) == 0 {
		edges := []schema.Day{schema.Date(2024, 2, 29), schema.Date(2024, 3, 1), schema.Date(2024, 3, 31), schema.Date(2024, 10, 27), schema.Date(2024, 12, 31), schema.Date(2025, 1, 1), schema.Date(2024, 7, 31), schema.Date(2024, 8, 1)}
		if d := any1(w, edges...); d >= from && d < to {
			return d
		}
	}
	return from + schema.Day(w.rnd.IntN(max(1, int(to-from))))
}

// moment is midnight, a moment before it, or any of the day.
func (w *statements) moment(from, to schema.Day) schema.Time {
	d := w.day(from, to)
	switch w.rnd.IntN(4) {
	case 0:
		return d.Start(stockholm)
	case 1:
		return (d + 1).Start(stockholm) - 1
	}
	return d.Start(stockholm) + schema.Time(w.rnd.IntN(23*3_600_000))
}

func (w *statements) line() string { return fmt.Sprintf("L%013d", w.rnd.IntN(7)) }

func (w *statements) ext() string { return fmt.Sprintf("L00000000009%02d", w.rnd.IntN(4)) }

func (w *statements) unit() string { return fmt.Sprintf("U%d", w.rnd.IntN(3)) }

func (w *statements) centre() string {
	return any1(w, "", "", "K1", "K2")
}

func (w *statements) id(kind string) schema.ID {
	w.n++
	return schema.NewID(kind, fmt.Sprint(w.n))
}

// settle states what worlds begin with: lines, some of which nobody will use, budgets, and
// people with equipment who leave.
func (w *statements) settle() {
	began := schema.Date(2023, 12, 1).Start(stockholm)
	for i := range 7 {
		l := schema.Line{LineID: fmt.Sprintf("L%013d", i), Kind: "mobile", Role: "personal", UnitID: w.unit(), CostCentre: w.centre(), ValidFrom: began, EventID: w.id("line")}
		w.lines[fmt.Sprint(l.LineID, l.ValidFrom)] = l
		w.pending.lines = append(w.pending.lines, l)
	}
	for i, g := range []schema.Goal{{UnitID: "U0"}, {UnitID: "U1"}, {UnitID: "U2", CostCentre: "K1"}, {CostCentre: "K1"}, {CostCentre: "K2"}, {UnitID: "U1"}} {
		g.GoalID, g.Metric, g.Target, g.ValidFrom, g.EventID = fmt.Sprint("G", i), "cost_month", any1(w, 4, 6.5, 9), began, w.id("goal")
		w.goals[fmt.Sprint(g.GoalID, g.ValidFrom)] = g
		w.pending.goals = append(w.pending.goals, g)
	}
	for i := range 6 {
		e := schema.Equipment{ItemID: fmt.Sprint("I", i), Kind: "mobile", LineID: w.line(), Holder: fmt.Sprint("H", 1+i%3), UnitID: w.unit(), ValidFrom: began, EventID: w.id("equipment")}
		w.equipment[fmt.Sprint(e.ItemID, e.ValidFrom)] = e
		w.pending.equipment = append(w.pending.equipment, e)
		m := schema.Employment{Holder: e.Holder, State: "employed", UnitID: e.UnitID, ValidFrom: began - 1000 - schema.Time(i), ValidTo: w.moment(schema.Date(2024, 1, 2), schema.Date(2024, 12, 1)), EventID: w.id("employment")}
		w.employed[fmt.Sprint(m.Holder, m.State, m.ValidFrom)] = m
		w.pending.employed = append(w.pending.employed, m)
	}
	for range 25 {
		from := w.moment(schema.Date(2024, 1, 1), schema.Date(2024, 6, 1))
		a := schema.Approval{ApprovalID: fmt.Sprint("B", w.n), Kind: any1(w, "trip", "premium"), UnitID: w.unit(), ValidFrom: from, ValidTo: from + 1, EventID: w.id("approval")}
		w.approvals[fmt.Sprint(a.ApprovalID, a.ValidFrom)] = a
		w.pending.approvals = append(w.pending.approvals, a)
	}
	w.scope.Inventory = true
}

// state makes one random statement.
func (w *statements) state() {
	first, last := schema.Date(2023, 11, 1), schema.Date(2025, 5, 1)
	from := w.moment(first, last)
	var to schema.Time
	if w.rnd.IntN(3) == 0 {
		to = from + 1 + schema.Time(w.rnd.Int64N(200*86_400_000))
	}
	offset := uint64(w.n + 1)
	switch w.rnd.IntN(10) {
	case 0, 1:
		l := schema.Line{LineID: w.line(), Alias: any1(w, "", "", w.ext()), Kind: any1(w, "mobile", "mobile", "fixed"), Role: any1(w, "personal", "shared", "on_call"), Holder: any1(w, "H1", "H2", "H3"), UnitID: w.unit(), CostCentre: w.centre(),
			ValidFrom: any1(w, from, schema.Date(2023, 12, 1).Start(stockholm), schema.Date(2024, 4, 1).Start(stockholm)), ValidTo: to, EventID: w.id("line"), Offset: offset, Rank: offset}
		if l.ValidTo != 0 && l.ValidTo <= l.ValidFrom {
			l.ValidTo = 0
		}
		w.lines[fmt.Sprint(l.LineID, l.ValidFrom)] = l
		w.pending.lines = append(w.pending.lines, l)
		w.moved()
	case 2:
		u := schema.Unit{UnitID: w.unit(), Name: "Unit", CostCentre: any1(w, "K1", "K2", "K3"), ValidFrom: from, ValidTo: to, EventID: w.id("unit"), Offset: offset, Rank: offset}
		w.units[fmt.Sprint(u.UnitID, u.ValidFrom)] = u
		w.pending.units = append(w.pending.units, u)
		w.moved()
	case 3, 4:
		opens := uint32(60 * w.rnd.IntN(23))
		h := schema.TelephoneHours{LineID: any1(w, "", w.line(), w.line(), w.ext()), UnitID: any1(w, w.unit(), ""), Weekday: uint32(1 + w.rnd.IntN(7)), OpensMin: any1(w, opens, 0), ClosesMin: min(1440, opens+any1(w, uint32(0), 30, 60, 120, 300, 1440)),
			ValidFrom: from, ValidTo: to, EventID: w.id("hours"), Offset: offset, Rank: offset}
		if h.LineID == "" && h.UnitID == "" {
			h.UnitID = w.unit()
		}
		w.hours[fmt.Sprint(h.LineID, h.UnitID, h.Weekday, h.OpensMin, h.ValidFrom)] = h
		w.pending.hours = append(w.pending.hours, h)
		w.scope.Inventory = true
	case 5:
		e := schema.Equipment{ItemID: fmt.Sprint("I", w.rnd.IntN(6)), Kind: any1(w, "mobile", "sim", "computer"), LineID: any1(w, w.line(), w.line(), w.ext(), ""), Holder: any1(w, "H1", "H2", "H3", ""), UnitID: any1(w, w.unit(), w.unit(), ""),
			ValidFrom: any1(w, from, schema.Date(2024, 1, 15).Start(stockholm)), ValidTo: to, EventID: w.id("equipment"), Offset: offset, Rank: offset}
		if w.rnd.IntN(3) > 0 {
			e.LostAt = e.ValidFrom + schema.Time(w.rnd.Int64N(100*86_400_000))
			if w.rnd.IntN(2) == 0 {
				e.BlockedAt = e.LostAt + any1(w, schema.Time(24*3_600_000), 24*3_600_000-1, 25*3_600_000, 20*86_400_000)
			}
		}
		w.equipment[fmt.Sprint(e.ItemID, e.ValidFrom)] = e
		w.pending.equipment = append(w.pending.equipment, e)
		w.scope.Inventory = true
	case 6, 7:
		e := schema.Employment{Holder: any1(w, "H1", "H2", "H3"), State: any1(w, "employed", "employed", "assignment", "leave", "leave"), UnitID: w.unit(), ValidFrom: from, ValidTo: to, EventID: w.id("employment"), Offset: offset, Rank: offset}
		if e.State == "leave" {
			switch w.rnd.IntN(3) {
			case 0:
				e.ValidFrom = w.moment(schema.Date(2023, 11, 1), schema.Date(2024, 4, 10))
				e.ValidTo = 0
			case 1: // a year, about
				u := e.ValidFrom.UTC().In(stockholm)
				e.ValidTo = schema.TimeOf(u.AddDate(1, 0, 0)) + any1(w, schema.Time(-1), 0, 1, -86_400_000, 86_400_000)
			}
		}
		w.employed[fmt.Sprint(e.Holder, e.State, e.ValidFrom)] = e
		w.pending.employed = append(w.pending.employed, e)
		w.scope.Inventory = true
	case 8:
		a := schema.Approval{ApprovalID: fmt.Sprint("A", w.rnd.IntN(40)), Kind: any1(w, "review", "review", "hours", "trip", "premium", "forwarding"), LineID: any1(w, "", w.line(), w.ext()), DecidedAt: any1(w, from, from, 0), ValidFrom: from, ValidTo: to, EventID: w.id("approval"), Offset: offset, Rank: offset}
		if a.LineID == "" || w.rnd.IntN(3) == 0 {
			a.UnitID = w.unit()
		}
		w.approvals[fmt.Sprint(a.ApprovalID, a.ValidFrom)] = a
		w.pending.approvals = append(w.pending.approvals, a)
		w.moved()
	case 9:
		g := schema.Goal{GoalID: fmt.Sprint("G", w.rnd.IntN(6)), Metric: any1(w, "cost_month", "cost_month", "cost_month", "unused_lines"), Target: any1(w, 10, 12.5, 20, 33.333333, 0.1), ValidFrom: from, ValidTo: to, EventID: w.id("goal"), Offset: offset, Rank: offset}
		switch w.rnd.IntN(4) {
		case 0:
			g.CostCentre = any1(w, "K1", "K2", "K3")
		case 1:
			g.UnitID, g.CostCentre = w.unit(), any1(w, "K1", "K2", "K3")
		default:
			g.UnitID = w.unit()
		}
		w.goals[fmt.Sprint(g.GoalID, g.ValidFrom)] = g
		w.pending.goals = append(w.pending.goals, g)
		w.months()
	}
}

// moved notes that statements came: usage follows them, and what it is is restated.
func (w *statements) moved() {
	w.scope.Inventory = true
	w.months()
	for _, u := range w.usage {
		w.enrich(&u)
		if w.usage[u.EventID] != u {
			u.Revision++
			w.put(u)
		}
	}
}

// months touches all there are, as a statement without an end does.
func (w *statements) months() {
	for m := schema.Date(2023, 11, 1); m < schema.Date(2025, 6, 1); m = nextMonth(m) {
		w.scope.TouchMonth(m)
	}
}

func (w *statements) put(u schema.Usage) {
	w.usage[u.EventID] = u
	w.pending.usage = append(w.pending.usage, u)
	w.scope.TouchLine(u.Line, u.LocalDay)
	w.scope.TouchUnitUsage(u.UnitID, u.LocalDay)
}

func (w *statements) enrich(u *schema.Usage) {
	old := *u
	u.Line = w.named(u.LineID, u.OccurredAt)
	u.UnitID, u.CostCentre = "", ""
	if l, ok := w.statement(u.LineID, u.OccurredAt); ok {
		u.UnitID, u.CostCentre = l.UnitID, w.centreOf(l.UnitID, l.CostCentre, u.OccurredAt)
	}
	if old.Line != "" && old.Line != u.Line {
		w.scope.TouchLine(old.Line, u.LocalDay)
	}
	if old.UnitID != u.UnitID {
		w.scope.TouchUnitUsage(old.UnitID, u.LocalDay)
	}
}

// use adds usage.
func (w *statements) use(n int) {
	for range n {
		line := any1(w, fmt.Sprintf("L%013d", w.rnd.IntN(4)), fmt.Sprintf("L%013d", w.rnd.IntN(4)), w.ext())
		kind := any1(w, schema.KindCall, schema.KindCall, schema.KindData, schema.KindFee)
		at := w.moment(w.from, w.to)
		w.n++
		u := usage(kind, line, "", at, w.n)
		u.Line, u.Cost, u.VolumeBytes, u.Device = "", schema.Money(w.rnd.Int64N(8)*500_000), uint64(w.rnd.IntN(4))*10_000_000, any1(w, "mobile", "desk_phone")
		if w.rnd.IntN(40) == 0 {
			u.Deleted = true
		}
		w.enrich(&u)
		w.put(u)
	}
	if w.rnd.IntN(3) == 0 { // a burst
		line, day := w.line(), w.day(w.from, w.to)
		for range 5 + w.rnd.IntN(8) {
			w.n++
			u := usage(schema.KindCall, line, "", (day+schema.Day(w.rnd.IntN(9))).Start(stockholm)+schema.Time(w.rnd.IntN(20*3_600_000)), w.n)
			if u.OccurredAt >= w.to.Start(stockholm) {
				continue
			}
			u.Line, u.Cost = "", schema.Money(w.rnd.Int64N(4)*1_000_000)
			w.enrich(&u)
			w.put(u)
		}
	}
}

// store inserts what was said.
func (w *statements) store() {
	p := &w.pending
	insert(w.s, schema.UsageTable(), p.usage...)
	insert(w.s, schema.LineTable(), p.lines...)
	insert(w.s, schema.UnitTable(), p.units...)
	insert(w.s, schema.TelephoneHoursTable(), p.hours...)
	insert(w.s, schema.EquipmentTable(), p.equipment...)
	insert(w.s, schema.EmploymentTable(), p.employed...)
	insert(w.s, schema.ApprovalTable(), p.approvals...)
	insert(w.s, schema.GoalTable(), p.goals...)
	w.pending = pending{}
}
