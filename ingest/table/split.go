package table

import (
	"bytes"
	"errors"
)

// ErrQuote says that a quoted field is not closed on its line, or goes on after its quote.
var ErrQuote = errors.New("unbalanced quotation mark")

// Split cuts one line into fields and appends them to dst. Fields may stand in double
// quotes, with "" for a quote inside; a field never spans lines, so that one stray quote
// cannot swallow its neighbours. The fields point into line where nothing had to be undone.
func Split(dst [][]byte, line []byte, delim byte) ([][]byte, error) {
	for {
		if len(line) > 0 && line[0] == '"' {
			field, rest, more, err := quoted(line, delim)
			if err != nil {
				return dst, err
			}
			dst = append(dst, field)
			if !more {
				return dst, nil
			}
			line = rest
			continue
		}
		i := bytes.IndexByte(line, delim)
		if i < 0 {
			return append(dst, line), nil
		}
		dst = append(dst, line[:i])
		line = line[i+1:]
	}
}

// quoted takes one quoted field from the start of line.
func quoted(line []byte, delim byte) (field, rest []byte, more bool, err error) {
	var undone []byte
	from := 1
	for {
		i := bytes.IndexByte(line[from:], '"')
		if i < 0 {
			return nil, nil, false, ErrQuote
		}
		end := from + i
		if end+1 < len(line) && line[end+1] == '"' {
			undone = append(undone, line[from:end+1]...)
			from = end + 2
			continue
		}
		field = line[from:end]
		if undone != nil {
			field = append(undone, field...)
		}
		switch {
		case end+1 == len(line):
			return field, nil, false, nil
		case line[end+1] == delim:
			return field, line[end+2:], true, nil
		}
		return nil, nil, false, ErrQuote
	}
}
