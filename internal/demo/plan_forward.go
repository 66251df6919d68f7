package demo

import "fmt"

// leg is a run of calls that a line forwarded.
type leg struct {
	n          int
	talk       int32 // seconds; multiples of six cost whole öre; 0: nobody answered
	to         string
	from, last int // days of the month, inclusive
}

// Where legs go.
const (
	toMobile   = "mobile"
	toFixed    = "fixed"
	toInternal = "internal"
	toPilot    = "pilot"
)

// forwarding is one planted line and month. Count and cost are of the legs that the rule must count.
type forwarding struct {
	violation bool
	small     bool
	in2026    bool // its amounts are meant for the prices from 2026
	legs      []leg
	counted   []int // indices of the legs that count; nil: all that were answered on mobiles
	measure   string
	note      string
	extra     func(p *plan, l, m int)
}

func approveForwarding(from, to int) func(*plan, int, int) {
	return func(p *plan, l, m int) {
		p.approve("forwarding", approval{number: p.lines[l].number}, m, from, to)
	}
}

func forwardingPlan() []forwarding {
	return append(forwardingViolations(), forwardingNearMisses()...)
}

// From 2026 a forwarded minute to a mobile costs 0.50 and its opening 0.30, first minute
// whole, then by the second: 324 s cost 3.00.
func forwardingViolations() []forwarding {
	return []forwarding{
		{violation: true, small: true, measure: "count", legs: []leg{{61, 42, toMobile, 2, 27}}, note: "one call above the limit"},
		{violation: true, small: true, in2026: true, measure: "cost", legs: []leg{{49, 324, toMobile, 3, 26}, {1, 330, toMobile, 27, 27}}, note: "50 calls that cost 150.05"},
		{violation: true, measure: "count", legs: []leg{{95, 60, toMobile, 1, 28}}, note: "95 calls"},
		{violation: true, in2026: true, measure: "cost", legs: []leg{{22, 1200, toMobile, 4, 25}}, note: "22 long calls"},
		{violation: true, small: true, measure: "count", legs: []leg{{88, 300, toMobile, 2, 28}}, note: "count and cost both above"},
		{violation: true, measure: "count", legs: []leg{{30, 60, toMobile, 1, 9}, {64, 60, toMobile, 12, 27}}, counted: []int{1},
			note: "the approval ended in the middle; only what came after counts", extra: approveForwarding(1, 11)},
		{violation: true, measure: "count", legs: []leg{{70, 54, toMobile, 2, 26}}, note: "only a trip is approved for the line, not forwarding",
			extra: func(p *plan, l, m int) { p.approve("trip", approval{number: p.lines[l].number}, m, 1, 29) }},
		{violation: true, measure: "count", legs: []leg{{63, 48, toMobile, 3, 27}, {40, 60, toInternal, 3, 27}, {30, 0, toMobile, 3, 27}}, note: "63 answered on mobiles, among others that do not count"},
	}
}

func forwardingNearMisses() []forwarding {
	return []forwarding{
		{small: true, legs: []leg{{60, 42, toMobile, 2, 27}}, measure: "count", note: "exactly 60 calls"},
		{small: true, in2026: true, legs: []leg{{50, 324, toMobile, 3, 26}}, measure: "cost", note: "50 calls that cost exactly 150.00"},
		{small: true, legs: []leg{{92, 60, toMobile, 2, 27}}, counted: []int{}, measure: "count", note: "92 calls to mobiles with an approval", extra: approveForwarding(1, 29)},
		{legs: []leg{{84, 90, toInternal, 2, 27}}, note: "forwarded to an extension of the house"},
		{legs: []leg{{86, 90, toPilot, 2, 27}}, note: "forwarded to a hunt pilot"},
		{legs: []leg{{50, 60, toMobile, 2, 27}, {45, 0, toMobile, 2, 27}}, measure: "count", note: "95 forwarded, of which 50 were answered"},
		{legs: []leg{{90, 30, toFixed, 2, 27}}, note: "forwarded to a fixed line outside"},
		{legs: []leg{{80, 60, toMobile, 2, 27}}, counted: []int{}, measure: "count", note: "80 calls to mobiles, approved for the whole unit",
			extra: func(p *plan, l, m int) {
				p.approve("forwarding", approval{unit: p.units[p.lines[l].unit].id}, m, 1, 29)
			}},
	}
}

