package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
	"linesman/internal/words"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// invoiceWords writes invoices and what was found of them in one language.
type invoiceWords struct{ messages.Texts }

func (t invoiceWords) money(m schema.Money) string { return t.Money(m) }

// quantity writes a number with as many decimals as it has, at most two.
func (t invoiceWords) quantity(m schema.Money) string {
	d := decimal.New(int64(m), -6)
	_, decimals, _ := strings.Cut(strings.TrimRight(d.StringFixed(2), "0"), ".")
	return t.Number(d, int32(len(decimals)))
}

func (t invoiceWords) unit(code string) string { return t.Value("invoices.unit", code) }

// why says in one sentence why a line is disputed.
func (t invoiceWords) why(d reconcile.Dispute) string {
	key := "invoices.why." + d.Outcome
	for _, more := range []string{d.Reason, d.Basis} {
		if more != "" && t.Has(key+"."+more) {
			key += "." + more
			break
		}
	}
	document, line, _ := cutLast(d.Earlier)
	return t.T(key, "should", t.money(d.ShouldBe), "currency", d.Currency, "quantity", t.quantity(d.Quantity), "used", t.quantity(d.Used), "unit", t.unit(d.Unit), "document", document, "line", line, "from", d.From, "to", d.To)
}

// cutLast takes the number of a line from that of its document.
func cutLast(s string) (document, line string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// finding says what is wrong with a document.
func (t invoiceWords) finding(f reconcile.Finding, currency string) string {
	stated, computed := t.money(f.Stated)+" "+currency, t.money(f.Computed)+" "+currency
	if f.Kind == reconcile.FindLineCount {
		stated, computed = t.quantity(f.Stated), t.quantity(f.Computed)
	}
	return t.T("invoices.finding."+f.Kind, "line", f.LineNo, "stated", stated, "computed", computed, "other", f.Other)
}

func (t invoiceWords) period(from, to string) string {
	if from == "" && to == "" {
		return t.T("none")
	}
	return from + "\u2013" + to
}

func (t invoiceWords) heads(w io.Writer, keys ...string) {
	said := make([]string, len(keys))
	for i, k := range keys {
		said[i] = t.T("invoices." + k)
	}
	fmt.Fprintln(w, strings.Join(said, "\t"))
}

func (t invoiceWords) list(w io.Writer, docs []reconcile.Document) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t.heads(tab, "number", "kind", "operator", "issued", "period", "lines", "line_total", "payable", "currency")
	for _, d := range docs {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.Number, t.Value("invoices.kind", d.Kind), d.Operator, d.Issued, t.period(d.From, d.To), d.Lines, t.money(d.LineTotal), t.money(d.Payable), d.Currency)
	}
	return tab.Flush()
}

// report writes the sums, and what does not agree.
func (t invoiceWords) report(w io.Writer, r reconcile.Report) error {
	title := t.T("invoices.title.number", "number", r.Number)
	if r.Number == "" {
		title = t.T("invoices.title", "from", r.From, "to", r.To)
	}
	fmt.Fprintf(w, "%s\n%s\n\n", title, t.T("invoices.tolerance", "amount", t.money(r.Tolerance), "percent", t.quantity(r.Percent), "days", fmt.Sprint(r.Grace)))
	if err := t.sums(w, r); err != nil {
		return err
	}
	t.findings(w, r.Documents)
	open := slices.DeleteFunc(slices.Clone(r.Lines), func(l reconcile.Line) bool {
		return l.Outcome == reconcile.Matched || l.Outcome == reconcile.Credited || l.Outcome == reconcile.NotTelephony
	})
	if len(open) > 0 {
		fmt.Fprintf(w, "\n%s\n", t.T("invoices.open"))
		if err := t.lines(w, open); err != nil {
			return err
		}
	}
	return t.notBilled(w, r)
}

// sums writes the outcomes of each operator.
func (t invoiceWords) sums(w io.Writer, r reconcile.Report) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tab, "%s\t%s\t%s\t  %s\n", t.T("invoices.lines"), t.T("invoices.billed_sek"), t.T("invoices.claimed_sek"), t.T("invoices.outcome_head"))
	row := func(s reconcile.Sum, name string) {
		fmt.Fprintf(tab, "%d\t%s\t%s\t  %s\n", s.Lines, t.money(s.Billed), t.money(s.Claimed), name)
	}
	for _, op := range r.Operators {
		for _, o := range reconcile.Outcomes() {
			if s, ok := op.Outcomes[o]; ok {
				row(s, op.Operator+": "+t.T("invoices.outcome."+o))
			}
		}
	}
	row(r.Total.Sum, t.T("invoices.total", "documents", fmt.Sprint(r.Total.Documents), "findings", fmt.Sprint(r.Total.Findings)))
	return tab.Flush()
}

