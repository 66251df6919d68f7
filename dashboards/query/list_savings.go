package query

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

func savingLists() map[string]listFunc {
	return map[string]listFunc{
		"savings_year": oneNumber(unitKronor, func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error) {
			all, ok, err := r.savings(ctx, l)
			sum := decimal.Zero
			for _, s := range all {
				sum = sum.Add(s.Year)
			}
			return present(ok, sum), err
		}),
		"savings_found": oneNumber(unitCount, func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error) {
			all, ok, err := r.savings(ctx, l)
			return present(ok, decimal.NewFromInt(int64(len(all)))), err
		}),
		"savings_kinds": savingsBy("saving", func(l *listing, _ labels, name string) string { return l.texts.T("savings.kind." + name) }, func(s *Saving) string { return s.Kind }),
		"savings_units": savingsBy("unit", func(_ *listing, names labels, name string) string { return names.text("unit", name) }, func(s *Saving) string { return s.Unit }),
		"savings_list":  savingsList,
	}
}

// savings are the findings of the month of the units that are seen.
func (r *Runner) savings(ctx context.Context, l *listing) ([]Saving, bool, error) {
	if r.cfg.Reports == nil {
		return nil, false, nil
	}
	all, ok, err := r.cfg.Reports.Savings(ctx, l.reportMonth())
	if err != nil || !ok {
		return nil, false, err
	}
	var out []Saving
	for _, s := range all.Findings {
		if l.sees(s.Unit) {
			out = append(out, s)
		}
	}
	return out, true, nil
}

// savingsBy adds findings up by a name, the most to save first.
func savingsBy(field string, title func(l *listing, names labels, name string) string, name func(s *Saving) string) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		all, _, err := r.savings(ctx, l)
		if err != nil {
			return nil, err
		}
		sums := map[string]*tally{}
		for i := range all {
			t := sums[name(&all[i])]
			if t == nil {
				t = &tally{name: name(&all[i])}
				sums[t.name] = t
			}
			t.lines++
			t.sum = t.sum.Add(all[i].Year)
		}
		got, more := shown(l, tallied(sums))
		names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
		if err != nil {
			return nil, err
		}
		c := &columns{texts: l.texts}
		c.text(field, got, of(func(t tally) string { return title(l, names, t.name) }))
		c.number("a_year", unitKronor, got, of(func(t tally) *decimal.Decimal { return &t.sum }))
		c.number("found", unitCount, got, of(func(t tally) *decimal.Decimal { return count(t.lines) }))
		return c.capped(l.q.Metric, more, l.q.Limit), nil
	}
}

// savingsList lists the lines of which something could be saved, the most first.
func savingsList(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	all, _, err := r.savings(ctx, l)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Saving) int { return b.Year.Cmp(a.Year) })
	got, more := shown(l, all)
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("line", got, of(func(s Saving) string { return s.Line }))
	c.text("unit", got, of(func(s Saving) string { return names.text("unit", s.Unit) }))
	c.text("saving", got, of(func(s Saving) string { return l.texts.T("savings.kind." + s.Kind) }))
	c.text("plan", got, of(func(s Saving) string { return cmp.Or(strings.TrimSpace(s.Operator+" "+s.Plan), l.texts.T("none")) }))
	c.text("instead", got, of(func(s Saving) string { return cmp.Or(s.Other, l.texts.T("none")) }))
	c.text("role", got, of(func(s Saving) string { return l.texts.Value("role", s.Role) }))
	c.number("a_year", unitKronor, got, of(func(s Saving) *decimal.Decimal { return &s.Year }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}
