package pipeline

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/failpoint"
	"linesman/processors/store"
	"linesman/schema"
)

// span is consecutive months (of UTC, as usage is partitioned), few enough for a bit each.
type span struct {
	where  string
	base   schema.Day // its first month, in the judging zone perhaps the one before
	months []int      // yyyymm
}

// mostMonths leaves room for the month before and the month after in the judging zone.
const mostMonths = 60

// spans cuts the months that there are of what is to be rated.
func (r *rerating) spans(ctx context.Context) (spans []span, err error) {
	rows, err := r.p.store.Conn().Query(store.AsItLies(ctx), "SELECT toYYYYMM(occurred_at) AS m FROM usage WHERE "+r.from+" GROUP BY m ORDER BY m")
	if err != nil {
		return nil, fmt.Errorf("finding the months to be rated: %w", err)
	}
	var s *span
	err = store.EachRow(rows, func(rows driver.Rows) error {
		var m uint32
		if err := rows.Scan(&m); err != nil {
			return err
		}
		// The engine's functions for the first day of a month end in 2149.
		month := schema.Date(int(m/100), time.Month(m%100), 1)
		if s == nil || monthsBetween(s.base, month) > mostMonths {
			spans = append(spans, span{base: (month - 1).Month()})
			s = &spans[len(spans)-1]
		}
		s.months = append(s.months, int(m))
		return nil
	})
	for i := range spans {
		spans[i].where = "toYYYYMM(occurred_at) IN (" + numbers(spans[i].months) + ")"
	}
	return spans, err
}

func partitionOf(day schema.Day) int {
	t := day.At(time.UTC)
	return t.Year()*100 + int(t.Month())
}

func monthsBetween(from, to schema.Day) int {
	a, b := from.At(time.UTC), to.At(time.UTC)
	return (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
}

// note marks what the rows touch that are about to move, in one reading, and drops months of
// which none does.
func (r *rerating) note(ctx context.Context, s *span, dirty *Dirty, why *reasons) (moved int, err error) {
	base := s.base.At(time.UTC)
	rows, err := r.p.store.Conn().Query(store.Exact(ctx), fmt.Sprintf(`SELECT toUInt8(grouping(line_id)), toUInt8(grouping(local_day)), line_id, toString(unit_id), toString(cost_centre), toInt32(local_day),
	toUInt64(groupBitOr(bitShiftLeft(toUInt64(1), toUInt8(toYear(local_day) * 12 + toMonth(local_day) - %d)))), count()
%s GROUP BY GROUPING SETS ((line_id), (unit_id, cost_centre), (local_day))`, base.Year()*12+int(base.Month()), r.changed(s)))
	if err != nil {
		return 0, err
	}
	lines, pairs, touched := map[string]uint64{}, 0, map[int]bool{}
	err = store.EachRow(rows, func(rows driver.Rows) error {
		var notLine, notDay uint8
		var was schema.Usage
		var day int32
		var months, n uint64
		if err := rows.Scan(&notLine, &notDay, &was.Line, &was.UnitID, &was.CostCentre, &day, &months, &n); err != nil {
			return err
		}
		switch {
		case notLine == 0:
			lines[was.Line] = months
			pairs += bits.OnesCount64(months)
		case notDay == 0:
			moved += int(n)
			dirty.Days[schema.Day(day)] = true
			for _, d := range [...]schema.Day{schema.Day(day) - 1, schema.Day(day) + 1} { // it is another one in UTC perhaps
				touched[partitionOf(d)] = true
			}
		default:
			s.each(months, func(month schema.Day) {
				was.LocalDay = month
				is := was
				is.RateReason = "rated anew"
				dirty.moved(why, &was, &is)
				if was.UnitID != "" {
					touchMonth(dirty.UsageUnits, was.UnitID, month)
				}
			})
		}
		return nil
	})
	if err != nil || moved == 0 {
		return 0, err
	}
	dirty.Blurred = true
	if pairs > maxDirty {
		dirty.AllSubjects = true
	} else {
		for line, months := range lines {
			s.each(months, func(month schema.Day) { touchMonth(dirty.Lines, line, month) })
		}
	}
	s.months = slices.DeleteFunc(s.months, func(m int) bool { return !touched[m] })
	return moved, nil
}

// each calls do with the first day of each month of a set.
func (s *span) each(months uint64, do func(schema.Day)) {
	for month := s.base; months != 0; month, months = (month + 31).Month(), months>>1 {
		if months&1 != 0 {
			do(month)
		}
	}
}

// beside is the table in which months are rated. It has nothing to last: a new try makes it anew.
const beside = "usage_rerated"

// dropBeside drops what an interrupted try left behind: until then the engine goes on with it.
// Mostly there is nothing, and nothing is to be allowed or set for it.
func (p *Pipeline) dropBeside(ctx context.Context) error {
	var there uint64
	err := p.store.Conn().QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = '"+beside+"'").Scan(&there)
	if err == nil && there > 0 {
		err = p.store.Conn().Exec(ctx, "DROP TABLE IF EXISTS "+beside+" SYNC SETTINGS max_table_size_to_drop = 0")
	}
	if err != nil {
		return fmt.Errorf("dropping %s: %w", beside, err)
	}
	return nil
}

// dropLeft drops it where nothing depends on that; ctx may have ended.
func (p *Pipeline) dropLeft(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropWait)
	defer cancel()
	if err := p.dropBeside(ctx); err != nil {
		p.out.Warn("what was made to rate usage again is dropped the next time", "error", err)
	}
}

