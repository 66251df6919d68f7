package contacts

import (
	"errors"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// contact reads a row, or says why it is refused.
func (r *reading) contact(line table.Row, c *schema.Contact) *ingest.Reject {
	bad := func(col int, err error) *ingest.Reject {
		code, reason := table.Why(err)
		return line.Reject(r.cols[col].Name, code, reason)
	}
	if reject := r.names(line, c); reject != nil {
		return reject
	}
	var wait, talk uint64
	for _, n := range []struct {
		col      int
		to       *uint32
		sum      *uint64
		most     uint64
		optional bool
	}{{colOffered, &c.Offered, nil, maxCount, false}, {colAnswered, &c.Answered, nil, maxCount, false}, {colAbandoned, &c.Abandoned, nil, maxCount, false},
		{colWait, nil, &wait, maxSum, true}, {colTalk, nil, &talk, maxSum, true}} {
		v, err := table.Uint(line.Get(n.col), n.most)
		if err != nil && !(n.optional && errors.Is(err, table.ErrMissing)) {
			return bad(n.col, err)
		}
		if n.to != nil {
			*n.to = uint32(v)
		} else {
			*n.sum = v
		}
	}
	c.WaitS, c.TalkS = wait, talk
	var err error
	if c.ExtractAt, err = table.Moment(line.Get(colExtract), r.f.zone); err != nil {
		return bad(colExtract, err)
	}
	if reject := r.when(line, c); reject != nil {
		return reject
	}
	return r.sane(line, c)
}

// names reads whose sums they are.
func (r *reading) names(line table.Row, c *schema.Contact) *ingest.Reject {
	for _, n := range []struct {
		col    int
		to     *string
		most   int
		needed bool
	}{{colUnit, &c.UnitID, 64, true}, {colQueue, &c.Queue, maxText, true}, {colKey, &c.Key, maxKey, false}} {
		v := line.Get(n.col)
		switch {
		case n.needed && len(v) == 0:
			return line.Reject(r.cols[n.col].Name, ingest.CodeMissing, table.ErrMissing.Error())
		case len(v) > n.most:
			return line.Reject(r.cols[n.col].Name, ingest.CodeRange, "longer than "+number(uint32(n.most))+" bytes")
		}
		*n.to = r.text(v)
	}
	switch strings.ToLower(string(line.Get(colOrigin))) {
	case schema.OriginInternal:
		c.Origin = schema.OriginInternal
	case schema.OriginExternal:
		c.Origin = schema.OriginExternal
	case schema.OriginUnknown, "":
		c.Origin = schema.OriginUnknown
	default:
		return line.Reject(r.cols[colOrigin].Name, ingest.CodeUnknown, "none of internal, external, unknown")
	}
	return nil
}

// when reads the interval.
func (r *reading) when(line table.Row, c *schema.Contact) *ingest.Reject {
	bad := func(col int, err error) *ingest.Reject {
		code, reason := table.Why(err)
		return line.Reject(r.cols[col].Name, code, reason)
	}
	day, err := table.Day(line.Get(colDate))
	if err != nil {
		return bad(colDate, err)
	}
	if latest := schema.DayOf(schema.TimeOf(r.in.Now), r.f.zone) + 1; day < schema.Date(2000, 1, 1) || day > latest {
		return bad(colDate, table.ErrRange)
	}
	from, err := table.Minutes(line.Get(colFrom))
	if err == nil && from == 24*60 {
		err = table.ErrRange
	}
	if err != nil {
		return bad(colFrom, err)
	}
	to, err := table.Minutes(line.Get(colTo))
	if err != nil {
		return bad(colTo, err)
	}
	if to == 0 { // midnight, when the day ends
		to = 24 * 60
	}
	if to <= from {
		return line.Reject(r.cols[colTo].Name, ingest.CodeRange, "the interval ends before it begins: one that goes past midnight is two rows")
	}
	begin, end := r.f.clock(day, from), r.f.clock(day, to)
	c.Zone = r.f.name
	switch {
	case begin.missing:
		return line.Reject(r.cols[colFrom].Name, ingest.CodeTime, "the interval begins in the hour that is left out when summer time begins")
	case begin.doubled:
		// In the order of the file: where a row for the same comes again, the hour's second run has begun.
		c.OccurredAt, c.IntervalS = begin.first, (to-from)*60
		run := interval{c.UnitID, c.Queue, c.Key, c.Origin, begin.first, c.ExtractAt}
		if r.doubled[run] {
			c.OccurredAt = begin.second
		}
		r.doubled[run] = true
	default:
		c.OccurredAt = begin.first
		c.IntervalS = uint32((end.first - begin.first) / 1000)
	}
	return nil
}

// moments are what a time on the clock can mean.
type moments struct {
	first, second    schema.Time // the same but in the hour that comes twice
	doubled, missing bool
}

// clock returns what a time on the clock of the zone means. A time that is left out is taken
// as if the clock had not been moved.
func (f *Format) clock(day schema.Day, minutes uint32) moments {
	wall := int64(day)*86_400 + int64(minutes)*60
	offset := func(unix int64) int64 {
		_, s := time.Unix(unix, 0).In(f.zone).Zone()
		return int64(s)
	}
	before, after := offset(wall-86_400), offset(wall+86_400)
	early, late := wall-before, wall-after
	isEarly, isLate := offset(early) == before, offset(late) == after
	at := func(unix int64) schema.Time { return schema.Time(unix * 1000) }
	switch {
	case before != after && isEarly && isLate:
		return moments{first: at(early), second: at(late), doubled: true}
	case isEarly:
		return moments{first: at(early), second: at(early)}
	case isLate:
		return moments{first: at(late), second: at(late)}
	}
	return moments{first: at(early), second: at(early), missing: true}
}

// sane checks values against each other.
func (r *reading) sane(line table.Row, c *schema.Contact) *ingest.Reject {
	switch {
	case c.Answered > c.Offered:
		return line.Reject("answered", ingest.CodeRange, "more contacts answered than offered: each counts in the interval in which it reached the queue")
	case c.Answered+c.Abandoned > c.Offered:
		return line.Reject("abandoned", ingest.CodeRange, "more contacts answered and abandoned than offered: each counts in the interval in which it reached the queue")
	case c.ExtractAt < c.OccurredAt:
		return line.Reject("extract_ts", ingest.CodeRange, "the extract was made before the interval began")
	case c.ExtractAt > schema.TimeOf(r.in.Now.Add(24*time.Hour)):
		return line.Reject("extract_ts", ingest.CodeRange, "the extract was made in the future")
	}
	identify(line, c)
	return nil
}
