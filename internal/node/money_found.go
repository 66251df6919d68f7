package node

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"linesman/dashboards/console"
	"linesman/processors/rate"
	"linesman/processors/reconcile"
	"linesman/processors/savings"
	"linesman/schema"
)

// moneyInvoices tells what the invoices of a month come to, and what could be disputed.
func (n *Node) moneyInvoices(ctx context.Context, month schema.Day, t moneyWords) (console.MoneySection, error) {
	var out console.MoneySection
	r, err := n.ReconcileInvoices(ctx, InvoicesRequest{Month: month})
	if err != nil {
		return out, err
	}
	out.Figures = []console.MoneyFigure{
		{Label: t.T("money.documents"), Value: t.count(uint64(r.Total.Documents))}, {Label: t.T("money.billed"), Value: t.kr(r.Total.Billed)},
		{Label: t.T("money.claimed"), Value: t.kr(r.Total.Claimed), Bad: r.Total.Claimed != 0},
		{Label: t.T("money.findings"), Value: t.count(uint64(r.Total.Findings)), Bad: r.Total.Findings > 0},
	}
	var documents, outcomes, lines [][]string
	for i := range r.Documents {
		d := &r.Documents[i]
		documents = append(documents, []string{d.Number, t.Value("invoices.kind", d.Kind), d.Operator, d.Issued, t.count(uint64(d.Lines)), t.kr(d.Billed), t.kr(d.Claimed), d.Currency})
		for _, f := range d.Findings {
			out.Notices = append(out.Notices, d.Number+": "+t.finding(d, &f))
		}
	}
	for _, o := range r.Operators {
		for _, outcome := range reconcile.Outcomes() {
			if s, ok := o.Outcomes[outcome]; ok {
				outcomes = append(outcomes, []string{o.Operator, t.T("invoices.outcome." + outcome), t.count(uint64(s.Lines)), t.kr(s.Billed), t.kr(s.Claimed)})
			}
		}
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Claimed == 0 {
			continue
		}
		why := t.T("invoices.outcome." + l.Outcome)
		if l.Reason != "" {
			why += ": " + t.T("invoices.reason."+l.Reason)
		}
		claimed := t.kr(l.Claimed)
		if l.Currency != rate.HomeCurrency { // what the operator is to give back, in the document's currency
			claimed += " " + l.Currency
		}
		lines = append(lines, []string{l.Document + "/" + l.LineNo, l.Mask, l.Item, t.kr(l.BilledSEK), t.kr(l.Expected), claimed, why})
	}
	disputes := t.table("disputes", t.columns("document_line", "subscription", "item", "#billed", "#expected", "#claimed", "why"), lines)
	disputes.Persons = true // each is a subscription, and mostly somebody's
	out.Tables = []console.MoneyTable{
		t.table("documents", t.columns("document", "document_kind", "operator", "issued", "#lines", "#billed", "#claimed", "currency"), documents),
		t.table("outcomes", t.columns("operator", "outcome_of", "#lines", "#billed", "#claimed"), outcomes),
		disputes,
	}
	return out, nil
}

func (t moneyWords) finding(d *reconcile.Document, f *reconcile.Finding) string {
	stated, computed := t.kr(f.Stated)+" "+d.Currency, t.kr(f.Computed)+" "+d.Currency
	if f.Kind == reconcile.FindLineCount {
		stated, computed = t.count(uint64(f.Stated/schema.Micro)), t.count(uint64(f.Computed/schema.Micro))
	}
	return t.T("invoices.finding."+f.Kind, "line", f.LineNo, "stated", stated, "computed", computed, "other", f.Other)
}

// moneySavings tells what could be saved, by kind and by unit: of lines the command tells.
func (n *Node) moneySavings(ctx context.Context, month schema.Day, t moneyWords) (console.MoneySection, error) {
	var out console.MoneySection
	r, err := n.Savings(ctx, SavingsRequest{Month: month})
	if err != nil {
		return out, err
	}
	out.Figures = []console.MoneyFigure{{Label: t.T("money.a_year"), Value: t.kr(r.Total.Year)}, {Label: t.T("money.found"), Value: t.count(uint64(r.Total.Findings))}}
	var kinds, units [][]string
	for _, kind := range savings.Kinds() {
		if s, ok := r.Kinds[kind]; ok {
			kinds = append(kinds, []string{t.T("savings.kind." + kind), t.count(uint64(s.Findings)), t.kr(s.Year)})
		}
	}
	for _, u := range r.Units {
		units = append(units, []string{cmp.Or(u.Name, u.UnitID, t.T("allocate.none.unit")), t.count(uint64(u.Findings)), t.kr(u.Year)})
	}
	byKind := t.table("saving_kinds", t.columns("saving", "#found", "#a_year"), kinds)
	byKind.Total = []string{t.T("savings.total"), t.count(uint64(r.Total.Findings)), t.kr(r.Total.Year)}
	out.Tables = []console.MoneyTable{byKind, t.table("saving_units", t.columns("unit", "#found", "#a_year"), units)}
	return out, nil
}

// moneyReports lists what was published about a month, each with its PDF.
func (n *Node) moneyReports(ctx context.Context, month schema.Day, t moneyWords) (console.MoneySection, error) {
	var out console.MoneySection
	all, err := n.PublishedReports(ctx, PublishedFilter{Month: month})
	if err != nil {
		return out, err
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return out, err
	}
	var rows [][]string
	var links []string
	for _, p := range all {
		if p.Month != month.String()[:7] {
			continue
		}
		changes := ""
		if p.Changes > 0 {
			changes = t.count(uint64(p.Changes))
		}
		rows = append(rows, []string{cmp.Or(codeAndName(p.Scope.ID, p.Scope.Name), t.T("money.everything")), t.T("money.publication." + p.Kind), p.Language, p.PublishedAt.In(zone).Format("2006-01-02 15:04"), changes, p.Files})
		links = append(links, p.Name+".pdf")
	}
	table := t.table("reports", t.columns("scope", "publication", "language", "published", "#changes", "files"), rows)
	table.Links = links[:len(table.Rows)]
	out.Tables = []console.MoneyTable{table}
	return out, nil
}

// reportFile gives the document of a published report by its file's name.
func (n *Node) reportFile(ctx context.Context, name string) (console.MoneyFile, bool, error) {
	all, err := n.publishedBy(ctx, PublishedFilter{Name: name[:len(name)-len(".pdf")]})
	if err != nil {
		return console.MoneyFile{}, false, err
	}
	i := slices.IndexFunc(all, func(p publication) bool { return p.Name == name[:len(name)-len(".pdf")]+".html" })
	if i < 0 {
		return console.MoneyFile{}, false, nil
	}
	made, err := n.documents(&all[i])
	return console.MoneyFile{Name: name, Type: "application/pdf", Body: bytes.Clone(made.PDF)}, true, err
}
