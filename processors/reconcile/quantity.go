package reconcile

import (
	"time"

	"linesman/schema"
)

// Units of quantity, UN/ECE Recommendation 20 and what else suppliers write.
const (
	unitMinute = "MIN"
	unitSecond = "SEC"
	unitHour   = "HUR"
	unitKB     = "2P"
	unitMB     = "4L"
	unitGB     = "E34"
)

// measure is what a billed quantity is compared with, in the unit of the line.
type measure struct {
	exact  schema.Money // the sum of the records
	total  bool         // the sum may have been rounded to whole units
	record schema.Money // each record rounded up to whole units; 0: not a way of the unit
	known  bool
}

// measured tells what the records come to in a unit.
func (s *stock) measured(service, unit string, months int64) measure {
	ratio := func(n uint64, by int64) schema.Money {
		m, err := schema.Micro.MulDiv(int64(n), by)
		if err != nil {
			return 0
		}
		return m
	}
	u := s.used
	switch unit {
	case unitMinute:
		return measure{ratio(u.Seconds, 60), true, ratio(u.Minutes, 1), true}
	case unitSecond:
		return measure{exact: ratio(u.Seconds, 1), known: true}
	case unitHour:
		return measure{exact: ratio(u.Seconds, 3600), total: true, known: true}
	case unitKB:
		return measure{exact: ratio(u.Bytes, 1000), total: true, known: true}
	case unitMB, "MB":
		return measure{ratio(u.Bytes, 1_000_000), true, ratio(u.MB, 1), true}
	case unitGB, "GB":
		return measure{exact: ratio(u.Bytes, 1_000_000_000), total: true, known: true}
	case "EA", "C62", "SMS", "NAR", "H87", "ZZ", "", "MON":
		switch service {
		case schema.ServiceSMS, schema.ServiceMMS:
			return measure{exact: ratio(u.Count, 1), known: true}
		case schema.ServiceSubscription:
			return measure{exact: ratio(uint64(months), 1), known: true}
		case schema.ServiceOneTime, schema.ServiceCredit, serviceRebate:
			return measure{}
		}
		return measure{exact: ratio(u.Records, 1), known: unit != "MON"}
	}
	return measure{}
}

// quantities compares the billed quantity of a service with what was used. Where the amount differs,
// it tells whether that is for the quantity: it is where the quantity's difference is worth more
// than the tolerance at what the lines bill for one unit.
func (w *work) quantities(all []*line, service string, s *stock, tolerance schema.Money) {
	var lines []*line
	var quantity, billed schema.Money
	unit, months := "", int64(0)
	for _, l := range all {
		x := &l.InvoiceLine
		if x.Service != service {
			continue
		}
		if len(lines) > 0 && x.QuantityUnit != unit || l.credited != 0 || x.Amount < 0 && x.Quantity > 0 {
			return
		}
		unit = x.QuantityUnit
		quantity += x.Quantity
		billed += l.net()
		months = max(months, l.months())
		lines = append(lines, l)
	}
	if len(lines) == 0 || !isFee(service) && s.used.Records == 0 {
		return
	}
	m := s.measured(service, unit, months)
	// "1 piece" of a month's calls is a sum without a quantity.
	if !m.known || quantity == schema.Kronor(int64(len(lines))) && m.exact != quantity && unit != unitMinute && unit != unitMB && service != schema.ServiceSubscription {
		return
	}
	rounding, used := m.agrees(quantity)
	for _, l := range lines {
		l.Compared, l.UsedQty, l.Rounding = true, used, rounding
	}
	if rounding != "" || lines[0].Outcome != PriceDiffers || quantity == 0 {
		return
	}
	worth, err := billed.MulDiv(int64(quantity-used), max(int64(quantity), -int64(quantity)))
	if err != nil || within(worth, tolerance) {
		return
	}
	for _, l := range lines {
		l.settle(QuantityDiffers, "")
	}
}

// agrees tells in which way a quantity agrees with the records, and what they come to; no way: "".
func (m measure) agrees(quantity schema.Money) (rounding string, used schema.Money) {
	off := quantity - m.exact
	switch {
	case off == 0:
		return RoundedTotal, m.exact
	case m.record != 0 && quantity == m.record:
		return RoundedRecord, m.record
	case m.total && within(off, schema.Micro-1):
		return RoundedTotal, m.exact
	}
	return "", m.exact
}

// months is how many months the line's period has, a begun one as a whole.
func (l *line) months() int64 {
	n := int64(1)
	for d := l.from; ; n++ {
		u := d.At(time.UTC)
		d = schema.Date(u.Year(), u.Month()+1, min(u.Day(), 28))
		if d > l.to {
			return n
		}
	}
}
