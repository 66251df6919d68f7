package policy

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// Operators of a condition, as they are written in a rule.
const (
	opIs      = "is"
	opIsNot   = "is_not"
	opIn      = "in"
	opNotIn   = "not_in"
	opAbove   = "above"
	opAtLeast = "at_least"
	opBelow   = "below"
)

func operators() []string { return []string{opIs, opIsNot, opIn, opNotIn, opAbove, opAtLeast, opBelow} }

// Condition selects rows: a column compared with values, or, when Any is set, any one of
// several conditions, or, when When is set, a condition written as text. Conditions in a
// list must all hold.
type Condition struct {
	Column string
	Type   schema.Type
	Op     string
	Values []string // canonical: bool "true", money "12.5", day "2026-01-31", time RFC 3339
	Any    []Condition
	When   *when.Expr
}

// columns lists the columns the condition reads.
func (c Condition) columns() []string {
	if c.When != nil {
		return c.When.Columns()
	}
	if len(c.Any) == 0 {
		return []string{c.Column}
	}
	var names []string
	for _, a := range c.Any {
		names = append(names, a.columns()...)
	}
	return names
}

// conditions reads a list of conditions over the columns of a table.
func (r *reader) conditions(items []*yaml.Node, what string, table schema.Info, within bool) []Condition {
	keys := names(conditionKeys(!within)) // no any inside any: it would say nothing new, and YAML aliases could nest it without end
	var out []Condition
	for _, n := range items {
		f, ok := r.mapping(n, what, keys...)
		if !ok {
			continue
		}
		if f.has("any") {
			if len(f.value) > 1 {
				r.problem(n, "%s: \"any\" stands alone; move the other keys into conditions of their own", what)
			}
			out = append(out, Condition{Any: r.conditions(f.list("any", true), what+" any", table, true)})
			continue
		}
		if c, ok := f.condition(table); ok {
			out = append(out, c)
		}
	}
	return out
}

func (f fields) condition(table schema.Info) (Condition, bool) {
	c := Condition{Column: f.text("column", true)}
	if c.Column == "" {
		return c, false
	}
	col, ok := f.column("column", table)
	if !ok {
		return c, false
	}
	c.Type = col.Type
	var ops []string
	for _, op := range operators() {
		if f.has(op) {
			ops = append(ops, op)
		}
	}
	if len(ops) != 1 {
		f.r.problem(f.node, "%s: give exactly one of %s", f.what, strings.Join(operators(), ", "))
		return c, false
	}
	c.Op = ops[0]
	if !slices.Contains(allowedOps(col.Type), c.Op) {
		f.r.problem(f.node, "%s: column %q is a %s; use one of %s", f.what, col.Name, col.Type, strings.Join(allowedOps(col.Type), ", "))
		return c, false
	}
	nodes := []*yaml.Node{f.value[c.Op]}
	if c.Op == opIn || c.Op == opNotIn {
		if nodes = f.list(c.Op, true); len(nodes) == 0 {
			return c, false
		}
	}
	for _, n := range nodes {
		v, err := canonical(n, table.Name, col)
		if err != nil {
			f.r.problem(n, "%s: column %q: %s", f.what, col.Name, err)
			return c, false
		}
		c.Values = append(c.Values, v)
	}
	return c, true
}

// column reads the name of a declared column that a rule may use.
func (f fields) column(key string, table schema.Info) (schema.ColumnInfo, bool) {
	name := f.text(key, true)
	if name == "" {
		return schema.ColumnInfo{}, false
	}
	col, ok := table.Column(name)
	if !ok {
		f.r.problem(f.value[key], "%s: table %s has no column %q%s", f.what, table.Name, name, didYouMean(name, usable(table)))
		return col, false
	}
	if !slices.Contains(usable(table), name) {
		f.r.problem(f.value[key], "%s: column %q is bookkeeping or an identifier; a rule cannot judge by it", f.what, name)
		return col, false
	}
	f.r.mentions(name, f.value[key])
	return col, true
}

