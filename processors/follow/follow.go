// Package follow keeps roll-ups and violations in step with the store: it takes what the
// pipeline changed, judges the touched windows, appends what became of the violations to the
// log and recomputes the days that changed.
package follow

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/processors/pipeline"
	"linesman/processors/policy"
	"linesman/processors/store"
	"linesman/schema"
)

// Pipeline is what the follower needs of the pipeline.
type Pipeline interface {
	TakeDirty() *pipeline.Dirty
	GiveBack(*pipeline.Dirty)
	Changed() <-chan struct{}
	Carried() uint64
	WaitStored(ctx context.Context, topic string, partition uint32, next uint64) error
	Ready(ctx context.Context) (bool, error)
	Still() (release func())
}

// Log takes the violation events.
type Log interface {
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
}

// Evaluator judges windows.
type Evaluator interface {
	Evaluate(ctx context.Context, scope policy.Scope) ([]schema.Violation, error)
	// Each is Evaluate that publishes what each rule finds at once.
	Each(ctx context.Context, scope policy.Scope, publish policy.Publish) error
	// Quick judges and publishes of new usage what is quick to judge.
	Quick(ctx context.Context, scope policy.Scope, publish policy.Publish) error
	// EvaluateGoals judges the rules about goals, by roll-ups that are up to date.
	EvaluateGoals(ctx context.Context, scope policy.Scope) ([]schema.Violation, error)
}

// Follower keeps roll-ups and violations in step.
type Follower struct {
	pipeline  Pipeline
	log       Log
	store     *store.Store
	evaluator Evaluator
	out       *slog.Logger
	cfg       Config
	mu        sync.Mutex // one Settle at a time
	counters  counters

	pendingMu sync.Mutex
	pending   *pipeline.Dirty // taken for a quick turn, and still to be settled
	due       chan struct{}   // something is to be settled
}

// Config tunes the follower; zero values take the defaults.
type Config struct {
	Quiet time.Duration    // how long a closed month must have rested for late usage to restate it; default: a day
	Zone  *time.Location   // in which months end; default UTC
	Now   func() time.Time // default time.Now
	Rules uint64           // digest of the rules: others than those that judged the store judge it all; 0: not looked at
}

