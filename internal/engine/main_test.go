package engine

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(envSandboxTest) == "" {
		RunChildIfAsked()
	}
	os.Exit(m.Run())
}

// envSandboxTest is set in the process TestSandbox starts.
const envSandboxTest = "ENGINE_TEST_SANDBOX"

// deadline is generous: no test depends on the machine's speed.
const deadline = 90 * time.Second

// testContext ends with the test, or at the deadline.
func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// testLog writes to the test's log until the test ends.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// openTest opens an engine in dir and closes it with the test.
func openTest(t testing.TB, dir string) *Engine {
	t.Helper()
	e, err := Open(testContext(t), Config{Dir: dir, MemoryLimit: 2 << 30}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}
