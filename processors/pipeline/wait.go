package pipeline

import (
	"context"
	"fmt"
	"time"

	"linesman/processors/store"
)

// pollStored is how often WaitStored looks.
const pollStored = 2 * time.Millisecond

// WaitStored returns when the store holds everything below next of a partition. While Run is
// not running it carries the records itself.
func (p *Pipeline) WaitStored(ctx context.Context, topic string, partition uint32, next uint64) error {
	pt := p.part(topic, partition)
	if pt == nil {
		return p.waitElsewhere(ctx, topic, partition, next)
	}
	if !p.running.Load() {
		pt.until = next
		return pt.drain(ctx, func(uint64) {})
	}
	tick := time.NewTicker(pollStored)
	defer tick.Stop()
	for pt.next.Load() < next {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// waitElsewhere waits for a partition that another instance carries.
func (p *Pipeline) waitElsewhere(ctx context.Context, topic string, partition uint32, next uint64) error {
	if p.share == nil {
		return fmt.Errorf("no partition %s/%d", topic, partition)
	}
	for {
		at, _, err := p.store.Position(ctx, topic, partition)
		if err != nil || at >= next {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollOthers):
		}
	}
}

func (p *Pipeline) part(topic string, partition uint32) *part {
	for _, pt := range p.all() {
		if pt.topic == topic && pt.partition == partition {
			return pt
		}
	}
	return nil
}

// Close closes the readers of a pipeline that is not running.
func (p *Pipeline) Close() {
	for _, pt := range p.all() {
		if pt.reader != nil {
			_ = pt.reader.Close()
		}
	}
	if p.listen != nil {
		p.listen.close()
	}
}

// Shown returns the offset up to which the store shows a partition, whoever carries it; 0
// while the log is not open. It carries nothing itself.
func (p *Pipeline) Shown(ctx context.Context, topic string, partition uint32) (uint64, error) {
	if pt := p.part(topic, partition); pt != nil {
		return pt.next.Load(), nil
	}
	if p.share == nil {
		return 0, nil
	}
	reached, err := p.store.Reached(ctx)
	if err != nil {
		return 0, err
	}
	return reached[store.Partition{Topic: topic, Partition: partition}], nil
}
