package itemised

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

const fjordHead = "record_id,subscription,type,b_number,start,duration_s,bytes,units,visited_country,visited_network,net_amount,vat_amount,currency,invoice\n"

// fjordRow is a good row with some values exchanged.
func fjordRow(changes map[string]string) string {
	names := strings.Split(strings.TrimSpace(fjordHead), ",")
	values := strings.Split("R1,46701234567,VOICE,46812345678,2026-03-14T07:15:30Z,200,,1,SE,Fjordtel,0.59,0.15,SEK,2026-77", ",")
	for i, n := range names {
		if v, ok := changes[n]; ok {
			values[i] = v
		}
	}
	return strings.Join(values, ",") + "\n"
}

func TestBadRows(t *testing.T) {
	f := format(t, Config{Profile: "fjordtel"})
	type m = map[string]string
	for _, c := range []struct {
		name   string
		change m
		code   string
		column string
	}{
		{"no subscription", m{"subscription": ""}, ingest.CodeMissing, "subscription"},
		{"spreadsheet number", m{"subscription": "4.671E+10"}, ingest.CodePhone, "subscription"},
		{"spreadsheet other number", m{"b_number": "\"3,12E+10\""}, ingest.CodePhone, "b_number"},
		{"own number masked", m{"subscription": "4670123xxxx"}, ingest.CodePhone, "subscription"},
		{"own number a name", m{"subscription": "Anna"}, ingest.CodePhone, "subscription"},
		{"own number short", m{"subscription": "61234"}, ingest.CodePhone, "subscription"},
		{"own number without its 0", m{"subscription": "701234567"}, ingest.CodePhone, "subscription"},
		{"own number a person", m{"subscription": "121212-1212"}, ingest.CodePersonnummer, "subscription"},
		{"other number a person", m{"b_number": "19121212-1212"}, ingest.CodePersonnummer, "b_number"},
		{"other number too long", m{"b_number": strings.Repeat("4", 40)}, ingest.CodePhone, "b_number"},
		{"no service", m{"type": ""}, ingest.CodeMissing, "type"},
		{"unknown service", m{"type": "FAX"}, ingest.CodeUnknown, "type"},
		{"person as service", m{"type": "121212-1212"}, ingest.CodePersonnummer, "type"},
		{"person as network", m{"visited_network": "Tel 121212-1212"}, ingest.CodePersonnummer, "visited_network"},
		{"person as invoice", m{"invoice": "191212121212"}, ingest.CodePersonnummer, "invoice"},
		{"person as record", m{"record_id": "1212121212"}, ingest.CodePersonnummer, "record_id"},
		{"no start", m{"start": ""}, ingest.CodeMissing, "start"},
		{"start of another form", m{"start": "14/3/2026 07:15"}, ingest.CodeTime, "start"},
		{"no such day", m{"start": "2026-02-30T07:15:30Z"}, ingest.CodeTime, "start"},
		{"no such hour", m{"start": "2026-02-20T25:15:30Z"}, ingest.CodeTime, "start"},
		{"1970", m{"start": "1970-01-01T00:00:00Z"}, ingest.CodeRange, "start"},
		{"2090", m{"start": "2090-03-14T00:00:00Z"}, ingest.CodeRange, "start"},
		{"more than a day ahead", m{"start": "2026-11-16T12:00:01Z"}, ingest.CodeRange, "start"},
		{"negative duration", m{"duration_s": "-5"}, ingest.CodeRange, "duration_s"},
		{"huge duration", m{"duration_s": "99999999999"}, ingest.CodeRange, "duration_s"},
		{"duration of another form", m{"duration_s": "00:03:20"}, ingest.CodeNumber, "duration_s"},
		{"call without duration", m{"duration_s": ""}, ingest.CodeMissing, "duration_s"},
		{"data without volume", m{"type": "DATA"}, ingest.CodeMissing, "bytes"},
		{"negative volume", m{"type": "DATA", "bytes": "-1"}, ingest.CodeRange, "bytes"},
		{"negative count", m{"type": "SMS", "units": "-1"}, ingest.CodeRange, "units"},
		{"half a message", m{"type": "SMS", "units": "1.5"}, ingest.CodeNumber, "units"},
		{"amount a word", m{"net_amount": "free"}, ingest.CodeNumber, "net_amount"},
		{"amount with seven decimals", m{"net_amount": "0.1234567"}, ingest.CodeNumber, "net_amount"},
		{"amount too large", m{"net_amount": "1234567890123"}, ingest.CodeRange, "net_amount"},
		{"amount in exponents", m{"net_amount": "1e3"}, ingest.CodeNumber, "net_amount"},
		{"decimal comma", m{"vat_amount": "\"0,15\""}, ingest.CodeNumber, "vat_amount"},
		{"no currency", m{"currency": ""}, ingest.CodeMissing, "currency"},
		{"currency a word", m{"currency": "kronor"}, ingest.CodeUnknown, "currency"},
		{"roaming at no place", m{"type": "VOICE_ROAM_OUT", "visited_country": ""}, ingest.CodeMissing, "visited_country"},
		{"unknown country", m{"visited_country": "XX"}, ingest.CodeUnknown, "visited_country"},
		{"broken UTF-8", m{"visited_network": "Telia\xe5"}, ingest.CodeEncoding, ""},
		{"NUL", m{"visited_network": "Tel\x00ia"}, ingest.CodeEncoding, ""},
		{"open quote", m{"visited_network": "\"Telia"}, ingest.CodeColumns, ""},
		{"column too many", m{"visited_network": "a,b"}, ingest.CodeColumns, ""},
		{"long line", m{"visited_network": strings.Repeat("x", table.DefaultMaxLine)}, ingest.CodeTooLong, ""},
		{"very long line", m{"visited_network": strings.Repeat("x", 5*table.DefaultMaxLine)}, ingest.CodeTooLong, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := fjordRow(c.change)
			got, sum, err := read(t, f, "f.csv", fjordHead+fjordRow(nil)+bad+fjordRow(map[string]string{"record_id": "R3"}))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.usage) != 2 || len(got.rejects) != 1 || sum.Read != 3 {
				t.Fatalf("%d records, %d rejects, %d read: neighbours of a bad row must stay\n%s", len(got.usage), len(got.rejects), sum.Read, dump(got, sum))
			}
			if got.usage[1].FileRow != 4 {
				t.Errorf("the row behind is numbered %d, want 4", got.usage[1].FileRow)
			}
			r := got.rejects[0]
			if r.Row != 3 || r.Code != c.code || r.Column != c.column {
				t.Errorf("row %d, code %s, column %q; want 3, %s, %q (%s)", r.Row, r.Code, r.Column, c.code, c.column, r.Reason)
			}
			if r.Reason == "" || len(r.Raw) == 0 {
				t.Errorf("reason %q, %d raw bytes", r.Reason, len(r.Raw))
			}
			for name, v := range c.change {
				if name != "units" && len(v) > 2 && strings.Contains(r.Reason, strings.Trim(v, "\"")) {
					t.Errorf("the reason tells a value of the row: %s", r.Reason)
				}
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	norr := "Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\n"
	for _, c := range []struct {
		name    string
		profile string
		content string
		code    string
		row     uint64
		says    []string
	}{
		{"empty", "", "", ingest.CodeEmpty, 0, []string{"empty"}},
		{"a byte order mark alone", "", "\ufeff", ingest.CodeEmpty, 0, []string{"empty"}},
		{"blank lines", "", "\r\n \r\n", ingest.CodeEmpty, 0, []string{"empty"}},
		{"UTF-16", "", "\xff\xfer\x00e\x00", ingest.CodeUnreadable, 1, []string{"UTF-16"}},
		{"workbook", "", "PK\x03\x04\x14\x00", ingest.CodeUnreadable, 1, []string{"xlsx", "CSV"}},
		{"old workbook", "", "\xd0\xcf\x11\xe0\xa1\xb1", ingest.CodeUnreadable, 1, []string{"xls"}},
		{"PDF", "", "%PDF-1.7\n", ingest.CodeUnreadable, 1, []string{"PDF"}},
		{"binary", "", "abc\x00def", ingest.CodeUnreadable, 1, []string{"NUL"}},
		{"wrong delimiter", "fjordtel", strings.ReplaceAll(fjordHead, ",", ";"), ingest.CodeColumns, 1,
			[]string{"profile fjordtel does not fit", "separated by ';', not ','", "found:", "missing: subscription", "expects"}},
		{"wrong delimiter, recognised", "", strings.ReplaceAll(fjordHead, ",", "\t"), ingest.CodeColumns, 1,
			[]string{"no profile fits", `separated by '\t'`}},
		{"nothing known", "", "a;b;c\n1;2;3\n", ingest.CodeColumns, 1, []string{"not even in part", "known are fjordtel, norrtele", "found: a | b | c", "docs/profiles.md"}},
		{"missing columns", "fjordtel", strings.ReplaceAll(strings.ReplaceAll(fjordHead, "bytes,", ""), "vat_", "tax_"), ingest.CodeColumns, 1,
			[]string{"missing: volume (bytes), vat (vat_amount)", "found: record_id | subscription", "tax_amount"}},
		{"other profile", "norrtele", fjordHead, ingest.CodeColumns, 1, []string{"norrtele", "one column only"}},
		{"Windows-1252 for UTF-8", "fjordtel", "sk\xf6t," + fjordHead[10:], ingest.CodeColumns, 1, []string{"it is not utf-8"}},
		{"UTF-8 for Windows-1252", "norrtele", norr, ingest.CodeColumns, 1, []string{"written in utf-8, not windows-1252"}},
		{"header further down", "fjordtel", "Fjordtel AS\n\n" + fjordHead, ingest.CodeColumns, 1, []string{"line 3 would fit: set skip_rows to 2"}},
		{"no header", "fjordtel", fjordRow(nil), ingest.CodeColumns, 1, []string{"values rather than names"}},
		{"the same column twice", "fjordtel", strings.Replace(fjordHead, "units", "bytes", 1), ingest.CodeColumns, 1, []string{"bytes and bytes both mean volume"}},
		{"old Mac line ends", "fjordtel", strings.ReplaceAll(fjordHead+fjordRow(nil), "\n", "\r"), ingest.CodeColumns, 1, []string{"CR alone"}},
		{"one line for ever", "fjordtel", strings.Repeat("x", 3*table.DefaultMaxLine), ingest.CodeTooLong, 1, []string{"65536 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := read(t, format(t, Config{Profile: c.profile}), "use_191212121212.csv", c.content)
			var fe *ingest.FileError
			if !errors.As(err, &fe) {
				t.Fatalf("got %v, want a *FileError", err)
			}
			if fe.Code != c.code || fe.Row != c.row || len(got.usage)+len(got.rejects) > 0 {
				t.Errorf("code %s, row %d; want %s, %d", fe.Code, fe.Row, c.code, c.row)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
			if strings.Contains(err.Error(), "191212121212") || strings.Contains(err.Error(), "46701234567") {
				t.Errorf("%q tells a number", err)
			}
		})
	}
}

func TestAmbiguousHeader(t *testing.T) {
	all := builtins(t)
	b, err := builtin.ReadFile("profiles/fjordtel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all["fjordtel-copy"] = profile(t, strings.Replace(string(b), "name: fjordtel", "name: fjordtel-copy", 1))
	_, _, err = read(t, format(t, Config{Profiles: all}), "f.csv", fjordHead)
	if err == nil || !strings.Contains(err.Error(), "fjordtel and fjordtel-copy all fit") {
		t.Errorf("got %v, want the two names", err)
	}
	if _, _, err = read(t, format(t, Config{Profiles: all, Profile: "fjordtel"}), "f.csv", fjordHead); err != nil {
		t.Error(err)
	}
}

// failing is a sink whose log cannot be written, and a stream that breaks.
type failing struct{ ingest.Sink }

var errBroken = errors.New("broken")

func (failing) Usage(*schema.Usage) error { return errBroken }

func TestStops(t *testing.T) {
	f := format(t, Config{})
	in := func(r io.Reader) ingest.Input { return ingest.Input{Name: "f.csv", Body: r, Now: recorded} }
	if _, err := f.Read(context.Background(), in(strings.NewReader(fjordHead+fjordRow(nil))), failing{}); err != errBroken {
		t.Errorf("a log that cannot be written: got %v", err)
	}
	broken := io.MultiReader(strings.NewReader(fjordHead+fjordRow(nil)), brokenReader{})
	if _, err := f.Read(context.Background(), in(broken), &discard{}); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "f.csv") {
		t.Errorf("a broken stream: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Read(ctx, in(strings.NewReader(fjordHead+fjordRow(nil))), &discard{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

// A line without end must not be held: the stream is 64 MiB, the memory is counted.
func TestEndlessLine(t *testing.T) {
	const size = 64 << 20
	body := io.MultiReader(strings.NewReader(fjordHead), io.LimitReader(repeat("x,"), size), strings.NewReader("\n"+fjordRow(nil)))
	f, d := format(t, Config{Profile: "fjordtel"}), discard{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := f.Read(context.Background(), ingest.Input{Name: "f", Body: body, Now: recorded}, &d); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if d.rejects != 1 || d.usage != 1 {
		t.Errorf("%d rejects, %d records; want 1 and 1", d.rejects, d.usage)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes were allocated for a line that is refused", used)
	}
}

type repeat string

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"testdata/norrtele.csv", "testdata/fjordtel.csv", "testdata/norrtele_changes.csv", "testdata/fjordtel_changes.csv"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(fjordHead + fjordRow(nil)))
	all, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	formats := []*Format{format(f, Config{Profiles: all}), format(f, Config{Profiles: all, Profile: "norrtele"}), format(f, Config{Profiles: all, Profile: "fjordtel"})}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, form := range formats {
			var c collected
			sum, err := form.Read(context.Background(), ingest.Input{Name: "f.csv", Body: bytes.NewReader(content), Now: recorded}, &c)
			if err != nil {
				var fe *ingest.FileError
				if !errors.As(err, &fe) {
					t.Fatalf("not a FileError: %v", err)
				}
				continue
			}
			if sum.Read != c.counted() {
				t.Fatalf("%d read, %d handed out", sum.Read, c.counted())
			}
			for _, a := range c.amendments {
				if a.EventID.IsZero() || a.Amends.IsZero() || a.Amends == a.ReplacedBy || a.LineID == "" || a.kind == "" || a.FileRow < 2 {
					t.Fatalf("amendment %+v", a)
				}
			}
			for i := range c.usage {
				if err := sane(&c.usage[i]); err != nil {
					t.Fatalf("%v: %+v", err, c.usage[i])
				}
			}
		}
	})
}

// sane checks what must hold of every record.
func sane(u *schema.Usage) error {
	switch {
	case u.EventID.IsZero(), u.Kind == "", u.Service == "", u.LineID == "", u.OtherClass == "", u.Currency == "", u.FileRow < 2:
		return errors.New("a field is empty")
	case u.OccurredAt < earliest || u.OccurredAt > schema.TimeOf(recorded.AddDate(0, 0, 1)):
		return fmt.Errorf("occurred at %s", u.OccurredAt)
	case u.Kind == schema.KindSMS && u.Messages == 0:
		return errors.New("no messages")
	case u.OtherClass == "masked" && u.OtherHash != 0:
		return errors.New("a masked number has a hash")
	}
	return nil
}
