package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"linesman/processors/charges"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// RatePrice is a price of a book, as commands show it. Times are in the judging zone (RFC 3339).
type RatePrice struct {
	PriceID      string       `json:"price_id"`
	Operator     string       `json:"operator,omitempty"`
	Plan         string       `json:"plan,omitempty"`
	Service      string       `json:"service,omitempty"`
	OtherClass   string       `json:"other_class,omitempty"`
	OtherCountry string       `json:"other_country,omitempty"`
	Zone         string       `json:"zone,omitempty"`
	Visited      string       `json:"visited,omitempty"`
	Weekdays     string       `json:"weekdays,omitempty"`
	Hours        string       `json:"hours,omitempty"`
	Per          string       `json:"per"`
	Price        schema.Money `json:"price"`
	Opening      schema.Money `json:"opening"`
	FirstS       uint32       `json:"first_s"`
	NextS        uint32       `json:"next_s"`
	Currency     string       `json:"currency"`
	Bundle       string       `json:"bundle,omitempty"`
	Included     uint64       `json:"included,omitempty"`
	Pool         string       `json:"pool,omitempty"`
	Prorated     bool         `json:"prorated,omitempty"`
	ValidFrom    string       `json:"valid_from"`
	ValidTo      string       `json:"valid_to,omitempty"`
}

// RateRow is a price that was looked at for a record.
type RateRow struct {
	RatePrice
	Word string `json:"word"` // chosen, chosen_later, less_specific, or what ruled it out first
}

// RateRecord is what of a usage record its rating depends on.
type RateRecord struct {
	EventID      string       `json:"event_id"`
	Kind         string       `json:"kind"`
	Service      string       `json:"service"`
	OccurredAt   string       `json:"occurred_at"` // in the judging zone (RFC 3339)
	RingS        uint32       `json:"ring_s"`
	DurationS    uint32       `json:"duration_s"`
	Answered     bool         `json:"answered"`
	VolumeBytes  uint64       `json:"volume_bytes"`
	Messages     uint32       `json:"messages"`
	Class        string       `json:"other_class"`
	OtherCountry string       `json:"other_country"`
	Visited      string       `json:"visited_country"`
	Zone         string       `json:"roaming_zone"`
	Operator     string       `json:"operator"`      // that itemised it; empty: the own exchange
	LineOperator string       `json:"line_operator"` // of the line, from reference data
	Plan         string       `json:"plan"`
	UnitID       string       `json:"unit_id"`
	CostCentre   string       `json:"cost_centre"`
	Charged      schema.Money `json:"charged"`
	Currency     string       `json:"currency"`
}

// RateOutcome is what a record was rated at.
type RateOutcome struct {
	PriceID string       `json:"price_id"`
	Reason  string       `json:"rate_reason"`
	Rated   schema.Money `json:"rated"`
	Cost    schema.Money `json:"cost"`
}

// RateExplanation tells how a record is rated and why. Amounts are in SEK where no currency is
// named.
type RateExplanation struct {
	Record RateRecord   `json:"record"`
	Stored RateOutcome  `json:"stored"` // as the store has it
	Rated  RateOutcome  `json:"rated"`  // as the price books of now say
	Agrees bool         `json:"agrees"` // they are the same
	Bundle string       `json:"bundle,omitempty"`
	Drawn  uint64       `json:"drawn,omitempty"`  // from the bundle: seconds, bytes, messages or calls
	Beyond schema.Money `json:"beyond,omitempty"` // what it would cost beyond the bundle

	// Standing is where it stands in its bundle of the month, among the line's or the pool's records
	// so far; nil where it draws from none.
	Standing *charges.Standing `json:"standing,omitempty"`

	Currency string         `json:"price_currency,omitempty"`
	Opening  schema.Money   `json:"opening"`
	Amount   schema.Money   `json:"amount"`
	Segments []rate.Segment `json:"segments,omitempty"`
	Worth    []rate.Worth   `json:"exchange,omitempty"`
	Rows     []RateRow      `json:"rows"`
}

// RateBookRequest asks for the prices in force on a day.
type RateBookRequest struct {
	Operator, Plan string     // empty: of all
	Day            schema.Day // 0: today
}

// RateBook is the prices in force when a day begins.
type RateBook struct {
	Day    string      `json:"day"`
	Prices []RatePrice `json:"prices"`
}

// RateExplain tells how a usage record is rated and why.
func (n *Node) RateExplain(ctx context.Context, event schema.ID) (RateExplanation, error) {
	if n.engine == nil {
		return RateExplanation{}, ErrOnlyCollects
	}
	var u schema.Usage
	found := false
	err := store.Scan(ctx, n.store, schema.UsageTable(), fmt.Sprintf("event_id = unhex('%s')", event), func(row *schema.Usage) error {
		u, found = *row, true
		return nil
	})
	if err != nil {
		return RateExplanation{}, err
	}
	if !found {
		return RateExplanation{}, fmt.Errorf("no usage record with the id %s: it was never collected, or it was cancelled", event)
	}
	zone, err := time.LoadLocation(u.Zone)
	if err != nil {
		return RateExplanation{}, fmt.Errorf("record %s: %w", event, err)
	}
	book, err := n.priceBook(ctx)
	if err != nil {
		return RateExplanation{}, err
	}
	e, err := book.Explain(&u)
	if err != nil {
		return RateExplanation{}, fmt.Errorf("rating record %s: %w", event, err)
	}
	out := explained(&u, &e, zone)
	if u.RateReason != rate.ReasonBundle {
		return out, nil
	}
	standing, err := charges.ExplainBundle(ctx, n.store.Conn(), zone, &u)
	switch {
	case err == nil:
		out.Standing = &standing
	case !errors.Is(err, charges.ErrNoBundle):
		return RateExplanation{}, fmt.Errorf("finding where record %s stands in its bundle: %w", event, err)
	}
	return out, nil
}

