package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"linesman/schema"
)

// ParquetReader reads the records of an archive file as they were in the log. It reads
// column by column itself: the library's way to records panics in goroutines of its own on
// damaged files. It is not safe for concurrent use.
type ParquetReader struct {
	file    *file.Reader
	group   int // the next row group
	entries []Entry
	known   map[string][]byte // values of headers seen: most records repeat them
}

// inList is the definition level of a value that belongs to an element of the headers: the
// library declares lists as nullable, and an empty list has the level below.
const inList = 2

// maxKnown bounds the header values that a reader remembers.
const maxKnown = 1024

// OpenParquet opens an archive file. It reads only what was kept byte for byte.
func OpenParquet(r parquet.ReaderAtSeeker) (p *ParquetReader, err error) {
	defer recovered("opening a Parquet file", &err)
	f, err := file.NewParquetReader(r)
	if err != nil {
		return nil, fmt.Errorf("opening a Parquet file: %w", err)
	}
	s := f.MetaData().Schema
	want := [...]struct {
		path string
		typ  parquet.Type
		def  int16
	}{
		{"topic", parquet.Types.ByteArray, 0}, {"partition", parquet.Types.Int32, 0}, {"offset", parquet.Types.Int64, 0}, {"recorded_at", parquet.Types.Int64, 0},
		{"key", parquet.Types.ByteArray, 1}, {"value", parquet.Types.ByteArray, 1},
		{"headers.list.element.name", parquet.Types.ByteArray, inList}, {"headers.list.element.value", parquet.Types.ByteArray, inList + 1},
	}
	for i, w := range want {
		if i >= s.NumColumns() || s.Column(i).Path() != w.path || s.Column(i).PhysicalType() != w.typ || s.Column(i).MaxDefinitionLevel() != w.def {
			return nil, fmt.Errorf("the file is no archive of a log: its column %d is not %s as it should be", i+1, w.path)
		}
	}
	return &ParquetReader{file: f, known: map[string][]byte{}}, nil
}

// recovered turns a panic of the library, which panics on some damaged files, into an error.
func recovered(what string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %w", what, panicked(r))
	}
}

// Rows is the number of records in the file.
func (p *ParquetReader) Rows() int64 { return p.file.NumRows() }

// Next returns the entries of the next row group, with the topic and partition they belong
// to, or io.EOF. The slice is reused by the next call, the bytes are not.
func (p *ParquetReader) Next() (entries []Entry, topic string, partition int, err error) {
	defer recovered("reading a Parquet file", &err)
	if p.group == p.file.NumRowGroups() {
		return nil, "", 0, io.EOF
	}
	g := &groupReader{rows: p.file.RowGroup(p.group)}
	p.group++
	n := int(g.rows.NumRows())
	p.entries = append(p.entries[:0], make([]Entry, n)...)
	topics, partitions := g.bytes(colTopic, n), g.int32s(colPartition, n)
	offsets, recorded := g.int64s(colOffset, n), g.int64s(colRecorded, n)
	keys, values := g.bytes(colKey, n), g.bytes(colValue, n)
	if g.err != nil {
		return nil, "", 0, fmt.Errorf("reading a Parquet file: %w", g.err)
	}
	for i := range p.entries {
		if !bytes.Equal(topics[i], topics[0]) || partitions[i] != partitions[0] {
			return nil, "", 0, errors.New("reading a Parquet file: it holds records of several partitions")
		}
		p.entries[i] = Entry{Offset: offsets[i], At: schema.Time(recorded[i]), Key: keys[i], Value: values[i]}
	}
	if err := p.headers(g); err != nil {
		return nil, "", 0, fmt.Errorf("reading a Parquet file: %w", err)
	}
	if n == 0 {
		return p.entries, "", 0, nil
	}
	return p.entries, string(topics[0]), int(partitions[0]), nil
}

// headers adds the headers to the entries.
func (p *ParquetReader) headers(g *groupReader) error {
	names, values := g.repeated(colHeaders), g.repeated(colHeaders+1)
	if g.err != nil {
		return g.err
	}
	if len(names) != len(values) {
		return errors.New("headers have not as many names as values")
	}
	row := -1
	for i := range names {
		if names[i].first {
			row++
		}
		if row < 0 || row >= len(p.entries) {
			return errors.New("headers belong to no record")
		}
		if names[i].there {
			e := &p.entries[row]
			e.Headers = append(e.Headers, EntryHeader{Name: string(names[i].value), Value: p.share(values[i].value)})
		}
	}
	if row != len(p.entries)-1 {
		return errors.New("records have no headers")
	}
	return nil
}

