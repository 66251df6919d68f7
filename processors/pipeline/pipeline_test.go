package pipeline

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/processors/store"
	"linesman/processors/verify"
	"linesman/processors/worldtest"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// world is a log and a store with a pipeline between them.
type world struct {
	t   *testing.T
	b   *broker.Broker
	st  *store.Store
	out *slog.Logger
	w   *worldtest.World
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := worldtest.New(t)
	return &world{t, w.Log, w.St, w.Out, w}
}

func (w *world) open() *Pipeline {
	w.t.Helper()
	p, err := New(Config{BatchRows: 1000}, w.b, w.st, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := p.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Close)
	return p
}

func (w *world) catchUp() *Pipeline {
	w.t.Helper()
	p := w.open()
	if err := p.CatchUp(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
	return p
}

var t0 = schema.TimeOf(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))

func call(i int) schema.Usage {
	return schema.Usage{EventID: schema.NewID("test", fmt.Sprint(i)), Kind: "call", Service: "voice_out", Direction: "out", LineID: schema.LineID(uint64(i%7 + 1)),
		OccurredAt: t0 + schema.Time(i)*60_000, Zone: schema.DefaultZone, DurationS: 61, Answered: true, OtherClass: "mobile", OtherCountry: "SE",
		Forwarded: i%9 == 0, Private: i%10 == 0, FileID: schema.NewID("file", fmt.Sprint(i/100)), FileRow: uint64(i)}
}

func encoded(u schema.Usage) []byte {
	return schema.NewEncoder(schema.UsageTable()).Append(nil, &u)
}

func produce[T any](w *world, topic, typ string, t *schema.Table[T], recs ...T) {
	w.t.Helper()
	worldtest.Produce(w.w, topic, typ, t, recs...)
}

func (w *world) calls(from, to int) {
	var us []schema.Usage
	for i := from; i < to; i++ {
		us = append(us, call(i))
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), us...)
}

func (w *world) value(query string) string {
	w.t.Helper()
	var v string
	if err := w.st.Conn().QueryRow(store.Exact(w.t.Context()), query).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return v
}

func (w *world) want(query, want string) {
	w.t.Helper()
	if got := w.value(query); got != want {
		w.t.Errorf("%s\n got %s\nwant %s", query, got, want)
	}
}

const outcome = "SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate)), ' ', toString(sum(refused))) FROM ranges WHERE topic = 'linesman.calls' AND state = 1"

func TestRepeatedRecordsAreRowsOnce(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 2500)
	w.calls(100, 200) // in the same run
	p := w.catchUp()
	w.want("SELECT toString(count()) FROM usage", "2500")
	w.want(outcome, "2500 100 0")
	w.calls(2400, 2600) // in a later one
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.want("SELECT toString(count()) FROM usage", "2600")
	w.want(outcome, "2600 200 0")
	w.calls(0, 10) // and after a restart, when only the store remembers
	w.catchUp()
	w.want("SELECT toString(count()) FROM usage", "2600")
	w.want(outcome, "2600 210 0")
	w.want("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate))) FROM range_files", "2600 210")
	rep, err := verify.New(w.b, w.st).Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range rep.Partitions {
		if !part.OK {
			t.Errorf("log and store differ: %+v", part)
		}
	}
}

