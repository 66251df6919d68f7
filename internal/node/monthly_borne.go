package node

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/report"
	"linesman/processors/allocate"
	"linesman/processors/store"
	"linesman/schema"
)

// bearers works out who bears the month, once for all reports.
func (b *monthlyBase) bearers(ctx context.Context) ([]schema.Posting, error) {
	if b.allocated {
		return b.postings, nil
	}
	got, err := allocate.Month(store.Exact(ctx), b.n.store.Conn(), allocate.Input{Zone: b.zone, Month: b.month})
	if err != nil {
		return nil, err
	}
	b.postings, b.allocated = got.Postings, true
	return b.postings, nil
}

// borne tells what the scope bears by rule of allocation, where any rule divides costs of the month.
func (x *builder) borne(ctx context.Context) error {
	postings, err := x.bearers(ctx)
	if err != nil {
		return err
	}
	if err := x.repaid(ctx, postings); err != nil {
		return err
	}
	if !slices.ContainsFunc(postings, func(p schema.Posting) bool { return p.Rule != "" }) {
		return nil
	}
	sums, all := map[string]schema.Money{}, schema.Money(0)
	for i := range postings {
		p := &postings[i]
		if x.bears(p) {
			sums[p.Rule] += p.Cost
			all += p.Cost
		}
	}
	add := func(id, label string, m schema.Money) {
		x.r.Borne = append(x.r.Borne, report.Row{Label: label, Now: x.add(report.Figure{ID: id, Label: x.T("report.label.of", "what", label, "month", x.inWords(x.month)), Unit: report.SEK, Value: m.String(), Fixed: true,
			Command: fmt.Sprintf("linesman allocate --month %s --json", x.month.String()[:len("2006-01")])})})
	}
	for _, rule := range slices.Sorted(maps.Keys(sums)) {
		label := x.T("report.borne.rule", "rule", rule)
		if rule == "" {
			label = x.T("report.borne.own")
		}
		add("borne."+rule, label, sums[rule])
	}
	add("borne", x.T("report.total"), all)
	return nil
}

// bears tells whether a posting is the scope's.
func (x *builder) bears(p *schema.Posting) bool {
	switch s := x.q.scope; s.Kind {
	case report.ScopeCostCentre:
		return p.CostCentre == s.ID
	case report.ScopeUnit:
		return p.UnitID == s.ID
	}
	return true
}

// repaid fills in what holders repay: not where so few lines are behind it that it would tell what
// somebody owes.
//
// Private use behind the other figure may be settled, or nobody's: so it does not tell how many repay.
func (x *builder) repaid(ctx context.Context, postings []schema.Posting) error {
	f := x.r.Figure(report.FigureRepay)
	few, err := x.fewRepay(ctx)
	if err != nil {
		return fmt.Errorf("counting who repays: %w", err)
	}
	if f.Value = report.Hidden; few || x.r.Figure(report.FigurePrivate).Value == report.Hidden {
		return nil
	}
	var sum schema.Money
	for i := range postings {
		if p := &postings[i]; p.Repay && x.bears(p) {
			sum += p.Cost
		}
	}
	f.Value = sum.String()
	return nil
}

// fewRepay tells whether one to four lines or holders are behind what the scope's holders repay.
func (x *builder) fewRepay(ctx context.Context) (bool, error) {
	if x.repayers == nil {
		got, err := allocate.Repay(store.Exact(ctx), x.n.store.Conn(), allocate.RepayInput{Input: allocate.Input{Zone: x.zone, Month: x.month}})
		if err != nil {
			return false, err
		}
		x.repayers = map[[2]string]string{}
		for i := range got.Holders {
			h := &got.Holders[i]
			for _, line := range h.Lines {
				for _, unit := range h.Units {
					x.repayers[[2]string{line, unit}] = h.Holder
				}
			}
		}
	}
	lines, holders := map[string]bool{}, map[string]bool{}
	err := x.each(ctx, "SELECT DISTINCT line_id, toString(unit_id) FROM usage WHERE "+x.q.usage(x.month)+" AND private AND cost != 0", func(rows driver.Rows) error {
		var line, unit string
		err := rows.Scan(&line, &unit)
		if holder := x.repayers[[2]string{line, unit}]; holder != "" {
			lines[line], holders[holder] = true, true
		}
		return err
	})
	least := min(len(lines), len(holders))
	return least > 0 && least < 5, err
}
