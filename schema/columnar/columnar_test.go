package columnar_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"

	"linesman/schema"
	"linesman/schema/columnar"
	"linesman/schema/schematest"
)

// TestWhatIsWrittenIsReadBack fills batches of every table with random rows and reads the
// stream with Arrow's own reader, several times with one batch.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	done := map[string]bool{}
	for _, run := range []func(*testing.T) string{
		readBack(schema.UsageTable()), readBack(schema.WatchTable()), readBack(schema.ViolationTable()), readBack(schema.FileTable()), readBack(schema.RejectTable()), readBack(schema.AmendmentTable()), readBack(schema.RestatementTable()), readBack(schema.SealTable()), readBack(schema.CaseTable()), readBack(schema.LineTable()),
		readBack(schema.UnitTable()), readBack(schema.CostCentreTable()), readBack(schema.NumberRangeTable()), readBack(schema.ApprovalTable()), readBack(schema.PriceTable()), readBack(schema.GoalTable()),
		readBack(schema.ContactTable()), readBack(schema.EquipmentTable()), readBack(schema.EmploymentTable()), readBack(schema.TelephoneHoursTable()),
		readBack(schema.AllocationRuleTable()), readBack(schema.ExchangeRateTable()), readBack(schema.InvoiceTable()), readBack(schema.InvoiceLineTable()), readBack(schema.PublicationTable()), readBack(schema.AccessGrantTable()), readBack(schema.AccessReadTable()),
		readBack(everyType()),
	} {
		done[run(t)] = true
	}
	for _, in := range schema.Catalogue() {
		if !done[in.Name] {
			t.Errorf("table %s is not tested", in.Name)
		}
	}
}

// all has a column of every type, also of those that no table uses today.
type all struct {
	id     schema.ID
	text   string
	symbol string
	time   schema.Time
	day    schema.Day
	money  schema.Money
	flag   bool
	hash   uint64
	count  uint64
	small  uint32
	signed int64
	float  float64
	ids    []schema.ID
}

func everyType() *schema.Table[all] {
	ref := func(typ schema.Type, f func(*all) any) schema.Column[all] {
		return schema.Column[all]{Field: int(typ) + 1, Name: typ.String(), Type: typ, Unit: "u" + typ.String(), Meaning: "Of type " + typ.String() + ".", Ref: f}
	}
	return &schema.Table[all]{Name: "all", Record: "All", Columns: []schema.Column[all]{
		ref(schema.TypeID, func(a *all) any { return &a.id }), ref(schema.TypeText, func(a *all) any { return &a.text }), ref(schema.TypeSymbol, func(a *all) any { return &a.symbol }),
		ref(schema.TypeTime, func(a *all) any { return &a.time }), ref(schema.TypeDay, func(a *all) any { return &a.day }), ref(schema.TypeMoney, func(a *all) any { return &a.money }),
		ref(schema.TypeBool, func(a *all) any { return &a.flag }), ref(schema.TypeHash, func(a *all) any { return &a.hash }), ref(schema.TypeUint, func(a *all) any { return &a.count }),
		ref(schema.TypeUint32, func(a *all) any { return &a.small }), ref(schema.TypeInt, func(a *all) any { return &a.signed }), ref(schema.TypeFloat, func(a *all) any { return &a.float }),
		ref(schema.TypeIDs, func(a *all) any { return &a.ids }),
	}}
}

func readBack[T any](table *schema.Table[T]) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Run(table.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(table.Name))))
			b := columnar.NewBatch(table)
			for _, n := range []int{0, 1, 255, 256, 257, 700, 3, 0, 40} { // around the size of a chunk, larger and smaller than before
				rows := make([]T, n)
				for i := range rows {
					schematest.Fill(r, table, &rows[i])
				}
				half, given := r.IntN(n+1), slices.Clone(rows)
				b.Append(given[:half])
				b.Append(given[half:])
				clear(given) // the batch must not lean on rows it was given
				if b.Len() != n {
					t.Fatalf("the batch counts %d rows of %d", b.Len(), n)
				}
				var buf bytes.Buffer
				if err := b.Flush(&buf); err != nil {
					t.Fatal(err)
				}
				if b.Len() != 0 {
					t.Fatalf("%d rows are left after the flush", b.Len())
				}
				compare(t, table, rows, &buf)
			}
		})
		return table.Name
	}
}

