package itemised

import (
	"strings"
	"sync"
	"testing"

	"linesman/ingest"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

func TestGolden(t *testing.T) {
	f := format(t, Config{})
	for _, name := range []string{"norrtele", "fjordtel", "norrtele_changes", "fjordtel_changes"} {
		t.Run(name, func(t *testing.T) {
			c, sum, err := read(t, f, name+".csv", testfile(t, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".golden", dump(c, sum))
		})
	}
}

func TestFooterRowsAndSkippedRows(t *testing.T) {
	p := profile(t, strings.Replace(minimal, "duration: s\n", "duration: s\nskip_rows: 2\nfooter: {rows: 2, starts_with: [total]}\n", 1))
	f := format(t, Config{Profiles: map[string]*Profile{"small": p}})
	head := "Small AB\nMarch; 2026\n\nNumber;Type;Start;To;Length;Volume;Count;Amount;Country;Note\n"
	row := "0701234567;Call;2026-03-14 08:15:30;081234567;60;;;1,50;;\n"
	for _, c := range []struct {
		name, content string
		records       int
		footers       string
	}{
		{"two last rows", head + row + row + "\nPage;1\nEnd\n", 2, "2"},
		{"a total among the rows", head + row + "  Total;;\n" + row + "a\nb\n\n", 2, "3"},
		{"fewer rows than the footer", head + "a\n", 0, "1"},
		{"no rows", head, 0, ""},
	} {
		c2, sum, err := read(t, f, "f.csv", c.content)
		if err != nil || len(c2.usage) != c.records || len(c2.rejects) > 0 {
			t.Errorf("%s: %v\n%s", c.name, err, dump(c2, sum))
		}
		got := strings.Join(sum.Notices, "; ")
		if want := `column "Note" is not used`; !strings.Contains(got, want) {
			t.Errorf("%s: notices %q do not say %q", c.name, got, want)
		}
		if c.footers != "" && !strings.Contains(got, "footer rows that were passed over: "+c.footers) {
			t.Errorf("%s: notices %q, want %s footers", c.name, got, c.footers)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, c := range []struct{ encoding, header, network string }{
		{"windows-1252", "Operat\xf6r", "\x8c\xe5"}, {"iso-8859-1", "Operat\xf6r", "\xc5\xe5"},
		{"cp437", "Operat\x94r", "\x8f\x86"}, {"cp850", "Operat\x94r", "\x8f\x86"}, {"utf-8", "Operatör", "Åå"},
		{"UTF-8", "\"Operatör\"", "\"Åå\""},
	} {
		text := strings.Replace(minimal, "  country: [Country]\n", "  country: [Country]\n  network: [Operatör]\n", 1)
		p := profile(t, "encoding: "+c.encoding+"\n"+text)
		f := format(t, Config{Profiles: map[string]*Profile{"small": p}})
		content := "Number;Type;Start;To;Length;Volume;Count;Amount;Country;" + c.header + "\n" +
			"0701234567;Call;2026-03-14 08:15:30;081234567;60;;;1,50;NO;" + c.network + "\n"
		got, sum, err := read(t, f, "f.csv", content)
		if err != nil || len(got.usage) != 1 {
			t.Errorf("%s: %v\n%s", c.encoding, err, dump(got, sum))
			continue
		}
		want := "Åå"
		if c.encoding == "windows-1252" {
			want = "Œå"
		}
		if got.usage[0].VisitedNet != want {
			t.Errorf("%s: network %q, want %q", c.encoding, got.usage[0].VisitedNet, want)
		}
	}
	// A byte that Windows-1252 does not have.
	p := profile(t, "encoding: windows-1252\n"+minimal)
	got, sum, err := read(t, format(t, Config{Profiles: map[string]*Profile{"small": p}}), "f.csv",
		"Number;Type;Start;To;Length;Volume;Count;Amount;Country\n0701234567;Call;2026-03-14 08:15:30;08\x81;60;;;1,50;NO\n")
	if err != nil || len(got.rejects) != 1 || got.rejects[0].Code != ingest.CodeEncoding {
		t.Errorf("%v\n%s", err, dump(got, sum))
	}
	// A byte order mark outdoes the profile.
	got, sum, err = read(t, format(t, Config{Profiles: map[string]*Profile{"small": p}}), "f.csv",
		"\ufeffNumber;Type;Start;To;Length;Volume;Count;Amount;Country\n0701234567;Call;2026-03-14 08:15:30;08\u00a01234567;60;;;1,50;NO\n")
	if err != nil || len(got.usage) != 1 || !strings.Contains(strings.Join(sum.Notices, ""), "byte order mark") {
		t.Errorf("%v\n%s", err, dump(got, sum))
	}
}

func TestAmountVariants(t *testing.T) {
	text := strings.Replace(minimal, "duration: s\n", "duration: s\namounts: {includes_vat: true, unit: minor}\n", 1)
	text = strings.Replace(text, "  country:", "  vat: [VAT]\n  country:", 1)
	text = strings.Replace(text, "service: subscription}", "service: subscription}\n  Credit: {service: credit, negate: true}", 1)
	f := format(t, Config{Profiles: map[string]*Profile{"small": profile(t, text)}})
	got, sum, err := read(t, f, "f.csv", "Number;Type;Start;To;Length;Volume;Count;Amount;VAT;Country\n"+
		"0701234567;Call;2026-03-14 08:15:30;081234567;60;;;125;25;\n"+
		"0701234567;Credit;2026-03-14 08:15:30;;;;;125,5;25,5;\n"+
		"0701234567;Fee;2026-03-14 08:15:30;;;;;1 250 CR;250-;\n"+
		"0701234567;Web;2026-03-14 08:15:30;;;1,5;;;;\n")
	if err != nil || len(got.usage) != 4 {
		t.Fatalf("%v\n%s", err, dump(got, sum))
	}
	for i, want := range []struct{ charged, vat schema.Money }{{schema.Ore(100), schema.Ore(25)}, {schema.Ore(-100), schema.Ore(-51) / 2}, {schema.Ore(-1000), schema.Ore(-250)}, {0, 0}} {
		if u := got.usage[i]; u.Charged != want.charged || u.VAT != want.vat {
			t.Errorf("row %d: %s and %s, want %s and %s", i, u.Charged, u.VAT, want.charged, want.vat)
		}
	}
	if v := got.usage[3].VolumeBytes; v != 1_500_000 {
		t.Errorf("1,5 MB are %d bytes", v)
	}
}

// The same record is the same event whatever file, order of columns or profile spelling it
// comes in; another record is another one.
func TestEventIDs(t *testing.T) {
	f := format(t, Config{Profile: "fjordtel"})
	id := func(content string) schema.ID {
		t.Helper()
		got, sum, err := read(t, f, "f.csv", content)
		if err != nil || len(got.usage) != 1 {
			t.Fatalf("%v\n%s", err, dump(got, sum))
		}
		return got.usage[0].EventID
	}
	type m = map[string]string
	base := id(fjordHead + fjordRow(nil))
	if want := schema.NewID("itemised", "Fjordtel", "2026-77", "R1"); base != want {
		t.Errorf("id %s, want the natural key's %s", base, want)
	}
	if id(fjordHead+"\n"+fjordRow(m{"net_amount": "0.590", "subscription": "+46 70 123 45 67"})) != base {
		t.Error("the natural key alone must make the id")
	}
	for _, change := range []m{{"record_id": "R2"}, {"invoice": "2026-78"}} {
		if id(fjordHead+fjordRow(change)) == base {
			t.Errorf("%v: the same id", change)
		}
	}
	content := id(fjordHead + fjordRow(m{"record_id": ""}))
	if id(fjordHead+fjordRow(m{"record_id": "", "net_amount": "0.590", "b_number": "+46 8 12345678"})) != content {
		t.Error("the same content in another spelling is another event")
	}
	for _, change := range []m{{"subscription": "46701234568"}, {"b_number": "46812345679"}, {"start": "2026-03-14T07:15:31Z"}, {"duration_s": "201"},
		{"visited_country": "NO"}, {"visited_network": "x"}, {"net_amount": "0.60"}, {"vat_amount": "0.16"}, {"currency": "NOK"}, {"invoice": "x"}, {"type": "PREMIUM"}} {
		change["record_id"] = ""
		if id(fjordHead+fjordRow(change)) == content {
			t.Errorf("%v: the same id", change)
		}
	}
}

func TestLineAndOtherShareTheirHash(t *testing.T) {
	got, _, err := read(t, format(t, Config{}), "f.csv", fjordHead+fjordRow(map[string]string{"b_number": "0046 70-123 45 67"}))
	if err != nil || len(got.usage) != 1 {
		t.Fatal(err)
	}
	u := got.usage[0]
	if u.LineID != pseudonym.LineOf(u.OtherHash) || u.LineID != testKey().Line("+46701234567") {
		t.Errorf("line %s, other %d", u.LineID, u.OtherHash)
	}
	if u.Zone != schema.DefaultZone || u.RecordedAt != schema.TimeOf(recorded) || u.FileID != (schema.ID{1}) {
		t.Errorf("zone %s, recorded %s, file %s", u.Zone, u.RecordedAt, u.FileID)
	}
}

func TestPersonnummerInOtherColumns(t *testing.T) {
	head := strings.TrimSuffix(fjordHead, "\n") + ",comment\n"
	row := func(comment string) string { return strings.TrimSuffix(fjordRow(nil), "\n") + "," + comment + "\n" }
	f := format(t, Config{})
	for _, c := range []struct {
		comment string
		refused bool
	}{{"121212-1212", true}, {"for 19121212-1212", true}, {"191212121212", true}, {"1212121212", false}, {"lunch", false}} {
		got, sum, err := read(t, f, "f.csv", head+row(c.comment))
		if err != nil || (len(got.rejects) == 1) != c.refused {
			t.Errorf("%q: %v\n%s", c.comment, err, dump(got, sum))
		}
		if c.refused && (got.rejects[0].Code != ingest.CodePersonnummer || got.rejects[0].Column != "comment") {
			t.Errorf("%q: %+v", c.comment, got.rejects[0])
		}
	}
	b, err := builtin.ReadFile("profiles/fjordtel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := profile(t, string(b)+"unscanned: [Comment, invoice]\n")
	got, sum, err := read(t, format(t, Config{Profiles: map[string]*Profile{"fjordtel": p}}), "f.csv",
		head+row("191212121212")+strings.Replace(row("x"), "2026-77", "1212121212", 1))
	if err != nil || len(got.usage) != 2 {
		t.Errorf("unscanned columns: %v\n%s", err, dump(got, sum))
	}
}

func TestCountryNames(t *testing.T) {
	c := builtins(t)["norrtele"].c
	for name, want := range map[string]string{
		"Norge": "NO", "USA": "US", "storbritannien": "GB", "England": "GB", "Tjeckien": "CZ", "Turkiet": "TR", "Thailand": "TH",
		"Förenade Arabemiraten": "AE", "Kosovo": "XK", "Nordmakedonien": "MK", "Åland": "AX", "Sverige": "SE", "Serbien": "RS", "Grekland": "GR",
	} {
		got := c.countries[name]
		if got == "" {
			got = c.countries[normal(name)]
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	codes := isoCountries()
	if len(codes) < 249 || codes["YU"] || codes["UK"] || codes["EU"] || !codes["UA"] {
		t.Errorf("%d countries", len(codes))
	}
}

func TestTotal(t *testing.T) {
	text := strings.Replace(minimal, "duration: s\n", "duration: s\nfooter: {starts_with: [Sum], total: true}\n", 1)
	f := format(t, Config{Profiles: map[string]*Profile{"small": profile(t, text)}})
	head := "sep=;\nNumber;Type;Start;To;Length;Volume;Count;Amount;Country;;\n"
	row := "0701234567;Call;2026-03-14 08:15:30;081234567;60;;;1,50;\n"
	for _, c := range []struct{ name, content, note string }{
		{"right", row + row + "Sum;;;;;;;3,00;\n", ""},
		{"wrong", row + row + "Sum;;;;;;;1 003,00 CR;\n", "the file's own total is -1003.00, its records sum to 3.00 (0 of 2 rows were refused)"},
		{"a refused row", row + strings.Replace(row, "60", "x", 1) + "Sum;;;;;;;3,00;\n", "is 3.00, its records sum to 1.50 (1 of 2 rows were refused)"},
		{"the last sum counts", "Sum;;;;;;;9;\n" + row + "Sum;;;;;;;1,5;\n", ""},
		{"no number", row + "Sum;;;;;;;see below;\n", ""},
		{"short", row + "Sum\n", ""},
	} {
		got, sum, err := read(t, f, "f.csv", head+c.content)
		if err != nil || len(got.usage) == 0 {
			t.Fatalf("%s: %v\n%s", c.name, err, dump(got, sum))
		}
		notes := strings.Join(sum.Notices, "; ")
		if strings.Contains(notes, "total") != (c.note != "") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: notices %q, want %q", c.name, notes, c.note)
		}
	}
}

// One format reads many files at the same time.
func TestConcurrentReads(t *testing.T) {
	f := format(t, Config{})
	want := map[string]string{}
	for _, name := range []string{"norrtele.csv", "fjordtel.csv"} {
		c, sum, err := read(t, f, name, testfile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = dump(c, sum)
	}
	var wg sync.WaitGroup
	for name, text := range want {
		for range 4 {
			wg.Go(func() {
				c, sum, err := read(t, f, name, testfile(t, name))
				if err != nil || dump(c, sum) != text {
					t.Errorf("%s reads otherwise beside others: %v", name, err)
				}
			})
		}
	}
	wg.Wait()
}
