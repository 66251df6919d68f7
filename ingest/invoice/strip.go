package invoice

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"

	"linesman/ingest"
)

// embedded is the element that carries an attachment as base64 (UBL 2.1, CommonBasicComponents).
const embedded = "EmbeddedDocumentBinaryObject"

// attachment is one embedded document, decoded, as a part of the spool.
type attachment struct {
	from, size int64
	line       uint64
	bad        string // why it cannot be decoded
	sum        []byte // SHA-256 over what was decoded
}

// The states of strip.
const (
	inText = iota
	inOpen // behind <
	inBang // behind <!
	inComment
	inCDATA
	inInstruction
	inTag
)

// strip takes the attachments out of XML before a parser sees them: a parser holds the text
// of an element whole, and an attachment may be larger than the memory. In its place stands
// its number and how many line breaks it had. Comments go out too, and what may not be in a
// document ends it: a document type declaration (and with it every entity), and texts and
// tags beyond the limits. It goes by bytes, so the encoding must have ASCII in it.
type strip struct {
	src    io.Reader
	file   string
	limits Limits
	in     []byte
	out    []byte
	err    error

	state   int
	line    uint64
	run     int    // bytes of the text, tag, comment or instruction so far
	quote   byte   // the quotation mark that is open in a tag
	last    byte   // the byte before, in a tag or comment
	name    []byte // of the tag
	named   bool   // the name is complete
	mark    []byte // what followed <!
	closing int    // of a comment, CDATA section or instruction: bytes of its end seen

	take   *attachment // the attachment that is being taken
	lines  int         // line breaks in it
	quad   []byte      // base64 digits that make no bytes yet
	pads   int
	data   []byte    // decoded, not written yet
	values [256]byte // of the digits
	hash   hash.Hash

	spool *os.File
	wr    *bufio.Writer
	size  int64
	all   []attachment
}

func newStrip(src io.Reader, file string, limits Limits) *strip {
	s := &strip{src: src, file: file, limits: limits, line: 1, in: make([]byte, 0, 64<<10)}
	for i := range s.values {
		s.values[i] = 0x80 // no digit
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		s.values[c] = byte(i)
	}
	return s
}

// close removes the spool.
func (s *strip) close() {
	if s.spool != nil {
		_ = s.spool.Close()
	}
}

