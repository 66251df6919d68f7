package policy

import (
	"bytes"
	"cmp"
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

func idsInOrder(m map[string]bool) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
