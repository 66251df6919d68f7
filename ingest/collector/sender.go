package collector

import (
	"context"
	"time"

	"linesman/ingest"
	"linesman/internal/broker"
	"linesman/internal/failpoint"

	"golang.org/x/sync/errgroup"
)

// lanesAhead is how many full batches of a partition may wait while one is being written.
const lanesAhead = 1

// sender writes batches to the log beside the reading, one goroutine for each partition in use.
type sender struct {
	log        Log
	ctx        context.Context
	cancel     context.CancelFunc
	group      *errgroup.Group
	lanes      map[*topic][]*lane
	maxRecords int
	maxBytes   int
	now        time.Time
}

// lane is one partition with the batch being filled.
type lane struct {
	topic     string
	partition int
	cur       *batch
	full      chan *batch
	free      chan *batch
}

func newSender(ctx context.Context, log Log, maxRecords, maxBytes int, now time.Time) *sender {
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	return &sender{log: log, ctx: ctx, cancel: cancel, group: group, lanes: map[*topic][]*lane{}, maxRecords: maxRecords, maxBytes: maxBytes, now: now}
}

// put copies a record into its partition's batch and passes the batch on when it is full.
func (s *sender) put(t *topic, key string, value []byte, headers []broker.Header) error {
	lanes := s.lanes[t]
	if lanes == nil {
		lanes = make([]*lane, t.partitions)
		s.lanes[t] = lanes
	}
	p := 0
	if t.partitions > 1 {
		p = s.log.Partition([]byte(key), t.partitions)
	}
	l := lanes[p]
	if l == nil {
		l = s.open(t.name, p)
		lanes[p] = l
	}
	if l.cur.len() > 0 && l.cur.size()+len(key)+len(value) > s.maxBytes {
		if err := s.pass(l); err != nil {
			return err
		}
	}
	l.cur.add(key, value, headers)
	if l.cur.len() >= s.maxRecords {
		return s.pass(l)
	}
	return nil
}

func (s *sender) open(topic string, partition int) *lane {
	l := &lane{topic: topic, partition: partition, cur: &batch{}, full: make(chan *batch, lanesAhead), free: make(chan *batch, lanesAhead+2)}
	s.group.Go(func() error { return s.write(l) })
	return l
}

// pass hands the current batch to the writer and takes an empty one.
func (s *sender) pass(l *lane) error {
	select {
	case l.full <- l.cur:
	case <-s.ctx.Done():
		return s.failure()
	}
	select {
	case l.cur = <-l.free:
		l.cur.reset()
	default:
		l.cur = &batch{}
	}
	return nil
}

// failure is why the sender stopped: the writers end before their cause is asked for.
func (s *sender) failure() error {
	s.end()
	if err := s.group.Wait(); err != nil {
		return err
	}
	return s.ctx.Err()
}

func (s *sender) write(l *lane) error {
	for b := range l.full {
		failpoint.Hit("collect.batch.before")
		if _, err := s.log.Produce(s.ctx, l.topic, l.partition, b.records(s.now)); err != nil {
			return &ingest.LogError{Err: err}
		}
		failpoint.Hit("collect.batch.after")
		l.free <- b
	}
	return nil
}

// end tells the writers that nothing more comes.
func (s *sender) end() {
	for _, lanes := range s.lanes {
		for _, l := range lanes {
			if l != nil && l.full != nil {
				close(l.full)
			}
		}
	}
	s.lanes = nil
}

// close passes on what is held and waits until all of it is acknowledged.
func (s *sender) close() error {
	defer s.cancel()
	for _, lanes := range s.lanes {
		for _, l := range lanes {
			if l == nil || l.cur.len() == 0 {
				continue
			}
			if err := s.pass(l); err != nil {
				return err
			}
		}
	}
	s.end()
	return s.group.Wait()
}

// abandon stops writing.
func (s *sender) abandon() {
	s.cancel()
	s.end()
	_ = s.group.Wait() // the caller knows the cause already
}

// batch holds the records of one call to the log in one piece of memory.
type batch struct {
	arena []byte
	ends  []span
	recs  []broker.Record
}

type span struct {
	key, value int // where they end in the arena
	headers    []broker.Header
}

func (b *batch) len() int  { return len(b.ends) }
func (b *batch) size() int { return len(b.arena) }

func (b *batch) reset() { b.arena, b.ends = b.arena[:0], b.ends[:0] }

func (b *batch) add(key string, value []byte, headers []broker.Header) {
	b.arena = append(b.arena, key...)
	k := len(b.arena)
	b.arena = append(b.arena, value...)
	b.ends = append(b.ends, span{k, len(b.arena), headers})
}

func (b *batch) records(now time.Time) []broker.Record {
	b.recs = b.recs[:0]
	at := 0
	for _, e := range b.ends {
		b.recs = append(b.recs, broker.Record{Key: b.arena[at:e.key:e.key], Value: b.arena[e.key:e.value:e.value], Headers: e.headers, Time: now})
		at = e.value
	}
	return b.recs
}
