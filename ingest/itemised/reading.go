package itemised

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/personnummer"
	"linesman/schema/phone"
)

// reading is the state of reading one file.
type reading struct {
	p       *Profile
	c       *compiled
	h       *header
	key     *pseudonym.Key
	reducer *phone.Reducer
	decoder decoder
	clock   *clock
	fields  [][]byte
	u       schema.Usage
	amends  amends       // what the row does to another one
	base    schema.Usage // what every record of the file has
	latest  schema.Time  // a record from the future is refused
	extra   []int        // places of columns without a field that are scanned
	scan    [fieldCount]bool
	sum     schema.Money // of the amounts as the file means them
	total   *schema.Money
	owns    map[string]own
	words   map[string]string // values that come again, scanned once
}

// own is what is known of a subscription number as written.
type own struct {
	line string
	bad  *flaw
}

// flaw is why a row is refused.
type flaw struct {
	field  field // fieldCount: no one column
	column string
	code   string
	reason string
}

// earliest is the first moment that a record may have.
const earliest = schema.Time(946_684_800_000) // 2000-01-01T00:00:00Z

// maxWords bounds the caches of a file.
const maxWords = 1 << 15

func (f *Format) newReading(p *Profile, h *header, in ingest.Input, s *source) *reading {
	r := &reading{
		p: p, c: p.c, h: h, key: f.key, reducer: f.reducers[p.Phone.Region+"/"+p.Phone.Style],
		decoder: decoder{charset: p.charset(s)}, clock: newClock(p.c),
		owns: map[string]own{}, words: map[string]string{},
		latest: schema.Time(1<<63 - 1),
	}
	r.base = schema.Usage{
		Zone: f.zone, Operator: p.Operator, Source: "itemised:" + p.Name, FileID: in.FileID,
		RecordedAt: schema.TimeOf(in.Now), Device: p.Constants.Device, Invoice: p.Constants.Invoice, Currency: p.Constants.Currency,
	}
	if !in.Now.IsZero() {
		r.latest = schema.TimeOf(in.Now.AddDate(0, 0, 1))
	}
	for _, name := range []field{fNetwork, fInvoice, fRecord, fAmendsInvoice, fAmendsRecord} {
		r.scan[name] = !p.c.unscanned[name.String()] && (h.place[name] < 0 || !p.c.unscanned[normal(h.names[h.place[name]])])
	}
	r.scan[fAmendsInvoice] = r.scan[fAmendsInvoice] && r.scan[fInvoice] // the same numbers, named again
	r.scan[fAmendsRecord] = r.scan[fAmendsRecord] && r.scan[fRecord]
	for i, name := range h.names {
		if _, mapped := p.c.fields[normal(name)]; !mapped && !p.c.unscanned[normal(name)] {
			r.extra = append(r.extra, i)
		}
	}
	return r
}

// rows hands out every row behind the header and returns how many records and rejects they
// made, and how many of these were records. A row makes one, see [amends.records].
func (r *reading) rows(ctx context.Context, src *source, out ingest.Sink) (read, sent uint64, err error) {
	for {
		if read&1023 == 0 && ctx.Err() != nil {
			return read, sent, fmt.Errorf("reading %s: %w", src.file, context.Cause(ctx))
		}
		l, err := src.next()
		if err == io.EOF {
			return read, sent, nil
		}
		if err != nil {
			return read, sent, err
		}
		if blank(l.raw) {
			continue
		}
		bad, skip := r.row(l, src)
		if skip {
			src.footers++
			continue
		}
		if bad != nil {
			read++
			err = out.Reject(ingest.Reject{Row: l.row, Column: r.columnOf(bad), Code: bad.code, Reason: bad.reason, Raw: l.raw})
		} else {
			n := r.amends.records()
			read, sent = read+n, sent+n
			err = r.hand(out)
		}
		if err != nil {
			return read, sent, err
		}
	}
}

// hand gives out what the row says: first what it does to another record, then its own.
func (r *reading) hand(out ingest.Sink) error {
	if r.amends.what != changeNone {
		if err := out.Amendment(r.amends.kind, &r.amends.record); err != nil {
			return err
		}
	}
	if r.amends.what == changeCancel {
		return nil
	}
	r.sum += r.u.Charged
	if r.p.Amounts.IncludesVAT {
		r.sum += r.u.VAT
	}
	return out.Usage(&r.u)
}

func blank(line []byte) bool {
	return len(line) == 0 || line[0] <= ' ' && len(bytes.TrimSpace(line)) == 0
}

func (r *reading) columnOf(bad *flaw) string {
	switch {
	case bad.column != "":
		return bad.column
	case bad.field >= fieldCount:
		return ""
	case r.h.place[bad.field] >= 0:
		return printable(r.h.names[r.h.place[bad.field]])
	}
	return bad.field.String()
}