// A crash can leave a pending range with or without its rows. Both must end with the rows once.
func TestPendingRangeIsDoneAgainExactly(t *testing.T) {
	for _, inserted := range []bool{false, true} {
		t.Run(fmt.Sprintf("rows inserted %v", inserted), func(t *testing.T) {
			w := newWorld(t)
			w.calls(0, 300)
			p := w.open()
			r := store.Range{Topic: schema.TopicCalls, First: 0, Next: 120}
			if err := w.st.Begin(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if inserted {
				pt := p.part(schema.TopicCalls, 0)
				recs, err := pt.reader.Fetch(t.Context(), 120, time.Minute)
				if err != nil || len(recs) != 120 {
					t.Fatalf("%d records, %v", len(recs), err)
				}
				if _, _, err := pt.sink.put(t.Context(), r, r.Token(), recs); err != nil {
					t.Fatal(err)
				}
				w.want("SELECT toString(count()) FROM usage", "120")
			}
			w.catchUp()
			w.want("SELECT toString(count()) FROM usage", "300")
			w.want("SELECT arrayStringConcat(groupArray(concat(toString(first), '-', toString(next))), ' ') FROM (SELECT first, next FROM ranges WHERE topic = 'linesman.calls' AND state = 1 ORDER BY first)", "0-120 120-300")
			w.want(outcome, "300 0 0")
		})
	}
}

// The engine notes a token before it commits the rows. Killed in between, it knows the token
// and has no rows: the range must come in all the same.
func TestTokenWithoutRowsDoesNotLoseTheRange(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 300)
	p := w.open()
	r := store.Range{Topic: schema.TopicCalls, First: 0, Next: 300}
	if err := w.st.Begin(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	pt := p.part(schema.TopicCalls, 0)
	recs, err := pt.reader.Fetch(t.Context(), 300, time.Minute)
	if err != nil || len(recs) != 300 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if _, _, err := pt.sink.put(t.Context(), r, r.Token(), recs); err != nil {
		t.Fatal(err)
	}
	// Dropping a part by hand would make the engine forget its token; deleting rows does not.
	if err := w.st.Conn().Exec(t.Context(), "DELETE FROM usage WHERE log_offset >= 100 SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	w.want("SELECT toString(count()) FROM usage", "100")
	w.catchUp()
	w.want("SELECT toString(count()) FROM usage", "300")
	w.want(outcome, "300 0 0")
}

func TestPoisonGoesToRejectsAndThePartitionGoesOn(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 5)
	if _, err := w.b.Produce(t.Context(), schema.TopicCalls, 0, []broker.Record{{Key: []byte("k"), Value: []byte{0xff, 0xff}, Time: time.Now()},
		{Key: []byte("k"), Value: []byte("\x0a\x03abc"), Time: time.Now(), Headers: []broker.Header{{Key: "v", Value: []byte("1")}}},
		// Of an encoding we do not read, with the id of a good record that follows: that one is no repetition.
		{Key: []byte("k"), Value: encoded(call(5)), Time: time.Now(), Headers: []broker.Header{{Key: "v", Value: []byte("99")}}}}); err != nil {
		t.Fatal(err)
	}
	w.calls(5, 10)
	p := w.catchUp()
	if err := p.CatchUp(t.Context(), nil); err != nil { // the rejects
		t.Fatal(err)
	}
	w.want("SELECT toString(count()) FROM usage", "10")
	w.want(outcome, "10 0 3")
	w.want("SELECT arrayStringConcat(groupArray(toString(row)), ' ') FROM (SELECT row FROM rejects ORDER BY row)", "5 6 7")
}

func TestStatementsMoveUsageOfThePast(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 700)
	w.catchUp()
	w.want("SELECT concat(toString(countIf(unit_id = '')), ' ', toString(sum(cost))) FROM usage", "700 0")
	march := schema.Date(2026, 3, 1).Start(time.UTC)
	produce(w, schema.TopicReference, "Price", schema.PriceTable(), schema.Price{EventID: schema.NewID("p"), PriceID: "p1", Service: "voice_out", Per: "minute", Price: schema.Kronor(1), FirstS: 60, NextS: 60, ValidFrom: march})
	produce(w, schema.TopicReference, "Unit", schema.UnitTable(), schema.Unit{EventID: schema.NewID("u"), UnitID: "U1", CostCentre: "007", ValidFrom: march})
	line := schema.Line{EventID: schema.NewID("l1"), LineID: schema.LineID(99), Alias: schema.LineID(3), UnitID: "U1", ValidFrom: march}
	produce(w, schema.TopicReference, "Line", schema.LineTable(), line)
	p := w.catchUp()
	w.want("SELECT toString(sum(cost)) FROM usage", "1400")
	w.want("SELECT concat(toString(count()), ' ', toString(sum(cost)), ' ', any(line_id)) FROM usage WHERE unit_id = 'U1' AND cost_centre = '007'", "100 200 "+schema.LineID(99))
	if d := p.TakeDirty(); len(d.Days) == 0 || !d.Reference {
		t.Errorf("moved rows must be judged again, got %+v", d)
	}
	// The line moves to another unit in the middle of the day: only what is later moves.
	line.EventID, line.UnitID, line.CostCentre, line.ValidFrom = schema.NewID("l2"), "U2", "08", t0+350*60_000
	produce(w, schema.TopicReference, "Line", schema.LineTable(), line)
	w.catchUp()
	w.want("SELECT concat(toString(countIf(unit_id = 'U1')), ' ', toString(countIf(unit_id = 'U2' AND cost_centre = '08'))) FROM usage", "50 50")
	w.want("SELECT toString(count()) FROM usage", "700")
	w.steadyOrder(0)

	// The order of arrival does not matter: the same log into an empty store gives the same rows.
	before, err := w.st.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.st.DropAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.catchUp()
	after, err := w.st.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for table, sum := range before {
		if after[table] != sum {
			t.Errorf("%s: %s after a rebuild, %s before", table, after[table], sum)
		}
	}
}

func TestStoreAheadOfTheLogIsRefused(t *testing.T) {
	w := newWorld(t)
	w.calls(0, 5)
	if err := w.st.Done(t.Context(), store.Range{Topic: schema.TopicCalls, First: 0, Next: 50}, store.Outcome{}); err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{}, w.b, w.st, w.out)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(t.Context()); err == nil {
		p.Close()
		t.Fatal("a store that is ahead of the log was opened")
	} else {
		t.Log(err)
	}
}

func TestSeenFindsEveryIDAndFewOthers(t *testing.T) {
	var s seen
	const n = 300_000
	for i := range n {
		id := schema.NewID("in", fmt.Sprint(i))
		s.add(&id)
	}
	wrong := 0
	for i := range n {
		id := schema.NewID("in", fmt.Sprint(i))
		if !s.has(&id) {
			t.Fatalf("id %d is lost", i)
		}
		out := schema.NewID("out", fmt.Sprint(i))
		if s.has(&out) {
			wrong++
		}
	}
	if wrong > n/200 {
		t.Errorf("%d of %d unknown ids are taken for known: more than 0.5 %%", wrong, n)
	}
	t.Logf("false positives: %d of %d", wrong, n)
}
