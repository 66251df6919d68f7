package allocate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// A region may have a rule for each of its lines. Asked one after the other they cost more than in
// proportion to their number, so that spans which name nothing but a line, a unit or a cost centre,
// beside their time, are looked up by it instead.

// entry is when what is looked up belongs to a span; until is exclusive, span is 1 + its index.
type entry struct {
	since, until schema.Time
	span         int
}

// lookups are entries by column of usage and by value.
type lookups map[string]map[string][]entry

func (l lookups) add(column, value string, e entry) {
	if e.since >= e.until {
		return
	}
	if l[column] == nil {
		l[column] = map[string][]entry{}
	}
	l[column][value] = append(l[column][value], e)
}

// take adds a span that can be looked up, between from and to, and tells whether it is one.
func (l lookups) take(s *span, number int, from, to schema.Time, names extensions) bool {
	e := entry{max(s.from, from), min(s.to, to), number}
	switch r := s.about; conditions(r) {
	case schema.AllocationRule{Priority: r.Priority, How: r.How}:
		return false
	case schema.AllocationRule{Priority: r.Priority, How: r.How, LineID: r.LineID}:
		l.add("line_id", r.LineID, e)
		for _, h := range names[r.LineID] {
			l.add("line_id", h.line, entry{max(h.since, e.since), min(h.until, e.until), number})
		}
	case schema.AllocationRule{Priority: r.Priority, How: r.How, UnitID: r.UnitID}:
		l.add("unit_id", r.UnitID, e)
	case schema.AllocationRule{Priority: r.Priority, How: r.How, CostCentre: r.CostCentre}:
		l.add("cost_centre", r.CostCentre, e)
	default:
		return false
	}
	return true
}

// first cuts the time of a value so that each piece belongs to one span: the first that is asked.
func first(entries []entry) []entry {
	var edges []schema.Time
	for _, e := range entries {
		edges = append(edges, e.since, e.until)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []entry
	for i := 0; i+1 < len(edges); i++ {
		piece := entry{edges[i], edges[i+1], 0}
		for _, e := range entries {
			if e.since <= piece.since && piece.until <= e.until && (piece.span == 0 || e.span < piece.span) {
				piece.span = e.span
			}
		}
		last := len(out) - 1
		switch {
		case piece.span == 0:
		case last >= 0 && out[last].span == piece.span && out[last].until == piece.since:
			out[last].until = piece.until
		default:
			out = append(out, piece)
		}
	}
	return out
}

// layer is a piece of time for each of some values.
type layer struct {
	values []string
	pieces []entry
}

func (l *layer) add(value string, e entry) {
	l.values, l.pieces = append(l.values, value), append(l.pieces, e)
}

// sql writes for each layer of each column the number of the span that takes a record, or none.
func (l lookups) sql(from, to schema.Time, none int) []string {
	var out []string
	for _, column := range slices.Sorted(maps.Keys(l)) {
		var whole layer
		var parts []layer
		for _, value := range slices.Sorted(maps.Keys(l[column])) {
			for i, e := range first(l[column][value]) {
				if e.since <= from && e.until >= to {
					whole.add(value, e)
					continue
				}
				if i == len(parts) {
					parts = append(parts, layer{})
				}
				parts[i].add(value, e)
			}
		}
		if len(whole.values) > 0 {
			out = append(out, whole.find(column, none, func(e entry) int64 { return int64(e.span) }))
		}
		for i := range parts {
			since := parts[i].find(column, 0, func(e entry) int64 { return int64(e.since) })
			until := parts[i].find(column, 0, func(e entry) int64 { return int64(e.until) })
			number := parts[i].find(column, none, func(e entry) int64 { return int64(e.span) })
			out = append(out, "if(toUnixTimestamp64Milli(occurred_at) >= "+since+" AND toUnixTimestamp64Milli(occurred_at) < "+until+", "+number+", "+strconv.Itoa(none)+")")
		}
	}
	return out
}

// find writes what a layer has for the value of a column.
func (l *layer) find(column string, otherwise int, what func(entry) int64) string {
	var b strings.Builder
	b.WriteString("transform(toString(" + column + "), [")
	for i, v := range l.values {
		b.WriteString(comma(i) + quote(v))
	}
	b.WriteString("], [")
	for i, e := range l.pieces {
		b.WriteString(comma(i) + strconv.FormatInt(what(e), 10))
	}
	b.WriteString("], " + strconv.Itoa(otherwise) + ")")
	return b.String()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}
