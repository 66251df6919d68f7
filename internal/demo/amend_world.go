package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// item is an itemised record as it stands in a file.
type item struct {
	record
	op           operator
	invoice, row string // as the operator writes them; together the record's name for ever
	n            int64  // number in row
	dead         bool   // cancelled or corrected
	late         bool   // comes with the second wave
}

// id is the event id of an itemised record: the first 16 bytes of SHA-256 over the kind of
// source and the natural key, each part with its length before it.
func (it *item) id() string {
	h := sha256.New()
	for _, s := range []string{"itemised", it.op.String(), it.invoice, it.row} {
		n := len(s)
		h.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// heldCall is a call of the exchange and the line that it belongs to.
type heldCall struct {
	call
	line int
}

// world is what the files of a region say together, for the rules about lines and for costs.
type world struct {
	*plan
	items     []*item
	calls     []heldCall // those that can cost: made outside, or forwarded
	moved     []movedLine
	approvals []approval
	other     *price // outdoes the book for forwarded calls to mobiles in the first month; nil: none does
}

// newWorld draws what Generate writes: the same streams give the same records.
func newWorld(p *plan) *world {
	w := &world{plan: p, moved: slices.Clone(p.moved), approvals: slices.Clone(p.approvals)}
	byExt := map[string]int{}
	for l := range p.lines {
		byExt[p.lines[l].ext] = l
	}
	for i := range p.days {
		for _, c := range p.exchange(p.rng(streamCUCM, i), i) {
			switch c.service {
			case "voice_out":
				w.calls = append(w.calls, heldCall{c, byExt[c.calling]})
			case "voice_forward":
				w.calls = append(w.calls, heldCall{c, byExt[c.redirect]})
			}
		}
	}
	for _, op := range []operator{norrTele, fjordTel} {
		for m := range p.months {
			recs := p.itemised(op, m)
			for i, rec := range recs {
				w.items = append(w.items, p.item(op, p.invoice(op, m), i+1, rec))
			}
			if p.supplement(m) && len(recs) > 0 {
				for i, rec := range p.lateRecords(m, recs) {
					w.items = append(w.items, p.item(op, p.invoice(op, m), 900001+i, rec))
				}
			}
		}
	}
	return w
}

func (r *region) invoice(op operator, m int) string {
	month := strings.ReplaceAll(r.months[m].label, "-", "")
	if op == norrTele {
		return "NT" + month
	}
	return "FT-" + month
}

// item names a record as its operator does.
func (r *region) item(op operator, invoice string, n int, rec record) *item {
	it := &item{record: rec, op: op, invoice: invoice, row: strconv.Itoa(n), n: int64(n)}
	if op == fjordTel {
		it.row = "FT" + invoice[3:] + "-" + it.row
	}
	return it
}

// unitAt is the unit that a line belonged to on a day: the statement with the latest
// beginning holds, of two with the same beginning the one that stands last here.
func (w *world) unitAt(line int, day string) int {
	unit, from := w.lines[line].unit, holdsFrom
	for _, m := range w.moved {
		if m.line == line && m.at <= day && m.at >= from {
			unit, from = m.unit, m.at
		}
	}
	return unit
}

// approved tells whether an approval of the kind covers the line on a day.
func (w *world) approved(kind string, line int, day, country string) bool {
	for _, a := range w.approvals {
		if a.kind != kind || day < a.from || a.to != "" && day >= a.to || country != "" && a.countries != "" && !slices.Contains(strings.Split(a.countries, ","), country) {
			continue
		}
		if a.number == w.lines[line].number || a.number == "" && a.unit == w.units[w.unitAt(line, day)].id {
			return true
		}
	}
	return false
}

// callCost is what a call costs by the prices in force.
func (w *world) callCost(c *heldCall, m int) micro {
	if c.talk == 0 {
		return 0
	}
	if w.other != nil && m == 0 && c.service == w.other.service && c.class == w.other.class {
		return w.other.charge(c.talk)
	}
	return w.bookOf(m).cost(c.service, c.class, c.country, c.talk)
}

// costs adds up what units paid in a month, with the moments of events in local time.
func (w *world) costs() map[unitMonth]micro {
	sum := map[unitMonth]micro{}
	for i := range w.calls {
		c := &w.calls[i]
		d := &w.days[w.dayOf(c.at)]
		sum[unitMonth{w.unitAt(c.line, d.label), d.month}] += w.callCost(c, d.month)
	}
	for _, it := range w.items {
		if d := &w.days[w.dayOf(it.at)]; !it.dead {
			sum[unitMonth{w.unitAt(it.line, d.label), d.month}] += it.amount
		}
	}
	return sum
}

// subject is a line in a month, under a rule.
type subject struct {
	rule        string
	line, month int
}

// finding is what a rule measures of a subject.
type finding struct {
	count int64
	bytes int64
	cost  micro
}

// value is the measure that decides, and whether it is above the rule's limit.
func (f finding) value(rule string) (v float64, measure string, violation bool) {
	switch {
	case rule == RuleRoaming:
		return float64(f.bytes), "volume_bytes", f.bytes > 50*megabyte
	case rule == RulePremium:
		return float64(f.count), "count", f.count > 0
	case f.count <= 60 && f.cost > 150*krona:
		return f.cost.float(), "cost", true
	}
	return float64(f.count), "count", f.count > 60
}

// findings measures every line in every month by the rules about lines.
func (w *world) findings() map[subject]finding {
	all := map[subject]finding{}
	add := func(rule, approval, country string, line int, at int64, f finding) {
		d := &w.days[w.dayOf(at)]
		if w.approved(approval, line, d.label, country) {
			return
		}
		k := subject{rule, line, d.month}
		have := all[k]
		all[k] = finding{have.count + f.count, have.bytes + f.bytes, have.cost + f.cost}
	}
	for i := range w.calls {
		c := &w.calls[i]
		cost := w.callCost(c, w.days[w.dayOf(c.at)].month)
		switch {
		case c.talk == 0:
		case c.service == "voice_forward" && c.class == "mobile":
			add(RuleForwarding, "forwarding", "", c.line, c.at, finding{count: 1, cost: cost})
		case c.service == "voice_out" && c.class == "premium":
			add(RulePremium, "premium", "", c.line, c.at, finding{count: 1, cost: cost})
		}
	}
	for _, it := range w.items {
		abroad := it.country != "" && it.country != "SE"
		switch {
		case it.dead:
		case (it.service == dataRoam || it.service == dataHome) && abroad:
			add(RuleRoaming, "trip", it.country, it.line, it.at, finding{count: 1, bytes: it.bytes, cost: it.amount})
		case it.service == premiumCall && (it.dur > 0 || it.amount != 0):
			add(RulePremium, "premium", "", it.line, it.at, finding{count: 1, cost: it.amount})
		}
	}
	return all
}

// ordered lists the subjects of a rule that a condition holds for, in a fixed order.
func ordered(all map[subject]finding, rule string, fits func(subject, finding) bool) []subject {
	var list []subject
	for k, f := range all {
		if k.rule == rule && fits(k, f) {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b subject) int { return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.line, b.line)) })
	return list
}

