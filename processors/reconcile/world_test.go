package reconcile

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

// world is a store that tests fill with statements, usage and documents.
type world struct {
	t    testing.TB
	st   *store.Store
	zone *time.Location
	rows rows
	n    int // events so far
}

// rows wait to be written.
type rows struct {
	invoices []schema.Invoice
	bills    []schema.InvoiceLine
	usage    []schema.Usage
	lines    []schema.Line
	ranges   []schema.NumberRange
	prices   []schema.Price
}

func newWorld(t testing.TB) *world {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.New(t.Context(), enginetest.Open(t), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, st: st, zone: zone}
}

func day(t testing.TB, s string) schema.Day {
	t.Helper()
	d, err := schema.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func amount(t testing.TB, s string) schema.Money {
	t.Helper()
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) id() schema.ID {
	w.n++
	return schema.NewID("test", fmt.Sprint(w.n))
}

func (w *world) at(s string) schema.Time {
	if s == "" {
		return 0
	}
	return day(w.t, s).Start(w.zone)
}

// line states a subscription of Norrtele; sim may be empty; to is the first day without it.
func (w *world) line(id, operator, plan, sim, from, to string) {
	w.n++
	w.rows.lines = append(w.rows.lines, schema.Line{LineID: id, Alias: "x" + id, Operator: operator, Plan: plan, SIM: sim, Kind: "mobile", ValidFrom: w.at(from), ValidTo: w.at(to), EventID: w.id(), Rank: uint64(w.n), Offset: uint64(w.n)})
}

// price states a monthly fee, or a price per minute and so on.
func (w *world) price(p schema.Price) {
	w.n++
	p.EventID, p.Rank, p.Offset, p.Currency = w.id(), uint64(w.n), uint64(w.n), sek
	w.rows.prices = append(w.rows.prices, p)
}

// used makes n records of a service, each of so many seconds, bytes or messages, charged and rated.
func (w *world) used(operator, invoice, line, service, on string, n int, change func(*schema.Usage)) {
	for i := range n {
		u := schema.Usage{EventID: w.id(), Kind: kindOf(service), Service: service, LineID: line, Line: line, OccurredAt: w.at(on) + schema.Time(8*3_600_000+i*1000), Operator: operator, Invoice: invoice,
			Answered: true, Currency: sek, RateReason: "rated", PriceID: "P/1/" + service, LocalDay: day(w.t, on), Revision: 1, LogOffset: uint64(w.n)}
		change(&u)
		u.Cost = u.Charged
		w.rows.usage = append(w.rows.usage, u)
	}
}

func kindOf(service string) string {
	switch {
	case isFee(service):
		return schema.KindFee
	case service == schema.ServiceData:
		return schema.KindData
	case service == schema.ServiceSMS || service == schema.ServiceMMS:
		return schema.KindSMS
	}
	return schema.KindCall
}

// bill is a line of a document in a test; amounts are decimals in text.
type bill struct {
	line, service, item   string
	quantity, unit, price string
	amount                string // empty: quantity x price
	from, to              string
	mask                  string
	allowance             string
	currency              string // empty: the document's
}

// document makes a document of March 2026 with the sums that follow from its lines, and with what
// change changes of it.
func (w *world) document(number string, change func(*schema.Invoice), bills ...bill) {
	w.n++
	d := schema.Invoice{EventID: w.id(), Kind: schema.InvoiceKind, Format: "peppol_bis3", Operator: "Norrtele", SupplierName: "Norrtele AB", Number: number, Issued: day(w.t, "2026-04-02"), Currency: sek,
		PeriodFrom: day(w.t, "2026-03-01"), PeriodTo: day(w.t, "2026-03-31"), Lines: uint32(len(bills)), Offset: uint64(w.n)}
	var made []schema.InvoiceLine
	for i, b := range bills {
		l := schema.InvoiceLine{EventID: w.id(), LineNo: fmt.Sprint(i + 1), LineID: b.line, LineMask: b.mask, Service: b.service, Item: b.item, QuantityUnit: b.unit, VATCategory: "S", VATPercent: schema.Kronor(25), FileRow: 1, Offset: uint64(w.n)}
		if l.LineMask == "" && b.line != "" {
			l.LineMask = "+4670123••••"
		}
		l.Quantity, l.Price, l.BaseQuantity = amount(w.t, orElse(b.quantity, "1")), amount(w.t, orElse(b.price, b.amount)), schema.Micro
		l.Allowance = amount(w.t, orElse(b.allowance, "0"))
		if b.amount != "" {
			l.Amount = amount(w.t, b.amount)
		} else {
			m, err := l.Price.MulDiv(int64(l.Quantity), int64(schema.Micro))
			if err != nil {
				w.t.Fatal(err)
			}
			l.Amount = (m - l.Allowance).RoundOre()
		}
		if b.from != "" {
			l.PeriodFrom, l.PeriodTo = day(w.t, b.from), day(w.t, b.to)
		}
		d.LineTotal += l.Amount
		made = append(made, l)
	}
	vat, err := d.LineTotal.MulDiv(25, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	d.Net, d.VAT = d.LineTotal, vat.RoundOre()
	d.Gross = d.Net + d.VAT
	d.Payable = d.Gross
	if change != nil {
		change(&d)
	}
	d.InvoiceID = schema.NewID("invoice", d.Operator, d.Kind, d.Number)
	for i := range made {
		l := &made[i]
		l.InvoiceEvent, l.InvoiceID, l.Operator, l.Number, l.Currency = d.EventID, d.InvoiceID, d.Operator, d.Number, orElse(bills[i].currency, d.Currency)
		if l.PeriodTo == 0 {
			l.PeriodFrom, l.PeriodTo = d.PeriodFrom, d.PeriodTo
		}
	}
	w.rows.invoices = append(w.rows.invoices, d)
	w.rows.bills = append(w.rows.bills, made...)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// credits makes a document into a credit note of another one.
func credits(number string) func(*schema.Invoice) {
	return func(d *schema.Invoice) { d.Kind, d.Corrects = schema.CreditNoteKind, number }
}

func write[T any](w *world, t *schema.Table[T], rows []T) {
	w.t.Helper()
	out := store.NewWriter(w.st, t)
	for len(rows) > 0 {
		n := min(len(rows), 100_000)
		out.Add(rows[:n])
		if err := out.Flush(w.t.Context(), ""); err != nil {
			w.t.Fatal(err)
		}
		rows = rows[n:]
	}
}

// flush writes what waits.
func (w *world) flush() {
	w.t.Helper()
	write(w, schema.InvoiceTable(), w.rows.invoices)
	write(w, schema.InvoiceLineTable(), w.rows.bills)
	write(w, schema.UsageTable(), w.rows.usage)
	write(w, schema.LineTable(), w.rows.lines)
	write(w, schema.NumberRangeTable(), w.rows.ranges)
	write(w, schema.PriceTable(), w.rows.prices)
	w.rows = rows{}
}

// march is the month that tests ask for, with a tolerance of 1 krona or 1 %.
func (w *world) march() Input {
	return Input{Zone: w.zone, From: day(w.t, "2026-03-01"), To: day(w.t, "2026-03-31"), Tolerance: schema.Kronor(1), Percent: schema.Kronor(1), Grace: 5}
}

func (w *world) reconcile(in Input) Report {
	w.t.Helper()
	r, err := Invoices(w.t.Context(), w.st.Conn(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// byName lists the lines of a report as document/line.
func byName(r Report) map[string]Line {
	out := map[string]Line{}
	for _, l := range r.Lines {
		out[l.Document+"/"+l.LineNo] = l
	}
	return out
}
