package policy

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"linesman/schema"
)

//go:embed packs/*.yaml
var packs embed.FS

// Builtin returns the rules that come with the product (packs/core.yaml).
func Builtin() (*Set, error) {
	sub, err := fs.Sub(packs, "packs")
	if err != nil {
		return nil, fmt.Errorf("opening the built-in policy packs: %w", err)
	}
	return Load(sub)
}

// Load reads rule files from a folder: the named ones, or every .yaml and .yml file in it.
// When anything is wrong the error is [Problems], which lists all of it with file, line
// and column; no rule is loaded then.
func Load(fsys fs.FS, names ...string) (*Set, error) {
	if len(names) == 0 {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil {
			return nil, fmt.Errorf("listing the policy folder: %w", err)
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
				names = append(names, e.Name())
			}
		}
	}
	var rules []*Rule
	var problems Problems
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading policy file %s: %w", name, err)
		}
		found, wrong := Parse(name, data)
		rules, problems = append(rules, found...), append(problems, wrong...)
	}
	set, wrong := newSet(rules)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, problems
	}
	return set, nil
}

// Check reads one rule file and returns everything that is wrong in it.
func Check(file string) []Problem {
	data, err := os.ReadFile(file)
	if err != nil {
		return []Problem{{File: file, Line: 1, Column: 1, Text: fmt.Sprintf("reading it: %v", errors.Unwrap(err))}}
	}
	rules, problems := Parse(file, data)
	_, twice := newSet(rules)
	return append(problems, twice...)
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// Parse reads the rules of one file. Rules without problems are returned even when others
// of the file have some.
func Parse(file string, data []byte) ([]*Rule, Problems) {
	r := &reader{file: file}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		p := Problem{File: file, Line: 1, Column: 1, Text: strings.TrimPrefix(err.Error(), "yaml: ")}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			fmt.Sscan(m[1], &p.Line)
			p.Text = m[2]
		}
		return nil, Problems{p}
	}
	if len(doc.Content) == 0 {
		r.problem(&doc, "the file is empty; want the keys pack and rules")
		return nil, r.problems
	}
	f, ok := r.mapping(doc.Content[0], "file", "pack", "rules")
	if !ok {
		return nil, r.problems
	}
	pack := f.text("pack", true)
	var rules []*Rule
	for _, n := range f.list("rules", true) {
		before := len(r.problems)
		rule := r.rule(n)
		if len(r.problems) > before {
			continue
		}
		rule.Pack, rule.File, rule.Line = pack, file, n.Line
		rules = append(rules, rule)
	}
	return rules, r.problems
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

func (r *reader) rule(n *yaml.Node) *Rule {
	rule := &Rule{}
	f, ok := r.mapping(n, "rule", "id", "version", "title", "description", "severity", "policy", "valid_from", "valid_to",
		"informed_at", "zone", "subject", "window", "source", "where", "exempt", "limits", "trend")
	if !ok {
		return rule
	}
	if rule.ID = f.text("id", true); rule.ID != "" {
		f.what = "rule " + rule.ID
		if !idForm.MatchString(rule.ID) {
			r.problem(f.value["id"], "rule id %q: want small letters, digits and hyphens, beginning with a letter", rule.ID)
		}
	}
	rule.Version = uint32(f.integer("version", true, 1, 1))
	rule.Title, rule.Description = f.both("title", true), f.both("description", true)
	rule.Severity = f.word("severity", true, SeverityLow, SeverityMedium, SeverityHigh)
	rule.ValidFrom, rule.ValidTo = f.day("valid_from", true), f.day("valid_to", false)
	rule.InformedAt = f.day("informed_at", true)
	if rule.ValidTo != 0 && rule.ValidTo <= rule.ValidFrom {
		r.problem(f.value["valid_to"], "%s: valid_to is the first day on which the rule no longer holds; it must be after valid_from", f.what)
	}
	rule.Subject = f.word("subject", true, SubjectLine, SubjectUnit)
	rule.Window = f.word("window", true, WindowDay, WindowWeek, WindowMonth)
	rule.From = f.word("source", true, SourceUsage, SourceWatches)
	f.zone(rule)
	for _, item := range f.list("policy", true) {
		rule.Policy = append(rule.Policy, r.source(item, f.what+" policy"))
	}
	f.body(rule)
	return rule
}

func (f fields) zone(rule *Rule) {
	rule.Zone = schema.DefaultZone
	if f.has("zone") {
		rule.Zone = f.text("zone", true)
	}
	var err error
	if rule.location, err = time.LoadLocation(rule.Zone); err != nil || rule.Zone == "Local" {
		f.r.problem(f.value["zone"], "%s: zone %q is not known; want a name such as Europe/Stockholm", f.what, rule.Zone)
		rule.location = time.UTC
	}
}

var dateForm = regexp.MustCompile(`^\d{4}(-\d\d-\d\d)?$`)

