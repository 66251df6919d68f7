package schema_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"linesman/schema"
	"linesman/schema/schematest"
)

// subject lets one test run over tables of every Go type.
type subject struct {
	info schema.Info
	// trip encodes a random record with the fields that write holds and decodes it with
	// those that read holds; it returns the bytes and what differs from what is expected.
	trip func(r *rand.Rand, write, read func(field int) bool) ([]byte, string)
	// decode decodes into a new record.
	decode func(b []byte) error
	// again decodes, encodes and decodes: both records must be the same.
	again func(b []byte) (string, error)
	id    func(b []byte) (schema.ID, error)
}

func subjects(t testing.TB) []subject {
	all := []subject{of(schema.UsageTable()), of(schema.WatchTable()), of(schema.ViolationTable()), of(schema.FileTable()), of(schema.RejectTable()),
		of(schema.AmendmentTable()), of(schema.RestatementTable()), of(schema.SealTable()), of(schema.CaseTable()), of(schema.ContactTable()),
		of(schema.InvoiceTable()), of(schema.InvoiceLineTable()), of(schema.PublicationTable()), of(schema.AccessReadTable()),
		of(schema.LineTable()), of(schema.UnitTable()), of(schema.CostCentreTable()), of(schema.NumberRangeTable()), of(schema.ApprovalTable()), of(schema.PriceTable()), of(schema.GoalTable()),
		of(schema.EquipmentTable()), of(schema.EmploymentTable()), of(schema.TelephoneHoursTable()), of(schema.AllocationRuleTable()), of(schema.ExchangeRateTable()), of(schema.AccessGrantTable())}
	for i, in := range schema.Catalogue() {
		if len(all) != len(schema.Catalogue()) || all[i].info.Name != in.Name {
			t.Fatalf("the tests lack table %s", in.Name)
		}
	}
	return all
}

func every(int) bool { return true }

func of[T any](t *schema.Table[T]) subject {
	enc, dec := schema.NewEncoder(t), schema.NewDecoder(t)
	decode := func(b []byte) (rec T, err error) { return rec, dec.Decode(b, &rec) }
	return subject{
		info: t.Info(),
		trip: func(r *rand.Rand, write, read func(int) bool) ([]byte, string) {
			var rec, got T
			schematest.Fill(r, t, &rec)
			b := schema.NewEncoder(subset(t, write)).Append(nil, &rec)
			if err := schema.NewDecoder(subset(t, read)).Decode(b, &got); err != nil {
				return b, err.Error()
			}
			want := keep(t, rec, func(f int) bool { return f > 0 && write(f) && read(f) })
			return b, schematest.Differ(t, &want, &got)
		},
		decode: func(b []byte) error { _, err := decode(b); return err },
		again: func(b []byte) (string, error) {
			first, err := decode(b)
			if err != nil {
				return "", err
			}
			second, err := decode(enc.Append(nil, &first))
			if err != nil {
				return "", fmt.Errorf("the second time: %w", err)
			}
			return schematest.Differ(t, &first, &second), nil
		},
		id: func(b []byte) (schema.ID, error) {
			rec, err := decode(b)
			for _, c := range t.Columns {
				if c.Name == "event_id" {
					return *c.Ref(&rec).(*schema.ID), err
				}
			}
			return schema.ID{}, err
		},
	}
}

// subset is an older or newer declaration of a table: one with fewer columns.
func subset[T any](t *schema.Table[T], holds func(field int) bool) *schema.Table[T] {
	s := *t
	s.Columns = nil
	for _, c := range t.Columns {
		if holds(c.Field) {
			s.Columns = append(s.Columns, c)
		}
	}
	return &s
}

// keep returns a record of which only the named fields have a value.
func keep[T any](t *schema.Table[T], rec T, holds func(field int) bool) T {
	var zero T
	for _, c := range t.Columns {
		if !holds(c.Field) {
			clearColumn(c.Ref(&rec), c.Ref(&zero))
		}
	}
	return rec
}

func clearColumn(to, from any) {
	switch p := to.(type) {
	case *schema.ID:
		*p = *from.(*schema.ID)
	case *string:
		*p = ""
	case *schema.Time:
		*p = 0
	case *schema.Day:
		*p = 0
	case *schema.Money:
		*p = 0
	case *bool:
		*p = false
	case *uint64:
		*p = 0
	case *uint32:
		*p = 0
	case *int64:
		*p = 0
	case *float64:
		*p = 0
	case *[]schema.ID:
		*p = nil
	}
}
