package policy

import (
	"fmt"
	"slices"

	"linesman/processors/policy/when"
)

// Set is a set of rules with distinct ids and versions.
type Set struct {
	rules       []*Rule
	packs       []Pack
	protections []Protection
	index       map[ruleKey]*Rule
}

type ruleKey struct {
	id      string
	version uint32
}

// Rules returns the rules, ordered by id and version.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// Packs describes the files that the rules come from.
func (s *Set) Packs() []Pack { return slices.Clone(s.packs) }

// Parameters returns the values of the parameters of all packs by name. Drafts are loaded
// with them, so that they mean what the rules in force mean.
func (s *Set) Parameters() map[string]string {
	out := map[string]string{}
	for _, p := range s.packs {
		for _, q := range p.Parameters {
			out[q.Name] = q.Value
		}
	}
	return out
}

// Find returns a rule by id and version.
func (s *Set) Find(id string, version uint32) (*Rule, bool) {
	r, ok := s.index[ruleKey{id, version}]
	return r, ok
}

// Judges tells whether any rule of the set has the subject and reads the source, so that
// a caller need not collect what nobody looks at.
func (s *Set) Judges(subject, source string) bool {
	return slices.ContainsFunc(s.rules, func(r *Rule) bool { return r.Subject == subject && r.From == source })
}

// Merge joins sets into one. A rule id and version may occur only once. What any of the sets
// protects is protected from the rules of all.
func Merge(sets ...*Set) (*Set, error) {
	var all contents
	for _, s := range sets {
		all.add(contents{s.packs, s.rules, s.protections})
	}
	set, problems := newSet(all)
	if len(problems) > 0 {
		return nil, problems
	}
	return set, nil
}

func newSet(all contents) (*Set, Problems) {
	s := &Set{index: map[ruleKey]*Rule{}, packs: slices.Clone(all.packs), protections: distinct(all.protections)}
	var problems Problems
	compiled := map[string]*when.Expr{}
	for _, r := range all.rules {
		key := ruleKey{r.ID, r.Version}
		if first, ok := s.index[key]; ok {
			problems = append(problems, Problem{File: r.File, Line: r.Line, Column: 1,
				Text: fmt.Sprintf("rule %s is already in %s line %d; give a changed rule a new version", r.Name(), first.File, first.Line)})
			continue
		}
		r, wrong := r.protect(s.protections, compiled)
		problems = append(problems, wrong...)
		s.index[key] = r
		s.rules = append(s.rules, r)
	}
	slices.SortFunc(s.rules, func(a, b *Rule) int { return compareRules(a.ID, a.Version, b.ID, b.Version) })
	s.together(all.packs)
	return s, problems
}
