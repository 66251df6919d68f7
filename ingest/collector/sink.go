package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// progressEvery is how many records pass between two calls of the progress function.
const progressEvery = 4096

// sink takes the records of one file.
type sink struct {
	c        *Collector
	file     schema.ID
	now      schema.Time
	out      *sender // nil in a dry run
	preview  *preview
	progress func(rows uint64)
	seen     idSet
	unseen   uint64 // records that came after the set was full
	lastRow  uint64
	err      error // first error of the log

	sent, rejected, repeated uint64
	amended                  uint64 // amendments; part of no sum, see Report.Amended
	first, last              schema.Time
	perCode                  map[string]*codeCount
	scratch                  []byte
}

type codeCount struct {
	all       uint64
	unlisted  uint64 // counted only
	firstOnly uint64 // line of the first that was counted only
}

func (c *Collector) newSink(ctx context.Context, file schema.ID, now time.Time, preview *preview) *sink {
	s := &sink{c: c, file: file, now: schema.TimeOf(now), preview: preview, perCode: map[string]*codeCount{}}
	if preview == nil {
		s.out = newSender(ctx, c.log, c.cfg.BatchRecords, c.cfg.BatchBytes, now)
	}
	return s
}

// stamp marks where a record comes from, whatever the format wrote there.
func (s *sink) stamp(file *schema.ID, at *schema.Time) { *file, *at = s.file, s.now }

// Usage takes a usage record.
func (s *sink) Usage(u *schema.Usage) error {
	s.stamp(&u.FileID, &u.RecordedAt)
	return put(s, s.c.codecs.usage, s.c.codecs.usageTopic(u.Kind), u, u.EventID, u.LineID, u.OccurredAt, u.FileRow)
}

// Watch takes a count of watches.
func (s *sink) Watch(w *schema.Watch) error {
	s.stamp(&w.FileID, &w.RecordedAt)
	return put(s, s.c.codecs.watch, s.c.codecs.watches, w, w.EventID, w.UnitID, w.Day.Start(s.c.cfg.Zone), w.FileRow)
}

// Contact takes contact-centre statistics of an interval.
func (s *sink) Contact(c *schema.Contact) error {
	s.stamp(&c.FileID, &c.RecordedAt)
	return put(s, s.c.codecs.contact, s.c.codecs.contacts, c, c.EventID, c.UnitID, c.OccurredAt, c.FileRow)
}

// Line takes a statement about a line.
func (s *sink) Line(l *schema.Line) error {
	s.stamp(&l.FileID, &l.RecordedAt)
	return put(s, s.c.codecs.line, s.c.codecs.reference, l, l.EventID, l.LineID, l.ValidFrom, l.FileRow)
}

// Unit takes a statement about a unit.
func (s *sink) Unit(u *schema.Unit) error {
	s.stamp(&u.FileID, &u.RecordedAt)
	return put(s, s.c.codecs.unit, s.c.codecs.reference, u, u.EventID, u.UnitID, u.ValidFrom, u.FileRow)
}

// CostCentre takes a statement about a cost centre.
func (s *sink) CostCentre(c *schema.CostCentre) error {
	s.stamp(&c.FileID, &c.RecordedAt)
	return put(s, s.c.codecs.costCentre, s.c.codecs.reference, c, c.EventID, c.Code, c.ValidFrom, c.FileRow)
}

// NumberRange takes a statement about a number range.
func (s *sink) NumberRange(n *schema.NumberRange) error {
	s.stamp(&n.FileID, &n.RecordedAt)
	return put(s, s.c.codecs.numberRange, s.c.codecs.reference, n, n.EventID, n.First, n.ValidFrom, n.FileRow)
}

// Amendment takes a cancellation or correction of a usage record of a kind. It goes where that
// record went, or will go.
func (s *sink) Amendment(kind string, a *schema.Amendment) error {
	s.stamp(&a.FileID, &a.RecordedAt)
	sent, repeated := s.sent, s.repeated
	err := put(s, s.c.codecs.amendment, s.c.codecs.usageTopic(kind), a, a.EventID, a.LineID, 0, a.FileRow)
	s.amended += s.sent - sent
	if !a.ReplacedBy.IsZero() { // the record that replaces it comes too, and counts for both
		s.sent, s.repeated = sent, repeated
	}
	return err
}

