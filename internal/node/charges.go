package node

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/charges"
	"linesman/processors/covered"
	"linesman/schema"
)

// ChargesRequest says which charges are asked for.
type ChargesRequest struct {
	Month schema.Day // a day of the month; 0: the newest whole month that the data cover
	Line  string     // of this line only (its pseudonym); empty: every line
}

// Charges works out what a month costs beyond its records.
func (n *Node) Charges(ctx context.Context, req ChargesRequest) (charges.Result, error) {
	if n.engine == nil {
		return charges.Result{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return charges.Result{}, err
	}
	month, err := covered.Month(ctx, n.store.Conn(), req.Month)
	if err != nil {
		return charges.Result{}, fmt.Errorf("working out charges: %w", err)
	}
	return charges.Month(ctx, n.store.Conn(), charges.Input{Zone: zone, Month: month, Line: req.Line})
}

func (n *Node) serveCharges(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		q := r.URL.Query()
		req := ChargesRequest{Line: q.Get("line")}
		var err error
		if req.Month, err = askedDay(q.Get("month")); err != nil {
			return nil, err
		}
		return n.Charges(r.Context(), req)
	})
}

// askedDay reads a day of a query; empty: 0.
func askedDay(text string) (schema.Day, error) {
	if text == "" {
		return 0, nil
	}
	return schema.ParseDay(text)
}

// Charges asks the running node for the charges of a month.
func (c *Client) Charges(ctx context.Context, req ChargesRequest) (out charges.Result, err error) {
	q := url.Values{"line": {req.Line}}
	if req.Month != 0 {
		q.Set("month", req.Month.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/charges?"+q.Encode(), nil, nil, &out)
}
