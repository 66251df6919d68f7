package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// testTimeout is generous: it only ends tests that hang.
const testTimeout = 5 * time.Minute

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

func openTest(t testing.TB, cfg Config) *Broker {
	t.Helper()
	if cfg.Mode == "" && cfg.Dir == "" {
		cfg.Dir, cfg.NoSync = t.TempDir(), true
	}
	b, err := Open(testContext(t), cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func ensure(t testing.TB, b *Broker, topic string, partitions int) {
	t.Helper()
	if err := b.EnsureTopics(testContext(t), []TopicSpec{{Name: topic, Partitions: partitions}}); err != nil {
		t.Fatal(err)
	}
}

func produce(t testing.TB, b *Broker, topic string, partition int, recs []Record) int64 {
	t.Helper()
	first, err := b.Produce(testContext(t), topic, partition, recs)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func numbered(from, n int) []Record {
	recs := make([]Record, n)
	for i := range recs {
		recs[i] = Record{Key: fmt.Appendf(nil, "k%d", from+i), Value: fmt.Appendf(nil, "value %d", from+i)}
	}
	return recs
}

func checkNumbered(t *testing.T, recs []Record, from int) {
	t.Helper()
	for i, rec := range recs {
		if want := "value " + strconv.Itoa(from+i); string(rec.Value) != want || rec.Offset != int64(from+i) {
			t.Fatalf("record %d: value %q offset %d, want %q offset %d", i, rec.Value, rec.Offset, want, from+i)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 2)
	at := time.Date(2026, 3, 29, 1, 30, 0, 123e6, time.UTC)
	in := []Record{
		{Key: []byte("a"), Value: []byte("one"), Time: at, Headers: []Header{{"source", []byte("x.csv")}, {"", nil}, {"empty", []byte{}}}},
		{Key: nil, Value: []byte("two"), Time: at.Add(-48 * time.Hour)}, // older than the first
		{Key: []byte{}, Value: []byte{}, Time: at.Add(time.Millisecond)},
		{Key: []byte("åäö"), Value: nil, Time: time.UnixMilli(0).UTC()},
	}
	if first := produce(t, b, "facts", 1, in); first != 0 {
		t.Fatalf("first offset %d, want 0", first)
	}
	if first := produce(t, b, "facts", 1, in); first != int64(len(in)) {
		t.Fatalf("first offset %d, want %d", first, len(in))
	}
	out := readAll(t, b, "facts", 1, 0, 2*len(in), 100)
	for i, got := range out {
		want := in[i%len(in)]
		if got.Offset != int64(i) || !got.Time.Equal(want.Time) || got.Time.Location() != time.UTC {
			t.Errorf("record %d: offset %d time %v, want time %v", i, got.Offset, got.Time, want.Time)
		}
		if !bytes.Equal(got.Key, want.Key) || !bytes.Equal(got.Value, want.Value) {
			t.Errorf("record %d: %q=%q, want %q=%q", i, got.Key, got.Value, want.Key, want.Value)
		}
		if (got.Key == nil) != (want.Key == nil) || (got.Value == nil) != (want.Value == nil) {
			t.Errorf("record %d: nil and empty were mixed up", i)
		}
		if len(got.Headers) != len(want.Headers) {
			t.Fatalf("record %d: %d headers, want %d", i, len(got.Headers), len(want.Headers))
		}
		for j, h := range got.Headers {
			if h.Key != want.Headers[j].Key || !bytes.Equal(h.Value, want.Headers[j].Value) {
				t.Errorf("record %d header %d: %q=%q", i, j, h.Key, h.Value)
			}
		}
	}
	if first, next, err := b.Offsets(testContext(t), "facts", 0); err != nil || first != 0 || next != 0 {
		t.Errorf("empty partition: [%d,%d] %v", first, next, err)
	}
}

func TestProduceDefaultsTime(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	before := time.Now().Truncate(time.Millisecond)
	produce(t, b, "facts", 0, numbered(0, 1))
	got := readAll(t, b, "facts", 0, 0, 1, 1)[0].Time
	if got.Before(before) || got.After(time.Now()) {
		t.Errorf("time %v, want the time of producing", got)
	}
}

func TestBigRecords(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	recs := make([]Record, 5)
	for i := range recs {
		recs[i].Value = noise(900_000, uint64(i))
	}
	produce(t, b, "facts", 0, recs)
	for i, got := range readAll(t, b, "facts", 0, 0, len(recs), 2) {
		if !bytes.Equal(got.Value, recs[i].Value) {
			t.Errorf("record %d differs", i)
		}
	}

	_, err := b.Produce(testContext(t), "facts", 0, []Record{{Value: []byte("fits")}, {Value: noise(1_100_000, 9)}, {Value: []byte("after")}})
	var tooLarge *RecordTooLargeError
	var partial *ProduceError
	if !errors.As(err, &tooLarge) || tooLarge.Index != 1 {
		t.Fatalf("error %v, want a RecordTooLargeError for record 1", err)
	}
	if !errors.As(err, &partial) || partial.Acknowledged != 1 || partial.Total != 3 || partial.First != int64(len(recs)) {
		t.Errorf("error %+v, want 1 of 3 acknowledged", partial)
	}
	if _, next, _ := b.Offsets(testContext(t), "facts", 0); next != int64(len(recs))+1 {
		t.Errorf("the log ends at %d, want %d", next, len(recs)+1)
	}
	// Larger than a batch but compressible: allowed.
	produce(t, b, "facts", 0, []Record{{Value: bytes.Repeat([]byte("abc "), 500_000)}})
}

// noise makes bytes that do not compress.
func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	x := seed*2654435761 + 88172645463325252
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

func TestEnsureTopics(t *testing.T) {
	b := openTest(t, Config{})
	ctx := testContext(t)
	specs := []TopicSpec{{Name: "one", Partitions: 1, Config: map[string]string{"retention.ms": "1"}}, {Name: "three", Partitions: 3}}
	for range 2 { // the second time they exist
		if err := b.EnsureTopics(ctx, specs); err != nil {
			t.Fatal(err)
		}
	}
	err := b.EnsureTopics(ctx, []TopicSpec{{Name: "three", Partitions: 4}})
	if err == nil || !strings.Contains(err.Error(), "has 3 partitions") {
		t.Errorf("error %v, want a complaint about 3 partitions", err)
	}
	if err := b.EnsureTopics(ctx, []TopicSpec{{Name: "none", Partitions: 0}}); err == nil {
		t.Error("a topic without partitions was accepted")
	}
	if info := b.embedded.cluster.TopicInfo("one"); len(info.Configs) != 0 {
		t.Errorf("settings reached the embedded server: %v", info.Configs)
	}
}

func TestHealth(t *testing.T) {
	b := openTest(t, Config{})
	if _, err := b.Health(testContext(t)); err != nil {
		t.Fatal(err)
	}
	ensure(t, b, "b", 2)
	ensure(t, b, "a", 1)
	produce(t, b, "b", 1, numbered(0, 10))
	h, err := b.Health(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(h.Topics, h.Damage)
	if want := "[{a [{0 0 0}]} {b [{0 0 0} {1 0 10}]}] []"; got != want || h.Mode != ModeEmbedded {
		t.Errorf("health %s %s, want %s", h.Mode, got, want)
	}
	if onDisk, err := dirSize(filepath.Join(b.cfg.Dir, dataDir, "partitions")); err != nil || h.Bytes < onDisk || h.MaxBytes != DefaultMaxBytes {
		t.Errorf("health says %d of %d bytes, the partitions take %d (%v)", h.Bytes, h.MaxBytes, onDisk, err)
	}
}

func TestLogFull(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true, MaxBytes: 3 << 20}
	b := openTest(t, cfg)
	ensure(t, b, "facts", 1)
	recs := make([]Record, 10)
	for i := range recs {
		recs[i].Value = noise(900_000, uint64(i))
	}
	_, err := b.Produce(testContext(t), "facts", 0, recs)
	var partial *ProduceError
	if !errors.Is(err, ErrLogFull) || !errors.As(err, &partial) || partial.Acknowledged != 3 {
		t.Fatalf("error %v, want a full log after 3 records", err)
	}
	if _, next, err := b.Offsets(testContext(t), "facts", 0); err != nil || next != 3 {
		t.Errorf("the log ends at %d (%v), want 3", next, err)
	}
	if err := b.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	b = openTest(t, cfg) // the limit also counts what was there before
	if _, err := b.Produce(testContext(t), "facts", 0, recs[:1]); !errors.Is(err, ErrLogFull) {
		t.Errorf("after a restart: error %v, want a full log", err)
	}
}

func TestSecondOpenRefused(t *testing.T) {
	dir := t.TempDir()
	b := openTest(t, Config{Dir: dir})
	_, err := Open(testContext(t), Config{Dir: dir}, nil)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Fatalf("error %v, want one that names process %d", err, os.Getpid())
	}
	if err := b.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	openTest(t, Config{Dir: dir})
}

func TestClosed(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	ctx := testContext(t)
	r, err := b.NewReader(ctx, "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Produce(ctx, "facts", 0, numbered(0, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Produce: %v", err)
	}
	if _, err := b.NewReader(ctx, "facts", 0, 0); !errors.Is(err, ErrClosed) {
		t.Errorf("NewReader: %v", err)
	}
	if _, err := r.Fetch(ctx, 1, time.Second); !errors.Is(err, ErrClosed) {
		t.Errorf("Fetch: %v", err)
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true}
	before := runtime.NumGoroutine()
	for range 3 {
		b := openTest(t, cfg)
		ensure(t, b, "facts", 3)
		ctx := testContext(t)
		var wg sync.WaitGroup
		for p := range 3 {
			r, err := b.NewReader(ctx, "facts", p, 0)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				var err error
				for err == nil {
					_, err = r.Fetch(ctx, 10, time.Hour)
				}
				if !errors.Is(err, ErrClosed) {
					t.Errorf("Fetch: %v", err)
				}
			})
			_, err = b.Produce(ctx, "facts", p, numbered(0, 1))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
	deadline := time.Now().Add(testTimeout)
	for runtime.NumGoroutine() > before+6 { // timers of the three test contexts may linger
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestConcurrency(t *testing.T) {
	const partitions, writers, calls, perCall = 3, 2, 20, 50
	b := openTest(t, Config{})
	ensure(t, b, "facts", partitions)
	ctx := testContext(t)
	var wg sync.WaitGroup
	for p := range partitions {
		for w := range writers {
			wg.Go(func() {
				for c := range calls {
					recs := make([]Record, perCall)
					for i := range recs {
						recs[i].Value = fmt.Appendf(nil, "%d/%d", w, c*perCall+i)
					}
					if _, err := b.Produce(ctx, "facts", p, recs); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Go(func() {
			seen := make([]int, writers) // per writer, records must come in order
			for _, rec := range readAll(t, b, "facts", p, 0, writers*calls*perCall, 33) {
				var w, n int
				if _, err := fmt.Sscanf(string(rec.Value), "%d/%d", &w, &n); err != nil || n != seen[w] {
					t.Errorf("partition %d: %q out of order (%v)", p, rec.Value, err)
					return
				}
				seen[w]++
			}
		})
		wg.Go(func() {
			for range calls {
				if _, err := b.Health(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
