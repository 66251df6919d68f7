package cases

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"linesman/processors/store"
	"linesman/schema"
)

// The view and the package go the same way, whatever lies in the log: steps that lost, that
// follow one that lost, or nothing that is there, and what the data did meanwhile.
func TestTheViewSaysWhatThePackageSays(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(11, 4))
	const violations = 400
	events, steps := map[schema.ID][]schema.Violation{}, map[schema.ID][]schema.Case{}
	ew, sw := store.NewWriter(w.base.St, schema.ViolationTable()), store.NewWriter(w.base.St, schema.CaseTable())
	var offset uint64
	for i := range violations {
		id := schema.NewID("v", fmt.Sprint(i))
		candidate := r.IntN(2) == 0
		for n := range 1 + r.IntN(4) {
			offset++
			v := schema.Violation{EventID: schema.NewID("e", fmt.Sprint(i, n)), ViolationID: id, Change: []string{"opened", "changed", "retracted"}[min(n, 1)*r.IntN(3)], Value: float64(r.IntN(3)), Candidate: candidate,
				RecordedAt: march + schema.Time(offset)*3_600_000, Offset: offset}
			events[id] = append(events[id], v)
			ew.Add([]schema.Violation{v})
		}
		known := []schema.ID{{}}
		for n := range r.IntN(7) {
			offset++
			c := schema.Case{EventID: schema.NewID("c", fmt.Sprint(i, n)), ViolationID: id, Previous: known[len(known)-1-r.IntN(min(2, len(known)))], Step: Steps()[r.IntN(5)], By: "manager",
				Deadline: []schema.Day{0, 0, schema.DayOf(march, w.zone) + schema.Day(r.IntN(90))}[r.IntN(3)], SeenValue: float64(r.IntN(3)), At: march + schema.Time(offset)*3_600_000, Offset: offset}
			known = append(known, c.EventID)
			steps[id] = append(steps[id], c)
			sw.Add([]schema.Case{c})
			if r.IntN(3) == 0 { // whoever was reminded took no step
				offset++
				e := schema.NewID("r", fmt.Sprint(i, n))
				reminded := schema.Case{EventID: e, Previous: e, ViolationID: id, Step: stepReminded, At: march + schema.Time(offset)*3_600_000, Offset: offset}
				sw.Add([]schema.Case{reminded})
				steps[id] = append(steps[id], reminded)
			}
		}
	}
	for _, err := range []error{ew.Flush(t.Context(), ""), sw.Flush(t.Context(), "")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, total, err := w.book.List(t.Context(), Filter{})
	if err != nil || total != violations || len(got) != violations {
		t.Fatalf("%d of %d, %v", len(got), total, err)
	}
	states, reopenings, lost := map[string]int{}, 0, 0
	for _, c := range got {
		chain := Chain(steps[c.ViolationID])
		list := events[c.ViolationID]
		state, reopened := StateOf(&list[len(list)-1], chain)
		var last schema.Case
		if len(chain) > 0 {
			last = chain[len(chain)-1]
		}
		if c.State != state || c.Reopened != reopened || c.Steps != uint64(len(chain)) || c.LastStep != last.EventID || c.Taken != last.Step {
			t.Errorf("the view says %s %t %d %s, the package %s %t %d %s", c.State, c.Reopened, c.Steps, c.Taken, state, reopened, len(chain), last.Step)
		}
		states[state]++
		lost += len(steps[c.ViolationID]) - len(chain)
		if reopened {
			reopenings++
		}
	}
	if len(states) != len(States()) || reopenings < 10 || lost < 50 {
		t.Errorf("too little happened to mean anything: %v, %d reopened, %d lost", states, reopenings, lost)
	}
}

// What a violation cost is listed as it is kept, however large.
func TestListedCosts(t *testing.T) {
	w := newWorld(t)
	want := map[schema.ID]schema.Money{}
	for i, cost := range []schema.Money{1, schema.Kronor(9_223_373), 999_999_999_999_999_999, -999_999_999_999_999_999} {
		want[w.foundOf("line", schema.LineID(uint64(i+1)), schema.Violation{Value: 120, Cost: cost}).ViolationID] = cost
	}
	if err := w.p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	got, _, err := w.book.List(t.Context(), Filter{})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d cases, want %d: %v", len(got), len(want), err)
	}
	for _, c := range got {
		if c.Cost != want[c.ViolationID] {
			t.Errorf("cost %s, want %s", c.Cost, want[c.ViolationID])
		}
	}
}
