package itemised

import (
	"strconv"

	"linesman/schema"
	"linesman/schema/personnummer"
)

// identity gives the record its id: from the natural key where all of it is there, else from
// everything that tells one record from another. Numbers stand in it as pseudonyms.
func (r *reading) identity(*service) *flaw {
	u := &r.u
	if b := r.get(fRecord); r.scan[fRecord] && len(b) > 8 && personnummer.Contains(string(b)) {
		return personal(fRecord)
	}
	var parts [2 + fieldCount]string
	parts[0] = r.p.Operator
	n := 1
	for _, f := range r.c.key {
		if parts[n] = r.keyPart(f); parts[n] == "" {
			n = 0
			break
		}
		n++
	}
	if n > 1 {
		u.EventID = schema.NewID("itemised", parts[:n]...)
		return nil
	}
	u.EventID = schema.NewID("itemised content", r.p.Operator, u.LineID, u.Service, u.OccurredAt.String(),
		strconv.FormatUint(u.OtherHash, 16), u.OtherMask, strconv.FormatUint(uint64(u.DurationS), 10), strconv.FormatUint(u.VolumeBytes, 10),
		strconv.FormatUint(uint64(u.Messages), 10), u.VisitedCtry, u.VisitedNet, u.Charged.String(), u.VAT.String(), u.Currency,
		u.Invoice, string(r.get(fRecord)), strconv.FormatBool(u.Private))
	return nil
}

func (r *reading) keyPart(f field) string {
	switch f {
	case fSubscription:
		return r.u.LineID
	case fOther:
		return r.u.OtherMask + strconv.FormatUint(r.u.OtherHash, 16)
	case fInvoice:
		return r.u.Invoice
	}
	return string(r.get(f))
}
