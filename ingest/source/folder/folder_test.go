package folder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// desk is a collector that notes what it gets.
type desk struct {
	mu    sync.Mutex
	got   []string // name=content
	react func(name string, times int) (ingest.Report, error)
	times map[string]int
}

func (d *desk) handle(_ context.Context, collector, path string) (ingest.Report, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return ingest.Report{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	name := filepath.Base(path)
	if d.times == nil {
		d.times = map[string]int{}
	}
	d.times[name]++
	d.got = append(d.got, name+"="+string(body))
	if d.react != nil {
		return d.react(name, d.times[name])
	}
	return ingest.Report{Name: name, Collector: collector, State: schema.FileDone, Read: 1, Sent: 1}, nil
}

func (d *desk) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.got)
}

func start(t *testing.T, cfg Config, h Handle) (*Source, string) {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Collectors = []string{"cucm", "melior"}
	if cfg.Settle == 0 {
		cfg.Settle = 20 * time.Millisecond
	}
	cfg.RetryMin, cfg.RetryMax = 5*time.Millisecond, 20*time.Millisecond
	s, err := New(cfg, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the source ended with %v", err)
		}
	})
	until(t, "the inboxes are there", func() bool {
		_, err := os.Stat(filepath.Join(cfg.Dir, "failed", "melior"))
		return err == nil
	})
	return s, cfg.Dir
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited a minute: %s", what)
}

