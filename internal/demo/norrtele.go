package demo

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const norrHeader = "Abonnemang;Datum;Tid;Tjänst;Uppringt nummer;Land;Besökt nät;Längd;Volym (kB);Antal;Belopp exkl moms;Moms;Fakturanr;Radnr;Privat\r\n"

// latin1 writes text as windows-1252; the texts here have no letters outside ISO 8859-1.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func norrServices() [11]string {
	names := [11]string{"Samtal", "Samtal roaming", "Mottaget roaming", "SMS", "MMS", "Data", "Data roaming", "Betalsamtal", "Månadsavgift", "Engångsavgift", "Kredit"}
	for i := range names {
		names[i] = latin1(names[i])
	}
	return names
}

func swedishCountry(code string) string {
	return latin1(map[string]string{"": "", "SE": "Sverige", "TH": "Thailand", "US": "USA", "ES": "Spanien", "NO": "Norge", "DK": "Danmark", "DE": "Tyskland",
		"GR": "Grekland", "TR": "Turkiet", "GB": "Storbritannien", "IT": "Italien", "CH": "Schweiz", "FI": "Finland"}[code])
}

func visitedNetwork(code string) string {
	return map[string]string{"TH": "AIS", "US": "AT&T", "ES": "Movistar", "NO": "Telenor NO", "DK": "TDC NET", "DE": "Vodafone DE", "GR": "Cosmote",
		"TR": "Turkcell", "GB": "EE", "IT": "TIM", "CH": "Swisscom", "FI": "Elisa"}[code]
}

// national writes +46701740605 as 070-174 06 05.
func national(e164 string) string {
	d := "0" + strings.TrimPrefix(e164, "+46")
	return d[:3] + "-" + d[3:6] + " " + d[6:8] + " " + d[8:]
}

// norrNumber is how NorrTele writes the other party: national or with 00, now and then
// with its last digits crossed out.
func norrNumber(rec *record) string {
	n := rec.other
	switch {
	case strings.HasPrefix(n, "+46"):
		n = "0" + n[3:]
	case strings.HasPrefix(n, "+"):
		n = "00" + n[1:]
	}
	if rec.masked {
		n = n[:len(n)-3] + "xxx"
	}
	return n
}

// norrWriter writes rows of NorrTele: local time, decimal comma, kB of 1,000 bytes.
type norrWriter struct {
	*region
	services [11]string
	invoice  string
}

func (w *norrWriter) append(b []byte, rec *record, radnr int64) []byte {
	at := time.Unix(rec.at, 0).In(w.zone)
	b = append(b, national(w.lines[rec.line].number)...)
	b = append(b, ';')
	b = at.AppendFormat(b, "2006-01-02;15:04:05")
	b = append(b, ';')
	b = append(b, w.services[rec.service]...)
	b = append(b, ';')
	b = append(b, norrNumber(rec)...)
	b = append(b, ';')
	if rec.country != "" {
		b = append(b, swedishCountry(rec.country)...)
		b = append(b, ';')
		b = append(b, visitedNetwork(rec.country)...)
	} else {
		b = append(b, ';')
	}
	b = append(b, ';')
	if rec.dur > 0 {
		b = appendClock(b, rec.dur)
	}
	b = append(b, ';')
	if rec.bytes > 0 {
		b = strconv.AppendInt(b, rec.bytes/1000, 10)
		b = append(b, ',')
		b = append(b, strconv.FormatInt(1000+rec.bytes%1000, 10)[1:]...)
	}
	b = append(b, ';')
	if rec.units > 0 {
		b = strconv.AppendInt(b, int64(rec.units), 10)
	}
	b = append(b, ';')
	b = append(b, rec.amount.decimal(',')...)
	b = append(b, ';')
	b = append(b, vat(rec.amount).decimal(',')...)
	b = append(b, ';')
	b = append(b, w.invoice...)
	b = append(b, ';')
	b = strconv.AppendInt(b, radnr, 10)
	b = append(b, ';')
	if rec.private {
		b = append(b, 'J')
	}
	return append(b, "\r\n"...)
}

