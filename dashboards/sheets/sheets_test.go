package sheets

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"linesman/dashboards/messages"
	"linesman/schema"
)

var september = schema.Date(2026, time.September, 1)

func workbook(t *testing.T, lang, by string) *Workbook {
	t.Helper()
	c, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Workbook{Texts: c.In(lang), Organisation: "Region Norrvik", By: by, Month: september,
		Units:   map[string]string{"E1": "Akuten", "E2": "=HYPERLINK(\"http://x\")", "E3": "akuten", "E4": "Vårdcentralen / Mottagning [2] med ett mycket långt namn", "E5": "O'Brien"},
		Centres: map[string]string{"0100": "Akut", "0200": "+46"}}
}

func month() []schema.Posting {
	p := func(unit, centre, service string, repay bool, cost, vat schema.Money) schema.Posting {
		return schema.Posting{Month: september, UnitID: unit, CostCentre: centre, Kind: "call", Service: service, Repay: repay, Records: 3, Cost: cost, VAT: vat}
	}
	return []schema.Posting{
		p("E1", "0100", "voice_out", false, 10_003_333, 2_500_833), p("E1", "0100", "data", false, 3_334, 834), p("E1", "0200", "voice_out", true, 4_444_444, 1_111_111),
		p("E2", "0200", "sms", false, 1_000_000_004_999, 5_000), p("E3", "0200", "credit", false, -77_777_777, -19_444_444), p("E4", "0100", "premium", false, 333_333, 83_333),
		p("E5", "0300", "premium", false, 333_334, 83_333), p("", "", "premium", false, 5_000, 0),
	}
}

