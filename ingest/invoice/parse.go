package invoice

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"linesman/ingest"
)

// node is one element that matters, with what matters below it.
type node struct {
	name string
	line uint64
	text string // of an element without elements, without blanks around it
	attr []xml.Attr
	kids []*node
}

// document is a parsed document.
type document struct {
	top        *node
	sum        []byte              // SHA-256 over names, attributes and texts, blanks and prefixes aside
	currencies []currency          // that amounts have, each once
	foreign    string              // the first namespace whose elements were not looked at
	calls      map[*node][]rawCall // calls of a supply line of a UtilityStatement
}

// currency is where a currency stands first.
type currency struct {
	code, element string
	line          uint64
	tax           bool // inside a TaxTotal
}

// openElement is an element that is not closed yet.
type openElement struct {
	name  string
	at    *node // nil: it does not matter
	plain bool  // of a UBL namespace
	kids  bool
	text  []byte
	nodes int // elements before it
}

type parser struct {
	f       *Format
	file    string
	d       *xml.Decoder
	s       *strip
	doc     *document
	stack   []openElement
	names   map[string]string
	keep    map[string]bool
	hash    hash.Hash
	buf     []byte
	shift   uint64 // line breaks that were taken out with attachments
	nodes   int
	calls   int
	done    bool
	wrapper bool // inside an envelope of the network
}

// sniff looks at the first bytes: what is no XML is refused here, and UTF-16 becomes UTF-8.
func sniff(body io.Reader, file string) (io.Reader, error) {
	b := bufio.NewReaderSize(body, 4096)
	head, err := b.Peek(1024)
	whole := err == io.EOF
	if err != nil && !whole && len(bytes.Trim(head, " \t\r\n")) == 0 {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	refuse := func(code, reason string) (io.Reader, error) {
		return nil, &ingest.FileError{File: file, Code: code, Reason: reason}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return transform.NewReader(b, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), nil
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
		head = head[3:]
	}
	switch start := bytes.TrimLeft(head, " \t\r\n"); {
	case len(start) == 0 && whole:
		return refuse(ingest.CodeEmpty, "the file is empty")
	case len(start) == 0:
		return refuse(ingest.CodeUnreadable, "the file is no XML document: there is nothing but blanks in the first kilobyte")
	case bytes.HasPrefix(start, []byte("%PDF")):
		return refuse(ingest.CodeUnreadable, "the file is a PDF, no electronic invoice: ask the supplier for Peppol BIS Billing 3")
	case start[0] != '<':
		return refuse(ingest.CodeUnreadable, "the file is no XML document: it does not begin with <")
	}
	return b, nil
}

// parse reads the document. Only its root and what the formats use is kept.
func (f *Format) parse(ctx context.Context, s *strip, file string) (*document, error) {
	p := &parser{f: f, file: file, s: s, doc: &document{calls: map[*node][]rawCall{}}, names: map[string]string{}, keep: f.keep, hash: sha256.New()}
	p.d = xml.NewDecoder(s)
	p.d.CharsetReader = p.charset
	for n := 0; ; n++ {
		if n&8191 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("reading %s: %w", file, context.Cause(ctx))
		}
		t, err := p.d.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.token(t)
		}
		if err != nil {
			return nil, p.explain(err)
		}
	}
	if p.doc.top == nil || !p.done {
		return nil, p.refuse("", ingest.CodeUnreadable, "the document holds no element")
	}
	p.doc.sum = p.hash.Sum(nil)
	return p.doc, nil
}

// charset reads the encodings that a declaration may name.
func (p *parser) charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be": // UTF-16 was turned into UTF-8 before
		return in, nil
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		return charmap.ISO8859_1.NewDecoder().Reader(in), nil
	case "iso-8859-15", "iso8859-15", "latin9":
		return charmap.ISO8859_15.NewDecoder().Reader(in), nil
	case "windows-1252", "cp1252":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	return nil, p.refuse("", ingest.CodeEncoding, "the document declares an encoding that is not read: want utf-8, utf-16, iso-8859-1, iso-8859-15 or windows-1252")
}

