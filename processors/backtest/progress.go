package backtest

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Progress is how far a back-test has come.
type Progress struct {
	What        string // the rule that was heard of last; empty at the end
	Done, Total int    // versions of rules judged, and all of them
	Rows, Of    uint64 // rows read for those being judged, and how many the store thinks there are
}

// reading is how many rows were read for a version, and are to be.
type reading struct{ rows, of uint64 }

// say tells how far it has come; the caller holds the lock.
func (j *judge) say(what string) {
	if j.in.Say == nil {
		return
	}
	p := Progress{What: what, Done: j.done, Total: j.total}
	for r := range j.reading {
		p.Rows, p.Of = p.Rows+r.rows, p.Of+r.of
	}
	j.in.Say(p)
}

// follow tells how far the queries of one version come, as the store says. finish ends it
// and counts the versions that were judged.
func (j *judge) follow(ctx context.Context, name string) (following context.Context, finish func(versions int)) {
	r := &reading{}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reading[r] = struct{}{}
	j.say(name)
	ctx = clickhouse.Context(ctx, clickhouse.WithProgress(func(p *clickhouse.Progress) {
		j.mu.Lock()
		defer j.mu.Unlock()
		r.rows += p.Rows
		if r.of = max(r.of+p.TotalRows, r.rows); p.Rows > 0 {
			j.say(name)
		}
	}))
	return ctx, func(versions int) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.done += versions
		delete(j.reading, r)
	}
}
