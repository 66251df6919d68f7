package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// MaxFile is the most bytes of a SIE file that are read.
const MaxFile = 256 << 20

// ErrTooLarge says that a file is larger than [MaxFile].
var ErrTooLarge = errors.New("larger than a SIE file may be")

// LineError is what is wrong with one line.
type LineError struct {
	Name         string // of the file
	Line, Column int    // from 1; columns are bytes
	Err          error
}

// Error names file, line and column.
func (e *LineError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.Name, e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// Record is a line that belongs to no voucher and is not in [Document]: accounts, balances, years.
type Record struct {
	Line   int
	Label  string // with #, in capitals
	Fields []string
}

// File is a SIE file as it was read.
type File struct {
	Document
	Format  string // of #FORMAT: PC8
	Type    string // of #SIETYP
	Records []Record
	// Added and Removed are transactions that somebody put into a voucher or took out of it later
	// (#RTRANS, #BTRANS). They are history: an added one stands among the voucher's own too.
	Added, Removed int
	// Notices tell of labels that are not known, by line, and of what is odd but can be read.
	Notices []string
}

// Read reads a SIE file of type 4, import (4I) or export (4E). name is what errors call it. Lines that cannot be
// read are told in an error that joins one *LineError for each (of at most 100), and everything else is in the file all the
// same; a voucher with such a line is left out, as it would not be what was written.
func Read(name string, r io.Reader) (*File, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(raw) > MaxFile {
		return nil, fmt.Errorf("reading %s: %w", name, ErrTooLarge)
	}
	p := &parser{name: name, file: &File{}}
	p.utf8 = bytes.HasPrefix(raw, []byte("\xef\xbb\xbf"))
	if p.utf8 {
		raw = raw[3:]
		p.notice("the file begins as UTF-8 files do and is read as one; SIE files are in code page 437")
	}
	in := bufio.NewScanner(bytes.NewReader(raw))
	in.Buffer(nil, len(raw)+1)
	in.Split(lines)
	for in.Scan() {
		p.at++
		p.take(in.Bytes())
	}
	if p.open {
		p.wrong(1, errors.New("the file ends within a voucher"))
	}
	return p.file, errors.Join(p.errs...)
}

// lines splits at LF, CR or CR LF.
func lines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && (!atEOF || len(data) == 0):
		return 0, nil, nil
	case i < 0:
		return len(data), data, nil
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	case data[i] == '\r' && i+1 == len(data) && !atEOF:
		return 0, nil, nil
	}
	return i + 1, data[:i], nil
}

// parser reads line by line.
type parser struct {
	name    string
	file    *File
	at      int // line
	utf8    bool
	errs    []error
	voucher *Voucher // that a #VER announced
	open    bool     // its { was read
	broken  bool     // one of its lines was wrong
}

// maxErrors is how many lines that are wrong are told.
const maxErrors = 100

func (p *parser) wrong(column int, err error) {
	p.broken = true
	if len(p.errs) < maxErrors {
		p.errs = append(p.errs, &LineError{p.name, p.at, column, err})
	}
}

func (p *parser) notice(format string, args ...any) {
	if len(p.file.Notices) < maxErrors {
		p.file.Notices = append(p.file.Notices, fmt.Sprintf("%s:%d: ", p.name, p.at)+fmt.Sprintf(format, args...))
	}
}

// take reads one line.
func (p *parser) take(raw []byte) {
	text := string(raw)
	if !p.utf8 {
		text = decode(raw)
	}
	fields, column, err := split(text)
	switch {
	case err != nil:
		p.wrong(column, err)
	case len(fields) == 0:
	case fields[0].text == "{" && !fields[0].quoted:
		if p.voucher == nil || p.open {
			p.wrong(fields[0].column, errors.New("{ without a #VER before it"))
			return
		}
		p.open = true
	case fields[0].text == "}" && !fields[0].quoted:
		p.close(fields[0].column)
	case !strings.HasPrefix(fields[0].text, "#"):
		p.wrong(fields[0].column, errors.New("want a label that begins with #"))
	default:
		p.labelled(strings.ToUpper(fields[0].text), fields[1:])
	}
}

func (p *parser) close(column int) {
	if !p.open {
		p.wrong(column, errors.New("} without a { before it"))
		return
	}
	if !p.broken {
		p.file.Vouchers = append(p.file.Vouchers, *p.voucher)
	}
	p.voucher, p.open, p.broken = nil, false, false
}

