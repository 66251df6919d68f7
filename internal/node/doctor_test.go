package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/internal/config"
	"linesman/internal/doctor"
	"linesman/internal/engine"
)

// generous bounds every wait: far more than a busy machine needs.
const generous = 2 * time.Minute

// expect fails the test when the worst check of a stage has not the state and every word.
func expect(t *testing.T, r doctor.Report, hop string, state doctor.State, words ...string) {
	t.Helper()
	if why := differs(r, hop, state, words...); why != "" {
		t.Error(why)
	}
}

func differs(r doctor.Report, hop string, state doctor.State, words ...string) string {
	c, ok := r.Find(hop)
	if !ok {
		return fmt.Sprintf("no stage %s in %+v", hop, r.Checks)
	}
	if c.State != state {
		return fmt.Sprintf("stage %s is %s, want %s: %s", hop, c.State, state, c.Detail)
	}
	for _, w := range words {
		if !strings.Contains(c.Detail+" -> "+c.Do, w) {
			return fmt.Sprintf("stage %s does not say %q: %s -> %s", hop, w, c.Detail, c.Do)
		}
	}
	return ""
}

// until looks until a stage is as it should be.
func until(t *testing.T, look func() doctor.Report, hop string, state doctor.State, words ...string) doctor.Report {
	t.Helper()
	for end := time.Now().Add(generous); ; time.Sleep(20 * time.Millisecond) {
		r := look()
		why := differs(r, hop, state, words...)
		if why == "" {
			return r
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", generous, why)
		}
	}
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// linked is a configuration whose engine library can be taken away.
func linked(t *testing.T) config.Config {
	t.Helper()
	cfg := testConfig(t)
	if err := os.Chmod(cfg.Data, 0o700); err != nil { // a test's own folder is open to all
		t.Fatal(err)
	}
	cfg.Doctor.Timeout = 10 * time.Second
	cfg.Seal.Every = time.Hour // a seal would be a record that lags for a moment
	cfg.Store.Library = filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.Symlink(engine.LibraryPath(), cfg.Store.Library); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// The stages in the order a file travels.
var travels = []string{"configuration", "data directory", "library", "disk", "process", "inbox cucm", "inbox itemised", "inbox melior", "inbox contacts", "inbox reference", "inbox invoices", "collecting",
	"log", "damage", "lag", "store", "rules", "seals", "archive", "console", "clock", "time zones", "gaps", "cases", "reminders", doctor.EndToEnd}

func TestDoctorFindsWhatIsBroken(t *testing.T) {
	cfg := linked(t)
	n := openNode(t, cfg)
	dir := t.TempDir()
	demoFiles(t, dir)
	running(t, n, RunOptions{Console: true}, func(ctx context.Context, url string) {
		if err := n.Feed(ctx, dir, nil); err != nil {
			t.Error(err)
			return
		}
		// As the command asks: through the control socket.
		look := func() doctor.Report { return Diagnose(ctx, cfg) }
		until(t, look, "rules", doctor.Green) // the socket may come a moment later than the console
		t.Run("well", func(t *testing.T) { checkWell(t, n, look()) })
		t.Run("metrics", func(t *testing.T) { checkMetrics(t, url) })
		t.Run("inbox", func(t *testing.T) { breakInbox(t, cfg, look) })
		t.Run("library", func(t *testing.T) { breakLibrary(t, cfg, look) })
		t.Run("disk", func(t *testing.T) {
			n.cfg.Doctor.MinFree = 1 << 60 // nobody else reads it while this test looks
			expect(t, look(), "disk", doctor.Red, "doctor.min_free", "free space")
			n.cfg.Doctor.MinFree = cfg.Doctor.MinFree
		})
		t.Run("engine", func(t *testing.T) { stopEngine(t, n, url, look) })
		t.Run("range", func(t *testing.T) { breakRange(t, ctx, n, look) })
		t.Run("newer", func(t *testing.T) {
			if err := n.store.Conn().Exec(ctx, "INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', '', now64(3))"); err != nil {
				t.Fatal(err)
			}
			expect(t, look(), "store", doctor.Red, "migration 9999", "newer linesman", "rebuild")
		})
	})
}

func checkWell(t *testing.T, n *Node, r doctor.Report) {
	for i, c := range distinct(r.Checks) {
		if i >= len(travels) || travels[i] != c {
			t.Fatalf("stages %v, want %v", distinct(r.Checks), travels)
		}
	}
	for _, c := range r.Checks {
		if c.State == doctor.Red || (c.State == doctor.Yellow && c.Hop != "inbox melior" && c.Hop != "gaps" && c.Hop != doctor.EndToEnd) {
			t.Errorf("a demo region that is well: %+v", c)
		}
	}
	// The one file that the demo has refused.
	expect(t, r, "inbox melior", doctor.Yellow, "1 file in failed/melior", "a personnummer")
	if !r.Running || r.Version != Version || len(r.Partitions) == 0 {
		t.Errorf("running %v, version %q, %d partitions", r.Running, r.Version, len(r.Partitions))
	}
	judged := uint64(0)
	for _, p := range r.Partitions {
		if p.Stored != p.Logged || (p.Follows && p.Judged != p.Stored) {
			t.Errorf("%+v", p)
		}
		judged += p.Judged
	}
	if judged == 0 {
		t.Error("no partition was judged")
	}
}

func distinct(checks []doctor.Check) (out []string) {
	for _, c := range checks {
		if len(out) == 0 || out[len(out)-1] != c.Hop {
			out = append(out, c.Hop)
		}
	}
	return out
}

// breakInbox puts a file where a folder should be: permissions do not stop root.
func breakInbox(t *testing.T, cfg config.Config, look func() doctor.Report) {
	for _, kind := range []string{"inbox", "done"} {
		dir := cfg.Path(kind, "cucm")
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		// The source makes an inbox that is gone again; then it is taken once more.
		for os.WriteFile(dir, nil, 0o600) != nil {
			_ = os.Remove(dir)
		}
		r := look()
		expect(t, r, "inbox cucm", doctor.Red, kind+"/cucm is a file where a folder should be", "make it a folder")
		expect(t, r, doctor.EndToEnd, doctor.Red, "files do not become rows: the way stops at inbox cucm")
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
	}
	until(t, look, "inbox cucm", doctor.Green)
}

func breakLibrary(t *testing.T, cfg config.Config, look func() doctor.Report) {
	if err := os.Remove(cfg.Store.Library); err != nil {
		t.Fatal(err)
	}
	r := look()
	expect(t, r, "library", doctor.Red, "not installed", "the store still runs, but cannot be started again", "make engine")
	expect(t, r, doctor.EndToEnd, doctor.Red, "files become rows, but library is red")
	if err := os.Symlink(engine.LibraryPath(), cfg.Store.Library); err != nil {
		t.Fatal(err)
	}
	expect(t, look(), "library", doctor.Green)
}

// stopEngine stops the engine's process as a machine that swaps does.
func stopEngine(t *testing.T, n *Node, url string, look func() doctor.Report) {
	h, err := n.engine.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.cfg.Doctor.Timeout = time.Second
	defer func() { n.cfg.Doctor.Timeout = 10 * time.Second }()
	if err := syscall.Kill(h.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(h.PID, syscall.SIGCONT) }()
	r := look()
	expect(t, r, "store", doctor.Red, "does not answer within 1s")
	expect(t, r, "rules", doctor.Yellow, "not known while the store does not work")
	expect(t, r, "log", doctor.Green)
	expect(t, r, doctor.EndToEnd, doctor.Red, "the way stops at store")
	// Who scrapes still gets what does not need the store.
	m := scrapeMetrics(t, url)
	if v := value(m, "linesman_store_up"); v != 0 {
		t.Errorf("linesman_store_up is %v", v)
	}
	if m["linesman_lag_records"] == nil || m["linesman_usage_rows"] != nil {
		t.Error("metrics of the log go with those of the store")
	}
	if err := syscall.Kill(h.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	until(t, look, "store", doctor.Green)
}

// breakRange takes the table away that a range goes to.
func breakRange(t *testing.T, ctx context.Context, n *Node, look func() doctor.Report) {
	if err := n.store.Conn().Exec(ctx, "RENAME TABLE rejects TO rejects_away"); err != nil {
		t.Fatal(err)
	}
	put(t, n.cfg.Path("inbox", "cucm", "no-cdr"), []byte("this,is,no,file,of,calls\n1,2,3,4,5,6\n"))
	r := until(t, look, "lag", doctor.Red, "linesman.rejects/0 stands at offset", "a range fails", "rejects", "tried again by itself")
	expect(t, r, doctor.EndToEnd, doctor.Red, "files do not become rows: the way stops at lag")
	failing := false
	for _, p := range r.Partitions {
		failing = failing || (p.Topic == "linesman.rejects" && p.Failures > 0 && p.Error != "" && !p.FailingSince.IsZero())
	}
	if !failing {
		t.Errorf("no partition fails: %+v", r.Partitions)
	}
	if err := n.store.Conn().Exec(ctx, "RENAME TABLE rejects_away TO rejects"); err != nil {
		t.Fatal(err)
	}
	until(t, look, "lag", doctor.Green)
}

func TestDoctorSeesAFullLog(t *testing.T) {
	cfg := linked(t)
	cfg.Broker.MaxBytes = 300 << 10
	n := openNode(t, cfg)
	dir := t.TempDir()
	demoFiles(t, dir)
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		for _, c := range collectOrder() {
			if _, err := n.moveIn(dir, c); err != nil {
				t.Error(err)
				return
			}
		}
		look := func() doctor.Report { return Diagnose(ctx, cfg) }
		r := until(t, look, "inbox cucm", doctor.Red, "could not be collected", "the log is full", "broker.max_bytes")
		expect(t, r, "log", doctor.Red, "the log is full", "broker.max_bytes", "nothing more is collected")
		expect(t, r, "console", doctor.Green, "not started")
	})
}

func TestDoctorWithNothingRunning(t *testing.T) {
	cfg := linked(t)
	t.Run("no directory", func(t *testing.T) {
		none := cfg
		none.Data = filepath.Join(cfg.Data, "nowhere")
		expect(t, Diagnose(t.Context(), none), "data directory", doctor.Red, "no such directory", "--data")
	})
	t.Run("never started", func(t *testing.T) {
		r := Diagnose(t.Context(), cfg)
		expect(t, r, "process", doctor.Red, "not running", "linesman up --data")
		if r.Running {
			t.Error("nothing runs")
		}
	})
	n, err := Open(t.Context(), cfg, cfg.Logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("starting", func(t *testing.T) { // it holds the directory and takes no commands
		r := Diagnose(t.Context(), cfg)
		if c, _ := r.Find("process"); !strings.Contains(c.Detail, "has the data directory") && !strings.Contains(c.Detail, "has had the data directory") {
			t.Errorf("%+v", c)
		}
	})
	t.Run("hanging", func(t *testing.T) { hang(t, cfg) })
	if err := n.store.Conn().Exec(t.Context(), "INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', '', now64(3))"); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("stopped", func(t *testing.T) { expect(t, Diagnose(t.Context(), cfg), "process", doctor.Red, "not running") })
	t.Run("killed", func(t *testing.T) {
		put(t, cfg.Path("pid"), []byte("4194304\n")) // above every process id of Linux
		expect(t, Diagnose(t.Context(), cfg), "process", doctor.Red, "process 4194304 is gone", "the lock it left is free")
	})
	t.Run("newer", func(t *testing.T) {
		if _, err := Open(t.Context(), cfg, cfg.Logger()); err == nil {
			t.Fatal("a store of a newer program was opened")
		}
		r := Diagnose(t.Context(), cfg)
		expect(t, r, "store", doctor.Red, "migration 9999", "newer linesman", "rebuild")
		expect(t, r, "process", doctor.Red, "the last start ended", "see store")
	})
	t.Run("library", func(t *testing.T) {
		if err := os.Remove(cfg.Store.Library); err != nil {
			t.Fatal(err)
		}
		r := Diagnose(t.Context(), cfg)
		expect(t, r, "library", doctor.Red, "not installed", "make engine")
		expect(t, r, doctor.EndToEnd, doctor.Red, "the way stops at library")
	})
	t.Run("key", func(t *testing.T) {
		if err := os.Chmod(cfg.Path("pseudonym.key"), 0o644); err != nil {
			t.Fatal(err)
		}
		expect(t, Diagnose(t.Context(), cfg), "data directory", doctor.Red, "pseudonym.key is open to others")
	})
}

// hang listens for commands and answers none.
func hang(t *testing.T, cfg config.Config) {
	path, err := SocketPath(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	cfg.Doctor.Timeout = 200 * time.Millisecond
	r := Diagnose(t.Context(), cfg)
	expect(t, r, "process", doctor.Red, fmt.Sprintf("process %d", os.Getpid()), "hangs", "kill -QUIT")
	expect(t, r, doctor.EndToEnd, doctor.Red, "the way stops at process")
}
