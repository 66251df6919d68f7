// Package reference reads what the organisation states about itself: units, cost centres,
// lines, number ranges, approvals, price books, exchange rates, goals, equipment, employments,
// telephone hours and grants of access. Each kind is a text file in UTF-8,
// separated by semicolons, and is recognised by its header. The layouts are this program's
// own contract. Numbers and employee ids become pseudonyms here.
package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema/personnummer"
	"linesman/schema/phone"
)

// Name is the collector's name.
const Name = "reference"

// Hasher makes pseudonyms of numbers and of employee ids.
type Hasher interface {
	Line(digits string) string
	Person(id string) string
}

// Numbers reduces numbers as the organisation writes them.
type Numbers interface {
	Reduce(raw string) (phone.Number, error)
}

// Format reads the files. It is safe for concurrent use.
type Format struct {
	key     Hasher
	numbers Numbers
	zone    *time.Location
	kinds   []kind
}

// New returns the format. numbers must reduce in the style [phone.Exchange], because lines
// have extensions too. zone is the zone of dates; nil: UTC.
func New(key Hasher, numbers Numbers, zone *time.Location) (*Format, error) {
	if key == nil || numbers == nil {
		return nil, errors.New("the reference format needs the pseudonym key and a number reducer")
	}
	if zone == nil {
		zone = time.UTC
	}
	return &Format{key: key, numbers: numbers, zone: zone, kinds: kinds()}, nil
}

// Name is the collector's name.
func (f *Format) Name() string { return Name }

// kind is one kind of reference file.
type kind struct {
	name    string   // as in the report
	marks   []string // columns that only this kind has
	columns []table.Column
	text    []int // columns that are searched for a personnummer
	read    func(*row, ingest.Sink) (*ingest.Reject, error)
}

// kinds in the order in which a header is tried.
func kinds() []kind {
	all := []kind{allocationKind(), priceKind(), exchangeKind(), accessKind(), approvalKind(), goalKind(), equipmentKind(), hoursKind(), employmentKind(), lineKind(), rangeKind(), unitKind(), costCentreKind()}
	for i := range all { // the last column of every kind; see row.stated
		all[i].columns = append(all[i].columns, table.Column{Name: "stated_at", Field: "stated_at"})
	}
	return all
}

// Read reads one file; see [ingest.Format].
func (f *Format) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (ingest.Summary, error) {
	var sum ingest.Summary
	r, err := table.Header(in, ';')
	if err != nil {
		return sum, err
	}
	k, err := f.recognise(r)
	if err != nil {
		return sum, err
	}
	sum.Profile = k.name
	if sum.Notices, err = r.Map(k.columns); err != nil {
		return sum, err
	}
	sum.Columns = r.Columns()
	err = f.rows(ctx, r, &row{f: f, kind: &k, now: in.Now}, out)
	sum.Read = r.Read()
	return sum, err
}

// recognise finds the kind whose marks stand in the header.
func (f *Format) recognise(r *table.Reader) (kind, error) {
	have := map[string]bool{}
	for _, name := range r.Names() {
		have[name] = true
	}
	var names []string
next:
	for _, k := range f.kinds {
		names = append(names, k.name)
		for _, m := range k.marks {
			if !have[m] {
				continue next
			}
		}
		return k, nil
	}
	return kind{}, r.Refuse(1, "", ingest.CodeColumns, "the header is that of no reference file: known are "+strings.Join(names, ", "))
}

func (f *Format) rows(ctx context.Context, r *table.Reader, w *row, out ingest.Sink) error {
	for {
		if r.Read()&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, reject, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if reject == nil {
			w.line, w.bad = line, nil
			reject = w.person()
		}
		if reject == nil {
			if reject, err = w.kind.read(w, out); err != nil {
				return err
			}
		}
		if reject != nil {
			if err := out.Reject(*reject); err != nil {
				return err
			}
		}
	}
}

// row reads the values of one row and keeps the first thing that is wrong with it.
type row struct {
	f    *Format
	kind *kind
	now  time.Time // when the file is collected
	line table.Row
	bad  *ingest.Reject
}

// person refuses a row with a personnummer in one of its texts.
func (w *row) person() *ingest.Reject {
	for _, c := range w.kind.text {
		if personnummer.Contains(string(w.line.Get(c))) {
			return w.line.Reject(w.kind.columns[c].Name, ingest.CodePersonnummer, "a personnummer: use another identity")
		}
	}
	found := false
	w.line.Extra(func(v []byte) { found = found || personnummer.Contains(string(v)) })
	if found {
		return w.line.Reject("", ingest.CodePersonnummer, "a personnummer in a column that is not known")
	}
	return nil
}

func (w *row) refuse(col int, code, reason string) {
	if w.bad == nil {
		w.bad = w.line.Reject(w.kind.columns[col].Name, code, reason)
	}
}

func (w *row) fail(col int, err error) {
	code, reason := table.Why(err)
	w.refuse(col, code, reason)
}

const maxText = 200 // bytes

// text reads a text that may be empty.
func (w *row) text(col int) string {
	v := w.line.Get(col)
	if len(v) > maxText {
		w.refuse(col, ingest.CodeRange, fmt.Sprintf("longer than %d bytes", maxText))
		return ""
	}
	return string(v)
}

// needed reads a text that must not be empty.
func (w *row) needed(col int) string {
	v := w.text(col)
	if v == "" {
		w.fail(col, table.ErrMissing)
	}
	return v
}

// oneOf reads one of some words, without regard to case; the empty one must be among them to be allowed.
func (w *row) oneOf(col int, words ...string) string {
	v := string(w.line.Get(col))
	for _, word := range words {
		if strings.EqualFold(v, word) {
			return word
		}
	}
	if v == "" {
		w.fail(col, table.ErrMissing)
	} else {
		w.refuse(col, ingest.CodeUnknown, "none of "+strings.Join(slicesWithout(words, ""), ", "))
	}
	return ""
}

func slicesWithout(words []string, drop string) []string {
	var kept []string
	for _, w := range words {
		if w != drop {
			kept = append(kept, w)
		}
	}
	return kept
}

func letters(s string, n int) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return len(s) == n
}
