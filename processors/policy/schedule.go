package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// KindSchedule is the kind of a rule about telephone hours: how many a week, and how long each
// occasion is, at least.
const KindSchedule = "schedule"

// Measures of a schedule.
const (
	measureWeekly   = "weekly-hours"
	measureShortest = "shortest-hours"
)

// Schedule says how many telephone hours there must be; a nil limit asks for nothing. Hours
// that adjoin or overlap are one occasion, over midnight too.
type Schedule struct {
	Weekly   *big.Rat // hours a week
	Shortest *big.Rat // hours of each occasion
}

// stint is one statement of telephone hours.
type stint struct {
	unit, centre  string
	weekday       int
	opens, closes int
	from, to      schema.Day // days on which it holds; to is exclusive, 0: until further notice
	since         schema.Time
	event         schema.ID
}

// holdsOn tells whether a statement holds on a day.
func (s stint) holdsOn(d schema.Day) bool { return s.from <= d && (s.to == 0 || d < s.to) }

// scheduleSQL reads the telephone hours that the rule is about.
func (r *Rule) scheduleSQL() string {
	where := append([]string{r.subjectColumn() + " != ''"}, r.whereSQL()...)
	return "SELECT toString(" + r.subjectColumn() + ") AS subject, toString(unit_id) AS unit, toString(cost_centre) AS centre, weekday, opens_min, closes_min,\n" +
		"    toUnixTimestamp64Milli(occurred_at) AS since, toUnixTimestamp64Milli(ends_at) AS ends, event_id\nFROM " + sourcePlace + "\n" +
		"WHERE " + strings.Join(where, "\n    AND ") + "\nORDER BY subject, since, weekday, opens_min, closes_min, event_id\n" + settings
}

