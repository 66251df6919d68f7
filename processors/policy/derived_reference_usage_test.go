package policy

import (
	"math"
	"math/big"
	"sort"
	"time"

	"linesman/schema"
)

func (w *statements) claimAbsences(out map[string]claim) {
	first, newest, months := w.covered()
	if len(months) == 0 {
		return
	}
	live := w.live()
	for _, rule := range []string{"unused", "unused-year", "unreviewed"} {
		for window := schema.Date(2024, 1, 1); window < newest; {
			to := monthAfter(window)
			from := to - 45
			switch rule {
			case "unused-year":
				to = schema.Date(window.At(time.UTC).Year()+1, 1, 1)
				from = window
			case "unreviewed":
				from = to - 60
			}
			ready := from >= schema.Date(2024, 1, 1) && newest >= to && first <= from
			for d := from; d < to; d++ {
				ready = ready && months[schema.Date(d.At(time.UTC).Year(), d.At(time.UTC).Month(), 1)]
			}
			if ready {
				for _, line := range w.lineIDs() {
					if c, ok := w.silent(rule, line, from, window, to, live); ok {
						out[spot(rule, line, window)] = c
					}
				}
			}
			window = to
		}
	}
}

func (w *statements) silent(rule, line string, from, window, to schema.Day, live []schema.Usage) (claim, bool) {
	start, end := from.Start(stockholm), to.Start(stockholm)
	last, ok := w.lineAt(line, end-1)
	if !ok || rule != "unused-year" && last.Kind != "mobile" || rule == "unused" && last.Role != "personal" && last.Role != "shared" {
		return claim{}, false
	}
	var held []schema.Line
	moments := []schema.Time{start}
	for _, l := range w.lines {
		if l.LineID != line {
			continue
		}
		moments = append(moments, l.ValidFrom, l.ValidTo)
		if l.ValidFrom < end && (l.ValidTo == 0 || l.ValidTo > start) {
			held = append(held, l)
		}
	}
	for _, m := range moments {
		if _, ok := w.lineAt(line, m); m >= start && m < end && !ok {
			return claim{}, false
		}
	}
	if rule == "unreviewed" {
		for _, a := range w.approvals {
			at := decided(a)
			if a.Kind != "review" || at < start || at >= end {
				continue
			}
			now, ok := w.lineAt(line, at)
			if a.LineID != "" && w.named(a.LineID, at) == line || a.LineID == "" && ok && now.UnitID == a.UnitID {
				return claim{}, false
			}
		}
	} else {
		for _, u := range live {
			if u.Line == line && u.OccurredAt >= start && u.OccurredAt < end && (u.Kind == "call" || rule == "unused" && u.Kind != "fee") {
				return claim{}, false
			}
		}
	}
	c := claim{Severity: "medium", Unit: last.UnitID, Centre: w.centreOf(last.UnitID, last.CostCentre, end-1), Measure: "absence", Value: float64(to - from), Limit: float64(to - from), To: to}
	sort.Slice(held, func(i, j int) bool { return held[i].ValidFrom < held[j].ValidFrom })
	var ids []schema.ID
	for _, l := range held {
		ids = append(ids, l.EventID)
	}
	for _, u := range live {
		if u.Line == line && u.Kind == "fee" && u.OccurredAt >= window.Start(stockholm) && u.OccurredAt < end {
			ids = append(ids, u.EventID)
			c.Cost += u.Cost
		}
	}
	c.Evidence, c.Total = idText(ids), uint32(len(ids))
	return c, true
}

func (w *statements) claimBudgets(out map[string]claim) {
	live := w.live()
	ids := map[string]bool{}
	for _, g := range w.goals {
		ids[g.GoalID] = true
	}
	for _, rule := range []string{"unit-budget", "centre-budget", "year-budget"} {
		best := map[string]*big.Rat{}
		for _, id := range idsInOrder(ids) {
			for window := schema.Date(2024, 1, 1); window < schema.Date(2026, 1, 1); {
				to := monthAfter(window)
				if rule == "year-budget" {
					to = schema.Date(window.At(time.UTC).Year()+1, 1, 1)
				}
				for _, subject := range []string{"U0", "U1", "U2", "K1", "K2", "K3"} {
					w.budget(out, best, rule, id, subject, window, to, live)
				}
				window = to
			}
		}
	}
}