// explain puts line and column to what the XML reader says, without values of the document.
func (p *parser) explain(err error) error {
	var refused *ingest.FileError
	if errors.As(err, &refused) {
		return refused
	}
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("reading %s: %w", p.file, err)
	}
	_, column := p.d.InputPos()
	code, msg := ingest.CodeUnreadable, ingest.MaskName(clip(syntax.Msg, 160))
	if strings.Contains(msg, "invalid UTF-8") {
		code = ingest.CodeEncoding
		msg += "; where it is another encoding the document must declare it"
	}
	return &ingest.FileError{File: p.file, Row: p.line(), Code: code, Reason: fmt.Sprintf("the XML is malformed at column %d: %s", column, msg)}
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

func (p *parser) line() uint64 {
	line, _ := p.d.InputPos()
	return uint64(line) + p.shift
}

func (p *parser) refuse(element, code, reason string) error {
	return &ingest.FileError{File: p.file, Row: p.line(), Column: element, Code: code, Reason: reason}
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end()
	case xml.CharData:
		if n := len(p.stack); n > 0 {
			top := &p.stack[n-1]
			if len(top.text)+len(t) > p.f.limits.Text {
				return p.refuse(top.name, ingest.CodeTooLarge, fmt.Sprintf("a text of more than %d bytes", p.f.limits.Text))
			}
			top.text = append(top.text, t...)
		}
	case xml.Directive:
		return p.refuse("", ingest.CodeUnreadable, "the document has a document type declaration (DOCTYPE): entities are not taken, and invoices need none")
	}
	return nil
}

// envelope is the root of the header that the Peppol network puts around documents.
const envelope = "StandardBusinessDocument"

func (p *parser) start(t xml.StartElement) error {
	if len(p.stack) >= p.f.limits.Depth {
		return p.refuse("", ingest.CodeTooLarge, fmt.Sprintf("elements more than %d deep", p.f.limits.Depth))
	}
	if p.nodes++; p.nodes > p.f.limits.Elements {
		return p.refuse("", ingest.CodeTooLarge, fmt.Sprintf("more than %d elements", p.f.limits.Elements))
	}
	if len(p.stack) > 0 {
		parent := &p.stack[len(p.stack)-1]
		parent.kids = true
		if err := p.scan(parent); err != nil {
			return err
		}
		parent.text = parent.text[:0]
	}
	e := openElement{name: p.intern(t.Name.Local), nodes: p.nodes, plain: strings.HasPrefix(t.Name.Space, nsUBL) || strings.HasPrefix(t.Name.Space, nsOIOUBL)}
	switch {
	case p.doc.top == nil:
		if err := p.root(t, &e); err != nil {
			return err
		}
	case len(p.stack) > 0 && p.stack[len(p.stack)-1].at != nil:
		if !e.plain && p.doc.foreign == "" {
			p.doc.foreign = t.Name.Space
		}
		if e.plain && p.keep[e.name] {
			parent := p.stack[len(p.stack)-1].at
			e.at = &node{name: e.name, line: p.line()}
			parent.kids = append(parent.kids, e.at)
		}
	case p.wrapper && p.done && known(t.Name):
		return p.refuse(e.name, ingest.CodeWrongKind, "a second document in one file: deliver each in a file of its own")
	}
	p.digest('<', t.Name.Space, t.Name.Local)
	if err := p.attributes(t, &e); err != nil {
		return err
	}
	p.stack = append(p.stack, e)
	return nil
}

// root decides by the first element whether the document is one of ours.
func (p *parser) root(t xml.StartElement, e *openElement) error {
	if len(p.stack) == 0 && t.Name.Local == envelope {
		p.wrapper = true
		return nil
	}
	if p.wrapper && !known(t.Name) && (len(p.stack) != 1 || strings.HasPrefix(t.Name.Space, nsHeader)) {
		return nil // the header
	}
	if reason := rootReason(t.Name); reason != "" {
		return p.refuse(clip(ingest.MaskName(t.Name.Local), 60), ingest.CodeWrongKind, reason)
	}
	e.at = &node{name: e.name, line: p.line()}
	p.doc.top = e.at
	return nil
}

