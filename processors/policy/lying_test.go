package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// zonesOfMonths begin their months before those of UTC, after them, or before by summer.
// Protected uses of too few lines are told apart at the limit.
var zonesOfMonths = []struct {
	zone  string
	lines int // that a protection asks for; 0: there is none
	once  bool
}{{"Europe/Stockholm", 5, false}, {"America/New_York", 4, false}, {"Europe/Stockholm", 4, true}, {"Europe/Stockholm", 0, true}, {"Europe/London", 0, true}}

// monthlyRules are rules of every kind whose readings are divided into settled months.
func monthlyRules(zone string) string {
	head := "    zone: " + zone + "\n    source: usage\n"
	rules := "rules:"
	for id, body := range map[string]string{
		"unit-budget":    "    kind: budget\n    subject: unit\n    window: month\n    budget: {metric: cost_month}\n",
		"narrow-budget":  "    kind: budget\n    subject: unit\n    window: month\n    when: kind == \"call\" && workday(occurred_at)\n    budget: {metric: cost_month, above_percent: 40}\n",
		"centre-budget":  "    kind: budget\n    subject: cost_centre\n    window: month\n    budget: {metric: cost_month}\n",
		"year-budget":    "    kind: budget\n    subject: unit\n    window: year\n    budget: {metric: cost_month, high_above_percent: 110}\n",
		"unused":         "    kind: absence\n    subject: line\n    window: month\n    when: kind != \"fee\"\n    absence: {days: 35}\n",
		"calls-rise":     "    window: month\n    when: kind == \"call\"\n    trend: {count: true, unit: calls, per: month, lookback_months: 12, at_least: 3, z: 0, rise_share: 0, recent: 1}\n",
		"cost-rise":      "    window: month\n    when: kind != \"data\"\n    trend: {cost: true, unit: SEK, per: month, lookback_months: 12, at_least: 3, z: 0, rise_share: 0, recent: 1}\n",
		"weekly-rise":    "    window: month\n    when: kind == \"call\"\n    trend: {sum: duration_s, unit: s, lookback_weeks: 30, at_least: 3, z: 0, rise_share: 0, recent: 1}\n",
		"permitted-rise": "    window: month\n    when: kind == \"call\"\n    exempt: {approval: forwarding}\n    trend: {count: true, unit: calls, per: month, lookback_months: 12, at_least: 3, z: 0, rise_share: 0, recent: 1}\n",
	} {
		rules += ownRule(id, head+body)
	}
	return rules
}

// edgesOfMonths makes usage around the ends of months and the nights in which clocks change.
func edgesOfMonths(rnd *rand.Rand, n int) []schema.Usage {
	var out []schema.Usage
	kinds := []string{schema.KindCall, schema.KindCall, schema.KindSMS, schema.KindData, schema.KindFee}
	for i := range n {
		month := rnd.IntN(16)
		at := time.Date(2025, time.Month(1+month), 1, 0, 0, 0, 0, time.UTC)
		switch rnd.IntN(4) {
		case 0: // on the hour, as midnights of zones are
			at = at.Add(time.Duration(rnd.IntN(33)-18) * time.Hour)
		case 1:
			at = at.Add(time.Duration(rnd.IntN(33)-18)*time.Hour - time.Millisecond)
		case 2: // the nights of summer time
			nights := []time.Time{time.Date(2025, 3, 30, 0, 0, 0, 0, time.UTC), time.Date(2025, 10, 26, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), time.Date(2025, 11, 2, 5, 0, 0, 0, time.UTC)}
			at = nights[rnd.IntN(4)].Add(time.Duration(rnd.IntN(12)-4) * time.Hour)
		default:
			at = at.Add(time.Duration(rnd.IntN(28*24*60)) * time.Minute)
		}
		if at.Year() < 2025 && rnd.IntN(2) == 0 {
			continue
		}
		unit := rnd.IntN(4)
		u := usage(kinds[rnd.IntN(len(kinds))], fmt.Sprintf("L%d%d", unit, rnd.IntN(5)+month%3), fmt.Sprint("U", unit), schema.TimeOf(at), i)
		u.Cost, u.CostCentre, u.DurationS = schema.Money(1_000_000+rnd.IntN(1_000_000*(1+month))), fmt.Sprint("K", rnd.IntN(2)), uint32(rnd.IntN(600))
		if unit == 3 {
			u.CostCentre = "K3"
		}
		if u.Device = "mobile"; rnd.IntN(9) == 0 {
			u.Device = "jabber_iphone"
		}
		out = append(out, u)
	}
	return out
}

