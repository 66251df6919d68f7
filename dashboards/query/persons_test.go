package query_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// TestPersons asks for rows of single persons with and without the right to see them.
func TestPersons(t *testing.T) {
	audit := &reads{}
	conn := querytest.Open(t)
	querytest.SeedReads(t, conn)
	r := overStore(t, conn, audit.record)
	t.Run("without the right", func(t *testing.T) { testNoPersons(t, r, audit) })
	t.Run("no other list names a line", func(t *testing.T) { testNoLineAnywhere(t, r, audit) })
	t.Run("with the right", func(t *testing.T) { testSomePersons(t, r, audit) })
	t.Run("one violation", func(t *testing.T) { testViolationPersons(t, r, audit) })
	t.Run("what cannot be recorded", func(t *testing.T) { testUnrecorded(t, r, audit) })
	t.Run("access log", func(t *testing.T) { testAccessLog(t, r, audit) })
}

// personQueries are those whose rows are single lines.
func personQueries() []query.Query {
	line := query.Filter{Field: "line", Values: []string{querytest.LineID(2)}}
	return []query.Query{
		{Metric: "lines_top"}, {Metric: "subscriptions"}, {Metric: "forwarding_lines"},
		{Metric: "cost", GroupBy: []string{"line"}}, {Metric: "calls", GroupBy: []string{"unit", "line"}}, {Metric: "cost", GroupBy: []string{"line"}, Format: query.FormatTimeseries},
		{Metric: "cost", Format: query.FormatStat, Filters: []query.Filter{line}}, {Metric: "lines_used", GroupBy: []string{"line"}},
		{Metric: "cost", Format: query.FormatStat, Compare: "previous", Filters: []query.Filter{line, {Field: "month", Values: []string{"2026-03"}}}},
	}
}

func testNoPersons(t *testing.T, r *query.Runner, audit *reads) {
	finance := query.Scope{All: true, Figures: true}
	elsewhere := query.Figures(querytest.Emergency)
	elsewhere.Persons.Units = []string{querytest.Surgery, ""} // a case of a unit whose figures are not theirs
	for _, scope := range []query.Scope{finance, query.Figures(querytest.Emergency, querytest.Surgery), elsewhere} {
		for _, q := range append(personQueries(), query.Query{Metric: "savings_list"}, query.Query{Metric: "subscription_checks"}, query.Query{Metric: "invoice_disputes"}) {
			for lang, words := range map[string]string{"sv": "öppet ärende", "en": "open case"} {
				q.Lang = lang
				if _, err := r.Run(t.Context(), q, scope, span(3)); !errors.Is(err, query.ErrScope) || !strings.Contains(err.Error(), words) {
					t.Errorf("%s gave %v", label(q), err)
				}
			}
		}
		f := run(t, r, query.Query{Metric: "violation_list"}, scope, 3)
		for i := range f.Rows() {
			if subject := cell(t, f, "subject", i).(string); subject != "enheten" && subject != "ett abonnemang på "+cell(t, f, "unit", i).(string) {
				t.Errorf("a violation names %q", subject)
			}
		}
		if f.Rows() == 0 {
			t.Error("no violations")
		}
		if n, ok := cell(t, run(t, r, query.Query{Metric: "lines_used", Format: query.FormatStat}, scope, 3), "lines_used", 0).(float64); !ok || n < 4 {
			t.Errorf("%v lines used: a count of lines is no row of a person", n)
		}
	}
	if len(audit.got) != 0 {
		t.Errorf("recorded without anything given: %+v", audit.got)
	}
}

// testNoLineAnywhere finds a list or a field that names lines, and that nobody thought of.
func testNoLineAnywhere(t *testing.T, r *query.Runner, audit *reads) {
	var given, refused int
	for _, q := range asked(t) {
		f, err := r.Run(t.Context(), q, query.Scope{All: true, Figures: true}, span(3))
		if errors.Is(err, query.ErrScope) {
			refused++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", label(q), err)
			continue
		}
		given++
		if all := written(f); strings.Contains(all, "L0000000000") || strings.Contains(all, "+46701") {
			t.Errorf("%s names a line:\n%s", label(q), all)
		}
	}
	if given < 200 || refused < 10 || len(audit.got) != 0 {
		t.Errorf("%d answers, %d refused, recorded %v", given, refused, audit.got)
	}
}

func lines(t *testing.T, f *data.Frame) []string {
	t.Helper()
	var out []string
	for i := range f.Rows() {
		out = append(out, cell(t, f, "line", i).(string))
	}
	slices.Sort(out)
	return out
}

