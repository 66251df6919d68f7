package charges

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// random is a month of an operator of its own, made by chance from a fixed seed.
type random struct {
	operator string
	month    schema.Day
	days     int
	zone     *time.Location
	prices   []schema.Price
	lines    []schema.Line
	usage    []schema.Usage
}

func newRandom(r *rand.Rand, zone *time.Location, n int) *random {
	m := &random{operator: fmt.Sprintf("D%02d", n), month: schema.Date(2026, time.Month(1+n%12), 1), zone: zone}
	m.days = int((m.month + 31).Month() - m.month)
	pools := []string{"", poolShared, poolFixed}
	price := func(p schema.Price) {
		p.PriceID = fmt.Sprintf("%s/%d", m.operator, len(m.prices))
		p.Book, p.BookVersion, p.Operator, p.Currency, p.ValidFrom, p.Rank = m.operator, "1", m.operator, "SEK", 1, 1
		m.prices = append(m.prices, p)
	}
	price(schema.Price{Service: "sms", Per: rate.PerSMS, Price: schema.Money(r.IntN(999_999)), Bundle: "t"})
	price(schema.Price{Service: "voice_out", Per: rate.PerMinute, Price: schema.Money(r.IntN(999_999)), Opening: schema.Money(r.IntN(2) * 490_000), FirstS: uint32(r.IntN(61)), NextS: uint32(r.IntN(61)), Bundle: "v"})
	price(schema.Price{Per: perBundle, Bundle: "t", Included: uint64(r.IntN(30)), Pool: pools[r.IntN(3)], Prorated: r.IntN(2) == 0})
	price(schema.Price{Per: perBundle, Bundle: "t", Plan: "B", Included: uint64(r.IntN(30)), Pool: pools[r.IntN(3)], Prorated: r.IntN(2) == 0})
	price(schema.Price{Per: perBundle, Bundle: "v", Included: uint64(r.IntN(10)), Pool: pools[r.IntN(3)], Prorated: r.IntN(2) == 0})
	price(schema.Price{Per: perFairUse, Bundle: "t", Zone: "eea", Price: schema.Money(r.IntN(99_999)), Included: uint64(r.IntN(12)), Pool: pools[r.IntN(3)], Prorated: r.IntN(2) == 0})
	for i := range 5 {
		l := schema.Line{LineID: fmt.Sprintf("%s-%d", m.operator, i), UnitID: "U", CostCentre: "1", Operator: m.operator, Plan: "A", ValidFrom: 1, Rank: 1}
		turn := (m.month + schema.Day(r.IntN(m.days))).Start(zone)
		switch r.IntN(3) {
		case 0: // ends, or begins, at any time of a day
			l.ValidTo = turn + schema.Time(r.IntN(86_400_000))
		case 1:
			m.lines = append(m.lines, l)
			l.Plan, l.ValidFrom = "B", turn
		}
		m.lines = append(m.lines, l)
	}
	for range 120 {
		at := m.month.Start(zone) + schema.Time(r.IntN(m.days*24))*3_600_000 // hours: many at the same moment
		line := m.lines[r.IntN(len(m.lines))].LineID
		l := m.asOf(line, at)
		if l == nil || schema.DayOf(at, zone).Month() != m.month {
			continue
		}
		u := schema.Usage{Line: line, UnitID: "U", CostCentre: "1", Subscription: m.operator, Plan: l.Plan, OccurredAt: at, RateReason: rate.ReasonBundle, RoamingZone: []string{"home", "eea"}[r.IntN(2)]}
		r64 := r.Uint64()
		for i := range 8 {
			u.EventID[i] = byte(r64 >> (8 * i))
		}
		if u.Kind, u.Service, u.PriceID = "sms", "sms", m.operator+"/0"; r.IntN(2) == 0 {
			u.Kind, u.Service, u.PriceID, u.Answered, u.DurationS = "call", "voice_out", m.operator+"/1", true, uint32(r.IntN(150))
		} else {
			u.Messages = uint32(r.IntN(4))
		}
		m.usage = append(m.usage, u)
	}
	return m
}

func (m *random) asOf(line string, at schema.Time) (found *schema.Line) {
	for i := range m.lines {
		if l := &m.lines[i]; l.LineID == line && l.ValidFrom <= at && (l.ValidTo == 0 || at < l.ValidTo) && (found == nil || l.ValidFrom > found.ValidFrom) {
			found = l
		}
	}
	return found
}

