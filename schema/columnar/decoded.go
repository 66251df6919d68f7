package columnar

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"linesman/schema"
)

// kind is one record type of a topic: its struct column in an archive file.
type kind interface {
	field() arrow.Field
	// distinct lists the paths of columns that seldom repeat a value.
	distinct() []string
	// array decodes the entries of this type; of the others the struct is null.
	array(entries []Entry) arrow.Array
}

// kindsOf lists the record types of a topic.
func kindsOf(topic string) []kind {
	var out []kind
	for _, k := range [...]func(string) kind{
		kindOf(schema.UsageTable()), kindOf(schema.AmendmentTable()), kindOf(schema.WatchTable()), kindOf(schema.ViolationTable()), kindOf(schema.FileTable()),
		kindOf(schema.RejectTable()), kindOf(schema.RestatementTable()), kindOf(schema.SealTable()), kindOf(schema.CaseTable()), kindOf(schema.LineTable()), kindOf(schema.UnitTable()),
		kindOf(schema.CostCentreTable()), kindOf(schema.NumberRangeTable()), kindOf(schema.ApprovalTable()), kindOf(schema.PriceTable()), kindOf(schema.GoalTable()),
		kindOf(schema.ContactTable()), kindOf(schema.EquipmentTable()), kindOf(schema.EmploymentTable()), kindOf(schema.TelephoneHoursTable()),
		kindOf(schema.AllocationRuleTable()), kindOf(schema.ExchangeRateTable()), kindOf(schema.InvoiceTable()), kindOf(schema.InvoiceLineTable()), kindOf(schema.PublicationTable()),
		kindOf(schema.AccessGrantTable()), kindOf(schema.AccessReadTable()),
	} {
		if k := k(topic); k != nil {
			out = append(out, k)
		}
	}
	return out
}

func kindOf[T any](t *schema.Table[T]) func(topic string) kind {
	return func(topic string) kind {
		if t.Topic != topic && (t.Topic != "" || !slices.Contains(schema.UsageTopics(), topic)) {
			return nil
		}
		return newKind(t)
	}
}

// tableKind decodes the records of one table.
type tableKind[T any] struct {
	table *schema.Table[T]
	dec   *schema.Decoder[T]
	b     *array.StructBuilder
	put   []func(*T)
	paths []string
}

func newKind[T any](t *schema.Table[T]) *tableKind[T] {
	k := &tableKind[T]{table: t, dec: schema.NewDecoder(t)}
	k.b = array.NewStructBuilder(memory.NewGoAllocator(), k.field().Type.(*arrow.StructType))
	for _, c := range t.Columns {
		if c.Field == 0 {
			continue
		}
		k.put = append(k.put, putter(c, k.b.FieldBuilder(len(k.put))))
		if c.Type == schema.TypeID && c.Name == "event_id" || c.Name == "leaves" {
			k.paths = append(k.paths, t.Name+"."+c.Name)
		}
	}
	return k
}

// field describes the struct. Derived columns are not in the log and not in the struct.
func (k *tableKind[T]) field() arrow.Field {
	var fields []arrow.Field
	for _, c := range k.table.Columns {
		if c.Field > 0 {
			meta := arrow.NewMetadata([]string{"unit", "meaning", "personal_data"}, []string{c.Unit, c.Meaning, c.Personal})
			fields = append(fields, arrow.Field{Name: c.Name, Type: plain(c.Type), Nullable: true, Metadata: meta})
		}
	}
	meta := arrow.NewMetadata([]string{"meaning", "record"}, []string{k.table.Meaning, k.table.Record})
	return arrow.Field{Name: k.table.Name, Type: arrow.StructOf(fields...), Nullable: true, Metadata: meta}
}

// plain is the Arrow type of a column in an archive: Parquet has its own way to write a
// value that repeats once, so symbols are plain text.
func plain(t schema.Type) arrow.DataType {
	if t == schema.TypeSymbol {
		return arrow.BinaryTypes.String
	}
	return Arrow(t)
}

func (k *tableKind[T]) distinct() []string { return k.paths }

func (k *tableKind[T]) array(entries []Entry) arrow.Array {
	for i := range entries {
		var rec T
		if !k.decode(&entries[i], &rec) {
			k.b.AppendNull()
			continue
		}
		k.b.Append(true)
		for _, put := range k.put {
			put(&rec)
		}
	}
	return k.b.NewArray()
}

// decode tells whether an entry is a record of this type that can be read.
func (k *tableKind[T]) decode(e *Entry, rec *T) bool {
	version, record := "", ""
	for _, h := range e.Headers {
		switch h.Name {
		case schema.HeaderVersion:
			version = string(h.Value)
		case schema.HeaderType:
			record = string(h.Value)
		}
	}
	return version == schema.Version && record == k.table.Record && k.dec.Decode(e.Value, rec) == nil
}

// putter returns what appends a column of a record to its builder.
func putter[T any](c schema.Column[T], b array.Builder) func(*T) {
	ref := c.Ref
	switch b := b.(type) {
	case *array.FixedSizeBinaryBuilder:
		return func(r *T) { b.Append(ref(r).(*schema.ID)[:]) }
	case *array.TimestampBuilder:
		return func(r *T) { b.Append(arrow.Timestamp(*ref(r).(*schema.Time))) }
	case *array.Date32Builder:
		return func(r *T) { b.Append(arrow.Date32(*ref(r).(*schema.Day))) }
	case *array.Decimal128Builder:
		return func(r *T) { b.Append(decimal128.FromI64(int64(*ref(r).(*schema.Money)))) }
	case *array.BooleanBuilder:
		return func(r *T) { b.Append(*ref(r).(*bool)) }
	case *array.Uint64Builder:
		return func(r *T) { b.Append(*ref(r).(*uint64)) }
	case *array.Uint32Builder:
		return func(r *T) { b.Append(*ref(r).(*uint32)) }
	case *array.Int64Builder:
		return func(r *T) { b.Append(*ref(r).(*int64)) }
	case *array.Float64Builder:
		return func(r *T) { b.Append(*ref(r).(*float64)) }
	case *array.ListBuilder:
		items := b.ValueBuilder().(*array.FixedSizeBinaryBuilder)
		return func(r *T) {
			b.Append(true)
			for _, id := range *ref(r).(*[]schema.ID) {
				items.Append(id[:])
			}
		}
	}
	text := b.(*array.StringBuilder)
	// Text that is no UTF-8 would keep readers out of the whole column; the value beside it has the bytes.
	return func(r *T) { text.Append(strings.ToValidUTF8(*ref(r).(*string), "\uFFFD")) }
}
