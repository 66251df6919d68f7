package packcases

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"linesman/processors/policy"
	"linesman/schema"
)

// suite is a pack and the cases of its rules.
type suite struct {
	pack   string
	langs  []string // in which its explanations are looked at
	plants []plant
	more   []situation
}

func suites() []suite {
	return []suite{
		{"nu-sjukvarden-bup", []string{"sv"}, nuPlants(), nuSituations()},
		{"laholm", []string{"sv"}, laholmPlants(), laholmSituations()},
		{"sorsele", []string{"sv"}, sorselePlants(), sorseleSituations()},
		{"region-sjaelland", []string{"da", "sv"}, sjaellandPlants(), sjaellandSituations()},
		{"region-jamtland-harjedalen", []string{"sv"}, jamtlandPlants(), jamtlandSituations()},
	}
}

func (s suite) situations() []situation {
	var out []situation
	for _, p := range s.plants {
		out = append(out, p.situations()...)
	}
	return append(out, s.more...)
}

// load reads a pack as it is, but for the union's number, which is exempt.
func load(t *testing.T, pack string) *policy.Set {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "packs", pack+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var files fs.FS = fstest.MapFS{pack + ".yaml": {Data: append(text, fmt.Sprintf("exempt_numbers: [%s]\n", schema.LineID(unionHash))...)}}
	set, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Each pack judges all its cases at once, and says of each what it should and nothing else.
func TestCases(t *testing.T) {
	w := open(t)
	for _, s := range suites() {
		t.Run(s.pack, func(t *testing.T) {
			w.t = t
			w.empty()
			s.run(w)
		})
	}
}

func (s suite) run(w *world) {
	w.t.Helper()
	cases, set := s.situations(), load(w.t, s.pack)
	if len(cases) > 999 {
		w.t.Fatalf("%d cases: names have three digits", len(cases))
	}
	for i, c := range cases {
		w.place(i, c)
	}
	w.fill()
	got := make([][]string, len(cases))
	var golden strings.Builder
	said := map[string]bool{}
	for _, v := range w.judge(w.config(), set) {
		n, _ := owner(v.SubjectID)
		if n < 0 || n >= len(cases) {
			w.t.Errorf("a violation of %q, which is in no case", v.SubjectID)
			continue
		}
		got[n] = append(got[n], w.describe(v))
		if cases[n].name != "above the limit" && said[v.Rule] && n < len(cases)-len(s.more) {
			continue
		}
		said[v.Rule] = true
		for _, lang := range s.langs {
			fmt.Fprintf(&golden, "%s | %s | %s | %s\n", v.Rule, cases[n].name, lang, strings.ReplaceAll(set.Explain(v, lang), "\u00a0", "_"))
		}
	}
	for i, c := range cases {
		slices.Sort(got[i])
		want := slices.Sorted(slices.Values(c.want))
		if !slices.Equal(got[i], want) {
			w.t.Errorf("%s, %s (%d)\ngot  %s\nwant %s", c.rule, c.name, i, strings.Join(got[i], "\n     "), strings.Join(want, "\n     "))
		}
	}
	compareGolden(w.t, s.pack, golden.String())
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.SplitAfter(got, "\n")
	slices.Sort(lines)
	got = strings.Join(lines, "")
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the explanations differ from %s; look at them and run with -update\n%s", file, got)
	}
}

// Every rule of every pack has cases: one at least that it flags and one that it leaves.
func TestEveryRuleHasCases(t *testing.T) {
	for _, s := range suites() {
		flags, leaves := map[string]bool{}, map[string]bool{}
		for _, c := range s.situations() {
			for _, v := range c.want {
				rule, _, _ := strings.Cut(v, " ")
				rule, _, _ = strings.Cut(rule, "@")
				flags[rule] = true
			}
			if len(c.want) == 0 {
				leaves[c.rule] = true
			}
		}
		for _, r := range load(t, s.pack).Rules() {
			if !flags[r.ID] || !leaves[r.ID] {
				t.Errorf("%s: rule %s has a case that it flags: %t, and one that it leaves: %t", s.pack, r.ID, flags[r.ID], leaves[r.ID])
			}
		}
	}
}