// usable lists the columns a rule may judge by. Bookkeeping is left out, or a rebuilt
// store would give other violations than the first one.
func usable(table schema.Info) []string {
	var names []string
	for _, c := range table.Columns {
		internal := c.Aside || c.Type == schema.TypeID || c.Type == schema.TypeIDs || c.Type == schema.TypeHash
		recorded := strings.HasPrefix(c.Name, "recorded_") && c.Name != recordedClass // the derived column says more
		if !internal && !recorded && !slices.Contains([]string{"file_row", "log_partition", "log_offset", "revision", "deleted"}, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// recordedClass is the class of the number alone. The derived one of the organisation's own
// mobiles is internal, and a rule may have to tell them from extensions.
const recordedClass = "recorded_class"

func allowedOps(t schema.Type) []string {
	switch t {
	case schema.TypeText, schema.TypeSymbol:
		return []string{opIs, opIsNot, opIn, opNotIn}
	case schema.TypeBool:
		return []string{opIs, opIsNot}
	case schema.TypeTime, schema.TypeFloat:
		return []string{opAbove, opAtLeast, opBelow}
	}
	return operators()
}

// vocabulary lists the words of columns that hold one of a few; nil when a column is open.
func vocabulary(table, column string) []string { return when.Vocabulary(table, column) }

// canonical checks one value against the column's type and writes it in one way.
func canonical(n *yaml.Node, table string, col schema.ColumnInfo) (string, error) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("want one value; for several use in or not_in")
	}
	switch col.Type {
	case schema.TypeText, schema.TypeSymbol:
		if n.Tag != "!!str" {
			return "", fmt.Errorf("want a text; put %s in quotes", n.Value)
		}
		if words := vocabulary(table, col.Name); words != nil && !slices.Contains(words, n.Value) {
			return "", fmt.Errorf("no value %q%s", n.Value, didYouMean(n.Value, words))
		}
		return n.Value, nil
	case schema.TypeBool:
		if n.Tag != "!!bool" || (n.Value != "true" && n.Value != "false") {
			return "", fmt.Errorf("want true or false")
		}
		return n.Value, nil
	case schema.TypeDay:
		d, err := schema.ParseDay(n.Value)
		return d.String(), err
	case schema.TypeTime:
		t, err := time.Parse(time.RFC3339, n.Value)
		if err != nil {
			return "", fmt.Errorf("moment %q: want the form 2026-03-01T00:00:00Z", n.Value)
		}
		return t.UTC().Format(time.RFC3339Nano), nil
	}
	v, ok := parseDecimal(n)
	if !ok {
		return "", fmt.Errorf("want a number, not %q", n.Value)
	}
	if col.Type == schema.TypeMoney {
		if _, err := schema.ParseMoney(plain(v)); err != nil {
			return "", err
		}
	}
	whole := col.Type == schema.TypeUint || col.Type == schema.TypeUint32 || col.Type == schema.TypeInt
	if whole && !v.IsInt() {
		return "", fmt.Errorf("want a whole number, not %s", n.Value)
	}
	if v.Sign() < 0 && whole && col.Type != schema.TypeInt {
		return "", fmt.Errorf("want no number below zero, not %s", n.Value)
	}
	return plain(v), nil
}

// plain writes an exact decimal of at most six places.
func plain(v *big.Rat) string {
	if v.IsInt() {
		return v.Num().String()
	}
	return strings.TrimRight(v.FloatString(6), "0")
}

// sql writes the condition as an expression over columns of the table's name.
func (c Condition) sql() string {
	if c.When != nil {
		return "(" + c.When.SQL() + ")"
	}
	if len(c.Any) > 0 {
		parts := make([]string, len(c.Any))
		for i, a := range c.Any {
			parts[i] = a.sql()
		}
		return "(" + strings.Join(parts, " OR ") + ")"
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = literal(v, c.Type)
	}
	switch c.Op {
	case opIn, opNotIn:
		word := map[string]string{opIn: " IN (", opNotIn: " NOT IN ("}[c.Op]
		return c.Column + word + strings.Join(values, ", ") + ")"
	}
	sign := map[string]string{opIs: " = ", opIsNot: " != ", opAbove: " > ", opAtLeast: " >= ", opBelow: " < "}[c.Op]
	return c.Column + sign + values[0]
}

// literal writes a canonical value as a ClickHouse literal of the column's type.
func literal(v string, t schema.Type) string {
	switch t {
	case schema.TypeText, schema.TypeSymbol:
		return quote(v)
	case schema.TypeDay:
		return "toDate32(" + quote(v) + ")"
	case schema.TypeTime:
		moment, _ := time.Parse(time.RFC3339Nano, v) // canonical wrote it
		return moment3(schema.TimeOf(moment))
	case schema.TypeMoney:
		return "toDecimal64(" + quote(v) + ", 6)"
	}
	return v
}

// moment3 writes a moment as a DateTime64(3, 'UTC') literal.
func moment3(t schema.Time) string { return when.Moment(t) }

// quote writes a ClickHouse string literal.
func quote(s string) string { return when.Quote(s) }
