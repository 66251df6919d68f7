package verify

import (
	"context"
	"fmt"
	"time"

	"linesman/internal/broker"
)

// readWait is how long a record that must be there may take.
const readWait = 10 * time.Second

// callbackError is an error of who asked for the records, not of the log.
type callbackError struct{ error }

// Unwrap gives the cause.
func (e *callbackError) Unwrap() error { return e.error }

// readAll gives fn the records at from ≤ offset < to in order, some at a time, and returns up to
// where it came. [broker.Lost] tells whether an error is about the log or about reading it.
func readAll(ctx context.Context, log Log, at place, from, to uint64, fn func([]broker.Record) error) (uint64, error) {
	if from >= to {
		return from, nil
	}
	reader, err := log.NewReader(ctx, at.topic, int(at.partition), int64(from))
	if err != nil {
		return from, err
	}
	defer func() { _ = reader.Close() }()
	for from < to {
		recs, err := reader.Fetch(ctx, int(min(to-from, fetchMax)), readWait)
		if err != nil {
			return from, err
		}
		if len(recs) == 0 {
			return from, fmt.Errorf("the log gave nothing at offset %d, it should end at %d", from, to)
		}
		if err := fn(recs); err != nil {
			return from, &callbackError{err}
		}
		from += uint64(len(recs))
	}
	return from, nil
}
