package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"linesman/internal/failpoint"
)

// output gathers what a process writes, also into a file.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	file *os.File
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file != nil {
		if _, err := o.file.Write(p); err != nil {
			return 0, err
		}
	}
	return o.b.Write(p)
}

// String returns what was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// program is the built linesman on one data directory.
type program struct {
	exe  string
	data string
	logs string
	env  []string

	mu     sync.Mutex
	starts int
}

// settings keep ranges short, so that many of them are begun and done, and memory small. Few
// records are enough for the engine to rate them.
func settings() []string {
	return []string{"LINESMAN_PIPELINE_BATCH_ROWS=150", "LINESMAN_PIPELINE_RERATE_ROWS=1", "LINESMAN_INGEST_SETTLE=50ms", "LINESMAN_STORE_MEMORY_LIMIT=1500000000", "LINESMAN_SEAL_EVERY=2s"}
}

func newProgram(exe, data, logs string) (*program, error) {
	for _, dir := range []string{data, logs} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return &program{exe: exe, data: data, logs: logs, env: append(os.Environ(), settings()...)}, nil
}

// process is a linesman that runs.
type process struct {
	what string
	cmd  *exec.Cmd
	out  *output
	errs *output
	done chan struct{}
	at   time.Time
}

// start starts linesman with arguments. Its output is kept in a file named after its number.
func (p *program) start(what string, points []failpoint.Action, args ...string) (*process, error) {
	p.mu.Lock()
	p.starts++
	n := p.starts
	p.mu.Unlock()
	file, err := os.Create(filepath.Join(p.logs, fmt.Sprintf("%04d-%s.log", n, what)))
	if err != nil {
		return nil, err
	}
	r := &process{what: what, out: &output{}, errs: &output{file: file}, done: make(chan struct{}), at: time.Now()}
	r.cmd = exec.Command(p.exe, args...)
	r.cmd.Env = p.env
	var list []string
	for _, a := range points {
		list = append(list, a.String())
	}
	if len(list) > 0 {
		r.cmd.Env = append(r.cmd.Env[:len(r.cmd.Env):len(r.cmd.Env)], failpoint.Env+"="+strings.Join(list, ","))
	}
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.errs
	fmt.Fprintf(r.errs, "%s: linesman %s %v\n", r.at.UTC().Format(time.RFC3339Nano), strings.Join(args, " "), list)
	if err := r.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting linesman %s: %w", what, err), file.Close())
	}
	go func() {
		_ = r.cmd.Wait() // how it ended is asked of its state
		fmt.Fprintf(r.errs, "%s: ended: %s\n", time.Now().UTC().Format(time.RFC3339Nano), r.cmd.ProcessState)
		_ = file.Close()
		r.errs.mu.Lock()
		r.errs.file = nil
		r.errs.mu.Unlock()
		close(r.done)
	}()
	return r, nil
}

// up starts linesman up.
func (p *program) up(points ...failpoint.Action) (*process, error) {
	return p.start("up", points, "up", "--data", p.data, "--listen", "127.0.0.1:0")
}

func (r *process) alive() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// kill ends it as a power cut does.
func (r *process) kill() {
	_ = r.cmd.Process.Kill() // it may be gone
	<-r.done
}

// killed tells whether it ended by a signal that nobody can catch.
func (r *process) killed() bool {
	st, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && st.Signaled() && st.Signal() == syscall.SIGKILL
}

func (r *process) isReady() bool {
	_, rest, ok := strings.Cut(r.out.String(), "ready: ")
	return ok && strings.HasSuffix(rest, "\n")
}

// engines lists the children.
func (r *process) engines() []int {
	var out []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", r.cmd.Process.Pid))
	for _, l := range lists {
		text, _ := os.ReadFile(l) // threads come and go
		for _, f := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(f); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// struck returns the fail points that something happened at.
func (r *process) struck() []string {
	var out []string
	for line := range strings.SplitSeq(r.errs.String(), "\n") {
		if rest, ok := strings.CutPrefix(line, "failpoint "); ok {
			out = append(out, rest)
		}
	}
	return out
}

// wait waits for the end, or kills it after a while.
func (r *process) wait(limit time.Duration) error {
	select {
	case <-r.done:
		return nil
	case <-time.After(limit):
		_ = r.cmd.Process.Signal(syscall.SIGQUIT) // it writes down what it was doing
		select {
		case <-r.done:
		case <-time.After(5 * time.Second):
			r.kill()
		}
		return fmt.Errorf("linesman %s did not end within %s", r.what, limit)
	}
}

// ask runs a command that must answer within a while and returns what it printed.
func (p *program) ask(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.exe, append(args, "--data", p.data)...)
	cmd.Env = p.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("linesman %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return string(out), nil
}
