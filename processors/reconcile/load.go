package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/store"
	"linesman/schema"
)

// longest is the longest period of a line in days that is believed; a line with a longer one is
// taken as one that tells none, and that is a finding.
const longest = 400

// document is one document that was read; target: it was asked for.
type document struct {
	schema.Invoice
	target   bool
	lines    []*line
	findings []Finding
}

// line is one line that was read, and what is found out about it.
type line struct {
	schema.InvoiceLine
	doc       *document
	told      bool         // its period is told; else from and to are the document's month
	from, to  schema.Day   // first and last day it is for
	sek       schema.Money // the amount
	credited  schema.Money // currency; what credit notes take back of it, negative
	creditSEK schema.Money
	at        int // place among all lines
	pools     []*pool
	comp      *component
	Line      // what is reported
}

// net is what is left of the line after credits, in SEK.
func (l *line) net() schema.Money { return l.sek + l.creditSEK }

// settle gives the line its outcome.
func (l *line) settle(outcome, reason string) { l.Outcome, l.Reason = outcome, reason }

// open tells whether the line has no outcome yet.
func (l *line) open() bool { return l.Outcome == "" }

// work is one reconciliation on its way.
type work struct {
	store     Store
	in        Input
	docs      []*document // by operator, day of issue, number, order of recording
	lines     []*line     // of all documents, in their order
	min, max  schema.Day  // days that the lines of the documents asked for are for
	first     schema.Day  // first and last day of any line that was read
	last      schema.Day
	held      map[string][]statement
	ranges    []schema.NumberRange
	operators []string
	edges     []schema.Day // where segments begin, see segments
	pools     map[poolKey]*pool
	detail    map[string]bool // operators of which itemised use is there
	unbilled  []Unbilled
	notBilled []NotBilled
}

// each runs a query and hands every row to scan.
func (w *work) each(ctx context.Context, sql string, scan func(driver.Rows) error, args ...any) error {
	rows, err := w.store.Query(ctx, sql+"\nSETTINGS final = 1", args...)
	if err != nil {
		return err
	}
	return store.EachRow(rows, scan)
}

// asked is the condition on invoices that selects what is asked for.
func (w *work) asked() string {
	if w.in.Number != "" {
		if w.in.Operator != "" {
			return "number = {number:String} AND operator = {operator:String}"
		}
		return "number = {number:String}"
	}
	cond := "if(toInt32(period_to) = 0, issued, period_to) BETWEEN {from:Date32} AND {to:Date32}"
	if w.in.Operator != "" {
		cond += " AND operator = {operator:String}"
	}
	return cond
}

// args are the parameters of the queries. None of them is about a person.
func (w *work) args() []any {
	return []any{clickhouse.Named("number", w.in.Number), clickhouse.Named("operator", w.in.Operator), clickhouse.Named("from", w.in.From.String()),
		clickhouse.Named("to", w.in.To.String()), clickhouse.Named("min", w.min.String()), clickhouse.Named("max", w.max.String())}
}

// selected is the condition on invoice_lines that selects the lines of the documents that are asked
// for, and those that have to be read beside them.
func (w *work) selected() string {
	base := `(operator IN (SELECT operator FROM invoices WHERE ` + w.asked() + `) AND (toInt32(period_to) != 0 AND period_to >= {min:Date32} AND period_from <= {max:Date32}
    OR toInt32(period_to) = 0 AND invoice_event IN (SELECT event_id FROM invoices WHERE issued BETWEEN {min:Date32} AND {max:Date32}))
    OR invoice_event IN (SELECT event_id FROM invoices WHERE ` + w.asked() + `))`
	return "(" + base + `
    OR (operator, number) IN (SELECT operator, corrects FROM invoices WHERE corrects != '' AND ` + w.asked() + `)
    OR invoice_event IN (SELECT event_id FROM invoices WHERE corrects != '' AND (operator, corrects) IN (SELECT operator, number FROM invoice_lines WHERE ` + base + `)))`
}

// money reads an amount as millionths: 128 bits, so that nothing overflows on the way.
func money(column string) string { return "toInt64(toDecimal128(" + column + ", 6) * 1000000)" }

