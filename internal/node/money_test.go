package node

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"linesman/dashboards/console"
	"linesman/dashboards/ledger"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/internal/demo"
	"linesman/schema"
)

// checkMoney follows the region's newest month from its files to everything that finance gets.
func checkMoney(t *testing.T, n *Node, truth demo.Truth) {
	months, err := n.MoneyMonths(t.Context())
	if err != nil || len(months) == 0 || months[0].String()[:7] != truth.To[:7] {
		t.Fatalf("months %v, %v; the truth ends %s", months, err, truth.To)
	}
	t.Run("one total", func(t *testing.T) { checkTotals(t, n, months[0]) })
	t.Run("invoices", func(t *testing.T) { checkInvoices(t, n, truth) })
	t.Run("page", func(t *testing.T) { checkMoneyPage(t, n, months[0]) })
	t.Run("vouchers", func(t *testing.T) { checkVouchers(t, n, months[0]) })
}

// checkTotals holds the dashboard's total against the query's, the workbook's, the voucher's and
// the CSV file's.
func checkTotals(t *testing.T, n *Node, month schema.Day) {
	want, err := schema.ParseMoney(ask(t, n, fmt.Sprintf("SELECT toString(sum(cost)) FROM usage WHERE toStartOfMonth(local_day) = '%s'", month)))
	if err != nil || want <= 0 {
		t.Fatalf("%s: %v", want, err)
	}
	if got := boardTotal(t, n, month); got != kronor(want) {
		t.Errorf("the dashboard shows %s, the query says %s", got, want)
	}
	file := func(id string) []byte {
		t.Helper()
		texts, err := messages.Load()
		if err != nil {
			t.Fatal(err)
		}
		f, err := n.MoneyFile(t.Context(), id, month, texts.In(messages.English))
		if err != nil {
			t.Fatal(err)
		}
		return f.Body
	}
	if got := workbookTotal(t, file(ExportXLSX)); got != want.RoundOre() {
		t.Errorf("the workbook's total is %s, want %s", got, want.RoundOre())
	}
	if got := voucherTotal(t, file(ExportSIE)); got != want.RoundOre() {
		t.Errorf("the voucher posts %s, want %s", got, want.RoundOre())
	}
	if got := csvTotal(t, file(ExportCSV)); got != want {
		t.Errorf("the CSV file adds up to %s, want %s", got, want)
	}
}

// boardTotal is the cost of the month as the first panel of the cost dashboard asks for it.
func boardTotal(t *testing.T, n *Node, month schema.Day) string {
	t.Helper()
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	runner, err := query.New(query.Config{Zone: zone, Messages: texts}, n.store.Conn())
	if err != nil {
		t.Fatal(err)
	}
	q := query.Query{Metric: "cost", Format: query.FormatStat, Filters: []query.Filter{{Field: "month", Values: []string{month.String()[:7]}}}}
	f, err := runner.Run(t.Context(), q, query.Everything(), query.TimeRange{From: month.At(zone), To: (month + 31).At(zone)})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range frameRows(t, f, "") {
		for _, v := range row {
			return v
		}
	}
	return ""
}

func workbookTotal(t *testing.T, raw []byte) (total schema.Money) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	// The last row with a label of a total; its first number that is no count is the cost.
	for _, row := range slices.Backward(rows) {
		if len(row) > 0 && strings.HasPrefix(row[0], "Total") {
			for i, head := range header(rows) {
				if head == "Cost, SEK" {
					total, err = schema.ParseMoney(row[i])
					if err != nil {
						t.Fatal(err)
					}
					return total
				}
			}
		}
	}
	t.Fatalf("no total in %v", rows)
	return 0
}

func header(rows [][]string) []string {
	i := slices.IndexFunc(rows, func(row []string) bool { return slices.Contains(row, "Cost, SEK") })
	return rows[max(i, 0)]
}

