package store

import (
	"bytes"
	"context"
	"fmt"

	"linesman/internal/failpoint"
	"linesman/schema"
	"linesman/schema/columnar"
)

// Writer inserts rows of one table. It is not safe for concurrent use.
type Writer[T any] struct {
	store *Store
	table string
	batch *columnar.Batch[T]
}

// NewWriter prepares a writer of a table.
func NewWriter[T any](s *Store, t *schema.Table[T]) *Writer[T] {
	return &Writer[T]{store: s, table: t.Name, batch: columnar.NewBatch(t)}
}

// Add gathers rows for the next Flush.
func (w *Writer[T]) Add(rows []T) { w.batch.Append(rows) }

// Len returns how many rows wait for the next Flush.
func (w *Writer[T]) Len() int { return w.batch.Len() }

// Reset forgets the rows that wait for the next Flush.
func (w *Writer[T]) Reset() { w.batch.Reset() }

// Flush inserts the gathered rows as one block. With a token, a block that is in the store
// already is not inserted again. After an error the rows are gone: the caller adds them anew.
func (w *Writer[T]) Flush(ctx context.Context, token string) error {
	n := w.batch.Len()
	if n == 0 {
		return nil
	}
	buf := w.store.buffers.Get().(*bytes.Buffer)
	defer w.store.buffers.Put(buf)
	buf.Reset()
	if err := w.batch.Flush(buf); err != nil {
		return err
	}
	failpoint.Hit("insert.before")
	err := w.store.engine.InsertArrow(ctx, w.table, token, w.batch.Columns(), failpoint.Halfway("insert.during", bytes.NewReader(buf.Bytes()), buf.Len()))
	if err != nil {
		return fmt.Errorf("inserting %d rows: %w", n, err)
	}
	failpoint.Hit("insert.after")
	return nil
}
