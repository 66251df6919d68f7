package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const protection = `pack: agreement
protect:
  - columns: [device]
    when: device.startsWith("jabber")
    says: {en: Nobody's use of Jabber is controlled, sv: Ingens användning av Jabber kontrolleras}
    policy: [{document: Agreement, section: "1", quote: Ingen kontroll.}]
    min_lines: 7
`

// ruleText writes a rule with what a test says of it.
func ruleText(id, subject, rest string) string {
	return "  - id: " + id + `
    version: 1
    title: {en: T, sv: T}
    description: {en: D., sv: D.}
    severity: low
    policy: [{document: Own policy, section: "1", quote: Q.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: ` + subject + "\n    " + rest + "\n"
}

func packOf(rules ...string) string { return "pack: own\nrules:\n" + strings.Join(rules, "") }

func loadAll(files ...string) (*Set, error) {
	folder := fstest.MapFS{}
	for i, f := range files {
		folder[fmt.Sprintf("%c.yaml", 'a'+i)] = &fstest.MapFile{Data: []byte(f)}
	}
	return Load(folder)
}

// agreement is the pack that protects, with a rule of its own.
func agreement() string {
	return protection + "rules:\n" + ruleText("jabber-cost", "unit", `source: usage
    window: month
    when: device.startsWith("jabber")
    limits: [{measure: cost, cost: true, unit: SEK, above: 0}]`)
}

func TestProtectRefuses(t *testing.T) {
	for name, c := range map[string]struct{ rest, want string }{
		"where":      {"source: usage\n    window: day\n    where: [{column: device, is: mobile}]\n    limits: [{measure: count, count: true, unit: c, above: 1}]", "b.yaml:14:22"},
		"inside any": {"source: usage\n    window: day\n    where: [{any: [{column: kind, is: call}, {column: device, is: mobile}]}]\n    limits: [{measure: count, count: true, unit: c, above: 1}]", "b.yaml:14:55"},
		"when":       {"source: usage\n    kind: match\n    when: >-\n      kind == \"call\" &&\n      device == \"mobile\"", "b.yaml:16:7"},
		"share":      {"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: part, share: {of: 'device != \"\"'}, above: 1}]", "b.yaml:15:43"},
		"most":       {"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: same, most: device, unit: c, above: 1}]", "b.yaml:15:36"},
	} {
		t.Run(name, func(t *testing.T) {
			own := packOf(ruleText("of-lines", "line", c.rest))
			want := c.want + `: rule of-lines: a.yaml line 3 protects the column "device": Nobody's use of Jabber is controlled. A rule about lines may not judge by it`
			refused := func(err error, where string) {
				t.Helper()
				var problems Problems
				if !errors.As(err, &problems) || problems[0].String() != want {
					t.Errorf("%s: %v\nwant %s", where, err, want)
				}
			}
			_, err := loadAll(agreement(), own)
			refused(err, "in one folder")
			protecting, err := loadAll(agreement())
			if err != nil {
				t.Fatal(err)
			}
			alone, err := Load(fstest.MapFS{"b.yaml": {Data: []byte(own)}})
			if err != nil {
				t.Fatal("nothing is protected here:", err)
			}
			_, err = Merge(alone, protecting)
			refused(err, "merged")
			merged, err := Merge(protecting)
			if err != nil {
				t.Fatal(err)
			}
			_, err = merged.Bind(alone)
			refused(err, "as a draft")
			_, err = merged.under(alone.Rules()[0])
			refused(err, "asked for its verdicts")
			ofUnits, err := loadAll(agreement(), strings.Replace(own, "subject: line", "subject: unit", 1))
			if err != nil || len(ofUnits.Protections()) != 1 {
				t.Errorf("a rule about units is refused: %v", err)
			}
		})
	}
	_, err := loadAll(strings.Replace(agreement(), "columns: [device]", "columns: [device, role]", 1), packOf(ruleText("of-lines", "line",
		"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: c, above: 1, except: [{role: loan, above: 2}]}]")))
	if err == nil || !strings.Contains(err.Error(), `b.yaml:15:79: rule of-lines: a.yaml line 3 protects the column "role"`) {
		t.Errorf("an exception by role: %v", err)
	}
}

func TestProtectProblems(t *testing.T) {
	for name, c := range map[string][3]string{
		"unknown column": {"columns: [device]", "columns: [divice]", `a.yaml:3:15: protect columns: table usage has no column "divice"; did you mean "device"?`},
		"no column":      {"columns: [device]", "columns: []", `a.yaml:3:14: protect: "columns" is empty`},
		"condition":      {`startsWith("jabber")`, `startsWith(7)`, `a.yaml:4:18: protect when: write it as`},
		"few lines":      {"min_lines: 7", "min_lines: 1", `a.yaml:7:16: protect: "min_lines" wants a whole number of at least 2`},
		"unknown key":    {"min_lines: 7", "lines: 7", `a.yaml:7:5: protect: unknown key "lines"`},
		"no words":       {"    says: {en: Nobody's use of Jabber is controlled, sv: Ingens användning av Jabber kontrolleras}\n", "", `a.yaml:3:5: protect: "says" is missing`},
	} {
		_, problems := parse("a.yaml", []byte(strings.Replace(agreement(), c[0], c[1], 1)), nil)
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.String(), c[2]) }) {
			t.Errorf("%s: problems:\n%v\nwant among them:\n%s", name, problems, c[2])
		}
	}
}

func TestProtectDigest(t *testing.T) {
	digest := func(files ...string) uint64 {
		t.Helper()
		set, err := loadAll(files...)
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	own := packOf(ruleText("of-lines", "line", "source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: c, above: 1}]"))
	bare := strings.Replace(agreement(), protection, "pack: agreement\n", 1)
	seen := map[uint64]string{}
	for name, files := range map[string][]string{"none": {bare, own}, "seven": {agreement(), own}, "eight": {strings.Replace(agreement(), "min_lines: 7", "min_lines: 8", 1), own},
		"desktops": {strings.Replace(agreement(), `startsWith("jabber")`, `startsWith("jabber_d")`, 1), own}} {
		d := digest(files...)
		if seen[d] != "" {
			t.Errorf("%s and %s have the same digest", name, seen[d])
		}
		seen[d] = name
	}
}
