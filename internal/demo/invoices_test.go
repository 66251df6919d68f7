package demo

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// readInvoice is what the audit reads of an invoice.
type readInvoice struct {
	ID    string `xml:"ID"`
	Lines []struct {
		Quantity decimal.Decimal `xml:"InvoicedQuantity"`
		Amount   decimal.Decimal `xml:"LineExtensionAmount"`
		Number   string          `xml:"DocumentReference>ID"`
		Item     string          `xml:"Item>Name"`
		Price    decimal.Decimal `xml:"Price>PriceAmount"`
		Base     decimal.Decimal `xml:"Price>BaseQuantity"`
	} `xml:"InvoiceLine"`
	Tax  decimal.Decimal `xml:"TaxTotal>TaxAmount"`
	Sums struct {
		Lines    decimal.Decimal `xml:"LineExtensionAmount"`
		Net      decimal.Decimal `xml:"TaxExclusiveAmount"`
		Gross    decimal.Decimal `xml:"TaxInclusiveAmount"`
		Rounding decimal.Decimal `xml:"PayableRoundingAmount"`
		Payable  decimal.Decimal `xml:"PayableAmount"`
	} `xml:"LegalMonetaryTotal"`
}

// invoice holds an invoice against the itemised files of its month: apart from what is noted as
// wrong, its lines say the same, and its sums are right.
func (a *audit) invoice(f *File) {
	raw, err := os.ReadFile(filepath.Join(a.dir, f.Collector, f.Name))
	if err != nil {
		a.t.Fatal(err)
	}
	var inv readInvoice
	if err := xml.Unmarshal(raw, &inv); err != nil {
		a.t.Fatalf("%s: %v", f.Name, err)
	}
	if n := int64(len(inv.Lines)) + 1; n != f.Rows || n != f.Accepted {
		a.t.Errorf("%s has %d lines; the truth says %+v", f.Name, len(inv.Lines), *f)
	}
	var sum decimal.Decimal
	for _, l := range inv.Lines {
		sum = sum.Add(l.Amount)
		if !l.Price.Mul(l.Quantity).Equal(l.Amount.Mul(l.Base)) {
			a.t.Errorf("%s, %s: %s of %s for each %s is not %s", f.Name, l.Item, l.Quantity, l.Price, l.Base, l.Amount)
		}
	}
	wrong, excess := decimal.Zero, decimal.Zero
	for _, b := range a.truth.BilledWrong {
		if b.Invoice != inv.ID {
			continue
		}
		over := decimal.RequireFromString(b.Billed).Sub(decimal.RequireFromString(b.Expected))
		if b.Outcome == "sum_differs" {
			excess = excess.Add(over)
		} else {
			wrong = wrong.Add(over)
		}
	}
	itemised := decimal.New(a.itemised(f), -2)
	if want := itemised.Add(wrong); !sum.Equal(want) {
		a.t.Errorf("%s: the lines are %s, %s was itemised and %s more is wrong", f.Name, sum, itemised, wrong)
	}
	s := inv.Sums
	if !s.Lines.Equal(sum.Add(excess)) || !s.Net.Equal(s.Lines) || !inv.Tax.Equal(s.Net.Div(decimal.NewFromInt(4)).Round(2)) || !s.Gross.Equal(s.Net.Add(inv.Tax)) ||
		!s.Payable.Equal(s.Gross.Add(s.Rounding)) || !s.Payable.IsInteger() {
		a.t.Errorf("%s: lines %s and %s too much, but %+v, VAT %s", f.Name, sum, excess, s, inv.Tax)
	}
}

// itemised is what the itemised files of an invoice's operator and month charge, in öre.
func (a *audit) itemised(f *File) (sum int64) {
	op, _, _ := strings.Cut(f.Name, "_")
	for i := range a.truth.Files {
		if o := &a.truth.Files[i]; o.Collector == "itemised" && o.Month == f.Month && strings.HasPrefix(o.Name, op) {
			sum += a.charged[o.Name]
		}
	}
	return sum
}

func TestEveryKindOfMistakeIsBilled(t *testing.T) {
	truth, err := Generate(t.Context(), Config{Dir: t.TempDir(), Size: Small, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, b := range truth.BilledWrong {
		have[b.Outcome]++
	}
	for _, want := range []string{"price_differs", "quantity_differs", "duplicate", "missing_usage", "not_ours", "billed_after_end", "sum_differs"} {
		if have[want] != 1 {
			t.Errorf("%d of %s are planted", have[want], want)
		}
	}
}
