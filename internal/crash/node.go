package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"linesman/internal/failpoint"
)

// node keeps linesman up running on a data directory and hands files to it.
type node struct {
	prog *program

	gate    sync.RWMutex   // read: somebody talks to the program; written: it is being started
	pending sync.WaitGroup // files on their way to it

	mu      sync.Mutex
	up      *process       // nil before the first
	dropped map[string]int // how often a file went into an inbox
	wrong   []string       // what must not happen, whatever is killed
}

func newNode(prog *program) *node { return &node{prog: prog, dropped: map[string]int{}} }

// fail notes what must not happen.
func (n *node) fail(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wrong = append(n.wrong, fmt.Sprintf(format, args...))
}

// failures takes what went wrong since the last call.
func (n *node) failures() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.wrong
	n.wrong = nil
	return w
}

func (n *node) process() *process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.up
}

// running tells whether the program is there and ready.
func (n *node) running() bool {
	p := n.process()
	return p != nil && p.alive() && p.isReady()
}

// launch starts the program when it is not there. Whoever still talks to the one that is gone
// ends first: a client that finds nobody works by itself, and holds the data directory.
func (n *node) launch(points ...failpoint.Action) (*process, error) {
	if p := n.process(); p != nil && p.alive() {
		return p, nil
	}
	n.gate.Lock()
	defer n.gate.Unlock()
	p, err := n.prog.up(points...)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.up = p
	n.mu.Unlock()
	return p, nil
}

var errDied = errors.New("the program ended meanwhile")

// ready waits until the program is ready, and returns how long that took since it was
// started; errDied when it was killed first.
func (n *node) ready(ctx context.Context, p *process) (time.Duration, error) {
	err := until(ctx, patience, func() bool { return p.isReady() || !p.alive() })
	if err != nil {
		return 0, fmt.Errorf("linesman up is not ready: %w", err)
	}
	if !p.alive() {
		return 0, n.judgeEnd(p)
	}
	return time.Since(p.at), nil
}

// judgeEnd tells an end by a kill from one that nobody asked for.
func (n *node) judgeEnd(p *process) error {
	if p.killed() {
		return errDied
	}
	err := fmt.Errorf("linesman up ended by itself (%s):\n%s", p.cmd.ProcessState, tail(p.errs.String()))
	n.fail("%v", err)
	return err
}

func tail(s string) string { return s[max(0, len(s)-3000):] }

// serving returns the running program, started anew when it is not there. An end by itself is
// tried a few times and noted every time.
func (n *node) serving(ctx context.Context) (*process, time.Duration, error) {
	var last error
	for range 5 {
		p, err := n.launch()
		if err != nil {
			return nil, 0, err
		}
		took, err := n.ready(ctx, p)
		if err == nil {
			return p, took, nil
		}
		if ctx.Err() != nil {
			return nil, 0, err
		}
		last = err
	}
	return nil, 0, last
}

// give delivers files: into the inbox, or by a client.
func (n *node) give(ctx context.Context, files []file) error {
	for _, f := range files {
		if f.Client {
			n.collect(ctx, f)
			continue
		}
		if err := n.drop(ctx, f); err != nil {
			return fmt.Errorf("delivering %s: %w", f.Name, err)
		}
	}
	return nil
}

// behind finds partitions whose rows are not in roll-ups and rules yet.
const behind = `SELECT count() FROM (SELECT topic, partition, max(next) AS stored FROM ranges WHERE state = 1 GROUP BY 1, 2) AS r
LEFT JOIN (SELECT topic, partition, max(next) AS judged FROM evaluated GROUP BY 1, 2) AS e ON r.topic = e.topic AND r.partition = e.partition
WHERE r.topic IN ('linesman.calls', 'linesman.data', 'linesman.sms', 'linesman.watches', 'linesman.contacts', 'linesman.reference') AND e.judged < r.stored`

// logged is where the log ends as far as the store knows: it moves while anything is done.
const logged = `SELECT sum(next) FROM (SELECT max(next) AS next FROM ranges GROUP BY topic, partition)`

// settled waits until everything that was delivered is collected, and has it judged at once.
func (n *node) settled(ctx context.Context) error {
	return n.atRest(ctx, 50*time.Millisecond, func() (bool, error) {
		if err := verify(ctx, n); err != nil {
			return false, err
		}
		return n.unrest(ctx) == "", nil
	})
}

// quiet waits until everything that was delivered is collected, stored and judged by the
// running program itself.
func (n *node) quiet(ctx context.Context) error {
	return n.atRest(ctx, 100*time.Millisecond, func() (bool, error) {
		before, err := n.query(ctx, logged)
		if err != nil || n.unrest(ctx) != "" {
			return false, nil
		}
		time.Sleep(2100 * time.Millisecond) // a status is served again for two seconds
		after, err := n.query(ctx, logged)
		return err == nil && before == after && n.waiting() == 0 && n.unrest(ctx) == "", nil
	})
}

// atRest keeps the program running until it has collected everything and done agrees.
func (n *node) atRest(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	for end := time.Now().Add(patience); ; time.Sleep(every) {
		if time.Now().After(end) {
			return errors.New("the program did not come to rest: " + n.unrest(ctx))
		}
		if _, _, err := n.serving(ctx); err != nil {
			return err
		}
		n.pending.Wait()
		if n.waiting() > 0 || !n.running() {
			continue
		}
		if ok, err := done(); ok || err != nil {
			return err
		}
	}
}

// unrest says what is not done yet.
func (n *node) unrest(ctx context.Context) string {
	if w := n.waiting(); w > 0 {
		return fmt.Sprintf("%d files wait", w)
	}
	out, err := n.query(ctx, behind)
	switch {
	case err != nil:
		return err.Error()
	case out != "0\n":
		return strings.TrimSpace(out) + " partitions are not judged"
	}
	var s struct {
		Lag uint64 `json:"lag"`
	}
	if out, err = n.ask(ctx, "status", "--json"); err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	switch {
	case err != nil:
		return err.Error()
	case s.Lag > 0:
		return fmt.Sprintf("%d records are not stored", s.Lag)
	}
	return ""
}

// waiting counts the files in the inboxes.
func (n *node) waiting() int {
	paths, _ := filepath.Glob(filepath.Join(n.prog.data, "inbox", "*", "*")) // the pattern is right
	return len(paths)
}

// ask runs a command that talks to the running program.
func (n *node) ask(ctx context.Context, args ...string) (string, error) {
	n.gate.RLock()
	defer n.gate.RUnlock()
	if !n.running() {
		return "", errDied
	}
	return n.prog.ask(ctx, args...)
}

func (n *node) query(ctx context.Context, sql string) (string, error) {
	return n.ask(ctx, "query", "--format", "TabSeparated", sql)
}

// stop ends the program in good order.
func (n *node) stop() error {
	p := n.process()
	if p == nil || !p.alive() {
		return nil
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := p.wait(patience); err != nil {
		return err
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("linesman up ended with %d:\n%s", code, tail(p.errs.String()))
	}
	return nil
}