// vat is 25 %, to the öre.
func vat(m micro) micro { return (m / 4).roundOre() }

func appendClock(b []byte, seconds int32) []byte {
	two := func(v int32) {
		b = append(b, byte('0'+v/10), byte('0'+v%10))
	}
	two(seconds / 3600)
	b = append(b, ':')
	two(seconds / 60 % 60)
	b = append(b, ':')
	two(seconds % 60)
	return b
}

func (g *generator) writeNorrTele(out *output, m int, recs []record) error {
	w := &norrWriter{region: g.region, services: norrServices(), invoice: "NT" + strings.ReplaceAll(g.months[m].label, "-", "")}
	name := fmt.Sprintf("norrtele_%s.csv", g.months[m].label)
	b := append(make([]byte, 0, 110*len(recs)), latin1(norrHeader)...)
	f := File{Name: name, Collector: dirItemised, Profile: "norrtele", Month: g.months[m].label, Rows: int64(len(recs)), Accepted: int64(len(recs))}
	var sum micro
	for i := range recs {
		from := len(b)
		b = w.append(b, &recs[i], int64(i+1))
		sum += recs[i].amount
		if i < overlapRows {
			out.heads = append(out.heads, bytes.Clone(b[from:]))
		}
	}
	f.Charged = sum.decimal('.')
	for _, bad := range g.plan.badItemised[opMonth{norrTele, m}] {
		f.Rows++
		f.Rejected++
		b = append(b, latin1(strings.Join(strings.Split(fmt.Sprintf(bad.format, g.months[m].label, w.invoice, f.Rows), "|"), ";"))+"\r\n"...)
		out.rejects = append(out.rejects, Reject{File: name, Row: f.Rows + 1, Column: bad.column, Kind: bad.kind})
	}
	if m%2 == 0 { // not every delivery has the sum at its end
		b = append(b, "Summa;;;;;;;;;;"+sum.decimal(',')+";;;;\r\n"...)
	}
	out.files = append(out.files, f)
	if err := g.writeFile(dirItemised, name, b); err != nil {
		return err
	}
	return g.supplementNorrTele(out, w, m, recs)
}

// overlapRows is how many rows of a month come again in its supplementary delivery.
const overlapRows = 6

// supplement tells whether a month has a supplementary delivery.
func (r *region) supplement(m int) bool { return m%4 == 1 }

func (g *generator) supplementNorrTele(out *output, w *norrWriter, m int, recs []record) error {
	if !g.supplement(m) || len(recs) == 0 {
		return nil
	}
	extra := g.plan.lateRecords(m, recs)
	b := []byte(latin1(norrHeader))
	for _, head := range out.heads {
		b = append(b, head...)
	}
	for i := range extra {
		b = w.append(b, &extra[i], int64(900001+i))
	}
	return g.addSupplement(out, norrTele, m, b, extra)
}

// lateRecords are records that the operator forgot and sends afterwards.
func (r *region) lateRecords(m int, recs []record) []record {
	l := recs[len(recs)/2].line
	return []record{
		{line: l, at: r.moment(m, 27, 13, 5, 9), service: textOut, other: r.nums.mobile[1], units: 1, amount: ore(29)},
		{line: l, at: r.moment(m, 28, 12, 0, 0), service: creditNote, units: 1, amount: -ore(3750)},
	}
}

func (g *generator) addSupplement(out *output, op operator, m int, content []byte, extra []record) error {
	n, rows := int64(len(out.heads)), int64(len(out.heads)+len(extra))
	f := File{Name: g.supplementName(op, m), Collector: dirItemised, Profile: op.file(), Month: g.months[m].label, Rows: rows, Accepted: int64(len(extra)), Duplicate: n}
	var sum micro
	for i := range extra {
		out.tally.record(g.region, &extra[i], m)
		sum += extra[i].amount
	}
	f.Charged = sum.decimal('.')
	out.files = append(out.files, f)
	out.dups = append(out.dups, Duplicate{File: f.Name, Of: out.files[0].Name, Records: n})
	return g.writeFile(dirItemised, f.Name, content)
}