func compare[T any](t *testing.T, table *schema.Table[T], rows []T, stream io.Reader) {
	t.Helper()
	in, err := ipc.NewReader(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Release()
	if !in.Schema().Equal(columnar.Schema(table.Info())) {
		t.Fatalf("the stream's schema is %v", in.Schema())
	}
	batches, at := 0, 0
	for in.Next() {
		batches++
		rec := in.Record()
		for i, c := range table.Columns {
			for j := range int(rec.NumRows()) {
				want := schematest.Value(c.Ref(&rows[at+j]))
				if got := value(t, rec.Column(i), j); !schematest.Same(want, convert(c.Type, got)) {
					t.Fatalf("%s.%s, row %d of %d: read %v, want %v", table.Name, c.Name, at+j, len(rows), got, want)
				}
			}
		}
		at += int(rec.NumRows())
	}
	if err := in.Err(); err != nil || batches != 1 || at != len(rows) {
		t.Fatalf("%d rows in %d batches, %v; want %d in one", at, batches, err, len(rows))
	}
}

// value reads one cell by the stream's type alone.
func value(t *testing.T, col arrow.Array, i int) any {
	t.Helper()
	if col.IsNull(i) {
		t.Fatalf("row %d is null", i)
	}
	switch a := col.(type) {
	case *array.FixedSizeBinary:
		return schema.ID(a.Value(i))
	case *array.String:
		return a.Value(i)
	case *array.Dictionary:
		return value(t, a.Dictionary(), a.GetValueIndex(i))
	case *array.Timestamp:
		return int64(a.Value(i))
	case *array.Date32:
		return int32(a.Value(i))
	case *array.Decimal128:
		return a.Value(i).BigInt().Int64()
	case *array.Boolean:
		return a.Value(i)
	case *array.Uint64:
		return a.Value(i)
	case *array.Uint32:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.List:
		var ids []schema.ID
		for from, to := a.ValueOffsets(i); from < to; from++ {
			ids = append(ids, value(t, a.ListValues(), int(from)).(schema.ID))
		}
		return ids
	}
	t.Fatalf("no column has type %s", col.DataType())
	return nil
}

func convert(typ schema.Type, v any) any {
	switch typ {
	case schema.TypeTime:
		return schema.Time(v.(int64))
	case schema.TypeDay:
		return schema.Day(v.(int32))
	case schema.TypeMoney:
		return schema.Money(v.(int64))
	}
	return v
}

func TestSchemaOfTheStream(t *testing.T) {
	want := map[schema.Type]string{
		schema.TypeID: "fixed_size_binary[16]", schema.TypeText: "utf8", schema.TypeSymbol: "dictionary<values=utf8, indices=int32, ordered=false>", schema.TypeTime: "timestamp[ms, tz=UTC]",
		schema.TypeDay: "date32", schema.TypeMoney: "decimal(18, 6)", schema.TypeBool: "bool", schema.TypeHash: "uint64", schema.TypeUint: "uint64", schema.TypeUint32: "uint32",
		schema.TypeInt: "int64", schema.TypeFloat: "float64", schema.TypeIDs: "list<item: fixed_size_binary[16]>",
	}
	for _, in := range append(schema.Catalogue(), everyType().Info()) {
		s := columnar.Schema(in)
		if s.NumFields() != len(in.Columns) {
			t.Fatalf("%s has %d fields for %d columns", in.Name, s.NumFields(), len(in.Columns))
		}
		for i, c := range in.Columns {
			f := s.Field(i)
			unit, _ := f.Metadata.GetValue("unit")
			meaning, _ := f.Metadata.GetValue("meaning")
			if f.Name != c.Name || f.Type.String() != want[c.Type] || f.Nullable || unit != c.Unit || meaning != c.Meaning {
				t.Errorf("%s.%s: field %v, want type %s", in.Name, c.Name, f, want[c.Type])
			}
		}
	}
}

// A dictionary holds each value once, and none of the batch before.
func TestDictionariesStartAnew(t *testing.T) {
	b := columnar.NewBatch(everyType())
	for _, symbols := range [][]string{{"a", "b", "a", "", "a"}, {"c", "c"}, {"", "c", ""}, {"c", ""}} {
		distinct := map[string]bool{}
		for _, s := range symbols {
			b.Append([]all{{symbol: s}})
			distinct[s] = true
		}
		var buf bytes.Buffer
		if err := b.Flush(&buf); err != nil {
			t.Fatal(err)
		}
		in, err := ipc.NewReader(&buf)
		if err != nil || !in.Next() {
			t.Fatal(err)
		}
		col := in.Record().Column(int(schema.TypeSymbol)).(*array.Dictionary)
		if n := col.Dictionary().Len(); n != len(distinct) {
			t.Errorf("%q has a dictionary of %d", symbols, n)
		}
		for i, s := range symbols {
			if got := value(t, col, i); got != s {
				t.Errorf("row %d of %q is %q", i, symbols, got)
			}
		}
		in.Release()
	}
}

// TestErrorOfTheWriter says what could not be written, and leaves a batch that works.
func TestErrorOfTheWriter(t *testing.T) {
	b := columnar.NewBatch(everyType())
	rows := []all{{text: "x", ids: []schema.ID{{1}}}}
	b.Append(rows)
	if err := b.Flush(broken{}); err == nil {
		t.Fatal("a writer that fails gave no error")
	}
	b.Append(rows)
	var buf bytes.Buffer
	if err := b.Flush(&buf); err != nil {
		t.Fatal(err)
	}
	compare(t, everyType(), rows, &buf)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func BenchmarkBatch(b *testing.B) {
	rows := make([]schema.Usage, 10_000)
	for i := range rows {
		rows[i] = schema.Usage{EventID: schema.NewID("b", string(rune(i))), Kind: "call", Service: []string{"voice_out", "sms"}[i%2], LineID: schema.LineID(uint64(i%3000) * 0x9e3779b97f4a7c15), OccurredAt: schema.Time(1_773_000_000_000 + i),
			Zone: schema.DefaultZone, DurationS: uint32(i % 900), Answered: true, OtherMask: "+467012•••••", OtherHash: uint64(i), Operator: "norrtele", Charged: schema.Money(i), Currency: "SEK",
			UnitID: []string{"SE1", "SE2", "SE3"}[i%3], Line: schema.LineID(uint64(i%3000) * 0x9e3779b97f4a7c15), Holder: "P0000000000000", Cost: schema.Money(i)}
	}
	batch := columnar.NewBatch(schema.UsageTable())
	bytes := &counter{}
	b.ReportAllocs()
	for b.Loop() {
		batch.Append(rows)
		if err := batch.Flush(bytes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/row")
	b.ReportMetric(float64(bytes.n)/float64(b.N*len(rows)), "bytes/row")
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }
