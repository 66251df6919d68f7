package when

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"

	"linesman/schema"
)

// compiler walks the syntax tree, knows the type of each part and writes SQL. It keeps every
// problem it meets.
type compiler struct {
	env      *cel.Env
	table    schema.Info
	usable   []string
	zone     *time.Location
	text     string
	info     *ast.SourceInfo
	read     []string // columns
	problems Problems
}

func (c *compiler) problem(e ast.Expr, format string, args ...any) {
	at := c.info.GetStartLocation(e.ID())
	c.problems = append(c.problems, Problem{max(at.Line(), 1), max(at.Column(), 0) + 1, fmt.Sprintf(format, args...)})
}

// atName reports a problem of a called function at its name: CEL places a call at its parenthesis.
func (c *compiler) atName(e ast.Expr, name, format string, args ...any) {
	at := c.info.GetStartLocation(e.ID())
	column := max(at.Column(), 0)
	lines := strings.Split(c.text, "\n")
	if line := at.Line() - 1; line >= 0 && line < len(lines) {
		before := []rune(lines[line])
		before = before[:min(column, len(before))]
		if trimmed := strings.TrimRight(string(before), " \t"); strings.HasSuffix(trimmed, name) {
			column = len([]rune(trimmed)) - len([]rune(name))
		}
	}
	c.problems = append(c.problems, Problem{max(at.Line(), 1), column + 1, fmt.Sprintf(format, args...)})
}

const grammar = "a condition compares columns with constants: ==, !=, <, <=, >, >=, in [...], startsWith, joined by &&, || and !"

// condition compiles an expression that must be true or false for each row.
func (c *compiler) condition(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		o, ok := c.column(e)
		if ok && o.kind != kindBool {
			c.problem(e, "column %q is %s; compare it with something", o.name, o.kind)
		}
		return o.sql
	case ast.LiteralKind:
		c.problem(e, "a constant alone does not depend on the row; leave it out")
		return ""
	case ast.CallKind:
		return c.call(e)
	}
	c.problem(e, "%s; %s", construct(e), grammar)
	return ""
}

// construct names what no condition may hold.
func construct(e ast.Expr) string {
	switch e.Kind() {
	case ast.ListKind:
		return "a list stands only after \"in\""
	case ast.MapKind, ast.StructKind:
		return "maps and messages are not part of conditions"
	case ast.SelectKind:
		return "a column has no fields"
	}
	return "this is not part of conditions"
}

func (c *compiler) call(e ast.Expr) string {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		word := map[string]string{operators.LogicalAnd: " AND ", operators.LogicalOr: " OR "}[name]
		parts := make([]string, 0, 2)
		for _, part := range c.flat(e, name) {
			parts = append(parts, c.condition(part))
		}
		slices.SortStableFunc(parts, cheapestFirst)
		return "(" + strings.Join(parts, word) + ")"
	case operators.LogicalNot:
		return "NOT (" + c.condition(args[0]) + ")"
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return c.compare(e, name, args[0], args[1])
	case operators.In:
		return c.in(e, args[0], args[1])
	case overloads.StartsWith:
		return c.startsWith(e)
	case fnWorkday:
		if o, ok := c.local(e, name); ok {
			return o.sql
		}
		return ""
	default:
		if _, known := signs()[name]; known {
			c.problem(e, "%q makes no condition; compare the result with something", signs()[name])
			return ""
		}
		c.unknown(e, name)
		return ""
	}
}

// cheapestFirst orders conditions that are joined: what a local clock or calendar showed is
// worked out for the rows that the others leave. Conditions have no errors and no effects, so
// their order changes no answer.
func cheapestFirst(a, b string) int { return pains(a) - pains(b) }

// pains says how much work a condition is for a row.
func pains(sql string) int {
	switch {
	case strings.Contains(sql, "makeDate32("):
		return 2
	case strings.Contains(sql, "toHour(") || strings.Contains(sql, "toDayOfWeek("):
		return 1
	}
	return 0
}

