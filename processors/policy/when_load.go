package policy

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"linesman/processors/policy/when"
	"linesman/schema"
)

// when reads a condition written as text; nil when there is none or it is wrong. What is
// wrong in it is placed in the file.
func (f fields) when(key string, table schema.Info, columns []string, zone *time.Location) *when.Expr {
	n := f.value[key]
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		f.r.problem(n, "%s: %q wants a condition as text, such as 'kind == \"call\" && hour(occurred_at) < 7'", f.what, key)
		return nil
	}
	e, err := when.Parse(n.Value, table, columns, zone)
	if err == nil {
		f.r.mentionsIn(e, n)
		return e
	}
	var wrong when.Problems
	if !errors.As(err, &wrong) {
		f.r.problem(n, "%s %s: %s", f.what, key, err)
		return nil
	}
	for _, p := range wrong {
		line, column := f.r.within(n, p.Line, p.Column)
		f.r.problem(&yaml.Node{Line: line, Column: column}, "%s %s: %s", f.what, key, p.Text)
	}
	return nil
}

// within finds the place in the file of a place in a scalar's text. YAML folds, indents and
// escapes; the two texts agree in everything but blanks, so they are walked side by side.
// Where they cannot be, the place is that of the scalar.
func (r *reader) within(n *yaml.Node, line, column int) (int, int) {
	before := runesBefore(n.Value, line, column)
	row, col := n.Line-1, n.Column-1
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		row, col = row+1, 0 // the text begins under the sign that announces it
	} else if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		col++
	}
	next := func() (rune, bool) { // the next character that is no blank
		for row >= 0 && row < len(r.lines) {
			runes := []rune(r.lines[row])
			for col < len(runes) && unicode.IsSpace(runes[col]) {
				col++
			}
			if col < len(runes) {
				return runes[col], true
			}
			row, col = row+1, 0
		}
		return 0, false
	}
	for _, want := range before {
		got, ok := next()
		if ok && n.Style&yaml.SingleQuotedStyle != 0 && got == '\'' || n.Style&yaml.DoubleQuotedStyle != 0 && got == '\\' {
			col++ // '' and \" stand for one character
			got, ok = next()
		}
		if !ok || got != want {
			return n.Line, n.Column
		}
		col++
	}
	if _, ok := next(); !ok {
		return n.Line, n.Column
	}
	return row + 1, col + 1
}

// runesBefore returns what of a text is before a place in it, blanks left out.
func runesBefore(text string, line, column int) []rune {
	var out []rune
	for i, l := range strings.Split(text, "\n") {
		runes := []rune(l)
		if i+1 == line {
			runes = runes[:min(column-1, len(runes))]
		}
		for _, c := range runes {
			if !unicode.IsSpace(c) {
				out = append(out, c)
			}
		}
		if i+1 >= line {
			break
		}
	}
	return out
}

// numbers reads pseudonyms of other parties.
func (f fields) numbers(key string) []uint64 {
	var out []uint64
	for _, n := range f.list(key, false) {
		hash, ok := schema.LineHash(n.Value)
		if n.Kind != yaml.ScalarNode || !ok || hash == 0 {
			f.r.problem(n, "%s %s: want a pseudonym, \"L\" and 13 characters; numbers themselves do not belong in a rule", f.what, key)
			continue
		}
		out = append(out, hash)
	}
	return out
}
