package reconcile

import (
	"slices"

	"linesman/schema"
)

// component is lines that bill the same pools, directly or through each other, with all these
// pools: what they bill can only be compared in one sum.
type component struct {
	lines []*line // in the order of documents
	pools []*pool
}

// components ties the lines without an outcome to the pools that they bill.
func (w *work) components() (out []*component) {
	for i, l := range w.lines {
		l.at = i
		if !l.open() {
			continue
		}
		l.pools = w.bills(l)
		for _, p := range l.pools {
			p.lines = append(p.lines, l)
		}
	}
	for _, l := range w.lines {
		if l.open() && l.comp == nil {
			c := gather(l)
			slices.SortFunc(c.lines, func(a, b *line) int { return a.at - b.at })
			out = append(out, c)
		}
	}
	return out
}

// gather walks from a line to everything that hangs together with it.
func gather(l *line) *component {
	c := &component{lines: []*line{l}}
	l.comp = c
	for i := 0; i < len(c.lines); i++ {
		for _, p := range c.lines[i].pools {
			if p.comp != nil {
				continue
			}
			p.comp = c
			c.pools = append(c.pools, p)
			for _, other := range p.lines {
				if other.comp == nil {
					other.comp = c
					c.lines = append(c.lines, other)
				}
			}
		}
	}
	return c
}

// bills finds the pools that a line bills: the records that name its document, else those of its
// days that name none; the charges of its days; and one that it shares with lines that bill the
// same item for the same days.
func (w *work) bills(l *line) (out []*pool) {
	x := &l.InvoiceLine
	key := poolKey{operator: l.doc.Operator, line: l.Line.LineID, service: x.Service}
	add := func(k poolKey) bool {
		p := w.pools[k]
		if p != nil {
			out = append(out, p)
		}
		return p != nil
	}
	named := key
	named.number = l.doc.Number
	has := add(named)
	for _, from := range w.within(l.from, l.to) {
		k := key
		if k.from = from; !has {
			add(k)
		}
		k.charge = true
		add(k)
		if x.Service == schema.ServiceSubscription {
			k.service = schema.ServiceCredit
			add(k)
		}
		if x.Service == schema.ServiceCredit || x.Service == serviceRebate {
			for _, service := range chargedServices() {
				if k.service = service; service == x.Service {
					continue
				}
				if p := w.pools[k]; p != nil && p.amount < 0 {
					out = append(out, p)
				}
			}
		}
	}
	tie := key
	tie.from, tie.item = l.from, "="+l.to.String()+l.item()
	if w.pools[tie] == nil {
		w.pools[tie] = &pool{key: tie}
	}
	return append(out, w.pools[tie])
}

// chargedServices are the services that charges may be about.
func chargedServices() []string {
	return []string{"", schema.ServiceSubscription, schema.ServiceOneTime, schema.ServiceCredit, serviceRebate, schema.ServiceVoiceOut, schema.ServiceVoiceIn, schema.ServiceVoiceInternal,
		schema.ServiceVoiceForward, schema.ServiceVoiceInRoaming, schema.ServiceSMS, schema.ServiceMMS, schema.ServiceData, schema.ServicePremium}
}

// stock is what a component's pools hold of one service.
type stock struct {
	used    Used
	item    schema.Money // expected of the records
	unrated uint64
	charges schema.Money
	charged bool // there are charges
}

func (c *component) stocks() map[string]*stock {
	out := map[string]*stock{}
	for _, p := range c.pools {
		if p.key.item != "" {
			continue
		}
		s := out[p.key.service]
		if s == nil {
			s = &stock{}
			out[p.key.service] = s
		}
		if p.key.charge {
			s.charged = true
			s.charges += p.amount
			continue
		}
		s.used.add(p.used)
		s.item += p.itemSEK
		s.unrated += p.unrated
	}
	return out
}

func (u *Used) add(v Used) {
	u.Records += v.Records
	u.Seconds += v.Seconds
	u.Minutes += v.Minutes
	u.Bytes += v.Bytes
	u.MB += v.MB
	u.Count += v.Count
	u.Charged += v.Charged
	u.Rated += v.Rated
}

// expect tells what a service is expected to cost, from what, and whether that can be told.
func (s *stock) expect(service string) (amount schema.Money, basis string, known bool) {
	switch {
	case isFee(service) && s.charged:
		return s.charges, BasisPrices, true
	case isFee(service):
		return s.used.Charged, BasisItemised, s.used.Records > 0
	case s.used.Records == 0:
		return s.charges, BasisPrices, false
	case s.unrated == 0:
		return s.item + s.charges, BasisPrices, true
	case s.unrated == s.used.Records:
		return s.item + s.charges, BasisItemised, true
	}
	return s.item + s.charges, BasisBoth, true
}
