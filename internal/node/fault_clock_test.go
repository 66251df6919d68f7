package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"linesman/ingest/collector"
	"linesman/ingest/unpack"
	"linesman/internal/demo"
	"linesman/processors/follow"
)

// jumping is a clock that jumps every time it is asked: hours and days back and forth, and
// to 2100. It is never so far back that a record of the files would lie in the future.
func jumping() func() time.Time {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := []time.Time{now, now.Add(-3 * time.Hour), now.Add(time.Millisecond), now.AddDate(0, 0, 9), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), now.AddDate(0, 0, -9),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), now, time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)}
	var mu sync.Mutex
	asked := 0
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return at[asked%len(at)]
	}
}

// TestFaultClockJumps collects a region with a clock that jumps between and during collections,
// and while roll-ups and rules follow. Nothing but the recorded times may differ.
func TestFaultClockJumps(t *testing.T) {
	region := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	files := deliveries(t, region)
	calm := openNode(t, testConfig(t))
	secret, err := os.ReadFile(calm.cfg.Path("pseudonym.key"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	if err := os.WriteFile(cfg.Path("pseudonym.key"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	wild := openNode(t, cfg)
	clock := jumping()
	formats, err := Formats(cfg, wild.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		t.Fatal(err)
	}
	if wild.collector, err = collector.New(collector.Config{Key: wild.key, Limits: unpack.Limits{MaxBytes: cfg.Ingest.MaxFile}, Zone: zone, Now: clock}, wild.broker, formats, wild.log); err != nil {
		t.Fatal(err)
	}
	wild.follower = follow.New(follow.Config{Quiet: cfg.Restatements.Quiet, Zone: zone, Now: clock}, wild.pipeline, wild.broker, wild.store, wild.evaluator, wild.log)
	var content [2]string
	for i, n := range []*Node{calm, wild} {
		for k, f := range files {
			raw, err := os.ReadFile(f.path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Collect(t.Context(), CollectRequest{Collector: f.collector, Name: filepath.Base(f.path), Size: int64(len(raw))}, bytes.NewReader(raw)); err != nil {
				t.Fatal(err)
			}
			if k%(len(files)/5) == 0 { // and in between, with what is late
				if err := n.CatchUp(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := n.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		rep, err := n.Verify(t.Context(), nil)
		if err != nil || !rep.OK {
			t.Errorf("verify: %v, %+v", err, rep)
		}
		if s, err := n.Status(t.Context()); err != nil || s.Rows == 0 {
			t.Errorf("status: %+v, %v", s, err)
		}
		content[i] = contentOf(t, n)
	}
	if content[0] != content[1] {
		t.Errorf("with a jumping clock the store differs:\n%s", diffLines(content[0], content[1]))
	}
	if got := ask(t, wild, "SELECT uniqExact(toYear(recorded_at)) > 2 FROM usage"); got != "1" {
		t.Error("the clock did not jump")
	}
	if res, err := wild.Rebuild(t.Context(), nil); err != nil || len(res.Changed) > 0 {
		t.Errorf("a rebuild changes %v, %v", res.Changed, err)
	}
}

// TestFaultClockNotSet collects with the clock of a machine that has just got power: the file
// waits until the clock is set.
func TestFaultClockNotSet(t *testing.T) {
	n := openNode(t, testConfig(t))
	formats, err := Formats(n.cfg, n.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(7, 0)
	c, err := collector.New(collector.Config{Key: n.key, Now: func() time.Time { return now }}, n.broker, formats, n.log)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../../cmd/linesman/testdata/cdr_StandAloneCluster_01_202603140845_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Collect(t.Context(), "cucm", "f", bytes.NewReader(file), int64(len(file))); !errors.Is(err, collector.ErrClock) {
		t.Errorf("collecting in 1970: %v", err)
	}
	if empty, err := n.Empty(t.Context()); err != nil || !empty {
		t.Errorf("the log is empty: %v, %v", empty, err)
	}
	now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if r, err := c.Collect(t.Context(), "cucm", "f", bytes.NewReader(file), int64(len(file))); err != nil || r.Sent != 10 {
		t.Errorf("collecting with the clock set: %+v, %v", r, err)
	}
}
