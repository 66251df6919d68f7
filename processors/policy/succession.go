package policy

import (
	"math"
	"slices"
)

// succeed lets every version of a rule end where the next one begins: what the old one
// flagged before stands, and nothing is judged by both. A version that begins no later than
// the one before it leaves that one nothing to judge. Rules are copied, not changed: they may
// be part of other sets. rules are ordered by id and version.
func succeed(rules []*Rule) []*Rule {
	out := slices.Clone(rules)
	for i := len(out) - 2; i >= 0; i-- {
		next := out[i+1]
		if out[i].ID != next.ID {
			continue
		}
		// A later version may begin even earlier than the next one.
		until := next.start()
		if next.succeeded != 0 {
			until = min(until, next.succeeded)
		}
		if out[i].ValidTo != 0 && out[i].ValidTo <= until {
			continue
		}
		ended := *out[i]
		ended.ValidTo, ended.succeeded = until, until
		out[i] = &ended
	}
	return out
}

// bindExempt makes the exempt numbers of every file bind the rules of all of them: a union's
// number is nobody's business, whichever pack asks.
func bindExempt(rules []*Rule, numbers []uint64) []*Rule {
	if len(numbers) == 0 {
		return rules
	}
	out := slices.Clone(rules)
	for i, r := range out {
		all := append(slices.Clone(r.ExemptNumbers), numbers...)
		slices.Sort(all)
		if all = slices.Compact(all); !r.source().has("line_id") || r.Kind == KindGoal || slices.Equal(all, r.ExemptNumbers) {
			continue
		}
		bound := *r
		bound.ExemptNumbers = all
		if !r.source().has("other_hash") { // a line with such a number is no subject
			out[i] = &bound
			continue
		}
		own := r.notExempt()
		bound.Where = slices.DeleteFunc(slices.Clone(r.Where), func(c Condition) bool {
			return c.Column == own.Column && c.Op == own.Op && slices.Equal(c.Values, own.Values)
		})
		bound.Where = append(bound.Where, bound.notExempt())
		out[i] = &bound
	}
	return out
}

// together lets the rules of a set bind each other: versions succeed each other, and numbers
// that one file exempts are exempt for all.
func (s *Set) together(packs []Pack) {
	var numbers []uint64
	for _, p := range packs {
		numbers = append(numbers, p.exempt...)
	}
	s.rules = bindExempt(succeed(s.rules), numbers)
	for _, r := range s.rules {
		s.index[ruleKey{r.ID, r.Version}] = r
	}
}

// version reads the version, which is kept in 32 bits.
func (f fields) version() uint32 {
	v := f.integer("version", true, 1, 1)
	if v > math.MaxUint32 {
		f.r.problem(f.value["version"], "%s: version %d is too large", f.what, v)
		return 1
	}
	return uint32(v)
}
