package charges

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// Trials work out what lines would have cost on plans that they may not have had. They remember
// what is the same for every line, and are not safe for concurrent use.
type Trials struct {
	tariff *Tariff
	book   *rate.Book
	zone   *time.Location
	spans  map[schema.Day]span
	fees   map[feesOf]*ledger
}

// feesOf is what the fees of a whole month depend on.
type feesOf struct {
	month          schema.Day
	operator, plan string
}

// Trials prepares trials; months begin in the zone.
func (t *Tariff) Trials(zone *time.Location) *Trials {
	return &Trials{tariff: t, book: t.Book(), zone: zone, spans: map[schema.Day]span{}, fees: map[feesOf]*ledger{}}
}

// held charges the fees of a month in which a line was held on a plan throughout.
func (t *Trials) held(l *ledger, s span, operator, plan string) {
	k := feesOf{s.first, operator, plan}
	known := t.fees[k]
	if known == nil {
		known = newLedger()
		known.fees(t.tariff, s, &heldLine{runs: []run{{held{operator: operator, plan: plan}, 0, s.days}}})
		t.fees[k] = known
	}
	l.charges = append(l.charges, known.charges...) // of other kinds than what use adds
	maps.Copy(l.notes, known.notes)
}

// Trial asks what a line would have cost in a month on a plan.
type Trial struct {
	Month          schema.Day
	Operator, Plan string
	// Records are the line's records of the month, fees left out, as they were enriched.
	Records []schema.Usage
}

// Tried is what a line would have cost.
type Tried struct {
	Fees    schema.Money // monthly fees and credits, SEK
	Use     schema.Money // the records themselves
	Beyond  schema.Money // beyond bundles and fair use
	Rebates schema.Money
	Total   schema.Money
	Prices  []string // ids of the rows behind it, sorted
	// Unpriced counts records for which the plan has no price, and amounts that could not be worked
	// out: the total lacks them.
	Unpriced uint64
	// Shares tells that the plan has a bundle that lines share one of: what a line's part of it
	// is depends on the others, and the total counts none.
	Shares bool
}

// Try works out what a line held for a whole month would have cost on a plan. A line by itself:
// to a pool that lines put together it brings its own part.
func (t *Trials) Try(in Trial) (Tried, error) {
	month := in.Month.Month()
	s, ok := t.spans[month]
	if !ok {
		s = newSpan(month, t.zone)
		t.spans[month] = s
	}
	out := Tried{}
	used := map[string]bool{}
	l := newLedger()
	t.held(l, s, in.Operator, in.Plan)
	m := newMeter(t.tariff, t.book, func(row *schema.Price, _ accountKey, base int64) int64 {
		if row.Pool == poolFixed {
			out.Shares = true
			return 0
		}
		return included(row, base, s.days, s.days)
	})
	for _, i := range inOrder(in.Records) {
		if err := t.try(l, m, in, in.Records[i], &out, used); err != nil {
			return Tried{}, err
		}
	}
	l.rebates()
	for _, c := range l.list() {
		if c.Amount != 0 || c.Kind == KindFee {
			used[c.PriceID] = true
		}
		switch c.Kind {
		case KindFee, KindCredit:
			out.Fees = l.sum.add(out.Fees, c.Amount)
		case KindRebate:
			out.Rebates = l.sum.add(out.Rebates, c.Amount)
		default:
			out.Beyond = l.sum.add(out.Beyond, c.Amount)
		}
	}
	for _, part := range [...]schema.Money{out.Fees, out.Use, out.Beyond, out.Rebates} {
		out.Total = l.sum.add(out.Total, part)
	}
	out.Prices = slices.Sorted(maps.Keys(used))
	out.Unpriced += uint64(len(l.notes))
	return out, l.sum.err
}

// inOrder orders records as bundles are drawn from.
func inOrder(records []schema.Usage) []int {
	order := make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &records[a], &records[b]
		return cmp.Or(cmp.Compare(x.OccurredAt, y.OccurredAt), slices.Compare(x.EventID[:], y.EventID[:]))
	})
	return order
}

// try rates one record under the plan.
func (t *Trials) try(l *ledger, m *meter, in Trial, r schema.Usage, out *Tried, used map[string]bool) error {
	r.Plan, r.Subscription = in.Plan, in.Operator
	if r.Operator != "" {
		r.Operator = in.Operator
	}
	r.Charged, r.Currency = 0, ""
	if err := t.book.Apply(&r); err != nil {
		return err
	}
	if r.PriceID == "" {
		if r.RateReason == rate.ReasonNoPrice {
			out.Unpriced++
		}
		return nil
	}
	u := useOf(&r)
	p := t.tariff.price(r.PriceID, r.OccurredAt)
	if p == nil || p.Bundle == "" {
		if r.Rated != 0 {
			used[r.PriceID] = true
		}
		out.Use = l.sum.add(out.Use, r.Rated)
		l.use(t.tariff, &u, r.Rated)
		return nil
	}
	to, ok := m.find(&u, p)
	if !ok {
		out.Unpriced++ // nobody stated what the bundle holds
		return nil
	}
	used[to.bundle.row.PriceID] = true
	l.beyond(t.tariff, &u, p, to, m.take(to, &u, p, &r))
	return nil
}

func useOf(r *schema.Usage) use {
	return use{line: r.Line, unit: r.UnitID, centre: r.CostCentre, operator: cmp.Or(r.Operator, r.Subscription), plan: r.Plan, service: r.Service,
		class: r.Class, country: r.OtherCountry, zone: r.RoamingZone, visited: r.VisitedCtry, price: r.PriceID, at: r.OccurredAt}
}

// Plans lists the plans of an operator that have a monthly row in force at a time, sorted.
func (t *Tariff) Plans(operator string, at schema.Time) []string {
	found := map[string]bool{}
	for i := range t.months {
		if p := &t.months[i]; p.Plan != "" && inForce(p, at) && fits(p.Operator, operator) {
			found[p.Plan] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Packaged tells whether a plan has prices, a bundle or fair use of its own for a roaming zone or
// for visited countries other than at home.
func (t *Tariff) Packaged(operator, plan string, at schema.Time) bool {
	own := func(rows []schema.Price) bool {
		return slices.ContainsFunc(rows, func(p schema.Price) bool {
			return p.Plan == plan && fits(p.Operator, operator) && inForce(&p, at) && (p.Zone != "" && p.Zone != homeZone || p.Visited != "")
		})
	}
	if own(t.bundles) || own(t.fair) {
		return true
	}
	for _, rows := range t.uses {
		if own(rows) {
			return true
		}
	}
	return false
}

// homeZone is the roaming zone of use at home.
const homeZone = "home"
