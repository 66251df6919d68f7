package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// aggregate is a checked query over one source, ready to become SQL.
type aggregate struct {
	q       Query
	metrics []string // q.Metric, then q.Also
	decl    []metric
	dims    []string // without month, which becomes the point in time
	timed   bool     // rows carry a point in time, as column t
	every   string   // interval of the points
	period  period
	filters []Filter
	scope   Scope
	asked   Scope // before it was narrowed to where rows of persons may be seen
	zone    string
	coarse  bool // reads what withheld cells are part of: see smallCells
	byLine  bool // reads usage_line_daily
	byGroup bool // reads watches_current
}

// column of the dimension in the place this aggregate reads; empty when it has none there.
func (a *aggregate) column(d dimension) string {
	switch a.decl[0].source {
	case sourceWatches:
		if a.byGroup {
			return d.groups
		}
		return d.watches
	case sourceViolations:
		return d.violations
	case sourceGoals:
		return d.goals
	}
	if a.byLine {
		return d.lines
	}
	return d.daily
}

func (a *aggregate) uses(dim string) bool {
	return slices.Contains(a.q.GroupBy, dim) || a.filtersOn(dim)
}

func (a *aggregate) filtersOn(dim string) bool {
	return slices.ContainsFunc(a.q.Filters, func(f Filter) bool { return f.Field == dim })
}

// plan checks names against the declarations and chooses the table to read.
func (r *Runner) plan(q Query, scope Scope, span TimeRange) (*aggregate, error) {
	a := &aggregate{q: q, metrics: append([]string{q.Metric}, q.Also...), scope: scope, asked: scope, zone: r.cfg.Zone.String(), timed: q.Format == FormatTimeseries, every: q.Interval}
	all := catalogue()
	for _, name := range a.metrics {
		m, ok := all[name]
		if !ok {
			return nil, unknown("metric", name, Metrics())
		}
		if m.source != all[q.Metric].source || m.source == sourceList || (m.source == sourceGoals && len(q.Also) > 0) {
			return nil, fmt.Errorf("%w: metric %q cannot stand beside %q", ErrQuery, name, q.Metric)
		}
		a.decl = append(a.decl, m)
	}
	if len(q.Also) > 0 && q.Format != FormatTable {
		return nil, fmt.Errorf("%w: also goes with format %q only", ErrQuery, FormatTable)
	}
	if q.Format == FormatStat && len(q.GroupBy) > 0 {
		return nil, fmt.Errorf("%w: format %q shows one number; leave groupBy out", ErrQuery, FormatStat)
	}
	a.byGroup = a.decl[0].source == sourceWatches && a.uses("profession_group")
	a.byLine = a.decl[0].source == sourceUsage && (a.uses("line") || slices.ContainsFunc(a.decl, func(m metric) bool { return m.lines }))
	if err := a.checkDimensions(); err != nil {
		return nil, err
	}
	if a.uses("line") {
		if a.scope = scope.ofPersons(); a.scope.check() != nil {
			return nil, r.noPersons(q.Lang)
		}
	}
	var err error
	a.period, a.filters, err = periodOf(q, span, r.cfg.Zone)
	return a, err
}

func (a *aggregate) checkDimensions() error {
	known := dimensions()
	here := func() []string {
		var names []string
		for name, d := range known {
			if a.column(d) != "" {
				names = append(names, name)
			}
		}
		return names
	}
	check := func(name string) error {
		d, ok := known[name]
		if !ok {
			return unknown("field", name, slices.Collect(maps.Keys(known)))
		}
		if a.column(d) == "" {
			return fmt.Errorf("%w: metric %q has no field %q; it has %s", ErrQuery, a.q.Metric, name, list(slices.Sorted(slices.Values(here()))))
		}
		return nil
	}
	for _, name := range a.q.GroupBy {
		if err := check(name); err != nil {
			return err
		}
		if name == "month" {
			a.timed, a.every = true, "month"
			continue
		}
		if slices.Contains(a.dims, name) {
			return fmt.Errorf("%w: groupBy names %q twice", ErrQuery, name)
		}
		a.dims = append(a.dims, name)
	}
	for _, f := range a.q.Filters {
		if err := check(f.Field); err != nil {
			return err
		}
		if f.Field == "profession_group" {
			// A count that is withheld could be found by asking for all the others.
			return fmt.Errorf("%w: group by profession_group instead of filtering on it", ErrQuery)
		}
		if f.Field == "month" && f.Op == OpNotIn {
			return fmt.Errorf("%w: months can be chosen, not excluded", ErrQuery)
		}
	}
	for i, m := range a.decl {
		if m.daily && a.byLine {
			return fmt.Errorf("%w: metric %q is not kept per line", ErrQuery, a.metrics[i])
		}
	}
	return nil
}

// bucket is the point in time that a day belongs to.
func (a *aggregate) bucket(day string) string {
	switch a.every {
	case "month":
		return "toStartOfMonth(" + day + ")"
	case "week":
		return "toMonday(" + day + ")"
	}
	return day
}

