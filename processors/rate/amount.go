package rate

import (
	"math"
	"math/big"

	"linesman/schema"
)

// Amount returns what a record costs under a price at whose hours it begins and ends, in the
// price's currency: to a millionth, rounded half away from zero. Whether the price is of a
// bundle does not matter.
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

// stretch is consecutive increments of a call that begin while one price holds.
type stretch struct {
	row     *row
	from    schema.Time // when the first of them begins
	seconds int64       // charged
}

// stretches hands out the increments of a call in order. Each is charged by the price in whose
// hours it begins. The prices are those that held when the call began; the first one decides
// what later ones must be: per minute, in the same currency, from the same bundle. Where no
// such price holds, the one before goes on.
func (b *Book) stretches(c *choice, r *row, u *schema.Usage, hand func(stretch)) {
	duration := int64(u.DurationS)
	switch {
	case duration == 0:
		return
	case c.always:
		hand(stretch{r, begin(u), ChargedSeconds(u.DurationS, r.FirstS, r.NextS)})
		return
	}
	like := func(o *row) bool { return o.Per == PerMinute && o.Currency == r.Currency && o.Bundle == r.Bundle }
	clock, start := b.clock(u.Zone), begin(u)
	now := stretch{r, start, int64(r.FirstS)}
	for done := now.seconds; done < duration; {
		t := start + schema.Time(done)*1000
		here := c.at(clock, t, like)
		if here == nil {
			here = now.row
		}
		if here != now.row {
			if now.seconds > 0 {
				hand(now)
			}
			now = stretch{here, t, 0}
		}
		step := int64(max(here.NextS, 1))
		n := min(ceil(int64(c.next(clock, t)-t), step*1000), ceil(duration-done, step))
		done += n * step
		now.seconds += n * step
	}
	hand(now)
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }

// amount returns what a record costs under the prices of a choice, of which r is the first,
// in the price's currency. It is rounded once, half away from zero.
func (b *Book) amount(c *choice, r *row, u *schema.Usage) (schema.Money, error) {
	if c.always || r.Per != PerMinute || b.within(c, u) {
		return Amount(&r.Price, u)
	}
	var sum, part big.Int // of price times seconds
	b.stretches(c, r, u, func(s stretch) {
		sum.Add(&sum, part.Mul(big.NewInt(int64(s.row.Price.Price)), big.NewInt(s.seconds)))
	})
	m, err := perMinute(&sum)
	return fit(m+r.Opening, err)
}

// within tells whether a call ends before another price may hold.
func (b *Book) within(c *choice, u *schema.Usage) bool {
	start := begin(u)
	return start+schema.Time(u.DurationS)*1000 <= c.next(b.clock(u.Zone), start)
}

// perMinute divides by the seconds of a minute, rounded half away from zero.
func perMinute(sum *big.Int) (schema.Money, error) {
	q, rest := new(big.Int).QuoRem(sum, big.NewInt(60), new(big.Int))
	if rest.Abs(rest).Cmp(big.NewInt(30)) >= 0 {
		q.Add(q, big.NewInt(int64(sum.Sign())))
	}
	if !q.IsInt64() {
		return 0, schema.ErrMoneyRange
	}
	return schema.Money(q.Int64()).MulDiv(1, 1)
}
