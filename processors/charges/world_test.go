package charges

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

// world is a real store that tests fill with enriched rows.
type world struct {
	t    *testing.T
	st   *store.Store
	zone *time.Location
	rows uint64 // inserted so far
}

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, err := store.New(t.Context(), enginetest.Open(t), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, st: st, zone: stockholm(t)}
}

func put[T any](w *world, table *schema.Table[T], rows []T) {
	w.t.Helper()
	out := store.NewWriter[T](w.st, table)
	out.Add(rows)
	if err := out.Flush(w.t.Context(), ""); err != nil {
		w.t.Fatalf("filling %s: %v", table.Name, err)
	}
}

func (w *world) prices(rows ...schema.Price) { put(w, schema.PriceTable(), rows) }
func (w *world) lines(rows ...schema.Line)   { put(w, schema.LineTable(), rows) }

// usage fills in what the store needs and a test does not care for.
func (w *world) usage(rows ...schema.Usage) {
	for i := range rows {
		w.rows++
		u := &rows[i]
		u.LogOffset, u.Revision, u.Zone, u.LineID, u.LocalDay = w.rows, 1, schema.DefaultZone, u.Line, schema.DayOf(u.OccurredAt, w.zone)
		if u.EventID.IsZero() {
			u.EventID = schema.NewID("test", u.Line, u.OccurredAt.String(), string(rune(w.rows)))
		}
	}
	put(w, schema.UsageTable(), rows)
}

func (w *world) month(month schema.Day) Result {
	w.t.Helper()
	r, err := Month(w.t.Context(), w.st.Conn(), Input{Zone: w.zone, Month: month})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func money(t testing.TB, s string) schema.Money {
	t.Helper()
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// storeScan reads the usage of the store back.
func storeScan(w *world, each func(*schema.Usage)) error {
	var all []schema.Usage
	err := store.Scan(w.t.Context(), w.st, schema.UsageTable(), "", func(u *schema.Usage) error {
		all = append(all, *u)
		return nil
	})
	for i := range all {
		each(&all[i])
	}
	return err
}
