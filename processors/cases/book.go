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
	// Workday tells whether somebody works on a day: a term ends on such a day. Default:
	// Monday to Friday.
	Workday func(schema.Day) bool
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

	turn chan struct{} // holds one while somebody takes a step or repairs
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
	return &Book{cfg: cfg, log: log, wait: wait, store: st, rules: rules, out: out, turn: make(chan struct{}, 1),
		steps: schema.NewEncoder(schema.CaseTable()), approvals: schema.NewEncoder(schema.ApprovalTable())}, nil
}

// maxDays bounds a deadline.
const maxDays = 366

// Open makes the store count with the configured terms. It is called after the store was made
// or made anew.
func (b *Book) Open(ctx context.Context) error {
	return b.store.SetCaseTerms(ctx, store.CaseTerms{Days: b.cfg.Days, Zone: b.cfg.Zone, Free: b.free()})
}

// Years whose holidays terms heed.
const (
	firstFree = 2020
	lastFree  = 2049
)

// free lists the days from Monday to Friday on which nobody works.
func (b *Book) free() []schema.Day {
	if b.cfg.Workday == nil {
		return nil
	}
	var out []schema.Day
	for d := schema.Date(firstFree, time.January, 1); d <= schema.Date(lastFree, time.December, 31); d++ {
		if w := d.Start(time.UTC).UTC().Weekday(); w != time.Saturday && w != time.Sunday && !b.cfg.Workday(d) {
			out = append(out, d)
		}
	}
	return out
}

// Step is what somebody wants to do about a violation.
type Step struct {
	Violation schema.ID
	Step      string
	By        string // a role of Roles, or the pseudonym of a person
	Reason    string // of Reasons(Step)
	Note      string // free text without personal data, at most 500 characters
	Deadline  schema.Day
	Until     schema.Day // of an approved step: last day that is permitted; 0: that of the window
	Previous  *schema.ID // last step that was there when it was decided; nil: whatever is there
	Seen      *schema.ID // violation event that was shown when it was decided; nil: whatever is there
}

// day is the one day that a step may name: until when something is approved, or the deadline.
func (s *Step) day() schema.Day {
	if s.Step == schema.StepApproved {
		return s.Until
	}
	return s.Deadline
}

// Take takes a step: it checks that it is possible now, appends it to the log and returns when
// the store shows it. The same step again returns what is there already. Errors wrap
// ErrUnknown, ErrInvalid, ErrStep or ErrMoved, or come from log and store.
func (b *Book) Take(ctx context.Context, s Step) (schema.Case, error) {
	if err := b.check(s); err != nil {
		return schema.Case{}, err
	}
	if err := b.begin(ctx); err != nil {
		return schema.Case{}, err
	}
	defer b.end()
	if err := b.caughtUp(ctx); err != nil {
		return schema.Case{}, err
	}
	f, err := b.read(ctx, s.Violation)
	if err != nil {
		return schema.Case{}, err
	}
	if c, ok := repeated(s, f); ok {
		return c, b.feedBack(ctx, f) // it may have been stopped before the approval was stated
	}
	c, err := b.next(ctx, s, f)
	if err != nil {
		return schema.Case{}, err
	}
	// From here on it is done to the end, also when whoever asked has gone: a step whose approval
	// is not stated would stand there without effect.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishIn)
	defer cancel()
	if err := appendRecord(ctx, b, schema.TopicCases, "Case", c.ViolationID[:], b.steps.Append(nil, &c)); err != nil {
		return schema.Case{}, fmt.Errorf("taking a step: %w", err)
	}
	if f, err = b.read(ctx, s.Violation); err != nil {
		return schema.Case{}, err
	}
	for _, held := range f.chain {
		if held.EventID == c.EventID {
			b.out.Info("case", "step", c.Step, "reason", c.ReasonCode, "rule", f.latest().Rule)
			return held, b.feedBack(ctx, f)
		}
	}
	return schema.Case{}, ErrMoved
}

// finishIn bounds what is done about a step after it was asked for.
const finishIn = 2 * time.Minute

// begin waits until nobody else is at work, or ctx ends; end lets the next one begin.
func (b *Book) begin(ctx context.Context) error {
	if ctx.Err() == nil {
		select {
		case b.turn <- struct{}{}:
			return nil
		case <-ctx.Done():
		}
	}
	return fmt.Errorf("waiting for another step to end: %w", ctx.Err())
}

