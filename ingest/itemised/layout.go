package itemised

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var errTime = errors.New("not a date or time as the profile writes them")

// wall is what a clock on the wall shows, and perhaps the offset from UTC.
type wall struct {
	year, month, day          int
	hour, minute, second, ms  int
	offset                    int // seconds east of UTC
	hasDate, hasTime, hasZone bool
}

// layout is a pattern of dates and times, such as yyyy-MM-dd HH:mm:ss.
type layout struct {
	pattern string
	parts   []part
}

// part is one letter group of a pattern, or (letter 0) the text between groups.
type part struct {
	letter byte
	n      int
	text   string
}

// newLayout reads a pattern. Letters as in Unicode's date patterns: y year, M month (MMM: its
// short name), d day, H hour, m minute, s second, S decimals of a second, X offset (Z or
// +01:00). Text stands for itself; letters of text go in single quotes, T needs none.
func newLayout(pattern string) (layout, error) {
	l := layout{pattern: pattern}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case strings.IndexByte("yMdHmsSX", c) >= 0:
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if err := groupOK(c, n); err != nil {
				return l, err
			}
			l.parts = append(l.parts, part{letter: c, n: n})
			i += n
		case c == '\'':
			text, _, ok := strings.Cut(pattern[i+1:], "'")
			if !ok {
				return l, errors.New("a quotation mark is not closed")
			}
			l.parts = append(l.parts, part{text: text})
			i += len(text) + 2
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' && c != 'T':
			return l, fmt.Errorf("letter %c means nothing: want y M d H m s S X (capital M is the month, capital H the hour)", c)
		default:
			l.parts = append(l.parts, part{text: pattern[i : i+1]})
			i++
		}
	}
	return l, nil
}

func groupOK(c byte, n int) error {
	ok := n <= 2
	switch c {
	case 'y':
		ok = n == 2 || n == 4
	case 'M', 'X':
		ok = n <= 3
	case 'S':
		ok = n <= 9
	}
	if !ok {
		return fmt.Errorf("%s is too many or too few letters", strings.Repeat(string(c), n))
	}
	return nil
}

// suits checks that a pattern has what its column must tell.
func (l layout) suits(column string) error {
	has := func(letters string) bool {
		for _, c := range []byte(letters) {
			found := false
			for _, p := range l.parts {
				found = found || p.letter == c
			}
			if !found {
				return false
			}
		}
		return true
	}
	switch column {
	case "time":
		if !has("Hm") || has("y") || has("M") || has("d") {
			return errors.New("want hours and minutes, and no date")
		}
	case "date":
		if !has("yMd") || has("H") || has("m") {
			return errors.New("want year, month and day, and no time")
		}
	default:
		if !has("yMd") {
			return errors.New("want year, month and day, and mostly a time")
		}
	}
	return nil
}

// parse reads b by the pattern into w.
func (l *layout) parse(b []byte, w *wall) bool {
	for i := range l.parts {
		p := &l.parts[i]
		var ok bool
		switch {
		case p.letter == 0:
			b, ok = bytes.CutPrefix(b, []byte(p.text))
		case p.letter == 'X':
			b, ok = w.zone(b)
		case p.letter == 'M' && p.n == 3:
			b, ok = w.monthName(b)
		default:
			b, ok = w.number(b, p)
		}
		if !ok {
			return false
		}
	}
	return len(b) == 0
}

// number reads one group of digits: a doubled letter means just so many, a single letter one
// or two.
func (w *wall) number(b []byte, p *part) ([]byte, bool) {
	v, n := 0, 0
	most := max(p.n, 2)
	for n < most && n < len(b) && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n == 0 || p.n > 1 && n != p.n {
		return nil, false
	}
	switch p.letter {
	case 'y':
		if p.n == 2 {
			v += 2000
		}
		w.year, w.hasDate = v, true
	case 'M':
		w.month = v
	case 'd':
		w.day = v
	case 'H':
		w.hour, w.hasTime = v, true
	case 'm':
		w.minute = v
	case 's':
		w.second = v
	case 'S':
		for ; n < 3; n++ {
			v *= 10
		}
		for ; n > 3; n-- {
			v /= 10
		}
		w.ms = v
		return b[min(len(b), p.n):], true
	}
	return b[n:], true
}

// zone reads Z, +01, +0100 or +01:00.
func (w *wall) zone(b []byte) ([]byte, bool) {
	w.hasZone = true
	if len(b) > 0 && (b[0] == 'Z' || b[0] == 'z') {
		return b[1:], true
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return nil, false
	}
	h, ok := digits(b[1:3])
	rest := b[3:]
	var m uint64
	if ok && len(rest) >= 2 {
		tail := bytes.TrimPrefix(rest, []byte(":"))
		if len(tail) < 2 {
			return nil, false
		}
		if m, ok = digits(tail[:2]); ok {
			rest = tail[2:]
		}
	}
	if !ok || h > 14 || m > 59 {
		return nil, false
	}
	w.offset = int(h)*3600 + int(m)*60
	if b[0] == '-' {
		w.offset = -w.offset
	}
	return rest, true
}

// monthNames are the first three letters of the months in Swedish, Danish, Norwegian and English.
var monthNames = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "maj": 5, "mai": 5, "may": 5, "jun": 6, "jul": 7, "aug": 8,
	"sep": 9, "okt": 10, "oct": 10, "nov": 11, "dec": 12, "des": 12,
}

func (w *wall) monthName(b []byte) ([]byte, bool) {
	n := 0
	for n < len(b) && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' || b[n] >= utf8.RuneSelf) {
		n++
	}
	if n < 3 {
		return nil, false
	}
	var ok bool
	w.month, ok = monthNames[strings.ToLower(string(b[:3]))]
	return bytes.TrimPrefix(b[n:], []byte(".")), ok
}

// valid checks that date and time exist in a calendar (not yet in a zone).
func (w *wall) valid() bool {
	return w.month >= 1 && w.month <= 12 && w.day >= 1 && w.day <= daysIn(w.year, w.month) &&
		w.hour <= 23 && w.minute <= 59 && w.second <= 59
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