// daysOn counts the days at whose end a line has a plan.
func (m *random) daysOn(line, plan string) (n int64) {
	for d := range m.days {
		if l := m.asOf(line, (m.month+schema.Day(d)+1).Start(m.zone)-1); l != nil && l.Plan == plan {
			n++
		}
	}
	return n
}

// room is what a row holds for a line of a plan.
func (m *random) room(p *schema.Price, line, plan string, base int64) int64 {
	share := func(line string) int64 {
		if !p.Prorated {
			return int64(p.Included) * base
		}
		return int64(p.Included) * base * m.daysOn(line, plan) / int64(m.days)
	}
	switch p.Pool {
	case poolFixed:
		return int64(p.Included) * base
	case poolShared:
		sum, known := int64(0), map[string]bool{}
		for _, l := range m.lines {
			if !known[l.LineID] && m.daysOn(l.LineID, plan) > 0 {
				sum += share(l.LineID)
			}
			known[l.LineID] = true
		}
		return sum
	}
	return share(line)
}

// slowly draws unit after unit, and adds up what each line pays beyond, by kind.
func (m *random) slowly() map[string]schema.Money {
	records := slices.Clone(m.usage)
	slices.SortFunc(records, func(a, b schema.Usage) int {
		if a.OccurredAt != b.OccurredAt {
			return int(a.OccurredAt - b.OccurredAt)
		}
		return slices.Compare(a.EventID[:], b.EventID[:])
	})
	left, out := map[string]int64{}, map[string]schema.Money{}
	for _, u := range records {
		p, holds, base, n := m.prices[0], m.prices[2], int64(1), int64(u.Messages)
		if u.Service == "voice_out" {
			p, holds, base, n = m.prices[1], m.prices[4], 60, rate.ChargedSeconds(u.DurationS, m.prices[1].FirstS, m.prices[1].NextS)
		} else if u.Plan == "B" {
			holds = m.prices[3]
		}
		account := func(row schema.Price) string {
			key := row.PriceID + " " + u.Plan
			if row.Pool == "" {
				key += " " + u.Line
			}
			if _, ok := left[key]; !ok {
				left[key] = m.room(&row, u.Line, u.Plan, base)
			}
			return key
		}
		bundle, fair := account(holds), ""
		if u.RoamingZone == "eea" && u.Service == "sms" {
			fair = account(m.prices[5])
		}
		starts := left[bundle] <= 0 && (fair == "" || left[fair] > 0)
		beyond, unfair := int64(0), int64(0)
		for range n {
			if fair != "" {
				if left[fair]--; left[fair] < 0 {
					unfair++
					continue
				}
			}
			if left[bundle]--; left[bundle] < 0 {
				beyond++
			}
		}
		cost := exactly(p.Price, beyond, base)
		if starts && u.Service == "voice_out" {
			cost += p.Opening
		}
		out[KindOverage+" "+u.Line] += cost
		out[KindFairUse+" "+u.Line] += exactly(m.prices[5].Price, unfair, 1)
	}
	return out
}

// exactly multiplies and divides with rational numbers, and rounds half up: nothing is negative.
func exactly(price schema.Money, n, base int64) schema.Money {
	x := new(big.Rat).Add(big.NewRat(1, 2), new(big.Rat).Mul(big.NewRat(int64(price), base), big.NewRat(n, 1)))
	return schema.Money(new(big.Int).Div(x.Num(), x.Denom()).Int64())
}

// TestAgainstSlowly compares random months with a reference that draws unit after unit.
func TestAgainstSlowly(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(20260301, 5))
	var all []*random
	for n := range 48 {
		m := newRandom(r, w.zone, n)
		all = append(all, m)
		w.prices(m.prices...)
		w.lines(m.lines...)
		if len(m.usage) > 0 {
			w.usage(m.usage...)
		}
	}
	results, beyond := map[schema.Day]Result{}, 0
	for _, m := range all {
		if _, ok := results[m.month]; !ok {
			results[m.month] = w.month(m.month)
		}
		got := map[string]schema.Money{}
		for _, c := range results[m.month].Charges {
			if c.Operator == m.operator {
				got[c.Kind+" "+c.LineID] += c.Amount
				beyond++
			}
		}
		for k, want := range m.slowly() {
			if got[k] != want {
				t.Errorf("%s, month of %s: %s is %s, want %s", m.operator, m.month, k, got[k], want)
			}
			delete(got, k)
		}
		if len(got) > 0 {
			t.Errorf("%s: charged besides: %v", m.operator, got)
		}
	}
	if beyond < 100 {
		t.Errorf("only %d charges were compared", beyond)
	}
}
