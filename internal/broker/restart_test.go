package broker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	crashDirVar     = "LINESMAN_TEST_CRASH_DIR" // set in the child that gets killed
	crashPartitions = 2
	crashBatch      = 200
)

// TestMain turns the test binary into the child of TestSurvivesKill when asked.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVar); dir != "" {
		if err := produceForever(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// produceForever appends numbered records and prints "partition end" for each
// acknowledged call.
func produceForever(dir string) error {
	ctx := context.Background()
	b, err := Open(ctx, Config{Dir: dir}, nil)
	if err != nil {
		return err
	}
	if err := b.EnsureTopics(ctx, []TopicSpec{{Name: "facts", Partitions: crashPartitions}}); err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, crashPartitions)
	for p := range crashPartitions {
		wg.Go(func() {
			_, next, err := b.Offsets(ctx, "facts", p)
			for err == nil {
				var first int64
				first, err = b.Produce(ctx, "facts", p, numbered(int(next), crashBatch))
				if err == nil && first != next {
					err = fmt.Errorf("first offset %d, want %d", first, next)
				}
				next += crashBatch
				fmt.Println(p, next)
			}
			errs <- err
		})
	}
	wg.Wait()
	return <-errs
}

func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged [crashPartitions]int64
	for round := range 6 {
		cmd := exec.CommandContext(testContext(t), os.Args[0])
		cmd.Env = append(os.Environ(), crashDirVar+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Fatal(lines.Text())
			}
			var p int
			var end int64
			if _, err := fmt.Sscan(lines.Text(), &p, &end); err != nil {
				break // torn by the kill
			}
			acknowledged[p] = end
			if n == 30+17*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		if state := cmd.ProcessState; state.Exited() {
			t.Fatalf("the child ended by itself: %v", state)
		}
	}
	b := openTest(t, Config{Dir: dir})
	for p, end := range acknowledged {
		first, next, err := b.Offsets(testContext(t), "facts", p)
		if err != nil || first != 0 || next < end || end == 0 {
			t.Fatalf("partition %d holds [%d,%d], %d were acknowledged (%v)", p, first, next, end, err)
		}
		t.Logf("partition %d: %d acknowledged, %d in the log", p, end, next)
		checkNumbered(t, readAll(t, b, "facts", p, 0, int(next), 1000), 0)
	}
	if h, err := b.Health(testContext(t)); err != nil || len(h.Damage) > 0 {
		t.Errorf("damage %v, %v", h.Damage, err)
	}
}

func TestCleanRestart(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	for round := range 3 {
		b := openTest(t, cfg)
		ensure(t, b, "facts.raw_1-x", 2)
		if first := produce(t, b, "facts.raw_1-x", 1, numbered(100*round, 100)); first != int64(100*round) {
			t.Fatalf("round %d starts at offset %d", round, first)
		}
		checkNumbered(t, readAll(t, b, "facts.raw_1-x", 1, 0, 100*(round+1), 7), 0)
		size := b.embedded.size.Load()
		if err := b.Close(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if onDisk, err := dirSize(filepath.Join(cfg.Dir, dataDir, "partitions")); err != nil || onDisk == 0 {
			t.Fatalf("%d bytes on disk, counted %d (%v)", onDisk, size, err)
		}
	}
}

// segments lists a partition's segment files by first offset.
func segments(t *testing.T, dir, topic string, partition int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, dataDir, "partitions", topic+"-"+strconv.Itoa(partition), "*.dat"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	base := func(f string) int {
		n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(f), ".dat"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	slices.SortFunc(files, func(a, b string) int { return base(a) - base(b) })
	return files
}

// stopped fills a log with noise over several segments and stops it.
func stopped(t *testing.T, cfg Config) (recs []Record) {
	t.Helper()
	b := openTest(t, cfg)
	ensure(t, b, "facts", 1)
	recs = make([]Record, 800)
	for i := range recs {
		recs[i].Value = noise(50_000, uint64(i))
	}
	produce(t, b, "facts", 0, recs)
	if err := b.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return recs
}

func TestTornTail(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true}
	recs := stopped(t, cfg)
	files := segments(t, cfg.Dir, "facts", 0)
	last := files[len(files)-1]
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(last, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data[:70_000]); err != nil { // the start of a batch
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	b := openTest(t, cfg)
	if h, err := b.Health(testContext(t)); err != nil || len(h.Damage) > 0 || h.Topics[0].Partitions[0].Next != int64(len(recs)) {
		t.Errorf("health %+v, %v: an unfinished write is no damage", h, err)
	}
	produce(t, b, "facts", 0, recs[:10])
	got := readAll(t, b, "facts", 0, 0, len(recs)+10, 50)
	for i := range got {
		if !bytes.Equal(got[i].Value, recs[i%len(recs)].Value) {
			t.Fatalf("record %d differs", i)
		}
	}
}

func flipByte(t *testing.T, file string, at int64) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 0xff
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLostTailIsReported(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true}
	recs := stopped(t, cfg)
	files := segments(t, cfg.Dir, "facts", 0)
	info, err := os.Stat(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	flipByte(t, files[len(files)-1], info.Size()-1)

	b := openTest(t, cfg)
	ctx := testContext(t)
	h, err := b.Health(ctx)
	if err != nil || len(h.Damage) != 1 || !strings.Contains(h.Damage[0], "acknowledged records are lost") {
		t.Fatalf("health %+v, %v: want the loss", h, err)
	}
	next := h.Topics[0].Partitions[0].Next
	if next >= int64(len(recs)) {
		t.Fatalf("the log ends at %d", next)
	}
	var outside *OffsetRangeError
	if _, err := b.NewReader(ctx, "facts", 0, int64(len(recs))); !errors.As(err, &outside) {
		t.Errorf("error %v, want an OffsetRangeError", err)
	}
	// The log goes on where it ends now, and can be read there.
	if first := produce(t, b, "facts", 0, recs[:30]); first != next {
		t.Errorf("goes on at %d, want %d", first, next)
	}
	for i, rec := range readAll(t, b, "facts", 0, next, 30, 100) {
		if !bytes.Equal(rec.Value, recs[i].Value) {
			t.Fatalf("record %d differs", i)
		}
	}
}

func TestHoleIsReported(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true}
	stopped(t, cfg)
	flipByte(t, segments(t, cfg.Dir, "facts", 0)[0], 8<<20)

	b := openTest(t, cfg)
	ctx := testContext(t)
	if h, err := b.Health(ctx); err != nil || len(h.Damage) != 1 || !strings.Contains(h.Damage[0], "segment 0 is damaged") {
		t.Fatalf("health %+v, %v: want the damaged segment", h, err)
	}
	r, err := b.NewReader(ctx, "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for {
		before := r.Position()
		recs, err := r.Fetch(ctx, 1000, 100*time.Millisecond)
		var gap *GapError
		if errors.As(err, &gap) {
			if gap.Expected != before || r.Position() != before || gap.Expected == 0 {
				t.Errorf("gap %+v at position %d", gap, before)
			}
			return
		}
		if err != nil || len(recs) == 0 {
			t.Fatalf("at %d: %d records, %v; want the gap", before, len(recs), err)
		}
	}
}
