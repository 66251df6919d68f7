package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/store"
	"linesman/schema"
)

// sort is the sorts of values of a column that the choice of a price tells apart. Sorts are
// numbered from 0; of each one value stands for all.
type sort struct {
	column string
	field  func(*schema.Usage) *string
	sort   map[string]int // by value
	stands []string       // by number
}

// newSorts lists the columns on which the choice of a price depends, with what the prices name
// of each: the values that none names are of one sort. nil: every value is a sort.
func (r *rerating) newSorts() (sorts []sort, named []map[string]bool) {
	n := r.book.Named()
	add := func(column string, names map[string]bool, field func(*schema.Usage) *string) {
		sorts, named = append(sorts, sort{column: column, field: field, sort: map[string]int{}}), append(named, names)
	}
	add("kind", nil, func(u *schema.Usage) *string { return &u.Kind })
	add("operator", n.Operators, func(u *schema.Usage) *string { return &u.Operator })
	add("line_operator", n.Operators, func(u *schema.Usage) *string { return &u.Subscription })
	add("plan", n.Plans, func(u *schema.Usage) *string { return &u.Plan })
	add("service", n.Services, func(u *schema.Usage) *string { return &u.Service })
	add("other_class", n.Classes, func(u *schema.Usage) *string { return &u.Class })
	add("other_country", n.Countries, func(u *schema.Usage) *string { return &u.OtherCountry })
	add("roaming_zone", n.Zones, func(u *schema.Usage) *string { return &u.RoamingZone })
	add("visited_country", n.Visited, func(u *schema.Usage) *string { return &u.VisitedCtry })
	return sorts, named
}

// findSorts puts the values that there are into sorts. A column with a single sort is left out.
func (r *rerating) findSorts(ctx context.Context) ([]sort, error) {
	sorts, named := r.newSorts()
	var each []string
	for i, s := range sorts {
		each = append(each, fmt.Sprintf("SELECT toUInt8(%d) AS c, toString(%s) AS v FROM usage WHERE %s GROUP BY %[2]s", i, s.column, r.from))
	}
	rows, err := r.p.store.Conn().Query(store.AsItLies(ctx), "SELECT c, v FROM ("+strings.Join(each, " UNION ALL ")+") ORDER BY c, v")
	if err != nil {
		return nil, err
	}
	unnamed := map[uint8]int{}
	err = store.EachRow(rows, func(rows driver.Rows) error {
		var c uint8
		var v string
		if err := rows.Scan(&c, &v); err != nil {
			return err
		}
		s := &sorts[c]
		same, known := unnamed[c]
		switch {
		case named[c] == nil || named[c][v]:
			s.sort[v] = len(s.stands)
			s.stands = append(s.stands, v)
		case known:
			s.sort[v] = same
		default:
			unnamed[c], s.sort[v] = len(s.stands), len(s.stands)
			s.stands = append(s.stands, v)
		}
		return nil
	})
	return sorts, err
}

// combinations is how many keys there could be; it is a float, for it may be beyond all bounds.
func combinations(sorts []sort, edges int) float64 {
	n := float64(edges + 1)
	for _, s := range sorts {
		n *= float64(max(len(s.stands), 1))
	}
	return n
}

// key is an expression for a number that is the same for rows with the same sorts of values in
// the same segment, and for no others.
func (r *rerating) key() string {
	var terms []string
	radix := uint64(1)
	for _, s := range r.sorts {
		if len(s.stands) > 1 {
			values := slices.Sorted(maps.Keys(s.sort))
			of := make([]uint64, len(values))
			for i, v := range values {
				of[i] = uint64(s.sort[v])
			}
			// Of one column of symbols the engine works this out once for each symbol of a block.
			terms = append(terms, fmt.Sprintf("%d * toUInt64(transform(%s, [%s], [%s], 0))", radix, s.column, quoted(values), numbers(of)))
			radix *= uint64(len(s.stands))
		}
	}
	if len(r.edges) > 0 {
		edges, of := []uint64{0}, []uint64{0}
		for i, e := range r.edges {
			edges, of = append(edges, uint64(e)), append(of, uint64(i+1))
		}
		at := fmt.Sprintf("transform(roundDown(toUInt64(toUnixTimestamp64Milli(occurred_at)), [%s]), [%[1]s], [%s], 0)", numbers(edges), numbers(of))
		terms = append(terms, fmt.Sprintf("%d * toUInt64(%s)", radix, at))
	}
	if len(terms) == 0 {
		return "toUInt64(0)"
	}
	return "(" + strings.Join(terms, " + ") + ")"
}

// example makes a record of a key.
func (r *rerating) example(key uint64, first schema.Time) (u schema.Usage) {
	for _, s := range r.sorts {
		if n := uint64(len(s.stands)); n > 0 {
			*s.field(&u) = s.stands[key%n]
			key /= n
		}
	}
	u.OccurredAt = first
	if key > 0 {
		u.OccurredAt = r.edges[key-1]
	}
	return u
}

func numbers[T ~int | ~int64 | ~uint64](list []T) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, ", ")
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	return strings.Join(out, ", ")
}
