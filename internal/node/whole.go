package node

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"linesman/schema"
)

// DamagedLogError says that the log cannot be read from its beginning to its end.
type DamagedLogError struct{ Err error }

// Error says what to do.
func (e *DamagedLogError) Error() string {
	return fmt.Sprintf("the log cannot be read in full, so the store cannot be made anew from it and is left as it is (it may hold what the log has lost): %v. "+
		"Put back the log's files from a copy, or restore the log from an archive (linesman restore), then run linesman rebuild again", e.Err)
}

// Unwrap gives what is broken.
func (e *DamagedLogError) Unwrap() error { return e.Err }

// wholeLog reads the whole log. It stands before everything that drops the store: a store that
// is gone cannot be made anew from a log with a hole.
func (n *Node) wholeLog(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			g.Go(func() error { return n.wholePartition(ctx, t.Name, p) })
		}
	}
	return g.Wait()
}

func (n *Node) wholePartition(ctx context.Context, topic string, partition int) error {
	_, next, err := n.broker.Offsets(ctx, topic, partition)
	if err != nil {
		return err // away, not damaged
	}
	r, err := n.broker.NewReader(ctx, topic, partition, 0)
	if err != nil {
		return &DamagedLogError{err}
	}
	defer func() { _ = r.Close() }()
	for at := int64(0); at < next; {
		recs, err := r.Fetch(ctx, 100_000, 10*time.Second)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return &DamagedLogError{err}
		case len(recs) == 0:
			return &DamagedLogError{fmt.Errorf("topic %s partition %d gave nothing at offset %d of %d", topic, partition, at, next)}
		}
		at += int64(len(recs))
	}
	return nil
}

// Fits returns an error when the store was not made from the log that it meets. Nothing may be
// appended to such a log: it would make the mistake harder to see and to mend.
func (n *Node) Fits(ctx context.Context) error {
	if n.pipeline == nil { // it only collects and has no store
		return nil
	}
	return n.pipeline.Fits(ctx)
}
