package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"linesman/processors/enrich"
	"linesman/processors/store"
	"linesman/schema"
)

// openTo opens a pipeline that rates changed prices in the engine from so many rows on.
func (w *world) openTo(rows int) *Pipeline {
	w.t.Helper()
	p, err := New(Config{BatchRows: 1000, RerateRows: rows}, w.b, w.st, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := p.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Close)
	return p
}

// TestRatingInTheEngineIsRatingRowByRow changes random price books over random usage: what the
// engine works out must be what the enricher makes of each row, in every column, with the same
// marks of what moved and why. Parts of the store are compact and wide.
func TestRatingInTheEngineIsRatingRowByRow(t *testing.T) {
	w, rng := newWorld(t), rand.New(rand.NewPCG(11, 5))
	stateWho(w)
	var usage []schema.Usage
	for i := range 1200 {
		usage = append(usage, randomUsage(rng, i))
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), usage...)
	var amendments []schema.Amendment
	for i := range 60 { // their rows stay in the table, dead
		amendments = append(amendments, schema.Amendment{EventID: schema.NewID("amendment", fmt.Sprint(i)), Amends: usage[i*7].EventID, LineID: usage[i*7].LineID})
	}
	produce(w, schema.TopicCalls, "Amendment", schema.AmendmentTable(), amendments...)
	w.catchUp().Close()
	dead := w.dead()
	fast, moved := 0, 0
	for round := range 8 {
		switch round {
		case 3:
			w.exec("ALTER TABLE usage MODIFY SETTING min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0")
			w.exec("OPTIMIZE TABLE usage FINAL")
		case 6: // rows move to other parts, beside those that are wide
			produce(w, schema.TopicReference, "Line", schema.LineTable(), schema.Line{EventID: schema.NewID("line", "moves"), LineID: schema.LineID(2), UnitID: "U9", Operator: "norrtele", Plan: "bas", ValidFrom: 2})
			w.catchUp().Close()
		}
		before := w.rows()
		book := randomBook(rng, round)
		produce(w, schema.TopicReference, "Price", schema.PriceTable(), book...)
		if round == 4 {
			w.halfway()
		}
		p := w.openTo(1)
		p.TakeDirty()
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		is, n := w.compare(p, before, book, round == 4)
		moved += n
		for id, u := range is {
			if was := before[id]; u != was && u.Revision == was.Revision {
				fast++
			}
		}
		p.Close()
	}
	if fast < 1000 || moved < 1500 {
		t.Errorf("%d rows moved, %d of them in the engine: too few to tell anything", moved, fast)
	}
	if got := w.dead(); got != dead {
		t.Errorf("dead rows became %s, were %s", got, dead)
	}
	w.want("SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND name = '"+beside+"'", "0")
}

// dead is what rows of the table say that were cancelled.
func (w *world) dead() (sum string) {
	w.t.Helper()
	row := w.st.Conn().QueryRow(store.AsItLies(w.t.Context()), "SELECT concat(toString(count()), ' ', toString(sum(cityHash64(*)))) FROM (SELECT DISTINCT event_id, price_id, rated, cost, rate_reason, revision FROM usage WHERE deleted)")
	if err := row.Scan(&sum); err != nil {
		w.t.Fatal(err)
	}
	return sum
}

func (w *world) exec(stmt string) {
	w.t.Helper()
	if err := w.st.Conn().Exec(w.t.Context(), stmt); err != nil {
		w.t.Fatal(err)
	}
}

