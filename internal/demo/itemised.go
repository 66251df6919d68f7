package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// service is what an operator itemises.
type service uint8

const (
	voiceOut service = iota
	voiceRoamOut
	voiceRoamIn
	textOut
	pictureOut
	dataHome
	dataRoam
	premiumCall
	monthlyFee
	oneTimeFee
	creditNote
)

// record is one line of an itemised file.
type record struct {
	line    int
	at      int64 // seconds since the epoch
	service service
	other   string // E.164 or a short number; empty: none
	masked  bool   // the operator writes the last digits as x
	country string // where the line was; empty: Sweden
	dur     int32
	bytes   int64
	units   int32
	amount  micro // excluding VAT, whole öre
	private bool
}

// eea tells whether roaming there costs as at home (the countries used here).
func eea(country string) bool {
	return strings.Contains("ES NO DK DE FI GR IT PL", country)
}

// roamPrice is what the operators charge for data abroad.
func roamPrice(country string, bytes int64) micro {
	if country == "SE" || country == "" || eea(country) {
		return 0
	}
	return (micro(bytes) * 95 / 100).roundOre() // 0.95 SEK per MB: a byte is 0.95 millionths
}

// user draws the month of the lines of one operator.
type user struct {
	*region
	rng *rand.Rand
	out []record
}

// itemised draws the month of an operator, in the order in which its rows are numbered.
func (p *plan) itemised(op operator, m int) []record {
	u := &user{region: p.region, rng: p.rng(streamItemised, int(op)<<16|m)}
	for l := range p.lines {
		if p.lines[l].op == op {
			u.month(l, m)
		}
	}
	recs := append(u.out, p.records[opMonth{op, m}]...)
	slices.SortStableFunc(recs, func(a, b record) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.at, b.at)) })
	return recs
}

func (g *generator) writeItemised(op operator, m int) (*output, error) {
	recs := g.plan.itemised(op, m)
	out := &output{tally: newTally()}
	for i := range recs {
		out.tally.record(g.region, &recs[i], m)
	}
	write, number := g.writeFjordTel, "FT-"
	if op == norrTele {
		write, number = g.writeNorrTele, "NT"
	}
	if err := write(out, m, recs); err != nil {
		return nil, err
	}
	if g.supplement(m) && len(recs) > 0 {
		recs = append(recs, g.plan.lateRecords(m, recs)...)
	}
	return out, g.writeInvoice(out, op, m, number+strings.ReplaceAll(g.months[m].label, "-", ""), recs)
}

// record counts a record by its kind.
func (t *tally) record(r *region, rec *record, m int) {
	t.itemised++
	t.cost[centreMonth{r.units[r.lines[rec.line].unit].centre, m}] += rec.amount
	t.each[unitMonth{r.lines[rec.line].unit, m}] += rec.amount
	switch rec.service {
	case textOut, pictureOut:
		t.sms++
	case dataHome, dataRoam:
		t.data++
	case monthlyFee, oneTimeFee, creditNote:
		t.fees++
	default:
		t.calls++
	}
}

// month draws the month of one line: the fee, the days, now and then a few days abroad.
func (u *user) month(l, m int) {
	ln := &u.lines[l]
	fee := ore(8900)
	if ln.plan == "Fri" {
		fee = ore(14900)
	}
	if ln.silent && ln.back != "" && ln.back <= u.months[m].label { // given back before the month began
		return
	}
	u.out = append(u.out, record{line: l, at: u.moment(m, 1, 0, 0, 0), service: monthlyFee, units: 1, amount: fee})
	if ln.silent {
		return
	}
	if u.rng.IntN(160) == 0 {
		u.out = append(u.out, record{line: l, at: u.moment(m, 2+u.rng.IntN(25), 12, 0, 0), service: oneTimeFee, units: 1, amount: ore(4900)})
	}
	if u.rng.IntN(400) == 0 {
		u.out = append(u.out, record{line: l, at: u.moment(m, 2+u.rng.IntN(25), 12, 0, 0), service: creditNote, units: 1, amount: -ore(2500)})
	}
	mo := &u.months[m]
	for d := mo.first; d < mo.first+mo.days; d++ {
		u.dayOfLine(l, &u.days[d])
	}
	chance := 40
	if mo.month == time.July {
		chance = 9
	}
	if !ln.subject && ln.role == "personal" && u.rng.IntN(chance) == 0 {
		u.abroad(l, m)
	}
}

