package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"linesman/processors/reconcile"
)

// peppol makes an invoice of March 2026 by Norrtele. Each line is number, item, unit, quantity and
// price of one, and amount.
func peppol(number string, lines ...[6]string) []byte {
	var b strings.Builder
	party := func(role, id, name string) {
		fmt.Fprintf(&b, `<cac:%s><cac:Party><cbc:EndpointID schemeID="0007">%s</cbc:EndpointID><cac:PartyLegalEntity><cbc:RegistrationName>%s</cbc:RegistrationName><cbc:CompanyID schemeID="0007">%s</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:%s>`, role, id, name, id, role)
	}
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID><cbc:ID>%s</cbc:ID><cbc:IssueDate>2026-04-02</cbc:IssueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>
<cac:InvoicePeriod><cbc:StartDate>2026-03-01</cbc:StartDate><cbc:EndDate>2026-03-31</cbc:EndDate></cac:InvoicePeriod>`, number)
	party("AccountingSupplierParty", "5599990018", "Norrtele")
	party("AccountingCustomerParty", "2321009999", "Region Exempel")
	const vat = `<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>`
	// 99 + 15 + 99 = 213,00, and VAT of 53,25; an öre too much is to be paid.
	fmt.Fprintf(&b, `<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">53.25</cbc:TaxAmount></cac:TaxTotal><cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="SEK">213.00</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount currencyID="SEK">213.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="SEK">266.25</cbc:TaxInclusiveAmount><cbc:PayableAmount currencyID="SEK">266.26</cbc:PayableAmount></cac:LegalMonetaryTotal>`)
	for i, l := range lines {
		fmt.Fprintf(&b, `<cac:InvoiceLine><cbc:ID>%d</cbc:ID><cbc:InvoicedQuantity unitCode="%s">%s</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="SEK">%s</cbc:LineExtensionAmount><cac:DocumentReference><cbc:ID>%s</cbc:ID><cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference><cac:Item><cbc:Name>%s</cbc:Name>%s</cac:Item><cac:Price><cbc:PriceAmount currencyID="SEK">%s</cbc:PriceAmount></cac:Price></cac:InvoiceLine>`,
			i+1, l[2], l[3], l[5], l[0], l[1], vat, l[4])
	}
	b.WriteString("</Invoice>\n")
	return []byte(b.String())
}

// TestInvoicesCommand takes an invoice, call detail, prices and lines from their files to the list
// for the operator, with and without a running linesman.
func TestInvoicesCommand(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	const unit = "SE2321000016-A1B2"
	detail := "Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\n" +
		"070-123 45 67;2026-03-14;08:15:30;Samtal;08-123 456 78;;;00:10:00;;1;5,00;1,25;F1;1;\n" +
		"070-123 45 67;2026-03-15;08:15:30;Samtal;08-123 456 78;;;00:10:00;;1;5,00;1,25;F1;2;\n" +
		"070-123 45 67;2026-04-30;08:15:30;Samtal;08-123 456 78;;;00:01:00;;1;0,50;0,13;F2;1;\n"
	succeed(t, "collect", "--data", data, "itemised", writeNamed(t, dir, "bill.csv", strings.NewReplacer("ä", "\xe4", "ö", "\xf6").Replace(detail)))
	succeed(t, "collect", "--data", data, "reference",
		writeNamed(t, dir, "lines.csv", "number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"070-123 45 67;;mobile;personal;anst4711;"+unit+";0110;Norrtele;Bas;;2025-01-01;\n070-123 45 68;;mobile;personal;anst0815;"+unit+";0110;Norrtele;Bas;;2025-01-01;2026-01-01\n"),
		writeNamed(t, dir, "prices.csv", "book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to\n"+
			"norr;2026;1;Norrtele;Bas;;;;;month;99,00;;;;SEK;2025-01-01;\nnorr;2026;2;Norrtele;Bas;voice_out;;;;minute;0,50;;1;1;SEK;2025-01-01;\n"))
	succeed(t, "collect", "--data", data, "invoices", writeNamed(t, dir, "F1.xml", string(peppol("F1",
		[6]string{"0701234567", "Månadsavgift Bas", "MON", "1", "99", "99.00"}, [6]string{"0701234567", "Utgående samtal", "MIN", "20", "0.75", "15.00"}, [6]string{"0701234568", "Månadsavgift Bas", "MON", "1", "99", "99.00"}))))
	check := func() {
		t.Helper()
		if out := succeed(t, "invoices", "list", "--data", data, "--lang", "sv"); !strings.Contains(out, "F1") || !strings.Contains(out, "266,26") {
			t.Errorf("the list said\n%s", out)
		}
		var r reconcile.Report
		succeedJSON(t, &r, "invoices", "reconcile", "--data", data, "--month", "2026-03")
		var outcomes []string
		for _, l := range r.Lines {
			outcomes = append(outcomes, l.Outcome+" "+l.Claimed.String())
		}
		if got := strings.Join(outcomes, ", "); got != "matched 0.00, price_differs 5.00, billed_after_end 99.00" || r.Total.Claimed.String() != "104.00" || len(r.Documents) != 1 || len(r.Documents[0].Findings) != 1 {
			t.Errorf("outcomes %s, documents %+v", got, r.Documents)
		}
		out := succeed(t, "invoices", "disputes", "--data", data, "--operator", "Norrtele", "--month", "2026-03", "--lang", "sv")
		for _, want := range []string{"Faktura F1, rad 2, nummer +4670123", "Debiterat 15,00 SEK, ska vara 10,00 SEK, krav 5,00 SEK.", "Enligt avtalade priser blir det 10,00 SEK.", "Avtalet hade upphört före 2026-03-01.", "Beloppet att betala blir 266,25 SEK, inte 266,26 SEK.", "2 rader, krav totalt: 104,00 SEK."} {
			if !strings.Contains(out, want) {
				t.Errorf("the disputes said\n%s\nwithout %q", out, want)
			}
		}
		for _, l := range r.Lines {
			if strings.Contains(out, l.LineID) {
				t.Errorf("the disputes hold the pseudonym %s", l.LineID)
			}
		}
		if out := succeed(t, "invoices", "show", "F1", "--data", data); !strings.Contains(out, "price differs") {
			t.Errorf("the document is shown as\n%s", out)
		}
		if rows := strings.Split(strings.TrimSpace(succeed(t, "invoices", "reconcile", "--data", data, "--number", "F1", "--csv")), "\n"); len(rows) != 4 {
			t.Errorf("as CSV %q", rows)
		}
		fails(t, nil, "invoices", "reconcile", "--data", data, "--month", "2026-03", "--strict")
		if out := succeed(t, "invoices", "reconcile", "--data", data, "--month", "2026-04", "--strict"); !strings.Contains(out, "0 documents") {
			t.Errorf("of a month without invoices:\n%s", out)
		}
	}
	check()
	startUp(t, data)
	check()
	fails(t, []string{"no such document"}, "invoices", "show", "F9", "--data", data)
	fails(t, []string{"--operator"}, "invoices", "disputes", "--data", data)
	fails(t, []string{"--month"}, "invoices", "reconcile", "--data", data, "--month", "March")
	fails(t, []string{`language "fi"`}, "invoices", "list", "--data", data, "--lang", "fi")
}

func writeNamed(t *testing.T, dir, name, content string) string {
	t.Helper()
	return write(t, filepath.Join(dir, name), []byte(content))
}
