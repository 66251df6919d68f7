package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// languagePack holds a rule of each kind that the built-in pack lacks. The reference below
// says the same in Go.
const languagePack = `pack: language
exempt_numbers: [L0000000000007]
rules:
  - id: night-calls
    version: 1
    title: {en: Night calls, sv: Nattsamtal}
    description: {en: Calls at night., sv: Samtal på natten.}
    severity: low
    policy: [{document: Own policy, section: "1", quote: Inga samtal på natten.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    negotiated_at: 2025-11-01
    kind: match
    candidate: true
    source: usage
    when: kind == "call" && (hour(occurred_at) < 6 || !workday(occurred_at))
    exempt_numbers: [L0000000000008]
  - id: unanswered
    version: 1
    title: {en: Unanswered calls, sv: Obesvarade samtal}
    description: {en: Unanswered calls., sv: Obesvarade samtal.}
    severity: low
    policy: [{document: Own policy, section: "2", quote: Svara.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: line
    window: month
    source: usage
    where: [{column: answered, is: false}]
    exempt: {approval: forwarding}
    limits:
      - measure: share
        share: {of: 'kind == "call" && minutes(occurred_at) >= 6 * 60'}
        at_least: 4
        above: 25
        high_above: 40
        except: [{role: on_call, above: 0}, {unit: U1, above: 40, high_above: 60}, {line: L0000000000001, above: 100}]
      - {measure: volume, sum: volume_bytes, unit: B, above: 60000000}
  - id: dear-week
    version: 1
    title: {en: Dear weeks, sv: Dyra veckor}
    description: {en: Dear weeks., sv: Dyra veckor.}
    severity: medium
    policy: [{document: Own policy, section: "3", quote: Sparsamt.}]
    valid_from: 2025-01-01
    valid_to: 2026-03-20
    informed_at: 2025-01-01
    window: week
    source: usage
    when: cost >= kr("1.50") && !(direction in ["in"])
    limits:
      - {measure: cost, cost: true, unit: SEK, above: 30, except: [{role: on_call, above: 10.5}, {unit: U2, above: 0}]}
`

func languageSet(t testing.TB) *Set {
	t.Helper()
	rules, problems := Parse("language.yaml", []byte(languagePack))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, wrong := newSet(contents{rules: rules})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return set
}

// slowly is the reference of languagePack. It shares no code with the compiler; conditions
// as text are evaluated by CEL.
type slowly struct {
	*world
	night, dear, calls *when.Expr
}

