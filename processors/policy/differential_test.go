package policy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// TestDifferential grows random worlds in steps. After each step the touched windows are
// evaluated and projected; what then stands in the store must be what the reference
// evaluator says of the whole world.
func TestDifferential(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	seen := map[string]int{}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s.t = t
			s.reset()
			g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, 7))}
			for step := range 5 {
				scope := g.grow()
				s.project(s.evaluate(e, scope))
				got, want := s.standing(), g.verdicts()
				difference(t, fmt.Sprintf("step %d", step), got, want)
				for at := range want {
					seen[strings.Fields(at)[0]]++
				}
			}
			if events := s.evaluate(e, Scope{All: true}); len(events) > 0 {
				t.Errorf("a look at everything finds more: %v", brief(events))
			}
		})
	}
	t.Logf("windows flagged: %v", seen)
	for _, r := range builtin(t).Rules() {
		if seen[r.ID] < 10 {
			t.Errorf("the worlds are too tame to test %s: %d windows flagged", r.ID, seen[r.ID])
		}
	}
}

func difference(t *testing.T, what string, got, want map[string]verdict) {
	t.Helper()
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[at]; !ok {
			t.Errorf("%s: %s is missing: %+v", what, at, want[at])
		} else if !reflect.DeepEqual(g, want[at]) {
			t.Errorf("%s: %s\ngot  %+v\nwant %+v", what, at, g, want[at])
		}
	}
	for _, at := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[at]; !ok {
			t.Errorf("%s: %s is flagged wrongly: %+v", what, at, got[at])
		}
	}
}

// standing reads what is flagged now, evidence included.
func (s *testStore) standing() map[string]verdict {
	s.t.Helper()
	rows, err := s.conn.Query(testCtx(s.t), "SELECT toString(rule), subject_id, toInt32(window_from), toString(severity), toString(unit_id), toString(cost_centre), "+
		"toString(measure), value, `limit`, toInt64(cost * 1000000), evidence, detail FROM violations_current WHERE change != 'retracted'")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]verdict{}
	for rows.Next() {
		var v schema.Violation
		var from int32
		var cost int64
		var evidence []string
		if err := rows.Scan(&v.Rule, &v.SubjectID, &from, &v.Severity, &v.UnitID, &v.CostCentre, &v.Measure, &v.Value, &v.Limit, &cost, &evidence, &v.Detail); err != nil {
			s.t.Fatal(err)
		}
		v.Cost = schema.Money(cost)
		for _, id := range evidence {
			v.Evidence = append(v.Evidence, schema.ID([]byte(id)))
		}
		out[place(v.Rule, v.SubjectID, schema.Day(from))] = verdictOf(v)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// growth adds random facts to a world and to the store alike.
type growth struct {
	world
	s        *testStore
	rnd      *rand.Rand
	revision uint64
	n        int
	decorate func(*schema.Usage) // adds what a test needs to fresh usage; may be nil
}

func pick[T any](g *growth, from ...T) T { return from[g.rnd.IntN(len(from))] }

// moment prefers the places where mistakes are made: month ends, nights of daylight
// saving, the day the staff were informed.
func (g *growth) moment() schema.Time {
	edges := []time.Time{
		time.Date(2025, 1, 1, 0, 0, 0, 0, stockholm), time.Date(2026, 4, 1, 0, 0, 0, 0, stockholm), time.Date(2026, 3, 1, 0, 0, 0, 0, stockholm),
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC), time.Date(2025, 11, 1, 0, 0, 0, 0, stockholm), time.Date(2026, 1, 1, 0, 0, 0, 0, stockholm),
	}
	if g.rnd.IntN(3) == 0 {
		near := pick(g, edges...).UnixMilli()
		return schema.Time(near + pick(g, int64(-7_200_000), -3_600_000, -1000, -1, 0, 1, 1000, 3_600_000, 7_200_000))
	}
	return schema.Time(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMilli() + g.rnd.Int64N(40*86_400_000))
}

func (g *growth) line() string { return fmt.Sprintf("L%d", g.rnd.IntN(9)) }
func (g *growth) unit() string { return fmt.Sprintf("U%d", g.rnd.IntN(3)) }

func (g *growth) grow() Scope {
	var scope Scope
	if len(g.watches) == 0 {
		g.history(&scope)
	}
	var fresh []schema.Usage
	for range 60 {
		g.n++
		u := pick(g, roaming(g.line(), g.unit(), g.moment(), pick(g, "NO", "TH", "SE", "", "DK"), pick(g, uint64(1), 10*mb, 25*mb, 50*mb, 450*mb), g.n), premium(g.line(), g.unit(), g.moment(), g.n))
		u.Cost, u.Answered = schema.Money(g.rnd.Int64N(3_000_000)), g.rnd.IntN(4) > 0
		fresh = append(fresh, u)
	}
	burst, unit := g.line(), g.unit()
	for range pick(g, 59, 60, 61, 62) { // a line that forwards, close to the limit
		g.n++
		u := forwarded(burst, unit, g.moment(), pick(g, 0, schema.Kronor(1), schema.Kronor(5)), g.n)
		if march := schema.TimeOf(time.Date(2026, 3, 1, 0, 0, 0, 0, stockholm)); g.rnd.IntN(30) > 0 {
			u.OccurredAt = march + schema.Time(g.rnd.Int64N(30*86_400_000))
		}
		fresh = append(fresh, u)
	}
	var restated []schema.Usage
	for i := range g.usage { // another unit, class or cost
		if g.rnd.IntN(12) == 0 {
			u := &g.usage[i]
			g.touchUsage(&scope, *u) // the unit it leaves
			g.revision++
			u.Revision, u.UnitID, u.Cost = g.revision, g.unit(), schema.Money(g.rnd.Int64N(3_000_000))
			u.CostCentre = "K" + u.UnitID
			if g.rnd.IntN(3) == 0 {
				u.Answered, u.Class = !u.Answered, pick(g, "mobile", "premium", "fixed")
			}
			g.touchUsage(&scope, *u)
			restated = append(restated, *u)
		}
	}
	for i := range fresh {
		if g.decorate != nil {
			g.decorate(&fresh[i])
		}
		fresh[i].LocalDay = schema.DayOf(fresh[i].OccurredAt, stockholm)
		g.touchUsage(&scope, fresh[i])
	}
	insert(g.s, schema.UsageTable(), append(restated, fresh...)...)
	g.usage = append(g.usage, fresh...)
	if g.rnd.IntN(2) == 0 {
		g.approve(&scope)
	}
	g.count(&scope)
	return scope
}

