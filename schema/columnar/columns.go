package columnar

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"linesman/schema"
)

func newRecord(s *arrow.Schema, cols []arrow.Array, rows int64) arrow.Record {
	rec := array.NewRecord(s, cols, rows)
	for _, c := range cols {
		c.Release()
	}
	return rec
}

func newColumn[T any](c schema.Column[T], mem memory.Allocator) column[T] {
	switch c.Type {
	case schema.TypeID:
		return &ids[T]{c.Ref, array.NewFixedSizeBinaryBuilder(mem, Arrow(c.Type).(*arrow.FixedSizeBinaryType))}
	case schema.TypeSymbol:
		return &symbols[T]{ref: c.Ref, index: map[string]int32{}, mem: mem}
	case schema.TypeTime:
		b := array.NewTimestampBuilder(mem, Arrow(c.Type).(*arrow.TimestampType))
		return &values[T, schema.Time, arrow.Timestamp]{c.Ref, b, func(v schema.Time) arrow.Timestamp { return arrow.Timestamp(v) }}
	case schema.TypeDay:
		return &values[T, schema.Day, arrow.Date32]{c.Ref, array.NewDate32Builder(mem), func(v schema.Day) arrow.Date32 { return arrow.Date32(v) }}
	case schema.TypeMoney:
		b := array.NewDecimal128Builder(mem, Arrow(c.Type).(*arrow.Decimal128Type))
		return &values[T, schema.Money, decimal128.Num]{c.Ref, b, func(v schema.Money) decimal128.Num { return decimal128.FromI64(int64(v)) }}
	case schema.TypeBool:
		return &values[T, bool, bool]{c.Ref, array.NewBooleanBuilder(mem), same[bool]}
	case schema.TypeHash, schema.TypeUint:
		return &values[T, uint64, uint64]{c.Ref, array.NewUint64Builder(mem), same[uint64]}
	case schema.TypeUint32:
		return &values[T, uint32, uint32]{c.Ref, array.NewUint32Builder(mem), same[uint32]}
	case schema.TypeInt:
		return &values[T, int64, int64]{c.Ref, array.NewInt64Builder(mem), same[int64]}
	case schema.TypeFloat:
		return &values[T, float64, float64]{c.Ref, array.NewFloat64Builder(mem), same[float64]}
	case schema.TypeIDs:
		b := array.NewListBuilderWithField(mem, Arrow(c.Type).(*arrow.ListType).ElemField())
		return &lists[T]{c.Ref, b}
	}
	return &values[T, string, string]{c.Ref, array.NewStringBuilder(mem), same[string]}
}

func same[V any](v V) V { return v }

// builder is the part of Arrow's typed builders that values needs.
type builder[A any] interface {
	Append(A)
	Reserve(int)
	NewArray() arrow.Array
}

// values is a column whose Go type V maps to the Arrow value A.
type values[T, V, A any] struct {
	ref     func(*T) any
	b       builder[A]
	convert func(V) A
}

func (c *values[T, V, A]) gather(rows []T) {
	c.b.Reserve(len(rows))
	for i := range rows {
		c.b.Append(c.convert(*c.ref(&rows[i]).(*V)))
	}
}

func (c *values[T, V, A]) array() arrow.Array { return c.b.NewArray() }

type ids[T any] struct {
	ref func(*T) any
	b   *array.FixedSizeBinaryBuilder
}

func (c *ids[T]) gather(rows []T) {
	c.b.Reserve(len(rows))
	for i := range rows {
		c.b.Append(c.ref(&rows[i]).(*schema.ID)[:])
	}
}

func (c *ids[T]) array() arrow.Array { return c.b.NewArray() }

// symbols is a dictionary column. It keeps its own index: most rows repeat the value of the
// row before, and a comparison is cheaper than a hash.
type symbols[T any] struct {
	ref     func(*T) any
	index   map[string]int32
	dict    []string
	codes   []int32
	last    string
	lastIdx int32
	mem     memory.Allocator
}

func (c *symbols[T]) gather(rows []T) {
	for i := range rows {
		s := *c.ref(&rows[i]).(*string)
		if len(c.dict) == 0 || s != c.last {
			k, ok := c.index[s]
			if !ok {
				k = int32(len(c.dict))
				c.index[s], c.dict = k, append(c.dict, s)
			}
			c.last, c.lastIdx = s, k
		}
		c.codes = append(c.codes, c.lastIdx)
	}
}

func (c *symbols[T]) array() arrow.Array {
	db := array.NewStringBuilder(c.mem)
	defer db.Release()
	db.AppendValues(c.dict, nil)
	dict := db.NewArray()
	defer dict.Release()
	ib := array.NewInt32Builder(c.mem)
	defer ib.Release()
	ib.AppendValues(c.codes, nil)
	idx := ib.NewArray()
	defer idx.Release()
	clear(c.index)
	c.dict, c.codes, c.last, c.lastIdx = c.dict[:0], c.codes[:0], "", 0
	return array.NewDictionaryArray(Arrow(schema.TypeSymbol), idx, dict)
}

type lists[T any] struct {
	ref func(*T) any
	b   *array.ListBuilder
}

func (c *lists[T]) gather(rows []T) {
	vb := c.b.ValueBuilder().(*array.FixedSizeBinaryBuilder)
	for i := range rows {
		c.b.Append(true)
		list := *c.ref(&rows[i]).(*[]schema.ID)
		for j := range list {
			vb.Append(list[j][:])
		}
	}
}

func (c *lists[T]) array() arrow.Array { return c.b.NewArray() }
