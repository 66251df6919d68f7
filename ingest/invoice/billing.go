package invoice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/ingest"
	"linesman/schema"
)

// Identifiers of the specification (Peppol BIS Billing 3, BT-24 and BT-23).
const (
	customEN16931 = "urn:cen.eu:en16931:2017"
	customPeppol  = "urn:fdc:peppol.eu:2017:poacc:billing:3.0"
	profilePeppol = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
)

// objectCode is the code of a reference to the invoiced object (UNCL1001; BT-18 and BT-128).
const objectCode = "130"

// billing reads an Invoice or CreditNote of UBL 2.1.
func (r *reading) billing() {
	top, h := r.doc.top, &r.b.head
	line, quantity := "InvoiceLine", "InvoicedQuantity"
	h.Kind, h.Format, r.sign = schema.InvoiceKind, FormatPeppol, 1
	if top.name == rootCredit {
		h.Kind, r.sign = schema.CreditNoteKind, -1
		line, quantity = "CreditNoteLine", "CreditedQuantity"
	}
	r.specification(top)
	r.typeCode(top)
	r.currency = r.currencyOf(top, "DocumentCurrencyCode")
	h.Currency = r.currency
	h.Number = clip(r.need(top, "ID"), maxShort)
	r.need(top, "IssueDate")
	h.Issued = r.day(top, "IssueDate")
	if h.Due = r.day(top, "DueDate"); h.Due == 0 {
		h.Due = r.day(top, "PaymentMeans", "PaymentDueDate")
	}
	h.PeriodFrom, h.PeriodTo = r.period(top, "InvoicePeriod", 0, 0)
	h.BuyerReference, h.AccountingCost = r.short(top, "BuyerReference"), r.short(top, "AccountingCost")
	h.Contract = r.short(top, "ContractDocumentReference", "ID")
	r.corrects(top)
	r.supplier(top, top.get("AccountingSupplierParty", "Party"))
	r.checkCurrencies(top.str("TaxCurrencyCode"))
	r.exchange(top)
	r.totals(top)
	r.references(top)
	lines := top.all(line)
	if len(lines) == 0 {
		r.refuse(top, line, ingest.CodeMissing, "the document has no lines"+r.foreign())
	}
	for _, n := range lines {
		r.line(n, quantity)
	}
	if !r.b.telephony {
		r.b.left = fmt.Sprintf("the supplier (%s %s) is not among invoices.suppliers, no reference of code 130 is a telephone number, and no line has words or units of telephony; "+
			"if it is telephony, name the supplier there", h.SupplierName, h.SupplierID)
	}
}

// specification checks that the document follows rules that are known here.
func (r *reading) specification(top *node) {
	id := r.need(top, "CustomizationID")
	lower := strings.ToLower(id)
	switch {
	case strings.Contains(lower, customPeppol):
	case strings.Contains(lower, customEN16931):
		r.noteAt(top.get("CustomizationID").line, "CustomizationID is EN 16931, but not Peppol BIS Billing 3; the document is read in the same way")
	case strings.Contains(lower, "oioubl"):
		r.refuse(top.get("CustomizationID"), "CustomizationID", ingest.CodeWrongKind, "an invoice of OIOUBL: ask the supplier for Peppol BIS Billing 3, or for the UtilityStatement that goes with it")
	case strings.Contains(lower, "cenbii") || strings.Contains(lower, "bis5a") || strings.Contains(lower, "bis4a"):
		r.refuse(top.get("CustomizationID"), "CustomizationID", ingest.CodeWrongKind, "an older Peppol specification (BIS 4A or 5A), no longer in use: ask the supplier for Peppol BIS Billing 3")
	case id != "":
		r.refuse(top.get("CustomizationID"), "CustomizationID", ingest.CodeWrongKind, "the document follows a specification that is not read: want Peppol BIS Billing 3 ("+customEN16931+"#compliant#"+customPeppol+") or another one of EN 16931")
	}
	if p := top.get("ProfileID"); p != nil && p.text != profilePeppol && p.text != "" {
		r.noteAt(p.line, "ProfileID is not that of Peppol BIS Billing 3")
	}
}

