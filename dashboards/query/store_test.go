package query

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
	"linesman/dashboards/query/querytest"
)

func runner(t testing.TB, store Store) *Runner {
	t.Helper()
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{Zone: querytest.Zone(), Messages: c}, store)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func quarter() TimeRange {
	z := querytest.Zone()
	return TimeRange{time.Date(2026, 1, 1, 0, 0, 0, 0, z), time.Date(2026, 4, 1, 0, 0, 0, 0, z)}
}

func march() Filter { return Filter{Field: "month", Values: []string{"2026-03"}} }

func in(field string, values ...string) Filter { return Filter{Field: field, Values: values} }

// one reads a single number straight from the store.
func one(t testing.TB, conn driver.Conn, sql string) float64 {
	t.Helper()
	var v float64
	if err := conn.QueryRow(context.Background(), "SELECT toFloat64("+sql+" SETTINGS final = 1").Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func number(t testing.TB, f *data.Frame, field string, row int) float64 {
	t.Helper()
	v, ok := f.Fields[fieldIndex(t, f, field)].At(row).(*float64)
	if !ok || v == nil {
		t.Fatalf("field %s, row %d: no number", field, row)
	}
	return *v
}

func fieldIndex(t testing.TB, f *data.Frame, name string) int {
	t.Helper()
	for i, field := range f.Fields {
		if field.Name == name {
			return i
		}
	}
	t.Fatalf("no field %s", name)
	return -1
}

func TestAgainstDirectSQL(t *testing.T) {
	conn := querytest.Open(t)
	r := runner(t, conn)
	testNumbers(t, r, conn)
	t.Run("timeseries", func(t *testing.T) { testTimeseries(t, r, conn) })
	t.Run("lists", func(t *testing.T) { testLists(t, r, conn) })
	t.Run("scope", func(t *testing.T) { testScope(t, r, conn) })
	t.Run("values stay values", func(t *testing.T) { testHostileValues(t, r) })
	t.Run("suppression", func(t *testing.T) { testSuppression(t, r) })
	t.Run("options", func(t *testing.T) { testOptions(t, r) })
}

func testTimeseries(t *testing.T, r *Runner, conn driver.Conn) {
	f, err := r.Run(t.Context(), Query{Metric: "cost", GroupBy: []string{"kind"}, Format: FormatTimeseries, Lang: "en"}, Everything(), quarter())
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := f.RowLen(); n != 3 || len(f.Fields) != 5 {
		t.Fatalf("%d points and %d fields, want 3 and 5", n, len(f.Fields))
	}
	if at := f.Fields[0].At(2).(time.Time); !at.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, querytest.Zone())) {
		t.Errorf("the third month begins at %v", at)
	}
	var sum float64
	for _, field := range f.Fields[1:] {
		sum += *field.At(2).(*float64)
	}
	if want := one(t, conn, "sum(cost)) FROM usage WHERE toMonth(local_day) = 3"); sum-want > 1e-6 || want-sum > 1e-6 {
		t.Errorf("the kinds of March add up to %v, the store says %v", sum, want)
	}
	if f.Fields[1].Labels["kind"] != "call" || f.Fields[1].Config.DisplayNameFromDS != "Calls" || f.Fields[1].Config.Unit != "kr" {
		t.Errorf("first series: %v %+v", f.Fields[1].Labels, f.Fields[1].Config)
	}
	f, err = r.Run(t.Context(), Query{Metric: "cost", GroupBy: []string{"line"}, Limit: 2, Format: FormatTimeseries, Lang: "en"}, Everything(), quarter())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Fields) != 4 || f.Fields[3].Config.DisplayNameFromDS != "Other" || len(f.Meta.Notices) != 1 {
		t.Errorf("folding gave %d fields and notices %v", len(f.Fields), f.Meta.Notices)
	}
	f, err = r.Run(t.Context(), Query{Metric: "watches_path", Format: FormatTimeseries, Filters: []Filter{in("unit", querytest.Emergency)}, Interval: "week"}, Everything(), quarter())
	if err != nil {
		t.Fatal(err)
	}
	// 2026-01-01 to 2026-06-30 is 180 days; the Monday 2026-01-05 is 4 days in.
	if got, want := *f.Fields[1].At(0).(*float64), 200-100*4.0/180; got-want > 1e-6 || want-got > 1e-6 {
		t.Errorf("the path begins at %v, want %v", got, want)
	}
	f, err = r.Run(t.Context(), Query{Metric: "budget", Format: FormatTimeseries}, Everything(), quarter())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{6010.5, 6010.5, 5800} {
		if got := *f.Fields[1].At(i).(*float64); got != want {
			t.Errorf("budget of month %d: %v, want %v", i+1, got, want)
		}
	}
}

