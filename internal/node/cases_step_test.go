package node

import (
	"errors"
	"strings"
	"testing"

	"linesman/dashboards/console"
	"linesman/schema"
)

func TestStepsAsTheyAreSent(t *testing.T) {
	id, other := schema.NewID("a"), schema.NewID("b")
	s, err := stepOf(id.String(), console.CaseStep{Step: "approved", By: "manager", Reason: "exception", Note: "n", Until: "2026-12-31", Previous: other.String(), Seen: id.String()})
	if err != nil || s.Violation != id || *s.Previous != other || *s.Seen != id || s.Until.String() != "2026-12-31" || s.Deadline != 0 || s.Note != "n" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := stepOf(id.String(), console.CaseStep{Deadline: "2026-04-30"}); err != nil || s.Previous != nil || s.Seen != nil || s.Deadline.String() != "2026-04-30" {
		t.Errorf("%+v, %v", s, err)
	}
	for name, c := range map[string]struct {
		id   string
		step console.CaseStep
	}{
		"violation": {"Anna", console.CaseStep{}},
		"deadline":  {id.String(), console.CaseStep{Deadline: "Anna"}},
		"until":     {id.String(), console.CaseStep{Until: "Anna"}},
		"previous":  {id.String(), console.CaseStep{Previous: "Anna"}},
		"seen":      {id.String(), console.CaseStep{Seen: "Anna"}},
	} {
		_, err := stepOf(c.id, c.step)
		if !errors.Is(err, console.ErrCaseInvalid) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "Anna") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
