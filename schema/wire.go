package schema

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrWire says that a record of the log is not a well-formed message.
var ErrWire = errors.New("malformed record")

// Encoder writes records of one table in Protocol Buffers wire format. Fields at their zero
// value are left out, unknown fields are skipped by readers, and field numbers are never
// reused: that is what lets the encoding evolve. docs/linesman.proto is derived from the
// same declaration. An Encoder is safe for concurrent use.
type Encoder[T any] struct {
	fields []field[T]
}

type field[T any] struct {
	tag  uint64 // protobuf tag
	typ  Type
	ref  func(*T) any
	last string // the decoder's last symbol: most records repeat it
}

func wireType(t Type) protowire.Type {
	switch t {
	case TypeHash, TypeFloat:
		return protowire.Fixed64Type
	case TypeID, TypeText, TypeSymbol, TypeIDs:
		return protowire.BytesType
	}
	return protowire.VarintType
}

// NewEncoder prepares an encoder from a declaration.
func NewEncoder[T any](t *Table[T]) *Encoder[T] {
	e := &Encoder[T]{}
	for _, c := range t.Columns {
		if c.Field > 0 {
			e.fields = append(e.fields, field[T]{tag: protowire.EncodeTag(protowire.Number(c.Field), wireType(c.Type)), typ: c.Type, ref: c.Ref})
		}
	}
	return e
}

// Append appends the record to buf and returns the extended buffer.
func (e *Encoder[T]) Append(buf []byte, rec *T) []byte {
	for i := range e.fields {
		f := &e.fields[i]
		switch p := f.ref(rec).(type) {
		case *string:
			if *p != "" {
				buf = protowire.AppendString(protowire.AppendVarint(buf, f.tag), *p)
			}
		case *ID:
			if !p.IsZero() {
				buf = protowire.AppendBytes(protowire.AppendVarint(buf, f.tag), p[:])
			}
		case *Time:
			buf = appendZigZag(buf, f.tag, int64(*p))
		case *Money:
			buf = appendZigZag(buf, f.tag, int64(*p))
		case *Day:
			buf = appendZigZag(buf, f.tag, int64(*p))
		case *int64:
			buf = appendZigZag(buf, f.tag, *p)
		case *uint32:
			buf = appendUint(buf, f.tag, uint64(*p))
		case *uint64:
			if f.typ == TypeHash {
				if *p != 0 {
					buf = protowire.AppendFixed64(protowire.AppendVarint(buf, f.tag), *p)
				}
				continue
			}
			buf = appendUint(buf, f.tag, *p)
		case *bool:
			if *p {
				buf = protowire.AppendVarint(protowire.AppendVarint(buf, f.tag), 1)
			}
		case *float64:
			if bits := math.Float64bits(*p); bits != 0 { // -0 is a value
				buf = protowire.AppendFixed64(protowire.AppendVarint(buf, f.tag), bits)
			}
		case *[]ID:
			for j := range *p {
				buf = protowire.AppendBytes(protowire.AppendVarint(buf, f.tag), (*p)[j][:])
			}
		}
	}
	return buf
}

func appendZigZag(buf []byte, tag uint64, v int64) []byte {
	if v == 0 {
		return buf
	}
	return protowire.AppendVarint(protowire.AppendVarint(buf, tag), protowire.EncodeZigZag(v))
}

func appendUint(buf []byte, tag, v uint64) []byte {
	if v == 0 {
		return buf
	}
	return protowire.AppendVarint(protowire.AppendVarint(buf, tag), v)
}

// Decoder reads records of one table. It interns symbols, so it is not safe for concurrent
// use: take one for each partition.
type Decoder[T any] struct {
	fields  []field[T] // by field number; ref is nil where the number is unknown
	symbols map[string]string
}

// maxSymbols bounds the interning table against a source with ever new symbols.
const maxSymbols = 1 << 16

// NewDecoder prepares a decoder from a declaration.
func NewDecoder[T any](t *Table[T]) *Decoder[T] {
	d := &Decoder[T]{symbols: map[string]string{}}
	for _, c := range t.Columns {
		if c.Field == 0 {
			continue
		}
		for len(d.fields) <= c.Field {
			d.fields = append(d.fields, field[T]{})
		}
		d.fields[c.Field] = field[T]{tag: protowire.EncodeTag(protowire.Number(c.Field), wireType(c.Type)), typ: c.Type, ref: c.Ref}
	}
	return d
}

