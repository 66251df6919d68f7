package demo

import (
	"math/rand/v2"
	"time"
)

// hours is how the calls of a day spread over its hours, in parts of the whole.
func hours(k unitKind, free bool) [24]int {
	switch {
	case k == emergency:
		return [24]int{22, 18, 16, 14, 13, 16, 22, 34, 46, 54, 56, 54, 50, 52, 54, 54, 54, 56, 58, 56, 52, 46, 38, 30}
	case k == ward:
		return [24]int{9, 8, 7, 7, 7, 10, 22, 48, 70, 88, 86, 66, 44, 78, 82, 60, 46, 42, 38, 34, 30, 24, 16, 12}
	case k == switchb, free:
		return [24]int{0, 0, 0, 0, 0, 1, 6, 40, 80, 100, 96, 74, 52, 86, 82, 66, 46, 30, 20, 12, 8, 4, 1, 0}
	case k == office:
		return [24]int{0, 0, 0, 0, 0, 0, 3, 24, 78, 118, 112, 70, 32, 104, 98, 66, 30, 8, 3, 1, 0, 0, 0, 0}
	}
	return [24]int{0, 0, 0, 0, 0, 0, 4, 44, 118, 142, 130, 72, 28, 96, 88, 50, 18, 6, 2, 1, 0, 0, 0, 0}
}

// perDay is how many calls of the exchange an ordinary working day has.
func (r *region) perDay() float64 {
	if r.size == Small {
		return 128
	}
	return 4040
}

// weight is a unit's share in the traffic of a day.
func (u *unit) weight(free bool) float64 {
	w := float64(u.employees)
	switch u.kind {
	case clinic:
		w *= 1.25
	case emergency:
		w *= 1.5
	case switchb:
		w *= 4
	case office:
		w *= 0.7
	}
	if free && u.kind == ward {
		w *= 3
	} else if free && u.kind == emergency {
		w *= 6
	} else if free && u.kind == switchb {
		w *= 2
	} else if free {
		w *= 0.12
	}
	return w
}

// shift draws the calls of one day.
type shift struct {
	*region
	rng    *rand.Rand
	day    *day
	index  int          // of the day
	shares []float64    // cumulated weights
	clocks [][24]int    // cumulated hours by unit kind
	once   map[int]bool // lines that had their forwarded call to a mobile today
	talk   [4]lengths   // outside, inside, hunt pilot, forwarded
	out    []call
}

func (r *region) background(rng *rand.Rand, i int) []call {
	d := &r.days[i]
	s := &shift{region: r, rng: rng, day: d, index: i, once: map[int]bool{}}
	sum := 0.0
	for u := range r.units {
		sum += r.units[u].weight(d.free)
		s.shares = append(s.shares, sum)
	}
	for k := clinic; k <= switchb; k++ {
		h := hours(k, d.free)
		for j := 1; j < 24; j++ {
			h[j] += h[j-1]
		}
		s.clocks = append(s.clocks, h)
	}
	s.talk = r.talk
	n := int(r.perDay() * d.factor * (0.95 + 0.1*rng.Float64()))
	s.out = make([]call, 0, n+128)
	for range n {
		s.one()
	}
	return s.out
}

// one draws one call: in, out, inside the house, or forwarded.
func (s *shift) one() {
	x := s.rng.Float64() * s.shares[len(s.shares)-1]
	u := 0
	for s.shares[u] < x {
		u++
	}
	un := &s.region.units[u]
	if len(un.fixed) == 0 {
		return
	}
	c := call{unit: u, at: s.when(un.kind), ring: 2 + int32(s.rng.IntN(18))}
	l := un.fixed[s.rng.IntN(s.rng.IntN(len(un.fixed))+1)] // some lines are used more than others
	switch p := s.rng.IntN(1000); {
	case p < 180 && un.pilot >= 0 && len(un.members) > 0:
		s.hunt(&c, un)
	case p < 480:
		s.incoming(&c, l)
	case p < 745:
		s.internal(&c, l)
	case p < 962 || len(un.forwards) == 0:
		s.outgoing(&c, l)
	default:
		s.forwarded(&c, un, un.forwards[s.rng.IntN(len(un.forwards))])
	}
	s.out = append(s.out, c)
}

