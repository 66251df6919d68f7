package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"linesman/schema"
)

// quickSubjects is how many lines' windows a rule may have to judge in a quick turn: so few are
// found by key.
const quickSubjects = 500

// Publish appends what became of violations to the log and returns when the store shows it.
type Publish func(ctx context.Context, events []schema.Violation) error

// turns keeps two goroutines from judging by the same rule at the same time: from reading what
// is known until what became of it is known in turn, a rule is one's own.
type turns struct {
	mu   sync.Mutex
	of   map[string]*sync.Mutex
	told map[string]int // how often each rule has told something
}

// count says how often a rule has told something: what was found before it told something
// else is out of date.
func (t *turns) count(rule string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told[rule]
}

func (t *turns) tell(rule string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told == nil {
		t.told = map[string]int{}
	}
	t.told[rule]++
}

func (t *turns) take(rule string) (release func()) {
	t.mu.Lock()
	if t.of == nil {
		t.of = map[string]*sync.Mutex{}
	}
	m := t.of[rule]
	if m == nil {
		m = &sync.Mutex{}
		t.of[rule] = m
	}
	t.mu.Unlock()
	m.Lock()
	return m.Unlock
}

// Each is Evaluate that publishes what each rule finds before it goes on to the next one.
// Several goroutines may call it and Quick at the same time.
func (e *Evaluator) Each(ctx context.Context, scope Scope, publish Publish) error {
	return e.evaluate(ctx, scope, publish)
}

// Quick judges and publishes what can be judged at once when usage arrived: rules about lines
// of which few are concerned. It leaves the other rules, and scopes that are not about fresh
// usage alone: the caller has the whole scope judged soon, by Each or Evaluate.
func (e *Evaluator) Quick(ctx context.Context, scope Scope, publish Publish) error {
	if len(scope.Fresh) == 0 || scope.All || scope.Inventory || len(scope.Months) > 0 {
		return nil
	}
	concerned, err := e.concerned(ctx, scope)
	if err != nil {
		return err
	}
	for _, q := range e.queries {
		if !q.rule.selective() || q.rule.Subject != SubjectLine {
			continue
		}
		parts := q.rule.parts(concerned(q.rule), e.kept, e.cfg.MaxSubjects)
		if len(parts) == 0 || !few(parts) {
			continue
		}
		if err := e.judge(ctx, q, plan{parts: parts}, reading{}, scope.reason(), publish); err != nil {
			return err
		}
	}
	return nil
}

func few(parts []Part) bool {
	n := 0
	for _, p := range parts {
		if n += len(p.Subjects); p.Subjects == nil {
			return false
		}
	}
	return n <= quickSubjects
}

// judge compares what a rule finds with what is known, and publishes the difference.
func (e *Evaluator) judge(ctx context.Context, q Query, p plan, together reading, reason string, publish Publish) error {
	defer e.turns.take(q.Rule)()
	began := time.Now()
	if together.told[q.Rule] != e.turns.count(q.Rule) {
		together = reading{}
	}
	found, used, err := e.findUnless(ctx, together, q, p.parts)
	if err != nil {
		return err
	}
	known, err := e.known(ctx, q.rule, p.parts)
	if err != nil {
		return err
	}
	changes := compare(found, known, reason)
	if err := e.addEvidence(ctx, q, used, changes); err != nil {
		return err
	}
	e.judged(q.rule, p, changes)
	e.log.Debug("rule evaluated", "rule", q.Rule, "found", len(found), "known", len(known), "events", len(changes), "took", time.Since(began))
	if len(changes) == 0 {
		return nil
	}
	slices.SortFunc(changes, byPlace)
	e.turns.tell(q.Rule)
	return publish(ctx, changes)
}

// evaluate runs every rule but those of kind goal over a scope.
func (e *Evaluator) evaluate(ctx context.Context, scope Scope, publish Publish) error {
	var together reading
	if scope.All {
		told := map[string]int{}
		for _, q := range e.queries {
			told[q.Rule] = e.turns.count(q.Rule)
		}
		var err error
		if together, err = e.findShared(ctx, e.queries, nil); err != nil {
			if ctx.Err() != nil {
				return err
			}
			e.log.Warn("rules could not be judged in one reading, each is judged by itself", "error", err)
			together = reading{}
		}
		together.told = told
	}
	concerned, err := e.concerned(ctx, scope)
	if err != nil {
		return err
	}
	var failed []error // one rule that cannot be judged does not hold up the others
	for _, q := range e.queries {
		if q.rule.Kind == KindGoal {
			continue
		}
		p, err := e.plan(ctx, q.rule, concerned(q.rule))
		if err != nil {
			failed = append(failed, fmt.Errorf("evaluating rule %s: %w", q.Rule, err))
		} else if !p.nothing() {
			failed = append(failed, e.judge(ctx, q, p, together, scope.reason(), publish))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if scope.All {
		gone, err := e.retired(ctx)
		if failed = append(failed, err); len(gone) > 0 {
			failed = append(failed, publish(ctx, gone))
		}
	}
	return errors.Join(failed...)
}

// knownFrom is the present state of the violations that a condition on what never changes of a
// violation selects: only their events are read, not those of all.
func knownFrom(where string) string {
	columns := []string{"change", "rule", "rule_version", "severity", "subject_kind", "subject_id", "unit_id", "cost_centre", "window_kind", "window_from", "window_to",
		"zone", "measure", "value", "limit", "value_unit", "cost", "evidence_total", "detail", "candidate", "event_id"}
	for i, c := range columns {
		columns[i] = fmt.Sprintf("argMax(v.`%[1]s`, v.log_offset) AS `%[1]s`", c)
	}
	return "(SELECT v.violation_id AS violation_id, " + strings.Join(columns, ", ") + "\nFROM (SELECT * FROM violations WHERE " + where + ") AS v\nGROUP BY v.violation_id)"
}
