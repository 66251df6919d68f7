package columnar

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"linesman/schema"
)

// exportRows is how many rows are one record batch or row group of an export.
const exportRows = 65_536

// ExportParquet writes rows as a Parquet file, zstd-compressed: plain columns as the table declares
// them, money as decimal128(18, 6), each with unit and meaning as metadata. about is written into the
// file's metadata. The same rows give the same bytes.
func ExportParquet[T any](w io.Writer, t *schema.Table[T], rows []T, about map[string]string) (err error) {
	out := &sink{w: w}
	defer explainExport("a Parquet file of "+t.Name, out, &err)
	e := newExport(t, about)
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithAllocator(e.mem))
	file, err := pqarrow.NewFileWriter(e.schema, out, props, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema(), pqarrow.WithAllocator(e.mem)))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(rows, exportRows) {
		if err := e.write(part, file.Write); err != nil {
			return err
		}
	}
	return file.Close()
}

// ExportArrow writes rows as an Arrow IPC file with the columns of [ExportParquet].
func ExportArrow[T any](w io.Writer, t *schema.Table[T], rows []T, about map[string]string) (err error) {
	out := &sink{w: w}
	defer explainExport("an Arrow file of "+t.Name, out, &err)
	e := newExport(t, about)
	file, err := ipc.NewFileWriter(&placed{sink: out}, ipc.WithSchema(e.schema), ipc.WithAllocator(e.mem))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(rows, exportRows) {
		if err := e.write(part, file.Write); err != nil {
			return err
		}
	}
	return file.Close()
}

// placed tells the writer of IPC files how far it is; it asks for nothing else.
type placed struct {
	*sink
	at int64
}

// Write passes on and counts.
func (p *placed) Write(b []byte) (int, error) {
	n, err := p.sink.Write(b)
	p.at += int64(n)
	return n, err
}

// Seek tells the place and moves nowhere.
func (p *placed) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return p.at, errors.ErrUnsupported
	}
	return p.at, nil
}

// explainExport words an error, with why writing failed where that is known; the library panics on some.
func explainExport(what string, out *sink, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
	if *err != nil {
		*err = fmt.Errorf("writing %s: %w", what, errors.Join(*err, out.err))
	}
}

// export turns rows into record batches.
type export[T any] struct {
	mem    memory.Allocator
	schema *arrow.Schema
	b      []array.Builder
	put    []func(*T)
}

func newExport[T any](t *schema.Table[T], about map[string]string) *export[T] {
	e := &export[T]{mem: memory.NewGoAllocator()}
	var fields []arrow.Field
	for _, c := range t.Columns {
		f := arrow.Field{Name: c.Name, Type: plain(c.Type), Metadata: arrow.NewMetadata([]string{"unit", "meaning"}, []string{c.Unit, c.Meaning})}
		b := array.NewBuilder(e.mem, f.Type)
		fields, e.b, e.put = append(fields, f), append(e.b, b), append(e.put, putter(c, b))
	}
	meta := arrow.MetadataFrom(about)
	e.schema = arrow.NewSchema(fields, &meta)
	return e
}

func (e *export[T]) write(rows []T, to func(arrow.Record) error) error {
	for i := range rows {
		for _, put := range e.put {
			put(&rows[i])
		}
	}
	arrays := make([]arrow.Array, len(e.b))
	for i, b := range e.b {
		arrays[i] = b.NewArray()
	}
	rec := newRecord(e.schema, arrays, int64(len(rows)))
	defer rec.Release()
	return to(rec)
}
