package invoice

import (
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/schema"
)

func TestServices(t *testing.T) {
	v := newVocabulary()
	for _, c := range []struct{ text, unit, want string }{
		{"Månadsavgift Mobil Stor", "EA", schema.ServiceSubscription},
		{"Abonnement Erhverv", "EA", schema.ServiceSubscription},
		{"Monthly fee", "EA", schema.ServiceSubscription},
		{"Fast telefoni", "MON", schema.ServiceVoiceOut},
		{"Bas", "MON", schema.ServiceSubscription},
		{"Samtal till annat abonnemang", "MIN", schema.ServiceVoiceOut},
		{"Opkald til udlandet", "EA", schema.ServiceVoiceOut},
		{"Mottagna samtal utomlands", "MIN", schema.ServiceVoiceInRoaming},
		{"SMS", "EA", schema.ServiceSMS},
		{"MMS inrikes", "EA", schema.ServiceMMS},
		{"Datatrafik", "4L", schema.ServiceData},
		{"Roaming data Norge", "EA", schema.ServiceData},
		{"Betaltjänst SMS 72xxx", "EA", schema.ServicePremium},
		{"Engångsavgift nummer", "EA", schema.ServiceOneTime},
		{"Rabatt abonnemang", "EA", serviceRebate},
		{"Kreditering månadsavgift", "EA", schema.ServiceCredit},
		{"iPhone 15", "EA", serviceEquipment},
		{"Fakturaavgift", "EA", serviceOther},
		{"Uppdatering", "EA", ""},
		{"Trafik", "SEC", schema.ServiceVoiceOut},
		{"", "E34", schema.ServiceData},
	} {
		if got := v.serviceOf(c.unit, c.text); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.text, c.unit, got, c.want)
		}
	}
}

func TestTelephony(t *testing.T) {
	v := newVocabulary()
	for text, want := range map[string]bool{"SMS": true, "Samtal inrikes": true, "Mobilabonnemang": true, "IP-telefoni": true, "Opkald": true,
		"Kopieringspapper": false, "Medarbetarsamtal": false, "Rörlig avgift": false, "Abonnemang Dagens Nyheter": false, "Databas": false} {
		if v.isTelephony("EA", text) != want {
			t.Errorf("%q: telephony %v, want %v", text, !want, want)
		}
	}
}

func TestPersonal(t *testing.T) {
	for _, c := range []struct {
		text string
		id   bool
		want bool
	}{
		{"800101-9804", true, true}, {"19800101-9804", true, true}, {"198001019804", true, true}, {"8001019804", false, true}, {"8001019804", true, false},
		{"0701019804", false, false}, {"070101-9804", false, true}, {"Avser 070-101 98 04", false, false}, {"800101-9804 och 0701019804", false, true}, {"faktura 2026-1001", false, false},
	} {
		if got := personal(c.text, c.id); got != c.want {
			t.Errorf("%q, id %v: %v, want %v", c.text, c.id, got, c.want)
		}
	}
}

// Numbers in texts: what is written out, alone, and no date.
func TestNumbersInTexts(t *testing.T) {
	r := &reading{f: testFormat(t), notes: map[string]*note{}}
	want, mask := r.subscription(r.f.sweden, "0701234567")
	if want == "" || strings.Contains(mask, "4567") {
		t.Fatalf("%q %q", want, mask)
	}
	for text, found := range map[string]bool{
		"0701234567": true, "Avser 070-123 45 67.": true, "070-123 45 67 12 min": true, "+46 (0)70-123 45 67": true, "46701234567, mars": true,
		"070-123 45 67 - 2026-03-31": true, "070-123 45 67 (samma: 0701234567)": true, "Period 2026-03-01 - 2026-03-31": false, "01-03-2026": false,
		"070-123 45 67 och 070-123 45 68": false, "A0701234567": false, "kund 1234567890123": false, "12.0701234567": false, "": false,
	} {
		got, _ := r.inText([]*node{{name: "Note", text: text}})
		if (got == want) != found || !found && got != "" {
			t.Errorf("%q: %q, want it found: %v", text, got, found)
		}
	}
}

