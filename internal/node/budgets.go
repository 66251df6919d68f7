package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/budgets"
	"linesman/processors/policy/when"
	"linesman/schema"
)

// BudgetsRequest says which budgets are asked for.
type BudgetsRequest struct {
	Month      schema.Day // any day of it; 0: the newest with data
	CostCentre string     // empty: every one
	Unit       string     // empty: every one
}

// Budgets follows budgets up. Working days are those that rules and cases know.
func (n *Node) Budgets(ctx context.Context, req BudgetsRequest) (budgets.Report, error) {
	if n.engine == nil {
		return budgets.Report{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return budgets.Report{}, err
	}
	return budgets.Follow(ctx, n.store.Conn(), budgets.Input{Zone: zone, Month: req.Month, CostCentre: req.CostCentre, Unit: req.Unit, Workday: when.Workday})
}

func (n *Node) serveBudgets(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		q := r.URL.Query()
		req := BudgetsRequest{CostCentre: q.Get("cost_centre"), Unit: q.Get("unit")}
		if text := q.Get("month"); text != "" {
			var err error
			if req.Month, err = schema.ParseDay(text); err != nil {
				return nil, err
			}
		}
		return n.Budgets(r.Context(), req)
	})
}

// Budgets asks the running node to follow budgets up.
func (c *Client) Budgets(ctx context.Context, req BudgetsRequest) (out budgets.Report, err error) {
	q := url.Values{"cost_centre": {req.CostCentre}, "unit": {req.Unit}}
	if req.Month != 0 {
		q.Set("month", req.Month.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/budgets?"+q.Encode(), nil, nil, &out)
}
