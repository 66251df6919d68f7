// Package contacts reads statistics of contact centres (Telia Ace and the like): a text file in
// UTF-8, separated by semicolons, with sums per queue, chosen key, origin and interval. It is
// this program's own contract with the people who make the extract: the reports of contact
// centres are configured anew everywhere.
//
// The sums are of queues, never of callers or agents. One personnummer anywhere refuses the
// file, so a file is read to its end before anything of it is handed on.
package contacts

import (
	"context"
	"strconv"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
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
	r := &reading{f: f, in: in, cols: columns(), texts: map[string]string{}, doubled: map[interval]bool{}}
	w := table.Whole[schema.Contact]{Columns: r.cols, Moments: []int{colDate, colExtract},
		Max: maxRows, TooMany: "deliver shorter periods", Holds: "Extracts hold sums of queues only",
		Record: r.contact, Settle: refuseDoubles, Deliver: out.Contact}
	return w.Read(ctx, in, out)
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
