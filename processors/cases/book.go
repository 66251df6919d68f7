// Package cases keeps what people do about violations: each step is an event in the log, with
// who, when and why. The state of a violation is what its events say: those of the steps, and
// those of the data, which may retract it at any time or change it so that it is open again.
// A step that approves states an approval, and the next judgement retracts by itself what that
// covers.
package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// Errors of Take. Their texts hold nothing that was given as who or note.
var (
	ErrUnknown = errors.New("there is no such violation")
	ErrInvalid = errors.New("the step is not as it must be")
	ErrNote    = errors.New("the note is refused") // wraps nothing; comes together with ErrInvalid
	ErrStep    = errors.New("the step is not possible now")
	ErrMoved   = errors.New("somebody else took a step first: look again")
)

// Log takes the steps and the approvals.
type Log interface {
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
}

// Waiter waits until the store shows what is in the log.
type Waiter interface {
	WaitStored(ctx context.Context, topic string, partition uint32, next uint64) error
}

// Rules knows which kind of approval exempts from a rule; empty: none does.
type Rules interface {
	Exempt(rule string, version uint32) (approval string)
}

// Config of a book; zero values take the defaults.
type Config struct {
	Days int              // after its opening, by which a violation is to be settled; default 14
	Zone *time.Location   // in which days are counted; default UTC
	Now  func() time.Time // default time.Now
}

// DefaultDays is how many days after its opening a violation is to be settled where nothing
// else is configured.
const DefaultDays = 14

// Book takes the steps and tells how the cases stand. Several books on one log and store are
// safe: of two steps that follow the same one, the first in the log holds.
type Book struct {
	cfg   Config
	log   Log
	wait  Waiter
	store *store.Store
	rules Rules
	out   *slog.Logger

	steps     *schema.Encoder[schema.Case]
	approvals *schema.Encoder[schema.Approval]

	mu sync.Mutex // one Take at a time
}

