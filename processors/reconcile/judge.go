package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linesman/schema"
)

// judge gives every line its outcome.
func (w *work) judge(context.Context) error {
	for _, l := range w.lines {
		l.Line.LineID = l.InvoiceLine.LineID
		if l.open() {
			w.whose(l)
		} else if stated := w.held[l.Line.LineID]; len(stated) > 0 {
			l.Line.LineID = stated[0].line
		}
	}
	for _, c := range w.components() {
		w.judgeTogether(c)
	}
	for _, l := range w.lines {
		w.finish(l)
	}
	w.reverse()
	return nil
}

// judgeTogether judges the lines of a component.
func (w *work) judgeTogether(c *component) {
	stocks := c.stocks()
	w.unfounded(c, stocks)
	lines := slices.DeleteFunc(slices.Clone(c.lines), func(l *line) bool { return !l.open() })
	if len(lines) == 0 {
		return
	}
	var expected, billed schema.Money
	var bases []string
	for _, service := range services(stocks) {
		amount, basis, known := stocks[service].expect(service)
		expected += amount
		if known && !slices.Contains(bases, basis) {
			bases = append(bases, basis)
		}
	}
	for _, l := range lines {
		billed += l.net()
	}
	tolerance := w.tolerance(expected)
	lines, billed = dropDuplicates(lines, billed, expected, tolerance)
	w.share(c, lines, billed-expected)
	basis := "" // nothing was billed and nothing was used
	if len(bases) == 1 {
		basis = bases[0]
	} else if len(bases) > 1 {
		basis = BasisBoth
	}
	for _, l := range lines {
		l.Basis, l.Together = basis, len(lines)
		if !within(billed-expected, tolerance) {
			l.settle(PriceDiffers, "")
		} else {
			l.settle(Matched, "")
		}
	}
	for _, service := range services(stocks) {
		w.quantities(lines, service, stocks[service], tolerance)
	}
	for _, l := range c.lines {
		l.Tolerance = tolerance
	}
}

