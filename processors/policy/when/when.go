// Package when holds the conditions of rules as text: a subset of CEL, the Common
// Expression Language, over the declared columns of one table. A condition is checked
// against the types of the columns and becomes a ClickHouse expression that holds for
// exactly the rows for which CEL's own evaluation holds.
//
//	kind == "call" && !workday(occurred_at) || cost >= kr("12.50")
package when

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"

	"linesman/schema"
)

// MaxText is the length of the longest condition, in characters.
const MaxText = 4000

// maxDepth bounds how deep parentheses and operators may be nested.
const maxDepth = 60

// Problem is something wrong in a condition. Line and Column count from 1 inside its text,
// columns in characters.
type Problem struct {
	Line, Column int
	Text         string
}

// Problems are all that is wrong in one condition, as one error.
type Problems []Problem

// Error lists the problems with their places, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = fmt.Sprintf("%d:%d: %s", one.Line, one.Column, one.Text)
	}
	return strings.Join(lines, "\n")
}

// Expr is a condition that was read and checked. It may be used by several goroutines.
type Expr struct {
	text    string
	sql     string
	columns []string
	types   map[string]schema.Type
	program cel.Program
	tree    Tree
}

// Parse reads a condition over those columns of a table that a rule may use. Hours, days
// and holidays are those of the zone. The error is [Problems].
func Parse(text string, table schema.Info, columns []string, zone *time.Location) (*Expr, error) {
	if n := len([]rune(text)); n > MaxText {
		return nil, Problems{{1, 1, fmt.Sprintf("a condition of %d characters; the longest has %d", n, MaxText)}}
	}
	if strings.TrimSpace(text) == "" {
		return nil, Problems{{1, 1, "the condition is empty"}}
	}
	env, err := environment(table, columns, zone)
	if err != nil {
		return nil, Problems{{1, 1, err.Error()}}
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, syntax(issues)
	}
	c := &compiler{env: env, table: table, usable: columns, zone: zone, text: text, info: parsed.NativeRep().SourceInfo()}
	sql := c.condition(parsed.NativeRep().Expr())
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil { // the compiler knows the types, so this is a second net
		return nil, syntax(issues)
	}
	program, err := env.Program(checked)
	if err != nil {
		return nil, Problems{{1, 1, "planning it: " + err.Error()}}
	}
	tree := c.tree(parsed.NativeRep().Expr(), false)
	slices.Sort(c.read)
	e := &Expr{text: text, sql: sql, columns: slices.Compact(c.read), types: map[string]schema.Type{}, program: program, tree: tree}
	for _, name := range e.columns {
		col, _ := table.Column(name)
		e.types[name] = col.Type
	}
	return e, nil
}

// syntax tells CEL's own complaints in one line each.
func syntax(issues *cel.Issues) Problems {
	var out Problems
	for _, e := range issues.Errors() {
		text := strings.TrimSpace(strings.ReplaceAll(e.Message, "\n", " "))
		text = strings.TrimPrefix(text, "Syntax error: ")
		out = append(out, Problem{max(e.Location.Line(), 1), max(e.Location.Column(), 0) + 1, text})
	}
	return out
}

// String returns the text as it was written.
func (e *Expr) String() string { return e.text }

// SQL returns the condition as a ClickHouse expression of type UInt8 or Bool over columns of
// the table's names. It holds no NUL and depends on nothing but the text and the zone.
func (e *Expr) SQL() string { return e.sql }

// Columns lists the columns that the condition reads, sorted, each once.
func (e *Expr) Columns() []string { return slices.Clone(e.columns) }
