package backtest

import (
	"fmt"
	"slices"
	"time"

	"linesman/processors/policy"
	"linesman/schema"
)

// Days beyond all data: a rule without a predecessor is judged from the first, and a bounded
// period without an end ends on the last.
const earliest = schema.Day(1)

func latest() schema.Day { return schema.Date(2299, 1, 1) }

// start is the first day that a version may flag by its own dates.
func start(r *policy.Rule) schema.Day {
	return max(r.ValidFrom, r.InformedAt, r.NegotiatedAt)
}

// since is the day from which both versions are judged: the earlier of their own first days, or
// the day asked for where that is earlier still. Windows are bounded by the period anyway; what
// a window looks back on may lie before it. Without a predecessor it is the beginning of all
// data. 0: each is judged by its own dates.
func (in *Input) since(t task) schema.Day {
	switch {
	case in.AsDated:
		return 0
	case t.inForce == nil:
		return earliest
	}
	day := min(start(t.draft), start(t.inForce))
	if in.From != 0 {
		day = min(day, lookback(t.draft, in.From), lookback(t.inForce, in.From))
	}
	return max(day, earliest)
}

// lookback is the first day on which a window that begins on a day looks back.
func lookback(r *policy.Rule, day schema.Day) schema.Day {
	switch {
	case r.Trend != nil && r.Trend.Per == policy.WindowMonth:
		return windowFrom(policy.WindowMonth, day-schema.Day(31*(r.Trend.Lookback+1)))
	case r.Trend != nil:
		return day.Week() - schema.Day(7*r.Trend.Lookback)
	case r.Absence != nil:
		return day - schema.Day(r.Absence.Days)
	case r.Window == policy.WindowRolling: // a run of days may have begun long before
		return day - schema.Day(runs*r.Days)
	}
	return day
}

// runs is how many of its own lengths a rolling window looks back at most.
const runs = 10

// parts bounds a rule's query to the windows that lie whole in the period; nil for all. none
// tells that there is no such window.
func (in *Input) parts(r *policy.Rule) (parts []policy.Part, none bool) {
	if in.From == 0 && in.To == 0 {
		return nil, false
	}
	from, to := earliest, latest()
	if in.From != 0 {
		if from = windowFrom(r.Window, in.From); from < in.From {
			from = windowAfter(r.Window, from)
		}
	}
	if in.To != 0 {
		to = windowFrom(r.Window, in.To)
	}
	return []policy.Part{{From: from, To: max(from, to)}}, to <= from
}

// windowFrom returns the first day of the window that holds a day. Rolling windows begin on any.
func windowFrom(window string, day schema.Day) schema.Day {
	switch window {
	case policy.WindowYear:
		return schema.Date(day.At(time.UTC).Year(), time.January, 1)
	case policy.WindowMonth:
		return day.Month()
	case policy.WindowWeek:
		return day.Week()
	}
	return day
}

// windowAfter returns the first day of the window after the one that begins on a day.
func windowAfter(window string, from schema.Day) schema.Day {
	switch window {
	case policy.WindowYear:
		return windowFrom(window, from+366)
	case policy.WindowMonth:
		return (from.Month() + 31).Month()
	case policy.WindowWeek:
		return from + 7
	}
	return from + 1
}

// Reign says from when until when a version of a rule judges once the draft is in force: each
// version ends where the next higher one begins.
type Reign struct {
	Version uint32 `json:"version"`
	Draft   bool   `json:"draft"` // it is the draft
	From    Day    `json:"from"`
	To      Day    `json:"to"` // last day; empty: until further notice
}

// reigns puts the draft among the versions in force. A version that never judges is left out.
func (in *Input) reigns(draft *policy.Rule) []Reign {
	all := []*policy.Rule{draft}
	for _, r := range in.Against.Rules() {
		if r.ID == draft.ID && r.Version != draft.Version {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *policy.Rule) int { return int(b.Version) - int(a.Version) })
	out := []Reign{}
	var next schema.Day // first day of a higher version; 0: there is none
	for _, r := range all {
		from, to := start(r), r.ValidTo
		if next != 0 && (to == 0 || next < to) {
			to = next
		}
		if next == 0 || from < next {
			next = from
		}
		if to == 0 || from < to {
			reign := Reign{Version: r.Version, Draft: r == draft, From: Day(from)}
			if to != 0 {
				reign.To = Day(to - 1)
			}
			out = append(out, reign)
		}
	}
	slices.Reverse(out)
	return out
}

// notes says what a reader of the figures must know.
func (in *Input) notes(t task, since schema.Day) []Text {
	var out []Text
	note := func(en, sv string, args ...any) {
		out = append(out, Text{EN: fmt.Sprintf(en, args...), SV: fmt.Sprintf(sv, args...)})
	}
	d, f := t.draft, t.inForce
	if _, none := in.parts(d); none {
		out = append(out, noWindow(d.Window))
	}
	if own := start(d); !in.AsDated && own > since {
		note("judged as if the draft had held and the staff had known of it all along; by its own dates it flags nothing before %s",
			"bedömt som om utkastet hade gällt och personalen känt till det hela tiden; enligt sina egna datum flaggar det ingenting före %s", own)
	}
	if f == nil {
		note("no version of this rule is in force: everything it finds is new", "ingen version av regeln gäller i dag: allt den hittar är nytt")
		return out
	}
	if own := start(f); !in.AsDated && own > since {
		note("the version in force is judged before its own first day, %s, too", "även den gällande versionen bedöms före sin egen första dag, %s", own)
	}
	if d.Window != f.Window || d.Subject != f.Subject {
		note("windows or subjects are others than before: no violation is the same one, so all are new or gone",
			"fönster eller subjekt är andra än förut: ingen avvikelse är densamma, så alla är nya eller borta")
	}
	if d.Version <= f.Version {
		note("the draft has version %d and version %d is in force: give it a higher number before it goes into the packs",
			"utkastet har version %d och version %d gäller: ge det ett högre nummer innan det läggs i paketen", d.Version, f.Version)
	}
	if _, none := in.parts(d); !none && (in.From != 0 || in.To != 0) {
		note("only whole windows of the period are judged", "bara hela fönster i perioden bedöms")
	}
	return out
}

// noWindow says why nothing was judged.
func noWindow(window string) Text {
	return Text{EN: "no whole window (" + window + ") lies in the period, so nothing was judged: ask for a longer one",
		SV: "inget helt fönster (" + swedish(window) + ") ligger i perioden, så ingenting bedömdes: fråga efter en längre"}
}

// swedish is a word of rule files in Swedish.
func swedish(s string) string { return word(s).SV }
