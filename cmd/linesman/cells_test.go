package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
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

// TestWriteOnceOwner: a list for payroll that others can read is taken from them, when it is
// written again; one that says something else is left as it is.
func TestWriteOnceOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "payroll.csv")
	for _, c := range []struct {
		text      string
		mode      os.FileMode
		want      os.FileMode
		same, bad bool
	}{
		{text: "list", mode: 0o644, want: 0o600, same: true},
		{text: "list", mode: 0o660, want: 0o600, same: true},
		{text: "list", mode: 0o400, want: 0o400, same: true},
		{text: "else", mode: 0o644, want: 0o644, bad: true},
	} {
		if err := os.WriteFile(path, []byte("list"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		same, err := writeOnce(path, []byte(c.text))
		if same != c.same || (err != nil) != c.bad {
			t.Errorf("%+v: same %t, %v", c, same, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != c.want || string(read(t, path)) != "list" {
			t.Errorf("%+v: mode %s, text %q", c, info.Mode(), read(t, path))
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
