package demo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// GoalStanding is a goal and where it stands at the end of the period, by the definitions in
// docs/goals.md and the generator's own arithmetic.
type GoalStanding struct {
	ID         string  `json:"id"`
	Metric     string  `json:"metric"`
	Unit       string  `json:"unit,omitempty"`
	CostCentre string  `json:"costCentre,omitempty"`
	Target     float64 `json:"target"`
	Due        string  `json:"due"`
	Status     string  `json:"status"`
}

// Where goals stand, as docs/goals.md has it.
const (
	goalReached   = "reached"
	goalOnTrack   = "on_track"
	goalOffTrack  = "off_track"
	goalMissed    = "missed"
	goalTooLittle = "too_little_data"
)

// point is one measured value; day counts from 1970.
type point struct {
	day   int
	value float64
}

// aim is a goal in the making.
type aim struct {
	id, metric, unit, centre string
	baseline, target         float64
	due, owner, from         string
	weekly, budget           bool
	points                   []point
}

// dayNumber counts days from 1970.
func dayNumber(label string) int {
	t, err := time.Parse(time.DateOnly, label)
	if err != nil {
		return 0
	}
	return int(t.Unix() / 86400)
}

// end is the last day of a month.
func (r *region) end(m int) int {
	mo := r.months[m]
	return dayNumber(r.days[mo.first+mo.days-1].label)
}

// over tells whether the day of the goal lies in the period.
func (r *region) over(a *aim) bool { return dayNumber(a.due) <= r.end(len(r.months)-1) }

// pace is what the forecast is drawn from, and enough tells whether that is enough for one.
func (a *aim) pace() (points []point, enough bool) {
	from, most, least := dayNumber(a.from), 12, 3
	if a.weekly {
		most, least = 26, 6
	}
	for _, p := range a.points {
		began := p.day
		if !a.weekly { // a month counts when all of it is after the goal was set
			y, m, _ := time.Unix(int64(p.day)*86400, 0).UTC().Date()
			began = int(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).Unix() / 86400)
		}
		if began >= from {
			points = append(points, p)
		}
	}
	points = points[max(0, len(points)-most):]
	return points, len(points) >= least
}

// forecast draws the line of Theil and Sen on to the day of the goal.
func (a *aim) forecast() float64 {
	points, _ := a.pace()
	var slopes, rest []float64
	for i, p := range points {
		for _, q := range points[i+1:] {
			slopes = append(slopes, (q.value-p.value)/float64(q.day-p.day))
		}
	}
	slope := 0.0
	if len(slopes) > 0 {
		slope = median(slopes)
	}
	for _, p := range points {
		rest = append(rest, p.value-slope*float64(p.day))
	}
	return math.Max(0, median(rest)+slope*float64(dayNumber(a.due)))
}

// now is the value that is judged.
func (r *region) now(a *aim) float64 {
	for _, p := range slices.Backward(a.points) {
		if !r.over(a) || p.day <= dayNumber(a.due) {
			return p.value
		}
	}
	return math.NaN()
}

func (r *region) standing(a *aim) string {
	now := r.now(a)
	_, enough := a.pace()
	switch {
	case math.IsNaN(now):
		return goalTooLittle
	case r.over(a) && now <= a.target:
		return goalReached
	case r.over(a):
		return goalMissed
	case a.budget && now <= a.target:
		return goalOnTrack
	case a.budget:
		return goalOffTrack
	case now <= a.target:
		return goalReached
	case !enough:
		return goalTooLittle
	case a.forecast() <= a.target+1e-5:
		return goalOnTrack
	}
	return goalOffTrack
}

// set chooses a target such that the goal tells a story, as far as what was measured allows it:
// well away from where the story would become another.
func (r *region) set(a *aim, s story) {
	a.due = dueDay
	if s == missed {
		a.due = overDay
	}
	now := r.now(a)
	ahead := now
	if _, enough := a.pace(); enough {
		ahead = a.forecast()
	}
	switch s {
	case onTrack:
		a.target = math.Min(math.Ceil(ahead+0.35*math.Max(0, now-ahead)), math.Ceil(now)-1)
	case reached:
		a.target = math.Ceil(1.1*now) + 1
	case missed:
		a.target = math.Floor(0.8 * now)
	default:
		a.target = math.Floor(0.7 * math.Min(now, ahead))
	}
	a.target = math.Max(0, a.target)
	if points, _ := a.pace(); len(points) > 0 {
		a.baseline = math.Ceil(points[0].value)
	}
	if a.baseline <= a.target {
		// A goal is one of reduction: it was set from a higher level of earlier years.
		a.baseline = math.Floor(1.25*a.target) + 1
	}
}

// goalsTable sets goals for units and budgets for cost centres, and notes where they stand.
func (g *generator) goalsTable(sum *tally) *table {
	var aims []*aim
	aims = append(aims, g.watchAims()...)
	aims = append(aims, g.forwardAims(sum)...)
	aims = append(aims, g.silentAims(sum)...)
	aims = append(aims, g.deskAims()...)
	aims = append(aims, g.budgets(sum)...)
	t := newTable("goal_id;metric;unit_id;cost_centre;baseline;target;target_date;owner;valid_from;valid_to")
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for _, a := range aims {
		t.add(a.id, a.metric, a.unit, a.centre, number(a.baseline), number(a.target), a.due, a.owner, a.from, "")
		g.standings = append(g.standings, GoalStanding{ID: a.id, Metric: a.metric, Unit: a.unit, CostCentre: a.centre, Target: a.target, Due: a.due, Status: g.standing(a)})
	}
	return t
}

