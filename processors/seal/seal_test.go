package seal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
)

const childDir = "LINESMAN_TEST_SEAL_DIR" // set in the child that gets killed

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := produceAndSeal(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func open(ctx context.Context, dir string, out *slog.Logger) (*broker.Broker, error) {
	b, err := broker.Open(ctx, broker.Config{Dir: dir, NoSync: true}, out)
	if err != nil {
		return nil, err
	}
	var specs []broker.TopicSpec
	for _, topic := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: topic.Partitions})
	}
	return b, b.EnsureTopics(ctx, specs)
}

func openTest(t *testing.T, dir string) *broker.Broker {
	t.Helper()
	b, err := open(t.Context(), dir, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	return b
}

func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

func newTest(t *testing.T, cfg Config, log Log) *Sealer {
	t.Helper()
	s, err := New(cfg, log, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func everything() map[string][]int {
	out := map[string][]int{}
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			out[t.Name] = append(out[t.Name], p)
		}
	}
	return out
}

func some(from, n int) []broker.Record {
	out := make([]broker.Record, n)
	for i := range out {
		out[i] = broker.Record{Key: []byte("k"), Value: fmt.Appendf(nil, "value %d", from+i), Time: time.UnixMilli(1_770_000_000_000 + int64(from+i))}
	}
	return out
}

func produce(t *testing.T, b *broker.Broker, topic string, partition int, recs []broker.Record) {
	t.Helper()
	if _, err := b.Produce(t.Context(), topic, partition, recs); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, b *broker.Broker, topic string, partition int) []broker.Record {
	t.Helper()
	_, next, err := b.Offsets(t.Context(), topic, partition)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.NewReader(t.Context(), topic, partition, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var out []broker.Record
	for int64(len(out)) < next {
		recs, err := r.Fetch(t.Context(), int(next), time.Minute)
		if err != nil || len(recs) == 0 {
			t.Fatalf("%d records, %v", len(recs), err)
		}
		out = append(out, recs...)
	}
	return out
}

func seals(t *testing.T, b *broker.Broker) []schema.Seal {
	t.Helper()
	dec := schema.NewDecoder(schema.SealTable())
	recs := readAll(t, b, schema.TopicSeals, 0)
	out := make([]schema.Seal, len(recs))
	for i := range recs {
		if err := dec.Decode(recs[i].Value, &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// check recomputes every seal from the records, the plain way, and gives up to where each
// partition is sealed.
func check(t *testing.T, b *broker.Broker) map[place]uint64 {
	t.Helper()
	reached := map[place]uint64{}
	chains := map[place][]Chain{}
	var h Hasher
	for _, s := range seals(t, b) {
		at := place{s.Topic, int(s.Partition)}
		if chains[at] == nil {
			c := []Chain{{}}
			for _, rec := range readAll(t, b, at.topic, at.partition) {
				c = append(c, c[len(c)-1].Next(h.Leaf(&rec)))
			}
			chains[at] = c
		}
		c := chains[at]
		if s.First > reached[at] || s.Next <= s.First || s.Next-s.First > Most || s.Before != c[s.First].String() || s.Chain != c[s.Next].String() || s.EventID != EventID(&s) {
			t.Errorf("seal of %s/%d %d-%d is wrong, sealed up to %d", s.Topic, s.Partition, s.First, s.Next, reached[at])
		}
		if _, err := Shorts(&s); err != nil {
			t.Error(err)
		}
		reached[at] = max(reached[at], s.Next)
	}
	return reached
}

func round(t *testing.T, s *Sealer) {
	t.Helper()
	if err := s.Round(t.Context(), everything()); err != nil {
		t.Fatal(err)
	}
}

func TestSealsFollowEachPartition(t *testing.T) {
	b := openTest(t, t.TempDir())
	s := newTest(t, Config{}, b)
	produce(t, b, schema.TopicCalls, 0, some(0, 9000))
	produce(t, b, schema.TopicCalls, 1, some(0, 5))
	round(t, s)
	produce(t, b, schema.TopicCalls, 0, some(9000, 10))
	round(t, s)
	round(t, newTest(t, Config{}, b)) // another one finds where the log stands
	produce(t, b, schema.TopicCalls, 1, some(5, 1))
	round(t, newTest(t, Config{}, b))
	got := check(t, b)
	if got[place{schema.TopicCalls, 0}] != 9010 || got[place{schema.TopicCalls, 1}] != 6 {
		t.Errorf("sealed up to %v", got)
	}
	// 3+1 seals and one of these, then 1+1, nothing, 1+1.
	if n := len(seals(t, b)); n != 5+2+0+2 {
		t.Errorf("%d seals", n)
	}
	if st := s.Status(); st.Seals != 7 || st.Error != "" || st.Records != 9000+5+4+10+2 {
		t.Errorf("status %+v", st)
	}
}

func TestSealingTheSealsEnds(t *testing.T) {
	b := openTest(t, t.TempDir())
	s := newTest(t, Config{}, b)
	produce(t, b, schema.TopicFiles, 0, some(0, 1))
	for range 5 {
		round(t, s)
		round(t, newTest(t, Config{}, b))
	}
	if n := len(seals(t, b)); n != 2 {
		t.Errorf("%d seals, want 2: one of the record and one of that seal", n)
	}
}

func TestTwoOwnersDoNoHarm(t *testing.T) {
	b := openTest(t, t.TempDir())
	one, two := newTest(t, Config{}, b), newTest(t, Config{}, b)
	for i := range 6 {
		produce(t, b, schema.TopicCalls, 0, some(100*i, 100))
		round(t, []*Sealer{one, two, one, one, two, one}[i])
	}
	round(t, two)
	if got := check(t, b); got[place{schema.TopicCalls, 0}] != 600 {
		t.Errorf("sealed up to %v", got)
	}
	// A partition that goes to another one and comes back is taken up from the log.
	if err := one.Round(t.Context(), map[string][]int{schema.TopicFiles: {0}}); err != nil {
		t.Fatal(err)
	}
	produce(t, b, schema.TopicCalls, 0, some(600, 10))
	round(t, two)
	before := len(seals(t, b))
	round(t, one)
	for _, s := range seals(t, b)[before:] {
		if s.Topic == schema.TopicCalls {
			t.Errorf("sealed again: %+v", s)
		}
	}
	check(t, b)
}

func TestRunSealsWhenItStops(t *testing.T) {
	b := openTest(t, t.TempDir())
	s := newTest(t, Config{Every: time.Hour}, b)
	produce(t, b, schema.TopicCalls, 0, some(0, 10))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, everything) }()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := check(t, b); got[place{schema.TopicCalls, 0}] != 10 {
		t.Errorf("sealed up to %v", got)
	}
}

// flooded is a log in which records arrive whenever somebody asks how many there are.
type flooded struct {
	Log
	mu    sync.Mutex
	began time.Time // when it was asked first
	seal  time.Time // when the first seal was written
	asked int       // how often until then
	n     int
}

func (l *flooded) Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error) {
	if topic == schema.TopicCalls && partition == 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.began.IsZero() {
			l.began = time.Now()
		}
		if l.seal.IsZero() {
			l.asked++
		}
		if _, err := l.Log.Produce(ctx, topic, partition, some(l.n, 2*flood)); err != nil {
			return 0, 0, err
		}
		l.n += 2 * flood
	}
	return l.Log.Offsets(ctx, topic, partition)
}

func (l *flooded) Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (int64, error) {
	l.mu.Lock()
	if topic == schema.TopicSeals && l.seal.IsZero() {
		l.seal = time.Now()
	}
	l.mu.Unlock()
	return l.Log.Produce(ctx, topic, partition, recs)
}

// While much arrives sealing waits, but not for ever.
func TestFloodIsWaitedFor(t *testing.T) {
	b := openTest(t, t.TempDir())
	l := &flooded{Log: b}
	cfg := Config{Every: time.Millisecond, Patience: 1200 * time.Millisecond}
	s := newTest(t, cfg, l)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, everything) }()
	for deadline := time.Now().Add(time.Minute); len(seals(t, b)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a flood keeps everything unsealed")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if waited := l.seal.Sub(l.began); waited < cfg.Patience || l.asked < 4 {
		t.Errorf("sealed after %v of %v, in the middle of a flood that was looked at %d times", waited, cfg.Patience, l.asked)
	}
	check(t, b)
}

