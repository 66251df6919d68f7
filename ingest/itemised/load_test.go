package itemised

import (
	"strings"
	"testing"
)

// minimal is a small profile that the tests change.
const minimal = `name: small
operator: Small
delimiter: ";"
columns:
  subscription: [Number]
  service: [Type]
  start: [Start]
  other: [To]
  duration: [Length]
  volume: [Volume]
  count: [Count]
  amount: [Amount]
  country: [Country]
numbers: {decimal: ",", thousands: [space, "."], credit_marks: [CR]}
times:
  start: ["yyyy-MM-dd HH:mm:ss"]
  zone: Europe/Stockholm
duration: s
volume: MB
services:
  Call: {service: voice_out}
  Text: {service: sms}
  Web: {service: data}
  Fee: {service: subscription}
countries: {iso: true}
constants: {currency: SEK}
`

func TestLoadFaults(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string // exchanged in minimal
		says     []string
	}{
		{"wrong key", "columns:", "colums:", []string{`test.yaml:4: unknown key "colums"; did you mean "columns"?`}},
		{"wrong key inside", "  zone: Europe", "  zon: Europe", []string{`test.yaml:17: unknown key "zon" in times; did you mean "zone"?`}},
		{"wrong key in a service", "Web: {service: data}", "Web: {servic: data}", []string{`unknown key "servic" in services.Web; did you mean "service"?`}},
		{"far from every key", "volume: MB", "xyzzyxyzzy: 1", []string{`unknown key "xyzzyxyzzy"; known are amend, amounts, columns`}},
		{"wrong field", "  volume: [", "  volum: [", []string{`columns.volum: no such field; did you mean "volume"?`}},
		{"wrong service", "service: sms", "service: sns", []string{`test.yaml:22: services.Text: "sns" is no service; did you mean "sms"?`}},
		{"no name", "name: small\n", "", []string{"name: missing"}},
		{"name with blanks", "name: small", "name: Small One", []string{"test.yaml:1: name:"}},
		{"no operator", "operator: Small\n", "", []string{"operator: missing"}},
		{"no subscription", "  subscription: [Number]\n", "", []string{"test.yaml:4: columns: subscription is missing"}},
		{"no start", "  start: [Start]\n", "", []string{"columns: start, or date (and time), is missing"}},
		{"start and date", "  start: [Start]\n", "  start: [Start]\n  date: [Day]\n", []string{"either start, or date and time", "times.date: missing"}},
		{"alias twice", "  other: [To]", "  other: [ type ]", []string{`is also a spelling of`}},
		{"unknown zone", "zone: Europe/Stockholm", "zone: Europe/Stokholm", []string{`test.yaml:17: times.zone: "Europe/Stokholm" is no zone`}},
		{"minutes for months", "yyyy-MM-dd HH:mm:ss", "yyyy-mm-dd HH:mm:ss", []string{"times.start", "want year, month and day"}},
		{"unknown letter", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd hh:mm:ss", []string{"letter h means nothing", "capital H the hour"}},
		{"kb", "volume: MB", "volume: KB", []string{"test.yaml:19: volume:", "want kB for 1000 bytes or KiB for 1024"}},
		{"decimal and thousands alike", `decimal: ","`, `decimal: "."`, []string{`numbers.thousands: "." is the decimal sign`}},
		{"unknown encoding", `delimiter: ";"`, "delimiter: \";\"\nencoding: windows1252", []string{`test.yaml:4: encoding: "windows1252" is not known; did you mean "windows-1252"?`}},
		{"long delimiter", `delimiter: ";"`, `delimiter: "::"`, []string{"delimiter:", "one ASCII character"}},
		{"no delimiter", "delimiter: \";\"\n", "", []string{"delimiter: missing"}},
		{"key without column", "duration: s\n", "duration: s\nkey: [invoice]\n", []string{"key: invoice has no column"}},
		{"required unknown", "duration: s\n", "duration: s\nrequired: [amunt]\n", []string{`required: "amunt" is no field; did you mean "amount"?`}},
		{"doubled hour", "  zone:", "  doubled_hour: thrid\n  zone:", []string{`times.doubled_hour: "thrid" is not known`}},
		{"unknown country", "countries: {iso: true}", "countries: {map: {Atlantis: AT1}}", []string{`countries.map.Atlantis: "AT1" is no ISO 3166 code`}},
		{"unknown language", "countries: {iso: true}", "countries: {names: 0}", []string{`countries.names: "0" is not known`}},
		{"no currency", "constants: {currency: SEK}", "constants: {device: mobile}", []string{"constants.currency: missing"}},
		{"VAT without column", "duration: s\n", "duration: s\namounts: {includes_vat: true}\n", []string{"needs the column vat"}},
		{"number for a list", "  other: [To]", "  other: {a: b}", []string{"test.yaml:8: cannot unmarshal"}},
		{"broken YAML", "columns:", "columns: [", []string{"test.yaml: "}},
		{"key twice", "duration: s\n", "duration: s\nduration: s\n", []string{"already defined at line"}},
		{"alias", "  other: [To]", "  other: &x [To]\n  vat: *x", []string{"anchors and aliases are not used"}},
		{"many at once", "service: sms", "service: sns}\n  Fax: {servic: data", []string{"servic"}},
		{"footer of nothing", "duration: s\n", "duration: s\nfooter: {starts_with: [\"\"]}\n", []string{"footer.starts_with"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(minimal, c.from, c.to, 1)
			if text == minimal {
				t.Fatal("nothing was exchanged")
			}
			p, err := Load(strings.NewReader(text), "test.yaml")
			if err == nil || p != nil {
				t.Fatalf("accepted")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q\ndoes not say %q", err, s)
				}
			}
		})
	}
	for _, text := range []string{"", "- a\n", "a", "# nothing\n"} {
		if _, err := Load(strings.NewReader(text), "x.yaml"); err == nil || !strings.Contains(err.Error(), "not a profile") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestLoadTellsAllFaults(t *testing.T) {
	text := strings.Replace(strings.Replace(minimal, "volume: MB", "volume: kb", 1), "zone: Europe/Stockholm", "zone: Mars", 1)
	_, err := Load(strings.NewReader(text), "x.yaml")
	if err == nil || strings.Count(err.Error(), "x.yaml:") != 2 {
		t.Errorf("got %v, want two faults", err)
	}
}

func TestNewFaults(t *testing.T) {
	all := builtins(t)
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{Profiles: all}, "no pseudonym key"},
		{Config{Profiles: all, Profile: "nortele", Key: testKey()}, `did you mean "norrtele"?`},
		{Config{Key: testKey()}, "no profiles"},
		{Config{Key: testKey(), Profiles: map[string]*Profile{"x": {}}}, "not loaded"},
	} {
		if f, err := New(c.cfg); err == nil || f != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
}

func TestExplain(t *testing.T) {
	p := builtins(t)["norrtele"]
	var b strings.Builder
	for _, m := range p.Explain([]string{"Abonnemang", "Datum", "TID ", "Tjänst", "Kommentar", "Belopp  exkl moms", "Volym (kB)", "Fakturanr"}) {
		b.WriteString(strings.Join([]string{m.Field, m.Column, m.Rule, m.Sample}, " | ") + "\n")
	}
	golden(t, "explain.golden", b.String())
}

func FuzzLoad(f *testing.F) {
	f.Add(minimal)
	for _, name := range []string{"profiles/norrtele.yaml", "profiles/fjordtel.yaml"} {
		b, err := builtin.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Load(strings.NewReader(text), "f.yaml")
		if (p == nil) == (err == nil) {
			t.Fatalf("profile %v and error %v", p, err)
		}
		if p != nil {
			p.Explain([]string{"Number", "x"})
		}
	})
}
