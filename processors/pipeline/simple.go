package pipeline

import (
	"context"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// newSink returns the sink of a topic.
func newSink(p *Pipeline, topic string, partition uint32) sink {
	switch topic {
	case schema.TopicWatches:
		return newSimple(p, schema.WatchTable(), func(w *schema.Watch, offset uint64, d *Dirty) (schema.ID, schema.ID) {
			w.Offset, w.Week = offset, w.Day.Week()
			d.Unit(w.UnitID, w.Day)
			return w.EventID, w.FileID
		})
	case schema.TopicContacts:
		days := localDays{}
		return newSimple(p, schema.ContactTable(), func(c *schema.Contact, offset uint64, d *Dirty) (schema.ID, schema.ID) {
			c.Offset, c.Rank, c.LocalDay = offset, schema.Rank(c.ExtractAt, c.EventID, offset), days.of(c.OccurredAt, c.Zone)
			d.Unit(c.UnitID, c.LocalDay)
			return c.EventID, c.FileID
		}).remember("contacts_known")
	case schema.TopicFiles:
		return newSimple(p, schema.FileTable(), func(f *schema.File, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			f.Offset = offset
			return f.EventID, f.FileID
		})
	case schema.TopicRejects:
		return newSimple(p, schema.RejectTable(), func(r *schema.Reject, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			r.Offset = offset
			return r.EventID, r.FileID
		})
	case schema.TopicViolations:
		return newSimple(p, schema.ViolationTable(), func(v *schema.Violation, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			v.Offset = offset
			return v.EventID, schema.ID{}
		})
	case schema.TopicRestatements:
		return newSimple(p, schema.RestatementTable(), func(r *schema.Restatement, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			r.Offset = offset
			return r.EventID, schema.ID{}
		})
	case schema.TopicCases:
		return newSimple(p, schema.CaseTable(), func(c *schema.Case, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			c.Offset = offset
			return c.EventID, schema.ID{}
		})
	case schema.TopicInvoices:
		return newInvoices(p)
	case schema.TopicPublications:
		return newSimple(p, schema.PublicationTable(), func(r *schema.Publication, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			r.Offset = offset
			return r.EventID, schema.ID{}
		})
	case schema.TopicAccess:
		return newSimple(p, schema.AccessReadTable(), func(a *schema.AccessRead, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			a.Offset = offset
			return a.EventID, schema.ID{}
		})
	case schema.TopicSeals:
		return newSimple(p, schema.SealTable(), func(r *schema.Seal, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
			r.Offset = offset
			return r.EventID, schema.ID{}
		})
	}
	return newUsageSink(p, topic, partition)
}

// simpleSink carries records that are rows as they are.
type simpleSink[T any] struct {
	p       *Pipeline
	record  string // type of the records
	beside  string // type of records that another sink of the topic takes; empty: none
	second  bool   // the other sink of the topic comes first
	decoder *schema.Decoder[T]
	writer  *store.Writer[T]
	dedup   dedup
	known   *store.Writer[known] // nil: the table forgets no event
	finish  func(rec *T, offset uint64, d *Dirty) (event, file schema.ID)
}

func newSimple[T any](p *Pipeline, t *schema.Table[T], finish func(*T, uint64, *Dirty) (schema.ID, schema.ID)) *simpleSink[T] {
	return &simpleSink[T]{p: p, record: t.Record, decoder: schema.NewDecoder(t), writer: store.NewWriter(p.store, t), dedup: dedup{store: p.store, table: t.Name}, finish: finish}
}

// known is a row of a table that remembers the events of another one, in which a later record
// takes the place of an earlier one.
type known struct {
	EventID schema.ID
	Offset  uint64
}

// remember has the events kept in a table of their own, and asks that one for repetitions.
func (s *simpleSink[T]) remember(table string) *simpleSink[T] {
	s.dedup.table = table
	s.known = store.NewWriter(s.p.store, &schema.Table[known]{Name: table, Columns: []schema.Column[known]{
		{Name: "event_id", Type: schema.TypeID, Ref: func(k *known) any { return &k.EventID }},
		{Name: "log_offset", Type: schema.TypeUint, Ref: func(k *known) any { return &k.Offset }},
	}})
	return s
}

// localDays knows the zones that records name.
type localDays map[string]*time.Location

// of returns the calendar day of a moment in a named zone, or in UTC where the zone is not known.
func (l localDays) of(at schema.Time, zone string) schema.Day {
	loc, ok := l[zone]
	if !ok {
		var err error
		if loc, err = time.LoadLocation(zone); err != nil {
			loc = time.UTC
		}
		l[zone] = loc
	}
	return schema.DayOf(at, loc)
}

func (s *simpleSink[T]) open(ctx context.Context, next uint64) error { return s.dedup.open(ctx, next) }

func (s *simpleSink[T]) put(ctx context.Context, r store.Range, token string, recs []broker.Record) (store.Outcome, *Dirty, error) {
	out := store.Outcome{Files: map[schema.ID]store.FileOutcome{}}
	dirty := NewDirty()
	var bad []poison
	var files []schema.ID
	var offsets []uint64
	rows, events := make([]T, 0, len(recs)), make([]store.Candidate, 0, len(recs))
	s.writer.Reset() // of a try that failed
	if s.known != nil {
		s.known.Reset()
	}
	for i := range recs {
		var rec T
		if s.leaves(&recs[i]) {
			continue
		}
		if err := s.decode(&recs[i], &rec); err != nil {
			bad = append(bad, poison{i, err})
			continue
		}
		event, file := s.finish(&rec, r.First+uint64(i), dirty)
		if event.IsZero() {
			bad = append(bad, poison{i, errNoID})
			continue
		}
		rows, files, events = append(rows, rec), append(files, file), append(events, store.Candidate{ID: event})
		offsets = append(offsets, r.First+uint64(i))
	}
	repeated, err := s.dedup.repeated(ctx, r.First, events)
	if err != nil {
		return out, nil, err
	}
	for i := range rows {
		f := out.Files[files[i]]
		if repeated[i] {
			out.Duplicate++
			f.Duplicate++
		} else {
			out.Accepted++
			f.Accepted++
			s.writer.Add(rows[i : i+1])
			if s.known != nil {
				s.known.Add([]known{{events[i].ID, offsets[i]}})
			}
		}
		if !files[i].IsZero() {
			out.Files[files[i]] = f
		}
	}
	if err := s.writer.Flush(ctx, token); err != nil {
		return out, nil, err
	}
	if s.known != nil {
		if err := s.known.Flush(ctx, token); err != nil {
			return out, nil, err
		}
	}
	out.Refused = uint64(len(bad))
	return out, dirty, s.p.refuse(ctx, r, bad)
}

// leaves tells whether the other sink of the topic takes a record, or refuses what neither knows.
func (s *simpleSink[T]) leaves(rec *broker.Record) bool {
	return s.beside != "" && is(rec, s.beside) || s.second && !is(rec, s.record)
}

func (s *simpleSink[T]) decode(rec *broker.Record, into *T) error {
	if !is(rec, s.record) {
		return unknown(rec)
	}
	return s.decoder.Decode(rec.Value, into)
}
