// Package rate prices usage records with the price book that was in force when they happened.
package rate

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"linesman/schema"
)

// What a price can be for.
const (
	PerCall   = "call"
	PerMinute = "minute"
	PerMB     = "MB"
	PerSMS    = "SMS"
)

// Reasons a record was rated as it was.
const (
	ReasonRated   = "rated"
	ReasonFree    = "free"     // nothing that could cost: an incoming or unanswered call
	ReasonNoPrice = "no_price" // no price of the books covers it
	ReasonFee     = "fee"      // a fee of the operator: nothing to rate

	// ReasonNoExchangeRate: charged in a currency whose worth nobody stated. The cost is 0.
	ReasonNoExchangeRate = "no_exchange_rate"

	// ReasonOutOfRange: price times quantity is more than an amount can be. The price is
	// wrong, the record is not: refusing it would lose a fact, and moving it would stop for good.
	ReasonOutOfRange = "out_of_range"
)

// bytesPerMB is the operators' megabyte: 1,000,000 bytes.
const bytesPerMB = 1_000_000

// Book rates records. It is immutable after New, but caches its choices, so it is not safe
// for concurrent use: Clone it for every goroutine.
type Book struct {
	prices []schema.Price // most specific first
	edges  []schema.Time  // moments at which a price begins or ends, ascending
	cache  map[key]*schema.Price
	worth  exchange
}

// key is everything the choice of a price depends on.
type key struct {
	segment                                      int32
	operator, plan, service, class, country, zon string
}

// maxCache bounds the cache against sources with ever new plans or countries.
const maxCache = 1 << 16

// New prepares a book from all prices and exchange rates that were ever stated. Of two
// statements with the same identity and valid_from the one of the higher rank holds.
func New(stated []schema.Price, rates []schema.ExchangeRate) *Book {
	type identity struct {
		id   string
		from schema.Time
	}
	latest := map[identity]schema.Price{}
	for _, p := range stated {
		k := identity{p.PriceID, p.ValidFrom}
		if old, ok := latest[k]; !ok || old.Rank < p.Rank || old.Rank == p.Rank && old.Offset <= p.Offset {
			latest[k] = p
		}
	}
	b := &Book{cache: map[key]*schema.Price{}, worth: newExchange(rates)}
	for _, p := range latest {
		b.prices = append(b.prices, p)
		b.edges = append(b.edges, p.ValidFrom)
		if p.ValidTo != 0 {
			b.edges = append(b.edges, p.ValidTo)
		}
	}
	slices.SortFunc(b.prices, func(x, y schema.Price) int {
		return cmp.Or(cmp.Compare(specificity(&y), specificity(&x)), cmp.Compare(y.ValidFrom, x.ValidFrom), strings.Compare(x.PriceID, y.PriceID))
	})
	slices.Sort(b.edges)
	b.edges = slices.Compact(b.edges)
	return b
}

// Clone returns a book with the same prices and a cache of its own.
func (b *Book) Clone() *Book {
	return &Book{prices: b.prices, edges: b.edges, worth: b.worth, cache: map[key]*schema.Price{}}
}

// specificity counts what a price states; a named country weighs more than "any abroad".
func specificity(p *schema.Price) int {
	n := 0
	for _, s := range [5]string{p.Operator, p.Plan, p.Service, p.OtherClass, p.Zone} {
		if s != "" {
			n += 2
		}
	}
	switch p.OtherCountry {
	case "":
	case "*":
		n++
	default:
		n += 2
	}
	return n
}

// Price returns the price that holds for a record, or nil.
func (b *Book) Price(u *schema.Usage) *schema.Price {
	seg, _ := slices.BinarySearch(b.edges, u.OccurredAt+1)
	k := key{int32(seg), operator(u), u.Plan, u.Service, u.Class, u.OtherCountry, u.RoamingZone}
	if p, ok := b.cache[k]; ok {
		return p
	}
	var found *schema.Price
	for i := range b.prices {
		if p := &b.prices[i]; inForce(p, u.OccurredAt) && matches(p, &k) {
			found = p
			break
		}
	}
	if len(b.cache) < maxCache {
		b.cache[k] = found
	}
	return found
}

func operator(u *schema.Usage) string {
	if u.Operator != "" {
		return u.Operator
	}
	return u.Subscription
}

func inForce(p *schema.Price, t schema.Time) bool {
	return p.ValidFrom <= t && (p.ValidTo == 0 || t < p.ValidTo)
}

func matches(p *schema.Price, k *key) bool {
	any := func(want, have string) bool { return want == "" || want == have }
	if !any(p.Operator, k.operator) || !any(p.Plan, k.plan) || !any(p.Service, k.service) || !any(p.OtherClass, k.class) || !any(p.Zone, k.zon) {
		return false
	}
	if p.OtherCountry == "*" {
		return k.country != "" && k.country != "SE"
	}
	return any(p.OtherCountry, k.country)
}

// Apply sets the rated amount, its price, its reason and the cost that is followed up.
// Cost is what an operator charged where one did, else the rated amount.
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
	switch {
	case errors.Is(err, errNoRate):
		u.RateReason = ReasonNoExchangeRate
	case err != nil:
		u.RateReason = ReasonOutOfRange
	}
	u.Cost = worth
}

// free tells what costs nothing whatever the book says: calls nobody answered and calls that
// others pay for. A received call abroad is charged and therefore rated.
func free(u *schema.Usage) bool {
	return u.Kind == schema.KindCall && (!u.Answered || u.Service == schema.ServiceVoiceIn)
}

func (b *Book) rate(u *schema.Usage) error {
	p := b.Price(u)
	if p == nil {
		u.RateReason = ReasonNoPrice
		return nil
	}
	u.PriceID, u.RateReason = p.PriceID, ReasonRated
	amount, err := Amount(p, u)
	if errors.Is(err, schema.ErrMoneyRange) {
		u.Rated, u.RateReason = 0, ReasonOutOfRange
		return nil
	}
	u.Rated = amount
	return err
}

// Amount returns what a record costs under a price, to a millionth, rounded half up.
func Amount(p *schema.Price, u *schema.Usage) (schema.Money, error) {
	switch p.Per {
	case PerMinute:
		m, err := p.Price.MulDiv(ChargedSeconds(u.DurationS, p.FirstS, p.NextS), 60)
		return fit(m+p.Opening, err)
	case PerMB:
		return p.Price.MulDiv(int64(min(u.VolumeBytes, math.MaxInt64)), bytesPerMB)
	case PerSMS:
		return p.Price.MulDiv(int64(u.Messages), 1)
	}
	return fit(p.Price+p.Opening, nil)
}

// fit checks a sum of two amounts, which fits its type and perhaps not the store.
func fit(m schema.Money, err error) (schema.Money, error) {
	if err != nil {
		return m, err
	}
	return m.MulDiv(1, 1)
}

// ChargedSeconds applies increments: with 60/1 a call of 10 s is charged 60 s and one of 61 s
// is charged 61 s. Zero increments mean to the second; a call of 0 s is charged 0 s.
func ChargedSeconds(duration, first, next uint32) int64 {
	if duration == 0 {
		return 0
	}
	if first >= duration {
		return int64(first)
	}
	rest, step := int64(duration-first), int64(max(next, 1))
	return int64(first) + (rest+step-1)/step*step
}
