package itemised

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"linesman/ingest"
	"linesman/ingest/table"
)

// header is the header of a file as a profile sees it.
type header struct {
	at      int      // its place among the kept lines
	row     uint64   // its line number
	names   []string // as in the file
	place   [fieldCount]int
	found   int      // needed columns that are there
	missing []string // needed columns that are not
	twice   string   // two columns that mean the same
}

// columns maps the names of a header line. place is -1 where there is no such column.
func (p *Profile) columns(names []string) *header {
	h := &header{names: names}
	for f := range h.place {
		h.place[f] = -1
	}
	for i, name := range names {
		f, ok := p.c.fields[normal(name)]
		if !ok {
			continue
		}
		if h.place[f] >= 0 && h.twice == "" {
			h.twice = fmt.Sprintf("the columns %s and %s both mean %s", printable(names[h.place[f]]), printable(name), f)
			continue
		}
		h.place[f] = i
	}
	for _, f := range p.c.required {
		if h.place[f] >= 0 {
			h.found++
		} else {
			h.missing = append(h.missing, p.spelled(f))
		}
	}
	for _, f := range p.lacks(h) {
		h.missing = append(h.missing, p.spelled(f))
	}
	return h
}

// spelled names a field and the spellings of its column.
func (p *Profile) spelled(f field) string {
	return fmt.Sprintf("%s (%s)", f, strings.Join(p.Columns[f.String()], " or "))
}

// headerIn finds the profile's header line among the first lines and maps it.
func (p *Profile) headerIn(s *source) (*header, error) {
	for i, l := range s.kept {
		if i < p.SkipRows || blank(l.raw) || separatorLine(l.raw) {
			continue
		}
		if l.long {
			return nil, s.refuse(l.row, ingest.CodeTooLong, fmt.Sprintf("the header is longer than %d bytes: this is no file with one record per line", s.max))
		}
		h := p.columns(splitHeader(l.raw, p.charset(s), p.c.delim, p.c.quoted))
		h.at, h.row = i, l.row
		return h, nil
	}
	return nil, s.refuse(0, ingest.CodeEmpty, fmt.Sprintf("the file ends before its header: profile %s skips %d lines", p.Name, p.SkipRows))
}

// separatorLine recognises sep=; which tells a spreadsheet program the delimiter.
func separatorLine(line []byte) bool {
	line = bytes.Trim(line, " \"")
	return len(line) == len("sep=;") && bytes.EqualFold(line[:4], []byte("sep="))
}

// charset is the encoding to read with: a byte order mark outdoes the profile.
func (p *Profile) charset(s *source) *charmap.Charmap {
	if s.bom {
		return nil
	}
	return p.c.charset
}

// splitHeader cuts a header line into names. What is not of the encoding becomes U+FFFD, so
// that the other names can still be told.
func splitHeader(raw []byte, charset *charmap.Charmap, delim byte, quoted bool) []string {
	d := decoder{charset: charset}
	line, ok := d.line(raw)
	if !ok {
		line = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	}
	var names []string
	for _, f := range split(nil, bytes.Clone(line), delim, quoted) {
		names = append(names, strings.TrimSpace(string(f)))
	}
	for len(names) > 1 && names[len(names)-1] == "" { // a delimiter at the end of the line
		names = names[:len(names)-1]
	}
	return names
}

// split cuts a line whether or not its quotation marks are balanced.
func split(dst [][]byte, line []byte, delim byte, quoted bool) [][]byte {
	if quoted {
		if fields, err := table.Split(dst, line, delim); err == nil {
			return fields
		}
	}
	return append(dst, bytes.Split(line, []byte{delim})...)
}

// recognise finds the profile whose header the file has: exactly one must fit.
func (f *Format) recognise(s *source) (*Profile, *header, error) {
	var fits []*Profile
	var fit, near *header
	var nearProfile *Profile
	var short error
	for _, p := range f.profiles {
		h, err := p.headerIn(s)
		if err != nil {
			short = err
			continue
		}
		if len(h.missing) == 0 {
			fits, fit = append(fits, p), h
		}
		if near == nil || h.found*len(nearProfile.c.required) > near.found*len(p.c.required) {
			nearProfile, near = p, h
		}
	}
	switch {
	case len(fits) == 1 && fit.twice != "":
		return nil, nil, s.refuse(fit.row, ingest.CodeColumns, fit.twice)
	case len(fits) == 1:
		return fits[0], fit, nil
	case len(fits) > 1:
		var names []string
		for _, p := range fits {
			names = append(names, p.Name)
		}
		return nil, nil, s.refuse(fit.row, ingest.CodeColumns, fmt.Sprintf("the profiles %s all fit the header: name one with --profile", strings.Join(names, " and ")))
	case near == nil:
		return nil, nil, short
	}
	return nil, nil, f.unfit(s, nearProfile, near)
}

