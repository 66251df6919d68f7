// Package remark keeps what could name somebody out of the few texts that people write into the
// log: notes to cases, and purposes of access.
package remark

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"linesman/schema"
	"linesman/schema/personnummer"
)

// maxDigits is how many digits may stand in a row, however they are spaced: a telephone
// number or a personnummer has more.
const maxDigits = 5

// ErrPersonnummer refuses a text with a personnummer in it.
var ErrPersonnummer = errors.New("it holds a personnummer; leave it out")

// Check refuses a text that is longer than most characters, or that could name somebody. It
// cannot find a name: who writes is told not to. Nothing of the text is repeated in the error.
func Check(text string, most int) error {
	switch {
	case !utf8.ValidString(text):
		return errors.New("it is not UTF-8")
	case utf8.RuneCountInString(text) > most:
		return fmt.Errorf("it is longer than %d characters", most)
	case personnummer.Contains(text):
		return ErrPersonnummer
	case strings.ContainsAny(text, "@＠"):
		return errors.New("it holds an address; leave it out")
	}
	digits := 0
	for i := 0; i < len(text); {
		if n := isoDate(text, i); n > 0 {
			if bornThen(text[i:i+n], text[i+n:]) {
				return ErrPersonnummer
			}
			digits, i = 0, i+n
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch {
		case unicode.IsControl(r) && r != '\n' && r != '\t':
			return errors.New("it holds a control character")
		case unicode.IsDigit(r) || unicode.Is(unicode.No, r):
			if digits++; digits > maxDigits {
				return errors.New("it holds six or more digits in a row, which could be a number of somebody; leave them out")
			}
		case !spacing(r):
			digits = 0
		}
	}
	return nil
}

// spacing tells whether a character stands between the digits of one number.
func spacing(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("/.,()+_*'’·:", r)
}

// isoDate returns the length of a date of this century as 2006-01-02 that stands alone at a
// place of the text, or 0: when something was permitted may be told.
func isoDate(text string, at int) int {
	const length = len("2006-01-02")
	if len(text) < at+length || text[at:at+2] != "20" || at > 0 && partOfNumber(text[at-1]) {
		return 0
	}
	if end := at + length; end < len(text) && partOfNumber(text[end]) {
		return 0
	}
	if _, err := schema.ParseDay(text[at : at+length]); err != nil {
		return 0
	}
	return length
}

// bornThen tells whether a date and what stands after it, however it is spaced, are a personnummer.
func bornThen(date, rest string) bool {
	const last = 4 // characters after the date
	var b strings.Builder
	for _, r := range rest {
		if spacing(r) {
			continue
		}
		b.WriteRune(r)
		if b.Len() >= last {
			break
		}
	}
	day := strings.ReplaceAll(date, "-", "")
	return personnummer.Contains(day+"-"+b.String()) || personnummer.Contains(day+b.String())
}

func partOfNumber(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '+' }
