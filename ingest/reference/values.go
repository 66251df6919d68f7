package reference

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/phone"
)

// endless is the year from which an end means "until further notice", as in 9999-12-31.
const endless = 9000

// valid reads from when and until when a statement holds.
func (w *row) valid(from, to int) (schema.Time, schema.Time) {
	f := w.moment(from)
	v := w.line.Get(to)
	if len(v) == 0 {
		return f, 0
	}
	t := w.moment(to)
	switch {
	case t.UTC().Year() >= endless:
		t = 0
	case w.bad == nil && t <= f:
		w.refuse(to, ingest.CodeRange, "the end is not after the beginning")
	}
	return f, t
}

// moment reads a needed date or time; the years 1900 to 2199 are believed.
func (w *row) moment(col int) schema.Time {
	t, err := table.Moment(w.line.Get(col), w.f.zone)
	if err == nil {
		if y := t.UTC().Year(); t == 0 || y < 1900 || y > 2199 && y < endless {
			err = table.ErrRange
		}
	}
	if err != nil {
		w.fail(col, err)
		return 0
	}
	return t
}

// earliest is the first moment at which a statement may have been made, 2000-01-01 UTC: what
// lies before is a slip, and 1970 would mean that the source does not tell.
const earliest = schema.Time(946_684_800_000)

// stated reads when the source made the statement; 0 where it does not tell. A time far in
// the future would outdo every correction, so it is refused.
func (w *row) stated() schema.Time {
	col := len(w.kind.columns) - 1
	v := w.line.Get(col)
	if len(v) == 0 {
		return 0
	}
	t, err := table.Moment(v, w.f.zone)
	if err != nil {
		w.fail(col, err)
		return 0
	}
	if t < earliest || !w.now.IsZero() && t > schema.TimeOf(w.now.Add(24*time.Hour)) {
		w.refuse(col, ingest.CodeRange, "made before 2000, or more than a day in the future")
		return 0
	}
	return t
}

func (w *row) day(col int) schema.Day {
	t := w.moment(col)
	if w.bad != nil {
		return 0
	}
	return schema.DayOf(t, w.f.zone)
}

// uint reads a whole number; empty counts as 0.
func (w *row) uint(col int, max uint64) uint32 {
	v, err := table.Uint(w.line.Get(col), min(max, math.MaxUint32))
	if err != nil && !errors.Is(err, table.ErrMissing) {
		w.fail(col, err)
	}
	return uint32(v)
}

// money reads an amount that is not negative. An empty one counts as 0 unless it is needed.
func (w *row) money(col int, needed bool) schema.Money {
	m, err := table.Money(w.line.Get(col))
	if err == nil && m < 0 {
		err = table.ErrRange
	}
	if err != nil && (needed || !errors.Is(err, table.ErrMissing)) {
		w.fail(col, err)
		return 0
	}
	return m
}

// decimal reads a measure that is not negative. An empty one counts as 0 unless it is needed.
func (w *row) decimal(col int, needed bool) float64 {
	v, err := table.Decimal(w.line.Get(col), 0, 1e12)
	if err != nil && (needed || !errors.Is(err, table.ErrMissing)) {
		w.fail(col, err)
		return 0
	}
	return v
}

// number reduces one of the organisation's own numbers; the zero Number for an empty one.
func (w *row) number(col int) phone.Number {
	v := w.line.Get(col)
	if len(v) == 0 {
		return phone.Number{}
	}
	n, err := w.f.numbers.Reduce(string(v))
	switch {
	case errors.Is(err, phone.ErrDamaged):
		w.refuse(col, ingest.CodePhone, phone.ErrDamaged.Error())
	case err != nil || n.Digits == "" || n.Class == phone.Unknown:
		w.refuse(col, ingest.CodePhone, "not a telephone number")
	default:
		return n
	}
	return phone.Number{}
}

// holder turns an employee id into a pseudonym; empty stays empty.
func (w *row) holder(col int) string {
	id := w.text(col)
	if id == "" || w.bad != nil {
		return ""
	}
	return w.f.key.Person(id)
}

// eventID is the hash over a kind of statement and everything it states. Numbers and
// employee ids enter it as pseudonyms only, so that it cannot be guessed from them. When it was
// made is part of a statement: A, then B, then A again are three.
func eventID[T any](w *row, t *schema.Table[T], rec *T) schema.ID {
	parts := make([]string, 0, len(t.Columns))
	later := false
	for _, c := range t.Columns {
		later = later || c.Name == "stated_at"
		if later && unset(c.Ref(rec)) {
			continue // as before there was such a column: the ids of statements without it stay
		}
		if c.Field == 0 || c.Name == "event_id" || c.Name == "file_id" || c.Name == "file_row" || c.Name == "recorded_at" {
			continue
		}
		parts = append(parts, c.Name, canonical(c.Ref(rec)))
	}
	return schema.NewID(Name+":"+w.kind.name, parts...)
}

func unset(ref any) bool { return reflect.ValueOf(ref).Elem().IsZero() }

func canonical(ref any) string {
	var v uint64
	switch p := ref.(type) {
	case *string:
		return *p
	case *schema.Time:
		v = uint64(*p)
	case *schema.Day:
		v = uint64(*p)
	case *schema.Money:
		v = uint64(*p)
	case *uint32:
		v = uint64(*p)
	case *uint64:
		v = *p
	case *float64:
		v = math.Float64bits(*p)
	case *bool:
		v = map[bool]uint64{true: 1}[*p]
	}
	return string(binary.BigEndian.AppendUint64(nil, v))
}