// New returns a follower.
func New(cfg Config, p Pipeline, log Log, st *store.Store, ev Evaluator, out *slog.Logger) *Follower {
	if cfg.Quiet <= 0 {
		cfg.Quiet = 24 * time.Hour
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Follower{cfg: cfg, pipeline: p, log: log, store: st, evaluator: ev, out: out,
		pending: pipeline.NewDirty(), due: make(chan struct{}, 1)}
}

const (
	// rest is how much longer than its work the follower pauses afterwards, so that it takes
	// at most a fifth of the time while much arrives.
	rest     = 4
	longRest = 15 * time.Second
	retry    = 2 * time.Second
)

// Run follows until ctx ends. What fails is tried again.
func (f *Follower) Run(ctx context.Context) error {
	if !f.awaitReady(ctx) {
		return nil
	}
	defer f.giveBack()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { f.runQuick(ctx) })
	var took time.Duration // the last time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.due:
		}
		f.lull(ctx, max(patience, rest*took))
		began := time.Now()
		pause := retry
		if _, err := f.Settle(ctx, nil); err == nil {
			took = time.Since(began)
			pause = min(rest*took, longRest)
		} else if ctx.Err() == nil {
			f.out.Error("roll-ups and rules are behind and are tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// While more than flood records arrive within a moment, the windows they touch will be touched
// again: judging waits for a lull, but not for longer than patience, or than its rest where
// judging takes so long that it would hold up the storing of what it is to judge.
const (
	moment   = 150 * time.Millisecond
	flood    = 1500
	patience = 20 * time.Second
)

func (f *Follower) lull(ctx context.Context, most time.Duration) {
	for began := time.Now(); time.Since(began) < most; {
		before := f.pipeline.Carried()
		select {
		case <-ctx.Done():
			return
		case <-time.After(moment):
		}
		if f.pipeline.Carried()-before < flood {
			return
		}
	}
}

// Result is what one Settle did.
type Result struct {
	Events []schema.Violation // what became of violations
	Days   int                // days recomputed

	Restatements int // published
}

// Settle deals with everything that has changed until now. progress, if not nil, is told what
// is being done.
func (f *Follower) Settle(ctx context.Context, progress func(what string)) (Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// What moves from here on comes with its reason in the next turn: figures that changed
	// without one would not be told.
	defer f.pipeline.Still()()
	d := f.takeAll()
	if d.Empty() {
		return Result{}, nil
	}
	began := time.Now()
	res, err := f.settle(ctx, d, progress)
	f.counters.note(began, err)
	if err != nil {
		f.pipeline.GiveBack(d)
	}
	return res, err
}

func (f *Follower) settle(ctx context.Context, d *pipeline.Dirty, progress func(string)) (Result, error) {
	say := func(what string) {
		if progress != nil {
			progress(what)
		}
	}
	var res Result
	// Events of an earlier try may be in the log but not yet in the store.
	for _, topic := range [...]string{schema.TopicViolations, schema.TopicRestatements} {
		_, logged, err := f.log.Offsets(ctx, topic, 0)
		if err != nil {
			return res, err
		}
		if err := f.pipeline.WaitStored(ctx, topic, 0, uint64(logged)); err != nil {
			return res, fmt.Errorf("waiting for the known events of %s: %w", topic, err)
		}
	}
	say("judging")
	failpoint.Hit("follow.judge.before")
	began := time.Now()
	// A rule that cannot be judged holds up neither the others nor the roll-ups; all of it is
	// tried again.
	unjudged := f.evaluator.Each(ctx, scope(d), func(ctx context.Context, events []schema.Violation) error {
		failpoint.Hit("follow.judge.after")
		events, err := f.publish(ctx, events)
		res.Events = append(res.Events, events...)
		return err
	})
	if ctx.Err() != nil {
		return res, ctx.Err()
	}
	judged := time.Since(began)
	say("recomputing roll-ups")
	began = time.Now()
	days, err := f.days(ctx, d)
	if err != nil {
		return res, err
	}
	tell := func(ctx context.Context, month schema.Day, shifts []store.Shift) error {
		n, err := f.restate(ctx, d, month, shifts)
		res.Restatements += n
		return err
	}
	if err := f.store.RecomputeAndTell(ctx, days, tell); err != nil {
		return res, err
	}
	failpoint.Hit("follow.rollups.after")
	res.Days = len(days)
	if err := f.judgeGoals(ctx, d, &res); err != nil {
		return res, err
	}
	f.out.Debug("followed", "judged", judged, "recomputed", time.Since(began), "days", len(days), "lines", len(d.Lines), "all", d.AllSubjects)
	if unjudged != nil {
		return res, unjudged
	}
	if err := f.store.SetEvaluated(ctx, d.Reached()); err != nil || !d.AllSubjects || f.cfg.Rules == 0 {
		return res, err
	}
	return res, f.store.SetJudgedBy(ctx, f.cfg.Rules)
}

// judgeGoals judges the rules about goals. Goals are measured in roll-ups: only when these have
// been recomputed do they say what usage does.
func (f *Follower) judgeGoals(ctx context.Context, d *pipeline.Dirty, res *Result) error {
	events, err := f.evaluator.EvaluateGoals(ctx, scope(d))
	if err != nil {
		return err
	}
	events, err = f.publish(ctx, events)
	res.Events = append(res.Events, events...)
	return err
}

func scope(d *pipeline.Dirty) policy.Scope {
	s := policy.Scope{All: d.AllSubjects, Inventory: d.Inventory, Reason: policy.ReasonData}
	switch {
	case d.Reference:
		s.Reason = policy.ReasonReference
	case d.Rules:
		s.Reason = policy.ReasonRule
	case d.Amended:
		s.Reason = policy.ReasonAmended
	}
	if d.OnlyNew() {
		for partition, span := range d.Fresh {
			s.Fresh = append(s.Fresh, policy.Fresh{Partition: partition, From: span.From, Next: span.Next})
		}
	}
	for line, months := range d.Lines {
		for m := range months {
			s.TouchLine(line, m)
		}
	}
	for unit, months := range d.Units {
		for m := range months {
			s.TouchUnit(unit, m)
		}
	}
	for unit, months := range d.UsageUnits {
		for m := range months {
			s.TouchUnitUsage(unit, m)
		}
	}
	for m := range d.Months {
		s.TouchMonth(m)
	}
	return s
}

// publish appends the events to the log and waits until the store shows them: the next
// judgement compares with what the store shows.
func (f *Follower) publish(ctx context.Context, events []schema.Violation) ([]schema.Violation, error) {
	if len(events) == 0 {
		return nil, nil
	}
	now, encoder := time.Now().UTC(), schema.NewEncoder(schema.ViolationTable())
	recs := make([]broker.Record, len(events))
	for i := range events {
		v := &events[i]
		v.RecordedAt = schema.TimeOf(now)
		recs[i] = broker.Record{Key: v.ViolationID[:], Value: encoder.Append(nil, v), Time: now,
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte("Violation")}}}
	}
	first, err := f.log.Produce(ctx, schema.TopicViolations, 0, recs)
	if err != nil {
		return nil, fmt.Errorf("appending %d violation events: %w", len(recs), err)
	}
	if err := f.pipeline.WaitStored(ctx, schema.TopicViolations, 0, uint64(first)+uint64(len(recs))); err != nil {
		return nil, fmt.Errorf("waiting for %d violation events to be stored: %w", len(recs), err)
	}
	failpoint.Hit("follow.publish.after")
	counts := map[string]int{}
	for _, v := range events {
		counts[v.Change]++
	}
	f.out.Info("violations", "opened", counts[schema.ChangeOpened], "changed", counts[schema.ChangeChanged], "retracted", counts[schema.ChangeRetracted])
	return events, nil
}

func (f *Follower) days(ctx context.Context, d *pipeline.Dirty) ([]schema.Day, error) {
	var out []schema.Day
	for day := range d.Days {
		out = append(out, day)
	}
	if !d.AllDays {
		return out, nil
	}
	rows, err := f.store.Conn().Query(ctx, "SELECT DISTINCT toInt32(local_day) FROM usage UNION DISTINCT SELECT DISTINCT toInt32(local_day) FROM usage_daily")
	if err != nil {
		return nil, fmt.Errorf("listing the days with usage: %w", err)
	}
	defer rows.Close()
	out = out[:0]
	for rows.Next() {
		var day int32
		if err := rows.Scan(&day); err != nil {
			return nil, err
		}
		out = append(out, schema.Day(day))
	}
	return out, rows.Err()
}
