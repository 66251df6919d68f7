package query

import (
	"context"
	"fmt"

	"linesman/dashboards/messages"
)

// Option is one choice of a picker.
type Option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// OptionLists lists the names that [Runner.Options] knows.
func OptionLists() []string {
	return []string{"cost_centres", "months", "rules", "states", "units", "violations"}
}

// Options returns the choices of a picker, from small tables only.
func (r *Runner) Options(ctx context.Context, scope Scope, name, lang string) ([]Option, error) {
	if err := scope.check(); err != nil {
		return nil, err
	}
	ctx = r.within(ctx, scope)
	texts := r.cfg.Messages.In(lang)
	switch name {
	case "units", "cost_centres":
		return r.placeOptions(ctx, scope, name)
	case "months":
		return r.monthOptions(ctx, texts)
	case "rules":
		return r.ruleOptions(ctx, scope, texts)
	case "violations":
		return r.violationOptions(ctx, scope, texts)
	case "states":
		return []Option{{texts.T("state.open"), "open"}, {texts.T("state.retracted"), "retracted"}}, nil
	}
	return nil, unknown("list of options", name, OptionLists())
}

func (r *Runner) placeOptions(ctx context.Context, scope Scope, name string) ([]Option, error) {
	s := &statement{}
	var c conditions
	if name == "units" {
		s.scope(&c, scope, "unit_id")
		s.write("SELECT toString(unit_id) AS id, name AS n FROM units_now%s ORDER BY n, id", c.where())
	} else {
		if !scope.All {
			c.add("cost_centre IN (SELECT cost_centre FROM units_now WHERE unit_id IN %s)", s.strings(scope.units()))
		}
		s.write("SELECT toString(cost_centre) AS id, argMax(name, valid_from) AS n FROM cost_centres%s GROUP BY cost_centre ORDER BY id", c.where())
	}
	s.write("\nLIMIT %d\nSETTINGS final = 1", maxRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]Option, 0, len(got))
	for _, row := range got {
		o := Option{Text: asText(row[1]), Value: asText(row[0])}
		if name == "cost_centres" || o.Text == "" {
			o.Text = fmt.Sprintf("%s %s", o.Value, o.Text)
		}
		out = append(out, o)
	}
	return out, nil
}

func (r *Runner) monthOptions(ctx context.Context, texts messages.Texts) ([]Option, error) {
	months, err := r.months(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Option, 0, len(months))
	for _, m := range months {
		text := texts.Month(m.first)
		if !m.complete {
			text = texts.T("month.ongoing", "month", text)
		}
		out = append(out, Option{text, m.first.Format("2006-01")})
	}
	return out, nil
}

func (r *Runner) ruleOptions(ctx context.Context, scope Scope, texts messages.Texts) ([]Option, error) {
	s := &statement{}
	var c conditions
	s.scope(&c, scope, "unit_id")
	s.write("SELECT toString(rule) AS id, max(rule_version) FROM violations_current%s GROUP BY id ORDER BY id LIMIT %d\nSETTINGS final = 1", c.where(), usualRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]Option, 0, len(got))
	for _, row := range got {
		id := asText(row[0])
		out = append(out, Option{r.ruleTitle(texts.Lang(), id, uint32(asCount(row[1]))), id})
	}
	return out, nil
}
