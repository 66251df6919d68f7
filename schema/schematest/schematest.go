// Package schematest makes random records of any declared table and compares records column
// by column, for tests of everything that derives from the declarations.
package schematest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"linesman/schema"
)

// Fill sets every column of a record to a random value: often zero, an extreme or empty, and
// now and then a list of a thousand ids.
func Fill[T any](r *rand.Rand, t *schema.Table[T], rec *T) {
	for _, c := range t.Columns {
		set(r, c.Type, c.Ref(rec))
	}
}

func set(r *rand.Rand, typ schema.Type, ref any) {
	switch p := ref.(type) {
	case *schema.ID:
		*p = id(r)
	case *string:
		*p = text(r, typ == schema.TypeSymbol)
	case *schema.Time:
		*p = schema.Time(whole(r, int64(schema.FirstTime), int64(schema.LastTime)))
	case *schema.Day:
		*p = schema.Day(whole(r, int64(schema.FirstDay), int64(schema.LastDay)))
	case *schema.Money:
		*p = schema.Money(whole(r, -999_999_999_999_999_999, 999_999_999_999_999_999))
	case *bool:
		*p = r.IntN(2) == 0
	case *uint64:
		*p = uint64(whole(r, math.MinInt64, math.MaxInt64))
	case *uint32:
		*p = uint32(whole(r, math.MinInt32, math.MaxInt32))
	case *int64:
		*p = whole(r, math.MinInt64, math.MaxInt64)
	case *float64:
		*p = float(r)
	case *[]schema.ID:
		*p = nil
		for range []int{0, 0, 1, 2, 1000}[r.IntN(5)] {
			*p = append(*p, id(r))
		}
	}
}

// whole draws from a range, with its ends, 0, 1 and -1 far more often than by chance.
func whole(r *rand.Rand, least, most int64) int64 {
	switch r.IntN(8) {
	case 0:
		return least
	case 1:
		return most
	case 2:
		return 0
	case 3:
		return 1
	case 4:
		return -1
	case 5:
		return r.Int64N(100_000)
	}
	for {
		if v := int64(r.Uint64()) >> r.UintN(64); v >= least && v <= most {
			return v
		}
	}
}

func id(r *rand.Rand) (v schema.ID) {
	if r.IntN(6) == 0 {
		return v
	}
	for i := range v {
		v[i] = byte(r.Uint32())
	}
	return v
}

func text(r *rand.Rand, symbol bool) string {
	if symbol {
		return []string{"", "call", "SE", "Åre", "a|b\n", "☎"}[r.IntN(6)]
	}
	letters := []rune("aåäö0\x00 •€\U0001F4DE")
	s := make([]rune, []int{0, 1, 13, 14, 200}[r.IntN(5)])
	for i := range s {
		s[i] = letters[r.IntN(len(letters))]
	}
	return string(s)
}

func float(r *rand.Rand) float64 {
	special := []float64{0, math.Copysign(0, -1), 1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64}
	if n := r.IntN(2 * len(special)); n < len(special) {
		return special[n]
	}
	return r.NormFloat64() * 1e3
}

// Differ names the first column in which two records differ, with both values; empty: none
// does. Lists without elements are equal, and floats are compared bit by bit.
func Differ[T any](t *schema.Table[T], a, b *T) string {
	for _, c := range t.Columns {
		x, y := Value(c.Ref(a)), Value(c.Ref(b))
		if !Same(x, y) {
			return fmt.Sprintf("%s.%s: %v and %v", t.Name, c.Name, x, y)
		}
	}
	return ""
}

// Value takes the value that a reference of a column points at.
func Value(ref any) any {
	switch p := ref.(type) {
	case *schema.ID:
		return *p
	case *string:
		return *p
	case *schema.Time:
		return *p
	case *schema.Day:
		return *p
	case *schema.Money:
		return *p
	case *bool:
		return *p
	case *uint64:
		return *p
	case *uint32:
		return *p
	case *int64:
		return *p
	case *float64:
		return *p
	case *[]schema.ID:
		return *p
	}
	return nil
}

// Same compares two values of a column.
func Same(x, y any) bool {
	switch v := x.(type) {
	case nil:
		return false
	case []schema.ID:
		w, ok := y.([]schema.ID)
		return ok && slices.Equal(v, w)
	case float64:
		w, ok := y.(float64)
		return ok && math.Float64bits(v) == math.Float64bits(w)
	}
	return x == y
}
