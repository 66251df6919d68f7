package policy

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// VersionVerdicts is [Evaluator.Verdicts] of two versions of a rule that select the same events
// and measure them over the same windows, but have other limits: usage is read and grouped once
// for both. ok is false, and nothing was asked, where the two are not such.
func (e *Evaluator) VersionVerdicts(ctx context.Context, one, other *Rule, parts []Part) (ofOne, ofOther []schema.Violation, ok bool, err error) {
	if !sameEvents(one, other) {
		return nil, nil, false, nil
	}
	// A rule that trips where either does; its measures are those of the one, then of the other.
	joint := *one
	joint.Limits = slices.Concat(one.Limits, other.Limits)
	q, err := e.asked(&joint)
	if err != nil {
		return nil, nil, true, err
	}
	q.kept = map[schema.ID]usageRow{}
	found, _, err := e.find(ctx, q, parts)
	if err != nil {
		return nil, nil, true, err
	}
	n := len(one.Limits)
	for _, v := range found {
		row := q.kept[v.ViolationID]
		if ofOne, err = one.tripped(ofOne, row.limits(0, n)); err != nil {
			return nil, nil, true, err
		}
		if ofOther, err = other.tripped(ofOther, row.limits(n, len(joint.Limits))); err != nil {
			return nil, nil, true, err
		}
	}
	slices.SortFunc(ofOne, byPlace)
	slices.SortFunc(ofOther, byPlace)
	return ofOne, ofOther, true, nil
}

// sameEvents tells whether two rules select the same events of the same source, approvals and
// protections taken into account, and group them alike, so that they differ in limits and words
// at most.
func sameEvents(a, b *Rule) bool {
	for _, r := range []*Rule{a, b} {
		if r.Trend != nil || r.special() || r.source().counted || len(r.Limits) == 0 {
			return false
		}
	}
	return a.From == b.From && a.Subject == b.Subject && a.Window == b.Window && a.Zone == b.Zone && a.Exempt == b.Exempt && a.NoEvidence == b.NoEvidence &&
		a.start() == b.start() && a.ValidTo == b.ValidTo && a.countryColumn() == b.countryColumn() && slices.Equal(inOrder(a.whereSQL()), inOrder(b.whereSQL())) &&
		slices.Equal(a.ExemptNumbers, b.ExemptNumbers) && slices.Equal(a.wholeOf(), b.wholeOf()) && slices.EqualFunc(a.guards, b.guards, func(x, y guard) bool { return x.same(y.Protection) })
}

func inOrder(texts []string) []string {
	out := slices.Clone(texts)
	slices.Sort(out)
	return out
}

// wholeOf lists what the shares of a rule are of: it decides which other events are read.
func (r *Rule) wholeOf() []string {
	var out []string
	for _, l := range r.Limits {
		if l.Share != nil {
			out = append(out, l.Share.SQL())
		}
	}
	return slices.Compact(inOrder(out))
}

// limits is a row with the measures of some limits only.
func (u usageRow) limits(from, to int) usageRow {
	u.measures = u.measures[from:to]
	if len(u.wholes) > 0 {
		u.wholes, u.chosen = u.wholes[from:to], u.chosen[from:to]
	}
	return u
}

// tripped appends the verdict about a row where a limit of the rule is exceeded.
func (r *Rule) tripped(list []schema.Violation, u usageRow) ([]schema.Violation, error) {
	v, err := r.usageVerdict(u)
	if err != nil || v.Measure == "" {
		return list, err
	}
	return append(list, v), nil
}

// scanKept is scanUsage for a query that notes the rows its verdicts are made of.
func (q Query) scanKept(rows driver.Rows) (schema.Violation, error) {
	var u usageRow
	if err := rows.Scan(u.into(q.rule.layered())...); err != nil {
		return schema.Violation{}, err
	}
	v, err := q.rule.usageVerdict(u)
	q.kept[v.ViolationID] = u
	return v, err
}
