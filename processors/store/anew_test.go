package store

import (
	"context"
	"errors"
	"testing"

	"linesman/schema"
)

// A store from before a step that is marked to make it anew is dropped, but not when it could
// not be made anew.
func TestAStoreOfAnOlderStructureIsMadeAnew(t *testing.T) {
	s, e := open(t)
	ctx := t.Context()
	w := NewWriter(s, schema.UnitTable())
	w.Add([]schema.Unit{{UnitID: "U1", EventID: schema.NewID("unit", "1")}})
	if err := w.Flush(ctx, ""); err != nil {
		t.Fatal(err)
	}
	rows := func() (n uint64) {
		t.Helper()
		if err := s.Conn().QueryRow(ctx, "SELECT count() FROM units").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := s.Conn().Exec(ctx, "ALTER TABLE schema_migrations DELETE WHERE number >= 3 SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	damaged := errors.New("the log has a hole")
	if _, err := New(ctx, e, s.log, BeforeDrop(func(context.Context) error { return damaged })); !errors.Is(err, damaged) || rows() != 1 {
		t.Fatalf("with a damaged log: %v, %d rows are left", err, rows())
	}
	asked := false
	if _, err := New(ctx, e, s.log, BeforeDrop(func(context.Context) error { asked = true; return nil })); err != nil || !asked || rows() != 0 {
		t.Fatalf("with a whole log: %v, asked %t, %d rows are left", err, asked, rows())
	}
	if _, err := New(ctx, e, s.log, BeforeDrop(func(context.Context) error { return damaged })); err != nil {
		t.Errorf("a store of this structure is dropped again: %v", err)
	}
}
