package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
)

// flaky is the store until it is told to fail.
type flaky struct {
	driver.Conn
	mu    sync.Mutex
	fails bool
	asked int
}

func (f *flaky) Query(ctx context.Context, sql string, args ...any) (driver.Rows, error) {
	f.mu.Lock()
	f.asked++
	fails := f.fails
	f.mu.Unlock()
	if fails {
		return nil, errors.New("the store is away")
	}
	return f.Conn.Query(ctx, sql, args...)
}

func (f *flaky) fail(fails bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = fails
}

func (f *flaky) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// state puts statements into the store, as the pipeline does.
func state(t *testing.T, conn driver.Conn, table, columns, values string) {
	t.Helper()
	if err := conn.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, columns, values)); err != nil {
		t.Fatal(err)
	}
}

func milli(text string) int64 { return day(text).UnixMilli() }

func TestDirectory(t *testing.T) {
	conn, _ := querytest.OpenEmpty(t)
	store := &flaky{Conn: conn}
	d, err := NewDirectory(store, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	c := newClock()
	d.now = c.now
	year, march, april, june := milli("2026-01-01"), milli("2026-03-01"), milli("2026-04-01"), milli("2026-06-01")
	moment := func(ms int64) string { return fmt.Sprintf("fromUnixTimestamp64Milli(%d, 'UTC')", ms) }
	unit := func(id, parent string, from, to int64, rank int) {
		state(t, conn, "units", "unit_id, parent_id, valid_from, valid_to, rank", fmt.Sprintf("('%s', '%s', %s, %s, %d)", id, parent, moment(from), moment(to), rank))
	}
	grant := func(id, who, role, unit, purpose, approver string, from, to int64, rank int) {
		state(t, conn, "access_grants", "grant_id, who, role, unit_id, purpose, approver, valid_from, valid_to, rank", fmt.Sprintf("('%s', '%s', '%s', '%s', '%s', '%s', %s, %s, %d)", id, who, role, unit, purpose, approver, moment(from), moment(to), rank))
	}
	unit("A", "", year, 0, 1)
	unit("A1", "A", year, 0, 1)
	unit("A2", "wrong", year, 0, 1)
	unit("A2", "A", year, 0, 2) // corrected
	unit("A2", "B", april, 0, 1)
	unit("L1", "L2", year, 0, 1)
	unit("L2", "L1", year, 0, 1)
	grant("g1", "Panna", "unit_manager", "A", "", "", march, 0, 1)
	grant("g2", "Panna", "person_level", "A1", "premium calls", "Pboss", march, april, 1)
	grant("g3", "Pboris", "finance", "", "", "", year, june, 1)
	grant("g4", "Pcilla", "admin", "", "", "", year, 0, 1)
	grant("g4", "Pcilla", "admin", "", "", "", year, march, 2) // withdrawn from March
	grant("g5", "Pdag", "unit_manager", "A", "", "", year, 0, 1)
	grant("g5", "Pdag", "unit_manager", "A1", "", "", april, 0, 1) // something else from April
	grant("g6", "Peva", "unit_manager", "L1", "", "", year, 0, 1)
	rights := func(who, at string) (Caller, error) { return d.Rights(t.Context(), who, day(at)) }
	for _, tc := range []struct {
		who, at string
		want    query.Scope
		err     error
	}{
		{"Panna", "2026-02-28", query.Scope{}, ErrNoRights},
		{"Panna", "2026-03-01", query.Scope{Units: []string{"A", "A1", "A2"}, Figures: true, Persons: query.Persons{Units: []string{"A1"}}}, nil},
		{"Panna", "2026-04-01", query.Scope{Units: []string{"A", "A1"}, Figures: true}, nil},
		{"Pboris", "2026-05-31", query.Scope{All: true, Figures: true}, nil},
		{"Pboris", "2026-06-01", query.Scope{}, ErrNoRights},
		{"Pcilla", "2026-02-28", query.Scope{All: true, Figures: true, AccessLog: true}, nil},
		{"Pcilla", "2026-03-01", query.Scope{}, ErrNoRights},
		{"Pdag", "2026-03-31", query.Scope{Units: []string{"A", "A1", "A2"}, Figures: true}, nil},
		{"Pdag", "2026-04-01", query.Scope{Units: []string{"A1"}, Figures: true}, nil},
		{"Peva", "2026-04-01", query.Scope{Units: []string{"L1", "L2"}, Figures: true}, nil},
		{"Pnobody", "2026-04-01", query.Scope{}, ErrNoRights},
		{"", "2026-04-01", query.Scope{}, ErrNoRights},
	} {
		got, err := rights(tc.who, tc.at)
		if !errors.Is(err, tc.err) {
			t.Errorf("%s on %s: %v", tc.who, tc.at, err)
		}
		sees(t, tc.who+" on "+tc.at, got, tc.want)
	}
	if n := store.count(); n != 2 {
		t.Errorf("the store was asked %d times, want once for each table", n)
	}
	// A grant that ends does so in seconds; a store that is away is no reason to forget everybody, for a while.
	grant("g3", "Pboris", "finance", "", "", "", year, march, 2)
	if _, err := rights("Pboris", "2026-05-01"); err != nil {
		t.Errorf("at once: %v", err)
	}
	c.move(freshFor)
	if _, err := rights("Pboris", "2026-05-01"); !errors.Is(err, ErrNoRights) {
		t.Errorf("after a moment: %v", err)
	}
	store.fail(true)
	c.move(staleFor - time.Second)
	if _, err := rights("Panna", "2026-04-01"); err != nil {
		t.Errorf("the store is away for a moment: %v", err)
	}
	c.move(time.Second)
	if got, err := rights("Panna", "2026-04-01"); !errors.Is(err, ErrUnavailable) || got.May(Figures) {
		t.Errorf("the store is away: %+v, %v", got, err)
	}
	store.fail(false)
	if _, err := rights("Panna", "2026-04-01"); err != nil {
		t.Errorf("the store is back: %v", err)
	}
	// Many at once get their own, each.
	c.move(freshFor)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			who, want := "Panna", 2
			if i%2 == 1 {
				who, want = "Pdag", 1
			}
			if got, err := rights(who, "2026-04-01"); err != nil || got.Who != who || len(got.Scope.Units) != want {
				t.Errorf("%s: %+v, %v", who, got, err)
			}
		})
	}
	wg.Wait()
}
