package itemised

import (
	"bytes"
	"errors"
	"math"
	"math/bits"
)

// Errors of values. They never hold the value.
var (
	errNumber   = errors.New("not a number as the profile writes them")
	errGroups   = errors.New("the thousands signs do not stand between groups of three digits: decimal and thousands signs of the profile may be exchanged")
	errDecimals = errors.New("more than six decimals")
	errLarge    = errors.New("more digits than fit")
	errNegative = errors.New("negative")
	errDuration = errors.New("not a duration as the profile writes them")
)

// decimal reads decimal numbers as a profile writes them.
type decimal struct {
	point     byte
	thousands []byte
	blanks    bool     // blanks of every kind are thousands signs
	credit    [][]byte // words that mean minus
	ignore    [][]byte // words that mean nothing
}

// maxWhole is the largest number: twelve digits before the point.
const maxWhole = 999_999_999_999

// micro reads a number as millionths. An empty value is the caller's matter.
func (d *decimal) micro(b []byte) (int64, error) {
	b, negative := d.sign(b)
	if len(b) == 0 {
		return 0, errNumber
	}
	var v int64
	whole, since, grouped := 0, 0, false
	i := 0
	for ; i < len(b); i++ {
		c := b[i]
		if c >= '0' && c <= '9' {
			if v > maxWhole/10 {
				return 0, errLarge
			}
			v = v*10 + int64(c-'0')
			whole++
			since++
			continue
		}
		if c == d.point {
			break
		}
		size := d.group(b[i:])
		if size == 0 {
			return 0, errNumber
		}
		if whole == 0 || since > 3 || grouped && since != 3 {
			return 0, errGroups
		}
		grouped, since = true, 0
		i += size - 1
	}
	if grouped && since != 3 {
		return 0, errGroups
	}
	v *= 1e6
	frac, err := fraction(b[i:])
	if err != nil || whole == 0 && len(b) < 2 {
		return 0, errors.Join(err, errNumber)
	}
	if v += frac; negative {
		v = -v
	}
	return v, nil
}

// fraction reads the decimals behind the point that b begins with, as millionths.
func fraction(b []byte) (int64, error) {
	if len(b) == 0 {
		return 0, nil
	}
	var v int64
	scale := int64(1e5)
	for _, c := range b[1:] {
		if c < '0' || c > '9' {
			return 0, errNumber
		}
		if scale == 0 && c != '0' {
			return 0, errDecimals
		}
		v += int64(c-'0') * scale
		scale /= 10
	}
	return v, nil
}

var minus = []byte("\u2212")

// sign takes the sign off: before, behind, brackets, or a word that means credit.
func (d *decimal) sign(b []byte) ([]byte, bool) {
	b, _ = without(b, d.ignore)
	b, negative := without(b, d.credit)
	n := len(b)
	switch {
	case n == 0 || negative:
	case b[0] == '-':
		b, negative = b[1:], true
	case b[0] == '+':
		b = b[1:]
	case b[n-1] == '-':
		b, negative = b[:n-1], true
	case n > 1 && b[0] == '(' && b[n-1] == ')':
		b, negative = b[1:n-1], true
	case bytes.HasPrefix(b, minus):
		b, negative = b[len(minus):], true
	case bytes.HasSuffix(b, minus):
		b, negative = b[:n-len(minus)], true
	}
	return bytes.TrimSpace(b), negative
}

// without takes one of the words off, before or behind.
func without(b []byte, words [][]byte) ([]byte, bool) {
	for _, w := range words {
		n := len(b) - len(w)
		switch {
		case n <= 0:
		case bytes.EqualFold(b[n:], w) && !isLetter(b[n-1]):
			return bytes.TrimSpace(b[:n]), true
		case bytes.EqualFold(b[:len(w)], w) && !isLetter(b[len(w)]):
			return bytes.TrimSpace(b[len(w):]), true
		}
	}
	return b, false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// group returns the length of the thousands sign that b begins with, 0 when it is none.
func (d *decimal) group(b []byte) int {
	for _, t := range d.thousands {
		if b[0] == t {
			return 1
		}
	}
	if !d.blanks {
		return 0
	}
	if b[0] == ' ' {
		return 1
	}
	for _, blank := range [...]string{"\u00a0", "\u202f", "\u2009"} {
		if bytes.HasPrefix(b, []byte(blank)) {
			return len(blank)
		}
	}
	return 0
}

// scale returns micro millionths times a unit, rounded half up, as a whole number.
func scale(micro int64, unit uint64) (uint64, error) {
	if micro < 0 {
		return 0, errNegative
	}
	hi, lo := bits.Mul64(uint64(micro), unit)
	lo, carry := bits.Add64(lo, 500_000, 0)
	hi += carry
	if hi >= 1_000_000 {
		return 0, errLarge
	}
	q, _ := bits.Div64(hi, lo, 1_000_000)
	return q, nil
}

// maxDuration is a year: nothing that an operator itemises lasts longer.
const maxDuration = 366 * 86400

// seconds reads a duration. Fractions of a second are rounded half up.
func (s durationStyle) seconds(b []byte, d *decimal) (uint32, error) {
	var v uint64
	switch s {
	case seconds, minutes:
		micro, err := d.micro(b)
		if err != nil {
			return 0, err
		}
		unit := uint64(1)
		if s == minutes {
			unit = 60
		}
		if v, err = scale(micro, unit); err != nil {
			return 0, err
		}
	default:
		if len(b) > 0 && b[0] == '-' {
			if _, err := s.seconds(b[1:], d); err != nil {
				return 0, err
			}
			return 0, errNegative
		}
		parts := 2
		if s == hoursMinutesSeconds {
			parts = 3
		}
		var err error
		if v, err = sexagesimal(b, parts); err != nil {
			return 0, err
		}
	}
	if v > maxDuration {
		return 0, errLarge
	}
	return uint32(v), nil
}

// sexagesimal reads parts of digits with colons between; all but the first are below 60.
func sexagesimal(b []byte, parts int) (uint64, error) {
	var total uint64
	for n := range parts {
		i := bytes.IndexByte(b, ':')
		if last := n == parts-1; last != (i < 0) {
			return 0, errDuration
		}
		part := b
		if i >= 0 {
			part, b = b[:i], b[i+1:]
		}
		v, ok := digits(part)
		if !ok || n > 0 && (v > 59 || len(part) != 2) {
			return 0, errDuration
		}
		total = total*60 + v
	}
	return total, nil
}

// digits reads up to nine digits.
func digits(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, true
}

// count reads a number of messages; fractions are not possible.
func (d *decimal) count(b []byte) (uint32, error) {
	micro, err := d.micro(b)
	switch {
	case err != nil:
		return 0, err
	case micro < 0:
		return 0, errNegative
	case micro%1e6 != 0:
		return 0, errNumber
	case micro/1e6 > math.MaxUint32:
		return 0, errLarge
	}
	return uint32(micro / 1e6), nil
}
