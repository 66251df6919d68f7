package verify

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/schema"
)

const calls = schema.TopicCalls

// besides leaves out what the log found when it was opened.
func besides(rep Deep) Deep {
	rep.Problems = slices.DeleteFunc(rep.Problems, func(p Problem) bool { return p.Kind == Damaged })
	rep.OK = len(rep.Problems) == 0
	return rep
}

// only asserts that there is one problem and returns it.
func only(t *testing.T, rep Deep) Problem {
	t.Helper()
	if rep.OK || len(rep.Problems) != 1 {
		t.Fatalf("ok %v, problems %+v; want one", rep.OK, rep.Problems)
	}
	return rep.Problems[0]
}

func want(t *testing.T, p Problem, kind, topic string, offset, records uint64) {
	t.Helper()
	if p.Kind != kind || p.Topic != topic || p.Offset != offset || p.Records != records || !p.Exact {
		t.Errorf("problem %+v\nwant %s of %d records at %s offset %d", p, kind, records, topic, offset)
	}
}

func TestUntouchedLogVerifies(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(1, 1))
	w.produce(calls, made(r, 10_000))
	w.produce(schema.TopicFiles, made(r, 3))
	w.seal()
	w.produce(calls, made(r, 700))
	rep := w.deep()
	// 3 seals of calls, 1 of files, and the one of the seals, which is not sealed itself.
	if !rep.OK || rep.Sealed != 10_000+3+4 || rep.Unsealed != 700+1 || rep.LastSealAt.IsZero() {
		t.Errorf("report %+v", rep)
	}
	for _, p := range rep.Partitions {
		if p.Topic == calls && p.Partition == 0 && (p.Seals != 3 || p.SealedHead.Next != 10_000 || p.Head.Next != 10_700 || p.Head.Chain == p.SealedHead.Chain) {
			t.Errorf("calls %+v", p)
		}
	}
	w.seal()
	w.seal() // nothing new: no seal
	rep = w.deep()
	if !rep.OK || rep.Sealed != 10_700+3+6 || rep.Unsealed != 1 {
		t.Errorf("report after the second sealing %+v", rep)
	}
}

func TestTamperingIsNamed(t *testing.T) {
	const n = 9000
	cut := func(at, k int) func([]broker.Record) []broker.Record {
		return func(recs []broker.Record) []broker.Record { return slices.Delete(recs, at, at+k) }
	}
	for _, c := range []struct {
		name    string
		edit    func([]broker.Record) []broker.Record
		kind    string
		offset  uint64
		records uint64
	}{
		{"one byte of a value", func(recs []broker.Record) []broker.Record { recs[4321].Value[7] ^= 1; return recs }, Changed, 4321, 1},
		{"the time of a record", func(recs []broker.Record) []broker.Record {
			recs[17].Time = recs[17].Time.Add(time.Millisecond)
			return recs
		}, Changed, 17, 1},
		{"a header", func(recs []broker.Record) []broker.Record {
			recs[8999].Headers = recs[8999].Headers[:1]
			return recs
		}, Changed, 8999, 1},
		{"three in a row", func(recs []broker.Record) []broker.Record {
			for i := 4095; i < 4098; i++ {
				recs[i].Key = []byte("other")
			}
			return recs
		}, Changed, 4095, 3},
		{"two exchanged", func(recs []broker.Record) []broker.Record { recs[50], recs[51] = recs[51], recs[50]; return recs }, Changed, 50, 2},
		{"one removed", cut(5000, 1), Removed, 5000, 1},
		{"the first removed", cut(0, 1), Removed, 0, 1},
		{"many removed", cut(100, 3000), Removed, 100, 3000},
		{"one inserted", func(recs []broker.Record) []broker.Record {
			return slices.Insert(recs, 6000, made(rand.New(rand.NewPCG(9, 9)), 1)...)
		}, Inserted, 6000, 1},
		{"some inserted at a seal's end", func(recs []broker.Record) []broker.Record {
			return slices.Insert(recs, seal.Most, made(rand.New(rand.NewPCG(9, 9)), 40)...)
		}, Inserted, seal.Most, 40},
		{"the tail cut", func(recs []broker.Record) []broker.Record { return recs[:8990] }, Cut, 8990, 10},
		{"more than a seal cut", func(recs []broker.Record) []broker.Record { return recs[:700] }, Cut, 700, n - 700},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.produce(calls, made(rand.New(rand.NewPCG(2, 2)), n))
			w.seal()
			w.tamper(calls, c.edit)
			p := only(t, w.deep())
			want(t, p, c.kind, calls, c.offset, c.records)
			if c.kind != Cut && p.RecordedAt.IsZero() {
				t.Errorf("no recorded time: %+v", p)
			}
			t.Log(p.Detail)
		})
	}
}

