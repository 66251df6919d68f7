package query

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
)

// Store is what this package needs of the store: clickhouse-go's connection has it.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// rows are the result of a statement: strings, bools, times, and numbers as decimals.
type rows [][]any

// read runs a statement within the row scope of the context and converts every value. NULL
// becomes nil.
func read(ctx context.Context, store Store, s *statement) (rows, error) {
	ctx, err := limited(ctx, s.sql.String())
	if err != nil {
		return nil, err
	}
	return fetch(ctx, store, s)
}

// fetch runs a statement as it stands.
func fetch(ctx context.Context, store Store, s *statement) (rows, error) {
	res, err := store.Query(ctx, s.sql.String(), s.args()...)
	if err != nil {
		return nil, fmt.Errorf("querying the store: %w", err)
	}
	defer func() { _ = res.Close() }()
	types := res.ColumnTypes()
	var out rows
	for res.Next() {
		dest := make([]any, len(types))
		for i, t := range types {
			dest[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := res.Scan(dest...); err != nil {
			return nil, fmt.Errorf("reading a row of the store: %w", err)
		}
		for i := range dest {
			if dest[i], err = plain(reflect.ValueOf(dest[i])); err != nil {
				return nil, fmt.Errorf("reading column %q: %w", types[i].Name(), err)
			}
		}
		out = append(out, dest)
	}
	if err := res.Err(); err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	return out, nil
}

func plain(v reflect.Value) (any, error) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case decimal.Decimal, time.Time, string, bool:
		return x, nil
	case big.Int:
		return decimal.NewFromBigInt(&x, 0), nil
	}
	switch {
	case v.CanUint():
		return decimal.NewFromUint64(v.Uint()), nil
	case v.CanInt():
		return decimal.NewFromInt(v.Int()), nil
	case v.CanFloat():
		if f := v.Float(); f == f && f-f == 0 { // neither NaN nor infinite
			return decimal.NewFromFloat(f), nil
		}
		return nil, nil
	}
	return nil, fmt.Errorf("type %s is not one that results have", v.Type())
}

// The conversions below give the zero value where the store gave NULL.

func asText(v any) string { s, _ := v.(string); return s }

func asNumber(v any) decimal.Decimal { d, _ := v.(decimal.Decimal); return d }

func asTime(v any) time.Time { t, _ := v.(time.Time); return t }

func asCount(v any) uint64 { return asNumber(v).BigInt().Uint64() }

// edge is where exact numbers become the floats that frames and JSON carry.
func edge(d *decimal.Decimal) *float64 {
	if d == nil {
		return nil
	}
	f := d.InexactFloat64()
	return &f
}
