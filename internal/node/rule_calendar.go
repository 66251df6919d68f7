package node

import (
	"linesman/dashboards/query"
	"linesman/processors/policy"
	"linesman/schema"
)

// Changes tells when each rule takes effect, changes and ends, for the marks on the curves.
func (r ruleTexts) Changes() []query.RuleChange { return ruleChanges(r.set.Rules()) }

// ruleChanges expects rules ordered by id and version. A rule takes effect when all that it
// needs is there: it is valid, and the staff were informed and heard.
func ruleChanges(rules []*policy.Rule) []query.RuleChange {
	starts := func(r *policy.Rule) schema.Day { return max(r.ValidFrom, r.InformedAt, r.NegotiatedAt) }
	var out []query.RuleChange
	for i, r := range rules {
		kind := query.RuleStarts
		if i > 0 && rules[i-1].ID == r.ID {
			kind = query.RuleChanges
		}
		out = append(out, query.RuleChange{ID: r.ID, Version: r.Version, Day: starts(r), Kind: kind})
		follows := i+1 < len(rules) && rules[i+1].ID == r.ID && starts(rules[i+1]) <= r.ValidTo
		if r.ValidTo != 0 && !follows {
			out = append(out, query.RuleChange{ID: r.ID, Version: r.Version, Day: r.ValidTo, Kind: query.RuleEnds})
		}
	}
	return out
}
