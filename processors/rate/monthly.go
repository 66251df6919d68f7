package rate

import (
	"math"
	"math/big"

	"linesman/schema"
)

// Monthly tells whether prices of a unit are of months, and rate no record: fees and credits,
// rebates, what bundles hold and how much of them may be used abroad.
func Monthly(per string) bool {
	switch per {
	case PerMonth, PerPercent, PerBundle, PerFairUse:
		return true
	}
	return false
}

// Monthly returns the fees, credits, rebates, bundles and limits of fair use that are in force
// for lines of an operator and plan at a time, the most specific first. All of them hold
// together; of several rows about one bundle the first holds.
func (b *Book) Monthly(operator, plan string, at schema.Time) []schema.Price {
	var found []schema.Price
	for i := range b.monthly {
		if r := &b.monthly[i]; inForce(&r.Price, at) && (r.Operator == "" || r.Operator == operator) && (r.Plan == "" || r.Plan == plan) {
			found = append(found, r.Price)
		}
	}
	return found
}

// InForce returns every price of the book that is in force at a time for lines of an operator
// and plan, in the order in which they are looked at, those of months last. An empty operator
// or plan asks for the prices of all.
func (b *Book) InForce(operator, plan string, at schema.Time) []schema.Price {
	var found []schema.Price
	for _, rows := range [2][]row{b.rows, b.monthly} {
		for i := range rows {
			r := &rows[i]
			ours := (operator == "" || r.Operator == "" || r.Operator == operator) && (plan == "" || r.Plan == "" || r.Plan == plan)
			if ours && inForce(&r.Price, at) {
				found = append(found, r.Price)
			}
		}
	}
	return found
}

// Drawn returns what a record draws from its price's bundle: charged seconds of a price per
// minute, bytes of one per megabyte, messages of one per message, 1 of one per call; 0 where
// it draws from none.
func (b *Book) Drawn(u *schema.Usage) uint64 {
	c := b.choose(u)
	r := b.first(c, u)
	if r == nil || r.Bundle == "" || free(u) || u.Kind == schema.KindFee {
		return 0
	}
	switch r.Per {
	case PerMinute:
		var n int64
		b.stretches(c, r, u, func(s stretch) { n += s.seconds })
		return uint64(n)
	case PerMB:
		return min(u.VolumeBytes, math.MaxInt64)
	case PerSMS:
		return uint64(u.Messages)
	}
	return 1
}

// Beyond returns what a record costs in the home currency where its bundle covers only the
// first part of what it draws, or nothing: covered counts as [Book.Drawn] does. The opening fee,
// and a price per call, is due where nothing is covered. A record without a price costs
// nothing. Errors are [schema.ErrMoneyRange], and [ErrNoExchangeRate] for a price in a currency
// whose worth nobody stated.
func (b *Book) Beyond(u *schema.Usage, covered uint64) (schema.Money, error) {
	c := b.choose(u)
	r := b.first(c, u)
	if r == nil || free(u) || u.Kind == schema.KindFee {
		return 0, nil
	}
	var m schema.Money
	var err error
	switch {
	case covered == 0:
		m, err = b.amount(c, r, u)
	case r.Per == PerMinute:
		var sum, part big.Int
		left := int64(min(covered, math.MaxInt64))
		b.stretches(c, r, u, func(s stretch) {
			beyond := max(s.seconds-left, 0)
			left -= s.seconds - beyond
			sum.Add(&sum, part.Mul(big.NewInt(int64(s.row.Price.Price)), big.NewInt(beyond)))
		})
		m, err = perMinute(&sum)
	case r.Per == PerMB:
		m, err = r.Price.Price.MulDiv(int64(min(u.VolumeBytes-min(covered, u.VolumeBytes), math.MaxInt64)), bytesPerMB)
	case r.Per == PerSMS:
		m, err = r.Price.Price.MulDiv(int64(uint64(u.Messages)-min(covered, uint64(u.Messages))), 1)
	}
	if err != nil {
		return 0, err
	}
	return b.worth.home(m, r.Currency, u.OccurredAt)
}
