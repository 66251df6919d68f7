package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// call is one call of the exchange before it becomes a row.
type call struct {
	at       int64 // origination, seconds since the epoch
	ring     int32
	talk     int32 // connected time; 0: nobody answered
	calling  string
	original string
	final    string
	redirect string // extension that redirected last
	reason   int64
	behalf   int64
	pilot    string
	origDev  string
	destDev  string
	user     string // of the calling line
	destUser string
	cause    int64 // of the side that hung up; 0: normal
	wait     int64 // in the queue of the hunt pilot

	service, class, country string // for the cost
	unit                    int    // of the line that the call belongs to
}

const trunk = "SIP_TRUNK_PSTN"

// monthOfNewer is when the exchange was upgraded to the release with more columns.
const monthOfNewer = "2026-03"

// owner is the extension that the call belongs to.
func (c *call) owner() string {
	switch c.service {
	case "voice_in":
		return c.final
	case "voice_forward":
		return c.redirect
	}
	return c.calling
}

// exchange draws the calls of a day in the order of its file.
func (p *plan) exchange(rng *rand.Rand, i int) []call {
	calls := append(p.background(rng, i), p.calls[i]...)
	rng.Shuffle(len(calls), func(a, b int) { calls[a], calls[b] = calls[b], calls[a] })
	return calls
}

func (g *generator) writeCUCMDay(i int) (*output, error) {
	d := &g.days[i]
	rng := g.rng(streamCUCM, i)
	columns := cucmColumns
	if g.months[d.month].label >= monthOfNewer {
		columns += cucmNewer
	}
	l := newLayout(columns)
	out := &output{tally: newTally()}
	calls := g.plan.exchange(rng, i)

	buf := append(make([]byte, 0, 720*(len(calls)+8)), l.header...)
	lines := int64(1)
	if rng.IntN(5) > 0 { // some releases leave the row of types out
		buf, lines = append(buf, l.types...), 2
	}
	keys := g.rng(streamKeys, i)
	bk := g.bookOf(d.month)
	var r row
	for n := range calls {
		c := &calls[n]
		c.fill(&r, keys, int64(i)<<16+int64(n))
		buf = l.append(buf, &r)
		if c.talk > 0 {
			cost := bk.cost(c.service, c.class, c.country, c.talk)
			out.tally.cost[centreMonth{g.units[c.unit].centre, d.month}] += cost
			out.tally.each[unitMonth{c.unit, d.month}] += cost
		}
		if c.service == "voice_forward" {
			out.tally.forward[unitMonth{c.unit, d.month}]++
		}
		if l, ok := g.exts[c.owner()]; ok {
			out.tally.used[lineMonth{l, d.month}] = i
		}
	}
	name := cucmName(d, 100000+i)
	f := File{Name: name, Collector: dirCUCM, Month: g.months[d.month].label, Rows: int64(len(calls)), Accepted: int64(len(calls))}
	for _, bad := range g.plan.badCUCM[i] {
		(&call{at: d.date.Unix() + 43200, ring: 5, talk: 30, calling: "61001", original: "61002", final: "61002", origDev: "SEPA46C2A000001", destDev: "SEPA46C2A000002"}).
			fill(&r, keys, int64(i)<<16+0xff00+f.Rejected)
		buf = bad.spoil(l, buf, r)
		f.Rows++
		f.Rejected++
		out.rejects = append(out.rejects, Reject{File: name, Row: lines + f.Rows, Column: bad.column, Kind: bad.kind})
	}
	out.tally.calls, out.tally.cucm = f.Accepted, f.Accepted
	out.files = append(out.files, f)
	packed, err := pack(buf)
	if err != nil {
		return nil, err
	}
	if err := g.writeFile(dirCUCM, name, packed); err != nil {
		return nil, err
	}
	if i == g.plan.twice {
		return out, g.deliverTwice(out, f, packed)
	}
	return out, nil
}

// cucmName names a file as the exchange does: cluster, node, time, running number.
func cucmName(d *day, seq int) string {
	return fmt.Sprintf("cdr_StandAloneCluster_01_%s2355_%d.gz", strings.ReplaceAll(d.label, "-", ""), seq)
}

// deliverTwice writes a day a second time under another name, as a transfer that was
// repeated by hand does.
func (g *generator) deliverTwice(out *output, f File, packed []byte) error {
	of := f.Name
	f.Name = cucmName(&g.days[g.plan.twice], 900000+g.plan.twice)
	f.Duplicate, f.Accepted = f.Accepted, 0
	out.files = append(out.files, f)
	out.dups = append(out.dups, Duplicate{File: f.Name, Of: of, Records: f.Duplicate})
	for _, r := range out.rejects {
		r.File = f.Name
		out.rejects = append(out.rejects, r)
	}
	return g.writeFile(dirCUCM, f.Name, packed)
}

// pack compresses without a time stamp, so that the same content gives the same bytes.
func pack(content []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(content) / 6)
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("starting gzip: %w", err)
	}
	w.ModTime = time.Unix(0, 0) // written as "no time"; the zero time.Time would not be
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return b.Bytes(), nil
}

// fill turns the call into a row. Causes are those of Q.850: 16 normal, 17 busy, 19 no answer.
func (c *call) fill(r *row, keys *rand.Rand, id int64) {
	r.num = [numCells]int64{cCallID: id, cOrigLeg: 2*id + 1, cDestLeg: 2*id + 2, cOrigination: c.at,
		cDisconnect: c.at + int64(c.ring) + int64(c.talk), cDuration: int64(c.talk),
		cOrigBehalf: c.behalf, cLastBehalf: c.behalf, cOrigReason: c.reason, cLastReason: c.reason}
	switch {
	case c.talk > 0:
		r.num[cConnect] = c.at + int64(c.ring)
		r.num[cDestCause] = 16
		if c.cause != 0 {
			r.num[cDestCause] = c.cause
		}
	case c.cause != 0:
		r.num[cOrigCause], r.num[cDestCause] = c.cause, c.cause
	default:
		r.num[cOrigCause] = 16
	}
	if c.wait > 0 {
		r.num[cQueued], r.num[cWait] = 1, c.wait
	}
	r.str = [allCells - numCells]string{cCalling - numCells: c.calling, cCallingUser - numCells: c.user,
		cOriginal - numCells: c.original, cFinal - numCells: c.final, cFinalUser - numCells: c.destUser,
		cRedirect - numCells: c.redirect, cPkid - numCells: pkid(keys),
		cOrigDevice - numCells: c.origDev, cDestDevice - numCells: c.destDev, cPilot - numCells: c.pilot}
	if c.destDev == trunk {
		r.str[cOutpulsed-numCells] = c.final
	}
}

// pkid draws a version 4 UUID. A letter stands where a run of digits could otherwise look
// like a person's number to a reader that scans text columns.
func pkid(keys *rand.Rand) string {
	const hex = "0123456789abcdef"
	var b [36]byte
	hi, lo := keys.Uint64(), keys.Uint64()
	for i := range b {
		switch i {
		case 8, 13, 18, 23:
			b[i] = '-'
			continue
		case 14:
			b[i] = '4'
			continue
		case 0, 3, 9, 19, 24, 29, 33:
			b[i] = hex[10+hi%6]
		default:
			b[i] = hex[hi&15]
		}
		hi = hi>>4 | lo<<60
		lo >>= 4
	}
	return string(b[:])
}
