package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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

// benchRows is the size of the batches of the benchmark, benchCopies how often each kind of column occurs: 5 × 6 = 30.
const (
	benchRows   = 100_000
	benchCopies = 5
)

// benchData are the columns as Go slices; both ways of inserting start from them.
type benchData struct {
	ids   []string
	times []time.Time
	units []string
	costs []int64
	ints  []uint32
	wide  []uint64
}

func newBenchData() *benchData {
	r := rand.New(rand.NewPCG(1, 2))
	d := &benchData{}
	for range benchRows {
		id := make([]byte, 16)
		binary.BigEndian.PutUint64(id, r.Uint64())
		binary.BigEndian.PutUint64(id[8:], r.Uint64())
		d.ids = append(d.ids, string(id))
		d.times = append(d.times, firstDay.Add(time.Duration(r.IntN(28*86400_000))*time.Millisecond))
		d.units = append(d.units, fmt.Sprintf("unit %d", r.IntN(400)))
		d.costs = append(d.costs, r.Int64N(1e9))
		d.ints = append(d.ints, r.Uint32N(10000))
		d.wide = append(d.wide, r.Uint64N(1e12))
	}
	return d
}

func benchTable() string {
	var cols []string
	for i := range benchCopies {
		for _, c := range []string{"id%d FixedString(16)", "time%d DateTime64(3, 'UTC')", "unit%d LowCardinality(String)", "cost%d Decimal(18, 6)", "seconds%d UInt32", "bytes%d UInt64"} {
			cols = append(cols, fmt.Sprintf(c, i))
		}
	}
	return "CREATE TABLE bench (" + strings.Join(cols, ", ") + ") ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(time0) ORDER BY (unit0, time0, id0) SETTINGS non_replicated_deduplication_window = 10000"
}

func (d *benchData) stream(b *testing.B) []byte {
	var fields []arrow.Field
	for i := range benchCopies {
		for _, f := range []arrow.Field{usageSchema.Field(0), usageSchema.Field(1), usageSchema.Field(3), usageSchema.Field(5), usageSchema.Field(6), usageSchema.Field(7)} {
			fields = append(fields, arrow.Field{Name: fmt.Sprint(f.Name, i), Type: f.Type})
		}
	}
	schema := arrow.NewSchema(fields, nil)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	rb.Reserve(benchRows)
	for i := range benchCopies {
		ids, times, units := rb.Field(6*i).(*array.FixedSizeBinaryBuilder), rb.Field(6*i+1).(*array.TimestampBuilder), rb.Field(6*i+2).(*array.BinaryDictionaryBuilder)
		costs := rb.Field(6*i + 3).(*array.Decimal128Builder)
		for n := range benchRows {
			ids.Append([]byte(d.ids[n]))
			times.Append(arrow.Timestamp(d.times[n].UnixMilli()))
			if err := units.AppendString(d.units[n]); err != nil {
				b.Fatal(err)
			}
			costs.Append(decimal128.FromI64(d.costs[n]))
		}
		rb.Field(6*i+4).(*array.Uint32Builder).AppendValues(d.ints, nil)
		rb.Field(6*i+5).(*array.Uint64Builder).AppendValues(d.wide, nil)
	}
	rec := rb.NewRecord()
	defer rec.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if err := w.Write(rec); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func (d *benchData) batch(b *testing.B, ctx context.Context, e *Engine) {
	// The same setting as InsertArrow has, or the comparison would be of merging.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"optimize_on_insert": 0}))
	batch, err := e.Conn().PrepareBatch(ctx, "INSERT INTO bench")
	if err != nil {
		b.Fatal(err)
	}
	costs := make([]decimal.Decimal, benchRows)
	for i, c := range d.costs {
		costs[i] = decimal.New(c, -6)
	}
	for i := range benchCopies {
		for j, v := range []any{d.ids, d.times, d.units, costs, d.ints, d.wide} {
			if err := batch.Column(6*i + j).Append(v); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := batch.Send(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkInsert inserts batches of 100 000 rows and 30 columns.
func BenchmarkInsert(b *testing.B) {
	e, err := Open(context.Background(), Config{Dir: b.TempDir()}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close(context.Background())
	ctx := context.Background()
	d := newBenchData()
	encoded := d.stream(b)
	token := 0
	insert := func(stream []byte) {
		token++
		if err := e.InsertArrow(ctx, "bench", fmt.Sprint("bench ", token), nil, bytes.NewReader(stream)); err != nil {
			b.Fatal(err)
		}
	}
	for name, f := range map[string]func(){
		"ArrowEncodedBefore": func() { insert(encoded) },
		"ArrowWithEncoding":  func() { insert(d.stream(b)) },
		"NativeBatch":        func() { d.batch(b, ctx, e) },
	} {
		b.Run(name, func(b *testing.B) {
			if err := e.Conn().Exec(ctx, "DROP TABLE IF EXISTS bench SYNC"); err != nil {
				b.Fatal(err)
			}
			if err := e.Conn().Exec(ctx, benchTable()); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