func services(stocks map[string]*stock) []string {
	out := make([]string, 0, len(stocks))
	for s := range stocks {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// unfounded settles the lines with which nothing can be compared: use without call detail, and fees
// without a price. What bills the same beside them is a duplicate.
func (w *work) unfounded(c *component, stocks map[string]*stock) {
	seen := map[string]*line{}
	for _, l := range c.lines {
		service := l.InvoiceLine.Service
		known := l.net() == 0 && !isFee(service)
		if s := stocks[service]; s != nil && !known {
			_, _, known = s.expect(service)
		}
		if service == schema.ServiceCredit || service == serviceRebate {
			known = len(stocks) > 0
		}
		if known {
			continue
		}
		l.Difference = l.net()
		first := seen[l.twin()]
		switch {
		case first != nil && first.InvoiceLine.Amount == l.InvoiceLine.Amount && l.net() > 0:
			l.settle(Duplicate, "")
			l.Earlier = first.doc.Number + "/" + first.InvoiceLine.LineNo
		case isFee(service):
			l.settle(Other, ReasonNoPrice)
			l.Difference = 0
		case w.detail[l.doc.Operator]:
			l.settle(MissingUsage, "")
		default:
			l.settle(MissingUsage, ReasonNoDetail)
		}
		if first == nil {
			seen[l.twin()] = l
		}
	}
}

// twin is what lines have in common that bill the same.
func (l *line) twin() string {
	return fmt.Sprintf("%s|%s|%s|%d|%d", l.Line.LineID, l.InvoiceLine.Service, l.item(), l.from, l.to)
}

// dropDuplicates settles lines that bill again what an earlier one bills, the last ones first, as
// long as more is billed than what is expected: use that was itemised for both is billed once each.
func dropDuplicates(lines []*line, billed, expected, tolerance schema.Money) ([]*line, schema.Money) {
	first := map[string]*line{}
	for _, l := range lines {
		if first[l.twin()] == nil {
			first[l.twin()] = l
		}
	}
	for i := len(lines) - 1; i >= 0 && billed > expected+tolerance; i-- {
		l := lines[i]
		original := first[l.twin()]
		if original == l || l.net() <= 0 || billed-l.net() < expected-tolerance {
			continue
		}
		l.settle(Duplicate, "")
		l.Difference = l.net()
		l.Earlier = original.doc.Number + "/" + original.InvoiceLine.LineNo
		billed -= l.net()
	}
	return slices.DeleteFunc(lines, func(l *line) bool { return !l.open() }), billed
}

// tolerance is what a difference from an expected amount may be.
func (w *work) tolerance(expected schema.Money) schema.Money {
	share, err := max(expected, -expected).MulDiv(int64(w.in.Percent), int64(100*schema.Micro))
	if err != nil {
		return w.in.Tolerance
	}
	return max(w.in.Tolerance, share)
}

func within(difference, tolerance schema.Money) bool {
	return difference <= tolerance && -difference <= tolerance
}

// share divides a difference between lines by what each bills; the parts add up to it.
func (w *work) share(c *component, lines []*line, difference schema.Money) {
	var all, so, given schema.Money
	size := func(l *line) schema.Money { return max(l.net(), -l.net()) }
	for _, l := range lines {
		all += size(l)
	}
	for i, l := range lines {
		so += size(l)
		upTo := difference
		if all == 0 && i < len(lines)-1 {
			upTo = 0
		} else if all != 0 {
			if part, err := difference.MulDiv(int64(so), int64(all)); err == nil {
				upTo = part
			}
		}
		l.Difference = upTo - given
		l.Expected = l.net() - l.Difference
		given = upTo
	}
	c.evidence(lines)
}

// evidence notes what the lines were compared with.
func (c *component) evidence(lines []*line) {
	var used Used
	var prices, events []string
	for _, p := range c.pools {
		used.add(p.used)
		prices = append(prices, p.prices...)
		events = append(events, p.events...)
	}
	slices.Sort(prices)
	prices = slices.Compact(prices)
	slices.Sort(events)
	for _, l := range lines {
		l.Used, l.Prices, l.Events = used, prices, events[:min(len(events), 20)]
	}
}

// finish works out what follows from the outcome: what is claimed, and the evidence that is shown.
func (w *work) finish(l *line) {
	x := &l.InvoiceLine
	l.BilledSEK, l.Line.Credited = l.sek, l.credited
	switch l.Outcome {
	case NotOurs, UnknownLine, BilledAfterEnd:
		l.Difference = l.net()
	case Credited, Other, NotTelephony:
		l.Expected, l.Difference = l.net(), 0
	}
	if l.comp == nil || l.Together == 0 {
		l.Tolerance, l.Together = w.in.Tolerance, 1
	}
	if disputed(l.Outcome) && l.Reason != ReasonNoDetail && (l.Difference > l.Tolerance || l.Together > 1 && l.Difference > 0) {
		l.Claimed = l.stated(l.Difference).RoundOre()
	}
	if l.Reason == ReasonNoDetail && !slices.ContainsFunc(l.doc.findings, func(f Finding) bool { return f.Kind == FindNoDetail }) {
		l.doc.find(Finding{Kind: FindNoDetail})
	}
	if l.Outcome == Matched || l.Used.Records == 0 {
		l.Events = nil
	} else {
		l.Query = l.query(x)
	}
}

// query gives the records that the line was compared with.
func (l *line) query(x *schema.InvoiceLine) string {
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	about := fmt.Sprintf("operator = %s AND line_id = %s AND service = %s", quote(l.doc.Operator), quote(l.Line.LineID), quote(x.Service))
	for _, p := range l.comp.pools {
		if p.used.Records > 0 && p.key.number != "" {
			return "SELECT * FROM usage WHERE " + about + " AND invoice = " + quote(p.key.number) + " ORDER BY occurred_at"
		}
	}
	return "SELECT * FROM usage WHERE " + about + fmt.Sprintf(" AND local_day BETWEEN '%s' AND '%s' ORDER BY occurred_at", l.from, l.to)
}

// disputed tells whether an outcome is one to dispute with the supplier.
func disputed(outcome string) bool {
	switch outcome {
	case PriceDiffers, QuantityDiffers, NotOurs, UnknownLine, MissingUsage, BilledAfterEnd, Duplicate:
		return true
	}
	return false
}
