package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"linesman/schema"
)

// TestVersionVerdicts holds what one reading says of two versions against what each says by
// itself, over random worlds.
func TestVersionVerdicts(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := languageSet(t)
	changed := func(pairs ...string) *Set {
		text := languagePack
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("the pack has no %q", pairs[i])
			}
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		rules, problems := Parse("language.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		out, wrong := newSet(contents{rules: rules})
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		return out
	}
	cases := []struct {
		name, rule string
		set        *Set
		together   bool
	}{
		{"another share", "unanswered", changed("        above: 25\n        high_above: 40\n", "        above: 10\n        high_above: 40\n"), true},
		{"fewer limits", "unanswered", changed("      - {measure: volume, sum: volume_bytes, unit: B, above: 60000000}\n", ""), true},
		{"more limits", "unanswered", changed("unit: B, above: 60000000}", "unit: B, above: 60000000}\n      - {measure: count, count: true, unit: events, above: 5}"), true},
		{"other exceptions", "unanswered", changed("{role: on_call, above: 0}", "{role: personal, above: 90}"), true},
		{"another cost", "dear-week", changed("above: 30, except", "above: 20, except"), true},
		{"no exceptions", "dear-week", changed(", except: [{role: on_call, above: 10.5}, {unit: U2, above: 0}]", ""), true},
		{"another severity", "dear-week", changed("severity: medium", "severity: high"), true},
		{"a share of something else", "unanswered", changed("minutes(occurred_at) >= 6 * 60", "minutes(occurred_at) >= 7 * 60"), false},
		{"another condition", "dear-week", changed(`kr("1.50")`, `kr("1.40")`), false},
		{"another window", "dear-week", changed("window: week", "window: month"), false},
		{"another end", "dear-week", changed("valid_to: 2026-03-20", "valid_to: 2026-04-20"), false},
		{"no exemption", "unanswered", changed("    exempt: {approval: forwarding}\n", ""), false},
	}
	seen := map[string]int{}
	for seed := range uint64(3) {
		s.reset()
		g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, 17))}
		g.decorate = func(u *schema.Usage) {
			u.Direction, u.Role, u.OtherHash = pick(g, "in", "out", ""), pick(g, "on_call", "personal", "shared"), uint64(g.rnd.IntN(12))
		}
		for range 3 {
			g.grow()
		}
		e := s.evaluator(set)
		month := []Part{{From: schema.Date(2026, 3, 1), To: schema.Date(2026, 4, 1)}}
		alone := map[string][]schema.Violation{} // what the first version says: many cases begin with it
		for _, c := range cases {
			one, _ := set.Find(c.rule, 1)
			other, _ := c.set.Find(c.rule, 1)
			for _, parts := range [][]Part{nil, month} {
				gotOne, gotOther, ok, err := e.VersionVerdicts(testCtx(t), one, other, parts)
				if err != nil || ok != c.together {
					t.Fatalf("%s: together %t, %v", c.name, ok, err)
				}
				if !ok {
					continue
				}
				for i, r := range []*Rule{one, other} {
					at := fmt.Sprint(r.ID, parts)
					want, ok := alone[at]
					if !ok || r == other {
						if want, err = e.Verdicts(testCtx(t), r, parts); err != nil {
							t.Fatal(err)
						}
					}
					if r == one {
						alone[at] = want
					}
					got := [][]schema.Violation{gotOne, gotOther}[i]
					if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
						t.Errorf("seed %d, %s, version %d:\n%s\nwant\n%s", seed, c.name, i, fmt.Sprint(got), fmt.Sprint(want))
					}
					seen[fmt.Sprint(c.name, " ", i)] += len(got)
				}
			}
		}
	}
	for _, c := range cases {
		if c.together && (seen[c.name+" 0"] < 5 || seen[c.name+" 0"] == seen[c.name+" 1"] && !strings.Contains(c.name, "severity")) {
			t.Errorf("the worlds are too tame for %s: %d and %d", c.name, seen[c.name+" 0"], seen[c.name+" 1"])
		}
	}
}
