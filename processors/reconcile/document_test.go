package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"linesman/schema"
)

// TestFindings plants each finding against a document, and the nearest that is none.
func TestFindings(t *testing.T) {
	w := newWorld(t)
	w.line("a", "Norrtele", "Bas", "", "2024-01-01", "")
	fee := func(amount string) bill {
		return bill{line: "a", service: "subscription", item: "Avgift", unit: "EA", amount: amount}
	}
	want := map[string][]string{}
	doc := func(number string, change func(*schema.Invoice), bills []bill, kinds ...string) {
		w.document(number, change, bills...)
		want[number] = kinds
	}
	ore := func(field func(*schema.Invoice) *schema.Money, n int64) func(*schema.Invoice) {
		return func(d *schema.Invoice) { *field(d) += schema.Ore(n) }
	}
	doc("right", nil, []bill{fee("99.00"), fee("1.01")})
	doc("total", ore(func(d *schema.Invoice) *schema.Money { return &d.LineTotal }, 1), []bill{fee("99.00")}, FindLineTotal, FindNet)
	doc("net", ore(func(d *schema.Invoice) *schema.Money { return &d.Net }, -1), []bill{fee("99.00")}, FindNet, FindGross)
	doc("gross", ore(func(d *schema.Invoice) *schema.Money { return &d.Gross }, 1), []bill{fee("99.00")}, FindGross, FindPayable)
	doc("payable", ore(func(d *schema.Invoice) *schema.Money { return &d.Payable }, 1), []bill{fee("99.00")}, FindPayable)
	doc("rounded", func(d *schema.Invoice) { // 123,75 becomes 124, of which 24 are paid
		d.Rounding, d.Prepaid, d.Payable = schema.Ore(25), schema.Kronor(24), schema.Kronor(100)
	}, []bill{fee("99.00")})
	doc("allowed", func(d *schema.Invoice) { // 10 off and 5 on the whole: one category, so that VAT is known
		d.Allowances, d.Charges, d.Net, d.VAT = schema.Kronor(10), schema.Kronor(5), schema.Kronor(95), schema.Ore(2375)
		d.Gross, d.Payable = schema.Ore(11875), schema.Ore(11875)
	}, []bill{fee("100.00")})
	doc("vat-ore", func(d *schema.Invoice) { d.VAT += schema.Ore(1); d.Gross += schema.Ore(1); d.Payable += schema.Ore(1) }, []bill{fee("99.00")})
	doc("vat-two", func(d *schema.Invoice) { d.VAT += schema.Ore(2); d.Gross += schema.Ore(2); d.Payable += schema.Ore(2) }, []bill{fee("99.00")}, FindVAT)
	doc("count", func(d *schema.Invoice) { d.Lines = 3 }, []bill{fee("99.00")}, FindLineCount)
	// 3 x 0,335 = 1,005 is 1,01 in decimals; in binary floats it would be 1,00.
	doc("half-up", nil, []bill{{line: "a", service: "subscription", quantity: "3", unit: "EA", price: "0.335", amount: "1.01"}})
	doc("half-down", nil, []bill{{line: "a", service: "subscription", quantity: "3", unit: "EA", price: "0.335", amount: "1.00"}}, FindLineAmount)
	doc("rebate", nil, []bill{{line: "a", service: "subscription", quantity: "2", unit: "EA", price: "50", allowance: "10.00", amount: "90.00"}})
	doc("no-rebate", nil, []bill{{line: "a", service: "subscription", quantity: "2", unit: "EA", price: "50", allowance: "10.00", amount: "100.00"}}, FindLineAmount)
	doc("negative", nil, []bill{{line: "a", service: "subscription", quantity: "-2", unit: "EA", price: "50", amount: "-100.00"}})
	doc("positive", nil, []bill{{line: "a", service: "subscription", quantity: "-2", unit: "EA", price: "50", amount: "100.00"}}, FindLineAmount)
	doc("euro", func(d *schema.Invoice) {
		d.Currency, d.ExchangeRate, d.ExchangeDay = "EUR", schema.Kronor(11), day(t, "2026-03-31")
	}, []bill{fee("9.00")})
	doc("no-rate", func(d *schema.Invoice) { d.Currency, d.ExchangeDay = "EUR", day(t, "2026-03-31") }, []bill{fee("9.00")}, FindExchangeRate)
	doc("no-date", func(d *schema.Invoice) { d.Currency, d.ExchangeRate = "EUR", schema.Kronor(11) }, []bill{fee("9.00")}, FindExchangeRate)
	doc("mixed", nil, []bill{fee("9.00"), {line: "a", service: "subscription", amount: "9.00", currency: "EUR"}}, FindCurrencies)
	doc("backward", nil, []bill{{line: "a", service: "subscription", amount: "9.00", from: "2026-03-31", to: "2026-03-01"}}, FindPeriod)

	// Credits.
	doc("credits-nothing", func(d *schema.Invoice) { d.Kind = schema.CreditNoteKind }, []bill{fee("-9.00")}, FindCreditNothing)
	doc("credits-unknown", credits("never"), []bill{fee("-9.00")}, FindCreditUnknown)
	doc("billed", nil, []bill{fee("100.00"), {line: "a", service: "one_time", item: "Start", amount: "50.00"}})
	doc("credits-all", credits("billed"), []bill{fee("-100.00"), {line: "a", service: "one_time", item: "Start", amount: "-50.00"}})
	doc("billed-2", nil, []bill{fee("100.00")})
	doc("credits-more", credits("billed-2"), []bill{fee("-100.01")}, FindCreditExceeds, FindCreditLine)
	doc("billed-3", nil, []bill{fee("100.00"), {line: "a", service: "one_time", item: "Start", amount: "50.00"}})
	doc("credits-line", credits("billed-3"), []bill{fee("-120.00")}, FindCreditLine)
	doc("billed-4", nil, []bill{fee("100.00")})
	doc("lump", credits("billed-4"), []bill{{service: "credit", amount: "-100.00"}})
	doc("billed-5", nil, []bill{fee("100.00")})
	doc("lump-part", credits("billed-5"), []bill{{service: "credit", amount: "-60.00"}}, FindCreditLine)
	doc("negative-invoice", func(d *schema.Invoice) { d.Corrects = "billed-2" }, []bill{fee("-0.01")}, FindCreditExceeds, FindCreditLine)

	// The same number again: with the same content it is the same document, with other content it is not.
	doc("twice", nil, []bill{fee("99.00")})
	w.document("twice", func(d *schema.Invoice) { d.Issued++ }, fee("98.00"))
	w.rows.invoices = append(w.rows.invoices, w.rows.invoices[len(w.rows.invoices)-2]) // read again
	w.flush()
	r := w.reconcile(w.march())
	addsUp(t, r)
	seen := map[string]int{}
	for _, d := range r.Documents {
		kinds := []string{}
		for _, f := range d.Findings {
			kinds = append(kinds, f.Kind)
		}
		slices.Sort(kinds)
		expected := want[d.Number]
		if seen[d.Number]++; seen[d.Number] == 2 && d.Number == "twice" {
			expected = []string{FindSameNumber}
		}
		slices.Sort(expected)
		if !slices.Equal(kinds, expected) {
			t.Errorf("document %s: findings %v, want %v: %+v", d.Number, kinds, expected, d.Findings)
		}
	}
	if len(seen) != len(want) || seen["twice"] != 2 || seen["right"] != 1 {
		t.Errorf("documents %v, want %d", seen, len(want))
	}
	all := byName(r)
	for _, name := range []string{"billed/1", "billed/2", "credits-all/1", "credits-all/2", "billed-4/1", "lump/1"} {
		if all[name].Outcome != Credited {
			t.Errorf("line %s: %s %s", name, all[name].Outcome, all[name].Reason)
		}
	}
	if l := all["mixed/2"]; l.Outcome != Other || l.Reason != ReasonNoExchangeRate || l.BilledSEK != 0 {
		t.Errorf("a line in another currency than its document: %+v", l)
	}
	if l := all["credits-more/1"]; l.Outcome != Other || l.Reason != ReasonCreditExceeds {
		t.Errorf("a credit of too much: %+v", l)
	}
}

