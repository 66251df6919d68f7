package charges

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// TestTryOwnPlan: on the plan that it has, a line would have cost what it did cost.
func TestTryOwnPlan(t *testing.T) {
	w := newWorld(t)
	month, from := schema.Date(2026, time.March, 1), schema.Date(2025, time.January, 1).Start(w.zone)
	var prices []schema.Price
	add := func(id, per, amount string, edit func(*schema.Price)) {
		p := schema.Price{PriceID: id, Book: "b", BookVersion: "1", Operator: "N", Plan: "P", Per: per, Price: money(t, amount), Currency: "SEK", ValidFrom: from, Rank: 1}
		if edit != nil {
			edit(&p)
		}
		prices = append(prices, p)
	}
	add("fee", "month", "99.99", func(p *schema.Price) { p.Prorated = true })
	add("credit", "month", "-7", nil)
	add("less", "percent", "-3.33", nil)
	add("min", "minute", "0.71", func(p *schema.Price) {
		p.Service, p.Bundle, p.FirstS, p.NextS, p.Opening = "voice_out", "v", 60, 10, money(t, "0.49")
	})
	add("peak", "minute", "1.71", func(p *schema.Price) {
		p.Service, p.Bundle, p.FirstS, p.NextS, p.Hours = "voice_out", "v", 60, 10, "08:00-18:00"
	})
	add("talk", "bundle", "0", func(p *schema.Price) { p.Bundle, p.Included = "v", 20 })
	add("data", "MB", "0.25", func(p *schema.Price) { p.Service, p.Bundle = "data", "d" })
	add("surf", "bundle", "0", func(p *schema.Price) { p.Bundle, p.Included = "d", 150 })
	add("fair", "fair_use", "0.03", func(p *schema.Price) { p.Bundle, p.Zone, p.Included = "d", "eea", 40 })
	add("sms", "SMS", "0.39", func(p *schema.Price) { p.Service = "sms" })
	tariff := NewTariff(prices, nil)
	book := tariff.Book()
	r := rand.New(rand.NewPCG(7, 7))
	var records []schema.Usage
	var rated schema.Money
	for range 150 {
		u := schema.Usage{Line: "L", LineID: "L", Operator: "N", Plan: "P", Subscription: "N", UnitID: "U", CostCentre: "1", Zone: schema.DefaultZone, OccurredAt: month.Start(w.zone) + schema.Time(r.IntN(30*86_400))*1000}
		switch r.IntN(3) {
		case 0:
			u.Kind, u.Service, u.Answered, u.DurationS, u.Class = "call", "voice_out", true, uint32(r.IntN(300)), "mobile"
		case 1:
			u.Kind, u.Service, u.VolumeBytes, u.VisitedCtry, u.RoamingZone = "data", "data", uint64(r.IntN(5_000_000)), []string{"SE", "FI"}[r.IntN(2)], ""
			u.RoamingZone = map[string]string{"SE": "home", "FI": "eea"}[u.VisitedCtry]
		default:
			u.Kind, u.Service, u.Messages = "sms", "sms", uint32(r.IntN(4))
		}
		u.EventID = schema.NewID("try", u.OccurredAt.String(), u.Service)
		u.LocalDay = schema.DayOf(u.OccurredAt, w.zone)
		if err := book.Apply(&u); err != nil {
			t.Fatal(err)
		}
		rated += u.Rated
		records = append(records, u)
	}
	w.prices(prices...)
	w.lines(schema.Line{LineID: "L", Kind: "mobile", UnitID: "U", CostCentre: "1", Operator: "N", Plan: "P", ValidFrom: from, Rank: 1})
	w.usage(slices.Clone(records)...)
	did := w.month(month)
	would, err := tariff.Trials(w.zone).Try(Trial{Month: month + 3, Operator: "N", Plan: "P", Records: records})
	if err != nil {
		t.Fatal(err)
	}
	if would.Total != did.Total || would.Use != rated || would.Fees != did.Sums[KindFee]+did.Sums[KindCredit] || would.Beyond != did.Sums[KindOverage]+did.Sums[KindFairUse] || would.Rebates != did.Sums[KindRebate] || would.Unpriced != 0 || would.Shares {
		t.Errorf("would have cost %+v, did cost %s: %v", would, did.Total, did.Sums)
	}
	if did.Sums[KindOverage] == 0 || did.Sums[KindFairUse] == 0 || did.Sums[KindRebate] == 0 {
		t.Errorf("the month says too little: %v", did.Sums)
	}
	var ids []string
	for _, c := range did.Charges {
		ids = append(ids, c.PriceID)
	}
	for _, id := range append(ids, "talk", "surf", "sms") {
		if !slices.Contains(would.Prices, id) {
			t.Errorf("price %s is not among %v", id, would.Prices)
		}
	}
}