func testLists(t *testing.T, r *Runner, conn driver.Conn) {
	run := func(q Query) *data.Frame {
		t.Helper()
		q.Lang = "sv"
		f, err := r.Run(t.Context(), q, Everything(), quarter())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := run(Query{Metric: "cost_centre_follow_up", Filters: []Filter{march()}})
	if f.Rows() != 2 {
		t.Errorf("%d cost centres, want 2", f.Rows())
	}
	cost := one(t, conn, "sum(cost)) FROM usage WHERE toMonth(local_day) = 3 AND cost_centre = '0100'")
	if got := number(t, f, "share", 0); got-cost/8 > 1e-5 || cost/8-got > 1e-5 {
		t.Errorf("share of budget %v, want %v", got, cost/8)
	}
	f = run(Query{Metric: "cost_centre_follow_up", Filters: []Filter{in("month", "2026-02")}})
	if f.Rows() != 3 || f.Fields[0].At(2) != "0300" || number(t, f, "budget", 2) != 10 {
		t.Error("a cost centre with a budget and no cost is missing in February")
	}
	f = run(Query{Metric: "lines_top", Limit: 3, Filters: []Filter{march()}})
	if f.Rows() != 3 || f.Fields[0].At(0) != querytest.LineID(2) || f.Fields[2].At(0) != "Akutmottagningen" || len(f.Meta.Notices) != 1 {
		t.Errorf("top lines: %d rows, first %v of %v, notices %v", f.Rows(), f.Fields[0].At(0), f.Fields[2].At(0), f.Meta.Notices)
	}
	f = run(Query{Metric: "violation_list"})
	if f.Rows() != 4 {
		t.Fatalf("%d violations, want 4", f.Rows())
	}
	if got := f.Fields[fieldIndex(t, f, "value")].At(1); got != "82,0\u00a0MB" {
		t.Errorf("measured %q", got)
	}
	id := f.Fields[fieldIndex(t, f, "violation_id")]
	if id.At(1) != querytest.ViolationID("roaming").String() || id.Config.Links[0].URL != "/violations/${__value.raw}" {
		t.Errorf("id %v, links %v", id.At(1), id.Config.Links)
	}
	if f.Fields[0] != id {
		t.Errorf("the evidence is not in the first column but %q is", f.Fields[0].Name)
	}
	subjects := map[string]string{}
	for i := range f.Rows() {
		subjects[id.At(i).(string)], _ = f.Fields[fieldIndex(t, f, "subject")].At(i).(string)
	}
	if unit, line := subjects[querytest.ViolationID("watches").String()], subjects[querytest.ViolationID("roaming").String()]; unit != "enheten" || line == "enheten" || line == "" {
		t.Errorf("a rule about units concerns %q, one about lines %q", unit, line)
	}
	f = run(Query{Metric: "violation_list", Filters: []Filter{in("state", "retracted")}})
	if f.Rows() != 1 || f.Fields[fieldIndex(t, f, "state")].At(0) != "Återtagen" {
		t.Errorf("%d retracted violations", f.Rows())
	}
	// Figures have a state of their own within the one that is chosen.
	for metric, want := range map[string]float64{"violations_open": 0, "violations_high": 0, "violation_cost": 0, "violations_retracted": 1} {
		if got := number(t, run(Query{Metric: metric, Format: FormatStat, Filters: []Filter{in("state", "retracted")}}), metric, 0); got != want {
			t.Errorf("%s among the retracted: %v, want %v", metric, got, want)
		}
	}
	if f = run(Query{Metric: "file_list"}); f.Rows() != 2 || f.Fields[fieldIndex(t, f, "state")].At(0) != "Misslyckad" {
		t.Errorf("%d files", f.Rows())
	}
	if f = run(Query{Metric: "data_freshness"}); f.Rows() != 2 || number(t, f, "files", 0) != 1 {
		t.Errorf("%d sources", f.Rows())
	}
}

func testScope(t *testing.T, r *Runner, conn driver.Conn) {
	surgery := Figures(querytest.Surgery)
	cost := Query{Metric: "cost", Format: FormatStat, Filters: []Filter{march()}}
	f, err := r.Run(t.Context(), cost, surgery, quarter())
	if err != nil {
		t.Fatal(err)
	}
	want := one(t, conn, "sum(cost)) FROM usage WHERE toMonth(local_day) = 3 AND unit_id = '"+querytest.Surgery+"'")
	if got := number(t, f, "cost", 0); got-want > 1e-6 || want-got > 1e-6 {
		t.Errorf("within the scope %v, want %v", got, want)
	}
	cost.Filters = append(cost.Filters, in("unit", querytest.Emergency))
	if f, err = r.Run(t.Context(), cost, surgery, quarter()); err != nil || f.Fields[0].At(0).(*float64) != nil {
		t.Errorf("a filter reached beyond the scope: %v, %v", f.Fields[0].At(0), err)
	}
	if _, err := r.Run(t.Context(), cost, Scope{}, quarter()); !errors.Is(err, ErrScope) {
		t.Errorf("the empty scope gave %v", err)
	}
	for _, name := range []string{"file_list", "data_freshness"} {
		if _, err := r.Run(t.Context(), Query{Metric: name}, surgery, quarter()); !errors.Is(err, ErrScope) {
			t.Errorf("%s within a scope gave %v", name, err)
		}
	}
	surgery.Persons.All = true
	for _, name := range []string{"violation_list", "lines_top", "cost_centre_follow_up"} {
		f, err := r.Run(t.Context(), Query{Metric: name}, surgery, quarter())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, field := range f.Fields {
			for i := range field.Len() {
				if s, ok := field.At(i).(string); ok && (strings.Contains(s, "Akut") || s == querytest.LineID(0) || s == "0100") {
					t.Errorf("%s shows %q of another unit", name, s)
				}
			}
		}
	}
}

func testHostileValues(t *testing.T, r *Runner) {
	for _, v := range []string{"' OR 1=1 --", `\' OR 1=1 --`, "a\nb\t;DROP TABLE usage", "['x']", "{p1:String}", "å\x00"} {
		f, err := r.Run(t.Context(), Query{Metric: "cost", Format: FormatStat, Filters: []Filter{march(), in("unit", v)}}, Everything(), quarter())
		if err != nil {
			t.Errorf("%q: %v", v, err)
			continue
		}
		if f.Fields[0].At(0).(*float64) != nil {
			t.Errorf("%q matched rows", v)
		}
	}
}

func testSuppression(t *testing.T, r *Runner) {
	f, err := r.Run(t.Context(), Query{Metric: "watches_open", GroupBy: []string{"unit", "profession_group"}, Lang: "en"}, Everything(), quarter())
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for i := range f.Rows() {
		shown[f.Fields[0].At(i).(string)+"/"+f.Fields[1].At(i).(string)] = f.Fields[2].At(i).(*float64) != nil
	}
	// 3 is small; 12 goes with it, or the total would give 3 away.
	for key, want := range map[string]bool{"Akutmottagningen/Läkare": true, "Akutmottagningen/Sjuksköterska": false, "Akutmottagningen/Sekreterare": false, "Kirurgkliniken/Läkare": true} {
		if got, ok := shown[key]; !ok || got != want {
			t.Errorf("%s: shown %v, want %v", key, got, want)
		}
	}
	if len(f.Meta.Notices) != 1 {
		t.Errorf("notices %v", f.Meta.Notices)
	}
	if _, err := r.Run(t.Context(), Query{Metric: "watches_open", Filters: []Filter{in("profession_group", "Läkare")}}, Everything(), quarter()); !errors.Is(err, ErrQuery) {
		t.Errorf("filtering on a profession group gave %v", err)
	}
}

func testOptions(t *testing.T, r *Runner) {
	want := map[string]string{"units": "Akutmottagningen", "cost_centres": "0100 Akut", "months": "mars 2026", "rules": "Många eller dyra vidarekopplingar till mobil", "states": "Öppen", "violations": "mars 2026 · Kirurgkliniken · Stigande antal öppna bevakningar"}
	for _, name := range OptionLists() {
		got, err := r.Options(t.Context(), Everything(), name, "sv")
		if err != nil || len(got) == 0 || got[0].Text != want[name] {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	got, err := r.Options(t.Context(), Figures(querytest.Surgery), "cost_centres", "sv")
	if err != nil || len(got) != 1 || got[0].Value != "0200" {
		t.Errorf("cost centres within a scope: %v, %v", got, err)
	}
	p, ok, err := r.Period(t.Context(), Everything())
	if err != nil || !ok || p.Month != "2026-03" || !p.To.Equal(quarter().To) || p.Days[1] != "2026-03-31" {
		t.Errorf("period %+v, %v, %v", p, ok, err)
	}
}

func TestEmptyStore(t *testing.T) {
	conn, _ := querytest.OpenEmpty(t)
	r := runner(t, conn)
	for _, name := range Metrics() {
		for _, format := range []string{FormatStat, FormatTable, FormatTimeseries} {
			if _, err := r.Run(t.Context(), Query{Metric: name, Format: format}, Everything(), quarter()); err != nil {
				t.Errorf("%s as %s: %v", name, format, err)
			}
		}
	}
	if _, ok, err := r.Period(t.Context(), Everything()); ok || err != nil {
		t.Errorf("period of an empty store: %v, %v", ok, err)
	}
}

func testNumbers(t *testing.T, r *Runner, conn driver.Conn) {
	usage := func(sum, where string) string {
		return sum + ") FROM usage WHERE local_day BETWEEN '2026-03-01' AND '2026-03-31' AND " + where
	}
	for _, tc := range []struct {
		name  string
		q     Query
		field string
		sql   string
	}{
		{"cost", Query{Metric: "cost", Filters: []Filter{march()}}, "cost", usage("sum(cost)", "1")},
		{"cost of a unit", Query{Metric: "cost", Filters: []Filter{march(), in("unit", querytest.Surgery)}}, "cost", usage("sum(cost)", "unit_id = '"+querytest.Surgery+"'")},
		{"not in", Query{Metric: "cost", Filters: []Filter{march(), {Field: "kind", Op: OpNotIn, Values: []string{"fee", "sms"}}}}, "cost", usage("sum(cost)", "kind NOT IN ('fee', 'sms')")},
		{"calls", Query{Metric: "calls", Filters: []Filter{march()}}, "calls", usage("countIf(kind = 'call')", "1")},
		{"answered", Query{Metric: "answered_calls", Filters: []Filter{march()}}, "answered_calls", usage("countIf(kind = 'call' AND answered)", "1")},
		{"minutes", Query{Metric: "duration", Filters: []Filter{march()}}, "duration", usage("sum(duration_s) / 60", "kind = 'call'")},
		{"messages", Query{Metric: "messages", Filters: []Filter{march()}}, "messages", usage("sum(messages)", "1")},
		{"volume", Query{Metric: "volume", Filters: []Filter{march()}}, "volume", usage("sum(volume_bytes) / 1e6", "1")},
		{"forwarded", Query{Metric: "forwarded_calls", Filters: []Filter{march()}}, "forwarded_calls", usage("countIf(forwarded)", "1")},
		{"forwarding cost", Query{Metric: "forwarding_cost", Filters: []Filter{march()}}, "forwarding_cost", usage("sumIf(cost, forwarded)", "1")},
		{"roaming cost", Query{Metric: "roaming_cost", Filters: []Filter{march()}}, "roaming_cost", usage("sum(cost)", "visited_country = 'TH'")},
		{"lines", Query{Metric: "lines_used", Filters: []Filter{march()}}, "lines_used", usage("uniqExact(line_id)", "kind != 'fee'")},
		{"one line", Query{Metric: "cost", Filters: []Filter{march(), in("line", querytest.LineID(2))}}, "cost", usage("sum(cost)", "line_id = '"+querytest.LineID(2)+"'")},
		{"previous", Query{Metric: "cost", Compare: "previous", Filters: []Filter{march()}}, "previous", "sumIf(cost, toMonth(local_day) = 3) - sumIf(cost, toMonth(local_day) = 2)) FROM usage"},
		{"budget", Query{Metric: "budget", Filters: []Filter{march()}}, "budget", "5800) FROM system.one"},
		{"budget of earlier", Query{Metric: "budget", Filters: []Filter{in("month", "2026-02")}}, "budget", "6010.5) FROM system.one"},
		{"budget of a unit", Query{Metric: "budget", Filters: []Filter{march(), in("unit", querytest.Emergency)}}, "budget", "700) FROM system.one"},
		{"retracted among the retracted", Query{Metric: "violations_retracted", Filters: []Filter{in("state", "retracted")}}, "violations_retracted", "count()) FROM violations_current WHERE change = 'retracted'"},
		{"against budget", Query{Metric: "cost", Compare: "budget", Filters: []Filter{march()}}, "budget", usage("sum(cost) - 5800", "1")},
		{"share of budget", Query{Metric: "cost", Compare: "budget_percent", Filters: []Filter{march()}}, "budget_percent", usage("sum(cost) / 58", "1")},
		{"open watches", Query{Metric: "watches_open"}, "watches_open", "sum(open)) FROM watches WHERE day = '2026-03-30'"},
		{"created watches", Query{Metric: "watches_created"}, "watches_created", "sum(created)) FROM watches"},
		{"target", Query{Metric: "watches_target"}, "watches_target", "160) FROM system.one"},
		{"violations", Query{Metric: "violations"}, "violations", "uniqExact(violation_id)) FROM violations"},
		{"open violations", Query{Metric: "violations_open"}, "violations_open", "3) FROM system.one"},
		{"new violations", Query{Metric: "violations_new"}, "violations_new", "2) FROM system.one"},
		{"severe violations", Query{Metric: "violations_high"}, "violations_high", "1) FROM system.one"},
		{"retracted violations", Query{Metric: "violations_retracted"}, "violations_retracted", "1) FROM system.one"},
		{"cost of violations", Query{Metric: "violation_cost"}, "violation_cost", "482 + 15.5) FROM system.one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.q.Format = FormatStat
			f, err := r.Run(t.Context(), tc.q, Everything(), quarter())
			if err != nil {
				t.Fatal(err)
			}
			got, want := number(t, f, tc.field, 0), one(t, conn, tc.sql)
			if diff := got - want; diff > 1e-6 || diff < -1e-6 || want == 0 {
				t.Errorf("got %v, the store says %v\n%s", got, want, f.Meta.ExecutedQueryString)
			}
		})
	}
}
