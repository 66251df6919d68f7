package policy

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"

	"linesman/processors/policy/stats"
	"linesman/schema"
)

// Why a trend says nothing of a unit in a window.
const (
	SilentFew      = "few"      // too few counts in the lookback
	SilentExposure = "exposure" // too few counts for which employees or lines are known
	SilentBaseline = "baseline" // too few counts in the baseline
)

// trendLevel is the level of the slope's two-sided interval that is told.
const trendLevel = 0.9

// Judgement is what a statistical trend says of one unit in one window, flagged or not.
type Judgement struct {
	Unit       string
	WindowFrom schema.Day
	Silent     string // why it was not judged; empty when it was
	Flagged    bool
	Test       string // the test used: the seasonal one falls back to the plain one on less than two years
	Counts     int
	First      schema.Day // the first and the last counted day
	Last       schema.Day
	Z, P       float64
	Slope      stats.Slope // per period; computed for units whose test found a rise
	Rise       float64     // slope times the time from first to last count
	Median     float64     // of the series
	Baseline   float64     // median of the baseline; of the series when the rule has none
	Recent     float64     // median of the latest counts
	Target     float64     // of the goal in force
	HasTarget  bool
	RecentRaw  float64 // median of the latest counts, not divided by anything: what a goal is compared with
	Exposed    int64   // employees or lines on the last counted day
	Without    int     // counts left out because their exposure is not known
	Judged     int     // units of the window that were judged, where false discoveries are controlled
	Found      int     // and how many of them stand out

	series *trendSeries
	used   []trendPoint
	latest *big.Rat        // RecentRaw without loss
	groups [][]stats.Point // by season; one group for the plain test
	span   float64         // periods from the first to the last count
}

// judge judges all units in the windows that lie in parts; nil: in every window. The result
// is ordered by window and unit.
func (r *Rule) judge(all []trendSeries, parts []Part) []Judgement {
	var out []Judgement
	for i := range all {
		out = append(out, r.judgeUnit(&all[i], parts)...)
	}
	slices.SortFunc(out, func(a, b Judgement) int {
		return cmp.Or(cmp.Compare(a.WindowFrom, b.WindowFrom), strings.Compare(a.Unit, b.Unit))
	})
	for from := 0; from < len(out); {
		to := from
		for to < len(out) && out[to].WindowFrom == out[from].WindowFrom {
			to++
		}
		r.decide(out[from:to])
		from = to
	}
	return slices.DeleteFunc(out, func(j Judgement) bool { return !within(parts, j.WindowFrom, j.Unit) })
}

func within(parts []Part, window schema.Day, unit string) bool {
	return parts == nil || slices.ContainsFunc(parts, func(p Part) bool {
		return p.From <= window && window < p.To && (p.Subjects == nil || slices.Contains(p.Subjects, unit))
	})
}

// judgeUnit tests a unit in each of its windows.
func (r *Rule) judgeUnit(s *trendSeries, parts []Part) []Judgement {
	t := r.Trend
	var live, base []trendPoint
	for _, p := range s.points {
		if r.inLife(p.period, p.counted) {
			live = append(live, p)
		}
		if t.inBaseline(p.period) {
			base = append(base, p)
		}
	}
	baseline, known := r.numbers(s, base)
	var out []Judgement
	for i, last := range live {
		window := windowFrom(r.Window, last.period)
		if i+1 < len(live) && windowFrom(r.Window, live[i+1].period) == window {
			continue // not the last of its window
		}
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.From <= window && window < p.To }) && parts != nil {
			continue
		}
		first := i
		for first > 0 && t.clock(last.period)-t.clock(live[first-1].period) < t.Lookback {
			first--
		}
		j := Judgement{Unit: s.unit, WindowFrom: window, series: s}
		r.measure(&j, live[first:i+1])
		if t.Baseline.To != 0 && j.Silent == "" {
			if j.Baseline = stats.Median(baseline); len(known) < t.Recent {
				j.Silent = SilentBaseline
			}
		}
		out = append(out, j)
	}
	return out
}

// numbers returns the values of points in the rule's unit, divided by their exposure, and
// the points they are of: those whose exposure is known.
func (r *Rule) numbers(s *trendSeries, points []trendPoint) ([]float64, []trendPoint) {
	t := r.Trend
	var values []float64
	var kept []trendPoint
	for _, p := range points {
		v := t.inUnit(p.value)
		if t.Exposure != "" {
			n := s.exposed(t.Exposure, p.counted.Start(r.location))
			if n <= 0 {
				continue
			}
			v = v * 100 / float64(n)
		}
		values, kept = append(values, v), append(kept, p)
	}
	return values, kept
}

