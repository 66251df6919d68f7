package reconcile

import (
	"cmp"
	"slices"

	"linesman/schema"
)

// reverse finds what is there and not billed.
func (w *work) reverse() {
	type about struct{ operator, number, line, service string }
	type month struct {
		operator, line string
		month          schema.Day
	}
	billed, fees, judged := map[about]bool{}, map[month]bool{}, map[month]bool{}
	asked := map[about]bool{}
	for _, d := range w.docs {
		if d.target {
			asked[about{operator: d.Operator, number: d.Number}] = true
		}
	}
	for _, l := range w.lines {
		billed[about{l.doc.Operator, l.doc.Number, l.Line.LineID, l.InvoiceLine.Service}] = true
		if l.InvoiceLine.Service != schema.ServiceSubscription {
			continue
		}
		for m := l.from.Month(); m <= l.to; m = (m + 31).Month() {
			fees[month{l.doc.Operator, l.Line.LineID, m}] = true
			if l.doc.target {
				judged[month{operator: l.doc.Operator, month: m}] = true
			}
		}
	}
	missing := map[month]*NotBilled{}
	for k, p := range w.pools {
		switch {
		case k.item != "":
		case !k.charge && k.number != "" && asked[about{operator: k.operator, number: k.number}] && !billed[about{k.operator, k.number, k.line, k.service}]:
			w.unbilled = append(w.unbilled, Unbilled{Document: k.number, Operator: k.operator, LineID: k.line, Service: k.service, Used: p.used})
		case k.charge && k.service == schema.ServiceSubscription && w.in.Number == "":
			m := month{k.operator, k.line, k.from.Month()}
			if fees[m] || !judged[month{operator: k.operator, month: m.month}] || p.amount <= 0 {
				continue
			}
			if missing[m] == nil {
				missing[m] = &NotBilled{Operator: k.operator, LineID: k.line, Month: m.month.String()}
			}
			missing[m].Expected += p.amount
			missing[m].Prices = append(missing[m].Prices, p.prices...)
			slices.Sort(missing[m].Prices)
			missing[m].Prices = slices.Compact(missing[m].Prices)
		}
	}
	for _, n := range missing {
		w.notBilled = append(w.notBilled, *n)
	}
	slices.SortFunc(w.unbilled, func(a, b Unbilled) int {
		return cmp.Or(cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Document, b.Document), cmp.Compare(a.LineID, b.LineID), cmp.Compare(a.Service, b.Service))
	})
	slices.SortFunc(w.notBilled, func(a, b NotBilled) int {
		return cmp.Or(cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Month, b.Month), cmp.Compare(a.LineID, b.LineID))
	})
}

// report writes down what was asked for and adds it up.
func (w *work) report() Report {
	r := Report{Number: w.in.Number, Tolerance: w.in.Tolerance, Percent: w.in.Percent, Grace: w.in.Grace, Total: Total{Outcomes: map[string]Sum{}}, Operators: []Total{},
		Documents: []Document{}, Lines: []Line{}, Unbilled: append([]Unbilled{}, w.unbilled...), NotBilled: append([]NotBilled{}, w.notBilled...)}
	if w.in.Number == "" {
		r.From, r.To = w.in.From.String(), w.in.To.String()
	}
	for _, d := range w.docs {
		if !d.target {
			continue
		}
		if n := len(r.Operators); n == 0 || r.Operators[n-1].Operator != d.Operator {
			r.Operators = append(r.Operators, Total{Operator: d.Operator, Outcomes: map[string]Sum{}})
		}
		op := &r.Operators[len(r.Operators)-1]
		doc := d.describe()
		for _, t := range []*Total{&r.Total, op} {
			t.Documents++
			t.Findings += len(doc.Findings)
		}
		for _, l := range d.lines {
			l.describe()
			r.Lines = append(r.Lines, l.Line)
			claimed, err := l.Claimed.MulDiv(int64(d.rate()), int64(schema.Micro))
			if err != nil {
				claimed = 0
			}
			doc.Billed += l.Billed
			doc.Claimed += l.Claimed
			add(doc.Outcomes, l.Outcome, l.Billed, l.Claimed)
			for _, t := range []*Total{&r.Total, op} {
				t.Lines++
				t.Sum.Billed += l.BilledSEK
				t.Sum.Claimed += claimed
				add(t.Outcomes, l.Outcome, l.BilledSEK, claimed)
			}
		}
		r.Documents = append(r.Documents, doc)
	}
	return r
}

func add(sums map[string]Sum, outcome string, billed, claimed schema.Money) {
	s := sums[outcome]
	sums[outcome] = Sum{s.Lines + 1, s.Billed + billed, s.Claimed + claimed}
}

func dayText(d schema.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (d *document) describe() Document {
	return Document{Number: d.Number, Kind: d.Kind, Operator: d.Operator, Supplier: d.SupplierName, Issued: d.Issued.String(), From: dayText(d.PeriodFrom), To: dayText(d.PeriodTo),
		Corrects: d.Corrects, Currency: d.Currency, Lines: len(d.lines), LineTotal: d.LineTotal, VAT: d.VAT, Payable: d.Payable, Outcomes: map[string]Sum{}, Findings: append([]Finding{}, d.findings...)}
}

// describe fills in what is reported of a line beside what was found.
func (l *line) describe() {
	x, y := &l.InvoiceLine, &l.Line
	y.Document, y.Kind, y.Operator, y.LineNo, y.Mask, y.Service, y.Item = l.doc.Number, l.doc.Kind, l.doc.Operator, x.LineNo, x.LineMask, x.Service, x.Item
	y.From, y.To, y.PeriodTold = l.from.String(), l.to.String(), l.told
	y.Quantity, y.Unit, y.Currency, y.Billed = x.Quantity, x.QuantityUnit, l.doc.Currency, x.Amount
}