func voucherTotal(t *testing.T, raw []byte) (sum schema.Money) {
	t.Helper()
	f, err := ledger.Read("month.si", bytes.NewReader(raw))
	if err != nil || len(f.Vouchers) != 1 || f.Vouchers[0].Sum() != 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, one := range f.Vouchers[0].Transactions {
		if one.Amount > 0 {
			sum += one.Amount
		}
	}
	return sum
}

func csvTotal(t *testing.T, raw []byte) (sum schema.Money) {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := slices.Index(rows[0], "cost")
	for _, row := range rows[1:] {
		m, err := schema.ParseMoney(row[col])
		if err != nil {
			t.Fatal(err)
		}
		sum += m
	}
	return sum
}

// checkMoneyPage wants every section in both languages, with cells for every column and no key in
// place of a word.
func checkMoneyPage(t *testing.T, n *Node, month schema.Day) {
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range messages.Languages() {
		for _, id := range console.MoneySections() {
			s, err := n.MoneySection(t.Context(), id, month, texts.In(lang))
			if err != nil || s.ID != id || len(s.Tables) == 0 {
				t.Errorf("%s in %s: %+v, %v", id, lang, s, err)
			}
			if said := fmt.Sprintf("%+v", s); strings.Contains(said, "money.") || strings.Contains(said, "invoices.") || strings.Contains(said, "savings.") {
				t.Errorf("%s in %s has a key for a word: %s", id, lang, said)
			}
			for _, table := range s.Tables {
				for _, row := range append(slices.Clone(table.Rows), table.Total) {
					if row != nil && len(row) != len(table.Columns) {
						t.Errorf("%s, %s: %d columns, row %v", id, table.ID, len(table.Columns), row)
					}
				}
				if id != console.MoneyReports && len(table.Rows) == 0 {
					t.Errorf("%s in %s: nothing in %s", id, lang, table.ID)
				}
			}
		}
	}
	for _, wrong := range []string{"pdf", "wages.pdf", "../x", ".pdf"} {
		if _, err := n.MoneyFile(t.Context(), wrong, month, texts.In(messages.English)); err == nil {
			t.Errorf("there is a file %q", wrong)
		}
	}
	if _, err := n.MoneySection(t.Context(), console.MoneyAllocation, month+400, texts.In(messages.English)); err == nil {
		t.Error("a month to come is told")
	}
}

// checkVouchers publishes the month: the page then leads to the voucher as it was published.
func checkVouchers(t *testing.T, n *Node, month schema.Day) {
	n.cfg.Ledger.Company = "Region Norrvik"
	e, err := n.Export(t.Context(), ExportRequest{Format: ExportSIE, Month: month, Lang: messages.English, Publish: true})
	if err != nil || e.Voucher == nil || !e.Voucher.Published {
		t.Fatalf("%+v, %v", e, err)
	}
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := n.MoneySection(t.Context(), console.MoneyAllocation, month, texts.In(messages.English))
	if err != nil || len(s.Files) == 0 || s.Files[0].ID != voucherFile+"0" || !strings.Contains(s.Files[0].Title, e.Voucher.Number) {
		t.Errorf("files %+v, %v", s.Files, err)
	}
	f, err := n.MoneyFile(t.Context(), voucherFile+"0", month, texts.In(messages.Swedish))
	if err != nil || !bytes.Equal(f.Body, e.Content) {
		t.Errorf("the file is not the voucher that was published: %v", err)
	}
	if _, err := n.MoneyFile(t.Context(), voucherFile+"1", month, texts.In(messages.English)); err == nil {
		t.Error("there is a second voucher")
	}
	if raw, err := n.MoneyFile(t.Context(), ExportCSV, month, texts.In(messages.English)); err != nil || repaidPlaces(raw.Body) > 0 {
		t.Errorf("what holders repay is told by place: %v", err)
	}
}

// repaidPlaces counts rows of what holders repay that name a unit or a cost centre.
func repaidPlaces(raw []byte) (n int) {
	for line := range strings.Lines(string(raw)) {
		if f := strings.Split(line, ";"); len(f) > 9 && f[9] == "true" && f[1]+f[2] != "" {
			n++
		}
	}
	return n
}