// dayOfLine draws the calls, messages and data of a line on one day.
func (u *user) dayOfLine(l int, d *day) {
	ln := &u.lines[l]
	if ln.sim == "spare" { // lies in a drawer and costs its fee
		return
	}
	busy := ln.active * d.factor
	if u.units[ln.unit].kind >= ward && u.units[ln.unit].kind <= emergency || ln.role == "on_call" {
		busy = ln.active * max(d.factor, 0.6)
	}
	for range u.times(1.13 * busy) {
		rec := record{line: l, at: u.clock(ln, d), service: voiceOut, dur: u.mobile.draw(u.rng), private: u.rng.IntN(60) == 0}
		rec.other = u.whom(ln)
		rec.masked = u.rng.IntN(50) == 0 && len(rec.other) > 8
		if ln.plan == "Bas" {
			rec.amount = (ore(29) + ore(39)*micro(max(rec.dur, 60))/60).roundOre()
		}
		if strings.HasPrefix(rec.other, "118") {
			rec.amount = (ore(990) + ore(1490)*micro(rec.dur)/60).roundOre()
		}
		u.out = append(u.out, rec)
	}
	for range u.times(0.48 * busy) {
		rec := record{line: l, at: u.clock(ln, d), service: textOut, units: 1 + int32(u.rng.IntN(10)/8), other: pick(u.rng, u.nums.mobile)}
		if u.rng.IntN(22) == 0 {
			rec.service, rec.units = pictureOut, 1
		}
		if ln.plan == "Bas" {
			rec.amount = ore(29) * micro(rec.units)
		}
		u.out = append(u.out, rec)
	}
	for range u.times(0.55 + 0.5*busy) {
		u.out = append(u.out, record{line: l, at: u.clock(ln, d), service: dataHome, bytes: int64(u.volume.draw(u.rng))*1000 + int64(u.rng.IntN(1000)), dur: int32(60 + u.rng.IntN(7000))})
	}
}

// times draws how often: the mean, its fraction by chance, now and then twice that.
func (u *user) times(mean float64) int {
	mean *= 2 * u.rng.Float64()
	n := int(mean)
	if u.rng.Float64() < mean-float64(n) {
		n++
	}
	return n
}

func (u *user) clock(ln *line, d *day) int64 {
	k := u.units[ln.unit].kind
	if ln.role == "on_call" {
		k = emergency
	}
	h := hours(k, d.free)
	sum := 0
	for _, n := range h {
		sum += n
	}
	x, hour := u.rng.IntN(sum), 0
	for x >= h[hour] {
		x -= h[hour]
		hour++
	}
	return d.date.Unix() + int64(u.rng.IntN(3600)) + int64(hour)*3600 + u.shiftOf(d, hour)
}

// shiftOf corrects for the nights on which the clocks change: hours after the change are an
// hour earlier or later than counted from midnight. Of a doubled hour the first is taken: in
// local time, as one of the operators writes it, the two cannot be told apart.
func (u *user) shiftOf(d *day, hour int) int64 {
	if d.doubled && hour == 2 {
		return 0
	}
	y, m, dd := d.date.Date()
	return time.Date(y, m, dd, hour, 0, 0, 0, u.zone).Unix() - d.date.Unix() - int64(hour)*3600
}

func (u *user) whom(ln *line) string {
	switch p := u.rng.IntN(1000); {
	case p < 620:
		return pick(u.rng, u.nums.mobile)
	case p < 820:
		return pick(u.rng, u.nums.fixed)
	case p < 930:
		if f := u.units[ln.unit].fixed; len(f) > 0 {
			return u.lines[f[u.rng.IntN(len(f))]].number
		}
		return pick(u.rng, u.nums.fixed)
	case p < 985:
		m := u.units[ln.unit].mobiles
		if to := &u.lines[m[u.rng.IntN(len(m))]]; to != ln {
			return to.number
		}
		return pick(u.rng, u.nums.mobile)
	case p < 988:
		return "118118"
	case p < 994:
		return "+46771567567"
	}
	return u.nums.foreign[u.rng.IntN(len(u.nums.foreign))].number
}

// abroad is a short stay with a telephone that is mostly left alone: below 20 MB in the month.
func (u *user) abroad(l, m int) {
	country := [...]string{"NO", "DK", "ES", "GR", "DE", "FI", "TH", "GB"}[u.rng.IntN(8)]
	from := 1 + u.rng.IntN(20)
	for i := range 1 + u.rng.IntN(4) {
		at := u.moment(m, from+i, 8+u.rng.IntN(12), u.rng.IntN(60), u.rng.IntN(60))
		b := int64(100_000 + u.rng.IntN(4_400_000))
		u.out = append(u.out, record{line: l, at: at, service: dataRoam, country: country, bytes: b, dur: 120, amount: roamPrice(country, b)})
		call := record{line: l, at: at + 700, service: voiceRoamOut, country: country, dur: u.mobile.draw(u.rng), other: pick(u.rng, u.nums.mobile)}
		if u.rng.IntN(2) == 0 {
			call.service = voiceRoamIn
		}
		if !eea(country) {
			call.amount = (ore(500) * micro(call.dur) / 60).roundOre()
		}
		u.out = append(u.out, call)
		if u.rng.IntN(2) == 0 {
			u.out = append(u.out, record{line: l, at: at + 3000, service: textOut, country: country, units: 1, other: pick(u.rng, u.nums.mobile)})
		}
	}
}

// supplementName names the file of what an operator forgot in a month.
func (g *generator) supplementName(op operator, m int) string {
	return fmt.Sprintf("%s_%s_komplettering.csv", op.file(), g.months[m].label)
}
