package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/schema"
)

const (
	// many is how many seals are appended to the log at a time.
	many = 32
	// slowPause is how much longer than its work the sealer rests while a flood goes on.
	slowPause = 3
)

// work is the sealing of one partition in one round.
type work struct {
	at     place
	from   standing // before the seal in the making
	to     standing
	shorts []byte
	seals  []schema.Seal
	others bool // of linesman.seals: there are seals of other partitions
}

// partition seals what a partition holds beyond its last seal.
func (s *Sealer) partition(ctx context.Context, at place) error {
	first, next, err := s.log.Offsets(ctx, at.topic, at.partition)
	if err != nil {
		return fmt.Errorf("sealing %s/%d: %w", at.topic, at.partition, err)
	}
	have := s.at[at]
	if have.next > uint64(next) {
		return fmt.Errorf("%s/%d ends at offset %d but is sealed up to %d: the log has lost records; see linesman verify --deep", at.topic, at.partition, next, have.next)
	}
	if have.next < uint64(first) { // retention was quicker than sealing
		have.next = uint64(first)
	}
	w := &work{at: at, from: have, to: have}
	for err == nil && w.to.next < uint64(next) {
		err = s.stretch(ctx, w, next)
	}
	if err == nil {
		err = s.flush(ctx, w, true)
	}
	if err != nil {
		delete(s.at, at) // the log knows how far it is sealed
		return fmt.Errorf("sealing %s/%d: %w", at.topic, at.partition, err)
	}
	return nil
}

// stretch reads from where the work stands until the end, or until a gap in the log, behind
// which the next stretch goes on.
func (s *Sealer) stretch(ctx context.Context, w *work, end int64) error {
	reader, err := s.log.NewReader(ctx, w.at.topic, w.at.partition, int64(w.to.next))
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for w.to.next < uint64(end) {
		began := time.Now()
		room := Most - len(w.shorts)/ShortBytes
		recs, err := reader.Fetch(ctx, min(room, int(uint64(end)-w.to.next)), readWait)
		var gap *broker.GapError
		if errors.As(err, &gap) && gap.Got > gap.Expected {
			return s.skip(ctx, w, uint64(gap.Got))
		}
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return fmt.Errorf("the log gave nothing at offset %d of %d", w.to.next, end)
		}
		s.add(w, recs)
		if len(w.shorts) == Most*ShortBytes {
			if err := s.flush(ctx, w, false); err != nil {
				return err
			}
		}
		if s.slow {
			if err := pause(ctx, slowPause*time.Since(began)); err != nil {
				return err
			}
		}
	}
	return nil
}

// skip goes on behind records that are lost. The chain goes on from the last one before them:
// that they are lost is not the sealer's secret to keep.
func (s *Sealer) skip(ctx context.Context, w *work, next uint64) error {
	w.others = true
	if err := s.flush(ctx, w, true); err != nil {
		return err
	}
	s.out.Error("records of the log are lost and stay unsealed", "topic", w.at.topic, "partition", w.at.partition, "first", w.to.next, "next", next)
	w.to.next = next
	w.from = w.to
	return nil
}

func (s *Sealer) add(w *work, recs []broker.Record) {
	own := Key(schema.TopicSeals, 0)
	for i := range recs {
		leaf := s.hasher.Leaf(&recs[i])
		w.to.chain = w.to.chain.Next(leaf)
		w.shorts = append(w.shorts, leaf[:ShortBytes]...)
		if w.at.topic == schema.TopicSeals && string(recs[i].Key) != own {
			w.others = true
		}
	}
	w.to.next += uint64(len(recs))
}

// flush makes a seal of what was read. Seals are appended when there are many or when all is set.
func (s *Sealer) flush(ctx context.Context, w *work, all bool) error {
	if w.at.topic == schema.TopicSeals && !w.others && len(w.shorts) < Most*ShortBytes {
		return nil // only seals of the seals: sealing them would make the next
	}
	if len(w.shorts) > 0 {
		w.seals = append(w.seals, newSeal(w.at, w.from.next, w.to.next, w.from.chain, w.to.chain, w.shorts, schema.TimeOf(s.now())))
		w.shorts, w.from = w.shorts[:0], w.to
	}
	if len(w.seals) == 0 || !all && len(w.seals) < many {
		return nil
	}
	recs := make([]broker.Record, len(w.seals))
	covered := uint64(0)
	for i := range w.seals {
		recs[i] = s.record(&w.seals[i])
		covered += w.seals[i].Next - w.seals[i].First
	}
	failpoint.Hit("seal.append.before")
	if _, err := s.log.Produce(ctx, schema.TopicSeals, 0, recs); err != nil {
		var some *broker.ProduceError
		if errors.As(err, &some) {
			s.write(w.seals[:some.Acknowledged])
		}
		return err
	}
	failpoint.Hit("seal.append.after")
	s.at[w.at] = w.to
	s.mu.Lock()
	s.state.Seals += uint64(len(w.seals))
	s.state.Records += covered
	s.state.AppendAt = s.now().UTC()
	s.mu.Unlock()
	s.write(w.seals)
	w.seals = w.seals[:0]
	s.measure(ctx)
	return nil
}

func (s *Sealer) record(seal *schema.Seal) broker.Record {
	return broker.Record{Key: []byte(Key(seal.Topic, int(seal.Partition))), Value: s.encoder.Append(nil, seal), Time: seal.SealedAt.UTC(),
		Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Seal")}}}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
