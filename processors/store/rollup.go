package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"linesman/internal/failpoint"
	"linesman/schema"
)

// rollup is a table that is recomputed from usage for the days that changed.
type rollup struct {
	table   string
	columns string // dimensions, local_day first
	sums    string
}

func rollups() []rollup {
	return []rollup{
		{"usage_daily", "local_day, unit_id, cost_centre, kind, service, direction, other_class, forwarded, private, roaming_zone, visited_country, operator, device, role",
			"count(), countIf(answered), sum(duration_s), sum(volume_bytes), sum(messages), sum(charged), sum(rated), sum(cost)"},
		{"usage_line_daily", "local_day, line_id, unit_id, cost_centre, kind, service, forwarded, other_class, roaming_zone",
			"count(), sum(duration_s), sum(volume_bytes), sum(messages), sum(cost)"},
	}
}

// Recompute makes the roll-ups of the given days anew from usage. A month's partition is
// built beside the living one and swapped in, so readers never see half of it, and a crash
// leaves the old one: the caller notes what was recomputed only afterwards.
func (s *Store) Recompute(ctx context.Context, days []schema.Day) error {
	return s.RecomputeAndTell(ctx, days, nil)
}

// Shift is how the figures of a unit and cost centre change in a month.
type Shift struct {
	Unit, CostCentre          string
	EventsBefore, EventsAfter uint64
	CostBefore, CostAfter     schema.Money
}

// RecomputeAndTell is Recompute that tells what changes in every month that had figures,
// before anybody sees it: a crash afterwards tells it again. An error of tell leaves the
// month as it was.
func (s *Store) RecomputeAndTell(ctx context.Context, days []schema.Day, tell func(ctx context.Context, month schema.Day, shifts []Shift) error) error {
	select {
	case <-s.recompute:
		defer func() { s.recompute <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	months := map[schema.Day][]schema.Day{}
	for _, d := range days {
		months[d.Month()] = append(months[d.Month()], d)
	}
	order := make([]schema.Day, 0, len(months))
	for m := range months {
		order = append(order, m)
	}
	slices.SortFunc(order, cmp.Compare)
	for _, m := range order {
		for i, r := range rollups() {
			if i > 0 {
				failpoint.Hit("rollup.between")
			}
			if err := s.recomputeMonth(ctx, r, m, months[m], tell); err != nil {
				return fmt.Errorf("recomputing %s for %s: %w", r.table, m, err)
			}
		}
		if err := s.noteRolled(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) recomputeMonth(ctx context.Context, r rollup, month schema.Day, days []schema.Day, tell func(context.Context, schema.Day, []Shift) error) error {
	slices.Sort(days)
	days = slices.Compact(days)
	list := make([]string, len(days))
	for i, d := range days {
		list[i] = fmt.Sprintf("toDate32('%s')", d)
	}
	in := strings.Join(list, ", ")
	yyyymm := strings.ReplaceAll(month.String()[:7], "-", "")
	// A day in the judging zone lies within a day of the same date in UTC on either side.
	from, to := (days[0] - 1).At(time.UTC), (days[len(days)-1] + 2).At(time.UTC)
	group := make([]string, strings.Count(r.columns, ",")+1)
	for i := range group {
		group[i] = fmt.Sprint(i + 1)
	}
	next := s.staging(r.table)
	for _, stmt := range []string{
		"TRUNCATE TABLE " + next,
		fmt.Sprintf("INSERT INTO %s SELECT * FROM %s WHERE toYYYYMM(local_day) = %s AND local_day NOT IN (%s)", next, r.table, yyyymm, in),
		fmt.Sprintf("INSERT INTO %s SELECT %s, %s FROM usage WHERE occurred_at >= toDateTime64('%s', 3, 'UTC') AND occurred_at < toDateTime64('%s', 3, 'UTC') AND local_day IN (%s) GROUP BY %s",
			next, r.columns, r.sums, from.Format(time.DateTime), to.Format(time.DateTime), in, strings.Join(group, ", ")),
		fmt.Sprintf("ALTER TABLE %s REPLACE PARTITION %s FROM %s", r.table, yyyymm, next),
	} {
		if strings.HasPrefix(stmt, "ALTER") {
			if err := s.tell(ctx, r, month, yyyymm, tell); err != nil {
				return err
			}
			failpoint.Hit("rollup.swap.before")
		}
		if err := s.Conn().Exec(exact(ctx), stmt); err != nil {
			return err
		}
	}
	return nil
}
