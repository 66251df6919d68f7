package words

import "strings"

// Text keeps a spreadsheet from taking a text for a formula: one that begins as formulas do gets an
// apostrophe before it. It is for cells that are text whatever they look like.
func Text(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// Cell is Text for a cell that may be a number: an amount below 0 stays one, and a telephone number,
// masked or not, stays as it is. An amount is a minus and digits, with a point or comma between them
// or without; a telephone number is a plus and digits, masked ones as •.
func Cell(s string) string {
	if number, ok := strings.CutPrefix(s, "+"); ok && consists(number, digits+"•") {
		return s
	}
	if amount, ok := strings.CutPrefix(s, "-"); ok {
		whole, part := amount, "0"
		if i := strings.IndexAny(amount, ".,"); i >= 0 {
			whole, part = amount[:i], amount[i+1:]
		}
		if consists(whole, digits) && consists(part, digits) {
			return s
		}
	}
	return Text(s)
}

const digits = "0123456789"

func consists(s, of string) bool { return s != "" && strings.Trim(s, of) == "" }
