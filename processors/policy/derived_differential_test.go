package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"linesman/schema"
)

// TestKindsDifferential grows worlds of usage and statements. After each step what the scope
// names is judged and projected; what then stands must be what the reference says of the
// whole world, and a look at everything by another evaluator must find nothing else.
func TestKindsDifferential(t *testing.T) {
	t.Parallel()
	set := kindsSet(t)
	worlds := make([]map[string]int, 3)
	t.Run("worlds", func(t *testing.T) {
		for seed := range worlds {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				worlds[seed] = growKinds(t, set, uint64(seed))
			})
		}
	})
	seen := map[string]int{}
	for _, world := range worlds {
		for rule, n := range world {
			seen[rule] += n
		}
	}
	t.Logf("windows flagged: %v", seen)
	for _, r := range set.Rules() {
		if seen[r.ID] < 4 {
			t.Errorf("the worlds are too tame to test %s: %d windows flagged", r.ID, seen[r.ID])
		}
	}
}

// growKinds grows one world, and returns how many windows of each rule were flagged.
func growKinds(t *testing.T, set *Set, seed uint64) map[string]int {
	s := openStore(t)
	seen := map[string]int{}
	w := newStated(t, s, seed)
	e := s.evaluator(set)
	w.settle()
	started := w.scope
	for step := range 7 {
		w.scope = started
		started = Scope{}
		w.from, w.to = schema.Date(2023, 12, 20), schema.Date(2024, 2, 15)+schema.Day(70*step)
		if step > 0 && w.rnd.IntN(3) > 0 {
			w.from = w.to - 80
		}
		for range []int{25, 8, 0, 6, 1, 10, 6}[step] {
			w.state()
		}
		w.use(120)
		w.store()
		if w.rnd.IntN(5) == 0 {
			e = s.evaluator(set) // a start
		}
		s.project(s.evaluate(e, w.scope))
		want := w.claims()
		differ(t, fmt.Sprintf("step %d", step), s.claims(), want)
		for at := range want {
			rule, _, _ := strings.Cut(at, " ")
			seen[rule]++
		}
		if t.Failed() {
			return seen
		}
	}
	if events := s.evaluate(s.evaluator(set), Scope{All: true}); len(events) > 0 {
		t.Errorf("a look at everything finds more: %v", brief(events))
	}
	return seen
}

func differ(t *testing.T, what string, got, want map[string]claim) {
	t.Helper()
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[at]; !ok {
			t.Errorf("%s: %s is missing: %+v", what, at, want[at])
		} else if g != want[at] {
			t.Errorf("%s: %s\ngot  %+v\nwant %+v", what, at, g, want[at])
		}
	}
	for _, at := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[at]; !ok {
			t.Errorf("%s: %s is flagged wrongly: %+v", what, at, got[at])
		}
	}
}

// claims reads what stands in the store.
func (s *testStore) claims() map[string]claim {
	s.t.Helper()
	rows, err := s.conn.Query(testCtx(s.t), "SELECT toString(rule), subject_id, toInt32(window_from), toInt32(window_to), toString(severity), toString(unit_id), toString(cost_centre), "+
		"toString(measure), value, `limit`, toInt64(cost * 1000000), evidence, evidence_total FROM violations_current WHERE change != 'retracted'")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]claim{}
	for rows.Next() {
		var v schema.Violation
		var from, to int32
		var cost int64
		var evidence []string
		if err := rows.Scan(&v.Rule, &v.SubjectID, &from, &to, &v.Severity, &v.UnitID, &v.CostCentre, &v.Measure, &v.Value, &v.Limit, &cost, &evidence, &v.EvidenceTotal); err != nil {
			s.t.Fatal(err)
		}
		v.Cost, v.WindowTo = schema.Money(cost), schema.Day(to)
		for _, id := range evidence {
			v.Evidence = append(v.Evidence, schema.ID([]byte(id)))
		}
		out[spot(v.Rule, v.SubjectID, schema.Day(from))] = claimOf(v)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}
