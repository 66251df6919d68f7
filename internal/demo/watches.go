package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// series is the weekly counts of open watches of a unit.
type series struct {
	unit      int
	due       string  // day of the goal
	first     int     // index of the first week with a count
	counts    []int   // true counts from first on
	claimed   []int   // what the first extracts said, where it was wrong; else nil
	target    float64 // goal; < 0: none
	baseline  float64
	planted   string // what was planted; empty: background
	violation bool
	verdicts  []verdict // by month of weeks
	month     string    // in which a near miss would be a violation but for one thing
}

// mondays are the Mondays of the weeks that have counts: also in the small region enough of
// them to judge a trend.
func (r *region) mondays() []time.Time {
	from := time.Date(2025, time.October, 6, 0, 0, 0, 0, r.zone)
	if r.size == Small {
		from = time.Date(2026, time.June, 1, 0, 0, 0, 0, r.zone)
	}
	var out []time.Time
	for d := from; d.Before(time.Date(2026, time.November, 1, 0, 0, 0, 0, r.zone)); d = d.AddDate(0, 0, 7) {
		out = append(out, d)
	}
	return out
}

// shape draws one count; w is the week, n how many there are.
type shape func(rng *rand.Rand, w, n int) float64

// role is one way a unit's watches can develop.
type role struct {
	planted   string
	violation bool
	target    float64 // as a part of the last count when > 0; 0: goal well below the counts; < 0: no goal
	shape     shape
	weeks     int  // > 0: only the last weeks
	corrected bool // first extracts claimed a rise that was corrected later
	story     story
	butFor    test // near misses: what would be a violation but for the one thing that is planted; nil: not asked
}

// test looks at a series up to a week.
type test func(s *series, upTo int) bool

// withoutGoal would be a violation if the unit had no goal.
func withoutGoal(s *series, upTo int) bool { return judge(s.counts[:upTo], -1) == rising }

// asClaimed would be a violation by the first extracts.
func asClaimed(s *series, upTo int) bool { return judge(s.claimed[:upTo], s.target) == rising }

// significant rises beyond doubt, be it by ever so little.
func significant(s *series, upTo int) bool {
	low, _ := mannKendall(s.counts[max(0, upTo-trendLookback):upTo])
	return upTo >= trendLeast && low > trendZ+0.25
}

// aboveGoal is far above its goal.
func aboveGoal(s *series, upTo int) bool { return float64(s.counts[upTo-1]) > s.target*1.2 }

func flat(base, noise float64) shape {
	return func(rng *rand.Rand, _, _ int) float64 { return base + noise*(2*rng.Float64()-1) }
}

// growing is flat until a part of the weeks has passed, then grows by a rate each week for so many weeks.
func growing(base, rate, from float64, weeks int) shape {
	return func(rng *rand.Rand, w, n int) float64 {
		v := base + 0.02*base*(2*rng.Float64()-1)
		for i := int(from * float64(n)); i < w && i < int(from*float64(n))+weeks; i++ {
			v *= 1 + rate
		}
		return v
	}
}

func plantedRoles(size Size) []role {
	bad := func(rng *rand.Rand, w, n int) float64 {
		v := flat(70, 3)(rng, w, n)
		if w == n*3/4 {
			v *= 2.3
		}
		return v
	}
	erratic := func(rng *rand.Rand, w, n int) float64 {
		return 60 + 0.4*float64(w%12) + 22*(2*rng.Float64()-1)
	}
	small := func(rng *rand.Rand, w, _ int) float64 { return 210 + float64(w)*0.9 + rng.Float64() }
	roles := []role{
		{planted: "rises by 4 % a week to the end of the period", violation: true, shape: growing(44, 0.04, 0.3, 99)},
		{planted: "rises without a goal for the unit", violation: true, target: -1, shape: growing(60, 0.035, 0.35, 99)},
		{planted: "one bad week, otherwise flat", shape: bad},
		{planted: "rises, but is still under its target", target: 1.6, shape: growing(28, 0.03, 0.2, 99), butFor: withoutGoal},
		{planted: "high, but flat", shape: flat(235, 5), story: missed, butFor: aboveGoal},
	}
	if size == Small {
		return roles
	}
	return append(roles,
		role{planted: "rises for 20 weeks, then stays high", violation: true, shape: growing(52, 0.045, 0.35, 20)},
		role{planted: "rises for 16 weeks in the winter, then stays", violation: true, shape: growing(80, 0.05, 0.12, 16)},
		role{planted: "rises steeply in the last ten weeks", violation: true, shape: growing(38, 0.08, 0.82, 99)},
		role{planted: "rises slowly over most of the year", violation: true, shape: growing(110, 0.028, 0.2, 99)},
		role{planted: "rises in the spring, above its goal", violation: true, shape: growing(66, 0.055, 0.4, 14)},
		role{planted: "rises steadily, but by less than 15 % of the median", shape: small, butFor: significant},
		role{planted: "only seven weeks of counts, all rising", shape: growing(30, 0.09, 0, 99), weeks: 7},
		role{planted: "swings up and down without a trend", shape: erratic},
		role{planted: "first extracts claimed a rise; later extracts of the same days corrected it", shape: flat(58, 2), corrected: true, butFor: asClaimed},
	)
}

