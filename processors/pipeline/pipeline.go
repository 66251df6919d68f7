// Package pipeline carries the log into the store: one loop for each partition, contiguous
// ranges of offsets, each range in the store exactly once.
//
// A range is noted as pending before its rows are inserted and as done after. A crash in
// between leaves a pending range, which is done again exactly as it was: rows that are there
// already are replaced by themselves. What a record's earlier self left in the store is told from the
// offset: rows of an earlier offset of the same partition make a record a duplicate, rows of
// its own range do not.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"linesman/internal/broker"
	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// Log is what the pipeline needs of the log.
type Log interface {
	NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error)
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
}

// Config tunes the pipeline; zero values take the defaults.
type Config struct {
	BatchRows int           // most records of one range; default 100,000
	Linger    time.Duration // how long a short range waits for more records; default 100 ms
	Retry     time.Duration // pause after a failed range; default 500 ms

	// RerateRows is from how many rows on changed prices are rated by the engine and not row by
	// row; default 50,000.
	RerateRows int
}

// Pipeline owns the partition loops and the reference state that they share.
type Pipeline struct {
	cfg   Config
	log   Log
	store *store.Store
	out   *slog.Logger

	mu    sync.RWMutex // writers: reference statements; readers: ranges of usage
	state *enrich.State
	book  *rate.Book

	partsMu   sync.RWMutex // Open and Take replace what Lags and WaitStored look at
	reference *referencePart
	parts     []*part

	share  *Share    // nil: nobody shares the log
	listen *listener // folds statements where another instance leads
	others *others   // what other instances carry; where this one leads

	hook func(where string, r store.Range) // tests wait where other instances can come in between

	dirtyMu sync.Mutex
	dirty   *Dirty
	wake    chan struct{} // capacity 1: there is something dirty

	// Rows that move are seen before the reason is known. Whoever compares figures holds the
	// reading side from taking what changed until the figures are in place.
	moving sync.RWMutex
	replay Ends        // a store that begins anew is judged only when it has come this far
	caught atomic.Bool // the statements of before Run are in the store

	busy     chan struct{} // bounds how many ranges are in memory at once
	running  atomic.Bool
	carried  atomic.Uint64
	counters counters
}

// Carried counts the records that were carried into the store since the start.
func (p *Pipeline) Carried() uint64 { return p.carried.Load() }

// maxBusy is how many ranges are decoded and inserted at once: memory grows with it, and the
// engine has two cores' worth of work with two.
const maxBusy = 2

// New prepares a pipeline. Open must be called before anything else.
func New(cfg Config, log Log, st *store.Store, out *slog.Logger) (*Pipeline, error) {
	if cfg.BatchRows <= 0 {
		cfg.BatchRows = 100_000
	}
	if cfg.Linger <= 0 {
		cfg.Linger = 100 * time.Millisecond
	}
	if cfg.Retry <= 0 {
		cfg.Retry = 500 * time.Millisecond
	}
	if cfg.RerateRows <= 0 {
		cfg.RerateRows = 50_000
	}
	if cfg.BatchRows > 500_000 {
		return nil, fmt.Errorf("pipeline: %d rows in one range are too many: the engine splits larger inserts and deduplication would not hold", cfg.BatchRows)
	}
	return &Pipeline{cfg: cfg, log: log, store: st, out: out, state: enrich.NewState(), book: rate.New(nil, nil), dirty: NewDirty(),
		wake: make(chan struct{}, 1), busy: make(chan struct{}, maxBusy)}, nil
}

