package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"
)

// More callers than connections, with cancelled ones among them, must all be served, and nothing may be lost.
func TestManyCallers(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable)
	const callers, rounds, rows = 2 * maxOpenConns, 3, 200
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for r := range rounds {
				first := (c*rounds + r) * rows
				if err := e.InsertArrow(ctx, "usage", fmt.Sprint(first), nil, bytes.NewReader(usageStream(t, first, rows, 50))); err != nil {
					t.Error(err)
				}
				short, cancel := context.WithTimeout(ctx, time.Duration(c)*time.Millisecond)
				_ = e.QueryFormat(short, "SELECT * FROM usage ORDER BY note", "JSONEachRow", nil, io.Discard) // may be cut off anywhere
				cancel()
				if _, err := e.Health(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, ctx, e, "SELECT uniqExact(id) FROM usage"); n != callers*rounds*rows {
		t.Errorf("%d rows, want %d", n, callers*rounds*rows)
	}
	if n := count(t, ctx, e, "SELECT count() FROM usage FINAL"); n != callers*rounds*rows {
		t.Errorf("%d rows with FINAL, want %d", n, callers*rounds*rows)
	}
	poll(t, "all statements to end", func() bool {
		h, err := e.Health(ctx)
		return err == nil && h.Running == 0 && h.Restarts == 0
	})
}
