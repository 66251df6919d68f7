package itemised

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/ingest"
	"linesman/schema"
	"linesman/schema/personnummer"
)

// change is what a row does to a row that was delivered before.
type change uint8

const (
	changeNone change = iota
	changeCancel
	changeCorrect
)

// amends is what the row that is read does to another record.
type amends struct {
	what   change
	kind   string // of the amended usage record
	record schema.Amendment
}

// records tells how many records the row counts for: a correction is one record, whose
// amendment is not counted beside it. Where the correction stands on another line or of
// another kind than the original, nothing ties the two together in the log: then the row is
// a cancellation and a record, and counts twice.
func (a *amends) records() uint64 {
	if a.what == changeCorrect && a.record.ReplacedBy.IsZero() {
		return 2
	}
	return 1
}

// referring are the fields that name the original, by the field of the key that they stand for.
var referring = map[field]field{fInvoice: fAmendsInvoice, fRecord: fAmendsRecord, fSubscription: fAmendsLine}

// amend checks what a profile says of rows that cancel or correct others.
func (l *loader) amend(p *Profile, c *compiled) {
	has := func(f field) bool { return len(p.Columns[f.String()]) > 0 }
	c.changes = map[string]change{"": changeNone}
	for _, w := range []struct {
		path  string
		words []string
		what  change
	}{{"amend.none", p.Amend.None, changeNone}, {"amend.cancel", p.Amend.Cancel, changeCancel}, {"amend.correct", p.Amend.Correct, changeCorrect}} {
		if len(w.words) > 0 && !has(fChange) {
			l.fail(w.path, "there is no column change that could hold these words")
		}
		for _, word := range w.words {
			if other, twice := c.changes[normal(word)]; twice && other != w.what {
				l.fail(w.path, "%q also means something else (an empty value is an ordinary row)", word)
			}
			c.changes[normal(word)] = w.what
		}
	}
	if !has(fChange) {
		for f := fAmendsInvoice; f < fieldCount; f++ {
			if has(f) {
				l.fail("columns."+f.String(), "needs the column change, which says whether the row cancels or corrects the one that it names")
			}
		}
		return
	}
	if len(p.Amend.Cancel)+len(p.Amend.Correct) == 0 {
		l.fail("amend", "missing: which values of the column change mean cancel and which correct")
	}
	l.reference(p, c, has)
}

// reference checks that a row can name another one by the profile's key.
func (l *loader) reference(p *Profile, c *compiled, has func(field) bool) {
	if len(c.key) == 0 {
		l.fail("columns.change", "needs a key: without one no row can name another")
	}
	for _, f := range c.key {
		ref, ok := referring[f]
		switch {
		case !ok:
			l.fail("columns.change", "the key has %s, by which no row can name another: only invoice, record and subscription", f)
		case f == fRecord && !has(ref):
			l.fail("columns.change", "needs the column %s: the key has %s", ref, f)
		case f != fSubscription && has(ref):
			c.refers = append(c.refers, ref)
		}
	}
	for _, f := range []field{fInvoice, fRecord} {
		if ref := referring[f]; has(ref) && !slices.Contains(c.key, f) {
			l.fail("columns."+ref.String(), "the key has no %s", f)
		}
	}
}

// lacks lists the columns that a file must have because of other columns in it: a change
// without the row that it is about, and the other way round. Reading on without them would
// count usage twice.
func (p *Profile) lacks(h *header) []field {
	if len(p.Columns[fChange.String()]) == 0 {
		return nil
	}
	var list []field
	if h.place[fChange] >= 0 {
		for _, f := range p.c.refers {
			if h.place[f] < 0 {
				list = append(list, f)
			}
		}
		return list
	}
	for f := fAmendsInvoice; f < fieldCount; f++ {
		if h.place[f] >= 0 {
			return []field{fChange}
		}
	}
	return nil
}

// change reads whether the row cancels or corrects another one.
func (r *reading) change(sv *service) (change, *flaw) {
	if r.h.place[fChange] < 0 {
		return changeNone, nil
	}
	b := r.get(fChange)
	what, ok := r.c.changes[normal(string(b))]
	if !ok {
		return 0, unknown(fChange, b, "a change that the profile does not know: add it under amend, as "+r.p.amendWords())
	}
	if len(b) == 0 && len(r.get(fAmendsRecord)) > 0 && sv.service != schema.ServiceCredit {
		return 0, &flaw{field: fChange, code: ingest.CodeMissing,
			reason: "the row names another one but does not say whether it cancels or corrects it; only a credit may"}
	}
	return what, nil
}

func (p *Profile) amendWords() string {
	var list []string
	for _, w := range []struct {
		words []string
		means string
	}{{p.Amend.Cancel, "cancel"}, {p.Amend.Correct, "correct"}, {p.Amend.None, "none"}} {
		if len(w.words) > 0 {
			list = append(list, w.means+" ("+strings.Join(w.words, ", ")+")")
		}
	}
	return strings.Join(list, " or ")
}

