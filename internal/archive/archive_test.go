package archive

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
)

// openLog opens an embedded log with every topic.
func openLog(t *testing.T) *broker.Broker {
	t.Helper()
	log, err := broker.Open(t.Context(), broker.Config{Dir: t.TempDir(), NoSync: true}, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := log.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	var specs []broker.TopicSpec
	for _, topic := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: topic.Partitions})
	}
	if err := log.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	return log
}

func produce(t *testing.T, log *broker.Broker, topic string, partition int, recs ...broker.Record) {
	t.Helper()
	if _, err := log.Produce(t.Context(), topic, partition, recs); err != nil {
		t.Fatal(err)
	}
}

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05.000Z", s)
	if err != nil {
		panic(err)
	}
	return t
}

// strange makes records of every shape: nil and empty, headers with and without values,
// values that are records and that are not.
func strange(r *rand.Rand, n int, from time.Time) []broker.Record {
	some := func() []byte {
		switch r.IntN(5) {
		case 0:
			return nil
		case 1:
			return []byte{}
		}
		b := make([]byte, r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	enc := schema.NewEncoder(schema.UsageTable())
	out := make([]broker.Record, n)
	for i := range out {
		from = from.Add(time.Duration(r.IntN(2000)) * time.Millisecond)
		out[i] = broker.Record{Key: some(), Value: some(), Time: from}
		for range r.IntN(4) {
			out[i].Headers = append(out[i].Headers, broker.Header{Key: []string{"v", "t", "x", ""}[r.IntN(4)], Value: some()})
		}
		if i%2 == 0 {
			u := schema.Usage{EventID: schema.NewID("t", fmt.Sprint(i)), Kind: "call", OccurredAt: schema.TimeOf(from), Charged: schema.Money(i)}
			out[i].Value = enc.Append(nil, &u)
			out[i].Headers = []broker.Header{{Key: "v", Value: []byte("1")}, {Key: "t", Value: []byte("Usage")}}
		}
	}
	return out
}

// filled is a log with records in most partitions; some stay empty.
func filled(t *testing.T, n int, from time.Time) *broker.Broker {
	t.Helper()
	log := openLog(t)
	r := rand.New(rand.NewPCG(7, uint64(n)))
	produce(t, log, schema.TopicCalls, 0, strange(r, n, from)...)
	produce(t, log, schema.TopicCalls, 1, strange(r, n/2+1, from)...)
	produce(t, log, schema.TopicReference, 0, strange(r, 9, from)...)
	produce(t, log, schema.TopicSeals, 0, strange(r, 3, from)...)
	return log
}

// contents reads a whole log.
func contents(t *testing.T, log *broker.Broker) map[string][]broker.Record {
	t.Helper()
	out := map[string][]broker.Record{}
	for _, topic := range schema.Topics() {
		for p := range topic.Partitions {
			_, next, err := log.Offsets(t.Context(), topic.Name, p)
			if err != nil {
				t.Fatal(err)
			}
			if next == 0 {
				continue
			}
			r, err := log.NewReader(t.Context(), topic.Name, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s/%d", topic.Name, p)
			for r.Position() < next {
				recs, err := r.Fetch(t.Context(), 1000, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				out[name] = append(out[name], slices.Clone(recs)...)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// same compares two logs record by record: reflect tells nil from empty.
func same(t *testing.T, got, want *broker.Broker) {
	t.Helper()
	a, b := contents(t, got), contents(t, want)
	for name := range b {
		if len(a[name]) != len(b[name]) {
			t.Fatalf("%s: %d records, want %d", name, len(a[name]), len(b[name]))
		}
		for i := range b[name] {
			if !reflect.DeepEqual(a[name][i], b[name][i]) {
				t.Fatalf("%s record %d: %+v, want %+v", name, i, a[name][i], b[name][i])
			}
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%d partitions with records, want %d", len(a), len(b))
	}
}

func inFolder(t *testing.T, dir string) Store {
	t.Helper()
	st, err := Open(dir, S3{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return st
}

var everything = Options{Open: true, Program: "test"}

func write(t *testing.T, log Log, st Store, opt Options) Result {
	t.Helper()
	res, err := Write(t.Context(), log, st, opt)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func checked(t *testing.T, st Store) Report {
	t.Helper()
	rep, err := Check(t.Context(), st, Head{}, nil)
	if err != nil || !rep.OK || len(rep.Problems) > 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	return rep
}

func restoreInto(t *testing.T, log Target, st Store, resume bool) (Restored, error) {
	t.Helper()
	plan, err := Prepare(t.Context(), st, Head{}, nil)
	if err != nil {
		return Restored{}, err
	}
	return plan.Restore(t.Context(), log, resume, nil)
}

func TestRestoredLogIsTheSameByteForByte(t *testing.T) {
	log := filled(t, 25_000, at("2026-09-30T20:00:00.000Z"))
	// The clock went back, was years ahead, and knew no time.
	odd := strange(rand.New(rand.NewPCG(1, 1)), 4, at("2026-10-03T00:00:00.000Z"))
	odd[0].Time, odd[1].Time, odd[2].Time = at("2011-01-01T00:00:00.000Z"), time.UnixMilli(1<<53).UTC(), time.UnixMilli(-1).UTC()
	produce(t, log, schema.TopicCalls, 1, odd...)
	st := inFolder(t, filepath.Join(t.TempDir(), "new", "A"))
	res := write(t, log, st, Options{Open: true, Program: "test", Workers: 2})
	rep := checked(t, st)
	parts := 0
	for _, topic := range schema.Topics() {
		parts += topic.Partitions
	}
	if rep.Records != res.Records || rep.Files != res.Files || res.Left != 0 || rep.Head != res.Head || res.Records != 25_000+12_501+9+3+4 || len(rep.Partitions) != parts {
		t.Fatalf("%+v\n%+v", res, rep)
	}
	back := openLog(t)
	got, err := restoreInto(t, back, st, false)
	if err != nil || got.Appended != res.Records || got.Found != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	same(t, back, log)

	// What is restored is the log that was archived: the archive goes on.
	again := write(t, back, st, everything)
	if again.Files != 0 || again.Before != res.Records || again.Head != res.Head {
		t.Errorf("%+v", again)
	}
	produce(t, back, schema.TopicSMS, 0, odd...)
	if more := write(t, back, st, everything); more.Records != 4 || more.Head.Number != 2 {
		t.Errorf("%+v", more)
	}
	checked(t, st)
}

func TestEmptyLog(t *testing.T) {
	st := inFolder(t, t.TempDir())
	if res := write(t, openLog(t), st, everything); res.Files != 0 || res.Head.Number != 0 {
		t.Errorf("%+v", res)
	}
	if _, err := Check(t.Context(), st, Head{}, nil); err == nil || !strings.Contains(err.Error(), "no archive") {
		t.Errorf("%v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := restoreInto(t, openLog(t), inFolder(t, missing), false); err == nil || !strings.Contains(err.Error(), "no archive") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("looking for an archive made a folder")
	}
}

func TestMonthsEndAtMidnightUTC(t *testing.T) {
	log := openLog(t)
	times := []string{
		"2026-09-30T23:59:59.999Z", "2026-10-01T00:00:00.000Z", "2026-10-31T22:30:00.000Z", "2026-10-31T23:59:59.999Z", // 22:30 UTC is past midnight in Stockholm
		"2026-11-01T00:00:00.000Z", "2026-10-31T23:59:59.998Z", "2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00.000Z",
	}
	for i, s := range times {
		produce(t, log, schema.TopicCalls, 0, broker.Record{Key: []byte{byte(i)}, Time: at(s)})
	}
	produce(t, log, schema.TopicSMS, 0, broker.Record{Time: at("2026-10-02T00:00:00.000Z")}, broker.Record{Time: at("2099-01-01T00:00:00.000Z")}, broker.Record{Time: at("2026-10-03T00:00:00.000Z")})
	st := inFolder(t, t.TempDir())
	now := at("2026-12-01T00:00:00.000Z")
	steps := []struct {
		opt  Options
		want []string
		left int64
	}{
		{Options{Now: now, Until: MonthOf(schema.TimeOf(at("2026-08-01T00:00:00.000Z")))}, nil, 11},
		{Options{Now: at("2026-10-31T23:59:59.999Z")}, []string{"linesman.calls 2026-09 0-0"}, 10}, // October is not over
		// The record of another clock does not keep those behind it out.
		{Options{Now: at("2026-11-01T00:00:00.000Z")}, []string{"linesman.calls 2026-10 1-3", "linesman.sms 2026-10 0-2"}, 4},
		{Options{Now: now}, []string{"linesman.calls 2026-11 4-6"}, 1},
		{Options{Now: now}, nil, 1},
		{Options{Now: now, Open: true}, []string{"linesman.calls 2026-12 7-7"}, 0},
		{Options{Now: now, Open: true}, nil, 0},
	}
	seen := map[string]bool{}
	number := 0
	for i, s := range steps {
		res := write(t, log, st, s.opt)
		var got []string
		chain, err := loadChain(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range chain.Manifests {
			for _, f := range m.Files {
				if !seen[f.Name] {
					got = append(got, fmt.Sprintf("%s %s %d-%d", f.Topic, f.Month, f.First, f.Next-1))
				}
				seen[f.Name] = true
			}
		}
		if !slices.Equal(got, s.want) || res.Left != s.left {
			t.Errorf("step %d: %q, left %d; want %q, %d", i, got, res.Left, s.want, s.left)
		}
		if len(s.want) > 0 {
			number++
		}
		if res.Head.Number != number {
			t.Errorf("step %d: manifest %d, want %d", i, res.Head.Number, number)
		}
	}
	checked(t, st)
	back := openLog(t)
	if _, err := restoreInto(t, back, st, false); err != nil {
		t.Fatal(err)
	}
	same(t, back, log)
}

func TestArchiveOfAnotherLog(t *testing.T) {
	st := inFolder(t, t.TempDir())
	first := filled(t, 200, at("2026-10-01T00:00:00.000Z"))
	write(t, first, st, everything)
	other := filled(t, 300, at("2026-10-01T00:00:00.000Z"))
	for name, log := range map[string]*broker.Broker{"other records": other, "empty": openLog(t)} {
		if _, err := Write(t.Context(), log, st, everything); err == nil || !strings.Contains(err.Error(), "another log") {
			t.Errorf("%s: %v", name, err)
		}
	}
	checked(t, st)
}

func TestTwoRunsAtOnce(t *testing.T) {
	st := inFolder(t, t.TempDir())
	release, err := st.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log := filled(t, 10, at("2026-10-01T00:00:00.000Z"))
	if _, err := Write(t.Context(), log, st, everything); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("%v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	write(t, log, st, everything)
}

func TestMonth(t *testing.T) {
	for s, want := range map[string]Month{"1970-01": 1970 * 12, "2026-12": 2026*12 + 11, "1969-12": 1970*12 - 1} {
		m, err := ParseMonth(s)
		if err != nil || m != want || m.String() != s {
			t.Errorf("%s: %d %s, %v", s, m, m, err)
		}
	}
	for _, s := range []string{"", "2026", "2026-13", "2026-1", "okt"} {
		if _, err := ParseMonth(s); err == nil {
			t.Errorf("%q was taken for a month", s)
		}
	}
	if m := Closed(at("2026-01-01T00:00:00.000Z")); m.String() != "2025-12" {
		t.Errorf("%s", m)
	}
}
