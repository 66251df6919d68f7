package reconcile

import (
	"cmp"
	"context"

	"linesman/schema"
)

// credit takes what credit notes and negative invoices give back from the lines that they name.
func (w *work) credit(context.Context) error {
	type name struct{ operator, number string }
	named := map[name][]*document{}
	for _, d := range w.docs {
		if d.Kind == schema.InvoiceKind {
			named[name{d.Operator, d.Number}] = append(named[name{d.Operator, d.Number}], d)
		}
	}
	books := map[name]*creditBook{}
	for _, d := range w.docs {
		credits := d.credits()
		if len(credits) == 0 {
			continue
		}
		n := name{d.Operator, d.Corrects}
		b := books[n]
		if b == nil && d.Corrects != "" {
			b = newCreditBook(named[n], d)
			books[n] = b
		}
		switch {
		case d.Corrects == "":
			d.find(Finding{Kind: FindCreditNothing})
		case b == nil || len(b.all) == 0:
			d.find(Finding{Kind: FindCreditUnknown, Other: d.Corrects})
		default:
			b.take(d, credits)
			continue
		}
		for _, c := range credits {
			if c.open() {
				c.settle(Other, ReasonCreditUnnamed)
			}
		}
	}
	for _, l := range w.lines {
		if l.open() && (l.credited != 0 && l.left() == 0 || l.InvoiceLine.Amount == 0 && l.doc.Kind == schema.CreditNoteKind) {
			l.settle(Credited, "")
		}
	}
	return nil
}

// credits are the lines of a document that take back what another one bills: those that give money
// back, and those of a credit note that take a rebate back, where it is there.
func (d *document) credits() (out []*line) {
	if d.Kind != schema.CreditNoteKind && d.Corrects == "" {
		return nil
	}
	for _, l := range d.lines {
		if a := l.InvoiceLine.Amount; a < 0 || a > 0 && d.Kind == schema.CreditNoteKind && d.Corrects != "" {
			out = append(out, l)
		}
	}
	return out
}

// left is what is not credited of a line, in its currency.
func (l *line) left() schema.Money { return l.InvoiceLine.Amount + l.credited }

// item is what tells the items of a subscription's service apart.
func (l *line) item() string { return cmp.Or(l.InvoiceLine.ItemCode, l.InvoiceLine.Item) }

// creditBook is what is left to credit of the documents with one number.
type creditBook struct {
	all    []*line
	byLine map[string][]*line // by subscription
	billed schema.Money
	given  schema.Money // credited so far
}

func newCreditBook(docs []*document, by *document) *creditBook {
	b := &creditBook{byLine: map[string][]*line{}}
	for _, d := range docs {
		if d == by || d.Currency != by.Currency {
			continue
		}
		for _, l := range d.lines {
			b.billed += l.InvoiceLine.Amount
			b.all = append(b.all, l)
			b.byLine[l.InvoiceLine.LineID] = append(b.byLine[l.InvoiceLine.LineID], l)
		}
	}
	return b
}

// take credits the lines of one credit note.
func (b *creditBook) take(d *document, credits []*line) {
	for _, c := range credits {
		need := -c.InvoiceLine.Amount
		rest := b.assign(c, need)
		if rest == need && need < 0 {
			continue // a charge of its own, to be judged as such
		}
		b.given += need
		if rest != 0 {
			d.find(Finding{Kind: FindCreditLine, LineNo: c.InvoiceLine.LineNo, Stated: need, Computed: need - rest, Other: d.Corrects})
		}
		switch {
		case !c.open():
		case rest == 0:
			c.settle(Credited, "")
		case rest == need:
			c.settle(Other, ReasonCreditUnnamed)
		default:
			c.settle(Other, ReasonCreditExceeds)
		}
	}
	if b.given > b.billed {
		d.find(Finding{Kind: FindCreditExceeds, Stated: b.given, Computed: b.billed, Other: d.Corrects})
	}
}

// assign finds the lines that a credit is for, the most alike first, and returns what is left of it.
func (b *creditBook) assign(c *line, need schema.Money) schema.Money {
	x := &c.InvoiceLine
	mine := b.byLine[x.LineID]
	alike := func(l *line) bool { return l.InvoiceLine.Service == x.Service }
	same := func(l *line) bool { return alike(l) && l.item() == c.item() && l.from == c.from && l.to == c.to }
	general := x.Service == "" || x.Service == schema.ServiceCredit || x.Service == serviceRebate
	for _, fits := range []func(*line) bool{same, alike, func(*line) bool { return general && x.LineID != "" }} {
		for _, exact := range []bool{true, false} {
			for _, l := range mine {
				left := l.left()
				if (left > 0) != (need > 0) || left == 0 || need == 0 || !fits(l) || exact && left != need {
					continue
				}
				part := min(need, left)
				if need < 0 {
					part = max(need, left)
				}
				l.giveBack(c, part)
				need -= part
			}
		}
	}
	if need == 0 || x.LineID != "" {
		return need
	}
	// A credit without a subscription may be for the whole document, and only for all that is left.
	var left schema.Money
	for _, l := range b.all {
		left += l.left()
	}
	if left != need {
		return need
	}
	for _, l := range b.all {
		if l.left() != 0 {
			l.giveBack(c, l.left())
		}
	}
	return 0
}

// giveBack credits a part of a line.
func (l *line) giveBack(c *line, part schema.Money) {
	l.credited -= part
	if l.left() == 0 {
		l.creditSEK = -l.sek
	} else if back, err := l.credited.MulDiv(int64(l.doc.rate()), int64(schema.Micro)); err == nil {
		l.creditSEK = back
	}
	l.Earlier = c.doc.Number + "/" + c.InvoiceLine.LineNo
	if c.Earlier == "" {
		c.Earlier = l.doc.Number + "/" + l.InvoiceLine.LineNo
	}
}

// rate is what one unit of the document's currency is worth.
func (d *document) rate() schema.Money {
	if d.Currency == sek {
		return schema.Micro
	}
	return d.ExchangeRate
}
