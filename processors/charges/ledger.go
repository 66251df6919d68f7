package charges

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// ledger gathers the charges of a month.
type ledger struct {
	at      map[chargeKey]int
	charges []Charge
	bases   map[rebateKey]*base
	notes   map[Note]uint64 // without their records, which are counted
	sum     adder
}

// chargeKey is what charges are told apart by.
type chargeKey struct {
	kind, line, unit, centre, operator, plan, price, bundle, service, measure string
}

// rebateKey is what a rebate is on.
type rebateKey struct {
	line, unit, centre, operator, plan, service, price string
	from                                               schema.Time
}

// base is the amount that a rebate is on.
type base struct {
	row    *schema.Price
	amount schema.Money
}

func newLedger() *ledger {
	return &ledger{at: map[chargeKey]int{}, bases: map[rebateKey]*base{}, notes: map[Note]uint64{}}
}

func (l *ledger) note(n Note) {
	records := n.Records
	n.Records = 0
	l.notes[n] += records
}

// charge adds to a charge.
func (l *ledger) charge(k chargeKey, quantity int64, amount schema.Money, detail string) {
	n, ok := l.at[k]
	if !ok {
		n = len(l.charges)
		l.at[k] = n
		l.charges = append(l.charges, Charge{Kind: k.kind, LineID: k.line, UnitID: k.unit, CostCentre: k.centre, Operator: k.operator, Plan: k.plan, PriceID: k.price, Bundle: k.bundle, Service: k.service, Unit: k.measure, Detail: detail})
	}
	c := &l.charges[n]
	c.Quantity = plus(c.Quantity, quantity)
	c.Amount = l.sum.add(c.Amount, amount)
}

// fees charges what a line pays for being held. A fee that counts by days is divided as the days
// are, so that its parts add up to it; any other is that of the plan and holder of the line's
// first day in the month.
func (l *ledger) fees(t *Tariff, s span, line *heldLine) {
	passed := map[string]int{} // days charged, by price
	for i, r := range line.runs {
		for d := r.from; d < r.to; d++ {
			for _, p := range t.fees(r.operator, r.plan, s.ends[d]) {
				switch id := p.PriceID + "\x00" + p.ValidFrom.String(); {
				case p.Prorated:
					l.fee(t, p, line.id, &r, UnitDay, 1, passed[id], s, d)
					passed[id]++
				case i == 0 && d == r.from:
					l.fee(t, p, line.id, &r, UnitMonth, 1, 0, s, d)
				}
			}
		}
	}
}

// fee charges a month, or one day of it after passed others.
func (l *ledger) fee(t *Tariff, p *schema.Price, line string, r *run, measure string, quantity int64, passed int, s span, day int) {
	k := chargeKey{KindFee, line, r.unit, r.centre, r.operator, r.plan, p.PriceID, "", cmp.Or(p.Service, schema.ServiceSubscription), measure}
	if p.Price < 0 {
		k.kind = KindCredit
	}
	amount, wrong, detail := schema.Money(0), "", ""
	if measure == UnitDay {
		detail = fmt.Sprintf("days_of_month=%d", s.days)
		amount, wrong = t.days(p, passed+1, s.days, s.ends[day])
		before, _ := t.days(p, passed, s.days, s.ends[day])
		amount -= before
	} else {
		amount, wrong = t.kronor(p.Price, p.Currency, s.ends[day])
	}
	if wrong != "" {
		l.note(Note{Kind: wrong, Operator: r.operator, Plan: r.plan, PriceID: p.PriceID})
	}
	l.charge(k, quantity, amount, detail)
}

// days is what a row costs for n days of a month of all, in SEK.
func (t *Tariff) days(p *schema.Price, n, all int, at schema.Time) (schema.Money, string) {
	amount, err := p.Price.MulDiv(int64(n), int64(all))
	if err != nil {
		return 0, NoteTooLarge
	}
	return t.kronor(amount, p.Currency, at)
}

