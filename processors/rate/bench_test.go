package rate

import (
	"fmt"
	"testing"
	"time"

	"linesman/schema"
)

// realistic is a price book of two operators with three plans each, by day and by night: 66
// prices, of which 14 have hours, with a bundle, an operator's own zone and some of last year.
func realistic(loc *time.Location) []schema.Price {
	from := schema.Date(2026, 1, 1).Start(loc)
	var book []schema.Price
	add := func(p schema.Price) {
		p.PriceID, p.Currency, p.ValidFrom = fmt.Sprint("b/", len(book)), "SEK", from
		book = append(book, p)
	}
	for _, op := range []string{"norrtele", "fjordtel"} {
		for _, plan := range []string{"bas", "fri", "data"} {
			for _, class := range []string{"mobile", "fixed", "corporate"} {
				p := schema.Price{Operator: op, Plan: plan, Service: "voice_out", OtherClass: class, Per: PerMinute, Price: schema.Ore(19), Opening: schema.Ore(29), FirstS: 60, NextS: 1}
				add(p)
				if p.Weekdays, p.Hours, p.Price = "12345", "08:00-18:00", schema.Ore(39); class == "mobile" || plan == "bas" {
					add(p)
				}
			}
			add(schema.Price{Operator: op, Plan: plan, Service: "sms", Per: PerSMS, Price: schema.Ore(29), Bundle: "fri"})
			add(schema.Price{Operator: op, Plan: plan, Service: "data", Per: PerMB, Price: schema.Ore(9)})
		}
		for _, country := range []string{"NO,DK,FI", "DE,FR,GB", "*"} {
			add(schema.Price{Operator: op, Service: "voice_out", OtherClass: "international", OtherCountry: country, Per: PerMinute, Price: schema.Kronor(3), FirstS: 30, NextS: 30})
		}
		add(schema.Price{Operator: op, Service: "voice_out", Zone: "world", Visited: "CH,US,TH", Per: PerMinute, Price: schema.Kronor(9), FirstS: 60, NextS: 60})
		for _, class := range []string{"premium", "directory", "satellite", "shared_cost"} {
			add(schema.Price{Operator: op, Service: "voice_out", OtherClass: class, Per: PerMinute, Price: schema.Kronor(19), Opening: schema.Kronor(5), FirstS: 60, NextS: 60})
		}
	}
	for i := range 10 {
		old := book[i]
		old.ValidFrom, old.ValidTo = from-365*86_400_000, from
		book = append(book, old)
	}
	return book
}

// records makes usage of a year, an hour apart and mixed.
func records(loc *time.Location) []schema.Usage {
	from := schema.Date(2026, 1, 1).Start(loc)
	all := make([]schema.Usage, 8192)
	for i := range all {
		at := from + schema.Time(i*7919%8192)*3_700_000
		u := schema.Usage{OccurredAt: at, Zone: schema.DefaultZone, Kind: "call", Service: "voice_out", Answered: true, DurationS: uint32(i * 37 % 900), RingS: 5, OtherCountry: "SE", VisitedCtry: "SE", RoamingZone: "home",
			Class: []string{"mobile", "fixed", "corporate", "mobile"}[i%4], Plan: []string{"bas", "fri", "data"}[i%3], Subscription: []string{"norrtele", "fjordtel"}[i%2]}
		switch i % 10 {
		case 0:
			u.Kind, u.Service, u.Messages, u.Operator, u.Charged, u.Currency = "sms", "sms", 1, "norrtele", schema.Ore(29), "SEK"
		case 1:
			u.Kind, u.Service, u.VolumeBytes = "data", "data", uint64(i)*10_000
		case 2:
			u.Class, u.OtherCountry = "international", []string{"NO", "DE", "JP"}[i%3]
		}
		all[i] = u
	}
	return all
}

func BenchmarkRate(b *testing.B) {
	loc := stockholm(b)
	book, all := New(realistic(loc), nil), records(loc)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := book.Apply(&all[i&8191]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "records/s")
}
