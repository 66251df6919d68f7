package phone

import (
	"strings"
	"unicode/utf8"
)

// scanned is a raw number taken apart.
type scanned struct {
	plus   bool
	masked bool
	n      int // digits in digits; counts on when there is no more room
	digits [maxDigits]byte
	lead   int // digits before the first masked place
	places int // digits and masked places
}

// scan takes a raw number apart. Everything that is neither a digit nor a known separator is
// a masked place: to take an unknown sign for a separator could make a number out of a mask.
func (s *scanned) scan(raw string) {
	raw = strip(raw)
	for i := 0; i < len(raw); {
		c := raw[i]
		if c >= '0' && c <= '9' {
			s.digit(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(raw[i:])
		switch {
		case r == '+' && s.places == 0 && !s.plus:
			s.plus = true
		case r == '(' && s.plus && strings.HasPrefix(raw[i:], "(0)"):
			size = len("(0)") // +44 (0)20: the 0 is not dialled from abroad
		case !separator(r) || dots(raw, i):
			s.place()
		}
		i += size
	}
}

func (s *scanned) digit(c byte) {
	if s.n < maxDigits {
		s.digits[s.n] = c
	}
	s.n++
	s.places++
	if !s.masked {
		s.lead++
	}
}

func (s *scanned) place() {
	s.masked = true
	s.places++
}

// mask writes the digits before the first masked place, never the last four places and never
// more than a mask of our own would show (a number may be followed by a name), and dots.
func (s *scanned) mask() string {
	most, sign := 6, ""
	if s.plus {
		most, sign = 7, "+"
	}
	keep := max(0, min(s.lead, most, s.places-4, maxDigits))
	return sign + string(s.digits[:keep]) + strings.Repeat("•", min(s.places, 15)-min(keep, 15))
}

// strip takes off what surrounds a number: blanks, quotes and ="…" of spreadsheets, the
// scheme of a tel: or sip: address with its parameters and host.
func strip(raw string) string {
	raw = strings.TrimSpace(raw)
	if t, ok := strings.CutPrefix(raw, `="`); ok {
		raw = strings.TrimSuffix(t, `"`)
	}
	raw = strings.TrimPrefix(raw, "'")
	if len(raw) > 4 && raw[3] == ':' && (strings.EqualFold(raw[:3], "tel") || strings.EqualFold(raw[:3], "sip")) {
		raw, _, _ = strings.Cut(raw[4:], ";")
		raw, _, _ = strings.Cut(raw, "@")
	}
	return raw
}

// dots tells whether a full stop stands beside another: then it stands for a digit.
func dots(raw string, i int) bool {
	return raw[i] == '.' && (i > 0 && raw[i-1] == '.' || i+1 < len(raw) && raw[i+1] == '.')
}

func separator(r rune) bool {
	switch r {
	case ' ', '\t', '-', '(', ')', '.', '/',
		'\u00a0', '\u2009', '\u202f', // no-break, thin and narrow no-break space
		'\u00ad', '\u2010', '\u2011', '\u2012', '\u2013', '\u2212': // hyphens, dash, minus
		return true
	}
	return false
}

// spreadsheet recognises 4,67E+10: what a spreadsheet program makes of a long number.
func spreadsheet(raw string) bool {
	raw = strings.TrimSpace(raw)
	mantissa, exponent, ok := strings.Cut(raw, "E+")
	if !ok {
		if mantissa, exponent, ok = strings.Cut(raw, "e+"); !ok {
			return false
		}
	}
	whole, frac, _ := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	return len(whole) == 1 && number(whole) && number(frac) && exponent != "" && number(exponent)
}

// number tells whether s has nothing but digits.
func number(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
