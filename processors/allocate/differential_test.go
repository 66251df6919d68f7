package allocate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"linesman/schema"
)

// maker makes worlds at random, the same for the same seed. Everything that has a time has one of
// a few moments, or a millisecond beside it, so that edges meet.
type maker struct {
	t    testing.TB
	rnd  *rand.Rand
	rank uint64
}

func (m *maker) pick(of ...string) string { return of[m.rnd.IntN(len(of))] }

func (m *maker) chance(percent int) bool { return m.rnd.IntN(100) < percent }

func (m *maker) moment() schema.Time {
	at := at(m.t, m.pick("2026-02-28 12:00", "2026-03-01", "2026-03-07", "2026-03-10 12:00", "2026-03-17 08:30", "2026-03-29", "2026-03-29 03:00", "2026-03-30", "2026-04-01"))
	return at + schema.Time(m.rnd.IntN(3)-1)
}

func (m *maker) until(from schema.Time) schema.Time {
	if to := m.moment(); to > from && m.chance(50) {
		return to
	}
	return 0
}

func (m *maker) next() uint64 {
	m.rank++
	return m.rank
}

func (m *maker) amount() schema.Money {
	switch m.rnd.IntN(6) {
	case 0:
		return 0
	case 1:
		return schema.Money(m.rnd.IntN(7)) - 3
	case 2:
		return -schema.Money(m.rnd.IntN(50_000_000))
	}
	return schema.Money(m.rnd.IntN(90_000_000))
}

// facts makes a world, and what of it stands behind what holds.
func (m *maker) facts() (f facts, behind facts) {
	for i := range 150 + m.rnd.IntN(150) {
		u := m.record(i)
		f.usage = append(f.usage, u)
		if m.chance(15) { // an earlier version of the same record
			old := u
			old.Revision, old.Cost, old.CostCentre, old.Holder, old.Role = 1, m.amount(), "700", "P9", "shared" // what was recorded stays
			behind.usage = append(behind.usage, old)
		}
	}
	for i := range 10 { // records that died
		u := m.record(1000 + i)
		dead := u
		dead.Revision, dead.Deleted = 3, true
		behind.usage = append(behind.usage, u, dead)
	}
	m.rules(&f, &behind)
	for _, currency := range []string{"NOK", "NOK", "NOK", "EUR"} {
		from := m.moment()
		f.rates = append(f.rates, schema.ExchangeRate{Currency: currency, Rate: schema.Money(900_000 + m.rnd.IntN(10_500_000)), ValidFrom: from, ValidTo: m.until(from), Rank: m.next()})
	}
	for i := range 6 {
		from := m.moment()
		f.approvals = append(f.approvals, schema.Approval{ApprovalID: fmt.Sprint("A", i), Kind: m.pick("private", "private", "private", "trip", "withdrawn"), LineID: m.pick("", "", "L1", "L2", "X1"), UnitID: m.pick("", "U1"), ValidFrom: from, ValidTo: m.until(from), Rank: m.next()})
	}
	for range 6 {
		from := m.moment()
		f.lines = append(f.lines, schema.Line{LineID: m.pick("L1", "L2", "L3"), Alias: m.pick("X1", "X1", "X2", ""), ValidFrom: from, ValidTo: m.until(from), Rank: m.next()})
	}
	f.rates = lastOf(f.rates, func(r schema.ExchangeRate) string { return fmt.Sprint(r.Currency, r.ValidFrom) })
	f.lines = lastOf(f.lines, func(l schema.Line) string { return fmt.Sprint(l.LineID, l.ValidFrom) })
	return f, behind
}

// lastOf keeps of rows with the same key the last.
func lastOf[T any](rows []T, key func(T) string) []T {
	var out []T
	for i, r := range rows {
		if !slices.ContainsFunc(rows[i+1:], func(o T) bool { return key(o) == key(r) }) {
			out = append(out, r)
		}
	}
	return out
}

func (m *maker) record(i int) schema.Usage {
	u := schema.Usage{EventID: schema.NewID("random", fmt.Sprint(i)), Zone: schema.DefaultZone, OccurredAt: m.moment(), Revision: 2, Cost: m.amount(),
		Kind: m.pick("call", "call", "sms", "data", "fee"), Service: m.pick("voice_out", "voice_in", "sms"), Line: m.pick("L1", "L2", "L3"),
		UnitID: m.pick("U1", "U2", ""), CostCentre: m.pick("100", "200", "300", ""), Role: m.pick("personal", "shared"), LineKind: m.pick("mobile", "fixed", ""),
		Device: m.pick("jabber_iphone", "jabber_desktop", "mobile", ""), Holder: m.pick("P1", "P2", ""), Private: m.chance(25)}
	if m.chance(30) {
		u.OccurredAt = at(m.t, "2026-02-28") + schema.Time(m.rnd.Int64N(33*86_400_000))
	}
	u.LineID = u.Line
	if m.chance(70) {
		u.Operator, u.VAT, u.Currency = m.pick("Norrtele", "Syd"), m.amount(), m.pick("SEK", "SEK", "", "NOK", "EUR", "USD")
		u.Charged = u.Cost
	}
	u.LocalDay = schema.DayOf(u.OccurredAt, zone(m.t))
	return u
}

