package demo

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// changeFiles is how many files with changes each operator sends.
const changeFiles = 2

// secondWave is what is planted on top of a region.
type secondWave struct {
	*world
	rng       *rand.Rand
	edits     []*edit
	late      []*item // NorrTele's records that come months late
	lateCalls []heldCall
	claims    [2][]movedLine // statements about lines, by file
	approval  approval
	touched   map[*item]bool
	rows      map[[2]int]int // rows given out, by operator and file
}

// What a row of a file with changes does.
const (
	editNone    = "" // an ordinary row: a credit
	editCancel  = "cancel"
	editCorrect = "correct"
)

// edit is one row of a file with changes.
type edit struct {
	file   int    // which of the operator's files
	at     string // when the change was made, local time
	what   string
	of     *item // the original; nil for an ordinary row
	row    *item // the row itself; what it says counts unless it cancels
	repeat bool  // the row stands word for word somewhere before
	self   bool  // the row names itself and must be refused
}

// Times of changes, local. The last usage of the region is on 2026-10-31.
const (
	early = "2026-10-20 09:00:00"
	later = "2026-10-25 02:30:00" // in the doubled hour
	last  = "2026-10-30 16:45:00"
)

var errNothing = errors.New("nothing left to amend")

// think plants everything. What it does depends on the first wave only.
func (s *secondWave) think() error {
	s.touched, s.rows = map[*item]bool{}, map[[2]int]int{}
	for _, step := range []func() error{s.ruledRoaming, s.ruledPremium, s.ruledForwarding, s.comeLate, s.chains, s.strays, s.everyday, s.restate} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// add plants a row. The record of a correction is a living one until resolve kills it.
func (s *secondWave) add(file int, at, what string, of *item, rec record) *edit {
	op := s.lines[rec.line].op
	k := [2]int{int(op), file}
	s.rows[k]++
	invoice := [...]string{norrTele: "NT-2026R", fjordTel: "FT-2026R"}[op] + fmt.Sprint(file+1)
	e := &edit{file: file, at: at, what: what, of: of, row: s.item(op, invoice, s.rows[k], rec)}
	e.row.late = true
	s.edits = append(s.edits, e)
	if of != nil {
		s.touched[of] = true
	}
	return e
}

// counts tells whether the row of an edit is a usage record.
func (e *edit) counts() bool { return e.what != editCancel && !e.repeat && !e.self }

// splits tells whether the row is a cancellation on the original's line or topic, and a
// record on its own.
func (e *edit) splits() bool {
	return e.what == editCorrect && (e.of.line != e.row.line || topicOf(e.of.service) != topicOf(e.row.service))
}

func topicOf(s service) string {
	switch s {
	case textOut, pictureOut:
		return "sms"
	case dataHome, dataRoam:
		return "data"
	}
	return "calls"
}

// of lists the living records of a line in a month that were not touched yet.
func (s *secondWave) of(k subject, fits func(*item) bool) []*item {
	var list []*item
	for _, it := range s.items {
		if it.line == k.line && s.days[s.dayOf(it.at)].month == k.month && !s.touched[it] && fits(it) {
			list = append(list, it)
		}
	}
	return list
}

// pick draws untouched records of an operator and month from lines that nothing is planted on.
func (s *secondWave) pick(op operator, m, n int, fits func(*item) bool) ([]*item, error) {
	var list []*item
	for _, it := range s.items {
		if it.op == op && !it.late && !s.lines[it.line].subject && s.days[s.dayOf(it.at)].month == m && !s.touched[it] && fits(it) {
			list = append(list, it)
		}
	}
	if len(list) < n {
		return nil, errNothing
	}
	s.rng.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list[:n], nil
}

// resolve decides which records die, and puts the living ones of the second wave among the
// others. Of several changes of one record the latest holds, and what the others put in its
// place dies with it.
func (s *secondWave) resolve() []Dead {
	holds := map[*item]*edit{}
	for _, e := range s.edits {
		if e.counts() {
			s.items = append(s.items, e.row)
		}
		if e.of != nil && !e.self && (holds[e.of] == nil || holds[e.of].at < e.at) {
			holds[e.of] = e
		}
	}
	why := map[*item]string{}
	for _, e := range s.edits {
		if e.of == nil || e.self || e.repeat {
			continue
		}
		if why[e.of] == "" {
			why[e.of] = holds[e.of].what
		}
		if e.what == editCorrect && holds[e.of] != e && !e.splits() {
			why[e.row] = "its original was changed again later"
		}
	}
	delivered := map[*item]bool{}
	for _, it := range s.items {
		delivered[it] = true
	}
	var dead []Dead
	for it, reason := range why {
		if it.dead = true; delivered[it] {
			dead = append(dead, Dead{it.id(), it.op.String(), it.invoice, it.row, reason})
		}
	}
	slices.SortFunc(dead, func(a, b Dead) int { return strings.Compare(a.EventID, b.EventID) })
	return dead
}

// ruledRoaming moves volumes across the limit, both ways, and one within a violation.
func (s *secondWave) ruledRoaming() error {
	all := s.findings()
	data := func(it *item) bool { return it.service == dataRoam }
	violates := func(op operator, bytes int64) func(subject, finding) bool {
		return func(k subject, f finding) bool {
			return s.lines[k.line].op == op && f.bytes > 50*megabyte && (bytes == 0 || f.bytes == bytes)
		}
	}
	// The byte too many was never used; the line whose volume was just allowed used one more.
	for _, c := range []struct {
		bytes int64
		by    int64
	}{{50*megabyte + 1, -1}, {50 * megabyte, 1}} {
		list := ordered(all, RuleRoaming, func(_ subject, f finding) bool { return f.bytes == c.bytes })
		if len(list) == 0 {
			return fmt.Errorf("roaming at the limit: %w", errNothing)
		}
		it := s.of(list[0], data)[0]
		rec := it.record
		rec.bytes += c.by
		s.add(0, early, editCorrect, it, rec)
	}
	// Sessions of another stay never were; of another violation some is taken off.
	list := ordered(all, RuleRoaming, violates(norrTele, 0))
	if len(list) < 2 {
		return fmt.Errorf("roaming: %w", errNothing)
	}
	for sum, items := all[list[0]].bytes, s.of(list[0], func(it *item) bool { return data(it) && !s.coveredTrip(it) }); sum > 50*megabyte; items = items[1:] {
		s.add(1, later, editCancel, items[0], record{line: items[0].line, at: items[0].at, service: items[0].service})
		sum -= items[0].bytes
	}
	it := s.of(list[1], func(it *item) bool { return data(it) && !s.coveredTrip(it) && it.bytes > 5*megabyte })[0]
	rec := it.record
	rec.bytes -= 4 * megabyte
	rec.amount = roamPrice(rec.country, rec.bytes)
	s.add(1, later, editCorrect, it, rec)
	return nil
}

func (s *secondWave) coveredTrip(it *item) bool {
	return s.approved("trip", it.line, s.days[s.dayOf(it.at)].label, it.country)
}

// ruledPremium takes premium calls back, all of them or one of two, and lets the approval of
// an extension's call come late.
func (s *secondWave) ruledPremium() error {
	all := s.findings()
	of := func(op operator) (subject, []*item, error) {
		list := ordered(all, RulePremium, func(k subject, _ finding) bool { return s.lines[k.line].op == op })
		if len(list) == 0 {
			return subject{}, nil, fmt.Errorf("premium calls: %w", errNothing)
		}
		return list[0], s.of(list[0], func(it *item) bool { return it.service == premiumCall }), nil
	}
	_, two, err := of(norrTele)
	if err != nil {
		return err
	}
	s.add(0, early, editCancel, two[0], record{line: two[0].line, at: two[0].at, service: premiumCall})
	_, one, err := of(fjordTel)
	if err != nil {
		return err
	}
	for _, it := range one { // it was an ordinary call to a fixed line
		rec := it.record
		rec.service, rec.other, rec.amount = voiceOut, s.nums.fixed[7], ore(49)
		s.add(0, early, editCorrect, it, rec)
	}
	k, _, err := of(exchange)
	if err != nil {
		return err
	}
	s.approval = approval{kind: "premium", number: s.lines[k.line].number, by: "e10099", decided: s.date(k.month, 1), from: s.date(k.month, 1), to: s.date(k.month+1, 1)}
	s.approvals = append(s.approvals, s.approval)
	return nil
}

// ruledForwarding lets calls come late that take a line above the limit, and a price that was
// wrong take another below it.
func (s *secondWave) ruledForwarding() error {
	list := ordered(s.findings(), RuleForwarding, func(_ subject, f finding) bool { return f.count == 60 && f.cost <= 150*krona })
	if len(list) == 0 {
		return fmt.Errorf("forwarding at the limit: %w", errNothing)
	}
	k := list[0]
	for i := range 3 {
		c := s.legCall(k.line, s.moment(k.month, 28, 10+i, 11, 12), 6, 42, s.nums.mobile[5])
		s.lateCalls = append(s.lateCalls, heldCall{c, k.line})
	}
	s.calls = append(s.calls, s.lateCalls...)
	for _, p := range s.bookOf(0).rows {
		if p.service == "voice_forward" && p.class == "mobile" {
			p.price -= ore(1)
			s.other = &p
			return nil
		}
	}
	return fmt.Errorf("the price of forwarding: %w", errNothing)
}

// comeLate plants records that come three months late, one of which is cancelled in a file
// that may well be read before.
func (s *secondWave) comeLate() error {
	from, err := s.pick(norrTele, 0, 12, func(it *item) bool { return it.service == voiceOut })
	if err != nil {
		return fmt.Errorf("late records: %w", err)
	}
	for i, it := range from {
		rec := it.record
		rec.at += 61 + int64(i)
		if s.dayOf(rec.at) != s.dayOf(it.at) {
			rec.at = it.at - 61
		}
		rec.amount += ore(10)
		l := s.item(norrTele, s.invoice(norrTele, 0)+"S", i+1, rec)
		l.late = true
		s.late = append(s.late, l)
	}
	s.items = append(s.items, s.late...)
	gone := s.late[len(s.late)-1]
	s.add(0, early, editCancel, gone, record{line: gone.line, at: gone.at, service: gone.service})
	return nil
}

// chains plants changes of changes.
func (s *secondWave) chains() error {
	for _, op := range []operator{norrTele, fjordTel} {
		of, err := s.pick(op, 1, 4, func(it *item) bool { return it.amount > 0 && it.service != creditNote })
		if err != nil {
			return fmt.Errorf("chains: %w", err)
		}
		rec := func(i int, amount micro) record {
			r := of[i].record
			r.amount = amount
			return r
		}
		first := s.add(0, early, editCorrect, of[0], rec(0, ore(111)))
		s.add(1, last, editCorrect, first.row, rec(0, ore(122))) // corrected twice, one after the other
		s.add(0, last, editCorrect, of[1], rec(1, ore(133)))     // twice as well, and the file with the later one comes first
		s.add(1, early, editCorrect, of[1], rec(1, ore(144)))
		s.add(0, later, editCorrect, of[2], rec(2, ore(155))) // a cancellation that came too late: the correction was made after it
		s.add(1, early, editCancel, of[2], record{line: of[2].line, at: of[2].at, service: of[2].service})
		s.add(0, early, editCorrect, of[3], rec(3, ore(166))) // corrected, then cancelled after all
		s.add(1, last, editCancel, of[3], record{line: of[3].line, at: of[3].at, service: of[3].service})
	}
	return nil
}

// strays plants rows that are not what they seem: of nobody, of another line or topic,
// delivered twice, about themselves.
func (s *secondWave) strays() error {
	for _, op := range []operator{norrTele, fjordTel} {
		of, err := s.pick(op, 2, 4, func(it *item) bool { return it.service == voiceOut })
		if err != nil {
			return fmt.Errorf("strays: %w", err)
		}
		texts, err := s.pick(op, 2, 1, func(it *item) bool { return it.service == textOut })
		if err != nil {
			return fmt.Errorf("strays: %w", err)
		}
		rec := of[0].record
		rec.line = of[1].line
		s.add(0, early, editCorrect, of[0], rec) // booked on the wrong subscription
		rec = texts[0].record
		rec.service, rec.dur, rec.units, rec.amount = voiceOut, 75, 1, ore(88)
		s.add(1, early, editCorrect, texts[0], rec) // a message that was a call
		nobody := s.item(op, s.invoice(op, 2), 777777, of[2].record)
		s.add(0, early, editCancel, nobody, record{line: nobody.line, at: nobody.at, service: voiceOut})
		self := s.add(0, early, editCorrect, nil, of[2].record)
		self.of, self.self = self.row, true
	}
	for _, e := range s.edits { // the first correction of each operator once more in the second file
		if e.file == 0 && e.what == editCorrect && !e.splits() && !slices.ContainsFunc(s.edits, func(o *edit) bool { return o.repeat && o.row.op == e.row.op }) {
			again := *e
			again.file, again.repeat = 1, true
			s.edits = append(s.edits, &again)
		}
	}
	return nil
}

// everyday plants what operators send all the time: rows with another amount, rows taken
// back, and credits.
func (s *secondWave) everyday() error {
	for _, op := range []operator{norrTele, fjordTel} {
		for m := range s.months {
			of, err := s.pick(op, m, 9, func(it *item) bool { return it.service != creditNote })
			if err != nil {
				return fmt.Errorf("everyday amendments: %w", err)
			}
			for i, it := range of {
				rec := it.record
				switch i % 3 {
				case 0:
					rec.amount = (rec.amount * 9 / 10).roundOre() + ore(3)
					s.add(i/3%changeFiles, early, editCorrect, it, rec)
				case 1:
					s.add(i/3%changeFiles, later, editCancel, it, record{line: rec.line, at: rec.at, service: rec.service})
				case 2:
					s.add(i/3%changeFiles, "", editNone, nil, record{line: rec.line, at: s.moment(m, 25, 12, 0, 0), service: creditNote, units: 1, amount: -ore(int64(500 + 75*m + i))})
				}
			}
		}
	}
	return nil
}

// restate lets lines belong to other units than was said, from a day in the past. Two files
// contradict each other about one line; the one that was written later is read first.
func (s *secondWave) restate() error {
	var lines []int
	for l := range s.lines {
		ln := &s.lines[l]
		if !ln.subject && !ln.pilot && ln.role == "personal" && !slices.ContainsFunc(s.moved, func(m movedLine) bool { return m.line == l }) {
			lines = append(lines, l)
		}
	}
	slices.SortStableFunc(lines, func(a, b int) int { return cmp.Compare(s.lines[a].op, s.lines[b].op) })
	if len(lines) < 4 {
		return fmt.Errorf("lines that moved: %w", errNothing)
	}
	move := func(l, by, m, day int) movedLine {
		return movedLine{line: l, at: s.date(m, day), unit: (s.lines[l].unit + by) % len(s.units), holder: s.lines[l].holder}
	}
	fixed, mobile := lines[0], lines[len(lines)-1]
	both := lines[len(lines)-2]
	s.claims[0] = []movedLine{move(fixed, 2, 1, 11), move(both, 3, 0, 16)}
	s.claims[1] = []movedLine{move(both, 1, 0, 16), move(mobile, 2, 2, 3)}
	s.moved = append(s.moved, s.claims[1]...)
	s.moved = append(s.moved, s.claims[0]...) // made later
	return nil
}
