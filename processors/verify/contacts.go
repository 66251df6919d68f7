package verify

import (
	"context"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// intervals is what the log says about the intervals of contact centres: the extract that
// holds for each. It is nil for other topics. Memory: some 80 bytes for each interval.
type intervals struct {
	dec  *schema.Decoder[schema.Contact]
	held map[schema.ID]extract // by the hash of the interval
}

type extract struct {
	rank  uint64
	event schema.ID
}

func newIntervals(topic string) *intervals {
	if topic != schema.TopicContacts {
		return nil
	}
	return &intervals{schema.NewDecoder(schema.ContactTable()), map[schema.ID]extract{}}
}

func intervalOf(c *schema.Contact) schema.ID {
	return schema.NewID("interval", c.UnitID, c.OccurredAt.String(), c.Queue, c.Key, c.Origin)
}

// take notes a record that the store has accepted.
func (h *intervals) take(rec *broker.Record) {
	var c schema.Contact
	if h == nil || h.dec.Decode(rec.Value, &c) != nil {
		return
	}
	key, e := intervalOf(&c), extract{schema.Rank(c.ExtractAt, c.EventID, uint64(rec.Offset)), c.EventID}
	if was, ok := h.held[key]; !ok || was.rank <= e.rank {
		h.held[key] = e
	}
}

// compare counts the intervals whose row is missing, is not that of the extract that holds, or
// is of no record. Rows from beyond until came meanwhile and are passed over.
func (h *intervals) compare(ctx context.Context, st *store.Store, until uint64) (wrong uint64, err error) {
	if h == nil {
		return 0, nil
	}
	found := 0
	err = store.Scan(ctx, st, schema.ContactTable(), "", func(c *schema.Contact) error {
		e, ok := h.held[intervalOf(c)]
		if ok {
			found++
		}
		if c.Offset < until && (!ok || e.event != c.EventID && e.rank != c.Rank) { // equal ranks: one of them
			wrong++
		}
		return nil
	})
	return wrong + uint64(len(h.held)-found), err
}
