// Package columnar is the columnar form of records between decoding and inserting: Arrow
// record batches whose schema derives from the table declarations. It is the only package
// that imports Arrow.
package columnar

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"linesman/schema"
)

// chunk is how many rows are turned into columns at a time: rows of a chunk stay in the
// second-level cache while every column passes over them.
const chunk = 256

// Arrow returns the Arrow type of a logical type. Symbols are dictionaries (they arrive in
// the store as LowCardinality), moments are milliseconds in UTC, money is Decimal128(18, 6).
func Arrow(t schema.Type) arrow.DataType {
	switch t {
	case schema.TypeID:
		return &arrow.FixedSizeBinaryType{ByteWidth: 16}
	case schema.TypeSymbol:
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	case schema.TypeTime:
		return &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	case schema.TypeDay:
		return arrow.FixedWidthTypes.Date32
	case schema.TypeMoney:
		return &arrow.Decimal128Type{Precision: 18, Scale: 6}
	case schema.TypeBool:
		return arrow.FixedWidthTypes.Boolean
	case schema.TypeHash, schema.TypeUint:
		return arrow.PrimitiveTypes.Uint64
	case schema.TypeUint32:
		return arrow.PrimitiveTypes.Uint32
	case schema.TypeInt:
		return arrow.PrimitiveTypes.Int64
	case schema.TypeFloat:
		return arrow.PrimitiveTypes.Float64
	case schema.TypeIDs:
		return arrow.ListOfNonNullable(&arrow.FixedSizeBinaryType{ByteWidth: 16})
	}
	return arrow.BinaryTypes.String
}

// Schema returns the Arrow schema of a table; each field carries unit and meaning as metadata.
func Schema(in schema.Info) *arrow.Schema {
	fields := make([]arrow.Field, len(in.Columns))
	for i, c := range in.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: Arrow(c.Type), Metadata: arrow.NewMetadata([]string{"unit", "meaning"}, []string{c.Unit, c.Meaning})}
	}
	return arrow.NewSchema(fields, nil)
}

// Batch collects records of one table as columns. It is not safe for concurrent use.
type Batch[T any] struct {
	table   *schema.Table[T]
	schema  *arrow.Schema
	columns []column[T]
	rows    int
}

// column gathers the values of one column.
type column[T any] interface {
	gather(rows []T)
	array() arrow.Array
}

// NewBatch prepares an empty batch of a table.
func NewBatch[T any](t *schema.Table[T]) *Batch[T] {
	b := &Batch[T]{table: t, schema: Schema(t.Info())}
	mem := memory.NewGoAllocator()
	for _, c := range t.Columns {
		b.columns = append(b.columns, newColumn(c, mem))
	}
	return b
}

// Append adds the rows to the batch.
func (b *Batch[T]) Append(rows []T) {
	for len(rows) > 0 {
		n := min(chunk, len(rows))
		for _, c := range b.columns {
			c.gather(rows[:n])
		}
		b.rows += n
		rows = rows[n:]
	}
}

// Len returns the number of rows gathered since the last Flush.
func (b *Batch[T]) Len() int { return b.rows }

// Reset forgets the rows gathered since the last Flush.
func (b *Batch[T]) Reset() {
	if b.rows == 0 {
		return
	}
	for _, c := range b.columns {
		c.array().Release()
	}
	b.rows = 0
}

// Columns returns the column names in order.
func (b *Batch[T]) Columns() []string { return b.table.Info().Names() }

// Flush writes the batch as one Arrow IPC stream of one record batch and empties it.
func (b *Batch[T]) Flush(w io.Writer) error {
	arrays := make([]arrow.Array, len(b.columns))
	for i, c := range b.columns {
		arrays[i] = c.array()
	}
	rec := newRecord(b.schema, arrays, int64(b.rows))
	defer rec.Release()
	b.rows = 0
	out := ipc.NewWriter(w, ipc.WithSchema(b.schema))
	if err := out.Write(rec); err != nil {
		return fmt.Errorf("encoding %d rows of %s as Arrow: %w", rec.NumRows(), b.table.Name, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("ending the Arrow stream of %s: %w", b.table.Name, err)
	}
	return nil
}
