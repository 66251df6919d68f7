package demo

import (
	"errors"
	"fmt"
	"time"
)

// plan is everything that is put into the background on purpose.
type plan struct {
	*region
	taken        int // lines taken as subjects so far; keeps them apart
	calls        map[int][]call
	records      map[opMonth][]record
	approvals    []approval
	expectations []Expectation
	series       []series
	moves        []Move
	moved        []movedLine
	badCUCM      map[int][]badCUCM
	badItemised  map[opMonth][]badRecord
	twice        int           // day whose file is delivered twice
	forwards     map[int]story // what becomes of the goals of units for forwarded calls
}

type opMonth struct {
	op    operator
	month int
}

// approval is a row of approvals; at most one of line and unit is set.
type approval struct {
	kind      string
	number    string
	unit      string
	countries string
	by        string
	decided   string
	from, to  string // to is exclusive, may be empty
}

// movedLine is a line whose unit or holder changes at local midnight of a day.
type movedLine struct {
	line   int
	at     string
	unit   int
	holder string
}

var errNoLine = errors.New("no line left to plant on")

func newPlan(r *region) (*plan, error) {
	p := &plan{region: r, calls: map[int][]call{}, records: map[opMonth][]record{},
		badCUCM: map[int][]badCUCM{}, badItemised: map[opMonth][]badRecord{}, twice: len(r.days) / 3}
	for _, step := range []func() error{p.plantRoaming, p.plantForwarding, p.plantPremium, p.plantMoves, p.ordinaryApprovals, p.layWatches} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.plantStories()
	r.layForwards()
	p.plantBadRows()
	return p, nil
}

// fixedSubject takes a personal fixed line that nothing is planted on yet, from ever other units.
func (p *plan) fixedSubject() (int, error) {
	return p.subject(func(l *line) bool { return l.op == exchange && !l.pilot && l.role == "personal" })
}

func (p *plan) mobileSubject(op operator) (int, error) {
	return p.subject(func(l *line) bool { return l.op == op && l.role == "personal" })
}

func (p *plan) subject(fits func(*line) bool) (int, error) {
	for try := range 2 * len(p.units) {
		u := &p.units[(p.taken*5+try)%len(p.units)]
		for _, set := range [][]int{u.fixed, u.mobiles} {
			for i := len(set) - 1; i >= 0; i-- {
				if l := &p.lines[set[i]]; !l.subject && fits(l) {
					l.subject = true
					p.taken++
					return set[i], nil
				}
			}
		}
	}
	return 0, errNoLine
}

// month spreads planted things over the period; i counts them within a rule. The first and
// the last month are used too.
func (p *plan) month(i int) int { return (i*5 + 1) % len(p.months) }

// date is a day of a month, yyyy-mm-dd; day may run over the end of the month.
func (p *plan) date(m, dayOfMonth int) string {
	mo := p.months[m]
	return time.Date(mo.year, mo.month, dayOfMonth, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// approve records an approval from a day of a month up to (not including) another.
func (p *plan) approve(kind string, a approval, m, from, to int) {
	a.kind = kind
	a.from = p.date(m, from)
	a.decided = p.date(m, from-9)
	if to > 0 {
		a.to = p.date(m, to)
	}
	a.by = fmt.Sprintf("e%05d", 10001+len(p.approvals)*17)
	p.approvals = append(p.approvals, a)
}

// expect notes a planted thing on a line.
func (p *plan) expect(violation bool, rule string, l, m int, e Expectation) {
	ln := &p.lines[l]
	e.Kind = KindNearMiss
	if violation {
		e.Kind = KindViolation
	}
	e.Rule, e.Number, e.Extension, e.Month = rule, ln.number, ln.ext, p.months[m].label
	if e.Unit == "" {
		e.Unit = p.units[ln.unit].id
	}
	p.expectations = append(p.expectations, e)
}

func (p *plan) add(c call) {
	d := p.dayOf(c.at)
	p.calls[d] = append(p.calls[d], c)
}

func (p *plan) addRecord(m int, rec record) {
	k := opMonth{p.lines[rec.line].op, m}
	p.records[k] = append(p.records[k], rec)
}

func value(v float64) *float64 { return &v }

// plantMoves lets lines change unit or holder in the middle of a month.
func (p *plan) plantMoves() error {
	n := 12
	if p.size == Small {
		n = 3
	}
	for i := range n {
		m := p.month(i + 3)
		var l int
		var err error
		if i%2 == 0 {
			l, err = p.fixedSubject()
		} else {
			l, err = p.mobileSubject([...]operator{norrTele, fjordTel}[i/2%2])
		}
		if err != nil {
			return fmt.Errorf("moving a line: %w", err)
		}
		if i%2 == 0 {
			p.move(l, (p.lines[l].unit+1+i)%len(p.units), m, 11+i%9)
		} else {
			p.rehold(l, fmt.Sprintf("e%05d", 90000+i), m, 11+i%9)
		}
	}
	return nil
}

func (p *plan) move(l, unit, m, dayOfMonth int) {
	at := p.date(m, dayOfMonth)
	p.moved = append(p.moved, movedLine{line: l, at: at, unit: unit, holder: p.lines[l].holder})
	p.moves = append(p.moves, Move{Number: p.lines[l].number, At: at, From: p.units[p.lines[l].unit].id, To: p.units[unit].id, What: "unit"})
}

func (p *plan) rehold(l int, holder string, m, dayOfMonth int) {
	at := p.date(m, dayOfMonth)
	p.moved = append(p.moved, movedLine{line: l, at: at, unit: p.lines[l].unit, holder: holder})
	p.moves = append(p.moves, Move{Number: p.lines[l].number, At: at, From: p.lines[l].holder, To: holder, What: "holder"})
}

// ordinaryApprovals are those that nothing was planted for: trips and forwarding of lines
// that stay within the rules anyway.
func (p *plan) ordinaryApprovals() error {
	rng := p.rng(streamPlan, 0)
	n := len(p.lines) / 40
	for range n {
		l := &p.lines[rng.IntN(len(p.lines))]
		m, from := rng.IntN(len(p.months)), 1+rng.IntN(24)
		switch {
		case l.subject || l.pilot || l.role != "personal":
		case l.op == exchange:
			p.approve("forwarding", approval{number: l.number}, m, from, from+7*(1+rng.IntN(8)))
		default:
			countries := [...]string{"NO", "DK", "DE,AT", "ES", "US", "GB", "FI,EE", ""}[rng.IntN(8)]
			p.approve("trip", approval{number: l.number, countries: countries}, m, from, from+2+rng.IntN(12))
		}
	}
	return nil
}
