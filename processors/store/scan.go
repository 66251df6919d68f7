package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Scan reads rows of a declared table back as records and calls each with every one. The
// record is reused: copy what is kept. where is SQL of ours, never of a user's.
func Scan[T any](ctx context.Context, s *Store, t *schema.Table[T], where string, each func(*T) error) error {
	exprs := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		exprs[i] = scanExpr(c.Name, c.Type)
	}
	stmt := "SELECT " + strings.Join(exprs, ", ") + " FROM " + t.Name
	if where != "" {
		stmt += " WHERE " + where
	}
	rows, err := s.Conn().Query(exact(ctx), stmt)
	if err != nil {
		return fmt.Errorf("reading %s: %w", t.Name, err)
	}
	defer rows.Close()
	var rec T
	targets := make([]any, len(t.Columns))
	finish := make([]func(), 0, len(t.Columns))
	for i, c := range t.Columns {
		target, done := scanTarget(c.Ref(&rec))
		targets[i] = target
		if done != nil {
			finish = append(finish, done)
		}
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("reading %s: %w", t.Name, err)
		}
		for _, f := range finish {
			f()
		}
		if err := each(&rec); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanExpr turns a column into a type that the client scans without loss. The alias differs
// from the column's name, so that conditions mean the column.
func scanExpr(name string, t schema.Type) string {
	q := "`" + name + "`"
	switch t {
	case schema.TypeTime:
		q = "toUnixTimestamp64Milli(" + q + ")"
	case schema.TypeDay:
		q = "toInt32(" + q + ")"
	case schema.TypeMoney:
		q = "reinterpretAsInt64(" + q + ")"
	case schema.TypeSymbol:
		q = "toString(" + q + ")"
	}
	return q + " AS `_" + name + "`"
}

// scanTarget returns what the client scans into, and what moves it into the record.
func scanTarget(ref any) (any, func()) {
	switch p := ref.(type) {
	case *schema.ID:
		s := new(string)
		return s, func() { copy(p[:], *s) }
	case *schema.Time:
		v := new(int64)
		return v, func() { *p = schema.Time(*v) }
	case *schema.Day:
		v := new(int32)
		return v, func() { *p = schema.Day(*v) }
	case *schema.Money:
		v := new(int64)
		return v, func() { *p = schema.Money(*v) }
	case *[]schema.ID:
		v := new([]string)
		return v, func() {
			*p = nil
			for _, s := range *v {
				*p = append(*p, schema.ID([]byte(s)))
			}
		}
	}
	return ref, nil
}

// EachRow hands every row of an answer to scan, and closes the answer.
func EachRow(rows driver.Rows, scan func(driver.Rows) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