func TestTwoChangesAreNamedBoth(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(3, 3)), 10_000))
	w.seal()
	w.tamper(calls, func(recs []broker.Record) []broker.Record {
		recs[10].Value[0]++
		recs[9000].Value[0]++
		return recs
	})
	rep := w.deep()
	if len(rep.Problems) != 2 || rep.Partitions[1].Mismatches != 2 {
		t.Fatalf("problems %+v, %+v", rep.Problems, rep.Partitions[1])
	}
	want(t, rep.Problems[0], Changed, calls, 10, 1)
	want(t, rep.Problems[1], Changed, calls, 9000, 1)
}

// What follows the last seal is not proven by the seals: the heads that an auditor wrote down
// tell even that.
func TestHeadsTellOfUnsealedRecords(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(4, 4)), 100))
	before := w.deep()
	w.tamper(calls, func(recs []broker.Record) []broker.Record { recs[99].Value[0]++; return recs })
	after := w.deep()
	if !after.OK || before.Partitions[1].Head.Next != 100 || before.Partitions[1].Head.Chain == after.Partitions[1].Head.Chain {
		t.Errorf("before %+v, after %+v", before.Partitions[1], after.Partitions[1])
	}
}

func TestLastSealedRecordRemoved(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 5))
	w.produce(calls, made(r, 100))
	w.seal()
	w.produce(calls, made(r, 10))
	w.tamper(calls, func(recs []broker.Record) []broker.Record { return slices.Delete(recs, 99, 100) })
	p := only(t, w.deep())
	want(t, p, Changed, calls, 99, 1)
	t.Log(p.Detail)
}

func TestSealsAreSealedThemselves(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(6, 6))
	w.produce(calls, made(r, 5000))
	w.seal()
	w.produce(calls, made(r, 10))
	w.seal()
	enc, dec := schema.NewEncoder(schema.SealTable()), schema.NewDecoder(schema.SealTable())
	w.tamper(schema.TopicSeals, func(recs []broker.Record) []broker.Record {
		var s schema.Seal
		if err := dec.Decode(recs[0].Value, &s); err != nil {
			t.Fatal(err)
		}
		s.Chain = "00" + s.Chain[2:]
		s.EventID = seal.EventID(&s)
		recs[0].Value = enc.Append(nil, &s)
		return recs
	})
	rep := w.deep()
	if len(rep.Problems) != 2 {
		t.Fatalf("problems %+v", rep.Problems)
	}
	if p := rep.Problems[0]; p.Kind != SealChanged || p.Topic != calls || p.Offset != 0 || p.Until != seal.Most {
		t.Errorf("problem %+v", p)
	}
	want(t, rep.Problems[1], Changed, schema.TopicSeals, 0, 1)
}

func TestRemovedSealLeavesAHole(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(7, 7)), 10_000))
	w.seal()
	w.tamper(schema.TopicSeals, func(recs []broker.Record) []broker.Record { return slices.Delete(recs, 1, 2) })
	rep := w.deep()
	if len(rep.Problems) != 2 || rep.Problems[0].Kind != SealMissing || rep.Problems[0].Offset != seal.Most || rep.Problems[0].Records != seal.Most {
		t.Fatalf("problems %+v", rep.Problems)
	}
	want(t, rep.Problems[1], Removed, schema.TopicSeals, 1, 1)
}

