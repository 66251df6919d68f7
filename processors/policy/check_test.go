package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file is checked beside the rules in force, and in the place of the pack of its name.
func TestCheckBeside(t *testing.T) {
	set, err := Merge(builtin(t), must(loadAll(agreement())))
	if err != nil {
		t.Fatal(err)
	}
	rule := ruleText("of-lines", "line", "source: usage\n    kind: match\n    when: device == \"mobile\"")
	for name, c := range map[string]struct{ text, want string }{
		"protected by another pack": {packOf(rule), `:14:11: rule of-lines: a.yaml line 3 protects the column "device"`},
		"in place of that pack":     {strings.Replace(packOf(rule), "pack: own", "pack: agreement", 1), ""},
		"a rule that is built in":   {packOf(strings.Replace(rule, "of-lines", "premium-call", 1)), "rule premium-call/1 is already in core.yaml"},
		"the pack it is in":         {strings.Replace(packOf(strings.Replace(strings.Replace(rule, "of-lines", "premium-call", 1), "device ==", "kind == \"call\" && recorded_class !=", 1)), "pack: own", "pack: core", 1), ""},
		"no YAML":                   {"rules: [", ":1:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "own.yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			problems := set.Check(file)
			if c.want == "" && len(problems) > 0 || c.want != "" && (len(problems) == 0 || !strings.Contains(problems[0].String(), c.want)) {
				t.Errorf("problems %v, want %q", problems, c.want)
			}
		})
	}
}

func must(s *Set, err error) *Set {
	if err != nil {
		panic(err)
	}
	return s
}
