package pipeline

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"linesman/internal/broker"
	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// listener folds the statements of the log on an instance that does not lead. The leader
// writes them and moves the rows that are in the store when it comes to them. A range that is
// inserted here at the same time is right all the same:
//
//  1. before its rows are enriched, the log of statements is folded up to its end,
//  2. after they are inserted and before the range is done, the end is asked for again, and
//     when statements came that concern its rows, they are enriched and inserted anew.
//
// A statement that was in the log at 2 is seen here. One that came later finds the rows in
// the store, and the leader moves them.
type listener struct {
	p     *Pipeline
	kinds map[string]statementKind

	mu      sync.Mutex
	reader  *broker.Reader
	next    uint64 // statements below are folded
	stored  map[schema.ID]bool
	changes []folded // the latest, in order
}

// folded is what some statements move.
type folded struct {
	from   uint64 // offset of the first
	change *enrich.Change
}

// maxFolded is how many changes are remembered one by one. A range that was enriched before
// the oldest of them counts as concerned.
const maxFolded = 64

// newListener folds the log of statements from its beginning. Nothing may be running.
func newListener(ctx context.Context, p *Pipeline) (*listener, error) {
	p.reset()
	l := &listener{p: p, kinds: newReferencePart(p).kinds, stored: map[schema.ID]bool{}}
	if _, err := l.fold(ctx); err != nil {
		return nil, err
	}
	l.changes = nil
	return l, nil
}

// fold folds what the log of statements has now and returns where it ends.
func (l *listener) fold(ctx context.Context) (uint64, error) {
	_, end, err := l.p.log.Offsets(ctx, schema.TopicReference, 0)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next < uint64(end) && l.reader == nil {
		if l.reader, err = l.p.log.NewReader(ctx, schema.TopicReference, 0, int64(l.next)); err != nil {
			return 0, fmt.Errorf("folding reference data: %w", err)
		}
	}
	for l.next < uint64(end) {
		recs, err := l.reader.Fetch(ctx, int(uint64(end)-l.next), fetchWait)
		if err == nil && len(recs) == 0 {
			err = fmt.Errorf("the log gave nothing at offset %d of %d", l.next, end)
		}
		if err != nil {
			_ = l.reader.Close()
			l.reader = nil
			return 0, fmt.Errorf("folding reference data: %w", err)
		}
		l.take(recs)
	}
	return l.next, nil
}

func (l *listener) take(recs []broker.Record) {
	l.p.mu.Lock() // no range is being enriched
	defer l.p.mu.Unlock()
	f := folded{l.next, enrich.NewChange()}
	foldAll(l.kinds, recs, l.next, l.stored, l.p.state, f.change)
	l.next += uint64(len(recs))
	l.p.book = rate.New(l.p.state.Prices(), l.p.state.ExchangeRates())
	if l.changes = append(l.changes, f); len(l.changes) > maxFolded {
		l.changes = l.changes[1:]
	}
}

// since returns what the statements from an offset on move.
func (l *listener) since(at uint64) *enrich.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := enrich.NewChange()
	if at < l.next && (len(l.changes) == 0 || l.changes[0].from > at) {
		sum.All, sum.From = true, 0
		return sum
	}
	for _, f := range l.changes {
		if f.from >= at {
			sum.All = sum.All || f.change.All
			sum.From = min(sum.From, f.change.From)
			maps.Copy(sum.Lines, f.change.Lines)
			maps.Copy(sum.Currencies, f.change.Currencies)
		}
	}
	return sum
}

// put inserts the rows of a range of usage, and again for as long as statements come that
// concern them.
func (l *listener) put(ctx context.Context, pt *part, r *store.Range, token string) (store.Outcome, *Dirty, error) {
	at, err := l.fold(ctx)
	if err != nil {
		return store.Outcome{}, nil, err
	}
	l.p.at(atFolded, *r)
	for {
		out, dirty, err := pt.sink.put(ctx, *r, token, pt.recs)
		if err != nil {
			return out, nil, err
		}
		l.p.at(atInserted, *r)
		end, err := l.fold(ctx)
		if err != nil {
			return out, nil, err
		}
		if end == at || !concerns(l.since(at), pt.recs) {
			return out, dirty, nil
		}
		at, token, r.Redone = end, "", true
	}
}

// concerns tells whether a change may move a row of some records: the same rows as
// [restateWhere] names.
func concerns(c *enrich.Change, recs []broker.Record) bool {
	if c.Empty() {
		return false
	}
	hashes := map[uint64]bool{}
	for id := range c.Lines {
		if h, ok := schema.LineHash(id); ok {
			hashes[h] = true
		}
	}
	dec := schema.NewDecoder(schema.UsageTable())
	for i := range recs {
		var u schema.Usage
		if isAmendment(&recs[i]) || dec.Decode(recs[i].Value, &u) != nil || u.OccurredAt < c.From {
			continue
		}
		if c.All || c.Lines[u.LineID] || c.Currencies[u.Currency] || u.OtherHash != 0 && hashes[u.OtherHash] {
			return true
		}
	}
	return false
}

func (l *listener) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader != nil {
		_ = l.reader.Close()
		l.reader = nil
	}
}
