package verify

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/schema"
)

// A random log, sealed in random rounds, and one random deed: the record that is named must
// be the right one, and what was done to it too.
func TestPropertyTheRightRecordIsNamed(t *testing.T) {
	const rounds = 24
	for n := range rounds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(n), 77))
			w := newWorld(t)
			s := w.sealer(seal.Config{})
			sealed := 0
			for range 1 + r.IntN(5) {
				k := 1 + r.IntN(4000)
				w.produce(calls, made(r, k))
				if sealed += k; r.IntN(3) == 0 {
					s = w.sealer(seal.Config{})
				}
				if err := s.Round(t.Context(), all()); err != nil {
					t.Fatal(err)
				}
			}
			if r.IntN(2) == 0 {
				w.produce(calls, made(r, 1+r.IntN(100))) // not sealed
			}
			at, k := r.IntN(sealed), 1
			if r.IntN(2) == 0 {
				k = 1 + r.IntN(min(30, sealed-at))
			}
			kind := []string{Changed, Removed, Inserted, Cut}[r.IntN(4)]
			total := 0
			w.tamper(calls, func(recs []broker.Record) []broker.Record {
				total = len(recs)
				return deed(r, recs, kind, at, k)
			})
			rep := w.deep()
			if rep.OK || len(rep.Problems) != 1 {
				t.Fatalf("%s %d at %d of %d sealed, %d in all: problems %+v", kind, k, at, sealed, total, rep.Problems)
			}
			p := rep.Problems[0]
			records := uint64(k)
			if kind == Cut {
				records = uint64(sealed - at)
			}
			if kind == Removed && at+k >= sealed { // nothing sealed is left behind it
				if total == sealed {
					kind = Cut // removing the end is cutting
				} else {
					kind, records = Changed, p.Records // what was not sealed has moved up: it cannot be told from a change
				}
			}
			if p.Kind != kind || p.Offset != uint64(at) || p.Records != records || p.Topic != calls {
				t.Errorf("%s of %d at %d (%d sealed, %d in all): found %+v", kind, records, at, sealed, total, p)
			}
		})
	}
}

func deed(r *rand.Rand, recs []broker.Record, kind string, at, k int) []broker.Record {
	switch kind {
	case Changed:
		for i := at; i < at+k; i++ {
			recs[i].Value[r.IntN(len(recs[i].Value))] ^= 1 << r.IntN(8)
		}
		return recs
	case Removed:
		return slices.Delete(recs, at, at+k)
	case Inserted:
		return slices.Insert(recs, at, made(r, k)...)
	}
	return recs[:at]
}

// Records that repeat others of the same content are no trap for naming what was changed.
func TestChangeAmongRepeatedRecords(t *testing.T) {
	w := newWorld(t)
	same := made(rand.New(rand.NewPCG(1, 2)), 1)
	recs := slices.Repeat(same, 3000)
	w.produce(calls, recs)
	w.seal()
	w.tamper(calls, func(recs []broker.Record) []broker.Record {
		recs[1234].Value = []byte("other")
		return recs
	})
	want(t, only(t, w.deep()), Changed, calls, 1234, 1)
}

func TestAlign(t *testing.T) {
	seq := func(from, n int) []uint32 {
		out := make([]uint32, n)
		for i := range out {
			out[i] = uint32(from + i)
		}
		return out
	}
	join := slices.Concat[[]uint32]
	for _, c := range []struct {
		name       string
		want, have []uint32
		differs    bool
		diff       difference
	}{
		{"the same", seq(0, 9), seq(0, 9), false, difference{}},
		{"more is there", seq(0, 9), seq(0, 12), false, difference{}},
		{"less is there", seq(0, 9), seq(0, 5), true, difference{5, 4, 0, true}},
		{"one changed", seq(0, 9), join(seq(0, 3), seq(90, 1), seq(4, 5)), true, difference{3, 1, 1, true}},
		{"two removed", seq(0, 9), join(seq(0, 3), seq(5, 4)), true, difference{3, 2, 0, true}},
		{"two inserted", seq(0, 9), join(seq(0, 3), seq(70, 2), seq(3, 6)), true, difference{3, 0, 2, true}},
		{"three for one", seq(0, 9), join(seq(0, 3), seq(70, 3), seq(4, 5)), true, difference{3, 1, 3, true}},
		{"before the last", seq(0, 9), join(seq(0, 7), seq(70, 1), seq(8, 1)), true, difference{7, 1, 1, true}},
		{"all replaced", seq(0, 9), join(seq(0, 3), seq(70, 9)), true, difference{3, 6, 9, false}},
		{"two changes", seq(0, 90), join(seq(0, 3), seq(170, 1), seq(4, 40), seq(171, 1), seq(45, 45)), true, difference{3, 1, 1, true}},
	} {
		if diff, differs := align(c.want, c.have); differs != c.differs || diff != c.diff {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, diff, differs, c.diff, c.differs)
		}
	}
}

// BenchmarkDeep walks a log of records of the size of calls: records/s are in the report.
func BenchmarkDeep(b *testing.B) {
	w := benchWorld(b)
	var rate, walked uint64
	before := processTime(b)
	for b.Loop() {
		rep, err := DeepRun(b.Context(), w, nil, nil, nil)
		if err != nil || !rep.OK {
			b.Fatalf("%+v, %v", rep.Problems, err)
		}
		rate, walked = rep.PerSecond, walked+rep.Records
	}
	b.ReportMetric(float64(processTime(b)-before)/float64(walked), "cpu-ns/record")
	b.ReportMetric(float64(rate), "records/s")
}

// processTime is the processor time of the process: the machine may be busy with other things.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchWorld(b *testing.B) *broker.Broker {
	log, err := broker.Open(b.Context(), broker.Config{Dir: b.TempDir(), NoSync: true}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close(b.Context()) })
	var specs []broker.TopicSpec
	for _, topic := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: topic.Partitions})
	}
	if err := log.EnsureTopics(b.Context(), specs); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		recs := made(r, 50_000)
		for i := range recs { // calls compress to about half
			recs[i].Value = append(recs[i].Value, recs[i].Value...)
		}
		if _, err := log.Produce(b.Context(), calls, r.IntN(2), recs); err != nil {
			b.Fatal(err)
		}
	}
	s, err := seal.New(seal.Config{}, log, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Round(b.Context(), all()); err != nil {
		b.Fatal(err)
	}
	return log
}