// layWatches draws the series of all units: the planted ones first, then a background that is
// flat or falls and on which the rule stays clearly quiet in every month.
func (p *plan) layWatches() error {
	roles := plantedRoles(p.size)
	weeks := p.mondays()
	var counted []int
	for u := range p.units {
		if p.units[u].watches {
			counted = append(counted, u)
		}
	}
	for n, u := range counted {
		rl := role{target: 0}
		if k := n * 5 % len(counted); k < len(roles) { // spread over the house
			rl = roles[k]
		}
		rng := p.rng(streamWatches, u)
		if rl.shape == nil {
			base, fall := 30+90*rng.Float64(), 0.25+0.2*rng.Float64()
			rl.story = [...]story{onTrack, onTrack, onTrack, reached, onTrack, offTrack}[len(p.series)%6]
			if rl.story == offTrack {
				fall *= 0.2
			}
			rl.shape = func(rng *rand.Rand, w, n int) float64 {
				return base*(1-fall*float64(w)/float64(n)) + base*0.02*(2*rng.Float64()-1)
			}
		}
		s, ok := p.drawSeries(rng, u, rl, weeks)
		if !ok {
			return fmt.Errorf("no clear series of watches for unit %s: %s", p.units[u].id, rl.planted)
		}
		p.aimAt(&s, rl.story, weeks)
		p.series = append(p.series, s)
		p.expectWatches(&p.series[len(p.series)-1], weeks)
	}
	return nil
}

// aimAt sets the goal of a series whose story is about it. Such a series falls: that the rule
// finds nothing in it does not hang on the goal.
func (p *plan) aimAt(s *series, what story, weeks []time.Time) {
	if what == asItComes {
		return
	}
	a := s.aim(p.region, weeks, "")
	if what != missed {
		p.set(a, what)
	}
	s.baseline, s.target = a.baseline, a.target
	if what == missed {
		s.due = overDay
	}
}

// drawSeries draws until every month is clear: a violation or not, never in between.
func (p *plan) drawSeries(rng *rand.Rand, u int, rl role, weeks []time.Time) (series, bool) {
	for range 5000 {
		s := series{unit: u, planted: rl.planted, violation: rl.violation, target: -1}
		if rl.weeks > 0 {
			s.first = len(weeks) - rl.weeks
		}
		for w := s.first; w < len(weeks); w++ {
			s.counts = append(s.counts, int(rl.shape(rng, w-s.first, len(weeks)-s.first)+0.5))
		}
		s.baseline = float64(s.counts[0])
		switch last := float64(s.counts[len(s.counts)-1]); {
		case rl.target > 0:
			s.target = float64(int(last * rl.target))
		case rl.target == 0:
			s.target = float64(int(s.baseline * 0.7))
		}
		if s.target >= s.baseline {
			// A goal is one of reduction: where the count began below it, it was set from a
			// higher level of earlier years.
			s.baseline = float64(int(s.target*1.25) + 1)
		}
		if rl.corrected {
			s.claimed = append([]int(nil), s.counts...)
			from := len(s.claimed) / 2
			for i := range 10 {
				s.claimed[from+i] += s.counts[from+i] * 5 * i / 100
			}
		}
		months := p.monthWeeks(weeks)
		if s.settle(months) && s.near(rl.butFor, months) {
			return s, true
		}
	}
	return series{}, false
}

// near finds the last month in which the series would be a violation but for one thing.
func (s *series) near(butFor test, months []weekMonth) bool {
	if butFor == nil {
		return true
	}
	for _, m := range slices.Backward(months) {
		if m.upTo > s.first && butFor(s, m.upTo-s.first) {
			s.month = m.label
			return true
		}
	}
	return false
}

// weekMonth is a calendar month and how many weeks begin before its end.
type weekMonth struct {
	label string
	upTo  int
}

func (r *region) monthWeeks(weeks []time.Time) []weekMonth {
	var out []weekMonth
	for i, w := range weeks {
		label := w.Format("2006-01")
		if len(out) == 0 || out[len(out)-1].label != label {
			out = append(out, weekMonth{label: label})
		}
		out[len(out)-1].upTo = i + 1
	}
	return out
}

// settle judges every month and tells whether the series is what it was to be.
func (s *series) settle(months []weekMonth) bool {
	any := false
	for _, m := range months {
		v := quiet
		if m.upTo > s.first {
			v = judge(s.counts[:m.upTo-s.first], s.target)
		}
		if v == unclear {
			return false
		}
		any = any || v == rising
		s.verdicts = append(s.verdicts, v)
	}
	return any == s.violation
}

// expectWatches notes what the rule must say of a planted series.
func (p *plan) expectWatches(s *series, weeks []time.Time) {
	if s.planted == "" {
		return
	}
	months := p.monthWeeks(weeks)
	e := Expectation{Kind: KindNearMiss, Rule: RuleWatches, Unit: p.units[s.unit].id, Note: s.planted}
	if !s.violation {
		e.Month = months[len(months)-1].label
		if s.month != "" {
			e.Month = s.month
		} else if s.planted == "one bad week, otherwise flat" {
			e.Month = weeks[len(weeks)*3/4].Format("2006-01")
		}
		p.expectations = append(p.expectations, e)
		return
	}
	for i, v := range s.verdicts {
		if v == rising {
			e.Kind, e.Month = KindViolation, months[i].label
			p.expectations = append(p.expectations, e)
		}
	}
}
