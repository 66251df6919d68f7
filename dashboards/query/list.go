package query

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// listFunc answers a metric that is a table with columns of its own.
type listFunc func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error)

// listing is a checked query for a list.
type listing struct {
	q       Query
	scope   Scope
	period  period
	filters []Filter
	texts   messages.Texts
	sql     string // what was run, for the query inspector
}

func lists() map[string]listFunc {
	out := map[string]listFunc{
		"cost_centre_follow_up": costCentreFollowUp,
		"budget_share":          budgetShare,
		"lines_top":             linesTop,
		"violation_list":        violationList,
		"goal_progress":         goalProgress,
		"goal_words":            goalWords,
		"goal_sentences":        goalSentences,
		"goal_course":           goalCourse,
		"annotations":           annotations,
		"goals_on_track":        goalCount(statusReached, statusOnTrack),
		"goals_behind":          goalCount(statusOffTrack, statusMissed),
		"file_list":             fileList,
		"data_freshness":        dataFreshness,
		accessLogList:           accessLog,
	}
	maps.Copy(out, followUps())
	return out
}

// listFields is what each list can be filtered on, as columns of what it reads.
func listFields(metric string) map[string]string {
	switch metric {
	case "cost_centre_follow_up", "budget_share":
		return map[string]string{"month": "local_day", "cost_centre": "cost_centre"}
	case "lines_top":
		return map[string]string{"month": "local_day", "cost_centre": "cost_centre", "unit": "unit_id", "kind": "kind", "service": "service"}
	case "violation_list":
		d := dimensions()
		out := map[string]string{}
		for name := range d {
			if col := d[name].violations; col != "" {
				out[name] = col
			}
		}
		return out
	case accessLogList:
		return map[string]string{"month": "", "who": "who", "way": "way", "what": "what", "unit": "unit_id", "outcome": "outcome"}
	case "annotations":
		return map[string]string{"unit": "unit_id", "goal": "m", "cost_centre": "cost_centre", "about": ""}
	case "goal_progress", "goal_words", "goal_sentences", "goal_course", "goals_on_track", "goals_behind":
		return map[string]string{"unit": "unit_id", "goal": "metric", "cost_centre": "cost_centre"}
	}
	return followUpFields(metric)
}

func (r *Runner) runList(ctx context.Context, q Query, m metric, scope Scope, span TimeRange) (*data.Frame, error) {
	fields := listFields(q.Metric)
	for _, f := range q.Filters {
		if _, ok := fields[f.Field]; !ok {
			if len(fields) == 0 {
				return nil, fmt.Errorf("%w: it takes no filters", ErrQuery)
			}
			return nil, fmt.Errorf("%w: it has no field %q; it has %s", ErrQuery, f.Field, list(slices.Sorted(maps.Keys(fields))))
		}
	}
	if len(q.GroupBy) > 0 || len(q.Also) > 0 || q.Compare != "" {
		return nil, fmt.Errorf("%w: a list has columns of its own; leave groupBy, also and compare out", ErrQuery)
	}
	persons := slices.Contains(personLists(), q.Metric)
	l := &listing{q: q, scope: scope, texts: r.texts(q)}
	if persons {
		if l.scope = scope.ofPersons(); l.scope.check() != nil {
			return nil, r.noPersons(q.Lang)
		}
	}
	if l.q.Limit == 0 {
		l.q.Limit = usualRows
	}
	var err error
	if l.period, l.filters, err = periodOf(q, span, r.cfg.Zone); err != nil {
		return nil, err
	}
	f, err := m.list(ctx, r, l)
	if err != nil {
		return nil, err
	}
	if f.Meta == nil {
		f.Meta = &data.FrameMeta{}
	}
	if persons {
		notePersons(f, l.texts, scope, l.scope)
		if err := r.auditList(ctx, l, f); err != nil {
			return nil, err
		}
	}
	f.Meta.Type, f.Meta.TypeVersion = data.FrameTypeTable, data.FrameTypeVersion{0, 1}
	f.Meta.ExecutedQueryString = l.sql
	return f, nil
}

// narrow adds scope and filters to the conditions.
func (l *listing) narrow(s *statement, c *conditions, unitColumn string) {
	s.scope(c, l.scope, unitColumn)
	fields := listFields(l.q.Metric)
	for _, f := range l.filters {
		if fields[f.Field] != "" { // else it is looked at by the list itself
			s.in(c, fields[f.Field], f)
		}
	}
}

// read runs the statement and keeps at most limit rows; more tells whether there were others.
func (l *listing) read(ctx context.Context, r *Runner, s *statement, limit int) (got rows, more bool, err error) {
	l.sql = s.String()
	got, err = read(ctx, r.store, s)
	if len(got) > limit {
		return got[:limit], true, err
	}
	return got, false, err
}

// columns collects the fields of a list.
type columns struct {
	texts  messages.Texts
	fields []*data.Field
}

func each[T any](got rows, f func(row []any) T) []T {
	out := make([]T, len(got))
	for i, row := range got {
		out[i] = f(row)
	}
	return out
}

func (c *columns) text(name string, got rows, f func(row []any) string) {
	c.fields = append(c.fields, textField(name, c.texts.T("field."+name), each(got, f)))
}

func (c *columns) number(name, unit string, got rows, f func(row []any) *decimal.Decimal) {
	title := "field." + name
	if !c.texts.Has(title) {
		title = "metric." + name
	}
	c.fields = append(c.fields, numberField(name, c.texts.T(title), unit, each(got, func(row []any) *float64 { return edge(f(row)) })))
}

func (c *columns) time(name string, got rows, f func(row []any) time.Time) {
	c.fields = append(c.fields, timeField(name, c.texts.T("field."+name), each(got, func(row []any) *time.Time {
		if t := f(row); !t.IsZero() && t.Unix() != 0 {
			return &t
		}
		return nil
	})))
}

func (c *columns) frame(name string) *data.Frame {
	f := data.NewFrame(name, c.fields...)
	f.Meta = &data.FrameMeta{}
	return f
}

func (c *columns) capped(name string, more bool, limit int) *data.Frame {
	f := c.frame(name)
	if more {
		note(f, c.texts.T("notice.rows", "n", strconv.Itoa(limit)))
	}
	return f
}

// at reads a column as text, num as a number that may be missing.
func at(i int) func(row []any) string { return func(row []any) string { return asText(row[i]) } }

func num(i int) func(row []any) *decimal.Decimal {
	return func(row []any) *decimal.Decimal {
		if d, ok := row[i].(decimal.Decimal); ok {
			return &d
		}
		return nil
	}
}

func when(i int) func(row []any) time.Time {
	return func(row []any) time.Time { return asTime(row[i]) }
}