// dropTorn drops it after the answer to a swap was lost. The engine may still wait to do the swap,
// and would do it over rows that come in from now on: nothing goes on before it cannot any more.
// Only the end of ctx ends the waiting; [referencePart.open] does it then.
func (p *Pipeline) dropTorn(ctx context.Context) {
	try := func() error {
		ctx, cancel := context.WithTimeout(ctx, dropWait)
		defer cancel()
		if err := p.dropBeside(ctx); err != nil {
			return err
		}
		return p.goneBeside(ctx)
	}
	for err := try(); err != nil && ctx.Err() == nil; err = try() {
		p.out.Warn("usage waits until a swap of which the answer was lost cannot be done any more", "error", err)
		select {
		case <-time.After(p.cfg.Retry):
		case <-ctx.Done():
		}
	}
}

// goneBeside gives an error while a statement still has the table in its hands. The drop waits for
// that, but its own answer may have been lost before: then the table has no name any more.
func (p *Pipeline) goneBeside(ctx context.Context) error {
	var held uint64
	err := p.store.Conn().QueryRow(ctx, "SELECT count() FROM system.dropped_tables WHERE database = currentDatabase() AND table = '"+beside+"'").Scan(&held)
	switch {
	case refused(err): // not everybody may ask, where the store is somebody else's
		return nil
	case err != nil:
		return fmt.Errorf("asking whether %s is gone: %w", beside, err)
	case held > 0:
		return fmt.Errorf("%s is still in use", beside)
	}
	return nil
}

// move rates months beside the living ones and swaps them in, one by one. The copies share all
// files with the living ones but those of the columns that change. No row can come in meanwhile:
// ranges of usage wait for the statements. An error, or a crash, leaves each month as it was or as
// it is to be.
func (r *rerating) move(ctx context.Context, s *span) error {
	if err := r.p.dropBeside(ctx); err != nil {
		return err
	}
	torn := false // a swap of which nobody knows
	defer func() {
		if torn && ctx.Err() == nil {
			r.p.dropTorn(ctx)
		} else {
			r.p.dropLeft(ctx)
		}
	}()
	exec := func(format string, args ...any) error {
		return r.p.store.Conn().Exec(store.AsItLies(ctx), fmt.Sprintf(format, args...))
	}
	if err := exec("CREATE TABLE %s AS usage", beside); err != nil {
		return fmt.Errorf("making %s: %w", beside, err)
	}
	for _, m := range s.months {
		if err := exec("ALTER TABLE %s ATTACH PARTITION ID '%d' FROM usage", beside, m); err != nil {
			return fmt.Errorf("copying usage of %d: %w", m, err)
		}
	}
	r.p.at(atCopied, store.Range{Topic: schema.TopicReference})
	if err := exec("ALTER TABLE %s %s SETTINGS mutations_sync = 1", beside, r.update()); err != nil {
		return fmt.Errorf("rating a copy of usage: %w", err)
	}
	for _, m := range s.months {
		failpoint.Hit("reference.rerate.swap")
		if err := exec("ALTER TABLE usage REPLACE PARTITION ID '%d' FROM %s", m, beside); err != nil {
			torn = !refused(err)
			return fmt.Errorf("putting in usage of %d as it is rated now: %w", m, err)
		}
		r.p.at(atSwapped, store.Range{Topic: schema.TopicReference})
	}
	return nil
}

// dropWait bounds the dropping of a copy, of which nobody needs to know.
const dropWait = 30 * time.Second
