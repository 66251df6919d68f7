// Package backtest tells what a draft of a rule would have found in the store, and in what that
// differs from what the version in force finds. It only reads.
//
// A violation is the same when it is about the same subject and the same window, whatever the
// version of the rule. It is new when only the draft finds it, gone when only the version in
// force does, and changed when value, cost, severity or unit differ.
//
// The draft is judged as if it had held, and the staff had known of it, as long as the version
// in force has: a rule that holds from next year on would find nothing in the past. The report
// says from which day on, and which version will judge when. [Input.AsDated] judges each by its
// own dates instead.
package backtest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"linesman/processors/policy"
	"linesman/schema"
)

// Input of a back-test.
type Input struct {
	Store   policy.Store
	Zone    string      // zone in which usage days are kept; default Europe/Stockholm
	Draft   *policy.Set // rules to try
	Against *policy.Set // rules in force; nil: none
	Rule    string      // only this rule of the draft; empty: all
	// From and To bound the windows: the first day, and the day after the last; 0 where nothing
	// bounds them. Only windows that lie whole between them are judged.
	From, To schema.Day
	AsDated  bool // judge each version by its own dates
	Examples int  // cases of each kind to report for each rule, with event ids; 0: none
	// FewLines: of a draft that selects other events than the version in force, nothing is shown
	// about fewer lines than these, so that it cannot be used to look somebody up; 0: all is shown.
	FewLines int
	Goals    policy.GoalJudge // judges rules about goals; nil: they cannot be judged
	Say      func(Progress)   // called now and then, never by two at once; may be nil
	Log      *slog.Logger
}

// UnknownRuleError says that the draft has no such rule.
type UnknownRuleError struct {
	ID    string
	Known []string
}

// Error names the rules there are.
func (e *UnknownRuleError) Error() string {
	return fmt.Sprintf("the draft has no rule %q; it has %q", e.ID, e.Known)
}

// Run judges the draft over the store and compares. The error is [policy.Problems] when the draft
// asks for what the rules in force protect.
func Run(ctx context.Context, in Input) (Report, error) {
	began := time.Now()
	in.Log = cmp.Or(in.Log, slog.New(slog.DiscardHandler))
	rep := Report{From: Day(in.From), Rules: []Rule{}, Same: []string{}, Reworded: []RuleDiff{}, Units: map[string]string{}}
	if in.To != 0 {
		rep.To = Day(in.To - 1)
	}
	if in.From != 0 && in.To != 0 && in.To <= in.From {
		return rep, fmt.Errorf("the period from %s to %s holds no day", rep.From, rep.To)
	}
	empty, err := policy.Merge()
	if err != nil {
		return rep, err
	}
	if in.Against == nil {
		in.Against = empty
	}
	// The evaluator's own set stays empty: verdicts are asked for rule by rule.
	ev, err := policy.New(policy.Config{Zone: in.Zone, Evidence: evidenceIDs, Goals: in.Goals}, in.Store, empty, in.Log)
	if err != nil {
		return rep, err
	}
	// A draft is judged as it will be beside the rules in force: what they exempt and protect
	// binds it.
	if in.Draft, err = in.Against.Bind(in.Draft); err != nil {
		return rep, err
	}
	todo, err := in.plan(&rep)
	if err != nil {
		return rep, err
	}
	j := &judge{in: &in, ev: ev, reading: map[*reading]struct{}{}}
	for _, t := range todo {
		j.total += t.versions()
	}
	for _, t := range todo {
		r, err := j.rule(ctx, t)
		if err != nil {
			return rep, err
		}
		rep.Rules = append(rep.Rules, r)
		rep.Total.Add(r.Tally)
	}
	j.say("")
	if err := in.names(ctx, &rep); err != nil {
		return rep, err
	}
	rep.Seconds = time.Since(began).Seconds()
	return rep, nil
}

// task is a rule to judge beside the one in force, which may be nil.
type task struct {
	draft, inForce *policy.Rule
	diff           []Words
}

func (t task) versions() int {
	if t.inForce == nil {
		return 1
	}
	return 2
}

// plan pairs the rules of the draft with those in force and leaves out what finds the same.
func (in *Input) plan(rep *Report) ([]task, error) {
	var todo []task
	var known []string
	for _, d := range in.Draft.Rules() {
		known = append(known, d.ID)
		if in.Rule != "" && d.ID != in.Rule {
			continue
		}
		f := newest(in.Against, d.ID)
		diff := Diff(f, d)
		switch {
		case len(diff) == 0:
			rep.Same = append(rep.Same, d.Name())
		case f != nil && onlyWords(diff, in.AsDated):
			rep.Reworded = append(rep.Reworded, RuleDiff{d.ID, f.Version, d.Version, Text{d.Title.EN, d.Title.SV}, diff})
		default:
			todo = append(todo, task{d, f, diff})
		}
	}
	if in.Rule != "" && len(todo)+len(rep.Same)+len(rep.Reworded) == 0 {
		return nil, &UnknownRuleError{in.Rule, known}
	}
	return todo, nil
}

// newest finds the version of a rule with the highest number; nil when there is none.
func newest(s *policy.Set, id string) *policy.Rule {
	var out *policy.Rule
	for _, r := range s.Rules() { // ordered by id and version
		if r.ID == id {
			out = r
		}
	}
	return out
}

// names looks up what the units of the report are called now.
func (in *Input) names(ctx context.Context, rep *Report) error {
	for _, r := range rep.Rules {
		for _, row := range r.ByUnit {
			rep.Units[row.Key] = ""
		}
	}
	delete(rep.Units, "")
	if len(rep.Units) == 0 {
		return nil
	}
	rows, err := in.Store.Query(ctx, "SELECT toString(unit_id), argMax(name, tuple(valid_from, rank)) FROM units GROUP BY unit_id SETTINGS final = 1")
	if err != nil {
		return fmt.Errorf("reading the names of the units: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return fmt.Errorf("reading the names of the units: %w", err)
		}
		if _, ok := rep.Units[id]; ok {
			rep.Units[id] = name
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading the names of the units: %w", err)
	}
	return nil
}
