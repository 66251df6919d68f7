package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// An invoice is about the organisation as a whole, so only a caller who may see everything sees what
// was reconciled.
func invoiceLists() map[string]listFunc {
	figure := func(unit string, f func(r *InvoiceReport) decimal.Decimal) listFunc {
		return oneNumber(unit, func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error) {
			report, ok, err := r.invoiceReport(ctx, l)
			return present(ok, f(&report)), err
		})
	}
	return map[string]listFunc{
		"invoice_billed":  figure(unitKronor, func(r *InvoiceReport) decimal.Decimal { return r.Billed }),
		"invoice_claimed": figure(unitKronor, func(r *InvoiceReport) decimal.Decimal { return r.Claimed }),
		// What an alert asks for: lines of which something is claimed, and documents that contradict
		// themselves or others.
		"invoice_mismatch": figure(unitCount, func(r *InvoiceReport) decimal.Decimal {
			n := len(r.Disputes)
			for i := range r.Documents {
				n += r.Documents[i].Findings
			}
			return decimal.NewFromInt(int64(n))
		}),
		"invoice_documents": invoiceDocuments,
		"invoice_outcomes":  invoiceOutcomes,
		"invoice_disputes":  invoiceDisputes,
	}
}

func (r *Runner) invoiceReport(ctx context.Context, l *listing) (InvoiceReport, bool, error) {
	if !l.scope.All {
		return InvoiceReport{}, false, fmt.Errorf("%w: invoices belong to no unit; they need access to everything", ErrScope)
	}
	if r.cfg.Reports == nil {
		return InvoiceReport{}, false, nil
	}
	return r.cfg.Reports.Invoices(ctx, l.reportMonth())
}

// invoiceDocuments lists the documents of the month, the most claimed first.
func invoiceDocuments(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.invoiceReport(ctx, l)
	if err != nil {
		return nil, err
	}
	documents := slices.SortedStableFunc(slices.Values(report.Documents), func(a, b InvoiceDocument) int { return b.Claimed.Cmp(a.Claimed) })
	got, more := shown(l, documents)
	c := &columns{texts: l.texts}
	c.text("document", got, of(func(d InvoiceDocument) string { return d.Number }))
	c.text("document_kind", got, of(func(d InvoiceDocument) string { return l.texts.Value("invoices.kind", d.Kind) }))
	c.text("operator", got, of(func(d InvoiceDocument) string { return d.Operator }))
	c.text("issued", got, of(func(d InvoiceDocument) string { return d.Issued }))
	c.number("invoice_lines", unitCount, got, of(func(d InvoiceDocument) *decimal.Decimal { return count(d.Lines) }))
	c.number("billed", "", got, of(func(d InvoiceDocument) *decimal.Decimal { return &d.Billed }))
	c.number("claimed", "", got, of(func(d InvoiceDocument) *decimal.Decimal { return &d.Claimed }))
	c.text("currency", got, of(func(d InvoiceDocument) string { return d.Currency }))
	c.number("findings", unitCount, got, of(func(d InvoiceDocument) *decimal.Decimal { return count(d.Findings) }))
	for _, f := range c.fields {
		if f.Name == "billed" || f.Name == "claimed" {
			f.Config.SetDecimals(2)
		}
	}
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// invoiceOutcomes adds up what became of the lines, by operator.
func invoiceOutcomes(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.invoiceReport(ctx, l)
	if err != nil {
		return nil, err
	}
	got, more := shown(l, report.Outcomes)
	c := &columns{texts: l.texts}
	c.text("operator", got, of(func(o InvoiceOutcome) string { return o.Operator }))
	c.text("outcome", got, of(func(o InvoiceOutcome) string { return l.texts.T("invoices.outcome." + o.Outcome) }))
	c.number("invoice_lines", unitCount, got, of(func(o InvoiceOutcome) *decimal.Decimal { return count(o.Lines) }))
	c.number("billed", unitKronor, got, of(func(o InvoiceOutcome) *decimal.Decimal { return &o.Billed }))
	c.number("claimed", unitKronor, got, of(func(o InvoiceOutcome) *decimal.Decimal { return &o.Claimed }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// invoiceDisputes lists the lines of which something is claimed, the most first. They tell of
// single subscriptions.
func invoiceDisputes(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	report, _, err := r.invoiceReport(ctx, l)
	if err != nil {
		return nil, err
	}
	disputes := slices.SortedStableFunc(slices.Values(report.Disputes), func(a, b InvoiceDispute) int { return b.Claimed.Cmp(a.Claimed) })
	got, more := shown(l, disputes)
	c := &columns{texts: l.texts}
	c.text("document", got, of(func(d InvoiceDispute) string { return d.Document + "/" + d.LineNo }))
	c.text("operator", got, of(func(d InvoiceDispute) string { return d.Operator }))
	c.text("mask", got, of(func(d InvoiceDispute) string { return d.Mask }))
	c.text("item", got, of(func(d InvoiceDispute) string { return d.Item }))
	c.text("outcome", got, of(func(d InvoiceDispute) string {
		out := l.texts.T("invoices.outcome." + d.Outcome)
		if d.Reason != "" {
			out += ": " + l.texts.T("invoices.reason."+d.Reason)
		}
		return out
	}))
	c.number("billed", unitKronor, got, of(func(d InvoiceDispute) *decimal.Decimal { return &d.Billed }))
	c.number("expected_amount", unitKronor, got, of(func(d InvoiceDispute) *decimal.Decimal { return &d.Expected }))
	c.text("claimed_amount", got, of(func(d InvoiceDispute) string { return l.texts.Number(d.Claimed, 2) + "\u00a0" + d.Currency }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}
