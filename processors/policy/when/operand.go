package when

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"

	"linesman/schema"
)

// kind is what can be compared with each other.
type kind uint8

const (
	kindText kind = iota
	kindBool
	kindWhole
	kindNumber
	kindAmount
	kindDay
	kindMoment
)

// String names the kind with an article.
func (k kind) String() string {
	return [...]string{"a text", "true or false", "a whole number", "a number with decimals", "an amount", "a day", "a moment"}[k]
}

// operand is one side of a comparison: a column, a local time of one, or a constant.
type operand struct {
	kind   kind
	sql    string
	name   string // as it is written; of a constant empty
	value  any    // of a constant: string, bool, int64, float64 or time.Time
	lo, hi int64  // what a whole number of the column lies between
}

func (o operand) constant() bool { return o.value != nil }

// hint says how to write a constant that has another type than its column.
func hint(l, r operand) string {
	column := l
	if l.constant() {
		column = r
	}
	switch column.kind {
	case kindAmount:
		return "; write amounts as kr(\"12.50\")"
	case kindDay:
		return "; write days as day(\"2026-01-31\")"
	case kindMoment:
		return "; write moments as timestamp(\"2026-01-31T12:00:00Z\")"
	case kindNumber:
		return "; write the number with a point, such as 7.0"
	case kindText:
		return "; put texts in quotes"
	}
	return ""
}

// operand compiles one side of a comparison.
func (c *compiler) operand(e ast.Expr) (operand, bool) {
	if e.Kind() == ast.IdentKind {
		return c.column(e)
	}
	if e.Kind() == ast.CallKind {
		switch name := e.AsCall().FunctionName(); name {
		case fnHour, fnWeekday, fnMinutes, fnWorkday:
			return c.local(e, name)
		}
	}
	if !c.checkConstant(e) {
		return operand{}, false
	}
	return c.constant(e)
}

// column compiles the name of a column.
func (c *compiler) column(e ast.Expr) (operand, bool) {
	name := e.AsIdent()
	col, ok := c.table.Column(name)
	if !ok {
		c.problem(e, "table %s has no column %q%s", c.table.Name, name, DidYouMean(name, c.usable))
		return operand{}, false
	}
	if !slices.Contains(c.usable, name) || celType(col.Type) == nil {
		c.problem(e, "column %q cannot be judged by here", name)
		return operand{}, false
	}
	c.read = append(c.read, name)
	o := operand{sql: name, name: name}
	switch col.Type {
	case schema.TypeBool:
		o.kind = kindBool
	case schema.TypeUint:
		o.kind, o.hi = kindWhole, math.MaxInt64
	case schema.TypeUint32:
		o.kind, o.hi = kindWhole, math.MaxUint32
	case schema.TypeInt:
		o.kind, o.lo, o.hi = kindWhole, math.MinInt64, math.MaxInt64
	case schema.TypeFloat:
		o.kind = kindNumber
	case schema.TypeMoney:
		o.kind = kindAmount
	case schema.TypeDay:
		o.kind = kindDay
	case schema.TypeTime:
		o.kind = kindMoment
	}
	return o, true
}

// local compiles a function of the local time of a moment.
func (c *compiler) local(e ast.Expr, name string) (operand, bool) {
	call := e.AsCall()
	if call.IsMemberFunction() || len(call.Args()) != 1 || call.Args()[0].Kind() != ast.IdentKind {
		c.atName(e, name, "write it as %s(occurred_at), with a column that holds moments", name)
		return operand{}, false
	}
	col, ok := c.column(call.Args()[0])
	if !ok {
		return operand{}, false
	}
	if col.kind != kindMoment {
		c.problem(call.Args()[0], "%s wants a column that holds moments; %q is %s", name, col.name, col.kind)
		return operand{}, false
	}
	zone := Quote(c.zone.String())
	o := operand{kind: kindWhole, name: name + "(" + col.name + ")"}
	switch name {
	case fnHour:
		o.sql, o.hi = "toHour("+col.sql+", "+zone+")", 23
	case fnMinutes:
		o.sql, o.hi = "(toHour("+col.sql+", "+zone+") * 60 + toMinute("+col.sql+", "+zone+"))", 24*60-1
	case fnWeekday:
		o.sql, o.lo, o.hi = "toDayOfWeek("+col.sql+", 0, "+zone+")", 1, 7
	default:
		o.kind, o.sql = kindBool, workdaySQL(col.sql, c.zone.String())
	}
	return o, true
}

