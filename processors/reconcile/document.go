package reconcile

import (
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Kinds of findings: what is wrong with a document by itself, or with two beside each other.
const (
	FindLineTotal     = "line_total"     // the stated total of the lines is not their sum
	FindNet           = "net"            // the amount excluding VAT is not lines - rebates + charges
	FindVAT           = "vat"            // VAT is not the sum over categories of net x rate
	FindGross         = "gross"          // the amount including VAT is not net + VAT
	FindPayable       = "payable"        // the amount to pay is not gross - prepaid + rounding
	FindLineCount     = "line_count"     // not as many lines came as the document has
	FindLineAmount    = "line_amount"    // quantity x price and the rebates of a line do not give its amount
	FindCurrencies    = "currencies"     // a line in another currency than the document
	FindExchangeRate  = "exchange_rate"  // another currency than SEK without rate and date
	FindPeriod        = "period"         // a period that ends before it begins, or is longer than 400 days
	FindSameNumber    = "same_number"    // another document with the same number and other content
	FindCreditNothing = "credit_nothing" // a credit that names no document
	FindCreditUnknown = "credit_unknown" // a credit that names a document that did not come
	FindCreditExceeds = "credit_exceeds" // more is credited than the document that it names bills
	FindCreditLine    = "credit_line"    // a line is credited that the named document does not have, or more than it bills
	FindNoDetail      = "no_call_detail" // use is billed, and no call detail of the operator came at all
)

// Finding is something wrong with a document. Amounts are in its currency; a count of lines is
// whole units. Both are 0 where the kind compares no amounts.
type Finding struct {
	Kind     string       `json:"kind"`
	LineNo   string       `json:"line_no,omitempty"`
	Stated   schema.Money `json:"stated"`
	Computed schema.Money `json:"computed"`
	Other    string       `json:"other,omitempty"` // number of the other document
}

func (d *document) find(f Finding) { d.findings = append(d.findings, f) }

// compare finds a difference of more than within.
func (d *document) compare(kind string, stated, computed, within schema.Money) {
	if diff := stated - computed; diff > within || -diff > within {
		d.find(Finding{Kind: kind, Stated: stated, Computed: computed})
	}
}

// check holds the document against itself.
func (d *document) check() {
	if d.Currency != sek && (d.ExchangeRate <= 0 || d.ExchangeDay == 0) {
		d.find(Finding{Kind: FindExchangeRate})
	}
	if n := uint32(len(d.lines)); n != d.Invoice.Lines {
		d.find(Finding{Kind: FindLineCount, Stated: schema.Kronor(int64(d.Invoice.Lines)), Computed: schema.Kronor(int64(n))})
	}
	var sum schema.Money
	for _, l := range d.lines {
		x := &l.InvoiceLine
		sum += x.Amount
		if x.Currency != d.Currency {
			d.find(Finding{Kind: FindCurrencies, LineNo: x.LineNo})
		}
		if ok, computed := multiplies(x); !ok {
			d.find(Finding{Kind: FindLineAmount, LineNo: x.LineNo, Stated: x.Amount, Computed: computed})
		}
	}
	d.compare(FindLineTotal, d.LineTotal, sum, 0)
	d.compare(FindNet, d.Net, d.LineTotal-d.Allowances+d.Charges, 0)
	if vat, parts, known := d.vat(); known {
		d.compare(FindVAT, d.VAT, vat, schema.Ore(int64(parts)))
	}
	d.compare(FindGross, d.Gross, d.Net+d.VAT, 0)
	d.compare(FindPayable, d.Payable, d.Gross-d.Prepaid+d.Rounding, 0)
}

// vat works out the VAT from the lines: each category rounded to öre. Which category a rebate or
// charge on the whole document has is not recorded: with several categories it cannot be told.
func (d *document) vat() (sum schema.Money, parts int, known bool) {
	type category struct {
		code    string
		percent schema.Money
	}
	nets := map[category]schema.Money{}
	for _, l := range d.lines {
		nets[category{l.VATCategory, l.VATPercent}] += l.InvoiceLine.Amount
	}
	rest := d.Charges - d.Allowances
	if rest != 0 && len(nets) != 1 {
		return 0, 0, false
	}
	for c, net := range nets {
		part, err := (net + rest).MulDiv(int64(c.percent), int64(100*schema.Micro))
		if err != nil {
			return 0, 0, false
		}
		sum += part.RoundOre()
	}
	return sum, len(nets), true
}

// multiplies tells whether quantity x price / base - rebates + charges is the line's amount, half
// rounded up to öre. A line that gives back may state its quantity and its rebates with either sign.
func multiplies(x *schema.InvoiceLine) (bool, schema.Money) {
	base := x.BaseQuantity
	if base == 0 {
		base = schema.Micro
	}
	part := decimal.New(int64(x.Quantity), -6).Mul(decimal.New(int64(x.Price), -6)).DivRound(decimal.New(int64(base), -6), 2)
	micro := part.Shift(6)
	if !micro.BigInt().IsInt64() {
		return false, 0
	}
	product := schema.Money(micro.IntPart())
	computed := (product - x.Allowance + x.Charge).RoundOre()
	stated := x.Amount.RoundOre()
	if computed == stated {
		return true, computed
	}
	if stated < 0 && (-computed == stated || (product+x.Allowance-x.Charge).RoundOre() == stated) {
		return true, computed
	}
	return false, computed
}

// sameNumber finds documents that have the same supplier, kind and number and other content.
func (w *work) sameNumber() {
	first := map[schema.ID]*document{}
	for _, d := range w.docs {
		if other := first[d.InvoiceID]; other != nil {
			d.find(Finding{Kind: FindSameNumber, Stated: d.LineTotal, Computed: other.LineTotal, Other: other.Number})
			continue
		}
		first[d.InvoiceID] = d
	}
}
