package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

const (
	// fetchBytes bounds one answer of the broker, compressed. The broker sends
	// at least one whole batch.
	fetchBytes = 1 << 20

	// longPoll is how long the broker holds a fetch on an empty partition.
	longPoll = 500 * time.Millisecond

	// readGrace is added to longPoll before a silent connection counts as dead.
	readGrace = 10 * time.Second

	readAttempts = 5

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

	mu      sync.Mutex // held by Fetch
	next    int64      // offset the caller gets next
	pending []Record   // fetched, not yet served; starts at offset next
	buf     []Record   // backing array of pending, reused

	connMu sync.Mutex // guards conn and closed against Close
	conn   *kafka.Conn
	closed bool
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
	r := &Reader{b: b, topic: topic, partition: partition, next: from}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
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
// and returns an empty slice when none came. The slice is valid until the next
// Fetch; the bytes of keys, values and headers as well.
//
// A gap in the log gives *GapError, a position that vanished from the log
// *OffsetRangeError; both leave the position where it was. Broken connections
// are opened again; after an error that lasted, Fetch may be called again.
func (r *Reader) Fetch(ctx context.Context, max int, wait time.Duration) ([]Record, error) {
	if max < 1 {
		return nil, fmt.Errorf("fetching %d records: at least 1 is needed", max)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
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
	deadline := time.Now().Add(wait)
	failures, empty := 0, 0
	backoff := firstBackoff
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		poll := min(max(time.Until(deadline), 0), longPoll)
		more, err := r.fetchOnce(ctx, poll)
		switch {
		case err == nil && len(r.pending) > 0:
			return nil
		case err == nil:
			failures = 0
			if !more {
				empty = 0
			} else if empty++; empty >= emptyFetches {
				return &GapError{Topic: r.topic, Partition: r.partition, Expected: r.next, Got: -1}
			}
			if !more && !time.Now().Before(deadline) {
				return nil
			}
		default:
			if failures++; failures == readAttempts || ctx.Err() != nil || !temporary(err) {
				return err
			}
			r.b.log.Warn("reading the log failed, connecting again", "topic", r.topic, "partition", r.partition, "attempt", failures, "error", err)
			if err := r.b.pause(ctx, backoff); err != nil {
				return err
			}
			backoff = min(2*backoff, maxBackoff)
		}
	}
}

// fetchOnce does one round trip and puts what came into pending. more tells
// that the partition holds records at the position although none may have come.
func (r *Reader) fetchOnce(ctx context.Context, poll time.Duration) (more bool, err error) {
	conn, err := r.connect(ctx)
	if err != nil {
		return false, err
	}
	// A cancelled context must not wait for the long poll.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := conn.SetReadDeadline(time.Now().Add(poll + readGrace)); err != nil {
		return false, r.failed(ctx, err)
	}
	if _, err := conn.Seek(r.next, kafka.SeekAbsolute|kafka.SeekDontCheck); err != nil {
		return false, r.failed(ctx, err)
	}
	batch := conn.ReadBatchWith(kafka.ReadBatchConfig{MinBytes: 1, MaxBytes: fetchBytes, MaxWait: max(poll, time.Millisecond)})
	readErr := r.decode(batch)
	high := batch.HighWaterMark()
	if err := batch.Close(); err != nil && readErr == nil && !errors.Is(err, kafka.RequestTimedOut) {
		readErr = err
	}
	if readErr != nil {
		r.pending = nil
		return false, r.failed(ctx, readErr)
	}
	return high > r.next, nil
}

// decode reads a whole answer into pending and checks that it has no gap.
func (r *Reader) decode(batch *kafka.Batch) error {
	r.buf = r.buf[:0]
	expected := r.next
	for {
		m, err := batch.ReadMessage()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, kafka.RequestTimedOut) {
				break
			}
			return err
		}
		if m.Offset != expected {
			return &GapError{Topic: r.topic, Partition: r.partition, Expected: expected, Got: m.Offset}
		}
		expected++
		if m.Time.IsZero() { // how the client shows the first millisecond of 1970
			m.Time = time.UnixMilli(0)
		}
		rec := Record{Key: m.Key, Value: m.Value, Time: m.Time.UTC(), Offset: m.Offset}
		if len(m.Headers) > 0 {
			rec.Headers = make([]Header, len(m.Headers))
			for i, h := range m.Headers {
				rec.Headers[i] = Header(h)
			}
		}
		r.buf = append(r.buf, rec)
	}
	r.pending = r.buf
	return nil
}

// failed drops the connection after an error and gives the error to return.
func (r *Reader) failed(ctx context.Context, err error) error {
	r.disconnect()
	if r.isClosed() {
		return ErrClosed
	}
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
	return fmt.Errorf("fetching from topic %s partition %d at offset %d: %w", r.topic, r.partition, r.next, err)
}

// connect gives the connection to the partition's leader, opening it when
// needed.
func (r *Reader) connect(ctx context.Context) (*kafka.Conn, error) {
	r.connMu.Lock()
	conn, closed := r.conn, r.closed
	r.connMu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if conn != nil {
		return conn, nil
	}
	conn, err := r.b.dialLeader(ctx, r.topic, r.partition)
	if err != nil {
		return nil, err
	}
	r.connMu.Lock()
	defer r.connMu.Unlock()
	if r.closed {
		return nil, errors.Join(ErrClosed, conn.Close())
	}
	r.conn = conn
	return conn, nil
}

// dialLeader tries the bootstrap addresses in turn.
func (b *Broker) dialLeader(ctx context.Context, topic string, partition int) (*kafka.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	var errs []error
	for _, addr := range b.bootstrap {
		conn, err := b.dialer.DialLeader(ctx, "tcp", addr, topic, partition)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, fmt.Errorf("connecting to the leader of topic %s partition %d by %s: %w", topic, partition, addr, err))
	}
	return nil, errors.Join(errs...)
}

func (r *Reader) disconnect() {
	r.connMu.Lock()
	conn := r.conn
	r.conn = nil
	r.connMu.Unlock()
	if conn != nil {
		_ = conn.Close() // it is broken already
	}
}

func (r *Reader) isClosed() bool {
	r.connMu.Lock()
	defer r.connMu.Unlock()
	return r.closed
}

// Close ends the reader; a Fetch that waits returns ErrClosed. Closing twice is
// harmless.
func (r *Reader) Close() error {
	r.b.mu.Lock()
	delete(r.b.readers, r)
	r.b.mu.Unlock()
	r.connMu.Lock()
	conn := r.conn
	r.conn, r.closed = nil, true
	r.connMu.Unlock()
	if conn == nil {
		return nil
	}
	if err := conn.Close(); err != nil {
		return fmt.Errorf("closing the reader of topic %s partition %d: %w", r.topic, r.partition, err)
	}
	return nil
}