func testSomePersons(t *testing.T, r *query.Runner, audit *reads) {
	// Everybody's figures, and an open case in surgery.
	scope := query.Scope{All: true, Figures: true, Persons: query.Persons{Units: []string{querytest.Surgery}}}
	both := query.Figures(querytest.Emergency, querytest.Surgery)
	both.Persons.Units = []string{querytest.Surgery}
	for _, scope := range []query.Scope{scope, both} {
		for _, q := range []query.Query{{Metric: "lines_top"}, {Metric: "cost", GroupBy: []string{"line"}}} {
			audit.got = nil
			f := run(t, r, q, scope, 3)
			if got := lines(t, f); !slices.Equal(got, []string{querytest.LineID(4), querytest.LineID(5)}) || len(f.Meta.Notices) != 1 {
				t.Errorf("%s: lines %v, notices %v", label(q), got, f.Meta.Notices)
			}
			if want := []query.Read{{Metric: q.Metric, Unit: querytest.Surgery, Rows: 2}}; !slices.Equal(audit.got, want) {
				t.Errorf("%s: recorded %+v", label(q), audit.got)
			}
		}
	}
	audit.got = nil
	if f := run(t, r, query.Query{Metric: "cost", Format: query.FormatStat, Filters: []query.Filter{{Field: "line", Values: []string{querytest.LineID(2)}}}}, scope, 3); cell(t, f, "cost", 0) != nil {
		t.Error("a line of another unit is seen")
	}
	audit.got = nil
	run(t, r, query.Query{Metric: "cost", Format: query.FormatStat, Filters: []query.Filter{{Field: "line", Values: []string{querytest.LineID(4)}}}}, scope, 3)
	if want := []query.Read{{Metric: "cost", Subject: querytest.LineID(4), Unit: querytest.Surgery, Rows: 1}}; !slices.Equal(audit.got, want) {
		t.Errorf("recorded %+v", audit.got)
	}
	for _, q := range personQueries() {
		audit.got = nil
		f := run(t, r, q, query.Everything(), 3)
		if len(audit.got) == 0 || audit.got[0].Metric != q.Metric || audit.got[0].Rows == 0 || f.Rows() == 0 {
			t.Errorf("%s: recorded %+v", label(q), audit.got)
		}
	}
	audit.got = nil
	run(t, r, query.Query{Metric: "violation_list"}, scope, 3)
	if want := []query.Read{{Metric: "violation_list", Subject: querytest.LineID(5), Rows: 1}}; !slices.Equal(audit.got, want) {
		t.Errorf("recorded %+v", audit.got)
	}
	audit.got = nil
	for _, q := range []query.Query{{Metric: "cost", GroupBy: []string{"unit"}}, {Metric: "goal_progress"}, {Metric: "violations", GroupBy: []string{"rule"}}, {Metric: "lines_used"}} {
		run(t, r, q, query.Everything(), 3)
	}
	if len(audit.got) != 0 {
		t.Errorf("figures are recorded as rows of persons: %+v", audit.got)
	}
}

func testViolationPersons(t *testing.T, r *query.Runner, audit *reads) {
	id := querytest.ViolationID("roaming").String()
	audit.got = nil
	v, err := r.Violation(t.Context(), query.Figures(querytest.Emergency), id, "sv")
	if err != nil {
		t.Fatal(err)
	}
	if !v.Withheld || v.Subject.ID != "" || v.Subject.Label != "ett abonnemang på Akutmottagningen" || len(v.Evidence) != 0 || v.EvidenceTotal != 4 || v.Value != 82 || len(v.History) != 2 || strings.Contains(v.Reason.SV, "TH") {
		t.Errorf("without the right: %+v", v)
	}
	for _, metric := range []string{"violation_value", "violation_limit", "violation_sum", "violation_events", "violation_history", "violation_evidence", "violation_evidence_daily", "violation_facts"} {
		f := run(t, r, query.Query{Metric: metric, Filters: []query.Filter{{Field: "violation", Values: []string{id}}}}, query.Figures(querytest.Emergency), 3)
		if strings.Contains(written(f), "L000") || strings.Contains(written(f), "+46") {
			t.Errorf("%s shows a line:\n%s", metric, written(f))
		}
		if empty := strings.HasPrefix(metric, "violation_evidence"); (f.Rows() == 0) != empty || empty != (len(f.Meta.Notices) == 1) {
			t.Errorf("%s: %d rows, notices %v", metric, f.Rows(), f.Meta.Notices)
		}
	}
	// Of a unit there is nobody to protect.
	if v, err := r.Violation(t.Context(), query.Figures(querytest.Surgery), querytest.ViolationID("watches").String(), "sv"); err != nil || v.Withheld || len(v.Evidence) != 2 {
		t.Errorf("a violation of a unit: %+v, %v", v, err)
	}
	if len(audit.got) != 0 {
		t.Errorf("recorded %+v", audit.got)
	}
	v, err = r.Violation(t.Context(), manager(querytest.Emergency), id, "sv")
	if err != nil || v.Withheld || v.Subject.ID != querytest.LineID(2) || len(v.Evidence) != 4 || v.Evidence[0].File != "cdr_2026.csv" {
		t.Errorf("with the right: %+v, %v", v, err)
	}
	if want := []query.Read{{Metric: "violation", Subject: id, Unit: querytest.Emergency, Rows: 5}}; !slices.Equal(audit.got, want) {
		t.Errorf("recorded %+v", audit.got)
	}
	// Another unit's and none at all get the same answer.
	_, foreign := r.Violation(t.Context(), manager(querytest.Surgery), id, "sv")
	none := schema.NewID("violation", "none").String()
	_, wrong := r.Violation(t.Context(), manager(querytest.Surgery), none, "sv")
	if !errors.Is(foreign, query.ErrNotFound) || !errors.Is(wrong, query.ErrNotFound) || strings.ReplaceAll(foreign.Error(), id, none) != wrong.Error() {
		t.Errorf("another unit's violation gave %v, a wrong id %v", foreign, wrong)
	}
}

