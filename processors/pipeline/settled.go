package pipeline

import "context"

// Still keeps rows from moving until the function that it returns is called. New rows come in
// all the same.
func (p *Pipeline) Still() (release func()) {
	p.moving.RLock()
	return p.moving.RUnlock
}

// findReplay finds out whether the store begins anew while the log has facts already: dropped
// for a rebuild that was stopped, for a new structure, or another one. Violations are back
// sooner than the usage they stand on, and half a month would be judged, and told, as if the
// rest were gone.
func (p *Pipeline) findReplay(ctx context.Context) error {
	p.replay = nil
	begun, err := p.store.EverEvaluated(ctx)
	if err != nil || begun {
		return err
	}
	p.replay, err = p.Logged(ctx)
	return err
}

// Ready tells whether what is in the store may be judged: the statements of before the start
// are in, and a store that begins anew has come as far as the log was at the start.
func (p *Pipeline) Ready(ctx context.Context) (bool, error) {
	if p.running.Load() && !p.caught.Load() {
		return false, nil
	}
	if p.replay == nil {
		return true, nil
	}
	at, err := p.Stored(ctx)
	if err != nil || !at.Reach(p.replay) {
		return false, err
	}
	p.replay = nil
	return true, nil
}
