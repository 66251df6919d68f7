package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// coarse are the dimensions whose groups are shown however few events they rest on: what a unit
// costs is its manager's business. Where everything else is asked for, a group may be one person.
func coarse() []string { return []string{"unit", "cost_centre", "kind", "service", "month"} }

// fine tells whether groups may be so small that they tell of single persons, and the caller may
// not see those.
func (a *aggregate) fine() bool {
	if a.decl[0].source != sourceUsage || a.scope.everyPerson() {
		return false
	}
	if a.coarse {
		return true
	}
	finer := func(name string) bool { return !slices.Contains(coarse(), name) }
	return slices.ContainsFunc(a.dims, finer) || slices.ContainsFunc(a.q.Filters, func(f Filter) bool { return finer(f.Field) })
}

// smallCells finds the values that rest on fewer than five events, or leave fewer than five to
// what they are a part of. With one that is withheld goes what it could be worked out from: the
// rows that make up the same unit, cost centre, kind and service, the smallest first, until those
// withheld are five events together.
func (r *Runner) smallCells(ctx context.Context, a *aggregate, got rows) (map[int][]bool, error) {
	if !a.fine() || len(got) == 0 {
		return nil, nil
	}
	around, err := r.around(ctx, a)
	if err != nil {
		return nil, err
	}
	out := map[int][]bool{}
	hide := func(row, m int) {
		if out[row] == nil {
			out[row] = make([]bool, len(a.metrics))
		}
		out[row][m] = true
	}
	for m := range a.metrics {
		wholes := map[string][]int{}
		for i, row := range got {
			key := a.whole(row)
			wholes[key] = append(wholes[key], i)
		}
		for _, members := range wholes {
			counts := make([]uint64, len(members))
			for j, i := range members {
				counts[j] = a.events(got[i], m)
			}
			for _, j := range withheld(counts) {
				hide(members[j], m)
			}
		}
		if around == nil {
			continue
		}
		for i, row := range got {
			n := a.events(row, m)
			all, known := around[a.group(row)]
			if n > 0 && (n < smallest || (known && all[m] > n && all[m]-n < smallest)) {
				hide(i, m)
			}
		}
	}
	return out, nil
}

// around counts the events of each group without the filters that make it fine; nil when there
// are none. What a filter leaves out could be worked out from what it lets through.
func (r *Runner) around(ctx context.Context, a *aggregate) (map[string][]uint64, error) {
	b := *a
	b.coarse = true
	keep := func(filters []Filter) []Filter {
		return slices.DeleteFunc(slices.Clone(filters), func(f Filter) bool { return !slices.Contains(coarse(), f.Field) })
	}
	b.filters, b.q.Filters = keep(a.filters), keep(a.q.Filters)
	if len(b.filters) == len(a.filters) {
		return nil, nil
	}
	b.q.Format, b.q.Limit = FormatTable, maxRows
	s, err := b.statement()
	if err != nil {
		return nil, err
	}
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]uint64, len(got))
	for _, row := range got {
		counts := make([]uint64, len(a.metrics))
		for m := range counts {
			counts[m] = a.events(row, m)
		}
		out[a.group(row)] = counts
	}
	return out, nil
}

// group is the point in time and the dimensions of a row.
func (a *aggregate) group(row []any) string { return a.keyOf(row, func(string) bool { return true }) }

// whole is the same without the dimensions that are finer than what is always shown.
func (a *aggregate) whole(row []any) string {
	return a.keyOf(row, func(dim string) bool { return slices.Contains(coarse(), dim) })
}

func (a *aggregate) keyOf(row []any, take func(dim string) bool) string {
	var key strings.Builder
	if a.timed {
		key.WriteString(asTime(row[0]).String())
		row = row[1:]
	}
	for i, dim := range a.dims {
		if take(dim) {
			key.WriteString("\x00" + asText(row[i]))
		}
	}
	return key.String()
}

// events is what statement counts behind a value: the last columns.
func (a *aggregate) events(row []any, m int) uint64 {
	return asCount(row[len(row)-len(a.metrics)+m])
}

// withheld chooses which counts of a whole are withheld: those from 1 to 4, and then the next
// smallest ones until at least two are withheld that are at least five together. None of nothing
// is no secret, and takes nobody along.
func withheld(counts []uint64) []int {
	order := make([]int, 0, len(counts))
	for i, n := range counts {
		if n > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(counts[i], counts[j]) })
	var sum uint64
	for n, i := range order {
		if counts[i] >= smallest && (n == 0 || (n >= 2 && sum >= smallest)) {
			return order[:n]
		}
		sum += counts[i]
	}
	if sum == 0 || counts[order[0]] >= smallest {
		return nil
	}
	return order
}

// withhold sets columns of the rows of a list to nil that rest on few events, counted in column n,
// with what they could be worked out from. The rows must be parts of one whole. It tells whether
// there were any.
func (l *listing) withhold(got rows, n int, columns ...int) bool {
	if l.scope.everyPerson() {
		return false
	}
	counts := make([]uint64, len(got))
	for i, row := range got {
		counts[i] = asCount(row[n])
	}
	hidden := withheld(counts)
	for _, i := range hidden {
		for _, c := range columns {
			got[i][c] = nil
		}
	}
	return len(hidden) > 0
}