// Any prefix, any order, an envelope, another encoding: the same lines come out.
func TestTheSameInOtherClothes(t *testing.T) {
	base := fixture(t, "negative.xml")
	lines := func(name, body string) string {
		var k keep
		if _, err := read(t, testFormat(t), body, &k); err != nil || len(k.lines) != 1 {
			t.Fatalf("%s: %d lines, error %v", name, len(k.lines), err)
		}
		l, h := k.lines[0], k.heads[0]
		return strings.Join([]string{h.InvoiceID.String(), h.LineID, h.Net.String(), h.Corrects, l.Amount.String(), l.Quantity.String(), l.Item, l.LineID, l.Service}, " ")
	}
	want := lines("as it is", base)
	id := "<cbc:ID>2026-1003</cbc:ID>"
	for name, body := range map[string]string{
		"prefixes":  strings.NewReplacer("cbc:", "q1:", ":cbc=", ":q1=", "cac:", "q2:", ":cac=", ":q2=").Replace(base),
		"order":     strings.Replace(strings.Replace(base, id, "", 1), "</Invoice>", id+"</Invoice>", 1),
		"envelope":  `<s:StandardBusinessDocument xmlns:s="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"><s:StandardBusinessDocumentHeader><s:HeaderVersion>1.0</s:HeaderVersion></s:StandardBusinessDocumentHeader>` + base + `</s:StandardBusinessDocument>`,
		"BOM":       "\ufeff" + base,
		"UTF-16":    utf16(base),
		"CDATA":     strings.Replace(base, "<cbc:Name>SMS<", "<cbc:Name><![CDATA[SMS]]><", 1),
		"comments":  strings.Replace(base, "-5.88<", "-5<!-- kr -->.88<", 1),
		"unknown":   strings.Replace(base, id, id+`<x:New xmlns:x="urn:x"><cbc:ID>1</cbc:ID></x:New><cac:New><cbc:Amount>1</cbc:Amount></cac:New>`, 1),
		"a zone":    strings.Replace(base, "2026-05-02<", "2026-05-02+02:00<", 1),
		"char refs": strings.Replace(base, "<cbc:Name>SMS<", "<cbc:Name>&#83;M&#x53;<", 1),
	} {
		if body == base {
			t.Fatalf("%s: nothing was changed", name)
		}
		if got := lines(name, body); got != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
	}
}

func utf16(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s { // none beyond the first plane here
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

// An attachment never costs the invoice.
func TestAttachments(t *testing.T) {
	good := fixture(t, "invoice.xml")
	start, rest, _ := strings.Cut(good, `filename="faktura.pdf">`)
	_, end, _ := strings.Cut(rest, "<")
	for _, c := range []struct {
		name, content, mime string
		code                string // of the reject; empty: none
		notice              string
	}{
		{"a PDF", "JVBERi0xLjQ=", "application/pdf", "", "a PDF"},
		{"a picture", "iVBORw0KGgo=", "image/png", "", "a picture"},
		{"text that no profile knows", "YTtiCjE7Mgo=", "text/csv", ingest.CodeColumns, ""},
		{"no base64", "###", "text/csv", ingest.CodeUnreadable, ""},
		{"cut off", "YTtiCg==YQ", "text/csv", ingest.CodeUnreadable, ""},
		{"one digit", "Y", "text/csv", ingest.CodeUnreadable, ""},
		{"empty", " ", "text/csv", ingest.CodeEmpty, ""},
		{"a damaged gzip", "H4sIAAAA", "application/gzip", ingest.CodeArchive, ""},
		{"a workbook", "UEsDBBQABgAIAAAAIQAAAAAAAAAAAAAAAAAAAAAAW0NvbnRlbnRfVHlwZXNdLnhtbA==", "application/octet-stream", ingest.CodeUnreadable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k keep
			body := strings.Replace(start, `mimeCode="application/pdf"`, `mimeCode="`+c.mime+`"`, 1) + `filename="x">` + c.content + "<" + end
			sum, err := read(t, testFormat(t), body, &k)
			if err != nil || len(k.heads) != 1 || k.heads[0].Attachments != 2 || len(k.lines) != 5 || len(k.usage) != 2 {
				t.Fatalf("%d documents, %d lines, %d usage, error %v", len(k.heads), len(k.lines), len(k.usage), err)
			}
			if sum.Read != uint64(k.Records+len(k.Rejects)) {
				t.Errorf("%d read, %d handed out", sum.Read, k.Records+len(k.Rejects))
			}
			var own []ingest.Reject
			for _, j := range k.Rejects {
				if strings.HasPrefix(j.Reason, "attachment 2") {
					own = append(own, j)
				}
			}
			switch {
			case c.code == "" && (len(own) != 0 || !strings.Contains(strings.Join(sum.Notices, "\n"), c.notice)):
				t.Errorf("rejects %+v, notices %q", own, sum.Notices)
			case c.code != "" && (len(own) != 1 || own[0].Code != c.code || own[0].Row != 25):
				t.Errorf("rejects %+v, want one of code %s in line 25", own, c.code)
			}
		})
	}
}
