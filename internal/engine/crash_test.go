package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// killChild kills the engine's child and waits until the supervisor has seen it.
func killChild(t testing.TB, e *Engine) {
	t.Helper()
	ctx := testContext(t)
	var h Health
	poll(t, "a child to kill", func() bool {
		var err error
		h, err = e.Health(ctx)
		return err == nil
	})
	if err := syscall.Kill(h.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	poll(t, "the child's death to be noticed", func() bool {
		now, _ := e.Health(ctx)
		return now.Restarts > h.Restarts || now.PID != h.PID
	})
}

func TestChildIsStartedAgain(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO t SELECT number FROM numbers(1000)")
	for i := range 3 {
		began := time.Now()
		killChild(t, e)
		if n := count(t, ctx, e, "SELECT count() FROM t"); n != 1000 {
			t.Errorf("%d rows after a crash", n)
		}
		t.Logf("kill to first answer: %v", time.Since(began).Round(time.Millisecond))
		if h, err := e.Health(ctx); err != nil || h.Restarts != i+1 {
			t.Errorf("%+v, %v", h, err)
		}
	}
}

// Killing the child while several writers insert must lose nothing that was acknowledged. A writer that repeats a failed
// insert does so without the token: the engine notes a token before it commits the rows, so a block that was being
// committed at the kill may be known and not be there (seen: one partition's rows of one block in some dozens of kills).
// Rows that did get in are merged with their repetitions, so every row is there exactly once.
func TestCrashWhileInserting(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable)
	const writers, batches, rows = 3, 12, 3000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				first := (w*batches + b) * rows
				stream := usageStream(t, first, rows, 1000)
				token := fmt.Sprintf("w%d/%d", w, b)
				for {
					err := e.InsertArrow(ctx, "usage", token, nil, bytes.NewReader(stream))
					if err == nil {
						break
					}
					token = ""
					if ctx.Err() != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	kills := 0
	for running := true; running && kills < 4; {
		select {
		case <-done:
			running = false
		case <-time.After(150 * time.Millisecond): // somewhere in the middle; where does not matter
			killChild(t, e)
			kills++
		}
	}
	<-done
	if n := count(t, ctx, e, "SELECT count() FROM usage FINAL"); n != writers*batches*rows {
		t.Errorf("%d rows, want %d", n, writers*batches*rows)
	}
	if n := count(t, ctx, e, "SELECT uniqExact(id) FROM usage"); n != writers*batches*rows {
		t.Errorf("%d different rows, want %d", n, writers*batches*rows)
	}
	t.Logf("%d crashes", kills)
}

func TestStatementRunningDuringACrashFails(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	done := make(chan error, 1)
	go func() {
		done <- e.Conn().Exec(ctx, "SELECT sum(sleepEachRow(0.01)) FROM numbers(1000000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0")
	}()
	poll(t, "the statement to run", func() bool {
		h, _ := e.Health(ctx)
		return h.Running > 0
	})
	killChild(t, e)
	if err := <-done; err == nil {
		t.Error("a statement whose engine died succeeded")
	}
	if err := e.Conn().Ping(ctx); err != nil {
		t.Errorf("the next statement: %v", err)
	}
}

// A memory limit must end the statement, not the engine.
func TestMemoryLimit(t *testing.T) {
	e, err := Open(testContext(t), Config{Dir: t.TempDir(), MemoryLimit: minMemoryLimit}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	ctx := testContext(t)
	if err := e.Conn().Exec(ctx, "SELECT groupArray(repeat('x', 1000)) FROM numbers(5000000)"); err == nil {
		t.Fatal("the statement fitted in")
	}
	if h, err := e.Health(ctx); err != nil || h.Restarts != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if n := count(t, ctx, e, "SELECT count() FROM numbers(10)"); n != 10 {
		t.Error("the engine cannot count any more")
	}
}

// TestParentKilled starts a second test process with an engine, kills that process, and sees its child go, too.
func TestParentKilled(t *testing.T) {
	if dir := os.Getenv("ENGINE_TEST_PARENT"); dir != "" {
		parentToBeKilled(dir)
	}
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(testContext(t), exe, "-test.run=^TestParentKilled$")
	cmd.Env = append(os.Environ(), "ENGINE_TEST_PARENT="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var h Health
	if err := json.NewDecoder(out).Decode(&h); err != nil || h.PID == 0 {
		t.Fatalf("%+v, %v", h, err)
	}
	if _, err := Open(testContext(t), Config{Dir: dir}, testLog(t)); !errors.Is(err, ErrInUse) {
		t.Errorf("opening what another process has open: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	poll(t, "the orphan to end", func() bool { return errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH) || zombie(h.PID) })
	e := openTest(t, dir)
	if n := count(t, testContext(t), e, "SELECT count() FROM t"); n != 10 {
		t.Errorf("%d rows", n)
	}
}

// zombie says whether a process has ended but was not waited for by whoever inherited it.
func zombie(pid int) bool {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	return err == nil && bytes.Contains(b, []byte(") Z "))
}

func parentToBeKilled(dir string) {
	ctx := context.Background()
	e, err := Open(ctx, Config{Dir: dir}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil {
		err = e.Conn().Exec(ctx, "CREATE TABLE t ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(10)")
	}
	h := Health{}
	if err == nil {
		h, err = e.Health(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(h)
	select {}
}

// Ctrl-C in the terminal goes to the whole foreground process group; the child must not be in it.
func TestChildHasItsOwnProcessGroup(t *testing.T) {
	e := openTest(t, t.TempDir())
	h, err := e.Health(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(h.PID)
	if err != nil || group != h.PID {
		t.Errorf("the child %d is in group %d, %v", h.PID, group, err)
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{emit: func(s string) { got = append(got, s) }}
	for _, s := range []string{"a", "b\nc\n\n", "  \n", string(bytes.Repeat([]byte("x"), maxLine+10)), "\nlast"} {
		if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.flush()
	want := []string{"ab", "c", string(bytes.Repeat([]byte("x"), maxLine)), "xxxxxxxxxx", "last"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
}

// A child that is there but does not answer is killed, and another one started.
func TestHungChildIsKilled(t *testing.T) {
	first := openTest(t, t.TempDir()) // for the files, and a configuration that works
	cfg := first.sup.cfg
	if err := first.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	s := startSupervisor(cfg, patience{every: 20 * time.Millisecond, timeout: time.Second}, testLog(t))
	defer func() { s.stop(); <-s.done }()
	if err := s.waitReady(testContext(t)); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	pid := s.proc.Pid
	s.mu.Unlock()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	poll(t, "another child", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.restarts == 1 && s.state == StateReady && s.proc.Pid != pid
	})
}
