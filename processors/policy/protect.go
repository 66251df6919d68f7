package policy

import (
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// Protection says which rows tell of a use that nobody may control person by person, such as
// a softphone's where staff and employer have agreed so. It holds for the rules of every pack
// of a set, whichever pack declares it:
//
//   - a rule about lines that mentions a protected column is refused,
//   - no rule about lines counts a protected row, neither in a measure nor in what a share is of,
//   - no protected row is ever named as evidence, and times of groups that hold some are told
//     to the day only,
//   - of a unit (or whatever else a rule is about), a group with protected rows from fewer than
//     MinLines lines is left out altogether.
type Protection struct {
	Columns  []string // of usage
	When     string   // condition over usage that selects the protected rows
	Says     Text
	Policy   []Source
	MinLines int64
	File     string
	Line     int // of the file where the protection begins
}

// same tells whether two protections protect the same.
func (p Protection) same(o Protection) bool { return p.text() == o.text() }

func (p Protection) text() string {
	return fmt.Sprintf("%q %q %d", p.Columns, p.When, p.MinLines)
}

// guard is a protection in the zone of a rule.
type guard struct {
	Protection
	sql     string // over columns of usage
	columns []string
}

func protectKeys() []key {
	return []key{
		{name: "columns", form: formList, required: true, item: formText, says: "columns of usage that no rule about lines may mention"},
		{name: "when", form: formCondition, required: true, says: "condition over usage: the rows that are protected"},
		{name: "says", form: formMapping, required: true, says: "what is protected, in a sentence", keys: textKeys()},
		{name: "policy", form: formList, required: true, says: "the paragraphs it puts to work", keys: sourceKeys()},
		{name: "min_lines", form: formInteger, says: "groups with protected rows from fewer lines are left out; 5 when left out, at least 2"},
	}
}

// minLines is of how many lines a group must be, where a protection does not say.
const minLines = 5

// protections reads what the file protects.
func (r *reader) protections(items []*yaml.Node) []Protection {
	var out []Protection
	table := schema.UsageTable().Info()
	for _, n := range items {
		before := len(r.problems)
		f, ok := r.mapping(n, "protect", names(protectKeys())...)
		if !ok {
			continue
		}
		p := Protection{Says: f.both("says", true), MinLines: f.integer("min_lines", false, minLines, 2), File: r.file, Line: n.Line}
		for _, c := range f.list("columns", true) {
			one := fields{r: r, node: c, what: "protect columns", value: map[string]*yaml.Node{"columns": c}}
			if col, ok := one.column("columns", table); ok {
				p.Columns = append(p.Columns, col.Name)
			}
		}
		if f.need("when") != nil {
			if e := f.when("when", table, usable(table), time.UTC); e != nil {
				p.When = e.String()
			}
		}
		for _, item := range f.list("policy", true) {
			p.Policy = append(p.Policy, r.source(item, "protect policy"))
		}
		if len(r.problems) == before {
			out = append(out, p)
		}
	}
	return out
}

// mention is a place where a rule names a column.
type mention struct {
	name string
	at   *yaml.Node
}

// mentions notes that the rule being read judges by a column.
func (r *reader) mentions(column string, at *yaml.Node) {
	r.mentioned = append(r.mentioned, mention{column, &yaml.Node{Line: at.Line, Column: at.Column}})
}

// mentionsIn notes the columns of a condition at the places where its text names them.
func (r *reader) mentionsIn(e *when.Expr, n *yaml.Node) {
	for _, name := range e.Columns() {
		at := &yaml.Node{Line: n.Line, Column: n.Column}
		word := regexp.MustCompile(`\b` + name + `\b`)
		for row := n.Line - 1; row >= 0 && row < len(r.lines); row++ {
			from := 0
			if row == n.Line-1 {
				from = min(n.Column-1, len(r.lines[row]))
			}
			if found := word.FindStringIndex(r.lines[row][from:]); found != nil {
				at.Line, at.Column = row+1, len([]rune(r.lines[row][:from+found[0]]))+1
				break
			}
		}
		r.mentioned = append(r.mentioned, mention{name, at})
	}
}

// protect returns the rule as it is under protections, and what it may not say.
func (r *Rule) protect(all []Protection, compiled map[string]*when.Expr) (*Rule, Problems) {
	if len(all) == 0 && len(r.guards) == 0 {
		return r, nil
	}
	rule := *r
	rule.guards = nil
	var problems Problems
	for _, p := range all {
		key := rule.Zone + "\x00" + p.When
		if compiled[key] == nil {
			table := schema.UsageTable().Info()
			e, err := when.Parse(p.When, table, usable(table), rule.location)
			if err != nil { // it was read before, for another zone
				return r, Problems{{File: p.File, Line: p.Line, Column: 1, Text: "protect: " + err.Error()}}
			}
			compiled[key] = e
		}
		rule.guards = append(rule.guards, guard{p, compiled[key].SQL(), compiled[key].Columns()})
		if rule.Subject != SubjectLine {
			continue
		}
		for _, m := range rule.mentioned {
			if slices.Contains(p.Columns, m.name) {
				problems = append(problems, Problem{File: rule.File, Line: max(m.at.Line, 1), Column: max(m.at.Column, 1),
					Text: fmt.Sprintf("rule %s: %s line %d protects the column %q: %s A rule about lines may not judge by it", rule.ID, p.File, p.Line, m.name, sentence(p.Says.EN))})
			}
		}
	}
	return &rule, problems
}

// sentence ends a text with a full stop.
func sentence(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".") + "." }

