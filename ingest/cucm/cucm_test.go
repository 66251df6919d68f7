package cucm

import (
	"context"
	"errors"
	"flag"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/phone"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	m.Run()
}

func testKey() *pseudonym.Key { return pseudonym.New([]byte("a key for tests, 32 bytes long..")) }

func testFormat(t testing.TB, cfg Config) *Format {
	t.Helper()
	numbers, err := phone.New("SE", phone.Exchange)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(cfg, testKey(), numbers)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func now() time.Time { return time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC) }

func read(t testing.TB, name, body string, out ingest.Sink) (ingest.Summary, error) {
	t.Helper()
	return testFormat(t, Config{}).Read(context.Background(), ingest.Input{Name: name, Body: strings.NewReader(body), Now: now()}, out)
}

const cdr = "cdr_StandAloneCluster_01_202603140815_17"

// one reads a file of one call and returns it.
func one(t *testing.T, cfg Config, c call) schema.Usage {
	t.Helper()
	var k keep
	_, err := testFormat(t, cfg).Read(context.Background(), ingest.Input{Name: cdr, Body: strings.NewReader(newSheet(header(), true).add(c).String()), Now: now()}, &k)
	if err != nil || len(k.calls) != 1 {
		t.Fatalf("%d calls, %d rejects (%v), error %v; want one call", len(k.calls), len(k.Rejects), k.Rejects, err)
	}
	return k.calls[0]
}

type keep struct {
	ingesttest.Recorder
	calls []schema.Usage
}

func (k *keep) Usage(u *schema.Usage) error {
	k.calls = append(k.calls, *u)
	return nil
}

func TestGolden(t *testing.T) {
	s := newSheet(header(), true)
	s.add(call{"callingPartyNumber": "61234", "originalCalledPartyNumber": "61300", "finalCalledPartyNumber": "61300"})
	s.add(call{"callingPartyNumber": "61234", "originalCalledPartyNumber": "00701234567", "finalCalledPartyNumber": "00701234567", "destDeviceName": "GW-STHLM-01"})
	s.add(call{"callingPartyNumber": "+46701234567", "originalCalledPartyNumber": "61234", "finalCalledPartyNumber": "61234", "origDeviceName": "GW-STHLM-01", "destDeviceName": "CSFANNAND"})
	s.add(call{"callingPartyNumber": "+46850010000", "originalCalledPartyNumber": "61234", "finalCalledPartyNumber": "0709876543", "lastRedirectDn": "61234",
		"lastRedirectRedirectReason": "15", "lastRedirectRedirectOnBehalfOf": "5", "origDeviceName": "GW-STHLM-01", "destDeviceName": "GW-STHLM-01"})
	s.add(call{"callingPartyNumber": "61234", "originalCalledPartyNumber": "112", "finalCalledPartyNumber": "112", "dateTimeConnect": "0", "duration": "0", "destCause_value": "17", "destDeviceName": "GW-STHLM-01"})
	s.add(call{"callingPartyNumber": "", "originalCalledPartyNumber": "", "finalCalledPartyNumber": ""})
	s.add(call{"dateTimeOrigination": "0", "callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"})
	s.add(call{"duration": "-1", "callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"})
	var rec ingesttest.Recorder
	sum, err := read(t, cdr, s.String(), &rec)
	if err != nil {
		t.Fatal(err)
	}
	if want := uint64(s.rows); sum.Read != want || rec.Records+len(rec.Rejects) != s.rows {
		t.Errorf("read %d, handed out %d + %d; want %d in all", sum.Read, rec.Records, len(rec.Rejects), want)
	}
	for _, secret := range []string{"anna", "hello", "61234", "1234567", "9876543", "SEP"} {
		if strings.Contains(strings.ToLower(rec.Text.String()), strings.ToLower(secret)) {
			t.Errorf("the records hold %q", secret)
		}
	}
	ingesttest.Golden(t, "calls.golden", rec.Text.String())
}

