package ingest

import (
	"strings"

	"linesman/schema/personnummer"
)

// MaskName returns a file name as it may stand in messages, reports and the log. Where it
// holds what looks like a personnummer, all runs of eight or more digits are masked. What
// looks like a telephone number is masked everywhere, see [maskPhones].
func MaskName(name string) string {
	return string(maskPhones([]byte(maskPersons(name))))
}

func maskPersons(name string) string {
	if !personnummer.Contains(name) {
		return name
	}
	out := []byte(name)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && digitOrDash(out, i, j) {
			j++
		}
		if j-i >= 8 {
			blank(out[i:j])
		}
		i = max(j, i+1)
	}
	if !personnummer.Contains(string(out)) {
		return string(out)
	}
	for i, c := range out { // written in some other way
		if digit(c) {
			out[i] = 'x'
		}
	}
	return string(out)
}

// digitOrDash takes a hyphen or plus inside a run of digits for a part of it: 800101-9802.
func digitOrDash(b []byte, from, at int) bool {
	if digit(b[at]) {
		return true
	}
	return (b[at] == '-' || b[at] == '+') && at > from && at+1 < len(b) && digit(b[at+1])
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func blank(b []byte) {
	for i := range b {
		b[i] = 'x'
	}
}

const (
	phoneMin       = 9  // digits of the shortest number, but see phoneStockholm
	phoneMax       = 15 // of the longest one, E.164
	phoneStockholm = 8  // digits of the shortest number that begins with 08
)

// span is a run of digits.
type span struct{ from, to int }

// maskPhones masks what begins like a telephone number that is written out (0, 00, 46 or +) and
// is as long as one, also in groups (070-123 45 67). Dates and times are no such numbers, nor
// are numbers that count with many noughts in front. A serial number may be masked that could
// be a telephone number: better so than the other way round.
func maskPhones(name []byte) []byte {
	for at := 0; at < len(name); {
		if !digit(name[at]) {
			at++
			continue
		}
		groups := groupsOf(name, at)
		for i := 0; i < len(groups); i++ {
			if end := phoneEnd(name, groups[i:]); end > 0 {
				for _, g := range groups[i : i+end] {
					blank(name[g.from:g.to])
				}
				i += end - 1
			}
		}
		at = groups[len(groups)-1].to
	}
	return name
}

// groupsOf lists the runs of digits from a place on that have one of "-", "." and space
// between them. A date such as 2026-03-14 begins new ones.
func groupsOf(name []byte, at int) []span {
	var out []span
	for {
		if n := dateAt(name[at:]); n > 0 {
			if len(out) == 0 {
				out = append(out, span{at, at + n})
			}
			return out
		}
		end := at
		for end < len(name) && digit(name[end]) {
			end++
		}
		out = append(out, span{at, end})
		if end+1 >= len(name) || !strings.ContainsRune("-. ", rune(name[end])) || !digit(name[end+1]) {
			return out
		}
		at = end + 1
	}
}

// dateAt returns the length of the date yyyy-mm-dd that text begins with, or 0.
func dateAt(text []byte) int {
	const form = "0000-00-00"
	if len(text) < len(form) {
		return 0
	}
	for i := range form {
		if form[i] == '-' && text[i] != '-' || form[i] == '0' && !digit(text[i]) {
			return 0
		}
	}
	if century := string(text[:2]); century != "19" && century != "20" {
		return 0
	}
	return len(form)
}

// phoneEnd returns how many of the groups make a telephone number, as many as can be; 0 for
// none.
func phoneEnd(name []byte, groups []span) (end int) {
	first := groups[0]
	plus := first.from > 0 && name[first.from-1] == '+'
	digits := ""
	for i, g := range groups {
		if digits += string(name[g.from:g.to]); len(digits) > phoneMax {
			break
		}
		if isPhone(digits, plus) && (i > 0 || !stamp(digits)) {
			end = i + 1
		}
	}
	return end
}

func isPhone(digits string, plus bool) bool {
	least := phoneMin
	switch {
	case plus, strings.HasPrefix(digits, "46"):
	case strings.HasPrefix(digits, "000"):
		return false
	case strings.HasPrefix(digits, "08"):
		least = phoneStockholm
	case digits[0] != '0':
		return false
	}
	return len(digits) >= least && len(digits) <= phoneMax
}

// stamp tells whether digits are a day, or a day and a time: ddmmyyyy, hhmm and ss after it.
func stamp(digits string) bool {
	switch len(digits) {
	case 8, 12, 14:
	default:
		return false
	}
	between := func(at int, least, most string) bool {
		return digits[at:at+2] >= least && digits[at:at+2] <= most
	}
	ok := between(0, "01", "31") && between(2, "01", "12") && between(4, "19", "20")
	if len(digits) > 8 {
		ok = ok && between(8, "00", "23") && between(10, "00", "59")
	}
	return ok
}
