package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"testing"

	"linesman/dashboards/messages"
	"linesman/processors/allocate"
	"linesman/processors/budgets"
	"linesman/processors/reconcile"
	"linesman/processors/savings"
	"linesman/schema"
)

// TestCSVHoldsNoFormulas writes what suppliers, operators and registers may call things into each
// CSV about money: a spreadsheet that opens it is to calculate nothing. Amounts below 0 stay numbers.
func TestCSVHoldsNoFormulas(t *testing.T) {
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	invoices := invoiceWords{texts.In(messages.Swedish)}
	const amount = schema.Money(-9_500_000)
	for _, bad := range []string{"=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1"} {
		for name, write := range map[string]func(io.Writer) error{
			"invoices": func(w io.Writer) error {
				return invoices.csv(w, reconcile.Report{Lines: []reconcile.Line{{Document: bad, LineNo: bad, Mask: bad, Item: bad, Billed: amount}}})
			},
			"disputes": func(w io.Writer) error {
				return invoices.disputesCSV(w, reconcile.DisputeList{Lines: []reconcile.Dispute{{Document: bad, LineNo: bad, Mask: bad, Item: bad, Billed: amount}}})
			},
			"allocate": func(w io.Writer) error {
				return allocationCSV(w, allocate.Result{Postings: []schema.Posting{{CostCentre: bad, UnitID: bad, Project: bad, Activity: bad, Operator: bad, Rule: bad, Cost: amount}}})
			},
			"savings": func(w io.Writer) error {
				return savingsCSV(w, savings.Report{Findings: []savings.Finding{{UnitID: bad, CostCentre: bad, Operator: bad, Plan: bad, Other: bad, Why: bad, Do: bad, Year: amount}}})
			},
			"budgets": func(w io.Writer) error {
				return budgetsCSV(w, budgets.Report{Budgets: []budgets.Budget{{CostCentre: bad, Unit: bad, Name: bad, Months: []budgets.Month{{Month: "2026-03-01", Covered: true, Line: budgets.Line{Outcome: amount}}}}}})
			},
			"repayments": func(w io.Writer) error {
				return repaymentsCSV(w, allocate.Repayments{Holders: []allocate.Holder{{Holder: "h", Units: []string{bad}, Cost: amount}}})
			},
		} {
			t.Run(name+" "+bad, func(t *testing.T) {
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				in := csv.NewReader(&out)
				in.Comma = ';'
				rows, err := in.ReadAll()
				if err != nil || len(rows) != 2 {
					t.Fatalf("%d rows, %v", len(rows), err)
				}
				if !slices.Contains(rows[1], "'"+bad) || slices.Contains(rows[1], bad) {
					t.Errorf("the cells are %q", rows[1])
				}
				if !slices.ContainsFunc(rows[1], func(c string) bool { return c == "-9.50" || c == "-9,50" }) {
					t.Errorf("the amount is no number: %q", rows[1])
				}
			})
		}
	}
}