// when draws a moment of the local day. On the night with a doubled hour both of them come.
func (s *shift) when(k unitKind) int64 {
	clock := &s.clocks[k]
	x := s.rng.IntN(clock[23])
	h := 0
	for clock[h] <= x {
		h++
	}
	y, m, d := s.day.date.Date()
	begin := time.Date(y, m, d, h, 0, 0, 0, s.zone).Unix()
	if s.day.doubled && h == 2 { // which of the two time.Date gives is not said
		begin = s.day.date.Unix() + int64(2+s.rng.IntN(2))*3600
	}
	return begin + int64(s.rng.IntN(3600))
}

// telephoneHours draws a moment in the hours in which clinics take calls, 8:00 to 11:30: most
// callers ring early, and some before it opens.
func (s *shift) telephoneHours() int64 {
	y, m, d := s.day.date.Date()
	open := time.Date(y, m, d, 8, 0, 0, 0, s.zone).Unix()
	const length = 12600
	return open - 300 + int64(min(s.rng.IntN(length+300), s.rng.IntN(length+300)))
}

func (s *shift) device(l *line) string {
	if l.soft > 0 && s.index >= l.soft {
		return l.softphone()
	}
	if len(l.devices) > 1 && s.rng.IntN(100) < 40 {
		return l.devices[1]
	}
	return l.devices[0]
}

// user is the login behind a line, as CUCM notes it for personal telephones.
func (l *line) user() string { return l.holder }

// caller is somebody outside: a mobile, a fixed line, a foreign one, or nobody known.
func (s *shift) caller() string {
	switch p := s.rng.IntN(100); {
	case p < 62:
		return pick(s.rng, s.nums.mobile)
	case p < 97:
		return pick(s.rng, s.nums.fixed)
	case p < 98:
		return s.nums.foreign[s.rng.IntN(len(s.nums.foreign))].number
	}
	return ""
}

// unanswered ends the call without a connection.
func (s *shift) unanswered(c *call) {
	c.talk = 0
	switch p := s.rng.IntN(10); {
	case p < 2:
		c.cause, c.ring = 17, int32(s.rng.IntN(3))
	case p < 6:
		c.cause, c.ring = 19, 20+int32(s.rng.IntN(25))
	}
}

func (s *shift) incoming(c *call, to int) {
	l := &s.lines[to]
	c.service, c.calling, c.original, c.final = "voice_in", s.caller(), l.ext, l.ext
	c.origDev, c.destDev, c.destUser = trunk, s.device(l), l.user()
	c.talk = s.talk[0].draw(s.rng)
	if s.rng.IntN(100) < 19 {
		s.unanswered(c)
	}
}

// hunt is a call to the unit's hunt pilot: the queue, then one of its members, or nobody.
func (s *shift) hunt(c *call, un *unit) {
	p := &s.lines[un.pilot]
	c.service, c.calling, c.original, c.pilot = "voice_in", s.caller(), p.ext, p.ext
	c.origDev, c.wait = trunk, int64(s.rng.IntN(240))
	if un.kind == clinic && !s.day.free {
		c.at = s.telephoneHours()
	}
	if s.rng.IntN(100) < 16 {
		c.final, c.cause, c.ring = p.ext, 16, 30+int32(s.rng.IntN(200))
		return
	}
	m := &s.lines[un.members[s.rng.IntN(len(un.members))]]
	c.final, c.redirect, c.destDev, c.destUser = m.ext, p.ext, s.device(m), m.user()
	c.talk = s.talk[2].draw(s.rng)
}

