package table

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// Errors of values. They never hold the value.
var (
	ErrMissing = errors.New("the value is missing")
	ErrNumber  = errors.New("not a number of the expected form")
	ErrTime    = errors.New("not a date or time of the expected form")
	ErrRange   = errors.New("outside the possible range")
)

// Uint reads a whole number from 0 to max.
func Uint(b []byte, max uint64) (uint64, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	var v uint64
	for i, c := range b {
		if c == '-' && i == 0 && len(b) > 1 {
			if _, err := Uint(b[1:], math.MaxUint64); errors.Is(err, ErrNumber) {
				return 0, ErrNumber
			}
			return 0, ErrRange
		}
		if c < '0' || c > '9' {
			return 0, ErrNumber
		}
		if d := uint64(c - '0'); d > max || v > (max-d)/10 {
			return 0, overflow(b[i:])
		}
		v = v*10 + uint64(c-'0')
	}
	return v, nil
}

func overflow(rest []byte) error {
	for _, c := range rest {
		if c < '0' || c > '9' {
			return ErrNumber
		}
	}
	return ErrRange
}

// Decimal reads a number with a decimal point or comma, without thousands signs, for
// measures that are no money.
func Decimal(b []byte, min, max float64) (float64, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	s := strings.Replace(string(b), ",", ".", 1)
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && !(c == '-' && i == 0) {
			return 0, ErrNumber // no exponents, no infinities, no hexadecimal digits
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, ErrNumber
	}
	if v < min || v > max {
		return 0, ErrRange
	}
	return v, nil
}

// Money reads an amount with a decimal point or comma, without thousands signs.
func Money(b []byte) (schema.Money, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	m, err := schema.ParseMoney(strings.Replace(string(b), ",", ".", 1))
	switch {
	case errors.Is(err, schema.ErrMoneyRange):
		return 0, ErrRange
	case err != nil:
		return 0, ErrNumber
	}
	return m, nil
}

// Day reads yyyy-mm-dd.
func Day(b []byte) (schema.Day, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	d, err := schema.ParseDay(string(b))
	if err != nil {
		return 0, ErrTime
	}
	return d, nil
}

// Moment reads a date (midnight in zone), "yyyy-mm-dd hh:mm[:ss]" local to zone, or
// RFC 3339 with its own offset.
func Moment(b []byte, zone *time.Location) (schema.Time, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	s := string(b)
	if d, err := schema.ParseDay(s); err == nil {
		return d.Start(zone), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return schema.TimeOf(t.UTC()), nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return schema.TimeOf(t.UTC()), nil
		}
	}
	return 0, ErrTime
}

// Why gives the code and the words for an error of a value.
func Why(err error) (code, reason string) {
	for _, k := range []struct {
		err  error
		code string
	}{{ErrMissing, ingest.CodeMissing}, {ErrNumber, ingest.CodeNumber}, {ErrTime, ingest.CodeTime}, {ErrRange, ingest.CodeRange}} {
		if errors.Is(err, k.err) {
			return k.code, k.err.Error()
		}
	}
	return ingest.CodeUnknown, "not a value that is known here"
}

// Minutes reads a time of day, "hh:mm" or "hh:mm:00", as minutes after midnight. 24:00 is the
// end of the day.
func Minutes(b []byte) (uint32, error) {
	if len(b) == 0 {
		return 0, ErrMissing
	}
	if len(b) == 8 && string(b[5:]) == ":00" {
		b = b[:5]
	}
	if len(b) == 4 && b[1] == ':' { // 8:00
		b = append([]byte{'0'}, b...)
	}
	if len(b) != 5 || b[2] != ':' {
		return 0, ErrTime
	}
	h, err1 := Uint(b[:2], 99)
	m, err2 := Uint(b[3:], 99)
	switch {
	case err1 != nil || err2 != nil:
		return 0, ErrTime
	case m > 59 || h*60+m > 24*60:
		return 0, ErrRange
	}
	return uint32(h*60 + m), nil
}
