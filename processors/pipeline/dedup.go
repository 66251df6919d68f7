package pipeline

import (
	"context"

	"linesman/processors/store"
	"linesman/schema"
)

// dedup tells the first occurrence of an event in a partition from its repetitions. The
// filter says what is surely new; for the rest the store is asked: it alone knows what it has.
type dedup struct {
	store        *store.Store
	table        string
	timeColumn   string // narrows questions; empty where the table is small
	logPartition uint32
	seen         seen
}

func (d *dedup) open(ctx context.Context, next uint64) error {
	d.seen = seen{}
	return d.store.IDs(ctx, d.table, d.logPartition, next, d.seen.reserve, d.seen.addAll)
}

// repeated returns the indices of events that the store had before offset first, or that
// stand earlier in the same list.
func (d *dedup) repeated(ctx context.Context, first uint64, events []store.Candidate) (map[int]bool, error) {
	var ask []store.Candidate
	doubtful := map[schema.ID]bool{}
	for i := range events {
		if events[i].ID.IsZero() {
			continue
		}
		if d.seen.has(&events[i].ID) {
			ask = append(ask, events[i])
			doubtful[events[i].ID] = true
			continue
		}
		d.seen.add(&events[i].ID)
	}
	if len(ask) == 0 {
		return nil, nil
	}
	known, err := d.store.Known(ctx, d.table, d.timeColumn, d.logPartition, first, ask)
	if err != nil {
		return nil, err
	}
	out := map[int]bool{}
	for i := range events {
		id := events[i].ID
		switch {
		case !doubtful[id]:
		case known[id]:
			out[i] = true
		default: // the first in the list counts, later ones are repetitions
			known[id] = true
			d.seen.add(&id)
		}
	}
	return out, nil
}
