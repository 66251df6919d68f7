package ledger

import (
	"errors"
	"strings"
)

// field is one field of a line.
type field struct {
	text   string
	list   []string // what stood between { and }; nil: it was none
	quoted bool
	column int // from 1, in characters
}

// split divides a line into fields at spaces and tabs. Fields may stand in quotation marks, a
// quotation mark in one behind a backslash; lists in braces (5.7). A line that is one brace alone gives
// it as a field. column is where an error is.
func split(line string) (fields []field, column int, err error) {
	s := &splitter{in: []rune(line)}
	for s.space() {
		at := s.at + 1
		switch c := s.in[s.at]; {
		case c == '{' && len(fields) > 0:
			list, err := s.list()
			if err != nil {
				return nil, at, err
			}
			fields = append(fields, field{list: list, column: at})
		case c == '{' || c == '}':
			s.at++
			fields = append(fields, field{text: string(c), column: at})
		default:
			text, quoted, err := s.field(false)
			if err != nil {
				return nil, at, err
			}
			fields = append(fields, field{text: text, quoted: quoted, column: at})
		}
	}
	return fields, 0, nil
}

type splitter struct {
	in []rune
	at int
}

// space skips spaces and tells whether something follows.
func (s *splitter) space() bool {
	for s.at < len(s.in) && (s.in[s.at] == ' ' || s.in[s.at] == '\t') {
		s.at++
	}
	return s.at < len(s.in)
}

// Errors of a line.
var (
	errQuote = errors.New("a quotation mark without its end")
	errList  = errors.New("a { without its }")
)

func (s *splitter) list() ([]string, error) {
	s.at++
	out := []string{}
	for s.space() {
		if s.in[s.at] == '}' {
			s.at++
			return out, nil
		}
		text, _, err := s.field(true)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return nil, errList
}

// field reads one field; inside a list a brace ends it.
func (s *splitter) field(inList bool) (text string, quoted bool, err error) {
	var b strings.Builder
	if s.in[s.at] != '"' {
		for s.at < len(s.in) && !strings.ContainsRune(" \t", s.in[s.at]) && !(inList && s.in[s.at] == '}') {
			if b.WriteRune(s.in[s.at]); s.in[s.at] < ' ' {
				return "", false, ErrControl
			}
			s.at++
		}
		return b.String(), false, nil
	}
	for s.at++; s.at < len(s.in); s.at++ {
		switch c := s.in[s.at]; {
		case c == '"':
			s.at++
			return b.String(), true, nil
		case c == '\\' && s.at+1 < len(s.in) && s.in[s.at+1] == '"':
			b.WriteByte('"')
			s.at++
		case c < ' ' && c != '\t':
			return "", true, ErrControl
		default:
			b.WriteRune(c)
		}
	}
	return "", true, errQuote
}