func (p *plan) plantForwarding() error {
	i := 0
	for _, c := range forwardingPlan() {
		if p.size == Small && !c.small {
			continue
		}
		l, err := p.fixedSubject()
		if err != nil {
			return fmt.Errorf("forwarding: %w", err)
		}
		m := p.month(i + 2)
		for c.in2026 && p.months[m].year < 2026 {
			m++
		}
		i++
		var count int64
		var cost micro
		for k, g := range c.legs {
			n, sum := p.forward(l, m, k, g)
			if c.counts(k) {
				count, cost = count+n, cost+sum
			}
		}
		if c.extra != nil {
			c.extra(p, l, m)
		}
		v := float64(count)
		if c.measure == "cost" {
			v = cost.float()
		}
		e := Expectation{Measure: c.measure, Count: count, Cost: cost.decimal('.'), Note: c.note}
		if c.measure != "" {
			e.Value = value(v)
		}
		p.expect(c.violation, RuleForwarding, l, m, e)
	}
	return p.plantForwardingSplit(i)
}

func (c *forwarding) counts(k int) bool {
	if c.counted == nil {
		return true
	}
	for _, i := range c.counted {
		if i == k {
			return true
		}
	}
	return false
}

// plantForwardingSplit plants 90 calls over the end of a month, 45 in each; the last one of
// the old month begins seconds before local midnight.
func (p *plan) plantForwardingSplit(i int) error {
	l, err := p.fixedSubject()
	if err != nil {
		return fmt.Errorf("forwarding over the end of a month: %w", err)
	}
	m := min(p.month(i+2), len(p.months)-2)
	n1, c1 := p.forward(l, m, 0, leg{44, 60, toMobile, 15, p.last(m) - 1})
	n2, c2 := p.forward(l, m+1, 0, leg{45, 60, toMobile, 1, 14})
	p.add(p.legCall(l, p.moment(m, p.last(m), 23, 59, 40), 30, 60, p.nums.mobile[3]))
	c1 += p.legCost(m, toMobile, 60)
	p.expect(false, RuleForwarding, l, m, Expectation{Value: value(45), Measure: "count", Count: n1 + 1, Cost: c1.decimal('.'), Note: "90 calls over the end of the month, 45 in each"})
	p.expect(false, RuleForwarding, l, m+1, Expectation{Value: value(45), Measure: "count", Count: n2, Cost: c2.decimal('.'), Note: "90 calls over the end of the month, 45 in each"})
	return nil
}

// forward writes the calls of a leg and returns how many of them count, and their cost.
func (p *plan) forward(l, m, k int, g leg) (int64, micro) {
	var count int64
	var cost micro
	target := p.nums.mobile[(l*31)%40]
	for i := range g.n {
		at := p.moment(m, g.from+i*(g.last-g.from+1)/g.n, 8+(i+k)%9, (i*7+k*3)%60, i*13%60)
		c := p.legCall(l, at, int32(4+i%11), g.talk, target)
		un := &p.units[p.lines[l].unit]
		switch g.to {
		case toFixed:
			c.final, c.class = p.nums.fixed[(l+i)%40], "fixed"
		case toInternal:
			to := &p.lines[un.fixed[0]]
			c.final, c.class, c.destDev = to.ext, "internal", to.devices[0]
		case toPilot:
			c.final, c.class, c.destDev = p.pilotFor(un), "internal", ""
		}
		p.add(c)
		if g.to == toMobile && g.talk > 0 {
			count++
			cost += p.legCost(m, toMobile, g.talk)
		}
	}
	return count, cost
}

// pilotFor is the extension of the unit's hunt pilot, or of the first there is.
func (p *plan) pilotFor(un *unit) string {
	if un.pilot >= 0 {
		return p.lines[un.pilot].ext
	}
	return p.lines[0].ext // pilots are laid first
}

func (p *plan) legCost(m int, class string, talk int32) micro {
	return p.bookOf(m).cost("voice_forward", class, "SE", talk)
}

func (p *plan) legCall(l int, at int64, ring, talk int32, to string) call {
	ln := &p.lines[l]
	return call{at: at, ring: ring, talk: talk, calling: p.nums.fixed[(l+int(at))%len(p.nums.fixed)], original: ln.ext, redirect: ln.ext, final: to,
		reason: 15, behalf: 5, origDev: trunk, destDev: trunk, service: "voice_forward", class: "mobile", country: "SE", unit: ln.unit}
}
