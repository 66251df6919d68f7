package policy

import (
	"fmt"
	"slices"
	"strings"

	"linesman/schema"
)

// rowBounds writes the bounds on rows, beginning with AND; empty when there are none.
func (r *Rule) rowBounds(parts []Part) string {
	if parts == nil {
		return ""
	}
	if r.Trend.statistical() {
		return r.trendBounds(parts)
	}
	if text, done := r.specialBounds(parts); done {
		return text
	}
	var ors []string
	for _, p := range parts {
		var cond string
		if r.Trend != nil {
			// A window's lookback begins before the window, and its last week may end after it.
			cond = fmt.Sprintf("day >= %s AND day < %s", dayLiteral(p.From-schema.Day(7*r.Trend.Lookback)), dayLiteral(p.To+7))
		} else {
			cond = "occurred_at >= " + moment3(p.From.Start(r.location)) + " AND occurred_at < " + moment3(p.To.Start(r.location))
		}
		ors = append(ors, "("+cond+inList(r.subjectColumn(), p.Subjects)+")")
	}
	if len(ors) == 0 {
		ors = []string{"0"}
	}
	return "\n        AND (" + strings.Join(ors, "\n            OR ") + ")" + r.keyBounds(parts)
}

// maxKeys is how many lines are worth looking up by key: with more of them nearly every
// granule of a month holds one.
const maxKeys = 1000

// keyBounds names the touched lines by the second column of usage's sorting key, whose first
// has two values, so that a few lines are found, at two places, without reading their month.
// The key holds the number as it was recorded: the line's own id, or its extension's.
func (r *Rule) keyBounds(parts []Part) string {
	if !r.source().has("recorded_line_id") || r.Subject != SubjectLine || len(parts) == 0 {
		return ""
	}
	var lines []string
	for _, p := range parts {
		if p.Subjects == nil {
			return ""
		}
		lines = append(lines, p.Subjects...)
	}
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) > maxKeys {
		return ""
	}
	return "\n        AND (1" + inList("recorded_line_id", lines) + "\n            OR recorded_line_id IN (SELECT alias_id FROM lines WHERE alias_id != ''" + inList("line_id", lines) + "))"
}

// windowBounds writes the bounds on windows, beginning with AND.
func (r *Rule) windowBounds(parts []Part) string {
	if parts == nil {
		return ""
	}
	var ors []string
	for _, p := range parts {
		ors = append(ors, fmt.Sprintf("(window_from >= %s AND window_from < %s%s)", dayLiteral(p.From), dayLiteral(p.To), inList("unit_id", p.Subjects)))
	}
	if len(ors) == 0 {
		ors = []string{"0"}
	}
	return " AND (" + strings.Join(ors, " OR ") + ")"
}

func inList(column string, subjects []string) string {
	if subjects == nil {
		return ""
	}
	quoted := make([]string, len(subjects))
	for i, s := range subjects {
		quoted[i] = quote(s)
	}
	return " AND " + column + " IN (" + strings.Join(quoted, ",") + ")"
}