// testUnrecorded finds that no row of a person is given when its read cannot be recorded.
func testUnrecorded(t *testing.T, r *query.Runner, audit *reads) {
	audit.refuse = errors.New("the log is away")
	defer func() { audit.refuse = nil }()
	filter := []query.Filter{{Field: "violation", Values: []string{querytest.ViolationID("roaming").String()}}}
	for _, q := range append(personQueries(), query.Query{Metric: "violation_list"}, query.Query{Metric: "violation_evidence", Filters: filter}, query.Query{Metric: "violation_facts", Filters: filter}) {
		if f, err := r.Run(t.Context(), q, query.Everything(), span(3)); !errors.Is(err, audit.refuse) || f != nil {
			t.Errorf("%s gave %v", label(q), err)
		}
	}
	if v, err := r.Violation(t.Context(), query.Everything(), querytest.ViolationID("roaming").String(), "sv"); !errors.Is(err, audit.refuse) || v != nil {
		t.Errorf("a violation gave %v, %v", v, err)
	}
	run(t, r, query.Query{Metric: "cost", GroupBy: []string{"unit"}}, query.Everything(), 3)
	run(t, r, query.Query{Metric: "violation_list"}, query.Figures(querytest.Emergency), 3)
}

func testAccessLog(t *testing.T, r *query.Runner, audit *reads) {
	audit.got = nil
	for _, scope := range []query.Scope{query.Figures(querytest.Surgery), {All: true, Figures: true, Persons: query.Persons{All: true}}} {
		if _, err := r.Run(t.Context(), query.Query{Metric: "access_log", Lang: "en"}, scope, span(3)); !errors.Is(err, query.ErrScope) || !strings.Contains(err.Error(), "data protection officer") {
			t.Errorf("the access log gave %v", err)
		}
	}
	if len(audit.got) != 0 {
		t.Errorf("recorded %+v", audit.got)
	}
	officer := query.Scope{AccessLog: true}
	f := run(t, r, query.Query{Metric: "access_log"}, officer, 3)
	if f.Rows() != 2 || cell(t, f, "who", 0) != "P2" || cell(t, f, "outcome", 0) != "nekad" || cell(t, f, "unit", 0) != "Akutmottagningen" || cell(t, f, "rows", 1) != 5.0 || cell(t, f, "purpose", 1) != "Utredning" {
		t.Errorf("the access log:\n%s", written(f))
	}
	if want := []query.Read{{Metric: "access_log", Rows: 2}}; !slices.Equal(audit.got, want) {
		t.Errorf("recorded %+v", audit.got)
	}
	for _, filter := range []query.Filter{{Field: "who", Values: []string{"P1"}}, {Field: "outcome", Values: []string{"allowed"}}, {Field: "month", Values: []string{"2026-01"}}} {
		if f := run(t, r, query.Query{Metric: "access_log", Filters: []query.Filter{filter}}, officer, 3); f.Rows() != 1 || cell(t, f, "who", 0) != "P1" {
			t.Errorf("filter %v:\n%s", filter, written(f))
		}
	}
	audit.refuse = errors.New("the log is away")
	defer func() { audit.refuse = nil }()
	if _, err := r.Run(t.Context(), query.Query{Metric: "access_log"}, officer, span(3)); !errors.Is(err, audit.refuse) {
		t.Errorf("the access log gave %v", err)
	}
}

