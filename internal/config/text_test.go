package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// unquoted is what YAML makes something else of than the text that stands in the file, or might.
var unquoted = [...]string{"0412", "0100", "06210", "0o17", "0x1F", "0b11", "1_000", "1e3", "1.50", "4.12", ".5", "+46", "-0", "true", "True", "no", "null", "Null", "~", ".inf", ".nan",
	"2026-09-01", "12:30:45", "5566778899", "99999999999999999999", "SE2321000016-B2"}

func load(t *testing.T, yaml string, environ ...string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "linesman.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, environ)
}

// Every setting of named values, of a list and of text takes what stands in the file, unquoted, at
// every place, in each way to write it.
func TestTextStaysAsItStands(t *testing.T) {
	cfg := Default()
	tried := 0
	for _, k := range Keys() {
		before := settingOf(reflect.ValueOf(cfg), k.Name)
		for _, word := range unquoted {
			var values []string // in YAML
			var want any
			switch before.Interface().(type) {
			case Values:
				want = Values{word: word}
				values = []string{"{" + word + ": " + word + "}", "{'" + word + "': " + word + "}", "{" + word + ": \"" + word + "\"}"}
			case List:
				want = List{word, "x", word}
				values = []string{"[" + word + ", x, " + word + "]", "['" + word + "', x, " + word + "]"}
			case string:
				if word == "null" || word == "Null" || word == "~" {
					continue // the default
				}
				want, values = word, []string{word, "'" + word + "'"}
			default:
				continue
			}
			for _, value := range values {
				tried++
				if got, err := read(k.Name, value); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %s is read as %#v, %v", k.Name, value, got, err)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d ways were tried", tried)
	}
}

// read reads one setting from a file and gives what it is then, without the defaults.
func read(name, value string) (any, error) {
	parts := strings.Split(name, ".")
	raw, err := (&textParser{}).Unmarshal([]byte(strings.Join(parts, ": {") + ": " + value + strings.Repeat("}", len(parts)-1)))
	if err != nil {
		return nil, err
	}
	if err := check("x.yaml", raw, Keys()); err != nil {
		return nil, err
	}
	var at any = raw
	for _, p := range parts {
		at = at.(map[string]any)[p]
	}
	switch at := at.(type) {
	case map[string]any:
		out := Values{}
		for k, v := range at {
			out[k] = fmt.Sprintf("%s", v) // %s shows what is no text
		}
		return out, nil
	case []any:
		out := List{}
		for _, v := range at {
			out = append(out, fmt.Sprintf("%s", v))
		}
		return out, nil
	}
	return at, nil
}

func settingOf(v reflect.Value, name string) reflect.Value {
	first, rest, deeper := strings.Cut(name, ".")
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("koanf") == first {
			if deeper {
				return settingOf(v.Field(i), rest)
			}
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

const mailServer = "mail: {host: smtp.example.se, from: linesman@example.se, default: telefoni@example.se, password: 0017}\n"

// The whole way: the file, the defaults, the environment, the checks.
func TestIDsAndAccountsWithoutQuotes(t *testing.T) {
	cfg, err := load(t, mailServer+`
reports:
  scopes: &scopes [all, cost_centre]
  recipients: &who
    0412: ekonomi@example.se
    "0413": ekonomi2@example.se
    0100: akuten@example.se
    4.12: punkt@example.se
    0o17: oktal@example.se
    1_000: tusen@example.se
    1e3: stor@example.se
    true: sann@example.se
    null: inget@example.se
    SE1.B2.C3: tre@example.se
ledger:
  accounts: {voice_out: 06210, data: &data 0x6230, sms: 1e3}
  clearing: 02999
invoices:
  suppliers: {5566778899: norrtele, 0007:5560001230: fjordtel}
policy:
  packs: [0100, core]
  values:
    <<: *who
    0412: 0o17
    days: 010
`, "LINESMAN_LEDGER_REPAY=01610")
	if err == nil || !strings.Contains(err.Error(), `"0x6230" is no account`) || !strings.Contains(err.Error(), `"1e3" is no account`) {
		t.Fatalf("wrong accounts give %v", err)
	}
	if a := cfg.Ledger.Accounts; !maps.Equal(a, Values{"default": "6210", "voice_out": "06210", "data": "0x6230", "sms": "1e3"}) {
		t.Errorf("accounts %v", a)
	}
	who := Values{"0412": "ekonomi@example.se", "0413": "ekonomi2@example.se", "0100": "akuten@example.se", "4.12": "punkt@example.se", "0o17": "oktal@example.se", "1_000": "tusen@example.se",
		"1e3": "stor@example.se", "true": "sann@example.se", "null": "inget@example.se", "SE1.B2.C3": "tre@example.se"}
	if r := cfg.Reports.Recipients; !maps.Equal(r, who) {
		t.Errorf("recipients %v", r)
	}
	if a := cfg.Reports.Address("cost_centre", "4.12"); a != "punkt@example.se" {
		t.Errorf("reports about 4.12 go to %q", a)
	}
	who["0412"], who["days"] = "0o17", "010" // what stands there wins over what is merged
	if v := cfg.Policy.Values; !maps.Equal(v, who) {
		t.Errorf("values %v", v)
	}
	if s := cfg.Invoices.Suppliers; !maps.Equal(s, Values{"5566778899": "norrtele", "0007:5560001230": "fjordtel"}) {
		t.Errorf("suppliers %v", s)
	}
	if p := cfg.Policy.Packs.String(); p != "0100,core" {
		t.Errorf("packs %s", p)
	}
	if cfg.Ledger.Clearing != "02999" || cfg.Ledger.Repay != "01610" || cfg.Mail.Password != "0017" {
		t.Errorf("clearing %s, repay %s, password %s", cfg.Ledger.Clearing, cfg.Ledger.Repay, cfg.Mail.Password)
	}
}

// The same scalar is text where text is wanted and a number where a number is.
func TestAliases(t *testing.T) {
	cfg, err := load(t, "reports: {hour: &h 7}\npolicy: {values: {hour: *h, *h : x, list: &z 0100}, packs: [*h, *z]}\nledger: {unit: *h, accounts: &a {data: 06230}}\ninvoices: {suppliers: *a}\n")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Reports.Hour != 7 || cfg.Ledger.Unit != 7 || !maps.Equal(cfg.Policy.Values, Values{"hour": "7", "7": "x", "list": "0100"}) || cfg.Policy.Packs.String() != "7,0100" || cfg.Invoices.Suppliers["data"] != "06230" {
		t.Errorf("%d, %d, %v, %v, %v", cfg.Reports.Hour, cfg.Ledger.Unit, cfg.Policy.Values, cfg.Policy.Packs, cfg.Invoices.Suppliers)
	}
}

// A setting without a value keeps its default, as before.
func TestNothingIsTheDefault(t *testing.T) {
	for _, nothing := range []string{"", "~", "null"} {
		cfg, err := load(t, "zone: "+nothing+"\npolicy:\n  packs: "+nothing+"\nledger:\n  series: "+nothing+"\n  accounts: "+nothing+"\n")
		if err != nil || !reflect.DeepEqual(cfg, Default()) {
			t.Errorf("%q gives %+v, %v", nothing, cfg, err)
		}
	}
}

func TestErrorsOfFiles(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"syntax", "zone: Europe/Oslo\nmail: [\n", "yaml: line "},
		{"no map", "zone\n", "line 1: cannot unmarshal"},
		{"twice", "zone: Europe/Oslo\nzone: Europe/Stockholm\n", `line 2: mapping key "zone" already defined at line 1`},
		{"id twice", "reports:\n  recipients:\n    0412: a@example.se\n    0412: b@example.se\n", `line 4: mapping key "0412" already defined at line 3`},
		{"id twice, once in quotes", "reports:\n  recipients:\n    \"0412\": a@example.se\n    0412: b@example.se\n", `line 4: mapping key "0412" already defined at line 3`},
		{"in a circle", "policy:\n  values: &v\n    <<: *v\n", "contains itself"},
		{"a section in a circle", "mail: &m\n  <<: *m\n", "contains itself"},
		{"below a free name", "reports:\n  recipients:\n    4.12: {to: a@example.se}\n", `no key "reports.recipients.4.12.to"`},
		{"in one word", "mail.host: smtp.example.se\n", `"mail.host" in one word is no key; write a section: mail: {host: …}`},
		{"a section in one word", "broker.kafka: {replication: 3}\n", `"broker.kafka" in one word is no key`},
		{"no such key", "reports:\n  recipient: {0412: a@example.se}\n", `no key "reports.recipient.0412"`},
		{"number", "reports: {hour: seven}\n", "hour"},
		{"a list for values", "policy: {values: [0100]}\n", "values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if strings.Contains(c.want, "line") && !strings.Contains(err.Error(), "linesman.yaml: ") {
				t.Errorf("%v does not name the file", err)
			}
		})
	}
}

// Whatever a file holds: it is read or refused as YAML itself would, and what it gives can be read twice.
func FuzzTextParser(f *testing.F) {
	for _, word := range unquoted {
		f.Add("reports: {recipients: {" + word + ": " + word + "}}\npolicy: {packs: [" + word + "]}\nzone: " + word)
	}
	f.Add("policy: &p\n  values: &v {<<: [*v, *p], ? [a] : b}\n")
	f.Add("mail: &m {recipients: &r {<<: *m}}\nreports: {<<: *m, recipients: *r}")
	f.Fuzz(func(t *testing.T, file string) {
		out, err := (&textParser{}).Unmarshal([]byte(file))
		again, errAgain := (&textParser{}).Unmarshal([]byte(file))
		if (err == nil) != (errAgain == nil) || err == nil && fmt.Sprint(out) != fmt.Sprint(again) {
			t.Errorf("read as %v (%v) and as %v (%v)", out, err, again, errAgain)
		}
		var plain map[string]any
		if yaml.Unmarshal([]byte(file), &plain) == nil && err != nil && !strings.Contains(err.Error(), "already defined") {
			t.Errorf("YAML takes what is refused: %v", err)
		}
	})
}
