package columnar_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"linesman/schema"
	"linesman/schema/columnar"
	"linesman/schema/schematest"
)

// typed makes entries of random records of a table.
func typed[T any](r *rand.Rand, t *schema.Table[T], n int) []columnar.Entry {
	enc := schema.NewEncoder(t)
	var out []columnar.Entry
	for range n {
		var rec T
		schematest.Fill(r, t, &rec)
		out = append(out, columnar.Entry{At: schema.Time(r.Int64N(1 << 41)), Key: []byte("key"), Value: enc.Append([]byte{}, &rec),
			Headers: []columnar.EntryHeader{{Name: schema.HeaderVersion, Value: []byte(schema.Version)}, {Name: schema.HeaderType, Value: []byte(t.Record)}}})
	}
	return out
}

// odd are entries that no topic of ours has, but a log can hold.
func odd() []columnar.Entry {
	h := func(name string, v []byte) columnar.EntryHeader { return columnar.EntryHeader{Name: name, Value: v} }
	return []columnar.Entry{
		{}, {Key: []byte{}, Value: []byte{}}, {Key: []byte{}, At: -1}, {Value: []byte{}, At: 1},
		{Key: []byte{0, 0xff}, Value: []byte("\xff\x00"), Headers: []columnar.EntryHeader{h("", nil), h("", []byte{}), h("a", nil), h("a", []byte{0}), h("b", []byte("x")), h("a", []byte("again"))}},
		{Value: bytes.Repeat([]byte("long"), 300_000), Headers: []columnar.EntryHeader{h("v", []byte("1")), h("t", []byte("Usage"))}},
		{Value: []byte{0x12, 2, 0xff, 0xfe}, Headers: []columnar.EntryHeader{h("v", []byte("1")), h("t", []byte("Usage"))}},
		{Value: []byte{0x12, 200}, Headers: []columnar.EntryHeader{h("v", []byte("1")), h("t", []byte("Usage"))}},
		{Value: []byte{}, Headers: []columnar.EntryHeader{h("v", []byte("2")), h("t", []byte("Usage"))}},
	}
}

func everyTopic(r *rand.Rand, n int) map[string][]columnar.Entry {
	usage := slices.Concat(typed(r, schema.UsageTable(), n), typed(r, schema.AmendmentTable(), n/3+1), odd())
	r.Shuffle(len(usage), func(i, j int) { usage[i], usage[j] = usage[j], usage[i] })
	reference := slices.Concat(typed(r, schema.LineTable(), n), typed(r, schema.UnitTable(), n), typed(r, schema.CostCentreTable(), n), typed(r, schema.NumberRangeTable(), n),
		typed(r, schema.ApprovalTable(), n), typed(r, schema.PriceTable(), n), typed(r, schema.GoalTable(), n),
		typed(r, schema.EquipmentTable(), n), typed(r, schema.EmploymentTable(), n), typed(r, schema.TelephoneHoursTable(), n))
	r.Shuffle(len(reference), func(i, j int) { reference[i], reference[j] = reference[j], reference[i] })
	return map[string][]columnar.Entry{
		schema.TopicCalls: usage, schema.TopicSMS: odd(), schema.TopicData: {}, schema.TopicReference: reference,
		schema.TopicWatches: typed(r, schema.WatchTable(), n), schema.TopicFiles: typed(r, schema.FileTable(), n), schema.TopicRejects: typed(r, schema.RejectTable(), n),
		schema.TopicViolations: typed(r, schema.ViolationTable(), n), schema.TopicRestatements: typed(r, schema.RestatementTable(), n), schema.TopicSeals: typed(r, schema.SealTable(), n),
		schema.TopicCases: typed(r, schema.CaseTable(), n), schema.TopicContacts: typed(r, schema.ContactTable(), n),
		schema.TopicInvoices: typed(r, schema.InvoiceLineTable(), n), schema.TopicPublications: typed(r, schema.PublicationTable(), n),
		schema.TopicAccess: typed(r, schema.AccessReadTable(), n),
	}
}

func TestParquetKeepsEveryByte(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, n := range []int{1, 40, 1_200} {
		topics := everyTopic(r, n)
		for _, topic := range schema.Topics() {
			entries, ok := topics[topic.Name]
			if !ok {
				t.Fatalf("topic %s is not tested", topic.Name)
			}
			for i := range entries {
				entries[i].Offset = int64(i) + 1<<33
			}
			raw := written(t, topic.Name, entries, 500)
			back := readEntries(t, raw, topic.Name)
			if len(back) != len(entries) {
				t.Fatalf("%s: %d entries of %d came back", topic.Name, len(back), len(entries))
			}
			for i := range entries {
				if !back[i].Equal(&entries[i]) || !entries[i].Equal(&back[i]) {
					t.Fatalf("%s: entry %d differs: %.200v, was %.200v", topic.Name, i, back[i], entries[i])
				}
			}
		}
	}
}