func (t invoiceWords) findings(w io.Writer, docs []reconcile.Document) {
	said := false
	for _, d := range docs {
		for _, f := range d.Findings {
			if !said {
				fmt.Fprintf(w, "\n%s\n", t.T("invoices.findings"))
				said = true
			}
			fmt.Fprintf(w, "  %s: %s\n", d.Number, t.finding(f, d.Currency))
		}
	}
}

// outcome says the outcome of a line, with its reason.
func (t invoiceWords) outcome(l reconcile.Line) string {
	text := t.T("invoices.outcome." + l.Outcome)
	if l.Reason != "" {
		text += ": " + t.T("invoices.reason."+l.Reason)
	}
	if l.Earlier != "" {
		text += " (" + l.Earlier + ")"
	}
	return text
}

func (t invoiceWords) lines(w io.Writer, lines []reconcile.Line) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t.heads(tab, "document_line", "subscriber", "service", "item", "quantity", "billed", "expected_sek", "difference_sek", "outcome_head")
	for _, l := range lines {
		fmt.Fprintf(tab, "%s/%s\t%s\t%s\t%s\t%s %s\t%s %s\t%s\t%s\t%s\n", l.Document, l.LineNo, cmp.Or(l.Mask, t.T("none")), t.Value("service", l.Service), l.Item, t.quantity(l.Quantity), t.unit(l.Unit),
			t.money(l.Billed), l.Currency, t.money(l.Expected), t.money(l.Difference), t.outcome(l))
	}
	return tab.Flush()
}

// notBilled writes what is there and on no document.
func (t invoiceWords) notBilled(w io.Writer, r reconcile.Report) error {
	if len(r.Unbilled) > 0 {
		var records uint64
		var charged schema.Money
		for _, u := range r.Unbilled {
			records += u.Records
			charged += u.Charged
		}
		fmt.Fprintf(w, "\n%s\n", t.T("invoices.unbilled", "n", fmt.Sprint(len(r.Unbilled)), "records", fmt.Sprint(records), "charged", t.money(charged)))
	}
	if len(r.NotBilled) > 0 {
		var expected schema.Money
		for _, n := range r.NotBilled {
			expected += n.Expected
		}
		fmt.Fprintf(w, "\n%s\n", t.T("invoices.not_billed", "n", fmt.Sprint(len(r.NotBilled)), "expected", t.money(expected)))
	}
	return nil
}

// show writes the documents of one number with every line.
func (t invoiceWords) show(w io.Writer, r reconcile.Report) error {
	for _, d := range r.Documents {
		fmt.Fprintf(w, "%s %s, %s (%s), %s, %s\n", t.Value("invoices.kind", d.Kind), d.Number, d.Supplier, d.Operator, d.Issued, t.period(d.From, d.To))
		if d.Corrects != "" {
			fmt.Fprintln(w, t.T("invoices.corrects", "number", d.Corrects))
		}
		fmt.Fprintf(w, "%s\n", t.T("invoices.stated", "lines", t.money(d.LineTotal), "vat", t.money(d.VAT), "payable", t.money(d.Payable), "currency", d.Currency))
	}
	t.findings(w, r.Documents)
	fmt.Fprintln(w)
	if err := t.lines(w, r.Lines); err != nil {
		return err
	}
	return t.notBilled(w, r)
}

// csv writes every line; columns and values are those of the JSON, amounts exact.
func (t invoiceWords) csv(w io.Writer, r reconcile.Report) error {
	rows := [][]string{{"operator", "document", "kind", "line_no", "number", "line", "service", "item", "from", "to", "quantity", "unit", "used_quantity", "currency", "billed", "credited", "billed_sek", "expected", "difference", "tolerance",
		"claimed", "outcome", "reason", "basis", "rounding", "together", "records", "charged", "rated", "prices", "earlier"}}
	for i := range r.Lines {
		l := &r.Lines[i]
		used := ""
		if l.Compared {
			used = exact(l.UsedQty)
		}
		rows = append(rows, []string{l.Operator, l.Document, l.Kind, l.LineNo, l.Mask, l.LineID, l.Service, l.Item, l.From, l.To, exact(l.Quantity), l.Unit, used, l.Currency, exact(l.Billed), exact(l.Credited), exact(l.BilledSEK), exact(l.Expected), exact(l.Difference), exact(l.Tolerance),
			exact(l.Claimed), l.Outcome, l.Reason, l.Basis, l.Rounding, fmt.Sprint(l.Together), fmt.Sprint(l.Used.Records), exact(l.Used.Charged), exact(l.Used.Rated), strings.Join(l.Prices, ","), l.Earlier})
	}
	return writeRows(w, "the lines", rows)
}

