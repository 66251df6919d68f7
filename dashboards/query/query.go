// Package query is the one structured query model of Linesman. Dashboards, the console, the
// Grafana plugin and reports all state what they want as a [Query]; this package turns it
// into SQL over the roll-ups and the small tables of the store, within a row [Scope].
//
// Names (tables, columns, expressions) come from the declarations in this package only.
// Values always travel as query parameters and never as part of the statement.
package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors a query can be refused with. Their texts say what is wrong and what there is instead.
var (
	ErrQuery = errors.New("bad query")                            // the query itself is wrong
	ErrScope = errors.New("no access to what the query asks for") // outside the row scope
)

// Query states what to show. The zero values of the optional fields mean the usual thing.
type Query struct {
	RefID    string   `json:"refId"`
	Metric   string   `json:"metric"`             // see [Metrics]
	Also     []string `json:"also,omitempty"`     // further metrics of the same source, as columns of a table
	GroupBy  []string `json:"groupBy,omitempty"`  // dimensions
	Filters  []Filter `json:"filters,omitempty"`  // all must hold
	Format   string   `json:"format,omitempty"`   // timeseries, table (default) or stat
	Interval string   `json:"interval,omitempty"` // month (default), week or day: the points of a timeseries
	Limit    int      `json:"limit,omitempty"`    // rows of a table, or series of a timeseries
	Compare  string   `json:"compare,omitempty"`  // stat of cost only: budget, budget_percent, previous, previous_percent
	Lang     string   `json:"lang,omitempty"`     // en or sv (default)
}

// Filter narrows a query to rows whose field is, or is not, among the values. An empty list
// of values, or the value $__all, restricts nothing, as an empty choice in a picker does.
// The field month takes values such as 2026-03, or now for the month in which the time range of the
// request ends, and replaces that time range.
type Filter struct {
	Field  string   `json:"field"`
	Op     string   `json:"op,omitempty"` // in (default) or not_in
	Values []string `json:"values"`
}

// Formats and operators of a query.
const (
	FormatTimeseries = "timeseries"
	FormatTable      = "table"
	FormatStat       = "stat"
	OpIn             = "in"
	OpNotIn          = "not_in"
	allValue         = "$__all" // Grafana's value of a variable that is set to everything
)

// TimeRange is a span of time; To is exclusive.
type TimeRange struct{ From, To time.Time }

// Parse reads a query. Fields that Grafana adds to every query are ignored.
func Parse(raw []byte) (Query, error) {
	var q Query
	if err := json.Unmarshal(raw, &q); err != nil {
		return q, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	return q.normal()
}

// normal fills defaults in and checks the words that have a fixed set.
func (q Query) normal() (Query, error) {
	set := func(p *string, field, fallback string, allowed ...string) error {
		if *p == "" {
			*p = fallback
		}
		if !slices.Contains(allowed, *p) {
			return fmt.Errorf("%w: %s %q; there is %s", ErrQuery, field, *p, list(allowed))
		}
		return nil
	}
	if err := set(&q.Format, "format", FormatTable, FormatTimeseries, FormatTable, FormatStat); err != nil {
		return q, err
	}
	interval := "month"
	if s, ok := catalogue()[q.Metric]; ok && s.source == sourceWatches {
		interval = "week"
	}
	if err := set(&q.Interval, "interval", interval, "month", "week", "day"); err != nil {
		return q, err
	}
	if err := set(&q.Compare, "compare", "", "", "budget", "budget_percent", "previous", "previous_percent"); err != nil {
		return q, err
	}
	if q.Limit < 0 || q.Limit > maxRows {
		return q, fmt.Errorf("%w: limit %d; from 1 to %d", ErrQuery, q.Limit, maxRows)
	}
	var kept []Filter
	for _, f := range q.Filters {
		if err := set(&f.Op, "op", OpIn, OpIn, OpNotIn); err != nil {
			return q, err
		}
		if len(f.Values) > maxValues {
			return q, fmt.Errorf("%w: filter on %q has %d values; at most %d", ErrQuery, f.Field, len(f.Values), maxValues)
		}
		if len(f.Values) == 0 || slices.Contains(f.Values, allValue) {
			continue
		}
		kept = append(kept, f)
	}
	q.Filters = kept
	return q, nil
}

// Bounds on what one query may ask for and return.
const (
	maxRows    = 10_000 // rows of a table
	usualRows  = 1_000
	maxSeries  = 30
	maxPoints  = 50_000 // cells of a timeseries before it is folded
	maxBuckets = 2_000
	maxValues  = 5_000
)
