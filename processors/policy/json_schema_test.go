package policy

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// The schema in docs is what the declarations say.
func TestJSONSchema(t *testing.T) {
	const file = "../../docs/policy.schema.json"
	got, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the declarations say; run the test with -update (%v)", file, err)
	}
}

// trendBody names its own keys; the declarations must be the same.
func TestTrendKeysAreDeclared(t *testing.T) {
	trend := strings.Replace(good, "source: usage", "source: watches", 1)
	trend = trend[:strings.Index(trend, "    where:")] + "    trend: none\n"
	_, problems := Parse("own.yaml", []byte(trend))
	for _, p := range problems {
		if _, list, ok := strings.Cut(p.Text, "trend: want a mapping with the keys "); ok {
			if got := strings.Split(list, ", "); !slices.Equal(got, names(trendKeys())) {
				t.Errorf("the trend reads %v, declared are %v", got, names(trendKeys()))
			}
			return
		}
	}
	t.Errorf("no list of keys among the problems: %v", problems)
}

// Every key is explained in the reference of the language.
func TestKeysAreDocumented(t *testing.T) {
	var page []byte
	for _, name := range []string{"policy-language.md", "policy-kinds.md"} {
		part, err := os.ReadFile("../../docs/" + name)
		if err != nil && name != "policy-kinds.md" {
			t.Fatal(err)
		}
		page = append(page, part...)
	}
	var check func(keys []key)
	check = func(keys []key) {
		for _, k := range keys {
			if !bytes.Contains(page, []byte("`"+k.name+"`")) {
				t.Errorf("neither docs/policy-language.md nor docs/policy-kinds.md names `%s`", k.name)
			}
			for _, w := range k.words {
				if len(k.words) <= 6 && !bytes.Contains(page, []byte("`"+w+"`")) {
					t.Errorf("neither page names `%s` of %s", w, k.name)
				}
			}
			check(k.keys)
		}
	}
	check(fileKeys())
}

// docs/policy-language.md shows whole files; they load.
func TestExamplesLoad(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-language.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	whole := 0
	for _, b := range blocks {
		text, _, _ := strings.Cut(b, "```")
		if !strings.Contains(text, "\npack: ") {
			continue
		}
		whole++
		if rules, problems := Parse("example.yaml", []byte(text)); len(problems) > 0 || len(rules) == 0 {
			t.Errorf("an example does not load: %v\n%s", problems, text)
		}
	}
	if whole < 2 {
		t.Errorf("only %d examples found", whole)
	}
}
