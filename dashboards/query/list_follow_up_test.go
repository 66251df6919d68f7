package query

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// stated are reports that are stated here; another month than March is not over.
type stated struct{}

func kr(n int64) decimal.Decimal { return decimal.NewFromInt(n) }

func (stated) Subscriptions(_ context.Context, month schema.Day) (SubscriptionReport, bool, error) {
	return SubscriptionReport{
		Units: []SubscriptionUnit{
			{Unit: querytest.Emergency, Lines: 4, ToCheck: 2, Fees: kr(400), Idle: kr(100), Usage: kr(50), Asked: map[string]int{"unused": 1, "no_plan": 2}, Plans: []SubscriptionPlan{{Kind: "mobile", Operator: "norrtele", Plan: "S", Lines: 4, Fees: kr(400)}}},
			{Unit: querytest.Surgery, Lines: 2, ToCheck: 1, Fees: kr(300), Usage: kr(10), Asked: map[string]int{"unused": 1}, Plans: []SubscriptionPlan{{Kind: "mobile", Operator: "norrtele", Plan: "S", Lines: 2, Fees: kr(300)}}},
		},
		Lines: []SubscriptionLine{{Line: querytest.LineID(0), Unit: querytest.Emergency, Questions: []string{"unused"}, Fees: kr(100)}, {Line: querytest.LineID(5), Unit: querytest.Surgery, Questions: []string{"unused", "no_plan"}, Fees: kr(150), LastUse: "2026-01-02"}},
	}, month == schema.Date(2026, 3, 1), nil
}

func (stated) Savings(_ context.Context, month schema.Day) (SavingReport, bool, error) {
	return SavingReport{Findings: []Saving{{Kind: "unused", Line: querytest.LineID(0), Unit: querytest.Emergency, Year: kr(1200)}, {Kind: "unused", Line: querytest.LineID(5), Unit: querytest.Surgery, Year: kr(1800)},
		{Kind: "leaver", Line: querytest.LineID(4), Unit: querytest.Surgery, Year: kr(600)}}}, month == schema.Date(2026, 3, 1), nil
}

func (stated) Invoices(_ context.Context, month schema.Day) (InvoiceReport, bool, error) {
	return InvoiceReport{Billed: kr(599), Claimed: kr(500), Documents: []InvoiceDocument{{Number: "F-1", Kind: "invoice", Lines: 2, Findings: 1, Billed: kr(599), Claimed: kr(500), Currency: "SEK"}},
		Outcomes: []InvoiceOutcome{{Operator: "norrtele", Outcome: "matched", Lines: 1, Billed: kr(99)}, {Operator: "norrtele", Outcome: "unknown_line", Lines: 1, Billed: kr(500), Claimed: kr(500)}},
		Disputes: []InvoiceDispute{{Document: "F-1", LineNo: "2", Outcome: "unknown_line", Reason: "unknown_number", Billed: kr(500), Claimed: kr(500), Currency: "SEK"}}}, month == schema.Date(2026, 3, 1), nil
}

func followUpRunner(t *testing.T, conn driver.Conn) *Runner {
	t.Helper()
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{Zone: querytest.Zone(), Messages: texts, Reports: stated{}}, conn)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFollowUp(t *testing.T) {
	conn := querytest.Open(t)
	querytest.SeedFollowUp(t, conn)
	r := followUpRunner(t, conn)
	t.Run("figures against SQL", func(t *testing.T) { testFollowUpFigures(t, r, conn) })
	t.Run("figures of reports", func(t *testing.T) { testReportFigures(t, r) })
	t.Run("lists", func(t *testing.T) { testFollowUpLists(t, r) })
	t.Run("scope", func(t *testing.T) { testFollowUpScope(t, r) })
}

func ask(t *testing.T, r *Runner, scope Scope, q Query) *data.Frame {
	t.Helper()
	q.Lang = "en"
	f, err := r.Run(t.Context(), q, scope, quarter())
	if err != nil {
		t.Fatalf("%s: %v", q.Metric, err)
	}
	return f
}

