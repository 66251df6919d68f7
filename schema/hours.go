package schema

import (
	"errors"
	"fmt"
	"strings"
)

// minutesPerDay is the end of a day on the clock, 24:00.
const minutesPerDay = 24 * 60

// Errors of the columns weekdays and hours.
var (
	ErrWeekdays = errors.New("not digits from 1 (Monday) to 7, and h for public holidays, each once")
	ErrHours    = errors.New("not hours as hh:mm-hh:mm")
)

// ParseWeekdays reads digits from 1 (Monday) to 7 and h, for public holidays; bit n of the
// result is set for weekday n, and bit 8 for h.
func ParseWeekdays(s string) (uint16, error) {
	var days uint16
	for _, c := range s {
		bit := uint16(0)
		switch {
		case c >= '1' && c <= '7':
			bit = 1 << (c - '0')
		case c == 'h' || c == 'H':
			bit = 1 << 8
		}
		if bit == 0 || days&bit != 0 {
			return 0, fmt.Errorf("%q: %w", s, ErrWeekdays)
		}
		days |= bit
	}
	return days, nil
}

// ParseHours reads hh:mm-hh:mm as minutes of the day, of which the end may be 24:00.
func ParseHours(s string) (from, to int, err error) {
	a, b, ok := strings.Cut(s, "-")
	from, okA := minute(a)
	to, okB := minute(b)
	if !ok || !okA || !okB || from == to || from == minutesPerDay {
		return 0, 0, fmt.Errorf("%q: %w", s, ErrHours)
	}
	return from, to, nil
}

func minute(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	n := 0
	for i, least := range [5]byte{'0', '0', ':', '0', '0'} {
		if s[i] < least || s[i] > least+9 || least == ':' && s[i] != ':' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	n = h*60 + m
	return n, m < 60 && n <= minutesPerDay
}
