package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/xuri/excelize/v2"

	"linesman/dashboards/ledger"
	"linesman/schema"
)

const exportHead = "Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\n"

// exports is a data directory with a bill of March, its lines and a rule.
type exports struct {
	t         *testing.T
	dir, data string
}

func (x *exports) bill(name, rows string) {
	x.t.Helper()
	succeed(x.t, "collect", "--data", x.data, "itemised", write(x.t, filepath.Join(x.dir, name), []byte(strings.NewReplacer("ä", "\xe4", "ö", "\xf6").Replace(exportHead+rows))))
}

// export exports March into a file of this name.
func (x *exports) export(name string, args ...string) exportView {
	x.t.Helper()
	var v exportView
	succeedJSON(x.t, &v, append([]string{"export", args[0], "--data", x.data, "--month", "2026-03", "--out", filepath.Join(x.dir, name)}, args[1:]...)...)
	return v
}

// sie reads a voucher of ours: what it posts to other accounts than the clearing account, and its bytes.
func (x *exports) sie(name string) (*ledger.File, schema.Money, []byte) {
	x.t.Helper()
	raw := read(x.t, filepath.Join(x.dir, name))
	f, err := ledger.Read(name, bytes.NewReader(raw))
	if err != nil || len(f.Vouchers) != 1 || len(f.Notices) > 0 {
		x.t.Fatalf("%s: %+v, %v", name, f, err)
	}
	if s := f.Vouchers[0].Sum(); s != 0 {
		x.t.Errorf("%s adds up to %s", name, s)
	}
	var posted schema.Money
	for _, one := range f.Vouchers[0].Transactions {
		if one.Account != "2999" {
			posted += one.Amount
		}
	}
	return f, posted, raw
}

// TestExport takes a month from its files to a ledger and to everything else that is made of it.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	x := &exports{t, dir, filepath.Join(dir, "D")}
	const unit = "SE2321000016-A1B2"
	x.bill("bill.csv", "070-123 45 67;2026-03-14;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;10,59;2,65;F1;1;\n"+
		"070-123 45 67;2026-03-15;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;4,10;1,03;F1;2;J\n"+
		"070-123 45 68;2026-03-17;08:15:30;SMS;070-123 45 60;;;;;1;0,31;0,08;F1;4;\n"+
		"070-123 45 67;2026-04-02;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;1,00;0,25;F1;5;\n")
	succeed(t, "collect", "--data", x.data, "reference",
		write(t, filepath.Join(dir, "units.csv"), []byte("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to\n"+unit+";=Akuten;;0110;40;2025-01-01;\n")),
		write(t, filepath.Join(dir, "cost_centres.csv"), []byte("cost_centre;name;valid_from;valid_to\n0110;Akuten Östra;2025-01-01;\n")),
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n"+
			"070-123 45 67;;mobile;personal;anst4711;"+unit+";0110;Norrtele;Bas;;2025-01-01;\n070-123 45 68;;mobile;personal;anst0815;"+unit+";0110;Norrtele;Bas;;2025-01-01;\n")),
		write(t, filepath.Join(dir, "rules.csv"), []byte("rule_id;target;priority;how;number;unit_id;cost_centre;operator;service;device;line_kind;role;to_cost_centre;to_unit;to_project;to_activity;share;valid_from;valid_to\n"+
			"DELAD;1;10;key;070-123 45 67;;;;;;;;0110;;;;2;2026-01-01;\nDELAD;2;10;key;070-123 45 67;;;;;;;;0120;;P-17;;1;2026-01-01;\n")))
	x.draft()
	fails(t, []string{"ledger.company"}, "export", "sie", "--data", x.data, "--publish", "--out", filepath.Join(dir, "x.si"))
	t.Setenv("LINESMAN_LEDGER_COMPANY", "Region Norrvik")
	t.Setenv("LINESMAN_LEDGER_ORGNR", "2321000016")
	startUp(t, x.data)
	original := x.published()
	x.sameTotal(schema.Ore(1500))
	x.corrected(original)
	x.written()
}

// A draft is none that a ledger takes, and leaves nothing behind.
func (x *exports) draft() {
	x.t.Helper()
	v := x.export("draft.si", "sie", "--lang", "sv")
	f, posted, _ := x.sie("draft.si")
	if f.Flag != ledger.FlagRead || f.Vouchers[0].Series != "UTKAST" || f.Vouchers[0].Number != "0" || posted != schema.Ore(1500) || v.Total != posted || v.Voucher.Published || v.Voucher.Pending.Number != 20260300 {
		x.t.Errorf("the draft is %+v, told as %+v", f.Document, v)
	}
	wants(x.t, x.data, "SELECT count() FROM publications", "0")
	if said := strings.Join(v.Notices, "\n"); !strings.Contains(said, "utkast") || !strings.Contains(said, "Moms på 3.76 kr") {
		x.t.Errorf("notices: %s", said)
	}
}

