package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"linesman/dashboards/messages"
	"linesman/processors/reconcile"
)

var updateInvoices = flag.Bool("update-invoices", false, "write the golden files of invoices anew")

// TestInvoiceWords writes a month that the reconciliation made of a real store in every way and both
// languages.
func TestInvoiceWords(t *testing.T) {
	load := func(name string, v any) {
		t.Helper()
		if err := json.Unmarshal(read(t, filepath.Join("..", "..", "processors", "reconcile", "testdata", name)), v); err != nil {
			t.Fatal(err)
		}
	}
	var report reconcile.Report
	var docs []reconcile.Document
	load("report.json", &report)
	load("list.json", &docs)
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range messages.Languages() {
		words := invoiceWords{texts.In(lang)}
		for name, writes := range map[string]func(io.Writer) error{
			"report.txt":   func(w io.Writer) error { return words.report(w, report) },
			"show.txt":     func(w io.Writer) error { return words.show(w, report) },
			"list.txt":     func(w io.Writer) error { return words.list(w, docs) },
			"lines.csv":    func(w io.Writer) error { return words.csv(w, report) },
			"disputes.txt": func(w io.Writer) error { return words.disputes(w, report.Disputes("Norrtele")) },
			"disputes.csv": func(w io.Writer) error { return words.disputesCSV(w, report.Disputes("Norrtele")) },
		} {
			var out bytes.Buffer
			if err := writes(&out); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "invoices", lang+"_"+name)
			if *updateInvoices {
				write(t, path, out.Bytes())
			}
			if want := read(t, path); !bytes.Equal(want, out.Bytes()) {
				t.Errorf("%s differs from what it was; look at it with -update-invoices and git diff. Now:\n%s", path, out.String())
			}
			if strings.Contains(out.String(), "invoices.") {
				t.Errorf("%s: a text is missing:\n%s", path, out.String())
			}
			if strings.HasPrefix(name, "disputes") {
				for _, l := range report.Lines {
					if l.LineID != "" && strings.Contains(out.String(), l.LineID+";") {
						t.Errorf("%s tells the operator a pseudonym", path)
					}
				}
			}
		}
	}
	if empty := (reconcile.Report{}).Disputes("Norrtele"); len(empty.Lines) != 0 {
		t.Errorf("disputes of nothing: %+v", empty)
	}
}

// TestEveryOutcomeHasWords looks that each outcome, and each that is disputed, has its texts.
func TestEveryOutcomeHasWords(t *testing.T) {
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	words := texts.In("sv")
	for _, o := range reconcile.Outcomes() {
		if !words.Has("invoices.outcome." + o) {
			t.Errorf("no words for the outcome %s", o)
		}
	}
	for _, o := range []string{reconcile.PriceDiffers, reconcile.QuantityDiffers, reconcile.NotOurs, reconcile.UnknownLine, reconcile.MissingUsage, reconcile.BilledAfterEnd, reconcile.Duplicate} {
		if !words.Has("invoices.why." + o) {
			t.Errorf("no sentence for the dispute %s", o)
		}
	}
	for _, r := range []string{reconcile.ReasonOtherOperator, reconcile.ReasonOutside, reconcile.ReasonNotTold, reconcile.ReasonUnknownNumber, reconcile.ReasonBeforeStart, reconcile.ReasonEnded, reconcile.ReasonBlocked, reconcile.ReasonNoDetail,
		reconcile.ReasonNoExchangeRate, reconcile.ReasonNoService, reconcile.ReasonOtherService, reconcile.ReasonNoPrice, reconcile.ReasonCreditUnnamed, reconcile.ReasonCreditExceeds} {
		if !words.Has("invoices.reason." + r) {
			t.Errorf("no words for the reason %s", r)
		}
	}
	for _, f := range []string{reconcile.FindLineTotal, reconcile.FindNet, reconcile.FindVAT, reconcile.FindGross, reconcile.FindPayable, reconcile.FindLineCount, reconcile.FindLineAmount, reconcile.FindCurrencies, reconcile.FindExchangeRate,
		reconcile.FindPeriod, reconcile.FindSameNumber, reconcile.FindCreditNothing, reconcile.FindCreditUnknown, reconcile.FindCreditExceeds, reconcile.FindCreditLine, reconcile.FindNoDetail} {
		if !words.Has("invoices.finding." + f) {
			t.Errorf("no words for the finding %s", f)
		}
	}
}
