// Package enginetest opens embedded engines for tests of other packages. Their TestMain must call
// engine.RunChildIfAsked first.
package enginetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"linesman/internal/engine"
)

// deadline is generous: it only keeps a hung engine from hanging the tests.
const deadline = 2 * time.Minute

// Open opens an engine in a temporary directory and closes it with the test. The test fails when the engine library is
// not installed.
func Open(t testing.TB) *engine.Engine {
	t.Helper()
	return OpenDir(t, t.TempDir())
}

// OpenDir is Open in a directory of the caller's choice.
func OpenDir(t testing.TB, dir string) *engine.Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	e, err := engine.Open(ctx, engine.Config{Dir: dir, MemoryLimit: 2 << 30}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatalf("opening the store for the test: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return e
}
