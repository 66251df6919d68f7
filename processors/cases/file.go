package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"linesman/processors/store"
	"linesman/schema"
)

// file is everything that is known about one violation.
type file struct {
	events []schema.Violation // in the order of the log
	steps  []schema.Case      // in the order of the log
	chain  []schema.Case      // those that hold
}

func (f *file) latest() *schema.Violation { return &f.events[len(f.events)-1] }

// seen returns the violation as it was when a step was taken.
func (f *file) seen(c *schema.Case) *schema.Violation {
	for i := range f.events {
		if f.events[i].EventID == c.SeenEvent {
			return &f.events[i]
		}
	}
	return f.latest()
}

// read reads a violation with its steps. The error wraps ErrUnknown when there is none.
func (b *Book) read(ctx context.Context, id schema.ID) (*file, error) {
	f := &file{}
	where := fmt.Sprintf("violation_id = unhex('%s')", id)
	err := store.Scan(ctx, b.store, schema.ViolationTable(), where, func(v *schema.Violation) error {
		e := *v
		e.Evidence = nil
		f.events = append(f.events, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(f.events) == 0 {
		return nil, ErrUnknown
	}
	err = store.Scan(ctx, b.store, schema.CaseTable(), where, func(c *schema.Case) error {
		f.steps = append(f.steps, *c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(f.events, func(a, b schema.Violation) int { return cmp.Compare(a.Offset, b.Offset) })
	slices.SortFunc(f.steps, func(a, b schema.Case) int { return cmp.Compare(a.Offset, b.Offset) })
	f.chain = Chain(f.steps)
	return f, nil
}

// Kinds of entries in a history.
const (
	EntryData     = "data"     // the rule found, changed or retracted it
	EntryStep     = "step"     // somebody took a step
	EntryLost     = "lost"     // somebody took a step, but another one was first: it does not hold
	EntryReopened = "reopened" // the value changed after it was settled
	EntryReminded = "reminded" // it stood in a list of reminders that was sent
)

// Entry is one event in the history of a violation. Violation events stand in their order in
// the log, each step after the violation event that was seen when it was taken.
type Entry struct {
	Kind     string
	At       schema.Time
	What     string // change of the violation, or step; empty: reopened
	By       string // role or pseudonym; empty: the rule
	Reason   string
	Note     string
	Deadline schema.Day
	Until    schema.Day // last day that an approved step permits; 0: that of the window
	Approval string
	Value    float64
	Limit    float64
	Cost     schema.Money
	EventID  schema.ID
}

// entries tells the history of a violation.
func (f *file) entries() []Entry {
	holds := map[schema.ID]bool{}
	for _, c := range f.chain {
		holds[c.EventID] = true
	}
	after := map[schema.ID]int{} // position of a violation event
	for i := range f.events {
		after[f.events[i].EventID] = i
	}
	at := make([][]schema.Case, len(f.events))
	last := 0
	for _, c := range f.steps {
		if i, ok := after[c.SeenEvent]; ok {
			last = max(last, i) // steps keep their own order
		}
		at[last] = append(at[last], c)
	}
	var out []Entry
	var ended *schema.Case // the last step that holds, when it settled
	for i := range f.events {
		v := &f.events[i]
		out = append(out, Entry{Kind: EntryData, At: v.RecordedAt, What: v.Change, Reason: v.ReasonCode, Value: v.Value, Limit: v.Limit, Cost: v.Cost, EventID: v.EventID})
		if ended != nil && v.Change != schema.ChangeRetracted && ended.SeenValue != v.Value {
			out = append(out, Entry{Kind: EntryReopened, At: v.RecordedAt, Reason: cmp.Or(v.ReasonCode, "data"), Value: v.Value, EventID: v.EventID})
			ended = nil
		}
		for _, c := range at[i] {
			e := Entry{Kind: EntryStep, At: c.At, What: c.Step, By: c.By, Reason: c.ReasonCode, Note: c.Note, Deadline: c.Deadline, Approval: c.ApprovalID, Value: c.SeenValue, EventID: c.EventID}
			if c.Step == schema.StepApproved {
				e.Until, e.Deadline = e.Deadline, 0
			}
			if c.Step == stepReminded {
				e.Kind = EntryReminded
			} else if !holds[c.EventID] {
				e.Kind = EntryLost
			} else if ended = nil; settled(c.Step) {
				step := c
				ended = &step
			}
			out = append(out, e)
		}
	}
	return out
}
