package policy

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"linesman/schema"
)

const good = `pack: own
rules:
  - id: long-calls
    version: 2
    title: {en: Long calls, sv: Långa samtal}
    description: {en: Long calls., sv: Långa samtal.}
    severity: low
    policy:
      - {document: Own policy, section: "3", quote: Samtal ska vara korta., date: 2024}
    valid_from: 2025-01-01
    valid_to: 2026-07-01
    informed_at: 2025-02-01
    subject: unit
    window: week
    source: usage
    where:
      - {column: kind, is: call}
      - {column: duration_s, at_least: 3600}
    limits:
      - {measure: duration, sum: duration_s, scale: 3600, unit: h, above: 10.5, high_above: 20}
`

func TestParseGood(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(good))
	if len(problems) > 0 || len(rules) != 1 {
		t.Fatalf("rules %v, problems %v", rules, problems)
	}
	r := rules[0]
	if r.Name() != "long-calls/2" || r.Pack != "own" || r.Line != 3 || r.Zone != "Europe/Stockholm" || r.start().String() != "2025-02-01" || r.ValidTo.String() != "2026-07-01" {
		t.Errorf("rule read as %+v", r)
	}
	// 10.5 hours are 37,800 seconds exactly.
	if l := r.Limits[0]; l.above != 37800 || l.high != 72000 || l.Above() != 10.5 || l.value(37801, 0) <= 10.5 {
		t.Errorf("limit read as %+v", l)
	}
}

func TestParseProblems(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the good rule has no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	tests := []struct {
		name, file, want string // want: the one problem
	}{
		{"unknown column", replace("{column: kind,", "{column: knd,"), `own.yaml:17:18: rule long-calls where: table usage has no column "knd"; did you mean "kind"?`},
		{"unknown key", replace("severity: low", "severety: low"), `own.yaml:7:5: rule: unknown key "severety"; did you mean "severity"?`},
		{"unknown operator", replace("at_least: 3600", "atleast: 3600"), `own.yaml:18:30: rule long-calls where: unknown key "atleast"; did you mean "at_least"?`},
		{"wrong word", replace("window: week", "window: weekly"), `own.yaml:14:13: rule long-calls: "window" cannot be "weekly"; did you mean "week"?`},
		{"wrong value of a closed column", replace("is: call}", "is: calls}"), `own.yaml:17:28: rule long-calls where: column "kind": no value "calls"; did you mean "call"?`},
		{"text for a number", replace("at_least: 3600", "at_least: many"), `own.yaml:18:40: rule long-calls where: column "duration_s": want a number, not "many"`},
		{"fraction for a whole number", replace("at_least: 3600", "at_least: 0.5"), `own.yaml:18:40: rule long-calls where: column "duration_s": want a whole number, not 0.5`},
		{"number for a text", replace("{column: kind, is: call}", "{column: invoice, is: 007}"), `own.yaml:17:31: rule long-calls where: column "invoice": want a text; put 007 in quotes`},
		{"comparison of a text", replace("{column: kind, is: call}", "{column: kind, above: call}"), `own.yaml:17:9: rule long-calls where: column "kind" is a symbol; use one of is, is_not, in, not_in`},
		{"amount beyond counting", replace("{column: kind, is: call}", "{column: cost, above: 1000000000000}"), `own.yaml:17:31: rule long-calls where: column "cost": amount "1000000000000": amount outside ±999 999 999 999.999999`},
		{"two operators", replace("at_least: 3600", "at_least: 3600, below: 9"), `own.yaml:18:9: rule long-calls where: give exactly one of is, is_not, in, not_in, above, at_least, below`},
		{"bookkeeping", replace("column: kind, is: call", "column: log_offset, above: 1"), `own.yaml:17:18: rule long-calls where: column "log_offset" is bookkeeping or an identifier; a rule cannot judge by it`},
		{"bad date", replace("informed_at: 2025-02-01", "informed_at: 1 Feb 2025"), `own.yaml:12:18: rule long-calls: "informed_at" wants a date such as 2025-01-01`},
		{"ends before it begins", replace("valid_to: 2026-07-01", "valid_to: 2025-01-01"), `own.yaml:11:15: rule long-calls: valid_to is the first day on which the rule no longer holds; it must be after valid_from, informed_at and negotiated_at, or nothing is ever flagged`},
		{"missing key", replace("    informed_at: 2025-02-01\n", ""), `own.yaml:3:5: rule long-calls: "informed_at" is missing`},
		{"unknown zone", replace("subject: unit", "zone: Europe/Laholm\n    subject: unit"), `own.yaml:13:11: rule long-calls: zone "Europe/Laholm" is not known; want a name such as Europe/Stockholm`},
		{"sum of a text", replace("sum: duration_s", "sum: device"), `own.yaml:20:34: rule long-calls limits: column "device" is a symbol and cannot be summed`},
		{"two ways to measure", replace("sum: duration_s", "sum: duration_s, count: true"), `own.yaml:20:9: rule long-calls limits: give exactly one of count: true, sum: a column, cost: true, most: a column, share: {of: a condition}`},
		{"limit as a word", replace("above: 10.5", "above: lots"), `own.yaml:20:75: rule long-calls limits: "above" wants a number such as 60 or 12.5, with a point and at most six decimals`},
		{"high below the limit", replace("high_above: 20", "high_above: 2"), `own.yaml:20:93: rule long-calls limits: high_above is below the limit`},
		{"trend over usage", good + "    trend: {}\n", `own.yaml:20:7: rule long-calls: a rule has limits or a trend, not both`},
		{"not YAML", "pack: own\nrules: [", "own.yaml:2:1: did not find expected node content"},
		{"empty", "", "own.yaml:1:1: the file is empty; want the keys pack and rules"},
		{"a list", "- a\n", "own.yaml:1:1: file: want a mapping with the keys pack, rules, title, organisation, parameters, protect, exempt_numbers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Parse("own.yaml", []byte(tt.file))
			if !slices.ContainsFunc(problems, func(p Problem) bool { return p.String() == tt.want }) {
				t.Errorf("problems:\n%v\nwant among them:\n%s", problems, tt.want)
			}
		})
	}
}