func (g *generator) watchAims() []*aim {
	var out []*aim
	weeks := g.mondays()
	for i := range g.plan.series {
		s := &g.plan.series[i]
		if s.target < 0 {
			continue
		}
		out = append(out, s.aim(g.region, weeks, fmt.Sprintf("M-%03d", i+1)))
	}
	return out
}

// aim is the goal of a series of watches.
func (s *series) aim(r *region, weeks []time.Time, id string) *aim {
	a := &aim{id: id, metric: "watches_open", unit: r.units[s.unit].id, weekly: true, baseline: s.baseline, target: s.target, due: dueDay, owner: "verksamhetschef", from: weeks[0].Format("2006-01") + "-01"}
	if s.due != "" {
		a.due = s.due
	}
	for w, n := range s.counts {
		a.points = append(a.points, point{dayNumber(weeks[s.first+w].Format(time.DateOnly)), float64(n)})
	}
	return a
}

// monthly is a goal for a value of months.
func (r *region) monthly(id, metric string, u int, owner string, s story, value func(m int) (float64, bool)) *aim {
	a := &aim{id: fmt.Sprintf("%s-%03d", id, u+1), metric: metric, unit: r.units[u].id, owner: owner, from: r.days[r.months[r.goalsFrom()].first].label}
	if s == young {
		a.from = r.days[r.months[len(r.months)-2].first].label
	}
	for m := range r.months {
		if v, ok := value(m); ok {
			a.points = append(a.points, point{r.end(m), v})
		}
	}
	r.set(a, s)
	return a
}

func (g *generator) forwardAims(sum *tally) []*aim {
	var out []*aim
	for u := range g.units {
		if s, ok := g.plan.forwards[u]; ok {
			out = append(out, g.monthly("V", "forwarded_calls", u, "enhetschef", s, func(m int) (float64, bool) { return float64(sum.forward[unitMonth{u, m}]), true }))
		}
	}
	return out
}

// silentAims are the goals of units with subscriptions that nobody uses, and for the cost that
// falls with them; and two of units that do nothing about their cost.
func (g *generator) silentAims(sum *tally) []*aim {
	var out []*aim
	each := func(u int, s story) *aim {
		return g.monthly("A", "cost_per_employee", u, "ekonomichef", s, func(m int) (float64, bool) {
			return float64(sum.each[unitMonth{u, m}]) / float64(krona) / float64(g.units[u].employees), true
		})
	}
	for _, s := range g.silences() {
		u := g.unitOf(s.code)
		out = append(out, g.monthly("O", "unused_lines", u, "enhetschef", s.story, func(m int) (float64, bool) { return g.unused(sum, u, m) }))
		if s.left < s.lines {
			out = append(out, each(u, onTrack))
		}
	}
	return append(out, each(g.unitOf(11), asItComes), each(g.unitOf(60), reached))
}

// unused counts the lines of a unit that were not used in the 90 days before the end of a
// month; not ok when the period begins within them.
func (g *generator) unused(sum *tally, u, m int) (float64, bool) {
	last := g.months[m].first + g.months[m].days - 1
	first := last - 89
	if first < 0 {
		return 0, false
	}
	n := 0
	for l := range g.lines {
		ln := &g.lines[l]
		if g.plan.homeOf(l, g.days[last].label) != u || (ln.role != "personal" && ln.role != "shared") || (ln.back != "" && ln.back <= g.days[last].label) {
			continue
		}
		used := ln.op != exchange && !ln.silent && ln.sim != "spare"
		for k := range g.months[:m+1] {
			if d, ok := sum.used[lineMonth{l, k}]; ok && d >= first {
				used = true
			}
		}
		if !used {
			n++
		}
	}
	return float64(n), true
}

// homeOf is the unit of a line on a day.
func (p *plan) homeOf(l int, day string) int {
	u := p.lines[l].unit
	for _, m := range p.moved {
		if m.line == l && m.at <= day {
			u = m.unit
		}
	}
	return u
}

func (g *generator) deskAims() []*aim {
	var out []*aim
	for _, h := range g.handIns() {
		u := g.unitOf(h.code)
		out = append(out, g.monthly("B", "desk_phones", u, "verksamhetschef", h.story, func(m int) (float64, bool) {
			n := 0
			for _, l := range g.units[u].fixed {
				if ln := &g.lines[l]; ln.desk() && (ln.handedIn == "" || dayNumber(ln.handedIn) > g.end(m)) {
					n++
				}
			}
			return float64(n), true
		}))
	}
	return out
}

// budgets are those of cost centres: kept in the last month, but for every fourth.
func (g *generator) budgets(sum *tally) []*aim {
	var out []*aim
	for c := range g.centres {
		a := &aim{id: fmt.Sprintf("K-%03d", c+1), metric: "cost_month", centre: g.centres[c].code, budget: true, due: dueDay, owner: "ekonomichef", from: holdsFrom}
		mean := 0.0
		for m := range g.months {
			v := float64(sum.cost[centreMonth{c, m}]) / float64(krona)
			a.points = append(a.points, point{g.end(m), v})
			mean += v / float64(len(g.months))
		}
		now := a.points[len(a.points)-1].value
		a.baseline, a.target = math.Round(mean), math.Ceil(1.06*math.Max(now, mean)/100)*100
		if c%4 == 3 {
			a.target = math.Floor(0.92*now/10) * 10
		}
		out = append(out, a)
	}
	return out
}
