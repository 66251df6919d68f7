package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// The reference evaluator: the four rules as the agreement states them, slowly and without
// a database. It shares no code with the compiler.

type world struct {
	usage     []schema.Usage
	approvals []schema.Approval
	watches   []schema.Watch
	goals     []schema.Goal
}

// verdict is what the reference says of one subject and month.
type verdict struct {
	Severity, Unit, CostCentre, Measure string
	Value, Limit                        float64
	Cost                                schema.Money
	Evidence                            []schema.ID
	Days                                int
	Countries                           string
	Parts, Excepted                     string // of shares and of limits that differ
}

func verdictOf(v schema.Violation) verdict {
	out := verdict{v.Severity, v.UnitID, v.CostCentre, v.Measure, v.Value, v.Limit, v.Cost, v.Evidence, 0, "", "", ""}
	d := parseDetail(v.Detail)
	fmt.Sscan(d["days"], &out.Days)
	out.Countries, out.Parts, out.Excepted = d["countries"], d["parts"], d["excepted"]
	return out
}

func place(rule, subject string, month schema.Day) string {
	return fmt.Sprintf("%s %s %s", rule, subject, month)
}

func localMonth(t schema.Time) schema.Day {
	y, m, _ := time.UnixMilli(int64(t)).In(stockholm).Date()
	return schema.Date(y, m, 1)
}

var informed = schema.TimeOf(time.Date(2025, 1, 1, 0, 0, 0, 0, stockholm))

func (w *world) approved(u schema.Usage, kind string) bool {
	for _, a := range w.approvals {
		inForce := a.Kind == kind && u.OccurredAt >= a.ValidFrom && (a.ValidTo == 0 || u.OccurredAt < a.ValidTo)
		subject := a.LineID == u.Line && a.LineID != "" || a.LineID == "" && a.UnitID == u.UnitID && a.UnitID != ""
		country := kind != "trip" || a.Countries == "" || slices.Contains(strings.Split(a.Countries, ","), u.VisitedCtry)
		if inForce && subject && country {
			return true
		}
	}
	return false
}

func (w *world) verdicts() map[string]verdict {
	groups := map[string][]schema.Usage{}
	for _, u := range w.usage {
		if u.OccurredAt < informed || u.Line == "" {
			continue
		}
		abroad := u.VisitedCtry != "" && u.VisitedCtry != "SE"
		for rule, counts := range map[string]bool{
			"private-roaming":      u.Kind == "data" && abroad && !w.approved(u, "trip"),
			"excessive-forwarding": u.Forwarded && u.Class == "mobile" && u.Answered && !w.approved(u, "forwarding"),
			"premium-call":         u.Kind == "call" && (u.Class == "premium" || u.Service == "premium") && u.Answered && !w.approved(u, "premium"),
		} {
			if counts {
				at := place(rule, u.Line, localMonth(u.OccurredAt))
				groups[at] = append(groups[at], u)
			}
		}
	}
	out := map[string]verdict{}
	for at, rows := range groups {
		if v, broken := judge(strings.Fields(at)[0], rows); broken {
			out[at] = v
		}
	}
	w.watchVerdicts(out)
	return out
}

func judge(rule string, rows []schema.Usage) (verdict, bool) {
	slices.SortFunc(rows, func(a, b schema.Usage) int {
		return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), bytes.Compare(a.EventID[:], b.EventID[:]))
	})
	latest := rows[len(rows)-1]
	v := verdict{Severity: "medium", Unit: latest.UnitID, CostCentre: latest.CostCentre}
	days, countries := map[string]bool{}, map[string]bool{}
	var volume uint64
	for _, u := range rows {
		v.Cost += u.Cost
		volume += u.VolumeBytes
		v.Evidence = append(v.Evidence, u.EventID)
		days[time.UnixMilli(int64(u.OccurredAt)).In(stockholm).Format(time.DateOnly)] = true
		countries[u.VisitedCtry] = true
	}
	v.Days = len(days)
	switch rule {
	case "private-roaming":
		var names []string
		for c := range countries {
			names = append(names, c)
		}
		slices.Sort(names)
		v.Measure, v.Value, v.Limit, v.Countries = "volume", float64(volume)/1e6, 50, strings.Join(names, ",")
		if volume > 500_000_000 {
			v.Severity = "high"
		}
		return v, volume > 50_000_000
	case "excessive-forwarding":
		if len(rows) > 60 {
			v.Measure, v.Value, v.Limit = "count", float64(len(rows)), 60
			return v, true
		}
		v.Measure, v.Value, v.Limit = "cost", float64(v.Cost)/1e6, 150
		return v, v.Cost > 150_000_000
	}
	v.Measure, v.Value = "count", float64(len(rows))
	return v, true
}

