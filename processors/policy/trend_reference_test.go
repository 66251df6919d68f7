package policy

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"linesman/schema"
)

// The reference for trends with a test: the method of docs/policy-trends.md written down
// slowly, over Go's own calendar, without the compiler, without package stats.

// trendSpec states a rule in the reference's own words.
type trendSpec struct {
	rule               string
	calls              bool // forwarded calls of usage; else open watches
	cost               bool // their cost in kronor, else their number
	monthly            bool
	season             int // 0: the plain test
	exposure           string
	q, z, share        float64
	lookback, atLeast  int
	recent             int
	start              string
	baseFrom, baseTo   string
	goal               string
	weekWindow, exempt bool
}

type refCount struct {
	begin, counted time.Time // of the period
	raw            float64
	value          float64
	ids            []schema.ID
}

type refVerdict struct {
	Value, Limit, Z, P float64
	Counts             int
	Test               string
	Total              int
	Judged             int
	Evidence           string
	CostCentre         string
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func (sp trendSpec) begin(d time.Time) time.Time {
	if sp.monthly {
		return time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	for d.Weekday() != time.Monday {
		d = d.AddDate(0, 0, -1)
	}
	return d
}

func (sp trendSpec) next(d time.Time) time.Time {
	if sp.monthly {
		return d.AddDate(0, 1, 0)
	}
	return d.AddDate(0, 0, 7)
}

// steps counts the periods between two, one by one.
func (sp trendSpec) steps(from, to time.Time) int {
	n := 0
	for from.Before(to) {
		from, n = sp.next(from), n+1
	}
	return n
}

func (sp trendSpec) window(d time.Time) time.Time {
	if sp.weekWindow {
		return d
	}
	return time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func localDate(t schema.Time) time.Time {
	y, m, d := time.UnixMilli(int64(t)).In(stockholm).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func midnight(d time.Time) schema.Time {
	return schema.TimeOf(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, stockholm))
}

// counts are all numbers of a unit per period, whether they may be flagged or not.
func (w *trendWorld) counts(sp trendSpec, unit string) []refCount {
	if sp.calls {
		return w.callCounts(sp, unit)
	}
	latest := map[string]schema.Watch{}
	for _, c := range w.watches {
		key := fmt.Sprint(c.Day, "/", c.Group)
		if old, ok := latest[key]; c.UnitID == unit && (!ok || c.ExtractAt > old.ExtractAt) {
			latest[key] = c
		}
	}
	days := map[time.Time]*refCount{}
	for _, c := range latest {
		d := c.Day.At(time.UTC)
		if d.Before(day(sp.start)) && (sp.baseTo == "" || d.Before(day(sp.baseFrom)) || !d.Before(day(sp.baseTo))) {
			continue
		}
		if days[d] == nil {
			days[d] = &refCount{begin: sp.begin(d), counted: d}
		}
		days[d].raw += float64(c.Open)
		days[d].ids = append(days[d].ids, c.EventID)
	}
	spoken := map[time.Time]*refCount{}
	for _, c := range days {
		if old := spoken[c.begin]; old == nil || c.counted.After(old.counted) {
			spoken[c.begin] = c
		}
	}
	return sorted(spoken)
}

func sorted(m map[time.Time]*refCount) []refCount {
	var out []refCount
	for _, c := range m {
		slices.SortFunc(c.ids, func(a, b schema.ID) int { return slices.Compare(a[:], b[:]) })
		out = append(out, *c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].begin.Before(out[j].begin) })
	return out
}

func (w *trendWorld) callCounts(sp trendSpec, unit string) []refCount {
	anybody := map[time.Time]bool{}
	for _, u := range w.usage {
		if u.Kind != "fee" {
			anybody[sp.begin(localDate(u.OccurredAt))] = true
		}
	}
	periods := map[time.Time]*refCount{}
	for _, u := range w.usage {
		begin := sp.begin(localDate(u.OccurredAt))
		counts := u.Forwarded && u.Answered && (!sp.exempt || !w.approved(u, "forwarding"))
		if u.UnitID != unit || !anybody[sp.next(begin)] || u.Kind == "fee" && !counts {
			continue
		}
		c := periods[begin]
		if c == nil {
			c = &refCount{begin: begin, counted: sp.next(begin).AddDate(0, 0, -1)}
			periods[begin] = c
		}
		if !counts {
			continue
		}
		c.ids = append(c.ids, u.EventID)
		if sp.cost {
			c.raw += float64(u.Cost) // millionths, exact
		} else {
			c.raw++
		}
	}
	for _, c := range periods {
		if sp.cost {
			c.raw /= 1e6
		}
	}
	return sorted(periods)
}

// exposed asks every statement whether it holds.
func (w *trendWorld) exposed(sp trendSpec, unit string, at schema.Time) float64 {
	if sp.exposure == "employees" {
		var best schema.Unit
		for _, u := range w.units {
			if u.UnitID == unit && u.ValidFrom <= at && (u.ValidTo == 0 || at < u.ValidTo) && u.ValidFrom >= best.ValidFrom {
				best = u
			}
		}
		return float64(best.Employees)
	}
	holder := map[string]schema.Line{}
	for _, l := range w.lines {
		if l.ValidFrom <= at && (l.ValidTo == 0 || at < l.ValidTo) && l.ValidFrom >= holder[l.LineID].ValidFrom {
			holder[l.LineID] = l
		}
	}
	n := 0.0
	for _, l := range holder {
		if l.UnitID == unit {
			n++
		}
	}
	return n
}

func (w *trendWorld) normalised(sp trendSpec, unit string, all []refCount) []refCount {
	var out []refCount
	for _, c := range all {
		c.value = c.raw
		if sp.exposure != "" {
			n := w.exposed(sp, unit, midnight(c.counted))
			if n == 0 {
				continue
			}
			c.value = c.raw * 100 / n
		}
		out = append(out, c)
	}
	return out
}

type refTested struct {
	unit           string
	window         time.Time
	used           []refCount
	test           string
	z, p           float64
	groups         map[int][][2]float64
	span, base     float64
	recent, counts float64
}

// trends judges everything there is.
func (w *trendWorld) trends(sp trendSpec) map[string]refVerdict {
	windows := map[time.Time][]refTested{}
	for _, unit := range w.unitIDs() {
		all := w.counts(sp, unit)
		var live, base []refCount
		for _, c := range all {
			first := c.counted
			if sp.calls {
				first = c.begin
			}
			if !first.Before(day(sp.start)) {
				live = append(live, c)
			}
			if sp.baseTo != "" && !c.begin.Before(day(sp.baseFrom)) && !sp.next(c.begin).After(day(sp.baseTo)) {
				base = append(base, c)
			}
		}
		base = w.normalised(sp, unit, base)
		for i, last := range live {
			if i+1 < len(live) && sp.window(live[i+1].begin) == sp.window(last.begin) {
				continue
			}
			var near []refCount
			for _, c := range live[:i+1] {
				if sp.steps(c.begin, last.begin) < sp.lookback {
					near = append(near, c)
				}
			}
			used := w.normalised(sp, unit, near)
			if len(used) < sp.atLeast || sp.baseTo != "" && len(base) < sp.recent {
				continue
			}
			windows[sp.window(last.begin)] = append(windows[sp.window(last.begin)], sp.test(unit, sp.window(last.begin), used, base))
		}
	}
	out := map[string]refVerdict{}
	for _, tested := range windows {
		w.findings(sp, tested, out)
	}
	return out
}

func values(counts []refCount) []float64 {
	var out []float64
	for _, c := range counts {
		out = append(out, c.value)
	}
	return out
}

func (sp trendSpec) test(unit string, window time.Time, used, base []refCount) refTested {
	t := refTested{unit: unit, window: window, used: used, test: "mann-kendall", groups: map[int][][2]float64{}, base: medianOf(values(used)), recent: medianOf(values(used)[len(used)-sp.recent:])}
	if sp.baseTo != "" {
		t.base = medianOf(values(base))
	}
	var raw []float64
	for _, c := range used[len(used)-sp.recent:] {
		raw = append(raw, c.raw)
	}
	t.counts = medianOf(raw)
	t.span = float64(sp.steps(used[0].begin, used[len(used)-1].begin))
	year := 52.0
	if sp.monthly {
		year = 12
	}
	seasonal := sp.season > 0 && t.span+1 >= 2*year
	if seasonal {
		t.test = "seasonal-mann-kendall"
	}
	type cell struct{ season, year int }
	x, y := map[cell][]float64{}, map[cell][]float64{}
	for i, c := range used {
		at := cell{0, i}
		if seasonal {
			at = cell{int(c.begin.Month()), c.begin.Year()}
			if sp.season == 4 {
				at.season = (at.season + 2) / 3
			}
			if sp.season == 52 {
				at.year, at.season = c.begin.ISOWeek()
				if at.season == 53 {
					at.season = 52
				}
			}
		}
		x[at], y[at] = append(x[at], float64(sp.steps(used[0].begin, c.begin))), append(y[at], c.value)
	}
	for at := range x {
		t.groups[at.season] = append(t.groups[at.season], [2]float64{medianOf(x[at]), medianOf(y[at])})
	}
	s, variance := 0.0, 0.0
	for _, g := range t.groups {
		n := float64(len(g))
		variance += n * (n - 1) * (2*n + 5)
		equal := map[float64]float64{}
		for _, a := range g {
			equal[a[1]]++
			for _, b := range g {
				if a[0] < b[0] && b[1] > a[1] {
					s++
				} else if a[0] < b[0] && b[1] < a[1] {
					s--
				}
			}
		}
		for _, k := range equal {
			variance -= k * (k - 1) * (2*k + 5)
		}
	}
	t.p = 1
	if variance > 0 {
		if s != 0 {
			t.z = (s - math.Copysign(1, s)) / math.Sqrt(variance/18)
		}
		t.p = math.Round(math.Erfc(t.z/math.Sqrt2)/2*1e9) / 1e9
	}
	return t
}

// findings applies the step-up rule by its definition, and then what makes a rise matter.
func (w *trendWorld) findings(sp trendSpec, tested []refTested, out map[string]refVerdict) {
	level := 1.0
	if sp.q > 0 {
		level = -1
		for _, t := range tested {
			atMost := 0.0
			for _, o := range tested {
				if o.p <= t.p {
					atMost++
				}
			}
			if t.p*float64(len(tested)) <= atMost*sp.q {
				level = max(level, t.p)
			}
		}
	}
	six := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	for _, t := range tested {
		if t.p > level || sp.z > 0 && six(t.z) <= sp.z {
			continue
		}
		var slopes []float64
		for _, g := range t.groups {
			for _, a := range g {
				for _, b := range g {
					if a[0] < b[0] {
						slopes = append(slopes, (b[1]-a[1])/(b[0]-a[0]))
					}
				}
			}
		}
		last := t.used[len(t.used)-1]
		v := refVerdict{Value: six(medianOf(slopes) * t.span), Limit: six(t.base / math.Round(1/sp.share)), Z: six(t.z), P: t.p, Counts: len(t.used), Test: t.test}
		target, has := w.goal(sp.goal, t.unit, midnight(last.counted))
		if medianOf(slopes) <= 0 || v.Value < v.Limit || sp.baseTo != "" && six(t.recent) <= six(t.base) || has && t.counts <= target {
			continue
		}
		for _, c := range t.used {
			v.Total += len(c.ids)
		}
		if sp.q > 0 {
			v.Judged = len(tested)
		}
		v.Evidence, v.CostCentre = w.evidence(sp, t.used), w.centre(t.unit, midnight(last.counted))
		out[place(sp.rule, t.unit, schema.Date(t.window.Year(), t.window.Month(), t.window.Day()))] = v
	}
}

// evidence names the last ids in order of time.
func (w *trendWorld) evidence(sp trendSpec, used []refCount) string {
	var ids []schema.ID
	for _, c := range used {
		if sp.calls {
			sort.SliceStable(c.ids, func(i, j int) bool { return w.when[c.ids[i]] < w.when[c.ids[j]] })
		}
		ids = append(ids, c.ids...)
	}
	return fmt.Sprint(ids[max(0, len(ids)-MaxEvidence):])
}

func (w *trendWorld) centre(unit string, at schema.Time) string {
	var best schema.Unit
	for _, u := range w.units {
		if u.UnitID == unit && u.ValidFrom <= at && (u.ValidTo == 0 || at < u.ValidTo) && u.ValidFrom >= best.ValidFrom {
			best = u
		}
	}
	return best.CostCentre
}

func (w *trendWorld) goal(metric, unit string, at schema.Time) (float64, bool) {
	var best *schema.Goal
	for i, g := range w.goals {
		if g.Metric == metric && g.UnitID == unit && g.ValidFrom <= at && (g.ValidTo == 0 || at < g.ValidTo) && (best == nil || g.ValidFrom > best.ValidFrom) {
			best = &w.goals[i]
		}
	}
	if best == nil {
		return 0, false
	}
	return best.Target, true
}