func (b *Book) end() { <-b.turn }

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
	today := b.Today()
	switch {
	case s.Until != 0 && s.Step != schema.StepApproved:
		return invalid("until: only what is approved lasts until a day")
	case s.Until > today+maxDays:
		return invalid("until: want a day within a year")
	case s.Deadline == 0:
		return nil
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
// what was there before it, or where it is the last one and settles what is there now.
func repeated(s Step, f *file) (schema.Case, bool) {
	_, reopened := StateOf(f.latest(), f.chain)
	for i := len(f.chain) - 1; i >= 0; i-- {
		c := f.chain[i]
		asked := s.Previous == nil && i == len(f.chain)-1 && !reopened || s.Previous != nil && *s.Previous == c.Previous
		if asked && eventID(s, c.Previous) == c.EventID {
			return c, true
		}
	}
	return schema.Case{}, false
}

// eventID identifies a step: the same one after the same one is the same event.
func eventID(s Step, previous schema.ID) schema.ID {
	return schema.NewID("case", s.Violation.String(), previous.String(), s.Step, s.By, s.Reason, strconv.Itoa(int(s.day())), s.Note)
}

// next makes the event of a step, if it is possible.
func (b *Book) next(ctx context.Context, s Step, f *file) (schema.Case, error) {
	var previous schema.ID
	if n := len(f.chain); n > 0 {
		previous = f.chain[n-1].EventID
	}
	v := f.latest()
	if s.Previous != nil && *s.Previous != previous || !f.stillSo(s.Seen) {
		return schema.Case{}, ErrMoved
	}
	inForce := approvals(f.chain)
	if err := b.possible(s, f, len(inForce) > 0); err != nil {
		return schema.Case{}, err
	}
	if err := b.permitted(ctx, s, v); err != nil {
		return schema.Case{}, err
	}
	c := schema.Case{EventID: eventID(s, previous), ViolationID: s.Violation, Previous: previous, Step: s.Step, By: s.By, ReasonCode: s.Reason, Note: s.Note, Deadline: s.day(),
		SeenEvent: v.EventID, SeenValue: v.Value, At: schema.TimeOf(b.cfg.Now())}
	switch {
	case c.Step == schema.StepApproved && b.exempt(v) != "":
		c.ApprovalID = "case-" + c.EventID.String()
	case c.Step == schema.StepOpen && len(inForce) > 0:
		c.ApprovalID = joinApprovals(inForce)
	}
	return c, nil
}

// stillSo tells whether the violation has the value that somebody was shown: nobody settles
// what they have not seen.
func (f *file) stillSo(shown *schema.ID) bool {
	if shown == nil {
		return true
	}
	for i := range f.events {
		if f.events[i].EventID == *shown {
			return f.latest().Change == schema.ChangeRetracted || f.events[i].Value == f.latest().Value
		}
	}
	return false
}

// possible refuses a step that cannot be taken from the present state.
func (b *Book) possible(s Step, f *file, approved bool) error {
	v := f.latest()
	state, _ := StateOf(v, f.chain)
	steps := allowed(state, approved)
	switch {
	case len(steps) == 0:
		return fmt.Errorf("%w: the violation is %s: there is nothing to do about it", ErrStep, state)
	case !contains(steps, s.Step):
		return fmt.Errorf("%w: the violation is %s; from there it can become %s", ErrStep, state, list(steps))
	case !contains(codes(s.Step, state), s.Reason):
		return fmt.Errorf("%w: the violation is %s; for the step %s from there the reasons are %s", ErrStep, state, s.Step, list(codes(s.Step, state)))
	case s.Until == 0:
		return nil
	case b.exempt(v) == "":
		return fmt.Errorf("%w: the rule knows no approval, so that none can last until a day", ErrStep)
	case s.Until < v.WindowTo-1:
		return fmt.Errorf("%w: until: the window of the violation ends on %s, later than that", ErrInvalid, v.WindowTo-1)
	}
	return nil
}

// permitted refuses a step that is for others to take.
func (b *Book) permitted(ctx context.Context, s Step, v *schema.Violation) error {
	by := s.By
	if !contains(Roles(), by) {
		holds, err := b.holds(ctx, by, v)
		if err != nil {
			return err
		}
		if holds {
			by = RoleHolder
		}
	}
	switch {
	case may(by, s.Step):
		return nil
	case by == RoleHolder:
		return fmt.Errorf("%w: the holder of a line can explain; %s is for somebody else to say", ErrStep, s.Step)
	}
	return fmt.Errorf("%w: %s is not for this role to say, but for %s", ErrStep, s.Step, list(rolesFor(s.Step)))
}

// holds tells whether a person held the line of a violation at any time in its window.
func (b *Book) holds(ctx context.Context, person string, v *schema.Violation) (bool, error) {
	if v.SubjectKind != subjectLine {
		return false, nil
	}
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return false, fmt.Errorf("the zone of rule %s: %w", v.Rule, err)
	}
	var n uint64
	err = b.store.Conn().QueryRow(store.Exact(ctx), "SELECT count() FROM lines WHERE line_id = ? AND holder = ? AND valid_from < fromUnixTimestamp64Milli(?) AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to > fromUnixTimestamp64Milli(?))",
		v.SubjectID, person, int64(v.WindowTo.Start(zone)), int64(v.WindowFrom.Start(zone))).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("asking who holds the line: %w", err)
	}
	return n > 0, nil
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
	at, err := b.log.Produce(ctx, topic, 0, []broker.Record{b.record(typ, key, value)})
	if err != nil {
		return fmt.Errorf("appending to %s: %w", topic, err)
	}
	if err := b.wait.WaitStored(ctx, topic, 0, uint64(at)+1); err != nil {
		return fmt.Errorf("waiting until %s is stored: %w", topic, err)
	}
	return nil
}
