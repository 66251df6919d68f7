package cases

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/processors/worldtest"
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
				if _, err := w.book.Take(t.Context(), Step{Violation: v.ViolationID, Step: step, By: "finance", Reason: r}); !errors.Is(err, ErrStep) {
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
				w.take(Step{Violation: v.ViolationID, Step: step, By: "manager", Reason: codes(step, state)[0]})
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
		"until a day":       {func(s *Step) { s.Until = today + 1 }, ErrInvalid},
		"distant until":     {func(s *Step) { s.Step, s.Reason, s.Until = "approved", "exception", today+367 }, ErrInvalid},
		"nothing to last":   {func(s *Step) { s.Step, s.Reason, s.Until = "approved", "exception", today+1 }, ErrStep},
		"not what was seen": {func(s *Step) { id := schema.NewID("other"); s.Seen = &id }, ErrMoved},
		"auditor settles":   {func(s *Step) { s.By, s.Step, s.Reason = "auditor", "closed", "resolved" }, ErrStep},
		"dpo approves":      {func(s *Step) { s.By, s.Step, s.Reason = "dpo", "approved", "exception" }, ErrStep},
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

// Nobody settles a value that they have not seen: what changed while they read is shown first.
func TestWhatChangedMeanwhileIsNotSettled(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 60})
	shown := w.show(v.ViolationID).Event
	if shown != v.EventID {
		t.Fatalf("shown is %s, the event was %s", shown, v.EventID)
	}
	close := Step{Violation: v.ViolationID, Step: "closed", By: "manager", Reason: "resolved", Previous: &schema.ID{}, Seen: &shown}
	w.found(schema.Violation{ViolationID: v.ViolationID, Change: schema.ChangeChanged, Value: 75})
	if _, err := w.book.Take(t.Context(), close); !errors.Is(err, ErrMoved) {
		t.Errorf("a value that nobody saw was settled: %v", err)
	}
	w.found(schema.Violation{ViolationID: v.ViolationID, Change: schema.ChangeChanged, Value: 60, Cost: schema.Kronor(2)})
	w.take(close) // only the cost is another
	w.wantState(v.ViolationID, schema.StepClosed)

	// What is withdrawn meanwhile can be explained no more, and says so.
	v = w.found(schema.Violation{Value: 60})
	w.found(schema.Violation{ViolationID: v.ViolationID, Change: schema.ChangeRetracted, ReasonCode: "amended"})
	if _, err := w.book.Take(t.Context(), Step{Violation: v.ViolationID, Step: "explained", By: "holder", Reason: "work", Seen: &v.EventID}); !errors.Is(err, ErrStep) {
		t.Errorf("explaining what is retracted: %v", err)
	}
	if d := w.wantState(v.ViolationID, schema.StateRetracted); d.Steps != 0 {
		t.Errorf("%s", told(d))
	}
}

// A step that lands after the data withdrew the violation changes nothing about that, and
// counts again when the violation comes back.
func TestRetractedWhileItIsExplained(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 60})
	slow := w.newBook(&interposed{w.base.Log, func(string) error {
		w.found(schema.Violation{ViolationID: v.ViolationID, Change: schema.ChangeRetracted, ReasonCode: "amended"})
		return nil
	}})
	if _, err := slow.Take(t.Context(), Step{Violation: v.ViolationID, Step: "explained", By: "holder", Reason: "work"}); err != nil {
		t.Fatal(err)
	}
	d := w.wantState(v.ViolationID, schema.StateRetracted)
	if got, want := told(d), "data opened   | step explained holder work | data retracted  amended"; got != want || d.Due {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	w.found(schema.Violation{ViolationID: v.ViolationID, Value: 61})
	w.wantState(v.ViolationID, schema.StepExplained)
}

// The same words about another value are another step, also for who does not say what was there.
func TestClosingAgainWithTheSameWords(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 60}).ViolationID
	s := Step{Violation: v, Step: "closed", By: "manager", Reason: "resolved"}
	first := w.take(s)
	w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 75})
	w.wantState(v, schema.StepOpen)
	if again := w.take(s); again.EventID == first.EventID || again.SeenValue != 75 {
		t.Errorf("%+v", again)
	}
	if d := w.wantState(v, schema.StepClosed); d.Steps != 2 {
		t.Errorf("%s", told(d))
	}
}

// Who holds the line explains, whatever name the step is taken under.
func TestTheHolderByPseudonym(t *testing.T) {
	w := newWorld(t)
	line, holder, before := schema.LineID(7), "P0123456789ABC", "P0123456789ABD"
	from := march.UTC()
	worldtest.Produce(w.base, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("held before"), LineID: line, Kind: "mobile", Holder: before, ValidFrom: march - 3_000_000_000, ValidTo: march - 2_000_000_000})
	worldtest.Produce(w.base, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("held"), LineID: line, Kind: "mobile", Holder: holder, ValidFrom: march - 2_000_000_000})
	month := schema.Date(from.Year(), from.Month(), 1)
	found := w.foundOf("line", line, schema.Violation{Value: 60, WindowKind: "month", WindowFrom: month, WindowTo: month + 31})
	close := Step{Violation: found.ViolationID, Step: "closed", By: holder, Reason: "no_action"}
	w.wantState(found.ViolationID, schema.StepOpen)
	if _, err := w.book.Take(t.Context(), close); !errors.Is(err, ErrStep) {
		t.Errorf("the holder closes: %v", err)
	}
	w.take(Step{Violation: found.ViolationID, Step: "explained", By: holder, Reason: "work"})
	close.By = before
	w.take(close)
	w.wantState(found.ViolationID, schema.StepClosed)
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

// worked is the day itself or the next from Monday to Friday.
func worked(d schema.Day) schema.Day {
	for {
		if w := d.Start(time.UTC).UTC().Weekday(); w != time.Saturday && w != time.Sunday {
			return d
		}
		d++
	}
}

func TestDeadlinesAndReminders(t *testing.T) {
	w := newWorld(t)
	today := schema.DayOf(schema.TimeOf(time.Now()), w.zone)
	opened := func(days int) schema.ID {
		return w.found(schema.Violation{RecordedAt: (today - schema.Day(days)).Start(w.zone), Value: 1, UnitID: "U1"}).ViolationID
	}
	by := func(days int) schema.ID {
		v := opened(5)
		w.take(Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "more_time", Deadline: today + schema.Day(days)})
		return v
	}
	late, last, soon, later, fresh, done := opened(30), by(0), by(3), by(4), opened(0), opened(40)
	w.take(Step{Violation: done, Step: "closed", By: "manager", Reason: "resolved"})
	w.found(schema.Violation{UnitID: "U2", RecordedAt: (today - 25).Start(w.zone)})
	if d := w.show(late); d.Deadline != worked(today-16) || !d.Overdue || !d.Due {
		t.Errorf("opened 30 days ago: deadline %s, today is %s, overdue %t", d.Deadline, today, d.Overdue)
	}
	if d := w.show(done); d.Overdue || d.Due {
		t.Errorf("what is closed is not due: %+v", d)
	}
	if d := w.show(last); d.Overdue || d.Deadline != today {
		t.Errorf("on its last day: %+v", d)
	}
	same := func(what string, got []Current, ids ...schema.ID) {
		t.Helper()
		if len(got) != len(ids) {
			t.Fatalf("%s: %d, want %d", what, len(got), len(ids))
		}
		for i := range got {
			if got[i].ViolationID != ids[i] || got[i].UnitID != "U1" {
				t.Errorf("%s: number %d is of %s with deadline %s", what, i, got[i].UnitID, got[i].Deadline)
			}
		}
	}
	want := func(what string, f Filter, ids ...schema.ID) {
		t.Helper()
		got, total, err := w.book.List(t.Context(), f)
		if err != nil || total != uint64(len(ids)) {
			t.Fatalf("%s: %d of %d, want %d; %v", what, len(got), total, len(ids), err)
		}
		same(what, got, ids...)
	}
	want("near", Filter{Unit: "U1", Due: true, DueDays: 3}, late, last, soon)
	want("due", Filter{Unit: "U1", Due: true}, late, last, soon, later, fresh)
	want("closed", Filter{Unit: "U1", States: []string{"closed"}}, done)
	want("nobody's", Filter{Unit: `U1' OR '1'='1`})
	want("within the unit", Filter{Due: true, Within: []string{"U1", "U3"}}, late, last, soon, later, fresh)
	want("of another unit, within", Filter{Unit: "U2", Within: []string{"U1"}})
	want("within none", Filter{Within: []string{}})
	want("within nobody's", Filter{Within: []string{"", `U1') OR ('1'='1`, `U1\\`}})

	reminders := func() []Current {
		t.Helper()
		w.show(late) // the store catches up
		got, err := w.book.Reminders(t.Context(), 3, "U1")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	// What nobody was told of is told, however far its deadline is; once.
	list := reminders()
	same("the first reminder", list, late, last, soon, later, fresh)
	if err := w.book.NoteReminded(t.Context(), "week 1", RemindScheduled, list[:4]); err != nil {
		t.Fatal(err)
	}
	same("one was not told of", reminders(), late, last, soon, fresh)
	for _, slot := range []string{"week 1", "week 2"} {
		if err := w.book.NoteReminded(t.Context(), slot, RemindScheduled, list); err != nil { // a week's again is the same event
			t.Fatal(err)
		}
	}
	same("all were told of", reminders(), late, last, soon)
	if sent, err := w.book.Reminded(t.Context(), "week 1", list); err != nil || len(sent) != len(list) || !sent[late] {
		t.Errorf("%v, %v", sent, err)
	}
	if sent, err := w.book.Reminded(t.Context(), "week 3", list); err != nil || len(sent) != 0 {
		t.Errorf("%v, %v", sent, err)
	}
	if d := w.wantState(late, schema.StepOpen); told(d) != "data opened   | reminded reminded  scheduled | reminded reminded  scheduled" || d.Steps != 0 {
		t.Errorf("%d steps: %s", d.Steps, told(d))
	}

	w.take(Step{Violation: late, Step: "acknowledged", By: "manager", Reason: "more_time", Deadline: today + 9})
	want("moved", Filter{Unit: "U1", Due: true, DueDays: 3}, last, soon)
	w.take(Step{Violation: done, Step: "open", By: "manager", Reason: "by_mistake"}) // the term begins anew
	if d := w.show(done); d.Deadline != worked(today+14) {
		t.Errorf("taken up again today: deadline %s", d.Deadline)
	}
	if _, _, err := w.book.List(t.Context(), Filter{States: []string{"open'"}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a state that is none: %v", err)
	}
}
