package collector

import (
	"strconv"
	"testing"

	"linesman/schema"
)

func TestIDSet(t *testing.T) {
	var s idSet
	if s.has(schema.NewID("x")) {
		t.Error("an empty set has an id")
	}
	for round := range 2 {
		for i := range 5000 {
			if fresh := s.add(schema.NewID("x", strconv.Itoa(i))); fresh != (round == 0) {
				t.Fatalf("round %d: id %d is new: %v", round, i, fresh)
			}
		}
	}
	if !s.add(schema.ID{}) || s.add(schema.ID{}) || !s.has(schema.ID{}) {
		t.Error("the zero id is not kept")
	}
	if s.len() != 5000 || !s.has(schema.NewID("x", "77")) || s.has(schema.NewID("y")) {
		t.Errorf("%d ids, want 5000", s.len())
	}
}
