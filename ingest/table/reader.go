package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"linesman/ingest"
)

// Column is a column that a file is expected to have.
type Column struct {
	Name   string // as in the header; compared without regard to case
	Field  string // what it feeds, for the report
	Needed bool   // the file is refused without it
}

// Reader reads the data rows of a file whose columns are found by name.
type Reader struct {
	lines  *Lines
	file   string
	delim  byte
	header []string
	uses   []ingest.ColumnUse
	slots  []int // for each column asked for: its place in the file, -1 when it is absent
	extra  []int // places of columns that nobody asked for
	fields [][]byte
	read   uint64
}

// Header reads the header line of a file in UTF-8 (a byte order mark is skipped). It refuses
// what is no text of that kind, each with its own words. Errors of the stream come as they
// are, refusals as *[ingest.FileError].
func Header(in ingest.Input, delim byte) (*Reader, error) {
	r := &Reader{lines: NewLines(in.Body, 0), file: ingest.MaskName(in.Name), delim: delim}
	if err := r.checkStart(); err != nil {
		return nil, err
	}
	for {
		line, err := r.lines.Next()
		switch {
		case err == io.EOF:
			return nil, r.Refuse(0, "", ingest.CodeEmpty, "the file is empty: not even a header")
		case errors.Is(err, ErrLongLine):
			return nil, r.Refuse(1, "", ingest.CodeTooLong, fmt.Sprintf("the header is longer than %d bytes: this is no table with one record per line", DefaultMaxLine))
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", r.file, err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		return r, r.setHeader(line)
	}
}

func (r *Reader) checkStart() error {
	r.lines.SkipBOM()
	head := r.lines.Peek(512)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return r.Refuse(1, "", ingest.CodeEncoding, "the file is UTF-16: save it as UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return r.Refuse(1, "", ingest.CodeUnreadable, "the file is binary, not text")
	}
	return nil
}

func (r *Reader) setHeader(line []byte) error {
	row := r.lines.Row()
	if !utf8.Valid(line) {
		return r.Refuse(row, "", ingest.CodeEncoding, "the header is not UTF-8")
	}
	fields, err := Split(nil, line, r.delim)
	if err != nil {
		return r.Refuse(row, "", ingest.CodeColumns, "the header has an unbalanced quotation mark")
	}
	if len(fields) == 1 {
		for _, other := range []byte{';', ',', '\t', '|'} {
			if other != r.delim && bytes.Count(line, []byte{other}) >= 2 {
				return r.Refuse(row, "", ingest.CodeColumns, fmt.Sprintf("the header is separated by %q, want %q", other, r.delim))
			}
		}
	}
	for _, f := range fields {
		r.header = append(r.header, strings.ToLower(strings.TrimSpace(string(f))))
	}
	return nil
}

// Names returns the header in lower case.
func (r *Reader) Names() []string { return r.header }

// Map finds the columns by name and returns notices about columns that stand twice or that
// nobody asked for. A missing needed column refuses the file.
func (r *Reader) Map(cols []Column) (notices []string, err error) {
	place := make(map[string]int, len(r.header))
	for i, name := range r.header {
		if _, twice := place[name]; twice && name != "" {
			return nil, r.Refuse(r.lines.Row(), printable(name), ingest.CodeColumns, "the column stands twice in the header")
		}
		place[name] = i
	}
	r.uses = make([]ingest.ColumnUse, len(r.header))
	for i, name := range r.header {
		r.uses[i].Column = printable(name)
	}
	for _, c := range cols {
		at, ok := place[strings.ToLower(c.Name)]
		if !ok {
			if c.Needed {
				return nil, r.Refuse(r.lines.Row(), c.Name, ingest.CodeColumns, "the column is missing from the header")
			}
			at = -1
		} else {
			r.uses[at].Field = c.Field
		}
		r.slots = append(r.slots, at)
	}
	for i, u := range r.uses {
		if u.Field == "" {
			r.extra = append(r.extra, i)
			notices = append(notices, fmt.Sprintf("column %q is not known and was ignored", u.Column))
		}
	}
	return notices, nil
}

// printable keeps a header name from carrying a person's number or control characters into messages.
func printable(name string) string {
	if len(name) > 64 {
		name = strings.ToValidUTF8(name[:64], "")
	}
	return ingest.MaskName(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name))
}

// Columns says how the header was mapped.
func (r *Reader) Columns() []ingest.ColumnUse { return r.uses }

// Read is the number of data rows that Next has given.
func (r *Reader) Read() uint64 { return r.read }

// Row is one data row. It holds until the next call of Next.
type Row struct {
	Number uint64 // line number from 1
	Raw    []byte
	fields [][]byte
	slots  []int
	extra  []int
}

// Get returns the value of the i-th column asked for, without blanks around it; nil where
// the file has no such column.
func (w Row) Get(i int) []byte {
	if at := w.slots[i]; at >= 0 {
		return bytes.TrimSpace(w.fields[at])
	}
	return nil
}

// Extra calls fn for the values of columns that nobody asked for.
func (w Row) Extra(fn func(value []byte)) {
	for _, at := range w.extra {
		fn(w.fields[at])
	}
}

// Next returns the next data row. Blank lines are passed over. A row that is damaged comes
// as a reject beside a row that holds Number and Raw only. At the end it returns [io.EOF].
func (r *Reader) Next() (Row, *ingest.Reject, error) {
	for {
		line, err := r.lines.Next()
		row := Row{Number: r.lines.Row(), Raw: line, slots: r.slots, extra: r.extra}
		if errors.Is(err, ErrLongLine) {
			r.read++
			return row, row.Reject("", ingest.CodeTooLong, fmt.Sprintf("the line is longer than %d bytes", DefaultMaxLine)), nil
		}
		if err != nil {
			if err != io.EOF {
				err = fmt.Errorf("reading %s after line %d: %w", r.file, r.lines.Row(), err)
			}
			return row, nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		r.read++
		if !utf8.Valid(line) {
			return row, row.Reject("", ingest.CodeEncoding, "the line is not UTF-8"), nil
		}
		r.fields, err = Split(r.fields[:0], line, r.delim)
		if err != nil {
			return row, row.Reject("", ingest.CodeColumns, "a quotation mark is not balanced"), nil
		}
		if len(r.fields) != len(r.header) {
			return row, row.Reject("", ingest.CodeColumns, fmt.Sprintf("%d columns, the header has %d", len(r.fields), len(r.header))), nil
		}
		row.fields = r.fields
		return row, nil, nil
	}
}

// Reject refuses the row.
func (w Row) Reject(column, code, reason string) *ingest.Reject {
	return &ingest.Reject{Row: w.Number, Column: column, Code: code, Reason: reason, Raw: w.Raw}
}

// Refuse refuses the file.
func (r *Reader) Refuse(row uint64, column, code, reason string) *ingest.FileError {
	return &ingest.FileError{File: r.file, Row: row, Column: column, Code: code, Reason: reason}
}
