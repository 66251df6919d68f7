package when

import (
	"fmt"
	"math"
	"time"

	"github.com/google/cel-go/common/types"

	"linesman/schema"
)

// Row is one row of a table: column names with values of schema's Go types.
type Row map[string]any

// RowOf reads a row of a declared table.
func RowOf[T any](table *schema.Table[T], of *T) Row {
	row := Row{}
	for _, c := range table.Columns {
		switch p := c.Ref(of).(type) {
		case *string:
			row[c.Name] = *p
		case *bool:
			row[c.Name] = *p
		case *uint32:
			row[c.Name] = *p
		case *uint64:
			row[c.Name] = *p
		case *int64:
			row[c.Name] = *p
		case *float64:
			row[c.Name] = *p
		case *schema.Money:
			row[c.Name] = *p
		case *schema.Time:
			row[c.Name] = *p
		case *schema.Day:
			row[c.Name] = *p
		}
	}
	return row
}

// Holds evaluates the condition on one row as CEL does. It is the slow reference for [Expr.SQL].
// It fails when a column is missing and when a whole number is beyond 2⁶³−1, which CEL
// cannot count.
func (e *Expr) Holds(row Row) (bool, error) {
	vars := make(map[string]any, len(e.columns))
	for _, name := range e.columns {
		v, ok := row[name]
		if !ok {
			return false, fmt.Errorf("evaluating a condition: the row has no %q", name)
		}
		value, err := toCEL(v)
		if err != nil {
			return false, fmt.Errorf("evaluating a condition on %q: %w", name, err)
		}
		vars[name] = value
	}
	out, _, err := e.program.Eval(vars)
	if err != nil {
		return false, fmt.Errorf("evaluating a condition: %w", err)
	}
	holds, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("evaluating a condition: it is a %s", out.Type().TypeName())
	}
	return bool(holds), nil
}

func toCEL(v any) (any, error) {
	switch v := v.(type) {
	case string, bool, int64, float64:
		return v, nil
	case uint32:
		return int64(v), nil
	case uint64:
		if v > math.MaxInt64 {
			return nil, fmt.Errorf("%d is too large", v)
		}
		return int64(v), nil
	case schema.Money:
		return counted{typeAmount, int64(v)}, nil
	case schema.Day:
		return counted{typeDay, int64(v)}, nil
	case schema.Time:
		return types.Timestamp{Time: time.UnixMilli(int64(v)).UTC()}, nil
	}
	return nil, fmt.Errorf("no condition reads a %T", v)
}
