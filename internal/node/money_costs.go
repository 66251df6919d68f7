package node

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"linesman/dashboards/console"
	"linesman/processors/allocate"
	"linesman/processors/budgets"
	"linesman/schema"
)

// borne is what somebody bears of a month.
type borne struct {
	records   uint64
	cost, vat schema.Money
}

func (b *borne) add(p *schema.Posting) {
	b.records, b.cost, b.vat = b.records+p.Records, b.cost+p.Cost, b.vat+p.VAT
}

// moneyAllocation tells who bears a month, by cost centre and by service.
func (n *Node) moneyAllocation(ctx context.Context, month schema.Day, t moneyWords) (console.MoneySection, error) {
	var out console.MoneySection
	r, err := n.Allocate(ctx, AllocateRequest{Month: month})
	if err != nil {
		return out, err
	}
	names, err := n.placeNames(ctx, r.Month)
	if err != nil {
		return out, err
	}
	var all, repaid, moved borne
	centres, services := map[string]*borne{}, map[string]*borne{}
	for i := range r.Postings {
		p := &r.Postings[i]
		all.add(p)
		centre := p.CostCentre
		switch {
		case p.Repay:
			repaid.add(p)
			continue
		case p.Rule != "":
			moved.add(p)
		}
		add(centres, centre, p)
		add(services, p.Service, p)
	}
	out.Figures = []console.MoneyFigure{
		{Label: t.T("money.cost"), Value: t.kr(r.Cost), Note: t.monthOf(r.Month)},
		{Label: t.T("money.vat"), Value: t.kr(r.VAT)},
		{Label: t.T("money.repaid"), Value: t.kr(repaid.cost)},
		{Label: t.T("money.moved"), Value: t.kr(moved.cost)},
	}
	for _, notice := range r.Notices {
		out.Notices = append(out.Notices, noticeWords(t, &notice))
	}
	byCentre := t.table("cost_centres", t.columns("cost_centre", "#records", "#cost", "#vat"), borneRows(t, centres, func(code string) string {
		if code == "" {
			return t.T("allocate.none.cost_centre")
		}
		return codeAndName(code, names.centres[code])
	}, func(a, b string) int { return cmp.Compare(a, b) }))
	byCentre.Rows = append(byCentre.Rows, []string{t.T("allocate.repaid"), t.count(repaid.records), t.kr(repaid.cost), t.kr(repaid.vat)})
	byCentre.Total = []string{t.T("allocate.total"), t.count(all.records), t.kr(all.cost), t.kr(all.vat)}
	byService := t.table("services", t.columns("service", "#records", "#cost", "#vat"), borneRows(t, services, func(code string) string { return t.Value("service", code) },
		func(a, b string) int { return cmp.Compare(services[b].cost, services[a].cost) }))
	out.Tables = []console.MoneyTable{byCentre, byService}
	out.Files, err = n.moneyVouchers(ctx, r.Month, t)
	for _, format := range ExportFormats() {
		if format != ExportSIE {
			out.Files = append(out.Files, console.MoneyLink{ID: format, Title: t.T("money.file." + format)})
		}
	}
	return out, err
}

// moneyVouchers leads to the vouchers of a month that were published, or to the draft of the first.
func (n *Node) moneyVouchers(ctx context.Context, month schema.Day, t moneyWords) ([]console.MoneyLink, error) {
	rows, err := n.store.Conn().Query(ctx, fmt.Sprintf("SELECT revision, toString(argMin(series, log_offset)), argMin(number, log_offset) FROM publications WHERE kind = '%s' AND month = '%s' GROUP BY revision ORDER BY revision SETTINGS final = 1",
		schema.PublicationVoucher, month))
	if err != nil {
		return nil, fmt.Errorf("reading published vouchers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []console.MoneyLink
	for rows.Next() {
		var revision uint32
		var series string
		var number uint64
		if err := rows.Scan(&revision, &series, &number); err != nil {
			return nil, fmt.Errorf("reading published vouchers: %w", err)
		}
		out = append(out, console.MoneyLink{ID: fmt.Sprint(voucherFile, revision), Title: t.T("money.file.voucher", "number", fmt.Sprint(series, " ", number))})
	}
	if len(out) == 0 {
		out = []console.MoneyLink{{ID: ExportSIE, Title: t.T("money.file.sie")}}
	}
	return out, rows.Err()
}

// voucherFile begins the id of the file of a published voucher; its revision follows.
const voucherFile = "sie-"

func add(sums map[string]*borne, key string, p *schema.Posting) {
	if sums[key] == nil {
		sums[key] = &borne{}
	}
	sums[key].add(p)
}

func borneRows(t moneyWords, sums map[string]*borne, name func(string) string, order func(a, b string) int) [][]string {
	rows := make([][]string, 0, len(sums))
	for _, key := range slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(order(a, b), cmp.Compare(a, b)) }) {
		b := sums[key]
		rows = append(rows, []string{name(key), t.count(b.records), t.kr(b.cost), t.kr(b.vat)})
	}
	return rows
}

func noticeWords(t moneyWords, n *allocate.Notice) string {
	return t.T("allocate.notice."+n.Code, "rule", n.Rule, "currency", n.Currency, "n", t.count(n.Records), "cost", t.kr(n.Cost))
}

// moneyBudgets tells how the budgets stand, those that will not do first.
func (n *Node) moneyBudgets(ctx context.Context, month schema.Day, t moneyWords) (console.MoneySection, error) {
	var out console.MoneySection
	r, err := n.Budgets(ctx, BudgetsRequest{Month: month})
	if err != nil {
		return out, err
	}
	over := 0
	list := slices.Clone(r.Budgets)
	slices.SortStableFunc(list, func(a, b budgets.Budget) int { return cmp.Compare(b.Year.Verdict.By, a.Year.Verdict.By) })
	var rows [][]string
	for i := range list {
		b := &list[i]
		if s := b.Year.Verdict.State; s == budgets.Exceeded || s == budgets.Likely {
			over++
		}
		foreseen := ""
		if b.Year.Forecast != nil {
			foreseen = t.kr(b.Year.Forecast.Amount)
		}
		percent := ""
		if b.Month.Percent != nil {
			percent = t.Number(*b.Month.Percent, 1)
		}
		rows = append(rows, []string{codeAndName(cmp.Or(b.CostCentre, b.Unit), b.Name), t.kr(b.Month.Budget), t.kr(b.Month.Outcome), percent, t.kr(b.YearToDate.Outcome), t.kr(b.Year.Budget), foreseen, t.T("money.verdict." + b.Year.Verdict.State)})
	}
	out.Figures = []console.MoneyFigure{
		{Label: t.T("budgets.budget"), Value: t.kr(r.Total.Budget)}, {Label: t.T("budgets.outcome"), Value: t.kr(r.Total.Outcome)},
		{Label: t.T("budgets.left"), Value: t.kr(r.Total.Left), Bad: r.Total.Left < 0}, {Label: t.T("money.over"), Value: t.count(uint64(over)), Bad: over > 0},
	}
	table := t.table("budgets", t.columns("place", "#budget", "#outcome", "#percent", "#ytd", "#year", "#foreseen", "verdict"), rows)
	out.Tables = []console.MoneyTable{table}
	return out, nil
}
