package pipeline

import (
	"fmt"
	"testing"

	"linesman/internal/broker"
	"linesman/schema"
)

// Heads and lines of invoices share a topic: each goes into its own table once, whatever comes
// again, and what is neither is refused once.
func TestHeadsAndLinesOfInvoicesShareATopic(t *testing.T) {
	w := newWorld(t)
	head := func(n int) schema.Invoice {
		return schema.Invoice{EventID: schema.NewID("head", fmt.Sprint(n)), InvoiceID: schema.NewID("invoice", fmt.Sprint(n)), Number: fmt.Sprint(n), Net: schema.Kronor(int64(n)), FileID: schema.NewID("file")}
	}
	line := func(n, i int) schema.InvoiceLine {
		return schema.InvoiceLine{EventID: schema.NewID("line", fmt.Sprint(n, i)), InvoiceEvent: schema.NewID("head", fmt.Sprint(n)), LineNo: fmt.Sprint(i), Amount: schema.Kronor(1), FileID: schema.NewID("file")}
	}
	send := func(from, to int) {
		for n := from; n < to; n++ {
			produce(w, schema.TopicInvoices, "Invoice", schema.InvoiceTable(), head(n))
			produce(w, schema.TopicInvoices, "InvoiceLine", schema.InvoiceLineTable(), line(n, 1), line(n, 2))
		}
	}
	send(0, 5)
	p := w.catchUp()
	send(3, 8) // two of them again
	stray := broker.Record{Key: []byte("k"), Value: []byte("x"), Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Watch")}}}
	if _, err := w.b.Produce(t.Context(), schema.TopicInvoices, 0, []broker.Record{stray}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time: what was refused
		if err := p.CatchUp(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	const tables = "SELECT concat(toString((SELECT count() FROM invoices)), ' ', toString((SELECT count() FROM invoice_lines)), ' ', toString((SELECT sum(net) FROM invoices)), ' ', toString((SELECT sum(amount) FROM invoice_lines)))"
	w.want(tables, "8 16 28 16")
	w.want("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate)), ' ', toString(sum(refused))) FROM valid_ranges WHERE topic = 'linesman.invoices'", "24 6 1")
	w.want("SELECT concat(toString(sum(accepted)), ' ', toString(sum(duplicate))) FROM range_files", "24 6")
	w.want("SELECT toString(count()) FROM rejects WHERE code = 'bad_record'", "1")
	w.sound()
	p.Close()

	send(0, 8) // what is known is made anew from the store
	w.catchUp()
	w.want(tables, "8 16 28 16")
	w.sound()
}
