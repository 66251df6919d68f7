package query

import (
	"context"
	"slices"

	"linesman/dashboards/messages"
)

// Text is a text in both languages.
type Text struct {
	SV string `json:"sv"`
	EN string `json:"en"`
}

// In returns the text in a language; the other one where it is missing.
func (t Text) In(lang string) string {
	if (lang == messages.English && t.EN != "") || t.SV == "" {
		return t.EN
	}
	return t.SV
}

// Policy is the paragraph that a rule enforces.
type Policy struct {
	Document string `json:"document"`
	Section  string `json:"section"`
	Quote    string `json:"quote"`
}

// RuleText is what people read about one version of a rule.
type RuleText struct {
	Title  Text
	Policy Policy
	// Reason says why something was flagged, with the places {value}, {limit}, {window},
	// {cost} and the names that the violation's detail holds. Empty: a general sentence.
	Reason Text
}

// RuleTexts finds the texts of rules. Version 0 asks for the latest version.
type RuleTexts interface {
	Rule(id string, version uint32) (RuleText, bool)
}

func (r *Runner) ruleText(id string, version uint32) (RuleText, bool) {
	if r.cfg.Rules == nil {
		return RuleText{}, false
	}
	if t, ok := r.cfg.Rules.Rule(id, version); ok {
		return t, true
	}
	return r.cfg.Rules.Rule(id, 0)
}

func (r *Runner) ruleTitle(lang, id string, version uint32) string {
	if t, ok := r.ruleText(id, version); ok && t.Title.In(lang) != "" {
		return t.Title.In(lang)
	}
	return r.cfg.Messages.In(lang).Value("rule", id)
}

// labels turns the values of dimensions into words.
type labels struct {
	texts messages.Texts
	names map[string]map[string]string // dimension, value
	rule  func(id string) string
}

func (l labels) text(dim, value string) string {
	switch {
	case dim == "unit" && value == "":
		return l.texts.T("unknown_unit")
	case dim == "cost_centre" && value == "":
		return l.texts.T("no_cost_centre")
	case dim == "rule":
		return l.rule(value)
	}
	if name := l.names[dim][value]; name != "" {
		if dim == "cost_centre" {
			return value + " " + name
		}
		return name
	}
	return l.texts.Value(dim, value)
}

// labels reads the names that the dimensions of a result need.
func (r *Runner) labels(ctx context.Context, lang string, dims []string, got rows) (labels, error) {
	l := labels{texts: r.cfg.Messages.In(lang), names: map[string]map[string]string{}, rule: func(id string) string { return r.ruleTitle(lang, id, 0) }}
	if len(got) == 0 {
		return l, nil
	}
	for _, dim := range []string{"unit", "cost_centre"} {
		if !slices.Contains(dims, dim) {
			continue
		}
		names, err := r.names(ctx, dim)
		if err != nil {
			return l, err
		}
		l.names[dim] = names
	}
	return l, nil
}

// names reads the present name of every unit or cost centre, those that no longer exist too.
func (r *Runner) names(ctx context.Context, dim string) (map[string]string, error) {
	s := &statement{}
	column, table := "unit_id", "units"
	if dim == "cost_centre" {
		column, table = "cost_centre", "cost_centres"
	}
	s.write("SELECT toString(%s) AS id, argMax(name, valid_from) FROM %s GROUP BY id\nSETTINGS final = 1", column, table)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(got))
	for _, row := range got {
		names[asText(row[0])] = asText(row[1])
	}
	return names, nil
}
