package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// evidenceUnits is how many units' evidence is read at once: all ids of their lookback pass
// through the store's memory.
const evidenceUnits = 20

// addEvidence reads the event ids behind trends: the latest ones, as many as an event
// carries, in order of time. Only violations that are told need them.
func (e *Evaluator) addEvidence(ctx context.Context, q Query, used usedPeriods, events []schema.Violation) error {
	if q.rule.NoEvidence {
		for i := range events { // however they were found
			events[i].Evidence = nil
		}
		return nil
	}
	if q.rule.Budget != nil {
		if q.rule.guarded() {
			return nil // what is protected is not named, and what is left would not be the whole
		}
		return e.addSpending(ctx, q, events)
	}
	byUnit := map[string][]*schema.Violation{}
	for i := range events {
		if v := &events[i]; len(used[v.ViolationID]) > 0 {
			byUnit[v.SubjectID] = append(byUnit[v.SubjectID], v)
		}
	}
	for units := range slices.Chunk(slices.Sorted(maps.Keys(byUnit)), evidenceUnits) {
		part := Part{From: schema.LastDay, Subjects: units}
		for _, u := range units {
			for _, v := range byUnit[u] {
				part.From, part.To = min(part.From, v.WindowFrom), max(part.To, v.WindowTo)
			}
		}
		var ids evidenceIDs
		err := e.steadily(ctx, q, []Part{part}, func(q Query) (err error) {
			ids, err = e.readEvidence(ctx, q.reads(q.rule.evidenceSQL(part)))
			return err
		})
		if err != nil {
			return fmt.Errorf("reading the evidence of rule %s: %w", q.Rule, err)
		}
		ids.give(byUnit, used)
	}
	return nil
}

// periodIDs is the event ids behind one period of a unit, in order of time.
type periodIDs struct {
	unit   string
	period schema.Day
	ids    []schema.ID
}

// evidenceIDs is ordered by unit, the latest period first.
type evidenceIDs []periodIDs

func (e *Evaluator) readEvidence(ctx context.Context, query string) (evidenceIDs, error) {
	rows, err := e.store.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out evidenceIDs
	for rows.Next() {
		var p periodIDs
		var period int32
		var ids []string
		if err := rows.Scan(&p.unit, &period, &ids); err != nil {
			return nil, err
		}
		p.period = schema.Day(period)
		for _, s := range ids {
			id, err := toID(s)
			if err != nil {
				return nil, err
			}
			p.ids = append(p.ids, id)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// give adds to violations the ids of the periods they rest on, as long as there is room.
func (e evidenceIDs) give(byUnit map[string][]*schema.Violation, used usedPeriods) {
	for _, p := range e {
		for _, v := range byUnit[p.unit] {
			if !used[v.ViolationID][p.period] {
				continue
			}
			latest := p.ids[max(0, len(p.ids)-(MaxEvidence-len(v.Evidence))):]
			v.Evidence = append(slices.Clone(latest), v.Evidence...)
		}
	}
}

// evidenceSQL reads the event ids of units by period, the latest period first. The place of
// the source is left in it.
func (r *Rule) evidenceSQL(part Part) string {
	const last = "\nORDER BY unit, period_day DESC\n" + settings
	var text, unguarded string
	if r.guarded() {
		unguarded = " AND NOT guarded"
	}
	if !r.source().counted {
		text = strings.TrimSuffix(r.selectedWith(), ",\n") + "\nSELECT toString(unit_id) AS unit, toInt32(" + r.Trend.periodSQL("day") + ") AS period_day,\n" +
			fmt.Sprintf("    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -%d)) AS ids\nFROM selected\n", MaxEvidence) +
			"WHERE 1" + unguarded + inList("unit_id", part.Subjects) + "\nGROUP BY unit, period_day" + last
	} else {
		watches, _, _ := strings.Cut(r.watchPeriodsSQL(), ",\nperiods AS")
		text = "WITH\n" + watches + "\nSELECT toString(unit_id) AS unit, toInt32(period) AS period_day, ids\nFROM spoken\nWHERE 1" + inList("unit_id", part.Subjects) + last
	}
	return strings.ReplaceAll(text, rowsPlace, r.trendBounds([]Part{part}))
}
