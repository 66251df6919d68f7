package pipeline

import (
	"context"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// pollOthers is how often the leader looks at what other instances have stored.
const pollOthers = 300 * time.Millisecond

// reach is how far a partition is, and under which claim.
type reach struct{ epoch, next uint64 }

// further returns the later of two: of the later claim, or further on under the same.
func (r reach) further(o reach) reach {
	if o.epoch > r.epoch || o.epoch == r.epoch && o.next > r.next {
		return o
	}
	return r
}

// others finds on the leader what other instances have stored: it is to be judged here.
type others struct {
	p    *Pipeline
	seen map[topicPartition]reach
}

func newOthers(p *Pipeline) *others { return &others{p, map[topicPartition]reach{}} }

// run looks until ctx ends. What fails is tried again.
func (o *others) run(ctx context.Context) error {
	tick := time.NewTicker(pollOthers)
	defer tick.Stop()
	for {
		if err := o.poll(ctx); err != nil && ctx.Err() == nil {
			o.p.out.Error("looking at what other instances stored failed and is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// poll marks what has been stored since the last poll as changed.
func (o *others) poll(ctx context.Context) error {
	var foreign []topicPartition
	for _, at := range partitions() {
		if judged(at.topic) && !o.p.share.has(at) {
			foreign = append(foreign, at)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	claims, err := o.p.store.Claims(ctx)
	if err != nil {
		return err
	}
	reached, err := o.p.store.Reached(ctx)
	if err != nil {
		return err
	}
	for _, at := range foreign {
		key := store.Partition{Topic: at.topic, Partition: at.partition}
		if err := o.look(ctx, at, claims[key], reached[key]); err != nil {
			return err
		}
	}
	return nil
}

// look marks what is new of one partition. A new claim may have made void what was marked
// before: from its start on everything is new.
func (o *others) look(ctx context.Context, at topicPartition, claim store.Claim, next uint64) error {
	seen, ok := o.seen[at]
	if !ok {
		from, err := o.p.store.Evaluated(ctx, at.topic, at.partition)
		if err != nil {
			return err
		}
		seen = reach{claim.Epoch, from}
	}
	if claim.Epoch != seen.epoch {
		seen = reach{claim.Epoch, min(seen.next, claim.Start)}
	}
	if next > seen.next {
		d := NewDirty()
		d.at[at] = reach{claim.Epoch, next}
		if err := o.p.changedSince(ctx, &part{p: o.p, topic: at.topic, partition: at.partition}, seen.next, d); err != nil {
			return err
		}
		o.p.markDirty(d)
		seen.next = next
	}
	o.seen[at] = seen
	return nil
}

// changedSince finds what changed in a partition from an offset on. Of rows that were there
// before with other reference data it is not known whom they were counted for: then everybody
// is judged.
func (p *Pipeline) changedSince(ctx context.Context, pt *part, from uint64, d *Dirty) error {
	if err := p.dirtySince(ctx, pt, from, d); err != nil {
		return err
	}
	redone, err := p.store.Redone(ctx, pt.topic, pt.partition, from)
	if err == nil && redone {
		d.redone()
	}
	return err
}

// redone has every subject judged again in the months that changed.
func (d *Dirty) redone() {
	for day := range d.Days {
		d.Months[day.Month()] = true
	}
}

// violated names the subjects of violation events. A leader that was thought dead may have
// published events that were true when it found them: judging again finds that out.
func violated(recs []broker.Record) *Dirty {
	d := NewDirty()
	dec := schema.NewDecoder(schema.ViolationTable())
	for i := range recs {
		var v schema.Violation
		if dec.Decode(recs[i].Value, &v) != nil {
			continue // it went to the rejects
		}
		d.Blurred = true
		d.Inventory = true // it may have been found in statements
		for _, day := range [...]schema.Day{v.WindowFrom, v.WindowTo - 1} {
			switch v.SubjectKind {
			case "line":
				touch(d.Lines, v.SubjectID, day)
			case "unit":
				touch(d.Units, v.SubjectID, day)
				touch(d.UsageUnits, v.SubjectID, day)
			default: // a cost centre
				d.Months[day.Month()] = true
			}
		}
	}
	return d
}
