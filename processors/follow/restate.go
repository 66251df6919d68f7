package follow

import (
	"context"
	"fmt"
	"time"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/processors/pipeline"
	"linesman/processors/store"
	"linesman/schema"
)

// grace is how many days after its end a month is closed.
const grace = 10

// restate publishes what moves in a month that has been shown: what statements and amendments
// moved, whatever the month, and usage that arrives for a month that was closed and had come
// to rest. The events are in the log before the figures change; when the program stops in
// between, the same events are made again and recognised.
func (f *Follower) restate(ctx context.Context, d *pipeline.Dirty, month schema.Day, shifts []store.Shift) (int, error) {
	rolled, shown, err := f.store.Rolled(ctx, month)
	if err != nil {
		return 0, err
	}
	late := f.late(d, month, rolled)
	told, err := f.told(ctx, month, shown)
	if err != nil {
		return 0, err
	}
	var out []schema.Restatement
	for _, s := range shifts {
		cell := pipeline.Cell{Month: month, Unit: s.Unit, CostCentre: s.CostCentre}
		why := d.Moved[cell]
		if why == nil {
			why = d.Lost
		}
		if why == nil {
			why = late
		}
		if why == nil {
			continue
		}
		// Told, but the figures did not change before a stop: it goes on from what was told.
		if t, ok := told[cell]; ok && t.EventsBefore == s.EventsBefore && t.CostBefore == s.CostBefore {
			s.EventsBefore, s.CostBefore = t.EventsAfter, t.CostAfter
		}
		if s.EventsBefore == s.EventsAfter && s.CostBefore == s.CostAfter {
			continue
		}
		out = append(out, restatement(cell, s, why))
	}
	return len(out), f.publishRestatements(ctx, out)
}

func restatement(cell pipeline.Cell, s store.Shift, why *pipeline.Why) schema.Restatement {
	ids, total := why.IDs()
	r := schema.Restatement{Month: cell.Month, UnitID: cell.Unit, CostCentre: cell.CostCentre, EventsBefore: s.EventsBefore, EventsAfter: s.EventsAfter,
		CostBefore: s.CostBefore, CostAfter: s.CostAfter, Causes: why.Causes(), CauseIDs: ids, CauseTotal: total}
	key := []string{r.Month.String(), r.UnitID, r.CostCentre, fmt.Sprint(r.EventsBefore), fmt.Sprint(r.EventsAfter), r.CostBefore.String(), r.CostAfter.String(), r.Causes}
	for _, id := range ids {
		key = append(key, id.String())
	}
	r.EventID = schema.NewID("restatement", key...)
	return r
}

// late returns the files that brought usage of the month, if it was closed and had come to rest.
func (f *Follower) late(d *pipeline.Dirty, month schema.Day, rolled time.Time) *pipeline.Why {
	now := f.cfg.Now()
	closed := ((month + 31).Month() + grace).Start(f.cfg.Zone)
	quiet := now.Sub(rolled).Abs() // far in the future after a clock that was ahead: then it has come to rest
	if schema.TimeOf(now) < closed || rolled.IsZero() || quiet < f.cfg.Quiet {
		return nil
	}
	return d.Sources[month]
}

// told returns the last restatement of each cell of a month that was told, but is not in the
// figures that are shown.
func (f *Follower) told(ctx context.Context, month schema.Day, shown uint64) (map[pipeline.Cell]schema.Restatement, error) {
	out := map[pipeline.Cell]schema.Restatement{}
	err := store.Scan(ctx, f.store, schema.RestatementTable(), fmt.Sprintf("month = toDate32('%s') AND log_offset >= %d", month, shown), func(r *schema.Restatement) error {
		cell := pipeline.Cell{Month: r.Month, Unit: r.UnitID, CostCentre: r.CostCentre}
		if old, ok := out[cell]; !ok || old.Offset < r.Offset {
			out[cell] = *r
		}
		return nil
	})
	return out, err
}

func (f *Follower) publishRestatements(ctx context.Context, list []schema.Restatement) error {
	if len(list) == 0 {
		return nil
	}
	now := f.cfg.Now().UTC()
	enc := schema.NewEncoder(schema.RestatementTable())
	recs := make([]broker.Record, len(list))
	for i := range list {
		list[i].RecordedAt = schema.TimeOf(now)
		recs[i] = broker.Record{Key: []byte(list[i].UnitID), Value: enc.Append(nil, &list[i]), Time: now.Truncate(time.Millisecond),
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Restatement")}}}
	}
	failpoint.Hit("follow.restate.before")
	first, err := f.log.Produce(ctx, schema.TopicRestatements, 0, recs)
	if err != nil {
		return fmt.Errorf("appending %d restatements: %w", len(recs), err)
	}
	failpoint.Hit("follow.restate.after")
	if err := f.pipeline.WaitStored(ctx, schema.TopicRestatements, 0, uint64(first)+uint64(len(recs))); err != nil {
		return fmt.Errorf("waiting for %d restatements to be stored: %w", len(recs), err)
	}
	f.out.Info("the past was restated", "month", list[0].Month.String()[:7], "units", len(list), "causes", list[0].Causes)
	return nil
}
