package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/processors/store"
	"linesman/schema"
)

// sink turns the records of one partition into rows. It is used by one goroutine.
type sink interface {
	// open loads what tells duplicates apart; rows of offsets below next are in the store.
	open(ctx context.Context, next uint64) error
	// put inserts the rows of a range and says what became of its records. token recognises
	// the block; it is empty when the range is done again, see [part.step].
	put(ctx context.Context, r store.Range, token string, recs []broker.Record) (store.Outcome, *Dirty, error)
}

// part is the loop of one partition.
type part struct {
	p         *Pipeline
	topic     string
	partition uint32
	sink      sink

	next    atomic.Uint64 // offsets below are in the store
	until   uint64        // drain stops here
	most    uint64        // while draining, no range goes beyond this offset; 0: no bound
	pending *store.Range  // begun before a crash, to be done again as it was
	epoch   uint64        // claim under which ranges are written; 0: nobody shares the log
	touched uint64        // below this offset somebody else may have inserted rows
	reader  *broker.Reader
	recs    []broker.Record
	lastErr atomic.Pointer[string]
}

// open claims the partition where several instances share the log, finds its place and
// compares it with the log.
func (pt *part) open(ctx context.Context) error {
	if share := pt.p.share; share != nil {
		c, err := pt.p.store.Claim(ctx, pt.topic, pt.partition, share.Owner)
		if err != nil {
			return err
		}
		pt.epoch, pt.touched = c.Epoch, c.Touched
	}
	next, err := pt.position(ctx)
	if err != nil {
		return err
	}
	pt.next.Store(next)
	if err := pt.openReader(ctx); err != nil {
		return err
	}
	if err := pt.sameLog(ctx, next); err != nil {
		return err
	}
	return pt.sink.open(ctx, next)
}

// position finds where the store stands, and the range that was begun. The claim must hold:
// the place of another owner is not ours.
func (pt *part) position(ctx context.Context) (next uint64, err error) {
	next, pending, err := pt.p.store.Position(ctx, pt.topic, pt.partition)
	if err != nil {
		return 0, err
	}
	err = pt.p.store.Holds(ctx, pt.topic, pt.partition, pt.epoch)
	if errors.Is(err, store.ErrSuperseded) && pt.epoch == 0 {
		return 0, fmt.Errorf("the store was filled by instances that share a Kafka, and this one has the log for itself: configure the log (broker.mode) as theirs, or another store: %w", err)
	}
	if err != nil {
		return 0, err
	}
	pt.pending = pending
	return next, nil
}

func (pt *part) openReader(ctx context.Context) error {
	r, err := pt.p.log.NewReader(ctx, pt.topic, int(pt.partition), int64(pt.next.Load()))
	if err != nil {
		return fmt.Errorf("reading %s/%d from offset %d, where the store stands: %w", pt.topic, pt.partition, pt.next.Load(), err)
	}
	pt.reader = r
	return nil
}

// run processes ranges until ctx ends. A range that fails is tried again after a pause.
func (pt *part) run(ctx context.Context) error {
	defer func() { _ = pt.reader.Close() }()
	for ctx.Err() == nil {
		_, err := pt.step(ctx, time.Hour)
		if err == nil {
			pt.lastErr.Store(nil)
			continue
		}
		if err := pt.again(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// again prepares another try at a range that failed. It returns the error when trying again
// cannot help.
func (pt *part) again(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case Unfit(err), errors.Is(err, store.ErrSuperseded):
		return err
	}
	text := err.Error()
	pt.lastErr.Store(&text)
	pt.p.counters.failed(pt, text)
	pt.p.out.Error("a range was not stored and is tried again", "topic", pt.topic, "partition", pt.partition, "offset", pt.next.Load(), "error", err)
	select {
	case <-ctx.Done():
	case <-time.After(pt.p.cfg.Retry):
	}
	return pt.rewind(ctx)
}

// rewind puts the reader back to where the store stands, and takes up a range that was begun.
func (pt *part) rewind(ctx context.Context) error {
	_ = pt.reader.Close()
	for ctx.Err() == nil {
		next, err := pt.position(ctx)
		if err == nil {
			err = pt.skip(ctx, next)
		}
		if err == nil {
			err = pt.openReader(ctx)
		}
		if err == nil || Unfit(err) || errors.Is(err, store.ErrSuperseded) {
			return err
		}
		pt.p.out.Error("log or store does not answer, trying again", "topic", pt.topic, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pt.p.cfg.Retry):
		}
	}
	return nil
}

// skip goes on behind a range that is in the store although the answer to its Done was lost.
func (pt *part) skip(ctx context.Context, next uint64) error {
	from := pt.next.Load()
	if next <= from {
		return nil
	}
	if judged(pt.topic) && pt.p.judges() {
		d := NewDirty()
		d.reached(store.Range{Topic: pt.topic, Partition: pt.partition, Epoch: pt.epoch, Next: next})
		if err := pt.p.changedSince(ctx, pt, from, d); err != nil {
			return err
		}
		pt.p.markDirty(d)
	}
	pt.next.Store(next)
	return nil
}

// drain processes ranges up to the offset until.
func (pt *part) drain(ctx context.Context, count func(uint64)) error {
	pt.most = pt.until
	defer func() { pt.most = 0 }()
	for pt.next.Load() < pt.until {
		n, err := pt.step(ctx, 10*time.Second)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%s/%d: the log gave nothing at offset %d although it ends at %d", pt.topic, pt.partition, pt.next.Load(), pt.until)
		}
		count(uint64(n))
	}
	return nil
}