func (w *statements) budget(out map[string]claim, best map[string]*big.Rat, rule, id, subject string, window, to schema.Day, live []schema.Usage) {
	var target, spent schema.Money
	var ids, events []schema.ID
	centre := ""
	for month := window; month < to; month = monthAfter(month) {
		var g schema.Goal
		found := false
		end := monthAfter(month).Start(stockholm)
		for _, o := range w.goals {
			if o.GoalID == id && inForceAt(o.ValidFrom, o.ValidTo, end-1) && (!found || o.ValidFrom > g.ValidFrom) {
				g, found = o, true
			}
		}
		if !found || g.Metric != "cost_month" || rule == "centre-budget" && (g.UnitID != "" || g.CostCentre != subject) || rule != "centre-budget" && g.UnitID != subject {
			continue
		}
		target += schema.Money(math.Round(g.Target * 1e6))
		if rule != "centre-budget" {
			centre = g.CostCentre
		}
		if len(ids) == 0 || ids[len(ids)-1] != g.EventID {
			ids = append(ids, g.EventID)
		}
		for _, u := range live {
			mine := rule == "centre-budget" && u.CostCentre == subject || rule != "centre-budget" && u.UnitID == subject && (g.CostCentre == "" || g.CostCentre == u.CostCentre)
			if !mine || u.OccurredAt < month.Start(stockholm) || u.OccurredAt >= end || rule == "unit-budget" && u.Device == "desk_phone" {
				continue
			}
			spent += u.Cost
			events = append(events, u.EventID)
		}
	}
	percent := int64(100)
	if rule == "centre-budget" {
		percent = 80
	}
	if len(ids) == 0 || len(events) == 0 || int64(spent)*100 <= int64(target)*percent {
		return
	}
	share := big.NewRat(int64(spent), int64(target))
	key := spot(rule, subject, window)
	if old := best[key]; old != nil && share.Cmp(old) <= 0 {
		return
	}
	best[key] = share
	c := claim{Severity: "medium", Unit: subject, Centre: centre, Measure: "budget", Value: float64(spent) / 1e6, Limit: round6(float64(target) * float64(percent) / 1e8), Cost: spent, To: to}
	switch {
	case rule == "centre-budget":
		c.Unit, c.Centre = "", subject
	case centre == "":
		c.Centre = w.centreOf(subject, "", to.Start(stockholm)-1)
	}
	if rule == "unit-budget" && int64(spent)*100 > int64(target)*120 {
		c.Severity = "high"
	}
	c.Evidence, c.Total = idText(append(ids, events...)), uint32(len(ids)+len(events))
	out[key] = c
}

func (w *statements) claimRuns(out map[string]claim) {
	lines, units := map[string][]schema.Usage{}, map[string][]schema.Usage{}
	for _, u := range w.live() {
		if u.Kind == "call" && u.Line != "" && !w.allowed(row{at: u.OccurredAt, line: u.Line, unit: u.UnitID}, "forwarding") {
			lines[u.Line] = append(lines[u.Line], u)
		}
		if u.Kind == "data" && u.UnitID != "" {
			units[u.UnitID] = append(units[u.UnitID], u)
		}
	}
	for line, events := range lines {
		runsOf(out, "often", line, events, 7)
	}
	for unit, events := range units {
		runsOf(out, "often-unit", unit, events, 5)
	}
}

func runsOf(out map[string]claim, rule, subject string, events []schema.Usage, days schema.Day) {
	var first, last schema.Day
	var open bool
	var peak [2]int64
	finish := func() {
		if !open {
			return
		}
		c := claim{Severity: "medium", To: last + 1}
		var ids []schema.ID
		for _, u := range events {
			if d := dayAt(u.OccurredAt); d > first-days && d <= last {
				ids, c.Cost, c.Unit, c.Centre = append(ids, u.EventID), c.Cost+u.Cost, u.UnitID, u.CostCentre
			}
		}
		switch {
		case rule == "often-unit":
			c.Measure, c.Value, c.Limit = "volume", float64(peak[0])/1e6, 30
		case peak[0] > 6:
			c.Measure, c.Value, c.Limit = "count", float64(peak[0]), 6
		default:
			c.Measure, c.Value, c.Limit = "cost", float64(peak[1])/1e6, 20
		}
		if rule == "often" && peak[0] > 9 {
			c.Severity = "high"
		}
		c.Evidence, c.Total = idText(ids), uint32(len(ids))
		out[spot(rule, subject, first-days+1)] = c
		open = false
	}
	seen := map[schema.Day]bool{}
	for _, at := range events {
		d := dayAt(at.OccurredAt)
		if seen[d] {
			continue
		}
		seen[d] = true
		var sum [2]int64
		for _, u := range events {
			if e := dayAt(u.OccurredAt); e > d-days && e <= d {
				if rule == "often" {
					sum[0]++
				} else {
					sum[0] += int64(u.VolumeBytes)
				}
				sum[1] += int64(u.Cost)
			}
		}
		broken := rule == "often" && (sum[0] > 6 || sum[1] > 20_000_000) || rule == "often-unit" && sum[0] > 30_000_000
		if open && (!broken || d-last >= days) {
			finish()
		}
		if !broken {
			continue
		}
		if !open {
			open, first, peak = true, d, [2]int64{}
		}
		last = d
		peak[0], peak[1] = max(peak[0], sum[0]), max(peak[1], sum[1])
	}
	finish()
}
