package savings

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

// world is a made-up store: usage from 1 July 2025 to 30 June 2026, of the operator N with four
// plans, of O with one, and of Q, whose calls nobody itemises.
type world struct {
	t     *testing.T
	st    *store.Store
	zone  *time.Location
	lines []schema.Line
	usage []schema.Usage
	book  *rate.Book
	last  map[string]schema.Line
}

func newWorld(t *testing.T) *world {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.New(t.Context(), enginetest.Open(t), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, st: st, zone: zone, last: map[string]schema.Line{}}
}

func put[T any](w *world, table *schema.Table[T], rows []T) {
	w.t.Helper()
	out := store.NewWriter[T](w.st, table)
	out.Add(rows)
	if err := out.Flush(w.t.Context(), ""); err != nil {
		w.t.Fatalf("filling %s: %v", table.Name, err)
	}
}

func (w *world) day(s string) schema.Day {
	w.t.Helper()
	d, err := schema.ParseDay(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// at is noon of a day.
func (w *world) at(s string) schema.Time { return w.day(s).Start(w.zone) + 12*3_600_000 }

func prices() []schema.Price {
	fee := func(op, plan string, kronor int64) schema.Price {
		return schema.Price{PriceID: op + "/fee-" + plan, Operator: op, Plan: plan, Service: "subscription", Per: "month", Price: schema.Kronor(kronor), Prorated: true}
	}
	rows := []schema.Price{
		fee("N", "Small", 50), fee("N", "Large", 250), fee("N", "Medium", 130), fee("N", "World", 200), fee("O", "Only", 99), fee("Q", "One", 80), fee("Q", "Two", 20),
		{PriceID: "N/min-small", Operator: "N", Plan: "Small", Service: "voice_out", Per: "minute", Price: schema.Kronor(1)},
		{PriceID: "N/min-world", Operator: "N", Plan: "World", Service: "voice_out", Per: "minute", Price: schema.Kronor(1)},
		{PriceID: "N/min-medium", Operator: "N", Plan: "Medium", Service: "voice_out", Per: "minute", Price: schema.Kronor(1), Bundle: "talk"},
		{PriceID: "N/talk", Operator: "N", Plan: "Medium", Per: "bundle", Bundle: "talk", Included: 100},
		{PriceID: "N/min-large", Operator: "N", Plan: "Large", Service: "voice_out", Per: "minute"},
		{PriceID: "N/data", Operator: "N", Service: "data", Zone: "world", Per: "MB", Price: schema.Kronor(10)},
		{PriceID: "N/data-home", Operator: "N", Service: "data", Zone: "home", Per: "MB"},
		{PriceID: "N/data-world", Operator: "N", Plan: "World", Service: "data", Zone: "world", Per: "MB", Price: schema.Ore(50)},
		{PriceID: "x/forward", Service: "voice_forward", OtherClass: "mobile", Per: "minute", Price: schema.Ore(50)},
		{PriceID: "O/min", Operator: "O", Service: "voice_out", Per: "minute", Price: schema.Kronor(1)},
	}
	for i := range rows {
		rows[i].Book, rows[i].BookVersion, rows[i].Currency, rows[i].ValidFrom, rows[i].Rank = "b", "1", "SEK", 1, uint64(i+1)
	}
	return rows
}

// line states a line of unit U from a day on, until a day or further notice.
func (w *world) line(id, kind, role, holder, operator, plan, from, to string) {
	l := schema.Line{LineID: id, Kind: kind, Role: role, Holder: holder, UnitID: "U", Operator: operator, Plan: plan, ValidFrom: w.day(from).Start(w.zone), Rank: uint64(len(w.lines) + 1)}
	if to != "" {
		l.ValidTo = w.day(to).Start(w.zone)
	}
	w.lines = append(w.lines, l)
	w.last[id] = l
}

// record adds a record that the line's operator itemised.
func (w *world) record(line, on string, u schema.Usage) {
	l := w.last[line]
	u.Line, u.LineID, u.OccurredAt, u.LocalDay, u.Zone, u.UnitID, u.Role, u.Plan, u.Subscription = line, line, w.at(on), w.day(on), schema.DefaultZone, l.UnitID, l.Role, l.Plan, l.Operator
	u.LogOffset, u.Revision = uint64(len(w.usage)+1), 1
	u.EventID = schema.NewID("test", fmt.Sprint(u.LogOffset))
	if err := w.book.Apply(&u); err != nil {
		w.t.Fatal(err)
	}
	w.usage = append(w.usage, u)
}

func (w *world) call(line, on string, minutes uint32) {
	w.record(line, on, schema.Usage{Kind: "call", Service: "voice_out", Answered: true, DurationS: minutes * 60, Operator: w.last[line].Operator, Class: "mobile", OtherCountry: "SE"})
}

func (w *world) data(line, on, zone, country string, mb uint64) {
	w.record(line, on, schema.Usage{Kind: "data", Service: "data", VolumeBytes: mb * 1_000_000, Operator: w.last[line].Operator, VisitedCtry: country, RoamingZone: zone})
}

func (w *world) forward(line, on, class string, minutes uint32) {
	w.record(line, on, schema.Usage{Kind: "call", Service: "voice_forward", Forwarded: true, Answered: true, DurationS: minutes * 60, Class: class, OtherCountry: "SE"})
}

func (w *world) fee(line, on string, kronor int64) {
	w.record(line, on, schema.Usage{Kind: "fee", Service: "subscription", Operator: w.last[line].Operator, Charged: schema.Kronor(kronor)})
}

// wanted are the findings that a world was made for: kind and line, the other plan or line, SEK a
// year, and words that identify the evidence.
type wanted struct{ kind, line, other, year string }

func (w *world) finish() {
	put(w, schema.LineTable(), w.lines)
	put(w, schema.UsageTable(), w.usage)
	put(w, schema.UnitTable(), []schema.Unit{{UnitID: "U", Name: "Enheten", CostCentre: "4711", ValidFrom: 1, Rank: 1}, {UnitID: "V", Name: "Andra", CostCentre: "4712", ValidFrom: 1, Rank: 1}})
	put(w, schema.PriceTable(), prices())
	days := map[schema.Day]bool{}
	for _, u := range w.usage {
		days[u.LocalDay] = true
	}
	var list []schema.Day
	for d := range days {
		list = append(list, d)
	}
	slices.Sort(list)
	if err := w.st.Recompute(w.t.Context(), list); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(holder, state, from, to string) schema.Employment {
	e := schema.Employment{Holder: holder, State: state, UnitID: "U", ValidFrom: w.day(from).Start(w.zone), Rank: 1}
	if to != "" {
		e.ValidTo = w.day(to).Start(w.zone)
	}
	return e
}
