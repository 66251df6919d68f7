package enrich_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/schema"
)

// statements makes random statements that overlap and correct each other, on a time line of 1 to
// about 120.
func statements(r *rand.Rand, n int) []any {
	span := func() (from, to schema.Time) {
		from = schema.Time(1 + r.IntN(8)*10)
		if r.IntN(3) > 0 {
			to = from + schema.Time(1+r.IntN(40))
		}
		return from, to
	}
	var all []any
	for i := range n {
		from, to := span()
		mark := fmt.Sprint(i) // tells statements apart in what they say
		switch r.IntN(7) {
		case 0:
			all = append(all, schema.Unit{UnitID: fmt.Sprint("SE", r.IntN(3)), CostCentre: mark, ValidFrom: from, ValidTo: to})
		case 1:
			first := fmt.Sprintf("+4610%d000", r.IntN(3))
			all = append(all, schema.NumberRange{First: first, Last: first[:6] + "999", ValidFrom: from, ValidTo: to})
		case 2:
			all = append(all, schema.Price{PriceID: fmt.Sprint("p", r.IntN(3)), Service: "sms", Per: rate.PerSMS, Price: schema.Kronor(int64(i)), ValidFrom: from, ValidTo: to})
		case 3:
			all = append(all, schema.ExchangeRate{Currency: []string{"EUR", "NOK"}[r.IntN(2)], Rate: schema.Kronor(int64(i + 1)), ValidFrom: from, ValidTo: to})
		default:
			l := schema.Line{LineID: schema.LineID(uint64(r.IntN(4))), UnitID: fmt.Sprint("SE", r.IntN(3)), Holder: mark, ValidFrom: from, ValidTo: to}
			if r.IntN(2) == 0 {
				l.Alias = schema.LineID(uint64(10 + l.LineID[13]%16)) // its own extension
			}
			if r.IntN(2) == 0 {
				l.CostCentre = "c" + mark
			}
			all = append(all, l)
		}
	}
	return all
}

// identity is what two statements share when the later one corrects the earlier.
func identity(statement any) string {
	switch v := statement.(type) {
	case schema.Line:
		return fmt.Sprint("line ", v.LineID, v.ValidFrom)
	case schema.Unit:
		return fmt.Sprint("unit ", v.UnitID, v.ValidFrom)
	case schema.NumberRange:
		return fmt.Sprint("range ", v.First, v.ValidFrom)
	case schema.Price:
		return fmt.Sprint("price ", v.PriceID, v.ValidFrom)
	case schema.ExchangeRate:
		return fmt.Sprint("exchange rate ", v.Currency, v.ValidFrom)
	}
	return ""
}

// events asks about every line, extension, number and mask at every moment.
func events() []schema.Usage {
	var all []schema.Usage
	for at := schema.Time(1); at < 130; at++ {
		for _, h := range []uint64{0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25} {
			all = append(all, schema.Usage{LineID: schema.LineID(h), Kind: "sms", Service: "sms", Messages: 1, OtherHash: h, OtherClass: "fixed", OtherMask: fmt.Sprintf("+4610%d•••", h%4), OccurredAt: at, Zone: "UTC"})
		}
		for _, currency := range []string{"EUR", "NOK", "SEK"} {
			all = append(all, schema.Usage{LineID: schema.LineID(99), Kind: "fee", Operator: "x", Charged: schema.Kronor(1), Currency: currency, OccurredAt: at, Zone: "UTC"})
		}
	}
	return all
}

func outcome(t *testing.T, s *enrich.State, asked []schema.Usage) []schema.Usage {
	e := enrich.New(s, rate.New(s.Prices(), s.ExchangeRates()))
	got := make([]schema.Usage, len(asked))
	for i, u := range asked {
		if err := e.Apply(&u); err != nil {
			t.Fatal(err)
		}
		u.Revision = 0
		got[i] = u
	}
	return got
}

// In the log, statements of different identity may come in any order: files arrive as they
// arrive. Only corrections must follow what they correct.
func TestOrderOfStatementsDoesNotMatter(t *testing.T) {
	asked := events()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := statements(r, 2+r.IntN(40))
		want := outcome(t, state(t, all...), asked)
		for range 3 {
			mixed := shuffle(r, all)
			for i, u := range outcome(t, state(t, mixed...), asked) {
				if u != want[i] {
					t.Fatalf("seed %d: statements in another order give\n%+v\nand not\n%+v", seed, u, want[i])
				}
			}
		}
	}
}

