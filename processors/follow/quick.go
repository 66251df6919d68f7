package follow

import (
	"context"
	"fmt"
	"time"

	"linesman/processors/pipeline"
	"linesman/schema"
)

// runQuick judges new usage by the rules that are quick to judge, again and again, and leaves
// the rest to be settled: what an hour of roll-ups or a trend over years takes must not hold up
// telling of a call to a premium-rate number. It takes at most two thirds of the time. Nothing that
// it does is noted as done: after a stop all of it is settled.
func (f *Follower) runQuick(ctx context.Context) {
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-f.pipeline.Changed():
		}
		before, began := f.pipeline.Carried(), time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(moment): // for companions of what arrived first
		}
		// The windows that a flood touches are touched again.
		if f.pipeline.Carried()-before < flood {
			began = time.Now()
			err = f.quick(ctx)
		}
		if err != nil && ctx.Err() == nil {
			f.out.Error("new usage was not judged at once, and is judged with the rest", "error", err)
		}
		select {
		case f.due <- struct{}{}:
		default:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(time.Since(began)/2, longRest)):
		}
	}
}

// quick takes what changed and leaves it to be settled, and judges of it what is quick to judge.
func (f *Follower) quick(ctx context.Context) error {
	defer f.pipeline.Still()()
	d, onlyNew := f.take()
	if d.Empty() || !onlyNew {
		return nil
	}
	_, logged, err := f.log.Offsets(ctx, schema.TopicViolations, 0)
	if err != nil {
		return err
	}
	if err := f.pipeline.WaitStored(ctx, schema.TopicViolations, 0, uint64(logged)); err != nil {
		return fmt.Errorf("waiting for the known events of %s: %w", schema.TopicViolations, err)
	}
	began := time.Now()
	told := 0
	err = f.evaluator.Quick(ctx, scope(d), func(ctx context.Context, events []schema.Violation) error {
		told += len(events)
		_, err := f.publish(ctx, events)
		return err
	})
	f.out.Debug("judged at once", "lines", len(d.Lines), "told", told, "took", time.Since(began))
	return err
}

// take takes what changed for a quick turn. It is among what is to be settled before anybody
// else can take what came later: what is noted as judged is an offset, and everything below it.
// onlyNew: nothing that is to be settled has another reason than new usage; otherwise what is
// found might be told with the wrong one.
func (f *Follower) take() (d *pipeline.Dirty, onlyNew bool) {
	f.pendingMu.Lock()
	defer f.pendingMu.Unlock()
	d = f.pipeline.TakeDirty()
	f.pending.Add(d)
	return d, f.pending.OnlyNew()
}

// takeAll takes everything that is to be settled.
func (f *Follower) takeAll() *pipeline.Dirty {
	f.pendingMu.Lock()
	defer f.pendingMu.Unlock()
	d := f.pending
	f.pending = pipeline.NewDirty()
	d.Add(f.pipeline.TakeDirty())
	return d
}

// giveBack returns what is still to be settled to the pipeline: who runs next may be another.
func (f *Follower) giveBack() {
	f.pendingMu.Lock()
	defer f.pendingMu.Unlock()
	if !f.pending.Empty() {
		f.pipeline.GiveBack(f.pending)
		f.pending = pipeline.NewDirty()
	}
}
