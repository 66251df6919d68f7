package enrich

import (
	"slices"

	"linesman/schema"
)

// ExchangeRates returns every exchange rate ever stated.
func (s *State) ExchangeRates() []schema.ExchangeRate { return s.rates }

// ApplyExchangeRate folds what a currency is worth. It moves what was charged in the currency
// and, where a price book names prices in it, whatever may be rated by them.
func (s *State) ApplyExchangeRate(r schema.ExchangeRate, c *Change) {
	s.rates = append(s.rates, r) // the book chooses between those that contradict each other
	c.Why = append(c.Why, Stated{Cause: schema.CauseExchangeRate, Event: r.EventID})
	c.Currencies[r.Currency] = true
	c.All = c.All || slices.ContainsFunc(s.prices, func(p schema.Price) bool { return p.Currency == r.Currency })
	c.From = min(c.From, r.ValidFrom)
	s.revision = max(s.revision, r.Offset+1)
}