// Approval takes an approval.
func (s *sink) Approval(a *schema.Approval) error {
	s.stamp(&a.FileID, &a.RecordedAt)
	return put(s, s.c.codecs.approval, s.c.codecs.reference, a, a.EventID, a.ApprovalID, a.ValidFrom, a.FileRow)
}

// Price takes a price.
func (s *sink) Price(p *schema.Price) error {
	s.stamp(&p.FileID, &p.RecordedAt)
	return put(s, s.c.codecs.price, s.c.codecs.reference, p, p.EventID, p.PriceID, p.ValidFrom, p.FileRow)
}

// Goal takes a goal or budget.
func (s *sink) Goal(g *schema.Goal) error {
	s.stamp(&g.FileID, &g.RecordedAt)
	return put(s, s.c.codecs.goal, s.c.codecs.reference, g, g.EventID, g.GoalID, g.ValidFrom, g.FileRow)
}

// Equipment takes a statement about equipment.
func (s *sink) Equipment(e *schema.Equipment) error {
	s.stamp(&e.FileID, &e.RecordedAt)
	return put(s, s.c.codecs.equipment, s.c.codecs.reference, e, e.EventID, e.ItemID, e.ValidFrom, e.FileRow)
}

// Employment takes a statement about an employment, an assignment or a leave.
func (s *sink) Employment(e *schema.Employment) error {
	s.stamp(&e.FileID, &e.RecordedAt)
	return put(s, s.c.codecs.employment, s.c.codecs.reference, e, e.EventID, e.Holder, e.ValidFrom, e.FileRow)
}

// TelephoneHours takes a statement about telephone hours.
func (s *sink) TelephoneHours(h *schema.TelephoneHours) error {
	s.stamp(&h.FileID, &h.RecordedAt)
	return put(s, s.c.codecs.telephoneHours, s.c.codecs.reference, h, h.EventID, cmp.Or(h.LineID, h.UnitID), h.ValidFrom, h.FileRow)
}

// AllocationRule takes a target of an allocation rule.
func (s *sink) AllocationRule(r *schema.AllocationRule) error {
	s.stamp(&r.FileID, &r.RecordedAt)
	return put(s, s.c.codecs.allocationRule, s.c.codecs.reference, r, r.EventID, r.RuleID, r.ValidFrom, r.FileRow)
}

// ExchangeRate takes an exchange rate.
func (s *sink) ExchangeRate(r *schema.ExchangeRate) error {
	s.stamp(&r.FileID, &r.RecordedAt)
	return put(s, s.c.codecs.exchangeRate, s.c.codecs.reference, r, r.EventID, r.Currency, r.ValidFrom, r.FileRow)
}

// AccessGrant takes a grant of access.
func (s *sink) AccessGrant(g *schema.AccessGrant) error {
	s.stamp(&g.FileID, &g.RecordedAt)
	return put(s, s.c.codecs.accessGrant, s.c.codecs.reference, g, g.EventID, g.GrantID, g.ValidFrom, g.FileRow)
}

// startOf is the first moment of a day, for first and last; 0 where there is none.
func (s *sink) startOf(d schema.Day) schema.Time {
	if d == 0 {
		return 0
	}
	return d.Start(s.c.cfg.Zone)
}

// Invoice takes the head of an invoice or credit note.
func (s *sink) Invoice(i *schema.Invoice) error {
	s.stamp(&i.FileID, &i.RecordedAt)
	return put(s, s.c.codecs.invoice, s.c.codecs.invoices, i, i.EventID, i.InvoiceID.String(), s.startOf(i.Issued), i.FileRow)
}

// InvoiceLine takes a line of an invoice or credit note.
func (s *sink) InvoiceLine(l *schema.InvoiceLine) error {
	s.stamp(&l.FileID, &l.RecordedAt)
	return put(s, s.c.codecs.invoiceLine, s.c.codecs.invoices, l, l.EventID, l.InvoiceID.String(), s.startOf(l.PeriodFrom), l.FileRow)
}

