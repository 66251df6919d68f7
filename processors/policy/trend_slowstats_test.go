package policy

import (
	"math"
	"time"

	"linesman/schema"
)

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
	s, variance := t.score()
	t.p = 1
	if variance > 0 {
		if s != 0 {
			t.z = (s - math.Copysign(1, s)) / math.Sqrt(variance/18)
		}
		t.p = math.Round(math.Erfc(t.z/math.Sqrt2)/2*1e9) / 1e9
	}
	return t
}

// score adds S, and 18 times its variance, over the seasons.
func (t *refTested) score() (s, variance float64) {
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
	return s, variance
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
