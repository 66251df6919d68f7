package follow

import (
	"testing"

	"linesman/processors/store"
	"linesman/schema"
)

func (w *world) number(query string) (n uint64) {
	w.t.Helper()
	if err := w.st.Conn().QueryRow(store.Exact(w.t.Context()), query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// premium is a call that a rule about lines flags by itself.
func (w *world) premium(i int) {
	u := call(i)
	u.OtherClass = "premium"
	produce(w, schema.TopicCalls, schema.UsageTable(), u)
}

func (w *world) carry() {
	w.t.Helper()
	if err := w.p.CatchUp(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
}

// What is judged at once is told at once, and nothing of it is noted as done before all of it is.
func TestQuickTurns(t *testing.T) {
	const flagged = "SELECT count() FROM violations WHERE rule = 'premium-call' AND change = 'opened'"
	const noted = "SELECT toUInt64(sum(next)) FROM (SELECT max(next) AS next FROM evaluated WHERE topic = 'linesman.calls' GROUP BY partition)"
	const rolled = "SELECT toUInt64(sum(events)) FROM usage_daily"
	w := newWorld(t)
	w.line("A", march-1000, 1)
	w.calls(0, 3)
	w.settle()
	if n := w.number(noted); n != 3 {
		t.Fatalf("%d calls are noted, want 3", n)
	}

	w.premium(10)
	w.carry()
	if err := w.f.quick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.number(flagged); n != 1 {
		t.Fatalf("%d violations at once, want 1", n)
	}
	if n, days := w.number(noted), w.number(rolled); n != 3 || days != 3 {
		t.Errorf("%d noted and %d rolled up before it was settled, want 3 and 3", n, days)
	}

	// What comes later must not be noted without it.
	w.calls(11, 12)
	w.settle()
	if n, days := w.number(noted), w.number(rolled); n != 5 || days != 5 {
		t.Errorf("%d noted and %d rolled up, want 5 and 5", n, days)
	}
	if n := w.number(flagged); n != 1 {
		t.Errorf("%d violations were opened, want 1", n)
	}

	// A statement, or a cancellation, is nothing to judge at once; it is not lost either.
	w.line("B", march-1000, 2)
	produce(w, schema.TopicCalls, schema.AmendmentTable(), schema.Amendment{EventID: schema.NewID("cancel"), Amends: call(10).EventID, LineID: schema.LineID(1)})
	w.carry()
	if err := w.f.quick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.number("SELECT count() FROM violations"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	w.f.giveBack() // the program goes on with another follower
	w.settle()
	if n := w.number("SELECT count() FROM violations WHERE change = 'retracted'"); n != 1 {
		t.Errorf("%d violations were retracted, want 1", n)
	}
	if n := w.number(noted); n != 6 {
		t.Errorf("%d calls and cancellations are noted, want 6", n)
	}
}
