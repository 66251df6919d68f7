package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shares tells whether a limit of the rule is a share. The query then reads the events that
// shares are of, too, and marks in the column picked those that are selected.
func (r *Rule) shares() bool {
	return slices.ContainsFunc(r.Limits, func(l Limit) bool { return l.How == measureShare })
}

// layered tells whether the query says what shares are of and which exceptions hold.
func (r *Rule) layered() bool {
	return r.shares() || slices.ContainsFunc(r.Limits, func(l Limit) bool { return len(l.Except) > 0 })
}

// over writes an aggregate over the selected events.
func (r *Rule) over(function, argument string, parameter ...int) string {
	brackets := ""
	if len(parameter) > 0 {
		brackets = "(" + strconv.Itoa(parameter[0]) + ")"
	}
	if !r.shares() {
		return function + brackets + "(" + argument + ")"
	}
	if argument != "" {
		argument += ", "
	}
	return function + "If" + brackets + "(" + argument + "picked)"
}

// selected is the condition on the rows of the query that the rule selects.
func (r *Rule) selected() string {
	if r.shares() {
		return "picked"
	}
	return "1"
}

// last writes a column's value at the last of the selected events.
func (r *Rule) last(column string) string {
	return "toString(" + r.over("argMax", column+", "+evidenceOrder) + ")"
}

// pickedSQL writes the columns that tell selected events from those shares are of.
func (r *Rule) pickedSQL() string {
	if !r.shares() {
		return ""
	}
	out := ",\n        (" + strings.Join(r.whereSQL(), " AND ") + ") AS picked"
	for i, l := range r.Limits {
		if l.How == measureShare {
			out += fmt.Sprintf(",\n        (%s) AS whole_%d", l.Share.SQL(), i+1)
		}
	}
	return out
}

func (r *Rule) whereSQL() []string {
	out := make([]string, len(r.Where))
	for i, c := range r.Where {
		out[i] = c.sql()
	}
	return append(append(out, r.exemptLinesSQL()...), r.unprotectedSQL()...)
}

// rowsSQL writes the conditions on the rows that are read: the selected ones, and what
// shares are of. Exempt numbers are in neither.
func (r *Rule) rowsSQL() []string {
	if !r.shares() {
		return r.whereSQL()
	}
	ors := []string{"picked"}
	for i, l := range r.Limits {
		if l.How == measureShare {
			ors = append(ors, fmt.Sprintf("whole_%d", i+1))
		}
	}
	out := []string{"(" + strings.Join(ors, " OR ") + ")"}
	if len(r.ExemptNumbers) > 0 && r.source().has("other_hash") {
		out = append(append([]string{r.notExempt().sql()}, r.exemptLinesSQL()...), out...)
	}
	return append(out, r.unprotectedSQL()...)
}

// measuresSQL writes each limit's measure as a whole number of the column's own unit; of a
// share the number of selected events among those it is of.
func (r *Rule) measuresSQL() []string {
	var out []string
	for i, l := range r.Limits {
		switch {
		case l.How == measureShare:
			out = append(out, fmt.Sprintf("toInt64(countIf(picked AND whole_%d))", i+1))
		case l.How == measureMost:
			out = append(out, r.mostSQL(l.Column))
		case l.How == measureCount:
			out = append(out, "toInt64("+r.over("count", "")+")")
		case l.money:
			out = append(out, "toInt64("+r.over("sum", l.Column)+" * 1000000)")
		default:
			out = append(out, "toInt64("+r.over("sum", l.Column)+")")
		}
	}
	return out
}

// wholesSQL writes the number of events that each share is of; 0 for other measures.
func (r *Rule) wholesSQL() []string {
	out := make([]string, len(r.Limits))
	for i, l := range r.Limits {
		if out[i] = "toInt64(0)"; l.How == measureShare {
			out[i] = fmt.Sprintf("toInt64(countIf(whole_%d))", i+1)
		}
	}
	return out
}

// chosenSQL writes which exception of each limit holds, counted from 1; 0: none. The most
// specific ones come first in the list.
func (r *Rule) chosenSQL() []string {
	out := make([]string, len(r.Limits))
	for i, l := range r.Limits {
		if len(l.Except) == 0 {
			out[i] = "toInt64(0)"
			continue
		}
		var cases []string
		for j, e := range l.Except {
			column, value := "role", e.Role
			switch e.kind() {
			case SubjectLine:
				column, value = "line_id", e.Line
			case SubjectUnit:
				column, value = "unit_id", e.Unit
			}
			cases = append(cases, fmt.Sprintf("%s = %s, %d", r.last(column), quote(value), j+1))
		}
		out[i] = "toInt64(multiIf(" + strings.Join(cases, ", ") + ", 0))"
	}
	return out
}

// brokenSQL writes when each limit is exceeded. Shares are compared as fractions: 100 times
// the part is above the limit times the whole.
func (r *Rule) brokenSQL() []string {
	var out []string
	for i, l := range r.Limits {
		above := strconv.FormatInt(l.above, 10)
		if len(l.Except) > 0 {
			all := []string{above}
			for _, e := range l.Except {
				all = append(all, strconv.FormatInt(e.above, 10))
			}
			above = fmt.Sprintf("[%s][chosen[%d] + 1]", strings.Join(all, ", "), i+1)
		}
		if l.How == measureShare {
			out = append(out, fmt.Sprintf("wholes[%[1]d] >= %[2]d AND toInt128(measures[%[1]d]) * 100000000 > toInt128(%[3]s) * wholes[%[1]d]", i+1, l.AtLeast, above))
			continue
		}
		out = append(out, fmt.Sprintf("measures[%d] > %s", i+1, above))
	}
	return out
}
