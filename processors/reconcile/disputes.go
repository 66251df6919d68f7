package reconcile

import (
	"context"
	"errors"
	"fmt"

	"linesman/schema"
)

// Dispute is one line to dispute with the supplier, in its own terms: nothing in it names the
// organisation's pseudonyms or prices. Amounts in the document's currency, excluding VAT.
type Dispute struct {
	Document string       `json:"document"`
	LineNo   string       `json:"line_no"`
	Mask     string       `json:"number"`
	Service  string       `json:"service"`
	Item     string       `json:"item"`
	From     string       `json:"from"`
	To       string       `json:"to"`
	Currency string       `json:"currency"`
	Billed   schema.Money `json:"billed"`
	Credited schema.Money `json:"credited"` // negative
	ShouldBe schema.Money `json:"should_be"`
	Claimed  schema.Money `json:"claimed"`
	Outcome  string       `json:"outcome"`
	Reason   string       `json:"reason,omitempty"`
	Basis    string       `json:"basis,omitempty"`
	Quantity schema.Money `json:"quantity"`
	Unit     string       `json:"unit"`
	Used     schema.Money `json:"used_quantity"` // where the quantity differs
	Earlier  string       `json:"earlier,omitempty"`
}

// DisputeDocument is a document with findings.
type DisputeDocument struct {
	Number   string    `json:"number"`
	Currency string    `json:"currency"`
	Findings []Finding `json:"findings"`
}

// DisputeList is what is sent to a supplier.
type DisputeList struct {
	Operator  string                  `json:"operator"`
	From      string                  `json:"from,omitempty"`
	To        string                  `json:"to,omitempty"`
	Lines     []Dispute               `json:"lines"` // in the order of the documents
	Documents []DisputeDocument       `json:"documents"`
	Claimed   map[string]schema.Money `json:"claimed"` // by currency
}

// Disputes lists what of a report is to be disputed with one operator: the lines of which more than
// the tolerance is claimed, and the findings against its documents.
func (r Report) Disputes(operator string) DisputeList {
	out := DisputeList{Operator: operator, From: r.From, To: r.To, Lines: []Dispute{}, Documents: []DisputeDocument{}, Claimed: map[string]schema.Money{}}
	for _, l := range r.Lines {
		if l.Operator != operator || l.Claimed <= 0 {
			continue
		}
		d := Dispute{Document: l.Document, LineNo: l.LineNo, Mask: l.Mask, Service: l.Service, Item: l.Item, From: l.From, To: l.To, Currency: l.Currency, Billed: l.Billed, Credited: l.Credited,
			ShouldBe: l.Billed + l.Credited - l.Claimed, Claimed: l.Claimed, Outcome: l.Outcome, Reason: l.Reason, Basis: l.Basis, Quantity: l.Quantity, Unit: l.Unit}
		switch l.Outcome {
		case QuantityDiffers:
			d.Used = l.UsedQty
		case Duplicate:
			d.Earlier = l.Earlier
		}
		out.Lines = append(out.Lines, d)
		out.Claimed[l.Currency] += l.Claimed
	}
	for _, d := range r.Documents {
		if d.Operator == operator && len(d.Findings) > 0 {
			out.Documents = append(out.Documents, DisputeDocument{Number: d.Number, Currency: d.Currency, Findings: d.Findings})
		}
	}
	return out
}

// Disputed tells whether anything is to be disputed: a claim, or a finding against a document.
func (r Report) Disputed() bool { return r.Total.Claimed > 0 || r.Total.Findings > 0 }

// List lists the documents of a period without reconciling them: their outcomes and findings are
// empty, and what is billed is what they state.
func List(ctx context.Context, store Store, in Input) ([]Document, error) {
	if in.Zone == nil {
		return nil, errors.New("listing invoices needs a zone")
	}
	w := &work{store: store, in: in}
	if err := w.loadDocuments(ctx); err != nil {
		return nil, fmt.Errorf("listing invoices: %w", err)
	}
	out := []Document{}
	for _, d := range w.docs {
		if d.target {
			doc := d.describe()
			doc.Lines, doc.Billed = int(d.Invoice.Lines), d.LineTotal
			out = append(out, doc)
		}
	}
	return out, nil
}
