package policy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// WindowRolling is the window of a rule that adds up over any days in a row, as many as the
// rule says. What it finds are runs: days with events on which the sum over the days up to
// them is above the limit, without a day with events between them on which it is not, and
// with fewer than those days from one to the next.
const WindowRolling = "rolling"

// rolling tells whether the rule's window rolls.
func (r *Rule) rolling() bool { return r.Window == WindowRolling }

// days is the rolling window's length as days.
func (r *Rule) days() schema.Day { return schema.Day(r.Days) }

// run is a maximal run of days above the limit.
type run struct {
	subject     string
	first, last schema.Day
	peaks       []int64 // the greatest sum of each limit's measure
	order       uint64  // of its last day among the days with events
}

// from and to are the window of the violation that the run is.
func (n *run) window(days schema.Day) (from, to schema.Day) { return n.first - days + 1, n.last + 1 }

// rollingSQL finds the days above a limit: of each subject and day with events the sums over
// the days up to it, and its number among those days.
func (r *Rule) rollingSQL() string {
	sums, broken := make([]string, len(r.Limits)), make([]string, len(r.Limits))
	day := make([]string, len(r.Limits))
	for i, m := range r.measuresSQL() {
		day[i] = fmt.Sprintf("%s AS m%d", m, i+1)
		sums[i] = fmt.Sprintf("sum(m%d) OVER (PARTITION BY subject ORDER BY event_day RANGE BETWEEN %d PRECEDING AND CURRENT ROW) AS s%d", i+1, r.Days-1, i+1)
		broken[i] = fmt.Sprintf("s%d > %d", i+1, r.Limits[i].above)
	}
	names := make([]string, len(r.Limits))
	for i := range names {
		names[i] = fmt.Sprintf("toInt64(s%d)", i+1)
	}
	return r.permitsSQL() + "SELECT subject, event_day, place, [" + strings.Join(names, ", ") + "] AS sums\nFROM (\n" +
		"    SELECT subject, event_day, row_number() OVER (PARTITION BY subject ORDER BY event_day) AS place,\n        " + strings.Join(sums, ",\n        ") + "\n    FROM (\n" +
		"        SELECT toString(" + r.subjectColumn() + ") AS subject, toInt32(day) AS event_day, " + strings.Join(day, ", ") + "\n        FROM (\n" +
		indent(indent(indent(r.selectedSQL()))) + "        )\n        GROUP BY subject, event_day\n    )\n)\nWHERE " + strings.Join(broken, " OR ") + "\nORDER BY subject, event_day\n" + settings
}

// Around days that were touched, what can change are windows that overlap them or the days
// before and after, as many as a window has. To tell where those runs begin and end, twice as
// many days before that are read, and some after.
const (
	rollingBefore = 3
	rollingAfter  = 4
)

// rollingBounds bounds rows to what must be read for touched days.
func (r *Rule) rollingBounds(parts []Part) string {
	ors := []string{"0"}
	for _, p := range parts {
		from, to := max(p.From-rollingBefore*r.days(), schema.FirstDay+1), min(p.To+rollingAfter*r.days(), schema.LastDay)
		ors = append(ors, "(occurred_at >= "+moment3(from.Start(r.location))+" AND occurred_at < "+moment3(to.Start(r.location))+inList(r.subjectColumn(), p.Subjects)+")")
	}
	return "\n        AND (" + strings.Join(ors, "\n            OR ") + ")" + r.keyBounds(parts)
}

// concerns tells whether touched days can have changed a run of a subject.
func (r *Rule) concerns(parts []Part, subject string, from, to schema.Day) bool {
	return parts == nil || slices.ContainsFunc(parts, func(p Part) bool {
		return from < p.To+r.days() && to > p.From-r.days() && (p.Subjects == nil || slices.Contains(p.Subjects, subject))
	})
}

// settledRun tells whether a run is known whole: what was read reaches far enough beyond it.
func (r *Rule) settledRun(n *run, parts []Part) bool {
	return slices.ContainsFunc(parts, func(p Part) bool {
		from, to := p.From-rollingBefore*r.days(), p.To+rollingAfter*r.days()
		return (p.Subjects == nil || slices.Contains(p.Subjects, n.subject)) && (n.first >= from+2*r.days() || from <= r.start()) && n.last+r.days() < to
	})
}

