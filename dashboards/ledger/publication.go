package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"linesman/schema"
)

// MediaType of SIE files.
const MediaType = "application/x-sie"

// Figures is what a published voucher keeps in the log: everything that its file is made of.
type Figures struct {
	Document Document     `json:"document"`
	Language string       `json:"language"`
	Exact    schema.Money `json:"exact"`  // what the month cost then, to a millionth
	Posted   schema.Money `json:"posted"` // costs that the voucher adds: with those of earlier vouchers, what the month cost then, in öre
	Records  uint64       `json:"records"`
	Query    string       `json:"query"` // what gave Exact
}

// Errors of what was published.
var (
	ErrFigures = errors.New("the figures of a published voucher cannot be read")
	ErrContent = errors.New("a published voucher is written differently by this program: take the file from where it was kept, or the program's version that wrote it")
	ErrGap     = errors.New("a revision is missing among the published vouchers")
)

// PublicationID identifies the vouchers of a month. The series is not in it: a series that was
// renamed must not make the month's costs be posted again.
func PublicationID(month schema.Day) schema.ID {
	return schema.NewID("publication", schema.PublicationVoucher, month.String())
}

// Chain returns the vouchers of a month that hold, by revision. Of several with the same revision the
// first in the log holds.
func Chain(published []schema.Publication, month schema.Day) ([]Entry, error) {
	id := PublicationID(month)
	var list []schema.Publication
	for _, p := range published {
		if p.Kind == schema.PublicationVoucher && p.PublicationID == id {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b schema.Publication) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Offset, b.Offset))
	})
	var out []Entry
	for _, p := range list {
		switch {
		case int(p.Revision) < len(out):
			continue // another one was first
		case int(p.Revision) > len(out):
			return nil, fmt.Errorf("vouchers of %s: revision %d: %w", month, len(out), ErrGap)
		}
		e := Entry{Revision: p.Revision, Publication: p}
		if err := json.Unmarshal([]byte(p.Figures), &e.Figures); err != nil {
			return nil, fmt.Errorf("voucher %s %d: %w: %w", p.Series, p.Number, ErrFigures, err)
		}
		if len(e.Figures.Document.Vouchers) != 1 {
			return nil, fmt.Errorf("voucher %s %d: %w: want one voucher", p.Series, p.Number, ErrFigures)
		}
		out = append(out, e)
	}
	return out, nil
}

// IsPublished tells whether the voucher was published.
func (e *Entry) IsPublished() bool { return !e.Publication.PublicationID.IsZero() }

// Voucher returns the voucher itself.
func (e *Entry) Voucher() *Voucher { return &e.Figures.Document.Vouchers[0] }

// Content writes the file: of a published voucher the same bytes every time, else a draft: marked as
// read in already, in a series of its own, with number 0 and a text that says so. notices lists texts in which
// characters had to be transcribed.
func (e *Entry) Content(draft string) (content []byte, notices []string, err error) {
	if !e.IsPublished() {
		d := e.Figures.Document
		v := *e.Voucher()
		v.Series, v.Number, v.Text = SeriesDraft, "0", draft+v.Text
		d.Flag, d.Vouchers = FlagRead, []Voucher{v}
		return d.Bytes()
	}
	content, notices, err = e.Figures.Document.Bytes()
	if err == nil && contentID(content) != e.Publication.ContentID {
		err = fmt.Errorf("voucher %s %d: %w", e.Publication.Series, e.Publication.Number, ErrContent)
	}
	return content, notices, err
}

func contentID(content []byte) schema.ID {
	sum := sha256.Sum256(content)
	return schema.ID(sum[:16])
}

// Publish makes the publication of a pending voucher. by is a role or a pseudonym.
func (e *Entry) Publish(month schema.Day, by, reason string, at time.Time) (schema.Publication, error) {
	content, _, err := e.Figures.Document.Bytes()
	if err != nil {
		return schema.Publication{}, err
	}
	raw, err := json.Marshal(e.Figures)
	if err != nil {
		return schema.Publication{}, fmt.Errorf("the figures of a voucher: %w", err)
	}
	id := PublicationID(month)
	// The moment is part of the event's id: of two that publish the same, each is an event of its own, so that
	// a later one never takes the place of an earlier one in the order of the log.
	event := schema.NewID("publication", id.String(), strconv.Itoa(int(e.Revision)), string(raw), strconv.FormatInt(at.UnixNano(), 10))
	return schema.Publication{EventID: event, PublicationID: id,
		Kind: schema.PublicationVoucher, Revision: e.Revision, Month: month, ScopeKind: "all", Language: e.Figures.Language, Series: e.Voucher().Series, Number: Number(month, e.Revision),
		Figures: string(raw), Name: e.Name(month), MediaType: MediaType, ContentID: contentID(content), Reason: reason, By: by, PublishedAt: schema.TimeOf(at)}, nil
}

// Name is the name of the file.
func (e *Entry) Name(month schema.Day) string {
	if e.IsPublished() {
		return e.Publication.Name
	}
	return "linesman-" + strconv.FormatUint(Number(month, e.Revision), 10) + ".si"
}
