package reconcile

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"linesman/schema"
)

// TestProperties makes documents at random, from seeds that never change, and credits every other
// one wholly: whatever is in them, each line has one outcome, what is billed adds up to the
// documents' totals, nothing is claimed beyond what is billed, and what is credited is worth nothing.
func TestProperties(t *testing.T) {
	w := newWorld(t)
	const op = "Norrtele"
	w.price(schema.Price{PriceID: "P/1/fee", Operator: op, Plan: "Bas", Per: "month", Price: schema.Kronor(99), Prorated: true, ValidFrom: w.at("2020-01-01")})
	w.price(schema.Price{PriceID: "P/1/credit", Operator: op, Plan: "Bas", Per: "month", Price: -schema.Kronor(9), ValidFrom: w.at("2020-01-01")})
	rnd := rand.New(rand.NewPCG(5, 2026))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	days := func() (string, string) {
		from := 1 + rnd.IntN(28)
		to := from + rnd.IntN(31-from+1)
		return fmt.Sprintf("2026-03-%02d", from), fmt.Sprintf("2026-03-%02d", to)
	}
	for i := range 40 {
		id := fmt.Sprintf("l%d", i)
		switch i % 8 {
		case 0: // not stated
		case 1:
			w.line(id, "Fjordtel", "Bas", "", "2024-01-01", "")
		case 2:
			w.line(id, op, "Bas", "", "2024-01-01", "2026-03-16")
		case 3:
			w.line(id, op, "Bas", pick("blocked", "returned", ""), "2026-03-10", "")
		default:
			w.line(id, op, "Bas", "", "2024-01-01", "")
		}
	}
	var numbers []string
	bills := map[string][]bill{}
	for i := range 60 {
		number := fmt.Sprintf("R%d", i)
		for range 1 + rnd.IntN(12) {
			b := bill{line: fmt.Sprintf("l%d", rnd.IntN(42)), service: pick("voice_out", "voice_out", "sms", "data", "premium", "subscription", "subscription", "one_time", "rebate", "credit", "equipment", "other", ""), item: pick("A", "B"),
				quantity: fmt.Sprint(rnd.IntN(50)), unit: pick("MIN", "SEC", "4L", "EA", "MON", "KGM"), price: fmt.Sprintf("%d.%04d", rnd.IntN(120), rnd.IntN(10_000))}
			if rnd.IntN(10) == 0 {
				b.line = ""
			}
			if rnd.IntN(6) == 0 {
				b.quantity = "-" + b.quantity
			}
			if rnd.IntN(2) == 0 {
				b.from, b.to = days()
			}
			if rnd.IntN(3) > 0 {
				_, on := days()
				w.used(op, pick(number, number, ""), b.line, pick("voice_out", "sms", "data", "one_time"), on, 1+rnd.IntN(4), func(u *schema.Usage) {
					u.DurationS, u.VolumeBytes, u.Messages = uint32(rnd.IntN(400)), uint64(rnd.IntN(5_000_000)), uint32(rnd.IntN(3))
					u.Charged, u.Rated = schema.Money(rnd.Int64N(9_000_000)), schema.Money(rnd.Int64N(9_000_000))
					u.RateReason = pick("rated", "rated", "no_price", "bundle")
				})
			}
			bills[number] = append(bills[number], b)
		}
		w.document(number, nil, bills[number]...)
		numbers = append(numbers, number)
	}
	w.flush()
	in := w.march()
	before := w.reconcile(in)
	addsUp(t, before)
	w.sameAgain(before)
	w.eachAlone(before)
	for _, l := range before.Lines {
		if l.Claimed < 0 || l.Claimed > max(l.Billed, 0) && l.Together == 1 && l.Expected >= 0 {
			t.Errorf("line %s/%s claims %s of %s", l.Document, l.LineNo, l.Claimed, l.Billed)
		}
	}
	kinds := map[string]int{}
	for _, l := range before.Lines {
		kinds[l.Outcome]++
	}
	for _, o := range []string{Matched, PriceDiffers, QuantityDiffers, NotOurs, UnknownLine, MissingUsage, BilledAfterEnd, Duplicate, NotTelephony, Other} {
		if kinds[o] == 0 {
			t.Errorf("no line came to %s: the documents do not show it: %v", o, kinds)
		}
	}

	// Every other document is credited, line by line with the other sign.
	for i, number := range numbers {
		if i%2 == 1 {
			continue
		}
		var back []bill
		for _, b := range bills[number] {
			if b.quantity[0] == '-' {
				b.quantity = b.quantity[1:]
			} else {
				b.quantity = "-" + b.quantity
			}
			back = append(back, b)
		}
		w.document("C"+number, credits(number), back...)
	}
	w.flush()
	after := w.reconcile(in)
	addsUp(t, after)
	sums := map[string]schema.Money{}
	for _, d := range after.Documents {
		name := d.Number
		if d.Kind == schema.CreditNoteKind {
			name = name[1:]
		}
		sums[name] += d.Billed
		if len(d.Findings) > 0 {
			t.Errorf("document %s: %+v", d.Number, d.Findings)
		}
	}
	for i, number := range numbers {
		if i%2 == 0 && sums[number] != 0 {
			t.Errorf("document %s and its credit note come to %s", number, sums[number])
		}
	}
	for _, l := range after.Lines {
		var i int
		if _, err := fmt.Sscanf(l.Document[len(l.Document)-len(trimLetters(l.Document)):], "%d", &i); err != nil {
			t.Fatal(err)
		}
		if credited := i%2 == 0 && l.Billed != 0; credited && (l.Outcome != Credited || l.Claimed != 0 || l.Difference != 0) {
			t.Errorf("line %s/%s of a credited document: %s %s, claimed %s", l.Document, l.LineNo, l.Outcome, l.Reason, l.Claimed)
		}
	}
}

func trimLetters(s string) string {
	for s != "" && (s[0] < '0' || s[0] > '9') {
		s = s[1:]
	}
	return s
}
