// Package bridge hands what processors find out to the dashboards, which know the store and not
// the processors.
package bridge

import (
	"context"
	"time"

	"linesman/dashboards/query"
	"linesman/processors/goals"
)

// Goals judges goals over a store.
type Goals struct {
	store goals.Store
	zone  *time.Location
}

// NewGoals prepares a judge; zone is the judging zone.
func NewGoals(store goals.Store, zone *time.Location) Goals { return Goals{store, zone} }

// Goals judges the goals that are asked for.
func (s Goals) Goals(ctx context.Context, ask query.GoalAsk) ([]query.GoalState, error) {
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
