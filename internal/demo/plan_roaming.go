package demo

import "fmt"

// roam is a stay abroad: data sessions that add up to a volume.
type roam struct {
	country  string
	bytes    int64
	sessions int
	from, to int // days of the month, inclusive
}

// roaming is one planted line and month.
type roaming struct {
	violation bool
	small     bool // part of the small region too
	op        operator
	stays     []roam
	counts    int64 // bytes that the rule must count; -1: all
	note      string
	extra     func(p *plan, l, m int) // approvals and whatever else belongs to it
}

const megabyte = 1_000_000

func trip(countries string, from, to int) func(*plan, int, int) {
	return func(p *plan, l, m int) {
		p.approve("trip", approval{number: p.lines[l].number, countries: countries}, m, from, to)
	}
}

func roamingPlan() []roaming {
	return append(roamingViolations(), roamingNearMisses()...)
}

func roamingViolations() []roaming {
	return []roaming{
		{violation: true, small: true, op: norrTele, counts: -1, stays: []roam{{"TH", 62_400_000, 9, 6, 14}}, note: "data outside the EEA, no trip approved"},
		{violation: true, small: true, op: fjordTel, counts: -1, stays: []roam{{"ES", 50_000_001, 7, 3, 10}}, note: "one byte above the limit; inside the EEA, so it cost nothing"},
		{violation: true, op: norrTele, counts: -1, stays: []roam{{"US", 812_345_678, 22, 2, 20}}, note: "more than 500 MB: high severity"},
		{violation: true, op: fjordTel, counts: -1, stays: []roam{{"TH", 71_000_000, 8, 8, 15}}, note: "the approved trip is for Norway, not for Thailand", extra: trip("NO", 1, 29)},
		{violation: true, small: true, op: norrTele, counts: 70 * megabyte, stays: []roam{{"GR", 30 * megabyte, 4, 4, 9}, {"GR", 70 * megabyte, 6, 12, 18}},
			note: "the approved trip ended in the middle; only what came after counts", extra: trip("GR", 3, 11)},
		{violation: true, op: fjordTel, counts: -1, stays: []roam{{"NO", 30 * megabyte, 4, 5, 7}, {"DK", 31 * megabyte, 4, 19, 22}}, note: "two countries together"},
		{violation: true, op: norrTele, counts: -1, stays: []roam{{"TR", 55_555_555, 5, 12, 16}}, note: "only a forwarding is approved for the line, not a trip",
			extra: func(p *plan, l, m int) {
				p.approve("forwarding", approval{number: p.lines[l].number}, m, 1, 29)
			}},
		{violation: true, op: fjordTel, counts: 58 * megabyte, stays: []roam{{"DE", 44 * megabyte, 4, 3, 8}, {"DE", 58 * megabyte, 5, 17, 22}},
			note: "the unit's trip approval stops counting when the line moves to another unit on the 12th", extra: unitTripThenMove},
	}
}

// unitTripThenMove approves a trip for the whole unit and moves the line away from it.
func unitTripThenMove(p *plan, l, m int) {
	from := p.lines[l].unit
	p.approve("trip", approval{unit: p.units[from].id, countries: "DE"}, m, 1, 29)
	p.move(l, (from+3)%len(p.units), m, 12)
}

