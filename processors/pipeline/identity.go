package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"

	"linesman/internal/broker"
	"linesman/schema"
)

// OtherLogError says that the store was made from another log than the one it meets: a new log
// under the same name, or one that was restored from an older copy and has grown since. Its
// offsets would fit, and its records would be taken for ones that the store has.
type OtherLogError struct {
	Topic     string
	Partition uint32
	Offset    uint64 // of the record that is not the one the store has from there
}

// Error says what to do.
func (e *OtherLogError) Error() string {
	return fmt.Sprintf("%s/%d: the record at offset %d is not the one that the store has from there: this is not the log that the store was made from "+
		"(it was made anew, or restored from an older copy and has grown since). Put the store's own log back; or, if this log is the right one, make the store anew from it: linesman rebuild",
		e.Topic, e.Partition, e.Offset)
}

// Unfit tells whether an error says that store and log do not fit each other, or that the log
// is damaged: trying again cannot help.
func Unfit(err error) bool {
	var outside *broker.OffsetRangeError
	var gap *broker.GapError
	var other *OtherLogError
	return errors.As(err, &outside) || errors.As(err, &gap) || errors.As(err, &other)
}

// mark is a hash of a record by which it is recognised; never 0.
func mark(rec *broker.Record) uint64 {
	h := fnv.New64a()
	var n [8]byte
	for _, b := range [...][]byte{rec.Key, rec.Value} {
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		_, _ = h.Write(n[:]) // never fails
		_, _ = h.Write(b)
	}
	return max(h.Sum64(), 1)
}

// sameLog compares the last record that is in the store with the log's record of that offset.
func (pt *part) sameLog(ctx context.Context, next uint64) error {
	if next == 0 {
		return nil
	}
	want, err := pt.p.store.LastMark(ctx, pt.topic, pt.partition, next)
	if err != nil || want == 0 {
		return err
	}
	at := next - 1
	first, _, err := pt.p.log.Offsets(ctx, pt.topic, int(pt.partition))
	if err != nil {
		return err
	}
	if uint64(first) > at { // retention has taken it, and only what the store has
		return nil
	}
	reader, err := pt.p.log.NewReader(ctx, pt.topic, int(pt.partition), int64(at))
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	recs, err := reader.Fetch(ctx, 1, fetchWait)
	var gap *broker.GapError
	if errors.As(err, &gap) {
		pt.p.out.Error("the log is damaged where the store stands: what comes after can be processed, a rebuild cannot", "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s/%d at offset %d: %w", pt.topic, pt.partition, at, err)
	}
	if len(recs) == 0 {
		return fmt.Errorf("reading %s/%d at offset %d: the log gave nothing", pt.topic, pt.partition, at)
	}
	if mark(&recs[0]) != want {
		return &OtherLogError{pt.topic, pt.partition, at}
	}
	return nil
}

// Fits compares every partition's place in the store with the log. Open does, too, and more;
// this is for those who are about to append to the log and do not process.
func (p *Pipeline) Fits(ctx context.Context) error {
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			next, _, err := p.store.Position(ctx, t.Name, uint32(n))
			if err != nil {
				return err
			}
			reader, err := p.log.NewReader(ctx, t.Name, n, int64(next))
			if err != nil {
				return fmt.Errorf("reading %s/%d from offset %d, where the store stands: %w", t.Name, n, next, err)
			}
			_ = reader.Close()
			if err := (&part{p: p, topic: t.Name, partition: uint32(n)}).sameLog(ctx, next); err != nil {
				return err
			}
		}
	}
	return nil
}