// inUnit converts a number of the column's own unit to the rule's.
func (t *Trend) inUnit(value int64) float64 {
	if t.money {
		return float64(value) / (float64(t.Scale) * float64(schema.Micro))
	}
	return float64(value) / float64(t.Scale)
}

// measure tests the counts of one window.
func (r *Rule) measure(j *Judgement, points []trendPoint) {
	t := r.Trend
	values, used := r.numbers(j.series, points)
	j.used, j.Counts, j.Without = used, len(used), len(points)-len(used)
	if len(used) < t.AtLeast {
		j.Silent = SilentFew
		if len(points) >= t.AtLeast {
			j.Silent = SilentExposure
		}
		return
	}
	last := used[len(used)-1]
	j.First, j.Last = used[0].counted, last.counted
	series := make([]stats.Point, len(used))
	var latest []int64
	for i, p := range used {
		series[i] = stats.Point{Time: float64(t.clock(p.period) - t.clock(used[0].period)), Value: values[i]}
		if i >= len(used)-t.Recent {
			latest = append(latest, p.value)
		}
	}
	j.seasons(t, series)
	test := stats.SeasonalMannKendall(j.groups)
	j.Z, j.P = round6(test.Z), round9(test.P)
	j.Median, j.Baseline = stats.Median(values), stats.Median(values)
	j.Recent, j.latest = stats.Median(values[len(values)-t.Recent:]), t.exactMedian(latest)
	j.RecentRaw, _ = j.latest.Float64()
	moment := last.counted.Start(r.location)
	j.Target, j.HasTarget = j.series.target(moment)
	if t.Exposure != "" {
		j.Exposed = j.series.exposed(t.Exposure, moment)
	}
}

// seasons divides a series into what is compared with each other. A series that does not
// span two years has no seasons to compare and is one group. Of several counts in one
// season of one year their median stands for them, so that what happens within a season
// counts for nothing (Hirsch, Slack and Smith 1982).
func (j *Judgement) seasons(t *Trend, series []stats.Point) {
	j.span = series[len(series)-1].Time
	j.Test, j.groups = TestMannKendall, [][]stats.Point{series}
	if t.Test != TestSeasonal || int(j.span)+1 < 2*t.perYear() {
		return
	}
	j.Test = TestSeasonal
	type cell struct{ season, year int }
	cells := map[cell][]stats.Point{}
	for i, p := range j.used {
		season, year := t.season(p.period)
		cells[cell{season, year}] = append(cells[cell{season, year}], series[i])
	}
	groups := make([][]stats.Point, 53)
	for c, points := range cells {
		var times, values []float64
		for _, p := range points {
			times, values = append(times, p.Time), append(values, p.Value)
		}
		groups[c.season] = append(groups[c.season], stats.Point{Time: stats.Median(times), Value: stats.Median(values)})
	}
	j.groups = groups
}

// decide says which units of one window are flagged: those that stand out by their test,
// alone or among all that were judged, and whose rise matters.
func (r *Rule) decide(window []Judgement) {
	t := r.Trend
	var judged []int
	var p []float64
	for i, j := range window {
		if j.Silent == "" {
			judged, p = append(judged, i), append(p, j.P)
		}
	}
	found := stats.Discoveries{}
	if t.coupled() {
		found = stats.BenjaminiHochberg(p, t.FalseDiscovery)
	}
	for k, i := range judged {
		j := &window[i]
		if t.coupled() {
			j.Judged, j.Found = found.Judged, found.Count
			if !found.Found[k] {
				continue
			}
		}
		if t.hasZ && j.Z <= t.Z {
			continue
		}
		r.weigh(j)
	}
}

// weigh computes the slope of a unit that stands out, and flags it when the rise is great
// enough, the unit is above its baseline, and above its goal. What is compared is what is
// shown: numbers of six decimals.
func (r *Rule) weigh(j *Judgement) {
	t := r.Trend
	j.Slope = stats.SeasonalTheilSen(j.groups, trendLevel)
	j.Rise = round6(j.Slope.Estimate * j.span)
	j.Flagged = j.Slope.Estimate > 0 && j.Rise >= r.leastRise(j) &&
		(t.Baseline.To == 0 || round6(j.Recent) > round6(j.Baseline)) && (!j.HasTarget || aboveTarget(j.latest, j.Target))
}

// leastRise is the limit of a rise.
func (r *Rule) leastRise(j *Judgement) float64 {
	return round6(j.Baseline * float64(r.Trend.riseNum) / float64(r.Trend.riseDen))
}

// round9 keeps what is read of a p-value.
func round9(v float64) float64 { return math.Round(v*1e9) / 1e9 }