// findSchedule judges every subject on each day on which its hours change.
func (e *Evaluator) findSchedule(ctx context.Context, q Query) ([]schema.Violation, error) {
	r := q.rule
	bySubject := map[string][]stint{}
	err := e.each(ctx, q.Within(nil), func(scan func(...any) error) error {
		var subject, event string
		var s stint
		var weekday, opens, closes uint32
		var ends int64
		if err := scan(&subject, &s.unit, &s.centre, &weekday, &opens, &closes, (*int64)(&s.since), &ends, &event); err != nil {
			return err
		}
		var err error
		if s.event, err = toID(event); err != nil {
			return err
		}
		s.weekday, s.opens, s.closes = int(weekday), int(opens), int(min(closes, minutesOfDay))
		s.from = schema.DayOf(s.since, r.location)
		if ends != 0 {
			s.to = schema.DayOf(schema.Time(ends), r.location)
		}
		bySubject[subject] = append(bySubject[subject], s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the telephone hours that rule %s is about: %w", q.Rule, err)
	}
	stated, err := e.readRoster(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	var out []schema.Violation
	for _, subject := range slices.Sorted(maps.Keys(bySubject)) {
		if r.Subject == SubjectLine && r.exemptLine(subject) {
			continue
		}
		out = append(out, r.schedules(subject, bySubject[subject], stated)...)
	}
	return out, nil
}

// schedules judges one subject. Hours that held before the rule did are judged on its first
// day; a statement that leaves the hours as they were changes nothing.
func (r *Rule) schedules(subject string, all []stint, stated *roster) []schema.Violation {
	days := map[schema.Day]bool{r.start(): true}
	for _, s := range all {
		days[s.from] = true
		if s.to != 0 {
			days[s.to] = true
		}
	}
	var out []schema.Violation
	var before []occasion
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if day < r.start() || r.ValidTo != 0 && day >= r.ValidTo {
			continue
		}
		var now []stint
		for _, s := range all {
			if s.holdsOn(day) {
				now = append(now, s)
			}
		}
		joined := occasions(now)
		if slices.Equal(joined, before) {
			continue
		}
		if before = joined; len(joined) == 0 {
			continue
		}
		if v, ok := r.scheduleViolation(subject, day, now, joined, stated); ok {
			out = append(out, v)
		}
	}
	return out
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// occasion is a time at which one can call, in minutes of the week from Monday's midnight; of
// one over the end of the week to is beyond it.
type occasion struct{ from, to int }

// occasions joins what adjoins or overlaps.
func occasions(stints []stint) []occasion {
	var list []occasion
	for _, s := range stints {
		if s.opens < s.closes && s.weekday >= 1 && s.weekday <= 7 {
			list = append(list, occasion{(s.weekday-1)*minutesOfDay + s.opens, (s.weekday-1)*minutesOfDay + s.closes})
		}
	}
	slices.SortFunc(list, func(a, b occasion) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out []occasion
	for _, o := range list {
		if n := len(out); n > 0 && o.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, o.to)
			continue
		}
		out = append(out, o)
	}
	if n := len(out); n > 1 && out[0].from == 0 && out[n-1].to == minutesOfWeek { // Sunday night goes on on Monday
		out[n-1].to += out[0].to
		out = out[1:]
	}
	return out
}

// scheduleViolation judges the hours of one day.
func (r *Rule) scheduleViolation(subject string, day schema.Day, now []stint, joined []occasion, stated *roster) (schema.Violation, bool) {
	total, shortest := 0, minutesOfWeek
	for _, o := range joined {
		total, shortest = total+o.to-o.from, min(shortest, o.to-o.from)
	}
	v := r.base(subject, day)
	values := map[string]int{measureWeekly: total, measureShortest: shortest}
	for _, l := range r.Limits {
		if v.Measure == "" && below(values[l.Measure], r.hoursOf(l.Measure)) {
			v.Measure, v.Value, v.Limit, v.ValueUnit = l.Measure, round6(float64(values[l.Measure])/60), l.aboveUnit, "h"
		}
	}
	if v.Measure == "" {
		return v, false
	}
	var d detail
	d.list("measures", r.named(func(_ int, l Limit) string { return number(round6(float64(values[l.Measure]) / 60)) }))
	d.list("limits", r.named(func(_ int, l Limit) string { return number(l.aboveUnit) }))
	d.list("hours", written(joined))
	v.UnitID, v.CostCentre = r.placeOn(subject, day, now, stated)
	slices.SortStableFunc(now, func(a, b stint) int { return cmp.Compare(a.since, b.since) })
	for _, s := range now[:min(len(now), MaxEvidence)] {
		v.Evidence = append(v.Evidence, s.event)
	}
	v.EvidenceTotal = uint32(len(now))
	v.FirstEventAt, v.LastEventAt = now[0].since, now[len(now)-1].since
	d.add("digest", digest(v.Evidence, uint64(len(now)), 0))
	v.Detail = d.String()
	return v, true
}

// placeOn finds the unit and the cost centre of a subject on a day; of a line that nothing is
// stated about, those of its hours.
func (r *Rule) placeOn(subject string, day schema.Day, now []stint, stated *roster) (unit, centre string) {
	end := (day + 1).Start(r.location) - 1
	if r.Subject == SubjectUnit {
		return subject, stated.unitCentre(subject, end)
	}
	if h, ok := stated.line(subject, end); ok {
		return h.unit, stated.centre(h, end)
	}
	return now[len(now)-1].unit, now[len(now)-1].centre
}

// hoursOf returns the limit of a measure, in hours.
func (r *Rule) hoursOf(measure string) *big.Rat {
	if measure == measureWeekly {
		return r.Schedule.Weekly
	}
	return r.Schedule.Shortest
}

// below tells whether minutes are fewer than hours.
func below(minutes int, hours *big.Rat) bool {
	return hours != nil && big.NewRat(int64(minutes), 60).Cmp(hours) < 0
}

// written writes occasions for explanations: "1 09:00-10:30".
func written(list []occasion) []string {
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	out := make([]string, len(list))
	for i, o := range list {
		day, from := o.from/minutesOfDay, o.from%minutesOfDay
		out[i] = strconv.Itoa(day+1) + " " + clock(from) + "-" + clock(o.to-day*minutesOfDay)
	}
	return out
}

// explainSchedule: "telephone hours 4,5 h a week from 1 March 2026, at least 5 h; …".
func (w wording) explainSchedule(v schema.Violation, r *Rule, d map[string]string) string {
	values, order := pairs(d["measures"])
	limits, _ := pairs(d["limits"])
	slices.SortStableFunc(order, func(a, b string) int { return btoi(b == v.Measure) - btoi(a == v.Measure) })
	var parts []string
	for i, name := range order {
		says := ""
		if l, ok := r.limitNamed(name); ok {
			says = strings.ReplaceAll(l.Says.In(w.lang), "{value}", swedish(values[name]))
		}
		if says == "" {
			says = w.say("telephone hours in the week ", "telefontid i veckan ", "telefontid om ugen ")
			if name == measureShortest {
				says = w.say("shortest occasion ", "kortaste tillfälle ", "korteste tidsrum ")
			}
			says += w.quantity(values[name], "h")
		}
		if i == 0 {
			says += w.say(" from ", " från den ", " fra den ") + w.date(v.WindowFrom.String())
		}
		parts = append(parts, says+", "+w.say("at least ", "minst ", "mindst ")+w.quantity(limits[name], "h"))
	}
	if d["hours"] != "" {
		parts = append(parts, w.weekdays(d["hours"]))
	}
	return strings.Join(parts, "; ")
}

// weekdays writes occasions with the names of their days.
func (w wording) weekdays(hours string) string {
	names := strings.Split(w.say("Mon,Tue,Wed,Thu,Fri,Sat,Sun", "mån,tis,ons,tors,fre,lör,sön", "man,tir,ons,tor,fre,lør,søn"), ",")
	var out []string
	for h := range strings.SplitSeq(hours, ",") {
		day, clock, _ := strings.Cut(h, " ")
		if n, err := strconv.Atoi(day); err == nil && n >= 1 && n <= 7 {
			day = names[n-1]
		}
		out = append(out, day+" "+strings.ReplaceAll(clock, "-", "–"))
	}
	return strings.Join(out, ", ")
}
