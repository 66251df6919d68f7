package invoice

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/collector"
	"linesman/processors/pipeline"
	"linesman/processors/store"
	"linesman/processors/verify"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// The same document twice is one, in any file; another content under its number is another
// document of that number; and call detail that was inside becomes usage.
func TestThroughLogAndStore(t *testing.T) {
	w := worldtest.New(t)
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := collector.New(collector.Config{Key: testKey(), Zone: zone}, w.Log, map[string]ingest.Format{Name: testFormat(t)}, w.Out)
	if err != nil {
		t.Fatal(err)
	}
	collect := func(name, body, want string) {
		t.Helper()
		rep, err := c.Collect(t.Context(), Name, name, strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %s %d %d %d %d", rep.State, rep.Profile, rep.Read, rep.Sent, rep.Rejected, rep.Repeated); got != want {
			t.Errorf("%s: %s, want %s; %s", name, got, want, rep)
		}
	}
	invoice := fixture(t, "invoice.xml")
	collect("a.xml", invoice, "done peppol_bis3 9 8 1 0")
	collect("b.xml", strings.Replace(invoice, "\n  <cbc:ID>", "\n\n  <!-- sent again -->\n  <cbc:ID>", 1), "done peppol_bis3 9 8 1 0") // blanks and comments are no content
	collect("credit.xml", fixture(t, "credit_note.xml"), "done peppol_bis3 2 2 0 0")
	collect("tele.xml", fixture(t, "tele_extended.xml"), "done oioubl_utility 14 13 1 0")
	collect("electricity.xml", fixture(t, "electricity.xml"), "done oioubl_utility 0 0 0 0")
	collect("old.xml", fixture(t, "svefaktura.xml"), "failed  0 0 0 0")
	collect("bad.xml", change(t, invoice, "Fråga", "800101-9804"), "failed  0 0 0 0")

	catchUp(t, w)
	check := func(query, want string) {
		t.Helper()
		var got string
		if err := w.St.Conn().QueryRow(store.Exact(t.Context()), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q; %v", query, got, want, err)
		}
	}
	check("SELECT concat(toString(count()), ' ', toString(sum(gross)), ' ', toString(sum(lines))) FROM invoices WHERE currency = 'SEK'", "2 311.01 6")
	check("SELECT concat(toString(count()), ' ', toString(sum(amount))) FROM invoice_lines WHERE currency = 'SEK'", "6 230.81")
	check("SELECT concat(toString(count()), ' ', toString(sum(charged))) FROM usage WHERE source = 'itemised:fjordtel' AND invoice = '2026-1001'", "2 1.79")
	// The call that the statement cancels does not count.
	check("SELECT concat(toString(count()), ' ', toString(sum(charged))) FROM usage WHERE source = 'invoices:oioubl_utility'", "6 4.5")

	collect("c.xml", change(t, invoice, ">324.00<", ">325.00<"), "done peppol_bis3 9 8 1 0")
	catchUp(t, w)
	check("SELECT concat(toString(uniqExact(invoice_id)), ' ', toString(count())) FROM invoices WHERE number = '2026-1001'", "1 2")
	check("SELECT toString(count()) FROM invoice_lines WHERE number = '2026-1001'", "10")
	check("SELECT toString(count()) FROM usage WHERE source = 'itemised:fjordtel'", "2")
	sound(t, w)
}

func catchUp(t *testing.T, w *worldtest.World) {
	t.Helper()
	p, err := pipeline.New(pipeline.Config{}, w.Log, w.St, w.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// sound lets the log and the store be compared; nothing was judged, so roll-ups are aside.
func sound(t *testing.T, w *worldtest.World) {
	t.Helper()
	rep, err := verify.New(w.Log, w.St).Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rep.Partitions {
		if !p.OK {
			t.Errorf("log and store differ: %+v", p)
		}
	}
	for _, f := range rep.Files {
		if !f.OK {
			t.Errorf("a file's report and its records differ: %+v", f)
		}
	}
}
