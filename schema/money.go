package schema

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Money is an amount in millionths of the currency unit (six decimal places, as
// Decimal(18,6) in the store). Arithmetic on it is exact; there are no floats.
type Money int64

// Micro is the number of Money units in one currency unit.
const Micro Money = 1_000_000

// ErrMoneyRange says that an amount does not fit Decimal(18,6).
var ErrMoneyRange = errors.New("amount outside ±999 999 999 999.999999")

const maxMoney = 999_999_999_999_999_999

// Kronor returns an amount of whole currency units.
func Kronor(n int64) Money { return Money(n) * Micro }

// Ore returns an amount of hundredths.
func Ore(n int64) Money { return Money(n) * (Micro / 100) }

// ParseMoney reads a plain decimal such as "-12.345678": a point, no thousands signs,
// at most six decimals that matter. Use the profile's number format before it.
func ParseMoney(s string) (Money, error) {
	t := s
	neg := false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		neg = t[0] == '-'
		t = t[1:]
	}
	whole, frac, _ := strings.Cut(t, ".")
	frac = strings.TrimRight(frac, "0")
	if whole == "" && frac == "" && !strings.ContainsRune(t, '0') {
		return 0, fmt.Errorf("amount %q: no digits", s)
	}
	if len(frac) > 6 {
		return 0, fmt.Errorf("amount %q: more than six decimals", s)
	}
	if len(strings.TrimLeft(whole, "0")) > 12 {
		return 0, fmt.Errorf("amount %q: %w", s, ErrMoneyRange)
	}
	var v int64
	for _, part := range [2]string{whole, (frac + "000000")[:6]} {
		for i := range len(part) {
			c := part[i]
			if c < '0' || c > '9' {
				return 0, fmt.Errorf("amount %q: %q is not a digit", s, c)
			}
			v = v*10 + int64(c-'0')
		}
	}
	if neg {
		v = -v
	}
	return Money(v), nil
}

// String writes the amount with a point and at least two decimals.
func (m Money) String() string {
	sign, v := "", magnitude(int64(m))
	if m < 0 {
		sign = "-"
	}
	frac := fmt.Sprintf("%06d", v%uint64(Micro))
	frac = frac[:2] + strings.TrimRight(frac[2:], "0")
	return sign + strconv.FormatUint(v/uint64(Micro), 10) + "." + frac
}

// MarshalText writes the amount as String does, so that JSON holds an exact decimal.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes; errors are those of [ParseMoney].
func (m *Money) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMoney(string(b))
	return err
}

// RoundOre rounds half away from zero to hundredths, as Swedish invoices do. Only
// documents round; the store keeps six places.
func (m Money) RoundOre() Money { return roundTo(m, Micro/100) }

func roundTo(m, step Money) Money {
	half := step / 2
	if m < 0 {
		return -((-m + half) / step * step)
	}
	return (m + half) / step * step
}

// MulDiv returns m*n/d, rounded half away from zero to a millionth. d must be positive.
// The product is taken in 128 bits, so it does not overflow on the way. A result that does
// not fit Decimal(18,6) gives [ErrMoneyRange].
func (m Money) MulDiv(n, d int64) (Money, error) {
	if d <= 0 {
		return 0, fmt.Errorf("dividing an amount by %d", d)
	}
	by := uint64(d)
	hi, lo := bits.Mul64(magnitude(int64(m)), magnitude(n))
	if hi >= by {
		return 0, ErrMoneyRange
	}
	q, r := bits.Div64(hi, lo, by)
	if q > maxMoney {
		return 0, ErrMoneyRange
	}
	if r >= by-r {
		q++
	}
	if q > maxMoney {
		return 0, ErrMoneyRange
	}
	if (m < 0) != (n < 0) {
		return -Money(q), nil
	}
	return Money(q), nil
}

// magnitude is the absolute value; that of the least int64 fits, too.
func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