// typeCode checks that the code of the document (UNCL1001) goes with its root.
func (r *reading) typeCode(top *node) {
	credits := []string{"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"}
	if c := top.get("InvoiceTypeCode"); c != nil && top.name == rootInvoice && slices.Contains(credits, c.text) {
		r.refuse(c, c.name, ingest.CodeWrongKind, "the code of a credit note in an invoice: the sign of the amounts is not known; a credit note is a CreditNote, or an invoice with negative amounts and code 380")
	}
	if c := top.get("CreditNoteTypeCode"); c != nil && top.name == rootCredit && !slices.Contains(credits, c.text) {
		r.refuse(c, c.name, ingest.CodeWrongKind, "the code of an invoice in a credit note: the sign of the amounts is not known")
	}
}

// corrects reads which document this one is about (BG-3).
func (r *reading) corrects(top *node) {
	refs := top.all("BillingReference")
	for _, b := range refs {
		for _, name := range []string{"InvoiceDocumentReference", "CreditNoteDocumentReference"} {
			if id := b.str(name, "ID"); id != "" && r.b.head.Corrects == "" {
				r.b.head.Corrects = clip(id, maxShort)
			}
		}
	}
	if len(refs) > 1 {
		r.noteAt(refs[1].line, "the document refers to several others (BillingReference): the first one is kept")
	}
}

// totals reads the sums that the document states (BG-22), right or wrong.
func (r *reading) totals(top *node) {
	h := &r.b.head
	t := top.get("LegalMonetaryTotal")
	if t == nil {
		r.refuse(top, "LegalMonetaryTotal", ingest.CodeMissing, "the sums are missing"+r.foreign())
		return
	}
	for _, s := range []struct {
		to   *schema.Money
		name string
		must bool
	}{
		{&h.LineTotal, "LineExtensionAmount", true}, {&h.Allowances, "AllowanceTotalAmount", false}, {&h.Charges, "ChargeTotalAmount", false},
		{&h.Net, "TaxExclusiveAmount", true}, {&h.Gross, "TaxInclusiveAmount", true}, {&h.Prepaid, "PrepaidAmount", false},
		{&h.Rounding, "PayableRoundingAmount", false}, {&h.Payable, "PayableAmount", true},
	} {
		*s.to = r.sign * r.money(t, s.must, s.name)
	}
	h.VAT = r.sign * r.vat(top)
}

// vat reads the VAT in the document's currency (BT-110): it may stand in the tax currency, too.
func (r *reading) vat(n *node) schema.Money {
	var own []*node
	for _, t := range n.all("TaxTotal") {
		a := t.get("TaxAmount")
		if code := a.attribute("currencyID"); a != nil && (code == r.currency || code == "") {
			own = append(own, t)
		}
	}
	if len(own) == 0 {
		return 0
	}
	if len(own) > 1 {
		r.noteAt(own[1].line, "several TaxTotal in the document's currency: the first one is kept")
	}
	var sum schema.Money
	subs := own[0].all("TaxSubtotal")
	for _, s := range subs {
		sum = r.plus(s, sum, r.money(s, false, "TaxAmount"))
	}
	v := r.money(own[0], true, "TaxAmount")
	if len(subs) > 0 && sum != v {
		r.noteAt(own[0].line, fmt.Sprintf("the VAT of the categories is %s, the stated sum of it %s", sum, v))
	}
	return v
}

// references reads the invoiced object and the attachments.
func (r *reading) references(top *node) {
	h := &r.b.head
	for _, ref := range top.all("AdditionalDocumentReference") {
		for _, a := range ref.all("Attachment") {
			r.embedded(a)
		}
		if ref.str("DocumentTypeCode") != objectCode || ref.str("ID") == "" {
			continue
		}
		line, mask := r.subscription(r.f.sweden, ref.str("ID"))
		switch {
		case line == "":
			r.noteAt(ref.line, "the invoiced object (AdditionalDocumentReference of code 130) is no telephone number")
		case h.LineID == "":
			h.LineID, h.LineMask = line, mask
			r.b.telephony = true
		case h.LineID != line:
			r.noteAt(ref.line, "the document names several subscriptions: the lines tell which one each is about, where they do")
			r.b.several = true
		}
	}
	if r.b.several {
		h.LineID, h.LineMask = "", ""
	}
}

