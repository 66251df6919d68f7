package verify

import (
	"fmt"
	"maps"
	"slices"

	"linesman/schema"
)

// cover is the coverage of one day.
type cover struct {
	day    schema.Day
	state  string
	events uint64
}

// report says what is missing in a series, from since until today.
func (s *series) report(since, today schema.Day) (SourceGaps, []cover) {
	out := SourceGaps{Source: s.source, Collector: s.collector, Gaps: []Gap{}, Coverage: []Span{}}
	var fileDays []schema.Day
	for _, f := range s.files {
		if f.failed {
			out.Failed++
			continue
		}
		out.Files++
		if f.day != 0 {
			fileDays = append(fileDays, f.day)
		}
	}
	slices.Sort(fileDays)
	fileDays = slices.Compact(fileDays)
	days := daysOf(s.events)
	for _, n := range s.events {
		out.Events += n
	}
	first, last := bounds(fileDays, days)
	if first == 0 {
		out.Rhythm = rhythm{}.String()
		return out, nil
	}
	out.First, out.Last = first.String(), last.String()
	var gaps []Gap
	switch {
	case s.collector == "reference": // statements come when something changes
		out.Rhythm = "none: files come when something changes"
	case len(s.units) > 0:
		gaps, out.Rhythm = s.countGaps(days, today)
	case s.monthly:
		gaps, out.Rhythm = s.monthGaps(fileDays, days, today)
	default:
		gaps, out.Rhythm = s.dayGaps(fileDays, days, today)
	}
	for _, g := range gaps {
		if g.to < since {
			continue
		}
		g.From, g.To = g.from.String(), g.to.String()
		if g.Kind != GapUnit {
			g.Detail += s.refused(g)
		}
		out.Gaps = append(out.Gaps, g)
	}
	var covers []cover
	if s.collector != "reference" {
		covers = s.coverage(gaps, max(first, since), max(last, min(today, lastDay(gaps))))
	}
	for _, c := range covers {
		if n := len(out.Coverage); n > 0 && out.Coverage[n-1].State == c.state {
			span := &out.Coverage[n-1]
			span.To, span.Days, span.Events = c.day.String(), span.Days+1, span.Events+c.events
			continue
		}
		out.Coverage = append(out.Coverage, Span{From: c.day.String(), To: c.day.String(), State: c.state, Days: 1, Events: c.events})
	}
	return out, covers
}

func bounds(lists ...[]schema.Day) (first, last schema.Day) {
	for _, days := range lists {
		if len(days) == 0 {
			continue
		}
		if first == 0 || days[0] < first {
			first = days[0]
		}
		last = max(last, days[len(days)-1])
	}
	return first, last
}

func lastDay(gaps []Gap) schema.Day {
	var last schema.Day
	for _, g := range gaps {
		last = max(last, g.to)
	}
	return last
}

// refused names files of the days that came and could not be read.
func (s *series) refused(g Gap) string {
	out := ""
	for _, f := range s.files {
		if f.failed && f.day != 0 && f.day <= g.to && f.to >= g.from {
			out += "; " + f.name + " came and failed"
		}
	}
	return out
}

// dayGaps is for series of files that cover days.
func (s *series) dayGaps(fileDays, days []schema.Day, today schema.Day) ([]Gap, string) {
	gaps := s.sequence()
	files := learn(fileDays)
	for _, h := range files.holes(fileDays) {
		n := files.missing(h)
		gaps = append(gaps, Gap{Kind: GapFile, from: h.from, to: h.to, Missing: n, Detail: plural(int(n), "day without a file", "days without a file")})
	}
	missing := len(gaps)
	usage := learn(days)
	for _, h := range usage.holes(days) {
		if !slices.ContainsFunc(gaps[:missing], func(g Gap) bool { return g.Kind == GapFile && g.from <= h.from && h.to <= g.to }) {
			n := usage.missing(h)
			gaps = append(gaps, Gap{Kind: GapUsage, from: h.from, to: h.to, Missing: n, Detail: plural(int(n), "day without records", "days without records")})
		}
	}
	gaps = append(gaps, thin(s.events)...)
	if len(fileDays) > 0 {
		if h, ok := files.silent(fileDays[len(fileDays)-1], today); ok {
			gaps = append(gaps, Gap{Kind: GapSilent, from: h.from, to: h.to, Missing: files.missing(h), Detail: "no file since " + fileDays[len(fileDays)-1].String()})
		}
	}
	return gaps, "files " + files.String() + ", records " + usage.String()
}