func written(t *testing.T, topic string, entries []columnar.Entry, group int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := columnar.NewParquet(&buf, topic, 3, map[string]string{"linesman.format": "test"})
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(entries, group) {
		if err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func readEntries(t *testing.T, raw []byte, topic string) []columnar.Entry {
	t.Helper()
	p, err := columnar.OpenParquet(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out []columnar.Entry
	for {
		entries, name, partition, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || name != topic || partition != 3 {
			t.Fatalf("%s: %q, partition %d, %v", topic, name, partition, err)
		}
		out = append(out, entries...)
	}
	if p.Rows() != int64(len(out)) {
		t.Errorf("%d rows, %d entries", p.Rows(), len(out))
	}
	return out
}

// The decoded columns hold what the records hold, for each table that the log carries.
func TestParquetDecodes(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	done := map[string]bool{}
	for _, name := range []string{
		checkDecoded(t, r, schema.UsageTable(), schema.TopicCalls), checkDecoded(t, r, schema.AmendmentTable(), schema.TopicSMS),
		checkDecoded(t, r, schema.WatchTable(), ""), checkDecoded(t, r, schema.ViolationTable(), ""), checkDecoded(t, r, schema.FileTable(), ""),
		checkDecoded(t, r, schema.RejectTable(), ""), checkDecoded(t, r, schema.RestatementTable(), ""), checkDecoded(t, r, schema.SealTable(), ""), checkDecoded(t, r, schema.CaseTable(), ""),
		checkDecoded(t, r, schema.LineTable(), ""), checkDecoded(t, r, schema.UnitTable(), ""), checkDecoded(t, r, schema.CostCentreTable(), ""),
		checkDecoded(t, r, schema.NumberRangeTable(), ""), checkDecoded(t, r, schema.ApprovalTable(), ""), checkDecoded(t, r, schema.PriceTable(), ""), checkDecoded(t, r, schema.GoalTable(), ""),
		checkDecoded(t, r, schema.ContactTable(), ""), checkDecoded(t, r, schema.EquipmentTable(), ""), checkDecoded(t, r, schema.EmploymentTable(), ""), checkDecoded(t, r, schema.TelephoneHoursTable(), ""),
		checkDecoded(t, r, schema.AllocationRuleTable(), ""), checkDecoded(t, r, schema.ExchangeRateTable(), ""), checkDecoded(t, r, schema.InvoiceTable(), ""), checkDecoded(t, r, schema.InvoiceLineTable(), ""), checkDecoded(t, r, schema.PublicationTable(), ""), checkDecoded(t, r, schema.AccessGrantTable(), ""), checkDecoded(t, r, schema.AccessReadTable(), ""),
	} {
		done[name] = true
	}
	for _, in := range schema.Catalogue() {
		if !done[in.Name] {
			t.Errorf("table %s is not tested", in.Name)
		}
	}
}

func checkDecoded[T any](t *testing.T, r *rand.Rand, table *schema.Table[T], topic string) string {
	t.Helper()
	if topic == "" {
		topic = table.Topic
	}
	const rows = 700
	enc, recs := schema.NewEncoder(table), make([]T, rows)
	entries := typed(r, table, rows)
	for i := range recs {
		schematest.Fill(r, table, &recs[i])
		entries[i].Value = enc.Append(nil, &recs[i])
	}
	entries[17].Value = []byte{0xff} // not a record
	entries[18].Headers = nil
	entries[19].Headers = []columnar.EntryHeader{{Name: "v", Value: []byte("1")}, {Name: "t", Value: []byte("Stranger")}}
	raw := written(t, topic, entries, 300)
	f, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	fr, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1 << 20}, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := fr.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := tbl.Schema().FieldIndices(table.Name)
	if len(at) != 1 {
		t.Fatalf("%s: the file of %s has columns %v", table.Name, topic, tbl.Schema())
	}
	row := 0
	for _, chunk := range tbl.Column(at[0]).Data().Chunks() {
		s := chunk.(*array.Struct)
		for i := range s.Len() {
			if bad := row >= 17 && row <= 19; s.IsNull(i) != bad {
				t.Fatalf("%s row %d: null %v", table.Name, row, s.IsNull(i))
			} else if !bad {
				checkRow(t, table, s, i, &recs[row])
			}
			row++
		}
	}
	if row != rows {
		t.Errorf("%s: %d rows", table.Name, row)
	}
	return table.Name
}

func checkRow[T any](t *testing.T, table *schema.Table[T], s *array.Struct, i int, want *T) {
	t.Helper()
	n := 0
	for _, c := range table.Columns {
		if c.Field == 0 {
			continue
		}
		if name := s.DataType().(*arrow.StructType).Field(n).Name; name != c.Name {
			t.Fatalf("%s: column %d is %s, want %s", table.Name, n, name, c.Name)
		}
		got := convert(c.Type, value(t, s.Field(n), i))
		if v := schematest.Value(c.Ref(want)); !schematest.Same(v, got) && !mended(v, got) {
			t.Fatalf("%s.%s: %v, want %v", table.Name, c.Name, got, v)
		}
		n++
	}
}

// mended tells whether two texts differ only in bytes that are no UTF-8.
func mended(want, got any) bool {
	w, ok1 := want.(string)
	g, ok2 := got.(string)
	return ok1 && ok2 && strings.ToValidUTF8(w, "\uFFFD") == g
}

func TestParquetRefusesOtherFiles(t *testing.T) {
	if _, err := columnar.OpenParquet(strings.NewReader("this is no Parquet file at all")); err == nil {
		t.Error("text was opened")
	}
	raw := written(t, schema.TopicCalls, typed(rand.New(rand.NewPCG(1, 1)), schema.UsageTable(), 1000), 100)
	for _, cut := range []int{0, 4, len(raw) / 2, len(raw) - 1} {
		if _, err := columnar.OpenParquet(bytes.NewReader(raw[:cut])); err == nil {
			t.Errorf("a file cut to %d of %d bytes was opened", cut, len(raw))
		}
	}
	// A flipped byte may or may not be seen here (the manifest's hash sees it), but never brings the program down.
	r := rand.New(rand.NewPCG(5, 5))
	for range 100 {
		bad := bytes.Clone(raw)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		p, err := columnar.OpenParquet(bytes.NewReader(bad))
		for err == nil {
			_, _, _, err = p.Next()
		}
	}
	w, err := columnar.NewParquet(broken{}, schema.TopicCalls, 0, nil)
	if err == nil {
		if err = w.Write(typed(r, schema.UsageTable(), 1000)); err == nil {
			err = w.Close()
		}
	}
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails: %v", err)
	}
}

func BenchmarkParquet(b *testing.B) {
	entries := likely(50_000)
	var n counter
	for b.Loop() {
		w, err := columnar.NewParquet(&n, schema.TopicCalls, 0, nil)
		if err == nil {
			err = w.Write(entries)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/record")
	b.ReportMetric(float64(n.n)/float64(b.N*len(entries)), "bytes/record")
}

// likely makes entries as a telephone exchange gives them.
func likely(n int) []columnar.Entry {
	enc := schema.NewEncoder(schema.UsageTable())
	headers := []columnar.EntryHeader{{Name: schema.HeaderVersion, Value: []byte(schema.Version)}, {Name: schema.HeaderType, Value: []byte("Usage")}}
	out := make([]columnar.Entry, n)
	for i := range out {
		line := schema.LineID(uint64(i*7919%3000) * 0x9e3779b97f4a7c15)
		u := schema.Usage{EventID: schema.NewID("b", strconv.Itoa(i)), Kind: "call", Service: []string{"voice_out", "sms"}[i%2], LineID: line, OccurredAt: schema.Time(1_773_000_000_000 + i*321),
			Zone: schema.DefaultZone, DurationS: uint32(i * i % 900), Answered: i%7 > 0, OtherMask: "+467012•••••", OtherHash: uint64(i%9000) * 0x9e3779b97f4a7c15, Operator: "norrtele", Charged: schema.Money(i * 17), Currency: "SEK",
			FileRow: uint64(i)}
		out[i] = columnar.Entry{Offset: int64(i), At: schema.Time(1_773_000_900_000 + i/500), Key: []byte(line), Value: enc.Append([]byte{}, &u), Headers: headers}
	}
	return out
}

func BenchmarkReadParquet(b *testing.B) {
	entries := likely(50_000)
	var buf bytes.Buffer
	w, err := columnar.NewParquet(&buf, schema.TopicCalls, 0, nil)
	if err := errors.Join(err, w.Write(entries), w.Close()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := columnar.OpenParquet(bytes.NewReader(buf.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		if _, _, _, err = r.Next(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/record")
}
