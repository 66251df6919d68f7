package charges

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linesman/schema"
)

// ErrNoBundle says that a record draws from no bundle, or from one of which no row tells what it
// holds.
var ErrNoBundle = errors.New("the record draws from no bundle whose content is stated")

// Standing is where a record stands in its bundle. Quantities are in Unit.
type Standing struct {
	Bundle      string       `json:"bundle"`
	PriceID     string       `json:"price_id"`                // row that tells what the bundle holds
	Pool        string       `json:"pool,omitempty"`          // shared or fixed
	Unit        string       `json:"quantity_unit"`           // s, byte, SMS or call
	Holds       int64        `json:"holds"`                   // of the month, for the line or its pool
	Before      int64        `json:"before"`                  // drawn by records before this one
	Left        int64        `json:"left"`                    // when the record began
	Quantity    int64        `json:"quantity"`                // of the record, after increments
	Within      int64        `json:"within"`                  // of it, what the bundle covers
	Beyond      int64        `json:"beyond"`                  // of it, what lies beyond the bundle
	BeyondCost  schema.Money `json:"beyond_cost"`             // SEK
	FairPriceID string       `json:"fair_price_id,omitempty"` // row of fair use in the zone
	FairHolds   int64        `json:"fair_holds,omitempty"`
	FairBefore  int64        `json:"fair_before,omitempty"`
	Unfair      int64        `json:"unfair,omitempty"` // of it, what lies beyond fair use
	UnfairCost  schema.Money `json:"unfair_cost"`      // SEK
	Amount      schema.Money `json:"amount"`           // both, SEK
}

// errFound ends the reading of records.
var errFound = errors.New("found")

// ExplainBundle tells where a record stands in its bundle: what was used before it, how much was
// left, and what of it lies beyond and costs. The record is as it was enriched and rated; its
// price is the one that it was rated with. Times are judged in zone. The error is [ErrNoBundle]
// where there is nothing to tell.
func ExplainBundle(ctx context.Context, store Store, zone *time.Location, of *schema.Usage) (Standing, error) {
	t, err := LoadTariff(ctx, store)
	if err != nil {
		return Standing{}, err
	}
	p := t.price(of.PriceID, of.OccurredAt)
	if p == nil || p.Bundle == "" {
		return Standing{}, fmt.Errorf("event %s: %w", of.EventID, ErrNoBundle)
	}
	s := newSpan(of.LocalDay.Month(), zone)
	lines, err := loadLines(ctx, store, s)
	if err != nil {
		return Standing{}, err
	}
	m := newMeter(t, t.Book(), newShares(s, lines).holds)
	u := useOf(of)
	mine, ok := m.find(&u, p)
	if !ok {
		return Standing{}, fmt.Errorf("event %s, bundle %s: %w", of.EventID, p.Bundle, ErrNoBundle)
	}
	want := wanted{prices: map[string]bool{}, lines: map[string]bool{of.Line: true}, every: mine.bundle.line == "" || mine.fair != nil && mine.fair.line == ""}
	for id, rows := range t.uses {
		for i := range rows {
			if rows[i].Bundle == p.Bundle {
				want.prices[id] = true
			}
		}
	}
	out := Standing{}
	err = eachRecord(ctx, store, s, want, func(u *use, r *schema.Usage) error {
		p := t.price(u.price, u.at)
		if p == nil {
			return nil
		}
		d, ok := m.find(u, p)
		if !ok {
			return nil
		}
		was := m.take(d, u, p, r)
		if r.EventID != of.EventID {
			return nil
		}
		out = standing(d, p, was)
		return errFound
	})
	if errors.Is(err, errFound) {
		return out, nil
	}
	if err == nil {
		err = fmt.Errorf("event %s is not among what draws from bundle %s in %s: %w", of.EventID, p.Bundle, s.first.String()[:7], ErrNoBundle)
	}
	return Standing{}, err
}

func standing(d draw, p *schema.Price, was part) Standing {
	b := d.bundle
	out := Standing{Bundle: p.Bundle, PriceID: b.row.PriceID, Pool: b.row.Pool, Unit: b.unit, Holds: b.holds, Before: was.before, Left: was.left, Quantity: was.quantity, Within: was.within, Beyond: was.beyond, BeyondCost: was.beyondCost,
		Unfair: was.unfair, UnfairCost: was.unfairCost, Amount: was.beyondCost + was.unfairCost}
	if d.fair != nil {
		out.FairPriceID, out.FairHolds, out.FairBefore = d.fair.row.PriceID, d.fair.holds, was.fairBefore
	}
	return out
}
