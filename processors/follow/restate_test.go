package follow

import (
	"fmt"
	"os"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/processors/pipeline"
	"linesman/processors/policy"
	"linesman/processors/store"
	"linesman/processors/worldtest"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// world is everything from the log to the roll-ups, all of it real.
type world struct {
	t    *testing.T
	base *worldtest.World
	st   *store.Store
	p    *pipeline.Pipeline
	f    *Follower
	now  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	base := worldtest.New(t)
	b, st, out := base.Log, base.St, base.Out
	rules, err := policy.Builtin(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := policy.New(policy.Config{Zone: schema.DefaultZone}, st.Conn(), rules, out)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, base: base, st: st, now: time.Now()}
	if w.p, err = pipeline.New(pipeline.Config{}, b, st, out); err != nil {
		t.Fatal(err)
	}
	if err := w.p.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.p.Close)
	w.f = New(Config{Now: func() time.Time { return w.now }}, w.p, b, st, ev, out)
	return w
}

func produce[T any](w *world, topic string, t *schema.Table[T], recs ...T) {
	w.t.Helper()
	worldtest.Produce(w.base, topic, t.Record, t, recs...)
}

// settle brings everything up to the log.
func (w *world) settle() Result {
	w.t.Helper()
	if err := w.p.CatchUp(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
	res, err := w.f.Settle(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// last returns the restatements from an offset on, as text, in the order of their units.
func (w *world) last(from int) []string {
	w.t.Helper()
	rows, err := w.st.Conn().Query(store.Exact(w.t.Context()), "SELECT concat(toString(unit_id), ' ', toString(events_before), '>', toString(events_after), ' ', toString(cost_before), '>', toString(cost_after), ' ', toString(causes), ' ', toString(cause_total)) "+
		"FROM restatements WHERE log_offset >= ? ORDER BY unit_id, log_offset", from)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func (w *world) want(from int, want ...string) {
	w.t.Helper()
	if got := w.last(from); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("restatements from offset %d:\n%q\nwant\n%q", from, got, want)
	}
}

var march = schema.TimeOf(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))

func call(i int) schema.Usage {
	return schema.Usage{EventID: schema.NewID("test", fmt.Sprint(i)), Kind: "call", Service: "voice_out", Direction: "out", LineID: schema.LineID(1), Operator: "op",
		OccurredAt: march + schema.Time(i)*60_000, Zone: schema.DefaultZone, DurationS: 61, Answered: true, OtherClass: "mobile", OtherCountry: "SE", Charged: schema.Kronor(2), Currency: "SEK",
		FileID: schema.NewID("file", "1"), FileRow: uint64(i)}
}

func (w *world) calls(from, to int) {
	for i := from; i < to; i++ {
		produce(w, schema.TopicCalls, schema.UsageTable(), call(i))
	}
}

func (w *world) line(unit string, from schema.Time, stated int) schema.Line {
	l := schema.Line{LineID: schema.LineID(1), Kind: "mobile", UnitID: unit, ValidFrom: from, StatedAt: march + schema.Time(stated), EventID: schema.NewID("line", unit, fmt.Sprint(stated))}
	produce(w, schema.TopicReference, schema.LineTable(), l)
	return l
}

func TestThePastIsRestated(t *testing.T) {
	w := newWorld(t)
	w.line("A", march-1000, 1)
	w.calls(0, 10)
	if res := w.settle(); res.Restatements != 0 {
		t.Errorf("the first figures are no restatement: %q", w.last(0))
	}
	w.calls(10, 12)
	if res := w.settle(); res.Restatements != 0 {
		t.Errorf("a month that fills is no restatement: %q", w.last(0))
	}

	w.line("B", march+5*60_000, 2) // from the sixth call on
	w.settle()
	w.want(0, "A 12>5 24>10 line 1", "B 0>7 0>14 line 1")

	produce(w, schema.TopicCalls, schema.AmendmentTable(), schema.Amendment{EventID: schema.NewID("cancel"), Amends: call(7).EventID, LineID: schema.LineID(1)})
	w.settle()
	w.want(2, "B 7>6 14>12 cancellation 1")

	// Usage for a month that is closed and has come to rest, and for one that has not.
	w.calls(12, 13)
	w.settle()
	w.want(3)
	w.now = time.Now().Add(25 * time.Hour)
	w.calls(13, 14)
	w.settle()
	w.want(3, "B 7>8 14>16 late 1")

	// The same statement again moves nothing.
	w.line("B", march+5*60_000, 2)
	w.settle()
	w.want(4)
}

func TestARestatementIsToldOnceWhenItIsInterrupted(t *testing.T) {
	w := newWorld(t)
	w.line("A", march-1000, 1)
	w.calls(0, 10)
	w.settle()
	w.line("B", march-1000, 2)
	if err := w.p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// It is told, and the program stops before the figures move.
	d := w.p.TakeDirty()
	shifts := []store.Shift{{Unit: "A", EventsBefore: 10, CostBefore: schema.Kronor(20)}, {Unit: "B", EventsAfter: 10, CostAfter: schema.Kronor(20)}}
	if n, err := w.f.restate(t.Context(), d, schema.DayOf(march, time.UTC).Month(), shifts); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	w.p.GiveBack(d)
	w.settle()
	w.want(0, "A 10>0 20>0 line 1", "B 0>10 0>20 line 1")

	// The same, and more arrives before it goes on: what was told is carried on from there.
	w.line("C", march-1000, 3)
	if err := w.p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	d = w.p.TakeDirty()
	shifts = []store.Shift{{Unit: "B", EventsBefore: 10, CostBefore: schema.Kronor(20)}, {Unit: "C", EventsAfter: 10, CostAfter: schema.Kronor(20)}}
	if n, err := w.f.restate(t.Context(), d, schema.DayOf(march, time.UTC).Month(), shifts); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	w.p.GiveBack(d)
	w.calls(10, 11)
	w.settle()
	w.want(2, "B 10>0 20>0 line 1", "C 0>10 0>20 line 1", "C 10>11 20>22 line 1")
}