// Reject takes a refused record.
func (s *sink) Reject(r ingest.Reject) error {
	if s.err != nil {
		return s.err
	}
	s.lastRow = r.Row
	s.rejected++
	n := s.perCode[r.Code]
	if n == nil {
		n = &codeCount{}
		s.perCode[r.Code] = n
	}
	n.all++
	s.tick()
	if s.rejected > s.c.cfg.MaxRejects {
		if n.unlisted == 0 {
			n.firstOnly = r.Row
		}
		n.unlisted++
		return nil
	}
	s.writeReject(r, s.c.cfg.Key.Row(r.Raw))
	return s.err
}

// put encodes a record and hands it to its partition's batch.
func put[T any](s *sink, codec *codec[T], topic *topic, rec *T, id schema.ID, key string, at schema.Time, row uint64) error {
	if s.err != nil {
		return s.err
	}
	if id.IsZero() || key == "" {
		return fmt.Errorf("line %d: the reader handed out a record without %s", row, map[bool]string{true: "an event id", false: "a key"}[id.IsZero()])
	}
	s.lastRow = row
	if s.repeats(id) {
		s.repeated++
		s.tick()
		return nil
	}
	if at != 0 && (s.first == 0 || at < s.first) {
		s.first = at
	}
	if at != 0 && (s.last == 0 || at > s.last) {
		s.last = at
	}
	s.sent++
	s.tick()
	if s.preview != nil {
		s.preview.record(codec.table.Record, row, func() []Field { return fields(codec.table, rec) })
		return nil
	}
	s.scratch = codec.enc.Append(s.scratch[:0], rec)
	s.err = s.out.put(topic, key, s.scratch, codec.headers)
	return s.err
}

func (s *sink) tick() {
	if n := s.sent + s.rejected + s.repeated; s.progress != nil && n%progressEvery == 0 {
		s.progress(n)
	}
}

func (s *sink) repeats(id schema.ID) bool {
	if s.seen.len() >= s.c.cfg.MaxSeen {
		if s.seen.has(id) {
			return true
		}
		s.unseen++
		return false
	}
	return !s.seen.add(id)
}

func (s *sink) writeReject(r ingest.Reject, row schema.ID) {
	if s.preview != nil {
		s.preview.reject(r)
		return
	}
	rec := schema.Reject{
		EventID: schema.NewID("reject", s.file.String(), strconv.FormatUint(r.Row, 10), r.Column, r.Code, r.Reason),
		FileID:  s.file, Row: r.Row, Column: r.Column, Code: r.Code, Reason: r.Reason, RowHash: row, RecordedAt: s.now,
	}
	s.scratch = s.c.codecs.reject.enc.Append(s.scratch[:0], &rec)
	if err := s.out.put(s.c.codecs.rejects, s.file.String(), s.scratch, s.c.codecs.reject.headers); err != nil && s.err == nil {
		s.err = err
	}
}

// summariseRejects writes one record per code for the rejects that were counted only.
func (s *sink) summariseRejects() {
	for _, code := range s.sortedCodes() {
		if n := s.perCode[code]; n.unlisted > 0 {
			s.writeReject(ingest.Reject{Row: n.firstOnly, Code: code,
				Reason: fmt.Sprintf("%d more records refused for this reason from this line on; only the first %d of the file are listed", n.unlisted, s.c.cfg.MaxRejects)}, schema.ID{})
		}
	}
}

func (s *sink) sortedCodes() []string {
	codes := make([]string, 0, len(s.perCode))
	for code := range s.perCode {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	return codes
}

func (s *sink) codes() map[string]uint64 {
	if len(s.perCode) == 0 {
		return nil
	}
	m := make(map[string]uint64, len(s.perCode))
	for code, n := range s.perCode {
		m[code] = n.all
	}
	return m
}

func (s *sink) notices() []string {
	if s.unseen == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the file has more than %d different records; among the %d that came later, repeats are found by the store, not counted here", s.c.cfg.MaxSeen, s.unseen)}
}

// blame returns what ended the reading from outside the file: the log, or ctx.
func (s *sink) blame(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	return ctx.Err()
}

// close waits until everything is acknowledged.
func (s *sink) close() error {
	if s.out == nil {
		return nil
	}
	return errors.Join(s.err, s.out.close())
}

// abandon ends the sender without waiting for more than what is under way.
func (s *sink) abandon() {
	if s.out != nil {
		s.out.abandon()
	}
}
