package querytest

import (
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// SeedFollowUp adds what the dashboards about one matter each are about: the age of the watches of
// the last week (58 of the unit of emergency and 20 of surgery are older than 30 days), two
// rejected records, a month that late data moved by 12 records and 100 kr and one that a price book
// moved by −20 kr, and an invoice of March of two lines: a fee that agrees with what was itemised
// of line 5, and one of 500 kr for a number nobody knows.
func SeedFollowUp(t testing.TB, conn driver.Conn) {
	t.Helper()
	seedAges(t, conn)
	later := local(2026, 4, 3, 8, 0)
	insert(t, conn, schema.RejectTable(), []schema.Reject{
		{EventID: schema.NewID("reject", "1"), FileID: FileID(), Row: 7, Column: "duration", Code: "bad_number", Reason: "not a whole number", RecordedAt: local(2026, 4, 1, 2, 0), Offset: 1},
		{EventID: schema.NewID("reject", "2"), FileID: FileID(), Row: 9, Column: "duration", Code: "bad_number", Reason: "not a whole number", RecordedAt: local(2026, 4, 1, 2, 0), Offset: 2},
	})
	insert(t, conn, schema.RestatementTable(), []schema.Restatement{
		{EventID: schema.NewID("moved", "1"), Month: schema.Date(2026, 1, 1), UnitID: Emergency, CostCentre: "0100", EventsBefore: 700, EventsAfter: 712, CostBefore: schema.Kronor(900), CostAfter: schema.Kronor(1000), Causes: "late", CauseTotal: 1, RecordedAt: later, Offset: 1},
		{EventID: schema.NewID("moved", "2"), Month: schema.Date(2026, 2, 1), UnitID: Surgery, CostCentre: "0200", EventsBefore: 300, EventsAfter: 300, CostBefore: schema.Kronor(520), CostAfter: schema.Kronor(500), Causes: "price", CauseTotal: 1, RecordedAt: later, Offset: 2},
	})
	seedInvoice(t, conn)
}

func seedAges(t testing.TB, conn driver.Conn) {
	t.Helper()
	day := schema.Date(2026, 3, 30)
	var rows []schema.Watch
	for i, w := range []struct {
		unit, group         string
		open, week, month   uint32
		median              float64
		created, closedWeek uint32
	}{
		{Emergency, "Läkare", 156, 90, 50, 12.5, 10, 5}, {Emergency, "Sjuksköterska", 3, 2, 1, 9, 2, 1}, {Emergency, "Sekreterare", 12, 8, 7, 20, 4, 2},
		{Surgery, "Läkare", 106, 60, 20, 11, 6, 3},
	} {
		rows = append(rows, schema.Watch{EventID: schema.NewID("aged", fmt.Sprint(i)), UnitID: w.unit, Group: w.group, Day: day, Week: day, Open: w.open, Created: w.created, Closed: w.closedWeek,
			MedianAge: w.median, Over7: w.week, Over30: w.month, ExtractAt: schema.Time(int64(day)*86_400_000 + 3_600_000), Offset: uint64(1000 + i)})
	}
	insert(t, conn, schema.WatchTable(), rows)
}

func seedInvoice(t testing.TB, conn driver.Conn) {
	t.Helper()
	id, event := schema.NewID("invoice", "F-1"), schema.NewID("invoice event", "F-1")
	from, to := schema.Date(2026, 3, 1), schema.Date(2026, 3, 31)
	insert(t, conn, schema.InvoiceTable(), []schema.Invoice{{EventID: event, InvoiceID: id, Kind: schema.InvoiceKind, Format: "peppol_bis3", Operator: "norrtele", SupplierID: "5560000000", SupplierName: "NorrTele", Number: "F-1",
		Issued: schema.Date(2026, 3, 31), Due: schema.Date(2026, 4, 30), PeriodFrom: from, PeriodTo: to, Currency: "SEK", LineTotal: schema.Kronor(599), Net: schema.Kronor(599), VAT: schema.Ore(14975), Gross: schema.Ore(74875), Payable: schema.Ore(74875),
		Lines: 2, FileID: schema.NewID("file", "3"), RecordedAt: local(2026, 4, 2, 8, 0), Offset: 1}})
	line := func(no, lineID, mask string, amount schema.Money) schema.InvoiceLine {
		return schema.InvoiceLine{EventID: schema.NewID("invoice line", no), InvoiceEvent: event, InvoiceID: id, Operator: "norrtele", Number: "F-1", LineNo: no, LineID: lineID, LineMask: mask, Service: schema.ServiceSubscription, Item: "Abonnemang",
			Quantity: schema.Micro, QuantityUnit: "EA", Price: amount, BaseQuantity: schema.Micro, Amount: amount, VATCategory: "S", VATPercent: 25 * schema.Micro, Currency: "SEK", PeriodFrom: from, PeriodTo: to, FileID: schema.NewID("file", "3"), Offset: 1}
	}
	insert(t, conn, schema.InvoiceLineTable(), []schema.InvoiceLine{line("1", LineID(5), "+4670125••••", schema.Kronor(99)), line("2", "L9999999999999", "+4670199••••", schema.Kronor(500))})
}
