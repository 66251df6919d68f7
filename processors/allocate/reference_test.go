package allocate

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"linesman/schema"
)

// facts are what a month is made of, as the store shows them: of each statement the one that
// holds, of each record the one that lives.
type facts struct {
	usage     []schema.Usage
	rules     []schema.AllocationRule
	rates     []schema.ExchangeRate
	approvals []schema.Approval
	lines     []schema.Line
}

// heap is what the slow way divides as one.
type heap struct {
	rule                                    string
	live                                    []schema.AllocationRule
	centre, unit, kind, service, byOperator string
	records                                 uint64
	cost, vat                               int64
}

// slowly allocates record by record, the way that docs/allocation.md tells it, without the store.
func (f *facts) slowly(from, to schema.Day) []schema.Posting {
	heaps := map[string]*heap{}
	out := map[schema.Posting]*schema.Posting{}
	used, ruled := map[string]int64{}, map[string]int64{}
	for i := range f.usage {
		u := &f.usage[i]
		if u.LocalDay < from || u.LocalDay >= to {
			continue
		}
		rule, live := f.ruleOf(u)
		repay := u.Private && u.Cost != 0 && u.Holder != "" && !f.permitted(u)
		if u.Kind != schema.KindFee {
			used[u.CostCentre]++
			if !repay {
				ruled[rule+"|"+u.CostCentre]++
			}
		}
		if repay {
			add(out, schema.Posting{Month: from, CostCentre: u.CostCentre, UnitID: u.UnitID, Kind: u.Kind, Service: u.Service, Operator: u.Operator, Repay: true}, 1, int64(u.Cost), f.vat(u))
			continue
		}
		key := fmt.Sprint(rule, live, u.CostCentre, "|", u.UnitID, "|", u.Kind, "|", u.Service, "|", u.Operator)
		if heaps[key] == nil {
			heaps[key] = &heap{rule: rule, live: live, centre: u.CostCentre, unit: u.UnitID, kind: u.Kind, service: u.Service, byOperator: u.Operator}
		}
		h := heaps[key]
		h.records, h.cost, h.vat = h.records+1, h.cost+int64(u.Cost), h.vat+f.vat(u)
	}
	for _, h := range heaps {
		h.post(out, from, used, ruled)
	}
	var list []schema.Posting
	for _, p := range out {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b schema.Posting) int {
		text := func(p schema.Posting) string {
			return strings.Join([]string{p.CostCentre, p.UnitID, p.Project, p.Activity, p.Kind, p.Service, p.Operator, p.Rule, fmt.Sprint(p.Repay)}, "\x00")
		}
		return cmp.Compare(text(a), text(b))
	})
	return list
}

func add(out map[schema.Posting]*schema.Posting, p schema.Posting, records uint64, cost, vat int64) {
	if out[p] == nil {
		q := p
		out[p] = &q
	}
	q := out[p]
	q.Records, q.Cost, q.VAT = q.Records+records, q.Cost+schema.Money(cost), q.VAT+schema.Money(vat)
}

func (h *heap) post(out map[schema.Posting]*schema.Posting, month schema.Day, used, ruled map[string]int64) {
	p := schema.Posting{Month: month, CostCentre: h.centre, UnitID: h.unit, Kind: h.kind, Service: h.service, Operator: h.byOperator}
	targets := h.live
	var weights []int64
	for i, t := range targets {
		centre := t.ToCostCentre
		if centre == "" {
			centre = h.centre
		}
		weights = append(weights, map[string]int64{"to": int64(max(0, 1-i)), "equal": 1, "key": int64(t.Share), "usage": used[centre] - ruled[h.rule+"|"+centre]}[targets[0].How])
	}
	if slices.Max(append(weights, 0)) == 0 {
		add(out, p, h.records, h.cost, h.vat)
		return
	}
	costs, vats := slowSplit(h.cost, weights), slowSplit(h.vat, weights)
	for i, t := range targets {
		q, n := p, h.records
		if i > 0 {
			n = 0
		}
		if q.Rule, q.Project, q.Activity = h.rule, t.ToProject, t.ToActivity; t.ToCostCentre != "" && t.ToCostCentre != h.centre {
			q.CostCentre, q.UnitID = t.ToCostCentre, ""
		}
		if t.ToUnit != "" {
			q.UnitID = t.ToUnit
		}
		if n != 0 || costs[i] != 0 || vats[i] != 0 {
			add(out, q, n, costs[i], vats[i])
		}
	}
}