func write(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(parts[:len(parts)-1]...), []byte(parts[len(parts)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(parts ...string) bool {
	_, err := os.Stat(filepath.Join(parts...))
	return err == nil
}

func TestDoneAndFailed(t *testing.T) {
	d := &desk{}
	d.react = func(name string, _ int) (ingest.Report, error) {
		r := ingest.Report{Name: name, State: schema.FileDone, Read: 2, Sent: 2}
		if strings.HasPrefix(name, "bad") {
			r.State, r.Error = schema.FileFailed, "line 1: no"
		}
		return r, nil
	}
	_, dir := start(t, Config{}, d.handle)
	write(t, dir, "inbox", "cucm", "good.csv", "1")
	write(t, dir, "inbox", "melior", "bad.csv", "2")
	until(t, "both files moved with their reports", func() bool {
		return exists(dir, "done", "cucm", "good.csv.report.json") && exists(dir, "failed", "melior", "bad.csv.report.json")
	})
	for _, p := range []string{"done/cucm/good.csv", "failed/melior/bad.csv"} {
		var r ingest.Report
		text, err := os.ReadFile(filepath.Join(dir, p+".report.json"))
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil || r.Name != filepath.Base(p) || !exists(dir, p) {
			t.Errorf("%s: report %+v, error %v", p, r, err)
		}
	}
	if exists(dir, "inbox", "cucm", "good.csv") || exists(dir, "inbox", "melior", "bad.csv") {
		t.Error("a collected file is still in its inbox")
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{}, d.handle)
	for i := range 3 {
		write(t, dir, "inbox", "cucm", "same.csv", fmt.Sprint(i))
		name := "same.csv"
		if i > 0 {
			name += fmt.Sprintf(".%d", i+1)
		}
		until(t, name+" is done", func() bool { return exists(dir, "done", "cucm", name+".report.json") })
		if got, err := os.ReadFile(filepath.Join(dir, "done", "cucm", name)); err != nil || string(got) != fmt.Sprint(i) {
			t.Errorf("%s holds %q, error %v; want %d", name, got, err, i)
		}
	}
}

func TestPassingNamesAndOrder(t *testing.T) {
	base := t.TempDir()
	inbox := filepath.Join(base, "inbox", "cucm")
	if err := os.MkdirAll(filepath.Join(inbox, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"_open", ".hidden", "x.tmp", "y.PART", "c.csv", "a.csv", "b.csv"} {
		write(t, inbox, name, "x")
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(inbox, "link.csv")); err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	start(t, Config{Dir: base}, d.handle)
	until(t, "three files are done", func() bool { return exists(base, "done", "cucm", "c.csv.report.json") })
	if want := []string{"a.csv=x", "b.csv=x", "c.csv=x"}; !slices.Equal(d.seen(), want) {
		t.Errorf("collected %v, want %v", d.seen(), want)
	}
	for _, name := range []string{"_open", ".hidden", "x.tmp", "y.PART", "folder", "link.csv"} {
		if !exists(inbox, name) {
			t.Errorf("%s is gone from the inbox", name)
		}
	}
}

func TestRenamedFilesAreTakenAtOnce(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{Settle: time.Hour}, d.handle) // only a rename can beat an hour
	until(t, "the rename is seen", func() bool {
		// Again and again, because the first ones may come before the watch is set.
		name := fmt.Sprintf("x%d", time.Now().UnixNano())
		write(t, dir, "inbox", "cucm", "_"+name, "whole")
		if err := os.Rename(filepath.Join(dir, "inbox", "cucm", "_"+name), filepath.Join(dir, "inbox", "cucm", name)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		return len(d.seen()) > 0
	})
}

func TestChangedWhileRead(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{}, func(ctx context.Context, c, path string) (ingest.Report, error) {
		r, err := d.handle(ctx, c, path)
		if len(d.seen()) == 1 { // the writer was not finished
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(" and the rest")
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				return r, err
			}
		}
		return r, err
	})
	write(t, dir, "inbox", "cucm", "slow.csv", "start")
	until(t, "the file is done", func() bool { return exists(dir, "done", "cucm", "slow.csv.report.json") })
	if got := d.seen(); got[len(got)-1] != "slow.csv=start and the rest" {
		t.Errorf("collected %q, want the whole file in the end", got)
	}
}

func TestErrorsKeepTheFile(t *testing.T) {
	away := &ingest.LogError{Err: errors.New("no space left on device")}
	d := &desk{}
	d.react = func(name string, times int) (ingest.Report, error) {
		switch {
		case name == "a.csv" && times <= 3:
			return ingest.Report{}, fmt.Errorf("collecting: %w", away)
		case name == "b.csv" && times <= 3:
			return ingest.Report{}, errors.New("input/output error")
		}
		return ingest.Report{Name: name, State: schema.FileDone}, nil
	}
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "inbox", "cucm"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"a.csv", "b.csv", "c.csv"} {
		write(t, base, "inbox", "cucm", n, "x")
	}
	start(t, Config{Dir: base}, d.handle)
	until(t, "all are done", func() bool {
		return exists(base, "done", "cucm", "a.csv.report.json") && exists(base, "done", "cucm", "b.csv.report.json") && exists(base, "done", "cucm", "c.csv.report.json")
	})
	got := d.seen()
	if want := []string{"a.csv=x", "a.csv=x", "a.csv=x", "a.csv=x"}; !slices.Equal(got[:4], want) {
		t.Errorf("order %v: while the log is away the first file is tried alone", got)
	}
	if c, lastB := slices.Index(got, "c.csv=x"), len(got)-1; got[lastB] != "b.csv=x" || c > lastB {
		t.Errorf("order %v: a file that cannot be read must not hold up its neighbours", got)
	}
	if entries, err := os.ReadDir(filepath.Join(base, "failed", "cucm")); err != nil || len(entries) != 0 {
		t.Errorf("failed holds %v, error %v; want nothing", entries, err)
	}
}

func TestCollectedOnceWhenTheMoveFails(t *testing.T) {
	d := &desk{}
	base := t.TempDir()
	blocked := filepath.Join(base, "done", "cucm")
	if err := os.MkdirAll(filepath.Join(base, "inbox", "cucm"), 0o700); err != nil {
		t.Fatal(err)
	}
	collected := make(chan struct{})
	s, _ := start(t, Config{Dir: base}, func(ctx context.Context, c, path string) (ingest.Report, error) {
		// A file in place of the folder: moving there fails for root too.
		err := os.RemoveAll(blocked)
		if err == nil {
			err = os.WriteFile(blocked, nil, 0o600)
		}
		if err != nil {
			return ingest.Report{}, err
		}
		r, err := d.handle(ctx, c, path)
		close(collected)
		return r, err
	})
	write(t, s.Inbox("cucm"), "a.csv", "x")
	<-collected
	time.Sleep(60 * time.Millisecond) // room for retries of the move; more or fewer do not matter
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	until(t, "the file is done", func() bool { return exists(blocked, "a.csv.report.json") })
	if got := d.seen(); len(got) != 1 {
		t.Errorf("collected %d times, want once", len(got))
	}
}

func TestInboxComesBack(t *testing.T) {
	d := &desk{}
	s, dir := start(t, Config{Poll: 10 * time.Millisecond}, d.handle)
	if err := os.RemoveAll(s.Inbox("cucm")); err != nil {
		t.Fatal(err)
	}
	until(t, "the inbox is made again", func() bool { return exists(s.Inbox("cucm")) })
	write(t, s.Inbox("cucm"), "a.csv", "x")
	until(t, "the file is done", func() bool { return exists(dir, "done", "cucm", "a.csv.report.json") })
}

// look gives a file a size and a time of change and looks at it.
func look(t *testing.T, path string, size int64, at time.Time) fs.FileInfo {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = errors.Join(f.Truncate(size), f.Close(), os.Chtimes(path, at, at))
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestSettling(t *testing.T) {
	t0 := time.Unix(1_700_000_000, 0)
	path := filepath.Join(t.TempDir(), "a")
	at := func(d int) time.Time { return t0.Add(time.Duration(d) * time.Millisecond) }
	tr := newTracker(500 * time.Millisecond)
	for _, step := range []struct {
		now   int
		size  int64
		mtime int
		whole bool
		ready bool
	}{
		{0, 10, 0, false, false}, {499, 10, 0, false, false}, {500, 10, 0, false, true},
		{600, 20, 600, false, false}, {1000, 20, 600, false, false}, {1050, 20, 1040, false, false}, // written again, same size
		{1540, 20, 1040, false, false}, {1551, 20, 1040, false, true},
		{1600, 30, 1600, true, true}, // renamed into place
	} {
		f := look(t, path, step.size, at(step.mtime))
		tr.update(map[string]fs.FileInfo{"a": f, "_b": f}, map[string]bool{"a": step.whole}, at(step.now))
		if got := len(tr.ready(at(step.now))) == 1; got != step.ready {
			t.Errorf("after %d ms: ready %v, want %v", step.now, got, step.ready)
		}
	}
	tr.update(nil, nil, at(2000))
	if !tr.next().IsZero() {
		t.Error("a file that is gone is still waited for")
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{min: 10, max: 35}
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{10, 20, 35, 35} {
		if got := b.fail(now); got != want || !b.until.Equal(now.Add(want)) {
			t.Errorf("wait %d, want %d", got, want)
		}
	}
	if b.reset(); b.fail(now) != 10 {
		t.Error("a success does not reset the wait")
	}
}

func TestNewRefuses(t *testing.T) {
	h := func(context.Context, string, string) (ingest.Report, error) { return ingest.Report{}, nil }
	for _, c := range []Config{{}, {Dir: "x"}, {Dir: "x", Collectors: []string{"../y"}}, {Dir: "x", Collectors: []string{""}}} {
		if _, err := New(c, h, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
