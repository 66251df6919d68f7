package policy

import (
	"fmt"
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
	anybody, used := map[time.Time]bool{}, map[time.Time]bool{}
	for _, u := range w.usage {
		if begin := sp.begin(localDate(u.OccurredAt)); u.Kind != "fee" {
			anybody[begin], used[begin] = true, used[begin] || u.UnitID == unit
		}
	}
	periods := map[time.Time]*refCount{}
	for _, u := range w.usage {
		begin := sp.begin(localDate(u.OccurredAt))
		counts := u.Forwarded && u.Answered && (!sp.exempt || !w.approved(u, "forwarding"))
		if u.UnitID != unit || !anybody[sp.next(begin)] || !used[begin] {
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