func testFollowUpFigures(t *testing.T, r *Runner, conn driver.Conn) {
	surgery := in("unit", querytest.Surgery)
	premium := in("violation", querytest.ViolationID("roaming").String())
	for _, tc := range []struct {
		q   Query
		sql string
	}{
		{Query{Metric: "watches_over_30d"}, "sum(over_30d)) FROM watches WHERE extract_at = (SELECT max(extract_at) FROM watches)"},
		{Query{Metric: "watches_over_30d", Filters: []Filter{surgery}}, "20) FROM system.one"},
		{Query{Metric: "rejected_records"}, "sum(rejected)) FROM file_reports"},
		{Query{Metric: "failed_files"}, "countIf(state = 'failed')) FROM file_reports"},
		{Query{Metric: "restatements"}, "count()) FROM restatements"},
		{Query{Metric: "late_records"}, "12) FROM system.one"},
		{Query{Metric: "violation_sum", Filters: []Filter{premium}}, "cost) FROM violations_current WHERE subject_id = '" + querytest.LineID(2) + "'"},
		{Query{Metric: "violation_events", Filters: []Filter{premium}}, "4) FROM system.one"},
		{Query{Metric: "violation_value", Filters: []Filter{premium}}, "82) FROM system.one"},
		{Query{Metric: "violation_limit", Filters: []Filter{premium}}, "50) FROM system.one"},
	} {
		tc.q.Format = FormatStat
		f := ask(t, r, Everything(), tc.q)
		if got, want := number(t, f, tc.q.Metric, 0), one(t, conn, tc.sql); got != want || want == 0 {
			t.Errorf("%s is %v, SQL says %v\n%s", tc.q.Metric, got, want, f.Meta.ExecutedQueryString)
		}
	}
	f := ask(t, r, Everything(), Query{Metric: "stale_days", Format: FormatStat})
	if got := number(t, f, "stale_days", 0); got <= 0 {
		t.Errorf("the oldest source delivered %v days ago", got)
	}
}

func testReportFigures(t *testing.T, r *Runner) {
	for _, tc := range []struct {
		metric string
		scope  Scope
		want   float64
	}{
		{"subscriptions_held", Everything(), 6}, {"subscription_fees", Everything(), 700}, {"subscription_idle", Everything(), 100}, {"subscriptions_to_check", Everything(), 3},
		{"savings_year", Everything(), 3600}, {"savings_found", Everything(), 3}, {"invoice_billed", Everything(), 599}, {"invoice_claimed", Everything(), 500}, {"invoice_mismatch", Everything(), 2},
	} {
		q := Query{Metric: tc.metric, Format: FormatStat, Filters: []Filter{march()}}
		if got := number(t, ask(t, r, tc.scope, q), tc.metric, 0); got != tc.want {
			t.Errorf("%s is %v, want %v", tc.metric, got, tc.want)
		}
		q.Filters = []Filter{in("month", "2026-02")}
		if f := ask(t, r, tc.scope, q); f.Fields[0].At(0).(*float64) != nil {
			t.Errorf("%s of a month that is not over is %v", tc.metric, *f.Fields[0].At(0).(*float64))
		}
	}
	q := Query{Metric: "savings_year", Format: FormatStat, Filters: []Filter{march(), in("unit", querytest.Surgery)}}
	if got := number(t, ask(t, r, Everything(), q), "savings_year", 0); got != 2400 {
		t.Errorf("of one unit %v could be saved", got)
	}
}

