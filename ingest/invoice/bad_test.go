package invoice

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
)

// change replaces a text of the fixture, which must be there.
func change(t testing.TB, body, from, to string) string {
	t.Helper()
	if !strings.Contains(body, from) {
		t.Fatalf("the fixture does not hold %q", from)
	}
	return strings.Replace(body, from, to, 1)
}

func TestRefused(t *testing.T) {
	good := fixture(t, "invoice.xml")
	for _, c := range []struct {
		name, from, to string
		code           string
		row            uint64
		column, says   string
	}{
		{"personnummer in a note", "Fråga 070-999 88 77", "Anna 800101-9804", ingest.CodePersonnummer, 11, "Note", "personnummer"},
		{"twelve digits in the name of an item", "Månadsavgift Mobil Stor", "Mobil 198001019804", ingest.CodePersonnummer, 59, "Name", "whole document"},
		{"ten digits in a reference", "ZZ4711 073-111 22 33", "8001019804", ingest.CodePersonnummer, 14, "BuyerReference", ""},
		{"in a line's accounting cost", "4711-200", "800101+9804", ingest.CodePersonnummer, 58, "AccountingCost", ""},
		{"where nothing is kept", "Storgatan 1", "Box 800101-9804", ingest.CodePersonnummer, 29, "StreetName", ""},
		{"in the name of an attachment", "samtal.csv", "800101-9804.csv", ingest.CodePersonnummer, 18, embedded + "@filename", ""},
		{"in an id", "<cbc:ID>spec</cbc:ID>", "<cbc:ID>800101-9804</cbc:ID>", ingest.CodePersonnummer, 18, "ID", ""},
		{"before an element", "<cac:Party>", "800101-9804<cac:Party>", ingest.CodePersonnummer, 26, "AccountingSupplierParty", ""},
		{"another currency in a line", `<cbc:LineExtensionAmount currencyID="SEK">1.97`, `<cbc:LineExtensionAmount currencyID="EUR">1.97`, ingest.CodeUnknown, 65, "LineExtensionAmount", "another currency"},
		{"VAT of no tax currency", `<cbc:TaxAmount currencyID="SEK">63.70`, `<cbc:TaxAmount currencyID="NOK">63.70`, ingest.CodeUnknown, 41, "TaxAmount", "another currency"},
		{"no currency", "<cbc:DocumentCurrencyCode>SEK", "<cbc:DocumentCurrencyCode>kr", ingest.CodeUnknown, 12, "DocumentCurrencyCode", "ISO 4217"},
		{"no number", "<cbc:ID>2026-1001</cbc:ID>", "", ingest.CodeMissing, 3, "ID", "missing"},
		{"no date", "2026-04-01", "1 april", ingest.CodeTime, 8, "IssueDate", "yyyy-mm-dd"},
		{"a date that is none", "2026-04-30", "2026-04-31", ingest.CodeTime, 9, "DueDate", ""},
		{"no amount", `<cbc:LineExtensionAmount currencyID="SEK">1.97</cbc:LineExtensionAmount>`, "", ingest.CodeMissing, 62, "LineExtensionAmount", "missing"},
		{"a comma", ">1.97<", ">1,97<", ingest.CodeNumber, 65, "LineExtensionAmount", "with a point"},
		{"an exponent", ">1.97<", ">1e9<", ingest.CodeNumber, 65, "LineExtensionAmount", ""},
		{"an amount of seven decimals", ">1.97<", ">1.9700001<", ingest.CodeNumber, 65, "LineExtensionAmount", "six decimals"},
		{"an amount too large", ">1.97<", ">1234567890123<", ingest.CodeRange, 65, "LineExtensionAmount", ""},
		{"a price for nothing", ">1024<", ">0<", ingest.CodeRange, 81, "Price/BaseQuantity", ""},
		{"neither allowance nor charge", "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:AllowanceChargeReason>", "<cac:AllowanceCharge><cbc:ChargeIndicator>no</cbc:ChargeIndicator><cbc:AllowanceChargeReason>", ingest.CodeUnknown, 58, "AllowanceCharge/ChargeIndicator", ""},
		{"another specification", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:example:own", ingest.CodeWrongKind, 5, "CustomizationID", "not read"},
		{"an older specification", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:www.cenbii.eu:transaction:biitrns010:ver2.0", ingest.CodeWrongKind, 5, "CustomizationID", "older"},
		{"an invoice of OIOUBL", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "OIOUBL-2.02", ingest.CodeWrongKind, 5, "CustomizationID", "OIOUBL"},
		{"the code of a credit note", ">380<", ">381<", ingest.CodeWrongKind, 10, "InvoiceTypeCode", "sign"},
		{"the namespace of UBL 1", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-1.0", ingest.CodeWrongKind, 3, "Invoice", "Invoice-1.0"},
		{"other namespaces inside", `xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"`, `xmlns:cbc="urn:example:cbc"`, ingest.CodeMissing, 3, "CustomizationID", "were not looked at"},
		{"a prefix without a namespace", ` xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"`, "", ingest.CodeMissing, 3, "CustomizationID", ""},
		{"another root", "<Invoice xmlns=", `<Faktura xmlns=`, ingest.CodeWrongKind, 3, "Faktura", "Faktura"},
		{"a tag that is not closed", "</cac:InvoicePeriod>\n  <cac:Contract", "\n  <cac:Contract", ingest.CodeUnreadable, 90, "", "column"},
		{"an ampersand", "Ramavtal 12", "Ramavtal & 12", ingest.CodeUnreadable, 16, "", "column"},
		{"an entity nobody declared", "Ramavtal 12", "&ramavtal;", ingest.CodeUnreadable, 16, "", "column"},
		{"a declaration", "<!-- one", "<!DOCTYPE Invoice>\n<!-- one", ingest.CodeUnreadable, 2, "", "DOCTYPE"},
		{"another encoding than declared", "Ramavtal 12", "Ramavtal \xe5r 12", ingest.CodeEncoding, 16, "", "UTF-8"},
		{"an encoding that is not read", `encoding="UTF-8"`, `encoding="EBCDIC"`, ingest.CodeEncoding, 1, "", "windows-1252"},
		{"cut off", "<cac:LegalMonetaryTotal>", "<cac:LegalMonetaryTotal>\x00", ingest.CodeUnreadable, 46, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			why := refused(t, testFormat(t), change(t, good, c.from, c.to))
			if why.Code != c.code || why.Column != c.column || why.Row != c.row || !strings.Contains(why.Reason, c.says) {
				t.Errorf("%v (code %s), want line %d element %q code %s with %q", why, why.Code, c.row, c.column, c.code, c.says)
			}
			if strings.Contains(why.Error(), "9804") || strings.Contains(why.Error(), "070-") {
				t.Errorf("the error holds the number: %v", why)
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	for _, c := range []struct {
		name, body, code, says string
	}{
		{"empty", "", ingest.CodeEmpty, "empty"},
		{"blank", " \n\t", ingest.CodeEmpty, "empty"},
		{"blank, just not a kilobyte", strings.Repeat(" ", 1023), ingest.CodeEmpty, "empty"},
		{"blank, a kilobyte", strings.Repeat("\n", 1024), ingest.CodeUnreadable, "nothing but blanks"},
		{"blanks before the document", strings.Repeat(" ", 1100) + "<Invoice/>", ingest.CodeUnreadable, "nothing but blanks"},
		{"a byte order mark and blanks", "\ufeff" + strings.Repeat(" ", 1100) + "<Invoice/>", ingest.CodeUnreadable, "nothing but blanks"},
		{"text", "Faktura 1", ingest.CodeUnreadable, "no XML"},
		{"PDF", "%PDF-1.4\n", ingest.CodeUnreadable, "Peppol"},
		{"Svefaktura", fixture(t, "svefaktura.xml"), ingest.CodeWrongKind, "Svefaktura"},
		{"no namespace", "<Invoice><ID>1</ID></Invoice>", ingest.CodeWrongKind, "no namespace"},
		{"only a declaration", "<?xml version=\"1.0\"?>\n", ingest.CodeUnreadable, "no element"},
		{"laughs", `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>`, ingest.CodeUnreadable, "entities"},
		{"a file of the machine", `<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>`, ingest.CodeUnreadable, "entities"},
		{"deep", strings.Repeat("<a>", 100), ingest.CodeWrongKind, ""},
		{"an envelope with nothing", `<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"/>`, ingest.CodeUnreadable, "no element"},
		{"cut off", fixture(t, "invoice.xml")[:5000], ingest.CodeUnreadable, "column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			why := refused(t, testFormat(t), c.body)
			if why.Code != c.code || !strings.Contains(why.Error(), c.says) {
				t.Errorf("%v (code %s), want code %s with %q", why, why.Code, c.code, c.says)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	good := fixture(t, "invoice.xml")
	at := "<cac:ContractDocumentReference>"
	for _, c := range []struct {
		name, with, says string
		limit            Limits
	}{
		{"depth", strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70), "deep", Limits{}},
		{"elements", strings.Repeat("<a/>", 500), "more than 500 elements", Limits{Elements: 500}},
		{"text", "<a>" + strings.Repeat("x", 5000) + "</a>", "more than 4096 bytes", Limits{Text: 4096}},
		{"text in pieces", "<a>" + strings.Repeat("xxxxxxxx<!-- -->", 600) + "</a>", "more than 4096 bytes", Limits{Text: 4096}},
		{"CDATA", "<a><![CDATA[" + strings.Repeat("x", 5000) + "]]></a>", "more than 4096 bytes", Limits{Text: 4096}},
		{"comment", "<!-- " + strings.Repeat("x", 5000) + " -->", "a comment", Limits{Text: 4096}},
		{"tag", "<a b='" + strings.Repeat("x", 5000) + "'/>", "a tag", Limits{Tag: 4096}},
		{"instruction", "<?a " + strings.Repeat("x", 5000) + "?>", "instruction", Limits{Tag: 4096}},
		{"attachments", "", "larger than 100 bytes", Limits{Attachments: 100}},
		{"number of attachments", "", "more than 1 attachments", Limits{Count: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := testFormat(t, func(cfg *Config) { cfg.Limits = c.limit })
			why := refused(t, f, change(t, good, at, c.with+at))
			if why.Code != ingest.CodeTooLarge || why.Row == 0 || !strings.Contains(why.Reason, c.says) {
				t.Errorf("%v (code %s), want %q", why, why.Code, c.says)
			}
		})
	}
}

// endless gives a document whose attachment has as many bytes of base64 as asked for.
func endless(t *testing.T, body string, size int64) io.Reader {
	t.Helper()
	const mark = `filename="faktura.pdf">`
	before, after, ok := strings.Cut(body, mark)
	if !ok {
		t.Fatal("no attachment in the fixture")
	}
	return io.MultiReader(strings.NewReader(before+mark), io.LimitReader(&base64Lines{}, size), strings.NewReader(after))
}

type base64Lines struct{ at int }

// Read gives lines of base64.
func (b *base64Lines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
		if b.at%77 == 76 {
			p[i] = '\n'
		}
		b.at++
	}
	return len(p), nil
}

// An attachment is written beside, never held: 323 MB of base64 go through a few MB.
func TestLargeAttachment(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 230 MB to a temporary file")
	}
	const size = 77 << 22 // whole lines of whole groups
	f := testFormat(t, func(c *Config) { c.Detail = nil })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rec := ingesttest.Recorder{Quiet: true}
	sum, err := f.Read(t.Context(), ingest.Input{Name: "large.xml", Body: endless(t, fixture(t, "invoice.xml"), size), Now: time.Now()}, &rec)
	runtime.ReadMemStats(&after)
	if err != nil || rec.Records != 6 || len(rec.Rejects) != 0 {
		t.Fatalf("%d records, %d rejects, notices %q, error %v", rec.Records, len(rec.Rejects), sum.Notices, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
		t.Errorf("%d MB were allocated in all, want no more than 32", got>>20)
	}
	f = testFormat(t, func(c *Config) { c.Limits.Attachments = 16 << 20 })
	rec = ingesttest.Recorder{Quiet: true}
	_, err = f.Read(t.Context(), ingest.Input{Name: "large.xml", Body: endless(t, fixture(t, "invoice.xml"), 400<<20), Now: time.Now()}, &rec)
	if err == nil || !strings.Contains(err.Error(), "large.xml:") || !strings.Contains(err.Error(), "larger than 16777216 bytes") || rec.Records != 0 {
		t.Errorf("%d records, error %v", rec.Records, err)
	}
}

// Sums that do not add up are the supplier's: they stand as stated.
func TestSumsStandAsStated(t *testing.T) {
	var k keep
	body := change(t, fixture(t, "invoice.xml"), `<cbc:TaxExclusiveAmount currencyID="SEK">259.81`, `<cbc:TaxExclusiveAmount currencyID="SEK">300.00`)
	body = change(t, body, `<cbc:TaxAmount currencyID="SEK">63.70`, `<cbc:TaxAmount currencyID="SEK">60.00`)
	sum, err := read(t, testFormat(t), body, &k)
	if err != nil || len(k.heads) != 1 || k.heads[0].Net.String() != "300.00" || k.heads[0].VAT.String() != "60.00" || k.heads[0].LineTotal.String() != "240.81" {
		t.Fatalf("%+v, error %v", k.heads, err)
	}
	if !strings.Contains(fmt.Sprint(sum.Notices), "VAT of the categories is 63.70, the stated sum of it 60.00") {
		t.Errorf("notices %q", sum.Notices)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"invoice.xml", "credit_note.xml", "collective.xml", "tele_extended.xml", "electricity.xml", "svefaktura.xml"} {
		f.Add(fixture(f, name))
	}
	f.Add("<a><![CDATA[]]]]><!-- --->")
	f.Add("<x:EmbeddedDocumentBinaryObject>QQ<![CDATA[==]]><!-- a --></x:EmbeddedDocumentBinaryObject>")
	format := testFormat(f, func(c *Config) { c.Limits = Limits{Text: 1 << 14, Tag: 1 << 12, Attachments: 1 << 20} })
	f.Fuzz(func(t *testing.T, body string) {
		k := keep{Recorder: ingesttest.Recorder{Quiet: true}}
		sum, err := read(t, format, body, &k)
		if err != nil {
			if k.Records+len(k.Rejects) != 0 {
				t.Errorf("%d records of a refused document were handed out", k.Records)
			}
			return
		}
		if sum.Read != uint64(k.Records+len(k.Rejects)) {
			t.Errorf("%d read, %d handed out", sum.Read, k.Records+len(k.Rejects))
		}
		for _, h := range k.heads {
			if h.SupplierID == "" || h.Number == "" || len(h.Currency) != 3 || h.EventID.IsZero() || h.InvoiceID.IsZero() || int(h.Lines) != len(k.lines) {
				t.Errorf("%+v was handed out", h)
			}
		}
	})
}
