package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/shopspring/decimal"
)

// usageTable has a column of each kind the store uses, and a deduplication window.
const usageTable = `CREATE TABLE usage (
	id FixedString(16), time DateTime64(3, 'UTC'), day Date, unit LowCardinality(String), note String, cost Decimal(18, 6),
	seconds UInt32, bytes UInt64, internal Bool, ratio Float64, maybe Nullable(UInt32), tags Array(LowCardinality(String)), class UInt8
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (unit, time, id)
SETTINGS non_replicated_deduplication_window = 10000`

var dictionary = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

var usageSchema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: &arrow.FixedSizeBinaryType{ByteWidth: 16}},
	{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}},
	{Name: "day", Type: arrow.FixedWidthTypes.Date32},
	{Name: "unit", Type: dictionary},
	{Name: "note", Type: arrow.BinaryTypes.String},
	{Name: "cost", Type: &arrow.Decimal128Type{Precision: 18, Scale: 6}},
	{Name: "seconds", Type: arrow.PrimitiveTypes.Uint32},
	{Name: "bytes", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "internal", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "ratio", Type: arrow.PrimitiveTypes.Float64},
	{Name: "maybe", Type: arrow.PrimitiveTypes.Uint32, Nullable: true},
	{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String)},
	{Name: "class", Type: arrow.PrimitiveTypes.Uint8},
}, nil)

// firstDay of the rows; row n is n seconds later, and every tenth is a month later, so that a batch has two partitions.
var firstDay = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func rowTime(n int) time.Time {
	at := firstDay.Add(time.Duration(n) * time.Second)
	if n%10 == 0 {
		at = at.AddDate(0, 1, 0)
	}
	return at
}

func rowID(n int) []byte {
	id := make([]byte, 16)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	id[0] = 0xff
	return id
}

// usageStream writes rows first … first+n-1 as record batches of size rows.
func usageStream(t testing.TB, first, n, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	b := array.NewRecordBuilder(memory.DefaultAllocator, usageSchema)
	defer b.Release()
	w := ipc.NewWriter(&out, ipc.WithSchema(usageSchema), ipc.WithDictionaryDeltas(false))
	for at := first; at < first+n; {
		for range min(size, first+n-at) {
			appendUsage(t, b, at)
			at++
		}
		rec := b.NewRecord()
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func appendUsage(t testing.TB, b *array.RecordBuilder, n int) {
	at := rowTime(n)
	b.Field(0).(*array.FixedSizeBinaryBuilder).Append(rowID(n))
	b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMilli() + int64(n%1000)))
	b.Field(2).(*array.Date32Builder).Append(arrow.Date32FromTime(at))
	if err := b.Field(3).(*array.BinaryDictionaryBuilder).AppendString(fmt.Sprintf("unit %d", n%50)); err != nil {
		t.Fatal(err)
	}
	b.Field(4).(*array.StringBuilder).Append(fmt.Sprintf("å %d\n", n))
	b.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(n)*1000003 - 5))
	b.Field(6).(*array.Uint32Builder).Append(uint32(n))
	b.Field(7).(*array.Uint64Builder).Append(uint64(n) << 33)
	b.Field(8).(*array.BooleanBuilder).Append(n%3 == 0)
	b.Field(9).(*array.Float64Builder).Append(float64(n) / 7)
	if n%2 == 0 {
		b.Field(10).AppendNull()
	} else {
		b.Field(10).(*array.Uint32Builder).Append(uint32(n))
	}
	tags := b.Field(11).(*array.ListBuilder)
	tags.Append(true)
	for i := range n % 3 {
		tags.ValueBuilder().(*array.StringBuilder).Append(fmt.Sprint("tag", i))
	}
	b.Field(12).(*array.Uint8Builder).Append(uint8(n))
}

func columnNames() (names []string) {
	for _, f := range usageSchema.Fields() {
		names = append(names, f.Name)
	}
	return names
}

func TestArrowTypes(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable)
	const n = 5
	if err := e.InsertArrow(ctx, "linesman.usage", "", columnNames(), bytes.NewReader(usageStream(t, 0, n, 2))); err != nil {
		t.Fatal(err)
	}
	rows, err := e.Conn().Query(ctx, "SELECT * FROM usage ORDER BY seconds")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := range n {
		var (
			id, unit, note string
			at, day        time.Time
			cost           decimal.Decimal
			seconds        uint32
			volume         uint64
			internal       bool
			ratio          float64
			maybe          *uint32
			tags           []string
			class          uint8
		)
		if !rows.Next() {
			t.Fatalf("only %d rows: %v", i, rows.Err())
		}
		if err := rows.Scan(&id, &at, &day, &unit, &note, &cost, &seconds, &volume, &internal, &ratio, &maybe, &tags, &class); err != nil {
			t.Fatal(err)
		}
		wantAt := rowTime(i).Add(time.Duration(i) * time.Millisecond)
		if id != string(rowID(i)) || !at.Equal(wantAt) || !day.Equal(rowTime(i).Truncate(24*time.Hour)) || unit != fmt.Sprintf("unit %d", i) ||
			note != fmt.Sprintf("å %d\n", i) || !cost.Equal(decimal.New(int64(i)*1000003-5, -6)) || seconds != uint32(i) || volume != uint64(i)<<33 ||
			internal != (i%3 == 0) || ratio != float64(i)/7 || (maybe == nil) != (i%2 == 0) || len(tags) != i%3 || class != uint8(i) {
			t.Errorf("row %d: %x %v %v %q %q %v %d %d %v %v %v %v %d", i, id, at, day, unit, note, cost, seconds, volume, internal, ratio, maybe, tags, class)
		}
	}
}

