package charges

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// manyPrices are so many rows of a bundle that a query which names each is longer than the engine
// takes from people: a minute each, of operators of their own.
func manyPrices(n int, edit func(i int, p *schema.Price)) []schema.Price {
	var out []schema.Price
	for i := range n {
		p := schema.Price{PriceID: fmt.Sprintf("book/%04d", i), Book: "book", BookVersion: "1", Operator: fmt.Sprintf("N%04d", i), Service: "voice_out", Bundle: "talk", Per: rate.PerMinute, Price: schema.Kronor(1), FirstS: 60, NextS: 60,
			Currency: "SEK", ValidFrom: 1, Rank: uint64(i + 1)}
		edit(i, &p)
		out = append(out, p)
	}
	return out
}

// TestManyPrices works out a month with 3,000 bundled prices in force, of which the first, the one
// in the middle and the last rated calls.
func TestManyPrices(t *testing.T) {
	w := newWorld(t)
	month := schema.Date(2026, time.March, 1)
	const n = 3000
	prices := manyPrices(n, func(int, *schema.Price) {})
	w.prices(append(prices, schema.Price{PriceID: "holds", Book: "book", BookVersion: "1", Per: "bundle", Bundle: "talk", Included: 2, Currency: "SEK", ValidFrom: 1, Rank: n + 1})...)
	for _, i := range []int{0, n / 2, n - 1} {
		w.usage(schema.Usage{Kind: "call", Answered: true, DurationS: 61, Service: "voice_out", Line: fmt.Sprintf("L%04d", i), UnitID: "U", CostCentre: "1", Subscription: prices[i].Operator, OccurredAt: month.Start(w.zone) + 1000, PriceID: prices[i].PriceID, RateReason: rate.ReasonBundle},
			schema.Usage{Kind: "call", Answered: true, DurationS: 61, Service: "voice_out", Line: fmt.Sprintf("L%04d", i), UnitID: "U", CostCentre: "1", Subscription: prices[i].Operator, OccurredAt: month.Start(w.zone) + 2000, PriceID: prices[i].PriceID, RateReason: rate.ReasonBundle})
	}
	r := w.month(month)
	if len(r.Charges) != 3 || r.Sums[KindOverage] != schema.Kronor(6) || len(r.Notes) != 0 {
		t.Errorf("charged %+v, noted %+v; want 2 kronor beyond the bundle of each of three lines", r.Charges, r.Notes)
	}
}

// TestOldPrices: versions that ended before a month or begin after it do not make its queries
// longer; one that ends in it does.
func TestOldPrices(t *testing.T) {
	s := newSpan(schema.Date(2026, time.March, 1), stockholm(t))
	for _, c := range []struct {
		name     string
		from, to schema.Time
		named    bool
	}{
		{"for ever", 1, 0, true},
		{"ended long ago", 1, s.from - 2*dayMS, false},
		{"ends in the month", 1, s.from + dayMS, true},
		{"begins on the last day", s.to() - dayMS, 0, true},
		{"begins later", s.to() + 2*dayMS, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tariff := NewTariff(manyPrices(1, func(_ int, p *schema.Price) { p.ValidFrom, p.ValidTo = c.from, c.to }), nil)
			for what, sql := range map[string]string{"seconds": tariff.chargedSQL(s), "bundled": tariff.bundledSQL(s)} {
				if got := strings.Contains(sql, "book/0000"); got != c.named {
					t.Errorf("%s: the row is named: %t, want %t: %s", what, got, c.named, sql)
				}
			}
		})
	}
}
