package demo

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// story is what becomes of a goal.
type story uint8

const (
	asItComes story = iota // nothing is planted; the goal is set so that it is missed by far
	onTrack
	reached
	offTrack
	missed
	young // set so lately that nobody can tell
)

// Telling the stories of goals takes calls, lines and telephones that are not in the
// background: forwarded calls that become fewer or more, subscriptions that nobody uses and that
// are given back one by one, desk telephones that are handed in.

// goalsFrom is the month from which the goals of reduction hold: in the full region the new
// year, so that ten months show their pace.
func (r *region) goalsFrom() int {
	if r.size == Small {
		return 0
	}
	return 3
}

// dueDay is the day by which the goals are to be reached.
const dueDay = "2026-12-31"

// overDay is the day of the goals whose day has passed.
const overDay = "2026-09-30"

// plantStories plants what the goals are to tell. It draws nothing at random.
func (p *plan) plantStories() {
	p.forwards = map[int]story{}
	turns := []story{onTrack, onTrack, reached, onTrack, offTrack, onTrack, onTrack}
	n := 0
	for u := range p.units {
		if k := p.units[u].kind; k == office || k == switchb {
			continue
		}
		p.forwards[u] = turns[n%len(turns)]
		n++
		p.plantForwards(u, p.forwards[u])
	}
	p.plantSilent()
	p.plantHandIns()
}

// plantForwards lets the forwarded calls of a unit fall or rise along a straight line, over what
// is planted there anyway and what the background has on average.
func (p *plan) plantForwards(u int, s story) {
	lines := p.plainFixed(u)
	if len(lines) == 0 || (s != onTrack && s != offTrack) {
		return
	}
	first, last := p.goalsFrom(), len(p.months)-1
	there := make([]float64, len(p.months))
	for m := range p.months {
		there[m] = p.forwardsOf(u, m)
	}
	// The line must lie above all that is there: it can only be added to.
	at := func(m int) float64 { return float64(m-first) / float64(last-first) }
	high, low := 0.0, there[last]
	if s == offTrack {
		low = there[first]
	}
	for m := first; m <= last; m++ {
		part := at(m) // of the way from high to low
		if s == offTrack {
			part = 1 - part
		}
		if part < 1 {
			high = max(high, (there[m]-low*part)/(1-part))
		}
	}
	high = max(1.4*high, 1.8*low) + 20
	for m := first; m <= last; m++ {
		part := at(m)
		if s == offTrack {
			part = 1 - part
		}
		p.forwardInside(lines, m, int(high+(low-high)*part-there[m]+0.5))
	}
}

// forwardsOf is how many forwarded calls a unit has in a month before stories are told: the
// planted ones, and the background's on average.
func (p *plan) forwardsOf(u, m int) float64 {
	n := 0.0
	all := 0.0
	for i := range p.units {
		all += p.units[i].weight(false)
	}
	mo := p.months[m]
	for d := mo.first; d < mo.first+mo.days; d++ {
		n += p.perDay() * p.days[d].factor * p.units[u].weight(false) / all * 0.038
		for i := range p.calls[d] {
			if c := &p.calls[d][i]; c.unit == u && c.service == "voice_forward" {
				n++
			}
		}
	}
	return n
}

// forwardInside spreads forwarded calls over the working days of a month. They go to another
// extension of the unit, which no rule minds.
func (p *plan) forwardInside(lines []int, m, n int) {
	mo := p.months[m]
	var open []int
	for d := mo.first; d < mo.first+mo.days; d++ {
		if !p.days[d].free {
			open = append(open, d)
		}
	}
	for i := range max(0, n) {
		l := lines[i%len(lines)]
		y, mon, d := p.days[open[i*len(open)/n]].date.Date()
		at := time.Date(y, mon, d, 8+i%9, i*7%60, i*13%60, 0, p.zone).Unix()
		c := p.legCall(l, at, int32(4+i%11), int32(20+i*17%160), "")
		to := &p.lines[p.units[p.lines[l].unit].fixed[0]]
		if to == &p.lines[l] {
			to = &p.lines[p.units[p.lines[l].unit].fixed[1]]
		}
		c.final, c.class, c.destDev = to.ext, "internal", to.devices[0]
		p.add(c)
	}
}