// unfit says why the nearest profile does not fit: what was found, what is missing, and what
// would help.
func (f *Format) unfit(s *source, p *Profile, h *header) error {
	var b strings.Builder
	switch {
	case f.forced:
		fmt.Fprintf(&b, "profile %s does not fit the header", p.Name)
	case h.found == 0 && s.hint(p, h) == "":
		var known []string
		for _, p := range f.profiles {
			known = append(known, p.Name)
		}
		return s.refuse(h.row, ingest.CodeColumns, fmt.Sprintf("no profile fits the header, not even in part; known are %s; found: %s; docs/profiles.md says how to write a profile",
			strings.Join(known, ", "), s.shownBest(h)))
	default:
		fmt.Fprintf(&b, "no profile fits the header; the nearest is %s", p.Name)
	}
	if hint := s.hint(p, h); hint != "" {
		fmt.Fprintf(&b, ": %s", hint)
	}
	fmt.Fprintf(&b, "; found: %s; missing: %s; the profile expects %s, separated by %q, in %s",
		h.shown(), strings.Join(h.missing, ", "), p.expects(), p.c.delim, p.Encoding)
	return s.refuse(h.row, ingest.CodeColumns, b.String())
}

func (p *Profile) expects() string {
	var list []string
	for _, f := range p.c.required {
		list = append(list, p.Columns[f.String()][0])
	}
	return strings.Join(list, " | ")
}

// shownBest shows the header line cut by the delimiter that cuts it most.
func (s *source) shownBest(h *header) string {
	best := h
	for _, delim := range []byte{';', ',', '\t', '|'} {
		if names := splitHeader(s.kept[h.at].raw, nil, delim, true); len(names) > len(best.names) {
			best = &header{names: names}
		}
	}
	return best.shown()
}

// hint tries the header line with other delimiters, encodings and starting lines.
func (s *source) hint(p *Profile, h *header) string {
	line := s.kept[h.at].raw
	if bytes.IndexByte(line, '\r') >= 0 {
		return "the lines end with CR alone, as on old Macs: save it with LF or CR LF"
	}
	try := func(raw []byte, charset *charmap.Charmap, delim byte) bool {
		return p.columns(splitHeader(raw, charset, delim, p.c.quoted)).found > h.found
	}
	for _, delim := range []byte{';', ',', '\t', '|'} {
		if delim != p.c.delim && try(line, p.charset(s), delim) {
			return fmt.Sprintf("it is separated by %q, not %q", delim, p.c.delim)
		}
	}
	if p.charset(s) != nil && !isASCII(line) && utf8.Valid(line) && try(line, nil, p.c.delim) {
		return "it is written in utf-8, not " + p.Encoding
	}
	if p.charset(s) == nil && !utf8.Valid(line) {
		for _, other := range []*charmap.Charmap{charmap.Windows1252, charmap.CodePage437, charmap.CodePage850} {
			if try(line, other, p.c.delim) {
				return fmt.Sprintf("it is written in %s, not %s", strings.ToLower(strings.ReplaceAll(other.String(), " ", "-")), p.Encoding)
			}
		}
		if h.found > 0 || delimited(line, p.c.delim) {
			return "it is not utf-8"
		}
	}
	for i, l := range s.kept {
		if i != h.at && !l.long && len(p.columns(splitHeader(l.raw, p.charset(s), p.c.delim, p.c.quoted)).missing) == 0 {
			return fmt.Sprintf("line %d would fit: set skip_rows to %d", l.row, i)
		}
	}
	return ""
}

// delimited tells whether a line may be a header with this delimiter at all.
func delimited(line []byte, delim byte) bool { return bytes.IndexByte(line, delim) >= 0 }

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}

// shown lists the names for a message. A line of values instead of names (a file without a
// header) is not shown.
func (h *header) shown() string {
	var list []string
	values := 0
	for _, n := range h.names {
		if n == "" {
			continue
		}
		if many(n) {
			values++
		}
		if len(list) < 40 {
			list = append(list, printable(n))
		}
	}
	if len(h.names) == 1 {
		return "one column only"
	}
	if values > 1 {
		return fmt.Sprintf("%d values rather than names (is there a header line?)", len(h.names))
	}
	return strings.Join(list, " | ")
}

// many tells whether a name has more digits than names of columns have.
func many(name string) bool {
	n := 0
	for i := range len(name) {
		if name[i] >= '0' && name[i] <= '9' {
			n++
		}
	}
	return n > 4
}

// printable keeps a header name from carrying a number of a person or control characters into
// messages: the line may be a row of values.
func printable(name string) string {
	if len(name) > 64 {
		name = strings.ToValidUTF8(name[:64], "")
	}
	hide := many(name)
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return '_'
		case hide && r >= '0' && r <= '9':
			return 'x'
		}
		return r
	}, name)
}