// monthGaps is for operators, who send a file for each month.
func (s *series) monthGaps(months, days []schema.Day, today schema.Day) ([]Gap, string) {
	var gaps []Gap
	for i := range months {
		months[i] = months[i].Month()
	}
	slices.Sort(months)
	months = slices.Compact(months)
	usage := learn(days)
	if len(months) == 0 { // records of the time asked for, and no file that says which month it is
		return nil, "no monthly file, records " + usage.String()
	}
	for m := months[0]; nextMonth(m)+billDelay <= today || m <= months[len(months)-1]; m = nextMonth(m) {
		end := nextMonth(m) - 1
		if _, ok := slices.BinarySearch(months, m); !ok {
			detail := "no file for " + m.String()[:7]
			if m > months[len(months)-1] {
				detail += ": nothing since " + months[len(months)-1].String()[:7]
			}
			gaps = append(gaps, Gap{Kind: GapMonth, from: m, to: end, Missing: 1, Detail: detail})
			continue
		}
		within := func(d schema.Day) bool { return d >= m && d <= end }
		for _, h := range usage.holes(days) {
			if within(h.from) && within(h.to) {
				n := usage.missing(h)
				gaps = append(gaps, Gap{Kind: GapUsage, from: h.from, to: h.to, Missing: n, Detail: plural(int(n), "day without records", "days without records") + " in a month that was delivered"})
			}
		}
	}
	for _, g := range thin(s.events) {
		if _, ok := slices.BinarySearch(months, g.from.Month()); ok {
			gaps = append(gaps, g)
		}
	}
	return gaps, "a file for each month, records " + usage.String()
}

// countGaps is for counts of units.
func (s *series) countGaps(days []schema.Day, today schema.Day) ([]Gap, string) {
	var gaps []Gap
	r := learn(days)
	for _, h := range r.holes(days) {
		n := r.missing(h)
		gaps = append(gaps, Gap{Kind: GapUsage, from: h.from, to: h.to, Missing: n, Detail: plural(int(n), "day without counts of any unit", "days without counts of any unit")})
	}
	last := days[len(days)-1]
	if h, ok := r.silent(last, today); ok {
		gaps = append(gaps, Gap{Kind: GapSilent, from: h.from, to: h.to, Missing: r.missing(h), Detail: "no counts since " + last.String()})
	}
	for _, unit := range slices.Sorted(maps.Keys(s.units)) {
		gaps = append(gaps, unitGaps(unit, s.units[unit], days, r)...)
	}
	return gaps, "counts " + r.String()
}

// unitGaps lists the days, from a unit's first count on, on which others have counts and it has none.
func unitGaps(unit string, has map[schema.Day]bool, days []schema.Day, r rhythm) []Gap {
	var out []Gap
	begun, open := false, false
	for i, d := range days {
		if has[d] {
			begun, open = true, false
			continue
		}
		if !begun {
			continue
		}
		to := d
		if i+1 < len(days) && r.every > 1 {
			to = min(days[i+1]-1, d+schema.Day(r.every)-1)
		}
		if !open {
			out = append(out, Gap{Kind: GapUnit, Unit: unit, from: d})
			open = true
		}
		g := &out[len(out)-1]
		g.to, g.Missing = to, g.Missing+1
		g.Detail = plural(int(g.Missing), "count is missing", "counts are missing")
	}
	if open {
		g := &out[len(out)-1]
		g.Detail = fmt.Sprintf("the counts of the unit stop: %s until the last of the others", plural(int(g.Missing), "is missing", "are missing"))
	}
	return out
}

// coverage says how each day is covered.
func (s *series) coverage(gaps []Gap, from, to schema.Day) []cover {
	var out []cover
	for d := from; d <= to; d++ {
		c := cover{day: d, state: CoverComplete, events: s.events[d]}
		for _, g := range gaps {
			if d < g.from || d > g.to {
				continue
			}
			switch {
			case c.events == 0 && g.Kind != GapSequence && g.Kind != GapUnit:
				c.state = CoverNoData
			case c.state == CoverComplete:
				c.state = CoverGap
			}
		}
		out = append(out, c)
	}
	return out
}