// plainFixed are the fixed lines of a unit on which nothing else is planted.
func (p *plan) plainFixed(u int) []int {
	var out []int
	for _, l := range p.units[u].fixed {
		if !p.lines[l].subject {
			out = append(out, l)
		}
	}
	if len(p.units[u].fixed) < 2 {
		return nil
	}
	return out
}

// silence is a unit with subscriptions that nobody uses.
type silence struct {
	code  int // of the unit, as in the table of units
	lines int // at the beginning
	left  int // at the end
	story story
}

func (r *region) silences() []silence {
	if r.size == Small {
		return []silence{{101, 10, 1, reached}, {103, 8, 2, onTrack}}
	}
	return []silence{{101, 34, 4, reached}, {103, 36, 6, onTrack}, {10, 38, 8, onTrack}, {13, 30, 5, onTrack}, {20, 34, 6, onTrack}, {30, 32, 7, onTrack}, {40, 28, 4, reached},
		{201, 30, 6, onTrack}, {202, 14, 14, young}, {302, 8, 8, offTrack}, {80, 40, 9, onTrack}, {301, 16, 16, missed}}
}

// firstSilent is where the mobile numbers of silent lines begin.
const firstSilent = 2000

// plantSilent lays the lines that cost their fee and are not used, and says when they are given
// back: from the second month of the goals on, in the middle of the month, evenly.
func (p *plan) plantSilent() {
	n := 0
	for _, s := range p.silences() {
		u := p.unitOf(s.code)
		first, months := p.goalsFrom(), len(p.months)-p.goalsFrom()
		for i := range s.lines {
			l := line{number: mobileNumber(firstSilent + n), kind: "mobile", role: "personal", holder: fmt.Sprintf("e%05d", 70001+n), unit: u, op: norrTele, plan: "Fri", sim: "active", subject: true, silent: true}
			if n%2 == 1 {
				l.op = fjordTel
			}
			if i >= s.left {
				l.back = p.date(first+(i-s.left)*months/(s.lines-s.left), 15)
			}
			p.lines = append(p.lines, l)
			n++
		}
	}
}

func (r *region) unitOf(code int) int {
	for u := range r.units {
		if r.units[u].id == hsa(code) {
			return u
		}
	}
	return 0
}

// handIn is a unit that phases desk telephones out. Emergency departments keep theirs.
type handIn struct {
	code  int
	share int // of a hundred that could go, how many are handed in by the end
	story story
}

func (r *region) handIns() []handIn {
	if r.size == Small {
		return []handIn{{0, 100, reached}, {10, 80, onTrack}, {13, 100, onTrack}, {101, 100, onTrack}, {201, 100, onTrack}}
	}
	return []handIn{{0, 100, reached}, {10, 80, onTrack}, {13, 75, onTrack}, {22, 70, onTrack}, {50, 80, onTrack}, {101, 80, onTrack}, {103, 75, onTrack}, {200, 100, reached},
		{201, 80, onTrack}, {300, 85, onTrack}, {301, 85, onTrack}, {400, 10, offTrack}, {500, 70, onTrack}}
}

// plantHandIns says which desk telephones are handed in, and when: every other, until the end of
// the period, evenly. The extension stays, with a program on a computer behind it.
func (p *plan) plantHandIns() {
	for _, h := range p.handIns() {
		u := p.unitOf(h.code)
		var can []int
		for _, l := range p.plainFixed(u) {
			if ln := &p.lines[l]; ln.desk() && ln.role != "on_call" {
				can = append(can, l)
			}
		}
		can = can[:len(can)*h.share/100]
		first, months := p.goalsFrom(), len(p.months)-p.goalsFrom()
		for i, l := range can {
			m := first + i*months/len(can)
			p.lines[l].handedIn = p.date(m, 10)
			p.lines[l].soft = p.months[m].first + 9
		}
	}
}

// desk tells whether a line has a telephone on a desk.
func (l *line) desk() bool { return len(l.devices) > 0 && strings.HasPrefix(l.devices[0], "SEP") }

// softphone is the program that takes a desk telephone's place.
func (l *line) softphone() string { return "CSF" + strings.ToUpper(cmp.Or(l.holder, "x"+l.ext)) }