// beyond charges what of a record lies beyond its bundle or fair use.
func (l *ledger) beyond(t *Tariff, u *use, p *schema.Price, to draw, was part) {
	if was.beyond > 0 || was.beyondCost != 0 {
		k := chargeKey{KindOverage, u.line, u.unit, u.centre, u.operator, u.plan, p.PriceID, p.Bundle, u.service, to.bundle.unit}
		l.charge(k, was.beyond, was.beyondCost, detailOf(to.bundle))
		l.use(t, u, was.beyondCost)
	}
	if was.unfair > 0 || was.unfairCost != 0 {
		k := chargeKey{KindFairUse, u.line, u.unit, u.centre, u.operator, u.plan, to.fair.row.PriceID, p.Bundle, u.service, to.fair.unit}
		l.charge(k, was.unfair, was.unfairCost, detailOf(to.fair))
		l.use(t, u, was.unfairCost)
	}
	for _, wrong := range [...]string{was.beyondWrong, was.unfairWrong} {
		if wrong != "" {
			l.note(Note{Kind: wrong, Operator: u.operator, Plan: u.plan, PriceID: p.PriceID, Bundle: p.Bundle, Records: 1})
		}
	}
}

// detailOf tells what the account held, of a pool that it is one.
func detailOf(a *account) string {
	out := fmt.Sprintf("holds=%d %s", a.holds, a.unit)
	if a.row.Pool != "" {
		out += ";pool=" + a.row.Pool
	}
	return out
}

// use notes what the use of a service costs, for the rebates on it.
func (l *ledger) use(t *Tariff, u *use, amount schema.Money) {
	if amount == 0 {
		return
	}
	for _, p := range t.rebates(u) {
		k := rebateKey{u.line, u.unit, u.centre, u.operator, u.plan, u.service, p.PriceID, p.ValidFrom}
		b := l.bases[k]
		if b == nil {
			b = &base{row: p}
			l.bases[k] = b
		}
		b.amount = l.sum.add(b.amount, amount)
	}
}

// rebates charges the rebates on what was used: each on the sum of a line and service, rounded
// once.
func (l *ledger) rebates() {
	keys := slices.SortedFunc(maps.Keys(l.bases), func(a, b rebateKey) int {
		return cmp.Or(strings.Compare(a.line, b.line), strings.Compare(a.price, b.price), cmp.Compare(a.from, b.from), strings.Compare(a.operator+"\x00"+a.plan+"\x00"+a.service+"\x00"+a.unit+"\x00"+a.centre, b.operator+"\x00"+b.plan+"\x00"+b.service+"\x00"+b.unit+"\x00"+b.centre))
	})
	for _, k := range keys {
		b := l.bases[k]
		amount, err := b.amount.MulDiv(int64(b.row.Price), percentOfUnit)
		if err != nil {
			l.note(Note{Kind: NoteTooLarge, Operator: k.operator, Plan: k.plan, PriceID: k.price})
			continue
		}
		l.charge(chargeKey{KindRebate, k.line, k.unit, k.centre, k.operator, k.plan, k.price, "", k.service, ""}, 0, amount, "percent="+b.row.Price.String()+";of="+b.amount.String())
	}
	l.bases = map[rebateKey]*base{}
}

// list returns the charges in a fixed order.
func (l *ledger) list() []Charge {
	rank := map[string]int{KindFee: 0, KindCredit: 1, KindOverage: 2, KindFairUse: 3, KindRebate: 4}
	slices.SortFunc(l.charges, func(a, b Charge) int {
		return cmp.Or(strings.Compare(a.LineID, b.LineID), cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(a.Operator, b.Operator), strings.Compare(a.Plan, b.Plan), strings.Compare(a.PriceID, b.PriceID),
			strings.Compare(a.Bundle, b.Bundle), strings.Compare(a.Service, b.Service), strings.Compare(a.UnitID, b.UnitID), strings.Compare(a.CostCentre, b.CostCentre), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Detail, b.Detail))
	})
	clear(l.at) // places have moved
	return l.charges
}

// noted returns the notes in a fixed order.
func (l *ledger) noted() []Note {
	var out []Note
	for n, records := range l.notes {
		n.Records = records
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b Note) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Operator, b.Operator), strings.Compare(a.Plan, b.Plan), strings.Compare(a.PriceID, b.PriceID), strings.Compare(a.Bundle, b.Bundle))
	})
	return out
}
