package itemised

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"linesman/ingest"
	"linesman/ingest/table"
)

// physical is one line of a file.
type physical struct {
	raw  []byte
	row  uint64
	long bool // cut off: longer than the cap
}

// source gives the lines of one file: first those that were kept while the profile was
// sought, then the rest of the stream, without the last rows that are no records.
type source struct {
	file    string // name for messages
	lines   *table.Lines
	max     int
	bom     bool
	kept    []physical // the first lines of the file
	at      int        // next of kept
	hold    int        // last rows that are held back
	held    []physical
	notices []string
	footers int
}

// headLines is how many lines are kept to find the header: those that a profile may skip and
// a few blank ones.
const headLines = maxSkip + 8

// open reads the first lines and refuses what is no text.
func open(in ingest.Input, maxLine int) (*source, error) {
	s := &source{file: ingest.MaskName(in.Name), lines: table.NewLines(in.Body, maxLine), max: maxLine}
	start := s.lines.Peek(512)
	if reason := notText(start); reason != "" {
		return nil, s.refuse(1, ingest.CodeUnreadable, reason)
	}
	s.bom = bytes.HasPrefix(start, []byte("\xef\xbb\xbf"))
	s.lines.SkipBOM()
	for len(s.kept) < headLines {
		l, err := s.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		l.raw = bytes.Clone(l.raw)
		s.kept = append(s.kept, l)
	}
	for _, l := range s.kept {
		if len(bytes.TrimSpace(l.raw)) > 0 {
			return s, nil
		}
	}
	return nil, s.refuse(0, ingest.CodeEmpty, "the file is empty: not even a header")
}

// notText names what a file is that is no text in one of the encodings.
func notText(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return "the file is UTF-16 text: save it as UTF-8"
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return "the file is a zip archive or a spreadsheet workbook (.xlsx): save it as CSV"
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return "the file is an old spreadsheet workbook (.xls): save it as CSV"
	case bytes.HasPrefix(start, []byte("%PDF")):
		return "the file is a PDF, not an itemised file"
	case binary(start):
		return "the file is binary (it holds NUL bytes), not text"
	}
	return ""
}

// binary tells bytes from text: NUL bytes in the first line, or many of them. A few further
// down are a damaged row.
func binary(start []byte) bool {
	line := bytes.TrimLeft(start, "\r\n")
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	return bytes.IndexByte(line, 0) >= 0 || bytes.Count(start, []byte{0}) > 16
}

func (s *source) refuse(row uint64, code, reason string) *ingest.FileError {
	return &ingest.FileError{File: s.file, Row: row, Code: code, Reason: reason}
}

// read takes the next line of the stream.
func (s *source) read() (physical, error) {
	raw, err := s.lines.Next()
	l := physical{raw: raw, row: s.lines.Row(), long: errors.Is(err, table.ErrLongLine)}
	if err == nil || l.long || err == io.EOF {
		if l.long {
			err = nil
		}
		return l, err
	}
	return l, fmt.Errorf("reading %s after line %d: %w", s.file, s.lines.Row(), err)
}

// settle goes on behind the header, for a profile.
func (s *source) settle(p *Profile, h *header) {
	s.at, s.hold = h.at+1, p.Footer.Rows
}

// next returns the next line behind the header; [io.EOF] at the end. It holds until the next call.
func (s *source) next() (physical, error) {
	if s.hold == 0 {
		return s.forward()
	}
	for len(s.held) <= s.hold {
		l, err := s.forward()
		if err != nil {
			if err == io.EOF {
				s.footers += len(s.held)
				s.held = nil
			}
			return l, err
		}
		if len(bytes.TrimSpace(l.raw)) == 0 {
			continue
		}
		l.raw = bytes.Clone(l.raw)
		s.held = append(s.held, l)
	}
	l := s.held[0]
	s.held = s.held[1:]
	return l, nil
}

func (s *source) forward() (physical, error) {
	if s.at < len(s.kept) {
		s.at++
		return s.kept[s.at-1], nil
	}
	s.kept = nil
	s.at = 0
	return s.read()
}

// decoder makes UTF-8 of lines.
type decoder struct {
	charset *charmap.Charmap // nil: the lines are UTF-8 already
	buf     []byte
}

// line returns the line in UTF-8; false when it is not of the encoding. The result holds
// until the next call.
func (d *decoder) line(raw []byte) ([]byte, bool) {
	if d.charset == nil {
		return raw, utf8.Valid(raw)
	}
	i := 0
	for i < len(raw) && raw[i] < utf8.RuneSelf {
		i++
	}
	if i == len(raw) {
		return raw, true
	}
	d.buf = append(d.buf[:0], raw[:i]...)
	for _, c := range raw[i:] {
		if c < utf8.RuneSelf {
			d.buf = append(d.buf, c)
			continue
		}
		r := d.charset.DecodeByte(c)
		if r == utf8.RuneError {
			return nil, false
		}
		d.buf = utf8.AppendRune(d.buf, r)
	}
	return d.buf, true
}
