package columnar_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"linesman/schema"
	"linesman/schema/columnar"
	"linesman/schema/schematest"
)

// Rows of every column type come back from both kinds of files as they were, money as decimals.
func TestExportIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	table := schema.InvoiceLineTable()
	for _, n := range []int{0, 1, 300} {
		rows := make([]schema.InvoiceLine, n)
		for i := range rows {
			schematest.Fill(r, table, &rows[i])
		}
		about := map[string]string{"month": "2026-09"}
		var pq, ar, again bytes.Buffer
		for _, err := range []error{columnar.ExportParquet(&pq, table, rows, about), columnar.ExportArrow(&ar, table, rows, about), columnar.ExportParquet(&again, table, rows, about)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(pq.Bytes(), again.Bytes()) {
			t.Error("the same rows give other bytes")
		}
		checkExport(t, table, rows, readParquet(t, pq.Bytes()))
		checkExport(t, table, rows, readArrow(t, ar.Bytes()))
	}
}

func readParquet(t *testing.T, raw []byte) arrow.Table {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	rd, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	tab, err := rd.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func readArrow(t *testing.T, raw []byte) arrow.Table {
	t.Helper()
	f, err := ipc.NewFileReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var recs []arrow.Record
	for i := range f.NumRecords() {
		rec, err := f.RecordAt(i)
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, rec)
	}
	return array.NewTableFromRecords(f.Schema(), recs)
}

func checkExport(t *testing.T, table *schema.Table[schema.InvoiceLine], rows []schema.InvoiceLine, got arrow.Table) {
	t.Helper()
	if int(got.NumRows()) != len(rows) || int(got.NumCols()) != len(table.Columns) {
		t.Fatalf("%d rows of %d, %d columns of %d", got.NumRows(), len(rows), got.NumCols(), len(table.Columns))
	}
	for i, c := range table.Columns {
		field := got.Schema().Field(i)
		if at := field.Metadata.FindKey("meaning"); field.Name != c.Name || at < 0 || field.Metadata.Values()[at] != c.Meaning {
			t.Errorf("column %d is %s, want %s with its meaning", i, field, c.Name)
		}
		at := 0
		for _, part := range got.Column(i).Data().Chunks() {
			for j := range part.Len() {
				want := c.Ref(&rows[at])
				same := true
				switch a := part.(type) {
				case *array.Decimal128:
					same = a.DataType().String() == "decimal(18, 6)" && a.Value(j).LowBits() == uint64(*want.(*schema.Money))
				case *array.String:
					same = a.Value(j) == strings.ToValidUTF8(*want.(*string), "\uFFFD")
				case *array.FixedSizeBinary:
					same = bytes.Equal(a.Value(j), want.(*schema.ID)[:])
				case *array.Date32:
					same = a.Value(j) == arrow.Date32(*want.(*schema.Day))
				case *array.Timestamp:
					same = a.Value(j) == arrow.Timestamp(*want.(*schema.Time))
				case *array.Uint64:
					same = a.Value(j) == *want.(*uint64)
				case *array.Uint32:
					same = a.Value(j) == *want.(*uint32)
				case *array.Boolean:
					same = a.Value(j) == *want.(*bool)
				default:
					t.Fatalf("%s is read as %T", c.Name, part)
				}
				if !same {
					t.Fatalf("%s of row %d is %s", c.Name, at, part.ValueStr(j))
				}
				at++
			}
		}
	}
}

// full is a disk that takes so many bytes.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestExportToAFullDisk(t *testing.T) {
	rows := make([]schema.InvoiceLine, 50)
	for _, left := range []int{0, 3, 400, 2_000} {
		if err := columnar.ExportParquet(&full{left}, schema.InvoiceLineTable(), rows, nil); !errors.Is(err, errFull) {
			t.Errorf("Parquet with %d bytes left: %v", left, err)
		}
		if err := columnar.ExportArrow(&full{left}, schema.InvoiceLineTable(), rows, nil); !errors.Is(err, errFull) {
			t.Errorf("Arrow with %d bytes left: %v", left, err)
		}
	}
}