// attributes keeps what an element has, and notes currencies.
func (p *parser) attributes(t xml.StartElement, e *openElement) error {
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Local == "schemaLocation" {
			continue
		}
		p.digest('@', a.Name.Local, a.Value)
		if personal(a.Value, false) {
			return p.personal(e.name + "@" + a.Name.Local)
		}
		if a.Name.Local == "currencyID" {
			p.currency(strings.TrimSpace(a.Value), e.name)
		}
		if e.at != nil {
			e.at.attr = append(e.at.attr, xml.Attr{Name: xml.Name{Local: p.intern(a.Name.Local)}, Value: p.intern(strings.TrimSpace(a.Value))})
		}
	}
	return nil
}

func (p *parser) currency(code, element string) {
	tax := slices.ContainsFunc(p.stack, func(o openElement) bool { return o.name == "TaxTotal" })
	if !slices.ContainsFunc(p.doc.currencies, func(c currency) bool { return c.code == code && c.tax == tax }) && len(p.doc.currencies) < 100 {
		p.doc.currencies = append(p.doc.currencies, currency{code, element, p.line(), tax})
	}
}

func (p *parser) end() error {
	n := len(p.stack) - 1
	e := &p.stack[n]
	if err := p.scan(e); err != nil {
		return err
	}
	text := bytes.TrimSpace(e.text)
	if e.name == embedded {
		var err error
		if text, err = p.embedded(e, text); err != nil {
			return err
		}
	}
	if !e.kids || len(text) > 0 {
		p.digest('=', string(text))
	}
	p.digest('>')
	if e.at != nil && !e.kids {
		e.at.text = p.text(text)
	}
	at, before := e.at, e.nodes
	p.stack = p.stack[:n]
	if at == p.doc.top && at != nil {
		p.done = true
	}
	if at != nil && at.name == "TelecommunicationsService" && n > 0 && p.stack[n-1].at != nil {
		p.nodes = before // it is not kept
		return p.call(p.stack[n-1].at, at)
	}
	return nil
}

// embedded notes which attachment an element held. The digest is of what it holds.
func (p *parser) embedded(e *openElement, text []byte) ([]byte, error) {
	number, breaks, ok := strings.Cut(string(text), ":")
	i, err1 := strconv.Atoi(number)
	lines, err2 := strconv.Atoi(breaks)
	if len(text) == 0 && e.at != nil {
		e.at.text = ""
		return nil, nil
	}
	if !ok || err1 != nil || err2 != nil || i < 0 || i >= len(p.s.all) {
		return nil, p.refuse(embedded, ingest.CodeUnreadable, "an attachment cannot be told from its neighbours")
	}
	p.shift += uint64(lines)
	p.digest('#', string(p.s.all[i].sum))
	return []byte(number), nil
}

// scan refuses the document where the text of an element holds a person's number.
func (p *parser) scan(e *openElement) error {
	if len(e.text) < 9 || unscanned(e.name) {
		return nil
	}
	if personal(string(e.text), isID(e.name)) {
		return p.personal(e.name)
	}
	return nil
}

func (p *parser) personal(element string) error {
	return p.refuse(element, ingest.CodePersonnummer, "the text looks like a personnummer: the whole document is refused, because its sums would not add up without a part of it")
}

// intern shares equal words.
func (p *parser) intern(s string) string {
	if t, ok := p.names[s]; ok {
		return t
	}
	if len(p.names) < 10_000 && len(s) < 100 {
		p.names[strings.Clone(s)] = s
	}
	return s
}

func (p *parser) text(b []byte) string {
	if len(b) < 24 {
		return p.intern(string(b))
	}
	return string(b)
}

// digest adds to what tells one document from another; parts are length-prefixed.
func (p *parser) digest(kind byte, parts ...string) {
	p.buf = append(p.buf[:0], kind)
	for _, s := range parts {
		p.buf = strconv.AppendInt(p.buf, int64(len(s)), 10)
		p.buf = append(append(p.buf, ':'), s...)
	}
	p.hash.Write(p.buf)
}