// embedded notes an attachment that is inside the document.
func (r *reading) embedded(a *node) {
	e := a.get(embedded)
	if e == nil || e.text == "" {
		return
	}
	i, err := strconv.Atoi(e.text)
	if err != nil {
		r.refuse(e, embedded, ingest.CodeUnreadable, "an attachment cannot be told from its neighbours")
		return
	}
	r.b.files = append(r.b.files, file{at: i, line: e.line, mime: strings.ToLower(e.attribute("mimeCode")), name: e.attribute("filename")})
}

// line reads an invoice line (BG-25).
func (r *reading) line(n *node, quantity string) {
	h := &r.b.head
	item := n.get("Item")
	l := schema.InvoiceLine{FileRow: n.line, LineNo: r.short(n, "ID"), AccountingCost: r.short(n, "AccountingCost")}
	q := n.get(quantity)
	l.Quantity, l.QuantityUnit = r.sign*r.measure(n, quantity), clip(q.attribute("unitCode"), 20)
	l.Amount = r.sign * r.money(n, true, "LineExtensionAmount")
	for _, a := range n.all("AllowanceCharge") {
		v := r.sign * r.money(a, true, "Amount")
		switch a.str("ChargeIndicator") {
		case "true", "1":
			l.Charge = r.plus(a, l.Charge, v)
		case "false", "0":
			l.Allowance = r.plus(a, l.Allowance, v)
		default:
			r.refuse(a, "AllowanceCharge/ChargeIndicator", ingest.CodeUnknown, "neither true nor false")
		}
	}
	l.Price, l.BaseQuantity = r.measure(n, "Price", "PriceAmount"), schema.Micro
	if b := n.get("Price", "BaseQuantity"); b != nil && b.text != "" {
		if l.BaseQuantity = r.measure(n, "Price", "BaseQuantity"); l.BaseQuantity <= 0 {
			r.refuse(b, "Price/BaseQuantity", ingest.CodeRange, "the quantity that a price is for must be more than 0")
		}
	}
	l.PeriodFrom, l.PeriodTo = r.period(n, "InvoicePeriod", h.PeriodFrom, h.PeriodTo)
	name, code := item.str("Name"), item.str("SellersItemIdentification", "ID")
	l.Item, l.ItemCode = r.short(item, "Name"), r.short(item, "SellersItemIdentification", "ID")
	if tax := item.get("ClassifiedTaxCategory"); tax != nil {
		l.VATCategory, l.VATPercent = clip(tax.str("ID"), 10), r.measure(tax, "Percent")
	}
	l.Service = r.f.words.serviceOf(l.QuantityUnit, code, name, item.str("Description"))
	var own bool
	if l.LineID, l.LineMask, own = r.subscriptionOf(n, item); !own {
		l.LineID, l.LineMask = h.LineID, h.LineMask
	}
	if !r.b.telephony {
		r.b.telephony = own || r.f.words.isTelephony(l.QuantityUnit, name) || telephonyCode(item)
	}
	r.b.lines = append(r.b.lines, l)
}

// telephonyCode tells telephony by the class of an item: UNSPSC 8311 (telecommunications media
// services) or CPV 642 (telecommunications services).
func telephonyCode(item *node) bool {
	for _, c := range item.all("CommodityClassification") {
		code := c.get("ItemClassificationCode")
		switch list := code.attribute("listID"); {
		case list == "TST" && strings.HasPrefix(code.str(), "8311"), list == "STI" && strings.HasPrefix(code.str(), "642"):
			return true
		}
	}
	return false
}

// configured says that the configuration names the supplier: then it is an operator.
func (r *reading) configured() { r.b.telephony = true }
