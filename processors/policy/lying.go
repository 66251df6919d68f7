package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// lying returns the query over usage of which some months are read as they lie.
func (q Query) lying(months settled) Query {
	if q.lies, q.read = months, "usage"; len(months) > 0 {
		q.read = months.source(q.Columns())
	}
	return q
}

// from puts into another text of the rule what it is read from: of usage, the columns that
// this text names.
func (q Query) from(text string) string {
	if len(q.lies) > 0 {
		q.read = q.lies.source(Query{rule: q.rule, text: text}.Columns())
	}
	return q.reads(text)
}

// between leaves out the months that lie outside of some days of any zone.
func (s settled) between(from, to schema.Day) settled {
	first, last := monthID(from-1), monthID(to+1)
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(month, _ string) bool { return month < first || month > last })
	return out
}

// divided tells whether a reading is divided into months: where it is of so much that to
// group by one column and not by two is worth a branch for each of them.
func (q Query) divided(parts []Part) bool {
	return len(q.lies) > 0 && whole(parts) && !slices.ContainsFunc(parts, func(p Part) bool { return p.From != p.From.Month() || p.To != p.To.Month() })
}

// condPlace is where an aggregate says which rows it is of.
const condPlace = "\x00if\x00"

// sum is an aggregate of rows, and what it is called.
type sum struct{ name, sql string }

// adding is a reading of usage that is grouped by some columns and by month.
type adding struct {
	keys []string // what the columns are called
	sums []sum
	some string // condition on sums, where they are of any row
}

// general writes it as it is of any rows. columns and month are expressions, rows is what
// follows FROM.
func (a adding) general(columns []string, month, rows string) string {
	out := "SELECT "
	for i, k := range a.keys {
		out += columns[i] + " AS " + k + ", "
	}
	out += month + " AS month"
	for _, s := range a.sums {
		out += ",\n    " + strings.ReplaceAll(s.sql, condPlace, "1") + " AS " + s.name
	}
	return out + "\nFROM " + rows + "\nGROUP BY " + strings.Join(a.keys, ", ") + ", month"
}

// divided writes it as it is of a settled month, grouped by columns alone: within, rows are of
// two months of the zone at most, and are told apart as they are added up.
func (a adding) divided(t rested, columns []string, by, rows string) string {
	tuple := func(month schema.Day, cond string) string {
		out := fmt.Sprintf("tuple(toInt32(%d)", month)
		for _, s := range a.sums {
			out += ", " + strings.ReplaceAll(s.sql, condPlace, cond)
		}
		return out + ")"
	}
	months := tuple(t.month, t.inside)
	if t.beyond != 0 {
		months += ",\n        " + tuple(t.beyond, "NOT ("+t.inside+")")
	}
	inner, outer := "SELECT ", "SELECT "
	for i, k := range a.keys {
		inner, outer = inner+columns[i]+" AS "+k+", ", outer+k+", "
	}
	outer += "m.1 AS month"
	for i, s := range a.sums {
		outer += fmt.Sprintf(", m.%d AS %s", i+2, s.name)
	}
	return outer + "\nFROM (\n    " + inner + "[" + months + "] AS months_of\n    FROM " + rows + "\n    GROUP BY " + by + "\n    SETTINGS final = 0\n)\nARRAY JOIN months_of AS m\nWHERE " + a.some
}

// unite writes a reading as a union: of the settled months, and of what lies in none, whose
// source is put into rest.
func (q Query) unite(branch func(rested) []string, rest string) string {
	var out []string
	months, torn := q.lies.restedIn(q.rule.location)
	for _, t := range months {
		for _, text := range branch(t) {
			out = append(out, strings.ReplaceAll(text, sourcePlace, "usage"))
		}
	}
	return strings.Join(append(out, strings.ReplaceAll(rest, sourcePlace, q.lies.outside(Query{rule: q.rule, text: rest}.Columns(), torn))), "\nUNION ALL\n")
}

// monthSQL writes the first day of the month of a row, as a number of days.
func (r *Rule) monthSQL() string {
	return "toInt32(toDate32(toStartOfMonth(toDate32(occurred_at, " + quote(r.Zone) + "))))"
}

// fewLines writes the aggregates that tell whether rows are protected and of too few lines: how
// many are protected, and lines, as many as it matters. rows says which rows; it reads columns
// of guardColumns.
func (r *Rule) fewLines(rows string) []sum {
	if !r.guarded() {
		return nil
	}
	var out []sum
	var most int64
	for i, g := range r.guardsOf(r.source().table()) {
		most = max(most, g.MinLines)
		out = append(out, sum{fmt.Sprintf("protected_%d", i+1), fmt.Sprintf("countIf(guarded_%d AND %s)", i+1, rows)})
	}
	return append(out, sum{"some_lines", fmt.Sprintf("groupUniqArrayIf(%d)(line_id, line_id != '' AND %s)", most, rows)})
}

// tooFew writes, over such aggregates that are added up, that there are protected rows and too
// few lines; empty when nothing is protected.
func (r *Rule) tooFew() string {
	if !r.guarded() {
		return ""
	}
	var ors []string
	for i, g := range r.guardsOf(r.source().table()) {
		ors = append(ors, fmt.Sprintf("sum(protected_%d) > 0 AND uniqExactArray(some_lines) < %d", i+1, g.MinLines))
	}
	return strings.Join(ors, " OR ")
}

// usageColumns lists the columns of usage that a text names.
func usageColumns(text string) []string {
	words := columnWord.FindAllString(text, -1)
	return slices.DeleteFunc(schema.UsageTable().Info().Readable(), func(name string) bool { return !slices.Contains(words, name) })
}