// New returns a book.
func New(cfg Config, log Log, wait Waiter, st *store.Store, rules Rules, out *slog.Logger) (*Book, error) {
	if cfg.Days == 0 {
		cfg.Days = DefaultDays
	}
	if cfg.Days < 1 || cfg.Days > maxDays {
		return nil, fmt.Errorf("cases: %d days are none to settle a violation in: want 1 to %d", cfg.Days, maxDays)
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Book{cfg: cfg, log: log, wait: wait, store: st, rules: rules, out: out,
		steps: schema.NewEncoder(schema.CaseTable()), approvals: schema.NewEncoder(schema.ApprovalTable())}, nil
}

// maxDays bounds a deadline.
const maxDays = 366

// Open makes the store count with the configured terms. It is called after the store was made
// or made anew.
func (b *Book) Open(ctx context.Context) error {
	return b.store.SetCaseTerms(ctx, b.cfg.Days, b.cfg.Zone)
}

// Step is what somebody wants to do about a violation.
type Step struct {
	Violation schema.ID
	Step      string
	By        string // a role of Roles, or the pseudonym of a person
	Reason    string // of Reasons(Step)
	Note      string // free text without personal data, at most 500 characters
	Deadline  schema.Day
	Previous  *schema.ID // last step that was there when it was decided; nil: whatever is there
}

// Take takes a step: it checks that it is possible now, appends it to the log and returns when
// the store shows it. The same step again returns what is there already. Errors wrap
// ErrUnknown, ErrInvalid, ErrStep or ErrMoved, or come from log and store.
func (b *Book) Take(ctx context.Context, s Step) (schema.Case, error) {
	if err := b.check(s); err != nil {
		return schema.Case{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.caughtUp(ctx); err != nil {
		return schema.Case{}, err
	}
	f, err := b.read(ctx, s.Violation)
	if err != nil {
		return schema.Case{}, err
	}
	if c, ok := repeated(s, f.chain); ok {
		return c, b.feedBack(ctx, f, c) // it may have been stopped before the approval was stated
	}
	c, err := b.next(s, f)
	if err != nil {
		return schema.Case{}, err
	}
	if err := appendRecord(ctx, b, schema.TopicCases, "Case", c.ViolationID[:], b.steps.Append(nil, &c)); err != nil {
		return schema.Case{}, fmt.Errorf("taking a step: %w", err)
	}
	if f, err = b.read(ctx, s.Violation); err != nil {
		return schema.Case{}, err
	}
	for _, held := range f.chain {
		if held.EventID == c.EventID {
			b.out.Info("case", "step", c.Step, "reason", c.ReasonCode, "rule", f.latest().Rule)
			return held, b.feedBack(ctx, f, held)
		}
	}
	return schema.Case{}, ErrMoved
}

// check refuses what could not be a step of any violation.
func (b *Book) check(s Step) error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case s.Violation.IsZero():
		return invalid("no violation is named")
	case reasons(s.Step) == nil:
		return invalid("step: want one of %s", list(Steps()))
	case !knownBy(s.By): // what was given could be a name
		return invalid("by: want one of %s, or a person's pseudonym (P and 13 characters)", list(Roles()))
	case !contains(Reasons(s.Step), s.Reason):
		return invalid("reason of %s: want one of %s", s.Step, list(Reasons(s.Step)))
	}
	if err := checkNote(s.Note); err != nil {
		return fmt.Errorf("%w: %w: %w", ErrInvalid, ErrNote, err)
	}
	if s.Deadline == 0 {
		return nil
	}
	today := b.Today()
	switch {
	case settled(s.Step):
		return invalid("what is %s has no deadline", s.Step)
	case s.Deadline < today || s.Deadline > today+maxDays:
		return invalid("deadline: want a day from today on, within a year")
	}
	return nil
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// repeated finds the step that is asked for among those that hold: where it was decided upon
// what was there before it, or where it is the last one.
func repeated(s Step, chain []schema.Case) (schema.Case, bool) {
	for i := len(chain) - 1; i >= 0; i-- {
		c := chain[i]
		asked := s.Previous == nil && i == len(chain)-1 || s.Previous != nil && *s.Previous == c.Previous
		if asked && eventID(s, c.Previous) == c.EventID {
			return c, true
		}
	}
	return schema.Case{}, false
}

// eventID identifies a step: the same one after the same one is the same event.
func eventID(s Step, previous schema.ID) schema.ID {
	return schema.NewID("case", s.Violation.String(), previous.String(), s.Step, s.By, s.Reason, strconv.Itoa(int(s.Deadline)), s.Note)
}

// next makes the event of a step, if it is possible.
func (b *Book) next(s Step, f *file) (schema.Case, error) {
	var previous schema.ID
	if n := len(f.chain); n > 0 {
		previous = f.chain[n-1].EventID
	}
	if s.Previous != nil && *s.Previous != previous {
		return schema.Case{}, ErrMoved
	}
	v := f.latest()
	state, _ := StateOf(v, f.chain)
	inForce := approvals(f.chain)
	steps := allowed(state, len(inForce) > 0)
	switch {
	case len(steps) == 0:
		return schema.Case{}, fmt.Errorf("%w: the violation is %s: there is nothing to do about it", ErrStep, state)
	case !contains(steps, s.Step):
		return schema.Case{}, fmt.Errorf("%w: the violation is %s; from there it can become %s", ErrStep, state, list(steps))
	case !contains(codes(s.Step, state), s.Reason):
		return schema.Case{}, fmt.Errorf("%w: the violation is %s; for the step %s from there the reasons are %s", ErrStep, state, s.Step, list(codes(s.Step, state)))
	case !may(s.By, s.Step):
		return schema.Case{}, fmt.Errorf("%w: the holder of a line can explain; %s is for somebody else to say", ErrStep, s.Step)
	}
	c := schema.Case{EventID: eventID(s, previous), ViolationID: s.Violation, Previous: previous, Step: s.Step, By: s.By, ReasonCode: s.Reason, Note: s.Note, Deadline: s.Deadline,
		SeenEvent: v.EventID, SeenValue: v.Value, At: schema.TimeOf(b.cfg.Now())}
	switch {
	case c.Step == schema.StepApproved && b.rules.Exempt(v.Rule, v.RuleVersion) != "":
		c.ApprovalID = "case-" + c.EventID.String()
	case c.Step == schema.StepOpen && len(inForce) > 0:
		c.ApprovalID = joinApprovals(inForce)
	}
	return c, nil
}

// caughtUp waits until the store shows every step and violation event that is in the log now.
func (b *Book) caughtUp(ctx context.Context) error {
	for _, topic := range [...]string{schema.TopicViolations, schema.TopicCases} {
		_, next, err := b.log.Offsets(ctx, topic, 0)
		if err != nil {
			return err
		}
		if err := b.wait.WaitStored(ctx, topic, 0, uint64(next)); err != nil {
			return fmt.Errorf("waiting for what is in %s: %w", topic, err)
		}
	}
	return nil
}

// appendRecord appends a record and waits until the store shows it.
func appendRecord(ctx context.Context, b *Book, topic, typ string, key, value []byte) error {
	at, err := b.log.Produce(ctx, topic, 0, []broker.Record{{Key: key, Value: value, Time: b.cfg.Now().UTC().Truncate(time.Millisecond),
		Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(typ)}}}})
	if err != nil {
		return fmt.Errorf("appending to %s: %w", topic, err)
	}
	if err := b.wait.WaitStored(ctx, topic, 0, uint64(at)+1); err != nil {
		return fmt.Errorf("waiting until %s is stored: %w", topic, err)
	}
	return nil
}
