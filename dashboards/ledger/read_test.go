package ledger

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"linesman/schema"
)

// The sample of the SIE group's page, made by a real ledger.
func TestReadSample(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "samples", "sie", "BL0001_typ4I.SI")
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the sample %s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got, err := Read("BL0001_typ4I.SI", f)
	if err != nil {
		t.Fatal(err)
	}
	if got.Type != "4" || got.Format != "PC8" || got.Program != "BL Administration" || got.Company != "SEEE Speak Easy Executive English AB" || len(got.Dimensions) != 3 || got.Dimensions[0].Name != "Kostnadsställe" || got.Dimensions[1].Name != "Kostnadsbärare" {
		t.Errorf("read %+v", got)
	}
	if len(got.Vouchers) == 0 {
		t.Fatal("no voucher was read")
	}
	for i := range got.Vouchers {
		if v := &got.Vouchers[i]; v.Sum() != 0 || len(v.Transactions) == 0 {
			t.Errorf("voucher %q %s: %d transactions, sum %s", v.Series, v.Number, len(v.Transactions), v.Sum())
		}
	}
	if v := got.Vouchers[0]; v.Date != "2011-08-24" || v.Text != "Kundfakt 2452 - 2455" || len(v.Transactions) != 10 || v.Transactions[5].Amount != schema.Ore(-21250) || v.Transactions[9].Account != "3740" {
		t.Errorf("read the voucher %+v", v)
	}
}

func read(t *testing.T, text string) (*File, error) {
	t.Helper()
	return Read("x.se", strings.NewReader(text))
}

// What an export file (4E) has beside vouchers, in all the ways the format allows.
func TestReadExport(t *testing.T) {
	got, err := read(t, "#FLAGGA 1\r#FORMAT PC8\n#SIETYP 4\n\n#KONTO 1510 Kundfordringar\n#IB 0 1510 1000.50\n#oib -1 1510 {1 \"01\"} 5\n#EGEN 1\n#OBJEKT 1 0100 \"Akuten \x94stra\"\n"+
		"#VER A 7 20260930 \"Sagt \\\"nej\\\" \"\n{\n#RTRANS 1510 {} 3\n#TRANS 1510 {} 3\n#BTRANS 1510 {} 99\n  #TRANS\t3010 {1 \"01 00\" \"6\" P1} -3 20260929 text 2 NN\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Voucher{{"A", "7", "2026-09-30", `Sagt "nej" `, []Transaction{{Account: "1510", Amount: schema.Kronor(3)},
		{Account: "3010", Objects: []Object{{1, "01 00", ""}, {6, "P1", ""}}, Amount: schema.Kronor(-3), Text: "text"}}}}
	if !reflect.DeepEqual(got.Vouchers, want) {
		t.Errorf("read %+v", got.Vouchers)
	}
	if got.Flag != FlagRead || got.Added != 1 || got.Removed != 1 || len(got.Records) != 4 || got.Objects[0] != (Object{1, "0100", "Akuten östra"}) {
		t.Errorf("read %+v", got)
	}
	if len(got.Notices) != 1 || got.Notices[0] != "x.se:8: label #EGEN is not known" {
		t.Errorf("notices %q", got.Notices)
	}
}