// cancel reads a row that takes another one back. Its line and service say where that one
// is; what it cost or how long it lasted does not matter any more.
func (r *reading) cancel(sv *service) *flaw {
	for _, step := range [...]func(*reading, *service) *flaw{(*reading).subscription, (*reading).texts, (*reading).identity} {
		if bad := step(r, sv); bad != nil {
			return bad
		}
	}
	if bad := r.original(sv); bad != nil {
		return bad
	}
	r.finish(changeCancel)
	return nil
}

// correct completes a row that takes the place of another one, after its own record was read.
func (r *reading) correct(sv *service) *flaw {
	if bad := r.original(sv); bad != nil {
		return bad
	}
	a := &r.amends
	if a.record.LineID == r.u.LineID && schema.UsageTopic(a.kind) == schema.UsageTopic(r.u.Kind) {
		a.record.ReplacedBy = r.u.EventID
	}
	r.finish(changeCorrect)
	return nil
}

// original reads which record the row is about: its line, its kind and its id.
func (r *reading) original(sv *service) (bad *flaw) {
	a := &r.amends
	a.kind = sv.kind
	a.record = schema.Amendment{LineID: r.u.LineID, Source: r.u.Source, FileID: r.u.FileID, FileRow: r.u.FileRow, RecordedAt: r.u.RecordedAt}
	if len(r.get(fAmendsLine)) > 0 {
		if a.record.LineID, bad = r.line(fAmendsLine); bad != nil {
			return bad
		}
	}
	if len(r.get(fAmendsService)) > 0 {
		other, bad := r.serviceOf(fAmendsService)
		if bad != nil {
			return bad
		}
		a.kind = other.kind
	}
	parts := [1 + fieldCount]string{r.p.Operator}
	n := 1
	for _, f := range r.c.key {
		if parts[n], bad = r.named(f); bad != nil {
			return bad
		}
		n++
	}
	a.record.Amends = schema.NewID("itemised", parts[:n]...)
	if a.record.Amends == r.u.EventID {
		return &flaw{field: fAmendsRecord, code: ingest.CodeRange, reason: "the row names itself: a correction or cancellation is a row of its own, with its own number"}
	}
	return r.amendedAt()
}

// named reads one part of the original's natural key, in the form in which its own row gave it.
func (r *reading) named(f field) (string, *flaw) {
	ref := referring[f]
	switch f {
	case fSubscription:
		return r.amends.record.LineID, nil
	case fInvoice:
		if r.h.place[ref] < 0 {
			if r.u.Invoice == "" {
				return "", missing(fInvoice)
			}
			return r.u.Invoice, nil
		}
	}
	b := r.get(ref)
	if len(b) == 0 {
		return "", &flaw{field: ref, code: ingest.CodeMissing, reason: fmt.Sprintf("the value is missing: the row must name the %s of the one that it changes", f)}
	}
	if r.scan[ref] && len(b) > 8 && personnummer.Contains(string(b)) {
		return "", personal(ref)
	}
	return string(b), nil
}

// amendedAt reads when the change was made. Where the source does not tell it stays 0.
func (r *reading) amendedAt() *flaw {
	if len(r.get(fAmendedAt)) == 0 {
		return nil
	}
	var w wall
	if bad := r.parse(fAmendedAt, r.c.amended, &w); bad != nil {
		return bad
	}
	if !w.valid() {
		return &flaw{field: fAmendedAt, code: ingest.CodeTime, reason: "no such date or time in the calendar"}
	}
	// Changes do not stand in order of time, so each is a sequence of its own.
	t, err := r.clock.moment(&w, func() string { return "change in row " + strconv.FormatUint(r.u.FileRow, 10) })
	if err != nil {
		return &flaw{field: fAmendedAt, code: ingest.CodeTime, reason: err.Error()}
	}
	r.amends.record.AmendedAt = t
	return r.plausible(fAmendedAt, t)
}

// finish gives the amendment its id: the natural key of its row, and everything that it says,
// so that a row that comes again saying something else is another amendment and the order in
// which the two come does not matter.
func (r *reading) finish(what change) {
	a := &r.amends
	a.what = what
	a.record.EventID = schema.NewID("itemised amendment", r.u.EventID.String(), a.record.Amends.String(), a.record.ReplacedBy.String(),
		a.record.LineID, a.kind, a.record.AmendedAt.String())
}

// amendRule tells how a field about changes is read, and an example.
func (p *Profile) amendRule(f field) (rule, sample string) {
	switch f {
	case fChange:
		return "empty: an ordinary row; else " + p.amendWords(), ""
	case fAmendsInvoice, fAmendsRecord:
		return "names the row that is cancelled or corrected", ""
	case fAmendsLine:
		return "own number of that row, where it is another one; " + p.Phone.Style + " (" + p.Phone.Region + ")", p.samplePhone()
	case fAmendsService:
		return "service of that row, where it is another one", ""
	}
	rule, sample = p.timeRule(f)
	return "when the change was made: " + rule, sample
}