// TestMultiplies checks quantity x price against decimals.
func TestMultiplies(t *testing.T) {
	for _, tc := range []struct {
		quantity, price, base, allowance, charge, amount string
		right                                            bool
	}{
		{"1", "99", "1", "0", "0", "99.00", true},
		{"123.45", "0.0133", "1", "0", "0", "1.64", true}, // 1.641885
		{"1000", "35", "100", "0", "0", "350.00", true},
		{"1000", "35", "0", "0", "0", "35000.00", true}, // no base quantity: one
		{"1", "10", "3", "0", "0", "3.33", true},
		{"2", "10", "3", "0", "0", "6.67", true},
		{"2", "10", "3", "0", "0", "6.66", false},
		{"1.115", "1", "1", "0", "0", "1.12", true}, // floats make 1.11 of it
		{"10", "1", "1", "2.50", "1.25", "8.75", true},
		{"10", "1", "1", "2.50", "1.25", "8.76", false},
		{"-10", "1", "1", "-2.50", "0", "-7.50", true},
		{"-10", "1", "1", "2.50", "0", "-7.50", true},
		{"10", "1", "1", "2.50", "0", "-7.50", true},
		{"999999999999", "999999999999", "1", "0", "0", "1.00", false},
	} {
		l := schema.InvoiceLine{Quantity: amount(t, tc.quantity), Price: amount(t, tc.price), BaseQuantity: amount(t, tc.base), Allowance: amount(t, tc.allowance), Charge: amount(t, tc.charge), Amount: amount(t, tc.amount)}
		if right, computed := multiplies(&l); right != tc.right {
			t.Errorf("%s: %v, computed %s", fmt.Sprint(tc), right, computed)
		}
	}
}
