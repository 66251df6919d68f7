package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/internal/bridge"
	"linesman/schema"
)

// Goal is a goal as people read it.
type Goal = query.Goal

// GoalsRequest says which goals are asked for.
type GoalsRequest struct {
	Lang string
	AsOf schema.Day // last day that is looked at; 0: as far as the data reach
	Unit string     // empty: every goal
}

// Goals judges goals and puts them into words, as the panels do.
func (n *Node) Goals(ctx context.Context, req GoalsRequest) ([]Goal, error) {
	if n.engine == nil {
		return nil, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return nil, err
	}
	texts, err := messages.Load()
	if err != nil {
		return nil, err
	}
	store := n.store.Conn()
	runner, err := query.New(query.Config{Zone: zone, Messages: texts, Goals: bridge.NewGoals(store, zone)}, store)
	if err != nil {
		return nil, err
	}
	ask := query.GoalsAsk{Lang: req.Lang, AsOf: req.AsOf}
	if req.Unit != "" {
		ask.Units = []string{req.Unit}
	}
	return runner.Goals(ctx, query.Everything(), ask)
}

func (n *Node) serveGoals(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		q := r.URL.Query()
		req := GoalsRequest{Lang: q.Get("lang"), Unit: q.Get("unit")}
		if text := q.Get("as_of"); text != "" {
			var err error
			if req.AsOf, err = schema.ParseDay(text); err != nil {
				return nil, err
			}
		}
		return n.Goals(r.Context(), req)
	})
}

// Goals asks the running node for its goals.
func (c *Client) Goals(ctx context.Context, req GoalsRequest) (out []Goal, err error) {
	q := url.Values{"lang": {req.Lang}, "unit": {req.Unit}}
	if req.AsOf != 0 {
		q.Set("as_of", req.AsOf.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/goals?"+q.Encode(), nil, nil, &out)
}
