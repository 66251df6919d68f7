package follow

import (
	"context"
	"time"

	"linesman/processors/pipeline"
)

// lookAgain is how often is asked whether the store may be judged.
const lookAgain = 250 * time.Millisecond

// awaitReady waits until the store may be judged, and marks all of it when the rules are not
// those that judged it. It returns false when ctx ended first.
func (f *Follower) awaitReady(ctx context.Context) bool {
	for {
		ready, err := f.pipeline.Ready(ctx)
		if err == nil && ready {
			err = f.newRules(ctx)
		}
		if err == nil && ready {
			return true
		}
		if err != nil && ctx.Err() == nil {
			f.out.Error("asking whether the store may be judged failed and is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(lookAgain):
		}
	}
}

func (f *Follower) newRules(ctx context.Context) error {
	if f.cfg.Rules == 0 {
		return nil
	}
	by, err := f.store.JudgedBy(ctx)
	if err != nil || by == f.cfg.Rules {
		return err
	}
	f.out.Info("the rules are not those that judged the store: all of it is judged again")
	d := pipeline.NewDirty()
	d.AllSubjects, d.Rules = true, true
	f.pipeline.GiveBack(d)
	return nil
}