// A wrong line is told with its place; its voucher is left out and the others are read.
func TestReadWrongLines(t *testing.T) {
	whole := "#VER A 2 20260930 \"\"\n{\n#TRANS 1 {} 1\n#TRANS 2 {} -1\n}\n"
	for _, c := range []struct{ text, want string }{
		{"#VER A 1 2026-09-30 \"\"\n{\n}\n", "x.se:1:10: #VER: field 3: want a date as yyyymmdd"},
		{"#VER A 1 20260931 \"\"\n{\n}\n", "x.se:1:10: #VER: field 3: want a date"},
		{"#VER A 1 20260930 \"a\n{\n}\n", "x.se:1:19: a quotation mark without its end"},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {1 0100 1,50\n}\n", "x.se:3:10: a { without its }"},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {} 1,50\n}\n", `x.se:3:13: #TRANS: field 3: amount "1,50"`},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {1} 1\n}\n", "x.se:3:10: #TRANS: field 2: want pairs"},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {kst 1} 1\n}\n", `dimension "kst" is no number`},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 5\n}\n", "want a list of objects"},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {} 9999999999999\n}\n", "outside"},
		{"#VER A 1 20260930 \"a\x01\"\n{\n}\n", "control character"},
		{"#VER A 1 20260930 \"\"\n{\n#TRANS 1 {} 5\n", "}\n"},
		{"#TRANS 1 {} 5\n", "#TRANS outside a voucher"},
		{"}\n", "x.se:1:1: } without a {"},
		{"{\n", "{ without a #VER"},
		{"words\n", "want a label"},
		{"#FLAGGA x\n", "want a whole number"},
	} {
		if c.want == "}\n" { // what follows an unfinished voucher is read
			c.want = "a #VER before the one before it has ended"
		}
		got, err := read(t, c.text+whole)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v, want %q", c.text, err, c.want)
			continue
		}
		var line *LineError
		if !errors.As(err, &line) || line.Line == 0 {
			t.Errorf("%q: %v names no line", c.text, err)
		}
		if c.want == "{ without a #VER" { // that brace stands alone
			continue
		}
		if strings.Contains(c.want, "has ended") {
			if len(got.Vouchers) != 0 { // nobody knows where the first one ended
				t.Errorf("%q gives %+v", c.text, got.Vouchers)
			}
		} else if len(got.Vouchers) != 1 || got.Vouchers[0].Number != "2" {
			t.Errorf("%q gives %+v, want the other voucher", c.text, got.Vouchers)
		}
	}
	if _, err := read(t, "#VER A 1 20260930 \"\"\n{\n"); err == nil || !strings.Contains(err.Error(), "ends within a voucher") {
		t.Errorf("an unfinished file gives %v", err)
	}
	if got, err := read(t, "\xef\xbb\xbf#FNAMN \"Åre\"\n"); err != nil || got.Company != "Åre" || len(got.Notices) != 1 {
		t.Errorf("UTF-8 gives %+v, %v", got, err)
	}
}

