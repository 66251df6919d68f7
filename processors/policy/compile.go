package policy

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"linesman/schema"
)

// MaxEvidence is how many event ids a violation carries; its total says how many there are.
const MaxEvidence = 1000

// Query is a compiled rule: one ClickHouse query for the whole history, or for chosen
// windows of chosen subjects.
type Query struct {
	Rule string // id/version
	text string // with placeholders for the bounds and the source
	rule *Rule
	read string                 // SQL the source is read from, in place of its own
	kept map[schema.ID]usageRow // where set, the rows that verdicts were made of
	lies settled                // where set, the months of usage that are read as they lie
	only []string               // where set, the subjects it is about
}

// The places where bounds are written into a compiled query. A NUL cannot occur in a
// literal, because quote escapes it.
const (
	rowsPlace    = "\x00rows\x00"
	windowsPlace = "\x00windows\x00"
	sourcePlace  = "\x00source\x00" // where the rule's source is read from
)

// Part bounds a query to windows of some subjects.
type Part struct {
	From, To schema.Day // first day of the first window and day after the last, in the rule's zone
	Subjects []string   // nil: all
}

// SQL returns the text over the whole history. It is complete: settings included, no
// parameters; tables are looked up in the database of the connection.
func (q Query) SQL() string { return q.Within(nil) }

// Within returns the text bounded to parts; nil means the whole history.
func (q Query) Within(parts []Part) string {
	rows, windows := q.rule.rowBounds(parts)+inList(q.rule.subjectColumn(), q.only), q.rule.windowBounds(parts)
	return strings.NewReplacer(rowsPlace, rows, windowsPlace, windows).Replace(q.reads(q.text))
}

// reads puts what the source is read from into a text.
func (q Query) reads(text string) string {
	return strings.ReplaceAll(text, sourcePlace, cmp.Or(q.read, q.rule.source().read(q.rule)))
}

// Source names what the rule reads.
func (q Query) Source() string { return q.rule.From }

// Reading returns the query with its source read from another SQL expression: a table, or a
// query in parentheses with the same rows, and of their columns at least [Query.Columns].
func (q Query) Reading(from string) Query {
	q.read = from
	return q
}

// Columns lists the columns of the source that the query may mention, in their declared
// order. It names all that occur in the text as a word, so it may list too many, never too few.
func (q Query) Columns() []string {
	words := map[string]bool{}
	text := q.text + q.rule.subjectColumn() + " recorded_line_id occurred_at"
	if q.rule.Trend.statistical() && !q.rule.source().counted {
		text += q.rule.selectedWith() // their evidence is read by another query
	}
	for _, w := range columnWord.FindAllString(text, -1) {
		words[w] = true
	}
	return slices.DeleteFunc(q.rule.source().table().Readable(), func(name string) bool { return !words[name] })
}

var columnWord = regexp.MustCompile(`[a-z_][a-z0-9_]*`)

// Naming returns the query with verdicts that name at most n of their events: enough to look
// some up, at a fraction of the memory. How many there are stays told. Trends name them all.
func (q Query) Naming(n int) Query {
	q.text = strings.Replace(q.text, fmt.Sprintf("(%d)(%s", MaxEvidence, evidenceOrder), fmt.Sprintf("(%d)(%s", n, evidenceOrder), 1)
	return q
}

// evidenceOrder is the order in which events are named, and by which the last one is told: by
// the moment, and by the id at the same moment. As one number, for the engine compares numbers
// several times as fast as pairs; moments of all years are above 0.
const evidenceOrder = "toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128)"

// orderedIDs writes the ids of a list in that order.
func orderedIDs(list string) string {
	return "arrayMap(e -> reverse(reinterpretAsFixedString(toUInt128(e))), " + list + ")"
}

// evidenceNone is the word of a rule whose verdicts name no events.
const evidenceNone = "none"

// noEvidence is an empty list of event ids.
const noEvidence = "CAST([], 'Array(FixedString(16))')"

// namedSQL writes the events that a verdict names: the first ones, protected rows left out.
func (r *Rule) namedSQL() string {
	if r.NoEvidence {
		return noEvidence
	}
	var conditions []string
	if r.shares() {
		conditions = append(conditions, "picked")
	}
	if r.guarded() {
		conditions = append(conditions, "NOT guarded")
	}
	if len(conditions) == 0 {
		return orderedIDs(fmt.Sprintf("groupArraySorted(%d)(%s)", MaxEvidence, evidenceOrder))
	}
	return orderedIDs(fmt.Sprintf("groupArraySortedIf(%d)(%s, %s)", MaxEvidence, evidenceOrder, strings.Join(conditions, " AND ")))
}

