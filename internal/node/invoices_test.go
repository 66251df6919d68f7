package node

import (
	"fmt"
	"slices"
	"testing"

	"linesman/internal/demo"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// checkInvoices reconciles the invoices of the demo region: what the truth file says is wrong with
// them is found, every month, and nothing else.
func checkInvoices(t *testing.T, n *Node, truth demo.Truth) {
	var want []string
	for _, b := range truth.BilledWrong {
		billed, err := schema.ParseMoney(b.Billed)
		if err != nil {
			t.Fatal(err)
		}
		if b.Outcome == "sum_differs" {
			want = append(want, fmt.Sprintf("%s %s %s", b.Invoice, reconcile.FindLineTotal, billed))
			continue
		}
		want = append(want, fmt.Sprintf("%s %s %s %s %s", b.Invoice, b.Outcome, n.Key().Line(b.Number), b.Service, billed))
	}
	docs, err := n.Invoices(t.Context(), InvoicesRequest{})
	if err != nil || len(docs) == 0 {
		t.Fatalf("%d invoices: %v", len(docs), err)
	}
	var got []string
	matched := 0
	for _, d := range docs {
		r, err := n.ReconcileInvoices(t.Context(), InvoicesRequest{Number: d.Number, Operator: d.Operator})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Documents[0].Findings {
			if f.Kind != reconcile.FindVAT { // of a sum that is wrong, the VAT is wrong too
				got = append(got, fmt.Sprintf("%s %s %s", d.Number, f.Kind, f.Stated-f.Computed))
			}
		}
		for _, l := range r.Lines {
			if l.Outcome == reconcile.Matched {
				matched++
				continue
			}
			got = append(got, fmt.Sprintf("%s %s %s %s %s", d.Number, l.Outcome, l.LineID, l.Service, l.Billed))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) < 5 || matched < 100 {
		t.Errorf("%d lines match, and found were\n%v\nthe truth file says\n%v", matched, got, want)
	}
}