func random(r *rand.Rand) Document {
	letters := []rune("ABCxyz019 åäöÅÄÖéüñ\"\\{}#;-./_£½")
	text := func(most int) string {
		var b strings.Builder
		for range r.IntN(most) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return strings.TrimRight(b.String(), `\`)
	}
	number := func() string { return string(rune('1'+r.IntN(9))) + string(rune('0'+r.IntN(10))) }
	d := Document{Flag: r.IntN(2), Program: text(12), Version: text(5), Made: "2026-10-02", OrgNr: "232100-0016", Company: text(30)}
	for i := range r.IntN(3) {
		d.Dimensions = append(d.Dimensions, Dimension{i + 1, text(9)})
		d.Objects = append(d.Objects, Object{i + 1, text(9), "n" + text(9)})
	}
	for range r.IntN(4) {
		v := Voucher{Series: text(3), Number: number(), Date: "2026-09-30", Text: text(30)}
		for range r.IntN(9) {
			t := Transaction{Account: number(), Amount: schema.Ore(r.Int64N(2_000_001) - 1_000_000), Text: text(12)}
			for i := range r.IntN(3) {
				t.Objects = append(t.Objects, Object{Dimension: i + 1, Code: text(8)})
			}
			v.Transactions = append(v.Transactions, t)
		}
		v.Transactions = append(v.Transactions, Transaction{Account: "2999", Amount: -v.Sum()})
		d.Vouchers = append(d.Vouchers, v)
	}
	return d
}

// What is written is read back the same, and written again to the same bytes.
func TestWrittenIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 4))
	for range 1_500 {
		d := random(r)
		raw, notices, err := d.Bytes()
		if err != nil || len(notices) != 0 {
			t.Fatalf("%+v: %v %q", d, err, notices)
		}
		got, err := Read("x.si", bytes.NewReader(raw))
		if err != nil || len(got.Notices) != 0 {
			t.Fatalf("%v %q\n%s", err, got.Notices, raw)
		}
		if !reflect.DeepEqual(got.Document, d) {
			t.Fatalf("written\n%+v\nread\n%+v\n%s", d, got.Document, raw)
		}
	}
}

func TestRefusedAndTranscribed(t *testing.T) {
	ok := Document{Made: "2026-10-02", Company: "x", Vouchers: []Voucher{{Series: "T", Number: "1", Date: "2026-09-30", Transactions: []Transaction{{Account: "1", Amount: schema.Ore(1)}, {Account: "2", Amount: schema.Ore(-1)}}}}}
	for _, c := range []struct {
		spoil func(d *Document)
		want  error
	}{
		{func(d *Document) { d.Company = "a\x00b" }, ErrControl},
		{func(d *Document) { d.Company = "a\nb" }, ErrControl},
		{func(d *Document) { d.Company = "a\u0085b" }, ErrControl},
		{func(d *Document) { d.Vouchers[0].Text = "a\tb" }, ErrControl},
		{func(d *Document) { d.Objects = []Object{{1, "Ж1", "x"}} }, ErrCode},
		{func(d *Document) { d.Objects = []Object{{1, `a\`, "x"}} }, ErrCode},
		{func(d *Document) { d.Vouchers[0].Transactions[0].Objects = []Object{{1, "Ø", ""}} }, ErrCode},
		{func(d *Document) { d.Vouchers[0].Transactions[0].Amount++ }, ErrSum},
		{func(d *Document) { d.Vouchers[0].Transactions[0].Amount++; d.Vouchers[0].Transactions[1].Amount-- }, ErrOre},
		{func(d *Document) { d.Vouchers[0].Transactions[0].Account = "12 34" }, ErrForm},
		{func(d *Document) { d.Vouchers[0].Date = "2026-9-30" }, ErrForm},
		{func(d *Document) { d.Vouchers[0].Number = "a" }, ErrForm},
	} {
		d := ok
		d.Vouchers = []Voucher{ok.Vouchers[0]}
		d.Vouchers[0].Transactions = append([]Transaction{}, ok.Vouchers[0].Transactions...)
		c.spoil(&d)
		if _, _, err := d.Bytes(); !errors.Is(err, c.want) {
			t.Errorf("%+v gives %v, want %v", d, err, c.want)
		}
	}
	d := ok
	d.Company = "Øresund – Łódź € “x” Ж o\u0308 日 \\"
	raw, notices, err := d.Bytes()
	if err != nil || len(notices) != 1 || notices[0] != d.Company {
		t.Fatalf("notices %q, %v", notices, err)
	}
	if got, err := Read("x.si", bytes.NewReader(raw)); err != nil || got.Company != `Oresund - Lódz EUR "x" ? ö ? \ ` {
		t.Errorf("transcribed to %q, %v", got.Company, err)
	}
	if bytes.Contains(raw, []byte("\xc3")) || !bytes.Contains(raw, []byte("\x94")) || bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
		t.Errorf("bytes %q", raw)
	}
}

// Whatever is read, nothing breaks, and what was read of vouchers can be written and is the same again.
func FuzzRead(f *testing.F) {
	f.Add([]byte("#FLAGGA 0\r\n#GEN 20261002\r\n#DIM 1 \"Kostnadsst\x84lle\"\r\n#VER \"T\" 1 20260930 \"a \\\" b\"\r\n{\r\n#TRANS 6210 {1 \"0100\" 6 P} 1.50 20260930 \"x\"\r\n#TRANS 2999 {} -1.50\r\n}\r\n"))
	f.Add([]byte("#VER A 1 20260930\n{\n#RTRANS 1 {} 2\n#BTRANS 1 {} 2\n}\n#EGEN {1 2}\n"))
	f.Add([]byte("\xef\xbb\xbf#VER \"\" \"\" 20260930 {\n}\r{\r}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Read("x", bytes.NewReader(raw))
		if got == nil {
			t.Fatalf("no file, %v", err)
		}
		again := Document{Made: "2026-10-02", Vouchers: got.Vouchers}
		written, notices, err := again.Bytes()
		if err != nil || len(notices) > 0 { // of a sum that is not zero, say
			return
		}
		back, err := Read("x", bytes.NewReader(written))
		if err != nil {
			t.Fatalf("%v\n%q", err, written)
		}
		if !reflect.DeepEqual(back.Vouchers, got.Vouchers) {
			t.Fatalf("read\n%+v\nand again\n%+v\n%q", got.Vouchers, back.Vouchers, written)
		}
	})
}
