package pipeline

import (
	"context"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// pair carries a topic with records of two types, each with a table of its own. The second is
// written first: who finds a record of the first type finds what belongs to it.
type pair struct{ first, second sink }

func (p *pair) open(ctx context.Context, next uint64) error {
	if err := p.first.open(ctx, next); err != nil {
		return err
	}
	return p.second.open(ctx, next)
}

func (p *pair) put(ctx context.Context, r store.Range, token string, recs []broker.Record) (store.Outcome, *Dirty, error) {
	out, dirty, err := p.second.put(ctx, r, token, recs)
	if err != nil {
		return out, nil, err
	}
	more, other, err := p.first.put(ctx, r, token, recs)
	if err != nil {
		return more, nil, err
	}
	out.Accepted, out.Duplicate, out.Refused = out.Accepted+more.Accepted, out.Duplicate+more.Duplicate, out.Refused+more.Refused
	for id, f := range more.Files {
		sum := out.Files[id]
		sum.Accepted, sum.Duplicate = sum.Accepted+f.Accepted, sum.Duplicate+f.Duplicate
		out.Files[id] = sum
	}
	dirty.merge(other)
	return out, dirty, nil
}

// newInvoices returns the sink of invoices: heads and lines share their topic.
func newInvoices(p *Pipeline) *pair {
	heads := newSimple(p, schema.InvoiceTable(), func(i *schema.Invoice, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
		i.Offset = offset
		return i.EventID, i.FileID
	})
	lines := newSimple(p, schema.InvoiceLineTable(), func(l *schema.InvoiceLine, offset uint64, _ *Dirty) (schema.ID, schema.ID) {
		l.Offset = offset
		return l.EventID, l.FileID
	})
	heads.beside, lines.beside, lines.second = lines.record, heads.record, true
	return &pair{heads, lines}
}
