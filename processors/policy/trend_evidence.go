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
		if err := e.readEvidence(ctx, q.reads(q.rule.evidenceSQL(part)), used, byUnit); err != nil {
			return fmt.Errorf("reading the evidence of rule %s: %w", q.Rule, err)
		}
	}
	return nil
}

func (e *Evaluator) readEvidence(ctx context.Context, query string, used usedPeriods, byUnit map[string][]*schema.Violation) error {
	rows, err := e.store.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var unit string
		var period int32
		var ids []string
		if err := rows.Scan(&unit, &period, &ids); err != nil {
			return err
		}
		for _, v := range byUnit[unit] {
			if !used[v.ViolationID][schema.Day(period)] {
				continue
			}
			room := MaxEvidence - len(v.Evidence)
			earlier := make([]schema.ID, 0, min(room, len(ids))+len(v.Evidence))
			for _, s := range ids[max(0, len(ids)-room):] {
				id, err := toID(s)
				if err != nil {
					return err
				}
				earlier = append(earlier, id)
			}
			v.Evidence = append(earlier, v.Evidence...)
		}
	}
	return rows.Err()
}

// evidenceSQL reads the event ids of units by period, the latest period first. The place of
// the source is left in it.
func (r *Rule) evidenceSQL(part Part) string {
	const last = "\nORDER BY unit, period_day DESC\n" + settings
	var text string
	if !r.source().counted {
		text = strings.TrimSuffix(r.selectedWith(), ",\n") + "\nSELECT toString(unit_id) AS unit, toInt32(" + r.Trend.periodSQL("day") + ") AS period_day,\n" +
			fmt.Sprintf("    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -%d)) AS ids\nFROM selected\n", MaxEvidence) +
			"WHERE 1" + inList("unit_id", part.Subjects) + "\nGROUP BY unit, period_day" + last
	} else {
		watches, _, _ := strings.Cut(r.watchPeriodsSQL(), ",\nperiods AS")
		text = "WITH\n" + watches + "\nSELECT toString(unit_id) AS unit, toInt32(period) AS period_day, ids\nFROM spoken\nWHERE 1" + inList("unit_id", part.Subjects) + last
	}
	return strings.ReplaceAll(text, rowsPlace, r.trendBounds([]Part{part}))
}
