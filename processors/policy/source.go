package policy

import (
	"slices"
	"strings"

	"linesman/schema"
)

// source is what a rule reads: a table of the store, or rows that are made of several.
//
// A new source is one more line in [sources] and a function that returns it, in a file of its
// own. Its rows must have the columns event_id (FixedString(16)), occurred_at
// (DateTime64(3, 'UTC')) and unit_id; line_id, cost_centre, cost, role and other_hash where
// there is such a thing, or else constants stand for them in verdicts (empty texts and 0). What
// conditions, measures and most may read follows from the declared columns; words that a
// column is bound to are listed in when.Vocabulary by the name of the declaration.
type source struct {
	name string // as a rule names it
	says string // for the documentation
	// table declares the columns by which conditions are checked. Its name stands in
	// messages and in when.Vocabulary; it need not be a table of the store.
	table func() schema.Info
	// read is the SQL a query reads it from: the name of a table, or a query in parentheses.
	// It may depend on the rule's zone. Queries are run with final = 1.
	read     func(r *Rule) string
	subjects []string // whom a rule over it may be about; the first when the rule does not say
	kinds    []string // kinds of its rules
	// counted: a row is a state on a day (watches) and no event. Such a source has no
	// occurred_at, and only trends judge it.
	counted bool
	// used is the SQL condition on rows that tell that something happened at all: of a trend, a
	// period of a unit without such rows is missing, and one with them may be 0.
	used string
}

// sources lists what rules can read. This is where a source is registered.
func sources() []source {
	return []source{usageSource(), watchSource(), contactSource(), hoursSource(), returnSource(), lossSource(), approvalSource()}
}

func usageSource() source {
	return source{
		name: SourceUsage, says: "calls, data sessions, messages and fees",
		table: func() schema.Info { return schema.UsageTable().Info() }, read: tableNamed("usage"),
		subjects: []string{SubjectUnit, SubjectLine}, kinds: []string{KindMatch, KindThreshold, KindTrend, KindAbsence, KindBudget, KindGoal}, used: "kind != 'fee'",
	}
}

func watchSource() source {
	return source{
		name: SourceWatches, says: "counts of watches of a unit",
		table: func() schema.Info { return schema.WatchTable().Info() }, read: tableNamed("watches"),
		subjects: []string{SubjectUnit}, kinds: []string{KindTrend}, counted: true,
	}
}

// contactSource is the statistics of contact centres: sums over intervals, without callers
// and without cost.
func contactSource() source {
	return source{
		name: SourceContacts, says: "contact-centre statistics of a unit, by queue, chosen key, origin and interval",
		table: func() schema.Info { return schema.ContactTable().Info() }, read: tableNamed("contacts"),
		subjects: []string{SubjectUnit}, kinds: []string{KindMatch, KindThreshold, KindTrend}, used: "1",
	}
}

func tableNamed(name string) func(*Rule) string { return func(*Rule) string { return name } }

// sourceNamed finds a source. An unknown name, which the loader has refused, is taken for
// usage, so that the rest of the rule can be read.
func sourceNamed(name string) source {
	for _, s := range sources() {
		if s.name == name {
			return s
		}
	}
	return usageSource()
}

// sourceNames lists the words that a rule may have as its source.
func sourceNames() []string {
	var out []string
	for _, s := range sources() {
		out = append(out, s.name)
	}
	return out
}

// source returns what the rule reads.
func (r *Rule) source() source { return sourceNamed(r.From) }

// has tells whether rows of the source have a column.
func (s source) has(column string) bool {
	_, ok := s.table().Column(column)
	return ok
}

// column writes a column of the source, or the constant that stands for it.
func (s source) column(name string) string {
	if s.has(name) {
		return name
	}
	if name == "cost" {
		return "toDecimal64(0, 6) AS cost"
	}
	return "'' AS " + name
}

// fitsSource checks that the source knows the rule's subject and kind.
func (f fields) fitsSource(rule *Rule) {
	s := rule.source()
	if rule.From == "" || s.counted { // of counts trendBody says so
		return
	}
	if rule.Subject != "" && rule.Subject != SubjectCostCentre && !slices.Contains(s.subjects, rule.Subject) {
		f.r.problem(f.at("subject"), "%s: a rule over %s has the subject %s, not %s", f.what, s.name, strings.Join(s.subjects, " or "), rule.Subject)
	}
	if rule.Kind != "" && !slices.Contains(s.kinds, rule.Kind) {
		f.r.problem(f.at("kind"), "%s: a rule over %s is of kind %s, not %s", f.what, s.name, strings.Join(s.kinds, " or "), rule.Kind)
	}
}
