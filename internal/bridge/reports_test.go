package bridge_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linesman/dashboards/query/querytest"
	"linesman/internal/bridge"
	"linesman/processors/covered"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// TestReportsAreKept counts how often a report is worked out: once for each state of the store,
// however many ask, and again when it failed or when something new came in.
func TestReportsAreKept(t *testing.T) {
	conn, _ := querytest.OpenEmpty(t)
	var worked atomic.Int32
	var fail atomic.Bool
	refused := errors.New("refused")
	reports := bridge.NewReports(conn, time.UTC, func(_ context.Context, month schema.Day) (reconcile.Report, error) {
		worked.Add(1)
		if fail.Load() {
			return reconcile.Report{}, refused
		}
		if month != schema.Date(2026, 3, 1) {
			return reconcile.Report{}, covered.ErrNoMonth
		}
		return reconcile.Report{Total: reconcile.Total{Sum: reconcile.Sum{Billed: schema.Kronor(7)}}}, nil
	})
	march := schema.Date(2026, 3, 1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if r, ok, err := reports.Invoices(t.Context(), march); err != nil || !ok || r.Billed.String() != "7" {
				t.Errorf("billed %v, %v, %v", r.Billed, ok, err)
			}
		})
	}
	all.Wait()
	if n := worked.Load(); n != 1 {
		t.Errorf("worked out %d times for eight who asked", n)
	}
	if _, ok, err := reports.Invoices(t.Context(), schema.Date(2026, 4, 1)); ok || err != nil {
		t.Errorf("a month that is not over: %v, %v", ok, err)
	}
	if err := conn.Exec(t.Context(), "INSERT INTO ranges (topic, partition, epoch, first, next, state, at) VALUES ('linesman.invoices', 0, 0, 0, 1, 1, now64(3))"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := reports.Invoices(t.Context(), march); err != nil || worked.Load() != 3 {
		t.Errorf("after something came in: worked out %d times, %v", worked.Load(), err)
	}
	fail.Store(true)
	for range 2 {
		if _, _, err := reports.Invoices(t.Context(), schema.Date(2026, 2, 1)); !errors.Is(err, refused) {
			t.Errorf("a report that fails gave %v", err)
		}
	}
	if n := worked.Load(); n != 5 {
		t.Errorf("what failed was tried %d times in all, want 5", n)
	}
}