// slowSplit gives one millionth after the other to whoever lacks most of his share.
func slowSplit(amount int64, weights []int64) []int64 {
	if amount < 0 {
		parts := slowSplit(-amount, weights)
		for i := range parts {
			parts[i] = -parts[i]
		}
		return parts
	}
	var total int64
	for _, n := range weights {
		total += n
	}
	parts, lack, left := make([]int64, len(weights)), make([]*big.Rat, len(weights)), amount
	for i, n := range weights {
		share := new(big.Rat).Mul(big.NewRat(amount, 1), big.NewRat(n, total))
		parts[i] = new(big.Int).Quo(share.Num(), share.Denom()).Int64()
		lack[i] = share.Sub(share, big.NewRat(parts[i], 1))
		left -= parts[i]
	}
	for ; left > 0; left-- {
		most := 0
		for i := range lack {
			if lack[i].Cmp(lack[most]) > 0 {
				most = i
			}
		}
		parts[most]++
		lack[most].Sub(lack[most], big.NewRat(1, 1))
	}
	return parts
}

// ruleOf finds the rule that holds for a record, and its targets of that moment.
func (f *facts) ruleOf(u *schema.Usage) (rule string, live []schema.AllocationRule) {
	newest, rows := map[string]schema.Time{}, map[string][]schema.AllocationRule{}
	for _, r := range f.rules {
		rows[r.RuleID] = append(rows[r.RuleID], r)
		if r.ValidFrom <= u.OccurredAt {
			newest[r.RuleID] = max(newest[r.RuleID], r.ValidFrom)
		}
	}
	for id, from := range newest {
		var mine []schema.AllocationRule
		for _, r := range rows[id] {
			if r.ValidFrom == from && (r.ValidTo == 0 || u.OccurredAt < r.ValidTo) {
				mine = append(mine, r)
			}
		}
		slices.SortFunc(mine, func(a, b schema.AllocationRule) int { return cmp.Compare(a.Target, b.Target) })
		if len(mine) == 0 || !f.fits(&mine[0], u) {
			continue
		}
		if live == nil || mine[0].Priority < live[0].Priority || mine[0].Priority == live[0].Priority && id < rule {
			rule, live = id, mine
		}
	}
	return rule, live
}

func (f *facts) fits(r *schema.AllocationRule, u *schema.Usage) bool {
	for _, c := range [][2]string{{r.UnitID, u.UnitID}, {r.CostCentre, u.CostCentre}, {r.Operator, u.Operator}, {r.Service, u.Service}, {r.LineKind, u.LineKind}, {r.Role, u.Role}} {
		if c[0] != "" && c[0] != c[1] {
			return false
		}
	}
	switch {
	case r.Device == "jabber" && !strings.HasPrefix(u.Device, "jabber"), r.Device != "" && r.Device != "jabber" && r.Device != u.Device:
		return false
	}
	return r.LineID == "" || f.is(r.LineID, u)
}

// is tells whether a number or an extension is that of a record's line, at its time.
func (f *facts) is(id string, u *schema.Usage) bool {
	if id == u.Line {
		return true
	}
	for _, s := range f.lines {
		if s.Alias != id || s.LineID != u.Line || s.ValidFrom > u.OccurredAt || s.ValidTo != 0 && u.OccurredAt >= s.ValidTo {
			continue
		}
		outdone := slices.ContainsFunc(f.lines, func(o schema.Line) bool {
			later := o.ValidFrom > s.ValidFrom || o.ValidFrom == s.ValidFrom && o.Rank > s.Rank
			return later && o.ValidFrom <= u.OccurredAt && (o.LineID == s.LineID || o.Alias == s.Alias)
		})
		if !outdone {
			return true
		}
	}
	return false
}

func (f *facts) permitted(u *schema.Usage) bool {
	return slices.ContainsFunc(f.approvals, func(a schema.Approval) bool {
		if a.Kind != "private" || u.OccurredAt < a.ValidFrom || a.ValidTo != 0 && u.OccurredAt >= a.ValidTo {
			return false
		}
		if a.LineID == "" {
			return a.UnitID != "" && a.UnitID == u.UnitID
		}
		return f.is(a.LineID, u)
	})
}

// vat is a record's VAT in millionths of a krona.
func (f *facts) vat(u *schema.Usage) int64 {
	if u.Operator == "" {
		return 0
	}
	if u.Currency == "" || u.Currency == "SEK" {
		return int64(u.VAT)
	}
	var best *schema.ExchangeRate
	for i := range f.rates {
		r := &f.rates[i]
		if r.Currency == u.Currency && r.ValidFrom <= u.OccurredAt && (r.ValidTo == 0 || u.OccurredAt < r.ValidTo) && (best == nil || r.ValidFrom > best.ValidFrom) {
			best = r
		}
	}
	if best == nil {
		return 0
	}
	m, _ := u.VAT.MulDiv(int64(best.Rate), int64(schema.Micro))
	return int64(m)
}