const headerColumns = `lower(hex(event_id)), lower(hex(invoice_id)), toString(kind), toString(operator), toString(supplier_name), number, toInt32(issued), toInt32(period_from), toInt32(period_to),
    toString(currency), toInt32(exchange_day), corrects, lines, attachments, log_offset`

func (w *work) loadDocuments(ctx context.Context) error {
	ids := map[schema.ID]bool{}
	err := w.each(ctx, "SELECT lower(hex(event_id)) FROM invoices WHERE "+w.asked(), func(rows driver.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		id, err := schema.ParseID(text)
		ids[id] = true
		return err
	}, w.args()...)
	if err != nil {
		return err
	}
	if len(ids) == 0 && w.in.Number != "" {
		return fmt.Errorf("%s: %w", w.in.Number, ErrNoDocument)
	}
	if err := w.span(ctx); err != nil {
		return err
	}
	amounts := ""
	for _, c := range []string{"exchange_rate", "line_total", "allowances", "charges", "net", "vat", "gross", "prepaid", "rounding", "payable"} {
		amounts += ", " + money(c)
	}
	return w.each(ctx, "SELECT "+headerColumns+amounts+" FROM invoices WHERE ("+w.asked()+") OR event_id IN (SELECT invoice_event FROM invoice_lines WHERE "+w.selected()+`)
ORDER BY operator, issued, number, kind, log_offset, event_id`, func(rows driver.Rows) error {
		d := &document{}
		var event, invoice string
		var issued, from, to, rateDay int32
		var m [10]int64
		err := rows.Scan(&event, &invoice, &d.Kind, &d.Operator, &d.SupplierName, &d.Number, &issued, &from, &to, &d.Currency, &rateDay, &d.Corrects, &d.Invoice.Lines, &d.Attachments, &d.Offset,
			&m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &m[6], &m[7], &m[8], &m[9])
		if err != nil {
			return err
		}
		if d.EventID, err = schema.ParseID(event); err != nil {
			return err
		}
		if d.InvoiceID, err = schema.ParseID(invoice); err != nil {
			return err
		}
		d.Issued, d.PeriodFrom, d.PeriodTo, d.ExchangeDay = schema.Day(issued), schema.Day(from), schema.Day(to), schema.Day(rateDay)
		for i, to := range []*schema.Money{&d.ExchangeRate, &d.LineTotal, &d.Allowances, &d.Charges, &d.Net, &d.VAT, &d.Gross, &d.Prepaid, &d.Rounding, &d.Payable} {
			*to = schema.Money(m[i])
		}
		d.target = ids[d.EventID]
		w.docs = append(w.docs, d)
		return nil
	}, w.args()...)
}

// span finds the days that the lines of the documents that are asked for are for.
func (w *work) span(ctx context.Context) error {
	return w.each(ctx, `SELECT toInt32(min(first)), toInt32(max(last)), count() FROM (
    SELECT if(toInt32(period_from) = 0, toStartOfMonth(period_to), period_from) AS first, period_to AS last FROM invoice_lines
    WHERE invoice_event IN (SELECT event_id FROM invoices WHERE `+w.asked()+`) AND toInt32(period_to) != 0 AND toInt32(period_to) - toInt32(first) BETWEEN 0 AND `+strconv.Itoa(longest)+`
    UNION ALL SELECT toStartOfMonth(issued), toLastDayOfMonth(issued) FROM invoices WHERE `+w.asked()+`
)`, func(rows driver.Rows) error {
		var lo, hi int32
		var n uint64
		if err := rows.Scan(&lo, &hi, &n); err != nil {
			return err
		}
		w.min, w.max = schema.Day(lo), schema.Day(hi)
		return nil
	}, w.args()...)
}

