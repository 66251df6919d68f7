// Package ledger turns the costs of a month into vouchers for the organisation's ledger and
// writes them as SIE files of type 4I; and it reads SIE files of type 4. The format is that of
// SIE-Gruppen, "SIE filformat", utgåva 4B: labels (5.11), types of files (5.2), coding and
// separators (5.7, 5.8).
package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// Values of #FLAGGA.
const (
	FlagNew  = 0 // not read in by a ledger yet
	FlagRead = 1 // read in already: ledgers refuse it, or ask
)

// Document is what a SIE file of type 4I holds.
type Document struct {
	Flag       int         `json:"flag"`
	Program    string      `json:"program"`
	Version    string      `json:"version"`
	Made       string      `json:"made"` // yyyy-mm-dd
	OrgNr      string      `json:"orgnr,omitempty"`
	Company    string      `json:"company"`
	Dimensions []Dimension `json:"dimensions,omitempty"`
	Objects    []Object    `json:"objects,omitempty"`
	Vouchers   []Voucher   `json:"vouchers"`
}

// Dimension is a way in which transactions are divided: 1 is the cost centre, 6 the project,
// from 20 on they are the organisation's own.
type Dimension struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
}

// Object is something in a dimension: a cost centre, a project. Codes are text; leading zeros count.
type Object struct {
	Dimension int    `json:"dim"`
	Code      string `json:"code"`
	Name      string `json:"name,omitempty"`
}

// Voucher is a voucher with its transactions.
type Voucher struct {
	Series       string        `json:"series"`
	Number       string        `json:"number"` // empty: the ledger gives it
	Date         string        `json:"date"`   // yyyy-mm-dd
	Text         string        `json:"text"`
	Transactions []Transaction `json:"transactions"`
}

// Transaction is an amount on an account; debit is positive.
type Transaction struct {
	Account string       `json:"account"`
	Objects []Object     `json:"objects,omitempty"` // without names
	Amount  schema.Money `json:"amount"`
	Text    string       `json:"text,omitempty"`
}

// Sum adds the transactions: zero in a voucher that a ledger takes.
func (v *Voucher) Sum() (sum schema.Money) {
	for i := range v.Transactions {
		sum += v.Transactions[i].Amount
	}
	return sum
}

// Errors of Bytes.
var (
	ErrControl = errors.New("a control character, which SIE does not allow")
	ErrCode    = errors.New("a character that SIE's code page 437 does not have: two codes could become one")
	ErrSum     = errors.New("the transactions do not add up to zero")
	ErrOre     = errors.New("an amount is no whole öre")
	ErrForm    = errors.New("not as SIE wants it")
)

// Bytes writes the file: code page 437, lines that end in CR LF. The same document gives the same
// bytes. Characters of texts that the code page does not have are transcribed, and each text that was is
// told in notices; in codes they are refused. Errors wrap one of those above.
func (d *Document) Bytes() (content []byte, notices []string, err error) {
	w := &writer{}
	w.line("#FLAGGA", strconv.Itoa(d.Flag))
	w.line("#PROGRAM", w.text(d.Program), w.text(d.Version))
	w.line("#FORMAT", "PC8")
	w.line("#GEN", w.date(d.Made))
	w.line("#SIETYP", "4")
	if d.OrgNr != "" {
		w.line("#ORGNR", w.code(d.OrgNr))
	}
	w.line("#FNAMN", w.text(d.Company))
	for _, dim := range d.Dimensions {
		w.line("#DIM", strconv.Itoa(dim.Number), w.text(dim.Name))
	}
	for _, o := range d.Objects {
		name := o.Name
		if name == "" {
			name = o.Code
		}
		w.line("#OBJEKT", strconv.Itoa(o.Dimension), quote(w.code(o.Code)), w.text(name))
	}
	for i := range d.Vouchers {
		w.voucher(&d.Vouchers[i])
	}
	if w.err != nil {
		return nil, nil, fmt.Errorf("writing a SIE file: %w", w.err)
	}
	return w.out.Bytes(), w.notices, nil
}

// writer writes lines and keeps the first error.
type writer struct {
	out     bytes.Buffer
	notices []string
	err     error
}

func (w *writer) line(fields ...string) { w.out.WriteString(strings.Join(fields, " ") + "\r\n") }

func (w *writer) fail(what, value string, err error) {
	if w.err == nil {
		w.err = fmt.Errorf("%s %q: %w", what, value, err)
	}
}

func (w *writer) voucher(v *Voucher) {
	if v.Sum() != 0 {
		w.fail("voucher", v.Series+v.Number, ErrSum)
	}
	w.line("#VER", quote(w.code(v.Series)), w.number(v.Number), w.date(v.Date), w.text(v.Text))
	w.line("{")
	for i := range v.Transactions {
		w.transaction(&v.Transactions[i], v.Date)
	}
	w.line("}")
}

func (w *writer) transaction(t *Transaction, date string) {
	objects := make([]string, 0, len(t.Objects))
	for _, o := range t.Objects {
		objects = append(objects, strconv.Itoa(o.Dimension)+" "+quote(w.code(o.Code)))
	}
	fields := []string{"#TRANS", w.account(t.Account), "{" + strings.Join(objects, " ") + "}", w.amount(t.Amount), w.date(date)}
	if t.Text != "" {
		fields = append(fields, w.text(t.Text))
	}
	w.line(fields...)
}

// amount writes an amount with a point and two decimals.
func (w *writer) amount(m schema.Money) string {
	if m%(schema.Micro/100) != 0 {
		w.fail("amount", m.String(), ErrOre)
	}
	return m.String() // of whole öre it has two decimals
}

func (w *writer) date(day string) string {
	if t, err := time.Parse(time.DateOnly, day); err == nil {
		return t.Format("20060102")
	}
	w.fail("date", day, ErrForm)
	return ""
}

func (w *writer) account(a string) string {
	if a == "" || strings.Trim(a, "0123456789") != "" {
		w.fail("account", a, ErrForm)
	}
	return a
}

func (w *writer) number(n string) string {
	if n == "" {
		return `""`
	}
	return w.account(n)
}

// code encodes a code and takes it as it is, or not at all.
func (w *writer) code(s string) string {
	coded, changed, err := encode(s)
	if err == nil && changed {
		err = ErrCode
	}
	if err != nil {
		w.fail("code", s, err)
	}
	return coded
}

// text encodes and quotes a text.
func (w *writer) text(s string) string {
	coded, changed, err := encode(s)
	if err != nil {
		w.fail("text", s, err)
	}
	if changed {
		w.notices = append(w.notices, s)
	}
	return quote(coded)
}

// quote puts a field into quotation marks and those in it behind a backslash (5.7).
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
