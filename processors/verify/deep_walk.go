package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/schema"
)

// bound is what seals say the chain is before the record at offset.
type bound struct {
	offset uint64
	value  seal.Chain
	in     sources
	ref    int32 // a seal that says so; -1: the beginning of the log
	opens  bool  // a seal begins here with it
}

// bounds lists what the seals say, by offset; what several say alike stands there once.
func (p *partSeals) bounds() []bound {
	out := make([]bound, 0, len(p.refs)+2)
	out = append(out, bound{in: inLog | inStore | inAnchors, ref: -1, opens: true})
	for i := range p.refs {
		r := &p.refs[i]
		out = append(out, bound{r.first, r.before, r.in, int32(i), true}, bound{r.next, r.chain, r.in, int32(i), false})
	}
	slices.SortStableFunc(out, func(a, b bound) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), slices.Compare(a.value[:], b.value[:]))
	})
	last := 0
	for _, b := range out[1:] {
		l := &out[last]
		if l.offset == b.offset && l.value == b.value {
			l.in, l.opens = l.in|b.in, l.opens || b.opens
			continue
		}
		last++
		out[last] = b
	}
	return out[:last+1]
}

// job is a stretch of a partition that is walked by itself: the seals say what the chain is
// where it begins.
type job struct {
	from, to uint64
	start    []bound // at from
	bounds   []bound // behind from
}

// jobRecords is how long a job is at least.
const jobRecords = 50_000

// cutJobs cuts the partition where all sources agree on the chain.
func (p *deepPart) cutJobs(compared sources) {
	if p.rep.First == p.rep.Next {
		return
	}
	var from, to [sourceCount]uint64
	for n := range sourceCount {
		from[n] = p.rep.Next
		for _, b := range p.bounds {
			if b.in&(1<<n) != 0 && b.ref >= 0 {
				from[n], to[n] = min(from[n], b.offset), max(to[n], b.offset)
			}
		}
	}
	agreed := func(group []bound) bool {
		spans := sources(0)
		for n := range sourceCount {
			if at := group[0].offset; from[n] <= at && at <= to[n] {
				spans |= 1 << n
			}
		}
		return len(group) == 1 && group[0].in&spans&compared == spans&compared
	}
	j := &job{from: p.rep.First}
	for i := 0; i < len(p.bounds); {
		k := i
		for k < len(p.bounds) && p.bounds[k].offset == p.bounds[i].offset {
			k++
		}
		group, at := p.bounds[i:k], p.bounds[i].offset
		i = k
		switch {
		case at < p.rep.First || at > p.rep.Next:
		case at == p.rep.First:
			j.start = group
		default:
			j.bounds = append(j.bounds, group...)
			if at < p.rep.Next && at-j.from >= jobRecords && agreed(group) {
				j.to = at
				p.jobs = append(p.jobs, j)
				j = &job{from: at, start: group}
			}
		}
	}
	j.to = p.rep.Next
	p.jobs = append(p.jobs, j)
}

// misfit is a range whose records do not lead to the chain that a source says.
type misfit struct {
	source   sources // one
	from, to uint64
	fits     sources // others whose seals fit at to
}

// lane is a running chain, and the sources that agree on it.
type lane struct {
	value seal.Chain
	in    sources
}

// walker is the state of a job.
type walker struct {
	d      *deep
	p      *deepPart
	lanes  []lane // none: the chain is not known here
	since  [sourceCount]uint64
	at     uint64
	bounds []bound // ahead
	hasher seal.Hasher
}

const maxFailedReads = 64 // of one partition, before it is given up

func (d *deep) walk(ctx context.Context, p *deepPart, j *job) error {
	w := &walker{d: d, p: p, at: j.from, bounds: j.bounds}
	w.adopt(j.start)
	for w.at < j.to {
		err := w.stretch(ctx, j.to)
		if err == nil {
			break
		}
		if !broker.Lost(err) { // that it cannot be read now is no finding
			return fmt.Errorf("at offset %d: %w", w.at, err)
		}
		if !w.behind(err, j.to) {
			return nil
		}
	}
	if j.to == p.rep.Next {
		for _, l := range w.lanes {
			if l.in&inLog != 0 {
				p.rep.Head = Head{w.at, l.value.String()}
			}
		}
	}
	return nil
}

// stretch walks to the end, or to where the log cannot be read.
func (w *walker) stretch(ctx context.Context, to uint64) error {
	_, err := readAll(ctx, w.d.log, w.p.at, w.at, to, func(recs []broker.Record) error {
		for i := range recs {
			leaf := w.hasher.Leaf(&recs[i])
			for n := range w.lanes {
				w.lanes[n].value = w.lanes[n].value.Next(leaf)
			}
			w.at++
			if len(w.bounds) > 0 && w.bounds[0].offset == w.at {
				w.check()
			}
		}
		w.d.count(len(recs))
		return nil
	})
	return err
}

