package demo

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Columns that a file with changes has on top of the usual ones.
const (
	norrChanges  = ";Ändring;Avser faktura;Avser rad;Avser abonnemang;Avser tjänst;Ändrad"
	fjordChanges = ",change,corrects_invoice,corrects_record,corrects_subscription,corrects_type,changed_at"
)

// changeWriter writes rows that change others, as one operator does.
type changeWriter struct {
	op     operator
	name   string
	delim  string
	header string
	self   string // column that is to blame when a row names itself
	row    func(b []byte, it *item) []byte
	tail   func(e *edit) ([]string, error)
}

func (s *secondWave) changeWriter(op operator, n int) *changeWriter {
	if op == norrTele {
		w := &norrWriter{region: s.region, services: norrServices()}
		return &changeWriter{op, fmt.Sprintf("norrtele_andringar_%d.csv", n+1), ";", latin1(strings.TrimSuffix(norrHeader, "\r\n") + norrChanges), "Avser rad",
			func(b []byte, it *item) []byte {
				w.invoice = it.invoice
				return w.append(b, &it.record, it.n)
			},
			func(e *edit) ([]string, error) {
				cells := []string{latin1(map[string]string{editNone: "", editCancel: "Makulerad", editCorrect: "Rättad"}[e.what]), e.of.invoice, e.of.row, "", "", e.at}
				if e.splits() {
					cells[3], cells[4] = national(s.lines[e.of.line].number), w.services[e.of.service]
				}
				return cells, nil
			}}
	}
	w := &fjordWriter{region: s.region, types: fjordTypes()}
	return &changeWriter{op, fmt.Sprintf("fjordtel_changes_%d.csv", n+1), ",", strings.TrimSuffix(fjordHeader, "\n") + fjordChanges, "corrects_record",
		func(b []byte, it *item) []byte {
			w.invoice = it.invoice
			return w.append(b, &it.record, it.n)
		},
		func(e *edit) ([]string, error) {
			at, err := s.utc(e.at)
			cells := []string{map[string]string{editNone: "", editCancel: "CANCEL", editCorrect: "CORRECT"}[e.what], e.of.invoice, e.of.row, "", "", at}
			if e.splits() {
				cells[3], cells[4] = s.lines[e.of.line].number[1:], w.types[e.of.service]
			}
			return cells, err
		}}
}

// writeChanges writes one file with changes of an operator.
func (s *secondWave) writeChanges(t *Amended, op operator, n int) error {
	w := s.changeWriter(op, n)
	f := File{Name: w.name, Collector: dirItemised, Profile: op.file()}
	b := append([]byte(w.header), "\r\n"...)
	line := int64(1)
	var sum micro
	for _, e := range s.edits {
		if e.row.op != op || e.file != n {
			continue
		}
		line++
		b = bytes.TrimRight(w.row(b, e.row), "\r\n")
		cells := make([]string, strings.Count(w.header, w.delim)-strings.Count(norrOrFjord(op), w.delim))
		if e.of != nil {
			var err error
			if cells, err = w.tail(e); err != nil {
				return err
			}
		}
		b = append(b, w.delim+strings.Join(cells, w.delim)+"\r\n"...)
		f.tally(e)
		switch {
		case e.self:
			t.Rejects = append(t.Rejects, Reject{File: f.Name, Row: line, Column: w.self, Kind: "the row names itself"})
		case e.repeat:
		default:
			if e.of != nil {
				t.Amendments++
			}
			if e.counts() {
				sum += e.row.amount
			}
		}
	}
	f.Charged = sum.decimal('.')
	return s.put(t, f, b)
}

func norrOrFjord(op operator) string {
	if op == norrTele {
		return norrHeader
	}
	return fjordHeader
}

// tally counts a row: it is one record, or two when it moves usage to another line or topic.
func (f *File) tally(e *edit) {
	switch {
	case e.self:
		f.Rows++
		f.Rejected++
	case e.repeat:
		f.Rows++
		f.Duplicate++
	case e.splits():
		f.Rows += 2
		f.Accepted += 2
	default:
		f.Rows++
		f.Accepted++
	}
}

// writeLateRecords writes what NorrTele sends three months late: ordinary rows.
func (s *secondWave) writeLateRecords(t *Amended) error {
	w := &norrWriter{region: s.region, services: norrServices(), invoice: s.late[0].invoice}
	b := []byte(latin1(norrHeader))
	var sum micro
	for _, it := range s.late {
		b = w.append(b, &it.record, it.n)
		sum += it.amount
	}
	n := int64(len(s.late))
	return s.put(t, File{Name: fmt.Sprintf("norrtele_%s_sen.csv", s.months[0].label), Collector: dirItemised, Profile: "norrtele", Month: s.months[0].label,
		Rows: n, Accepted: n, Charged: sum.decimal('.')}, b)
}

// writeLateCalls writes calls that the exchange had kept back for months.
func (s *secondWave) writeLateCalls(t *Amended) error {
	l := newLayout(cucmColumns + cucmNewer)
	b := append(append([]byte(nil), l.header...), l.types...)
	keys := s.region.rng(streamAmend, 1)
	var r row
	for i := range s.lateCalls {
		s.lateCalls[i].fill(&r, keys, int64(len(s.days))<<16+int64(i))
		b = l.append(b, &r)
	}
	packed, err := pack(b)
	if err != nil {
		return err
	}
	d := &s.days[s.dayOf(s.lateCalls[0].at)]
	n := int64(len(s.lateCalls))
	return s.put(t, File{Name: cucmName(d, 950001), Collector: dirCUCM, Month: s.months[d.month].label, Rows: n, Accepted: n}, packed)
}

// writeStatements writes what the organisation states about the past.
func (s *secondWave) writeStatements(t *Amended) error {
	stated := [2]string{"2026-10-30T12:00:00+01:00", "2026-10-28 12:00:00"} // the first file was written later
	for i, claims := range s.claims {
		tab := newTable(linesHeader + ";stated_at")
		for _, m := range claims {
			l, u := &s.lines[m.line], &s.units[m.unit]
			tab.add(l.number, l.ext, l.kind, l.role, m.holder, u.id, s.centres[u.centre].code, l.op.String(), l.plan, l.sim, m.at, "", stated[i])
		}
		if err := s.state(t, fmt.Sprintf("lines_rattade_%d.csv", i+1), "lines", tab); err != nil {
			return err
		}
	}
	tab := newTable("approval_id;kind;number;unit_id;countries;approved_by;decided_at;valid_from;valid_to;stated_at")
	a := &s.approval
	tab.add("B-9001", a.kind, a.number, a.unit, a.countries, a.by, a.decided, a.from, a.to, "2026-10-29")
	if err := s.state(t, "approvals_sena.csv", "approvals", tab); err != nil {
		return err
	}
	tab = newTable("book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to;stated_at")
	p := s.other
	tab.add(bookName, "2026-rattad", "1", p.operator, p.plan, p.service, p.class, p.country, p.zone, p.per, p.price.decimal(','), p.opening.decimal(','),
		strconv.Itoa(int(p.first)), strconv.Itoa(int(p.next)), "SEK", s.date(0, 1), s.date(1, 1), "2026-10-29T08:00:00Z")
	return s.state(t, "prices_rattade.csv", "prices", tab)
}

func (s *secondWave) state(t *Amended, name, kind string, tab *table) error {
	return s.put(t, File{Name: name, Collector: dirReference, Profile: kind, Rows: tab.rows, Accepted: tab.rows}, []byte(tab.b.String()))
}