// step takes one range from the log to the store and returns how many records it had; it
// waits at most wait for the first record.
func (pt *part) step(ctx context.Context, wait time.Duration) (int, error) {
	if err := pt.gather(ctx, wait); err != nil {
		return 0, err
	}
	if len(pt.recs) == 0 {
		return 0, nil
	}
	if pt.moves() {
		pt.p.moving.Lock() // before a place among the busy: who judges may wait for one, and hold this
		defer pt.p.moving.Unlock()
	}
	select {
	case pt.p.busy <- struct{}{}:
		defer func() { <-pt.p.busy }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n := len(pt.recs)
	first := pt.next.Load()
	r := store.Range{Topic: pt.topic, Partition: pt.partition, First: first, Next: first + uint64(n), Mark: mark(&pt.recs[n-1]), Epoch: pt.epoch, Redone: first < pt.touched || pt.pending != nil && pt.epoch != 0}
	if pt.pending != nil && pt.pending.Mark != 0 && pt.pending.Mark != r.Mark {
		return 0, &OtherLogError{pt.topic, pt.partition, r.Next - 1}
	}
	pt.p.at(atRead, r)
	token, err := pt.begin(ctx, &r)
	if err != nil {
		return 0, err
	}
	pt.p.at(atBegun, r)
	outcome, dirty, err := pt.put(ctx, &r, token)
	if err != nil {
		return 0, fmt.Errorf("range %s: %w", r, err)
	}
	if err := failpoint.Err("range.insert.after"); err != nil {
		return 0, err
	}
	if err := pt.p.store.Done(ctx, r, outcome); err != nil {
		return 0, err
	}
	failpoint.Hit("range.done.after")
	pt.pending = nil
	pt.next.Store(r.Next)
	pt.p.carried.Add(uint64(n))
	pt.p.counters.done(pt, n)
	pt.p.stored(pt, r, dirty, pt.recs)
	clear(pt.recs)
	pt.recs = pt.recs[:0]
	return n, nil
}

// begin notes a range before its rows are inserted, unless that was done before, and says under
// which token they are.
//
// A range that was begun before is inserted without a token. The engine notes a token before
// it commits the rows: killed in between, it would take the block for one it has, and drop
// it. Rows that did get in are replaced by themselves: their sorting key holds the event.
func (pt *part) begin(ctx context.Context, r *store.Range) (token string, err error) {
	if pt.pending == nil {
		token = r.Token()
		failpoint.Hit("range.begin.before")
		if err := pt.p.store.Begin(ctx, *r); err != nil {
			return "", err
		}
		failpoint.Hit("range.begin.after")
		pt.pending = r
	}
	if pt.epoch != 0 {
		// Asked between Begin and the rows: who claims the partition later knows of the range.
		err = pt.p.store.Holds(ctx, pt.topic, pt.partition, pt.epoch)
	}
	return token, err
}

// moves tells whether the records of the next range may change rows that are there.
func (pt *part) moves() bool {
	switch {
	case pt.topic == schema.TopicReference:
		return true
	case slices.Contains(schema.UsageTopics(), pt.topic):
		for i := range pt.recs {
			if isAmendment(&pt.recs[i]) {
				return true
			}
		}
	}
	return false
}

// gather collects the records of the next range. A pending range is read exactly as it was;
// a new one takes what is there, up to the most rows, with a short wait for companions.
func (pt *part) gather(ctx context.Context, wait time.Duration) error {
	clear(pt.recs)
	pt.recs = pt.recs[:0]
	want := pt.p.cfg.BatchRows
	switch {
	case pt.pending != nil:
		want = int(pt.pending.Next - pt.pending.First)
	case pt.most > 0:
		want = int(min(uint64(want), pt.most-pt.next.Load()))
	}
	for len(pt.recs) < want {
		recs, err := pt.reader.Fetch(ctx, want-len(pt.recs), wait)
		if err != nil {
			return fmt.Errorf("reading %s/%d: %w", pt.topic, pt.partition, err)
		}
		pt.recs = append(pt.recs, recs...)
		if pt.pending != nil {
			if len(recs) == 0 {
				return fmt.Errorf("range %s was begun, but the log holds only %d of its records", pt.pending, len(pt.recs))
			}
			continue
		}
		if len(recs) == 0 {
			return nil
		}
		wait = pt.p.cfg.Linger
	}
	return nil
}

// record headers, in words; checks per record use is, which copies nothing.
func headers(rec *broker.Record) (version, typ string) {
	for _, h := range rec.Headers {
		switch h.Key {
		case schema.HeaderVersion:
			version = string(h.Value)
		case schema.HeaderType:
			typ = string(h.Value)
		}
	}
	return version, typ
}

// is tells whether a record is of this type, in this program's version of it.
func is(rec *broker.Record, typ string) bool {
	var known, fits bool
	for i := range rec.Headers {
		switch h := &rec.Headers[i]; h.Key {
		case schema.HeaderVersion:
			known = string(h.Value) == schema.Version
		case schema.HeaderType:
			fits = string(h.Value) == typ
		}
	}
	return known && fits
}

// unknown says of what type and version a record is.
func unknown(rec *broker.Record) error {
	v, typ := headers(rec)
	return fmt.Errorf("record type %q version %q is not known", typ, v)
}
