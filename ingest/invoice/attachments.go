package invoice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"linesman/ingest"
	"linesman/ingest/unpack"
	"linesman/schema"
)

// file is an attachment of the document.
type file struct {
	at   int // in the spool
	line uint64
	mime string
	name string
}

// details hands what the attachments hold to the reader of call detail.
type details struct {
	f   *Format
	in  ingest.Input
	s   *strip
	b   *bill
	sum *ingest.Summary
	out ingest.Sink
}

func (d *details) notice(i int, text string) {
	d.sum.Notices = append(d.sum.Notices, fmt.Sprintf("attachment %d in line %d: %s", i+1, d.b.files[i].line, text))
}

// attachment reads one attachment. The invoice stands whatever becomes of it.
func (d *details) attachment(ctx context.Context, i int) error {
	a, at := &d.s.all[d.b.files[i].at], &d.b.files[i]
	if a.bad != "" {
		return d.reject(i, ingest.CodeUnreadable, a.bad)
	}
	body, err := d.s.content(a)
	if err != nil {
		return err
	}
	head := make([]byte, 512)
	n, err := body.ReadAt(head, 0)
	if n == 0 && a.size > 0 {
		return fmt.Errorf("reading an attachment of %s again: %w", d.s.file, err)
	}
	switch what, workbook := left(at.mime, at.name, head[:n]); {
	case a.size == 0:
		return d.reject(i, ingest.CodeEmpty, "it is empty")
	case what != "":
		d.notice(i, what+", counted and left")
		return nil
	case workbook:
		return d.reject(i, ingest.CodeUnreadable, "a spreadsheet workbook: ask the supplier for call detail as CSV")
	case d.f.detail == nil:
		d.notice(i, "call detail is not read here; counted and left")
		return nil
	}
	name := fmt.Sprintf("attachment %d of %s", i+1, d.s.file)
	records := uint64(0)
	err = unpack.Each(name, body, a.size, unpack.Limits{MaxBytes: 4 * d.f.limits.Attachments}, func(f *unpack.File) error {
		in := ingest.Input{Name: name, Body: f, FileID: d.in.FileID, Now: d.in.Now}
		sum, err := d.f.detail.Read(ctx, in, &detailSink{Sink: d.out, number: d.b.head.Number, prefix: fmt.Sprintf("attachment %d: ", i+1)})
		d.sum.Read += sum.Read
		records += sum.Read
		for _, text := range sum.Notices {
			d.notice(i, text)
		}
		if sum.Profile != "" {
			d.notice(i, fmt.Sprintf("call detail read as itemised:%s, %d records", sum.Profile, sum.Read))
		}
		var refused *ingest.FileError
		if bad := f.Err(); bad != nil {
			err = bad
		}
		if errors.As(err, &refused) {
			return d.reject(i, refused.Code, where(refused))
		}
		return err
	})
	var refused *ingest.FileError
	if errors.As(err, &refused) {
		return d.reject(i, refused.Code, where(refused))
	}
	return err
}

// where puts the place inside an attachment before the reason.
func where(e *ingest.FileError) string {
	s := ""
	if e.Row > 0 {
		s = fmt.Sprintf("its line %d: ", e.Row)
	}
	if e.Column != "" {
		s += fmt.Sprintf("column %q: ", e.Column)
	}
	return s + e.Reason
}

func (d *details) reject(i int, code, reason string) error {
	d.sum.Read++
	return d.out.Reject(ingest.Reject{Row: d.b.files[i].line, Column: embedded, Code: code,
		Reason: fmt.Sprintf("attachment %d: %s; the invoice itself was read", i+1, reason), Raw: d.s.all[d.b.files[i].at].sum})
}

// left names what is no call detail: pictures and documents for people. workbook: it is a
// spreadsheet, which may hold call detail that cannot be read.
func left(mime, name string, head []byte) (what string, workbook bool) {
	ext := strings.ToLower(path.Ext(name))
	inside := func(s string) bool { return len(head) > 30 && bytes.HasPrefix(head[30:], []byte(s)) }
	switch {
	case bytes.HasPrefix(head, []byte("%PDF")), mime == "application/pdf":
		return "a PDF", false
	case strings.HasPrefix(mime, "image/"), bytes.HasPrefix(head, []byte("\x89PNG")), bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "a picture", false
	case strings.Contains(mime, "spreadsheet"), strings.Contains(mime, "ms-excel"), ext == ".xlsx", ext == ".xls", ext == ".ods",
		bytes.HasPrefix(head, []byte("PK")) && (inside("[Content_Types].xml") || inside("mimetype")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		// Some systems name CSV so: text is read as text.
		return "", len(head) > 0 && bytes.IndexByte(head, 0) >= 0
	}
	return "", false
}

// detailSink marks what comes from an attachment: rows are those of the attachment.
type detailSink struct {
	ingest.Sink
	number, prefix string
}

// Usage takes a record. Where the detail names no invoice it is this one's.
func (s *detailSink) Usage(u *schema.Usage) error {
	if u.Invoice != "" {
		return s.Sink.Usage(u)
	}
	own := *u
	own.Invoice = s.number
	return s.Sink.Usage(&own)
}

// Reject says which attachment a refused row stands in.
func (s *detailSink) Reject(r ingest.Reject) error {
	r.Reason = s.prefix + r.Reason
	return s.Sink.Reject(r)
}