// flat lists the operands of a chain of the same operator.
func (c *compiler) flat(e ast.Expr, name string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != name {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, a := range e.AsCall().Args() {
		out = append(out, c.flat(a, name)...)
	}
	return out
}

// unknown reports a call that no condition may hold.
func (c *compiler) unknown(e ast.Expr, name string) {
	switch name {
	case operators.Conditional:
		c.problem(e, "\"? :\" is not part of conditions; use && and ||")
	case operators.Index, operators.OptIndex, operators.OptSelect:
		c.problem(e, "a column has no items; %s", grammar)
	case fnHour, fnWeekday, fnMinutes:
		c.atName(e, name, "%s(…) is a number; compare it with something", name)
	case fnKr, fnDay, overloads.TypeConvertTimestamp:
		c.atName(e, name, "%s(…) is a constant; compare a column with it", name)
	default:
		c.atName(e, name, "no function %q%s", name, DidYouMean(name, functionNames()))
	}
}

// signs are the operators as they are written.
func signs() map[string]string {
	return map[string]string{operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">",
		operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/", operators.Modulo: "%",
		operators.Negate: "-"}
}

// compare compiles a comparison of a column or a local time with a constant, or of two
// columns of one type.
func (c *compiler) compare(e ast.Expr, op string, left, right ast.Expr) string {
	l, okL := c.operand(left)
	r, okR := c.operand(right)
	if !okL || !okR {
		return ""
	}
	sign := signs()[op]
	if l.constant() && r.constant() {
		c.problem(e, "this compares two constants and does not depend on the row")
		return ""
	}
	if l.kind != r.kind {
		c.problem(e, "%s cannot compare %s with %s%s", sign, l.kind, r.kind, hint(l, r))
		return ""
	}
	equality := op == operators.Equals || op == operators.NotEquals
	switch {
	case !equality && (l.kind == kindText || l.kind == kindBool):
		c.problem(e, "%s is not for %s; use == or !=", sign, l.kind)
		return ""
	case equality && l.kind == kindNumber:
		c.problem(e, "%s is not for numbers with decimals, which are seldom exactly equal; use < or >", sign)
		return ""
	case l.constant() && !c.fits(left, r, l, equality), r.constant() && !c.fits(right, l, r, equality):
		return ""
	}
	if sign == "==" {
		sign = "="
	}
	return l.sql + " " + sign + " " + r.sql
}

// in compiles membership in a list of constants.
func (c *compiler) in(e ast.Expr, left, right ast.Expr) string {
	l, ok := c.operand(left)
	if right.Kind() != ast.ListKind {
		c.problem(e, "after \"in\" comes a list of constants, such as [\"NO\", \"DK\"]")
		return ""
	}
	items := right.AsList().Elements()
	if len(items) == 0 {
		c.problem(right, "the list is empty")
	}
	if !ok {
		return ""
	}
	if l.constant() || l.kind == kindBool || l.kind == kindNumber {
		c.problem(e, "before \"in\" comes a column that holds text, whole numbers, amounts, days or moments")
		return ""
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		o, ok := c.operand(item)
		switch {
		case !ok:
		case !o.constant():
			c.problem(item, "a list holds constants only; join comparisons with ||")
		case o.kind != l.kind:
			c.problem(item, "the list holds %s, but before \"in\" is %s%s", o.kind, l.kind, hint(l, o))
		case c.fits(item, l, o, true):
			values = append(values, o.sql)
		}
	}
	return l.sql + " IN (" + strings.Join(values, ", ") + ")"
}

// startsWith compiles column.startsWith("text"), a comparison of bytes.
func (c *compiler) startsWith(e ast.Expr) string {
	call := e.AsCall()
	if !call.IsMemberFunction() || len(call.Args()) != 1 {
		c.atName(e, overloads.StartsWith, "write it as column.startsWith(\"text\")")
		return ""
	}
	l, okL := c.operand(call.Target())
	r, okR := c.operand(call.Args()[0])
	if !okL || !okR {
		return ""
	}
	if l.constant() || l.kind != kindText || !r.constant() || r.kind != kindText {
		c.atName(e, overloads.StartsWith, "write it as column.startsWith(\"text\"), with a column that holds text")
		return ""
	}
	prefix, _ := r.value.(string)
	if words := Vocabulary(c.table.Name, l.name); words != nil && !anyHasPrefix(words, prefix) {
		c.problem(call.Args()[0], "no value of column %q begins so%s", l.name, DidYouMean(prefix, words))
		return ""
	}
	if prefix == "" {
		c.problem(call.Args()[0], "every text begins with nothing")
	}
	return "startsWith(" + l.sql + ", " + r.sql + ")"
}

func anyHasPrefix(words []string, prefix string) bool {
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			return true
		}
	}
	return false
}