// TestTryOther asks about plans that cannot be compared.
func TestTryOther(t *testing.T) {
	zone := stockholm(t)
	base := schema.Price{Book: "b", BookVersion: "1", Operator: "N", Currency: "SEK", ValidFrom: 1}
	with := func(edit func(*schema.Price)) schema.Price { p := base; edit(&p); return p }
	sms := func(id, plan, bundle string) schema.Price {
		return with(func(p *schema.Price) {
			p.PriceID, p.Plan, p.Bundle, p.Service, p.Per, p.Price = id, plan, bundle, "sms", rate.PerSMS, schema.Micro
		})
	}
	tariff := NewTariff([]schema.Price{
		with(func(p *schema.Price) { p.PriceID, p.Plan, p.Per, p.Price = "own", "own", perMonth, schema.Kronor(5) }), sms("own-sms", "own", ""),
		with(func(p *schema.Price) {
			p.PriceID, p.Plan, p.Per, p.Currency, p.Price = "gold", "gold", perMonth, "XAU", schema.Micro
		}),
		with(func(p *schema.Price) { p.PriceID, p.Plan, p.Per = "mute", "mute", perMonth }),
		with(func(p *schema.Price) { p.PriceID, p.Plan, p.Per = "pool", "pool", perMonth }), sms("pool-sms", "pool", "b"),
		with(func(p *schema.Price) {
			p.PriceID, p.Plan, p.Per, p.Bundle, p.Pool, p.Included = "pool-b", "pool", perBundle, "b", poolFixed, 9
		}),
		with(func(p *schema.Price) { p.PriceID, p.Plan, p.Per = "void", "void", perMonth }), sms("void-sms", "void", "b"),
		with(func(p *schema.Price) { p.PriceID, p.Plan, p.Per, p.ValidTo = "past", "past", perMonth, 2 }),
	}, nil)
	month := schema.Date(2026, time.March, 1)
	at := month.Start(zone) + 1
	if got := tariff.Plans("N", at); !slices.Equal(got, []string{"gold", "mute", "own", "pool", "void"}) {
		t.Errorf("plans %v", got)
	}
	trials := tariff.Trials(zone)
	records := []schema.Usage{{Kind: "sms", Service: "sms", Messages: 2, Operator: "N", Plan: "own", OccurredAt: at, Zone: schema.DefaultZone}}
	for plan, want := range map[string]Tried{"own": {Total: schema.Kronor(7)}, "gold": {Unpriced: 2}, "mute": {Unpriced: 1}, "pool": {Shares: true, Total: schema.Kronor(2)}, "void": {Unpriced: 1}} {
		got, err := trials.Try(Trial{Month: month, Operator: "N", Plan: plan, Records: records})
		if err != nil || got.Total != want.Total || got.Unpriced != want.Unpriced || got.Shares != want.Shares {
			t.Errorf("plan %s: %+v, %v; want %+v", plan, got, err, want)
		}
		if again, _ := trials.Try(Trial{Month: month, Operator: "N", Plan: plan, Records: records}); again.Total != got.Total || again.Unpriced != got.Unpriced {
			t.Errorf("plan %s the second time: %+v, the first %+v", plan, again, got)
		}
	}
}