// expectation says what is to be found of a subject.
func (w *world) expectation(k subject, f finding) Expectation {
	l := &w.lines[k.line]
	v, measure, _ := f.value(k.rule)
	e := Expectation{Kind: KindViolation, Rule: k.rule, Number: l.number, Extension: l.ext, Month: w.months[k.month].label,
		Unit: w.units[w.unitAt(k.line, w.date(k.month, w.last(k.month)))].id, Value: value(v), Measure: measure}
	switch k.rule {
	case RuleRoaming:
		e.Bytes = f.bytes
	case RuleForwarding:
		e.Count, e.Cost = f.count, f.cost.decimal('.')
	case RulePremium:
		e.Count = f.count
	}
	return e
}

// violations are the findings above a limit: "rule number month" → what is to be found.
func (w *world) violations() map[string]Expectation {
	out := map[string]Expectation{}
	for k, f := range w.findings() {
		if _, _, bad := f.value(k.rule); bad {
			e := w.expectation(k, f)
			out[e.key()] = e
		}
	}
	return out
}

func (e *Expectation) key() string { return e.Rule + " " + e.Number + " " + e.Month }

// agrees compares the world with what the plan says was planted: a second wave on top of a
// first one that is something else would be no test.
func (w *world) agrees() error {
	have := w.violations()
	for _, e := range w.expectations {
		if e.Kind != KindViolation || e.Rule == RuleWatches {
			continue
		}
		found, ok := have[e.key()]
		if !ok || *found.Value != *e.Value {
			return fmt.Errorf("%s of %s in %s is planted and the records give %+v", e.Rule, e.Number, e.Month, found)
		}
		delete(have, e.key())
	}
	if len(have) > 0 {
		return fmt.Errorf("%s: in the records and not planted", slices.Sorted(maps.Keys(have))[0])
	}
	return nil
}
