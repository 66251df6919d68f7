package ledger

import (
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// transcribed is how characters are written that code page 437 does not have and that are no
// letter with a mark.
var transcribed = strings.NewReplacer(
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-",
	"\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201c", `"`, "\u201d", `"`, "\u201e", `"`,
	"\u2026", "...", "\u20ac", "EUR", "\u202f", " ", "\u2009", " ", "\u2122", "TM", "\u00a9", "(c)", "\u00ae", "(r)",
	"Ø", "O", "ø", "o", "Œ", "OE", "œ", "oe", "Ð", "D", "ð", "d", "Þ", "Th", "þ", "th", "Ł", "L", "ł", "l", "Đ", "D", "đ", "d", "ı", "i", "×", "x", "¾", "3/4", "§", "par.", "¤", "kr",
)

// encode writes a text in code page 437 and tells whether a character was transcribed.
func encode(s string) (coded string, changed bool, err error) {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return "", false, ErrControl
		}
		if c, ok := charmap.CodePage437.EncodeRune(r); ok && (r < 0x80 || c >= 0x80) {
			b.WriteByte(c)
			continue
		}
		changed = true
		b.WriteString(transcribe(r))
	}
	if strings.HasSuffix(b.String(), `\`) { // the closing quotation mark would be taken for one of the text
		b.WriteByte(' ')
		changed = true
	}
	return b.String(), changed, nil
}

// transcribe writes a character that the code page does not have in those that it has; a
// question mark stands for what cannot be.
func transcribe(r rune) string {
	var b strings.Builder
	text := transcribed.Replace(string(r))
	if text == string(r) {
		text = norm.NFKD.String(text)
	}
	for _, part := range text {
		if c, ok := charmap.CodePage437.EncodeRune(part); ok && part >= ' ' && part != 0x7f {
			b.WriteByte(c)
		}
	}
	if b.Len() == 0 {
		return "?"
	}
	return b.String()
}

// decode reads code page 437. Every byte is a character.
func decode(raw []byte) string {
	out := make([]rune, len(raw))
	for i, c := range raw {
		out[i] = charmap.CodePage437.DecodeByte(c)
	}
	return string(out)
}

// clean puts a space in place of control characters, which would keep a whole file from being
// written, and tells whether there were any.
func clean(s string) (string, bool) {
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	return out, out != s
}