func explained(u *schema.Usage, e *rate.Explanation, zone *time.Location) RateExplanation {
	out := RateExplanation{
		Record: RateRecord{u.EventID.String(), u.Kind, u.Service, local(u.OccurredAt, zone), u.RingS, u.DurationS, u.Answered, u.VolumeBytes, u.Messages, u.Class, u.OtherCountry,
			u.VisitedCtry, u.RoamingZone, u.Operator, u.Subscription, u.Plan, u.UnitID, u.CostCentre, u.Charged, u.Currency},
		Stored: RateOutcome{u.PriceID, u.RateReason, u.Rated, u.Cost},
		Rated:  RateOutcome{e.PriceID, e.Reason, e.Rated, e.Cost},
		Bundle: e.Bundle, Drawn: e.Drawn, Currency: e.Currency, Opening: e.Opening, Amount: e.Amount, Segments: e.Segments, Worth: e.Worth, Rows: []RateRow{},
	}
	out.Agrees = out.Stored == out.Rated
	if e.Bundle != "" {
		out.Beyond = e.Beyond
	}
	for i := range e.Rows {
		out.Rows = append(out.Rows, RateRow{ratePrice(&e.Rows[i].Price, zone), e.Rows[i].Word})
	}
	return out
}

func local(t schema.Time, zone *time.Location) string { return t.UTC().In(zone).Format(time.RFC3339) }

func ratePrice(p *schema.Price, zone *time.Location) RatePrice {
	out := RatePrice{p.PriceID, p.Operator, p.Plan, p.Service, p.OtherClass, p.OtherCountry, p.Zone, p.Visited, p.Weekdays, p.Hours, p.Per, p.Price, p.Opening, p.FirstS, p.NextS,
		p.Currency, p.Bundle, p.Included, p.Pool, p.Prorated, local(p.ValidFrom, zone), ""}
	if p.ValidTo != 0 {
		out.ValidTo = local(p.ValidTo, zone)
	}
	return out
}

// RateBook lists the prices in force on a day.
func (n *Node) RateBook(ctx context.Context, req RateBookRequest) (RateBook, error) {
	if n.engine == nil {
		return RateBook{}, ErrOnlyCollects
	}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return RateBook{}, err
	}
	if req.Day == 0 {
		req.Day = schema.DayOf(schema.TimeOf(time.Now()), zone)
	}
	book, err := n.priceBook(ctx)
	if err != nil {
		return RateBook{}, err
	}
	out := RateBook{Day: req.Day.String(), Prices: []RatePrice{}}
	for _, p := range book.InForce(req.Operator, req.Plan, req.Day.Start(zone)) {
		out.Prices = append(out.Prices, ratePrice(&p, zone))
	}
	return out, nil
}

// priceBook reads every price and exchange rate that was ever stated.
func (n *Node) priceBook(ctx context.Context) (*rate.Book, error) {
	var prices []schema.Price
	var rates []schema.ExchangeRate
	err := store.Scan(ctx, n.store, schema.PriceTable(), "", func(p *schema.Price) error {
		prices = append(prices, *p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = store.Scan(ctx, n.store, schema.ExchangeRateTable(), "", func(r *schema.ExchangeRate) error {
		rates = append(rates, *r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rate.New(prices, rates), nil
}

func (n *Node) handleRate(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/rate/explain", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			id, err := schema.ParseID(r.URL.Query().Get("event"))
			if err != nil {
				return nil, err
			}
			return n.RateExplain(r.Context(), id)
		})
	})
	mux.HandleFunc("GET /v1/rate/book", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			q := r.URL.Query()
			req := RateBookRequest{Operator: q.Get("operator"), Plan: q.Get("plan")}
			if text := q.Get("day"); text != "" {
				var err error
				if req.Day, err = schema.ParseDay(text); err != nil {
					return nil, err
				}
			}
			return n.RateBook(r.Context(), req)
		})
	})
}

// RateExplain asks the running node how a usage record is rated.
func (c *Client) RateExplain(ctx context.Context, event schema.ID) (out RateExplanation, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/rate/explain?"+url.Values{"event": {event.String()}}.Encode(), nil, nil, &out)
}

// RateBook asks the running node for the prices in force on a day.
func (c *Client) RateBook(ctx context.Context, req RateBookRequest) (out RateBook, err error) {
	q := url.Values{"operator": {req.Operator}, "plan": {req.Plan}}
	if req.Day != 0 {
		q.Set("day", req.Day.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/rate/book?"+q.Encode(), nil, nil, &out)
}