// writeRows writes rows as spreadsheets in Sweden expect them: with semicolons. A cell that a
// spreadsheet would take for a formula is written as text. Errors tell what was being written.
func writeRows(w io.Writer, what string, rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = words.Cell(cell)
		}
	}
	out := csv.NewWriter(w)
	out.Comma = ';'
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	return nil
}

// disputes writes the list that is sent to an operator.
func (t invoiceWords) disputes(w io.Writer, list reconcile.DisputeList) error {
	title := t.T("invoices.disputes.title", "operator", list.Operator)
	if list.From != "" {
		title = t.T("invoices.disputes.title.period", "operator", list.Operator, "from", list.From, "to", list.To)
	}
	fmt.Fprintf(w, "%s\n", title)
	if len(list.Lines) == 0 && len(list.Documents) == 0 {
		fmt.Fprintf(w, "\n%s\n", t.T("invoices.disputes.none"))
		return nil
	}
	for _, d := range list.Lines {
		fmt.Fprintf(w, "\n%s\n  %s\n  %s\n", t.T("invoices.disputes.line", "document", d.Document, "line", d.LineNo, "number", cmp.Or(d.Mask, t.T("none")), "what", cmp.Or(d.Item, t.Value("service", d.Service)), "from", d.From, "to", d.To),
			t.T("invoices.disputes.amounts", "billed", t.money(d.Billed), "should", t.money(d.ShouldBe), "claimed", t.money(d.Claimed), "currency", d.Currency), t.why(d))
		if d.Credited != 0 {
			fmt.Fprintf(w, "  %s\n", t.T("invoices.disputes.credited", "credited", t.money(-d.Credited), "currency", d.Currency))
		}
	}
	for _, d := range list.Documents {
		fmt.Fprintf(w, "\n%s\n", t.T("invoices.disputes.document", "document", d.Number))
		for _, f := range d.Findings {
			fmt.Fprintf(w, "  %s\n", t.finding(f, d.Currency))
		}
	}
	fmt.Fprintln(w)
	for _, currency := range sortedCurrencies(list.Claimed) {
		fmt.Fprintln(w, t.T("invoices.disputes.total", "n", fmt.Sprint(len(list.Lines)), "claimed", t.money(list.Claimed[currency]), "currency", currency))
	}
	return nil
}

func sortedCurrencies(sums map[string]schema.Money) []string {
	out := make([]string, 0, len(sums))
	for c := range sums {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// disputesCSV writes the list with its total as CSV, for a spreadsheet of the operator's.
func (t invoiceWords) disputesCSV(w io.Writer, list reconcile.DisputeList) error {
	var head []string
	for _, k := range []string{"document", "line_no", "subscriber", "item", "period_from", "period_to", "billed", "credited", "should_be", "claimed", "currency", "why_head"} {
		head = append(head, t.T("invoices."+k))
	}
	rows := [][]string{head}
	plain := func(m schema.Money) string { // without thousands signs, with the decimal sign of the language
		return strings.Replace(decimal.New(int64(m), -6).StringFixed(2), ".", t.T("invoices.point"), 1)
	}
	for _, d := range list.Lines {
		rows = append(rows, []string{d.Document, d.LineNo, d.Mask, cmp.Or(d.Item, t.Value("service", d.Service)), d.From, d.To, plain(d.Billed), plain(-d.Credited), plain(d.ShouldBe), plain(d.Claimed), d.Currency, t.why(d)})
	}
	for _, d := range list.Documents {
		for _, f := range d.Findings {
			rows = append(rows, []string{d.Number, f.LineNo, "", "", "", "", "", "", "", "", d.Currency, t.finding(f, d.Currency)})
		}
	}
	for _, currency := range sortedCurrencies(list.Claimed) {
		rows = append(rows, []string{t.T("invoices.sum"), "", "", "", "", "", "", "", "", plain(list.Claimed[currency]), currency, ""})
	}
	return writeRows(w, "the disputes", rows)
}
