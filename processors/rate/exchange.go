package rate

import (
	"cmp"
	"errors"
	"slices"

	"linesman/schema"
)

// HomeCurrency is the currency of rated amounts and costs (ISO 4217).
const HomeCurrency = "SEK"

// ErrNoExchangeRate says that nobody stated what a currency is worth.
var ErrNoExchangeRate = errors.New("no exchange rate")

// exchange holds the exchange rates of each currency, latest valid_from first. It is not
// changed after it was made.
type exchange map[string][]schema.ExchangeRate

// newExchange keeps of statements about the same currency and valid_from the one of the
// higher rank.
func newExchange(stated []schema.ExchangeRate) exchange {
	e := exchange{}
	for _, r := range stated {
		list := e[r.Currency]
		i := slices.IndexFunc(list, func(o schema.ExchangeRate) bool { return o.ValidFrom == r.ValidFrom })
		switch {
		case i < 0:
			e[r.Currency] = append(list, r)
		case list[i].Rank < r.Rank || list[i].Rank == r.Rank && list[i].Offset <= r.Offset:
			list[i] = r
		}
	}
	for _, list := range e {
		slices.SortFunc(list, func(a, b schema.ExchangeRate) int { return cmp.Compare(b.ValidFrom, a.ValidFrom) })
	}
	return e
}

// at returns the rate of a currency in force at a time: of several the one that began last.
func (e exchange) at(currency string, t schema.Time) (*schema.ExchangeRate, bool) {
	list := e[currency]
	first, _ := slices.BinarySearchFunc(list, t, func(r schema.ExchangeRate, t schema.Time) int {
		if r.ValidFrom > t {
			return -1
		}
		return 1
	})
	for i := first; i < len(list); i++ {
		if r := &list[i]; r.ValidTo == 0 || t < r.ValidTo {
			return r, true
		}
	}
	return nil, false
}

// home returns what an amount is worth in the home currency at a time, rounded half away from
// zero to a millionth. Nothing is worth nothing in every currency.
func (e exchange) home(m schema.Money, currency string, t schema.Time) (schema.Money, error) {
	if m == 0 || currency == "" || currency == HomeCurrency {
		return m, nil
	}
	r, ok := e.at(currency, t)
	if !ok {
		return 0, ErrNoExchangeRate
	}
	return m.MulDiv(int64(r.Rate), int64(schema.Micro))
}
