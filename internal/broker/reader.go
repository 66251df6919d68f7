package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

const (
	// fetchBytes bounds one answer of the broker, compressed. The broker sends
	// at least one whole batch.
	fetchBytes = 1 << 20

	// longPoll is how long the broker holds a fetch on an empty partition.
	longPoll = 500 * time.Millisecond

	// readGrace is added to longPoll before a silent connection counts as dead.
	readGrace = 10 * time.Second

	// emptyFetches is how many answers without records, in a partition that
	// has some at the position, count as damage.
	emptyFetches = 5
)

// Reader reads one partition in order. It is for one goroutine at a time; Close
// may be called from any.
type Reader struct {
	b         *Broker
	topic     string
	partition int
	closed    context.Context // ends with Close
	cancel    context.CancelFunc

	mu      sync.Mutex // held by Fetch
	next    int64      // offset the caller gets next
	pending []Record   // fetched, not yet served; starts at offset next
	decoder *decoder
	request *rawFetch // nil while an abandoned request may still use it
}

// NewReader opens a reader at offset from. It returns *OffsetRangeError when
// the log does not hold that position; a reader never moves by itself to where
// there are records.
func (b *Broker) NewReader(ctx context.Context, topic string, partition int, from int64) (*Reader, error) {
	first, next, err := b.Offsets(ctx, topic, partition)
	if err != nil {
		return nil, err
	}
	if from < first || from > next {
		return nil, &OffsetRangeError{Topic: topic, Partition: partition, First: first, Next: next, From: from}
	}
	r := &Reader{b: b, topic: topic, partition: partition, next: from, decoder: newDecoder()}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	r.closed, r.cancel = context.WithCancel(context.Background())
	b.readers[r] = struct{}{}
	return r, nil
}

// Position is the offset of the record the next Fetch starts with.
func (r *Reader) Position() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// Fetch returns up to max records that follow each other without a gap,
// starting at the reader's position. It waits at most wait for the first one
// and returns an empty slice when none came.
//
// The slice is reused by the next Fetch: copy the Record structs to keep them.
// Keys, values and headers stay valid as long as they are held, but each keeps
// its whole batch (about 1 MB) in memory.
//
// A gap in the log gives *GapError, a position that vanished from the log
// *OffsetRangeError, a batch that is not as it was written *DamageError (see
// [Lost]); all leave the position where it was. Temporary errors are
// retried for up to 30 s, which may be longer than wait; after an error that
// lasted, Fetch may be called again.
func (r *Reader) Fetch(ctx context.Context, max int, wait time.Duration) ([]Record, error) {
	if max < 1 {
		return nil, fmt.Errorf("fetching %d records: at least 1 is needed", max)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Err() != nil {
		return nil, ErrClosed
	}
	if len(r.pending) == 0 {
		if err := r.fill(ctx, wait); err != nil {
			return nil, err
		}
	}
	n := min(max, len(r.pending))
	out := r.pending[:n:n]
	r.pending = r.pending[n:]
	r.next += int64(n)
	return out, nil
}

// fill fetches until there are records, wait is over or an error lasts.
func (r *Reader) fill(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(r.closed, cancel)
	defer stop()

	deadline := time.Now().Add(wait)
	retry := retrier{pause: r.b.pause}
	for empty := 0; ; {
		poll := min(max(time.Until(deadline), 0), longPoll)
		more, err := r.fetchOnce(ctx, poll)
		switch {
		case r.closed.Err() != nil:
			return ErrClosed
		case err == nil && len(r.pending) > 0:
			return nil
		case err == nil && more:
			if empty++; empty >= emptyFetches {
				return &GapError{Topic: r.topic, Partition: r.partition, Expected: r.next, Got: -1}
			}
		case err == nil:
			if empty = 0; !time.Now().Before(deadline) {
				return nil
			}
			retry.reset()
		default:
			err = r.explain(ctx, err)
			if !retry.again(ctx, err) {
				if r.closed.Err() != nil {
					return ErrClosed
				}
				return err
			}
			r.b.log.Warn("reading the log failed, trying again", "topic", r.topic, "partition", r.partition, "error", err)
		}
	}
}

// fetchOnce does one round trip and puts what came into pending. more tells
// that the partition holds records at the position although none may have come.
func (r *Reader) fetchOnce(ctx context.Context, poll time.Duration) (more bool, err error) {
	req := r.request
	r.request = nil
	if req == nil {
		req = new(rawFetch)
	}
	req.Request = fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(poll.Milliseconds()), MinBytes: 1, MaxBytes: fetchBytes,
		SessionEpoch: -1, // no session
		Topics: []fetch.RequestTopic{{Topic: r.topic, Partitions: []fetch.RequestPartition{{
			Partition: int32(r.partition), CurrentLeaderEpoch: -1, FetchOffset: r.next,
			LogStartOffset: -1, PartitionMaxBytes: fetchBytes,
		}}}},
	}
	ctx, cancel := context.WithTimeout(ctx, poll+readGrace)
	defer cancel()
	if _, err := r.b.transport.RoundTrip(ctx, r.b.client.Addr, req); err != nil {
		return false, err // the connection may still write into req: leave it
	}
	r.request = req
	answer, err := parseFetch(req.answer, req.version)
	if err != nil {
		return false, err
	}
	recs, gap, err := r.decoder.decode(answer.records, r.next)
	if err != nil {
		return false, &DamageError{err}
	}
	if len(recs) == 0 && gap >= 0 {
		return false, &GapError{Topic: r.topic, Partition: r.partition, Expected: r.next, Got: gap}
	}
	r.pending = recs
	return answer.high > r.next, nil
}

// explain turns an error of a fetch into what the caller gets.
func (r *Reader) explain(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var gap *GapError
	if errors.As(err, &gap) {
		return err
	}
	if errors.Is(err, kafka.OffsetOutOfRange) {
		first, next, offErr := r.b.Offsets(ctx, r.topic, r.partition)
		if offErr != nil {
			return errors.Join(err, offErr)
		}
		return &OffsetRangeError{Topic: r.topic, Partition: r.partition, First: first, Next: next, From: r.next}
	}
	if errors.Is(err, kafka.InvalidMessage) { // the server found it out itself
		err = &DamageError{err}
	}
	return fmt.Errorf("fetching from topic %s partition %d at offset %d: %w", r.topic, r.partition, r.next, err)
}

// Close ends the reader; a Fetch that waits returns ErrClosed. Closing twice is
// harmless.
func (r *Reader) Close() error {
	r.b.mu.Lock()
	delete(r.b.readers, r)
	r.b.mu.Unlock()
	r.cancel()
	return nil
}
