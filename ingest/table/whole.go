package table

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"linesman/ingest"
	"linesman/schema/personnummer"
)

// Whole reads extracts that hold sums of groups and never anything of a person. One personnummer
// anywhere refuses the file, so a file is held in memory and read to its end before anything of it
// is handed on.
type Whole[T any] struct {
	Columns []Column
	Moments []int  // places of the columns of dates and times
	Max     int    // rows of one file
	TooMany string // said of a file with more rows, after their number
	Holds   string // said of a file with a personnummer: what the extracts hold instead

	// Record reads a row, or says why it is refused.
	Record func(Row, *T) *ingest.Reject
	// Refusable tells whether Settle may refuse the record, so that its text is kept until then;
	// nil: any.
	Refusable func(*T) bool
	// Settle refuses rows for what stands in others.
	Settle func([]Held[T])
	// Deliver hands a record on.
	Deliver func(*T) error
}

// Held is a row that is kept until the whole file is known to be clean.
type Held[T any] struct {
	Record T
	Reject *ingest.Reject // set: the row is refused
	Raw    []byte         // the text of a row that may yet be refused
}

// Read reads one file; see [ingest.Format].
func (w *Whole[T]) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	var sum ingest.Summary
	r, err := Header(in, ';')
	if err != nil {
		return sum, err
	}
	for _, name := range r.Names() {
		if personnummer.Contains(name) {
			return sum, r.Refuse(1, "", ingest.CodePersonnummer, "the header holds a personnummer: the whole file is refused")
		}
	}
	if sum.Notices, err = r.Map(w.Columns); err != nil {
		return sum, err
	}
	sum.Columns = r.Columns()
	rows, err := w.hold(ctx, r)
	if err != nil {
		return sum, err
	}
	w.Settle(rows)
	for i := range rows {
		h := &rows[i]
		h.Raw = nil // so that delivering does not keep it in memory
		if h.Reject != nil {
			err = out.Reject(*h.Reject)
		} else {
			err = w.Deliver(&h.Record)
		}
		if err != nil {
			return sum, err
		}
		sum.Read++
	}
	return sum, nil
}

func (w *Whole[T]) hold(ctx context.Context, r *Reader) ([]Held[T], error) {
	var rows []Held[T]
	for {
		if len(rows)&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line, reject, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if len(rows) == w.Max {
			return nil, r.Refuse(line.Number, "", ingest.CodeTooLarge, fmt.Sprintf("more than %d rows: %s", w.Max, w.TooMany))
		}
		if column, found := w.person(line, reject != nil); found {
			return nil, r.Refuse(line.Number, column, ingest.CodePersonnummer, "a personnummer: the whole file is refused. "+w.Holds)
		}
		rows = append(rows, w.held(line, reject))
	}
}

func (w *Whole[T]) held(line Row, reject *ingest.Reject) Held[T] {
	h := Held[T]{Reject: reject}
	if reject == nil {
		h.Reject = w.Record(line, &h.Record)
	}
	switch {
	case h.Reject != nil:
		h.Reject.Raw = bytes.Clone(h.Reject.Raw)
	case w.Refusable == nil || w.Refusable(&h.Record):
		h.Raw = bytes.Clone(line.Raw)
	}
	return h
}

// person looks for a personnummer in every value. Dates and times are made of the same
// digits, so those columns are looked at only when they are no date or time.
func (w *Whole[T]) person(line Row, damaged bool) (column string, found bool) {
	if damaged {
		return "", personnummer.Contains(string(line.Raw))
	}
	for i, c := range w.Columns {
		v := line.Get(i)
		if slices.Contains(w.Moments, i) {
			if _, err := Moment(v, time.UTC); err == nil {
				continue
			}
		}
		if personnummer.Contains(string(v)) {
			return c.Name, true
		}
	}
	line.Extra(func(v []byte) { found = found || personnummer.Contains(string(v)) })
	return "", found
}
