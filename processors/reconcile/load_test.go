package reconcile

import (
	"fmt"
	"testing"

	"linesman/schema"
)

// BenchmarkManyInvoices reconciles a month of 20,000 documents, one per subscription, with 1,000,000
// records.
func BenchmarkManyInvoices(b *testing.B) {
	w := newWorld(b)
	large(w, 20_000, 50, true)
	b.ResetTimer()
	for b.Loop() {
		r := w.reconcile(w.march())
		if r.Total.Outcomes[Matched].Lines != 40_000 || r.Total.Documents != 20_000 {
			b.Fatalf("outcomes: %+v", r.Total)
		}
	}
}

// BenchmarkInvoices reconciles one document of 20,000 lines with 1,000,000 records. The store is
// filled once.
func BenchmarkInvoices(b *testing.B) {
	w := newWorld(b)
	large(w, 10_000, 100, false)
	b.ResetTimer()
	for b.Loop() {
		r := w.reconcile(w.march())
		if r.Total.Outcomes[Matched].Lines != 20_000 {
			b.Fatalf("outcomes: %+v", r.Total.Outcomes)
		}
	}
}

// large makes a document with a fee and calls for so many subscriptions, or one for each of them.
func large(w *world, subscriptions, records int, each bool) {
	const op = "Norrtele"
	w.price(schema.Price{PriceID: "P/1/fee", Operator: op, Per: "month", Price: schema.Kronor(99), ValidFrom: w.at("2020-01-01")})
	var bills []bill
	for i := range subscriptions {
		number := "BIG"
		if each {
			number, bills = fmt.Sprintf("B%06d", i), nil
		}
		id := fmt.Sprintf("L%012d", i)
		w.line(id, op, "Bas", "", "2024-01-01", "")
		bills = append(bills, bill{line: id, service: "subscription", item: "Avgift", amount: "99.00"},
			bill{line: id, service: "voice_out", item: "Samtal", quantity: fmt.Sprint(records), unit: "MIN", price: "0.50"})
		w.used(op, number, id, "voice_out", fmt.Sprintf("2026-03-%02d", 1+i%31), records, func(u *schema.Usage) { u.DurationS, u.Charged, u.Rated = 60, schema.Ore(50), schema.Ore(50) })
		if each {
			w.document(number, nil, bills...)
		}
	}
	if !each {
		w.document("BIG", nil, bills...)
	}
	w.flush()
}
