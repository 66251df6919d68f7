package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// resident is the memory of a process in bytes.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // 0 when it is gone
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kb int64
	_, _ = fmt.Sscan(rest, &kb)
	return kb << 10
}

// peak follows the memory of a process until stop is called, which returns the most there was.
func peak(pid int) (stop func() int64) {
	var mu sync.Mutex
	var most int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			mu.Lock()
			most = max(most, resident(pid))
			mu.Unlock()
			select {
			case <-end:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(end); <-ended; return most }
}

// signalEngines sends a signal to the engine, whichever process it is now.
func signalEngines(i *instance, s syscall.Signal) {
	for _, pid := range i.engines() {
		_ = syscall.Kill(pid, s) // it may have gone
	}
}

// asked is what the console answers, and how long that took.
func asked(t *testing.T, method, url, body string) (status int, text string, took time.Duration) {
	t.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("the console is gone with the engine: %v", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw), time.Since(began)
}

// TestFaultEngineAway takes the engine away from a running linesman: slow, hanging, killed again
// and again. The log goes on taking files, memory is bounded, and everything is caught up.
func TestFaultEngineAway(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	i := startUp(t, data)
	l := newLayout(t)
	rows, files := 0, 0
	feed := func(name string, n int) {
		drop(t, data, "cucm", name, l.file(calls(name, n)...))
		rows, files = rows+n, files+1
	}
	for n := range 4 {
		feed(fmt.Sprint("warm", n), 20_000)
	}
	eventually(t, data, "SELECT count() FROM usage", fmt.Sprint(rows))
	before := resident(i.cmd.Process.Pid)
	most := peak(i.cmd.Process.Pid)

	// Slow: it runs a fifth of the time.
	for began, n := time.Now(), 0; time.Since(began) < outage(t, 5*time.Second); n++ {
		if n%5 == 0 {
			feed(fmt.Sprint("slow", n), 5000)
		}
		signalEngines(i, syscall.SIGSTOP)
		time.Sleep(160 * time.Millisecond)
		signalEngines(i, syscall.SIGCONT)
		time.Sleep(40 * time.Millisecond)
	}

	// Hanging: whatever process it is, it is stopped.
	began := time.Now()
	for n := 0; time.Since(began) < outage(t, 12*time.Second); n++ {
		signalEngines(i, syscall.SIGSTOP)
		feed(fmt.Sprint("hang", n), 20_000)
		signalEngines(i, syscall.SIGSTOP)
		await(t, func() string {
			return fmt.Sprintf("the log takes files while the engine hangs: %d of %d", handled(data), files)
		}, func() bool {
			signalEngines(i, syscall.SIGSTOP)
			return handled(data) == files
		})
		if n == 0 {
			status, text, took := asked(t, http.MethodGet, i.url+"/api/status", "")
			t.Logf("status after %v: %d %s", took.Round(time.Millisecond), status, text)
			if status != http.StatusOK || !strings.Contains(text, "does not answer") || took > 30*time.Second {
				t.Errorf("status while the engine hangs: %d after %v: %s", status, took, text)
			}
		}
	}
	t.Logf("%d files of %d rows went into the log in %v without an engine", files, rows, time.Since(began).Round(time.Millisecond))

	// Gone: killed whenever it has come back.
	for began := time.Now(); time.Since(began) < outage(t, 5*time.Second); time.Sleep(100 * time.Millisecond) {
		signalEngines(i, syscall.SIGKILL)
	}
	feed("gone", 20_000)
	select {
	case <-i.done:
		t.Fatalf("linesman ended with its engine:\n%s", i.errs)
	default:
	}
	signalEngines(i, syscall.SIGCONT)
	back := time.Now()
	eventually(t, data, "SELECT count(), uniqExact(event_id) FROM usage", fmt.Sprintf("%d\t%d", rows, rows))
	t.Logf("caught up with %d rows in %v", rows, time.Since(back).Round(time.Millisecond))
	settled(t, data)
	wants(t, data, "SELECT (SELECT sum(events) FROM usage_daily), (SELECT countIf(state = 'done' AND read = accepted + duplicate) FROM files), (SELECT count() FROM files)", fmt.Sprintf("%d\t%d\t%d", rows, files, files))
	after := most()
	t.Logf("memory of the program: %d MB before, %d MB at most", before>>20, after>>20)
	// Two ranges of 100,000 records are decoded and inserted at once, and every partition holds
	// one more in encoded form: what waits in the log takes no memory.
	if bound := before + 400<<20; after > bound {
		t.Errorf("memory grew from %d MB to %d MB", before>>20, after>>20)
	}
	i.stop()
}
