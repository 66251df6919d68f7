package pipeline

import (
	"context"
	"fmt"

	"linesman/internal/broker"
	"linesman/internal/failpoint"
	"linesman/processors/enrich"
	"linesman/processors/store"
	"linesman/schema"
)

// chunk is how many records are decoded before they are turned into columns.
const chunk = 256

// usageSink decodes, enriches and rates usage records.
type usageSink struct {
	p         *Pipeline
	topic     string
	partition uint32
	decoder   *schema.Decoder[schema.Usage]
	writer    *store.Writer[schema.Usage]
	dedup     dedup
	enricher  *enrich.Enricher
	revision  uint64
	rows      []schema.Usage
	amends    *amendments
}

func newUsageSink(p *Pipeline, topic string, partition uint32) *usageSink {
	return &usageSink{p: p, topic: topic, partition: partition, decoder: schema.NewDecoder(schema.UsageTable()), writer: store.NewWriter(p.store, schema.UsageTable()),
		dedup: dedup{store: p.store, table: "usage", timeColumn: "occurred_at", logPartition: logPartition(topic, partition)}, rows: make([]schema.Usage, chunk),
		amends: newAmendments(p.store, logPartition(topic, partition))}
}

func (s *usageSink) open(ctx context.Context, next uint64) error {
	if err := s.amends.open(ctx, next); err != nil {
		return err
	}
	return s.dedup.open(ctx, next)
}

func (s *usageSink) put(ctx context.Context, r store.Range, token string, recs []broker.Record) (store.Outcome, *Dirty, error) {
	out := store.Outcome{Files: map[schema.ID]store.FileOutcome{}}
	dirty := NewDirty()
	s.p.mu.RLock() // until the rows are in: a statement that comes later finds them and moves them
	defer s.p.mu.RUnlock()
	if s.enricher == nil || s.revision != s.p.state.Revision() {
		s.enricher, s.revision = enrich.New(s.p.state, s.p.book.Clone()), s.p.state.Revision()
	}
	s.writer.Reset() // of a try that failed
	s.amends.writer.Reset()
	events := make([]store.Candidate, len(recs))
	taken, err := s.amends.take(ctx, r, recs, &out)
	if err != nil {
		return out, nil, err
	}
	for i := range recs {
		if taken.holds(i) {
			continue
		}
		// What cannot be decoded is found below; here it has no id and is nobody's repetition.
		events[i].ID, events[i].At, _ = schema.PeekUsage(recs[i].Value)
	}
	repeated, err := s.dedup.repeated(ctx, r.First, events)
	if err != nil {
		return out, nil, err
	}
	bad := append(taken.bad, s.gather(r, recs, events, repeated, taken, &out, dirty)...)
	dirty.fresh(logPartition(s.topic, s.partition), Span{r.First, r.Next})
	dirty.Blurred = dirty.Blurred || token == "" // an interrupted try may have stored rows that are not the same
	err = s.amends.bury(ctx, taken.died, func(u *schema.Usage, am *schema.Amendment) error {
		dirty.Usage(u.Line, u.UnitID, u.LocalDay)
		dirty.died(am, u)
		u.Deleted, u.Revision = true, schema.RevisionDead
		s.writer.Add([]schema.Usage{*u})
		return nil
	})
	if err != nil {
		return out, nil, err
	}
	if err := s.writer.Flush(ctx, token); err != nil {
		return out, nil, err
	}
	failpoint.Hit("range.amends.before")
	if err := s.amends.writer.Flush(ctx, token); err != nil {
		return out, nil, err
	}
	if token == "" && len(taken.at) > 0 {
		// An interrupted try may have buried rows already: they are not found alive again.
		if err := s.p.amendedSince(ctx, logPartition(s.topic, s.partition), r.First, dirty); err != nil {
			return out, nil, err
		}
	}
	out.Refused = uint64(len(bad))
	return out, dirty, s.p.refuse(ctx, r, bad)
}

func (s *usageSink) decode(rec *broker.Record, u *schema.Usage) error {
	if !is(rec, "Usage") {
		return unknown(rec)
	}
	if err := s.decoder.Decode(rec.Value, u); err != nil {
		return err
	}
	if u.EventID.IsZero() || u.OccurredAt == 0 {
		return fmt.Errorf("%w: no event id or no time", schema.ErrWire)
	}
	return nil
}

// gather enriches what is new and hands it to the writer in chunks.
func (s *usageSink) gather(r store.Range, recs []broker.Record, events []store.Candidate, repeated map[int]bool, taken taken, out *store.Outcome, dirty *Dirty) []poison {
	var bad []poison
	n := 0
	flush := func() {
		s.writer.Add(s.rows[:n])
		n = 0
	}
	for i := range recs {
		if taken.holds(i) {
			continue
		}
		u := &s.rows[n]
		*u = schema.Usage{}
		if err := s.decode(&recs[i], u); err != nil {
			bad = append(bad, poison{i, err})
			passOn(events, repeated, i)
			continue
		}
		f := out.Files[u.FileID]
		if repeated[i] {
			out.Duplicate++
			f.Duplicate++
			out.Files[u.FileID] = f
			continue
		}
		u.LogPartition, u.LogOffset = logPartition(r.Topic, r.Partition), r.First+uint64(i)
		if err := s.enricher.Apply(u); err != nil {
			bad = append(bad, poison{i, err})
			passOn(events, repeated, i)
			continue
		}
		out.Accepted++
		f.Accepted++
		out.Files[u.FileID] = f
		dirty.arrived(u.Line, u.UnitID, u.LocalDay)                                 // of a dead record too: another instance may have stored it alive
		if len(s.amends.dead) > 0 && s.amends.dead[recordOf{u.EventID, u.LineID}] { // an amendment came first
			u.Deleted, u.Revision, dirty.Blurred = true, schema.RevisionDead, true
		} else {
			dirty.from(u.FileID, u.LocalDay.Month())
		}
		if n++; n == len(s.rows) {
			flush()
		}
	}
	flush()
	return bad
}

// passOn makes the next record with the id of a refused one the first: what was refused is
// nobody's earlier self.
func passOn(events []store.Candidate, repeated map[int]bool, refused int) {
	if repeated[refused] {
		return
	}
	for i := refused + 1; i < len(events); i++ {
		if repeated[i] && events[i].ID == events[refused].ID {
			delete(repeated, i)
			return
		}
	}
}