// findRolling finds the runs that the days in parts can have changed.
func (e *Evaluator) findRolling(ctx context.Context, q Query, parts []Part) ([]schema.Violation, error) {
	r := q.rule
	runs, err := e.readRuns(ctx, q, parts)
	if err != nil {
		return nil, err
	}
	runs = slices.DeleteFunc(runs, func(n run) bool {
		from, to := n.window(r.days())
		return !r.concerns(parts, n.subject, from, to)
	})
	if parts != nil {
		var long []string // subjects whose runs reach beyond what was read
		for i := range runs {
			if !r.settledRun(&runs[i], parts) {
				long = append(long, runs[i].subject)
			}
		}
		slices.Sort(long)
		if long = slices.Compact(long); len(long) > 0 {
			whole, err := e.readRuns(ctx, q, []Part{{From: schema.FirstDay, To: schema.LastDay, Subjects: long}})
			if err != nil {
				return nil, err
			}
			runs = slices.DeleteFunc(runs, func(n run) bool { _, again := slices.BinarySearch(long, n.subject); return again })
			for _, n := range whole {
				if from, to := n.window(r.days()); r.concerns(parts, n.subject, from, to) {
					runs = append(runs, n)
				}
			}
		}
	}
	return e.runViolations(ctx, q, runs)
}