// timesSQL writes the moments of the first and the last event, to the day only where the
// group holds protected rows.
func (r *Rule) timesSQL() string {
	var b strings.Builder
	for _, t := range [][2]string{{"min", "first_ms"}, {"max", "last_ms"}} {
		moment := r.over(t[0], "occurred_at")
		if r.guarded() {
			fmt.Fprintf(&b, "    if(countIf(guarded AND %s) > 0, toInt64(toUnixTimestamp(toStartOfDay(toTimeZone(%s, %s)))) * 1000, toUnixTimestamp64Milli(%s)) AS %s,\n",
				r.selected(), moment, quote(r.Zone), moment, t[1])
			continue
		}
		fmt.Fprintf(&b, "    toUnixTimestamp64Milli(%s) AS %s,\n", moment, t[1])
	}
	return b.String()
}

// Compile makes the query of a rule. The query reads rows only: it never writes, and its
// text depends on nothing but the rule.
func (r *Rule) Compile() (Query, error) {
	if r.location == nil {
		return Query{}, errors.New("compiling a rule that was not loaded")
	}
	q := Query{Rule: r.Name(), rule: r}
	switch {
	case r.Trend != nil:
		q.text = r.trendSQL()
	case r.special():
		q.text = r.specialSQL()
	case !r.source().counted && len(r.Limits) > 0:
		q.text = r.usageSQL()
	default:
		return Query{}, fmt.Errorf("compiling rule %s: it measures nothing", r.Name())
	}
	return q, nil
}

// settings make the answer independent of the connection. Parts of different months never
// hold versions of the same event, so they need not be merged with each other.
const settings = "SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0"

// usageSQL reads the selected usage once, takes away what approvals cover, and keeps the
// groups above a limit.
func (r *Rule) usageSQL() string {
	var b strings.Builder
	unit := r.last("unit_id")
	if r.Subject == SubjectUnit {
		unit = "''" // the subject itself
	}
	b.WriteString("    " + unit + " AS last_unit,\n")
	b.WriteString("    " + r.last("cost_centre") + " AS last_cost_centre,\n")
	b.WriteString("    " + r.over("uniqExact", "day") + " AS days,\n")
	b.WriteString("    toInt64(" + r.over("sum", "cost") + " * 1000000) AS cost_micro,\n")
	b.WriteString(r.timesSQL())
	countries := "CAST([], 'Array(String)')"
	if c := r.countryColumn(); c != "" {
		countries = "arraySort(" + r.over("groupUniqArray", "toString("+c+")") + ")"
	}
	fmt.Fprintf(&b, "    %s AS countries,\n", countries)
	b.WriteString("    " + r.over("groupBitXor", "reinterpretAsUInt64(substring(event_id, 1, 8))") + " AS fingerprint,\n")
	b.WriteString("    " + r.namedSQL() + " AS evidence,\n")
	return r.groupsSQL(b.String()) + "\nORDER BY subject, window_from\n" + settings
}

// groupsSQL finds the groups above a limit, and further columns of them.
func (r *Rule) groupsSQL(columns string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sSELECT\n    toString(%s) AS subject,\n    toInt32(%s) AS window_from,\n%s", r.permitsSQL(), r.subjectColumn(), r.windowSQL("day"), columns)
	fmt.Fprintf(&b, "    %s AS events,\n    [%s] AS measures", r.over("count", ""), strings.Join(r.measuresSQL(), ", "))
	if r.layered() {
		fmt.Fprintf(&b, ",\n    [%s] AS wholes,\n    [%s] AS chosen", strings.Join(r.wholesSQL(), ", "), strings.Join(r.chosenSQL(), ", "))
	}
	b.WriteString("\nFROM (\n" + r.selectedSQL() + ")\n")
	having := strings.Join(r.brokenSQL(), " OR ")
	if r.shares() {
		having = "events > 0 AND (" + having + ")"
	}
	if small := r.smallSQL(slices.Compact([]string{"1", r.selected()})...); small != "" {
		having = "(" + having + ") AND NOT " + small
	}
	return b.String() + "GROUP BY subject, window_from\nHAVING " + having
}

