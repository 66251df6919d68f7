package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ name, json, wrong string }{
		{"as Grafana sends it", `{"refId":"A","metric":"cost","datasource":{"uid":"linesman"},"intervalMs":1000,"maxDataPoints":500,"hide":false}`, ""},
		{"not JSON", `{`, "bad query"},
		{"format", `{"metric":"cost","format":"pie"}`, `format "pie"; there is "timeseries", "table" or "stat"`},
		{"interval", `{"metric":"cost","interval":"hour"}`, `interval "hour"`},
		{"operator", `{"metric":"cost","filters":[{"field":"unit","op":"like","values":["x"]}]}`, `op "like"`},
		{"limit", `{"metric":"cost","limit":1000000}`, "limit 1000000"},
		{"values of the wrong type", `{"metric":"cost","filters":[{"field":"unit","values":[1]}]}`, "bad query"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse([]byte(tc.json))
			if tc.wrong == "" && err != nil || tc.wrong != "" && (!errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), tc.wrong)) {
				t.Errorf("got %v", err)
			}
		})
	}
	q, err := Parse([]byte(`{"metric":"watches_open","filters":[{"field":"unit","values":["$__all"]},{"field":"unit","values":[]}]}`))
	if err != nil || len(q.Filters) != 0 || q.Interval != "week" || q.Format != FormatTable {
		t.Errorf("%+v, %v", q, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"metric":"cost","groupBy":["unit"],"filters":[{"field":"month","values":["2026-03"]}],"format":"timeseries"}`)
	f.Add(`{"metric":"goal_progress","limit":3}`)
	c, err := messages.Load()
	if err != nil {
		f.Fatal(err)
	}
	r := &Runner{cfg: Config{Zone: time.UTC, Messages: c}}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := Parse([]byte(raw))
		if err != nil {
			return
		}
		const marker = "4f1d'marker"
		for _, filter := range q.Filters {
			if filter.Field != "month" {
				filter.Values[0] = marker
			}
		}
		a, err := r.plan(q, Figures("u"), TimeRange{time.Unix(0, 0), time.Unix(86400*40, 0)})
		if err != nil {
			return
		}
		s, err := a.statement()
		if err != nil {
			return
		}
		if strings.Contains(s.sql.String(), marker) {
			t.Errorf("a value stands in the statement: %s", s.sql.String())
		}
		if !strings.Contains(s.sql.String(), "unit_id IN {") {
			t.Errorf("no row scope in %s", s.sql.String())
		}
	})
}

func TestRefusals(t *testing.T) {
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{cfg: Config{Zone: time.UTC, Messages: c}}
	span := TimeRange{time.Unix(0, 0), time.Unix(86400*40, 0)}
	for _, tc := range []struct {
		q    Query
		want string
	}{
		{Query{Metric: "costs"}, `no metric "costs"; did you mean "cost"?`},
		{Query{Metric: "watches_opened"}, `did you mean "watches_open"?`},
		{Query{Metric: "cost", GroupBy: []string{"units"}}, `no field "units"; did you mean "unit"?`},
		{Query{Metric: "watches_open", GroupBy: []string{"kind"}}, `metric "watches_open" has no field "kind"; it has "month" or "unit"`},
		{Query{Metric: "cost", Also: []string{"watches_open"}}, "cannot stand beside"},
		{Query{Metric: "cost", GroupBy: []string{"unit"}, Format: FormatStat}, "leave groupBy out"},
		{Query{Metric: "cost", GroupBy: []string{"unit", "unit"}}, "twice"},
		{Query{Metric: "charged", GroupBy: []string{"line"}}, "not kept per line"},
		{Query{Metric: "cost", Filters: []Filter{{Field: "month", Values: []string{"mars"}}}}, "a month is written 2026-03"},
		{Query{Metric: "budget", Format: FormatTimeseries, Interval: "week"}, "budgets are per month"},
		{Query{Metric: "watches_path", Format: FormatTimeseries, Interval: "day", Filters: []Filter{{Field: "month", Values: []string{"1900-01", "2026-01"}}}}, ""},
	} {
		q, err := tc.q.normal()
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.plan(q, Everything(), span)
		if err == nil {
			_, err = a.statement()
		}
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !errors.Is(err, ErrQuery)) {
			t.Errorf("%+v gave %v", tc.q, err)
		}
	}
}

func TestEveryNameHasWords(t *testing.T) {
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range messages.Languages() {
		texts := c.In(lang)
		for _, m := range Metrics() {
			if !texts.Has("metric." + m) {
				t.Errorf("%s: no words for metric %s", lang, m)
			}
		}
		for _, d := range Dimensions() {
			if !texts.Has("field." + d) {
				t.Errorf("%s: no words for field %s", lang, d)
			}
		}
	}
}

func TestPeriods(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	// The last millisecond of March in Stockholm is still the 31st, though UTC says 21:59.
	r := TimeRange{time.Date(2026, 3, 1, 0, 0, 0, 0, zone), time.Date(2026, 3, 31, 23, 59, 59, 999e6, zone)}
	p, _, err := periodOf(Query{}, r, zone)
	if err != nil || p.from.Format(time.DateOnly) != "2026-03-01" || p.to.Format(time.DateOnly) != "2026-03-31" {
		t.Errorf("%v to %v, %v", p.from, p.to, err)
	}
	weeks, err := p.buckets("week")
	if err != nil || len(weeks) != 5 || weeks[0].Format(time.DateOnly) != "2026-03-02" {
		t.Errorf("weeks %v, %v", weeks, err)
	}
	p, _, err = periodOf(Query{Filters: []Filter{{Field: "month", Op: OpIn, Values: []string{"2026-01"}}}}, r, zone)
	if err != nil {
		t.Fatal(err)
	}
	now, _, err := periodOf(Query{Filters: []Filter{{Field: "month", Op: OpIn, Values: []string{"now"}}}}, r, zone)
	if err != nil || now.from.Format(time.DateOnly) != "2026-03-01" || now.to.Format(time.DateOnly) != "2026-03-31" {
		t.Errorf("the month of the end of March: %v to %v, %v", now.from, now.to, err)
	}
	if b := p.before(); b.from.Format(time.DateOnly) != "2025-12-01" || b.to.Format(time.DateOnly) != "2025-12-31" {
		t.Errorf("before January: %v to %v", b.from, b.to)
	}
	month := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	if got := runs([]time.Time{month(3), month(1), month(2), month(5), month(5)}); len(got) != 2 || !got[0][1].Equal(month(3)) {
		t.Errorf("runs %v", got)
	}
}

func TestProgressIsShownWithinReason(t *testing.T) {
	goal := func(progress int64) GoalState {
		return GoalState{HasProgress: true, Progress: decimal.NewFromInt(progress)}
	}
	for _, tc := range []struct {
		goal GoalState
		want string
	}{
		{goal(-1157), "-100"},
		{goal(650), "200"},
		{goal(-40), "-40"},
		{goal(50), "50"},
		{goal(200), "200"},
		{GoalState{}, "none"},
	} {
		got := "none"
		if p := tc.goal.shownProgress(); p != nil {
			got = p.String()
		}
		if got != tc.want {
			t.Errorf("%s: progress %s, want %s", tc.goal.Progress, got, tc.want)
		}
	}
}
