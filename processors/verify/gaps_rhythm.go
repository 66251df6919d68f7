package verify

import (
	"fmt"
	"slices"

	"linesman/schema"
)

// rhythm is how often days come.
type rhythm struct {
	every    int     // median distance in days; 0: none can be told
	weekdays [7]bool // of a daily rhythm: days of the week on which something comes
}

const (
	fewDays   = 5   // fewer days show no rhythm
	usually   = 0.8 // share of weeks in which a day of the week must have come to be expected
	delay     = 3   // days that deliveries may be late before silence is told
	billDelay = 20  // the same for the months of operators
	little    = 20  // less than a 20th of what is usual on that day of the week is a gap
	enough    = 100 // usual number of events from which on little is told
)

func weekday(d schema.Day) int { return int(d-d.Week()) % 7 } // 0: Monday

// learn finds the rhythm of days, which are in order.
func learn(days []schema.Day) rhythm {
	var r rhythm
	if len(days) < fewDays {
		return r
	}
	distances := make([]int, len(days)-1)
	for i := range distances {
		distances[i] = int(days[i+1] - days[i])
	}
	slices.Sort(distances)
	if r.every = distances[len(distances)/2]; r.every > 1 {
		return r
	}
	var came, could [7]int
	for _, d := range days {
		came[weekday(d)]++
	}
	for d := days[0]; d <= days[len(days)-1]; d++ {
		could[weekday(d)]++
	}
	for w := range 7 {
		r.weekdays[w] = could[w] > 0 && float64(came[w]) >= usually*float64(could[w])
	}
	return r
}

// String says it in words.
func (r rhythm) String() string {
	switch {
	case r.every == 0:
		return "none that could be learned"
	case r.every > 1:
		return fmt.Sprintf("every %d days", r.every)
	}
	names, n := "", 0
	for w, on := range r.weekdays {
		if on {
			n++
			names += " " + [...]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}[w]
		}
	}
	if n == 7 {
		return "every day"
	}
	return "daily on" + names
}

// stretch is days in a row, both ends included.
type stretch struct{ from, to schema.Day }

// holes lists the expected days that are missing between the first and the last. Of a rhythm
// of several days a hole reaches from the day that was expected to the day before the next one.
func (r rhythm) holes(days []schema.Day) []stretch {
	var out []stretch
	for i := 1; i < len(days) && r.every > 0; i++ {
		a, b := days[i-1], days[i]
		if r.every > 1 {
			if 2*int(b-a) > 3*r.every {
				out = append(out, stretch{a + schema.Day(r.every), b - 1})
			}
			continue
		}
		var hole *stretch
		for d := a + 1; d < b; d++ {
			if !r.weekdays[weekday(d)] {
				continue
			}
			if hole == nil {
				out = append(out, stretch{d, d})
				hole = &out[len(out)-1]
			}
			hole.to = d
		}
	}
	return out
}

// missing is how many deliveries a hole stands for.
func (r rhythm) missing(h stretch) uint64 {
	if r.every > 1 {
		return uint64(max(1, (int(h.to-h.from)+1+r.every/2)/r.every))
	}
	n := uint64(0)
	for d := h.from; d <= h.to; d++ {
		if r.weekdays[weekday(d)] {
			n++
		}
	}
	return n
}

// silent tells whether something should have come after the last day until today, and since when.
func (r rhythm) silent(last, today schema.Day) (stretch, bool) {
	if r.every == 0 {
		return stretch{}, false
	}
	end := today - delay
	if r.every > 1 {
		return stretch{last + schema.Day(r.every), today}, last+schema.Day(2*r.every) < end
	}
	for d := last + 1; d <= end; d++ {
		if r.weekdays[weekday(d)] {
			return stretch{d, today}, true
		}
	}
	return stretch{}, false
}

// days lists the keys with events in order.
func daysOf(events map[schema.Day]uint64) []schema.Day {
	out := make([]schema.Day, 0, len(events))
	for d, n := range events {
		if n > 0 {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

// thin lists days with much less than is usual on that day of the week.
func thin(events map[schema.Day]uint64) []Gap {
	var byDay [7][]uint64
	for d, n := range events {
		byDay[weekday(d)] = append(byDay[weekday(d)], n)
	}
	var usual [7]uint64
	for w := range byDay {
		if len(byDay[w]) >= fewDays {
			slices.Sort(byDay[w])
			usual[w] = byDay[w][len(byDay[w])/2]
		}
	}
	var out []Gap
	for _, d := range daysOf(events) {
		if u := usual[weekday(d)]; u >= enough && events[d] < u/little {
			out = append(out, Gap{Kind: GapUsage, from: d, to: d, Missing: 1, Detail: fmt.Sprintf("%d records, the usual on that day of the week is %d", events[d], u)})
		}
	}
	return out
}