// One bad rule does not lose its neighbours, and every problem of a file is told at once.
func TestParseKeepsNeighbours(t *testing.T) {
	_, body, _ := strings.Cut(good, "rules:\n")
	bad := strings.NewReplacer("id: long-calls", "id: worse", "column: kind", "column: knd", "severity: low", "severity: mild").Replace(body)
	rules, problems := Parse("own.yaml", []byte(good+bad))
	if len(rules) != 1 || rules[0].ID != "long-calls" || len(problems) != 2 {
		t.Errorf("rules %v, problems:\n%v", rules, problems)
	}
}

func TestLoad(t *testing.T) {
	other := strings.Replace(good, "version: 2", "version: 3", 1)
	set, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "b.yml": {Data: []byte(other)}, "notes.txt": {Data: []byte("no rules")}})
	if err != nil {
		t.Fatal(err)
	}
	if rules := set.Rules(); len(rules) != 2 || rules[0].Version != 2 || rules[1].Version != 3 {
		t.Errorf("rules %v", rules)
	}
	var problems Problems
	_, err = Load(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "b.yaml": {Data: []byte(good)}})
	if !errors.As(err, &problems) || problems[0].String() != "b.yaml:3:1: rule long-calls/2 is already in a.yaml line 3; give a changed rule a new version" {
		t.Errorf("the same rule twice: %v", err)
	}
	if _, err := Load(fstest.MapFS{}, "none.yaml"); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
	if merged, err := Merge(set, builtin(t)); err != nil || len(merged.Rules()) != 6 {
		t.Errorf("merging: %v", err)
	}
	if _, err := Merge(set, set); err == nil {
		t.Error("merging a set with itself goes through")
	}
}

func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	if p := Check(file); len(p) != 1 || !strings.Contains(p[0].Text, "no such file") {
		t.Errorf("a missing file: %v", p)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(good, "is: call}", "is: cal}", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := Check(file); len(p) != 1 || p[0].Line != 17 || p[0].File != file {
		t.Errorf("problems %v", p)
	}
}

// The built-in rules are what the written policies and the agreement on limits say.
func TestBuiltin(t *testing.T) {
	set := builtin(t)
	want := map[string]string{ // limits in the column's own unit
		"private-roaming": "volume>50000000", "excessive-forwarding": "count>60 cost>150000000", "premium-call": "count>0", "rising-watches": "",
	}
	if len(set.Rules()) != len(want) {
		t.Errorf("%d rules", len(set.Rules()))
	}
	informed := schema.Date(2025, 1, 1)
	for _, r := range set.Rules() {
		var limits []string
		for _, l := range r.Limits {
			limits = append(limits, l.Measure+">"+number(float64(l.above)))
		}
		if got := strings.Join(limits, " "); got != want[r.ID] {
			t.Errorf("%s: limits %q, want %q", r.ID, got, want[r.ID])
		}
		if r.Version != 1 || r.ValidFrom != informed || r.InformedAt != informed || r.Window != WindowMonth || r.Title.SV == "" || r.Description.EN == "" || len(r.Policy) == 0 {
			t.Errorf("%s: %+v", r.ID, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("pack: &a own\nrules: *a\n")
	f.Add("pack: p\nrules: [{id: loop, where: [{any: &x [{any: *x}]}]}]\n")
	f.Add("rules: [{id: x, where: [{any: [{any: []}]}], limits: [{above: 1e9}]}]")
	f.Add(settable)
	f.Add(agreement())
	f.Add(protectedPack)
	f.Add("pack: p\nparameters: [{name: a1, says: {en: x, sv: x}, default: ${a1}}]\nrules: [{id: ${a1}, title: *x}]")
	f.Fuzz(func(t *testing.T, data string) {
		found, problems := parse("f.yaml", []byte(data), map[string]string{"limit": "3"})
		rules := found.rules
		if set, wrong := newSet(found); len(wrong) == 0 {
			rules = append(rules, set.Rules()...)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		for _, r := range rules {
			q, err := r.Compile()
			if err != nil {
				t.Fatalf("a rule that loads does not compile: %v", err)
			}
			if strings.ContainsRune(q.SQL(), 0) || strings.ContainsRune(q.Within([]Part{}), 0) {
				t.Error("a place for bounds was left in the query")
			}
		}
	})
}
