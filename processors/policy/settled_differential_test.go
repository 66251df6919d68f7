package policy

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"linesman/schema"
)

// TestSettledDifferential compares what rules about usage find with and without FINAL in random
// stores whose months are merged or not, with rows that are restated and dead. Rules about
// anything else do not ask what is settled.
func TestSettledDifferential(t *testing.T) {
	t.Parallel()
	n := settledWorlds(t, rulesOfUsage(builtin(t), languageSet(t)), 12, 3, func(*growth) {})
	if n.together < 20 {
		t.Errorf("only %d rules judged as in a large store", n.together)
	}
}

// settledWorlds compares rules in two random stores that grow in steps.
func settledWorlds(t *testing.T, rules []*Rule, stream uint64, steps int, prepare func(*growth)) settledCounts {
	t.Helper()
	s := openStore(t)
	n := settledCounts{seen: map[string]int{}}
	for seed := range uint64(2) {
		s.reset()
		s.quietParts()
		g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, stream))}
		prepare(g)
		for range steps {
			g.grow()
			kill(s, g.rnd, g.usage, g.revision+1000)
			s.mergeSome(g.rnd)
			n.compare(s, rules)
		}
	}
	n.check(t, rules)
	return n
}

// TestSettledTrends is the same of trends, which need a history.
func TestSettledTrends(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rules := rulesOfUsage(trendRules(t))
	n := settledCounts{seen: map[string]int{}}
	s.quietParts()
	g := &trendGrowth{s: s, rnd: rand.New(rand.NewPCG(0, 12))}
	g.begin()
	for look := range 2 {
		if look > 0 {
			g.grow()
		}
		kill(s, g.rnd, g.usage, 1000)
		s.mergeSome(g.rnd)
		n.compare(s, rules)
	}
	n.check(t, rules)
}

func rulesOfUsage(sets ...*Set) []*Rule {
	var out []*Rule
	for _, set := range sets {
		for _, r := range set.Rules() {
			if r.From == SourceUsage {
				out = append(out, r)
			}
		}
	}
	return out
}

// mergeSome merges about half of the months of usage.
func (s *testStore) mergeSome(rnd *rand.Rand) {
	s.t.Helper()
	var months []string
	if err := s.conn.QueryRow(testCtx(s.t), "SELECT arraySort(groupUniqArray(partition_id)) FROM system.parts WHERE database = currentDatabase() AND table = 'usage' AND active").Scan(&months); err != nil {
		s.t.Fatal(err)
	}
	for _, month := range months {
		if rnd.IntN(2) == 0 {
			s.merge(month)
		}
	}
}

// settledCounts are verdicts by rule, readings of months as they lie, and rules that were judged
// together.
type settledCounts struct {
	seen           map[string]int
	lies, together int
	measured       int // queries that measured groups
}

func (n *settledCounts) compare(s *testStore, rules []*Rule) {
	s.t.Helper()
	exact := s.exact(rules, nil)
	for i, r := range rules {
		m := &meddling{Store: s.conn}
		got, want := s.verdicts(Config{}, m, r), exact[i]
		n.lies += m.asLies()
		if !reflect.DeepEqual(got, want) {
			s.t.Errorf("rule %s: %d without FINAL, %d with", r.Name(), len(got), len(want))
		}
		n.seen[r.ID] += len(want)
	}
	together, measured := s.together(rules, exact)
	n.together, n.measured = n.together+together, n.measured+measured
}

func (n *settledCounts) check(t *testing.T, rules []*Rule) {
	t.Helper()
	t.Logf("verdicts: %v; %d readings without FINAL, %d rules judged together, groups measured by %d queries", n.seen, n.lies, n.together, n.measured)
	for _, r := range rules {
		if n.seen[r.ID] == 0 {
			t.Errorf("the worlds are too tame to test %s", r.ID)
		}
	}
	if n.lies < 10 {
		t.Errorf("only %d readings without FINAL", n.lies)
	}
}

// exact judges each rule alone with FINAL.
func (s *testStore) exact(rules []*Rule, parts []Part) [][]schema.Violation {
	s.t.Helper()
	out := make([][]schema.Violation, len(rules))
	for i, r := range rules {
		found, err := s.empty(Config{Exact: true}, s.conn).Verdicts(testCtx(s.t), r, parts)
		if err != nil {
			s.t.Fatal(err)
		}
		out[i] = append(out[i], found...) // nil where nothing is found, as verdicts has it
	}
	return out
}

// together judges rules as in a large store, over everything and over a few months, and
// returns how many were judged together, and how many queries measured groups before. exact is
// what each finds alone in everything.
func (s *testStore) together(rules []*Rule, exact [][]schema.Violation) (together, measured int) {
	s.t.Helper()
	m := &meddling{Store: s.conn}
	e := s.empty(Config{bulk: 1}, m)
	some := []Part{{From: schema.Date(2025, 11, 1), To: schema.Date(2026, 3, 23)}}
	for _, c := range []struct {
		parts []Part
		want  [][]schema.Violation
	}{{nil, exact}, {some, s.exact(rules, some)}} {
		got, err := e.VerdictsOf(testCtx(s.t), rules, c.parts)
		if err != nil {
			s.t.Fatal(err)
		}
		for i, r := range rules {
			if len(got[i])+len(c.want[i]) > 0 && !reflect.DeepEqual(got[i], c.want[i]) {
				s.t.Errorf("rule %s in %v: %d as of a large store, %d else", r.Name(), c.parts, len(got[i]), len(c.want[i]))
			}
		}
	}
	for _, q := range m.queries {
		together += strings.Count(q, "AS rule, subject")
	}
	return together, measuredBy(m.queries)
}

// kill cancels some usage.
func kill(s *testStore, rnd *rand.Rand, rows []schema.Usage, revision uint64) {
	var dead []schema.Usage
	for _, u := range rows {
		if rnd.IntN(15) == 0 {
			u.Revision, u.Deleted = revision, true
			dead = append(dead, u)
		}
	}
	s.asIs(dead...)
}
