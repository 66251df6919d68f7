package query_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/internal/bridge"
)

// reads collects what was recorded; with refuse set, nothing can be.
type reads struct {
	got    []query.Read
	refuse error
}

func (a *reads) record(_ context.Context, read query.Read) error {
	if a.refuse != nil {
		return a.refuse
	}
	a.got = append(a.got, read)
	return nil
}

func overStore(t *testing.T, conn driver.Conn, audit query.Audit) *query.Runner {
	t.Helper()
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.New(query.Config{Zone: querytest.Zone(), Messages: texts, Rules: rules{}, Goals: bridge.NewGoals(conn, querytest.Zone()), Audit: audit}, conn)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// manager sees the figures of some units, and rows of single lines of them.
func manager(units ...string) query.Scope {
	s := query.Figures(units...)
	s.Persons.Units = units
	return s
}

// written is a frame as text: its fields and cells, not how they were asked for.
func written(f *data.Frame) string {
	var b strings.Builder
	for _, field := range f.Fields {
		fmt.Fprintf(&b, "%s %v:", field.Name, field.Labels)
		for i := range field.Len() {
			v, ok := field.ConcreteAt(i)
			fmt.Fprintf(&b, " %v/%v", v, ok)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// organisationOnly are lists about what belongs to no unit.
func organisationOnly() []string {
	return []string{"file_list", "data_freshness", "rejected_records", "duplicate_records", "failed_files", "stale_days", "source_age", "deliveries", "deliveries_by_source", "reject_reasons",
		"invoice_billed", "invoice_claimed", "invoice_mismatch", "invoice_documents", "invoice_outcomes", "invoice_disputes"}
}

// asked lists every query of the catalogue: each metric by nothing and by every field that it has,
// as a table and over time.
func asked(t *testing.T) []query.Query {
	t.Helper()
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	month := query.Filter{Field: "month", Values: []string{"2026-03"}}
	var out []query.Query
	for _, m := range query.CatalogueOf(texts.In("sv")).Metrics {
		if slices.Contains(organisationOnly(), m.Value) {
			continue
		}
		base := query.Query{Metric: m.Value, Lang: "sv"}
		if m.List {
			switch m.Value {
			case "access_log":
				continue
			case "goal_course":
				base.Filters = []query.Filter{{Field: "goal", Values: []string{"watches_open"}}}
			}
			if slices.Contains(m.Filter, "violation") {
				base.Filters = []query.Filter{{Field: "violation", Values: []string{querytest.ViolationID("watches").String()}}}
			}
			out = append(out, base)
			if slices.Contains(m.Filter, "month") {
				base.Filters = append(base.Filters, month)
				out = append(out, base)
			}
			continue
		}
		stat := base
		stat.Format = query.FormatStat
		out = append(out, stat)
		if slices.Contains(m.Compare, "previous") {
			stat.Compare, stat.Filters = "previous", []query.Filter{month}
			out = append(out, stat)
		}
		for _, field := range append([]string{""}, m.Group...) {
			q := base
			if field != "" {
				q.GroupBy = []string{field}
			}
			out = append(out, q)
			if field != "month" {
				q.Format = query.FormatTimeseries
				out = append(out, q)
			}
		}
	}
	return out
}

func label(q query.Query) string {
	return fmt.Sprintf("%s by %v %s %s %v", q.Metric, q.GroupBy, q.Format, q.Compare, q.Filters)
}

// TestManagersAnswers asks everything that can be asked as the manager of a unit, and over a store
// in which there is nothing else.
func TestManagersAnswers(t *testing.T) {
	for _, unit := range []string{querytest.Surgery, querytest.Emergency} {
		t.Run(unit, func(t *testing.T) {
			conn, alone := querytest.Open(t), querytest.Open(t)
			querytest.Keep(t, alone, unit)
			r, own := overStore(t, conn, nil), overStore(t, alone, nil)
			n, differ := 0, 0
			for _, q := range asked(t) {
				if unit == querytest.Emergency && q.Format == query.FormatTimeseries {
					continue // one of the two is enough
				}
				everything := query.Everything()
				if q.Metric == "budget" || strings.HasPrefix(q.Compare, "budget") {
					everything = manager(unit) // budgets of cost centres come before those of units where both may be seen
				}
				got, err := r.Run(t.Context(), q, manager(unit), span(3))
				want, wantErr := own.Run(t.Context(), q, everything, span(3))
				if errors.Is(err, query.ErrNotFound) && errors.Is(wantErr, query.ErrNotFound) {
					continue
				}
				if err != nil || wantErr != nil {
					t.Errorf("%s: %v, alone %v", label(q), err, wantErr)
					continue
				}
				if written(got) != written(want) {
					t.Errorf("%s:\n%swant\n%s", label(q), written(got), written(want))
				}
				n++
				if q.Format == query.FormatTimeseries {
					continue
				}
				if all, err := r.Run(t.Context(), q, query.Everything(), span(3)); err == nil && written(all) != written(got) {
					differ++
				}
			}
			if n < 200 || differ < n/4 {
				t.Errorf("%d answers compared, of which %d are less than everything: too few to show anything", n, differ)
			}
			testOptionsAndPeriod(t, r, own, unit)
		})
	}
}

func testOptionsAndPeriod(t *testing.T, r, own *query.Runner, unit string) {
	for _, name := range query.OptionLists() {
		got, err := r.Options(t.Context(), manager(unit), name, "sv")
		want, wantErr := own.Options(t.Context(), query.Everything(), name, "sv")
		if name == "cost_centres" {
			want, wantErr = own.Options(t.Context(), manager(unit), name, "sv") // their names are kept
		}
		if err != nil || wantErr != nil || !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("options %s: %v, %v, want %v, %v", name, got, err, want, wantErr)
		}
	}
	got, ok, err := r.Period(t.Context(), manager(unit))
	if want, wantOK, wantErr := own.Period(t.Context(), query.Everything()); err != nil || wantErr != nil || !ok || !wantOK || !got.From.Equal(want.From) || !got.To.Equal(want.To) || got.Month != want.Month || got.Days != want.Days {
		t.Errorf("period %+v, %v, want %+v, %v", got, err, want, wantErr)
	}
	if _, err := r.Files(t.Context(), manager(unit), 10); !errors.Is(err, query.ErrScope) {
		t.Errorf("files gave %v", err)
	}
	for _, metric := range organisationOnly() {
		if _, err := r.Run(t.Context(), query.Query{Metric: metric}, manager(unit), span(3)); !errors.Is(err, query.ErrScope) {
			t.Errorf("%s gave %v", metric, err)
		}
	}
}

// TestMovedAnswers compares with what everybody's answer says of the unit, over a store in which
// things passed from one unit to the other.
func TestMovedAnswers(t *testing.T) {
	r := overStore(t, querytest.OpenMoved(t), nil)
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	filterable := map[string]bool{}
	for _, m := range query.CatalogueOf(texts.In("sv")).Metrics {
		filterable[m.Value] = slices.Contains(m.Filter, "unit")
	}
	except := []string{
		"violations_new", // new is counted from the newest thing that may be seen
		"subscriptions",  // the last use of a line is that in the own units
		"budget",         // budgets of cost centres come before those of units where both may be seen
	}
	n := 0
	for _, unit := range []string{querytest.Surgery, querytest.Emergency} {
		for _, q := range asked(t) {
			if !filterable[q.Metric] || q.Format == query.FormatTimeseries || slices.Contains(except, q.Metric) {
				continue
			}
			got, err := r.Run(t.Context(), q, manager(unit), span(3))
			q.Filters = append(slices.Clone(q.Filters), query.Filter{Field: "unit", Values: []string{unit}})
			want, wantErr := r.Run(t.Context(), q, query.Everything(), span(3))
			if err != nil || wantErr != nil || written(got) != written(want) {
				t.Errorf("%s, %s: %v\n%v\nwant %v\n%v", unit, label(q), err, text(got), wantErr, text(want))
			}
			n++
		}
	}
	if n < 200 {
		t.Errorf("%d answers compared", n)
	}
}

func text(f *data.Frame) string {
	if f == nil {
		return ""
	}
	return written(f)
}
