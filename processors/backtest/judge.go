package backtest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"linesman/processors/policy"
	"linesman/schema"
)

// judge runs the queries of the tasks.
type judge struct {
	in *Input
	ev *policy.Evaluator

	mu          sync.Mutex
	done, total int
	reading     map[*reading]struct{} // what is being read now
}

// rule judges one rule of the draft and the one in force.
func (j *judge) rule(ctx context.Context, t task) (Rule, error) {
	d := t.draft
	since := j.in.since(t)
	r := Rule{ID: d.ID, Draft: d.Version, Title: Text{d.Title.EN, d.Title.SV}, Subject: d.Subject, Window: d.Window, Since: Day(since), AsDated: j.in.AsDated,
		Judges: j.in.reigns(d), Diff: t.diff, Notes: j.in.notes(t, since), Examples: []Case{}, ByUnit: []Row{}, ByMonth: []Row{}}
	if since == earliest {
		r.Since = 0
	}
	if t.inForce != nil {
		r.InForce = t.inForce.Version
	}
	parts, none := j.in.parts(d)
	if parts != nil && !none {
		r.From, r.To = bound(parts[0].From, earliest), bound(parts[0].To, latest())
		if r.To != 0 {
			r.To--
		}
	}
	draft, inForce, err := j.both(ctx, t, since)
	if err != nil {
		return r, err
	}
	pairs := match(draft, inForce)
	if few, err := j.in.few(ctx, j, t, since, pairs); err != nil {
		return r, err
	} else if few != nil {
		r.withhold(pairs, few, j.in.FewLines)
		return r, nil
	}
	r.count(pairs)
	r.Examples = append(r.Examples, j.in.examples(pairs)...)
	return r, nil
}

func bound(d, none schema.Day) Day {
	if d == none {
		return 0
	}
	return Day(d)
}

// both asks what the two versions find: in one reading where they select the same events, otherwise
// each with a query of its own, at the same time.
func (j *judge) both(ctx context.Context, t task, since schema.Day) (draft, inForce []schema.Violation, err error) {
	if t.inForce == nil {
		draft, err = j.verdicts(ctx, t.draft, since)
		return draft, nil, err
	}
	if parts, none := j.in.parts(t.draft); !none && t.draft.Window == t.inForce.Window {
		following, finish := j.follow(ctx, t.draft.Name())
		draft, inForce, ok, err := j.ev.VersionVerdicts(following, moved(t.draft, since), moved(t.inForce, since), parts)
		if ok {
			finish(2)
			return draft, inForce, err
		}
		finish(0)
	}
	return j.beside(ctx, t, since)
}

// beside runs two queries at the same time.
func (j *judge) beside(ctx context.Context, t task, since schema.Day) (draft, inForce []schema.Violation, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var second error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if inForce, second = j.verdicts(ctx, t.inForce, since); second != nil {
			cancel()
		}
	}()
	if draft, err = j.verdicts(ctx, t.draft, since); err != nil {
		cancel()
	}
	<-ended
	if err == nil || second != nil && errors.Is(err, context.Canceled) {
		err = second
	}
	return draft, inForce, err
}

// moved is a rule as it is judged: from the day that holds for both versions.
func moved(r *policy.Rule, since schema.Day) *policy.Rule {
	if since == 0 {
		return r
	}
	m := *r
	m.ValidFrom, m.InformedAt, m.NegotiatedAt = since, since, min(m.NegotiatedAt, since)
	return &m
}

// verdicts asks what one version finds.
func (j *judge) verdicts(ctx context.Context, r *policy.Rule, since schema.Day) ([]schema.Violation, error) {
	parts, none := j.in.parts(r)
	ctx, finish := j.follow(ctx, r.Name())
	defer finish(1)
	if none {
		return nil, nil
	}
	found, err := j.ev.Verdicts(ctx, moved(r, since), parts)
	if parts != nil { // rules over statements are judged whole
		found = slices.DeleteFunc(found, func(v schema.Violation) bool { return v.WindowFrom < parts[0].From || v.WindowTo > parts[0].To })
	}
	return found, err
}
