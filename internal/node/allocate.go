package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/allocate"
	"linesman/schema"
)

// AllocateRequest says which month is asked for.
type AllocateRequest struct {
	Month schema.Day // a day of the month; 0: the newest whole month that the data cover
}

// Allocate works out who bears the costs of a month.
func (n *Node) Allocate(ctx context.Context, req AllocateRequest) (allocate.Result, error) {
	in, err := n.allocateInput(req.Month)
	if err != nil {
		return allocate.Result{}, err
	}
	return allocate.Month(ctx, n.store.Conn(), in)
}

func (n *Node) allocateInput(month schema.Day) (allocate.Input, error) {
	if n.engine == nil {
		return allocate.Input{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	return allocate.Input{Zone: zone, Month: month}, err
}

func (n *Node) serveAllocate(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		month, err := askedMonth(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return n.Allocate(r.Context(), AllocateRequest{Month: month})
	})
}

// askedMonth reads the month of a request; 0: the newest.
func askedMonth(q url.Values) (schema.Day, error) {
	if text := q.Get("month"); text != "" {
		return schema.ParseDay(text)
	}
	return 0, nil
}

func monthQuery(month schema.Day) url.Values {
	q := url.Values{}
	if month != 0 {
		q.Set("month", month.String())
	}
	return q
}

// Allocate asks the running node who bears the costs of a month.
func (c *Client) Allocate(ctx context.Context, req AllocateRequest) (out allocate.Result, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/allocate?"+monthQuery(req.Month).Encode(), nil, nil, &out)
}