// rules makes rules with versions, and statements about them that others outdo.
func (m *maker) rules(f, behind *facts) {
	for i := range 1 + m.rnd.IntN(6) {
		for _, from := range slices.Compact([]schema.Time{at(m.t, "2025-06-01"), m.moment()}) {
			r := schema.AllocationRule{RuleID: fmt.Sprint("R", i), Priority: uint32(m.rnd.IntN(3)), How: m.pick("to", "key", "equal", "usage", "usage"), ValidFrom: from}
			for range 1 + m.rnd.IntN(2) {
				switch m.rnd.IntN(8) {
				case 0:
					r.LineID = m.pick("L1", "X1", "X2")
				case 1:
					r.UnitID = m.pick("U1", "U2")
				case 2:
					r.CostCentre = m.pick("100", "200")
				case 3:
					r.Operator = "Norrtele"
				case 4:
					r.Service = m.pick("sms", "voice_out")
				case 5:
					r.Device = m.pick("jabber", "jabber_iphone", "mobile")
				case 6:
					r.LineKind = "mobile"
				case 7:
					r.Role = "shared"
				}
			}
			for target := range uint32(1 + m.rnd.IntN(4)) {
				r.Target, r.Rank = 2*target+1, m.next()
				r.ToCostCentre, r.ToUnit, r.ToProject, r.ToActivity = m.pick("", "100", "200", "900", "901"), m.pick("", "", "U9"), m.pick("", "P"), m.pick("", "A")
				r.Share, r.ValidTo = 0, m.until(from)
				if r.How == schema.AllocateKey {
					r.Share = schema.Money(m.rnd.IntN(5)) * 333_333
				}
				if m.chance(20) {
					wrong := r
					wrong.ToCostCentre, wrong.How, wrong.Rank = "WRONG", "to", 0
					behind.rules = append(behind.rules, wrong)
				}
				f.rules = append(f.rules, r)
			}
		}
	}
}

// lay writes a world in some order and in some parts.
func (w *world) lay(m *maker, all ...facts) {
	w.clear()
	var f facts
	for _, x := range all {
		f.usage, f.rules, f.rates = append(f.usage, x.usage...), append(f.rules, x.rules...), append(f.rates, x.rates...)
		f.approvals, f.lines = append(f.approvals, x.approvals...), append(f.lines, x.lines...)
	}
	scatter(m, f.usage, func(part []schema.Usage) { put(w, schema.UsageTable(), part...) })
	scatter(m, f.rules, func(part []schema.AllocationRule) { put(w, schema.AllocationRuleTable(), part...) })
	scatter(m, f.rates, func(part []schema.ExchangeRate) { put(w, schema.ExchangeRateTable(), part...) })
	scatter(m, f.approvals, func(part []schema.Approval) { put(w, schema.ApprovalTable(), part...) })
	scatter(m, f.lines, func(part []schema.Line) { put(w, schema.LineTable(), part...) })
}

func scatter[T any](m *maker, rows []T, put func([]T)) {
	rows = slices.Clone(rows)
	m.rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for len(rows) > 0 {
		n := min(len(rows), 1+m.rnd.IntN(200))
		put(rows[:n])
		rows = rows[n:]
	}
}

// Random months come to what the slow way makes of them, add up, and do not depend on the order of
// rows nor on the parts that they lie in.
func TestAgainstTheSlowWay(t *testing.T) {
	w := open(t)
	seen := map[string]bool{}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w.t = t
			m := &maker{t: t, rnd: rand.New(rand.NewPCG(seed, 5))}
			f, behind := m.facts()
			want := f.slowly(schema.Date(2026, 3, 1), schema.Date(2026, 4, 1))
			var first string
			for round := range 2 {
				w.lay(m, f, behind)
				r := w.month()
				same(t, r.Postings, want)
				repaid := w.repay("0.01")
				all := fmt.Sprint(r.Postings, r.Notices, repaid.Holders, repaid.Run, repaid.Settled, repaid.NoHolder)
				if round == 0 {
					first = all
				} else if all != first {
					t.Errorf("the same month in another order:\n%s\nit was\n%s", all, first)
				}
				note(seen, f, r)
			}
		})
	}
	for _, what := range []string{"to", "key", "equal", "usage", "repay", NoticeShares, NoticeTargets, NoticeNoRateVAT, NoticeNoHolder, NoticeNoCentre} {
		if !seen[what] {
			t.Errorf("no world had %s", what)
		}
	}
}

// note keeps what the worlds had, so that none of it goes untested by chance.
func note(seen map[string]bool, f facts, r Result) {
	for _, n := range r.Notices {
		seen[n.Code] = true
	}
	for _, p := range r.Postings {
		seen["repay"] = seen["repay"] || p.Repay
		for _, rule := range f.rules {
			if rule.RuleID == p.Rule && p.Cost != 0 {
				seen[rule.How] = true
			}
		}
	}
}

func same(t *testing.T, got, want []schema.Posting) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		var a, b schema.Posting
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			t.Fatalf("of %d and %d postings number %d is\n%+v\nwant\n%+v", len(got), len(want), i, a, b)
		}
	}
}
