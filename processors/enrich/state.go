// Package enrich joins usage records with reference data as of the time of the event: who
// held the line, which unit and cost centre paid, which role it had, where it roamed.
package enrich

import (
	"cmp"
	"maps"
	"slices"

	"linesman/schema"
)

// State is the reference data folded from the log. It is built by Apply in log order and
// read by many goroutines at once; the caller keeps writers and readers apart.
type State struct {
	lines  map[string][]schema.Line // by canonical id and by alias, latest valid_from first
	units  map[string][]schema.Unit // latest valid_from first
	ranges []schema.NumberRange
	prices []schema.Price
	rates  []schema.ExchangeRate
	home   map[uint64][]schema.Line // own lines by the hash of their number

	approvals map[statedAs]schema.Approval
	permits   map[string][]statedAs // approvals by the number or extension that they are for
	goals     map[statedAs]schema.Goal

	revision uint64 // offset of the last statement applied, plus one
}

// statedAs identifies statements that replace each other.
type statedAs struct {
	id   string
	from schema.Time
}

// NewState returns a state that knows nothing.
func NewState() *State {
	return &State{approvals: map[statedAs]schema.Approval{}, permits: map[string][]statedAs{}, goals: map[statedAs]schema.Goal{},
		lines: map[string][]schema.Line{}, units: map[string][]schema.Unit{}, home: map[uint64][]schema.Line{}}
}

// Revision counts the statements applied: the offset of the last one, plus one.
func (s *State) Revision() uint64 { return s.revision }

// Prices returns every price ever stated.
func (s *State) Prices() []schema.Price { return s.prices }

// Change says which usage a statement moves: that of some lines, what was charged in some
// currencies, or all, from a time on.
type Change struct {
	All        bool
	Lines      map[string]bool // canonical ids and aliases
	Currencies map[string]bool // ISO 4217 codes
	From       schema.Time
	Judge      []Judge  // no row moves, but what is judged
	Why        []Stated // the statements behind it
}

// Stated is a statement that may move usage: of a line, of the lines of a unit, or of all.
type Stated struct {
	Cause             string // one of the Cause constants of package schema
	Event             schema.ID
	Line, Alias, Unit string
}

// Judge names windows that a goal or an approval concerns.
type Judge struct {
	Line, Unit string // one of them, or neither: everybody
	From, To   schema.Time
}

// NewChange returns a change that moves nothing.
func NewChange() *Change {
	return &Change{Lines: map[string]bool{}, Currencies: map[string]bool{}, From: 1 << 62}
}

// Empty tells whether no usage row can move.
func (c *Change) Empty() bool { return !c.All && len(c.Lines) == 0 && len(c.Currencies) == 0 }

func (c *Change) line(l *schema.Line) {
	c.Lines[l.LineID] = true
	if l.Alias != "" {
		c.Lines[l.Alias] = true
	}
	c.From = min(c.From, l.ValidFrom)
}

// ApplyLine folds a statement about a line.
func (s *State) ApplyLine(l schema.Line, c *Change) {
	s.revision = max(s.revision, l.Offset+1)
	c.Why = append(c.Why, Stated{Cause: schema.CauseLine, Event: l.EventID, Line: l.LineID, Alias: l.Alias})
	if slices.ContainsFunc(s.lines[l.LineID], func(o schema.Line) bool { return o.LineID == l.LineID && o.ValidFrom == l.ValidFrom && o.Rank > l.Rank }) {
		return // what was stated later is known already
	}
	for _, old := range s.lines[l.LineID] {
		if old.LineID == l.LineID && old.ValidFrom == l.ValidFrom {
			c.line(&old)
		}
	}
	c.line(&l)
	extensions := s.extensions(&l)
	s.extended(extensions, c) // whoever had them
	s.dropLine(l.LineID, l.ValidFrom)
	s.lines[l.LineID] = insertLine(s.lines[l.LineID], l)
	if l.Alias != "" && l.Alias != l.LineID {
		s.lines[l.Alias] = insertLine(s.lines[l.Alias], l)
	}
	if h, ok := schema.LineHash(l.LineID); ok {
		s.home[h] = insertLine(s.home[h], l)
	}
	s.extended(extensions, c) // whoever has them now
}

// extensions lists the extensions that a statement about a line gives or takes: its own, those
// the line had, in order.
func (s *State) extensions(l *schema.Line) []string {
	found := map[string]bool{l.Alias: true}
	for _, o := range s.lines[l.LineID] {
		found[o.Alias] = true
	}
	delete(found, "")
	return slices.Sorted(maps.Keys(found))
}

// extended notes whose usage approvals for extensions concern, when these change hands: no row
// of usage moves then, and yet another line may be permitted what it does.
func (s *State) extended(extensions []string, c *Change) {
	for _, extension := range extensions {
		for _, key := range s.permits[extension] {
			a := s.approvals[key]
			s.approved(&a, c)
		}
	}
}

// dropLine forgets an earlier statement about the same line and valid_from, under any alias.
func (s *State) dropLine(id string, from schema.Time) {
	same := func(l schema.Line) bool { return l.LineID == id && l.ValidFrom == from }
	for _, old := range s.lines[id] {
		if same(old) && old.Alias != "" {
			s.lines[old.Alias] = slices.DeleteFunc(s.lines[old.Alias], same)
		}
	}
	s.lines[id] = slices.DeleteFunc(s.lines[id], same)
	if h, ok := schema.LineHash(id); ok {
		s.home[h] = slices.DeleteFunc(s.home[h], same)
	}
}

// insertLine keeps the list ordered by valid_from, latest first; of equal times the statement
// of the higher rank comes first.
func insertLine(list []schema.Line, l schema.Line) []schema.Line {
	list = append(list, l)
	slices.SortStableFunc(list, func(a, b schema.Line) int {
		return cmp.Or(cmp.Compare(b.ValidFrom, a.ValidFrom), cmp.Compare(b.Rank, a.Rank), cmp.Compare(b.Offset, a.Offset), cmp.Compare(a.LineID, b.LineID))
	})
	return list
}

// ApplyUnit folds a statement about a unit. Lines without a cost centre of their own follow
// their unit's.
func (s *State) ApplyUnit(u schema.Unit, c *Change) {
	s.revision = max(s.revision, u.Offset+1)
	c.Why = append(c.Why, Stated{Cause: schema.CauseUnit, Event: u.EventID, Unit: u.UnitID})
	if slices.ContainsFunc(s.units[u.UnitID], func(o schema.Unit) bool { return o.ValidFrom == u.ValidFrom && o.Rank > u.Rank }) {
		return
	}
	before, until, other := s.unit(u.UnitID, u.ValidFrom), u.ValidTo, false
	for _, o := range s.units[u.UnitID] {
		if o.ValidFrom == u.ValidFrom && o.ValidTo != u.ValidTo { // what holds after the earlier end is another thing now
			other = true
			if until = max(o.ValidTo, u.ValidTo); o.ValidTo == 0 || u.ValidTo == 0 {
				until = 0
			}
		}
	}
	list := slices.DeleteFunc(s.units[u.UnitID], func(o schema.Unit) bool { return o.ValidFrom == u.ValidFrom })
	list = append(list, u)
	slices.SortStableFunc(list, func(a, b schema.Unit) int { return cmp.Compare(b.ValidFrom, a.ValidFrom) })
	s.units[u.UnitID] = list
	after := s.unit(u.UnitID, u.ValidFrom)
	if other || after.CostCentre != before.CostCentre || after.Employees != before.Employees { // violations carry the one, trends are measured by the other
		c.Judge = append(c.Judge, Judge{Unit: u.UnitID, From: u.ValidFrom, To: until})
	}
	for _, versions := range s.lines {
		for i := range versions {
			if versions[i].UnitID == u.UnitID && versions[i].CostCentre == "" {
				c.line(&versions[i])
				c.From = min(c.From, u.ValidFrom)
			}
		}
	}
}

// ApplyNumberRange folds a statement about an own number range.
func (s *State) ApplyNumberRange(r schema.NumberRange, c *Change) {
	s.revision = max(s.revision, r.Offset+1)
	c.Why = append(c.Why, Stated{Cause: schema.CauseNumberRange, Event: r.EventID})
	same := func(o schema.NumberRange) bool { return o.First == r.First && o.ValidFrom == r.ValidFrom }
	if slices.ContainsFunc(s.ranges, func(o schema.NumberRange) bool { return same(o) && o.Rank > r.Rank }) {
		return
	}
	s.ranges = append(slices.DeleteFunc(s.ranges, same), r)
	c.All, c.From = true, min(c.From, r.ValidFrom)
}

// ApplyPrice folds a price.
func (s *State) ApplyPrice(p schema.Price, c *Change) {
	s.prices = append(s.prices, p) // the book chooses between those that contradict each other
	c.Why = append(c.Why, Stated{Cause: schema.CausePrice, Event: p.EventID})
	c.All, c.From = true, min(c.From, p.ValidFrom)
	s.revision = max(s.revision, p.Offset+1)
}

// ApplyApproval notes whose usage is judged anew; no usage row moves.
func (s *State) ApplyApproval(a schema.Approval, c *Change) {
	s.revision = max(s.revision, a.Offset+1)
	key := statedAs{a.ApprovalID, a.ValidFrom}
	old, replaces := s.approvals[key]
	if !slices.Contains(s.permits[a.LineID], key) {
		s.permits[a.LineID] = append(s.permits[a.LineID], key)
	}
	if replaces {
		if old.Rank > a.Rank {
			return // what was stated later is known already
		}
		s.approved(&old, c) // what it allowed may no longer be
	}
	s.approvals[key] = a
	s.approved(&a, c)
}

// approved notes whose usage an approval concerns: that of the line, of every line that had
// the extension while it is in force, and of the units that held them, since rules about units
// know approvals too.
func (s *State) approved(a *schema.Approval, c *Change) {
	if a.LineID == "" {
		c.Judge = append(c.Judge, Judge{From: a.ValidFrom, To: a.ValidTo})
		return
	}
	lines, units := map[string]bool{a.LineID: true}, map[string]bool{}
	for _, l := range s.lines[a.LineID] {
		if meet(l.ValidFrom, l.ValidTo, a.ValidFrom, a.ValidTo) {
			lines[l.LineID] = true
		}
	}
	for line := range lines {
		for _, l := range s.lines[line] {
			if l.UnitID != "" && meet(l.ValidFrom, l.ValidTo, a.ValidFrom, a.ValidTo) {
				units[l.UnitID] = true
			}
		}
	}
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		c.Judge = append(c.Judge, Judge{Line: line, From: a.ValidFrom, To: a.ValidTo})
	}
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		c.Judge = append(c.Judge, Judge{Unit: unit, From: a.ValidFrom, To: a.ValidTo})
	}
}

// meet tells whether two spans of time share a moment; an end of 0 is none.
func meet(fromA, toA, fromB, toB schema.Time) bool {
	return (toB == 0 || fromA < toB) && (toA == 0 || fromB < toA)
}

// ApplyGoal notes whose counts are judged anew.
func (s *State) ApplyGoal(g schema.Goal, c *Change) {
	s.revision = max(s.revision, g.Offset+1)
	key := statedAs{g.GoalID, g.ValidFrom}
	old, replaces := s.goals[key]
	if replaces && old.Rank > g.Rank {
		return
	}
	s.goals[key] = g
	for _, goal := range [...]schema.Goal{old, g} {
		if goal.UnitID != "" {
			c.Judge = append(c.Judge, Judge{Unit: goal.UnitID, From: goal.ValidFrom, To: goal.ValidTo})
		}
	}
}

// Touch counts a statement that moves nothing.
func (s *State) Touch(offset uint64) { s.revision = max(s.revision, offset+1) }

// Line returns what was stated about a line, by its canonical id or its alias, as of a time.
func (s *State) Line(id string, at schema.Time) (*schema.Line, bool) { return asOf(s.lines[id], at) }

// OwnNumber tells whether a hashed number was one of the organisation's lines at a time.
func (s *State) OwnNumber(hash uint64, at schema.Time) bool {
	_, ok := asOf(s.home[hash], at)
	return ok
}

func asOf(list []schema.Line, at schema.Time) (*schema.Line, bool) {
	for i := range list {
		if l := &list[i]; holds(l.ValidFrom, l.ValidTo, at) {
			return l, true
		}
	}
	return nil, false
}

func holds(from, to, at schema.Time) bool { return from <= at && (to == 0 || at < to) }

// UnitCostCentre returns the cost centre of a unit as of a time, or "".
func (s *State) UnitCostCentre(id string, at schema.Time) string { return s.unit(id, at).CostCentre }

// unit returns what was stated about a unit as of a time; the zero Unit when nothing was.
func (s *State) unit(id string, at schema.Time) schema.Unit {
	for _, u := range s.units[id] {
		if holds(u.ValidFrom, u.ValidTo, at) {
			return u
		}
	}
	return schema.Unit{}
}