// retained is a log whose configuration says that old records are deleted.
type retained struct{ *broker.Broker }

func (r retained) Health(ctx context.Context) (broker.Health, error) {
	h, err := r.Broker.Health(ctx)
	h.Retention, h.Damage = time.Hour, nil // the embedded log, which deletes nothing, calls it damage
	return h, err
}

// Records may be gone from the beginning where retention is set: what is left is proven from
// where it begins. Everywhere else they were taken away.
func TestLogThatBeginsLater(t *testing.T) {
	for _, first := range []int64{seal.Most, seal.Most + 100, 9999} {
		w := newWorld(t)
		w.produce(calls, made(rand.New(rand.NewPCG(8, 8)), 10_000))
		w.seal()
		recs := w.read(calls)[first:]
		w.stop()
		w.rewrite(calls, first, recs)
		w.start()
		rep := w.deep()
		if len(rep.Problems) != 2 || rep.Problems[0].Kind != Damaged {
			t.Fatalf("from %d: problems %+v", first, rep.Problems)
		}
		want(t, only(t, besides(rep)), Removed, calls, 0, uint64(first))
		rep, err := DeepRun(t.Context(), retained{w.b}, nil, nil, nil)
		if err != nil || !rep.OK || len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "sealed from offset 0 on") {
			t.Errorf("with retention, from %d: %v, %+v", first, err, rep)
		}
		w.stop()
		recs[0].Value[0]++
		w.rewrite(calls, first, recs)
		w.start()
		rep, err = DeepRun(t.Context(), retained{w.b}, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want(t, only(t, rep), Changed, calls, uint64(first), 1)
	}
}

// Who deletes everything of a partition leaves no record that could contradict a seal.
func TestEmptiedFromTheFrontIsMissed(t *testing.T) {
	w := newWorld(t)
	anchors := filepath.Join(t.TempDir(), "anchors")
	w.produce(calls, made(rand.New(rand.NewPCG(14, 14)), 5000))
	if err := w.sealer(seal.Config{AnchorFile: anchors}).Round(t.Context(), all()); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.hide(calls)
	w.start()
	if first, next, err := w.b.Offsets(t.Context(), calls, 0); err != nil || first != 5000 || next != 5000 {
		t.Fatalf("the log goes from %d to %d, %v", first, next, err)
	}
	rep := w.deep()
	if len(rep.Problems) != 2 || rep.Problems[0].Kind != Damaged {
		t.Fatalf("problems %+v", rep.Problems)
	}
	for _, rep := range []Deep{rep, w.against(nil, anchors)} {
		want(t, only(t, besides(rep)), Removed, calls, 0, 5000)
		if rep.Partitions[1].OK {
			t.Errorf("the partition is told to be right: %+v", rep.Partitions[1])
		}
	}
	// The seals can go in the same way.
	w.stop()
	w.hide(schema.TopicSeals)
	w.start()
	rep = besides(w.deep())
	if len(rep.Problems) != 2 || rep.Problems[0].Kind != Removed || rep.Problems[1].Kind != Removed || rep.Problems[1].Topic != schema.TopicSeals {
		t.Errorf("without seals: problems %+v", rep.Problems)
	}
}

func TestUnreadableRecordsAreReported(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(10, 10)), 20_000))
	w.seal()
	recs := w.read(calls)
	recs[15_000].Value[0]++
	w.stop()
	w.rewrite(calls, 0, recs[:5000])
	gap := batchOf(5100, recs[5100:])
	appendTo(t, w.dir, gap)
	w.start()
	rep := w.deep()
	if len(rep.Problems) != 3 || rep.Problems[0].Kind != Damaged {
		t.Fatalf("problems %+v", rep.Problems)
	}
	rep = besides(rep)
	want(t, rep.Problems[0], Unreadable, calls, 5000, 100)
	want(t, rep.Problems[1], Changed, calls, 15_000, 1) // behind the gap it goes on
}