func testFollowUpLists(t *testing.T, r *Runner) {
	for _, tc := range []struct {
		metric string
		filter []Filter
		rows   int
		field  string
		first  any // of the field in the first row
	}{
		{"subscription_units", []Filter{march()}, 2, "lines_held", 4.0},
		{"subscription_questions", []Filter{march()}, 2, "lines_held", 2.0},
		{"subscription_plans", []Filter{march()}, 1, "fees", 700.0},
		{"subscription_checks", []Filter{march()}, 2, "line", querytest.LineID(5)},
		{"subscriptions", []Filter{march()}, 6, "last_use", "2026-03-31"},
		{"savings_kinds", []Filter{march()}, 2, "a_year", 3000.0},
		{"savings_units", []Filter{march()}, 2, "unit", "Kirurgkliniken"},
		{"savings_list", []Filter{march()}, 3, "a_year", 1800.0},
		{"invoice_documents", []Filter{march()}, 1, "document_kind", "Invoice"},
		{"invoice_outcomes", []Filter{march()}, 2, "outcome", "matched"},
		{"invoice_disputes", []Filter{march()}, 1, "claimed_amount", "500.00\u00a0SEK"},
		{"roaming_networks", []Filter{march()}, 1, "cost", 482.0},
		{"forwarding_lines", []Filter{march()}, 1, "forwarded_calls", 10.0},
		{"watches_by_unit", nil, 2, "above_target", 71.0},
		{"watches_over_time", nil, 13, "over_30d", 0.0},
		{"source_age", nil, 1, "collector", "Telephone exchange"},
		{"deliveries", nil, 1, "rejected", 2.0},
		{"deliveries_by_source", nil, 2, "delivered", "2026-04-01"},
		{"reject_reasons", nil, 1, "reject_code", "not a number"},
		{"restatement_list", nil, 2, "causes", "a price book"},
		{"restatement_list", []Filter{in("unit", querytest.Emergency)}, 1, "moved", 100.0},
		{"violation_history", []Filter{in("violation", querytest.ViolationID("roaming").String())}, 2, "change", "Changed"},
		{"violation_evidence", []Filter{in("violation", querytest.ViolationID("roaming").String())}, 4, "volume", 20.5},
		{"violation_evidence_daily", []Filter{in("violation", querytest.ViolationID("roaming").String())}, 4, "cost", 120.5},
	} {
		f := ask(t, r, Everything(), Query{Metric: tc.metric, Filters: tc.filter})
		if f.Rows() != tc.rows {
			t.Errorf("%s has %d rows, want %d\n%s", tc.metric, f.Rows(), tc.rows, f.Meta.ExecutedQueryString)
			continue
		}
		got := f.Fields[fieldIndex(t, f, tc.field)].At(0)
		if n, ok := got.(*float64); ok && n != nil {
			got = *n
		}
		if got != tc.first {
			t.Errorf("%s begins with %v in %s, want %v", tc.metric, got, tc.field, tc.first)
		}
	}
	// Three of twelve, and twelve with it: or the total of the unit would give three away.
	f := ask(t, r, Everything(), Query{Metric: "watches_age"})
	hidden := map[string]bool{}
	for i := range f.Rows() {
		for _, field := range []string{"watches_open", "over_30d", "median_age"} {
			if f.Fields[fieldIndex(t, f, field)].At(i).(*float64) == nil {
				hidden[f.Fields[1].At(i).(string)+" "+field] = true
			}
		}
	}
	if len(hidden) != 6 || !hidden["Sjuksköterska median_age"] || !hidden["Sekreterare over_30d"] || len(f.Meta.Notices) != 1 {
		t.Errorf("withheld: %v, notices %v", hidden, f.Meta.Notices)
	}
}

func testFollowUpScope(t *testing.T, r *Runner) {
	surgery := Figures(querytest.Surgery)
	for metric, want := range map[string]float64{"subscriptions_held": 2, "savings_year": 2400} {
		if got := number(t, ask(t, r, surgery, Query{Metric: metric, Format: FormatStat, Filters: []Filter{march()}}), metric, 0); got != want {
			t.Errorf("within the scope %s is %v, want %v", metric, got, want)
		}
	}
	for _, metric := range []string{"subscription_units", "savings_units", "watches_by_unit", "restatement_list"} {
		f := ask(t, r, surgery, Query{Metric: metric, Filters: nil})
		for _, field := range f.Fields {
			for i := range field.Len() {
				if s, ok := field.At(i).(string); ok && s == "Akutmottagningen" {
					t.Errorf("%s shows another unit", metric)
				}
			}
		}
	}
	for _, metric := range []string{"invoice_claimed", "invoice_documents", "rejected_records", "deliveries", "source_age", "reject_reasons", "stale_days"} {
		if _, err := r.Run(t.Context(), Query{Metric: metric}, surgery, quarter()); err == nil {
			t.Errorf("%s is answered within a scope", metric)
		}
	}
}

// TestSeriesColours looks for colours that many cannot tell apart.
func TestSeriesColours(t *testing.T) {
	conn := querytest.Open(t)
	f := ask(t, runner(t, conn), Everything(), Query{Metric: "cost", GroupBy: []string{"kind"}, Format: FormatTimeseries})
	seen := map[any]bool{}
	for _, field := range f.Fields[1:] {
		c := field.Config.Color["fixedColor"]
		if c == nil || c == "green" || seen[c] {
			t.Errorf("%s has the colour %v", field.Config.DisplayNameFromDS, c)
		}
		seen[c] = true
	}
	if len(seen) < 4 {
		t.Errorf("%d series have colours", len(seen))
	}
}