// statement writes the SQL: columns t (when timed), d1… and v1….
func (a *aggregate) statement() (*statement, error) {
	s := &statement{}
	known := dimensions()
	var sel, group, order []string
	from, time, values, err := a.from(s)
	if err != nil {
		return nil, err
	}
	if a.timed {
		sel, group, order = append(sel, time+" AS t"), append(group, "t"), append(order, "t")
	}
	for i, name := range a.dims {
		alias := fmt.Sprintf("d%d", i+1)
		sel, group = append(sel, fmt.Sprintf("%s AS %s", a.column(known[name]), alias)), append(group, alias)
	}
	for i, v := range values {
		alias := fmt.Sprintf("v%d", i+1)
		sel = append(sel, fmt.Sprintf("%s AS %s", v, alias))
		if i == 0 {
			order = append(order, alias+" DESC")
		}
	}
	for i := range a.dims {
		order = append(order, fmt.Sprintf("d%d", i+1))
	}
	if a.single() {
		sel = append(sel, "count() AS n")
	}
	if a.fine() {
		for i, m := range a.decl {
			sel = append(sel, fmt.Sprintf("%s AS e%d", m.restsOn(), i+1))
		}
	}
	s.write("SELECT %s\n%s", strings.Join(sel, ", "), from)
	if len(group) > 0 {
		s.write("\nGROUP BY %s%s\nORDER BY %s", strings.Join(group, ", "), a.having(), strings.Join(order, ", "))
	}
	s.write("\nLIMIT %d\nSETTINGS final = 1", a.fetch()+1)
	return s, nil
}

// having leaves out the rows of a table whose one number is nothing: a unit that forwarded no
// call says nothing among those that did. A level of zero does say something.
func (a *aggregate) having() string {
	if a.timed || len(a.metrics) > 1 || a.decl[0].level {
		return ""
	}
	return "\nHAVING v1 != 0"
}

// single tells whether there is one row, group or no group; it then counts what it rests on,
// because a sum over nothing is "no data" and not zero.
func (a *aggregate) single() bool { return !a.timed && len(a.dims) == 0 }

// fetch is how many rows may come back; one more is asked for, to know that there are more.
func (a *aggregate) fetch() int {
	if a.q.Format == FormatTimeseries {
		return maxPoints
	}
	if a.q.Limit > 0 {
		return a.q.Limit
	}
	return usualRows
}

// from writes FROM and WHERE, and returns the expressions of the point in time and of the values.
func (a *aggregate) from(s *statement) (from, time string, values []string, err error) {
	for _, m := range a.decl {
		values = append(values, m.expr)
	}
	switch a.decl[0].source {
	case sourceWatches:
		for i := range values {
			values[i] = "sum(" + values[i] + ")"
		}
		return a.fromWatches(s), "bucket", values, nil
	case sourceGoals:
		from, err = a.fromGoals(s)
		return from, "bucket", []string{"sum(value)"}, err
	case sourceViolations:
		var c conditions
		a.narrow(s, &c)
		if a.period.months != nil {
			s.span(&c, "window_from", a.period)
		} else {
			c.add("window_from <= %s", s.day(a.period.to))
			c.add("window_to > %s", s.day(a.period.from))
		}
		return "FROM violations_current" + c.where(), a.bucket("window_from"), values, nil
	}
	table := "usage_daily"
	if a.byLine {
		table = "usage_line_daily"
	}
	var c conditions
	s.span(&c, "local_day", a.period)
	a.narrow(s, &c)
	return "FROM " + table + c.where(), a.bucket("local_day"), values, nil
}

// narrow adds the row scope and the filters.
func (a *aggregate) narrow(s *statement, c *conditions) {
	s.scope(c, a.scope, "unit_id")
	known := dimensions()
	for _, f := range a.filters {
		s.in(c, a.column(known[f.Field]), f)
	}
}

// fromWatches takes, of each unit and point in time, the latest open count and the sum of
// what was created and closed. Units then add up; weeks of a level must not.
func (a *aggregate) fromWatches(s *statement) string {
	keys, table := []string{"unit_id"}, "watches_weekly"
	if a.byGroup {
		keys = append(keys, "profession_group")
		// Of a week that was counted twice, the latest day holds for the whole unit.
		table = `(SELECT unit_id, toMonday(day) AS week, profession_group, open, created, closed FROM watches_current
    WHERE (unit_id, day) IN (SELECT unit_id, max(day) FROM watches_current GROUP BY unit_id, toMonday(day)))`
	}
	inner := slices.Clone(keys)
	if a.timed {
		inner = append(inner, "bucket")
		keys = append(keys, a.bucket("week")+" AS bucket")
	}
	var c conditions
	s.span(&c, "week", a.period)
	a.narrow(s, &c)
	return fmt.Sprintf("FROM (\n  SELECT %s, argMax(open, week) AS open, sum(created) AS created, sum(closed) AS closed\n  FROM %s%s\n  GROUP BY %s)",
		strings.Join(keys, ", "), table, c.where(), strings.Join(inner, ", "))
}
