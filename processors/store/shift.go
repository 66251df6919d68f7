package store

import (
	"context"
	"fmt"
	"time"

	"linesman/schema"
)

// tell compares the recomputed month of usage_daily with the one that is shown.
func (s *Store) tell(ctx context.Context, r rollup, month schema.Day, yyyymm string, tell func(context.Context, schema.Day, []Shift) error) error {
	if tell == nil || r.table != "usage_daily" {
		return nil
	}
	side := func(table, before, after string) string {
		return fmt.Sprintf("SELECT unit_id, cost_centre, events * %s AS eb, events * %s AS ea, reinterpretAsInt64(cost) * %s AS cb, reinterpretAsInt64(cost) * %s AS ca FROM %s WHERE toYYYYMM(local_day) = %s",
			before, after, before, after, table, yyyymm)
	}
	rows, err := s.Conn().Query(ctx, "SELECT toString(unit_id), toString(cost_centre), toUInt64(sum(eb)) AS b, toUInt64(sum(ea)) AS a, toInt64(sum(cb)) AS c, toInt64(sum(ca)) AS d, sum(b) OVER () AS shown FROM ("+
		side("usage_daily", "1", "0")+" UNION ALL "+side(s.staging("usage_daily"), "0", "1")+") GROUP BY unit_id, cost_centre ORDER BY 1, 2")
	if err != nil {
		return fmt.Errorf("comparing the month with what is shown: %w", err)
	}
	defer rows.Close()
	var shifts []Shift
	var shown uint64
	for rows.Next() {
		var sh Shift
		var before, after int64
		if err := rows.Scan(&sh.Unit, &sh.CostCentre, &sh.EventsBefore, &sh.EventsAfter, &before, &after, &shown); err != nil {
			return fmt.Errorf("comparing the month with what is shown: %w", err)
		}
		sh.CostBefore, sh.CostAfter = schema.Money(before), schema.Money(after)
		if sh.EventsBefore != sh.EventsAfter || before != after {
			shifts = append(shifts, sh)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("comparing the month with what is shown: %w", err)
	}
	if shown == 0 || len(shifts) == 0 { // nobody has seen figures of the month, or they stay
		return nil
	}
	return tell(ctx, month, shifts)
}

func (s *Store) noteRolled(ctx context.Context, month schema.Day) error {
	stmt := fmt.Sprintf("INSERT INTO rolled SELECT toDate32('%s'), toDateTime64('%s', 3, 'UTC'), if(count() = 0, 0, max(log_offset) + 1) FROM restatements", month, s.now().UTC().Format("2006-01-02 15:04:05.000"))
	if err := s.Conn().Exec(ctx, stmt); err != nil {
		return fmt.Errorf("noting the recomputed month %s: %w", month, err)
	}
	return nil
}

// Rolled returns when the roll-ups of a month were last recomputed (the zero time: never), and
// the offset below which restatements are in the figures that are shown.
func (s *Store) Rolled(ctx context.Context, month schema.Day) (at time.Time, told uint64, err error) {
	var ms int64
	stmt := fmt.Sprintf("SELECT toUnixTimestamp64Milli(max(at)), max(told) FROM rolled WHERE month = toDate32('%s')", month)
	if err := s.Conn().QueryRow(exact(ctx), stmt).Scan(&ms, &told); err != nil {
		return at, 0, fmt.Errorf("asking when %s was recomputed: %w", month, err)
	}
	if ms != 0 {
		at = time.UnixMilli(ms).UTC()
	}
	return at, told, nil
}
