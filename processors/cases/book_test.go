package cases

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// way leads to a state from a new violation.
var way = map[string][]Step{
	schema.StateCandidate:   {},
	schema.StepOpen:         {},
	schema.StepAcknowledged: {{Step: "acknowledged", By: "manager", Reason: "seen"}},
	schema.StepExplained:    {{Step: "explained", By: "holder", Reason: "work"}},
	schema.StepApproved:     {{Step: "approved", By: "manager", Reason: "exception"}},
	schema.StepClosed:       {{Step: "closed", By: "manager", Reason: "resolved"}},
	schema.StateRetracted:   {},
}

// Every step is tried from every state, with every reason, on the log and the store.
func TestStepsAreTakenWhereTheyAreAllowed(t *testing.T) {
	w := newWorld(t)
	for _, state := range States() {
		for i, step := range Steps() {
			v := w.found(schema.Violation{Candidate: state == schema.StateCandidate, Value: 3})
			for _, s := range way[state] {
				s.Violation = v.ViolationID
				w.take(s)
			}
			if state == schema.StateRetracted {
				w.found(schema.Violation{ViolationID: v.ViolationID, Change: schema.ChangeRetracted})
			}
			w.wantState(v.ViolationID, state)
			want := matrix[state][i] == 'x'
			for _, r := range Reasons(step) {
				if want && slices.Contains(codes(step, state), r) {
					continue
				}
				if _, err := w.book.Take(t.Context(), Step{Violation: v.ViolationID, Step: step, By: "auditor", Reason: r}); !errors.Is(err, ErrStep) {
					t.Errorf("from %s to %s because of %s: %v", state, step, r, err)
				}
			}
			if !want {
				w.wantState(v.ViolationID, state)
				continue
			}
			if _, err := w.book.Take(t.Context(), Step{Violation: v.ViolationID, Step: step, By: "holder", Reason: codes(step, state)[0]}); (err == nil) != (step == "explained") {
				t.Errorf("the holder, from %s to %s: %v", state, step, err)
			}
			if step != "explained" {
				w.take(Step{Violation: v.ViolationID, Step: step, By: "auditor", Reason: codes(step, state)[0]})
			}
			d := w.wantState(v.ViolationID, step)
			if last := d.History[len(d.History)-1]; last.What != step || last.Kind != EntryStep {
				t.Errorf("the history ends with %+v", last)
			}
		}
	}
}

func TestWhatIsNoStepIsRefusedWithoutRepeatingIt(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{}).ViolationID
	today := schema.DayOf(schema.TimeOf(time.Now()), w.zone)
	good := Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "seen"}
	for name, c := range map[string]struct {
		change func(*Step)
		want   error
	}{
		"no violation":      {func(s *Step) { s.Violation = schema.ID{} }, ErrInvalid},
		"unknown violation": {func(s *Step) { s.Violation = schema.NewID("none") }, ErrUnknown},
		"step":              {func(s *Step) { s.Step = "secret-thing" }, ErrInvalid},
		"name":              {func(s *Step) { s.By = "secret-thing" }, ErrInvalid},
		"reason":            {func(s *Step) { s.Reason = "secret-thing" }, ErrInvalid},
		"reason of another": {func(s *Step) { s.Reason = "repaid" }, ErrInvalid},
		"number in note":    {func(s *Step) { s.Note = "secret-thing 0701234567" }, ErrNote},
		"past deadline":     {func(s *Step) { s.Deadline = today - 1 }, ErrInvalid},
		"distant deadline":  {func(s *Step) { s.Deadline = today + 367 }, ErrInvalid},
		"settled deadline":  {func(s *Step) { s.Step, s.Reason, s.Deadline = "closed", "resolved", today+1 }, ErrInvalid},
		"holder decides":    {func(s *Step) { s.By, s.Step, s.Reason = "holder", "closed", "resolved" }, ErrStep},
		"moved":             {func(s *Step) { id := schema.NewID("other"); s.Previous = &id }, ErrMoved},
	} {
		s := good
		c.change(&s)
		_, err := w.book.Take(t.Context(), s)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats what was given: %v", name, err)
		}
	}
	if d := w.wantState(v, schema.StepOpen); d.Steps != 0 {
		t.Errorf("%d steps", d.Steps)
	}
	s := good
	s.By, s.Note, s.Deadline = "P0123456789ABC", "hemlig anmärkning", today+30
	w.take(s)
	if d := w.wantState(v, schema.StepAcknowledged); d.By != s.By || d.Deadline != today+30 || d.History[1].Note != s.Note {
		t.Errorf("%+v", d)
	}
	if said := w.said.String(); strings.Contains(said, "secret") || strings.Contains(said, "hemlig") || strings.Contains(said, s.By) || !strings.Contains(said, "step=acknowledged") {
		t.Errorf("logged: %s", said)
	}
}

func TestTheSameStepAgainIsOneStep(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 1}).ViolationID
	first := Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "seen", Previous: &schema.ID{}}
	a := w.take(first)
	if b := w.take(first); b != a {
		t.Errorf("the same step again is %+v, was %+v", b, a)
	}
	second := Step{Violation: v, Step: "explained", By: "holder", Reason: "work", Previous: &a.EventID}
	b := w.take(second)
	if again := w.take(first); again != a { // its answer was lost on the way
		t.Errorf("the first step asked for again is %+v", again)
	}
	again := second
	again.Previous = nil
	if c := w.take(again); c != b {
		t.Errorf("the last step asked for again is %+v", c)
	}
	again.Note = "mer"
	if c := w.take(again); c.EventID == b.EventID || c.Previous != b.EventID {
		t.Errorf("another note is another step: %+v", c)
	}
	if d := w.show(v); d.Steps != 3 {
		t.Errorf("%d steps: %s", d.Steps, told(d))
	}
	if _, next, err := w.base.Log.Offsets(t.Context(), schema.TopicCases, 0); err != nil || next != 3 {
		t.Errorf("%d records in the log, %v", next, err)
	}
}

