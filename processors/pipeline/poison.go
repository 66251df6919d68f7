package pipeline

import (
	"context"
	"fmt"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// poison is a record of the log that cannot become a row.
type poison struct {
	index int
	err   error
}

// refuse sends poison to the rejects: position and reason. A range that is done again sends
// the same events again, which the store tells apart by their id.
func (p *Pipeline) refuse(ctx context.Context, r store.Range, bad []poison) error {
	if len(bad) == 0 {
		return nil
	}
	enc := schema.NewEncoder(schema.RejectTable())
	recs := make([]broker.Record, 0, len(bad))
	now := time.Now().UTC()
	for _, b := range bad {
		offset := r.First + uint64(b.index)
		rej := schema.Reject{EventID: schema.NewID("poison", r.Topic, fmt.Sprint(r.Partition), fmt.Sprint(offset)), Row: offset, Code: "bad_record",
			Reason: fmt.Sprintf("record of %s/%d: %v", r.Topic, r.Partition, b.err), RecordedAt: schema.TimeOf(now)}
		recs = append(recs, broker.Record{Key: rej.FileID[:], Value: enc.Append(nil, &rej), Time: now,
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Reject")}}})
		p.out.Warn("a record of the log was refused", "topic", r.Topic, "partition", r.Partition, "offset", offset, "error", b.err)
	}
	if _, err := p.log.Produce(ctx, schema.TopicRejects, 0, recs); err != nil {
		return fmt.Errorf("noting %d refused records: %w", len(bad), err)
	}
	return nil
}
