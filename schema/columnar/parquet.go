package columnar

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"linesman/schema"
)

// Entry is a record of the log as the archive keeps it.
type Entry struct {
	Offset int64
	At     schema.Time // when it was recorded
	// Key and Value are nil where the record has none; that is not the same as empty.
	Key, Value []byte
	Headers    []EntryHeader
}

// EntryHeader is one header of an Entry.
type EntryHeader struct {
	Name  string
	Value []byte // nil where the header has none
}

// The columns of an archive file that every topic has. They hold the records byte for byte;
// beside them is one nullable struct for each record type of the topic, named as its table.
const (
	colTopic = iota
	colPartition
	colOffset
	colRecorded
	colKey
	colValue
	colHeaders
	rawColumns
)

// Parquet writes the records of one partition as a Parquet file, zstd-compressed. It is not
// safe for concurrent use.
type Parquet struct {
	schema    *arrow.Schema
	topic     string
	partition int32
	raw       *rawBuilders
	kinds     []kind
	out       *pqarrow.FileWriter
	sink      *sink
}

// sink remembers why writing failed: the library says only that it did, or panics.
type sink struct {
	w   io.Writer
	err error
}

// Write passes on what is written.
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

// NewParquet begins a file. about is written into the file's metadata.
func NewParquet(w io.Writer, topic string, partition int, about map[string]string) (p *Parquet, err error) {
	p = &Parquet{topic: topic, partition: int32(partition), kinds: kindsOf(topic), sink: &sink{w: w}}
	defer p.explain("beginning a Parquet file", &err)
	fields := rawFields()
	for _, k := range p.kinds {
		fields = append(fields, k.field())
	}
	meta := arrow.MetadataFrom(about)
	p.schema = arrow.NewSchema(fields, &meta)
	mem := memory.NewGoAllocator()
	p.raw = newRawBuilders(mem)
	props := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithAllocator(mem),
		parquet.WithMaxStatsSize(64), parquet.WithDictionaryFor("offset", false), parquet.WithDictionaryFor("value", false)}
	for _, k := range p.kinds {
		for _, name := range k.distinct() {
			props = append(props, parquet.WithDictionaryFor(name, false))
		}
	}
	p.out, err = pqarrow.NewFileWriter(p.schema, p.sink, parquet.NewWriterProperties(props...), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema(), pqarrow.WithAllocator(mem)))
	return p, err
}

// rawFields are the fields of what is kept byte for byte.
func rawFields() []arrow.Field {
	describe := func(f arrow.Field, meaning string) arrow.Field {
		f.Metadata = arrow.NewMetadata([]string{"meaning"}, []string{meaning})
		return f
	}
	return []arrow.Field{
		describe(arrow.Field{Name: "topic", Type: arrow.BinaryTypes.String}, "Topic of the record in the log."),
		describe(arrow.Field{Name: "partition", Type: arrow.PrimitiveTypes.Int32}, "Partition of the topic."),
		describe(arrow.Field{Name: "offset", Type: arrow.PrimitiveTypes.Int64}, "Place of the record in the partition."),
		describe(arrow.Field{Name: "recorded_at", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}}, "When the fact was recorded."),
		describe(arrow.Field{Name: "key", Type: arrow.BinaryTypes.Binary, Nullable: true}, "Key of the record, byte for byte; null: it has none."),
		describe(arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary, Nullable: true}, "Value of the record, byte for byte, in Protocol Buffers wire format (linesman.proto); null: it has none."),
		describe(arrow.Field{Name: "headers", Type: headersType()}, "Headers of the record in their order: v is the version of the encoding, t the record type."),
	}
}

func headersType() *arrow.ListType {
	pair := arrow.StructOf(arrow.Field{Name: "name", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary, Nullable: true})
	return arrow.ListOfField(arrow.Field{Name: "element", Type: pair})
}

// rawBuilders build the columns of what is kept byte for byte.
type rawBuilders struct {
	topic     *array.StringBuilder
	partition *array.Int32Builder
	offset    *array.Int64Builder
	recorded  *array.TimestampBuilder
	key       *array.BinaryBuilder
	value     *array.BinaryBuilder
	headers   *array.ListBuilder
}

func newRawBuilders(mem memory.Allocator) *rawBuilders {
	f := rawFields()
	return &rawBuilders{topic: array.NewStringBuilder(mem), partition: array.NewInt32Builder(mem), offset: array.NewInt64Builder(mem),
		recorded: array.NewTimestampBuilder(mem, f[colRecorded].Type.(*arrow.TimestampType)),
		key:      array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary), value: array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary),
		headers: array.NewListBuilderWithField(mem, headersType().ElemField())}
}

func (b *rawBuilders) append(topic string, partition int32, entries []Entry) []arrow.Array {
	hb := b.headers.ValueBuilder().(*array.StructBuilder)
	names, values := hb.FieldBuilder(0).(*array.StringBuilder), hb.FieldBuilder(1).(*array.BinaryBuilder)
	for i := range entries {
		e := &entries[i]
		b.topic.Append(topic)
		b.partition.Append(partition)
		b.offset.Append(e.Offset)
		b.recorded.Append(arrow.Timestamp(e.At))
		appendBytes(b.key, e.Key)
		appendBytes(b.value, e.Value)
		b.headers.Append(true)
		for _, h := range e.Headers {
			hb.Append(true)
			names.Append(h.Name)
			appendBytes(values, h.Value)
		}
	}
	return []arrow.Array{b.topic.NewArray(), b.partition.NewArray(), b.offset.NewArray(), b.recorded.NewArray(), b.key.NewArray(), b.value.NewArray(), b.headers.NewArray()}
}

func appendBytes(b *array.BinaryBuilder, v []byte) {
	if v == nil {
		b.AppendNull()
		return
	}
	b.Append(v)
}

// Write writes the entries as one row group. What cannot be decoded is kept all the same; its
// struct is null.
func (p *Parquet) Write(entries []Entry) (err error) {
	if len(entries) == 0 {
		return nil
	}
	defer p.explain("writing a row group", &err)
	arrays := p.raw.append(p.topic, p.partition, entries)
	for _, k := range p.kinds {
		arrays = append(arrays, k.array(entries))
	}
	rec := newRecord(p.schema, arrays, int64(len(entries)))
	defer rec.Release()
	return p.out.Write(rec)
}

// Close ends the file. It does not close the writer below.
func (p *Parquet) Close() (err error) {
	defer p.explain("ending a Parquet file", &err)
	return p.out.Close()
}

// explain words an error or a panic of the library. It is deferred.
func (p *Parquet) explain(what string, err *error) {
	if r := recover(); r != nil {
		*err = panicked(r)
	}
	if p.sink.err != nil {
		*err = p.sink.err
	}
	if *err != nil {
		*err = fmt.Errorf("%s of %s: %w", what, p.topic, *err)
	}
}

// panicked makes an error of what the Parquet library panics with.
func panicked(r any) error {
	if err, ok := r.(error); ok {
		return err
	}
	return fmt.Errorf("%v", r)
}