// Two instances take a step upon the same one: the first in the log holds, the other is told.
func TestOfTwoStepsAtOnceTheFirstHolds(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 1}).ViolationID
	other := w.newBook(w.base.Log)
	slow := w.newBook(&interposed{w.base.Log, func(string) error {
		_, err := other.Take(t.Context(), Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "seen"})
		return err
	}})
	if _, err := slow.Take(t.Context(), Step{Violation: v, Step: "closed", By: "finance", Reason: "no_action"}); !errors.Is(err, ErrMoved) {
		t.Errorf("the second is told %v", err)
	}
	d := w.wantState(v, schema.StepAcknowledged)
	if got, want := told(d), "data opened   | step acknowledged manager seen | lost closed finance no_action"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	w.take(Step{Violation: v, Step: "closed", By: "finance", Reason: "no_action"})
	if d := w.wantState(v, schema.StepClosed); d.Steps != 2 {
		t.Errorf("%s", told(d))
	}
}

// A settled violation is open again when the data change its value, not when they change
// something else, and is settled again when the value comes back.
func TestASettledViolationThatChangesIsOpenAgain(t *testing.T) {
	w := newWorld(t)
	for _, s := range []Step{{Step: "closed", By: "manager", Reason: "resolved"}, {Step: "approved", By: "manager", Reason: "exception"}} {
		v := w.found(schema.Violation{Value: 60}).ViolationID
		s.Violation = v
		w.take(s)
		w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 60, Cost: schema.Kronor(3), ReasonCode: "reference"})
		w.wantState(v, s.Step)
		w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 75, ReasonCode: "data"})
		d := w.wantState(v, schema.StepOpen)
		if !d.Reopened || !d.Due || !strings.HasSuffix(told(d), "data changed  data | reopened   data") {
			t.Errorf("reopened %t, due %t: %s", d.Reopened, d.Due, told(d))
		}
		w.found(schema.Violation{ViolationID: v, Change: schema.ChangeRetracted})
		w.wantState(v, schema.StateRetracted)
		w.found(schema.Violation{ViolationID: v, Value: 60})
		w.wantState(v, s.Step)
		w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 61})
		w.take(Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "asked_holder"})
		w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 62})
		w.wantState(v, schema.StepAcknowledged)
	}
	// A candidate that was closed suspects again; one that was confirmed is open.
	v := w.found(schema.Violation{Value: 1, Candidate: true}).ViolationID
	w.take(Step{Violation: v, Step: "closed", By: "manager", Reason: "not_a_violation"})
	w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 2, Candidate: true})
	w.wantState(v, schema.StateCandidate)
	w.take(Step{Violation: v, Step: "open", By: "manager", Reason: "confirmed"})
	w.take(Step{Violation: v, Step: "closed", By: "manager", Reason: "measure_taken"})
	w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 3, Candidate: true})
	w.wantState(v, schema.StepOpen)
}

func TestDeadlinesAndReminders(t *testing.T) {
	w := newWorld(t)
	today := schema.DayOf(schema.TimeOf(time.Now()), w.zone)
	opened := func(days int) schema.ID {
		return w.found(schema.Violation{RecordedAt: (today - schema.Day(days)).Start(w.zone) + 12*3_600_000, Value: 1, UnitID: "U1"}).ViolationID
	}
	late, last, soon, later, fresh, done := opened(20), opened(14), opened(11), opened(10), opened(0), opened(30)
	w.take(Step{Violation: done, Step: "closed", By: "manager", Reason: "resolved"})
	w.found(schema.Violation{UnitID: "U2", RecordedAt: (today - 15).Start(w.zone)})
	if d := w.show(late); d.Deadline != today-6 || !d.Overdue || !d.Due {
		t.Errorf("opened 20 days ago: deadline %s, today is %s, overdue %t", d.Deadline, today, d.Overdue)
	}
	if d := w.show(done); d.Overdue || d.Due {
		t.Errorf("what is closed is not due: %+v", d)
	}
	want := func(what string, f Filter, ids ...schema.ID) {
		t.Helper()
		got, total, err := w.book.List(t.Context(), f)
		if err != nil || len(got) != len(ids) || total != uint64(len(ids)) {
			t.Fatalf("%s: %d of %d, want %d; %v", what, len(got), total, len(ids), err)
		}
		for i := range got {
			if got[i].ViolationID != ids[i] || got[i].UnitID != "U1" {
				t.Errorf("%s: number %d is of %s with deadline %s", what, i, got[i].UnitID, got[i].Deadline)
			}
		}
	}
	want("reminder", Filter{Unit: "U1", Due: true, DueDays: 3}, late, last, soon)
	want("due", Filter{Unit: "U1", Due: true}, late, last, soon, later, fresh)
	want("closed", Filter{Unit: "U1", States: []string{"closed"}}, done)
	want("nobody's", Filter{Unit: `U1' OR '1'='1`})
	w.take(Step{Violation: late, Step: "acknowledged", By: "manager", Reason: "more_time", Deadline: today + 9})
	want("moved", Filter{Unit: "U1", Due: true, DueDays: 3}, last, soon)
	w.take(Step{Violation: done, Step: "open", By: "manager", Reason: "by_mistake"}) // the term begins anew
	if d := w.show(done); d.Deadline != today+14 {
		t.Errorf("taken up again today: deadline %s", d.Deadline)
	}
	if _, _, err := w.book.List(t.Context(), Filter{States: []string{"open'"}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a state that is none: %v", err)
	}
}
