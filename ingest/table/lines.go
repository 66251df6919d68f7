// Package table reads text files with one record per line: lines with a length cap, quoted
// fields, a header that is mapped by name, and the checks that every such file needs.
package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// DefaultMaxLine is the longest line that is taken, in bytes.
const DefaultMaxLine = 64 << 10

// ErrLongLine says that a line is longer than the cap. Its first bytes are given; the rest
// was skipped without being held.
var ErrLongLine = errors.New("line too long")

// Lines splits a stream into lines without ever holding more than the cap.
type Lines struct {
	r   *bufio.Reader
	max int
	row uint64
}

// NewLines reads lines of at most max bytes (0: [DefaultMaxLine]).
func NewLines(r io.Reader, max int) *Lines {
	if max <= 0 {
		max = DefaultMaxLine
	}
	return &Lines{r: bufio.NewReaderSize(r, 4*max), max: max}
}

// Next returns the next line without its line end (LF or CRLF). The bytes hold until the
// next call. At the end it returns [io.EOF]; with [ErrLongLine] the start of the line is
// returned, and the next call goes on behind it.
func (l *Lines) Next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if len(line) > 0 {
		l.row++
	}
	if err == nil {
		line = line[:len(line)-1]
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) > l.max {
			return line[:l.max], ErrLongLine
		}
		return line, nil
	}
	if err == bufio.ErrBufferFull {
		head := bytes.Clone(line[:l.max])
		for err == bufio.ErrBufferFull {
			_, err = l.r.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		return head, ErrLongLine
	}
	if err == io.EOF && len(line) > 0 {
		if len(line) > l.max {
			return line[:l.max], ErrLongLine
		}
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
	return nil, err
}

// Row is the number of the line that Next returned last, from 1.
func (l *Lines) Row() uint64 { return l.row }

// Peek shows the first bytes of what is to come.
func (l *Lines) Peek(n int) []byte {
	b, _ := l.r.Peek(n)
	return b
}

// SkipBOM drops a UTF-8 byte order mark at the start.
func (l *Lines) SkipBOM() {
	if bytes.HasPrefix(l.Peek(3), []byte("\xef\xbb\xbf")) {
		_, _ = l.r.Discard(3) // just peeked
	}
}
