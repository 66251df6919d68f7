package enrich

import (
	"strings"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// Classes of the other party that an own number range can turn into internal.
const (
	classInternal  = "internal"
	classFixed     = "fixed"
	classMobile    = "mobile"
	classCorporate = "corporate"
)

// Enricher fills the derived columns of usage records from a state. It is not safe for
// concurrent use: make one for every goroutine.
type Enricher struct {
	state *State
	book  *rate.Book
	zones map[string]*time.Location
	days  dayCache
}

// dayCache remembers the bounds of the last calendar day: most neighbours share it.
type dayCache struct {
	zone     string
	from, to schema.Time
	day      schema.Day
}

// New returns an enricher that rates with a book of the state's prices.
func New(state *State, book *rate.Book) *Enricher {
	return &Enricher{state: state, book: book, zones: map[string]*time.Location{}}
}

// Apply fills the derived columns of a record. The record stays usable when it returns an
// error (an amount out of range, an unknown zone): such a record is to be rejected.
func (e *Enricher) Apply(u *schema.Usage) error {
	if err := e.judgeDay(u); err != nil {
		return err
	}
	u.Revision = e.state.revision
	u.Line, u.UnitID, u.CostCentre, u.Role, u.Holder, u.Plan, u.LineKind, u.Subscription = u.LineID, "", "", "", "", "", "", ""
	if l, ok := e.state.Line(u.LineID, u.OccurredAt); ok {
		u.Line, u.UnitID, u.CostCentre, u.Role = l.LineID, l.UnitID, l.CostCentre, l.Role
		u.Holder, u.Plan, u.LineKind, u.Subscription = l.Holder, l.Plan, l.Kind, l.Operator
		if u.CostCentre == "" {
			u.CostCentre = e.state.UnitCostCentre(l.UnitID, u.OccurredAt)
		}
	}
	u.Class = e.class(u)
	u.RoamingZone = Zone(u.VisitedCtry, u.LocalDay)
	return e.book.Apply(u)
}

func (e *Enricher) judgeDay(u *schema.Usage) error {
	if u.Zone == e.days.zone && u.OccurredAt >= e.days.from && u.OccurredAt < e.days.to {
		u.LocalDay = e.days.day
		return nil
	}
	loc, ok := e.zones[u.Zone]
	if !ok {
		var err error
		if loc, err = time.LoadLocation(u.Zone); err != nil {
			return err
		}
		e.zones[u.Zone] = loc
	}
	day := schema.DayOf(u.OccurredAt, loc)
	u.LocalDay = day
	e.days = dayCache{u.Zone, day.Start(loc), (day + 1).Start(loc), day}
	return nil
}

// class turns the recorded class into internal where the other party was one of our own.
func (e *Enricher) class(u *schema.Usage) string {
	if u.OtherHash != 0 && u.OtherClass != classInternal && e.state.OwnNumber(u.OtherHash, u.OccurredAt) {
		return classInternal
	}
	switch u.OtherClass {
	case classFixed, classMobile, classCorporate:
		for i := range e.state.ranges {
			if r := &e.state.ranges[i]; holds(r.ValidFrom, r.ValidTo, u.OccurredAt) && covers(r, u.OtherMask) {
				return classInternal
			}
		}
	}
	return u.OtherClass
}

// covers tells whether a range holds every number that a mask can stand for.
func covers(r *schema.NumberRange, mask string) bool {
	cut := strings.IndexByte(mask, hidden[0])
	if cut < 0 || cut > len(r.First) || mask[:cut] < r.First[:cut] || mask[:cut] > r.Last[:min(cut, len(r.Last))] {
		return false
	}
	n := (len(mask) - cut) / len(hidden)
	if len(r.First) != cut+n || len(r.Last) != len(r.First) || n > len(zeros) {
		return false
	}
	return r.First[:cut] <= mask[:cut] && (r.First[:cut] < mask[:cut] || r.First[cut:] <= zeros[:n]) &&
		mask[:cut] <= r.Last[:cut] && (mask[:cut] < r.Last[:cut] || nines[:n] <= r.Last[cut:])
}

// hidden stands for a digit that was dropped.
const (
	hidden = "•"
	zeros  = "0000000000000000"
	nines  = "9999999999999999"
)
