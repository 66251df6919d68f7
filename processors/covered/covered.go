// Package covered tells which months the usage in the store covers.
package covered

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// ErrNoMonth says that no whole month, or not the one asked for, is covered by the data.
var ErrNoMonth = errors.New("no whole month is covered by the data yet")

// Store asks the store.
type Store interface {
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Days returns the first and the last day, in the judging zone, of which usage is in the roll-ups; an
// empty store gives [ErrNoMonth].
func Days(ctx context.Context, st Store) (first, last schema.Day, err error) {
	var lo, hi int32
	var n uint64
	if err := st.QueryRow(ctx, "SELECT toInt32(min(local_day)), toInt32(max(local_day)), count() FROM usage_daily").Scan(&lo, &hi, &n); err != nil {
		return 0, 0, fmt.Errorf("finding out what usage covers: %w", err)
	}
	if n == 0 {
		return 0, 0, ErrNoMonth
	}
	return schema.Day(lo), schema.Day(hi), nil
}

// Month returns the first day of the month that a figure is about: the month of asked, which must
// be over by what the data cover, or, where asked is 0, the newest that is. A month that began
// before the data did counts as covered: what came before is not known to be missing.
func Month(ctx context.Context, st Store, asked schema.Day) (schema.Day, error) {
	first, last, err := Days(ctx, st)
	if err != nil {
		return 0, err
	}
	end := End(last)
	if end != last {
		end = last.Month() - 1
	}
	if asked != 0 {
		if end = End(asked); end > last {
			return 0, fmt.Errorf("usage reaches %s, the month of %s is not over: %w", last, asked, ErrNoMonth)
		}
	}
	if first > end {
		return 0, ErrNoMonth
	}
	return end.Month(), nil
}

// End is the last day of the month of a day.
func End(d schema.Day) schema.Day { return Next(d) - 1 }

// Next is the first day of the month after that of a day.
func Next(d schema.Day) schema.Day { return (d.Month() + 31).Month() }
