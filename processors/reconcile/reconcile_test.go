package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/schema"
)

// expectation is what a line is to come to.
type expectation struct {
	outcome, reason string
	claimed         string
}

// TestOutcomes plants a case, a near miss and a boundary for every outcome.
func TestOutcomes(t *testing.T) {
	w := newWorld(t)
	if _, err := Invoices(t.Context(), w.st.Conn(), Input{Zone: w.zone, Number: "none"}); !errors.Is(err, ErrNoDocument) {
		t.Fatalf("of a number that no document has: %v", err)
	}
	if r := w.reconcile(w.march()); len(r.Documents) != 0 || len(r.Lines) != 0 {
		t.Fatalf("of an empty store: %+v", r)
	}
	want := map[string]expectation{}
	expect := func(name, outcome, reason, claimed string) { want[name] = expectation{outcome, reason, claimed} }
	const op, long = "Norrtele", "2024-01-01"
	w.price(schema.Price{PriceID: "P/1/fee", Operator: op, Plan: "Bas", Per: "month", Price: schema.Kronor(99), ValidFrom: w.at("2020-01-01")})
	w.price(schema.Price{PriceID: "P/1/any", Operator: op, Per: "month", Price: schema.Kronor(500), ValidFrom: w.at("2020-01-01"), ValidTo: w.at("2026-03-01")})
	w.rows.ranges = append(w.rows.ranges, schema.NumberRange{First: "+46701230000", Last: "+46701239999", ValidFrom: w.at(long), EventID: w.id(), Rank: 1})
	hold := func(id string) string { w.line(id, op, "Bas", "", long, ""); return id }
	call := func(seconds uint32, price string) func(*schema.Usage) {
		return func(u *schema.Usage) {
			u.DurationS, u.Charged, u.Rated = seconds, amount(t, price), amount(t, price)
		}
	}
	voice := func(line, minutes, price string) bill {
		return bill{line: line, service: "voice_out", item: "Samtal", quantity: minutes, unit: "MIN", price: price}
	}
	fee := func(line, amount string) bill {
		return bill{line: line, service: "subscription", item: "Månadsavgift", unit: "EA", amount: amount}
	}

	// Matched, and the tolerance: 1 krona exactly is accepted, an öre more is not.
	w.document("M1", nil, voice(hold("m1"), "100", "0.50"), fee("m1", "99.00"), fee(hold("m2"), "100.00"), fee(hold("m3"), "100.01"), fee(hold("m4"), "98.00"), fee(hold("m5"), "97.99"))
	w.used(op, "M1", "m1", "voice_out", "2026-03-05", 100, call(60, "0.50"))
	expect("M1/1", Matched, "", "")
	expect("M1/2", Matched, "", "")
	expect("M1/3", Matched, "", "")
	expect("M1/4", PriceDiffers, "", "1.01")
	expect("M1/5", Matched, "", "")
	expect("M1/6", PriceDiffers, "", "") // less is billed than expected: told, not claimed

	// The percentage: of 500 kronor five are accepted.
	w.document("T1", nil, voice(hold("t1"), "1000", "0.505"), voice(hold("t2"), "1000", "0.50501"))
	for _, id := range []string{"t1", "t2"} {
		w.used(op, "T1", id, "voice_out", "2026-03-05", 1000, call(60, "0.50"))
	}
	expect("T1/1", Matched, "", "")
	expect("T1/2", PriceDiffers, "", "5.01")

	// Quantity: more minutes than were used; and minutes rounded in total and per record.
	w.document("Q1", nil, voice(hold("q1"), "120", "0.50"), voice(hold("q2"), "50", "0.50"), voice(hold("q3"), "100", "0.50"), voice(hold("q4"), "102", "0.50"), voice(hold("q5"), "103", "0.50"),
		bill{line: hold("q6"), service: "data", unit: "4L", quantity: "150", price: "0.20"}, bill{line: hold("q7"), service: "sms", unit: "EA", quantity: "30", price: "0.50"},
		bill{line: hold("q8"), service: "subscription", unit: "MON", quantity: "2", price: "99"}, bill{line: hold("q9"), service: "voice_out", unit: "EA", quantity: "1", price: "45.00"})
	w.used(op, "Q1", "q1", "voice_out", "2026-03-05", 100, call(60, "0.50"))
	w.used(op, "Q1", "q2", "voice_out", "2026-03-05", 100, call(30, "0.25")) // 50 minutes in total
	w.used(op, "Q1", "q3", "voice_out", "2026-03-05", 100, call(30, "0.50")) // 100 begun minutes
	w.used(op, "Q1", "q4", "voice_out", "2026-03-05", 100, call(60, "0.50")) // two minutes too many are worth one krona
	w.used(op, "Q1", "q5", "voice_out", "2026-03-05", 100, call(60, "0.50")) // three are not
	w.used(op, "Q1", "q6", "data", "2026-03-05", 10, func(u *schema.Usage) { // 100 MB
		u.VolumeBytes, u.Charged, u.Rated = 10_000_000, schema.Kronor(2), schema.Kronor(2)
	})
	w.used(op, "Q1", "q7", "sms", "2026-03-05", 20, func(u *schema.Usage) { u.Messages, u.Charged, u.Rated = 1, amount(t, "0.50"), amount(t, "0.50") })
	w.used(op, "Q1", "q9", "voice_out", "2026-03-05", 100, call(30, "0.40"))
	expect("Q1/1", QuantityDiffers, "", "10.00")
	expect("Q1/2", Matched, "", "")
	expect("Q1/3", Matched, "", "")
	expect("Q1/4", Matched, "", "")
	expect("Q1/5", QuantityDiffers, "", "1.50")
	expect("Q1/6", QuantityDiffers, "", "10.00")
	expect("Q1/7", QuantityDiffers, "", "5.00")
	expect("Q1/8", QuantityDiffers, "", "99.00")
	expect("Q1/9", PriceDiffers, "", "5.00") // a sum without a quantity

	// Price: the same minutes at another price; the operator's own records agree with its invoice.
	w.document("P1", nil, voice(hold("p1"), "100", "0.80"))
	w.used(op, "P1", "p1", "voice_out", "2026-03-05", 100, func(u *schema.Usage) {
		u.DurationS, u.Charged, u.Rated = 60, amount(t, "0.80"), amount(t, "0.50")
	})
	expect("P1/1", PriceDiffers, "", "30.00")

	// Whose it is: outside the ranges, inside them, no mask to tell by, another operator's, one that
	// changed hands on the last day of the period and one on the day after.
	w.line("o1", "Fjordtel", "Bas", "", long, "")
	w.line("o2", op, "Bas", "", long, "2026-03-02")
	w.line("o2", "Fjordtel", "Bas", "", "2026-03-02", "")
	w.line("o3", op, "Bas", "", "2025-01-01", "2026-03-01")
	w.line("o3", "Fjordtel", "Bas", "", "2026-03-01", "")
	w.line("o4", op, "Bas", "", "2026-03-31", "")
	w.line("o5", op, "Bas", "", "2026-04-01", "")
	outside, inside := fee("stranger", "99.00"), fee("stranger2", "99.00")
	outside.mask, inside.mask = "+4670999••••", "+4670123••••"
	untold := fee("", "99.00")
	extension := fee("xo2", "99.00")
	w.document("O1", nil, outside, inside, untold, fee("o1", "99.00"), extension, fee("o3", "99.00"), fee("o4", "99.00"), fee("o5", "99.00"), bill{line: "stranger", service: "subscription", amount: "1.00", mask: "+4670999••••"})
	expect("O1/1", NotOurs, ReasonOutside, "99.00")
	expect("O1/2", UnknownLine, ReasonUnknownNumber, "99.00")
	expect("O1/3", UnknownLine, ReasonNotTold, "99.00")
	expect("O1/4", NotOurs, ReasonOtherOperator, "99.00")
	expect("O1/5", Matched, "", "")
	expect("O1/6", NotOurs, ReasonOtherOperator, "99.00")
	expect("O1/7", Matched, "", "")
	expect("O1/8", UnknownLine, ReasonBeforeStart, "99.00")
	expect("O1/9", NotOurs, ReasonOutside, "") // not above the tolerance: told, not claimed

	// Call detail that did not come, and that came for another service.
	w.document("D1", nil, voice(hold("d1"), "10", "0.50"), bill{line: hold("d2"), service: "sms", unit: "EA", quantity: "10", price: "0.50"}, bill{line: hold("d3"), service: "data", unit: "4L", quantity: "0", amount: "0.00"})
	w.used(op, "D1", "d2", "voice_out", "2026-03-05", 2, call(60, "0.50"))
	expect("D1/1", MissingUsage, "", "5.00")
	expect("D1/2", MissingUsage, "", "5.00")
	expect("D1/3", Matched, "", "") // nothing is billed
	w.document("D2", func(d *schema.Invoice) { d.Operator = "Sydtele" }, voice("d4", "10", "0.50"))
	w.line("d4", "Sydtele", "Bas", "", long, "")
	expect("D2/1", MissingUsage, ReasonNoDetail, "") // of this operator no call detail is there at all

	// After the end: five days of grace; the last day of the contract is that before valid_to.
	w.line("e1", op, "Bas", "", long, "2026-02-24") // last day the 23rd: 1 March is six days after it
	w.line("e2", op, "Bas", "", long, "2026-02-25") // five days
	w.line("e3", op, "Bas", "", long, "2026-03-10") // ends within the period
	w.line("e4", op, "Bas", "", long, "2026-02-01")
	w.line("e4", op, "Bas", "blocked", "2026-02-01", "")
	w.line("e5", op, "Bas", "", long, "2026-02-25")
	w.line("e5", op, "Bas", "returned", "2026-02-25", "")
	w.line("e6", op, "Bas", "spare", long, "")
	w.line("e7", op, "Bas", "", long, "2026-01-01") // a break, and held again within the period
	w.line("e7", op, "Bas", "", "2026-03-20", "")
	w.line("e8", op, "Bas", "", long, "2026-02-24")
	w.line("e8", op, "Bas", "blocked", "2026-02-24", "")
	w.document("E1", nil, fee("e1", "99.00"), fee("e2", "99.00"), fee("e3", "99.00"), fee("e4", "99.00"), fee("e5", "99.00"), fee("e6", "99.00"), fee("e7", "99.00"), fee("e8", "99.00"))
	expect("E1/1", BilledAfterEnd, ReasonEnded, "99.00")
	expect("E1/2", Other, ReasonNoPrice, "") // still within the grace, and no fee is expected of March
	expect("E1/3", Matched, "", "")
	expect("E1/4", BilledAfterEnd, ReasonBlocked, "99.00")
	expect("E1/5", Matched, "", "")
	expect("E1/6", Matched, "", "")
	expect("E1/7", Matched, "", "")
	expect("E1/8", BilledAfterEnd, ReasonBlocked, "99.00") // blocked from the 24th: 1 March is the fifth day after it, one too late

	// Stated anew without an end of what was stated before: the statement that began last holds.
	w.line("s1", op, "Bas", "", long, "")
	w.line("s1", "Fjordtel", "Bas", "", "2025-10-01", "")
	w.line("s2", op, "Bas", "blocked", "2026-02-20", "")
	w.line("s2", op, "Bas", "blocked", "2026-02-27", "") // blocked since the 20th all the same
	w.line("s3", op, "Bas", "blocked", long, "")
	w.line("s3", op, "Bas", "", "2025-10-01", "") // in use again
	w.line("s4", op, "Bas", "", long, "")
	w.line("s4", "Fjordtel", "Bas", "", "2026-03-02", "") // Norrtele's on the first day of the period
	w.line("s5", op, "Bas", "", long, "2026-12-31")
	w.line("s5", "Fjordtel", "Bas", "", "2026-03-01", "") // outdone before its own end
	w.line("s6", op, "Bas", "", long, "")
	w.line("s6", "Fjordtel", "Bas", "", "2025-10-01", "")
	w.rows.lines[len(w.rows.lines)-1].Alias = "" // the next one need not tell the extension
	w.document("S1", nil, fee("s1", "99.00"), fee("s2", "99.00"), fee("s3", "99.00"), fee("s4", "99.00"), fee("s5", "99.00"), fee("xs6", "99.00"))
	expect("S1/1", NotOurs, ReasonOtherOperator, "99.00")
	expect("S1/2", BilledAfterEnd, ReasonBlocked, "99.00")
	expect("S1/3", Matched, "", "")
	expect("S1/4", Matched, "", "")
	expect("S1/5", NotOurs, ReasonOtherOperator, "99.00")
	expect("S1/6", BilledAfterEnd, ReasonEnded, "99.00")

	// Twice: in one document, in another one, another item, another month, use that was itemised twice.
	w.document("B1", nil, fee(hold("b1"), "99.00"), fee("b1", "99.00"), fee(hold("b2"), "99.00"), fee(hold("b3"), "99.00"), bill{line: "b3", service: "subscription", item: "Extra", amount: "20.00"},
		bill{line: hold("b4"), service: "subscription", item: "Månadsavgift", amount: "99.00"}, bill{line: "b4", service: "subscription", item: "Månadsavgift", amount: "99.00", from: "2026-04-01", to: "2026-04-30"}, voice(hold("b5"), "10", "0.50"))
	w.document("B2", nil, fee("b2", "99.00"), voice("b5", "10", "0.50"))
	w.used(op, "B1", "b5", "voice_out", "2026-03-05", 10, call(60, "0.50"))
	w.used(op, "B2", "b5", "voice_out", "2026-03-06", 10, call(60, "0.50"))
	expect("B1/1", Matched, "", "")
	expect("B1/2", Duplicate, "", "99.00")
	expect("B1/3", Matched, "", "")
	expect("B1/4", PriceDiffers, "", "16.64") // another item: together they are 20 kronor more than the fee
	expect("B1/5", PriceDiffers, "", "3.36")
	expect("B1/6", Matched, "", "")
	expect("B1/7", Matched, "", "")
	expect("B1/8", Matched, "", "")
	expect("B2/1", Duplicate, "", "99.00")
	expect("B2/2", Matched, "", "")

	// The same twice, of which a half is there for the second: that is no duplicate, it is too much.
	w.document("B3", nil, voice(hold("b6"), "10", "0.50"), voice("b6", "10", "0.50"))
	w.used(op, "B3", "b6", "voice_out", "2026-03-05", 15, call(60, "0.50"))
	expect("B3/1", QuantityDiffers, "", "1.25")
	expect("B3/2", QuantityDiffers, "", "1.25")

	// What is not judged.
	w.document("N1", nil, bill{service: "equipment", amount: "500.00"}, bill{line: hold("n1"), service: "other", amount: "50.00"}, bill{line: "n1", amount: "50.00"}, bill{line: "n1", service: "one_time", amount: "50.00"},
		bill{line: hold("n2"), service: "one_time", amount: "50.00"}, voice(hold("n3"), "10", "0.50"))
	w.used(op, "", "n2", "one_time", "2026-03-31", 1, call(0, "50"))
	w.used(op, "", "n3", "voice_out", "2026-03-01", 5, call(60, "0.50")) // the first and the last day of the period
	w.used(op, "", "n3", "voice_out", "2026-03-31", 5, call(60, "0.50"))
	w.used(op, "", "n3", "voice_out", "2026-02-28", 5, call(60, "0.50")) // and those outside it
	w.used(op, "", "n3", "voice_out", "2026-04-01", 5, call(60, "0.50"))
	expect("N1/1", NotTelephony, "", "")
	expect("N1/2", Other, ReasonOtherService, "")
	expect("N1/3", Other, ReasonNoService, "")
	expect("N1/4", Other, ReasonNoPrice, "")
	expect("N1/5", Matched, "", "")
	expect("N1/6", Matched, "", "")

	// Credited wholly, in part, and billed anew.
	w.document("C1", nil, voice(hold("c1"), "100", "0.80"), fee("c1", "99.00"), fee(hold("c2"), "150.00"), fee(hold("c3"), "99.00"))
	w.used(op, "C1", "c1", "voice_out", "2026-03-05", 100, call(60, "0.50"))
	w.document("C2", credits("C1"), bill{line: "c1", service: "voice_out", item: "Samtal", quantity: "-60", unit: "MIN", price: "0.50"}, bill{line: "c2", service: "subscription", item: "Månadsavgift", amount: "-51.00"}, fee("c3", "-99.00"))
	w.document("C3", nil, fee("c3", "99.00"))
	expect("C1/1", Matched, "", "")
	expect("C1/2", Matched, "", "")
	expect("C1/3", Matched, "", "")
	expect("C1/4", Credited, "", "")
	expect("C2/1", Credited, "", "")
	expect("C2/2", Credited, "", "")
	expect("C2/3", Credited, "", "")
	expect("C3/1", Matched, "", "")

	// Other currencies.
	euro := func(d *schema.Invoice) {
		d.Currency, d.ExchangeRate, d.ExchangeDay = "EUR", amount(t, "11.25"), day(t, "2026-03-31")
	}
	w.document("X1", euro, fee(hold("x1"), "8.80"), fee(hold("x2"), "10.00"))
	w.document("X2", func(d *schema.Invoice) { d.Currency = "EUR" }, fee(hold("x3"), "8.80"))
	expect("X1/1", Matched, "", "")
	expect("X1/2", PriceDiffers, "", "1.20")
	expect("X2/1", Other, ReasonNoExchangeRate, "")

	w.flush()
	r := w.reconcile(w.march())
	got := byName(r)
	for _, name := range sortedKeys(want) {
		e, l := want[name], got[name]
		claimed := ""
		if l.Claimed != 0 {
			claimed = l.Claimed.String()
		}
		if l.Outcome != e.outcome || l.Reason != e.reason || claimed != e.claimed {
			t.Errorf("line %s: %s (%s), claimed %q, want %s (%s), %q: %+v", name, l.Outcome, l.Reason, claimed, e.outcome, e.reason, e.claimed, l)
		}
	}
	if len(got) != len(want) || len(r.Lines) != len(want) {
		t.Errorf("%d lines, want %d", len(r.Lines), len(want))
	}
	for name, rounding := range map[string]string{"M1/1": RoundedTotal, "Q1/2": RoundedTotal, "Q1/3": RoundedRecord, "Q1/1": "", "X1/1": RoundedTotal} {
		if got[name].Rounding != rounding || !got[name].Compared {
			t.Errorf("line %s: minutes rounded %q, want %q", name, got[name].Rounding, rounding)
		}
	}
	if got["Q1/9"].Compared {
		t.Errorf("a sum of one piece was compared with the number of calls")
	}
	if l := got["Q1/1"]; len(l.Events) != 20 || !strings.Contains(l.Query, "line_id = 'q1'") || l.Used.Records != 100 || l.Used.Minutes != 100 || !slices.Equal(l.Prices, []string{"P/1/voice_out"}) {
		t.Errorf("evidence of a line: %+v", l)
	}
	if l := got["P1/1"]; l.Expected.String() != "50.00" || l.Used.Charged.String() != "80.00" || l.Difference.String() != "30.00" || l.Basis != BasisPrices {
		t.Errorf("a line with another price: %+v", l)
	}
	addsUp(t, r)
	w.eachAlone(r)
	w.sameAgain(r)
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// addsUp checks what holds of every report: each line has one outcome, and what is billed adds up.
func addsUp(t *testing.T, r Report) {
	t.Helper()
	totals := map[string]schema.Money{}
	n := 0
	for _, l := range r.Lines {
		if !slices.Contains(Outcomes(), l.Outcome) {
			t.Errorf("line %s/%s has the outcome %q", l.Document, l.LineNo, l.Outcome)
		}
		totals[l.Operator+l.Kind+l.Document] += l.Billed
	}
	seen := map[string]bool{}
	for _, d := range r.Documents {
		var billed schema.Money
		lines := 0
		for _, o := range d.Outcomes {
			billed += o.Billed
			lines += o.Lines
		}
		n += lines
		wrong := slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Kind == FindLineTotal })
		if billed != d.Billed || lines != d.Lines || (billed == d.LineTotal) == wrong {
			t.Errorf("document %s: outcomes add up to %s of %d lines, the document says %s and has %d, findings %v", d.Number, billed, lines, d.LineTotal, d.Lines, d.Findings)
		}
		key := d.Operator + d.Kind + d.Number
		if !seen[key] && !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Kind == FindSameNumber }) && totals[key] < 0 != (billed < 0) {
			t.Errorf("document %s: lines add up to %s", d.Number, totals[key])
		}
		seen[key] = true
	}
	var sum Sum
	for _, o := range r.Operators {
		sum.Lines += o.Lines
		sum.Billed += o.Sum.Billed
		sum.Claimed += o.Sum.Claimed
	}
	if n != len(r.Lines) || sum != r.Total.Sum {
		t.Errorf("%d lines in %d documents, operators add up to %+v, the total is %+v", len(r.Lines), len(r.Documents), sum, r.Total.Sum)
	}
}

// eachAlone checks that a line comes to the same when its document is asked for alone.
func (w *world) eachAlone(r Report) {
	w.t.Helper()
	all := byName(r)
	for i, d := range r.Documents {
		if len(r.Documents) > 30 && i%4 != 0 {
			continue // the others show nothing new
		}
		in := w.march()
		in.Number, in.Operator = d.Number, d.Operator
		for _, l := range w.reconcile(in).Lines {
			other := all[l.Document+"/"+l.LineNo]
			if l.Outcome != other.Outcome || l.Reason != other.Reason || l.Claimed != other.Claimed || l.Expected != other.Expected {
				w.t.Errorf("line %s/%s alone is %s %s %s, with the month %s %s %s", l.Document, l.LineNo, l.Outcome, l.Reason, l.Claimed, other.Outcome, other.Reason, other.Claimed)
			}
		}
	}
}

// sameAgain checks that the report does not depend on the order of rows or the moment.
func (w *world) sameAgain(r Report) {
	w.t.Helper()
	if again := w.reconcile(w.march()); fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", r) {
		w.t.Errorf("the same rows gave another report")
	}
}
