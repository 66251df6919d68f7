package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/subscriptions"
	"linesman/schema"
)

// SubscriptionsRequest says which follow-up of subscriptions is asked for.
type SubscriptionsRequest struct {
	AsOf schema.Day // a day of the month; 0: the newest whole month that the data cover
	Unit string     // empty: every unit
}

// Subscriptions follows up what the organisation subscribes to.
func (n *Node) Subscriptions(ctx context.Context, req SubscriptionsRequest) (subscriptions.Report, error) {
	if n.engine == nil {
		return subscriptions.Report{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return subscriptions.Report{}, err
	}
	return subscriptions.Follow(ctx, n.store.Conn(), subscriptions.Input{Zone: zone, AsOf: req.AsOf, Unit: req.Unit})
}

func (n *Node) serveSubscriptions(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		q := r.URL.Query()
		req := SubscriptionsRequest{Unit: q.Get("unit")}
		if text := q.Get("as_of"); text != "" {
			var err error
			if req.AsOf, err = schema.ParseDay(text); err != nil {
				return nil, err
			}
		}
		return n.Subscriptions(r.Context(), req)
	})
}

// Subscriptions asks the running node to follow up subscriptions.
func (c *Client) Subscriptions(ctx context.Context, req SubscriptionsRequest) (out subscriptions.Report, err error) {
	q := url.Values{"unit": {req.Unit}}
	if req.AsOf != 0 {
		q.Set("as_of", req.AsOf.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/subscriptions?"+q.Encode(), nil, nil, &out)
}