func roamingNearMisses() []roaming {
	return []roaming{
		{small: true, op: fjordTel, counts: -1, stays: []roam{{"ES", 50 * megabyte, 6, 4, 12}}, note: "exactly 50 MB"},
		{small: true, op: norrTele, stays: []roam{{"US", 640 * megabyte, 15, 6, 17}}, note: "an approved trip covers it", extra: trip("US,CA", 5, 19)},
		{op: norrTele, stays: []roam{{"IT", 210 * megabyte, 8, 9, 15}}, note: "an approved trip without a list of countries covers it", extra: trip("", 8, 17)},
		{op: fjordTel, stays: []roam{{"FI", 180 * megabyte, 9, 10, 16}}, note: "a trip approved for the whole unit covers it",
			extra: func(p *plan, l, m int) {
				p.approve("trip", approval{unit: p.units[p.lines[l].unit].id, countries: "FI"}, m, 9, 18)
			}},
		{op: norrTele, counts: 40 * megabyte, stays: []roam{{"CH", 90 * megabyte, 6, 5, 9}, {"CH", 40 * megabyte, 4, 14, 18}}, note: "130 MB, of which an approved trip covers 90", extra: trip("CH", 4, 11)},
		{small: true, op: norrTele, stays: []roam{{"SE", 41_000 * megabyte, 26, 1, 28}}, note: "41 GB, all of it in Sweden"},
		{op: fjordTel, stays: []roam{{"SE", 18_000 * megabyte, 20, 1, 28}, {"NO", 12 * megabyte, 3, 9, 11}}, counts: 12 * megabyte, note: "18 GB in Sweden, 12 MB in Norway"},
	}
}

func (p *plan) plantRoaming() error {
	i := 0
	for _, c := range roamingPlan() {
		if p.size == Small && !c.small {
			continue
		}
		l, err := p.mobileSubject(c.op)
		if err != nil {
			return fmt.Errorf("roaming: %w", err)
		}
		m := p.month(i)
		i++
		all := int64(0)
		for _, s := range c.stays {
			p.stay(l, m, s)
			all += s.bytes
		}
		counts := c.counts
		if counts < 0 {
			counts = all
		}
		unit := p.units[p.lines[l].unit].id
		if c.extra != nil {
			moves := len(p.moves)
			c.extra(p, l, m)
			if len(p.moves) > moves {
				unit = p.moves[moves].To
			}
		}
		p.expect(c.violation, RuleRoaming, l, m, Expectation{Unit: unit, Value: value(float64(counts)), Measure: "volume_bytes", Bytes: all, Note: c.note})
	}
	return p.plantSplitMonths(i)
}

// plantSplitMonths plants a stay over the end of a month: 40 MB before local midnight and
// 45 MB after it. In UTC the first minutes of the new month still belong to the old one.
func (p *plan) plantSplitMonths(i int) error {
	l, err := p.mobileSubject(fjordTel)
	if err != nil {
		return fmt.Errorf("roaming over the end of a month: %w", err)
	}
	m := min(p.month(i), len(p.months)-2)
	last := p.last(m)
	for k := range 4 {
		p.addRecord(m, record{line: l, at: p.moment(m, last, 20+k, 40, 0), service: dataRoam, country: "DK", dur: 600, bytes: 10 * megabyte})
		p.addRecord(m+1, record{line: l, at: p.moment(m+1, 1, 0, 2+11*k, 0), service: dataRoam, country: "DK", dur: 500, bytes: 11_250_000})
	}
	p.expect(false, RuleRoaming, l, m, Expectation{Value: value(40 * megabyte), Measure: "volume_bytes", Bytes: 40 * megabyte, Note: "85 MB over the end of the month, 40 MB of it in this one"})
	p.expect(false, RuleRoaming, l, m+1, Expectation{Value: value(45 * megabyte), Measure: "volume_bytes", Bytes: 45 * megabyte, Note: "85 MB over the end of the month, 45 MB of it in this one"})
	return nil
}

// stay writes the sessions of a stay; the last one takes what does not divide.
func (p *plan) stay(l, m int, s roam) {
	each := s.bytes / int64(s.sessions)
	for i := range s.sessions {
		rec := record{line: l, service: dataRoam, country: s.country, bytes: each, dur: int32(300 + 37*i)}
		if s.country == "SE" {
			rec.service = dataHome
		}
		if i == s.sessions-1 {
			rec.bytes = s.bytes - each*int64(s.sessions-1)
		}
		rec.at = p.moment(m, s.from+i*(s.to-s.from)/max(s.sessions-1, 1), 8+i%13, i*7%60, i*11%60)
		rec.amount = roamPrice(rec.country, rec.bytes)
		p.addRecord(m, rec)
	}
}
