package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/internal/bridge"
	"linesman/schema"
)

// TestGoals asks for the goals of the seeded hospital through everything that panels go
// through: the store, the judge, the words.
func TestGoals(t *testing.T) {
	conn := querytest.Open(t)
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.New(query.Config{Zone: querytest.Zone(), Messages: texts, Goals: bridge.NewGoals(conn, querytest.Zone())}, conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("panels", func(t *testing.T) { testGoalPanels(t, r) })
	t.Run("within a scope", func(t *testing.T) { testGoalScope(t, r) })
	t.Run("for commands", func(t *testing.T) { testGoalsForCommands(t, r) })
}

func span(months int) query.TimeRange {
	z := querytest.Zone()
	return query.TimeRange{From: time.Date(2026, 1, 1, 0, 0, 0, 0, z), To: time.Date(2026, 1+time.Month(months), 1, 0, 0, 0, 0, z)}
}

func reduction() query.Filter {
	return query.Filter{Field: "goal", Values: []string{"watches_open", "forwarded_calls"}}
}

func run(t *testing.T, r *query.Runner, q query.Query, scope query.Scope, months int) *data.Frame {
	t.Helper()
	q.Lang = "sv"
	f, err := r.Run(t.Context(), q, scope, span(months))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// cell reads a cell of a frame: a text, a number, or nil.
func cell(t *testing.T, f *data.Frame, field string, row int) any {
	t.Helper()
	for _, c := range f.Fields {
		if c.Name == field {
			if v, ok := c.At(row).(*float64); ok {
				if v == nil {
					return nil
				}
				return *v
			}
			return c.At(row)
		}
	}
	t.Fatalf("no field %s", field)
	return nil
}

func testGoalPanels(t *testing.T, r *query.Runner) {
	f := run(t, r, query.Query{Metric: "goal_progress", Filters: []query.Filter{reduction()}}, query.Everything(), 3)
	if f.Rows() != 3 {
		t.Fatalf("%d goals, want 3", f.Rows())
	}
	for row, want := range []map[string]any{
		// Emergency: 180 − 2×12 + 3 + 12 = 171 of 200 → 100, two fewer each week: on 30 June, 92
		// days and 13 weeks and a day later, 171 − 2 × 92/7.
		{"unit": "Akutmottagningen", "now": 171.0, "progress": 29.0, "forecast": 144.714285, "interval": "145–145", "status": "Inte i fas", "target_day": "2026-06-30", "owner": "Enhetschef"},
		{"unit": "Kirurgkliniken", "now": 106.0, "progress": -100.0, "status": "Inte i fas"}, // three more each week
		// Ten forwarded calls in March (days 3, 6, …, 30), nine in February, ten in January; from
		// 20 towards 5. That is ahead of the path of today, and goes on for ever.
		{"unit": "Akutmottagningen", "now": 10.0, "forecast": 10.0, "status": "Inte i fas"},
	} {
		for field, v := range want {
			got := cell(t, f, field, row)
			if n, ok := got.(float64); ok && n-v.(float64) < 1e-5 && v.(float64)-n < 1e-5 {
				continue
			}
			if got != v {
				t.Errorf("goal %d, %s: %v, want %v", row, field, got, v)
			}
		}
	}
	f = run(t, r, query.Query{Metric: "goal_sentences", Filters: []query.Filter{reduction()}}, query.Everything(), 3)
	for row, want := range []string{
		"I mars 2026 var 171 bevakningar öppna, 10 färre än i februari; målet är högst 100 senast den 30 juni 2026. I den här takten blir det då omkring 145: inte i fas.",
		"I mars 2026 var 106 bevakningar öppna, 15 fler än i februari; målet är högst 60 senast den 30 juni 2026. I den här takten blir det då omkring 145: inte i fas.",
		"I mars 2026 vidarekopplades 10 samtal, 1 fler än i februari; målet är högst 5 senast den 30 juni 2026. I den här takten blir det då omkring 10 (5–14): inte i fas. " +
			"Det är lika bra som den planerade banan (13) eller bättre, men takten räcker inte.",
	} {
		if got := cell(t, f, "summary", row); got != want {
			t.Errorf("in words:\n%v\nwant\n%v", got, want)
		}
	}
	f = run(t, r, query.Query{Metric: "goal_words", Filters: []query.Filter{reduction()}}, query.Everything(), 3)
	if got := cell(t, f, "summary", 0); f.Rows() != 2 || got != "Öppna bevakningar: inte i fas 2. I mars 2026 var 277 bevakningar öppna, 5 fler än i februari; målen är tillsammans 160." {
		t.Errorf("in words: %v", got)
	}
	for metric, want := range map[string]any{"goals_on_track": 0.0, "goals_behind": 3.0} {
		if got := cell(t, run(t, r, query.Query{Metric: metric, Format: query.FormatStat, Filters: []query.Filter{reduction()}}, query.Everything(), 3), metric, 0); got != want {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
	// Of the budgets, that of surgery is kept.
	if got := cell(t, run(t, r, query.Query{Metric: "goals_on_track", Format: query.FormatStat}, query.Everything(), 3), "goals_on_track", 0); got != 1.0 {
		t.Errorf("%v goals and budgets on track, want 1", got)
	}
	// Two months are no pace, and later data do not count.
	f = run(t, r, query.Query{Metric: "goal_progress", Filters: []query.Filter{{Field: "goal", Values: []string{"forwarded_calls"}}}}, query.Everything(), 2)
	if got := cell(t, f, "status", 0); f.Rows() != 1 || got != "För lite data" || cell(t, f, "now", 0) != 9.0 || cell(t, f, "forecast", 0) != nil {
		t.Errorf("at the end of February: %v", got)
	}
	f = run(t, r, query.Query{Metric: "goal_progress", Filters: []query.Filter{{Field: "goal", Op: query.OpNotIn, Values: []string{"cost_month"}}}, Limit: 2}, query.Everything(), 3)
	if f.Rows() != 2 || len(f.Meta.Notices) != 1 {
		t.Errorf("%d of the goals, notices %v", f.Rows(), f.Meta.Notices)
	}
}

func testGoalScope(t *testing.T, r *query.Runner) {
	surgery := query.Figures(querytest.Surgery)
	for _, metric := range []string{"goal_progress", "goal_sentences", "goal_words"} {
		f := run(t, r, query.Query{Metric: metric}, surgery, 3)
		if f.Rows() != 1 {
			t.Errorf("%s: %d rows", metric, f.Rows())
		}
		for _, field := range f.Fields {
			for i := range field.Len() {
				if s, ok := field.At(i).(string); ok && (strings.Contains(s, "Akut") || strings.Contains(s, "0100")) {
					t.Errorf("%s shows %q of another unit", metric, s)
				}
			}
		}
	}
	if f := run(t, r, query.Query{Metric: "goal_progress", Filters: []query.Filter{{Field: "unit", Values: []string{querytest.Emergency}}}}, surgery, 3); f.Rows() != 0 {
		t.Error("a filter reached beyond the scope")
	}
	if _, err := r.Goals(t.Context(), query.Scope{}, query.GoalsAsk{}); err == nil {
		t.Error("the empty scope sees goals")
	}
}

func testGoalsForCommands(t *testing.T, r *query.Runner) {
	all, err := r.Goals(t.Context(), query.Everything(), query.GoalsAsk{Lang: "en"})
	if err != nil || len(all) != 6 {
		t.Fatalf("%d goals, %v", len(all), err)
	}
	budget := all[3] // 0100 after those of watches and calls
	if budget.Place != "0100 Akut" || budget.Status != "off_track" && budget.Status != "on_track" || budget.Progress != nil || budget.AsOf != "2026-03-31" {
		t.Errorf("budget %+v", budget)
	}
	if !strings.HasPrefix(all[0].Words, "In March 2026 171 watches were open, 10 fewer than in February; the goal is at most 100 by 30 June 2026.") {
		t.Errorf("in words: %s", all[0].Words)
	}
	some, err := r.Goals(t.Context(), query.Everything(), query.GoalsAsk{Lang: "en", Units: []string{querytest.Surgery}, AsOf: schema.Date(2026, 2, 28)})
	if err != nil || len(some) != 1 || some[0].AsOf != "2026-02-28" || *some[0].Now != "91" {
		t.Errorf("%+v, %v", some, err)
	}
}

// rules knows three rules and when they changed.
type rules struct{ many int }

func (rules) Rule(id string, _ uint32) (query.RuleText, bool) {
	return query.RuleText{Title: query.Text{SV: "Regel " + id, EN: "Rule " + id}}, true
}

func (r rules) Changes() []query.RuleChange {
	out := []query.RuleChange{
		{ID: "a", Version: 1, Day: schema.Date(2025, 1, 1), Kind: query.RuleStarts}, // before the period
		{ID: "b", Version: 1, Day: schema.Date(2026, 3, 29), Kind: query.RuleStarts},
		{ID: "a", Version: 2, Day: schema.Date(2026, 3, 29), Kind: query.RuleChanges},
		{ID: "c", Version: 1, Day: schema.Date(2026, 3, 31), Kind: query.RuleEnds},
	}
	for i := range r.many {
		out = append(out, query.RuleChange{ID: string(rune('k' + i)), Version: 1, Day: schema.Date(2026, 2, 1), Kind: query.RuleStarts})
	}
	return out
}

// TestAnnotations lists what may explain a curve: changes of rules and days of goals.
func TestAnnotations(t *testing.T) {
	conn := querytest.Open(t)
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.New(query.Config{Zone: querytest.Zone(), Messages: texts, Rules: rules{many: 6}}, conn)
	if err != nil {
		t.Fatal(err)
	}
	marks := func(months int, scope query.Scope, filters ...query.Filter) []string {
		t.Helper()
		f := run(t, r, query.Query{Metric: "annotations", Filters: filters}, scope, months)
		var out []string
		for i := range f.Rows() {
			// Midnight of the judging zone, also on the night the clocks change.
			at, _ := cell(t, f, "time", i).(time.Time)
			out = append(out, at.In(querytest.Zone()).Format("2006-01-02T15:04 ")+cell(t, f, "tags", i).(string)+": "+cell(t, f, "text", i).(string))
		}
		return out
	}
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	expect("the rules of the quarter", marks(3, query.Everything()),
		"2026-02-01T00:00 regel: Börjar gälla: Regel k; Regel l; Regel m; Regel n; och 2 till",
		"2026-03-29T00:00 regel: Börjar gälla: Regel b", "2026-03-29T00:00 regel: Ändras: Regel a", "2026-03-31T00:00 regel: Upphör: Regel c")
	goals := query.Filter{Field: "about", Values: []string{"goal"}}
	expect("the goals of the half year", marks(6, query.Everything(), goals),
		"2026-06-30T00:00 mål: Måldag: Budget per månad (3); Vidarekopplade samtal per månad (1); Öppna bevakningar (2)")
	expect("some goals", marks(6, query.Everything(), goals, reduction()), "2026-06-30T00:00 mål: Måldag: Vidarekopplade samtal per månad (1); Öppna bevakningar (2)")
	expect("within a scope", marks(6, query.Figures(querytest.Surgery), goals), "2026-06-30T00:00 mål: Måldag: Öppna bevakningar (1)")
	expect("of another unit", marks(6, query.Everything(), goals, query.Filter{Field: "unit", Values: []string{querytest.EmptyUnit}}))
	f := run(t, r, query.Query{Metric: "annotations"}, query.Everything(), 3)
	for _, field := range f.Fields {
		if field.Config != nil && field.Config.DisplayNameFromDS != "" {
			t.Errorf("Grafana would not find the field %s by its name %q", field.Name, field.Config.DisplayNameFromDS)
		}
	}
}
