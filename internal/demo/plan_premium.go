package demo

import "fmt"

// where a planted call is made from.
type via uint8

const (
	viaExchange via = iota
	viaNorrTele
	viaFjordTel
)

// premium is a planted run of calls to service numbers.
type premium struct {
	violation bool
	small     bool
	via       via
	numbers   []string
	class     string
	service   service // of the itemised record; used on mobiles only
	missed    bool    // nobody answered
	private   bool
	note      string
	extra     func(p *plan, l, m int)
	counted   int // calls that count; -1: all
}

func approvePremium(from, to int) func(*plan, int, int) {
	return func(p *plan, l, m int) {
		p.approve("premium", approval{number: p.lines[l].number}, m, from, to)
	}
}

func premiumPlan() []premium {
	return []premium{
		{violation: true, small: true, counted: -1, numbers: []string{"+469001234567"}, class: "premium", note: "one call to 0900 from an extension"},
		{violation: true, small: true, via: viaNorrTele, counted: -1, numbers: []string{"+469391234567", "+469391234567"}, class: "premium", service: premiumCall, note: "two calls to 0939 from a mobile"},
		{violation: true, small: true, via: viaFjordTel, counted: -1, numbers: []string{"+469441234567"}, class: "premium", service: premiumCall, note: "one call to 0944 from a mobile"},
		{violation: true, counted: -1, numbers: []string{"+469392345678", "+469003456789", "+469443456789"}, class: "premium", note: "three calls to different series"},
		{violation: true, counted: -1, numbers: []string{"+469001234999"}, class: "premium", note: "the approval ended the day before", extra: approvePremium(1, 9)},
		{violation: true, via: viaNorrTele, counted: -1, numbers: []string{"+469004567890"}, class: "premium", service: premiumCall, private: true, note: "marked private: still a premium call on the organisation's line"},
		{violation: true, counted: -1, numbers: []string{"+46991234567"}, class: "premium", note: "a call to the 099 series, which number libraries leave out"},
		{violation: true, via: viaFjordTel, counted: -1, numbers: []string{"+469001112223", "+469001112223", "+469001112223", "+469001112223"}, class: "premium", service: premiumCall, note: "four calls from a mobile"},

		{small: true, numbers: []string{"+469001234567"}, class: "premium", note: "approved for the line", extra: approvePremium(1, 29)},
		{small: true, numbers: []string{"118118", "118118", "118118"}, class: "directory", note: "118118 is a directory, not a premium number"},
		{small: true, numbers: []string{"+469001234567"}, class: "premium", missed: true, note: "nobody answered"},
		{numbers: []string{"+469392345678", "+469392345678"}, class: "premium", note: "approved for the whole unit", extra: func(p *plan, l, m int) {
			p.approve("premium", approval{unit: p.units[p.lines[l].unit].id}, m, 1, 29)
		}},
		{numbers: []string{"+46771456456", "+46771456456"}, class: "shared_cost", note: "0771 shares the cost, it is no premium number"},
		{via: viaNorrTele, numbers: []string{"+46771456456"}, class: "shared_cost", service: voiceOut, note: "0771 from a mobile"},
		{via: viaNorrTele, numbers: []string{"118118"}, class: "directory", service: voiceOut, note: "118118 from a mobile"},
		{via: viaFjordTel, numbers: []string{"72456"}, class: "short_code", service: textOut, note: "a message to a pay short code is no call"},
	}
}

func (p *plan) plantPremium() error {
	i := 0
	for _, c := range premiumPlan() {
		if p.size == Small && !c.small {
			continue
		}
		var l int
		var err error
		if c.via == viaExchange {
			l, err = p.fixedSubject()
		} else {
			l, err = p.mobileSubject(operator(c.via))
		}
		if err != nil {
			return fmt.Errorf("premium calls: %w", err)
		}
		m := p.month(i + 1)
		i++
		var cost micro
		for k, number := range c.numbers {
			cost += p.premiumCall(&c, l, m, k, number)
		}
		if c.extra != nil {
			c.extra(p, l, m)
		}
		n := int64(len(c.numbers))
		if c.counted == 0 {
			n = 0
		}
		e := Expectation{Value: value(float64(n)), Measure: "count", Count: n, Note: c.note}
		if c.violation {
			e.Cost = cost.decimal('.')
		}
		p.expect(c.violation, RulePremium, l, m, e)
	}
	return nil
}

// premiumCall writes one call and returns what it costs: by the price book from the
// exchange, by the operator's charge from a mobile.
func (p *plan) premiumCall(c *premium, l, m, k int, number string) micro {
	ln := &p.lines[l]
	at := p.moment(m, 9+3*k, 10+k, 17+k, 5)
	talk := int32(95 + 60*k)
	if c.missed {
		talk = 0
	}
	if c.via == viaExchange {
		p.add(call{at: at, ring: 9, talk: talk, calling: ln.ext, original: number, final: number, origDev: ln.devices[0], destDev: trunk, user: ln.user(),
			service: "voice_out", class: c.class, country: "SE", unit: ln.unit})
		return p.bookOf(m).cost("voice_out", c.class, "SE", talk)
	}
	rec := record{line: l, at: at, service: c.service, other: number, dur: talk, units: 1, private: c.private, amount: (ore(990) + ore(500)*micro(talk)/60).roundOre()}
	if c.service == textOut {
		rec.dur = 0
	}
	p.addRecord(m, rec)
	return rec.amount
}
