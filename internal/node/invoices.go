package node

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/charges"
	"linesman/processors/covered"
	"linesman/processors/reconcile"
	"linesman/schema"
)

// InvoicesRequest says which invoices are asked for.
type InvoicesRequest struct {
	Month    schema.Day // any day of the month; 0: the newest whole month that usage covers, for a list every month
	Number   string     // of one document: the month does not matter then
	Operator string     // empty: every operator
}

// invoiceInput is what the configuration and the request say together.
func (n *Node) invoiceInput(req InvoicesRequest) (reconcile.Input, error) {
	if n.engine == nil {
		return reconcile.Input{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return reconcile.Input{}, err
	}
	amount, percent, err := n.cfg.Reconcile.Limits()
	return reconcile.Input{Zone: zone, From: schema.FirstDay, To: schema.LastDay, Operator: req.Operator, Number: req.Number, Tolerance: amount, Percent: percent, Grace: n.cfg.Reconcile.GraceDays, Rated: bookedCharges{}}, err
}

// bookedCharges tells the charges of a month to what reconciles invoices.
type bookedCharges struct{}

// Charges works out the charges of a month.
func (bookedCharges) Charges(ctx context.Context, st reconcile.Store, zone *time.Location, month schema.Day) ([]reconcile.Charge, error) {
	r, err := charges.Month(ctx, st, charges.Input{Zone: zone, Month: month})
	if err != nil {
		return nil, err
	}
	out := make([]reconcile.Charge, 0, len(r.Charges))
	for _, c := range r.Charges {
		service := c.Service
		switch c.Kind {
		case charges.KindFee:
			service = schema.ServiceSubscription
		case charges.KindCredit:
			service = schema.ServiceCredit
		}
		out = append(out, reconcile.Charge{Month: month.Month(), LineID: c.LineID, Operator: c.Operator, Service: service, PriceID: c.PriceID, Amount: c.Amount})
	}
	return out, nil
}

// Invoices lists the invoices and credit notes of a month, or all.
func (n *Node) Invoices(ctx context.Context, req InvoicesRequest) ([]reconcile.Document, error) {
	in, err := n.invoiceInput(req)
	if err != nil {
		return nil, err
	}
	if req.Month != 0 {
		in.From, in.To = req.Month.Month(), covered.End(req.Month)
	}
	return reconcile.List(ctx, n.store.Conn(), in)
}

// ReconcileInvoices holds the invoices of a month, or one document, against subscriptions, call
// detail and price books.
func (n *Node) ReconcileInvoices(ctx context.Context, req InvoicesRequest) (reconcile.Report, error) {
	in, err := n.invoiceInput(req)
	if err != nil {
		return reconcile.Report{}, err
	}
	if req.Number == "" {
		if in.From, err = covered.Month(ctx, n.store.Conn(), req.Month); err != nil {
			return reconcile.Report{}, err
		}
		in.To = covered.End(in.From)
	}
	return reconcile.Invoices(ctx, n.store.Conn(), in)
}

func (n *Node) handleInvoices(mux *http.ServeMux) {
	serve := func(do func(context.Context, InvoicesRequest) (any, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			answer(w, func(func(Progress)) (any, error) {
				q := r.URL.Query()
				req := InvoicesRequest{Number: q.Get("number"), Operator: q.Get("operator")}
				if text := q.Get("month"); text != "" {
					var err error
					if req.Month, err = schema.ParseDay(text); err != nil {
						return nil, err
					}
				}
				return do(r.Context(), req)
			})
		}
	}
	mux.HandleFunc("GET /v1/invoices", serve(func(ctx context.Context, req InvoicesRequest) (any, error) { return n.Invoices(ctx, req) }))
	mux.HandleFunc("GET /v1/invoices/reconcile", serve(func(ctx context.Context, req InvoicesRequest) (any, error) { return n.ReconcileInvoices(ctx, req) }))
}

func (req InvoicesRequest) query() string {
	q := url.Values{"number": {req.Number}, "operator": {req.Operator}}
	if req.Month != 0 {
		q.Set("month", req.Month.String())
	}
	return q.Encode()
}

// Invoices asks the running node for its invoices.
func (c *Client) Invoices(ctx context.Context, req InvoicesRequest) (out []reconcile.Document, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/invoices?"+req.query(), nil, nil, &out)
}

// ReconcileInvoices asks the running node to reconcile invoices.
func (c *Client) ReconcileInvoices(ctx context.Context, req InvoicesRequest) (out reconcile.Report, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/invoices/reconcile?"+req.query(), nil, nil, &out)
}