// Two who publish at once get one voucher, which stays through a rebuild.
func (x *exports) published() []byte {
	t := x.t
	t.Helper()
	var both sync.WaitGroup
	var ends [2]result
	names := [2]string{filepath.Join(x.dir, "a.si"), filepath.Join(x.dir, "b.si")}
	for i := range ends {
		both.Go(func() {
			ends[i] = linesman(t, "export", "sie", "--data", x.data, "--month", "2026-03", "--publish", "--out", names[i], "--json")
		})
	}
	both.Wait()
	for _, e := range ends {
		if e.code != 0 {
			t.Fatalf("publishing: %+v", e)
		}
	}
	f, posted, raw := x.sie("a.si")
	if !bytes.Equal(raw, read(t, names[1])) || f.Flag != ledger.FlagNew || f.Vouchers[0].Number != "20260300" || f.Vouchers[0].Series != "T" || f.OrgNr != "232100-0016" || f.Company != "Region Norrvik" || posted != schema.Ore(1500) {
		t.Errorf("published %+v", f.Document)
	}
	wants(t, x.data, "SELECT count(), uniqExact(publication_id, revision) FROM publications FINAL", "1\t1")
	succeed(t, "rebuild", "--data", x.data)
	v := x.export("again.si", "sie")
	if !bytes.Equal(read(t, filepath.Join(x.dir, "again.si")), raw) || v.Voucher.Pending != nil || !v.Voucher.Published {
		t.Errorf("after a rebuild: %+v", v)
	}
	return raw
}

// The console's total, the workbook, the voucher, CSV, Parquet, Arrow and the query are one.
func (x *exports) sameTotal(want schema.Money) {
	t := x.t
	t.Helper()
	wants(t, x.data, "SELECT toString(sum(cost)) FROM usage_daily WHERE toStartOfMonth(local_day) = '2026-03-01'", strings.TrimSuffix(want.String(), ".00"))
	_, posted, _ := x.sie("a.si")
	totals := map[string]schema.Money{"sie": posted}
	for _, format := range []string{"xlsx", "csv", "parquet", "arrow"} {
		v := x.export("march."+format, format)
		if v.Total != want || v.Cost != want || v.VAT != schema.Ore(376) || v.Repay != schema.Ore(410) || v.Rows != 4 {
			t.Errorf("%s is told as %+v", format, v)
		}
		if again := x.export("march."+format, format); !again.Unchanged || again.SHA256 != v.SHA256 {
			t.Errorf("%s again: %+v", format, again)
		}
	}
	for _, row := range sheetOf(t, string(read(t, filepath.Join(x.dir, "march.csv")))) {
		m, err := schema.ParseMoney(row["cost"])
		if err != nil {
			t.Fatal(err)
		}
		totals["csv"] += m
	}
	totals["xlsx"] = x.workbook()
	totals["parquet"], totals["arrow"] = x.columns()
	for format, got := range totals {
		if got != want {
			t.Errorf("the total of %s is %s, want %s", format, got, want)
		}
	}
}

