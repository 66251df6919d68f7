package demo

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nearMisses checks that the planted near misses really lie where the truth says.
func (a *audit) nearMisses() {
	a.t.Helper()
	for _, e := range append(a.truth.NearMisses, a.truth.Violations...) {
		k := e.Number + " " + e.Month
		var got float64
		switch {
		case e.Value == nil:
			continue
		case e.Rule == RuleRoaming:
			got = float64(a.roaming[k])
		case e.Rule == RulePremium:
			got = float64(a.premium[k])
		case e.Measure == "count":
			got = float64(a.fwCount[k])
		default:
			got = float64(a.fwCost[k]) / 10000
		}
		if got != *e.Value {
			a.t.Errorf("%s %s (%s): the files give %v, the truth says %v", e.Rule, k, e.Note, got, *e.Value)
		}
		if e.Rule == RuleForwarding && (a.fwCount[k] != e.Count || a.fwCost[k] != a.ore(e.Cost)*100) {
			a.t.Errorf("%s (%s): %d calls for %d, the truth says %d for %s", k, e.Note, a.fwCount[k], a.fwCost[k], e.Count, e.Cost)
		}
		if u := a.unitAt(e.Number, e.Month+"-28"); u != e.Unit {
			a.t.Errorf("%s (%s): unit %s, the truth says %s", k, e.Note, u, e.Unit)
		}
	}
}

// background checks that what was not planted stays clearly clear of every rule.
func (a *audit) background() {
	a.t.Helper()
	planted := map[string]bool{}
	for _, e := range append(a.truth.NearMisses, a.truth.Violations...) {
		planted[e.Rule+" "+e.Number] = true
	}
	own := func(k string) string { return strings.Fields(k)[0] }
	for k, v := range a.roaming {
		if !planted[RuleRoaming+" "+own(k)] && v > 20_000_000 {
			a.t.Errorf("%s roams %d bytes", k, v)
		}
	}
	for k, v := range a.fwCount {
		if !planted[RuleForwarding+" "+own(k)] && (v > 40 || a.fwCost[k] > 100*10000) {
			a.t.Errorf("%s forwards %d calls for %d", k, v, a.fwCost[k])
		}
	}
	// At most one call a day of at most five minutes keeps clear whatever the seed.
	for k, v := range a.fwDay {
		if n := own(k); !planted[RuleForwarding+" "+n] && (v > 1 || a.long[n]) {
			a.t.Errorf("%s forwards %d calls to mobiles, or long ones", k, v)
		}
	}
	for k := range a.premium {
		if !planted[RulePremium+" "+own(k)] {
			a.t.Errorf("%s called a premium number", k)
		}
	}
}

// count is the total of a unit on a day, by the latest extract of each group.
type count struct {
	extract time.Time
	open    float64
}

// checkWatches finds rising watches again: own Theil–Sen and Mann–Kendall, from the files.
func checkWatches(t testing.TB, dir string, truth *Truth) {
	t.Helper()
	totals := weeklyTotals(t, dir, truth)
	goals := map[string]float64{}
	for _, g := range wholeTable(t, dir, truth, "goals") {
		if g["metric"] == "watches_open" {
			goals[g["unit_id"]] = float(t, g["target"])
		}
	}
	want := map[string]bool{}
	for _, e := range truth.Violations {
		if e.Rule == RuleWatches {
			want[e.Unit+" "+e.Month] = true
		}
	}
	for unit, weeks := range totals {
		for _, month := range monthsOf(weeks) {
			goal, has := goals[unit]
			if got := risesTest(upTo(weeks, month), goal, has); got != want[unit+" "+month] {
				t.Errorf("%s in %s: rising %v, the truth says %v", unit, month, got, want[unit+" "+month])
			}
			delete(want, unit+" "+month)
		}
	}
	for k := range want {
		t.Errorf("%s is planted and not in the files", k)
	}
}

// weeklyTotals reads the counts: of each unit, day and group the latest extract, added up by
// unit and day.
func weeklyTotals(t testing.TB, dir string, truth *Truth) map[string]map[string]float64 {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	latest := map[[3]string]count{} // unit, day, group
	for i := range truth.Files {
		f := &truth.Files[i]
		if f.Collector != "melior" || strings.HasSuffix(f.Name, "_felaktig.csv") {
			continue
		}
		rows(t, dir, f, func(r *rowOf) {
			at, err := time.Parse(time.RFC3339, r.get("extract_ts"))
			if err != nil {
				if at, err = time.ParseInLocation(time.DateTime, r.get("extract_ts"), zone); err != nil {
					t.Fatal(err)
				}
			}
			k := [3]string{strings.Clone(r.get("unit_hsa_id")), strings.Clone(r.get("date")), strings.Clone(r.get("profession_group"))}
			if latest[k].extract.Before(at) {
				latest[k] = count{at, float(t, r.get("open"))}
			}
		})
	}
	totals := map[string]map[string]float64{}
	for k, c := range latest {
		if totals[k[0]] == nil {
			totals[k[0]] = map[string]float64{}
		}
		totals[k[0]][k[1]] += c.open
	}
	return totals
}

func float(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func monthsOf(weeks map[string]float64) []string {
	seen := map[string]bool{}
	var out []string
	for d := range weeks {
		if !seen[d[:7]] {
			seen[d[:7]] = true
			out = append(out, d[:7])
		}
	}
	return out
}

// upTo lists the counts of the last twelve weeks up to the end of a month.
func upTo(weeks map[string]float64, month string) []float64 {
	var days []string
	for d := range weeks {
		if d[:7] <= month {
			days = append(days, d)
		}
	}
	sort.Strings(days)
	if len(days) > 12 {
		days = days[len(days)-12:]
	}
	out := make([]float64, len(days))
	for i, d := range days {
		out[i] = weeks[d]
	}
	return out
}

func middle(v []float64) float64 {
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// risesTest is the rule in its usual form: ties corrected, continuity corrected.
func risesTest(v []float64, goal float64, hasGoal bool) bool {
	n := float64(len(v))
	if n < 8 {
		return false
	}
	var slopes []float64
	s, groups := 0.0, map[float64]float64{}
	for j := range v {
		groups[v[j]]++
		for i := range j {
			slopes = append(slopes, (v[j]-v[i])/float64(j-i))
			if v[j] != v[i] {
				s += math.Copysign(1, v[j]-v[i])
			}
		}
	}
	variance := n * (n - 1) * (2*n + 5)
	for _, g := range groups {
		variance -= g * (g - 1) * (2*g + 5)
	}
	slope := middle(slopes)
	return slope > 0 && (s-1)/math.Sqrt(variance/18) > 2.326 && slope*(n-1) >= 0.15*middle(v) && (!hasGoal || middle(v[len(v)-4:]) > goal)
}
