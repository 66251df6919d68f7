package policy

import (
	"testing"

	"linesman/schema"
)

const mb = 1_000_000

// only returns the one violation of a rule among events, or fails.
func only(t *testing.T, events []schema.Violation, rule string) schema.Violation {
	t.Helper()
	if len(events) != 1 || events[0].Rule != rule {
		t.Fatalf("want one event of %s, got %+v", rule, events)
	}
	return events[0]
}

func TestSmoke(t *testing.T) {
	s := openStore(t)
	e := s.evaluator(builtin(t))
	insert(s, schema.UsageTable(), roaming("L1", "U1", at(t, "2026-03-10 10:00:00"), "NO", 50*mb+1))
	v := only(t, s.evaluate(e, Scope{All: true}), "private-roaming")
	t.Logf("%+v", v)
}
