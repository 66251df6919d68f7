package cases

import (
	"context"
	"errors"
	"testing"
	"time"

	"linesman/processors/store"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// What is approved is retracted by the next judgement; when the approval is withdrawn it is
// open again.
func TestAnApprovalRetractsByItself(t *testing.T) {
	w := newWorld(t)
	line, neighbour := schema.LineID(1), schema.LineID(2)
	for i, id := range []string{line, neighbour} {
		worldtest.Produce(w.base, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("line", id), LineID: id, Kind: "mobile", UnitID: "U1", ValidFrom: march - 1e9, StatedAt: march + schema.Time(i)})
		w.roam(id, 80)
	}
	events := w.settle()
	if len(events) != 2 || events[0].Rule != "private-roaming" || events[0].SubjectID != line {
		t.Fatalf("%+v", events)
	}
	v, other := events[0].ViolationID, events[1].ViolationID
	c := w.take(Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_before", Note: "konferens i Oslo"})
	if c.ApprovalID == "" {
		t.Fatal("no approval was stated")
	}
	events = w.settle()
	if len(events) != 1 || events[0].ViolationID != v || events[0].Change != schema.ChangeRetracted || events[0].ReasonCode != "reference" {
		t.Fatalf("after the approval: %+v", events)
	}
	d := w.wantState(v, schema.StateRetracted)
	if got, want := told(d), "data opened   | step approved manager approved_before | data retracted  reference"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	w.wantState(other, schema.StepOpen)
	if d.Due || d.Taken != schema.StepApproved {
		t.Errorf("%+v", d.Current)
	}

	// More of the same in the window stays permitted, and what the step was asked for twice is one.
	w.roam(line, 50)
	w.take(Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_before", Note: "konferens i Oslo"})
	if events = w.settle(); len(events) != 0 {
		t.Errorf("more in the approved window: %+v", events)
	}

	w.take(Step{Violation: v, Step: "open", By: "manager", Reason: "approval_withdrawn"})
	events = w.settle()
	if len(events) != 1 || events[0].Change != schema.ChangeOpened || events[0].ViolationID != v {
		t.Fatalf("after the withdrawal: %+v", events)
	}
	w.wantState(v, schema.StepOpen)
	w.take(Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_after"})
	w.settle()
	w.wantState(v, schema.StateRetracted)
	if n := w.count("SELECT count() FROM range_files WHERE topic = 'linesman.reference'"); n != 0 {
		t.Errorf("%d files came from nowhere", n)
	}

	// The same log gives the same store.
	before, err := w.base.St.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.p.Close()
	if err := w.base.St.DropAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.p.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if events := w.settle(); len(events) != 0 {
		t.Errorf("rebuilding made %+v", events)
	}
	after, err := w.base.St.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for table, sum := range before {
		if after[table] != sum {
			t.Errorf("%s differs after a rebuild", table)
		}
	}
	w.wantState(v, schema.StateRetracted)
}

// Where the rule knows no approval, an approved violation stays and is exempt.
func TestApprovedWithoutAKindOfApproval(t *testing.T) {
	w := newWorld(t)
	v := w.found(schema.Violation{Value: 4}).ViolationID
	if c := w.take(Step{Violation: v, Step: "approved", By: "manager", Reason: "exception"}); c.ApprovalID != "" {
		t.Errorf("an approval of no kind was stated: %+v", c)
	}
	if d := w.wantState(v, schema.StepApproved); d.Due {
		t.Error("what is approved is still due")
	}
	if n := w.count("SELECT count() FROM approvals"); n != 0 {
		t.Errorf("%d approvals", n)
	}
}

// Stopped between the step and the approval: it is stated when the program starts again, or
// when the step is asked for again, and once.
func TestAnApprovalIsStatedAfterAStop(t *testing.T) {
	w := newWorld(t)
	w.roam(schema.LineID(1), 80)
	w.roam(schema.LineID(2), 80)
	events := w.settle()
	if len(events) != 2 {
		t.Fatalf("%+v", events)
	}
	gone := errors.New("the program was killed")
	broken := w.newBook(&interposed{w.base.Log, func(topic string) error {
		if topic == schema.TopicReference {
			return gone
		}
		return nil
	}})
	for _, e := range events {
		s := Step{Violation: e.ViolationID, Step: "approved", By: "manager", Reason: "approved_before"}
		if _, err := broken.Take(t.Context(), s); !errors.Is(err, gone) {
			t.Fatal(err)
		}
		w.wantState(e.ViolationID, schema.StepApproved)
	}
	w.take(Step{Violation: events[0].ViolationID, Step: "approved", By: "manager", Reason: "approved_before"})
	w.settle()
	w.wantState(events[0].ViolationID, schema.StateRetracted)
	w.wantState(events[1].ViolationID, schema.StepApproved)
	for range 2 {
		if err := w.book.Repair(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	w.wantState(events[1].ViolationID, schema.StateRetracted)
	if _, next, err := w.base.Log.Offsets(t.Context(), schema.TopicReference, 0); err != nil || next != 2 {
		t.Errorf("%d statements, %v", next, err)
	}
}

// What is approved until a day lasts beyond the window, and is withdrawn as a whole.
func TestApprovedUntilADay(t *testing.T) {
	w := newWorld(t)
	line := schema.LineID(1)
	w.roam(line, 80)
	events := w.settle()
	if len(events) != 1 {
		t.Fatalf("%+v", events)
	}
	v := events[0].ViolationID
	zone, err := time.LoadLocation(events[0].Zone)
	if err != nil {
		t.Fatal(err)
	}
	s := Step{Violation: v, Step: "approved", By: "manager", Reason: "standing_agreement", Until: events[0].WindowTo - 2}
	if _, err := w.book.Take(t.Context(), s); !errors.Is(err, ErrInvalid) {
		t.Errorf("until a day in the window: %v", err)
	}
	d := w.show(v)
	for _, c := range d.Choices {
		if c.Until != (c.Step == "approved") {
			t.Errorf("%s can last until a day: %t", c.Step, c.Until)
		}
	}
	s.Until = max(events[0].WindowTo, w.book.Today()) + 20
	w.take(s)
	if events = w.settle(); len(events) != 1 || events[0].Change != schema.ChangeRetracted {
		t.Fatalf("%+v", events)
	}
	in := func(what string, kind string) {
		t.Helper()
		var from, to int64
		var have string
		if err := w.base.St.Conn().QueryRow(store.Exact(t.Context()), "SELECT toString(kind), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM approvals").Scan(&have, &from, &to); err != nil {
			t.Fatal(err)
		}
		if have != kind || from != int64(d.WindowFrom.Start(zone)) || to != int64((s.Until+1).Start(zone)) {
			t.Errorf("%s: %s from %d to %d", what, have, from, to)
		}
	}
	in("approved", "trip")
	d = w.wantState(v, schema.StateRetracted)
	if e := d.History[1]; e.Until != s.Until || e.Deadline != 0 {
		t.Errorf("%+v", e)
	}
	// A use after the window and before that day is permitted from the beginning.
	w.n += 60 * 24 * 35
	w.roam(line, 80)
	if events = w.settle(); len(events) != 0 {
		t.Errorf("before the day: %+v", events)
	}
	w.take(Step{Violation: v, Step: "open", By: "manager", Reason: "approval_withdrawn"})
	if events = w.settle(); len(events) != 2 || events[0].Change != schema.ChangeOpened || events[1].Change != schema.ChangeOpened {
		t.Errorf("withdrawn: %+v", events)
	}
	in("withdrawn", KindWithdrawn)
	if d := w.wantState(v, schema.StepOpen); !d.Due || d.Deadline >= s.Until {
		t.Errorf("the day of the approval became the deadline: %s", d.Deadline)
	}
}

// Stopped between the step and the approval, which is withdrawn before it was ever stated: it
// must not be stated afterwards.
func TestAWithdrawnApprovalIsNotStatedLater(t *testing.T) {
	w := newWorld(t)
	w.roam(schema.LineID(1), 80)
	v := w.settle()[0].ViolationID
	gone := errors.New("the program was killed")
	broken := w.newBook(&interposed{w.base.Log, func(topic string) error {
		if topic == schema.TopicReference {
			return gone
		}
		return nil
	}})
	if _, err := broken.Take(t.Context(), Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_before"}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	w.take(Step{Violation: v, Step: "open", By: "manager", Reason: "approval_withdrawn"})
	for range 2 {
		if err := w.book.Repair(t.Context()); err != nil {
			t.Fatal(err)
		}
		if events := w.settle(); len(events) != 0 {
			t.Errorf("%+v", events)
		}
		w.wantState(v, schema.StepOpen)
	}
	if n := w.count("SELECT count() FROM approvals WHERE kind != 'withdrawn'"); n != 0 {
		t.Errorf("%d approvals are in force", n)
	}
}

// Nothing is stated for a rule that is no longer there, nor for what no approval is about.
func TestAnApprovalOfARuleThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.roam(schema.LineID(1), 80)
	v := w.settle()[0].ViolationID
	gone := errors.New("the program was killed")
	broken := w.newBook(&interposed{w.base.Log, func(topic string) error {
		if topic == schema.TopicReference {
			return gone
		}
		return nil
	}})
	if _, err := broken.Take(t.Context(), Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_before"}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	without, err := New(Config{Zone: w.zone}, w.base.Log, w.p, w.base.St, noRules{}, w.base.Out)
	if err != nil {
		t.Fatal(err)
	}
	if err := without.Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count("SELECT count() FROM approvals"); n != 0 {
		t.Errorf("%d approvals of no kind", n)
	}
	w.wantState(v, schema.StepApproved)
	if err := w.book.Repair(t.Context()); err != nil { // the rule is back
		t.Fatal(err)
	}
	w.settle()
	w.wantState(v, schema.StateRetracted)

	always, err := New(Config{Zone: w.zone}, w.base.Log, w.p, w.base.St, tripRules{}, w.base.Out)
	if err != nil {
		t.Fatal(err)
	}
	centre := w.foundOf("cost_centre", "41210", schema.Violation{Value: 120}).ViolationID
	if c, err := always.Take(t.Context(), Step{Violation: centre, Step: "approved", By: "finance", Reason: "exception"}); err != nil || c.ApprovalID != "" {
		t.Errorf("a cost centre's approval: %+v, %v", c, err)
	}
}

// Whoever asked may go away once the step is in the log: the approval is stated all the same.
func TestAStepIsFinishedWhenWhoAskedHasGone(t *testing.T) {
	w := newWorld(t)
	w.roam(schema.LineID(1), 80)
	v := w.settle()[0].ViolationID
	ctx, gone := context.WithCancel(t.Context())
	b := w.newBook(&interposed{w.base.Log, func(string) error { gone(); return nil }})
	c, err := b.Take(ctx, Step{Violation: v, Step: "approved", By: "manager", Reason: "approved_before"})
	if err != nil || c.ApprovalID == "" {
		t.Fatal(c, err)
	}
	w.settle()
	w.wantState(v, schema.StateRetracted)
	if _, err := b.Take(ctx, Step{Violation: v, Step: "open", By: "manager", Reason: "approval_withdrawn"}); !errors.Is(err, context.Canceled) {
		t.Errorf("for somebody who has gone: %v", err)
	}
}

// The day until which something was approved is never taken for a deadline.
func TestTheDayOfAnApprovalIsNoDeadline(t *testing.T) {
	w := newWorld(t)
	trips, err := New(Config{Zone: w.zone}, w.base.Log, w.p, w.base.St, tripRules{}, w.base.Out)
	if err != nil {
		t.Fatal(err)
	}
	v := w.found(schema.Violation{Value: 60}).ViolationID
	if _, err := trips.Take(t.Context(), Step{Violation: v, Step: "approved", By: "manager", Reason: "exception", Until: trips.Today() + 300}); err != nil {
		t.Fatal(err)
	}
	w.found(schema.Violation{ViolationID: v, Change: schema.ChangeChanged, Value: 75})
	w.take(Step{Violation: v, Step: "acknowledged", By: "manager", Reason: "seen"})
	if d := w.wantState(v, schema.StepAcknowledged); d.Deadline > trips.Today()+20 {
		t.Errorf("the deadline is %s", d.Deadline)
	}
}

// noRules knows no rule, tripRules an approval for all.
type (
	noRules   struct{}
	tripRules struct{}
)

func (noRules) Exempt(string, uint32) string   { return "" }
func (tripRules) Exempt(string, uint32) string { return "trip" }

// What a rule only suspects is a candidate until somebody confirms or settles it.
func TestARuleThatOnlySuspects(t *testing.T) {
	w := newWorld(t)
	rule, ok := w.set.Find("private-roaming", 1)
	if !ok {
		t.Fatal("the rule is gone")
	}
	rule.Candidate = true
	w.roam(schema.LineID(1), 80)
	w.roam(schema.LineID(2), 80)
	events := w.settle()
	if len(events) != 2 {
		t.Fatalf("%+v", events)
	}
	first, second := events[0].ViolationID, events[1].ViolationID
	if d := w.wantState(first, schema.StateCandidate); !d.Due || !d.Candidate {
		t.Errorf("%+v", d.Current)
	}
	w.take(Step{Violation: first, Step: "open", By: "manager", Reason: "confirmed"})
	w.wantState(first, schema.StepOpen)
	w.take(Step{Violation: second, Step: "explained", By: "holder", Reason: "private_repaid"})
	w.wantState(second, schema.StepExplained)
	w.roam(schema.LineID(1), 30)
	w.settle()
	w.wantState(first, schema.StepOpen)
}
