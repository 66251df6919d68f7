package demo

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dirInvoices gets the operators' invoices.
const dirInvoices = "invoices"

// invoicedMonths is for how many of the last months there are invoices.
const invoicedMonths = 3

// BilledWrong is one thing that an operator billed wrongly, and that has to be found.
type BilledWrong struct {
	Invoice  string `json:"invoice"`
	Operator string `json:"operator"`
	Month    string `json:"month"`
	Outcome  string `json:"outcome"`          // as the reconciliation calls it
	Number   string `json:"number,omitempty"` // subscription, E.164
	Service  string `json:"service,omitempty"`
	Billed   string `json:"billed"`   // SEK excluding VAT
	Expected string `json:"expected"` // what it should have been
}

// billed is one line of an invoice.
type billed struct {
	number, item, unit string
	quantity           string
	amount             micro
}

// bill gathers the lines of an operator's invoice of a month.
type bill struct {
	*region
	op     operator
	m      int
	number string
	lines  []billed
	excess micro // by which the stated sum is too large
	wrong  []BilledWrong
}

// writeInvoice writes the collective invoice of an operator for a month: what its itemised
// files say, and in the last month some things that are wrong.
func (g *generator) writeInvoice(out *output, op operator, m int, number string, recs []record) error {
	if m < len(g.months)-invoicedMonths || len(recs) == 0 {
		return nil
	}
	b := &bill{region: g.region, op: op, m: m, number: number}
	b.gather(recs)
	if m == len(g.months)-1 {
		b.err(recs)
	}
	name := fmt.Sprintf("%s_faktura_%s.xml", op.file(), g.months[m].label)
	rows := int64(len(b.lines)) + 1
	out.files = append(out.files, File{Name: name, Collector: dirInvoices, Month: g.months[m].label, Rows: rows, Accepted: rows})
	out.wrong = append(out.wrong, b.wrong...)
	return g.writeFile(dirInvoices, name, b.document())
}

// items names what an operator bills, by service.
func items() [11]struct{ name, unit string } {
	return [11]struct{ name, unit string }{{"Samtal inom och från Sverige", "MIN"}, {"Samtal utomlands (roaming)", "MIN"}, {"Mottagna samtal utomlands (roaming)", "MIN"}, {"SMS", "EA"}, {"MMS", "EA"},
		{"Data inom Sverige", "4L"}, {"Data utomlands (roaming)", "4L"}, {"Betalsamtal", "MIN"}, {"Månadsavgift", "EA"}, {"Engångsavgift", "EA"}, {"Kredit", "EA"}}
}

// gather adds the records up by subscription and service.
func (b *bill) gather(recs []record) {
	type key struct {
		line    int
		service service
	}
	type sum struct {
		amount, seconds, bytes, units, n int64
	}
	sums := map[key]*sum{}
	var order []key
	for i := range recs {
		r := &recs[i]
		k := key{r.line, r.service}
		s := sums[k]
		if s == nil {
			s = &sum{}
			sums[k] = s
			order = append(order, k)
		}
		s.amount, s.seconds, s.bytes, s.units, s.n = s.amount+int64(r.amount), s.seconds+int64(r.dur), s.bytes+r.bytes, s.units+int64(max(r.units, 1)), s.n+1
	}
	slices.SortFunc(order, func(x, y key) int {
		if c := strings.Compare(b.region.lines[x.line].number, b.region.lines[y.line].number); c != 0 {
			return c
		}
		return int(x.service) - int(y.service)
	})
	for _, k := range order {
		s, it := sums[k], items()[k.service]
		l := billed{number: b.region.lines[k.line].number, item: it.name, unit: it.unit, amount: micro(s.amount)}
		switch it.unit {
		case "MIN":
			l.quantity = fixed(s.seconds*100, 60, 2)
		case "4L":
			l.quantity = fixed(s.bytes, 1000, 3)
		default:
			l.quantity = strconv.FormatInt(s.units, 10)
		}
		if k.service == monthlyFee {
			l.item += " " + b.region.lines[k.line].plan
		}
		b.lines = append(b.lines, l)
	}
}

// fixed writes n/d in units of the last decimal, rounded half up.
func fixed(n, d int64, decimals int) string {
	v := (2*n + d) / (2 * d)
	s := fmt.Sprintf("%0*d", decimals+1, v)
	return s[:len(s)-decimals] + "." + s[len(s)-decimals:]
}

