package engine

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/shopspring/decimal"
)

// typeCases are the types the store uses, with values at their edges.
var typeCases = []struct {
	typ    string
	values []any
}{
	{"FixedString(16)", []any{string(bytes.Repeat([]byte{0xff, 0}, 8)), "0123456789abcdef"}},
	{"LowCardinality(String)", []any{"", "Region Väst", "a'b\\c\n\nd"}},
	{"String", []any{"", "åäö\x00\xff", string(bytes.Repeat([]byte("x"), 300))}},
	{"DateTime64(3, 'UTC')", []any{time.Date(2026, 3, 29, 1, 59, 59, 999e6, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)}},
	{"Date", []any{time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)}},
	{"Decimal(18, 6)", []any{decimal.RequireFromString("123456789012.123456"), decimal.RequireFromString("-0.000001")}},
	{"Array(FixedString(16))", []any{[]string{}, []string{"0123456789abcdef", "fedcba9876543210"}}},
	{"Array(Array(UInt8))", []any{[][]uint8{{}, {1, 2}}}},
	{"Map(String, String)", []any{map[string]string{}, map[string]string{"a": "1", "b": ""}}},
	{"Nullable(String)", []any{ptr("x"), (*string)(nil)}},
	{"Nullable(UInt32)", []any{ptr(uint32(7)), (*uint32)(nil)}},
	{"LowCardinality(Nullable(String))", []any{ptr("x"), (*string)(nil)}},
	{"UInt8", []any{uint8(0), uint8(255)}}, {"UInt16", []any{uint16(math.MaxUint16)}},
	{"UInt32", []any{uint32(math.MaxUint32)}}, {"UInt64", []any{uint64(math.MaxUint64)}},
	{"Int64", []any{int64(math.MinInt64), int64(math.MaxInt64)}},
	{"Bool", []any{true, false}},
	{"Float64", []any{0.1, math.Inf(1), -math.MaxFloat64}},
	{"Enum8('a' = 1, 'b, (' = 2)", []any{"b, (", "a"}},
	{"Tuple(a UInt8, b LowCardinality(String))", []any{map[string]any{"a": uint8(1), "b": "x"}}},
}

func ptr[T any](v T) *T { return &v }

