package node

import (
	"testing"

	"linesman/internal/demo"
)

// checkGoals compares where every goal stands with what the truth file says, which knows it by
// the generator's own arithmetic.
func checkGoals(t *testing.T, n *Node, truth demo.Truth) {
	got, err := n.Goals(t.Context(), GoalsRequest{Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(truth.Goals) || len(got) < 20 {
		t.Errorf("%d goals, the truth file has %d", len(got), len(truth.Goals))
	}
	want := map[string]string{}
	for _, g := range truth.Goals {
		want[g.ID] = g.Status
	}
	for _, g := range got {
		if g.AsOf != truth.To || g.Status != want[g.ID] {
			t.Errorf("%s %s as of %s: %s, the truth file says %q as of %s\n%s", g.ID, g.Metric, g.AsOf, g.Status, want[g.ID], truth.To, g.Words)
		}
	}
}