func TestAnchorFile(t *testing.T) {
	b := openTest(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "mount")
	path := filepath.Join(dir, "seals.jsonl")
	s := newTest(t, Config{AnchorFile: path}, b)
	produce(t, b, schema.TopicCalls, 0, some(0, 5000))
	round(t, s) // the mount is not there
	st := s.Status()
	if st.AnchorErr == "" || st.Failures == 0 || st.Unwritten != 3 || st.Error != "" || len(seals(t, b)) != 3 {
		t.Fatalf("status %+v", st)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"event_id":"torn`), 0o600); err != nil {
		t.Fatal(err)
	}
	produce(t, b, schema.TopicCalls, 0, some(5000, 10))
	round(t, s)
	if st := s.Status(); st.AnchorErr != "" || st.Unwritten != 0 || st.Lost != 0 {
		t.Fatalf("status %+v", st)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []schema.Seal
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a Anchor
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			continue
		}
		seal, err := a.Seal()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, seal)
	}
	want := seals(t, b)
	if len(got) != len(want) {
		t.Fatalf("%d seals in the file, %d in the log", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("seal %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// With its mount absent, the folder is there and the file is not: seals must not go to the
// machine's own disk in silence.
func TestAnchorFileIsNotMadeBelowAnEmptyMountPoint(t *testing.T) {
	b := openTest(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "seals.jsonl")
	s := newTest(t, Config{AnchorFile: path}, b)
	produce(t, b, schema.TopicCalls, 0, some(0, 10))
	round(t, s) // the log has no seals: the file is made
	if err := os.Rename(path, path+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	for i, s := range []*Sealer{s, newTest(t, Config{AnchorFile: path}, b)} {
		produce(t, b, schema.TopicCalls, 0, some(10*(i+1), 10))
		round(t, s)
		if st := s.Status(); !strings.Contains(st.AnchorErr, "the anchor file is not there") || st.Unwritten == 0 || st.Error != "" {
			t.Errorf("sealer %d: status %+v", i, st)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("sealer %d made the file: %v", i, err)
		}
	}
	if err := os.Rename(path+".elsewhere", path); err != nil {
		t.Fatal(err)
	}
	round(t, s)
	if st := s.Status(); st.AnchorErr != "" || st.Unwritten != 0 {
		t.Errorf("with the mount back: status %+v", st)
	}
}

func TestLogThatLostRecordsIsSaid(t *testing.T) {
	b := openTest(t, t.TempDir())
	s := newTest(t, Config{}, b)
	produce(t, b, schema.TopicCalls, 0, some(0, 10))
	seal := newSeal(place{schema.TopicCalls, 0}, 0, 20, Chain{}, Chain{1}, make([]byte, 20*ShortBytes), 1)
	produce(t, b, schema.TopicSeals, 0, []broker.Record{s.record(&seal)})
	produce(t, b, schema.TopicFiles, 0, some(0, 10))
	err := s.Round(t.Context(), everything())
	if err == nil || !strings.Contains(err.Error(), "has lost records") {
		t.Errorf("error %v", err)
	}
	if n := len(seals(t, b)); n != 3 { // the file's, and that of the seals
		t.Errorf("%d seals: one partition must not keep the others unsealed", n)
	}
}
