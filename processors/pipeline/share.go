package pipeline

import (
	"context"
	"errors"
	"slices"

	"linesman/internal/broker"
	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// Share is what one of several instances carries of a log that they share.
type Share struct {
	Owner      string           // this instance, for people who read the claims
	Partitions map[string][]int // by topic
}

// has tells whether a partition belongs to the share.
func (s *Share) has(at topicPartition) bool {
	return slices.Contains(s.Partitions[at.topic], int(at.partition))
}

// ErrNotWhole says that other instances carry partitions that a piece of work needs.
var ErrNotWhole = errors.New("other instances carry partitions of the log")

// Together lists the topics that must go to one instance, the leader: it writes and folds the
// statements, moves usage, and judges. The others (see [Spread]) are spread.
func Together() []string {
	var out []string
	for _, t := range schema.Topics() {
		if !slices.Contains(schema.UsageTopics(), t.Name) {
			out = append(out, t.Name)
		}
	}
	return out
}

// Spread lists the topics whose partitions may go to different instances.
func Spread() []string { return schema.UsageTopics() }

// Leads tells whether this instance has the control topics: it alone writes statements, moves
// usage, recomputes roll-ups and judges.
func (p *Pipeline) Leads() bool {
	p.partsMu.RLock()
	defer p.partsMu.RUnlock()
	return p.reference != nil
}

// Whole tells whether this instance carries every partition.
func (p *Pipeline) Whole() bool {
	return len(p.all()) == len(partitions())
}

// judges tells whether what changes is to be judged here.
func (p *Pipeline) judges() bool { return p.share == nil || p.reference != nil }

// Take is Open for one of several instances: it claims the partitions of a share, so that
// nothing counts that a former owner still writes, and lets go of all others. Partitions that
// it had, and that nobody has claimed since, keep what they have in memory. Run must not be
// running.
func (p *Pipeline) Take(ctx context.Context, share Share) error {
	before := map[topicPartition]*part{}
	for _, pt := range p.parts {
		before[topicPartition{pt.topic, pt.partition}] = pt
	}
	led := p.reference
	p.Close()
	p.share = &share
	p.partsMu.Lock()
	p.reference, p.parts, p.others = nil, nil, nil
	p.partsMu.Unlock()
	if err := p.takeReference(ctx, led); err != nil {
		return err
	}
	for _, at := range partitions() {
		if at.topic == schema.TopicReference || !share.has(at) {
			continue
		}
		pt := before[at]
		if pt == nil || !pt.resume(ctx) {
			pt = &part{p: p, topic: at.topic, partition: at.partition, sink: newSink(p, at.topic, at.partition)}
			if err := pt.open(ctx); err != nil {
				return err
			}
		}
		p.partsMu.Lock()
		p.parts = append(p.parts, pt)
		p.partsMu.Unlock()
	}
	if p.reference == nil {
		return nil
	}
	// From here on no former leader can swap in a roll-up; what it did before is not noted as
	// evaluated, or right.
	if err := p.store.Stage(ctx, p.reference.epoch); err != nil {
		return err
	}
	p.others = newOthers(p)
	return p.loadDirty(ctx)
}

// takeReference makes this instance the leader, or one that only listens.
func (p *Pipeline) takeReference(ctx context.Context, led *referencePart) error {
	if !p.share.has(topicPartition{schema.TopicReference, 0}) {
		if led != nil || p.listen == nil {
			p.dirty = NewDirty() // the leader's to judge
			listen, err := newListener(ctx, p)
			if err != nil {
				return err
			}
			p.listen = listen
		}
		return nil
	}
	p.listen = nil
	if led == nil || !led.resume(ctx) {
		led = newReferencePart(p)
		if err := led.open(ctx); err != nil {
			return err
		}
	}
	p.partsMu.Lock()
	p.reference = led
	p.partsMu.Unlock()
	return nil
}

// resume takes a partition up again that nobody has claimed since it was left.
func (pt *part) resume(ctx context.Context) bool {
	next, err := pt.position(ctx)
	if err == nil {
		err = pt.skip(ctx, next)
	}
	if err == nil {
		err = pt.openReader(ctx)
	}
	if err != nil {
		pt.p.out.Debug("a partition is opened anew", "topic", pt.topic, "partition", pt.partition, "because", err)
	}
	return err == nil
}

// put inserts the rows of a range. Where another instance leads, statements that come
// meanwhile are seen here or there; see [listener].
func (pt *part) put(ctx context.Context, r *store.Range, token string) (store.Outcome, *Dirty, error) {
	if l := pt.p.listen; l != nil && slices.Contains(schema.UsageTopics(), pt.topic) {
		return l.put(ctx, pt, r, token)
	}
	out, dirty, err := pt.sink.put(ctx, *r, token, pt.recs)
	if err == nil {
		pt.p.at(atInserted, *r)
	}
	return out, dirty, err
}

// stored notes what a range that is in the store changed.
func (p *Pipeline) stored(pt *part, r store.Range, d *Dirty, recs []broker.Record) {
	switch {
	case !p.judges():
	case judged(pt.topic):
		d.reached(r)
		if r.Redone {
			d.redone()
		}
		p.markDirty(d)
	case p.share != nil && pt.topic == schema.TopicViolations:
		p.markDirty(violated(recs))
	}
}

// reset forgets every statement.
func (p *Pipeline) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.book = enrich.NewState(), rate.New(nil, nil)
}