// TestMonthsOfZones holds what rules find where months of usage are read as they lie, a month
// of a zone from two of them, against what they find with FINAL: with everything settled, with
// some of it, and with protected uses of a few lines more or fewer than may be told of.
func TestMonthsOfZones(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	rnd := rand.New(rand.NewPCG(7, 11))
	for i, g := range []schema.Goal{{UnitID: "U0", Target: 60}, {UnitID: "U1", CostCentre: "K1", Target: 25}, {UnitID: "U1", Target: 200}, {UnitID: "U2", CostCentre: "K0", Target: 20}, {UnitID: "U3", Target: 30}, {CostCentre: "K1", Target: 100}, {CostCentre: "K3", Target: 20}} {
		g.GoalID, g.Metric, g.ValidFrom, g.EventID = fmt.Sprint("G", i), "cost_month", at(t, "2025-01-01 00:00:00"), schema.NewID("goal", fmt.Sprint(i))
		insert(s, schema.GoalTable(), g)
	}
	for unit := range 4 {
		for line := range 8 {
			id := fmt.Sprintf("L%d%d", unit, line)
			insert(s, schema.LineTable(), schema.Line{LineID: id, UnitID: fmt.Sprint("U", unit), ValidFrom: at(t, "2024-01-01 00:00:00"), Kind: "mobile", EventID: schema.NewID(id)})
		}
	}
	insert(s, schema.ApprovalTable(), schema.Approval{ApprovalID: "A", Kind: "forwarding", LineID: "L01", ValidFrom: at(t, "2025-01-01 00:00:00"), EventID: schema.NewID("approval")})
	s.quietParts()
	rows := edgesOfMonths(rnd, 1600)
	s.asIs(rows[:800]...)
	s.asIs(rows[800:]...)
	kill(s, rnd, rows, 50)
	seen, divided := map[string]int{}, 0
	for _, all := range []bool{false, true} {
		if s.mergeSome(rnd); all {
			for month := range 17 {
				s.merge(time.Date(2024, time.Month(12+month), 1, 0, 0, 0, 0, time.UTC).Format("200601"))
			}
		}
		for _, z := range zonesOfMonths {
			if z.once && all {
				continue
			}
			protect := ""
			if z.lines > 0 {
				protect = strings.Replace(protectJabber, "min_lines: 5", fmt.Sprint("min_lines: ", z.lines), 1)
			}
			rules := setOf(t, map[string]string{"own": protect + monthlyRules(z.zone)}).Rules()
			exact := s.exact(rules, nil)
			for i, r := range rules {
				m := &meddling{Store: s.conn}
				for _, listed := range []int{0, 11} { // budgets are read at once, and some windows at a time
					if listed > 0 && r.Budget == nil {
						continue
					}
					if got := s.verdicts(Config{listed: listed}, m, r); !reflect.DeepEqual(got, exact[i]) {
						t.Errorf("%s of %d lines in %s, all settled %t, names of %d bytes:\n%s\nwith FINAL\n%s", r.ID, z.lines, z.zone, all, listed, strings.Join(brief(got), "\n"), strings.Join(brief(exact[i]), "\n"))
					}
				}
				if !all {
					seen[fmt.Sprint(r.ID, " ", z.zone, " ", z.lines)] += len(exact[i])
				}
				divided += strings.Count(strings.Join(m.queries, ""), "months_of AS")
			}
		}
	}
	t.Logf("%v; %d months read as they lie", seen, divided)
	for what, n := range seen {
		if n == 0 {
			t.Errorf("%s found nothing", what)
		}
	}
	if divided < 100 {
		t.Errorf("only %d months read as they lie", divided)
	}
	few, more, free := seen["narrow-budget Europe/Stockholm 5"], seen["narrow-budget Europe/Stockholm 4"], seen["narrow-budget Europe/Stockholm 0"]
	if few >= more || more >= free {
		t.Errorf("%d, %d and %d budgets: none of too few lines", few, more, free)
	}
}
