package sheets

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"linesman/schema"
)

// Rows of every sheet: its title, its totals, the names of its columns; then the data.
const (
	rowTitle = 1
	rowTotal = 2
	rowHead  = 3
	rowData  = 4
)

// paperA4 is the number of A4 among Excel's papers.
const paperA4 = 9

// maxRows is how many rows Excel has.
const maxRows = 1_048_576

// sheetWriter writes sheets and keeps the first error.
type sheetWriter struct {
	book *Workbook
	f    *excelize.File
	err  error

	bold, head, text, count, amount, sumCount, sumAmount, note int // styles
}

func (s *sheetWriter) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *sheetWriter) styles() {
	style := func(st excelize.Style) int {
		id, err := s.f.NewStyle(&st)
		s.do(err)
		return id
	}
	count, amount := "#,##0", "#,##0.00" // Excel shows its user's separators
	bold := &excelize.Font{Bold: true}
	line := []excelize.Border{{Type: "bottom", Color: "808080", Style: 1}}
	fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EDF2"}}
	s.bold = style(excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	s.head = style(excelize.Style{Font: bold, Border: line, Fill: fill, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	s.text = style(excelize.Style{NumFmt: 49}) // text, so that leading zeros stay when a cell is edited
	s.count = style(excelize.Style{CustomNumFmt: &count})
	s.amount = style(excelize.Style{CustomNumFmt: &amount})
	s.sumCount = style(excelize.Style{CustomNumFmt: &count, Font: bold})
	s.sumAmount = style(excelize.Style{CustomNumFmt: &amount, Font: bold})
	s.note = style(excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
}

// column is a column of a sheet.
type column struct {
	head  string // key of its name
	width float64
	sum   any // its total; nil: it has none
	style int
}

// name is the sheet's name as it stands in a formula; it has no apostrophe (see sheetNames).
func name(sheet string) string { return "'" + sheet + "'" }

// begin makes a sheet with what does not depend on its rows. What belongs to the sheet as a whole
// must be said before the first row is written.
func (s *sheetWriter) begin(sheet, title string, columns []column, rows int) *excelize.StreamWriter {
	if rows+rowData > maxRows {
		s.do(fmt.Errorf("sheet %s: %d rows are more than Excel has", sheet, rows))
	}
	if s.err != nil {
		return nil
	}
	last, err := excelize.CoordinatesToCellName(len(columns), max(rowHead+rows, rowData))
	s.do(err)
	s.do(s.f.SetSheetDimension(sheet, "A1:"+last))
	s.do(s.f.AutoFilter(sheet, fmt.Sprintf("A%d:%s", rowHead, last), nil))
	yes, wide, high, paper, landscape := true, 1, 0, paperA4, "landscape"
	s.do(s.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &yes}))
	s.do(s.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &paper, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}))
	s.do(s.f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L&A&R&P / &N"}))
	out, err := s.f.NewStreamWriter(sheet)
	s.do(err)
	if s.err != nil {
		return nil
	}
	for i := len(columns); i > 0; i-- { // each is put before the others, and Excel wants them in order
		s.do(out.SetColWidth(i, i, columns[i-1].width))
	}
	s.do(out.SetPanes(&excelize.Panes{Freeze: true, YSplit: rowHead, TopLeftCell: fmt.Sprintf("A%d", rowData), ActivePane: "bottomLeft"}))
	heads, sums := make([]any, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		heads[i] = excelize.Cell{StyleID: s.head, Value: s.book.Texts.T(c.head)}
		if c.sum != nil {
			letter, err := excelize.ColumnNumberToName(i + 1)
			s.do(err)
			sums[i] = excelize.Cell{StyleID: c.style, Formula: fmt.Sprintf("SUM(%s%d:%s%d)", letter, rowData, letter, max(rowHead+rows, rowData)), Value: c.sum}
		}
	}
	sums[0] = excelize.Cell{StyleID: s.head, Value: s.book.Texts.T("sheets.total")}
	s.row(out, rowTitle, []any{excelize.Cell{StyleID: s.bold, Value: title}})
	s.row(out, rowTotal, sums)
	s.row(out, rowHead, heads)
	return out
}

func (s *sheetWriter) row(out *excelize.StreamWriter, n int, cells []any) {
	cell, err := excelize.CoordinatesToCellName(1, n)
	s.do(err)
	s.do(out.SetRow(cell, cells))
}

// kronor is an amount of whole öre as Excel keeps numbers: the nearest one that has this many öre.
func kronor(m schema.Money) float64 { return float64(m/(schema.Micro/100)) / 100 }

// cellText is a text cell. A formula it cannot become: it has a value and no formula.
func (s *sheetWriter) cellText(v string) any {
	if v == "" {
		return nil
	}
	return excelize.Cell{StyleID: s.text, Value: v}
}

// total adds what the parts add up to.
func total(parts []*part) (t part) {
	for _, p := range parts {
		t.sumCost, t.sumVAT, t.repaid, t.records = t.sumCost+p.sumCost, t.sumVAT+p.sumVAT, t.repaid+p.repaid, t.records+p.records
	}
	return t
}

// overview writes the first sheet: a row for each other one, whose amounts are those of its totals.
func (s *sheetWriter) overview(parts []*part) {
	sheet := s.book.Texts.T("sheets.overview")
	s.do(s.f.SetSheetName("Sheet1", sheet))
	t := total(parts)
	by := "sheets." + s.book.By
	columns := []column{{head: by, width: 24}, {head: by + "_name", width: 40}, {head: "sheets.sheet", width: 32}, {head: "sheets.records", width: 12, sum: t.records, style: s.sumCount},
		{head: "sheets.cost", width: 16, sum: kronor(t.sumCost), style: s.sumAmount}, {head: "sheets.vat", width: 16, sum: kronor(t.sumVAT), style: s.sumAmount}, {head: "sheets.repaid", width: 16, sum: kronor(t.repaid), style: s.sumAmount}}
	out := s.begin(sheet, s.book.title(), columns, len(parts))
	if out == nil {
		return
	}
	at := s.totals()
	for i, p := range parts {
		of := func(column string, style int, v any) excelize.Cell {
			return excelize.Cell{StyleID: style, Formula: fmt.Sprintf("%s!$%s$%d", name(p.sheet), column, rowTotal), Value: v}
		}
		s.row(out, rowData+i, []any{s.cellText(p.code), s.cellText(p.name), s.cellText(p.sheet), of(at[0], s.count, p.records), of(at[1], s.amount, kronor(p.sumCost)), of(at[2], s.amount, kronor(p.sumVAT)), of(at[3], s.amount, kronor(p.repaid))})
	}
	n := rowData + len(parts) + 1
	cell, err := excelize.CoordinatesToCellName(len(columns), n)
	s.do(err)
	s.do(out.MergeCell(fmt.Sprintf("A%d", n), cell))
	s.do(out.SetRow(fmt.Sprintf("A%d", n), []any{excelize.Cell{StyleID: s.note, Value: s.book.Texts.T("sheets.note")}}, excelize.RowOpts{Height: 48}))
	s.do(out.Flush())
}

// totals names the columns of a sheet whose totals the overview has: records, cost, VAT, repaid.
func (s *sheetWriter) totals() (letters [4]string) {
	n := len(s.columns(&part{}))
	for i := range letters {
		var err error
		letters[i], err = excelize.ColumnNumberToName(n - len(letters) + 1 + i)
		s.do(err)
	}
	return letters
}

// columns are those of the sheet of a part.
func (s *sheetWriter) columns(p *part) []column {
	other := "sheets." + ByCostCentre
	if s.book.By == ByCostCentre {
		other = "sheets." + ByUnit
	}
	return []column{{head: other, width: 24}, {head: other + "_name", width: 32}, {head: "sheets.project", width: 14}, {head: "sheets.activity", width: 14}, {head: "sheets.kind", width: 18}, {head: "sheets.service", width: 22},
		{head: "sheets.operator", width: 16}, {head: "sheets.rule", width: 16}, {head: "sheets.repay", width: 11},
		{head: "sheets.records", width: 12, sum: p.records, style: s.sumCount}, {head: "sheets.cost", width: 16, sum: kronor(p.sumCost), style: s.sumAmount},
		{head: "sheets.vat", width: 16, sum: kronor(p.sumVAT), style: s.sumAmount}, {head: "sheets.repaid", width: 16, sum: kronor(p.repaid), style: s.sumAmount}}
}

// part writes the sheet of a unit or a cost centre.
func (s *sheetWriter) part(p *part) {
	if s.err != nil {
		return
	}
	_, err := s.f.NewSheet(p.sheet)
	s.do(err)
	title := strings.TrimSpace(p.name + " " + p.code)
	if title == "" {
		title = p.sheet
	}
	out := s.begin(p.sheet, title+" · "+s.book.title(), s.columns(p), len(p.rows))
	if out == nil {
		return
	}
	t := s.book.Texts
	words := func(field, v string) string {
		if v == "" {
			return ""
		}
		return t.Value(field, v)
	}
	for i := range p.rows {
		r := &p.rows[i]
		code, of := r.CostCentre, s.book.Centres[r.CostCentre]
		if s.book.By == ByCostCentre {
			code, of = r.UnitID, s.book.Units[r.UnitID]
		}
		repay, repaid := "", any(nil)
		if r.Repay {
			repay, repaid = t.T("sheets.yes"), excelize.Cell{StyleID: s.amount, Value: kronor(p.cost[i])}
		}
		s.row(out, rowData+i, []any{s.cellText(code), s.cellText(of), s.cellText(r.Project), s.cellText(r.Activity), s.cellText(words("kind", r.Kind)), s.cellText(words("service", r.Service)), s.cellText(r.Operator), s.cellText(r.Rule),
			s.cellText(repay), excelize.Cell{StyleID: s.count, Value: r.Records}, excelize.Cell{StyleID: s.amount, Value: kronor(p.cost[i])}, excelize.Cell{StyleID: s.amount, Value: kronor(p.vat[i])}, repaid})
	}
	s.do(out.Flush())
}
