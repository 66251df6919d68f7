package packcases

import (
	"context"

	"github.com/shopspring/decimal"

	"linesman/processors/goals"
	"linesman/processors/policy"
	"linesman/schema"
)

// judge hands the assessments of package goals to the rules of kind goal.
type judge struct{ w *world }

func (j judge) GoalsAt(ctx context.Context, month schema.Day) ([]policy.GoalState, error) {
	all, err := goals.AssessMonth(ctx, j.w.st.Conn(), stockholm, month)
	if err != nil {
		return nil, err
	}
	micro := func(d decimal.Decimal) schema.Money { return schema.Money(d.Shift(6).Round(0).IntPart()) }
	out := make([]policy.GoalState, len(all))
	for i, a := range all {
		out[i] = policy.GoalState{ID: a.ID, Metric: a.Metric, Unit: a.Unit, CostCentre: a.CostCentre, Status: a.Status, AsOf: a.AsOf, Measured: a.Month, Now: micro(a.Now),
			Target: micro(a.Target), Baseline: micro(a.Baseline), Expected: micro(a.Expected), TargetDay: a.TargetDay, HasForecast: a.HasForecast,
			Forecast: micro(a.Forecast), Low: micro(a.Low), High: micro(a.High)}
	}
	return out, nil
}

func (w *world) config() policy.Config { return policy.Config{Goals: judge{w}} }
