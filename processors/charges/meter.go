package charges

import (
	"errors"
	"math"

	"linesman/processors/rate"
	"linesman/schema"
)

// account is what a bundle, pool or fair use holds, and how much of it is used. Quantities are
// in seconds, bytes, messages or calls.
type account struct {
	accountKey
	row         *schema.Price
	holds, used int64
}

// accountKey tells accounts apart. A bundle that is drawn from in several units of measure has
// one account for each.
type accountKey struct {
	price          string
	from           schema.Time
	operator, plan string
	line           string // empty: shared
	unit           string
	fair           bool
}

// Pools.
const (
	poolShared = "shared"
	poolFixed  = "fixed"
)

// meter finds accounts.
type meter struct {
	tariff   *Tariff
	book     *rate.Book
	accounts map[accountKey]*account
	holds    func(row *schema.Price, k accountKey, base int64) int64
}

func newMeter(t *Tariff, book *rate.Book, holds func(*schema.Price, accountKey, int64) int64) *meter {
	return &meter{tariff: t, book: book, accounts: map[accountKey]*account{}, holds: holds}
}

// draw is what a use draws from: a bundle, and where one is stated its fair use.
type draw struct{ bundle, fair *account }

// find returns what a use under a price draws from; false when no row tells what its bundle holds.
func (m *meter) find(u *use, p *schema.Price) (draw, bool) {
	row := holding(m.tariff.bundles, p.Bundle, u)
	if row == nil {
		return draw{}, false
	}
	d := draw{bundle: m.account(row, u, p, false)}
	if row = holding(m.tariff.fair, p.Bundle, u); row != nil {
		d.fair = m.account(row, u, p, true)
	}
	return d, true
}

func (m *meter) account(row *schema.Price, u *use, p *schema.Price, fair bool) *account {
	k := accountKey{row.PriceID, row.ValidFrom, u.operator, u.plan, u.line, unitOf(p.Per), fair}
	if row.Pool == poolShared || row.Pool == poolFixed {
		k.line = ""
	}
	a := m.accounts[k]
	if a == nil {
		a = &account{accountKey: k, row: row}
		a.holds = m.holds(row, k, baseUnits(p.Per))
		m.accounts[k] = a
	}
	return a
}

// part is how a record is split: what lies within its bundle, what beyond it and what beyond
// fair use, and what the latter cost, in SEK. A record beyond fair use does not draw from the
// bundle.
type part struct {
	quantity                 int64
	before, left             int64 // of the bundle, when the record began
	fairBefore, fairLeft     int64
	within, beyond, unfair   int64
	opens                    bool // it began beyond the bundle, and bears the opening fee of its price
	beyondCost, unfairCost   schema.Money
	beyondWrong, unfairWrong string // why there is no amount: a kind of note
}

// take draws what a record uses.
func (m *meter) take(d draw, u *use, p *schema.Price, r *schema.Usage) part {
	b, q, timed := d.bundle, quantity(p, r), m.timed(p, r)
	if timed {
		q = int64(min(m.book.Drawn(r), math.MaxInt64))
	}
	out := part{quantity: q, before: b.used, left: max(0, b.holds-b.used)}
	allowed, fair := q, true
	if f := d.fair; f != nil {
		out.fairBefore, out.fairLeft = f.used, max(0, f.holds-f.used)
		allowed = min(q, out.fairLeft)
		fair = out.fairLeft > 0
		f.used = plus(f.used, q)
	}
	out.within = min(allowed, out.left)
	out.beyond, out.unfair = allowed-out.within, q-allowed
	b.used = plus(b.used, allowed)
	out.opens = fair && out.left == 0
	switch {
	case out.beyond == 0 && !out.opens:
	case timed:
		out.beyondCost, out.beyondWrong = m.beyond(r, out.within, q-out.unfair)
	default:
		out.beyondCost, out.beyondWrong = m.tariff.amount(p, out.beyond, out.opens, u.at)
	}
	if out.unfair > 0 || !fair {
		out.unfairCost, out.unfairWrong = m.tariff.unfair(d.fair.row, p, out.unfair, !fair, u.at)
	}
	return out
}

// timed tells whether what a record costs depends on the hours it reaches into: the book knows.
func (m *meter) timed(p *schema.Price, r *schema.Usage) bool {
	if p.Per != rate.PerMinute || !m.tariff.hours[p.Bundle] {
		return false
	}
	chosen := m.book.Price(r)
	return chosen != nil && chosen.PriceID == p.PriceID && chosen.ValidFrom == p.ValidFrom
}

// beyond is what a record costs from one part of its quantity to another.
func (m *meter) beyond(r *schema.Usage, from, to int64) (schema.Money, string) {
	cost, err := m.book.Beyond(r, uint64(from))
	if err == nil && to > from && to < int64(m.book.Drawn(r)) {
		var rest schema.Money
		rest, err = m.book.Beyond(r, uint64(to))
		cost -= rest
	}
	switch {
	case errors.Is(err, rate.ErrNoExchangeRate):
		return 0, NoteNoRate
	case err != nil:
		return 0, NoteTooLarge
	}
	return cost, ""
}

// unfair is what a quantity beyond fair use costs: by the fair use row, whose price is for the
// same unit as the record's own.
func (t *Tariff) unfair(row, p *schema.Price, q int64, begins bool, at schema.Time) (schema.Money, string) {
	as := *row
	as.Per = p.Per
	return t.amount(&as, q, begins, at)
}

func (t *Tariff) amount(p *schema.Price, q int64, begins bool, at schema.Time) (schema.Money, string) {
	m, err := cost(p, q, begins)
	if err != nil {
		return 0, NoteTooLarge
	}
	return t.kronor(m, p.Currency, at)
}

// plus adds without wrapping.
func plus(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}

// included is what a row holds for n days of a month of all: the whole of it unless it counts
// by days. Parts of a second, byte or message are not given.
func included(row *schema.Price, base int64, n, all int) int64 {
	if row.Included > uint64(math.MaxInt64/base)/64 { // 64: a month has fewer days
		return math.MaxInt64
	}
	whole := int64(row.Included) * base
	if !row.Prorated || n == all {
		return whole
	}
	return whole * int64(n) / int64(all)
}
