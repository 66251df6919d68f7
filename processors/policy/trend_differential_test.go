package policy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// trendRules are the same rules as trendSpecs, in YAML. %s is replaced by the common head.
const trendHead = `
    version: 1
    title: {en: Rises, sv: Ökar}
    description: {en: Rises., sv: Ökar.}
    severity: medium
    policy: [{document: Own policy, section: "1", quote: Ska minska.}]
    informed_at: 2023-01-01
    subject: unit
`

func trendRules(t testing.TB) *Set {
	t.Helper()
	body := strings.ReplaceAll(`pack: own
rules:
  - id: seasonal-watches@
    valid_from: 2023-03-08
    window: month
    source: watches
    trend: {lookback_weeks: 130, at_least: 40, z: 1.2, rise_share: 0.05, recent: 4, test: seasonal-mann-kendall, season: 52, goal: watches_open}
  - id: quarter-watches@
    valid_from: 2023-01-01
    window: month
    source: watches
    trend: {lookback_weeks: 150, at_least: 40, z: 1, rise_share: 0.05, recent: 4, test: seasonal-mann-kendall, season: 4}
  - id: staffed-watches@
    valid_from: 2024-01-01
    window: week
    source: watches
    trend: {lookback_weeks: 26, at_least: 10, false_discovery: 0.2, rise_share: 0.1, recent: 4, exposure: employees, baseline: {from: 2023-02-01, to: 2023-12-15}}
  - id: forwarded-per-line@
    valid_from: 2023-05-17
    window: month
    source: usage
    where: [{column: forwarded, is: true}, {column: answered, is: true}]
    exempt: {approval: forwarding}
    trend: {count: true, unit: calls, lookback_weeks: 20, at_least: 8, z: 1, false_discovery: 0.25, rise_share: 0.1, recent: 4, exposure: lines}
  - id: monthly-cost@
    valid_from: 2023-01-01
    window: month
    source: usage
    where: [{column: forwarded, is: true}, {column: answered, is: true}]
    trend: {cost: true, unit: SEK, per: month, lookback_months: 30, at_least: 12, z: 1.1, rise_share: 0.1, recent: 3, test: seasonal-mann-kendall, season: 12, goal: cost_month}
  - id: calls-above-baseline@
    valid_from: 2024-02-10
    window: month
    source: usage
    where: [{column: forwarded, is: true}, {column: answered, is: true}]
    trend: {count: true, unit: calls, lookback_weeks: 30, at_least: 8, z: 1.5, rise_share: 0.1, recent: 4, baseline: {from: 2023-01-01, to: 2024-01-01}}
`, "@", trendHead)
	body = strings.ReplaceAll(body, "subject: unit\n\n", "subject: unit\n")
	rules, problems := Parse("own.yaml", []byte(body))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, problems := newSet(contents{rules: rules})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

func trendSpecs() []trendSpec {
	return []trendSpec{
		{rule: "seasonal-watches", season: 52, lookback: 130, atLeast: 40, z: 1.2, share: 0.05, recent: 4, start: "2023-03-08", goal: "watches_open"},
		{rule: "quarter-watches", season: 4, lookback: 150, atLeast: 40, z: 1, share: 0.05, recent: 4, start: "2023-01-01"},
		{rule: "staffed-watches", weekWindow: true, lookback: 26, atLeast: 10, q: 0.2, share: 0.1, recent: 4, exposure: "employees", start: "2024-01-01", baseFrom: "2023-02-01", baseTo: "2023-12-15"},
		{rule: "forwarded-per-line", calls: true, exempt: true, lookback: 20, atLeast: 8, z: 1, q: 0.25, share: 0.1, recent: 4, exposure: "lines", start: "2023-05-17"},
		{rule: "monthly-cost", calls: true, cost: true, monthly: true, season: 12, lookback: 30, atLeast: 12, z: 1.1, share: 0.1, recent: 3, start: "2023-01-01", goal: "cost_month"},
		{rule: "calls-above-baseline", calls: true, lookback: 30, atLeast: 8, z: 1.5, share: 0.1, recent: 4, start: "2024-02-10", baseFrom: "2023-01-01", baseTo: "2024-01-01"},
	}
}

// trendWorld is a world that also moves lines and hires people.
type trendWorld struct {
	world
	units []schema.Unit
	lines []schema.Line
	when  map[schema.ID]schema.Time
}

func (w *trendWorld) unitIDs() []string {
	ids := map[string]bool{}
	for _, c := range w.watches {
		ids[c.UnitID] = true
	}
	for _, u := range w.usage {
		ids[u.UnitID] = true
	}
	delete(ids, "")
	return slices.Sorted(maps.Keys(ids))
}

type trendGrowth struct {
	trendWorld
	s   *testStore
	rnd *rand.Rand
	n   int
}

func (g *trendGrowth) unit() string { return fmt.Sprintf("U%d", g.rnd.IntN(6)) }

func (g *trendGrowth) day(from, to string) schema.Day {
	a, b := schema.DayOf(schema.TimeOf(day(from)), time.UTC), schema.DayOf(schema.TimeOf(day(to)), time.UTC)
	return a + schema.Day(g.rnd.IntN(int(b-a)))
}

// begin makes three years of staff, lines, goals, watches and calls: some units rise, some
// swing with the seasons, some have gaps, one has no staff stated.
func (g *trendGrowth) begin() Scope {
	for i := range 5 { // U5 states nothing
		unit := fmt.Sprintf("U%d", i)
		from := schema.Date(2022, 6, 1)
		for part := range 3 { // hires, is renamed, moves to another cost centre
			g.units = append(g.units, schema.Unit{UnitID: unit, Name: fmt.Sprint(unit, part), CostCentre: fmt.Sprint("K", part), Employees: uint32(g.rnd.IntN(60) * min(1, 5*part+i)), ValidFrom: from.Start(stockholm), Rank: 1})
			from += schema.Day(200 + g.rnd.IntN(400))
		}
	}
	for i := range 40 {
		from := schema.Date(2022, 1, 1) + schema.Day(g.rnd.IntN(300))
		line := schema.Line{LineID: fmt.Sprint("L", i), UnitID: g.unit(), ValidFrom: from.Start(stockholm), Rank: 1}
		if g.rnd.IntN(3) == 0 {
			line.ValidTo = (from + schema.Day(g.rnd.IntN(1500))).Start(stockholm)
		}
		moved := line
		moved.UnitID, moved.ValidFrom, moved.ValidTo = g.unit(), (from + schema.Day(200+g.rnd.IntN(900))).Start(stockholm), 0
		if g.rnd.IntN(2) == 0 { // lent for a while
			moved.ValidTo = moved.ValidFrom + schema.Time(g.rnd.IntN(300))*86_400_000
		}
		g.lines = append(g.lines, line, moved)
	}
	for i := range 4 {
		g.goals = append(g.goals, schema.Goal{GoalID: fmt.Sprint("G", i), Metric: []string{"watches_open", "cost_month"}[i%2], UnitID: fmt.Sprintf("U%d", i), Target: 10 + g.rnd.Float64()*60, ValidFrom: g.day("2023-06-01", "2025-06-01").Start(stockholm)})
	}
	insert(g.s, schema.UnitTable(), g.units...)
	insert(g.s, schema.LineTable(), g.lines...)
	insert(g.s, schema.GoalTable(), g.goals...)
	g.when = map[schema.ID]schema.Time{}
	var watches []schema.Watch
	var calls []schema.Usage
	for i := range 6 {
		unit, rate := fmt.Sprintf("U%d", i), g.rnd.Float64()*0.5-0.1
		for week := range 165 {
			monday := schema.Date(2022, 12, 26) + schema.Day(7*week)
			swing := 10 * float64((week+i*8)%52) / 52
			if g.rnd.IntN(10) > 0 {
				watches = append(watches, g.watch(unit, monday+schema.Day(g.rnd.IntN(7)), 30+swing+rate*float64(week)+g.rnd.Float64()*9))
			}
			if g.rnd.IntN(12) == 0 {
				continue // closed
			}
			n := int(max(0, 2+swing/5+rate*float64(week)/8+g.rnd.Float64()*4))
			for k := range n + 1 {
				calls = append(calls, g.call(unit, monday+schema.Day(g.rnd.IntN(7)), k < n))
			}
		}
	}
	return g.add(watches, calls)
}

func (g *trendGrowth) watch(unit string, d schema.Day, open float64) schema.Watch {
	g.n++
	return schema.Watch{EventID: schema.NewID("watch", fmt.Sprint(g.n)), UnitID: unit, Day: d, Open: uint32(max(0, open)), ExtractAt: d.Start(stockholm) + schema.Time(g.n), Week: d.Week(), Offset: uint64(g.n)}
}

func (g *trendGrowth) call(unit string, d schema.Day, counts bool) schema.Usage {
	g.n++
	when := d.Start(stockholm) + schema.Time(g.rnd.IntN(23*3_600_000))
	u := forwarded(fmt.Sprint("L", g.rnd.IntN(40)), unit, when, schema.Money(g.rnd.Int64N(9_000_000)), g.n)
	u.Forwarded = counts
	if !counts && g.rnd.IntN(4) == 0 {
		u.Kind, u.Forwarded = schema.KindFee, g.rnd.IntN(2) == 0
	}
	return u
}

func (g *trendGrowth) add(watches []schema.Watch, calls []schema.Usage) Scope {
	var scope Scope
	insert(g.s, schema.WatchTable(), watches...)
	insert(g.s, schema.UsageTable(), calls...)
	g.watches, g.usage = append(g.watches, watches...), append(g.usage, calls...)
	for _, c := range watches {
		scope.TouchUnit(c.UnitID, c.Day)
	}
	for _, u := range calls {
		g.when[u.EventID] = u.OccurredAt
		scope.TouchLine(u.Line, u.LocalDay)
	}
	return scope
}

// grow corrects counts, adds calls late, moves calls to other units, permits some.
func (g *trendGrowth) grow() Scope {
	var watches []schema.Watch
	var calls []schema.Usage
	for range 8 {
		old := g.watches[g.rnd.IntN(len(g.watches))]
		watches = append(watches, g.watch(old.UnitID, old.Day, float64(old.Open)*(0.5+g.rnd.Float64())))
		burst := g.day("2023-01-01", "2026-02-15")
		for range g.rnd.IntN(9) {
			calls = append(calls, g.call(g.unit(), burst, true))
		}
	}
	scope := g.add(watches, calls)
	var moved []schema.Usage
	for i := range g.usage {
		if u := &g.usage[i]; g.rnd.IntN(150) == 0 {
			u.Revision, u.UnitID = u.Revision+1, g.unit()
			moved = append(moved, *u)
			scope.TouchLine(u.Line, u.LocalDay)
		}
	}
	insert(g.s, schema.UsageTable(), moved...)
	g.n++
	a := schema.Approval{ApprovalID: fmt.Sprint("A", g.n), Kind: "forwarding", UnitID: g.unit(), ValidFrom: g.day("2023-01-01", "2025-12-01").Start(stockholm), Offset: uint64(g.n)}
	a.ValidTo = a.ValidFrom + schema.Time(g.rnd.IntN(60))*86_400_000
	insert(g.s, schema.ApprovalTable(), a)
	g.approvals = append(g.approvals, a)
	for d := schema.DayOf(a.ValidFrom, stockholm).Month(); d <= schema.DayOf(a.ValidTo, stockholm); d = nextMonth(d) {
		scope.TouchUnit(a.UnitID, d)
	}
	return scope
}

// TestTrendDifferential grows random worlds and compares what stands after judging what was
// touched with what the reference says of the whole world.
func TestTrendDifferential(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := trendRules(t)
	e := s.evaluator(set)
	seen := map[string]int{}
	for seed := range uint64(3) {
		s.reset()
		g := &trendGrowth{s: s, rnd: rand.New(rand.NewPCG(seed, 11))}
		for step := range 3 {
			scope := Scope{All: true}
			if step == 0 {
				g.begin()
			} else {
				scope = g.grow()
			}
			s.project(s.evaluate(e, scope))
			got := s.standingTrends()
			for _, sp := range trendSpecs() {
				want := g.trends(sp)
				seen[sp.rule] += len(want)
				compareTrends(t, fmt.Sprintf("seed %d step %d", seed, step), sp.rule, got, want, seen)
			}
		}
		if events := s.evaluate(e, Scope{All: true}); len(events) > 0 {
			t.Errorf("seed %d: a look at everything finds more: %v", seed, brief(events))
		}
	}
	t.Logf("flagged: %v", seen)
	for _, sp := range trendSpecs() {
		if seen[sp.rule] < 20 {
			t.Errorf("the worlds are too tame to test %s: %d", sp.rule, seen[sp.rule])
		}
	}
	if seen[TestMannKendall+" in seasonal-watches"] == 0 || seen[TestSeasonal+" in seasonal-watches"] == 0 {
		t.Error("want windows of less than two years, and of more")
	}
}

func compareTrends(t *testing.T, what, rule string, got, want map[string]refVerdict, seen map[string]int) {
	t.Helper()
	for at, w := range want {
		seen[w.Test+" in "+rule]++
		if g, ok := got[at]; !ok {
			t.Errorf("%s: %s is missing: %+v", what, at, short(w))
		} else if g != w {
			t.Errorf("%s: %s\ngot  %+v\nwant %+v\nevidence equal: %t", what, at, short(g), short(w), g.Evidence == w.Evidence)
		}
	}
	for at, g := range got {
		if _, ok := want[at]; !ok && strings.HasPrefix(at, rule+" ") {
			t.Errorf("%s: %s is flagged wrongly: %+v", what, at, short(g))
		}
	}
}

func short(v refVerdict) refVerdict {
	v.Evidence = v.Evidence[:min(len(v.Evidence), 60)]
	return v
}

// standingTrends reads what is flagged now.
func (s *testStore) standingTrends() map[string]refVerdict {
	s.t.Helper()
	rows, err := s.conn.Query(testCtx(s.t), "SELECT toString(rule), subject_id, toInt32(window_from), toString(cost_centre), value, `limit`, evidence, evidence_total, detail FROM violations_current WHERE change != 'retracted'")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]refVerdict{}
	for rows.Next() {
		var rule, subject, detail string
		var from int32
		var v refVerdict
		var evidence []string
		var total uint32
		if err := rows.Scan(&rule, &subject, &from, &v.CostCentre, &v.Value, &v.Limit, &evidence, &total, &detail); err != nil {
			s.t.Fatal(err)
		}
		ids := []schema.ID{}
		for _, id := range evidence {
			ids = append(ids, schema.ID([]byte(id)))
		}
		d := parseDetail(detail)
		fmt.Sscan(d["z"], &v.Z)
		fmt.Sscan(d["p"], &v.P)
		fmt.Sscan(d["counts"], &v.Counts)
		fmt.Sscan(d["judged"], &v.Judged)
		v.Test, v.Total, v.Evidence = d["test"], int(total), fmt.Sprint(ids)
		out[place(rule, subject, schema.Day(from))] = v
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}
