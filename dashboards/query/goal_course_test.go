package query_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/internal/bridge"
)

// laidOut reads a frame as lines: the day, then the numbers, "-" where there is none.
func laidOut(t *testing.T, f *data.Frame) []string {
	t.Helper()
	var out []string
	for i := range f.Rows() {
		at, ok := cell(t, f, "time", i).(*time.Time)
		if !ok || at == nil {
			t.Fatalf("row %d has no time", i)
		}
		line := at.In(querytest.Zone()).Format("2006-01-02T15:04")
		for _, name := range []string{"outcome", "target", "baseline", "forecast", "low", "high"} {
			if v := cell(t, f, name, i); v == nil {
				line += " -"
			} else {
				line += fmt.Sprintf(" %v", math.Round(v.(float64)*100)/100)
			}
		}
		out = append(out, line)
	}
	return out
}

// TestGoalCourse lays goals out over time: of one unit with its interval, of several added up or
// weighed, and of two goals for the same the one that is due next.
func TestGoalCourse(t *testing.T) {
	conn := querytest.Open(t)
	querytest.SeedMoreGoals(t, conn)
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.New(query.Config{Zone: querytest.Zone(), Messages: texts, Goals: bridge.NewGoals(conn, querytest.Zone())}, conn)
	if err != nil {
		t.Fatal(err)
	}
	course := func(goal string, months int, scope query.Scope) []string {
		t.Helper()
		return laidOut(t, run(t, r, query.Query{Metric: "goal_course", Filters: []query.Filter{{Field: "goal", Values: []string{goal}}}}, scope, months))
	}
	one := query.Figures(querytest.Emergency)
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n%q\nwant\n%q", what, got, want)
		}
	}
	// Six, five and four: two fewer in 59 days, and 150 days from the first to the day of the
	// goal: 6 − 150 × 2/59.
	expect("of one unit", course("desk_phones", 3, one), "2026-01-01T00:00 6 1 6 - - -", "2026-02-01T00:00 5 1 6 - - -", "2026-03-01T00:00 4 1 6 4 4 4", "2026-06-01T00:00 - 1 6 0.92 0.67 1.14")
	expect("of both", course("desk_phones", 3, query.Everything()), "2026-01-01T00:00 8 1 8 - - -", "2026-02-01T00:00 7 1 8 - - -", "2026-03-01T00:00 6 1 8 6 - -", "2026-06-01T00:00 - 1 8 2.92 - -")
	expect("two months are no pace", course("desk_phones", 2, one), "2026-01-01T00:00 6 1 6 - - -", "2026-02-01T00:00 5 1 6 - - -")
	expect("measured once", course("unused_lines", 3, one), "2026-03-01T00:00 0 2 5 - - -")
	e, s, both := course("cost_per_employee", 3, one), course("cost_per_employee", 3, query.Figures(querytest.Surgery)), course("cost_per_employee", 3, query.Everything())
	var a, b, c float64
	for i := range e[:3] {
		for text, v := range map[string]*float64{e[i]: &a, s[i]: &b, both[i]: &c} {
			if _, err := fmt.Sscanf(text[17:], "%f", v); err != nil {
				t.Fatal(err)
			}
		}
		if math.Abs((a*10+b*5)/15-c) > 0.011 {
			t.Errorf("%v and %v kr each for ten and five are %v, not %v", a, b, (a*10+b*5)/15, c)
		}
	}
	// Of the two goals of surgery for telephones, the later one adds nothing to sums and words.
	f := run(t, r, query.Query{Metric: "goal_words", Filters: []query.Filter{{Field: "goal", Values: []string{"desk_phones"}}}}, query.Everything(), 3)
	if got := cell(t, f, "summary", 0); got != "Bordstelefoner: i fas 1, inte i fas 2. I slutet av mars 2026 fanns 6 bordstelefoner i bruk, 1 färre än i februari; målen är tillsammans 1." {
		t.Errorf("in words: %v", got)
	}
	_, err = r.Run(t.Context(), query.Query{Metric: "goal_course"}, query.Everything(), span(3))
	if !errors.Is(err, query.ErrQuery) {
		t.Errorf("goals of all kinds have a course: %v", err)
	}
	if f := run(t, r, query.Query{Metric: "goal_course", Filters: []query.Filter{{Field: "unit", Values: []string{querytest.EmptyUnit}}}}, query.Everything(), 3); f.Rows() != 0 {
		t.Errorf("nothing has %d rows", f.Rows())
	}
}
