package backtest

import (
	"cmp"
	"slices"
	"strings"

	"linesman/schema"
)

// place is where a violation is, whatever version of the rule finds it.
type place struct {
	kind, subject, window string
	from, to              schema.Day
}

func placeOf(v schema.Violation) place {
	return place{v.SubjectKind, v.SubjectID, v.WindowKind, v.WindowFrom, v.WindowTo}
}

// pair is one place with what the two versions find there; one of them may be nil.
type pair struct{ draft, inForce *schema.Violation }

// match brings the verdicts together by place, in the order of the draft's, then of those in
// force that the draft does not find.
func match(draft, inForce []schema.Violation) []pair {
	before := map[place][]int{}
	for i := range inForce {
		at := placeOf(inForce[i])
		before[at] = append(before[at], i)
	}
	pairs := make([]pair, 0, max(len(draft), len(inForce)))
	for i := range draft {
		p := pair{draft: &draft[i]}
		at := placeOf(draft[i])
		if left := before[at]; len(left) > 0 {
			p.inForce, before[at] = &inForce[left[0]], left[1:]
		}
		pairs = append(pairs, p)
	}
	for i := range inForce {
		at := placeOf(inForce[i])
		if left := before[at]; len(left) > 0 && left[0] == i {
			pairs, before[at] = append(pairs, pair{inForce: &inForce[i]}), left[1:]
		}
	}
	return pairs
}

// what lists in what a violation that both find differs.
func (p pair) what() []string {
	var out []string
	d, f := p.draft, p.inForce
	if d.Value != f.Value || d.Measure != f.Measure || d.ValueUnit != f.ValueUnit {
		out = append(out, "value")
	}
	if d.Cost != f.Cost {
		out = append(out, "cost")
	}
	if d.Severity != f.Severity {
		out = append(out, "severity")
	}
	if d.UnitID != f.UnitID {
		out = append(out, "unit")
	}
	return out
}

// main is the verdict that says where the pair is counted.
func (p pair) main() *schema.Violation {
	if p.draft != nil {
		return p.draft
	}
	return p.inForce
}

func (p pair) tally() Tally {
	switch {
	case p.inForce == nil:
		return Tally{New: Sum{1, Amount(p.draft.Cost)}}
	case p.draft == nil:
		return Tally{Gone: Sum{1, Amount(p.inForce.Cost)}}
	case len(p.what()) > 0:
		return Tally{Changed: Sum{1, Amount(p.draft.Cost)}, Before: Amount(p.inForce.Cost)}
	}
	return Tally{Unchanged: Sum{1, Amount(p.draft.Cost)}}
}

// count adds the pairs up: in all, by unit and by month.
func (r *Rule) count(pairs []pair) {
	units, months := map[string]*Tally{}, map[string]*Tally{}
	type who struct{ kind, subject string }
	draft, inForce := map[who]bool{}, map[who]bool{}
	for _, p := range pairs {
		v, t := p.main(), p.tally()
		r.Tally.Add(t)
		into(units, v.UnitID).Add(t)
		into(months, v.WindowFrom.Month().String()).Add(t)
		if p.draft != nil {
			draft[who{p.draft.SubjectKind, p.draft.SubjectID}] = true
		}
		if p.inForce != nil {
			inForce[who{p.inForce.SubjectKind, p.inForce.SubjectID}] = true
		}
	}
	r.Subjects = Subjects{Draft: len(draft), InForce: len(inForce)}
	for w := range draft {
		if inForce[w] {
			r.Subjects.Both++
		}
	}
	r.ByUnit, r.ByMonth = rows(units), rows(months)
	slices.SortStableFunc(r.ByUnit, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(b.differing(), a.differing()))
	})
}

func into(m map[string]*Tally, key string) *Tally {
	t := m[key]
	if t == nil {
		t = &Tally{}
		m[key] = t
	}
	return t
}

func rows(m map[string]*Tally) []Row {
	out := make([]Row, 0, len(m))
	for key, t := range m {
		out = append(out, Row{Key: key, Tally: *t})
	}
	slices.SortFunc(out, func(a, b Row) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// weight is the money that the draft moves: what is found anew, no longer, or otherwise.
func (t Tally) weight() Amount { return t.New.Cost + t.Gone.Cost + abs(t.Changed.Cost-t.Before) }

func (t Tally) differing() int { return t.New.Count + t.Gone.Count + t.Changed.Count }

func abs(a Amount) Amount { return max(a, -a) }

// examples picks the costliest cases of each kind.
func (in *Input) examples(pairs []pair) []Case {
	kinds := map[string][]Case{}
	for _, p := range pairs {
		if p.draft != nil && p.inForce != nil && len(p.what()) == 0 {
			continue
		}
		c := in.caseOf(p)
		kinds[c.Kind] = append(kinds[c.Kind], c)
	}
	var out []Case
	for _, kind := range []string{New, Gone, Changed} {
		all := kinds[kind]
		slices.SortStableFunc(all, func(a, b Case) int {
			return cmp.Or(cmp.Compare(b.cost(), a.cost()), cmp.Compare(a.From, b.From), strings.Compare(a.Subject, b.Subject))
		})
		out = append(out, all[:min(len(all), in.Examples)]...)
	}
	return out
}

func (c Case) cost() Amount {
	if c.Draft != nil {
		return c.Draft.Cost
	}
	return c.InForce.Cost
}

// evidenceIDs is how many event ids a case names.
const evidenceIDs = 3

func (in *Input) caseOf(p pair) Case {
	v := p.main()
	c := Case{Kind: New, Subject: v.SubjectID, Unit: v.UnitID, From: Day(v.WindowFrom), To: Day(v.WindowTo - 1), Evidence: []string{}, Total: v.EvidenceTotal}
	for _, id := range v.Evidence[:min(len(v.Evidence), evidenceIDs)] {
		c.Evidence = append(c.Evidence, id.String())
	}
	if p.draft != nil {
		c.Draft = finding(*p.draft, in.Draft)
	}
	if p.inForce != nil {
		c.Kind, c.InForce = Gone, finding(*p.inForce, in.Against)
	}
	if p.draft != nil && p.inForce != nil {
		c.Kind, c.What = Changed, p.what()
	}
	return c
}