func (s *shift) internal(c *call, from int) {
	l := &s.lines[from]
	un := &s.region.units[l.unit]
	if s.rng.IntN(100) < 45 { // to another unit
		un = &s.region.units[s.rng.IntN(len(s.region.units))]
	}
	to := l
	if len(un.fixed) > 0 {
		to = &s.lines[un.fixed[s.rng.IntN(len(un.fixed))]]
	}
	if to == l {
		to = &s.lines[s.region.units[0].fixed[0]]
	}
	c.service, c.calling, c.original, c.final = "voice_internal", l.ext, to.ext, to.ext
	c.origDev, c.destDev, c.user, c.destUser = s.device(l), s.device(to), l.user(), to.user()
	c.talk = s.talk[1].draw(s.rng)
	if s.rng.IntN(100) < 22 {
		s.unanswered(c)
	}
}

func (s *shift) outgoing(c *call, from int) {
	l := &s.lines[from]
	c.service, c.calling, c.user = "voice_out", l.ext, l.user()
	c.final, c.class, c.country = s.callee()
	c.original = c.final
	c.origDev, c.destDev = s.device(l), trunk
	c.talk = s.talk[0].draw(s.rng)
	if s.rng.IntN(100) < 17 {
		s.unanswered(c)
	}
	if c.class == "directory" || c.class == "international" {
		c.talk = min(c.talk, 1200)
	}
}

// callee is whom one calls from a hospital: patients, other authorities, now and then abroad.
// No premium numbers: those are planted.
func (s *shift) callee() (number, class, country string) {
	switch p := s.rng.IntN(1000); {
	case p < 540:
		return pick(s.rng, s.nums.mobile), "mobile", "SE"
	case p < 850:
		return pick(s.rng, s.nums.fixed), "fixed", "SE"
	case p < 910:
		return [...]string{"+46105165000", "+46105678000", "+46104401000"}[s.rng.IntN(3)], "corporate", "SE"
	case p < 940:
		return "1177", "short_code", "SE"
	case p < 950:
		return "+4620222444", "toll_free", "SE"
	case p < 968:
		return "+46771567567", "shared_cost", "SE"
	case p < 972:
		return "118118", "directory", "SE"
	case p < 974:
		return "112", "emergency", "SE"
	case p < 986:
		f := s.nums.foreign[s.rng.IntN(len(s.nums.foreign))]
		return f.number, "international", f.country
	}
	if un := &s.region.units[s.rng.IntN(len(s.region.units))]; len(un.mobiles) > 0 {
		return s.lines[un.mobiles[s.rng.IntN(len(un.mobiles))]].number, "internal", "SE"
	}
	return pick(s.rng, s.nums.fixed), "fixed", "SE"
}

// forwarded is a call that a line sent on. A line answers at most one of them a day on a
// mobile, for at most five minutes: that stays clear of every limit by construction.
func (s *shift) forwarded(c *call, un *unit, by int) {
	l := &s.lines[by]
	c.service, c.original, c.redirect, c.behalf = "voice_forward", l.ext, l.ext, 5
	c.reason = [...]int64{15, 15, 15, 2, 2, 1, 10}[s.rng.IntN(7)]
	c.calling, c.origDev = s.caller(), trunk
	if s.rng.IntN(4) == 0 && len(un.fixed) > 1 {
		o := &s.lines[un.fixed[0]]
		c.calling, c.origDev, c.user = o.ext, s.device(o), o.user()
	}
	c.talk = s.talk[3].draw(s.rng)
	if s.rng.IntN(100) < 25 {
		s.unanswered(c)
	}
	p := s.rng.IntN(100)
	switch {
	case p < 62 && (c.talk == 0 || !s.once[by]):
		c.final, c.class, c.country, c.destDev = s.nums.mobile[(by*7919)%len(s.nums.mobile)], "mobile", "SE", trunk
		s.once[by] = s.once[by] || c.talk > 0
	case p < 70:
		c.final, c.class, c.country, c.destDev = pick(s.rng, s.nums.fixed), "fixed", "SE", trunk
	default:
		to := &s.lines[un.fixed[s.rng.IntN(len(un.fixed))]]
		if to == l {
			to = &s.lines[s.region.units[0].fixed[1]]
		}
		c.final, c.class, c.destDev, c.destUser = to.ext, "internal", s.device(to), to.user()
	}
}
