package contacts

import (
	"cmp"
	"slices"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// refuseDoubles refuses rows that count the same time of a queue, key and origin twice in one
// extract: another row of the same interval with other sums, and a row whose interval reaches
// into a later one, such as a day's total beside its hours. The finer rows stay.
func refuseDoubles(rows []table.Held[schema.Contact]) {
	type series struct {
		unit, queue, key, origin string
		extract                  schema.Time
	}
	bySeries := map[series][]int{}
	for i := range rows {
		if c := &rows[i].Record; rows[i].Reject == nil {
			s := series{c.UnitID, c.Queue, c.Key, c.Origin, c.ExtractAt}
			bySeries[s] = append(bySeries[s], i)
		}
	}
	for _, at := range bySeries {
		refuseOverlaps(rows, at)
	}
}

// refuseOverlaps goes through the rows of one series from the last interval to the first.
func refuseOverlaps(rows []table.Held[schema.Contact], at []int) {
	of := func(i int) *schema.Contact { return &rows[i].Record }
	slices.SortStableFunc(at, func(a, b int) int {
		return cmp.Or(cmp.Compare(of(a).OccurredAt, of(b).OccurredAt), cmp.Compare(of(b).IntervalS, of(a).IntervalS), cmp.Compare(a, b))
	})
	next := schema.LastTime // where the interval after begins
	for end := len(at); end > 0; {
		begin := end - 1
		for begin > 0 && of(at[begin-1]).OccurredAt == of(at[begin]).OccurredAt {
			begin--
		}
		group := at[begin:end] // of one beginning, the longest first
		end = begin
		shortest := of(group[len(group)-1]).IntervalS
		keep := of(group[slices.IndexFunc(group, func(i int) bool { return of(i).IntervalS == shortest })])
		reaches := keep.OccurredAt+schema.Time(keep.IntervalS)*1000 > next
		for _, i := range group {
			switch c := of(i); {
			case reaches || c.IntervalS != shortest:
				refuse(&rows[i], "to", "the interval reaches into that of another row of the same queue, key and origin: these contacts would count twice")
			case c.EventID != keep.EventID: // else it is the row, or a repetition word for word
				refuse(&rows[i], "offered", "another row of the file counts the same interval of the queue, key and origin: add them up")
			}
		}
		if !reaches {
			next = keep.OccurredAt
		}
	}
}

func refuse(h *table.Held[schema.Contact], column, reason string) {
	h.Reject = &ingest.Reject{Row: h.Record.FileRow, Column: column, Code: ingest.CodeWrongKind, Reason: reason, Raw: h.Raw}
}