// readRuns reads the days above a limit and joins them.
func (e *Evaluator) readRuns(ctx context.Context, q Query, parts []Part) ([]run, error) {
	r := q.rule
	var out []run
	err := e.each(ctx, q.Within(parts), func(scan func(...any) error) error {
		var subject string
		var day int32
		var place uint64
		var sums []int64
		if err := scan(&subject, &day, &place, &sums); err != nil {
			return err
		}
		d := schema.Day(day)
		if n := len(out); n > 0 {
			if last := &out[n-1]; last.subject == subject && last.order+1 == place && d-last.last < r.days() {
				last.last, last.order = d, place
				for i, s := range sums {
					last.peaks[i] = max(last.peaks[i], s)
				}
				return nil
			}
		}
		out = append(out, run{subject, d, d, sums, place})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
	}
	return out, nil
}

// dayOf is what a subject did on a day.
type dayOf struct {
	day                 schema.Day
	unit, centre        string
	events, fingerprint uint64
	cost                schema.Money
	first, last         schema.Time
	countries           []string
	ids                 []schema.ID
}

// rollingDaysSQL reads the days of subjects. The events of a run's window are its evidence.
func (r *Rule) rollingDaysSQL(evidence int) string {
	countries := "CAST([], 'Array(String)')"
	if c := r.countryColumn(); c != "" {
		countries = "arraySort(groupUniqArray(toString(" + c + ")))"
	}
	return r.permitsSQL() + "SELECT toString(" + r.subjectColumn() + ") AS subject, toInt32(day) AS event_day, " + r.last("unit_id") + " AS last_unit, " + r.last("cost_centre") + " AS last_centre,\n" +
		"    count() AS events, groupBitXor(reinterpretAsUInt64(substring(event_id, 1, 8))) AS fingerprint, toInt64(sum(cost) * 1000000) AS cost_micro,\n" +
		"    toUnixTimestamp64Milli(min(occurred_at)) AS first_ms, toUnixTimestamp64Milli(max(occurred_at)) AS last_ms, " + countries + " AS countries,\n" +
		"    " + orderedIDs(fmt.Sprintf("groupArraySorted(%d)(%s)", evidence, evidenceOrder)) + " AS ids\n" +
		"FROM (\n" + r.selectedSQL() + ")\nGROUP BY subject, event_day\nORDER BY subject, event_day\n" + settings
}

// runViolations reads what the runs are made of.
func (e *Evaluator) runViolations(ctx context.Context, q Query, runs []run) ([]schema.Violation, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	r := q.rule
	part := Part{From: schema.LastDay, To: schema.FirstDay}
	for i := range runs {
		from, to := runs[i].window(r.days())
		part.From, part.To = min(part.From, from), max(part.To, to)
		part.Subjects = append(part.Subjects, runs[i].subject)
	}
	slices.Sort(part.Subjects)
	if part.Subjects = slices.Compact(part.Subjects); len(part.Subjects) > maxKeys {
		part.Subjects = nil
	}
	text := strings.ReplaceAll(q.reads(r.rollingDaysSQL(e.evidence())), rowsPlace, r.plainBounds(part))
	days := map[string][]dayOf{}
	err := e.each(ctx, text, func(scan func(...any) error) error {
		var subject string
		var day int32
		var d dayOf
		var ids []string
		if err := scan(&subject, &day, &d.unit, &d.centre, &d.events, &d.fingerprint, (*int64)(&d.cost), (*int64)(&d.first), (*int64)(&d.last), &d.countries, &ids); err != nil {
			return err
		}
		d.day = schema.Day(day)
		for _, s := range ids {
			id, err := toID(s)
			if err != nil {
				return err
			}
			d.ids = append(d.ids, id)
		}
		days[subject] = append(days[subject], d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what rule %s found: %w", q.Rule, err)
	}
	out := make([]schema.Violation, 0, len(runs))
	for i := range runs {
		out = append(out, r.runViolation(&runs[i], days[runs[i].subject], e.evidence()))
	}
	return out, nil
}

// plainBounds bounds rows to the days of a part.
func (r *Rule) plainBounds(p Part) string {
	from := max(p.From, schema.FirstDay+1)
	return "\n        AND occurred_at >= " + moment3(from.Start(r.location)) + " AND occurred_at < " + moment3(p.To.Start(r.location)) + inList(r.subjectColumn(), p.Subjects) + r.keyBounds([]Part{p})
}

// runViolation makes the violation of a run.
func (r *Rule) runViolation(n *run, days []dayOf, evidence int) schema.Violation {
	from, to := n.window(r.days())
	v := r.base(n.subject, from)
	v.WindowTo = to
	var events, fingerprint, count uint64
	var countries []string
	for _, d := range days {
		if d.day < from || d.day >= to {
			continue
		}
		if count++; count == 1 {
			v.FirstEventAt = d.first
		}
		v.LastEventAt, v.UnitID, v.CostCentre = d.last, d.unit, d.centre
		events, fingerprint, v.Cost = events+d.events, fingerprint^d.fingerprint, v.Cost+d.cost
		countries = append(countries, d.countries...)
		v.Evidence = append(v.Evidence, d.ids[:min(len(d.ids), max(0, evidence-len(v.Evidence)))]...)
	}
	if r.Subject == SubjectUnit {
		v.UnitID = n.subject
	}
	v.EvidenceTotal = uint32(min(events, 1<<32-1))
	slices.Sort(countries)
	var d detail
	d.list("countries", slices.Compact(countries))
	d.add("days", strconv.FormatUint(count, 10))
	d.add("rolling", strconv.Itoa(r.Days))
	d.list("measures", r.named(func(i int, l Limit) string { return l.text(n.peaks[i], 0) }))
	d.list("limits", r.named(func(_ int, l Limit) string { return l.text(l.above, 0) }))
	d.add("digest", digest(v.Evidence, events, fingerprint))
	v.Detail = d.String()
	for i, l := range r.Limits {
		if l.hasHigh && n.peaks[i] > l.high {
			v.Severity = SeverityHigh
		}
		if v.Measure == "" && n.peaks[i] > l.above {
			v.Measure, v.Value, v.Limit, v.ValueUnit = l.Measure, l.value(n.peaks[i], 0), l.aboveUnit, l.Unit
		}
	}
	return v
}

// knownRolling writes which known violations the days in parts can have changed.
func (r *Rule) knownRolling(parts []Part) string {
	var ors []string
	for _, p := range parts {
		ors = append(ors, fmt.Sprintf("(window_from < %s AND window_to > %s%s)", dayLiteral(min(p.To+r.days(), schema.LastDay)), dayLiteral(max(p.From-r.days(), schema.FirstDay)), inList("subject_id", p.Subjects)))
	}
	return strings.Join(ors, "\n    OR ")
}

// rollingPeriod writes the window of a run: "within 30 days, 3 March – 12 April 2026".
func (w wording) rollingPeriod(v schema.Violation) string {
	span := w.date(v.WindowFrom.String()) + " – " + w.date((v.WindowTo - 1).String())
	if n := parseDetail(v.Detail)["rolling"]; n != "" {
		return fmt.Sprintf(w.say("within %s days (%s)", "inom %s dagar (%s)", "inden for %s dage (%s)"), n, span)
	}
	return "(" + span + ")"
}
