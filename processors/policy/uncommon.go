package policy

import (
	"maps"
	"slices"
	"strconv"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// uncommon tells whether every row that the rule's query reads is uncommon, as the computed
// column of usage says it: proven from the conditions alone. The query then asks for that
// column, too, which takes no row away but keeps the engine from reading the others. What is
// not understood proves nothing, and the answer is false.
func (r *Rule) uncommon() bool {
	if r.From != SourceUsage {
		return false
	}
	picked := when.Tree{Join: when.All}
	for _, c := range r.Where {
		picked.Parts = append(picked.Parts, c.tree())
	}
	if !rare(picked, nil) {
		return false
	}
	for _, l := range r.Limits { // what a share is of is read, too
		if l.How == measureShare && !rare(l.Share.Tree(), nil) {
			return false
		}
	}
	return true
}

// tree writes a condition as what it is made of.
func (c Condition) tree() when.Tree {
	switch {
	case c.When != nil:
		return c.When.Tree()
	case len(c.Any) > 0:
		out := when.Tree{Join: when.Any}
		for _, a := range c.Any {
			out.Parts = append(out.Parts, a.tree())
		}
		return out
	case c.Type != schema.TypeText && c.Type != schema.TypeSymbol && c.Type != schema.TypeBool:
		return when.Tree{}
	}
	switch c.Op {
	case opIs, opIn:
		return when.Tree{Column: c.Column, Values: c.Values}
	case opIsNot, opNotIn:
		return when.Tree{Column: c.Column, Values: c.Values, Not: true}
	}
	return when.Tree{}
}

// rare tells whether rows for which the condition holds are uncommon. not is what columns are
// known not to be where it holds.
func rare(t when.Tree, not map[string][]string) bool {
	switch t.Join {
	case when.All:
		not = maps.Clone(not)
		if not == nil {
			not = map[string][]string{}
		}
		for _, leaf := range conjuncts(t) {
			if leaf.Not {
				not[leaf.Column] = append(slices.Clip(not[leaf.Column]), leaf.Values...)
			}
		}
		return slices.ContainsFunc(t.Parts, func(p when.Tree) bool { return rare(p, not) })
	case when.Any:
		return len(t.Parts) > 0 && !slices.ContainsFunc(t.Parts, func(p when.Tree) bool { return !rare(p, not) })
	}
	if t.Column == "" {
		return false
	}
	if t.Not {
		t.Values = append(slices.Clip(t.Values), not[t.Column]...)
	}
	t, ok := asRecorded(t)
	return ok && slices.ContainsFunc(schema.UncommonSigns(), func(s schema.Sign) bool { return follows(s, t) })
}

// conjuncts lists the leaves of a tree that hold wherever it holds.
func conjuncts(t when.Tree) []when.Tree {
	if t.Join == when.Leaf && t.Column != "" {
		return []when.Tree{t}
	}
	var out []when.Tree
	if t.Join == when.All {
		for _, p := range t.Parts {
			out = append(out, conjuncts(p)...)
		}
	}
	return out
}

// asRecorded turns a leaf about a column that is derived into one about the recorded column
// that follows from it. Other leaves stay as they are.
func asRecorded(t when.Tree) (when.Tree, bool) {
	switch t.Column {
	case "other_class":
		// It is recorded_class, or internal: where it is another word, it is recorded_class.
		if t.Not || slices.Contains(t.Values, "internal") {
			return t, false
		}
		t.Column = recordedClass
	case "roaming_zone":
		// It is home in Sweden, empty where no country is known, and another word elsewhere.
		t.Column, t.Values = "visited_country", slices.Clone(t.Values)
		for i, zone := range t.Values {
			if zone == "home" {
				t.Values[i] = "SE"
			}
		}
	}
	return t, true
}

// follows tells whether a sign is there wherever a leaf holds.
func follows(s schema.Sign, t when.Tree) bool {
	if s.Column != t.Column || len(t.Values) == 0 {
		return false
	}
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
	}
	switch {
	case s.Is != nil:
		return !t.Not && within(t.Values, s.Is)
	case s.IsNot != nil && t.Not:
		return within(s.IsNot, t.Values)
	case s.IsNot != nil:
		return !slices.ContainsFunc(t.Values, func(v string) bool { return slices.Contains(s.IsNot, v) })
	}
	return within(t.Values, []string{strconv.FormatBool(!t.Not)}) // a flag
}

// uncommonSQL writes the column of usage that a rule's rows have, as a condition; empty for a
// rule that may select others.
func (r *Rule) uncommonSQL() []string {
	if r.uncommon() {
		return []string{schema.ColumnUncommon}
	}
	return nil
}

// apart divides rules into those over uncommon rows and the others: read together, the first
// would cost what the others do.
func apart(queries []sharer) [][]sharer {
	var rare, other []sharer
	for _, q := range queries {
		if q.rule.uncommon() {
			rare = append(rare, q)
		} else {
			other = append(other, q)
		}
	}
	return [][]sharer{rare, other}
}
