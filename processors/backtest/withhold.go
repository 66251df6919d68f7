package backtest

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"linesman/processors/policy"
	"linesman/schema"
)

// A draft can ask anything of the store. Where its answers are shown to people who may not look
// others up, what it finds is shown of groups of lines only; see [Input.FewLines].

// asksAnew tells whether a draft selects other events than the version in force. One that only
// moves limits, windows and dates asks what was negotiated already.
func (t task) asksAnew() bool {
	d, f := t.draft, t.inForce
	if f == nil || d.From != f.From || d.Subject != f.Subject || d.Kind != f.Kind || !reflect.DeepEqual(measured(d), measured(f)) {
		return true
	}
	free := []string{"version", "pack", "title", "description", "severity", "policy", "valid_from", "valid_to", "informed_at", "negotiated_at", "window", "days", "limits", "candidate", "zone"}
	return slices.ContainsFunc(t.diff, func(w Words) bool { return !slices.Contains(free, w.Field) })
}

// measured says what the limits of a rule are about, but not how high they are.
func measured(r *policy.Rule) []string {
	var out []string
	for _, l := range r.Limits {
		text := l.How + " " + l.Column
		if l.Share != nil {
			text += " " + l.Share.String()
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// linesOf tells of which lines a pair speaks.
type linesOf func(pair) []string

// few returns how to tell lines where few of them are to be withheld, or nil where all may be
// shown.
func (in *Input) few(ctx context.Context, j *judge, t task, since schema.Day, pairs []pair) (linesOf, error) {
	d := t.draft
	if in.FewLines == 0 || !t.asksAnew() || d.From == policy.SourceWatches || d.From == policy.SourceContacts || d.GoalRule != nil {
		return nil, nil
	}
	if d.Subject == policy.SubjectLine {
		return func(p pair) []string { return []string{p.main().SubjectID} }, nil
	}
	byPlace := map[groupKey][]string{}
	for _, r := range []*policy.Rule{d, t.inForce} {
		if r == nil || len(pairs) == 0 {
			continue
		}
		found, err := j.verdicts(ctx, perLine(r), since)
		if err != nil {
			return nil, fmt.Errorf("counting the lines of rule %s: %w", r.Name(), err)
		}
		for _, v := range found {
			key := groupKey{v.UnitID, v.WindowFrom}
			if r.Subject != policy.SubjectUnit {
				key.subject = v.CostCentre
			}
			byPlace[key] = append(byPlace[key], v.SubjectID)
		}
	}
	return func(p pair) []string { return byPlace[groupKey{p.main().SubjectID, p.main().WindowFrom}] }, nil
}

type groupKey struct {
	subject string
	window  schema.Day
}

// perLine is a rule that finds every line that has an event the rule counts.
func perLine(r *policy.Rule) *policy.Rule {
	lines := *r
	lines.Kind, lines.Subject, lines.Limits = policy.KindThreshold, policy.SubjectLine, []policy.Limit{{Measure: "count", How: "count", Scale: 1, Unit: "events"}}
	lines.Trend, lines.Absence, lines.Schedule, lines.Budget = nil, nil, nil, nil
	if lines.Window == policy.WindowRolling {
		lines.Window, lines.Days = policy.WindowMonth, 0
	}
	return &lines
}

// crowd is what is known of one row: its figures, the lines it speaks of, and those in which the
// two versions differ.
type crowd struct {
	tally         Tally
	lines, differ map[string]bool
}

func newCrowd() *crowd { return &crowd{lines: map[string]bool{}, differ: map[string]bool{}} }

func (c *crowd) join(o *crowd) {
	c.tally.Add(o.tally)
	for line := range o.lines {
		c.lines[line] = true
	}
	for line := range o.differ {
		c.differ[line] = true
	}
}

// shown tells whether the crowd is large enough. A difference about few lines in a large crowd
// would tell of them.
func (c *crowd) shown(fewest int) bool {
	return len(c.lines) >= fewest && (len(c.differ) == 0 || len(c.differ) >= fewest)
}

// withhold counts the pairs, but shows no row of fewer lines than may be shown: such rows are
// shown as one, with others where they are too few together. When all are too few, nothing is
// shown, not even whether there is anything.
func (r *Rule) withhold(pairs []pair, lines linesOf, fewest int) {
	all := newCrowd()
	units, months := map[string]*crowd{}, map[string]*crowd{}
	for _, p := range pairs {
		one := newCrowd()
		one.tally = p.tally()
		for _, line := range lines(p) {
			one.lines[line] = true
			if one.tally.differing() > 0 {
				one.differ[line] = true
			}
		}
		all.join(one)
		crowdOf(units, p.main().UnitID).join(one)
		crowdOf(months, p.main().WindowFrom.Month().String()).join(one)
	}
	if !all.shown(fewest) {
		r.Withheld = true
		r.Notes = append(r.Notes, Text{
			EN: fmt.Sprintf("the draft selects other events than the version in force; what it finds, if anything, is about fewer than %d lines and is not shown here", fewest),
			SV: fmt.Sprintf("utkastet väljer andra händelser än den gällande versionen; det som hittas, om något, rör färre än %d anknytningar och visas inte här", fewest)})
		return
	}
	r.count(pairs)
	r.ByUnit, r.ByMonth = folded(r.ByUnit, units, fewest), folded(r.ByMonth, months, fewest)
}

func crowdOf(m map[string]*crowd, key string) *crowd {
	if m[key] == nil {
		m[key] = newCrowd()
	}
	return m[key]
}

// folded joins the rows that may not be shown into one, which comes last.
func folded(rows []Row, crowds map[string]*crowd, fewest int) []Row {
	var out []Row
	rest, n := newCrowd(), 0
	for _, row := range rows {
		if c := crowds[row.Key]; c.shown(fewest) {
			out = append(out, row)
		} else {
			rest.join(c)
			n++
		}
	}
	for n > 0 && !rest.shown(fewest) && len(out) > 0 { // or the difference to the total would tell
		least := 0
		for i := range out {
			if len(crowds[out[i].Key].lines) < len(crowds[out[least].Key].lines) {
				least = i
			}
		}
		rest.join(crowds[out[least].Key])
		n++
		out = slices.Delete(out, least, least+1)
	}
	if n > 0 {
		out = append(out, Row{Folded: n, Tally: rest.tally})
	}
	return out
}