func (g *growth) touchUsage(scope *Scope, u schema.Usage) {
	scope.TouchLine(u.Line, u.LocalDay)
	scope.TouchUnit(u.UnitID, u.LocalDay)
}

func (g *growth) approve(scope *Scope) {
	g.n++
	a := schema.Approval{ApprovalID: fmt.Sprint("A", g.n), Kind: pick(g, "trip", "trip", "premium", "forwarding"), Countries: pick(g, "", "NO", "NO,DK", "TH"),
		ValidFrom: g.moment(), Offset: uint64(g.n)}
	if g.rnd.IntN(2) == 0 {
		a.LineID = g.line()
	} else {
		a.UnitID = g.unit()
	}
	if g.rnd.IntN(3) > 0 {
		a.ValidTo = a.ValidFrom + schema.Time(g.rnd.Int64N(20*86_400_000))
	}
	insert(g.s, schema.ApprovalTable(), a)
	g.approvals = append(g.approvals, a)
	for _, u := range g.usage { // whatever month has usage may have changed
		scope.TouchMonth(u.LocalDay)
	}
}

// history counts units over two years: rising, level, wild, with gaps, several groups,
// corrected extracts, several counts in one week.
func (g *growth) history(scope *Scope) {
	monday := schema.Date(2024, 11, 4)
	var rows []schema.Watch
	for i := range 5 {
		unit := fmt.Sprintf("W%d", i)
		level, step, noise := 20+g.rnd.Float64()*100, g.rnd.Float64()*4-1, 1+g.rnd.Float64()*12
		for week := range 70 {
			if g.rnd.IntN(9) == 0 {
				continue
			}
			if week%15 == 14 {
				step = g.rnd.Float64()*6 - 2
			}
			level = max(0, level+step)
			day := monday + schema.Day(7*week) + schema.Day(g.rnd.IntN(7))
			for _, group := range []string{"läkare", "sjuksköterska"} {
				rows = append(rows, g.watch(unit, day, group, level/2+g.rnd.Float64()*noise, 0))
			}
		}
	}
	for i := range 3 {
		g.n++
		goal := schema.Goal{GoalID: fmt.Sprint("G", i), Metric: pick(g, "watches_open", "watches_open", "cost_month"), UnitID: fmt.Sprintf("W%d", i), Target: 20 + g.rnd.Float64()*130,
			ValidFrom: schema.TimeOf(time.Date(2025, time.Month(1+g.rnd.IntN(12)), 1, 0, 0, 0, 0, stockholm))}
		if g.rnd.IntN(2) == 0 {
			goal.ValidTo = goal.ValidFrom + 150*86_400_000
		}
		g.goals = append(g.goals, goal)
	}
	insert(g.s, schema.GoalTable(), g.goals...)
	g.addWatches(scope, rows)
}

func (g *growth) watch(unit string, day schema.Day, group string, open float64, later int) schema.Watch {
	g.n++
	return schema.Watch{EventID: schema.NewID("watch", fmt.Sprint(g.n)), UnitID: unit, Day: day, Group: group, Open: uint32(max(0, open)),
		ExtractAt: day.Start(stockholm) + schema.Time(g.n) + schema.Time(later)*86_400_000, Week: day.Week(), Offset: uint64(g.n)}
}

// count corrects some counts and adds a few, late ones among them.
func (g *growth) count(scope *Scope) {
	var rows []schema.Watch
	for range 12 {
		old := pick(g, g.watches...)
		rows = append(rows, g.watch(old.UnitID, old.Day, old.Group, float64(old.Open)*(0.5+g.rnd.Float64()), 1))
		rows = append(rows, g.watch(fmt.Sprintf("W%d", g.rnd.IntN(5)), schema.Date(2024, 12, 1)+schema.Day(g.rnd.IntN(500)), "läkare", g.rnd.Float64()*120, 0))
	}
	g.addWatches(scope, rows)
}

func (g *growth) addWatches(scope *Scope, rows []schema.Watch) {
	insert(g.s, schema.WatchTable(), rows...)
	g.watches = append(g.watches, rows...)
	for _, c := range rows {
		scope.TouchUnit(c.UnitID, c.Day)
	}
}
