package invoice

import (
	"strings"

	"linesman/ingest"
	"linesman/schema"
)

// What a part of a statement specifies, in small letters (OIOUBL, SpecificationTypeCode).
const (
	specRegulation   = "regulation"
	specCancellation = "cancellation"
)

// utility reads a UtilityStatement (OIOUBL 2, UBL 2.1) of type Tele or TeleExtended.
func (r *reading) utility() {
	top, h := r.doc.top, &r.b.head
	h.Kind, h.Format, r.sign = schema.InvoiceKind, FormatUtility, 1
	typ := strings.ToLower(top.str("UtilityStatementTypeCode"))
	supplies := r.supplies(top)
	if !strings.HasPrefix(typ, "tele") && (typ != "" || len(supplies) == 0) {
		r.b.left = "the UtilityStatement is of the type " + clip(ingest.MaskName(or(top.str("UtilityStatementTypeCode"), "(none)")), 60) + "; read are Tele and TeleExtended"
		return
	}
	if id := top.get("CustomizationID"); id == nil || !strings.Contains(strings.ToLower(id.text), "oioubl") {
		r.noteAt(top.line, "CustomizationID is not that of OIOUBL; the statement is read in the same way")
	}
	r.currency = r.currencyOf(top, "DocumentCurrencyCode")
	h.Currency = r.currency
	h.Number = clip(r.need(top, "ID"), maxShort)
	r.need(top, "IssueDate")
	h.Issued = r.day(top, "IssueDate")
	h.PeriodFrom, h.PeriodTo = r.period(top, "InvoicePeriod", 0, 0)
	h.AccountingCost = r.short(top, "AccountingCost")
	h.BuyerReference = r.short(top, "BuyerReference")
	h.Contract = r.short(top, "ContractDocumentReference", "ID")
	r.supplier(top, senderOf(top))
	r.checkCurrencies(top.str("TaxCurrencyCode"))
	r.exchange(top)
	for _, ref := range top.all("AdditionalDocumentReference") {
		for _, a := range ref.all("Attachment") {
			r.embedded(a)
		}
	}
	for _, s := range supplies {
		r.consumption(s)
	}
	if len(r.b.lines) == 0 {
		r.refuse(top, "SubscriberConsumption", ingest.CodeMissing, "the statement has no supply lines"+r.foreign())
	}
	r.sums(top, supplies)
	r.whole()
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// senderOf finds the supplier: who sent the statement, or who supplies.
func senderOf(top *node) *node {
	at := top.get("AccountingSupplierParty")
	if at == nil {
		at = top.get("SenderParty")
	}
	for _, c := range top.all("SubscriberConsumption") {
		if at == nil {
			at = c.get("SupplierConsumption", "UtilitySupplierParty")
		}
	}
	if p := at.get("Party"); p != nil {
		return p
	}
	return at
}

// part is a Consumption with telephony in it, or lines beside one.
type part struct {
	n       *node
	spec    string
	sign    schema.Money
	lines   []*node // ConsumptionLine
	service bool    // it has a TelecommunicationsSupply
}

// supplies lists the parts that are about telephony.
func (r *reading) supplies(top *node) []part {
	var out []part
	for _, sc := range top.all("SubscriberConsumption") {
		spec := strings.ToLower(sc.str("SpecificationTypeCode"))
		switch {
		case strings.Contains(spec, "cancel"), strings.Contains(spec, "annul"):
			spec = specCancellation
		case strings.Contains(spec, "regul"):
			spec = specRegulation
		default:
			spec = ""
		}
		consumptions := sc.all("Consumption")
		var lines []*node
		for _, s := range sc.all("SupplierConsumption") {
			consumptions = append(consumptions, s.all("Consumption")...)
			lines = append(lines, s.all("ConsumptionLine")...)
		}
		for _, c := range consumptions {
			out = append(out, part{n: c, spec: spec, sign: 1, service: c.get("TelecommunicationsSupply") != nil})
		}
		if len(lines) > 0 {
			out = append(out, part{n: sc, spec: spec, sign: 1, lines: lines})
		}
	}
	telephony := false
	for _, p := range out {
		telephony = telephony || p.service
	}
	if !telephony && !strings.HasPrefix(strings.ToLower(top.str("UtilityStatementTypeCode")), "tele") {
		return nil
	}
	return out
}

// supplyLines lists the lines of a supply, under either of their names.
func supplyLines(supply *node) []*node {
	return append(supply.all("TelecommunicationsSupplyLine"), supply.all("SupplyLine")...)
}

// consumption reads one part. A cancellation gives money back: where it states what it takes
// back as positive amounts, their sign is turned.
func (r *reading) consumption(p part) {
	from, to := r.period(p.n, "MainPeriod", r.b.head.PeriodFrom, r.b.head.PeriodTo)
	if p.spec == specCancellation {
		var sum schema.Money
		for _, s := range p.n.all("TelecommunicationsSupply") {
			for _, l := range supplyLines(s) {
				sum = r.plus(l, sum, r.money(l, false, "LineExtensionAmount"))
			}
		}
		for _, l := range p.lines {
			sum = r.plus(l, sum, r.money(l, false, "LineExtensionAmount"))
		}
		if sum > 0 {
			p.sign = -1
		}
	}
	for _, s := range p.n.all("TelecommunicationsSupply") {
		for _, l := range supplyLines(s) {
			r.supplyLine(p, s, l, from, to)
		}
	}
	for _, l := range p.lines {
		r.consumptionLine(p, l, from, to)
	}
}

func (r *reading) supplyLine(p part, supply, n *node, from, to schema.Day) {
	l := schema.InvoiceLine{FileRow: n.line, LineNo: r.short(n, "ID"), Quantity: p.sign * schema.Micro, BaseQuantity: schema.Micro, PeriodFrom: from, PeriodTo: to}
	typ, text := supply.str("TelecommunicationsSupplyType"), n.str("Description")
	l.Item = ingest.MaskName(clip(or(text, or(typ, supply.str("Description"))), maxShort))
	l.ItemCode = r.short(supply, "TelecommunicationsSupplyTypeCode")
	l.Amount = p.sign * r.money(n, true, "LineExtensionAmount")
	l.Price = l.Amount * p.sign
	r.extras(&l, n, p.sign)
	if raw := n.str("PhoneNumber"); raw != "" {
		if l.LineID, l.LineMask = r.subscription(r.f.denmark, raw); l.LineID == "" {
			r.noteAt(n.line, "PhoneNumber is masked or no telephone number")
		}
	}
	l.Service = r.f.words.serviceOf("", text, typ, supply.str("TelecommunicationsSupplyTypeCode"), supply.str("Description"))
	s := &telephony{line: l.LineID, sign: p.sign, spec: p.spec, at: &clock{zone: r.f.danish}}
	same, first := true, ""
	for i := range r.doc.calls[n] {
		c := r.callOf(&r.doc.calls[n][i], s)
		if _, service, _, _ := serviceOfCall(&r.doc.calls[n][i]); i == 0 {
			first = service
		} else if service != first {
			same = false
		}
		r.b.calls = append(r.b.calls, c)
	}
	delete(r.doc.calls, n)
	if l.Service == "" && same {
		l.Service = first
	}
	switch p.spec {
	case specCancellation, specRegulation:
		if l.Amount < 0 {
			l.Service = schema.ServiceCredit
		}
	}
	r.b.lines = append(r.b.lines, l)
}

// extras reads rebates, charges and VAT of a line.
func (r *reading) extras(l *schema.InvoiceLine, n *node, sign schema.Money) {
	for _, a := range n.all("AllowanceCharge") {
		if v := sign * r.money(a, true, "Amount"); a.str("ChargeIndicator") == "true" || a.str("ChargeIndicator") == "1" {
			l.Charge = r.plus(a, l.Charge, v)
		} else {
			l.Allowance = r.plus(a, l.Allowance, v)
		}
	}
	if t := n.get("TaxTotal", "TaxSubtotal", "TaxCategory"); t != nil {
		l.VATCategory, l.VATPercent = clip(t.str("ID"), 20), r.measure(t, "Percent")
	}
}

func (r *reading) consumptionLine(p part, n *node, from, to schema.Day) {
	item := n.get("UtilityItem")
	l := schema.InvoiceLine{FileRow: n.line, LineNo: r.short(n, "ID"), BaseQuantity: schema.Micro}
	l.PeriodFrom, l.PeriodTo = r.period(n, "Period", from, to)
	l.Item = r.short(item, "Description")
	q := n.get("InvoicedQuantity")
	l.Quantity, l.QuantityUnit = p.sign*r.measure(n, "InvoicedQuantity"), clip(q.attribute("unitCode"), 20)
	l.Amount, l.Price = p.sign*r.money(n, true, "LineExtensionAmount"), r.measure(n, "Price", "PriceAmount")
	r.extras(&l, n, p.sign)
	l.LineID, l.LineMask = r.subscription(r.f.denmark, item.str("SubscriberID"))
	l.Service = r.f.words.serviceOf(l.QuantityUnit, item.str("Description"))
	r.b.lines = append(r.b.lines, l)
}

// sums reads what the statement says that it sums to: at its head, or in its parts.
func (r *reading) sums(top *node, parts []part) {
	h := &r.b.head
	add := func(n *node, sign schema.Money) bool {
		t := n.get("LegalMonetaryTotal")
		if t == nil {
			return false
		}
		lines, gross := r.money(t, false, "LineExtensionAmount"), r.money(t, false, "TaxInclusiveAmount")
		allowances, charges := r.money(t, false, "AllowanceTotalAmount"), r.money(t, false, "ChargeTotalAmount")
		vat := r.vat(n)
		payable := r.money(t, false, "PayableAmount")
		if t.get("TaxInclusiveAmount") == nil {
			gross = payable
		}
		net := r.money(t, false, "TaxExclusiveAmount")
		if net != gross-vat && (net == vat || t.get("TaxExclusiveAmount") == nil) {
			net = gross - vat // in OIOUBL the element holds the tax
		}
		for _, v := range []struct {
			to *schema.Money
			v  schema.Money
		}{{&h.LineTotal, lines}, {&h.Allowances, allowances}, {&h.Charges, charges}, {&h.Net, net}, {&h.VAT, vat}, {&h.Gross, gross}, {&h.Payable, payable},
			{&h.Prepaid, r.money(t, false, "PrepaidAmount")}, {&h.Rounding, r.money(t, false, "PayableRoundingAmount")}} {
			*v.to = r.plus(t, *v.to, sign*v.v)
		}
		return true
	}
	if add(top, 1) {
		return
	}
	found := false
	for _, p := range parts {
		found = add(p.n, p.sign) || found
	}
	if found {
		return
	}
	r.noteAt(top.line, "the statement states no sums: those of its lines are kept, without VAT")
	for _, l := range r.b.lines {
		h.LineTotal = r.plus(top, h.LineTotal, l.Amount)
	}
	h.Net, h.Gross, h.Payable = h.LineTotal, h.LineTotal, h.LineTotal
}

// whole gives the document the subscription and the period that all of its lines have.
func (r *reading) whole() {
	h := &r.b.head
	for i, l := range r.b.lines {
		if i == 0 {
			h.LineID, h.LineMask = l.LineID, l.LineMask
		} else if l.LineID != h.LineID {
			h.LineID, h.LineMask = "", ""
		}
		if l.PeriodFrom != 0 && (h.PeriodFrom == 0 || l.PeriodFrom < h.PeriodFrom) {
			h.PeriodFrom = l.PeriodFrom
		}
		h.PeriodTo = max(h.PeriodTo, l.PeriodTo)
	}
}