type weekly struct {
	monday, day time.Time
	total       int64
	ids         []schema.ID
}

// series reduces the counts of a unit: the latest extract of each day and group, groups
// added up, the latest day of each week.
func (w *world) series(unit string) []weekly {
	latest := map[string]schema.Watch{}
	for _, c := range w.watches {
		key := fmt.Sprint(c.Day, "/", c.Group)
		if old, ok := latest[key]; c.UnitID == unit && (!ok || c.ExtractAt > old.ExtractAt) && c.Day >= schema.Date(2025, 1, 1) {
			latest[key] = c
		}
	}
	days := map[schema.Day]*weekly{}
	for _, c := range latest {
		d := days[c.Day]
		if d == nil {
			day := time.Unix(int64(c.Day)*86400, 0).UTC()
			d = &weekly{monday: day.AddDate(0, 0, -((int(day.Weekday()) + 6) % 7)), day: day}
			days[c.Day] = d
		}
		d.total += int64(c.Open)
		d.ids = append(d.ids, c.EventID)
	}
	weeks := map[time.Time]*weekly{}
	for _, d := range days {
		slices.SortFunc(d.ids, func(a, b schema.ID) int { return bytes.Compare(a[:], b[:]) })
		if old := weeks[d.monday]; old == nil || d.day.After(old.day) {
			weeks[d.monday] = d
		}
	}
	var out []weekly
	for _, d := range weeks {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b weekly) int { return a.monday.Compare(b.monday) })
	return out
}

func (w *world) watchVerdicts(out map[string]verdict) {
	units := map[string]bool{}
	for _, c := range w.watches {
		units[c.UnitID] = true
	}
	for unit := range units {
		series := w.series(unit)
		for i, last := range series {
			if i+1 < len(series) && series[i+1].monday.Month() == last.monday.Month() && series[i+1].monday.Year() == last.monday.Year() {
				continue // not the last of its month
			}
			var used []weekly
			for _, p := range series[:i+1] {
				if last.monday.Sub(p.monday) < 12*7*24*time.Hour {
					used = append(used, p)
				}
			}
			if v, rises := w.rising(unit, used); rises {
				month := schema.Date(last.monday.Year(), last.monday.Month(), 1)
				out[place("rising-watches", unit, month)] = v
			}
		}
	}
}

func (w *world) rising(unit string, used []weekly) (verdict, bool) {
	n := len(used)
	if n < 8 {
		return verdict{}, false
	}
	var y, slopes []float64
	s := 0.0
	v := verdict{Severity: "medium", Unit: unit, Measure: "rise"}
	for j, p := range used {
		y = append(y, float64(p.total))
		v.Evidence = append(v.Evidence, p.ids...)
		for i := range j {
			slopes = append(slopes, (y[j]-y[i])/float64(j-i))
			if y[j] > y[i] {
				s++
			} else if y[j] < y[i] {
				s--
			}
		}
	}
	ties := map[float64]float64{}
	for _, x := range y {
		ties[x]++
	}
	f := float64(n)
	variance := f * (f - 1) * (2*f + 5)
	for _, t := range ties {
		variance -= t * (t - 1) * (2*t + 5)
	}
	slope, middle, rise := medianOf(slopes), medianOf(y), 0.0
	rise = slope * (f - 1)
	v.Value, v.Limit = math.Round(rise*1e6)/1e6, math.Round(0.15*middle*1e6)/1e6
	if slope <= 0 || s <= 0 || (s-1)/math.Sqrt(variance/18) <= 2.326 || rise < 0.15*middle-1e-9 {
		return v, false
	}
	if target, ok := w.target(unit, used[n-1].day); ok && medianOf(y[n-4:]) <= target {
		return v, false
	}
	return v, true
}

func (w *world) target(unit string, day time.Time) (float64, bool) {
	moment := schema.TimeOf(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, stockholm))
	var best *schema.Goal
	for i, g := range w.goals {
		if g.Metric == "watches_open" && g.UnitID == unit && g.ValidFrom <= moment && (g.ValidTo == 0 || moment < g.ValidTo) && (best == nil || g.ValidFrom > best.ValidFrom) {
			best = &w.goals[i]
		}
	}
	if best == nil {
		return 0, false
	}
	return best.Target, true
}

func medianOf(values []float64) float64 {
	s := slices.Clone(values)
	slices.Sort(s)
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
