package when

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/stdlib"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"linesman/schema"
)

// Names of the functions that are not CEL's own.
const (
	fnKr      = "kr"      // kr("12.50"): an amount
	fnDay     = "day"     // day("2026-01-31"): a calendar day
	fnHour    = "hour"    // local hour, 0–23
	fnWeekday = "weekday" // 1 is Monday
	fnMinutes = "minutes" // minutes of the local clock since midnight, 0–1439
	fnWorkday = "workday" // Monday to Friday and no public holiday
)

func functionNames() []string {
	return []string{fnDay, fnHour, fnKr, fnMinutes, overloads.StartsWith, overloads.TypeConvertTimestamp, fnWeekday, fnWorkday}
}

// clock is what the environment needs of the zone: local functions of a moment.
type clock struct{ zone *time.Location }

func (c clock) hour(t time.Time) int64    { return int64(t.In(c.zone).Hour()) }
func (c clock) minutes(t time.Time) int64 { l := t.In(c.zone); return int64(l.Hour()*60 + l.Minute()) }
func (c clock) weekday(t time.Time) int64 { return int64(t.In(c.zone).Weekday()+6)%7 + 1 }
func (c clock) workday(t time.Time) bool {
	y, m, d := t.In(c.zone).Date()
	return calendarOf(c.zone.String()).isWorkday(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// amounts and days are whole numbers that must not be mixed up with others.
const (
	typeAmount = "amount"
	typeDay    = "day"
)

func ordered(name string) *cel.Type { return cel.ObjectType(name, traits.ComparerType) }

// counted is a value of one of the ordered types.
type counted struct {
	of string
	n  int64
}

var _ traits.Comparer = counted{}

func (c counted) Type() ref.Type { return ordered(c.of) }
func (c counted) Value() any     { return c.n }

func (c counted) Equal(other ref.Val) ref.Val {
	o, ok := other.(counted)
	return types.Bool(ok && o == c)
}

func (c counted) Compare(other ref.Val) ref.Val {
	o, ok := other.(counted)
	switch {
	case !ok || o.of != c.of:
		return types.MaybeNoSuchOverloadErr(other)
	case c.n < o.n:
		return types.IntNegOne
	case c.n > o.n:
		return types.IntOne
	}
	return types.IntZero
}

func (c counted) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("converting a value of type %s to %v", c.of, t)
}

func (c counted) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("converting a value of type %s to %s", c.of, t.TypeName())
}

// celType is the type of a column in CEL; nil for types that no condition reads.
func celType(t schema.Type) *cel.Type {
	switch t {
	case schema.TypeText, schema.TypeSymbol:
		return cel.StringType
	case schema.TypeBool:
		return cel.BoolType
	case schema.TypeUint, schema.TypeUint32, schema.TypeInt:
		return cel.IntType
	case schema.TypeFloat:
		return cel.DoubleType
	case schema.TypeMoney:
		return ordered(typeAmount)
	case schema.TypeDay:
		return ordered(typeDay)
	case schema.TypeTime:
		return cel.TimestampType
	}
	return nil
}

// environment holds the columns as variables, a few of CEL's functions and our own. There
// are no macros, so an expression is no longer than its text.
func environment(table schema.Info, columns []string, zone *time.Location) (*cel.Env, error) {
	opts := []cel.EnvOption{cel.ClearMacros(), cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(MaxText)}
	for _, name := range columns {
		col, ok := table.Column(name)
		if !ok {
			return nil, fmt.Errorf("table %s has no column %q", table.Name, name)
		}
		if t := celType(col.Type); t != nil {
			opts = append(opts, cel.Variable(name, t))
		}
	}
	kept := []string{operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Equals, operators.NotEquals, operators.Less,
		operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In, operators.Add, operators.Subtract, operators.Multiply,
		operators.Divide, operators.Modulo, operators.Negate, overloads.StartsWith, overloads.TypeConvertTimestamp}
	for _, fn := range stdlib.Functions() {
		if slices.Contains(kept, fn.Name()) {
			opts = append(opts, cel.FunctionDecls(fn))
		}
	}
	for op, name := range map[string]string{operators.Less: "less", operators.LessEquals: "less_equals", operators.Greater: "greater", operators.GreaterEquals: "greater_equals"} {
		for _, t := range []string{typeAmount, typeDay} {
			opts = append(opts, cel.Function(op, cel.Overload(name+"_"+t, []*cel.Type{ordered(t), ordered(t)}, cel.BoolType)))
		}
	}
	c := clock{zone}
	opts = append(opts,
		written(fnKr, typeAmount, func(s string) (int64, error) { m, err := schema.ParseMoney(s); return int64(m), err }),
		written(fnDay, typeDay, func(s string) (int64, error) { d, err := schema.ParseDay(s); return int64(d), err }),
		local(fnHour, cel.IntType, func(t time.Time) ref.Val { return types.Int(c.hour(t)) }),
		local(fnWeekday, cel.IntType, func(t time.Time) ref.Val { return types.Int(c.weekday(t)) }),
		local(fnMinutes, cel.IntType, func(t time.Time) ref.Val { return types.Int(c.minutes(t)) }),
		local(fnWorkday, cel.BoolType, func(t time.Time) ref.Val { return types.Bool(c.workday(t)) }))
	return cel.NewCustomEnv(opts...)
}

// written declares a function that reads a text as a value of an ordered type.
func written(name, of string, read func(string) (int64, error)) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_string", []*cel.Type{cel.StringType}, ordered(of), cel.UnaryBinding(func(v ref.Val) ref.Val {
		s, ok := v.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		n, err := read(string(s))
		if err != nil {
			return types.NewErr("%s", err)
		}
		return counted{of, n}
	})))
}

// local declares a function of a moment.
func local(name string, result *cel.Type, of func(time.Time) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_timestamp", []*cel.Type{cel.TimestampType}, result, cel.UnaryBinding(func(v ref.Val) ref.Val {
		t, ok := v.(types.Timestamp)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		return of(t.Time)
	})))
}