func TestWhoseCall(t *testing.T) {
	key := testKey()
	gw, desk, jabber := "GW-1", "SEP0011223344AA", "TCTANNAND"
	cases := []struct {
		name              string
		calling, final    string
		from, to          string
		more              call
		line              string // digits as normalised
		direction, device string
		service, class    string
		forwarded         bool
	}{
		{"internal", "61234", "61300", desk, desk, nil, "61234", "internal", "desk_phone", "voice_internal", "internal", false},
		{"out through the prefix", "61234", "00701234567", desk, gw, nil, "61234", "out", "desk_phone", "voice_out", "mobile", false},
		{"out from Jabber", "61234", "00850010000", jabber, gw, nil, "61234", "out", "jabber_iphone", "voice_out", "fixed", false},
		{"in", "+46701234567", "61234", gw, jabber, nil, "61234", "in", "jabber_iphone", "voice_in", "mobile", false},
		{"in, hidden number", "", "61234", gw, desk, nil, "61234", "in", "desk_phone", "voice_in", "none", false},
		{"in from abroad", "004712345678", "61234", gw, desk, nil, "61234", "in", "desk_phone", "voice_in", "international", false},
		{"own lines in E.164", "+46104761234", "+46104761300", desk, desk, nil, "+46104761234", "internal", "desk_phone", "voice_internal", "corporate", false},
		{"conference bridge", "61234", "b00123456001", desk, "CFB_1", nil, "61234", "internal", "desk_phone", "voice_internal", "internal", false},
		{"feature code", "61234", "*97", desk, "CtiPort1", nil, "61234", "internal", "desk_phone", "voice_internal", "masked", false},
		{"emergency", "61234", "0112", desk, gw, nil, "61234", "out", "desk_phone", "voice_out", "emergency", false},
		{"directory address", "61234", "anna.andersson@region.example", desk, "trunk-sip", nil, "61234", "out", "desk_phone", "voice_out", "unknown", false},
		{"address with digits", "61234", "61300@10.1.1.1", desk, desk, nil, "61234", "internal", "desk_phone", "voice_internal", "internal", false},
		{"forward all", "+46850010000", "0709876543", gw, gw, call{"lastRedirectDn": "61234", "lastRedirectRedirectReason": "15"}, "61234", "out", "", "voice_forward", "mobile", true},
		{"forward inside the house", "+46850010000", "61300", gw, desk, call{"lastRedirectDn": "61234", "lastRedirectRedirectReason": "2"}, "61234", "internal", "", "voice_forward", "internal", true},
		{"forward by a number outside the table", "+46850010000", "0709876543", gw, gw, call{"lastRedirectDn": "61234", "lastRedirectRedirectReason": "999", "lastRedirectRedirectOnBehalfOf": "5"}, "61234", "out", "", "voice_forward", "mobile", true},
		{"forward without the last redirect", "+46850010000", "0709876543", gw, gw, call{"originalCalledPartyNumber": "61234", "lastRedirectRedirectReason": "1"}, "61234", "out", "", "voice_forward", "mobile", true},
		{"hunt pilot", "+46850010000", "61234", gw, desk, call{"originalCalledPartyNumber": "61000", "lastRedirectDn": "61000", "huntPilotDN": "61000", "lastRedirectRedirectReason": "2"}, "61234", "in", "desk_phone", "voice_in", "fixed", false},
		{"hunt group without reason", "+46850010000", "61234", gw, desk, call{"originalCalledPartyNumber": "61000", "lastRedirectDn": "61000", "lastRedirectRedirectReason": "0"}, "61234", "in", "desk_phone", "voice_in", "fixed", false},
		{"pickup", "+46850010000", "61234", gw, desk, call{"lastRedirectDn": "61300", "lastRedirectRedirectReason": "5", "lastRedirectRedirectOnBehalfOf": "16"}, "61234", "in", "desk_phone", "voice_in", "fixed", false},
		{"recording", "61234", "00701234567", desk, gw, call{"lastRedirectDn": "61300", "lastRedirectRedirectReason": "354", "lastRedirectRedirectOnBehalfOf": "27"}, "61234", "out", "desk_phone", "voice_out", "mobile", false},
		{"queue", "+46850010000", "61234", gw, desk, call{"lastRedirectDn": "61000", "lastRedirectRedirectReason": "802", "lastRedirectRedirectOnBehalfOf": "34"}, "61234", "in", "desk_phone", "voice_in", "fixed", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			row := call{"callingPartyNumber": c.calling, "finalCalledPartyNumber": c.final, "originalCalledPartyNumber": c.final, "origDeviceName": c.from, "destDeviceName": c.to}
			for k, v := range c.more {
				row[k] = v
			}
			u := one(t, Config{}, row)
			if u.LineID != key.Line(c.line) {
				t.Errorf("the line is another than %s", c.line)
			}
			got := []string{u.Direction, u.Device, u.Service, u.OtherClass}
			if want := []string{c.direction, c.device, c.service, c.class}; !slices.Equal(got, want) || u.Forwarded != c.forwarded {
				t.Errorf("got %v forwarded %v, want %v forwarded %v", got, u.Forwarded, want, c.forwarded)
			}
			if strings.ContainsAny(u.OtherMask, "annr@") {
				t.Errorf("the mask %q holds a name", u.OtherMask)
			}
		})
	}
}

