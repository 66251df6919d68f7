package rate

import (
	"math/big"

	"linesman/schema"
)

// What may rule a price out for a record; the words of [Looked].
const (
	OutNotYet   = "not_yet" // it begins to be in force later
	OutEnded    = "ended"   // it was in force earlier
	OutPer      = "per"     // it is for another unit
	OutOperator = "operator"
	OutPlan     = "plan"
	OutService  = "service"
	OutClass    = "other_class"
	OutCountry  = "other_country"
	OutZone     = "zone"
	OutVisited  = "visited"
	OutWeekdays = "weekdays"
	OutHours    = "hours"

	// LessSpecific: it holds too, and a more specific one that holds goes before it.
	LessSpecific = "less_specific"
	// Chosen: the record was rated by it, or by it first.
	Chosen = "chosen"
	// ChosenLater: not by it when the record began, but in the course of it.
	ChosenLater = "chosen_later"
)

// Looked is a price that was looked at.
type Looked struct {
	Price schema.Price
	Word  string // Chosen, ChosenLater, LessSpecific, or what ruled it out first
}

// Segment is a part of an amount.
type Segment struct {
	PriceID string       `json:"price_id"`
	From    schema.Time  `json:"-"`         // when its first increment begins
	At      string       `json:"from"`      // the same, in the judging zone (RFC 3339)
	Charged int64        `json:"charged_s"` // seconds in whole increments
	Price   schema.Money `json:"price"`     // of one minute
	Amount  schema.Money `json:"amount"`    // rounded so that the segments and the opening fee add up to the whole
}

// Explanation tells how a record is rated and why. Amounts are in the home currency, but where
// something else is said.
type Explanation struct {
	Reason   string
	PriceID  string
	Rated    schema.Money
	Cost     schema.Money
	Bundle   string       // drawn from it
	Drawn    uint64       // seconds, bytes, messages or calls
	Beyond   schema.Money // what the record would cost beyond its bundle, or is rated where it has none
	Currency string       // of the price
	Opening  schema.Money // in the price's currency
	Amount   schema.Money // in the price's currency, the bundle left aside
	Segments []Segment    // of calls that are charged by the minute
	Rows     []Looked     // those of the book in the order in which they are looked at; none where nothing was to be rated
	Worth    []Worth      // exchange rates that were used, or needed and not there
}

// Worth is the use of an exchange rate.
type Worth struct {
	Of       string              `json:"of"` // charged or price
	Currency string              `json:"currency"`
	Amount   schema.Money        `json:"amount"` // in that currency
	Home     schema.Money        `json:"home"`
	Rate     schema.Money        `json:"rate"` // 0: nobody stated one
	Stated   schema.ExchangeRate `json:"-"`
}

// Explain tells how a record is rated, and of every price of the book why it was or was not
// chosen. It gives what [Book.Apply] gives, and does not change the record. The error is that
// of Apply.
func (b *Book) Explain(u *schema.Usage) (Explanation, error) {
	rated := *u
	if err := b.Apply(&rated); err != nil {
		return Explanation{}, err
	}
	e := Explanation{Reason: rated.RateReason, PriceID: rated.PriceID, Rated: rated.Rated, Cost: rated.Cost}
	if u.Kind != schema.KindFee && !free(u) { // else no price is looked at
		var used map[*row]bool
		c := b.choose(u)
		if r := b.first(c, u); r != nil {
			used = b.explainAmount(&e, c, r, u)
		}
		b.looked(&e, used, u)
	}
	if rated.Operator != "" {
		b.explainWorth(&e, "charged", u.Charged, u.Currency, u)
	}
	return e, nil
}

// explainAmount tells how the amount comes about, and returns the prices behind it.
func (b *Book) explainAmount(e *Explanation, c *choice, r *row, u *schema.Usage) map[*row]bool {
	used := map[*row]bool{r: true}
	e.Bundle, e.Drawn, e.Currency = r.Bundle, b.Drawn(u), r.Currency
	amount, err := b.amount(c, r, u)
	if err == nil {
		e.Amount = amount
		e.Beyond, _ = b.Beyond(u, 0) // an amount that cannot be told is shown by the reason
	}
	b.explainWorth(e, "price", amount, r.Currency, u)
	if r.Per == PerMinute || r.Per == PerCall {
		e.Opening = r.Opening
	}
	if r.Per != PerMinute {
		return used
	}
	loc := b.clock(u.Zone).loc
	var sum, part big.Int
	var before schema.Money
	b.stretches(c, r, u, func(s stretch) {
		used[s.row] = true
		sum.Add(&sum, part.Mul(big.NewInt(int64(s.row.Price.Price)), big.NewInt(s.seconds)))
		upTo, err := perMinute(&sum)
		if err != nil {
			upTo = before
		}
		e.Segments = append(e.Segments, Segment{s.row.PriceID, s.from, s.from.UTC().In(loc).Format("2006-01-02T15:04:05Z07:00"), s.seconds, s.row.Price.Price, upTo - before})
		before = upTo
	})
	return used
}

// explainWorth tells of an amount in another currency what it is worth.
func (b *Book) explainWorth(e *Explanation, of string, m schema.Money, currency string, u *schema.Usage) {
	if m == 0 || currency == "" || currency == HomeCurrency {
		return
	}
	w := Worth{Of: of, Currency: currency, Amount: m}
	if r, ok := b.worth.at(currency, u.OccurredAt); ok {
		w.Rate, w.Stated = r.Rate, *r
		w.Home, _ = b.worth.home(m, currency, u.OccurredAt) // out of range is the reason
	}
	e.Worth = append(e.Worth, w)
}

// looked goes through the book as the choice does, one condition after the other.
func (b *Book) looked(e *Explanation, used map[*row]bool, u *schema.Usage) {
	k := b.key(u)
	k.abroad = u.VisitedCtry
	minute, day, before := b.clock(u.Zone).read(begin(u))
	for i := range b.rows {
		r := &b.rows[i]
		word := ruledOut(r, &k)
		switch {
		case r.PriceID == e.PriceID && used[r]:
			word = Chosen
		case used[r]:
			word = ChosenLater
		case r.ValidFrom > u.OccurredAt:
			word = OutNotYet
		case !inForce(&r.Price, u.OccurredAt):
			word = OutEnded
		case word != "":
		case r.band != nil && !r.band.holds(minute, day, before):
			if word = OutWeekdays; r.band.onDay(minute, day, before) {
				word = OutHours
			}
		default:
			word = LessSpecific
		}
		e.Rows = append(e.Rows, Looked{r.Price, word})
	}
}

// onDay tells whether a band that does not hold fails by its hours: the weekday is its own.
func (b *band) onDay(minute int, day, before uint16) bool {
	if b.from > b.to && minute < b.to {
		return b.days&before != 0
	}
	return b.days&day != 0
}
