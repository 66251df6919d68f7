package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"linesman/internal/broker"
	"linesman/schema"
)

const (
	groupRecords   = 50_000      // of a row group; bounds the memory
	groupBytes     = 64 << 20    // of keys and values of a row group
	fileRecords    = 5_000_000   // of a file
	publishRecords = 20_000_000  // after which a manifest is written, so that little is done again after a kill
	fetchRecords   = 20_000      // of one fetch
	fetchWait      = time.Minute // for records that the log has
	ahead          = 24 * time.Hour
)

// Options say what a run archives.
type Options struct {
	Until   Month     // last month; 0: the last one that is over
	Open    bool      // also what is of later months, up to the end of the log
	Now     time.Time // zero: the present
	Program string    // version of the program, for the manifest
	Workers int       // partitions at the same time; 0: one
	// Known is the head that the last run left, as noted beside the log. The zero Head: none.
	Known Head
	Say   func(done, total int64) // records; may be nil
}

// Result is what a run did.
type Result struct {
	To         string      `json:"to"`
	Files      int         `json:"files"`
	Records    int64       `json:"records"`
	Bytes      int64       `json:"bytes"`
	Before     int64       `json:"records_before"` // were in the archive already
	Left       int64       `json:"records_left"`   // of later months, still only in the log
	Head       Head        `json:"head"`
	Partitions []Partition `json:"partitions"`
	Warnings   []string    `json:"warnings,omitempty"`
	Seconds    float64     `json:"seconds"`
}

// writer is one run.
type writer struct {
	log    Log
	store  Store
	opt    Options
	topics map[string]int
	chain  *Chain
	have   map[topicPartition]*Partition

	mu          sync.Mutex
	files       []File // written and in no manifest yet
	unpublished int64
	head        Head
	result      Result
	done, total int64
}

// Write archives what is new.
func Write(ctx context.Context, log Log, st Store, opt Options) (Result, error) {
	began := time.Now()
	if opt.Now.IsZero() {
		opt.Now = began
	}
	if opt.Until == 0 {
		opt.Until = Closed(opt.Now)
	}
	w := &writer{log: log, store: st, opt: opt, topics: map[string]int{}, have: map[topicPartition]*Partition{}}
	w.result.To = st.String()
	release, err := st.Lock(ctx)
	if err != nil {
		return w.result, err
	}
	err = w.run(ctx)
	w.result.Seconds = time.Since(began).Seconds()
	return w.result, errors.Join(err, release())
}