func TestRedirectReasons(t *testing.T) {
	forwarding := []uint32{1, 2, 10, 15, 50, 66, 82, 162, 177, 178, 207, 209, 239, 242, 257, 274}
	for code, r := range reasons() {
		if r.forward != slices.Contains(forwarding, code) {
			t.Errorf("reason %d (%s): forwarding %v", code, r.name, r.forward)
		}
	}
	for _, code := range forwarding {
		if reasons()[code].name == "" {
			t.Errorf("reason %d has no name", code)
		}
	}
}

func TestOutcome(t *testing.T) {
	cases := []struct {
		connect, dest, orig, outcome string
		cause                        uint32
		answered                     bool
	}{
		{"1773472508", "16", "0", "answered", 16, true},
		{"1773472508", "393216", "0", "answered", 393216, true},
		{"0", "17", "0", "busy", 17, false},
		{"0", "0", "17", "busy", 17, false},
		{"0", "19", "0", "no_answer", 19, false},
		{"0", "18", "16", "no_answer", 18, false},
		{"0", "0", "16", "no_answer", 16, false},
		{"0", "0", "0", "no_answer", 0, false},
		{"0", "21", "0", "rejected", 21, false},
		{"0", "1", "0", "failed", 1, false},
		{"0", "-2147483648", "0", "failed", 1 << 31, false},
	}
	for _, c := range cases {
		d := "0"
		if c.answered {
			d = "95"
		}
		u := one(t, Config{}, call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300", "dateTimeConnect": c.connect, "duration": d, "destCause_value": c.dest, "origCause_value": c.orig})
		if u.Outcome != c.outcome || u.Cause != c.cause || u.Answered != c.answered {
			t.Errorf("connect %s dest %s orig %s: %s, cause %d, answered %v; want %s, %d, %v", c.connect, c.dest, c.orig, u.Outcome, u.Cause, u.Answered, c.outcome, c.cause, c.answered)
		}
		if want := map[bool]uint32{true: 8, false: 103}[c.answered]; u.RingS != want {
			t.Errorf("ring time %d s, want %d", u.RingS, want)
		}
	}
}

func TestNaturalKey(t *testing.T) {
	a := call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300", "pkid": "ABCDEF00-1111-2222-3333-444455556666"}
	if got, want := one(t, Config{}, a).EventID, schema.NewID("cucm", "abcdef00-1111-2222-3333-444455556666"); got != want {
		t.Errorf("event id %s, want that of the pkid %s", got, want)
	}
	a["pkid"] = ""
	if got, want := one(t, Config{}, a).EventID, schema.NewID("cucm", "StandAloneCluster", "1", "1001", "2001", "1773472500"); got != want {
		t.Errorf("event id %s, want that of the call identifiers %s", got, want)
	}
}

func TestPrivatePrefix(t *testing.T) {
	row := call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "00701234567", "originalCalledPartyNumber": "#600701234567", "destDeviceName": "GW1"}
	if !one(t, Config{PrivatePrefix: "#6"}, row).Private || one(t, Config{}, row).Private {
		t.Error("the prefix for private calls is not honoured, or is when not configured")
	}
}

