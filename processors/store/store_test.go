package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

func open(t *testing.T) (*Store, *engine.Engine) {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	e, err := engine.Open(ctx, engine.Config{Dir: t.TempDir()}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	s, err := New(ctx, e, log)
	if err != nil {
		t.Fatal(err)
	}
	return s, e
}

func usage(i int, at schema.Time) schema.Usage {
	return schema.Usage{EventID: schema.NewID("test", fmt.Sprint(i)), Kind: "call", Service: "voice_out", LineID: "L1", Line: "L1", OccurredAt: at,
		LocalDay: schema.DayOf(at, time.UTC), Zone: "UTC", DurationS: uint32(i), Answered: true, Charged: schema.Money(i), Cost: -schema.Ore(int64(i)), OtherHash: 1 << 63, LogOffset: uint64(i), Revision: 1,
		FileID: schema.NewID("file"), OtherMask: "+4670123••••"}
}

func TestMigrationsMakeTheDeclaredTables(t *testing.T) {
	s, e := open(t)
	for _, in := range schema.Catalogue() {
		rows, err := s.Conn().Query(t.Context(), "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position", in.Name)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for rows.Next() {
			var name, typ string
			if err := rows.Scan(&name, &typ); err != nil {
				t.Fatal(err)
			}
			got = append(got, name+" "+typ)
		}
		for _, c := range in.Columns {
			want = append(want, c.Name+" "+c.Type.ClickHouse())
		}
		for _, c := range in.Computed {
			want = append(want, c.Name+" "+c.Type.ClickHouse())
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the migrations make\n%s\nbut declared is\n%s", in.Name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if _, err := New(t.Context(), e, slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("opening a migrated store again: %v", err)
	}
	if err := s.Conn().Exec(t.Context(), "INSERT INTO schema_migrations VALUES (9999, 'future', '', now64(3))"); err != nil {
		t.Fatal(err)
	}
	var newer *NewerError
	if _, err := New(t.Context(), e, slog.New(slog.DiscardHandler)); !errors.As(err, &newer) || !strings.Contains(err.Error(), "linesman rebuild") {
		t.Errorf("a store of the future: %v, want a *NewerError that says what to do", err)
	}
	for _, v := range []string{"violations_current", "watches_current", "watches_weekly", "files", "lines_now", "units_now"} {
		if err := s.Conn().Exec(exact(t.Context()), "SELECT * FROM "+v+" FORMAT Null"); err != nil {
			t.Errorf("view %s: %v", v, err)
		}
	}
}

func TestInsertScanRoundTripAndTokens(t *testing.T) {
	s, _ := open(t)
	base := schema.TimeOf(time.Date(2026, 3, 14, 10, 0, 0, 123e6, time.UTC))
	want := []schema.Usage{usage(1, base), usage(2, base+1), usage(3, base+86400000)}
	w := NewWriter(s, schema.UsageTable())
	for range 2 { // the second block has the token of the first
		w.Add(want)
		if err := w.Flush(t.Context(), "linesman.calls/0/1-3"); err != nil {
			t.Fatal(err)
		}
	}
	var got []schema.Usage
	if err := Scan(t.Context(), s, schema.UsageTable(), "log_offset >= 0 ORDER BY log_offset", func(u *schema.Usage) error {
		got = append(got, *u)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v\nwant\n%+v", got, want)
	}
	known, err := s.Known(t.Context(), "usage", "occurred_at", 0, 3, []Candidate{{want[0].EventID, base}, {want[2].EventID, want[2].OccurredAt}, {schema.NewID("else"), base}})
	if err != nil || len(known) != 1 || !known[want[0].EventID] {
		t.Errorf("known before offset 3: %v, %v; want the first only", known, err)
	}
	n := 0
	if err := s.IDs(t.Context(), "usage", 0, 3, func(uint64) {}, func(keys []uint64) { n += len(keys) }); err != nil || n != 2 {
		t.Errorf("%d ids before offset 3, %v; want 2", n, err)
	}
}

func TestRangesRemember(t *testing.T) {
	s, _ := open(t)
	r := Range{Topic: "linesman.calls", Partition: 1, Next: 10, Mark: 1 << 63}
	check := func(wantNext uint64, wantPending *Range) {
		t.Helper()
		next, pending, err := s.Position(t.Context(), r.Topic, r.Partition)
		if err != nil || next != wantNext || !reflect.DeepEqual(pending, wantPending) {
			t.Fatalf("position %d, pending %v, %v; want %d, %v", next, pending, err, wantNext, wantPending)
		}
	}
	check(0, nil)
	if err := s.Begin(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	check(0, &r)
	if err := s.Done(t.Context(), r, Outcome{Accepted: 9, Duplicate: 1, Files: map[schema.ID]FileOutcome{schema.NewID("f"): {9, 1}}}); err != nil {
		t.Fatal(err)
	}
	check(10, nil)
	if err := s.SetEvaluated(t.Context(), []Range{r}); err != nil {
		t.Fatal(err)
	}
	if next, err := s.Evaluated(t.Context(), r.Topic, r.Partition); err != nil || next != 10 {
		t.Errorf("evaluated %d, %v; want 10", next, err)
	}
}

func TestRecomputeFollowsUsage(t *testing.T) {
	s, _ := open(t)
	base := schema.TimeOf(time.Date(2026, 3, 14, 10, 0, 0, 0, time.UTC))
	w := NewWriter(s, schema.UsageTable())
	rows := []schema.Usage{usage(1, base), usage(2, base+1000), usage(3, base+86400000), usage(4, base+40*86400000)}
	w.Add(rows)
	if err := w.Flush(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	var days []schema.Day
	for _, u := range rows {
		days = append(days, u.LocalDay)
	}
	sums := func() string {
		var out string
		if err := s.Conn().QueryRow(t.Context(), "SELECT arrayStringConcat(groupArray(concat(toString(local_day), '=', toString(e), ':', toString(c))), ' ') FROM (SELECT local_day, sum(events) AS e, sum(cost) AS c FROM usage_daily GROUP BY local_day ORDER BY local_day)").Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := s.Recompute(t.Context(), days); err != nil {
		t.Fatal(err)
	}
	want := "2026-03-14=2:-0.03 2026-03-15=1:-0.03 2026-04-23=1:-0.04"
	if got := sums(); got != want {
		t.Fatalf("roll-up %q, want %q", got, want)
	}
	// A higher revision replaces a row; only its day is recomputed, the others stay.
	moved := rows[0]
	moved.Revision, moved.Cost = 2, schema.Kronor(5)
	w.Add([]schema.Usage{moved})
	if err := w.Flush(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Recompute(t.Context(), []schema.Day{moved.LocalDay}); err != nil {
		t.Fatal(err)
	}
	want = "2026-03-14=2:4.98 2026-03-15=1:-0.03 2026-04-23=1:-0.04"
	if got := sums(); got != want {
		t.Fatalf("roll-up after a restatement %q, want %q", got, want)
	}
}
