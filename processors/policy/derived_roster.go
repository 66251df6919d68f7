package policy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linesman/schema"
)

// heldLine is one statement of a line: who held it, from when to when (0: until further notice).
type heldLine struct {
	unit, centre string
	from, to     schema.Time
	event        schema.ID
	fits         bool // a rule's condition over lines holds
}

// paidUnit is one statement of a unit.
type paidUnit struct {
	centre   string
	from, to schema.Time
}

// roster is what was stated about lines and units, the latest first.
type roster struct {
	lines map[string][]heldLine
	units map[string][]paidUnit
}

func holds(from, to, at schema.Time) bool { return from <= at && (to == 0 || at < to) }

// line finds what was stated about a line as of a moment: of the statements that hold, the
// one that began to hold last.
func (r *roster) line(id string, at schema.Time) (heldLine, bool) {
	for _, h := range r.lines[id] {
		if holds(h.from, h.to, at) {
			return h, true
		}
	}
	return heldLine{}, false
}

// centre returns the cost centre of a line's statement as of a moment: its own, or its unit's.
func (r *roster) centre(h heldLine, at schema.Time) string {
	if h.centre != "" {
		return h.centre
	}
	return r.unitCentre(h.unit, at)
}

// unitCentre returns the cost centre of a unit as of a moment.
func (r *roster) unitCentre(unit string, at schema.Time) string {
	for _, u := range r.units[unit] {
		if holds(u.from, u.to, at) {
			return u.centre
		}
	}
	return ""
}

// inForce tells whether at every moment from one to another, exclusive, some statement of
// the line holds, and returns the statements that do, in order of time.
func (r *roster) inForce(line string, from, to schema.Time) ([]heldLine, bool) {
	var within []heldLine
	for _, h := range r.lines[line] {
		if h.from < to && (h.to == 0 || h.to > from) && (h.to == 0 || h.to > h.from) {
			within = append(within, h)
		}
	}
	slices.Reverse(within)
	for at := from; at < to; {
		reach := at
		for _, h := range within {
			if h.from > at || h.to != 0 && h.to <= at {
				continue
			}
			if h.to == 0 {
				return within, true
			}
			reach = max(reach, h.to)
		}
		if reach == at {
			return within, false
		}
		at = reach
	}
	return within, true
}

// readRoster reads what was stated about lines (nil: all of them) and about all units. fits is
// an SQL condition over the table of lines.
func (e *Evaluator) readRoster(ctx context.Context, fits string, lines []string) (*roster, error) {
	out := &roster{lines: map[string][]heldLine{}, units: map[string][]paidUnit{}}
	if fits == "" {
		fits = "1"
	}
	query := "SELECT line_id, toString(unit_id), toString(cost_centre), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), event_id, toUInt8(" + fits + ")\n" +
		"FROM lines\nWHERE 1" + inList("line_id", lines) + "\nORDER BY valid_from DESC, rank DESC, log_offset DESC, line_id\n" + settings
	err := e.each(ctx, query, func(scan func(...any) error) error {
		var id, event string
		var h heldLine
		var fit uint8
		if err := scan(&id, &h.unit, &h.centre, (*int64)(&h.from), (*int64)(&h.to), &event, &fit); err != nil {
			return err
		}
		var err error
		h.fits = fit != 0
		h.event, err = toID(event)
		out.lines[id] = append(out.lines[id], h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading lines: %w", err)
	}
	query = "SELECT toString(unit_id), toString(cost_centre), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)\nFROM units\nORDER BY valid_from DESC, rank DESC\n" + settings
	err = e.each(ctx, query, func(scan func(...any) error) error {
		var id string
		var u paidUnit
		err := scan(&id, &u.centre, (*int64)(&u.from), (*int64)(&u.to))
		out.units[id] = append(out.units[id], u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading units: %w", err)
	}
	return out, nil
}

// each runs a query and hands every row to take.
func (e *Evaluator) each(ctx context.Context, query string, take func(scan func(...any) error) error) error {
	rows, err := e.store.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// coverage says which days the usage in the store covers, in the zone of a rule.
type coverage struct {
	first, newest schema.Day // first and newest day with usage
	months        map[schema.Day]bool
}

// moments are the first and last moment of usage in one part of the store.
type moments struct{ first, last schema.Time }

// readMoments reads them for every month of the store. The store knows them of each of its
// parts without reading it.
func (e *Evaluator) readMoments(ctx context.Context) ([]moments, error) {
	var out []moments
	query := "SELECT toUnixTimestamp64Milli(min(occurred_at)), toUnixTimestamp64Milli(max(occurred_at))\nFROM usage\nGROUP BY toYYYYMM(occurred_at)\nSETTINGS final = 0"
	err := e.each(ctx, query, func(scan func(...any) error) error {
		var m moments
		err := scan((*int64)(&m.first), (*int64)(&m.last))
		out = append(out, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("finding out which days usage covers: %w", err)
	}
	return out, nil
}

// cover converts moments to days. A month of the zone has usage exactly when it holds the
// first or the last moment of some month of the store: the two begin within a day of each
// other.
func cover(list []moments, zone *time.Location) coverage {
	c := coverage{months: map[schema.Day]bool{}}
	for i, m := range list {
		first, last := schema.DayOf(m.first, zone), schema.DayOf(m.last, zone)
		if i == 0 {
			c.first, c.newest = first, last
		}
		c.first, c.newest = min(c.first, first), max(c.newest, last)
		c.months[first.Month()], c.months[last.Month()] = true, true
	}
	return c
}

// whole tells whether usage covers all days of [from, to): it began no later, goes on after,
// and no month between is without any.
func (c coverage) whole(from, to schema.Day) bool {
	if len(c.months) == 0 || c.first > from || c.newest < to {
		return false
	}
	for m := from.Month(); m < to; m = nextMonth(m) {
		if !c.months[m] {
			return false
		}
	}
	return true
}
