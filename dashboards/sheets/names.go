package sheets

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf16"
)

// maxSheetName is how long Excel lets the name of a sheet be, in UTF-16 units.
const maxSheetName = 31

// sheetNames names sheets as wanted, as far as Excel allows: without : \ / ? * [ ], at most 31 units long, different without regard to case, and not as the reserved name or
// "History". Where two would be named alike, or a name was cut, each gets a mark made of its
// code, so that the name of a sheet depends on nothing else in the workbook. Apostrophes, which end names in formulas,
// become typographic ones: the library does not double them everywhere.
func sheetNames(reserved string, wanted, codes []string) []string {
	taken := map[string]int{fold(reserved): 1, "history": 1}
	plain := make([]string, len(wanted))
	for i, name := range wanted {
		plain[i] = strings.Trim(strings.Map(allowed, name), " ")
		if plain[i] == "" {
			plain[i] = "-"
		}
		taken[fold(cut(plain[i], maxSheetName))]++
	}
	used := map[string]bool{fold(reserved): true, "history": true}
	out := make([]string, len(wanted))
	for i, name := range plain {
		short := cut(name, maxSheetName)
		if short == name && taken[fold(short)] == 1 {
			out[i] = short
			used[fold(short)] = true
		}
	}
	for i, name := range plain {
		if out[i] != "" {
			continue
		}
		sum := sha256.Sum256([]byte(codes[i]))
		for length := 4; ; length++ { // two codes with the same mark are unlikely, but possible
			mark := "~" + hex.EncodeToString(sum[:])[:length]
			out[i] = cut(name, maxSheetName-len(mark)) + mark
			if !used[fold(out[i])] {
				break
			}
		}
		used[fold(out[i])] = true
	}
	return out
}

func fold(s string) string { return strings.ToLower(s) }

func allowed(r rune) rune {
	switch {
	case r == '\'':
		return '\u2019'
	case strings.ContainsRune(`:\/?*[]`, r):
		return '-'
	case r < ' ' || r == 0x7f || r == 0xfffd:
		return ' '
	}
	return r
}

// cut cuts a text to so many UTF-16 units, never through a character, and not to end in a space.
func cut(s string, most int) string {
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > most {
			return strings.TrimRight(s[:i], " ")
		}
	}
	return s
}