func (x *exports) workbook() schema.Money {
	t := x.t
	t.Helper()
	f, err := excelize.OpenFile(filepath.Join(x.dir, "march.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if sheets := f.GetSheetList(); sheets[0] != "Overview" || sheets[1] != "=Akuten" {
		t.Errorf("sheets %q", sheets)
	}
	v, err := f.GetCellValue("Overview", "E2", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := schema.ParseMoney(v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (x *exports) columns() (parquet, arrow schema.Money) {
	t := x.t
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(read(t, filepath.Join(x.dir, "march.parquet"))))
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
	in, err := ipc.NewFileReader(bytes.NewReader(read(t, filepath.Join(x.dir, "march.arrow"))))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := in.RecordAt(0)
	if err != nil {
		t.Fatal(err)
	}
	at := tab.Schema().FieldIndices("cost")[0]
	a, b := tab.Column(at).Data().Chunk(0).(*array.Decimal128), rec.Column(at).(*array.Decimal128)
	for i := range int(tab.NumRows()) {
		parquet, arrow = parquet+schema.Money(a.Value(i).LowBits()), arrow+schema.Money(b.Value(i).LowBits())
	}
	return parquet, arrow
}

// Later data leave the voucher as it was and become a correction, once.
func (x *exports) corrected(original []byte) {
	t := x.t
	t.Helper()
	x.bill("late.csv", "070-123 45 68;2026-03-18;08:15:30;SMS;070-123 45 60;;;;;1;0,50;0,13;F2;1;\n070-123 45 68;2026-03-19;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;-2,25;-0,56;F2;2;\n")
	eventually(t, x.data, "SELECT toString(sum(cost)) FROM usage_daily WHERE toStartOfMonth(local_day) = '2026-03-01'", "13.25")
	v := x.export("later.si", "sie")
	if !bytes.Equal(read(t, filepath.Join(x.dir, "later.si")), original) || v.Voucher.Pending == nil || v.Voucher.Pending.Number != 20260301 || v.Voucher.Pending.Posted != schema.Ore(-175) || !strings.Contains(strings.Join(v.Notices, "\n"), "20260301") {
		t.Errorf("after later data: %+v", v)
	}
	v = x.export("c1.si", "sie", "--publish")
	f, posted, raw := x.sie("c1.si")
	if !v.Voucher.Now || v.Voucher.Revision != 1 || f.Vouchers[0].Number != "20260301" || posted != schema.Ore(-175) || len(v.Voucher.Others) != 2 || v.Total != posted {
		t.Errorf("the correction is %+v, told as %+v", f.Document, v)
	}
	v = x.export("c2.si", "sie", "--publish")
	if v.Voucher.Now || !bytes.Equal(read(t, filepath.Join(x.dir, "c2.si")), raw) {
		t.Errorf("published once more: %+v", v)
	}
	x.export("r0.si", "sie", "--revision", "0")
	x.export("r1.si", "sie", "--revision", "1")
	if !bytes.Equal(read(t, filepath.Join(x.dir, "r0.si")), original) || !bytes.Equal(read(t, filepath.Join(x.dir, "r1.si")), raw) {
		t.Error("the vouchers are others than they were")
	}
	wants(t, x.data, "SELECT count(), max(number) FROM publications FINAL", "2\t20260301")
	fails(t, []string{"revision 2", "no such voucher"}, "export", "sie", "--data", x.data, "--month", "2026-03", "--revision", "2", "--out", filepath.Join(x.dir, "r2.si"))
}

// A file with another content is not overwritten, and nothing is left beside one.
func (x *exports) written() {
	t := x.t
	t.Helper()
	path := write(t, filepath.Join(x.dir, "mine.csv"), []byte("mine"))
	fails(t, []string{"another content", "--force"}, "export", "csv", "--data", x.data, "--month", "2026-03", "--out", path)
	if string(read(t, path)) != "mine" {
		t.Error("the file was overwritten")
	}
	if v := x.export("mine.csv", "csv", "--force", "--decimals", "comma", "--bom"); v.Unchanged || !strings.HasPrefix(string(read(t, path)), "\ufeffmonth;") || !strings.Contains(string(read(t, path)), ";0120;") {
		t.Errorf("with force: %+v\n%s", v, read(t, path))
	}
	text := succeed(t, "export", "csv", "--data", x.data, "--month", "2026-03", "--lang", "sv", "--force", "--out", path)
	if !strings.Contains(text, "2026-03: kostnad 13,25 kr utan moms, varav 4,10 kr återbetalas; moms 3,33 kr") {
		t.Errorf("said: %s", text)
	}
	fails(t, []string{"--decimals"}, "export", "csv", "--data", x.data, "--decimals", "dot")
	fails(t, []string{"--by"}, "export", "xlsx", "--data", x.data, "--by", "person")
	fails(t, []string{"not over"}, "export", "csv", "--data", x.data, "--month", "2026-04", "--out", filepath.Join(x.dir, "none.csv"))
	if _, err := os.Stat(filepath.Join(x.dir, "none.csv")); err == nil {
		t.Error("a file was written of a month that is not over")
	}
	fails(t, []string{"writing"}, "export", "csv", "--data", x.data, "--month", "2026-03", "--out", filepath.Join(x.dir, "no", "folder.csv"))
	left, err := filepath.Glob(filepath.Join(x.dir, ".linesman-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestExportAlone publishes without a running linesman, and without anything stated about the lines.
func TestExportAlone(t *testing.T) {
	dir := t.TempDir()
	x := &exports{t, dir, filepath.Join(dir, "D")}
	t.Setenv("LINESMAN_ORGANISATION", "Region Norrvik")
	fails(t, []string{"there are no data"}, "export", "sie", "--data", x.data, "--publish", "--out", filepath.Join(dir, "none.si"))
	x.bill("bill.csv", "070-123 45 67;2026-03-14;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;10,59;2,65;F1;1;\n070-123 45 67;2026-04-02;08:15:30;Samtal;08-123 456 78;;;00:03:20;;1;1,00;0,25;F1;2;\n")
	v := x.export("a.si", "sie", "--publish")
	f, posted, raw := x.sie("a.si")
	if !v.Voucher.Now || posted != schema.Ore(1059) || f.Company != "Region Norrvik" || len(f.Vouchers[0].Transactions[0].Objects) != 0 || !strings.Contains(strings.Join(v.Notices, "\n"), "no cost centre") {
		t.Errorf("published %+v, told as %+v", f.Document, v)
	}
	v = x.export("b.si", "sie", "--publish")
	if v.Voucher.Now || !bytes.Equal(read(t, filepath.Join(dir, "b.si")), raw) {
		t.Errorf("published again: %+v", v)
	}
	wants(t, x.data, "SELECT count() FROM publications", "1")
}
