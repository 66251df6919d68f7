package bridge

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"linesman/processors/goals"
	"linesman/processors/policy"
	"linesman/schema"
)

// Judge judges goals for the rules of kind goal, which know the store and not who judges goals.
type Judge struct {
	store goals.Store
	zone  *time.Location
}

// NewJudge prepares a judge over a store; zone is the judging zone, nil: UTC.
func NewJudge(store goals.Store, zone *time.Location) Judge {
	if zone == nil {
		zone = time.UTC
	}
	return Judge{store, zone}
}

// GoalsAt judges every goal in force on the last day of a month.
func (j Judge) GoalsAt(ctx context.Context, month schema.Day) ([]policy.GoalState, error) {
	all, err := goals.AssessMonth(ctx, j.store, j.zone, month)
	if err != nil {
		return nil, err
	}
	out := make([]policy.GoalState, len(all))
	for i, a := range all {
		out[i] = policy.GoalState{ID: a.ID, Metric: a.Metric, Unit: a.Unit, CostCentre: a.CostCentre, Status: a.Status, AsOf: a.AsOf, Measured: a.Month,
			Now: micro(a.Now), Target: micro(a.Target), Baseline: micro(a.Baseline), Expected: micro(a.Expected), TargetDay: a.TargetDay,
			HasForecast: a.HasForecast, Forecast: micro(a.Forecast), Low: micro(a.Low), High: micro(a.High)}
		if a.Metric == goals.CostPerEmployee || a.Metric == goals.CostMonth {
			out[i].Unit6 = "SEK"
		}
	}
	return out, nil
}

// micro is a value in millionths; what lies beyond them is far below what a goal is about.
func micro(d decimal.Decimal) schema.Money { return schema.Money(d.Shift(6).Round(0).IntPart()) }