// Decode reads one message into rec, which must be zero: what the message leaves out stays as
// it is. Unknown fields are skipped. Errors wrap [ErrWire] and leave rec half filled.
func (d *Decoder[T]) Decode(b []byte, rec *T) error {
	for len(b) > 0 {
		tag, n := varint(b)
		if n <= 0 {
			return fmt.Errorf("%w: bad tag", ErrWire)
		}
		b = b[n:]
		num := tag >> 3
		if num >= uint64(len(d.fields)) || d.fields[num].ref == nil || d.fields[num].tag != tag {
			if num == 0 || num > math.MaxInt32 {
				return fmt.Errorf("%w: bad tag", ErrWire)
			}
			n := protowire.ConsumeFieldValue(protowire.Number(num), protowire.Type(tag&7), b)
			if n < 0 {
				return fmt.Errorf("%w: field %d", ErrWire, num)
			}
			b = b[n:]
			continue
		}
		n, ok := d.field(&d.fields[num], b, rec)
		if !ok {
			return fmt.Errorf("%w: field %d is cut short, of the wrong size or out of range", ErrWire, num)
		}
		b = b[n:]
	}
	return nil
}

func (d *Decoder[T]) field(f *field[T], b []byte, rec *T) (int, bool) {
	switch protowire.Type(f.tag & 7) {
	case protowire.BytesType:
		l, n := varint(b)
		if n <= 0 || l > uint64(len(b)-n) {
			return 0, false
		}
		return n + int(l), d.setBytes(f, b[n:n+int(l)], rec)
	case protowire.Fixed64Type:
		v, n := protowire.ConsumeFixed64(b)
		switch p := f.ref(rec).(type) {
		case *uint64:
			*p = v
		case *float64:
			*p = math.Float64frombits(v)
		}
		return n, n > 0
	}
	v, n := varint(b)
	return n, n > 0 && setVarint(f.ref(rec), v)
}

func (d *Decoder[T]) setBytes(f *field[T], v []byte, rec *T) bool {
	switch p := f.ref(rec).(type) {
	case *string:
		if f.typ != TypeSymbol {
			*p = string(v)
			break
		}
		if string(v) != f.last {
			f.last = d.symbol(v)
		}
		*p = f.last
	case *ID:
		if len(v) != len(p) {
			return false
		}
		copy(p[:], v)
	case *[]ID:
		if len(v) != len(ID{}) {
			return false
		}
		*p = append(*p, ID(v))
	}
	return true
}

func (d *Decoder[T]) symbol(v []byte) string {
	if s, ok := d.symbols[string(v)]; ok {
		return s
	}
	s := string(v)
	if len(d.symbols) < maxSymbols {
		d.symbols[s] = s
	}
	return s
}

// setVarint sets a number. It refuses days, moments and amounts that the store cannot hold:
// one such value would keep every record of its range out.
func setVarint(ref any, v uint64) bool {
	switch p := ref.(type) {
	case *Time:
		*p = Time(protowire.DecodeZigZag(v))
		return *p >= FirstTime && *p <= LastTime
	case *Money:
		*p = Money(protowire.DecodeZigZag(v))
		return *p >= -maxMoney && *p <= maxMoney
	case *Day:
		d := protowire.DecodeZigZag(v)
		*p = Day(d)
		return d >= int64(FirstDay) && d <= int64(LastDay)
	case *int64:
		*p = protowire.DecodeZigZag(v)
	case *uint32:
		*p = uint32(v)
	case *uint64:
		*p = v
	case *bool:
		*p = v != 0
	}
	return true
}

// varint is protowire.ConsumeVarint with a short path for one byte, the usual case.
func varint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return protowire.ConsumeVarint(b)
}

// PeekUsage reads the event id and the time of an encoded usage record without decoding the
// rest. It relies on nothing but the wire format, and is quickest when fields are in order.
// With an error, which wraps [ErrWire], both are zero.
func PeekUsage(b []byte) (ID, Time, error) {
	var id ID
	var at Time
	for len(b) > 0 && (id.IsZero() || at == 0) {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return ID{}, 0, fmt.Errorf("%w: bad tag", ErrWire)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return ID{}, 0, fmt.Errorf("%w: field %d", ErrWire, num)
		}
		switch {
		case num == 1 && typ == protowire.BytesType:
			v, _ := protowire.ConsumeBytes(b)
			if len(v) != len(id) {
				return ID{}, 0, fmt.Errorf("%w: event id", ErrWire)
			}
			id = ID(v)
		case num == 6 && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(b)
			at = Time(protowire.DecodeZigZag(v))
		}
		b = b[n:]
	}
	return id, at, nil
}

// fieldID reads the field that holds an id.
func fieldID(b []byte, field int) (ID, error) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return ID{}, fmt.Errorf("%w: bad tag", ErrWire)
		}
		b = b[n:]
		if int(num) == field && typ == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 || len(v) != len(ID{}) {
				return ID{}, fmt.Errorf("%w: event id", ErrWire)
			}
			return ID(v), nil
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return ID{}, fmt.Errorf("%w: field %d", ErrWire, num)
		}
		b = b[n:]
	}
	return ID{}, fmt.Errorf("%w: no event id", ErrWire)
}