// row makes a record of one line, in r.u. skip: the line is a footer.
func (r *reading) row(l physical, src *source) (bad *flaw, skip bool) {
	if l.long {
		return &flaw{fieldCount, "", ingest.CodeTooLong, fmt.Sprintf("the line is longer than %d bytes", src.max)}, false
	}
	line, ok := r.decoder.line(l.raw)
	if !ok {
		return &flaw{fieldCount, "", ingest.CodeEncoding, "the line is not " + r.encoding()}, false
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return &flaw{fieldCount, "", ingest.CodeEncoding, "the line holds NUL bytes: it is not text"}, false
	}
	if r.footer(line) {
		r.readTotal(line)
		return nil, true
	}
	if bad := r.cut(line); bad != nil {
		return bad, false
	}
	r.u = r.base
	r.u.FileRow = l.row
	r.amends = amends{}
	return r.record(), false
}

func (r *reading) encoding() string {
	if r.decoder.charset == nil {
		return "utf-8"
	}
	return r.p.Encoding
}

func (r *reading) footer(line []byte) bool {
	for _, f := range r.c.footers {
		start := bytes.TrimLeft(line, " \t\"\u00a0")
		if len(start) >= len(f) && bytes.EqualFold(start[:len(f)], []byte(f)) {
			return true
		}
	}
	return false
}

// readTotal takes the sum of a file from its footer, where the profile says that it is there.
// A footer has fewer columns as often as not, so it is no fault when there is none.
func (r *reading) readTotal(line []byte) {
	if !r.p.Footer.Total {
		return
	}
	r.fields = split(r.fields[:0], line, r.c.delim, r.c.quoted)
	if len(r.fields) <= r.h.place[fAmount] {
		return
	}
	if total, bad := r.money(fAmount); bad == nil && len(r.get(fAmount)) > 0 {
		r.total = &total
	}
}

// balance compares the sum of the records with the file's own total.
func (r *reading) balance(read, sent uint64) string {
	if r.total == nil || *r.total == r.sum {
		return ""
	}
	return fmt.Sprintf("the file's own total is %s, its records sum to %s (%d of %d rows were refused)", *r.total, r.sum, read-sent, read)
}

// cut splits the line into as many fields as the header has names.
func (r *reading) cut(line []byte) *flaw {
	if r.c.quoted && bytes.IndexByte(line, '"') >= 0 {
		var err error
		if r.fields, err = table.Split(r.fields[:0], line, r.c.delim); err != nil {
			return &flaw{fieldCount, "", ingest.CodeColumns, "a quotation mark is not balanced"}
		}
	} else {
		r.fields = r.fields[:0]
		for {
			i := bytes.IndexByte(line, r.c.delim)
			if i < 0 {
				break
			}
			r.fields = append(r.fields, line[:i])
			line = line[i+1:]
		}
		r.fields = append(r.fields, line)
	}
	want := len(r.h.names)
	if len(r.fields) < want {
		return &flaw{fieldCount, "", ingest.CodeColumns, fmt.Sprintf("%d columns, the header has %d: the line may be cut off", len(r.fields), want)}
	}
	for _, over := range r.fields[want:] {
		if !blank(over) {
			return &flaw{fieldCount, "", ingest.CodeColumns, fmt.Sprintf("%d columns, the header has %d: a delimiter may stand inside a value", len(r.fields), want)}
		}
	}
	return nil
}

// get returns the value of a field without blanks around it; nil where there is no column.
func (r *reading) get(f field) []byte {
	at := r.h.place[f]
	if at < 0 {
		return nil
	}
	b := r.fields[at]
	if n := len(b); n == 0 || b[0] > ' ' && b[0] < 0x80 && b[n-1] > ' ' && b[n-1] < 0x80 {
		return b
	}
	return bytes.TrimSpace(b)
}

// word returns a value that comes again in many rows as a string, scanned for a personnummer.
func (r *reading) word(f field) (string, *flaw) {
	b := r.get(f)
	if len(b) == 0 {
		return "", nil
	}
	if s, ok := r.words[string(b)]; ok {
		return s, nil
	}
	s := string(b)
	if r.scan[f] && personnummer.Contains(s) {
		return "", personal(f)
	}
	if len(r.words) >= maxWords {
		clear(r.words)
	}
	if r.scan[f] { // a word that was not scanned must not pass for one that was
		r.words[s] = s
	}
	return s, nil
}

func personal(f field) *flaw {
	return &flaw{field: f, code: ingest.CodePersonnummer,
		reason: "the value looks like a personnummer; a column of plain numbers can be named under unscanned in the profile"}
}

// scanExtra looks for a personnummer in the columns that the profile does not use. A bare
// number of ten digits there is more likely a telephone number or an epoch.
func (r *reading) scanExtra() *flaw {
	for _, at := range r.extra {
		b := bytes.TrimSpace(r.fields[at])
		if len(b) < 9 {
			continue
		}
		if len(b) == 10 {
			if isDigits(b) {
				continue
			}
		}
		if personnummer.Contains(string(b)) {
			return &flaw{fieldCount, printable(r.h.names[at]), ingest.CodePersonnummer, personal(0).reason}
		}
	}
	return nil
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
