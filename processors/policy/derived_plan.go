package policy

import (
	"context"
	"slices"
	"sync"

	"linesman/schema"
)

// plan is where a rule is judged: parts as for [Query.Within], and what is noted when that is
// done and nothing had changed.
type plan struct {
	parts   []Part
	windows []schema.Day // of an absence: those that are ready
	changed []schema.Day // and those that were not, or no longer are
	newest  schema.Day   // day up to which a rule over statements was judged
}

// nothing tells whether nothing is to be judged.
func (p plan) nothing() bool { return p.parts != nil && len(p.parts) == 0 }

// plan finds out what a scope touches. What the store tells by itself, that a month has come
// to its end or a new day has begun, is compared with what was when the rule was judged last.
func (e *Evaluator) plan(ctx context.Context, r *Rule, scope Scope) (plan, error) {
	switch {
	case r.Absence != nil:
		return e.planAbsence(ctx, r, scope)
	case r.derived():
		return e.planDerived(ctx, r, scope)
	case r.Budget != nil && r.Subject == SubjectCostCentre:
		scope = scope.months()
	}
	return plan{parts: r.parts(scope, e.kept, e.cfg.MaxSubjects)}, nil
}

func (e *Evaluator) planAbsence(ctx context.Context, r *Rule, scope Scope) (plan, error) {
	list, err := e.readMoments(ctx)
	if err != nil {
		return plan{}, err
	}
	p := plan{windows: r.ready(cover(list, r.location))}
	p.changed = e.memo.changed(r.Name(), p.windows)
	if scope.All || scope.Inventory || p.changed == nil {
		return p, nil
	}
	if p.parts = []Part{}; r.From == SourceUsage {
		p.parts = r.parts(scope, e.kept, e.cfg.MaxSubjects)
	}
	for _, w := range p.changed {
		p.parts = append(p.parts, Part{From: w, To: windowTo(r.Window, w)})
	}
	return p, nil
}

func (e *Evaluator) planDerived(ctx context.Context, r *Rule, scope Scope) (plan, error) {
	var p plan
	if r.followsDays() {
		list, err := e.readMoments(ctx)
		if err != nil {
			return plan{}, err
		}
		p.newest = cover(list, r.location).newest
	}
	if scope.All || scope.Inventory || r.followsDays() && !e.memo.same(r.Name(), p.newest) {
		return p, nil
	}
	p.parts = []Part{}
	if r.From != SourceLosses || len(scope.Lines)+len(scope.Months) == 0 {
		return p, nil
	}
	if r.Subject != SubjectLine || len(scope.Months) > 0 || len(scope.Lines) > maxKeys {
		p.parts = nil
		return p, nil
	}
	part := Part{From: schema.FirstDay + 1, To: schema.LastDay}
	for line := range scope.Lines {
		part.Subjects = append(part.Subjects, line)
	}
	slices.Sort(part.Subjects)
	p.parts = []Part{part}
	return p, nil
}

// judged notes what a plan came to.
func (e *Evaluator) judged(r *Rule, p plan, events []schema.Violation) {
	switch {
	case r.Absence != nil:
		e.memo.settle(r.Name(), p.windows, p.parts == nil, p.changed, events)
	case r.followsDays() && p.parts == nil && len(events) == 0:
		e.memo.note(r.Name(), p.newest)
	}
}

// months widens a scope to the months it touches.
func (s Scope) months() Scope {
	wide := Scope{All: s.All, Inventory: s.Inventory, Reason: s.Reason}
	for day := range s.Months {
		wide.TouchMonth(day)
	}
	for _, subjects := range []map[string]Days{s.Lines, s.Units, s.UsageUnits} {
		for _, days := range subjects {
			for day := range days {
				wide.TouchMonth(day)
			}
		}
	}
	return wide
}

// memo is what the store covered when rules were judged last. It is empty after a start, and
// what it does not know is judged again. Only what was judged without anything changing is
// noted: when the events of a change are lost on their way, the next turn finds them again.
type memo struct {
	mu      sync.Mutex
	windows map[string]map[schema.Day]bool
	newest  map[string]schema.Day
}

func newMemo() *memo {
	return &memo{windows: map[string]map[schema.Day]bool{}, newest: map[string]schema.Day{}}
}

// changed lists the windows that can be judged now and could not, or the reverse; nil when
// nothing is known of before.
func (m *memo) changed(rule string, now []schema.Day) []schema.Day {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, ok := m.windows[rule]
	if !ok {
		return nil
	}
	out := []schema.Day{}
	for _, w := range now {
		if !before[w] {
			out = append(out, w)
		}
	}
	for w := range before {
		if !slices.Contains(now, w) {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// settle notes the windows that were judged because they had changed, or all of them, but
// those of which something is told now.
func (m *memo) settle(rule string, now []schema.Day, whole bool, changed []schema.Day, events []schema.Violation) {
	told := map[schema.Day]bool{}
	for _, v := range events {
		told[v.WindowFrom] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.windows[rule]
	if whole {
		for w := range told {
			if !slices.Contains(now, w) {
				delete(m.windows, rule)
				return
			}
		}
		known = map[schema.Day]bool{}
		changed = now
	}
	if known == nil {
		return
	}
	for _, w := range changed {
		switch {
		case told[w]:
		case slices.Contains(now, w):
			known[w] = true
		default:
			delete(known, w)
		}
	}
	m.windows[rule] = known
}

func (m *memo) same(rule string, newest schema.Day) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, ok := m.newest[rule]
	return ok && before == newest
}

func (m *memo) note(rule string, newest schema.Day) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest[rule] = newest
}
