package cucm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/schema"
)

func TestSinkErrorStops(t *testing.T) {
	stop := errors.New("the log is full")
	_, err := read(t, cdr, newSheet(header(), false).add(call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "61300"}).String(), failing{stop})
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want %v", err, stop)
	}
}

type failing struct{ err error }

func (f failing) Usage(*schema.Usage) error                   { return f.err }
func (f failing) Watch(*schema.Watch) error                   { return f.err }
func (f failing) Line(*schema.Line) error                     { return f.err }
func (f failing) Unit(*schema.Unit) error                     { return f.err }
func (f failing) CostCentre(*schema.CostCentre) error         { return f.err }
func (f failing) NumberRange(*schema.NumberRange) error       { return f.err }
func (f failing) Approval(*schema.Approval) error             { return f.err }
func (f failing) Amendment(string, *schema.Amendment) error   { return f.err }
func (f failing) Price(*schema.Price) error                   { return f.err }
func (f failing) Goal(*schema.Goal) error                     { return f.err }
func (f failing) Contact(*schema.Contact) error               { return f.err }
func (f failing) Equipment(*schema.Equipment) error           { return f.err }
func (f failing) Employment(*schema.Employment) error         { return f.err }
func (f failing) TelephoneHours(*schema.TelephoneHours) error { return f.err }
func (f failing) AllocationRule(*schema.AllocationRule) error { return f.err }
func (f failing) ExchangeRate(*schema.ExchangeRate) error     { return f.err }
func (f failing) AccessGrant(*schema.AccessGrant) error       { return f.err }
func (f failing) Invoice(*schema.Invoice) error               { return f.err }
func (f failing) InvoiceLine(*schema.InvoiceLine) error       { return f.err }
func (f failing) Reject(ingest.Reject) error                  { return f.err }

func FuzzRead(f *testing.F) {
	f.Add(newSheet(header(), true).add(call{"callingPartyNumber": "61234", "finalCalledPartyNumber": "00701234567"}).String())
	f.Add(newSheet(header(), false).add(call{"callingPartyNumber": "x@y", "finalCalledPartyNumber": "b001"}).String())
	f.Add("")
	format := testFormat(f, Config{})
	f.Fuzz(func(t *testing.T, body string) {
		rec := ingesttest.Recorder{Quiet: true}
		sum, err := format.Read(context.Background(), ingest.Input{Name: cdr, Body: strings.NewReader(body), Now: now()}, &rec)
		if err == nil && sum.Read != uint64(rec.Records+len(rec.Rejects)) {
			t.Errorf("%d read, %d handed out", sum.Read, rec.Records+len(rec.Rejects))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	s := newSheet(header(), true)
	for i := range 20_000 {
		own, other := 61000+i%900, 700000000+i*7919%5000
		s.add(call{"callingPartyNumber": itoa(own), "finalCalledPartyNumber": "00" + itoa(other), "originalCalledPartyNumber": "00" + itoa(other), "destDeviceName": "GW-1", "comment": ""})
	}
	body := s.String()
	format := testFormat(b, Config{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := format.Read(context.Background(), ingest.Input{Name: cdr, Body: strings.NewReader(body), Now: now()}, failing{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(len(body))/float64(s.rows), "bytes/row")
}

func itoa(n int) string {
	var d [12]byte
	i := len(d)
	for ; n > 0; n /= 10 {
		i--
		d[i] = byte('0' + n%10)
	}
	return string(d[i:])
}