// shuffle mixes statements, but keeps those of one identity in their order.
func shuffle(r *rand.Rand, all []any) []any {
	mixed := make([]any, len(all))
	queues := map[string][]any{}
	for i, p := range r.Perm(len(all)) {
		mixed[i] = all[p]
	}
	for _, s := range all {
		queues[identity(s)] = append(queues[identity(s)], s)
	}
	for i, s := range mixed {
		k := identity(s)
		mixed[i], queues[k] = queues[k][0], queues[k][1:]
	}
	return mixed
}

// Statements that were corrected leave no trace: only the last of each identity counts.
func TestOnlyTheLastStatementOfAnIdentityCounts(t *testing.T) {
	asked := events()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		all := statements(r, 2+r.IntN(40))
		last := map[string]int{}
		for i, s := range all {
			last[identity(s)] = i
		}
		var holding []any
		for i, s := range all {
			if last[identity(s)] == i {
				holding = append(holding, s)
			}
		}
		want := outcome(t, state(t, holding...), asked)
		for i, u := range outcome(t, state(t, all...), asked) {
			if u != want[i] {
				t.Fatalf("seed %d: with the corrected statements\n%+v\nwithout\n%+v", seed, u, want[i])
			}
		}
	}
}

// What a statement moves must be inside what it says it moves: the processors enrich only
// that anew.
func TestChangeCoversEveryRowThatMoves(t *testing.T) {
	asked := events()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		all := statements(r, 2+r.IntN(25))
		s := state(t, all[:len(all)-1]...)
		before := outcome(t, s, asked)
		c := enrich.NewChange()
		fold(t, s, c, all[len(all)-1], uint64(len(all)-1))
		if s.Revision() != uint64(len(all)) {
			t.Fatalf("revision %d after %d statements", s.Revision(), len(all))
		}
		for i, u := range outcome(t, s, asked) {
			named := c.All || c.Lines[u.LineID] || c.Currencies[u.Currency] || c.Lines[schema.LineID(u.OtherHash)]
			if u != before[i] && (u.OccurredAt < c.From || !named) {
				t.Fatalf("seed %d: %+v\nmoves\n%+v\nto\n%+v\nand the change names only %v from %d", seed, all[len(all)-1], before[i], u, c.Lines, c.From)
			}
		}
	}
}

func BenchmarkEnrich(b *testing.B) {
	var all []any
	for i := range 3000 {
		all = append(all, schema.Line{LineID: schema.LineID(uint64(i+1) * 0x9e3779b97f4a7c15), UnitID: fmt.Sprint("SE", i%120), Role: "personal", Plan: []string{"flat", "pool"}[i%2], Operator: "norrtele", Kind: "mobile", ValidFrom: 1})
	}
	for i := range 120 {
		all = append(all, schema.Unit{UnitID: fmt.Sprint("SE", i), CostCentre: fmt.Sprint(1000 + i), ValidFrom: 1})
	}
	for i := range 30 {
		all = append(all, schema.Price{PriceID: fmt.Sprint("p", i), Plan: []string{"flat", "pool", ""}[i%3], Service: []string{"voice_out", "sms", "data"}[i%3], OtherClass: []string{"mobile", "fixed", "premium", "", "international"}[i%5],
			Per: rate.PerMinute, Price: schema.Ore(int64(i)), FirstS: 60, NextS: 1, ValidFrom: schema.Time(1 + i%2*1_700_000_000_000)})
	}
	all = append(all, schema.NumberRange{First: "+46104760000", Last: "+46104769999", ValidFrom: 1})
	s := state(b, all...)
	e := enrich.New(s, rate.New(s.Prices(), s.ExchangeRates()))
	rows := make([]schema.Usage, 4096)
	for i := range rows {
		rows[i] = schema.Usage{LineID: schema.LineID(uint64(i*7%3000+1) * 0x9e3779b97f4a7c15), Kind: "call", Service: "voice_out", Answered: true, DurationS: uint32(i % 600), OtherClass: []string{"mobile", "fixed"}[i%2], OtherCountry: "SE",
			OtherMask: "+4670123••••", OtherHash: uint64(i), VisitedCtry: "SE", Zone: schema.DefaultZone, OccurredAt: schema.Time(1_773_000_000_000 + i*20_000)}
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Apply(&rows[i&4095]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
