// Package rate prices usage records with the price book that was in force when they happened.
// What a price may state, which of several holds and how amounts come about is told in
// docs/prices.md.
package rate

import (
	"errors"

	"linesman/schema"
)

// What a price can be for.
const (
	PerCall   = "call"
	PerMinute = "minute"
	PerMB     = "MB"
	PerSMS    = "SMS"

	// Of months, not of records; see [Monthly].
	PerMonth   = "month"
	PerPercent = "percent"
	PerBundle  = "bundle"
	PerFairUse = "fair_use"
)

// Reasons a record was rated as it was.
const (
	ReasonRated   = "rated"
	ReasonFree    = "free"     // nothing that could cost: an incoming or unanswered call
	ReasonNoPrice = "no_price" // no price of the books covers it
	ReasonFee     = "fee"      // a fee of the operator: nothing to rate

	// ReasonBundle: drawn from a bundle, rated 0. What is beyond it is a charge of the month.
	ReasonBundle = "bundle"

	// ReasonNoExchangeRate: the operator charged, or the price is, in a currency whose worth
	// nobody stated. That amount is 0.
	ReasonNoExchangeRate = "no_exchange_rate"

	// ReasonOutOfRange: price times quantity is more than an amount can be. The price is
	// wrong, the record is not: refusing it would lose a fact, and moving it would stop for good.
	ReasonOutOfRange = "out_of_range"
)

// bytesPerMB is the operators' megabyte: 1,000,000 bytes.
const bytesPerMB = 1_000_000

// Apply sets the rated amount, its price, its reason and the cost that is followed up.
// Cost is what an operator charged where one did, else the rated amount; both are in the home
// currency.
func (b *Book) Apply(u *schema.Usage) error {
	u.PriceID, u.Rated = "", 0
	switch {
	case u.Kind == schema.KindFee:
		u.RateReason = ReasonFee
		b.charge(u)
		return nil
	case free(u):
		u.RateReason = ReasonFree
	default:
		if err := b.rate(u); err != nil {
			return err
		}
	}
	u.Cost = u.Rated
	if u.Operator != "" {
		b.charge(u)
	}
	return nil
}

// charge sets the cost to what the operator charged, in the home currency.
func (b *Book) charge(u *schema.Usage) {
	worth, err := b.worth.home(u.Charged, u.Currency, u.OccurredAt)
	if err != nil {
		u.RateReason = reasonOf(err)
	}
	u.Cost = worth
}

// reasonOf words an amount that could not be told.
func reasonOf(err error) string {
	if errors.Is(err, ErrNoExchangeRate) {
		return ReasonNoExchangeRate
	}
	return ReasonOutOfRange
}

// free tells what costs nothing whatever the book says: calls nobody answered and calls that
// others pay for. A received call abroad is charged and therefore rated.
func free(u *schema.Usage) bool {
	return u.Kind == schema.KindCall && (!u.Answered || u.Service == schema.ServiceVoiceIn)
}

func (b *Book) rate(u *schema.Usage) error {
	c := b.choose(u)
	r := b.first(c, u)
	switch {
	case r == nil:
		u.RateReason = ReasonNoPrice
		return nil
	case r.Bundle != "":
		u.PriceID, u.RateReason = r.PriceID, ReasonBundle
		return nil
	}
	u.PriceID, u.RateReason = r.PriceID, ReasonRated
	amount, err := b.amount(c, r, u)
	if err == nil {
		amount, err = b.worth.home(amount, r.Currency, u.OccurredAt)
	}
	if errors.Is(err, schema.ErrMoneyRange) || errors.Is(err, ErrNoExchangeRate) {
		amount, u.RateReason = 0, reasonOf(err)
		err = nil
	}
	u.Rated = amount
	return err
}