// Read gives the document without what was taken out.
func (s *strip) Read(p []byte) (int, error) {
	for len(s.out) == 0 && s.err == nil {
		n, err := s.src.Read(s.in[:cap(s.in)])
		for rest := s.in[:n]; len(rest) > 0 && s.err == nil; {
			if fast := s.groups(rest); fast > 0 {
				rest = rest[fast:]
				continue
			}
			s.err = s.step(rest[0])
			rest = rest[1:]
		}
		if s.err == nil {
			s.err = err
		}
	}
	n := copy(p, s.out)
	s.out = s.out[:copy(s.out, s.out[n:])]
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// groups takes whole groups of four digits of an attachment at once and returns how many bytes
// they were: of an attachment's time it is nearly all.
func (s *strip) groups(b []byte) (n int) {
	if s.take == nil || s.state != inText || len(s.quad) > 0 || s.pads > 0 || s.take.bad != "" {
		return 0
	}
	for ; n+4 <= len(b) && len(s.data) < 16<<10; n += 4 {
		v0, v1, v2, v3 := s.values[b[n]], s.values[b[n+1]], s.values[b[n+2]], s.values[b[n+3]]
		if (v0|v1|v2|v3)&0x80 != 0 {
			return n
		}
		s.data = append(s.data, v0<<2|v1>>4, v1<<4|v2>>2, v2<<6|v3)
	}
	return n
}

func (s *strip) emit(b ...byte) { s.out = append(s.out, b...) }

// grow counts one more byte of a text, tag, comment or instruction.
func (s *strip) grow(limit int, what string) error {
	if s.run++; s.run > limit {
		return s.refuse(ingest.CodeTooLarge, fmt.Sprintf("%s of more than %d bytes", what, limit))
	}
	return nil
}

func (s *strip) refuse(code, reason string) error {
	return &ingest.FileError{File: s.file, Row: s.line, Code: code, Reason: reason}
}

func (s *strip) step(c byte) error {
	if c == '\n' {
		s.line++
		if s.take != nil {
			s.lines++
		}
	}
	switch s.state {
	case inText:
		return s.text(c)
	case inOpen:
		return s.open(c)
	case inBang:
		return s.bang(c)
	case inTag:
		return s.tag(c)
	}
	return s.other(c)
}

func (s *strip) text(c byte) error {
	if c == '<' {
		s.state = inOpen
		return nil
	}
	if s.take != nil {
		return s.digit(c)
	}
	s.emit(c)
	return s.grow(s.limits.Text, "a text")
}

// open decides by the byte behind < what begins.
func (s *strip) open(c byte) error {
	s.last, s.closing, s.mark = 0, 0, s.mark[:0]
	switch c {
	case '!':
		s.state = inBang
		return nil
	case '?':
		s.state = inInstruction
		s.run = 0
	default:
		if err := s.finish(); err != nil {
			return err
		}
		s.state, s.run, s.quote = inTag, 0, 0
		s.name, s.named = s.name[:0], c == '/'
	}
	if s.take == nil {
		s.emit('<')
	}
	if s.state == inTag {
		return s.tag(c)
	}
	return s.other(c)
}

func (s *strip) bang(c byte) error {
	s.mark = append(s.mark, c)
	switch mark := string(s.mark); {
	case mark == "--":
		s.state, s.run = inComment, 0
	case mark == "[CDATA[":
		s.state = inCDATA
		if s.take == nil {
			s.emit([]byte("<![CDATA[")...)
		}
	case !bytes.HasPrefix([]byte("--"), s.mark) && !bytes.HasPrefix([]byte("[CDATA["), s.mark):
		return s.refuse(ingest.CodeUnreadable, "the document has a document type declaration (DOCTYPE): entities are not taken, and invoices need none")
	}
	return nil
}

func (s *strip) tag(c byte) error {
	s.emit(c)
	if err := s.grow(s.limits.Tag, "a tag"); err != nil {
		return err
	}
	switch {
	case s.quote != 0:
		if c == s.quote {
			s.quote = 0
		}
	case c == '"' || c == '\'':
		s.quote = c
	case c == '>':
		s.state, s.run = inText, 0
		if _, local, ok := bytes.Cut(s.name, []byte(":")); s.last != '/' && (ok && string(local) == embedded || string(s.name) == embedded) {
			return s.begin()
		}
	case !s.named && (c == '/' || c <= ' '):
		s.named = true
	case !s.named && len(s.name) < 2*len(embedded):
		s.name = append(s.name, c)
	}
	s.last = c
	return nil
}

// other goes through comments, CDATA sections and instructions to their end.
func (s *strip) other(c byte) error {
	end, limit, what := "-->", s.limits.Text, "a comment"
	switch s.state {
	case inCDATA:
		end, what = "]]>", "a text"
	case inInstruction:
		end, limit, what = "?>", s.limits.Tag, "a processing instruction"
	}
	switch {
	case s.state == inComment:
		if c == '\n' && s.take == nil {
			s.emit(c)
		}
	case s.take == nil:
		s.emit(c)
	case s.state == inCDATA && c != ']' && c != '>':
		if err := s.digit(c); err != nil {
			return err
		}
	}
	switch {
	case c == end[s.closing]:
		s.closing++
	case s.closing > 0 && c == end[s.closing-1] && end[0] == c: // ]]]>
	default:
		s.closing = 0
		if c == end[0] {
			s.closing = 1
		}
	}
	if s.closing == len(end) {
		s.state, s.closing = inText, 0
		return nil
	}
	if s.take != nil && s.state == inCDATA {
		return nil
	}
	return s.grow(limit, what)
}

// begin starts to take an attachment.
func (s *strip) begin() error {
	if s.spool == nil {
		f, err := os.CreateTemp("", "linesman-attachment-*")
		if err != nil {
			return fmt.Errorf("making a temporary file for the attachments of %s: %w", s.file, err)
		}
		_ = os.Remove(f.Name()) // open but without a name: gone whatever happens
		s.spool, s.wr, s.hash = f, bufio.NewWriterSize(f, 256<<10), sha256.New()
	}
	s.take = &attachment{from: s.size, line: s.line}
	s.lines, s.pads, s.quad = 0, 0, s.quad[:0]
	s.hash.Reset()
	return nil
}

// digit takes one character of base64 (RFC 4648, section 4), blanks and line breaks aside.
func (s *strip) digit(c byte) error {
	v := s.values[c]
	switch {
	case v < 64:
	case c == ' ' || c == '\n' || c == '\r' || c == '\t':
		return nil
	case c == '=':
		s.pads++
		return nil
	}
	if s.take.bad != "" {
		return nil
	}
	if v >= 64 || s.pads > 0 {
		s.take.bad = fmt.Sprintf("it is no base64 in line %d", s.line)
		return nil
	}
	if s.quad = append(s.quad, v); len(s.quad) < 4 {
		return nil
	}
	q := s.quad
	s.data = append(s.data, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2, q[2]<<6|q[3])
	s.quad = q[:0]
	if len(s.data) >= 16<<10 {
		return s.flush()
	}
	return nil
}

func (s *strip) flush() error {
	s.size += int64(len(s.data))
	s.take.size += int64(len(s.data))
	if s.size > s.limits.Attachments {
		return s.refuse(ingest.CodeTooLarge, fmt.Sprintf("the attachments of the document are larger than %d bytes (setting invoices.max_attachments)", s.limits.Attachments))
	}
	s.hash.Write(s.data)
	_, err := s.wr.Write(s.data)
	s.data = s.data[:0]
	if err != nil {
		return fmt.Errorf("writing an attachment of %s to a temporary file: %w", s.file, err)
	}
	return nil
}

// finish ends the attachment that is being taken, if there is one, and puts its number there.
func (s *strip) finish() error {
	if s.take == nil {
		return nil
	}
	switch q := s.quad; len(q) {
	case 1:
		s.take.bad = "its base64 ends in the middle"
	case 2:
		s.data = append(s.data, q[0]<<2|q[1]>>4)
	case 3:
		s.data = append(s.data, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2)
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.take.sum = s.hash.Sum(nil)
	s.emit([]byte(strconv.Itoa(len(s.all)) + ":" + strconv.Itoa(s.lines))...)
	s.all = append(s.all, *s.take)
	s.take = nil
	if len(s.all) > s.limits.Count {
		return s.refuse(ingest.CodeTooLarge, fmt.Sprintf("more than %d attachments", s.limits.Count))
	}
	return nil
}

// content gives the content of an attachment.
func (s *strip) content(a *attachment) (*io.SectionReader, error) {
	if err := s.wr.Flush(); err != nil {
		return nil, fmt.Errorf("writing the attachments of %s to a temporary file: %w", s.file, err)
	}
	return io.NewSectionReader(s.spool, a.from, a.size), nil
}
