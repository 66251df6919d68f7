package archive

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/broker"
	"linesman/schema"
)

var errStopped = errors.New("stopped here")

// stopping is a store that fails at the nth change, before or after it was made.
type stopping struct {
	Store
	left  int
	after bool
}

func (s *stopping) step(do func() error) error {
	s.left--
	if s.left != 0 {
		if s.left < 0 {
			return errStopped // what is dead stays dead
		}
		return do()
	}
	if s.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errStopped
}

func (s *stopping) PutFile(ctx context.Context, name, path string) error {
	return s.step(func() error { return s.Store.PutFile(ctx, name, path) })
}

func (s *stopping) Create(ctx context.Context, name string, data []byte) error {
	return s.step(func() error { return s.Store.Create(ctx, name, data) })
}

// A run that is stopped at any step leaves an archive that is whole as far as it goes, and the
// next run completes it.
func TestStoppedAtEveryStep(t *testing.T) {
	log := filled(t, 300, at("2026-10-31T23:58:30.000Z"))
	for _, after := range []bool{false, true} {
		steps := 1
		for ; ; steps++ {
			st := inFolder(t, filepath.Join(t.TempDir(), "A"))
			produced := write(t, log, st, Options{Now: at("2026-11-02T00:00:00.000Z"), Program: "test"}) // there is something before
			_, err := Write(t.Context(), log, &stopping{Store: st, left: steps, after: after}, everything)
			if err == nil {
				break
			}
			if !errors.Is(err, errStopped) {
				t.Fatal(err)
			}
			if rep := checked(t, st); rep.Records < produced.Records {
				t.Fatalf("stopped at step %d: %+v", steps, rep)
			}
			write(t, log, st, everything)
			if rep := checked(t, st); rep.Records != 300+151+9+3 {
				t.Fatalf("stopped at step %d, completed: %+v", steps, rep)
			}
			if left, err := filepath.Glob(filepath.Join(st.Spool(), "*")); err != nil || len(left) > 0 {
				t.Errorf("stopped at step %d: left behind %v, %v", steps, left, err)
			}
		}
		if steps < 6 {
			t.Errorf("only %d steps were tried", steps)
		}
	}
}

// failing is a log that stops taking records in the middle of a call.
type failing struct {
	*broker.Broker
	left int // records
}

func (f *failing) Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (int64, error) {
	if f.left < len(recs) {
		if _, err := f.Broker.Produce(ctx, topic, partition, recs[:f.left]); err != nil {
			return -1, err
		}
		return -1, errStopped
	}
	f.left -= len(recs)
	return f.Broker.Produce(ctx, topic, partition, recs)
}

func TestRestoreGoesOnWhereItWasStopped(t *testing.T) {
	log := filled(t, 12_000, at("2026-10-31T20:00:00.000Z"))
	st := inFolder(t, t.TempDir())
	total := write(t, log, st, everything).Records
	back := openLog(t)
	for _, n := range []int{0, 1, 5000, 3, 10_000} {
		if _, err := restoreInto(t, &failing{back, n}, st, true); !errors.Is(err, errStopped) {
			t.Fatalf("%v", err)
		}
	}
	if _, err := restoreInto(t, back, st, false); !errors.Is(err, ErrNotEmpty) {
		t.Fatalf("%v", err)
	}
	got, err := restoreInto(t, back, st, true)
	if err != nil || got.Found != 15_004 || got.Found+got.Appended != total {
		t.Fatalf("%+v of %d, %v", got, total, err)
	}
	same(t, back, log)
	if got, err := restoreInto(t, back, st, true); err != nil || got.Appended != 0 || got.Found != total {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestRestoreRefusesWhatDoesNotFit(t *testing.T) {
	log := filled(t, 100, at("2026-10-01T00:00:00.000Z"))
	st := inFolder(t, t.TempDir())
	write(t, log, st, everything)
	record := contents(t, log)[schema.TopicCalls+"/0"][0]
	for name, c := range map[string]struct {
		before []broker.Record
		topic  string
		want   string
	}{
		"another record":     {[]broker.Record{{Value: []byte("stranger"), Time: record.Time}}, schema.TopicCalls, "another record at offset 0"},
		"another time":       {[]broker.Record{{Key: record.Key, Value: record.Value, Headers: record.Headers, Time: record.Time.Add(1e6)}}, schema.TopicCalls, "CreateTime"},
		"more than archived": {[]broker.Record{{Value: []byte("new")}}, schema.TopicSMS, "something was appended"},
	} {
		back := openLog(t)
		produce(t, back, c.topic, 0, c.before...)
		if _, err := restoreInto(t, back, st, true); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "anew") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := restoreInto(t, back, st, false); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "another data directory") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
