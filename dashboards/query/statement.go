package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// statement is SQL under construction with the values bound to it.
type statement struct {
	sql    strings.Builder
	params []param
}

type param struct {
	name  string
	value any
}

// bind adds a value and returns the placeholder that stands for it.
func (s *statement) bind(typ string, value any) string {
	name := fmt.Sprintf("p%d", len(s.params)+1)
	s.params = append(s.params, param{name, value})
	return "{" + name + ":" + typ + "}"
}

func (s *statement) strings(values []string) string { return s.bind("Array(String)", values) }

func (s *statement) day(d time.Time) string { return s.bind("Date32", d.Format(time.DateOnly)) }

func (s *statement) days(days []time.Time) string {
	text := make([]string, len(days))
	for i, d := range days {
		text[i] = d.Format(time.DateOnly)
	}
	return s.bind("Array(Date32)", text)
}

// write appends SQL. Only declared names and placeholders may be among the arguments.
func (s *statement) write(format string, args ...any) { fmt.Fprintf(&s.sql, format, args...) }

func (s *statement) args() []any {
	args := make([]any, len(s.params))
	for i, p := range s.params {
		args[i] = clickhouse.Named(p.name, p.value)
	}
	return args
}

// String is the statement for the query inspector: SQL, then its parameters as comments.
func (s *statement) String() string {
	var b strings.Builder
	b.WriteString(s.sql.String())
	for _, p := range s.params {
		fmt.Fprintf(&b, "\n-- %s = %s", p.name, strings.ReplaceAll(fmt.Sprintf("%q", p.value), "\n", " "))
	}
	return b.String()
}

// conditions collects what a WHERE clause demands.
type conditions []string

func (c *conditions) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

func (c conditions) where() string {
	if len(c) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(c, "\n  AND ")
}

// scope restricts a column of unit ids to what the caller may see.
func (s *statement) scope(c *conditions, scope Scope, column string) {
	if !scope.All {
		c.add("%s IN %s", column, s.strings(scope.units()))
	}
}

// in restricts an expression to a filter's values.
func (s *statement) in(c *conditions, expr string, f Filter) {
	op := "IN"
	if f.Op == OpNotIn {
		op = "NOT IN"
	}
	c.add("%s %s %s", expr, op, s.strings(f.Values))
}

// span restricts a day column to the period.
func (s *statement) span(c *conditions, column string, p period) {
	if p.months == nil {
		c.add("%s BETWEEN %s AND %s", column, s.day(p.from), s.day(p.to))
		return
	}
	var spans []string
	for _, r := range runs(p.months) {
		spans = append(spans, fmt.Sprintf("%s BETWEEN %s AND %s", column, s.day(r[0]), s.day(r[1].AddDate(0, 1, -1))))
	}
	c.add("(%s)", strings.Join(spans, " OR "))
}

// runs joins months that follow one another, so that a year is one range and not twelve.
func runs(months []time.Time) [][2]time.Time {
	sorted := slices.SortedFunc(slices.Values(months), time.Time.Compare)
	var out [][2]time.Time
	for _, m := range slices.CompactFunc(sorted, time.Time.Equal) {
		if n := len(out); n > 0 && out[n-1][1].AddDate(0, 1, 0).Equal(m) {
			out[n-1][1] = m
			continue
		}
		out = append(out, [2]time.Time{m, m})
	}
	return out
}
