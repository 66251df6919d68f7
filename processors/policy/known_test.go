package policy

import (
	"fmt"
	"testing"

	"linesman/schema"
)

// TestKnownCosts: what is known of a violation has the cost that was told, however large, to the
// millionth.
func TestKnownCosts(t *testing.T) {
	s := openStore(t)
	e := s.empty(Config{}, s.conn)
	const most = schema.Money(999_999_999_999_999_999) // of a column of amounts
	costs := []schema.Money{0, 1, schema.Kronor(9_223_372), schema.Kronor(9_223_373), schema.Kronor(12_345_678) + 654_321, most, -schema.Kronor(9_223_373) - 1, -most}
	want := map[schema.ID]schema.Money{}
	var events []schema.Violation
	for i, c := range costs {
		id := schema.NewID("known", fmt.Sprint(i))
		want[id] = c
		events = append(events, schema.Violation{ViolationID: id, EventID: schema.NewID("event", fmt.Sprint(i)), Change: schema.ChangeOpened, Rule: "old", RuleVersion: 1, Severity: "low", SubjectKind: "line", SubjectID: fmt.Sprint(i), Cost: c})
	}
	s.project(events)
	for what, from := range map[string]string{"all": knownCurrent + "rule = 'old'", "of a condition": knownFrom("rule = 'old'")} {
		got, err := e.readKnown(testCtx(t), from)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(got) != len(costs) {
			t.Errorf("%s: %d violations, want %d", what, len(got), len(costs))
		}
		for _, v := range got {
			if v.Cost != want[v.ViolationID] {
				t.Errorf("%s: cost %s, want %s", what, v.Cost, want[v.ViolationID])
			}
		}
	}
}