// share returns one slice for equal values.
func (p *ParquetReader) share(v []byte) []byte {
	if v == nil || len(v) > 64 {
		return v
	}
	if s, ok := p.known[string(v)]; ok {
		return s
	}
	if len(p.known) < maxKnown {
		p.known[string(v)] = v
	}
	return v
}

// groupReader reads whole columns of one row group and keeps the first error.
type groupReader struct {
	rows *file.RowGroupReader
	err  error
}

// opened opens a column, or notes why not.
func opened[R file.ColumnChunkReader](g *groupReader, i int) (r R, ok bool) {
	if g.err != nil {
		return r, false
	}
	c, err := g.rows.Column(i)
	if err != nil {
		g.err = err
		return r, false
	}
	if r, ok = c.(R); !ok {
		g.err = fmt.Errorf("column %d has type %s", i+1, c.Type())
	}
	return r, ok
}

// check notes a column that ended early.
func (g *groupReader) check(c file.ColumnChunkReader, got, want int) {
	if g.err = c.Err(); g.err == nil && got != want {
		g.err = fmt.Errorf("a column has %d values of %d", got, want)
	}
}

// batch is how many values are taken at a time.
const batch = 4096

func (g *groupReader) int32s(col, n int) []int32 {
	return numbers[int32, *file.Int32ColumnChunkReader](g, col, n)
}

func (g *groupReader) int64s(col, n int) []int64 {
	return numbers[int64, *file.Int64ColumnChunkReader](g, col, n)
}

// chunkOf reads a column of numbers.
type chunkOf[T any] interface {
	file.ColumnChunkReader
	ReadBatch(batchSize int64, values []T, defLvls, repLvls []int16) (total int64, valuesRead int, err error)
}

func numbers[T any, C chunkOf[T]](g *groupReader, col, n int) []T {
	c, ok := opened[C](g, col)
	if !ok {
		return nil
	}
	out, at := make([]T, n), 0
	for at < n && c.HasNext() {
		_, read, err := c.ReadBatch(int64(min(batch, n-at)), out[at:], nil, nil)
		if at += read; err != nil || read == 0 {
			g.err = err
			break
		}
	}
	if g.err == nil {
		g.check(c, at, n)
	}
	return out
}

// bytes reads a column without repetitions. Null is nil, empty is not.
func (g *groupReader) bytes(col, n int) [][]byte {
	cells := g.cells(col)
	if g.err == nil && len(cells) != n {
		g.err = fmt.Errorf("a column has %d values of %d", len(cells), n)
	}
	if g.err != nil {
		return nil
	}
	out := make([][]byte, n)
	for i := range cells {
		out[i] = cells[i].value
	}
	return out
}

func (g *groupReader) repeated(col int) []cell { return g.cells(col) }

// cell is one value of a column, or the note that a list is empty.
type cell struct {
	value []byte // nil: null
	first bool   // begins a row
	there bool   // belongs to an element of a list, null or not
}

// cells reads a column with its levels. The library's values lie in memory that the next page
// overwrites, so they are copied, many into one piece.
func (g *groupReader) cells(col int) []cell {
	c, ok := opened[*file.ByteArrayColumnChunkReader](g, col)
	if !ok {
		return nil
	}
	most := c.Descriptor().MaxDefinitionLevel()
	var out []cell
	var values [batch]parquet.ByteArray
	var defs, reps [batch]int16
	for c.HasNext() {
		levels, read, err := c.ReadBatch(batch, values[:], defs[:], reps[:])
		if err != nil || levels == 0 {
			g.err = err
			break
		}
		size := 0
		for _, v := range values[:read] {
			size += len(v)
		}
		arena, next := make([]byte, 0, size), 0
		for i := range int(levels) {
			one := cell{first: reps[i] == 0, there: defs[i] >= inList}
			if most == 0 || defs[i] == most {
				from := len(arena)
				arena = append(arena, values[next]...)
				one.value = arena[from:len(arena):len(arena)]
				next++
			}
			out = append(out, one)
		}
	}
	if g.err == nil {
		g.err = c.Err()
	}
	return out
}

// Equal tells whether two entries are the same byte for byte. Nil and empty differ.
func (e *Entry) Equal(o *Entry) bool {
	if e.Offset != o.Offset || e.At != o.At || !alike(e.Key, o.Key) || !alike(e.Value, o.Value) || len(e.Headers) != len(o.Headers) {
		return false
	}
	for i := range e.Headers {
		if e.Headers[i].Name != o.Headers[i].Name || !alike(e.Headers[i].Value, o.Headers[i].Value) {
			return false
		}
	}
	return true
}

func alike(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
