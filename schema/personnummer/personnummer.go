// Package personnummer finds Swedish personal identity numbers in text, so that they can be
// kept out. It knows personnummer and co-ordination numbers (10 or 12 digits, day + 60) and
// the reserve numbers that care gives to patients without one.
//
// A telephone number or an epoch can pass for a personnummer: scan text and id columns, not
// numeric ones.
package personnummer

import "unicode/utf8"

// Contains tells whether the text holds something that is, by date and check digit, a
// personnummer, a co-ordination number or a reserve number.
func Contains(text string) bool {
	for i := 0; i < len(text); {
		if !digit(text[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && digit(text[end]) {
			end++
		}
		if end-i >= 6 && at(text, i, end) {
			return true
		}
		i = end
	}
	return false
}

// at tells whether a number begins with the run of digits text[i:end].
func at(text string, i, end int) bool {
	run := text[i:end]
	switch len(run) {
	case 10:
		return identity(run) && !inHex(text, i, end)
	case 12:
		return twelve(run) && !inHex(text, i, end)
	case 6, 8:
	default:
		return false
	}
	sep := separator(text[end:])
	rest := text[end+sep:]
	n := 0
	for n < len(rest) && digit(rest[n]) {
		n++
	}
	switch {
	case len(run) == 8 && n == 0:
		return reserve(run, rest)
	case sep == 0 || n != 4 || inHex(text, i, end+sep+n):
		return false
	case len(run) == 6:
		return identity(run + rest[:4])
	}
	return twelve(run + rest[:4])
}

// identity checks yymmddnnnc: a date that exists in some century, and the check digit.
func identity(d string) bool {
	yy := two(d)
	return (date(1900+yy, d[2:6]) || date(2000+yy, d[2:6])) && luhn(d)
}

// twelve checks yyyymmddnnnc, and the reserve numbers 99yyyynnnnnc.
func twelve(d string) bool {
	year := two(d)*100 + two(d[2:])
	if two(d) == 99 {
		return plausible(two(d[2:])*100 + two(d[4:]))
	}
	return plausible(year) && date(year, d[4:8]) && luhn(d[2:])
}

// reserve checks yyyymmdd followed by K, M or X and one or two digits.
func reserve(day, rest string) bool {
	if len(rest) < 2 || !digit(rest[1]) {
		return false
	}
	switch rest[0] {
	case 'K', 'M', 'X', 'k', 'm', 'x':
	default:
		return false
	}
	after := rest[2:]
	if after != "" && digit(after[0]) {
		after = after[1:]
	}
	if after != "" && (digit(after[0]) || letter(after[0])) {
		return false
	}
	year := two(day)*100 + two(day[2:])
	return plausible(year) && date(year, day[4:8])
}

// plausible bounds the year of birth without a clock.
func plausible(year int) bool { return year >= 1880 && year <= 2099 }

var lengths = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// date checks mmdd of a year; days are 60 more in co-ordination numbers.
func date(year int, mmdd string) bool {
	month, day := two(mmdd), two(mmdd[2:])
	if day > 60 {
		day -= 60
	}
	if month < 1 || month > 12 || day < 1 || day > lengths[month] {
		return false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	return month != 2 || day < 29 || leap
}

// luhn checks the last of ten digits.
func luhn(d string) bool {
	sum := 0
	for i := range 10 {
		v := int(d[i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

func two(d string) int { return int(d[0]-'0')*10 + int(d[1]-'0') }

// separator returns the length of the - or + (or of a typographic hyphen) that text begins with.
func separator(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	switch r {
	case '-', '+', '\u00ad', '\u2010', '\u2011', '\u2012', '\u2013', '\u2212':
		return size
	}
	return 0
}

// inHex tells whether the digits text[i:end] are part of a hexadecimal word, such as one of a
// UUID: the letters that touch them are hexadecimal, all of them.
func inHex(text string, i, end int) bool {
	from, to := i, end
	for from > 0 && (digit(text[from-1]) || letter(text[from-1])) {
		from--
	}
	for to < len(text) && (digit(text[to]) || letter(text[to])) {
		to++
	}
	return from+to != i+end && hex(text[from:i]) && hex(text[end:to])
}

func hex(word string) bool {
	for i := range len(word) {
		if c := word[i] | 0x20; !digit(word[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// letter counts every byte of a letter beyond ASCII, too.
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }
