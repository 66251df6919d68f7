package policy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"linesman/schema"
)

// rested is a settled month of usage beside the month of a zone that it is but for the hours
// around its ends: the months of usage are those of UTC.
type rested struct {
	partition string
	month     schema.Day // first day of the zone's month
	inside    string     // condition on occurred_at: the rows that lie in it
	beyond    schema.Day // month of the others; 0: there are none
}

// restedIn lists the settled months as a zone sees them, in order. torn are those with rows of
// the zone's months before and after, which no zone of today has.
func (s settled) restedIn(zone *time.Location) (out []rested, torn settled) {
	torn = settled{}
	for _, id := range slices.Sorted(maps.Keys(s)) {
		at, err := time.Parse("200601", id)
		if err != nil {
			torn[id] = s[id]
			continue
		}
		month := schema.DayOf(schema.TimeOf(at), time.UTC)
		from, to := month.Start(zone), nextMonth(month).Start(zone)
		late, early := from > month.Start(time.UTC), to < nextMonth(month).Start(time.UTC)
		switch {
		case late && early:
			torn[id] = s[id]
		case late:
			out = append(out, rested{id, month, "occurred_at >= " + moment3(from), (month - 1).Month()})
		case early:
			out = append(out, rested{id, month, "occurred_at < " + moment3(to), nextMonth(month)})
		default:
			out = append(out, rested{id, month, "1", 0})
		}
	}
	return out, torn
}

// as writes which rows of usage a settled month is.
func (t rested) as() string { return "_partition_id = " + quote(t.partition) + " AND NOT deleted" }

// monthSQL writes the first day of the zone's month that a row of it lies in, as a number of days.
func (t rested) monthSQL() string {
	if t.beyond == 0 {
		return fmt.Sprintf("toInt32(%d)", t.month)
	}
	return fmt.Sprintf("toInt32(if(%s, %d, %d))", t.inside, t.month, t.beyond)
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
