package policy

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"linesman/internal/engine"
)

// idle holds the engines that no test uses now. To start one takes longer than most tests of
// this package, and no more tests run at once than the machine has processors.
var idle engines

type engines struct {
	mu   sync.Mutex
	free []*engine.Engine
	dirs []string
}

func (p *engines) take() *engine.Engine {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		return nil
	}
	e := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return e
}

func (p *engines) give(e *engine.Engine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, e)
}

// dir makes a directory that outlives the test which asks for it.
func (p *engines) dir() (string, error) {
	dir, err := os.MkdirTemp("", "policy-test-")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirs = append(p.dirs, dir)
	return dir, err
}

// close stops the engines when all tests have given them back.
func (p *engines) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, e := range p.free {
		if err := e.Close(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "closing the store:", err)
		}
	}
	for _, dir := range p.dirs {
		_ = os.RemoveAll(dir)
	}
}

// startEngine does what enginetest.Open does, for more than one test.
func startEngine(t testing.TB) *engine.Engine {
	t.Helper()
	dir, err := idle.dir()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := engine.Open(testCtx(t), engine.Config{Dir: dir, MemoryLimit: 2 << 30}, log)
	if err != nil {
		t.Fatalf("opening the store for the test: %v", err)
	}
	return e
}