func (w *work) loadLines(ctx context.Context) error {
	byEvent := map[schema.ID]*document{}
	for _, d := range w.docs {
		byEvent[d.EventID] = d
	}
	amounts := ""
	for _, c := range []string{"quantity", "price", "base_quantity", "amount", "allowance", "charge", "vat_percent"} {
		amounts += ", " + money(c)
	}
	err := w.each(ctx, `SELECT lower(hex(event_id)), lower(hex(invoice_event)), line_no, line_id, line_mask, toString(service), item, toString(item_code), toString(quantity_unit), toString(vat_category), toString(currency),
    toInt32(period_from), toInt32(period_to), file_row`+amounts+` FROM invoice_lines WHERE `+w.selected(), func(rows driver.Rows) error {
		l := &line{}
		x := &l.InvoiceLine
		var event, invoice string
		var from, to int32
		var m [7]int64
		err := rows.Scan(&event, &invoice, &x.LineNo, &x.LineID, &x.LineMask, &x.Service, &x.Item, &x.ItemCode, &x.QuantityUnit, &x.VATCategory, &x.Currency, &from, &to, &x.FileRow,
			&m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &m[6])
		if err != nil {
			return err
		}
		if x.EventID, err = schema.ParseID(event); err != nil {
			return err
		}
		id, err := schema.ParseID(invoice)
		if err != nil {
			return err
		}
		for i, to := range []*schema.Money{&x.Quantity, &x.Price, &x.BaseQuantity, &x.Amount, &x.Allowance, &x.Charge, &x.VATPercent} {
			*to = schema.Money(m[i])
		}
		x.PeriodFrom, x.PeriodTo = schema.Day(from), schema.Day(to)
		if l.doc = byEvent[id]; l.doc != nil { // a line that came before its document waits for it
			l.doc.lines = append(l.doc.lines, l)
		}
		return nil
	}, w.args()...)
	if err != nil {
		return err
	}
	w.arrange()
	return nil
}

// arrange puts the lines into the order of their documents and works out what follows from each
// alone: its period, its amount in SEK.
func (w *work) arrange() {
	w.first, w.last = w.min, w.max
	for _, d := range w.docs {
		slices.SortFunc(d.lines, func(a, b *line) int {
			x, y := &a.InvoiceLine, &b.InvoiceLine
			return cmp.Or(cmp.Compare(x.FileRow, y.FileRow), cmp.Compare(len(x.LineNo), len(y.LineNo)), cmp.Compare(x.LineNo, y.LineNo), slices.Compare(x.EventID[:], y.EventID[:]))
		})
		for _, l := range d.lines {
			l.period()
			l.exchange()
			w.first, w.last = min(w.first, l.from), max(w.last, l.to)
		}
		w.lines = append(w.lines, d.lines...)
		d.check()
		if len(w.operators) == 0 || w.operators[len(w.operators)-1] != d.Operator {
			w.operators = append(w.operators, d.Operator)
		}
	}
	w.sameNumber()
}

// period finds the days the line is for.
func (l *line) period() {
	x := &l.InvoiceLine
	l.from, l.to, l.told = x.PeriodFrom, x.PeriodTo, x.PeriodTo != 0
	if l.told && l.from == 0 {
		l.from = l.to.Month()
	}
	if l.told && (l.to < l.from || l.to-l.from > longest) {
		l.doc.find(Finding{Kind: FindPeriod, LineNo: x.LineNo})
		l.told = false
	}
	if !l.told {
		l.from = l.doc.Issued.Month()
		l.to = (l.from + 31).Month() - 1
	}
}

// exchange works out the amount in SEK by what the document says its currency is worth.
func (l *line) exchange() {
	l.sek = l.InvoiceLine.Amount
	if l.InvoiceLine.Currency != l.doc.Currency {
		l.sek = 0
		l.settle(Other, ReasonNoExchangeRate)
		return
	}
	if l.doc.Currency == sek {
		return
	}
	var err error
	if l.doc.ExchangeRate <= 0 || l.doc.ExchangeDay == 0 {
		l.sek = 0
		l.settle(Other, ReasonNoExchangeRate)
	} else if l.sek, err = l.InvoiceLine.Amount.MulDiv(int64(l.doc.ExchangeRate), int64(schema.Micro)); err != nil {
		l.sek = 0
		l.settle(Other, ReasonNoExchangeRate)
	}
}

// stated turns an amount in SEK into the currency of the document.
func (l *line) stated(m schema.Money) schema.Money {
	if l.doc.Currency == sek {
		return m
	}
	if l.doc.ExchangeRate <= 0 {
		return 0
	}
	out, err := m.MulDiv(int64(schema.Micro), int64(l.doc.ExchangeRate))
	if err != nil {
		return 0
	}
	return out
}

const sek = "SEK"