// TestSmallCells asks for groups that rest on few events. In March line 2 of the emergency unit
// used data in Thailand four times, and ten of its calls tell no country; in surgery nobody was abroad.
func TestSmallCells(t *testing.T) {
	r := overStore(t, querytest.Open(t), nil)
	finance, emergency := query.Scope{All: true, Figures: true}, query.Figures(querytest.Emergency)
	march := query.Filter{Field: "month", Values: []string{"2026-03"}}
	country := func(op string, values ...string) query.Filter {
		return query.Filter{Field: "visited_country", Op: op, Values: values}
	}
	shown := func(q query.Query, scope query.Scope) string {
		t.Helper()
		q.Filters = append(slices.Clone(q.Filters), march)
		f := run(t, r, q, scope, 3)
		var out []string
		for i := range f.Rows() {
			v := "shown"
			if cell(t, f, q.Metric, i) == nil {
				v = "withheld"
			}
			for _, field := range q.GroupBy {
				v = cell(t, f, field, i).(string) + " " + v
			}
			out = append(out, v)
		}
		slices.Sort(out)
		if hidden := strings.Contains(strings.Join(out, ""), "withheld"); hidden != (len(f.Meta.Notices) > 0) {
			t.Errorf("%s: %v with notices %v", label(q), out, f.Meta.Notices)
		}
		return strings.Join(out, ", ")
	}
	abroad, all := query.Query{Metric: "cost", GroupBy: []string{"visited_country"}}, manager(querytest.Emergency)
	stat := func(metric string, filters ...query.Filter) query.Query {
		return query.Query{Metric: metric, Format: query.FormatStat, Filters: filters}
	}
	for _, tc := range []struct {
		q     query.Query
		scope query.Scope
		want  string
	}{
		{abroad, emergency, "SE shown, TH withheld, – withheld"}, // ten go with four
		{abroad, all, "SE shown, TH shown, – shown"},
		{query.Query{Metric: "cost", GroupBy: []string{"unit", "visited_country"}}, finance, "SE Akutmottagningen shown, SE Kirurgkliniken shown, TH Akutmottagningen withheld, – Akutmottagningen withheld, – Kirurgkliniken shown"},
		{query.Query{Metric: "cost", GroupBy: []string{"kind", "visited_country"}}, emergency, "SE Samtal shown, TH Data withheld, – Samtal shown"},
		{query.Query{Metric: "volume", GroupBy: []string{"visited_country"}}, emergency, "TH withheld"},
		{query.Query{Metric: "roaming_cost", GroupBy: []string{"unit"}}, finance, "Akutmottagningen shown"}, // a unit's figure
		{query.Query{Metric: "cost", GroupBy: []string{"role"}}, emergency, "Personligt shown"},
		{stat("cost", country(query.OpIn, "TH")), emergency, "withheld"},
		{stat("cost", country(query.OpNotIn, "TH")), emergency, "withheld"}, // four are left
		{stat("cost", country(query.OpIn, "SE")), emergency, "shown"},
		{stat("cost", country(query.OpIn, "TH")), all, "shown"},
		{query.Query{Metric: "roaming_networks"}, emergency, ""},
	} {
		if tc.q.Metric == "roaming_networks" {
			f := run(t, r, query.Query{Metric: "roaming_networks", Filters: []query.Filter{march}}, tc.scope, 3)
			if f.Rows() != 1 || cell(t, f, "cost", 0) != nil || cell(t, f, "calls", 0) != nil || len(f.Meta.Notices) != 1 || cell(t, run(t, r, query.Query{Metric: "roaming_networks"}, all, 3), "cost", 0) == nil {
				t.Errorf("networks:\n%s", written(f))
			}
			continue
		}
		if got := shown(tc.q, tc.scope); got != tc.want {
			t.Errorf("%s, persons %v: %s, want %s", label(tc.q), tc.scope.Persons, got, tc.want)
		}
	}
	f := run(t, r, query.Query{Metric: "cost", GroupBy: []string{"visited_country"}, Format: query.FormatTimeseries}, emergency, 3)
	for _, field := range f.Fields[1:] {
		if v := field.At(2).(*float64); field.Labels["visited_country"] == "TH" && v != nil || field.Labels["visited_country"] == "SE" && v == nil {
			t.Errorf("over time %v", written(f))
		}
		if v := field.At(0).(*float64); v == nil {
			t.Errorf("in January nothing is withheld: %v", written(f))
		}
	}
	q := query.Query{Metric: "cost", Format: query.FormatStat, Compare: "previous", Filters: []query.Filter{march, country(query.OpIn, "TH")}}
	if f := run(t, r, q, emergency, 3); cell(t, f, "previous", 0) != nil {
		t.Errorf("compared with the month before: %s", written(f))
	}
}