// TestTypes sends every type to the engine in a batch and reads it back.
func TestTypes(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	for i, c := range typeCases {
		t.Run(c.typ, func(t *testing.T) {
			table := fmt.Sprintf("types%d", i)
			if err := e.Conn().Exec(ctx, fmt.Sprintf("CREATE TABLE %s (n UInt32, v %s) ENGINE = MergeTree ORDER BY n", table, c.typ)); err != nil {
				t.Fatal(err)
			}
			b, err := e.Conn().PrepareBatch(ctx, "INSERT INTO "+table+" (n, v)")
			if err != nil {
				t.Fatal(err)
			}
			for n, v := range c.values {
				if err := b.Append(uint32(n), v); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.Send(); err != nil {
				t.Fatal(err)
			}
			rows, err := e.Conn().Query(ctx, "SELECT v FROM "+table+" ORDER BY n")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for n, want := range c.values {
				got := reflect.New(reflect.TypeOf(want))
				if !rows.Next() {
					t.Fatalf("only %d rows: %v", n, rows.Err())
				}
				if err := rows.Scan(got.Interface()); err != nil {
					t.Fatal(err)
				}
				if !same(got.Elem().Interface(), want) {
					t.Errorf("row %d: got %#v, want %#v", n, got.Elem().Interface(), want)
				}
			}
			if rows.Next() || rows.Err() != nil {
				t.Errorf("more rows than sent, or %v", rows.Err())
			}
		})
	}
}

func same(a, b any) bool {
	switch x := a.(type) {
	case time.Time:
		return x.Equal(b.(time.Time))
	case decimal.Decimal:
		return x.Equal(b.(decimal.Decimal))
	case map[string]string:
		return maps.Equal(x, b.(map[string]string))
	}
	return reflect.DeepEqual(a, b)
}

func TestParameters(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	text := "a'b\\c\t\n?$1{x:String} -- ; DROP TABLE t å"
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var got string
	var n uint64
	for name, err := range map[string]error{
		"question marks": e.Conn().QueryRow(ctx, "SELECT ?, toUInt64(?)", text, 7).Scan(&got, &n),
		"numbers":        e.Conn().QueryRow(ctx, "SELECT $2, toUInt64($1)", 7, text).Scan(&got, &n),
		"names":          e.Conn().QueryRow(ctx, "SELECT @t, toUInt64(@n)", clickhouse.Named("t", text), clickhouse.Named("n", 7)).Scan(&got, &n),
		"server side":    e.Conn().QueryRow(ctx, "SELECT {t:String}, {n:UInt64}", clickhouse.Named("t", "plain"), clickhouse.Named("n", "7")).Scan(&got, &n),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, q := range []string{"SELECT ?", "SELECT $1", "SELECT @a"} {
		var arg any = text
		if q == "SELECT @a" {
			arg = clickhouse.Named("a", text)
		}
		if err := e.Conn().QueryRow(ctx, q, arg).Scan(&got); err != nil || got != text {
			t.Errorf("%s: got %q, %v", q, got, err)
		}
	}
	var when time.Time
	if err := e.Conn().QueryRow(ctx, "SELECT toDateTime64(?, 3, 'UTC')", at).Scan(&when); err != nil || !when.Equal(at) {
		t.Errorf("time: %v, %v", when, err)
	}
	if err := e.Conn().QueryRow(ctx, "SELECT count() FROM numbers(10) WHERE number IN (?)", []int{1, 3, 99}).Scan(&n); err != nil || n != 2 {
		t.Errorf("IN: %d, %v", n, err)
	}
}

func TestExternalTable(t *testing.T) {
	e := openTest(t, t.TempDir())
	table, err := ext.NewTable("wanted", ext.Column("id", "UInt64"), ext.Column("unit", "String"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := table.Append(uint64(i*2), fmt.Sprint("unit ", i)); err != nil {
			t.Fatal(err)
		}
	}
	var n uint64
	ctx := clickhouse.Context(testContext(t), clickhouse.WithExternalTable(table))
	if err := e.Conn().QueryRow(ctx, "SELECT sum(number) FROM numbers(10) WHERE number IN (SELECT id FROM wanted)").Scan(&n); err != nil || n != 6 {
		t.Fatalf("%d, %v", n, err)
	}
}

// Results that come in many pieces must arrive whole and in order.
func TestLargeResult(t *testing.T) {
	e := openTest(t, t.TempDir())
	rows, err := e.Conn().Query(testContext(t), "SELECT number, toString(number), toLowCardinality(toString(number % 1000)), [number, 2], if(number % 3 = 0, NULL, number) FROM numbers(500000) ORDER BY number")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var (
		want, n   uint64
		text, low string
		list      []uint64
		maybe     *uint64
	)
	for rows.Next() {
		if err := rows.Scan(&n, &text, &low, &list, &maybe); err != nil {
			t.Fatal(err)
		}
		if n != want || text != fmt.Sprint(n) || low != fmt.Sprint(n%1000) || list[0] != n || (maybe == nil) != (n%3 == 0) {
			t.Fatalf("row %d: %d %q %q %v %v", want, n, text, low, list, maybe)
		}
		want++
	}
	if rows.Err() != nil || want != 500000 {
		t.Fatalf("%d rows, %v", want, rows.Err())
	}
}

func TestErrorsAreExceptions(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	for _, c := range []struct {
		sql  string
		code int32
	}{
		{"SELECT * FROM nowhere", 60}, {"SELECT nothing", 47}, {"SELEC 1", 62}, {"SELECT 1 SETTINGS nonsense = 1", 115},
		{"SELECT throwIf(number = 3) FROM numbers(10)", 395},
		{"SELECT sum(number) FROM numbers(1000000000) SETTINGS max_rows_to_read = 10", 158},
	} {
		err := e.Conn().Exec(ctx, c.sql)
		var ex *clickhouse.Exception
		if !errors.As(err, &ex) || ex.Code != c.code {
			t.Errorf("Exec %s: %v, want code %d", c.sql, err, c.code)
		}
	}
	// An error after the first rows were sent must reach the reader.
	rows, err := e.Conn().Query(ctx, "SELECT number, throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_threads = 1, max_block_size = 10000")
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
	}
	var ex *clickhouse.Exception
	if !errors.As(err, &ex) || ex.Code != 395 {
		t.Errorf("error in the middle of a result: %v", err)
	}
	var out bytes.Buffer
	err = e.QueryFormat(ctx, "SELECT number, throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_threads = 1, max_block_size = 10000", "TSV", nil, &out)
	if !errors.As(err, &ex) || ex.Code != 395 || bytes.Contains(out.Bytes(), []byte("exception")) {
		t.Errorf("error in the middle of TSV after %d bytes: %v", out.Len(), err)
	}
}

// Every other type must either arrive or be refused with a code; it must never arrive wrong.
func TestOtherTypes(t *testing.T) {
	e := openTest(t, t.TempDir())
	ctx := testContext(t)
	for _, c := range []struct{ expr, want string }{
		{"toIPv4('192.0.2.1')", "192.0.2.1"}, {"toIPv6('2001:db8::1')", "2001:db8::1"},
		{"toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"},
		{"toString(toInt128('-170141183460469231731687303715884105728'))", "-170141183460469231731687303715884105728"}, {"toInt128(5)", ""},
		{"toUInt256('7')", ""}, {"toDecimal256('1.5', 2)", "1.5"}, {"toFloat32(0.5)", "0.5"}, {"toInt8(-1)", "-1"},
		{"(1, 'x', [2, NULL])", ""}, {"[[], ['a']]", "[[] [a]]"}, {"NULL", "<nil>"},
		{"CAST([(1, 'a')], 'Nested(x UInt8, y String)')", "[map[x:1 y:a]]"}, {"map('a', map('b', [1]))", "map[a:map[b:[1]]]"},
		{"CAST(1, 'Enum16(\\'it\\\\\\'s, (\\' = 1)')", "it's, ("}, {"toLowCardinality(toFixedString('ab', 2))", "ab"},
		{"CAST(('a', 1), 'Tuple(`x y` String, z UInt8)')", ""}, {"toIntervalDay(3)", ""}, {"countState()", ""}, {"CAST(1, 'Dynamic')", ""},
		{"CAST(1, 'Variant(UInt8, String)')", ""}, {"tuple()", ""},
	} {
		// Columns around it show whether the end of the value was found.
		rows, err := e.Conn().Query(ctx, "SELECT 'before', "+c.expr+" AS v, 'after' FROM numbers(3)")
		n := 0
		if err == nil {
			for rows.Next() {
				var before, after string
				types := rows.ColumnTypes()
				v := reflect.New(types[1].ScanType())
				if err = rows.Scan(&before, v.Interface(), &after); err != nil {
					break
				}
				got := fmt.Sprint(reflect.Indirect(v).Interface())
				if p := reflect.Indirect(v); p.Kind() == reflect.Pointer && !p.IsNil() {
					got = fmt.Sprint(p.Elem().Interface())
				}
				if before != "before" || after != "after" || c.want != "" && got != c.want {
					t.Errorf("%s: %q %s %q, want %s", c.expr, before, got, after, c.want)
				}
				n++
			}
			if err == nil {
				err = rows.Err()
			}
		}
		if err != nil && c.want != "" || err == nil && n != 3 {
			t.Errorf("%s: %d rows, %v", c.expr, n, err)
		}
		if err != nil {
			t.Logf("%s is refused: %.150v", c.expr, err)
		}
	}
}
