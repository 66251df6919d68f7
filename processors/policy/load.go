package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"linesman/schema"
)

// Load reads rule files from a folder: the named ones, or every .yaml and .yml file in it.
// When anything is wrong the error is [Problems], which lists all of it with file, line
// and column; no rule is loaded then. Parameters have their defaults.
func Load(fsys fs.FS, names ...string) (*Set, error) { return LoadWith(nil, fsys, names...) }

// LoadWith is [Load] with values for parameters of the files. Values of parameters that no
// file has are passed over: see [Set.Parameters].
func LoadWith(values map[string]string, fsys fs.FS, names ...string) (*Set, error) {
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
	var all contents
	var problems Problems
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading policy file %s: %w", name, err)
		}
		found, wrong := parse(name, data, values)
		all.add(found)
		problems = append(problems, wrong...)
	}
	set, wrong := newSet(all)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, problems
	}
	return set, nil
}

// Check reads one rule file and returns everything that is wrong in it.
func Check(file string) []Problem { return (&Set{}).Check(file) }

// Check reads one rule file and returns everything that is wrong in it, and with it beside the
// rules of the set. It takes the place of the pack of its name, and has its parameters.
func (s *Set) Check(file string) []Problem {
	data, err := os.ReadFile(file)
	if err != nil {
		return []Problem{{File: file, Line: 1, Column: 1, Text: fmt.Sprintf("reading it: %v", errors.Unwrap(err))}}
	}
	found, problems := parse(file, data, s.Parameters())
	var beside contents
	for _, p := range s.packs {
		if len(found.packs) == 0 || p.Name == found.packs[0].Name {
			continue
		}
		beside.packs = append(beside.packs, p)
		of := func(file, pack string) bool { return file == p.File && (pack == "" || pack == p.Name) }
		for _, r := range s.rules {
			if of(r.File, r.Pack) {
				beside.rules = append(beside.rules, r)
			}
		}
		for _, g := range s.protections {
			if of(g.File, "") {
				beside.protections = append(beside.protections, g)
			}
		}
	}
	beside.add(found)
	_, together := newSet(beside)
	return append(problems, slices.DeleteFunc(together, func(p Problem) bool { return p.File != file })...)
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// Parse reads the rules of one file. Rules without problems are returned even when others
// of the file have some. What rules may not do together, such as judging by columns that
// the file protects, is found when they become a set.
func Parse(file string, data []byte) ([]*Rule, Problems) {
	found, problems := parse(file, data, nil)
	return found.rules, problems
}

// contents is what files hold.
type contents struct {
	packs       []Pack
	rules       []*Rule
	protections []Protection
}

func (c *contents) add(o contents) {
	c.packs, c.rules = append(c.packs, o.packs...), append(c.rules, o.rules...)
	c.protections = append(c.protections, o.protections...)
}

func parse(file string, data []byte, values map[string]string) (contents, Problems) {
	r := &reader{file: file, lines: strings.Split(string(data), "\n")}
	var doc, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	err := documents.Decode(&doc)
	if err == io.EOF {
		err = nil
	} else if err == nil && documents.Decode(&more) != io.EOF {
		r.problem(&more, "a second document begins here; what stands in it would not be read: put all rules under one list")
	}
	if err != nil {
		p := Problem{File: file, Line: 1, Column: 1, Text: strings.TrimPrefix(err.Error(), "yaml: ")}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			fmt.Sscan(m[1], &p.Line)
			p.Text = m[2]
		}
		return contents{}, Problems{p}
	}
	if len(doc.Content) == 0 {
		r.problem(&doc, "the file is empty; want the keys pack and rules")
		return contents{}, r.problems
	}
	f, ok := r.mapping(doc.Content[0], "file", names(fileKeys())...)
	if !ok {
		return contents{}, r.problems
	}
	pack := Pack{File: file, Parameters: r.parameters(resolve(doc.Content[0]), f, values)}
	pack.Name, pack.Title, pack.Organisation = f.text("pack", true), f.both("title", false), f.text("organisation", false)
	exempt := f.numbers("exempt_numbers")
	pack.exempt = exempt
	out := contents{protections: r.protections(f.list("protect", false))}
	for _, n := range f.list("rules", true) {
		before := len(r.problems)
		rule := r.rule(n, exempt)
		if len(r.problems) > before {
			continue
		}
		rule.Pack, rule.File, rule.Line = pack.Name, file, n.Line
		out.rules = append(out.rules, rule)
	}
	pack.Rules = len(out.rules)
	out.packs = []Pack{pack}
	return out, r.problems
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

func (r *reader) rule(n *yaml.Node, exempt []uint64) *Rule {
	rule := &Rule{}
	r.mentioned = nil
	f, ok := r.mapping(n, "rule", names(ruleKeys())...)
	if !ok {
		return rule
	}
	if rule.ID = f.text("id", true); rule.ID != "" {
		f.what = "rule " + rule.ID
		if !idForm.MatchString(rule.ID) {
			r.problem(f.value["id"], "rule id %q: want small letters, digits and hyphens, beginning with a letter", rule.ID)
		}
	}
	rule.Version = f.version()
	rule.Title, rule.Description = f.both("title", true), f.both("description", true)
	rule.Severity = f.word("severity", true, SeverityLow, SeverityMedium, SeverityHigh)
	f.lifetime(rule)
	rule.Candidate = f.flag("candidate")
	if rule.From = SourceUsage; f.has("source") || !f.is(KindGoal) { // goals have sources of their own
		rule.From = f.word("source", true, sourceNames()...)
	}
	f.kind(rule)
	if rule.Subject = SubjectUnit; f.has("subject") {
		rule.Subject = f.word("subject", true, subjects()...)
	}
	if rule.Window = WindowDay; rule.Kind != KindMatch || f.has("window") {
		rule.Window = f.word("window", true, windows()...)
	}
	f.fitsSource(rule)
	f.zone(rule)
	for _, item := range f.list("policy", true) {
		rule.Policy = append(rule.Policy, r.source(item, f.what+" policy"))
	}
	rule.ExemptNumbers = append(slices.Clone(exempt), f.numbers("exempt_numbers")...)
	rule.NoEvidence = f.word("evidence", false, evidenceNone) == evidenceNone
	f.body(rule)
	rule.mentioned = r.mentioned
	return rule
}

// lifetime reads when the rule holds. Nothing before the latest of valid_from, informed_at
// and negotiated_at is ever flagged.
func (f fields) lifetime(rule *Rule) {
	rule.ValidFrom, rule.ValidTo = f.day("valid_from", true), f.day("valid_to", false)
	rule.InformedAt, rule.NegotiatedAt = f.day("informed_at", true), f.day("negotiated_at", false)
	if rule.ValidTo != 0 && rule.ValidTo <= rule.start() {
		f.r.problem(f.value["valid_to"], "%s: valid_to is the first day on which the rule no longer holds; it must be after valid_from, informed_at and negotiated_at, or nothing is ever flagged", f.what)
	}
}

// kind reads what makes the rule trip, and checks that it has what its kind needs.
func (f fields) kind(rule *Rule) {
	rule.Kind = KindThreshold
	if f.has("trend") || rule.source().counted {
		rule.Kind = KindTrend
	}
	if !f.has("kind") {
		if f.has("says") {
			f.r.problem(f.value["says"], "%s: \"says\" is for kind match; a limit has its own", f.what)
		}
		return
	}
	deduced := rule.Kind
	rule.Kind = f.word("kind", true, kinds()...)
	if rule.Kind == "" {
		rule.Kind = deduced
	}
	switch {
	case rule.Kind == KindMatch && rule.source().counted:
		f.r.problem(f.value["kind"], "%s: watches are counts, not events; their kind is trend", f.what)
	case rule.Kind == KindThreshold && deduced == KindTrend:
		f.r.problem(f.value["kind"], "%s: a rule with a trend is of kind trend", f.what)
	case rule.Kind == KindTrend && !f.has("trend"):
		f.need("trend")
	}
	for _, key := range []string{"limits", "trend"} {
		if rule.Kind == KindMatch && f.has(key) {
			f.r.problem(f.value[key], "%s: kind match trips on one event; %q says otherwise", f.what, key)
		}
	}
	if (rule.Kind == KindThreshold || rule.Kind == KindTrend) && f.has("says") {
		f.r.problem(f.value["says"], "%s: \"says\" is for kind match; a limit has its own", f.what)
	}
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
	f, ok := r.mapping(n, what, names(sourceKeys())...)
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
	table := rule.source().table()
	f.selection(rule, table)
	if f.specialBody(rule) {
		return
	}
	if rule.source().counted {
		if rule.Kind == KindTrend {
			f.trendBody(rule, table)
		}
		return
	}
	if n := f.value["exempt"]; n != nil && !rule.source().has("line_id") {
		f.r.problem(n, "%s: approvals are for lines; %s have none", f.what, rule.From)
	} else if n != nil {
		f.exemption(rule, n, table)
	}
	switch {
	case rule.Kind == KindMatch:
		rule.Limits = []Limit{{Measure: measureMatches, How: measureCount, Scale: 1, Unit: "events", Says: f.both("says", false)}}
		return
	case f.has("trend"):
		f.trendBody(rule, table)
		return
	case rule.Kind == KindTrend:
		return
	}
	seen := map[string]bool{}
	for _, n := range f.list("limits", true) {
		l := f.r.limit(n, f.what+" limits", table, rule)
		if seen[l.Measure] {
			f.r.problem(n, "%s limits: measure %q is given twice", f.what, l.Measure)
		}
		seen[l.Measure] = true
		rule.Limits = append(rule.Limits, l)
	}
	if rule.rolling() {
		f.rollingLimits(rule)
	}
}

// selection reads which rows count: where and when must both hold, and no row is between a
// line and an exempt number.
func (f fields) selection(rule *Rule, table schema.Info) {
	counted := rule.source().counted
	rule.Where = f.r.conditions(f.list("where", !counted && !f.has("when") && (rule.Kind == KindMatch || rule.Kind == KindThreshold || rule.Kind == KindTrend)), f.what+" where", table, false)
	judged := usable(table)
	if counted {
		judged = []string{"unit_id", "profession_group", "source"} // what a count has one of
	}
	if e := f.when("when", table, judged, rule.location); e != nil {
		rule.Where = append(rule.Where, Condition{When: e})
	}
	if len(rule.ExemptNumbers) == 0 {
		return
	}
	if s := rule.source(); !s.has("other_hash") {
		if f.has("exempt_numbers") && !s.has("line_id") {
			f.r.problem(f.value["exempt_numbers"], "%s: %s have neither lines nor other parties", f.what, rule.From)
		}
		if !s.has("line_id") {
			rule.ExemptNumbers = nil
		}
	}
	slices.Sort(rule.ExemptNumbers)
	if rule.ExemptNumbers = slices.Compact(rule.ExemptNumbers); !rule.source().has("other_hash") {
		return
	}
	rule.Where = append(rule.Where, rule.notExempt())
}

// exemptLinesSQL writes that no row is of an exempt number's own line: neither is it a
// subject, nor does its use count in its unit's.
func (r *Rule) exemptLinesSQL() []string {
	if len(r.ExemptNumbers) == 0 {
		return nil
	}
	lines := make([]string, len(r.ExemptNumbers))
	for i, hash := range r.ExemptNumbers {
		lines[i] = quote(schema.LineID(hash))
	}
	var out []string
	for _, column := range []string{"line_id", "recorded_line_id"} {
		if r.source().has(column) {
			out = append(out, column+" NOT IN ("+strings.Join(lines, ", ")+")")
		}
	}
	return out
}

// notExempt is the condition that keeps exempt numbers out.
func (r *Rule) notExempt() Condition {
	c := Condition{Column: "other_hash", Type: schema.TypeHash, Op: opNotIn}
	for _, hash := range r.ExemptNumbers {
		c.Values = append(c.Values, strconv.FormatUint(hash, 10))
	}
	return c
}

func (f fields) exemption(rule *Rule, n *yaml.Node, table schema.Info) {
	e, ok := f.r.mapping(n, f.what+" exempt", names(exemptKeys())...)
	if !ok {
		return
	}
	rule.Exempt.Approval = e.word("approval", true, approvalKinds()...)
	if e.has("country_column") {
		if col, ok := e.column("country_column", table); ok && !slices.Contains(countryColumns(), col.Name) {
			f.r.problem(e.value["country_column"], "%s exempt: country_column can be visited_country or other_country", f.what)
		}
		rule.Exempt.CountryColumn = e.text("country_column", false)
	}
}

func approvalKinds() []string {
	return []string{"trip", "premium", "forwarding", "private", "review", "hours", "return", "sms"}
}
func countryColumns() []string { return []string{"visited_country", "other_country"} }