func TestBadRows(t *testing.T) {
	ok := call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"}
	cases := []struct {
		name         string
		change       call
		column, code string
	}{
		{"negative duration", call{"duration": "-5"}, "duration", ingest.CodeRange},
		{"duration over a week", call{"duration": "604801"}, "duration", ingest.CodeRange},
		{"no duration", call{"duration": "(empty)"}, "duration", ingest.CodeMissing},
		{"word as duration", call{"duration": "NULL"}, "duration", ingest.CodeNumber},
		{"long digits as duration", call{"duration": strings.Repeat("9", 30)}, "duration", ingest.CodeNumber},
		{"1970", call{"dateTimeOrigination": "86400"}, "dateTimeOrigination", ingest.CodeRange},
		{"no time", call{"dateTimeOrigination": "0"}, "dateTimeOrigination", ingest.CodeRange},
		{"2090", call{"dateTimeOrigination": "3786912000"}, "dateTimeOrigination", ingest.CodeRange},
		{"connected in 2090", call{"dateTimeConnect": "3786912000"}, "dateTimeConnect", ingest.CodeRange},
		{"milliseconds", call{"dateTimeOrigination": "1773472500000"}, "dateTimeOrigination", ingest.CodeRange},
		{"date in words", call{"dateTimeOrigination": "2026-03-14 08:15"}, "dateTimeOrigination", ingest.CodeTime},
		{"cause too large", call{"destCause_value": "4294967296"}, "destCause_value", ingest.CodeNumber},
		{"reason in words", call{"lastRedirectRedirectReason": "all"}, "lastRedirectRedirectReason", ingest.CodeNumber},
		{"no line", call{"callingPartyNumber": "", "finalCalledPartyNumber": "00701234567", "destDeviceName": "GW1"}, "callingPartyNumber", ingest.CodeMissing},
		{"masked line", call{"callingPartyNumber": "612xx", "finalCalledPartyNumber": "00701234567"}, "callingPartyNumber", ingest.CodePhone},
		{"damaged other", call{"finalCalledPartyNumber": "4.67012E+10", "destDeviceName": "GW1"}, "finalCalledPartyNumber", ingest.CodePhone},
		{"neither pkid nor identifiers", call{"pkid": "", "globalCallID_callId": "(empty)"}, "pkid", ingest.CodeMissing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			row := call{}
			for k, v := range ok {
				row[k] = v
			}
			for k, v := range c.change {
				row[k] = v
			}
			rec := ingesttest.Recorder{Quiet: true}
			sum, err := read(t, cdr, newSheet(header(), false).add(ok).add(row).add(ok).String(), &rec)
			if err != nil || sum.Read != 3 || rec.Records != 2 || len(rec.Rejects) != 1 {
				t.Fatalf("%d read, %d records, rejects %v, error %v; want 3, 2 and one reject", sum.Read, rec.Records, rec.Rejects, err)
			}
			if j := rec.Rejects[0]; j.Row != 3 || j.Column != c.column || j.Code != c.code || len(j.Raw) == 0 {
				t.Errorf("reject line %d column %q code %s, want line 3 column %q code %s", j.Row, j.Column, j.Code, c.column, c.code)
			}
		})
	}
}

