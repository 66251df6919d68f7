package backtest

import (
	"context"
	"fmt"

	"linesman/processors/policy"
	"linesman/schema"
)

// Days beyond all data: a rule without a predecessor is judged from the first, and a bounded
// period without an end ends on the last.
const earliest = schema.Day(1)

func latest() schema.Day { return schema.Date(2299, 1, 1) }

// judge runs the queries of the tasks.
type judge struct {
	in          *Input
	ev          *policy.Evaluator
	done, total int
}

func (j *judge) say(what string) {
	if j.in.Say != nil {
		j.in.Say(Progress{What: what, Done: j.done, Total: j.total})
	}
}

// rule judges one rule of the draft and the one in force.
func (j *judge) rule(ctx context.Context, t task) (Rule, error) {
	d := t.draft
	r := Rule{ID: d.ID, Draft: d.Version, Title: Text{d.Title.EN, d.Title.SV}, Subject: d.Subject, Window: d.Window, Diff: t.diff, Notes: []Text{}, Examples: []Case{}}
	since := j.in.since(t)
	r.Since = Day(since)
	if since == earliest {
		r.Since = 0
	}
	draft, err := j.verdicts(ctx, d, since)
	if err != nil {
		return r, err
	}
	var inForce []schema.Violation
	switch {
	case t.inForce == nil:
	case j.in.oneQuery(t):
		inForce = draft
	default:
		if inForce, err = j.verdicts(ctx, t.inForce, since); err != nil {
			return r, err
		}
	}
	if t.inForce != nil {
		r.InForce = t.inForce.Version
	}
	if parts := j.in.parts(d); parts != nil {
		r.From, r.To = bound(parts[0].From, earliest), bound(parts[0].To, latest())
		if r.To != 0 {
			r.To--
		}
	}
	pairs := match(draft, inForce)
	r.count(pairs)
	r.Examples = append(r.Examples, j.in.examples(pairs)...)
	r.Notes = append(r.Notes, j.in.notes(t, since)...)
	return r, nil
}

func bound(d, none schema.Day) Day {
	if d == none {
		return 0
	}
	return Day(d)
}

// verdicts asks what one version finds.
func (j *judge) verdicts(ctx context.Context, r *policy.Rule, since schema.Day) ([]schema.Violation, error) {
	j.say(r.Name())
	defer func() { j.done++ }()
	if !j.in.AsDated {
		moved := *r
		moved.ValidFrom, moved.InformedAt, moved.NegotiatedAt = since, since, min(moved.NegotiatedAt, since)
		r = &moved
	}
	return j.ev.Verdicts(ctx, r, j.in.parts(r))
}

// start is the first day that a version may flag by its own dates.
func start(r *policy.Rule) schema.Day {
	return max(r.ValidFrom, r.InformedAt, r.NegotiatedAt)
}

// since is the day from which both versions are judged: the day asked for, or the earlier of
// their own; without a predecessor the beginning of all data.
func (in *Input) since(t task) schema.Day {
	switch {
	case in.AsDated:
		return start(t.draft)
	case in.From != 0:
		return in.From
	case t.inForce == nil:
		return earliest
	}
	return min(start(t.draft), start(t.inForce))
}

// parts bounds a rule's query to the windows that lie whole in the period; nil for all, an
// empty part when there is none.
func (in *Input) parts(r *policy.Rule) []policy.Part {
	if in.From == 0 && in.To == 0 {
		return nil
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
	return []policy.Part{{From: from, To: max(from, to)}}
}

// windowFrom returns the first day of the window that holds a day.
func windowFrom(window string, day schema.Day) schema.Day {
	switch window {
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
	case policy.WindowMonth:
		return (from.Month() + 31).Month()
	case policy.WindowWeek:
		return from + 7
	}
	return from + 1
}

// notes says what a reader of the figures must know.
func (in *Input) notes(t task, since schema.Day) []Text {
	var out []Text
	note := func(en, sv string, args ...any) {
		out = append(out, Text{EN: fmt.Sprintf(en, args...), SV: fmt.Sprintf(sv, args...)})
	}
	d, f := t.draft, t.inForce
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
	if in.From != 0 || in.To != 0 {
		note("only whole windows of the period are judged", "bara hela fönster i perioden bedöms")
	}
	if in.oneQuery(t) {
		note("only words and dates differ: both versions find the same", "bara ord och datum skiljer: båda versionerna hittar detsamma")
	}
	return out
}