// checkConstant tells whether an expression reads no column and calls only what can be
// worked out beforehand.
func (c *compiler) checkConstant(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		return true
	case ast.IdentKind:
		if col, ok := c.column(e); ok {
			c.problem(e, "columns cannot be calculated with; compare %q itself", col.name)
		}
		return false
	case ast.CallKind:
		call := e.AsCall()
		name := call.FunctionName()
		switch name {
		case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
			fnKr, fnDay, overloads.TypeConvertTimestamp:
			ok := !call.IsMemberFunction()
			for _, a := range call.Args() {
				ok = c.checkConstant(a) && ok
			}
			return ok
		case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In,
			operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, overloads.StartsWith:
			c.problem(e, "conditions are not compared with each other; join them with &&, || and !")
			return false
		case fnHour, fnWeekday, fnMinutes, fnWorkday:
			c.atName(e, name, "%s(…) cannot be calculated with; compare it itself", name)
			return false
		}
		c.unknown(e, name)
		return false
	}
	c.problem(e, "%s", construct(e))
	return false
}

// constant works a constant out, as CEL does it.
func (c *compiler) constant(e ast.Expr) (operand, bool) {
	program, err := c.env.PlanProgram(ast.NewAST(e, c.info))
	if err != nil {
		c.problem(e, "this constant cannot be worked out: %s", err)
		return operand{}, false
	}
	out, _, err := program.Eval(map[string]any{})
	if err != nil {
		c.problem(e, "this constant cannot be worked out: %s", err)
		return operand{}, false
	}
	switch v := out.(type) {
	case types.String:
		return operand{kind: kindText, value: string(v), sql: Quote(string(v))}, true
	case types.Bool:
		return operand{kind: kindBool, value: bool(v), sql: strconv.FormatBool(bool(v))}, true
	case types.Int:
		return operand{kind: kindWhole, value: int64(v), sql: strconv.FormatInt(int64(v), 10)}, true
	case types.Double:
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			c.problem(e, "this is no number")
			return operand{}, false
		}
		return operand{kind: kindNumber, value: float64(v), sql: strconv.FormatFloat(float64(v), 'g', -1, 64)}, true
	case counted:
		return c.written(e, v)
	case types.Timestamp:
		if t := v.Time; !t.Equal(t.Truncate(time.Millisecond)) || t.UnixMilli() < int64(schema.FirstTime) || t.UnixMilli() > int64(schema.LastTime) {
			c.problem(e, "want a moment in whole milliseconds, from 1900 to 2299")
			return operand{}, false
		}
		return operand{kind: kindMoment, value: v.Time, sql: Moment(schema.Time(v.UnixMilli()))}, true
	}
	c.problem(e, "a %s is not part of conditions", out.Type().TypeName())
	return operand{}, false
}

func (c *compiler) written(e ast.Expr, v counted) (operand, bool) {
	if v.of == typeAmount {
		return operand{kind: kindAmount, value: v.n, sql: "toDecimal64(" + Quote(schema.Money(v.n).String()) + ", 6)"}, true
	}
	day := schema.Day(v.n)
	if day < schema.FirstDay || day > schema.LastDay {
		c.problem(e, "want a day from 1900-01-01 to 2299-12-31")
		return operand{}, false
	}
	return operand{kind: kindDay, value: v.n, sql: "toDate32(" + Quote(day.String()) + ")"}, true
}

// fits checks a constant against what the column can hold: a word that is not in the
// column's vocabulary, or a number that it never has, would select nothing and say nothing.
func (c *compiler) fits(at ast.Expr, column, constant operand, equality bool) bool {
	switch v := constant.value.(type) {
	case string:
		if words := Vocabulary(c.table.Name, column.name); words != nil && !slices.Contains(words, v) {
			c.problem(at, "column %q has no value %q%s", column.name, v, DidYouMean(v, words))
			return false
		}
	case int64:
		hi := column.hi
		if !equality && hi < math.MaxInt64 {
			hi++
		}
		if column.kind == kindWhole && (v < column.lo || v > hi) {
			c.problem(at, "%s is a whole number from %d to %d", column.name, column.lo, column.hi)
			return false
		}
	}
	return true
}
