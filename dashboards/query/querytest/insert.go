// Package querytest gives tests of the dashboards a small store: the real engine with the
// real tables and roll-ups, seeded with three months of a made-up hospital.
package querytest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// insert writes records through the accessors of their declaration.
func insert[T any](t testing.TB, conn driver.Conn, table *schema.Table[T], recs []T) {
	t.Helper()
	names := table.Info().Names()
	for i, n := range names {
		names[i] = "`" + n + "`"
	}
	ctx := context.Background()
	batch, err := conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s (%s)", table.Name, strings.Join(names, ", ")))
	if err != nil {
		t.Fatalf("seeding %s: %v", table.Name, err)
	}
	for i := range recs {
		row := make([]any, len(table.Columns))
		for c, col := range table.Columns {
			row[c] = value(col.Ref(&recs[i]))
		}
		if err := batch.Append(row...); err != nil {
			t.Fatalf("seeding %s, row %d: %v", table.Name, i, err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatalf("seeding %s: %v", table.Name, err)
	}
}

func value(ref any) any {
	switch p := ref.(type) {
	case *schema.ID:
		return string(p[:])
	case *[]schema.ID:
		ids := make([]string, len(*p))
		for i, id := range *p {
			ids[i] = string(id[:])
		}
		return ids
	case *schema.Money:
		return decimal.New(int64(*p), -6)
	case *schema.Day:
		return p.At(time.UTC)
	case *schema.Time:
		return p.UTC()
	case *string:
		return *p
	case *bool:
		return *p
	case *uint32:
		return *p
	case *uint64:
		return *p
	case *int64:
		return *p
	case *float64:
		return *p
	}
	return ref
}
