package policy

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const settable = `pack: settable
title: {en: Settable, sv: Inställbar}
organisation: Somewhere
parameters:
  - {name: sick-key, says: {en: Key for sick reports, sv: Knapp för sjukanmälan}, default: 8}
  - {name: limit, says: {en: Most contacts, sv: Flest kontakter}, default: "10"}
rules:
  - id: other-keys
    version: 1
    title: {en: "Other keys than ${sick-key}", sv: "Andra knappar än ${sick-key}"}
    description: {en: D., sv: D.}
    severity: low
    policy: [{document: D, section: "1", quote: Q}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    window: month
    source: contacts
    when: 'key != "${sick-key}" && origin == "internal"'
    limits:
      - {measure: contacts, sum: offered, unit: contacts, above: "${limit}"}
`

func TestParameters(t *testing.T) {
	load := func(values map[string]string) *Rule {
		t.Helper()
		set, err := LoadWith(values, fstest.MapFS{"a.yaml": {Data: []byte(settable)}})
		if err != nil {
			t.Fatal(err)
		}
		if p := set.Packs(); len(p) != 1 || p[0].Title.SV != "Inställbar" || p[0].Organisation != "Somewhere" || p[0].Rules != 1 || len(p[0].Parameters) != 2 || p[0].Parameters[0].Default != "8" {
			t.Errorf("packs %+v", p)
		}
		return set.Rules()[0]
	}
	r := load(nil)
	if r.Title.EN != "Other keys than 8" || r.Limits[0].above != 10 || !strings.Contains(r.Where[0].sql(), "key != '8'") {
		t.Errorf("rule read as %+v", r)
	}
	r = load(map[string]string{"sick-key": "sjuk anmälan_1.2-3, b", "limit": "7", "of-another-pack": "x"})
	if r.Title.SV != "Andra knappar än sjuk anmälan_1.2-3, b" || r.Limits[0].above != 7 || !strings.Contains(r.Where[0].sql(), "'sjuk anmälan_1.2-3, b'") {
		t.Errorf("rule read as %+v", r)
	}
}

func TestParameterProblems(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		values   map[string]string
		want     string
	}{
		"unknown":            {`"Other keys than ${sick-key}"`, `"Other keys than ${sik-key}"`, nil, `a.yaml:10:17: there is no parameter "sik-key"; did you mean "sick-key"?`},
		"not closed":         {`"Other keys than ${sick-key}"`, `"Other keys than ${sick-key"`, nil, `a.yaml:10:17: a parameter is written ${name}`},
		"value with a quote": {"", "", map[string]string{"sick-key": `8" || true || key == "`}, `a.yaml:5:5: parameter sick-key: the value that is set holds more than letters, digits, spaces and . _ - , or is longer than 200 characters`},
		"value too long":     {"", "", map[string]string{"sick-key": strings.Repeat("å", 201)}, `a.yaml:5:5: parameter sick-key: the value that is set holds more`},
		"value of a line":    {"", "", map[string]string{"sick-key": "8\n9"}, `a.yaml:5:5: parameter sick-key: the value`},
		"default":            {"default: 8", "default: 'a;b'", nil, `a.yaml:5:92: parameter sick-key: a value holds letters`},
		"no default":         {", default: 8", "", nil, `a.yaml:5:5: parameters: "default" is missing`},
		"twice":              {"name: limit", "name: sick-key", nil, `a.yaml:6:5: parameters: "sick-key" is given twice`},
		"name":               {"name: limit", "name: Limit_1", nil, `a.yaml:6:12: parameter "Limit_1": want small letters`},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := parse("a.yaml", []byte(strings.Replace(settable, c.old, c.new, 1)), c.values)
			if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.String(), c.want) }) {
				t.Errorf("problems:\n%v\nwant among them:\n%s", problems, c.want)
			}
		})
	}
}

func TestPacks(t *testing.T) {
	names, err := PackNames()
	if err != nil || names[0] != CorePack {
		t.Fatal(names, err)
	}
	all, err := Builtin(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Packs()) != len(names) {
		t.Errorf("%d packs of %d files", len(all.Packs()), len(names))
	}
	for i, p := range all.Packs() {
		if p.Name != names[i] || p.File != names[i]+".yaml" {
			t.Errorf("pack %s is in the file %s", p.Name, p.File)
		}
		if p.Title.EN == "" || p.Title.SV == "" || p.Organisation == "" || p.Rules == 0 {
			t.Errorf("pack %s has title %+v, organisation %q and %d rules", p.Name, p.Title, p.Organisation, p.Rules)
		}
	}
	if none, err := Builtin([]string{}, nil); err != nil || len(none.Rules()) != 0 {
		t.Errorf("no pack: %v", err)
	}
	if twice, err := Builtin([]string{"core", "core"}, nil); err != nil || len(twice.Packs()) != 1 {
		t.Errorf("the same pack twice: %v", err)
	}
	if _, err := Builtin([]string{"./rules"}, nil); err == nil || !strings.Contains(err.Error(), `"./rules"; there are core`) {
		t.Errorf("an unknown pack: %v", err)
	}
}
