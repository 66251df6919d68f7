// Package invoice reads invoices of telephony: Peppol BIS Billing 3 (UBL 2.1, EN 16931) as
// suppliers in Sweden send them, and the Danish UtilityStatement of OIOUBL 2. Sums stand in
// the log as the document states them, right or wrong: comparing them is the business of
// others. Call detail that travels inside as an attachment goes on to the reader of itemised
// files.
//
// A document is one thing: what is wrong with a part of it refuses the whole, for its sums
// would not add up without that part. So nothing is handed on before all of it was read.
package invoice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/phone"
)

// Name is the collector's name.
const Name = "invoices"

// The formats, as they stand in invoices and reports.
const (
	FormatPeppol  = "peppol_bis3"
	FormatUtility = "oioubl_utility"
)

// Danish is the zone of the times of a UtilityStatement, which have no offset.
const Danish = "Europe/Copenhagen"

// Limits bound what a document may hold. Zero values mean the defaults.
type Limits struct {
	Attachments int64 // decoded bytes of all attachments; 0: 256 MiB
	Count       int   // attachments; 0: 1,000
	Elements    int   // 0: 2,000,000, calls of a UtilityStatement aside
	Calls       int   // calls of a UtilityStatement; 0: 500,000
	Depth       int   // 0: 64
	Text        int   // bytes of one text; 0: 1 MiB
	Tag         int   // bytes of one tag with its attributes; 0: 64 KiB
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		have *int
		want int
	}{{&l.Count, 1000}, {&l.Elements, 2_000_000}, {&l.Calls, 500_000}, {&l.Depth, 64}, {&l.Text, 1 << 20}, {&l.Tag, 64 << 10}} {
		if *d.have <= 0 {
			*d.have = d.want
		}
	}
	if l.Attachments <= 0 {
		l.Attachments = 256 << 20
	}
	return l
}

// Detail reads call detail: the format of itemised files.
type Detail interface {
	Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error)
}

// Config of the format.
type Config struct {
	Key       *pseudonym.Key    // needed
	Suppliers map[string]string // organisation number or electronic address (0007:5560000000) to operator
	Detail    Detail            // nil: attachments are counted and left
	Zone      string            // zone in which events are judged; empty: schema.DefaultZone
	Limits    Limits
}

// Format reads invoices. It is safe for concurrent use.
type Format struct {
	key       *pseudonym.Key
	suppliers map[string]string // by key of supplierKey
	detail    Detail
	zone      string
	danish    *time.Location
	limits    Limits
	words     *vocabulary
	keep      map[string]bool // names of elements that are used
	sweden    *phone.Reducer
	denmark   *phone.Reducer
}

var _ ingest.Format = (*Format)(nil)

// New returns the format.
func New(cfg Config) (*Format, error) {
	if cfg.Key == nil {
		return nil, errors.New("reading invoices: no pseudonym key")
	}
	f := &Format{key: cfg.Key, suppliers: map[string]string{}, detail: cfg.Detail, zone: cfg.Zone, limits: cfg.Limits.withDefaults(), words: newVocabulary(), keep: kept()}
	if f.zone == "" {
		f.zone = schema.DefaultZone
	}
	for id, operator := range cfg.Suppliers {
		f.suppliers[supplierKey(id)] = operator
	}
	var err error
	if f.danish, err = time.LoadLocation(Danish); err != nil {
		return nil, fmt.Errorf("reading invoices: zone %s: %w", Danish, err)
	}
	if f.sweden, err = phone.New("SE", phone.National); err != nil {
		return nil, fmt.Errorf("reading invoices: %w", err)
	}
	if f.denmark, err = phone.New("DK", phone.National); err != nil {
		return nil, fmt.Errorf("reading invoices: %w", err)
	}
	return f, nil
}

// Name returns "invoices".
func (f *Format) Name() string { return Name }

