package pipeline

import (
	"context"
	"fmt"
	"strings"
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

var errNoID = fmt.Errorf("%w: no event id", schema.ErrWire)

// tellPoison is how many refused records of a range are told one by one; a reject tells of each.
const tellPoison = 5

// refuse sends poison to the rejects: position and reason. A range that is done again sends
// the same events again, which the store tells apart by their id.
func (p *Pipeline) refuse(ctx context.Context, r store.Range, bad []poison) error {
	if len(bad) == 0 {
		return nil
	}
	enc := schema.NewEncoder(schema.RejectTable())
	recs := make([]broker.Record, 0, len(bad))
	now := time.Now().UTC()
	for i, b := range bad {
		why := clip(b.err.Error())
		offset := r.First + uint64(b.index)
		rej := schema.Reject{EventID: schema.NewID("poison", r.Topic, fmt.Sprint(r.Partition), fmt.Sprint(offset)), Row: offset, Code: "bad_record",
			Reason: fmt.Sprintf("record of %s/%d: %s", r.Topic, r.Partition, why), RecordedAt: schema.TimeOf(now)}
		recs = append(recs, broker.Record{Key: rej.FileID[:], Value: enc.Append(nil, &rej), Time: now,
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Reject")}}})
		if i >= tellPoison {
			continue
		}
		p.out.Warn("a record of the log was refused", "topic", r.Topic, "partition", r.Partition, "offset", offset, "error", why)
	}
	if n := len(bad) - tellPoison; n > 0 {
		p.out.Warn("more records of the log were refused, see rejects", "topic", r.Topic, "partition", r.Partition, "records", n)
	}
	if _, err := p.log.Produce(ctx, schema.TopicRejects, 0, recs); err != nil {
		return fmt.Errorf("noting %d refused records: %w", len(bad), err)
	}
	return nil
}

// maxReason bounds what is told of a refused record, in bytes. Garbage in a header may be as
// long as a record: its reject must fit into one, and the log of the program stay readable.
const maxReason = 200

// clip shortens a reason and leaves it valid UTF-8.
func clip(reason string) string {
	reason = strings.ToValidUTF8(reason, "?")
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "") + "…"
}