func TestDamagedLines(t *testing.T) {
	s := newSheet(header(), true)
	s.add(call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"})
	good := s.String()
	line := good[strings.LastIndex(good[:len(good)-2], "\n")+1:]
	body := good + "1,2,3\r\n" + strings.Replace(line, `"61234"`, `"61234`, 1) + "\x00\x01garbage\r\n" + strings.TrimSuffix(line, "\r\n") + ",1\r\n\r\n" +
		strings.Repeat("x", 70_000) + "\n" + strings.Replace(line, "-000000000001", "-0000000000ff", 1)
	rec := ingesttest.Recorder{Quiet: true}
	sum, err := read(t, cdr, body, &rec)
	if err != nil || sum.Read != 7 || rec.Records != 2 {
		t.Fatalf("%d read, %d records, error %v; want 7 read and 2 records", sum.Read, rec.Records, err)
	}
	var got []string
	for _, j := range rec.Rejects {
		got = append(got, j.Code)
	}
	if want := []string{"bad_columns", "bad_columns", "bad_columns", "bad_columns", "line_too_long"}; !slices.Equal(got, want) {
		t.Errorf("codes %v, want %v", got, want)
	}
	if last := rec.Rejects[4].Row; last != 9 {
		t.Errorf("the long line is number %d, want 9", last)
	}
}

func TestFiles(t *testing.T) {
	h := header()
	withHeader := newSheet(h, false).String()
	without := func(name string) string {
		return newSheet(slices.DeleteFunc(slices.Clone(h), func(c string) bool { return c == name }), false).String()
	}
	cases := []struct {
		name, file, body, code, column string
	}{
		{"probe file: header only", cdr, withHeader, "", ""},
		{"probe file with types", cdr, newSheet(h, true).String(), "", ""},
		{"byte order mark", cdr, "\xef\xbb\xbf" + withHeader, "", ""},
		{"133 columns and more", cdr, newSheet(append(slices.Clone(h), "a", "b", "c", "d"), true).String(), "", ""},
		{"without pkid", cdr, without("pkid"), "", ""},
		{"without hunt pilot", cdr, without("huntPilotDN"), "", ""},
		{"empty", cdr, "", ingest.CodeEmpty, ""},
		{"quality records by name", "cmr_StandAloneCluster_01_202603140815_17", withHeader, ingest.CodeWrongKind, ""},
		{"quality records by header", "x", `"cdrRecordType","numberPacketsLost","pkid"` + "\r\n", ingest.CodeWrongKind, ""},
		{"semicolons", cdr, strings.ReplaceAll(strings.ReplaceAll(withHeader, ",", ";"), `"`, ""), ingest.CodeColumns, ""},
		{"missing column", cdr, without("lastRedirectDn"), ingest.CodeColumns, "lastRedirectDn"},
		{"nothing to identify calls by", cdr, strings.Replace(without("pkid"), "globalCallID_callId", "other", 1), ingest.CodeColumns, "pkid"},
		{"a column twice", cdr, strings.Replace(withHeader, "huntPilotPartition", "pkid", 1), ingest.CodeColumns, "pkid"},
		{"binary", cdr, "\x7fELF\x00\x00\x00", ingest.CodeUnreadable, ""},
		{"UTF-16", cdr, "\xff\xfe\"\x00p\x00", ingest.CodeEncoding, ""},
		{"Latin-1 header", cdr, "\"pkid\",\"l\xe4ngd\"\r\n", ingest.CodeEncoding, ""},
		{"data without header", cdr, "1,1,2,3,1773472500\r\n", ingest.CodeColumns, "dateTimeOrigination"},
		{"one long line", cdr, strings.Repeat("x", 300_000), ingest.CodeTooLong, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sum, err := read(t, c.file, c.body, &ingesttest.Recorder{})
			if c.code == "" {
				if err != nil || sum.Read != 0 {
					t.Fatalf("%d read, error %v; want 0 and none", sum.Read, err)
				}
				return
			}
			var refused *ingest.FileError
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Column != c.column {
				t.Fatalf("error %v, want code %s column %q", err, c.code, c.column)
			}
		})
	}
}

// gigabyte is a line of 1 GB without an end.
type gigabyte struct{ left int }

func (g *gigabyte) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), g.left)
	for i := range p[:n] {
		p[i] = '7'
	}
	g.left -= n
	return n, nil
}

func TestGigabyteLineIsNotHeld(t *testing.T) {
	good := newSheet(header(), true).add(call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"}).String()
	line := good[strings.LastIndex(good[:len(good)-2], "\n")+1:]
	rec := ingesttest.Recorder{Quiet: true}
	body := io.MultiReader(strings.NewReader(good), &gigabyte{1 << 30}, strings.NewReader("\n"+line))
	format := testFormat(t, Config{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sum, err := format.Read(context.Background(), ingest.Input{Name: cdr, Body: body, Now: now()}, &rec)
	runtime.ReadMemStats(&after)
	if err != nil || sum.Read != 3 || rec.Records != 2 || len(rec.Rejects) != 1 || rec.Rejects[0].Code != ingest.CodeTooLong {
		t.Fatalf("%d read, %d records, error %v; want 3, 2 and the long line refused", sum.Read, rec.Records, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes taken for a line of 1 GB", got)
	}
}

func TestPlainName(t *testing.T) {
	f := testFormat(t, Config{})
	for name, want := range map[string]bool{
		cdr: true, "cdr_Region-X_02_202601010000_1": true, "cdr_198001019804_01_202603140815_17": false,
		"anna_198001019804.csv": false, "cdr_A_01_202613140815_17": false, "cdr_A_01_202603140815_198001019804": false,
	} {
		if f.PlainName(name) != want {
			t.Errorf("%s: plain %v, want %v", name, !want, want)
		}
	}
}
