package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// windowFrom returns the first day of the window that holds a day.
func windowFrom(window string, day schema.Day) schema.Day {
	switch window {
	case WindowYear:
		return schema.Date(day.At(time.UTC).Year(), time.January, 1)
	case WindowMonth:
		return day.Month()
	case WindowWeek:
		return day.Week()
	}
	return day
}

// windowTo returns the day after the last day of the window that begins on a day.
func windowTo(window string, from schema.Day) schema.Day {
	switch window {
	case WindowYear:
		return schema.Date(from.At(time.UTC).Year()+1, time.January, 1)
	case WindowMonth:
		return nextMonth(from)
	case WindowWeek:
		return from + 7
	}
	return from + 1
}

// windows lists the words that a rule may have as its window.
func windows() []string {
	return []string{WindowDay, WindowWeek, WindowMonth, WindowYear, WindowRolling}
}

// nextMonth returns the first day of the month after the day's.
func nextMonth(day schema.Day) schema.Day { return (day.Month() + 31).Month() }

// span is a range of whole windows of one rule: [From, To) in days of its zone.
type span struct{ From, To schema.Day }

// windowSpan returns the smallest span of whole windows around [from, to).
func windowSpan(window string, from, to schema.Day) span {
	return span{windowFrom(window, from), windowTo(window, windowFrom(window, to-1))}
}

// mergeSpans sorts spans and joins those that touch.
func mergeSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// affected returns the windows of a rule whose verdict may depend on what happened in a
// month of the zone in which events are kept (schema's local_day).
func (r *Rule) affected(month schema.Day, kept *time.Location) span {
	from, to := month.Month(), nextMonth(month)
	if r.location.String() != kept.String() {
		from, to = from-1, to+1 // the same moment may be a day earlier or later in the rule's zone
	}
	if r.Trend != nil {
		from, to = r.trendReach(from, to)
	}
	if r.Absence != nil {
		to += schema.Day(r.Absence.Days) // windows that end so much later still look back on it
	}
	return windowSpan(r.Window, from, to)
}

func compareRules(idA string, versionA uint32, idB string, versionB uint32) int {
	return cmp.Or(strings.Compare(idA, idB), cmp.Compare(versionA, versionB))
}