func (w *writer) run(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return err
	}
	spans, err := w.spans(ctx)
	if err != nil {
		return err
	}
	if err := w.describe(ctx); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, w.opt.Workers))
	for _, s := range spans {
		g.Go(func() error {
			if err := w.partition(gctx, s); err != nil {
				return fmt.Errorf("archiving %s: %w", s.topicPartition, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.publish(ctx); err != nil {
		return err
	}
	w.result.Head = w.head
	for _, p := range w.chain.partitions() {
		w.result.Partitions = append(w.result.Partitions, *p)
	}
	return nil
}

// load reads what the archive has.
func (w *writer) load(ctx context.Context) (err error) {
	if w.chain, err = loadChain(ctx, w.store); err != nil {
		return err
	}
	w.chain.expect(w.opt.Known)
	parts := w.chain.partitions()
	for _, p := range parts {
		w.have[topicPartition{p.Topic, p.Partition}] = p
		for i, hole := range p.holes() {
			if i > 0 || p.First == 0 { // a log whose beginning was gone when it was first archived is told at every check
				w.chain.Problems = append(w.chain.Problems, hole)
			}
		}
		w.result.Before += p.Next - p.First
	}
	if len(w.chain.Problems) > 0 {
		return &DamagedError{w.store.String(), w.chain.Problems}
	}
	w.head = w.chain.Head()
	return nil
}

// DamagedError says what is wrong with an archive.
type DamagedError struct {
	Archive  string
	Problems []string
}

// Error names the first problems.
func (e *DamagedError) Error() string {
	s := fmt.Sprintf("the archive %s is damaged: %s", e.Archive, e.Problems[0])
	if n := len(e.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more; see linesman archive check)", n)
	}
	return s
}

// span is what of a partition may be archived.
type span struct {
	topicPartition
	from, end int64
}

// spans finds what is new of each partition. The ends of what derives from other records are
// taken first, so that what it derives from is there too.
func (w *writer) spans(ctx context.Context) ([]span, error) {
	health, err := w.log.Health(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range health.Topics {
		w.topics[t.Name] = len(t.Partitions)
	}
	var out []span
	known := map[string]bool{}
	for _, t := range slices.Backward(schema.Topics()) {
		known[t.Name] = true
		for i := range w.topics[t.Name] {
			s, err := w.span(ctx, topicPartition{t.Name, i})
			if err != nil {
				return nil, err
			}
			out = append(out, s)
			w.total += s.end - s.from
		}
	}
	for name := range w.topics {
		if !known[name] {
			delete(w.topics, name) // somebody else's topic in the same cluster
		}
	}
	for tp, p := range w.have {
		if tp.partition >= w.topics[tp.topic] && p.Next > 0 {
			return nil, fmt.Errorf("%w: it has %s, the log has not", ErrOtherLog, tp)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(b.end-b.from, a.end-a.from) }) // the longest first
	return out, nil
}

func (w *writer) span(ctx context.Context, tp topicPartition) (span, error) {
	first, next, err := w.log.Offsets(ctx, tp.topic, tp.partition)
	if err != nil {
		return span{}, err
	}
	s := span{tp, first, next}
	have := w.have[tp]
	if have == nil || len(have.Files) == 0 {
		if first > 0 {
			w.result.Warnings = append(w.result.Warnings, fmt.Sprintf("%s begins at offset %d: the records before it are gone from the log and not in the archive", tp, first))
		}
		return s, nil
	}
	switch last := have.Files[len(have.Files)-1]; {
	case next < have.Next:
		return s, fmt.Errorf("%w: of %s it has the offsets up to %d, the log ends at %d. Archive into another folder, or restore this log from the archive", ErrOtherLog, tp, have.Next-1, next-1)
	case first > have.Next:
		return s, fmt.Errorf("%s: offsets %d to %d are gone from the log and not in the archive: the log's retention is shorter than the time between two runs. Make it longer, and begin a new archive in another place", tp, have.Next, first-1)
	case first < have.Next:
		if err := w.sameLog(ctx, tp, last); err != nil {
			return s, err
		}
	}
	s.from = have.Next
	return s, nil
}

// sameLog compares the last archived record with the log's.
func (w *writer) sameLog(ctx context.Context, tp topicPartition, last File) error {
	r, err := w.log.NewReader(ctx, tp.topic, tp.partition, last.Next-1)
	if err != nil {
		return err
	}
	recs, err := r.Fetch(ctx, 1, fetchWait)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if len(recs) == 0 {
		return fmt.Errorf("reading %s at offset %d: no answer from the log", tp, last.Next-1)
	}
	e := entryOf(&recs[0])
	if digest(&e) != last.Last {
		return fmt.Errorf("%w: %s has another record at offset %d. Archive into another folder", ErrOtherLog, tp, last.Next-1)
	}
	return nil
}

// partition archives one partition.
func (w *writer) partition(ctx context.Context, s span) error {
	if s.from == s.end {
		return nil
	}
	r, err := w.log.NewReader(ctx, s.topic, s.partition, s.from)
	if err != nil {
		return err
	}
	f := &fileWriter{w: w, tp: s.topicPartition}
	err = w.copy(ctx, r, s, f)
	if err == nil {
		err = f.finish(ctx)
	}
	f.discard()
	return errors.Join(err, r.Close())
}

// copy reads the span, or what of it is of the months that are asked for.
func (w *writer) copy(ctx context.Context, r *broker.Reader, s span, f *fileWriter) error {
	for r.Position() < s.end {
		recs, err := r.Fetch(ctx, int(min(fetchRecords, s.end-r.Position())), fetchWait)
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return fmt.Errorf("at offset %d: no answer from the log", r.Position())
		}
		for i := range recs {
			e := entryOf(&recs[i])
			month, ok := w.monthOf(e.At)
			if !ok {
				w.mu.Lock()
				w.result.Left += s.end - e.Offset
				w.mu.Unlock()
				return nil
			}
			if err := f.add(ctx, e, month); err != nil {
				return err
			}
		}
		w.step(int64(len(recs)))
	}
	return nil
}

// monthOf returns the month of a record and whether it is asked for. What is dated more than
// a day ahead of the present was recorded by a clock that was wrong: it does not keep the
// records behind it out.
func (w *writer) monthOf(at schema.Time) (Month, bool) {
	m := max(MonthOf(at), firstMonth)
	switch {
	case m <= w.opt.Until:
		return m, true
	case at > schema.TimeOf(w.opt.Now.Add(ahead)):
		return w.opt.Until, true
	}
	return m, w.opt.Open
}

func (w *writer) step(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done += n
	if w.opt.Say != nil {
		w.opt.Say(w.done, w.total)
	}
}

// commit notes a file that is in its place.
func (w *writer) commit(ctx context.Context, f File) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(w.files, f)
	w.result.Files++
	w.result.Records += f.Records
	w.result.Bytes += f.Bytes
	if w.unpublished += f.Records; w.unpublished < publishRecords {
		return nil
	}
	return w.publish(ctx)
}

// publish writes a manifest of the files that are in none yet.
func (w *writer) publish(ctx context.Context) error {
	if len(w.files) == 0 {
		return nil
	}
	slices.SortFunc(w.files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.First, b.First))
	})
	m := &Manifest{Format: Format, Version: FormatVersion, Number: w.head.Number + 1, Previous: w.head.SHA256, Created: w.opt.Now.UTC().Truncate(time.Millisecond),
		Program: w.opt.Program, Schema: schema.Version, Topics: w.topics, Files: w.files}
	raw, err := m.encode()
	if err != nil {
		return err
	}
	if err := w.store.Create(ctx, manifestName(m.Number), raw); errors.Is(err, ErrExists) {
		return fmt.Errorf("archive %s: %w: it has written manifest %d meanwhile; run again", w.store, ErrBusy, m.Number)
	} else if err != nil {
		return fmt.Errorf("writing manifest %d: %w", m.Number, err)
	}
	w.head = Head{m.Number, sum(raw)}
	w.chain.Manifests, w.chain.Sums = append(w.chain.Manifests, m), append(w.chain.Sums, w.head.SHA256)
	w.files, w.unpublished = nil, 0
	return nil
}