// Open finds every partition's place in the store, folds the reference data and loads what
// tells duplicates apart. It refuses a store that is ahead of the log.
func (p *Pipeline) Open(ctx context.Context) error {
	began := time.Now()
	reference := newReferencePart(p)
	if err := reference.open(ctx); err != nil {
		return err
	}
	folded := time.Since(began)
	var parts []*part
	g, opening := errgroup.WithContext(ctx)
	g.SetLimit(maxBusy)
	for _, t := range schema.Topics() {
		if t.Name == schema.TopicReference {
			continue
		}
		for n := range t.Partitions {
			pt := &part{p: p, topic: t.Name, partition: uint32(n), sink: newSink(p, t.Name, uint32(n))}
			parts = append(parts, pt)
			g.Go(func() error { return pt.open(opening) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	p.out.Debug("partitions are open", "took", time.Since(began), "reference", folded)
	p.partsMu.Lock()
	p.reference, p.parts = reference, parts
	p.partsMu.Unlock()
	return p.loadDirty(ctx)
}

// all lists the parts that this instance carries, the reference part first.
func (p *Pipeline) all() []*part {
	p.partsMu.RLock()
	defer p.partsMu.RUnlock()
	if p.reference == nil { // not opened, or another instance leads
		return slices.Clone(p.parts)
	}
	return append([]*part{&p.reference.part}, p.parts...)
}

// Run processes what arrives until ctx ends. An error of one range is logged and the range is
// tried again; only a store that no longer fits the log ends Run.
func (p *Pipeline) Run(ctx context.Context) error {
	p.MarkRunning()
	defer p.running.Store(false)
	if err := p.catchUpReference(ctx); err != nil {
		return err
	}
	p.caught.Store(true)
	g, ctx := errgroup.WithContext(ctx)
	for _, pt := range p.all() {
		g.Go(func() error { return pt.run(ctx) })
	}
	if p.others != nil {
		g.Go(func() error { return p.others.run(ctx) })
	}
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// at calls the hook of a test.
func (p *Pipeline) at(where string, r store.Range) {
	if p.hook != nil {
		p.hook(where, r)
	}
}

// Places of the hook, in the order of a range.
const (
	atRead     = "read"     // taken from the log
	atBegun    = "begun"    // noted, and the claim held
	atFolded   = "folded"   // the statements are known, the rows are not enriched
	atInserted = "inserted" // the rows are there, the range is not done
	atCopied   = "copied"   // of statements: the engine is about to rate a copy of usage
	atSwapped  = "swapped"  // of statements: a month of usage is put in as it is rated now
)

// Ends says up to where each partition is processed.
type Ends map[topicPartition]uint64

// Logged returns where the log ends now. A file's report comes after all its records, so the
// end of the reports is asked for first: every file with a report is there with its records.
func (p *Pipeline) Logged(ctx context.Context) (Ends, error) {
	ends := Ends{}
	for _, reports := range [...]bool{true, false} {
		for _, at := range partitions() {
			if (at.topic == schema.TopicFiles) != reports {
				continue
			}
			_, next, err := p.log.Offsets(ctx, at.topic, int(at.partition))
			if err != nil {
				return nil, err
			}
			ends[at] = uint64(next)
		}
	}
	return ends, nil
}

// partitions lists every partition of the log.
func partitions() (out []topicPartition) {
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			out = append(out, topicPartition{t.Name, uint32(n)})
		}
	}
	return out
}

// Reach tells whether every partition has come to where the other one ends, or further.
func (e Ends) Reach(other Ends) bool {
	for at, next := range other {
		if e[at] < next {
			return false
		}
	}
	return true
}

// Stored returns where the store stands. Of partitions that other instances carry the store
// itself is asked.
func (p *Pipeline) Stored(ctx context.Context) (Ends, error) {
	ends := Ends{}
	if p.share != nil && !p.Whole() {
		reached, err := p.store.Reached(ctx)
		if err != nil {
			return nil, err
		}
		for at, next := range reached {
			ends[topicPartition{at.Topic, at.Partition}] = next
		}
	}
	for _, pt := range p.all() {
		ends[topicPartition{pt.topic, pt.partition}] = pt.next.Load()
	}
	return ends, nil
}

// CatchUp processes what the log holds now and returns.
func (p *Pipeline) CatchUp(ctx context.Context, progress func(done, total uint64)) error {
	ends, err := p.Logged(ctx)
	if err != nil {
		return err
	}
	return p.CatchUpTo(ctx, ends, progress)
}

// CatchUpTo processes the log up to ends and returns: reference data first, then the rest.
// progress is called after every range with the records done and the records there are.
func (p *Pipeline) CatchUpTo(ctx context.Context, ends Ends, progress func(done, total uint64)) error {
	var done, total atomic.Uint64
	count := func(n uint64) {
		if progress != nil {
			progress(done.Add(n), total.Load())
		}
	}
	for _, pt := range p.all() {
		pt.until = ends[topicPartition{pt.topic, pt.partition}]
		total.Add(pt.until - min(pt.until, pt.next.Load()))
	}
	if p.reference == nil {
		return ErrNotWhole
	}
	if err := p.reference.drain(ctx, count); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, pt := range p.parts {
		g.Go(func() error { return pt.drain(ctx, count) })
	}
	return g.Wait()
}

// MarkRunning says that Run is about to be called, so that WaitStored leaves the partitions to it.
func (p *Pipeline) MarkRunning() {
	p.caught.Store(false)
	p.running.Store(true)
}

func (p *Pipeline) catchUpReference(ctx context.Context) error {
	if p.reference == nil { // another instance leads
		return nil
	}
	for ctx.Err() == nil {
		_, next, err := p.log.Offsets(ctx, schema.TopicReference, 0)
		if err == nil {
			p.reference.until = uint64(next)
			err = p.reference.drain(ctx, func(uint64) {})
		}
		if err == nil {
			return nil
		}
		if err := p.reference.again(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// Lag is how far a partition's rows are behind the log.
type Lag struct {
	Topic     string `json:"topic"`
	Partition uint32 `json:"partition"`
	Stored    uint64 `json:"stored"` // offsets below this are in the store
	Logged    uint64 `json:"logged"` // offsets below this are in the log
	Error     string `json:"error,omitempty"`
}

// Lags reports every partition.
func (p *Pipeline) Lags(ctx context.Context) ([]Lag, error) {
	parts := map[topicPartition]*part{}
	for _, pt := range p.all() {
		parts[topicPartition{pt.topic, pt.partition}] = pt
	}
	stored, err := p.Stored(ctx)
	if err != nil {
		return nil, err
	}
	var out []Lag
	for _, at := range partitions() {
		pt := parts[at]
		if pt == nil && p.share == nil { // not opened
			continue
		}
		_, next, err := p.log.Offsets(ctx, at.topic, int(at.partition))
		if err != nil {
			return nil, err
		}
		l := Lag{Topic: at.topic, Partition: at.partition, Stored: stored[at], Logged: uint64(next)}
		if pt != nil {
			if e := pt.lastErr.Load(); e != nil {
				l.Error = *e
			}
		}
		out = append(out, l)
	}
	return out, nil
}
