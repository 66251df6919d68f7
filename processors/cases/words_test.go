package cases

import (
	"slices"
	"strings"
	"testing"

	"linesman/schema"
)

// matrix is the whole table of what leads where: one row for each state, one mark for each of
// open, acknowledged, explained, approved, closed.
var matrix = map[string]string{
	"candidate":    "x.xxx",
	"open":         ".xxxx",
	"acknowledged": ".xxxx",
	"explained":    "x.xxx",
	"approved":     "x...x",
	"closed":       "x....",
	"retracted":    ".....",
}

func TestEveryStepFromEveryState(t *testing.T) {
	if len(matrix) != len(States()) {
		t.Fatalf("%d states, the table has %d", len(States()), len(matrix))
	}
	for _, state := range States() {
		for i, step := range Steps() {
			want := matrix[state][i] == 'x'
			if got := slices.Contains(allowed(state, false), step); got != want {
				t.Errorf("from %s to %s: %t, want %t", state, step, got, want)
			}
			if got := slices.Contains(allowed(state, true), step); got != (want || state == "retracted" && step == "open") {
				t.Errorf("from %s to %s with an approval: %t", state, step, got)
			}
			if want && len(codes(step, state)) == 0 {
				t.Errorf("from %s to %s there is no reason", state, step)
			}
		}
	}
}

func TestChoicesAreWhatIsAllowed(t *testing.T) {
	for _, state := range States() {
		for _, approved := range []bool{false, true} {
			var steps []string
			for _, c := range Choices(state, approved) {
				steps = append(steps, c.Step)
				if len(c.Reasons) == 0 || len(c.Roles) == 0 {
					t.Errorf("%s to %s: reasons %v, roles %v", state, c.Step, c.Reasons, c.Roles)
				}
				for _, r := range c.Reasons {
					if !slices.Contains(Reasons(c.Step), r) {
						t.Errorf("%s: %s is no reason of the vocabulary", c.Step, r)
					}
				}
				if slices.Contains(c.Roles, RoleHolder) != (c.Step == schema.StepExplained) {
					t.Errorf("%s: the holder explains, and nothing else: %v", c.Step, c.Roles)
				}
			}
			if !slices.Equal(steps, allowed(state, approved)) {
				t.Errorf("%s: %v, want %v", state, steps, allowed(state, approved))
			}
		}
	}
}

// Reasons stand in the log: one may be added, none may go or be spelled otherwise.
func TestReasonsStay(t *testing.T) {
	var got []string
	for _, step := range Steps() {
		got = append(got, step+": "+strings.Join(Reasons(step), " "))
	}
	want := []string{
		"open: confirmed not_accepted approval_withdrawn new_facts by_mistake",
		"acknowledged: seen asked_holder more_time",
		"explained: work private private_repaid forgotten_setting technical_fault other_user other",
		"approved: approved_before approved_after standing_agreement exception",
		"closed: resolved measure_taken repaid no_action not_a_violation",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Who may take which step: one row for each role, one mark for each of open, acknowledged,
// explained, approved, closed.
func TestWhoMayTakeWhichStep(t *testing.T) {
	for by, row := range map[string]string{"holder": "..x..", "manager": "xxxxx", "finance": "xxxxx", "auditor": "xx...", "dpo": "xxx.x", "operations": "xxx.x", "P0123456789ABC": "xxxxx"} {
		for i, step := range Steps() {
			if may(by, step) != (row[i] == 'x') {
				t.Errorf("%s, %s: %t", by, step, may(by, step))
			}
		}
	}
}

func TestWhoIsARoleOrAPseudonym(t *testing.T) {
	for by, want := range map[string]bool{"manager": true, "holder": true, "dpo": true, "P0123456789ABC": true, schema.LineID(7): false, "": false, "Manager": false,
		"Anna Svensson": false, "P0123456789AB": false, "P0123456789ABI": false, "PZ123456789ABC": false, "p0123456789ABC": false} {
		if knownBy(by) != want {
			t.Errorf("%q: %t", by, !want)
		}
	}
}
