package policy

import "linesman/schema"

// form is what the value of a key looks like.
type form string

const (
	formText      form = "text"
	formCondition form = "condition" // text, in the language of package when
	formInteger   form = "integer"
	formNumber    form = "number"
	formFlag      form = "flag"
	formDay       form = "day"
	formYear      form = "year"      // or a day
	formLine      form = "pseudonym" // of a number
	formValue     form = "value"     // of a column: text, number, true or false
	formMapping   form = "mapping"
	formList      form = "list"
)

// key declares one key of a rule file. The loader refuses keys that are not declared; the
// JSON Schema for editors is made of the declarations.
type key struct {
	name     string
	form     form
	required bool
	says     string
	words    []string // the values that are allowed; empty: any
	keys     []key    // of a mapping, or of the mappings in a list
	item     form     // of the items of a list that are no mappings
}

// names lists the names of keys in their order.
func names(keys []key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

func fileKeys() []key {
	return []key{
		{name: "pack", form: formText, required: true, says: "name of the pack"},
		{name: "rules", form: formList, required: true, says: "the rules", keys: ruleKeys()},
		{name: "title", form: formMapping, says: "what the pack is, in a few words", keys: textKeys()},
		{name: "organisation", form: formText, says: "whose written policies it puts to work"},
		{name: "parameters", form: formList, says: "words of the file's texts that an installation may set; ${name} stands for the value", keys: parameterKeys()},
		{name: "protect", form: formList, says: "rows that no rule about lines may look at, in whichever pack it is", keys: protectKeys()},
		{name: "exempt_numbers", form: formList, item: formLine, says: "pseudonyms of other parties that no rule of the file may look at: unions, occupational health, whistle-blowing"},
	}
}

func parameterKeys() []key {
	return []key{
		{name: "name", form: formText, required: true, says: "small letters, digits and hyphens"},
		{name: "says", form: formMapping, required: true, says: "what it is, for whoever sets it", keys: textKeys()},
		{name: "default", form: formValue, required: true, says: "the value where none is set: letters, digits, spaces and . _ - , only"},
	}
}

func ruleKeys() []key {
	return append([]key{
		{name: "id", form: formText, required: true, says: "small letters, digits and hyphens; a violation belongs to the id and version"},
		{name: "version", form: formInteger, required: true, says: "a rule that is changed in substance gets a new version"},
		{name: "title", form: formMapping, required: true, says: "a few words", keys: textKeys()},
		{name: "description", form: formMapping, required: true, says: "what it flags, in a sentence or two", keys: textKeys()},
		{name: "severity", form: formText, required: true, says: "how grave a violation is", words: []string{SeverityLow, SeverityMedium, SeverityHigh}},
		{name: "policy", form: formList, required: true, says: "the paragraphs it puts to work", keys: sourceKeys()},
		{name: "valid_from", form: formDay, required: true, says: "first day on which it holds"},
		{name: "valid_to", form: formDay, says: "first day on which it no longer holds; may be left out"},
		{name: "informed_at", form: formDay, required: true, says: "the staff knew of it from this day; nothing earlier is ever flagged or counted"},
		{name: "zone", form: formText, says: "where midnights are; Europe/Stockholm when left out"},
		{name: "subject", form: formText, says: "whom it is about; unit when left out", words: subjects()},
		{name: "window", form: formText, says: "calendar span over which it measures; day when left out and the kind is match", words: windows()},
		{name: "source", form: formText, says: "what it reads; may be left out of kind goal only", words: sourceNames()},
		{name: "where", form: formList, says: "conditions that must all hold", keys: conditionKeys(true)},
		{name: "exempt", form: formMapping, says: "approvals that make usage permitted", keys: exemptKeys()},
		{name: "limits", form: formList, says: "measures; the rule trips when any is above its limit", keys: limitKeys()},
		{name: "trend", form: formMapping, says: "in place of limits: a number that rises", keys: trendKeys()},
		{name: "when", form: formCondition, says: "condition as text that must hold beside where"},
		{name: "kind", form: formText, says: "what makes it trip; threshold when left out, trend where there is a trend", words: kinds()},
		{name: "says", form: formMapping, says: "kind match: words for explanations; {value} is replaced by the number of events", keys: textKeys()},
		{name: "negotiated_at", form: formDay, says: "it was negotiated with the unions from this day; nothing earlier is ever flagged or counted"},
		{name: "exempt_numbers", form: formList, item: formLine, says: "pseudonyms of other parties: what is between them and a line never counts and is never evidence"},
		{name: "evidence", form: formText, says: "none: verdicts name no events, only totals", words: []string{evidenceNone}},
		{name: "candidate", form: formFlag, says: "what it finds needs an answer before it is a violation"},
	}, specialKeys()...)
}

func textKeys() []key {
	return []key{{name: "en", form: formText, required: true, says: "English"}, {name: "sv", form: formText, required: true, says: "Swedish"}, {name: "da", form: formText, says: "Danish; may be left out"}}
}

func sourceKeys() []key {
	return []key{
		{name: "document", form: formText, required: true, says: "title and owner of the document"},
		{name: "section", form: formText, required: true, says: "section of the document"},
		{name: "quote", form: formText, required: true, says: "its words, in the language of the document"},
		{name: "date", form: formYear, says: "when it was decided: a year or a day"},
	}
}

// conditionKeys are the keys of a condition in where; any does not stand inside any.
func conditionKeys(outer bool) []key {
	out := []key{{name: "column", form: formText, says: "a column of the source", words: columnNames(func(schema.ColumnInfo) bool { return true })}}
	says := map[string]string{opIs: "equal to", opIsNot: "not equal to", opAbove: "greater than", opAtLeast: "greater than or equal to", opBelow: "less than"}
	for _, op := range operators() {
		if op == opIn || op == opNotIn {
			out = append(out, key{name: op, form: formList, item: formValue, says: map[string]string{opIn: "one of", opNotIn: "none of"}[op]})
			continue
		}
		out = append(out, key{name: op, form: formValue, says: says[op]})
	}
	if outer {
		out = append(out, key{name: "any", form: formList, says: "stands alone: one of these conditions must hold", keys: conditionKeys(false)})
	}
	return out
}

// columnNames lists the columns that rules may judge by, of all sources, each once.
func columnNames(fit func(schema.ColumnInfo) bool) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range sources() {
		table := s.table()
		for _, name := range usable(table) {
			if col, _ := table.Column(name); fit(col) && !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	return out
}

func exemptKeys() []key {
	return []key{
		{name: "approval", form: formText, required: true, says: "kind of approval", words: approvalKinds()},
		{name: "country_column", form: formText, says: "column that must be among the approval's countries", words: countryColumns()},
	}
}

func limitKeys() []key {
	summed := columnNames(func(c schema.ColumnInfo) bool {
		for _, t := range summable() {
			if c.Type == t {
				return true
			}
		}
		return false
	})
	return []key{
		{name: "measure", form: formText, required: true, says: "its name"},
		{name: measureCount, form: formFlag, says: "true: the number of events"},
		{name: measureSum, form: formText, says: "the column that is added up", words: summed},
		{name: measureCost, form: formFlag, says: "true: the cost in kronor"},
		{name: "scale", form: formInteger, says: "the column's unit divided by this gives the limit's: 1000000 for bytes to MB"},
		{name: "unit", form: formText, says: "unit of the limit, such as MB, SEK or calls; a share has none"},
		{name: "above", form: formNumber, required: true, says: "the limit: what is above it trips"},
		{name: "high_above", form: formNumber, says: "the severity is high above this"},
		{name: "says", form: formMapping, says: "words for explanations; {value} is replaced", keys: textKeys()},
		{name: measureMost, form: formText, says: "the column whose commonest value's events are counted, such as other_hash: most events with the same", words: mostColumns()},
		{name: measureShare, form: formMapping, says: "percent that the selected events are of others", keys: shareKeys()},
		{name: "at_least", form: formInteger, says: "of a share: with fewer events than this nothing is judged; 20 when left out"},
		{name: "except", form: formList, says: "other limits for a line, a unit or a role; the most specific one holds", keys: exceptKeys()},
	}
}

func shareKeys() []key {
	return []key{{name: "of", form: formCondition, required: true, says: "the events of which those that are selected are a part"}}
}

func exceptKeys() []key {
	var roles []string
	for _, w := range vocabulary("usage", "role") {
		if w != "" {
			roles = append(roles, w)
		}
	}
	return []key{
		{name: "role", form: formText, says: "role of the line", words: roles},
		{name: "unit", form: formText, says: "id of the unit"},
		{name: "line", form: formLine, says: "pseudonym of the line"},
		{name: "above", form: formNumber, required: true, says: "the limit that holds instead"},
		{name: "high_above", form: formNumber, says: "the severity is high above this; the limit's own when left out, but never below above"},
	}
}

// trendKeys are the keys that trendBody reads.
func trendKeys() []key {
	return []key{
		{name: "column", form: formText, says: "watches: the counted column; open when left out"},
		{name: "lookback_weeks", form: formInteger, says: "weeks of the series, ending with the last counted one"},
		{name: "at_least", form: formInteger, required: true, says: "counts needed"},
		{name: "z", form: formNumber, says: "Mann–Kendall's z must be above this, one-sided"},
		{name: "rise_share", form: formNumber, required: true, says: "the rise must be at least this share of the median"},
		{name: "recent", form: formInteger, required: true, says: "last counts whose median must be above the goal"},
		{name: "goal", form: formText, says: "metric of the goal; may be left out"},
		{name: "test", form: formText, says: "test of the rise", words: []string{TestMannKendall, TestSeasonal}},
		{name: "season", form: formInteger, says: "seasons of a year, for the seasonal test: 52, 12 or 4"},
		{name: "per", form: formText, says: "period of the series; week when left out", words: []string{WindowWeek, WindowMonth}},
		{name: "lookback_months", form: formInteger, says: "months of the series, where per is month"},
		{name: "exposure", form: formText, says: "what counts are put in relation to", words: []string{ExposureEmployees, ExposureLines}},
		{name: "false_discovery", form: formNumber, says: "share of false ones among the units found, at most"},
		{name: "baseline", form: formMapping, says: "period whose median the rise is measured by", keys: []key{
			{name: "from", form: formDay, required: true, says: "its first day"}, {name: "to", form: formDay, required: true, says: "the day after its last"}}},
		{name: measureCount, form: formFlag, says: "usage: true: the number of events"},
		{name: measureSum, form: formText, says: "usage: the column that is added up"},
		{name: measureCost, form: formFlag, says: "usage: true: the cost in kronor"},
		{name: "scale", form: formInteger, says: "usage: the column's unit divided by this gives the unit"},
		{name: "unit", form: formText, says: "usage: unit of the numbers"},
	}
}
