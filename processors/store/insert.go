package store

import (
	"bytes"
	"context"
	"fmt"

	"linesman/schema"
	"linesman/schema/columnar"
)

// Writer inserts rows of one table. It is not safe for concurrent use.
type Writer[T any] struct {
	store *Store
	table string
	batch *columnar.Batch[T]
	buf   bytes.Buffer
}

// NewWriter prepares a writer of a table.
func NewWriter[T any](s *Store, t *schema.Table[T]) *Writer[T] {
	return &Writer[T]{store: s, table: t.Name, batch: columnar.NewBatch(t)}
}

// Add gathers rows for the next Flush.
func (w *Writer[T]) Add(rows []T) { w.batch.Append(rows) }

// Len returns how many rows wait for the next Flush.
func (w *Writer[T]) Len() int { return w.batch.Len() }

// keepBuffer is the largest encoding buffer that an idle writer keeps.
const keepBuffer = 4 << 20

// Flush inserts the gathered rows as one block. With a token, a block that is in the store
// already is not inserted again. After an error the rows are gone: the caller adds them anew.
func (w *Writer[T]) Flush(ctx context.Context, token string) error {
	n := w.batch.Len()
	if n == 0 {
		return nil
	}
	w.buf.Reset()
	if err := w.batch.Flush(&w.buf); err != nil {
		return err
	}
	err := w.store.engine.InsertArrow(ctx, w.table, token, w.batch.Columns(), &w.buf)
	if w.buf.Cap() > keepBuffer {
		w.buf = bytes.Buffer{}
	}
	if err != nil {
		return fmt.Errorf("inserting %d rows: %w", n, err)
	}
	return nil
}
