package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// dying is an engine that is gone after some DROP statements.
type dying struct {
	Engine
	drops int // that still succeed
}

type dyingConn struct {
	driver.Conn
	of *dying
}

var errGone = errors.New("the engine is gone")

func (d *dying) Conn() driver.Conn { return dyingConn{d.Engine.Conn(), d} }

func (c dyingConn) Exec(ctx context.Context, stmt string, args ...any) error {
	if c.of.drops < 0 {
		return errGone
	}
	if strings.HasPrefix(stmt, "DROP") && strings.HasSuffix(stmt, " SYNC") { // migrations replace views without it
		if c.of.drops--; c.of.drops < 0 {
			return errGone
		}
	}
	return c.Conn.Exec(ctx, stmt, args...)
}

// A store that was half dropped must not say that it has what it has not.
func TestDropAllIsFinishedWhereverItEnded(t *testing.T) {
	s, e := open(t)
	usual := tables(t, s)
	for _, drops := range []int{0, 1, 5, 10, len(strings.Fields(usual)) - 1, len(strings.Fields(usual))} {
		r := Range{Topic: schema.TopicCalls, First: 0, Next: 1}
		u := usage(0, schema.TimeOf(time.Date(2026, 3, 14, 8, 0, 0, 0, time.UTC)))
		w := NewWriter(s, schema.UsageTable())
		w.Add([]schema.Usage{u})
		for _, err := range []error{s.Begin(t.Context(), r), w.Flush(t.Context(), ""), s.Done(t.Context(), r, Outcome{Accepted: 1})} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if next, _, err := s.Position(t.Context(), schema.TopicCalls, 0); err != nil || next != 1 {
			t.Fatalf("position %d, %v", next, err)
		}
		s.engine = &dying{e, drops}
		err := s.DropAll(t.Context())
		whole := err == nil
		if !whole && !errors.Is(err, errGone) {
			t.Fatal(err)
		}
		if s, err = New(t.Context(), e, s.log); err != nil {
			t.Fatalf("after %d drops: %v", drops, err)
		}
		var rows uint64
		if err := s.Conn().QueryRow(t.Context(), "SELECT count() FROM usage").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		next, pending, err := s.Position(t.Context(), schema.TopicCalls, 0)
		if err != nil || next != 0 || pending != nil || rows != 0 {
			t.Errorf("after %d drops: %d rows, position %d, pending %v, %v", drops, rows, next, pending, err)
		}
		if got := tables(t, s); got != usual {
			t.Errorf("after %d drops there is %s, usually %s", drops, got, usual)
		}
		if whole != (drops >= len(strings.Fields(usual))) {
			t.Errorf("%d drops, whole: %v", drops, whole)
		}
	}
}

func tables(t *testing.T, s *Store) string {
	t.Helper()
	var names []string
	if err := s.Conn().QueryRow(t.Context(), "SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = currentDatabase()").Scan(&names); err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}