// known are the labels of type 4 beside those that are in the document.
const known = " #KSUMMA #PROSA #FTYP #FNR #BKOD #ADRESS #RAR #TAXAR #OMFATTN #KPTYP #VALUTA #KONTO #KTYP #ENHET #SRU #UNDERDIM #IB #UB #OIB #OUB #RES #PSALDO #PBUDGET "

func (p *parser) labelled(label string, f []field) {
	g := &got{fields: f}
	d := &p.file.Document
	switch label {
	case "#FLAGGA":
		d.Flag = g.number(0)
	case "#PROGRAM":
		d.Program, d.Version = g.text(0), g.text(1)
	case "#FORMAT":
		if p.file.Format = g.text(0); p.file.Format != "PC8" {
			p.notice("format %q: SIE files are in PC8", p.file.Format)
		}
	case "#GEN":
		d.Made = g.date(0)
	case "#SIETYP":
		p.file.Type = g.text(0)
	case "#ORGNR":
		d.OrgNr = g.text(0)
	case "#FNAMN":
		d.Company = g.text(0)
	case "#DIM":
		d.Dimensions = append(d.Dimensions, Dimension{g.number(0), g.text(1)})
	case "#OBJEKT":
		d.Objects = append(d.Objects, Object{g.number(0), g.text(1), g.text(2)})
	case "#VER":
		p.begin(g)
	case "#TRANS", "#RTRANS", "#BTRANS":
		p.transaction(label, g)
	default:
		rec := Record{Line: p.at, Label: label}
		for _, x := range f {
			rec.Fields = append(rec.Fields, x.text)
		}
		p.file.Records = append(p.file.Records, rec)
		if !strings.Contains(known, " "+label+" ") {
			p.notice("label %s is not known", label)
		}
	}
	if g.err != nil {
		p.wrong(g.column, fmt.Errorf("%s: %w", label, g.err))
	}
}

func (p *parser) begin(g *got) {
	if p.voucher != nil {
		p.wrong(1, errors.New("a #VER before the one before it has ended"))
	}
	p.broken = p.open // what is left of an unfinished voucher does not belong to this one
	p.open = false
	p.voucher = &Voucher{Series: g.text(0), Number: g.text(1), Date: g.date(2), Text: g.text(3)}
	p.broken = p.broken || g.err != nil
}

func (p *parser) transaction(label string, g *got) {
	t := Transaction{Account: g.text(0), Objects: g.objects(1), Amount: g.amount(2)}
	if day := g.text(3); day != "" {
		g.date(3)
	}
	t.Text = g.text(4)
	switch {
	case !p.open:
		p.wrong(1, fmt.Errorf("%s outside a voucher", label))
	case label == "#RTRANS":
		p.file.Added++
	case label == "#BTRANS":
		p.file.Removed++
	default:
		p.voucher.Transactions = append(p.voucher.Transactions, t)
	}
}

// got gives the fields of a line their meaning and keeps the first error. What is missing at the
// end of a line is empty.
type got struct {
	fields []field
	column int
	err    error
}

func (g *got) fail(i int, format string, args ...any) {
	if g.err == nil {
		g.err, g.column = fmt.Errorf("field %d: "+format, append([]any{i + 1}, args...)...), 1
		if i < len(g.fields) {
			g.column = g.fields[i].column
		}
	}
}

func (g *got) text(i int) string {
	if i >= len(g.fields) {
		return ""
	}
	if g.fields[i].list != nil {
		g.fail(i, "a list of objects is not expected here")
	}
	return g.fields[i].text
}

func (g *got) number(i int) int {
	n, err := strconv.Atoi(g.text(i))
	if err != nil || n < 0 {
		g.fail(i, "want a whole number")
		return 0
	}
	return n
}

func (g *got) date(i int) string {
	t, err := time.Parse("20060102", g.text(i))
	if err != nil {
		g.fail(i, "want a date as yyyymmdd")
		return ""
	}
	return t.Format(time.DateOnly)
}

func (g *got) amount(i int) schema.Money {
	m, err := schema.ParseMoney(g.text(i))
	if err != nil {
		g.fail(i, "%w", err)
	}
	return m
}

func (g *got) objects(i int) []Object {
	if i >= len(g.fields) || g.fields[i].list == nil {
		g.fail(i, "want a list of objects in { }")
		return nil
	}
	list := g.fields[i].list
	if len(list)%2 != 0 {
		g.fail(i, "want pairs of dimension and object")
		return nil
	}
	var out []Object
	for ; len(list) > 0; list = list[2:] {
		n, err := strconv.Atoi(list[0])
		if err != nil || n < 0 {
			g.fail(i, "dimension %q is no number", list[0])
			return nil
		}
		out = append(out, Object{Dimension: n, Code: list[1]})
	}
	return out
}
