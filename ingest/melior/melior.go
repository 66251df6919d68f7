// Package melior reads weekly counts of watches ("bevakningar") of the Melior record system:
// a text file in UTF-8, separated by semicolons, with unit totals only. It is this program's
// own contract with the people who make the extract; Melior itself has no public layout.
//
// The counts are of units, never of persons. One personnummer anywhere refuses the file, so
// a file is read to its end before anything of it is handed on.
package melior

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// Name is the collector's name.
const Name = "melior"

const (
	maxRows  = 1_000_000 // rows of one file, which is held in memory
	maxCount = 10_000_000
	maxAge   = 36_500 // days
)

// The columns, as places in columns().
const (
	colDate = iota
	colUnit
	colGroup
	colOpen
	colCreated
	colClosed
	colMedian
	colOver7
	colOver30
	colExtract
)

func columns() []table.Column {
	return []table.Column{
		colDate:    {Name: "date", Field: "day", Needed: true},
		colUnit:    {Name: "unit_hsa_id", Field: "unit_id", Needed: true},
		colGroup:   {Name: "profession_group", Field: "profession_group"},
		colOpen:    {Name: "open", Field: "open", Needed: true},
		colCreated: {Name: "created", Field: "created", Needed: true},
		colClosed:  {Name: "closed", Field: "closed", Needed: true},
		colMedian:  {Name: "median_age_days", Field: "median_age_days"},
		colOver7:   {Name: "over_7d", Field: "over_7d"},
		colOver30:  {Name: "over_30d", Field: "over_30d"},
		colExtract: {Name: "extract_ts", Field: "extract_at", Needed: true},
	}
}

// Format reads the files. It is safe for concurrent use.
type Format struct{ zone *time.Location }

// New returns the format. zone is the zone of dates and of times without an offset; nil: UTC.
func New(zone *time.Location) *Format {
	if zone == nil {
		zone = time.UTC
	}
	return &Format{zone: zone}
}

// Name is the collector's name.
func (f *Format) Name() string { return Name }

// Read reads one file; see [ingest.Format].
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	w := table.Whole[schema.Watch]{Columns: columns(), Moments: []int{colDate, colExtract},
		Max: maxRows, TooMany: "these are no weekly counts of units", Holds: "Extracts hold unit totals only",
		Record:    func(line table.Row, w *schema.Watch) *ingest.Reject { return f.watch(line, in, w) },
		Refusable: func(w *schema.Watch) bool { return w.Group == "" },
		Settle:    refuseTotals, Deliver: out.Watch}
	return w.Read(ctx, in, out)
}

// refuseTotals refuses the row of a whole unit where the file counts the profession groups of
// that unit on that day too: a unit's count is the sum of its rows, so it would count double.
// The rows of the groups stay because they say more; where they do not add up to the unit's
// row, the reject tells that something is missing.
func refuseTotals(rows []table.Held[schema.Watch]) {
	type count struct {
		unit string
		day  schema.Day
	}
	grouped := map[count]bool{}
	for i := range rows {
		if w := &rows[i].Record; rows[i].Reject == nil && w.Group != "" {
			grouped[count{w.UnitID, w.Day}] = true
		}
	}
	for i := range rows {
		h := &rows[i]
		if w := &h.Record; h.Reject == nil && w.Group == "" && grouped[count{w.UnitID, w.Day}] {
			h.Reject = &ingest.Reject{Row: w.FileRow, Column: columns()[colGroup].Name, Code: ingest.CodeWrongKind, Raw: h.Raw,
				Reason: "a count of the whole unit beside counts of its profession groups on the same day: a unit's count is the sum of its rows. Deliver the one or the others"}
		}
	}
}

// watch reads a row, or says why it is refused.
func (f *Format) watch(line table.Row, in ingest.Input, w *schema.Watch) *ingest.Reject {
	bad := func(col int, err error) *ingest.Reject {
		code, reason := table.Why(err)
		return line.Reject(columns()[col].Name, code, reason)
	}
	var err error
	if w.Day, err = table.Day(line.Get(colDate)); err != nil {
		return bad(colDate, err)
	}
	latest := schema.DayOf(schema.TimeOf(in.Now), f.zone) + 1
	if w.Day < schema.Date(2000, 1, 1) || w.Day > latest {
		return bad(colDate, table.ErrRange)
	}
	w.UnitID, w.Group = string(line.Get(colUnit)), string(line.Get(colGroup))
	if w.UnitID == "" {
		return bad(colUnit, table.ErrMissing)
	}
	if len(w.UnitID) > 64 || len(w.Group) > 64 {
		return line.Reject("", ingest.CodeRange, "unit id or profession group is longer than 64 bytes")
	}
	for _, c := range []struct {
		col      int
		to       *uint32
		optional bool
	}{{colOpen, &w.Open, false}, {colCreated, &w.Created, false}, {colClosed, &w.Closed, false}, {colOver7, &w.Over7, true}, {colOver30, &w.Over30, true}} {
		v, err := table.Uint(line.Get(c.col), maxCount)
		if err != nil && !(c.optional && errors.Is(err, table.ErrMissing)) {
			return bad(c.col, err)
		}
		*c.to = uint32(v)
	}
	w.MedianAge, err = table.Decimal(line.Get(colMedian), 0, maxAge)
	if err != nil && !errors.Is(err, table.ErrMissing) {
		return bad(colMedian, err)
	}
	if w.ExtractAt, err = table.Moment(line.Get(colExtract), f.zone); err != nil {
		return bad(colExtract, err)
	}
	return f.sane(line, in, w)
}

// sane checks values against each other.
func (f *Format) sane(line table.Row, in ingest.Input, w *schema.Watch) *ingest.Reject {
	switch {
	case w.Over7 > w.Open:
		return line.Reject("over_7d", ingest.CodeRange, "more watches older than 7 days than there are open ones")
	case w.Over30 > w.Open || line.Get(colOver7) != nil && len(line.Get(colOver7)) > 0 && w.Over30 > w.Over7:
		return line.Reject("over_30d", ingest.CodeRange, "more watches older than 30 days than there are open ones, or older than 7 days")
	case w.ExtractAt < w.Day.Start(f.zone):
		return line.Reject("extract_ts", ingest.CodeRange, "the extract was made before the day it counts")
	case w.ExtractAt > schema.TimeOf(in.Now.Add(24*time.Hour)):
		return line.Reject("extract_ts", ingest.CodeRange, "the extract was made in the future")
	}
	w.Source, w.FileRow = Name, line.Number
	n := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
	w.EventID = schema.NewID(Name, w.UnitID, w.Day.String(), w.Group, strconv.FormatInt(int64(w.ExtractAt), 10),
		n(w.Open), n(w.Created), n(w.Closed), strconv.FormatUint(math.Float64bits(w.MedianAge), 16), n(w.Over7), n(w.Over30))
	return nil
}
