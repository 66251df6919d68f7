package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// symbols say the state without colour.
var symbols = map[State]string{Green: "ok  ", Yellow: "look", Red: "FAIL"}

// colours of a terminal.
var colours = map[State]string{Green: "\033[32m", Yellow: "\033[33m", Red: "\033[31m"}

// Show writes a report for people, one check after the other, aligned and broken to width
// columns (0: not broken).
func Show(w io.Writer, r Report, width int, colour bool) error {
	hops := 0
	for _, c := range r.Checks {
		hops = max(hops, utf8.RuneCountInString(c.Hop))
	}
	indent := len(symbols[Green]) + 2 + hops + 2
	var b strings.Builder
	for i, c := range r.Checks {
		if i == len(r.Checks)-1 {
			b.WriteByte('\n')
		}
		mark := symbols[c.State]
		if colour {
			mark = colours[c.State] + mark + "\033[0m"
		}
		fmt.Fprintf(&b, "%s  %-*s  %s\n", mark, hops, c.Hop, wrap(c.Detail, width, indent))
		if c.Do != "" && i < len(r.Checks)-1 {
			fmt.Fprintf(&b, "%*s%s\n", indent, "", wrap("-> "+c.Do, width, indent+3))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks a text between words; lines after the first begin at indent.
func wrap(text string, width, indent int) string {
	text = strings.Join(strings.Fields(text), " ")
	room := width - indent
	if width <= 0 || room < 20 {
		return text
	}
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
