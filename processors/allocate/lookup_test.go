package allocate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linesman/schema"
)

// manyRules makes n rules, nearly each about one line of its own, and records of some of these
// lines at moments about which the rules disagree.
func manyRules(m *maker, n, records int) facts {
	var f facts
	add := func(id string, priority uint32, from schema.Time, set func(*schema.AllocationRule)) {
		r := schema.AllocationRule{RuleID: id, Target: 1, Priority: priority, How: schema.AllocateTo, ToCostCentre: id, ValidFrom: from, Rank: m.next()}
		set(&r)
		f.rules = append(f.rules, r)
	}
	long := at(m.t, "2025-06-01")
	for i := range n {
		line := fmt.Sprintf("line-%064d", i) // as long as a pseudonym may be
		from := long
		if i%7 == 0 {
			from = m.moment()
		}
		add(fmt.Sprintf("R%05d", i), 5, from, func(r *schema.AllocationRule) {
			switch r.LineID = line; {
			case i%5 == 0:
				r.ValidTo = m.until(from)
			case i%11 == 0:
				r.LineID = fmt.Sprint("X", i)
				begin := m.moment()
				f.lines = append(f.lines, schema.Line{LineID: line, Alias: r.LineID, ValidFrom: begin, ValidTo: m.until(begin), Rank: m.next()})
			}
		})
	}
	// Some that stand before those of lines, and some behind.
	add("BEFORE", 1, long, func(r *schema.AllocationRule) { r.Service, r.UnitID = "sms", "U1" })
	add("UNIT", 1, m.moment(), func(r *schema.AllocationRule) { r.UnitID = "U2" })
	add("BEHIND", 9, long, func(r *schema.AllocationRule) { r.LineKind = "mobile" })
	add("CENTRE", 8, long, func(r *schema.AllocationRule) { r.CostCentre = "200" })
	add("LAST", 10, m.moment(), func(*schema.AllocationRule) {})
	for i := range records {
		u := m.record(i)
		u.Line = fmt.Sprintf("line-%064d", (i*7919)%(n+n/10)) // of some there is no rule
		if i%3 == 0 {
			u.Line = fmt.Sprintf("line-%064d", 55*(i%(n/55))) // with two conditions of time
		}
		if i%4 == 0 {
			u.Line = fmt.Sprintf("line-%064d", 11*(i%(n/11))) // by its extension
		}
		u.LineID = u.Line
		f.usage = append(f.usage, u)
	}
	return f
}

// A rule for each of thousands of lines: the month comes to what the slow way makes of it.
func TestManyRules(t *testing.T) {
	w := open(t)
	const n = 6000
	m := &maker{t: t, rnd: rand.New(rand.NewPCG(n, 7))}
	f := manyRules(m, n, 60)
	w.lay(m, f)
	begun := time.Now()
	r := w.month()
	t.Logf("%d rules, %d records: %v", len(f.rules), len(f.usage), time.Since(begun))
	same(t, r.Postings, f.slowly(schema.Date(2026, 3, 1), schema.Date(2026, 4, 1)))
	seen := map[string]bool{}
	for _, p := range r.Postings {
		seen[p.Rule[:min(1, len(p.Rule))]] = true
	}
	for _, what := range []string{"", "R", "B", "U", "C"} {
		if !seen[what] {
			t.Errorf("no posting by a rule %q: %v", what, seen)
		}
	}
}

// Of entries that overlap the first one holds, and what follows on itself is one piece.
func TestFirst(t *testing.T) {
	cases := []struct{ entries, want []entry }{
		{nil, nil},
		{[]entry{{0, 10, 2}}, []entry{{0, 10, 2}}},
		{[]entry{{0, 10, 2}, {3, 5, 1}}, []entry{{0, 3, 2}, {3, 5, 1}, {5, 10, 2}}},
		{[]entry{{0, 10, 1}, {3, 5, 2}}, []entry{{0, 10, 1}}},
		{[]entry{{0, 4, 3}, {6, 9, 4}}, []entry{{0, 4, 3}, {6, 9, 4}}},
		{[]entry{{0, 4, 3}, {4, 9, 3}}, []entry{{0, 9, 3}}},
		{[]entry{{0, 4, 1}, {2, 9, 2}}, []entry{{0, 4, 1}, {4, 9, 2}}},
	}
	for _, c := range cases {
		if got := first(c.entries); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.entries, got, c.want)
		}
	}
}