func (r *reader) source(n *yaml.Node, what string) Source {
	f, ok := r.mapping(n, what, "document", "section", "quote", "date")
	if !ok {
		return Source{}
	}
	s := Source{Document: f.text("document", true), Section: f.text("section", true), Quote: f.text("quote", true)}
	if d := f.value["date"]; d != nil {
		if s.Date = d.Value; !dateForm.MatchString(s.Date) {
			r.problem(d, "%s: \"date\" wants a year or a date such as 2017-12-12", what)
		}
	}
	return s
}

// body reads what the rule measures: conditions, exemption and limits, or a trend.
func (f fields) body(rule *Rule) {
	table := schema.UsageTable().Info()
	if rule.From == SourceWatches {
		table = schema.WatchTable().Info()
	}
	rule.Where = f.r.conditions(f.list("where", rule.From == SourceUsage), f.what+" where", table, false)
	if rule.From == SourceWatches {
		f.trendBody(rule, table)
		return
	}
	if n := f.value["exempt"]; n != nil {
		if e, ok := f.r.mapping(n, f.what+" exempt", "approval", "country_column"); ok {
			rule.Exempt.Approval = e.word("approval", true, "trip", "premium", "forwarding")
			if e.has("country_column") {
				if col, ok := e.column("country_column", table); ok && col.Name != "visited_country" && col.Name != "other_country" {
					f.r.problem(e.value["country_column"], "%s exempt: country_column can be visited_country or other_country", f.what)
				}
				rule.Exempt.CountryColumn = e.text("country_column", false)
			}
		}
	}
	if f.has("trend") {
		f.trendBody(rule, table)
		return
	}
	seen := map[string]bool{}
	for _, n := range f.list("limits", true) {
		l := f.r.limit(n, f.what+" limits", table)
		if seen[l.Measure] {
			f.r.problem(n, "%s limits: measure %q is given twice", f.what, l.Measure)
		}
		seen[l.Measure] = true
		rule.Limits = append(rule.Limits, l)
	}
}

func (r *reader) limit(n *yaml.Node, what string, table schema.Info) Limit {
	var l Limit
	f, ok := r.mapping(n, what, "measure", "count", "sum", "cost", "scale", "unit", "above", "high_above", "says")
	if !ok {
		return l
	}
	l.Measure = f.text("measure", true)
	if l.Measure != "" && !idForm.MatchString(l.Measure) {
		r.problem(f.value["measure"], "%s: measure %q: want small letters, digits and hyphens", what, l.Measure)
	}
	l.Unit, l.Says = f.text("unit", true), f.both("says", false)
	l.Scale = f.integer("scale", false, 1, 1)
	given := 0
	for _, key := range []string{measureCount, measureSum, measureCost} {
		if f.has(key) {
			given, l.How = given+1, key
		}
	}
	if given != 1 {
		r.problem(n, "%s: give exactly one of count: true, sum: a column, cost: true", what)
		return l
	}
	switch l.How {
	case measureSum:
		col, ok := f.column(measureSum, table)
		if !ok {
			return l
		}
		if !slices.Contains([]schema.Type{schema.TypeUint, schema.TypeUint32, schema.TypeInt, schema.TypeMoney}, col.Type) {
			r.problem(f.value[measureSum], "%s: column %q is a %s and cannot be summed", what, col.Name, col.Type)
		}
		l.Column, l.money = col.Name, col.Type == schema.TypeMoney
	case measureCost:
		l.Column, l.money = "cost", true
		fallthrough
	default:
		if !f.flag(l.How) {
			r.problem(f.value[l.How], "%s: %s wants true", what, l.How)
		}
	}
	f.threshold(&l)
	return l
}

// threshold makes whole numbers of the limits. A sum of whole numbers is above a limit
// exactly when it is above the limit's floor.
func (f fields) threshold(l *Limit) {
	raw := func(key string, required bool) (int64, *big.Rat, bool) {
		v, ok := f.decimal(key, required)
		if !ok {
			return 0, nil, false
		}
		scaled := new(big.Rat).Mul(v, new(big.Rat).SetInt64(l.Scale))
		if l.money {
			scaled.Mul(scaled, new(big.Rat).SetInt64(int64(schema.Micro)))
		}
		floor := new(big.Int).Div(scaled.Num(), scaled.Denom())
		if !floor.IsInt64() {
			f.r.problem(f.value[key], "%s: %q is too large", f.what, key)
			return 0, nil, false
		}
		return floor.Int64(), v, true
	}
	above, unit, ok := raw("above", true)
	if !ok {
		return
	}
	l.above = above
	l.aboveUnit, _ = unit.Float64()
	if l.high, _, l.hasHigh = raw("high_above", false); l.hasHigh && l.high < l.above {
		f.r.problem(f.value["high_above"], "%s: high_above is below the limit", f.what)
	}
}
