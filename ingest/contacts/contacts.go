// Package contacts reads statistics of contact centres (Telia Ace and the like): a text file in
// UTF-8, separated by semicolons, with sums per queue, chosen key, origin and interval. It is
// this program's own contract with the people who make the extract: the reports of contact
// centres are configured anew everywhere.
//
// The sums are of queues, never of callers or agents. One personnummer anywhere refuses the
// file, so a file is read to its end before anything of it is handed on.
package contacts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/personnummer"
)

// Name is the collector's name.
const Name = "contacts"

const (
	maxRows  = 500_000 // rows of one file, which is held in memory
	maxCount = 1_000_000
	maxSum   = 999_999_999 // seconds; a tenth digit could be a personnummer's
	maxKey   = 4           // bytes: no telephone number fits
	maxText  = 200         // bytes
)

// The columns, as places in columns().
const (
	colDate = iota
	colFrom
	colTo
	colUnit
	colQueue
	colKey
	colOrigin
	colOffered
	colAnswered
	colAbandoned
	colWait
	colTalk
	colExtract
)

func columns() []table.Column {
	return []table.Column{
		colDate:      {Name: "date", Field: "occurred_at", Needed: true},
		colFrom:      {Name: "from", Field: "occurred_at", Needed: true},
		colTo:        {Name: "to", Field: "interval_s", Needed: true},
		colUnit:      {Name: "unit_hsa_id", Field: "unit_id", Needed: true},
		colQueue:     {Name: "queue", Field: "queue", Needed: true},
		colKey:       {Name: "key", Field: "key", Needed: true},
		colOrigin:    {Name: "origin", Field: "origin", Needed: true},
		colOffered:   {Name: "offered", Field: "offered", Needed: true},
		colAnswered:  {Name: "answered", Field: "answered", Needed: true},
		colAbandoned: {Name: "abandoned", Field: "abandoned", Needed: true},
		colWait:      {Name: "wait_s", Field: "wait_s"},
		colTalk:      {Name: "talk_s", Field: "talk_s"},
		colExtract:   {Name: "extract_ts", Field: "extract_at", Needed: true},
	}
}

// Format reads the files. It is safe for concurrent use.
type Format struct {
	zone *time.Location
	name string // of the zone, for the records
}

// New returns the format. zone is the zone of dates and of times without an offset; nil: UTC.
func New(zone *time.Location) *Format {
	if zone == nil {
		zone = time.UTC
	}
	return &Format{zone: zone, name: zone.String()}
}

// Name is the collector's name.
func (f *Format) Name() string { return Name }

// Read reads one file; see [ingest.Format].
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	var sum ingest.Summary
	r, err := table.Header(in, ';')
	if err != nil {
		return sum, err
	}
	for _, name := range r.Names() {
		if personnummer.Contains(name) {
			return sum, r.Refuse(1, "", ingest.CodePersonnummer, "the header holds a personnummer: the whole file is refused")
		}
	}
	if sum.Notices, err = r.Map(columns()); err != nil {
		return sum, err
	}
	sum.Columns = r.Columns()
	reader := &reading{f: f, in: in, cols: columns(), texts: map[string]string{}, doubled: map[interval]bool{}}
	held, err := reader.hold(ctx, r)
	if err != nil {
		return sum, err
	}
	refuseDoubles(held)
	for i := range held {
		h := &held[i]
		if h.reject != nil {
			err = out.Reject(*h.reject)
		} else {
			err = out.Contact(&h.contact)
		}
		if err != nil {
			return sum, err
		}
		sum.Read++
	}
	return sum, nil
}

// held is one row that is kept until the whole file is known to be clean.
type held struct {
	contact schema.Contact
	reject  *ingest.Reject
	raw     []byte // of a row that may yet be refused
}

// reading is what is known while one file is read.
type reading struct {
	f       *Format
	in      ingest.Input
	cols    []table.Column
	texts   map[string]string // units, queues, keys: rows share them
	doubled map[interval]bool // rows of the hour that comes twice
}

// interval is an interval of a queue, key and origin in one extract.
type interval struct {
	unit, queue, key, origin string
	at, extract              schema.Time
}

func (r *reading) hold(ctx context.Context, t *table.Reader) ([]held, error) {
	var rows []held
	for {
		if len(rows)&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line, reject, err := t.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if len(rows) == maxRows {
			return nil, t.Refuse(line.Number, "", ingest.CodeTooLarge, fmt.Sprintf("more than %d rows: deliver shorter periods", maxRows))
		}
		if column, found := r.person(line, reject != nil); found {
			return nil, t.Refuse(line.Number, column, ingest.CodePersonnummer, "a personnummer: the whole file is refused. Extracts hold sums of queues only")
		}
		h := held{reject: reject}
		if reject == nil {
			h.reject = r.contact(line, &h.contact)
		}
		if h.reject != nil {
			h.reject.Raw = bytes.Clone(h.reject.Raw)
		} else {
			h.raw = bytes.Clone(line.Raw)
		}
		rows = append(rows, h)
	}
}

// person looks for a personnummer in every value. Dates and times are made of the same
// digits, so those two columns are looked at only when they are no date or time.
func (r *reading) person(line table.Row, damaged bool) (column string, found bool) {
	if damaged {
		return "", personnummer.Contains(string(line.Raw))
	}
	for i, c := range r.cols {
		v := line.Get(i)
		if i == colDate || i == colExtract {
			if _, err := table.Moment(v, time.UTC); err == nil {
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

// text shares equal texts between rows.
func (r *reading) text(b []byte) string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	r.texts[s] = s
	return s
}

func number[T uint32 | uint64](v T) string { return strconv.FormatUint(uint64(v), 10) }

// identify gives a row its place and its id: everything that it says is part of it.
func identify(line table.Row, c *schema.Contact) {
	c.Source, c.FileRow = Name, line.Number
	c.EventID = schema.NewID(Name, c.UnitID, c.Queue, c.Key, c.Origin, strconv.FormatInt(int64(c.OccurredAt), 10), number(c.IntervalS), strconv.FormatInt(int64(c.ExtractAt), 10),
		number(c.Offered), number(c.Answered), number(c.Abandoned), number(c.WaitS), number(c.TalkS))
}
