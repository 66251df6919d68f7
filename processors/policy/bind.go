package policy

import "slices"

// Bind returns the rules of a draft as they will judge beside those of the set: numbers that
// the set exempts, and what it protects, bind them too. Their versions stand for themselves:
// none ends where one of the set begins. The error is [Problems] when a rule of the draft asks
// for what the set protects.
func (s *Set) Bind(draft *Set) (*Set, error) {
	all := contents{packs: slices.Clone(s.packs), protections: slices.Clone(s.protections)}
	all.add(contents{draft.packs, draft.rules, draft.protections})
	bound, problems := newSet(all)
	if len(problems) > 0 {
		return nil, problems
	}
	return bound, nil
}