// The same token twice is one insert, also in a new child; another token is another insert.
func TestArrowDeduplication(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable, "SYSTEM STOP MERGES usage")
	insert := func(token string) {
		t.Helper()
		if err := e.InsertArrow(ctx, "usage", token, columnNames(), bytes.NewReader(usageStream(t, 0, 1000, 300))); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, want uint64) {
		t.Helper()
		if n := count(t, ctx, e, "SELECT count() FROM usage"); n != want {
			t.Errorf("%s: %d rows, want %d", what, n, want)
		}
	}
	insert("calls/0/0-999")
	insert("calls/0/0-999")
	check("same token", 1000)
	killChild(t, e)
	insert("calls/0/0-999")
	check("same token after a crash", 1000)
	insert("calls/0/1000-1999")
	check("other token", 2000)
	insert("")
	insert("calls/1/0-999")
	check("other partition's token, and none (whose content was seen before only under tokens)", 4000)
}

// One insert must be one block per partition: only then do a token and a crash mean all or nothing.
func TestArrowInsertIsOneBlock(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable, "SYSTEM STOP MERGES usage")
	for _, n := range []int{100_000, 300_000} {
		run(t, ctx, e, "TRUNCATE TABLE usage")
		if err := e.InsertArrow(ctx, "usage", fmt.Sprint("block ", n), nil, bytes.NewReader(usageStream(t, 0, n, 8192))); err != nil {
			t.Fatal(err)
		}
		parts := count(t, ctx, e, "SELECT count() FROM system.parts WHERE table = 'usage' AND active")
		partitions := count(t, ctx, e, "SELECT uniq(partition) FROM system.parts WHERE table = 'usage' AND active")
		if rows := count(t, ctx, e, "SELECT count() FROM usage"); rows != uint64(n) || parts != partitions || partitions != 2 {
			t.Errorf("%d rows: %d parts in %d partitions with %d rows", n, parts, partitions, rows)
		}
	}
}

// Rows that cannot be read, and a body that breaks off, leave nothing behind.
func TestArrowInsertFails(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable)
	stream := usageStream(t, 0, 20_000, 1000)
	for name, body := range map[string]io.Reader{
		"garbage": strings.NewReader("this is not Arrow"),
		"cut":     bytes.NewReader(stream[:len(stream)/2]),
		"broken":  io.MultiReader(bytes.NewReader(stream[:len(stream)/2]), failingReader{}),
	} {
		if err := e.InsertArrow(ctx, "usage", name, nil, body); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %.200v", name, err)
		}
		if n := count(t, ctx, e, "SELECT count() FROM usage"); n != 0 {
			t.Errorf("%s: %d rows arrived", name, n)
		}
	}
	if err := e.InsertArrow(ctx, "nowhere", "x", nil, bytes.NewReader(stream)); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("unknown table: %v", err)
	}
	if err := e.InsertArrow(ctx, "usage", "x", []string{"no`column"}, bytes.NewReader(stream)); err == nil {
		t.Error("unknown column: no error")
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A view that was fed by an insert must not be fed twice when the insert is repeated, and must be fed by the repetition
// when the first attempt reached only the table.
func TestArrowDeduplicationAndViews(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, usageTable,
		"CREATE TABLE sums (unit LowCardinality(String), day Date, n UInt64) ENGINE = SummingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (unit, day) SETTINGS non_replicated_deduplication_window = 10000",
		"CREATE MATERIALIZED VIEW to_sums TO sums AS SELECT unit, day, count() AS n FROM usage GROUP BY unit, day")
	for range 3 {
		if err := e.InsertArrow(ctx, "usage", "calls/0/0-999", nil, bytes.NewReader(usageStream(t, 0, 1000, 300))); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, ctx, e, "SELECT sum(n) FROM sums"); n != 1000 {
		t.Errorf("after three times the same insert the view counts %d", n)
	}
	run(t, ctx, e, "TRUNCATE TABLE sums") // as if a crash had come between table and view
	if err := e.InsertArrow(ctx, "usage", "calls/0/0-999", nil, bytes.NewReader(usageStream(t, 0, 1000, 300))); err != nil {
		t.Fatal(err)
	}
	if n := count(t, ctx, e, "SELECT sum(n) FROM sums"); n != 1000 {
		t.Errorf("repeating an insert whose view lost its rows gives the view %d rows", n)
	}
}

// TestBatch inserts the same rows by clickhouse-go's own columnar batch.
func TestBatch(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	run(t, ctx, e, "CREATE TABLE b (id FixedString(16), time DateTime64(3, 'UTC'), unit LowCardinality(String), cost Decimal(18, 6)) "+
		"ENGINE = ReplacingMergeTree ORDER BY (unit, time, id) SETTINGS non_replicated_deduplication_window = 100")
	for range 2 {
		token := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": "batch"}))
		b, err := e.Conn().PrepareBatch(token, "INSERT INTO b")
		if err != nil {
			t.Fatal(err)
		}
		var ids, units []string
		var times []time.Time
		var costs []decimal.Decimal
		for i := range 1000 {
			ids, units = append(ids, string(rowID(i))), append(units, fmt.Sprint("unit ", i%7))
			times, costs = append(times, rowTime(i)), append(costs, decimal.New(int64(i), -6))
		}
		for i, v := range []any{ids, times, units, costs} {
			if err := b.Column(i).Append(v); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Send(); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, ctx, e, "SELECT count() FROM b"); n != 1000 {
		t.Errorf("%d rows", n)
	}
}
