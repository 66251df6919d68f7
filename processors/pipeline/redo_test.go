package pipeline

import (
	"context"
	"testing"
	"time"

	"linesman/processors/store"
	"linesman/schema"
)

// stopAt opens a pipeline that is stopped the first time a range of a topic comes to a place.
func (w *world) stopAt(where, topic string) {
	w.t.Helper()
	p := w.open()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	reached := false
	p.hook = func(at string, r store.Range) {
		if at == where && r.Topic == topic {
			reached = true
			stop()
		}
	}
	if err := p.CatchUp(ctx, nil); err == nil || !reached {
		w.t.Fatalf("stopped at %s of %s: %v, %v", where, topic, reached, err)
	}
	p.Close()
}

// evaluated notes everything that is stored as evaluated.
func (w *world) evaluated(p *Pipeline) {
	w.t.Helper()
	if err := w.st.SetEvaluated(w.t.Context(), p.TakeDirty().Reached()); err != nil {
		w.t.Fatal(err)
	}
	p.Close()
}

// What an amendment took away before the stop is not found alive by the second try: its day,
// its line and the reason must be known all the same.
func TestRedoneRangeKnowsWhatItsAmendmentsTook(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 10)
	w.evaluated(w.catchUp())
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), schema.Amendment{EventID: schema.NewID("a"), Amends: call(3).EventID, LineID: call(3).LineID})
	w.stopAt(atInserted, schema.TopicCalls)
	w.want("SELECT toString(count()) FROM usage", "9")
	p := w.catchUp()
	d := p.TakeDirty()
	if !d.Amended || len(d.Days) != 1 || len(d.Lines) != 1 || len(d.Moved) != 1 {
		t.Errorf("days %v, lines %v, moved %v", d.Days, d.Lines, d.Moved)
	}
	w.want("SELECT toString(count()) FROM usage", "9")
}

// A statement that was stopped while it moved rows is known as the reason afterwards, also
// when everything before it was evaluated.
func TestStoppedStatementIsKnownAsTheReason(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 10)
	w.evaluated(w.catchUp())
	line := schema.Line{EventID: schema.NewID("l"), LineID: schema.LineID(3), UnitID: "U1", ValidFrom: t0 - 1000}
	produce(w, schema.TopicReference, "Line", schema.LineTable(), line)
	w.stopAt(atInserted, schema.TopicReference)
	d := w.open().TakeDirty()
	if d.Lost == nil || d.Lost.Causes() != schema.CauseLine || !d.AllDays {
		t.Errorf("all days %v, lost %+v", d.AllDays, d.Lost)
	}
}

// A replacement that another amendment beats dies on its own day.
func TestBeatenReplacementIsFoundAfterAStop(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 3)
	by := call(50)
	by.LineID, by.OccurredAt = call(1).LineID, t0+3*86_400_000 // corrected to another day
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), by)
	am := schema.Amendment{EventID: schema.NewID("a", "1"), Amends: call(1).EventID, ReplacedBy: by.EventID, LineID: call(1).LineID, AmendedAt: t0}
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), am)
	w.evaluated(w.catchUp())
	am.EventID, am.ReplacedBy, am.AmendedAt = schema.NewID("a", "2"), schema.ID{}, t0+1000 // and cancelled after all
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), am)
	w.catchUp().Close()
	w.want("SELECT toString(count()) FROM usage", "2")
	d := w.open().TakeDirty() // what the last one knew is gone
	if !d.Amended || !d.Days[schema.DayOf(by.OccurredAt, time.UTC)] || !d.Days[schema.DayOf(t0, time.UTC)] {
		t.Errorf("amended %v, days %v", d.Amended, d.Days)
	}
}

// While somebody compares figures no statement moves rows and no amendment takes one away;
// other usage comes in.
func TestNothingMovesWhileFiguresAreCompared(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 10)
	w.catchUp().Close()
	produce(w, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("l"), LineID: schema.LineID(3), UnitID: "U1", ValidFrom: t0 - 1000})
	p := w.open()
	release := p.Still()
	done := make(chan error, 1)
	read := make(chan struct{}, 1)
	go func() { done <- p.reference.drain(t.Context(), func(uint64) {}) }()
	go func() {
		w.calls(10, 12)
		pt := p.part(schema.TopicCalls, 0)
		if n, err := pt.step(t.Context(), time.Minute); n != 2 || err != nil {
			t.Errorf("%d records while the figures are compared, %v", n, err)
		}
		read <- struct{}{}
	}()
	p.reference.until = 1
	<-read
	w.want("SELECT toString(countIf(unit_id = 'U1')) FROM usage", "0")
	select {
	case err := <-done:
		t.Fatalf("the statement was carried out: %v", err)
	default:
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w.want("SELECT toString(countIf(unit_id = 'U1') > 0) FROM usage", "1")
	if d := p.TakeDirty(); len(d.Moved) == 0 {
		t.Error("the reason is not there although the rows have moved")
	}
}

// A store that begins anew is not ready before it has come to where the log was.
func TestNewStoreIsReadyWhenItHasCaughtUp(t *testing.T) {
	w := newWorld(t)
	ready := func(p *Pipeline) bool {
		ok, err := p.Ready(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if p := w.open(); !ready(p) {
		t.Error("an empty log: there is nothing to wait for")
	}
	w.calls(0, 10)
	w.evaluated(w.catchUp())
	w.calls(10, 20)
	if p := w.open(); !ready(p) {
		t.Error("a store that is a little behind goes on")
	}
	if err := w.st.DropAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := w.open()
	if ready(p) {
		t.Error("an empty store beside a log is ready")
	}
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !ready(p) {
		t.Error("everything is there")
	}
}

// Statements and amendments that name what is no line are refused; the partition goes on.
func TestFaultNoLineID(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 5)
	w.catchUp().Close()
	produce(w, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("l"), LineID: "L'; DROP TABLE usage; --", ValidFrom: t0},
		schema.Line{EventID: schema.NewID("m"), LineID: schema.LineID(3), Alias: "'", ValidFrom: t0}, schema.Line{EventID: schema.NewID("n"), LineID: schema.LineID(3), UnitID: "U1", ValidFrom: t0 - 1000})
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), schema.Amendment{EventID: schema.NewID("a"), Amends: call(1).EventID, LineID: "nobody'"})
	w.calls(5, 10)
	w.catchUp().Close()
	w.catchUp() // also when the statements are folded from the log again
	w.want("SELECT toString(count()) FROM usage", "10")
	w.want("SELECT toString(countIf(unit_id = 'U1') > 0) FROM usage", "1")
	w.want("SELECT toString(sum(refused)) FROM ranges WHERE state = 1 AND topic IN ('linesman.calls', 'linesman.reference')", "3")
}
