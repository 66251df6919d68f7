package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"linesman/internal/engine/httpd"
)

// Timing of the supervisor.
const (
	firstBackoff = 50 * time.Millisecond // a single crash costs little more than the start itself
	maxBackoff   = 30 * time.Second
	stableAfter  = time.Minute // a child that lived this long starts with firstBackoff again
	maxMissed    = 6           // pings; then the child counts as hung and is killed
	killAfter    = 2*shutdownGrace + 5*time.Second
	// maxFailures is how often the first child may fail before Open does. The wait between makes about three seconds,
	// in which a child orphaned by a killed parent gives the store's files free.
	maxFailures = 6
)

// States of the engine in Health.
const (
	StateStarting = "starting"
	StateReady    = "ready"
	StateStopped  = "stopped"
)

// patience says how often the child is asked whether it is alive, and how long the answer may take. A child that is
// busy answers at once, for the answer does not come from the engine; only a machine that swaps delays it.
type patience struct {
	every, timeout time.Duration
}

var defaultPatience = patience{every: 2 * time.Second, timeout: 5 * time.Second}

// supervisor keeps one child process running.
type supervisor struct {
	cfg  childConfig
	log  *slog.Logger
	http *http.Client // to the child
	ask  patience

	stop context.CancelFunc
	done chan struct{} // closed when the child is gone for good

	failed   chan struct{} // closed when no child ever became ready, after maxFailures
	firstErr error         // why; set before failed is closed

	mu       sync.Mutex
	state    string
	ready    chan struct{} // closed while the child is ready
	wasReady bool
	proc     *os.Process // nil between children
	restarts int
	lastErr  string // last line a child wrote before it died
}

// startSupervisor starts the child and watches over it until stop.
func startSupervisor(cfg childConfig, ask patience, log *slog.Logger) *supervisor {
	ctx, cancel := context.WithCancel(context.Background())
	s := &supervisor{cfg: cfg, log: log, ask: ask, stop: cancel, done: make(chan struct{}), failed: make(chan struct{}), state: StateStarting, ready: make(chan struct{})}
	s.http = &http.Client{Transport: &http.Transport{MaxIdleConns: 1, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", cfg.Socket)
	}}}
	go s.run(ctx)
	return s
}

// run starts child after child. It keeps its OS thread: the kernel kills the child when the thread that started it
// ends.
func (s *supervisor) run(ctx context.Context) {
	defer close(s.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	backoff := firstBackoff
	for failures := 1; ; failures++ {
		began := time.Now()
		err := s.child(ctx)
		if ctx.Err() != nil {
			s.setState(StateStopped)
			return
		}
		if time.Since(began) > stableAfter {
			backoff = firstBackoff
		}
		s.log.Error("the store's engine ended and is started again", "error", err, "ran", time.Since(began).Round(time.Millisecond), "wait", backoff)
		select {
		case <-ctx.Done():
			s.setState(StateStopped)
			return
		case <-time.After(backoff):
		}
		backoff = min(backoff*2, maxBackoff)
		s.mu.Lock()
		s.restarts++
		if !s.wasReady && failures == maxFailures {
			s.firstErr = err
			close(s.failed)
		}
		s.mu.Unlock()
	}
}

// child runs one child process to its end.
func (s *supervisor) child(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program's own file: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("creating the pipe to the engine's child: %w", err)
	}
	defer w.Close() // and with it the child, should it still live
	lines := &lineWriter{emit: s.childLine}
	cmd := &exec.Cmd{Path: exe, Args: []string{exe, "[store engine]"}, Dir: s.cfg.Data,
		Env:    childEnvironment(childStart, s.cfg.write, s.cfg.read),
		Stdout: lines, Stderr: lines, ExtraFiles: []*os.File{r}, SysProcAttr: childAttributes(), WaitDelay: time.Second}
	err = cmd.Start()
	_ = r.Close()
	if err != nil {
		return fmt.Errorf("starting the engine's child: %w", err)
	}
	s.mu.Lock()
	s.proc, s.lastErr = cmd.Process, ""
	s.mu.Unlock()
	watch, stopWatch := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.watch(watch, cmd.Process) })
	wg.Go(func() { s.terminate(ctx, watch, cmd.Process) })
	err = json.NewEncoder(w).Encode(s.cfg) // a child that died at once is reported by Wait
	err = errors.Join(cmd.Wait(), ignoreBrokenPipe(err))
	s.notReady()
	stopWatch()
	wg.Wait()
	lines.flush()
	s.http.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proc = nil
	if err == nil {
		err = errors.New("it exited by itself")
	}
	if s.lastErr != "" {
		err = fmt.Errorf("%w; its last words: %s", err, s.lastErr)
	}
	return err
}