func written(t *testing.T, b *Workbook, postings []schema.Posting) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, postings); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(t *testing.T, raw []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// value is a cell as it is stored, without its format.
func value(t *testing.T, f *excelize.File, sheet, cell string) string {
	t.Helper()
	v, err := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func kind(t *testing.T, f *excelize.File, sheet, cell string) excelize.CellType {
	t.Helper()
	k, err := f.GetCellType(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func amount(t *testing.T, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWorkbook(t *testing.T) {
	raw := written(t, workbook(t, messages.Swedish, ByUnit), month())
	f := opened(t, raw)
	sheets := f.GetSheetList()
	want := []string{"Översikt", "=HYPERLINK(\"http---x\")", "Akuten~2224", "akuten~1834", "O’Brien", "Vårdcentralen - Mottagning~de79", "(saknas)"}
	if !slices.Equal(sheets, want) {
		t.Fatalf("sheets %q", sheets)
	}
	if v, k := value(t, f, sheets[2], "A4"), kind(t, f, sheets[2], "A4"); v != "0100" || k == excelize.CellTypeNumber || k == excelize.CellTypeFormula {
		t.Errorf("the cost centre is %q, of type %d: leading zeros count", v, k)
	}
	for _, s := range sheets {
		if p, err := f.GetPanes(s); err != nil || !p.Freeze || p.YSplit != 3 || p.TopLeftCell != "A4" {
			t.Errorf("%s: panes %+v, %v", s, p, err)
		}
		if l, err := f.GetPageLayout(s); err != nil || *l.Orientation != "landscape" || *l.Size != 9 {
			t.Errorf("%s: page %+v, %v", s, l, err)
		}
	}
	for _, want := range []string{"Region Norrvik Telefoni september 2026"} {
		if got := value(t, f, "Översikt", "A1"); got != want {
			t.Errorf("the title is %q", got)
		}
	}
	// A name that looks like a formula is text.
	formula, err := f.GetCellFormula("Översikt", "B4")
	if v := value(t, f, "Översikt", "B4"); err != nil || formula != "" || v != `=HYPERLINK("http://x")` {
		t.Errorf("B4 has the formula %q and the value %q", formula, v)
	}
	names := f.GetDefinedName()
	titles, filters := 0, 0
	for _, n := range names {
		switch n.Name {
		case "_xlnm.Print_Titles":
			titles++
		case "_xlnm._FilterDatabase":
			filters++
		}
	}
	if titles != len(sheets) || filters != len(sheets) {
		t.Errorf("%d print titles and %d filters: %+v", titles, filters, names)
	}
	checkXML(t, raw, len(sheets))
}

// checkXML looks at what Excel reads: total formulas with numbers as cached values, frozen rows, filters.
func checkXML(t *testing.T, raw []byte, sheets int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range z.File {
		if e.Modified.UTC() != time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) {
			t.Errorf("%s is of %s", e.Name, e.Modified)
		}
		if !strings.HasPrefix(e.Name, "xl/worksheets/sheet") {
			continue
		}
		seen++
		in, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		x := string(text)
		for _, want := range []string{`state="frozen"`, `ySplit="3"`, "<autoFilter ref=\"$A$3:", "<f>SUM(", `orientation="landscape"`, `fitToPage="`, `<cols><col min="1" max="1" width="24" customWidth="1"/><col min="2" `, `<dimension ref="A1:`} {
			if !strings.Contains(x, want) {
				t.Errorf("%s has no %s\n%.900s", e.Name, want, x)
			}
		}
		for cell := range strings.SplitSeq(x, "<c ") {
			if strings.Contains(cell, "<f>") && (strings.Contains(cell, `t="str"`) || !strings.Contains(cell, "</f><v>")) {
				t.Errorf("%s: a formula without a number as its value: %s", e.Name, cell)
			}
			if strings.Contains(cell, "HYPERLINK") && strings.Contains(cell, "<f>") && !strings.Contains(cell, "!$") {
				t.Errorf("%s: a name became a formula: %s", e.Name, cell)
			}
		}
	}
	if seen != sheets {
		t.Errorf("%d sheets of %d", seen, sheets)
	}
	if z.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the first entry is %s", z.File[0].Name)
	}
}

// The numbers in the cells add up to the totals, the totals to the overview, and that to the exact
// total rounded to öre; so do the values that the formulas have and those that they give.
func TestWorkbookAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for n := range 6 {
		var list []schema.Posting
		if n == 0 {
			list = month()
		}
		for range n * 25 {
			list = append(list, schema.Posting{Month: september, UnitID: fmt.Sprint("E", r.IntN(7)), CostCentre: fmt.Sprint(r.IntN(5)), Kind: "data", Service: "data", Repay: r.IntN(5) == 0, Records: r.Uint64N(9),
				Cost: schema.Money(r.Int64N(50_000_000) - 10_000_000), VAT: schema.Money(r.Int64N(9_000_000))})
		}
		var cost, vat schema.Money
		for _, p := range list {
			cost, vat = cost+p.Cost, vat+p.VAT
		}
		for _, by := range []string{ByUnit, ByCostCentre} {
			f := opened(t, written(t, workbook(t, messages.English, by), list))
			sheets := f.GetSheetList()
			over := map[string]decimal.Decimal{}
			for _, s := range sheets[1:] {
				rows, err := f.GetRows(s, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				for column, letter := range map[int]string{9: "J", 10: "K", 11: "L", 12: "M"} {
					sum := decimal.Zero
					for _, row := range rows[3:] {
						if column < len(row) && row[column] != "" {
							sum = sum.Add(amount(t, row[column]))
						}
					}
					if cached := amount(t, rows[1][column]); !sum.Equal(cached) {
						t.Errorf("%s %s: rows add up to %s, the total says %s", s, letter, sum, cached)
					}
					if got, err := f.CalcCellValue(s, letter+"2", excelize.Options{RawCellValue: true}); err != nil || !amount(t, got).Round(6).Equal(sum) {
						t.Errorf("%s %s: the formula gives %s, %v; the rows %s", s, letter, got, err, sum)
					}
					over[letter] = over[letter].Add(sum)
				}
			}
			for letter, from := range map[string]string{"D": "J", "E": "K", "F": "L", "G": "M"} {
				if cached := amount(t, value(t, f, "Overview", letter+"2")); !cached.Equal(over[from]) {
					t.Errorf("the overview says %s in %s, the sheets %s", cached, letter, over[from])
				}
				if got, err := f.CalcCellValue("Overview", letter+"2", excelize.Options{RawCellValue: true}); err != nil || !amount(t, got).Round(6).Equal(over[from]) {
					t.Errorf("the overview's formula in %s gives %s, %v", letter, got, err)
				}
			}
			if !over["K"].Equal(decimal.New(int64(cost.RoundOre()), -6)) || !over["L"].Equal(decimal.New(int64(vat.RoundOre()), -6)) {
				t.Errorf("the workbook has %s and %s, the postings %s and %s", over["K"], over["L"], cost, vat)
			}
		}
	}
}

func TestSameMonthSameBytes(t *testing.T) {
	for _, lang := range messages.Languages() {
		one := written(t, workbook(t, lang, ByUnit), month())
		for range 5 {
			list := month()
			rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			if !bytes.Equal(one, written(t, workbook(t, lang, ByUnit), list)) {
				t.Fatal("the same month gives another file")
			}
		}
	}
	if f := opened(t, written(t, workbook(t, messages.English, ByUnit), nil)); len(f.GetSheetList()) != 1 || value(t, f, "Overview", "E2") != "0" {
		t.Error("a month without costs has an overview with zeros")
	}
}

func TestSheetNames(t *testing.T) {
	wanted := []string{"Akuten", "AKUTEN", "overview", "History", "'a'", "", "a:b/c\\d?e*f[g]", strings.Repeat("å", 40), strings.Repeat("å", 40), strings.Repeat("😀", 16), "History~", "x\x00y"}
	codes := make([]string, len(wanted))
	for i := range codes {
		codes[i] = fmt.Sprint("E", i)
	}
	got := sheetNames("Overview", wanted, codes)
	seen := map[string]bool{"overview": true, "history": true}
	for i, n := range got {
		if seen[strings.ToLower(n)] || n == "" || len(utf16.Encode([]rune(n))) > 31 || strings.ContainsAny(n, ":\\/?*[]\x00") || strings.HasPrefix(n, "'") || strings.HasSuffix(n, "'") {
			t.Errorf("%q is named %q", wanted[i], n)
		}
		seen[strings.ToLower(n)] = true
	}
	if got[4] != "’a’" || got[6] != "a-b-c-d-e-f-g-" && got[6] != "a-b-c-d-e-f-g" || got[10] != "History~" {
		t.Errorf("names %q", got)
	}
	if again := sheetNames("Overview", []string{wanted[1], "B", wanted[0]}, []string{codes[1], "B", codes[0]}); again[0] != got[1] || again[2] != got[0] {
		t.Errorf("a name depends on other sheets: %q and %q", again, got)
	}
}

func TestCSV(t *testing.T) {
	list := append(month(), schema.Posting{Month: september, UnitID: "@SUM(1)", CostCentre: "-1", Project: "+1;\"x\"", Activity: "\tcmd", Rule: "=1+1", Repay: true, Cost: -1})
	var out, swedish bytes.Buffer
	if err := CSV(&out, list, CSVOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := CSV(&swedish, list, CSVOptions{DecimalComma: true, BOM: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(swedish.String(), "\ufeffmonth;cost_centre;") || !strings.Contains(swedish.String(), ";1000000,004999;0,005\r\n") {
		t.Errorf("in Swedish: %s", swedish.String())
	}
	in := csv.NewReader(&out)
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], Table().Info().Names()) || len(rows) != len(list)+1 {
		t.Fatalf("%d rows, header %q", len(rows), rows[0])
	}
	var sum, want schema.Money
	for _, p := range list {
		want += p.Cost
	}
	for _, row := range rows[1:] {
		m, err := schema.ParseMoney(row[11])
		if err != nil {
			t.Fatal(err)
		}
		sum += m
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t", rune(cell[0])) && i < 11 {
				t.Errorf("%q is a formula", cell)
			}
		}
		if row[0] != "2026-09-01" {
			t.Errorf("month %q", row[0])
		}
	}
	if sum != want || !slices.Contains(rows[2], "'-1") && !slices.Contains(rows[1], "'-1") {
		t.Errorf("adds up to %s of %s: %q", sum, want, rows[1:3])
	}
}

// The decimals in Parquet and Arrow are those of the postings.
func TestColumnarFiles(t *testing.T) {
	var pq, ar bytes.Buffer
	if err := Parquet(&pq, month()); err != nil {
		t.Fatal(err)
	}
	if err := Arrow(&ar, month()); err != nil {
		t.Fatal(err)
	}
	f, err := file.NewParquetReader(bytes.NewReader(pq.Bytes()))
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
	in, err := ipc.NewFileReader(bytes.NewReader(ar.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := in.RecordAt(0)
	if err != nil {
		t.Fatal(err)
	}
	list := Sorted(month())
	a, b := tab.Column(11).Data().Chunk(0).(*array.Decimal128), rec.Column(11).(*array.Decimal128)
	for i, p := range list {
		if a.ValueStr(i) != decimal.New(int64(p.Cost), -6).StringFixed(6) && !amount(t, a.ValueStr(i)).Equal(decimal.New(int64(p.Cost), -6)) || a.Value(i) != b.Value(i) {
			t.Errorf("row %d: Parquet has %s, Arrow %s, the posting %s", i, a.ValueStr(i), b.ValueStr(i), p.Cost)
		}
	}
	if s := f.MetaData().Schema.Column(11).LogicalType().String(); !strings.Contains(s, "precision=18, scale=6") {
		t.Errorf("the column's type in Parquet is %s", s)
	}
}
