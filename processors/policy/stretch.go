package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// stretch is what of a settled month of usage lies in one month of a zone. Months of usage are
// those of UTC: but for the hours around the ends of months they are the zone's too. Within a
// stretch the month is known, so that rows are grouped by one column and not by two, which
// costs the engine a third.
type stretch struct {
	partition string
	month     schema.Day // first day of the zone's month
	bounds    string     // conditions on occurred_at, each after AND
}

// where writes which rows of usage the stretch is, to be read without FINAL.
func (t stretch) where() string {
	return "_partition_id = " + quote(t.partition) + " AND NOT deleted" + t.bounds
}

// stretches divides settled months, in order.
func (s settled) stretches(zone *time.Location) []stretch {
	var out []stretch
	for _, id := range slices.Sorted(maps.Keys(s)) {
		if t, ok := stretchOf(id, zone); ok {
			out = append(out, t)
		}
	}
	return out
}

func stretchOf(id string, zone *time.Location) (stretch, bool) {
	at, err := time.Parse("200601", id)
	if err != nil {
		return stretch{}, false
	}
	month := schema.DayOf(schema.TimeOf(at), time.UTC)
	t := stretch{partition: id, month: month}
	if from := month.Start(zone); from > month.Start(time.UTC) {
		t.bounds += " AND occurred_at >= " + moment3(from)
	}
	if to := nextMonth(month).Start(zone); to < nextMonth(month).Start(time.UTC) {
		t.bounds += " AND occurred_at < " + moment3(to)
	}
	return t, true
}

// rest writes what columns of usage are read from, of the rows that lie in no stretch.
func (s settled) rest(columns []string, zone *time.Location) string {
	if len(s) == 0 {
		return "usage"
	}
	read := "SELECT " + strings.Join(columns, ", ") + " FROM usage WHERE "
	var parts, ids []string
	for _, t := range s.stretches(zone) {
		ids = append(ids, quote(t.partition))
		if t.bounds != "" {
			parts = append(parts, read+"_partition_id = "+quote(t.partition)+" AND NOT deleted AND NOT ("+strings.TrimPrefix(t.bounds, " AND ")+") SETTINGS final = 0")
		}
	}
	parts = append(parts, read+"_partition_id NOT IN ("+strings.Join(ids, ", ")+")")
	return "(\n        " + strings.Join(parts, "\n        UNION ALL\n        ") + "\n    )"
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