// bill is what was read of a document.
type bill struct {
	head      schema.Invoice
	lines     []schema.InvoiceLine
	calls     []*call
	files     []file
	notices   []string
	telephony bool   // the document is of telephony
	several   bool   // it names several subscriptions
	left      string // why the document is none of ours; nothing of it goes out then
}

// Read reads one document. It is refused as a whole, with the line and the element, where
// something is wrong with it; rows of call detail are refused alone. What is no telephony is
// left out: the file is done, without records and with a notice.
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	file := ingest.MaskName(in.Name)
	body, err := sniff(in.Body, file)
	if err != nil {
		return ingest.Summary{}, err
	}
	s := newStrip(body, file, f.limits)
	defer s.close()
	doc, err := f.parse(ctx, s, file)
	if err != nil {
		return ingest.Summary{}, err
	}
	r := &reading{f: f, doc: doc, file: file, notes: map[string]*note{}}
	profile := FormatPeppol
	if doc.top.name == rootUtility {
		profile = FormatUtility
		r.utility()
	} else {
		r.billing()
	}
	if r.err != nil {
		return ingest.Summary{Profile: profile}, r.err
	}
	r.b.notices = append(r.b.notices, r.noted()...)
	sum := ingest.Summary{Profile: profile, Notices: r.b.notices}
	if r.b.left != "" {
		sum.Notices = []string{"not telephony, left out: " + r.b.left}
		return sum, nil
	}
	r.identify(in)
	return f.deliver(ctx, in, s, &r.b, sum, out)
}

// identify gives document and lines their ids.
func (r *reading) identify(in ingest.Input) {
	h := &r.b.head
	h.InvoiceID = schema.NewID("invoice", h.SupplierID, h.Kind, h.Number)
	h.EventID = schema.NewID("invoice content", h.InvoiceID.String(), string(r.doc.sum))
	h.FileRow, h.FileID, h.RecordedAt, h.Lines, h.Attachments = r.doc.top.line, in.FileID, schema.TimeOf(in.Now), uint32(len(r.b.lines)), uint32(len(r.b.files))
	for i := range r.b.lines {
		l := &r.b.lines[i]
		l.EventID = schema.NewID("invoice line", h.EventID.String(), fmt.Sprint(i+1))
		l.InvoiceEvent, l.InvoiceID, l.FileID, l.RecordedAt = h.EventID, h.InvoiceID, h.FileID, h.RecordedAt
		l.Operator, l.Number, l.Currency = h.Operator, h.Number, h.Currency
	}
	r.identifyCalls(in)
}

// deliver hands out the document, its lines, its calls, and what its attachments hold.
func (f *Format) deliver(ctx context.Context, in ingest.Input, s *strip, b *bill, sum ingest.Summary, out ingest.Sink) (ingest.Summary, error) {
	if err := out.Invoice(&b.head); err != nil {
		return sum, err
	}
	sum.Read++
	for i := range b.lines {
		if i&1023 == 0 && ctx.Err() != nil {
			return sum, fmt.Errorf("reading %s: %w", s.file, context.Cause(ctx))
		}
		if err := out.InvoiceLine(&b.lines[i]); err != nil {
			return sum, err
		}
		sum.Read++
	}
	for i, c := range b.calls {
		if i&1023 == 0 && ctx.Err() != nil {
			return sum, fmt.Errorf("reading %s: %w", s.file, context.Cause(ctx))
		}
		if err := c.deliver(out); err != nil {
			return sum, err
		}
		sum.Read++
	}
	d := details{f: f, in: in, s: s, b: b, sum: &sum, out: out}
	for i := range b.files {
		if err := d.attachment(ctx, i); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// supplierKey is how the ids of suppliers are compared: without blanks and hyphens, and of a
// Swedish VAT number the organisation number inside.
func supplierKey(id string) string {
	id = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(id))
	if d, ok := strings.CutPrefix(id, "SE"); ok && len(d) == 12 && strings.HasSuffix(d, "01") {
		return d[:10]
	}
	return id
}