// selectedSQL is the usage that counts: selected by the conditions, within the rule's
// lifetime, and not covered by an approval.
func (r *Rule) selectedSQL() string {
	var b strings.Builder
	fmt.Fprintf(&b, "    SELECT %s,\n        toDate32(occurred_at, %s) AS day%s\n    FROM %s\n", strings.Join(r.readSQL(), ", "), quote(r.Zone), r.pickedSQL()+r.guardedSQL(), sourcePlace)
	conditions := []string{r.subjectColumn() + " != ''", "occurred_at >= " + moment3(r.start().Start(r.location))}
	if r.ValidTo != 0 {
		conditions = append(conditions, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	conditions = append(append(conditions, r.uncommonSQL()...), r.rowsSQL()...)
	b.WriteString("    WHERE " + strings.Join(conditions, "\n        AND ") + rowsPlace + "\n")
	if r.Exempt.Approval == "" {
		return b.String()
	}
	covers := "p.1 <= used.occurred_at AND used.occurred_at < p.2"
	if r.Exempt.CountryColumn != "" {
		covers += " AND (empty(p.3) OR has(p.3, toString(used." + r.Exempt.CountryColumn + ")))"
	}
	return "    SELECT used.*\n    FROM (\n" + indent(b.String()) + "    ) AS used\n" +
		"    LEFT JOIN line_permits ON used.line_id = line_permits.line\n" +
		"    LEFT JOIN unit_permits ON toString(used.unit_id) = unit_permits.unit\n" +
		"    WHERE NOT arrayExists(p -> " + covers + ", arrayConcat(line_permits.permits, unit_permits.permits))\n"
}

// permitsSQL collects the approvals of the rule's kind by line and by unit. One for an
// extension is for the line that had the extension at the time.
func (r *Rule) permitsSQL() string {
	if r.Exempt.Approval == "" {
		return ""
	}
	const until = "if(%[1]svalid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), %[1]svalid_to)"
	return "WITH\npermits AS (\n    SELECT line_id AS line, toString(unit_id) AS unit, valid_from AS since, " + fmt.Sprintf(until, "") + " AS until,\n" +
		"        arrayFilter(c -> c != '', splitByRegexp('[^A-Z]+', upper(countries))) AS places\n" +
		"    FROM approvals\n    WHERE kind = " + quote(r.Exempt.Approval) + "\n),\n" +
		extensionsSQL() +
		"line_permits AS (\n    SELECT line, groupArray(tuple(since, until, places)) AS permits\n    FROM (\n" +
		"        SELECT line, since, until, places FROM permits WHERE line != ''\n        UNION ALL\n" +
		"        SELECT l.line_id, greatest(p.since, l.since), least(p.until, l.until), p.places\n" +
		"        FROM permits AS p\n        INNER JOIN extensions AS l ON p.line = l.alias_id\n        WHERE p.line != ''\n" +
		"    )\n    GROUP BY line\n),\n" +
		"unit_permits AS (\n    SELECT unit, groupArray(tuple(since, until, places)) AS permits\n" +
		"    FROM permits\n    WHERE line = '' AND unit != ''\n    GROUP BY unit\n)\n"
}

// readSQL writes the columns of the source that the query needs after the conditions.
func (r *Rule) readSQL() []string {
	out := r.readColumns()
	for i, name := range out {
		out[i] = r.source().column(name)
	}
	return out
}

// extensionsSQL tells from when until when each line had its extension. A statement ends where
// the next one about the same line, or about the same extension, begins.
func extensionsSQL() string {
	const far = "toDateTime64('2299-12-31 00:00:00', 3, 'UTC')"
	next := func(of string) string {
		return "leadInFrame(valid_from, 1, " + far + ") OVER (PARTITION BY " + of + " ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
	}
	return "extensions AS (\n    SELECT line_id, alias_id, valid_from AS since, least(if(valid_to = toDateTime64(0, 3, 'UTC'), " + far + ", valid_to), next_of_line, next_of_alias) AS until\n    FROM (\n" +
		"        SELECT line_id, alias_id, valid_from, valid_to, " + next("line_id") + " AS next_of_line, " + next("alias_id") + " AS next_of_alias\n        FROM lines\n" +
		"    )\n    WHERE alias_id != '' AND since < until\n),\n"
}

// readColumns lists the columns that the query needs after the conditions.
func (r *Rule) readColumns() []string {
	names := []string{"event_id", "line_id", "occurred_at", "unit_id", "cost_centre", "cost"}
	for _, l := range r.Limits {
		names = append(names, l.Column)
		if slices.ContainsFunc(l.Except, func(e Exception) bool { return e.Role != "" }) {
			names = append(names, "role")
		}
	}
	names = append(names, r.countryColumn(), r.Exempt.CountryColumn)
	var out []string
	for _, n := range names {
		if n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// countryColumn is the column whose countries explain a violation; empty when the rule
// does not look at countries.
func (r *Rule) countryColumn() string {
	if r.Exempt.CountryColumn != "" {
		return r.Exempt.CountryColumn
	}
	for _, c := range r.Where {
		for _, name := range c.columns() {
			if name == "visited_country" || name == "other_country" {
				return name
			}
		}
	}
	return ""
}

func (r *Rule) subjectColumn() string {
	switch r.Subject {
	case SubjectUnit:
		return "unit_id"
	case SubjectCostCentre:
		return "cost_centre"
	}
	return "line_id"
}

// windowSQL writes the first day of the window that holds a day.
func (r *Rule) windowSQL(day string) string {
	switch r.Window {
	case WindowYear:
		return "toDate32(toStartOfYear(" + day + "))"
	case WindowMonth:
		return "toDate32(toStartOfMonth(" + day + "))"
	case WindowWeek:
		return "toDate32(toMonday(" + day + "))"
	}
	return day
}

func dayLiteral(d schema.Day) string { return "toDate32('" + d.String() + "')" }

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}