// behind tells what the log does not hold and goes to the next place where the chain is known.
// It says whether there is one.
func (w *walker) behind(err error, to uint64) bool {
	next, known := behindLoss(err, w.at)
	var outside *broker.OffsetRangeError
	shorter := errors.As(err, &outside) && uint64(outside.Next) < w.p.rep.Next
	w.tell(err, min(next, to), known && !shorter)
	w.p.mu.Lock()
	w.p.read++
	enough := w.p.read > maxFailedReads
	w.p.mu.Unlock()
	if !known {
		next = w.at + 1
	}
	if enough || shorter || outside != nil && !known || next >= to {
		return false
	}
	for len(w.bounds) > 0 && w.bounds[0].offset < next {
		w.bounds = w.bounds[1:]
	}
	switch {
	case known: // the chain is known again at the next seal
		w.at, w.lanes = next, nil
		if len(w.bounds) > 0 && w.bounds[0].offset == next {
			w.adopt(w.group())
		}
	case len(w.bounds) > 0:
		w.at = w.bounds[0].offset
		w.adopt(w.group())
	default:
		return false
	}
	return true
}

// tell reports that the log does not hold records from here on, up to next where that is known.
func (w *walker) tell(err error, next uint64, known bool) {
	problem := Problem{Kind: Unreadable, Topic: w.p.at.topic, Partition: w.p.at.partition, Offset: w.at, Detail: err.Error()}
	if known {
		problem.Until, problem.Records, problem.Exact = next, next-w.at, true
		problem.Detail = fmt.Sprintf("the log does not give these records; it goes on at offset %d: damaged segment files, compaction or transactions", next)
	}
	var outside *broker.OffsetRangeError
	switch {
	case !errors.As(err, &outside):
	case !known:
		problem.Detail = fmt.Sprintf("the log reaches from offset %d to %d now and changed while it was read", outside.First, outside.Next)
	case w.d.retention > 0:
		w.d.note("%s/%d: records from offset %d to before %d went while the log was read, as the retention of %s allows", w.p.at.topic, w.p.at.partition, w.at, next, w.d.retention)
		return
	default:
		problem.Kind, problem.Detail = Removed, "these records were deleted while the log was read, and nothing is set that deletes records"
	}
	w.d.problem(problem)
}

// group takes the bounds of the next offset.
func (w *walker) group() []bound {
	n := 1
	for n < len(w.bounds) && w.bounds[n].offset == w.bounds[0].offset {
		n++
	}
	group := w.bounds[:n]
	w.bounds = w.bounds[n:]
	return group
}

// adopt takes the chain from what the seals say here.
func (w *walker) adopt(group []bound) {
	w.lanes = nil
	for n := range sourceCount {
		w.since[n] = w.at
	}
	if len(group) == 0 {
		return
	}
	for n := range sourceCount {
		b := expected(group, 1<<n)
		if b == nil {
			b = &group[0]
		}
		w.put(b.value, 1<<n)
	}
}

// expected is what a source says, the beginning of a seal before the end of one.
func expected(group []bound, s sources) *bound {
	var out *bound
	for i := range group {
		if b := &group[i]; b.in&s != 0 && (out == nil || b.opens && !out.opens) {
			out = b
		}
	}
	return out
}

func (w *walker) put(value seal.Chain, s sources) {
	for i := range w.lanes {
		if w.lanes[i].value == value {
			w.lanes[i].in |= s
			return
		}
	}
	w.lanes = append(w.lanes, lane{value, s})
}

// check compares the chains with what the seals say before the next record.
func (w *walker) check() {
	group := w.group()
	if len(w.lanes) == 0 {
		w.adopt(group)
		return
	}
	lanes := w.lanes
	w.lanes = nil
	var fits sources
	var bad []misfit
	for n := range sourceCount {
		s := sources(1 << n)
		i := slices.IndexFunc(lanes, func(l lane) bool { return l.in&s != 0 })
		value := lanes[i].value
		says := expected(group, s)
		if says == nil { // it says nothing here
			w.put(value, s)
			continue
		}
		if slices.ContainsFunc(group, func(b bound) bool { return b.in&s != 0 && b.value == value }) {
			fits |= s
			w.contradict(group, s, value)
		} else {
			bad = append(bad, misfit{source: s, from: w.since[n], to: w.at})
			value = says.value
		}
		w.since[n] = w.at
		w.put(value, s)
	}
	if len(bad) == 0 {
		return
	}
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	for _, m := range bad {
		m.fits = fits
		w.p.misfits = append(w.p.misfits, m)
	}
	if w.at != w.p.rep.lastMismatch || w.p.rep.Mismatches == 0 {
		w.p.rep.Mismatches++
		w.p.rep.lastMismatch = w.at
	}
}

// contradict reports seals of a source that say otherwise, where another one of it fits.
func (w *walker) contradict(group []bound, s sources, value seal.Chain) {
	for _, b := range group {
		if b.in&s == 0 || b.value == value || b.ref < 0 {
			continue
		}
		r := &w.p.seals.refs[b.ref]
		where := ""
		if r.where[0] >= 0 {
			where = fmt.Sprintf(" (offset %d of %s)", r.where[0], schema.TopicSeals)
		}
		w.d.problem(Problem{Kind: SealChanged, Topic: w.p.at.topic, Partition: w.p.at.partition, Offset: r.first, Until: r.next, Against: s.String(),
			Detail: fmt.Sprintf("the seal%s of %s contradicts the records and the seal beside it", where, r.sealedAt)})
	}
}