func newSlowly(t testing.TB, w *world) *slowly {
	t.Helper()
	table := schema.UsageTable().Info()
	read := func(text string) *when.Expr {
		e, err := when.Parse(text, table, usable(table), stockholm)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	return &slowly{w, read(`kind == "call" && (hour(occurred_at) < 6 || !workday(occurred_at))`), read(`cost >= kr("1.50") && !(direction in ["in"])`),
		read(`kind == "call" && minutes(occurred_at) >= 6 * 60`)}
}

type slowGroup struct{ picked, whole, both []schema.Usage }

func (s *slowly) verdicts(t testing.TB) map[string]verdict {
	t.Helper()
	groups := map[string]*slowGroup{}
	add := func(rule, subject string, from schema.Day, u schema.Usage, picked, whole bool) {
		at := place(rule, subject, from)
		if groups[at] == nil {
			groups[at] = &slowGroup{}
		}
		g := groups[at]
		if picked {
			g.picked = append(g.picked, u)
		}
		if whole {
			g.whole = append(g.whole, u)
		}
		if picked && whole {
			g.both = append(g.both, u)
		}
	}
	for _, u := range s.usage {
		if u.OtherHash == 7 || u.OccurredAt < informed {
			continue
		}
		row := when.RowOf(schema.UsageTable(), &u)
		holds := func(e *when.Expr) bool {
			ok, err := e.Holds(row)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		local := time.UnixMilli(int64(u.OccurredAt)).In(stockholm)
		day := schema.Date(local.Year(), local.Month(), local.Day())
		if holds(s.night) && u.OtherHash != 8 && u.OccurredAt >= schema.TimeOf(time.Date(2025, 11, 1, 0, 0, 0, 0, stockholm)) && u.UnitID != "" {
			add("night-calls", u.UnitID, day, u, true, false)
		}
		if u.Line != "" && !s.approved(u, "forwarding") {
			add("unanswered", u.Line, schema.Date(local.Year(), local.Month(), 1), u, !u.Answered, holds(s.calls))
		}
		if holds(s.dear) && u.UnitID != "" && local.Before(time.Date(2026, 3, 20, 0, 0, 0, 0, stockholm)) {
			add("dear-week", u.UnitID, day-schema.Day((int(local.Weekday())+6)%7), u, true, false)
		}
	}
	out := map[string]verdict{}
	for at, g := range groups {
		if v, broken := judgeSlowly(strings.Fields(at)[0], g); broken {
			if strings.Fields(at)[0] != "unanswered" {
				v.Unit = strings.Fields(at)[1]
			}
			out[at] = v
		}
	}
	return out
}

func judgeSlowly(rule string, g *slowGroup) (verdict, bool) {
	if len(g.picked) == 0 {
		return verdict{}, false
	}
	slices.SortFunc(g.picked, func(a, b schema.Usage) int {
		return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), bytes.Compare(a.EventID[:], b.EventID[:]))
	})
	last := g.picked[len(g.picked)-1]
	v := verdict{Severity: "low", Unit: last.UnitID, CostCentre: last.CostCentre}
	days := map[string]bool{}
	var volume uint64
	for _, u := range g.picked {
		v.Cost += u.Cost
		volume += u.VolumeBytes
		v.Evidence = append(v.Evidence, u.EventID)
		days[time.UnixMilli(int64(u.OccurredAt)).In(stockholm).Format(time.DateOnly)] = true
	}
	v.Days = len(days)
	switch rule {
	case "night-calls":
		v.Measure, v.Value = "matches", float64(len(g.picked))
		return v, true
	case "dear-week":
		v.Severity, v.Measure, v.Value, v.Limit = "medium", "cost", float64(v.Cost)/1e6, 30
		switch {
		case last.UnitID == "U2":
			v.Limit, v.Excepted = 0, "cost:unit"
		case last.Role == "on_call":
			v.Limit, v.Excepted = 10.5, "cost:role"
		}
		return v, v.Value > v.Limit // sums of so few amounts are exact enough to be compared as floats
	}
	limit, high := int64(25), int64(40)
	switch {
	case last.Line == "L0000000000001":
		limit, high, v.Excepted = 100, 100, "share:line"
	case last.UnitID == "U1":
		limit, high, v.Excepted = 40, 60, "share:unit"
	case last.Role == "on_call":
		limit, high, v.Excepted = 0, 40, "share:role"
	}
	part, whole := int64(len(g.both)), int64(len(g.whole))
	v.Parts = fmt.Sprintf("share:%d/%d", part, whole)
	if whole >= 4 {
		share := big.NewRat(100*part, whole)
		if share.Cmp(big.NewRat(high, 1)) > 0 {
			v.Severity = "high"
		}
		if share.Cmp(big.NewRat(limit, 1)) > 0 {
			f, _ := share.Float64()
			v.Measure, v.Value, v.Limit = "share", round6(f), float64(limit)
			return v, true
		}
	}
	v.Measure, v.Value, v.Limit = "volume", float64(volume), 60_000_000
	return v, volume > 60_000_000
}

// TestLanguageDifferential grows random worlds in steps, evaluates only what was touched,
// and holds what then stands against the reference.
func TestLanguageDifferential(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := languageSet(t)
	e := s.evaluator(set)
	seen, excepted := map[string]int{}, map[string]int{}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s.t = t
			s.reset()
			g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, 11))}
			g.decorate = func(u *schema.Usage) {
				u.Direction, u.Role, u.OtherHash = pick(g, "in", "out", ""), pick(g, "on_call", "personal", "shared"), uint64(g.rnd.IntN(12))
				if u.Line == "L1" {
					u.Line, u.LineID = "L0000000000001", "L0000000000001"
				}
			}
			slow := newSlowly(t, &g.world)
			for step := range 4 {
				scope := g.grow()
				s.project(s.evaluate(e, scope))
				want := slow.verdicts(t)
				difference(t, fmt.Sprintf("step %d", step), s.standing(), want)
				for at, v := range want {
					seen[strings.Fields(at)[0]+" "+v.Measure]++
					excepted[v.Excepted]++
				}
			}
			if events := s.evaluate(e, Scope{All: true}); len(events) > 0 {
				t.Errorf("a look at everything finds more: %v", brief(events))
			}
		})
	}
	t.Logf("windows flagged: %v, by exceptions %v", seen, excepted)
	for _, what := range []string{"night-calls matches", "unanswered share", "unanswered volume", "dear-week cost"} {
		if seen[what] < 10 {
			t.Errorf("the worlds are too tame to test %s: %d windows flagged", what, seen[what])
		}
	}
	for _, what := range []string{"share:unit", "share:role", "cost:unit", "cost:role", ""} {
		if excepted[what] < 5 {
			t.Errorf("the worlds are too tame to test the exception %q: %d windows", what, excepted[what])
		}
	}
}