func ignoreBrokenPipe(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// watch waits until the child answers, then keeps asking, and kills it when it hangs.
func (s *supervisor) watch(ctx context.Context, p *os.Process) {
	for wait := 5 * time.Millisecond; ; wait = min(wait*2, 100*time.Millisecond) {
		if st, err := s.status(ctx); err == nil {
			s.nowReady()
			s.log.Info("the store's engine is ready", "pid", p.Pid, "version", st.Version)
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	tick := time.NewTicker(s.ask.every)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.ping(ctx); err == nil || ctx.Err() != nil {
			missed = 0
			continue
		}
		if missed++; missed >= maxMissed {
			s.log.Error("the store's engine does not answer and is killed", "pid", p.Pid)
			_ = p.Kill()
			return
		}
	}
}

// terminate ends the child when ctx ends: first in good order, then by force.
func (s *supervisor) terminate(ctx, childGone context.Context, p *os.Process) {
	<-childGone.Done() // ends with ctx, too
	if ctx.Err() == nil {
		return
	}
	_ = p.Signal(syscall.SIGTERM) // os.Process knows when it has been waited for: no other process can be hit
	kill := time.NewTimer(killAfter)
	defer kill.Stop()
	for {
		select {
		case <-kill.C:
			s.log.Warn("the store's engine did not stop in time and is killed", "pid", p.Pid)
			_ = p.Kill()
			return
		case <-time.After(20 * time.Millisecond):
			if errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
				return
			}
		}
	}
}

func (s *supervisor) setState(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

func (s *supervisor) nowReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != StateReady {
		s.state, s.wasReady = StateReady, true
		close(s.ready)
	}
}

func (s *supervisor) notReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == StateReady {
		s.ready = make(chan struct{})
	}
	s.state = StateStarting
}

// waitReady waits until the child serves requests.
func (s *supervisor) waitReady(ctx context.Context) error {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-s.done:
		return errors.New("the store's engine has been stopped")
	case <-s.failed:
		return fmt.Errorf("the store's engine does not start: %w", s.firstErr)
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.lastErr != "" {
			return fmt.Errorf("waiting for the store's engine: %w (%s)", context.Cause(ctx), s.lastErr)
		}
		return fmt.Errorf("waiting for the store's engine: %w", context.Cause(ctx))
	}
}

// childLine logs a line the child wrote.
func (s *supervisor) childLine(line string) {
	s.mu.Lock()
	s.lastErr = line
	s.mu.Unlock()
	s.log.Warn("engine", "line", line)
}

// ping asks whether the child's process answers. It does not touch the engine, so it costs next to nothing.
func (s *supervisor) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.ask.timeout)
	defer cancel()
	_, err := s.get(ctx, "/ping")
	return err
}

// statusTimeout is for callers who set no limit of their own. The engine may have much to do.
const statusTimeout = 30 * time.Second

// status asks the engine itself.
func (s *supervisor) status(ctx context.Context) (httpd.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var st httpd.Status
	b, err := s.get(ctx, "/status")
	if err == nil {
		err = json.Unmarshal(b, &st)
	}
	return st, err
}

func (s *supervisor) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+path, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(childUser, s.cfg.Secret)
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the engine answers %s: %s", resp.Status, bytes.TrimSpace(b))
	}
	return b, err
}

// lineWriter cuts what a child writes into lines.
type lineWriter struct {
	mu   sync.Mutex
	buf  []byte
	emit func(string)
}

// maxLine cuts endless lines.
const maxLine = 4096

// Write implements io.Writer.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	for {
		i := bytes.IndexByte(l.buf, '\n')
		if i < 0 && len(l.buf) > maxLine {
			i = maxLine
		}
		if i < 0 {
			return len(p), nil
		}
		l.line(l.buf[:i])
		l.buf = bytes.TrimPrefix(l.buf[i:], []byte{'\n'})
	}
}

func (l *lineWriter) line(b []byte) {
	if s := string(bytes.TrimSpace(b)); s != "" {
		l.emit(s)
	}
}

// flush emits a last line without an end.
func (l *lineWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line(l.buf)
	l.buf = nil
}