// err puts mistakes into the invoice: one of each kind.
func (b *bill) err(recs []record) {
	if b.op == fjordTel { // its lines are right and their sum is not
		b.excess = 5 * krona
		b.note("sum_differs", "", "", 5*krona, 0)
		return
	}
	used := map[string]bool{}
	find := func(item string, ok func(*billed) bool) int {
		for i := range b.lines {
			l := &b.lines[i]
			if strings.HasPrefix(l.item, item) && !used[l.number] && ok(l) {
				used[l.number] = true
				return i
			}
		}
		return -1
	}
	any := func(*billed) bool { return true }
	paid := func(l *billed) bool { return l.amount > 0 }
	if i := find("Månadsavgift", any); i >= 0 {
		b.note("price_differs", b.lines[i].number, "subscription", b.lines[i].amount+10*krona, b.lines[i].amount)
		b.lines[i].amount += 10 * krona
	}
	if i := find("Samtal inom", paid); i >= 0 {
		b.note("quantity_differs", b.lines[i].number, "voice_out", b.lines[i].amount+ore(3900), b.lines[i].amount)
		b.lines[i].amount += ore(3900)
		b.lines[i].quantity = fixed(b.seconds(recs, b.lines[i].number)*100+600_000, 60, 2) // 100 minutes more
	}
	if i := find("Månadsavgift", any); i >= 0 {
		b.note("duplicate", b.lines[i].number, "subscription", b.lines[i].amount, 0)
		b.lines = append(b.lines, b.lines[i])
	}
	if i := find("Månadsavgift", func(l *billed) bool { return !b.sent(recs, l.number, pictureOut) }); i >= 0 {
		b.note("missing_usage", b.lines[i].number, "mms", ore(1160), 0)
		b.lines = append(b.lines, billed{number: b.lines[i].number, item: items()[pictureOut].name, unit: "EA", quantity: "4", amount: ore(1160)})
	}
	const stranger = "+46701740998"
	b.note("not_ours", stranger, "subscription", ore(8900), 0)
	b.lines = append(b.lines, billed{number: stranger, item: "Månadsavgift Bas", unit: "EA", quantity: "1", amount: ore(8900)})
	for i := range b.region.lines {
		if l := &b.region.lines[i]; l.op == b.op && l.back != "" && l.back <= b.months[b.m].label {
			b.note("billed_after_end", l.number, "subscription", ore(14900), 0)
			b.lines = append(b.lines, billed{number: l.number, item: "Månadsavgift Fri", unit: "EA", quantity: "1", amount: ore(14900)})
			break
		}
	}
}

func (b *bill) note(outcome, number, service string, billed, expected micro) {
	b.wrong = append(b.wrong, BilledWrong{Invoice: b.number, Operator: b.op.String(), Month: b.months[b.m].label, Outcome: outcome, Number: number, Service: service,
		Billed: billed.decimal('.'), Expected: expected.decimal('.')})
}

func (b *bill) seconds(recs []record, number string) (n int64) {
	for i := range recs {
		if recs[i].service == voiceOut && b.region.lines[recs[i].line].number == number {
			n += int64(recs[i].dur)
		}
	}
	return n
}

func (b *bill) sent(recs []record, number string, s service) bool {
	return slices.ContainsFunc(recs, func(r record) bool { return r.service == s && b.region.lines[r.line].number == number })
}

// document writes the invoice as Peppol BIS Billing 3 has it: each line names its subscription
// as the invoiced object (BT-128), and the price is that of the whole quantity.
func (b *bill) document() []byte {
	var w bytes.Buffer
	mo := &b.months[b.m]
	from := time.Date(mo.year, mo.month, 1, 0, 0, 0, 0, time.UTC)
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	issued := from.AddDate(0, 1, 4)
	fmt.Fprintf(&w, invoiceHead, b.number, day(issued), day(issued.AddDate(0, 0, 30)), day(from), day(from.AddDate(0, 1, -1)),
		map[operator]string{norrTele: "5599990018", fjordTel: "5599990026"}[b.op], b.op.String(), organisation)
	sum := b.excess
	for _, l := range b.lines {
		sum += l.amount
	}
	tax := vat(sum)
	gross := sum + tax
	payable := (gross + krona/2) / krona * krona
	fmt.Fprintf(&w, invoiceSums, tax.decimal('.'), sum.decimal('.'), tax.decimal('.'), sum.decimal('.'), sum.decimal('.'), gross.decimal('.'), (payable - gross).decimal('.'), payable.decimal('.'))
	for i, l := range b.lines {
		fmt.Fprintf(&w, invoiceLine, i+1, l.unit, l.quantity, l.amount.decimal('.'), l.number, l.item, l.amount.decimal('.'), l.unit, l.quantity)
	}
	w.WriteString("</Invoice>\n")
	return w.Bytes()
}

const invoiceHead = `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
<cbc:ID>%s</cbc:ID>
<cbc:IssueDate>%s</cbc:IssueDate>
<cbc:DueDate>%s</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>
<cbc:BuyerReference>Telefoni</cbc:BuyerReference>
<cac:InvoicePeriod><cbc:StartDate>%s</cbc:StartDate><cbc:EndDate>%s</cbc:EndDate></cac:InvoicePeriod>
<cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID="0007">%[6]s</cbc:EndpointID><cac:PostalAddress><cac:Country><cbc:IdentificationCode>SE</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>SE%[6]s01</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>%[7]s</cbc:RegistrationName><cbc:CompanyID schemeID="0007">%[6]s</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cbc:EndpointID schemeID="0007">2321009999</cbc:EndpointID><cac:PostalAddress><cac:Country><cbc:IdentificationCode>SE</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyLegalEntity><cbc:RegistrationName>%[8]s</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
`

const invoiceSums = `<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">%s</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount currencyID="SEK">%s</cbc:TaxableAmount><cbc:TaxAmount currencyID="SEK">%s</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="SEK">%s</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount currencyID="SEK">%s</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="SEK">%s</cbc:TaxInclusiveAmount><cbc:PayableRoundingAmount currencyID="SEK">%s</cbc:PayableRoundingAmount><cbc:PayableAmount currencyID="SEK">%s</cbc:PayableAmount></cac:LegalMonetaryTotal>
`

const invoiceLine = `<cac:InvoiceLine><cbc:ID>%d</cbc:ID><cbc:InvoicedQuantity unitCode="%s">%s</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="SEK">%s</cbc:LineExtensionAmount><cac:DocumentReference><cbc:ID>%s</cbc:ID><cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference><cac:Item><cbc:Name>%s</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount currencyID="SEK">%s</cbc:PriceAmount><cbc:BaseQuantity unitCode="%s">%s</cbc:BaseQuantity></cac:Price></cac:InvoiceLine>
`
