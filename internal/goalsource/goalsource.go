// Package goalsource hands the judgements of processors/goals to the dashboards, which know
// the store and not the processors.
package goalsource

import (
	"context"
	"time"

	"linesman/dashboards/query"
	"linesman/processors/goals"
)

// Source judges goals over a store.
type Source struct {
	store goals.Store
	zone  *time.Location
}

// New prepares a source; zone is the judging zone.
func New(store goals.Store, zone *time.Location) Source { return Source{store, zone} }

// Goals judges the goals that are asked for.
func (s Source) Goals(ctx context.Context, ask query.GoalAsk) ([]query.GoalState, error) {
	all, err := goals.Assess(ctx, s.store, goals.Input{Zone: s.zone, AsOf: ask.AsOf, Units: ask.Units})
	if err != nil {
		return nil, err
	}
	out := make([]query.GoalState, len(all))
	for i, a := range all {
		out[i] = query.GoalState(a) // declared alike; the compiler says when they no longer are
	}
	return out, nil
}
