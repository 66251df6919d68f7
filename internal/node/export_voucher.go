package node

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"linesman/dashboards/ledger"
	"linesman/processors/store"
	"linesman/schema"
)

// ExportedVoucher is a voucher of a month beside what else there is of it.
type ExportedVoucher struct {
	Series    string          `json:"series"`
	Number    string          `json:"number"`
	Date      string          `json:"date"`
	Revision  uint32          `json:"revision"`
	Published bool            `json:"published"` // else it is a draft
	Now       bool            `json:"now"`       // it was published by this request
	Others    []OtherVoucher  `json:"others"`    // what is published of the month, this one included
	Pending   *PendingVoucher `json:"pending,omitempty"`
}

// OtherVoucher is a published voucher of the month.
type OtherVoucher struct {
	Revision    uint32       `json:"revision"`
	Number      uint64       `json:"number"`
	Name        string       `json:"name"`
	Posted      schema.Money `json:"posted"` // what it moved from the clearing account
	PublishedAt string       `json:"published_at"`
}

// PendingVoucher is what is not published yet.
type PendingVoucher struct {
	Revision     uint32       `json:"revision"`
	Number       uint64       `json:"number"`
	Transactions int          `json:"transactions"`
	Posted       schema.Money `json:"posted"`
}

// voucher writes the voucher that is asked for.
func (e *exporting) voucher(ctx context.Context, out *bytes.Buffer) error {
	set, err := e.vouchers(ctx)
	if err != nil {
		return err
	}
	now := false
	if e.req.Publish && set.Pending != nil && e.asked(set.Pending.Revision) {
		if err := e.publish(ctx, set.Pending); err != nil {
			return err
		}
		wanted := set.Pending.Revision
		if set, err = e.vouchers(ctx); err != nil {
			return err
		}
		if int(wanted) >= len(set.Published) {
			return fmt.Errorf("voucher %d is in the log, but the store does not show it", ledger.Number(e.month.Month, wanted))
		}
		e.req.Revision, now = &wanted, true
	}
	entry, err := e.entry(&set)
	if err != nil {
		return err
	}
	content, transcribed, err := entry.Content(e.texts.T("ledger.draft"))
	if err != nil {
		return err
	}
	out.Write(content)
	e.tell(&set, entry, transcribed, now)
	return nil
}

// asked tells whether a revision is one that may be published: any, or the one that is named.
func (e *exporting) asked(revision uint32) bool {
	return e.req.Revision == nil || *e.req.Revision == revision
}

func (e *exporting) vouchers(ctx context.Context) (ledger.Set, error) {
	var published []schema.Publication
	where := fmt.Sprintf("publication_id = unhex('%s') AND kind = '%s'", ledger.PublicationID(e.month.Month), schema.PublicationVoucher)
	err := store.Scan(ctx, e.n.store, schema.PublicationTable(), where, func(p *schema.Publication) error {
		published = append(published, *p)
		return nil
	})
	if err != nil {
		return ledger.Set{}, err
	}
	l := &e.n.cfg.Ledger
	cfg := ledger.Config{Program: "Linesman", Version: Version, Company: cmp.Or(l.Company, e.n.cfg.Organisation), OrgNr: l.Number(), Series: l.Series, Accounts: l.Accounts, Clearing: l.Clearing, Repay: l.Repay,
		CostCentre: l.CostCentre, Unit: l.Unit, Project: l.Project, Activity: l.Activity, Texts: e.texts}
	return ledger.Vouchers(cfg, ledger.Input{Month: e.month.Month, Today: schema.DayOf(schema.TimeOf(time.Now()), e.zone), Postings: e.month.Postings, Published: published, Centres: e.cost, Units: e.units})
}

// publish appends a voucher to the log. Somebody else may be first: then theirs holds.
func (e *exporting) publish(ctx context.Context, pending *ledger.Entry) error {
	if pending.Figures.Document.Company == "" {
		return ErrNoCompany
	}
	p, err := pending.Publish(e.month.Month, "", publishByHand, time.Now())
	if err != nil {
		return err
	}
	if err := e.n.appendPublication(ctx, &p); err != nil {
		return err
	}
	e.n.log.Info("a voucher was published", "series", p.Series, "number", p.Number, "transactions", len(pending.Voucher().Transactions))
	return nil
}

// entry chooses the voucher: the one that is named; else, if something is to be published, the newest;
// else the first, and a draft where none was published.
func (e *exporting) entry(set *ledger.Set) (*ledger.Entry, error) {
	switch n := len(set.Published); {
	case e.req.Revision != nil && int(*e.req.Revision) < n:
		return &set.Published[*e.req.Revision], nil
	case e.req.Revision != nil && !e.req.Publish && set.Pending != nil && set.Pending.Revision == *e.req.Revision:
		return set.Pending, nil
	case e.req.Revision != nil:
		return nil, fmt.Errorf("revision %d of %s: %w", *e.req.Revision, e.month.Month.String()[:7], ErrNoRevision)
	case n > 0 && e.req.Publish:
		return &set.Published[n-1], nil
	case n > 0:
		return &set.Published[0], nil
	case set.Pending != nil:
		return set.Pending, nil
	}
	return nil, ErrNothingToPost
}

// tell describes the voucher and what somebody who posts it should know.
func (e *exporting) tell(set *ledger.Set, entry *ledger.Entry, transcribed []string, now bool) {
	v := entry.Voucher()
	e.out.Name, e.out.Rows, e.out.Total = entry.Name(e.month.Month), len(v.Transactions), entry.Figures.Posted
	said := &ExportedVoucher{Series: v.Series, Number: v.Number, Date: v.Date, Revision: entry.Revision, Published: entry.IsPublished(), Now: now, Others: []OtherVoucher{}}
	number := strconv.FormatUint(ledger.Number(e.month.Month, entry.Revision), 10)
	if !said.Published {
		e.notice("ledger.is_draft", "series", v.Series, "number", number)
		said.Series, said.Number = ledger.SeriesDraft, "0"
		e.out.Name = "draft-" + e.out.Name
	}
	for i := range set.Published {
		p := &set.Published[i]
		said.Others = append(said.Others, OtherVoucher{p.Revision, p.Publication.Number, p.Publication.Name, p.Figures.Posted, p.Publication.PublishedAt.String()})
	}
	if p := set.Pending; p != nil {
		said.Pending = &PendingVoucher{p.Revision, ledger.Number(e.month.Month, p.Revision), len(p.Voucher().Transactions), p.Figures.Posted}
		if said.Published {
			e.notice("ledger.later", "n", strconv.Itoa(said.Pending.Transactions), "series", p.Voucher().Series, "number", p.Voucher().Number)
		}
	} else if e.req.Publish && !now {
		e.notice("ledger.same")
	}
	e.out.Notices = append(e.out.Notices, set.Notices...)
	for _, text := range transcribed {
		e.notice("ledger.transcribed", "text", text)
	}
	if e.month.VAT != 0 {
		e.notice("ledger.vat", "vat", e.month.VAT.String())
	}
	e.out.Voucher = said
}

func (e *exporting) notice(key string, pairs ...string) {
	e.out.Notices = append(e.out.Notices, e.texts.T(key, pairs...))
}
