package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition int
}

// standing is how far a partition is sealed, and the chain there.
type standing struct {
	next  uint64
	chain Chain
}

const (
	// tailBlock is how many seals are read at a time, from the end of the log backwards.
	tailBlock = 256
	readWait  = 10 * time.Second
)

// standings finds the last seal of each partition in the log. It reads backwards and stops
// when every partition has one; a partition without a seal begins at zero.
func (s *Sealer) standings(ctx context.Context, wanted map[place]struct{}) (map[place]standing, error) {
	found := make(map[place]standing, len(wanted))
	if len(wanted) == 0 {
		return found, nil
	}
	first, end, err := s.log.Offsets(ctx, schema.TopicSeals, 0)
	if err != nil {
		return nil, fmt.Errorf("looking for the last seals: %w", err)
	}
	for len(found) < len(wanted) && end > first {
		begin := max(first, end-tailBlock)
		block, err := s.block(ctx, begin, end)
		if err != nil {
			return nil, fmt.Errorf("reading the last seals: %w", err)
		}
		for at, last := range block {
			if _, ok := wanted[at]; !ok {
				continue
			}
			if _, ok := found[at]; !ok {
				found[at] = last
			}
		}
		end = begin
	}
	for at := range wanted {
		if _, ok := found[at]; !ok {
			found[at] = standing{}
		}
	}
	return found, nil
}

// block gives the last seal of each partition among the seals at begin ≤ offset < end.
func (s *Sealer) block(ctx context.Context, begin, end int64) (map[place]standing, error) {
	reader, err := s.log.NewReader(ctx, schema.TopicSeals, 0, begin)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }()
	last := map[place]standing{}
	dec := schema.NewDecoder(schema.SealTable())
	for at := begin; at < end; {
		recs, err := reader.Fetch(ctx, int(end-at), readWait)
		var gap *broker.GapError
		if errors.As(err, &gap) && gap.Got > at { // linesman verify --deep reports it
			_ = reader.Close()
			if gap.Got >= end {
				return last, nil
			}
			if reader, err = s.log.NewReader(ctx, schema.TopicSeals, 0, gap.Got); err != nil {
				return nil, err
			}
			at = gap.Got
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(recs) == 0 {
			return nil, fmt.Errorf("the log gave nothing at offset %d of %s, which ends at %d", at, schema.TopicSeals, end)
		}
		for i := range recs {
			var seal schema.Seal
			if err := dec.Decode(recs[i].Value, &seal); err != nil {
				s.out.Warn("a seal of the log cannot be read", "offset", recs[i].Offset, "error", err)
				continue
			}
			chain, err := ParseChain(seal.Chain)
			if err != nil {
				s.out.Warn("a seal of the log cannot be read", "offset", recs[i].Offset, "error", err)
				continue
			}
			last[place{seal.Topic, int(seal.Partition)}] = standing{seal.Next, chain}
		}
		at += int64(len(recs))
	}
	return last, nil
}