// Protections returns what the packs of the set protect.
func (s *Set) Protections() []Protection { return slices.Clone(s.protections) }

// under returns a rule, of this set or not, as it is under what the set protects.
func (s *Set) under(r *Rule) (*Rule, error) {
	if len(s.protections) == 0 {
		return r, nil
	}
	all := slices.Clone(s.protections)
	for _, g := range r.guards {
		all = append(all, g.Protection)
	}
	rule, problems := r.protect(distinct(all), map[string]*when.Expr{})
	if len(problems) > 0 {
		return nil, problems
	}
	return rule, nil
}

// distinct leaves out protections that say the same as one before.
func distinct(all []Protection) []Protection {
	var out []Protection
	for _, p := range all {
		if !slices.ContainsFunc(out, p.same) {
			out = append(out, p)
		}
	}
	return out
}

func (s *Set) protectionsDigest(h hash.Hash) {
	for _, p := range s.protections {
		fmt.Fprintf(h, "protect %s\n", p.text())
	}
}

// guardsOf returns the guards that rows with the columns of a table can be asked for.
func (r *Rule) guardsOf(table schema.Info) []guard {
	protected := schema.UsageTable().Info()
	if table.Name != protected.Name {
		return nil // columns of other sources have the same names and mean other things
	}
	var out []guard
	for _, g := range r.guards {
		missing := func(name string) bool {
			have, ok := table.Column(name)
			want, _ := protected.Column(name)
			return !ok || have.Type != want.Type
		}
		if !slices.ContainsFunc(g.columns, missing) {
			out = append(out, g)
		}
	}
	return out
}

// unprotectedUsageSQL is for sources that tell of lines what they were used for: the
// condition, over the columns of usage, that a row must meet to be counted there. Whatever the
// rule is about, such a source is about lines. "1" when nothing is protected.
func (r *Rule) unprotectedUsageSQL() string {
	out := []string{"1"}
	for _, g := range r.guards {
		out = append(out, "NOT ("+g.sql+")")
	}
	return strings.Join(out, " AND ")
}

// unprotectedSQL writes, for a rule about lines, that no row is protected. So it is for
// rolling windows, whatever they are about: their runs of days are no groups whose lines
// could be counted.
func (r *Rule) unprotectedSQL() []string {
	if r.Subject != SubjectLine && !r.rolling() {
		return nil
	}
	var out []string
	for _, g := range r.guardsOf(r.source().table()) {
		out = append(out, "NOT ("+g.sql+")")
	}
	return out
}

// guardedSQL writes, for a rule about anything but lines, columns that tell protected rows:
// guarded_1 and so on for each protection, and guarded for any.
func (r *Rule) guardedSQL() string {
	var out string
	var names []string
	if r.Subject == SubjectLine || r.rolling() {
		return ""
	}
	for i, g := range r.guardsOf(r.source().table()) {
		names = append(names, fmt.Sprintf("guarded_%d", i+1))
		out += fmt.Sprintf(",\n        (%s) AS %s", g.sql, names[i])
	}
	if out == "" {
		return ""
	}
	return out + ",\n        (" + strings.Join(names, " OR ") + ") AS guarded"
}

// guarded tells whether rows of the query have the columns of guardedSQL.
func (r *Rule) guarded() bool { return r.guardedSQL() != "" }

// smallSQL writes, over groups of such rows, that a group holds protected ones and too few
// lines; empty when nothing is protected. of are the conditions on rows that are each looked
// at so ("1": all of the group).
func (r *Rule) smallSQL(of ...string) string {
	if !r.guarded() {
		return ""
	}
	var ors []string
	for i, g := range r.guardsOf(r.source().table()) {
		for _, rows := range of {
			ors = append(ors, fmt.Sprintf("countIf(guarded_%[1]d AND %[2]s) > 0 AND %[4]s(line_id, line_id != '' AND %[2]s) < %[3]d", i+1, rows, g.MinLines, countLines(g.MinLines, "If")))
		}
	}
	return "(" + strings.Join(ors, " OR ") + ")"
}

// countLines is the function that counts lines as far as it matters whether they are fewer than
// a number: to count them all costs five times as much. kind is appended to its name.
func countLines(fewer int64, kind string) string {
	if fewer > 101 { // more than it counts
		return "uniqExact" + kind
	}
	return fmt.Sprintf("uniqUpTo%s(%d)", kind, fewer-1)
}

// guardColumns writes what smallSQL asks of rows of the source; empty when nothing is protected.
func (r *Rule) guardColumns() string {
	if !r.guarded() {
		return ""
	}
	return ", line_id" + r.guardedSQL()
}

// guardNames names those columns where they are there.
func (r *Rule) guardNames() string {
	if !r.guarded() {
		return ""
	}
	out := ", line_id"
	for i := range r.guardsOf(r.source().table()) {
		out += fmt.Sprintf(", guarded_%d", i+1)
	}
	return out + ", guarded"
}