// stateWho states lines of several operators and plans, and what a krone is worth.
func stateWho(w *world) {
	var lines []schema.Line
	for i := range 6 {
		lines = append(lines, schema.Line{EventID: schema.NewID("line", fmt.Sprint(i)), LineID: schema.LineID(uint64(i + 1)), UnitID: fmt.Sprintf("U%d", i%3), CostCentre: fmt.Sprint(i % 2),
			Operator: []string{"norrtele", "fjord'tel"}[i%2], Plan: []string{"bas", `fri\`, ""}[i%3], ValidFrom: 1})
	}
	produce(w, schema.TopicReference, "Line", schema.LineTable(), lines...)
	produce(w, schema.TopicReference, "ExchangeRate", schema.ExchangeRateTable(), schema.ExchangeRate{EventID: schema.NewID("nok"), Currency: "NOK", Rate: schema.Ore(97), ValidFrom: 1})
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func randomUsage(rng *rand.Rand, i int) schema.Usage {
	u := call(i)
	u.OccurredAt = t0 + schema.Time(rng.Int64N(80*86_400_000)) - 40*86_400_000
	u.Kind = pick(rng, "call", "call", "call", "data", "sms", "fee")
	u.Service = map[string]string{"call": pick(rng, "voice_out", "voice_out", "voice_forward", "voice_in"), "data": "data", "sms": "sms", "fee": "subscription"}[u.Kind]
	u.OtherClass, u.OtherCountry = pick(rng, "mobile", "fixed", "premium"), pick(rng, "SE", "NO", "DK", "")
	u.VisitedCtry = pick(rng, "", "SE", "NO", "US")
	u.Answered, u.RingS = rng.IntN(6) > 0, uint32(rng.IntN(40))
	u.DurationS, u.VolumeBytes, u.Messages = uint32(rng.IntN(4000)), 0, 0
	switch u.Kind {
	case "call":
		if rng.IntN(20) == 0 {
			u.DurationS = pick(rng, uint32(0), 1<<32-1, 1<<31)
		}
	case "data":
		u.DurationS, u.VolumeBytes = 0, pick(rng, rng.Uint64N(1e9), rng.Uint64N(1e9), 0, 1<<63-1, 1<<63, 1<<64-1)
	case "sms":
		u.DurationS, u.Messages = 0, pick(rng, uint32(0), 1, 3, 1<<32-1)
	}
	if rng.IntN(3) == 0 {
		u.Operator, u.Currency, u.Charged = pick(rng, "norrtele", "fjord'tel"), pick(rng, "SEK", "", "NOK", "USD"), schema.Money(rng.Int64N(1e8))
	}
	return u
}

// randomBook changes some prices of earlier rounds, for they have the same identities.
func randomBook(rng *rand.Rand, round int) []schema.Price {
	var book []schema.Price
	for i := range 6 + rng.IntN(12) {
		p := schema.Price{EventID: schema.NewID("price", fmt.Sprint(round), fmt.Sprint(i)), PriceID: fmt.Sprintf("p'%d", rng.IntN(30)), StatedAt: schema.Time(round*100 + i), Currency: pick(rng, "SEK", "SEK", "SEK", "", "NOK", "USD"),
			Operator: pick(rng, "", "", "norrtele", "fjord'tel"), Plan: pick(rng, "", "", "bas", `fri\`), Service: pick(rng, "", "", "voice_out"), OtherClass: pick(rng, "", "", "mobile", "premium"),
			OtherCountry: pick(rng, "", "", "*", "NO,DK"), Zone: pick(rng, "", "", "", "eea", "world"), Visited: pick(rng, "", "", "", "NO,US"), Bundle: pick(rng, "", "", "", "", "fri"),
			Per: pick(rng, "minute", "minute", "minute", "MB", "SMS", "call"), FirstS: pick(rng, uint32(0), 1, 60, 30), NextS: pick(rng, uint32(0), 1, 60, 30),
			Price: schema.Money(rng.Int64N(50_000_000) - 5_000_000), Opening: schema.Money(rng.Int64N(1_000_000)), ValidFrom: 1}
		switch rng.IntN(12) {
		case 0:
			p.Price = 999_999_999_999_999_999
		case 1:
			p.Price, p.Opening = -999_999_999_999_999_999, -5
		case 2:
			p.Price = pick(rng, schema.Money(10), 29, 30, -30, 499_999, 500_000)
		}
		if rng.IntN(4) == 0 {
			p.ValidFrom = t0 + schema.Time(rng.Int64N(40*86_400_000)) - 20*86_400_000
		}
		if rng.IntN(4) == 0 {
			p.ValidTo = t0 + schema.Time(rng.Int64N(40*86_400_000))
		}
		if round%3 == 2 && rng.IntN(3) == 0 {
			p.PriceID, p.Hours, p.Weekdays = p.PriceID+" hours", pick(rng, "08:00-18:00", "22:00-06:00"), pick(rng, "", "12345", "67h")
		}
		book = append(book, p)
	}
	return book
}

func (w *world) rows() map[schema.ID]schema.Usage {
	w.t.Helper()
	out := map[schema.ID]schema.Usage{}
	if err := store.Scan(w.t.Context(), w.st, schema.UsageTable(), "", func(u *schema.Usage) error { out[u.EventID] = *u; return nil }); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// halfway stops an instance when it has put in the first month: the next one finds the rest.
func (w *world) halfway() {
	w.t.Helper()
	p := w.openTo(1)
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	swapped := 0
	p.hook = func(at string, _ store.Range) {
		if at == atSwapped {
			swapped++
			stop()
		}
	}
	if err := p.CatchUp(ctx, nil); err == nil || swapped != 1 {
		w.t.Fatalf("stopped after %d months: %v", swapped, err)
	}
	p.Close()
}

// compare applies the enricher to every row as it was and holds the store against it.
func (w *world) compare(p *Pipeline, before map[schema.ID]schema.Usage, book []schema.Price, interrupted bool) (is map[schema.ID]schema.Usage, moved int) {
	w.t.Helper()
	enricher, is := enrich.New(p.state, p.book.Clone()), w.rows()
	var stated []enrich.Stated
	for _, price := range book {
		stated = append(stated, enrich.Stated{Cause: schema.CausePrice, Event: price.EventID})
	}
	why, want := newReasons(stated), NewDirty()
	for id, was := range before {
		u := was
		if err := enricher.Apply(&u); err != nil {
			w.t.Fatal(err)
		}
		was.Revision = u.Revision
		if was == u {
			u.Revision = before[id].Revision // it stays where it is
		} else {
			moved++
			want.Usage(was.Line, was.UnitID, was.LocalDay)
			want.Usage(u.Line, u.UnitID, u.LocalDay)
			want.moved(why, &was, &u)
		}
		if got := is[id].Revision; got == before[id].Revision { // the engine leaves it
			u.Revision = got
		}
		if is[id] != u {
			w.t.Fatalf("a row became\n%+v\nwant\n%+v\nwas\n%+v", is[id], u, before[id])
		}
	}
	if len(is) != len(before) {
		w.t.Fatalf("%d rows became %d", len(before), len(is))
	}
	got := p.TakeDirty()
	if interrupted {
		return is, moved
	}
	if !maps.Equal(got.Days, want.Days) || !reflect.DeepEqual(got.Lines, want.Lines) || !reflect.DeepEqual(got.UsageUnits, want.UsageUnits) || got.Blurred != want.Blurred {
		w.t.Errorf("marked are %d days, %d lines, %d units; want %d, %d, %d", len(got.Days), len(got.Lines), len(got.UsageUnits), len(want.Days), len(want.Lines), len(want.UsageUnits))
	}
	for cell, why := range want.Moved {
		ids, total := why.IDs()
		if has := got.Moved[cell]; has == nil {
			w.t.Errorf("%v moved, and nobody is told", cell)
		} else if list, n := has.IDs(); has.Causes() != why.Causes() || n != total || !slices.Equal(list, ids) {
			w.t.Errorf("%v moved by %s (%d), want %s (%d)", cell, has.Causes(), n, why.Causes(), total)
		}
	}
	if len(got.Moved) != len(want.Moved) {
		w.t.Errorf("%d cells moved, want %d", len(got.Moved), len(want.Moved))
	}
	return is, moved
}
