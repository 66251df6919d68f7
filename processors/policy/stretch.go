package policy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"linesman/schema"
)

// stretch is a settled month of usage, as a zone sees it. Months of usage are those of UTC: but
// for the hours around the ends of months they are the zone's too, so that in which of two
// months a row lies is a comparison, where working out its day in the zone costs ten times that.
type stretch struct {
	partition string
	month     schema.Day // first day of the zone's month that most of it lies in
	bounds    string     // conditions on occurred_at of what lies in that month, each after AND; empty: all of it
	monthSQL  string     // SQL of the first day of the zone's month that a row lies in, as a number
}

// where writes which rows of usage the stretch is, to be read without FINAL.
func (t stretch) where() string {
	return "_partition_id = " + quote(t.partition) + " AND NOT deleted"
}

// stretches lists settled months, in order; none, where one of them has no name of a month.
func (s settled) stretches(zone *time.Location) []stretch {
	var out []stretch
	for _, id := range slices.Sorted(maps.Keys(s)) {
		t, ok := stretchOf(id, zone)
		if !ok {
			return nil
		}
		out = append(out, t)
	}
	return out
}

func stretchOf(id string, zone *time.Location) (stretch, bool) {
	at, err := time.Parse("200601", id)
	if err != nil {
		return stretch{}, false
	}
	month := schema.DayOf(schema.TimeOf(at), time.UTC)
	next := nextMonth(month)
	t := stretch{partition: id, month: month, monthSQL: fmt.Sprintf("toInt32(%d)", month)}
	if from := month.Start(zone); from > month.Start(time.UTC) {
		if next.Start(zone) < next.Start(time.UTC) {
			return stretch{}, false // of three months: a zone that crossed the date line
		}
		t.bounds = " AND occurred_at >= " + moment3(from)
		t.monthSQL = fmt.Sprintf("toInt32(if(occurred_at < %s, %d, %d))", moment3(from), (month - 1).Month(), month)
	} else if to := next.Start(zone); to < next.Start(time.UTC) {
		t.bounds = " AND occurred_at < " + moment3(to)
		t.monthSQL = fmt.Sprintf("toInt32(if(occurred_at < %s, %d, %d))", moment3(to), month, next)
	}
	return t, true
}

// sameMonths tells whether months begin at the same moments in two zones from a day on, as they
// do in Stockholm and Copenhagen.
func sameMonths(a, b *time.Location, from schema.Day) bool {
	if a.String() == b.String() {
		return true
	}
	for m := from.Month(); m < schema.LastDay-31; m = nextMonth(m) {
		if m.Start(a) != m.Start(b) {
			return false
		}
	}
	return true
}
