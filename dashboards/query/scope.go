package query

import (
	"context"
	"fmt"
	"slices"
)

// Scope is what a caller may see. The zero Scope sees nothing.
type Scope struct {
	All   bool     // rows of every unit, and what belongs to no unit
	Units []string // rows of these units only; an empty id among them permits nothing
	// Persons is of which units rows of single lines and their holders may be seen.
	Persons Persons
	// AccessLog permits to read who read what. It is about everybody, whatever the units are.
	AccessLog bool
	// Figures permits to read figures at all: who only follows up who read what has none.
	Figures bool
}

// Persons is of which units rows of single lines and holders may be seen, where their figures may
// be seen too. The zero value is none.
type Persons struct {
	All   bool
	Units []string
}

// Everything is the scope without limits.
func Everything() Scope {
	return Scope{All: true, Persons: Persons{All: true}, AccessLog: true, Figures: true}
}

// Figures is the scope of the figures of some units, without rows of single persons.
func Figures(units ...string) Scope { return Scope{Units: units, Figures: true} }

// Read is an answer with rows of single persons, or with the access log, before it is given.
type Read struct {
	Metric  string // metric, or "violation" for one with its evidence
	Subject string // pseudonym of a line, or id of a violation; empty: several
	Unit    string // id of the unit; empty: several
	Rows    int    // rows of single persons in the answer
}

// Audit records reads of rows of single persons. The context is that of the request. When it
// fails, the rows are not given.
type Audit func(ctx context.Context, read Read) error

// units are the units whose rows may be seen. What belongs to no unit has an empty id, and only
// who sees everything sees that.
func (s Scope) units() []string {
	out := slices.DeleteFunc(slices.Clone(s.Units), func(id string) bool { return id == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// check tells whether there are any figures to see.
func (s Scope) check() error {
	if !s.Figures {
		return fmt.Errorf("%w: the caller may see no figures", ErrScope)
	}
	if !s.All && len(s.units()) == 0 {
		return fmt.Errorf("%w: the caller may see no unit", ErrScope)
	}
	return nil
}

// sees tells whether rows of a unit may be seen; the empty id stands for no unit.
func (s Scope) sees(unit string) bool {
	return s.Figures && (s.All || (unit != "" && slices.Contains(s.Units, unit)))
}

// seesPersons tells whether rows of single persons of a unit may be seen.
func (s Scope) seesPersons(unit string) bool {
	return s.sees(unit) && (s.Persons.All || (unit != "" && slices.Contains(s.Persons.Units, unit)))
}

// everyPerson tells whether rows of single persons may be seen wherever figures may.
func (s Scope) everyPerson() bool {
	if s.Persons.All || !s.Figures {
		return s.Figures
	}
	units := s.units()
	return !s.All && len(units) > 0 && !slices.ContainsFunc(units, func(id string) bool { return !slices.Contains(s.Persons.Units, id) })
}

// ofPersons is the scope narrowed to the units of which rows of single persons may be seen.
func (s Scope) ofPersons() Scope {
	if s.everyPerson() {
		return s
	}
	out := s
	out.All, out.Units = false, nil
	for _, id := range s.Persons.Units {
		if s.seesPersons(id) {
			out.Units = append(out.Units, id)
		}
	}
	return out
}
