package verify

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"linesman/internal/broker"
	"linesman/processors/seal"
)

const (
	// window is how many records behind a range that does not fit are looked at to find out
	// what happened to it, and rangeMax how many of a long range.
	window   = 2 * seal.Most
	rangeMax = 1 << 20
	// maxLocated is how many ranges of a partition are looked into.
	maxLocated = 20
)

// records reads from ≤ offset < to. What the log does not hold is told to bad and left out; an
// error says that it could not be read.
func (d *deep) records(ctx context.Context, at place, from, to uint64, fn func([]broker.Record) error, bad func(uint64, error)) error {
	for from < to {
		var err error
		if from, err = readAll(ctx, d.log, at, from, to, fn); err == nil {
			return nil
		}
		var refused *callbackError
		if errors.As(err, &refused) {
			return refused.error
		}
		if !broker.Lost(err) {
			return fmt.Errorf("reading %s/%d at offset %d: %w", at.topic, at.partition, from, err)
		}
		bad(from, err)
		next, ok := behindLoss(err, from)
		if !ok {
			return nil
		}
		from = next
	}
	return nil
}

// behindLoss tells where the log goes on behind records that it does not hold.
func behindLoss(err error, at uint64) (uint64, bool) {
	var gap *broker.GapError
	if errors.As(err, &gap) && gap.Got > int64(at) {
		return uint64(gap.Got), true
	}
	var outside *broker.OffsetRangeError
	if errors.As(err, &outside) && outside.First > int64(at) { // its beginning has moved
		return uint64(outside.First), true
	}
	return at, false
}

// found are the records of a range as they are now.
type found struct {
	shorts []uint32
	times  []time.Time
}

func (d *deep) found(ctx context.Context, at place, from, to uint64) (found, error) {
	var f found
	var h seal.Hasher
	stop := errors.New("a gap")
	err := d.records(ctx, at, from, to, func(recs []broker.Record) error {
		for i := range recs {
			if uint64(recs[i].Offset) != from+uint64(len(f.shorts)) {
				return stop // behind a gap: told by the walk
			}
			leaf := h.Leaf(&recs[i])
			f.shorts = append(f.shorts, binary.BigEndian.Uint32(leaf[:]))
			f.times = append(f.times, recs[i].Time)
		}
		return nil
	}, func(uint64, error) {})
	if errors.Is(err, stop) {
		err = nil
	}
	return f, err
}

// sealed gives the short leaves that a source has of from ≤ offset < to, as far as its seals
// reach without a hole.
func (d *deep) sealed(ctx context.Context, p *deepPart, s sources, from, to uint64) ([]uint32, error) {
	var out []uint32
	at := from
	for i := range p.seals.refs {
		r := &p.seals.refs[i]
		if r.in&s == 0 || r.next <= at {
			continue
		}
		if r.first > at || at >= to {
			break
		}
		b, err := d.leaves(ctx, p.at, r, s)
		if errors.Is(err, errNoLeaves) {
			break
		}
		if err != nil {
			return nil, err
		}
		for b = b[(at-r.first)*seal.ShortBytes:]; len(b) > 0; b = b[seal.ShortBytes:] {
			out = append(out, binary.BigEndian.Uint32(b))
		}
		at = r.next
	}
	return out, nil
}

// judge says what happened to a partition.
func (d *deep) judge(ctx context.Context, p *deepPart) error {
	d.front(p)
	d.holes(p)
	shift, err := d.headless(ctx, p)
	if err != nil {
		return err
	}
	slices.SortFunc(p.misfits, func(a, b misfit) int {
		return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(b.source, a.source)) // those kept elsewhere first
	})
	looked := 0
	for i := 0; i < len(p.misfits) && shift == 0 && looked < maxLocated; looked++ {
		k := i
		for k < len(p.misfits) && p.misfits[k].to == p.misfits[i].to {
			k++
		}
		if shift, err = d.explain(ctx, p, p.misfits[i:k]); err != nil {
			return err
		}
		i = k
	}
	return d.tail(ctx, p, shift)
}

// explain reports why the sources do not fit at an offset, and by how many records the later
// ones have moved: more than zero, up.
func (d *deep) explain(ctx context.Context, p *deepPart, ms []misfit) (int, error) {
	fits := ms[0].fits
	if len(ms) == 1 && ms[0].source == inLog && fits != 0 {
		d.problem(Problem{Kind: SealChanged, Topic: p.at.topic, Partition: p.at.partition, Offset: ms[0].from, Until: ms[0].to, Against: inLog.String(),
			Detail: "the seals of the log do not fit the records; those of the " + fits.String() + " do: the seals of the log were changed"})
		return 0, nil
	}
	if ms[0].to <= p.told {
		return 0, nil
	}
	for _, m := range ms {
		diff, ok, err := d.compare(ctx, p, m.source, max(m.from, p.told), m.to)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if p.silent(m) {
			diff.problem.Detail += "; the seals of the log were made to fit, those of the " + m.source.String() + " tell"
		}
		d.problem(diff.problem)
		p.told = diff.problem.Offset + uint64(diff.removed)
		return diff.removed - diff.inserted, nil
	}
	m := ms[0]
	if m.from < p.told { // what was told reaches into it
		return 0, nil
	}
	kind, detail := Changed, "the chain does not fit, and the seals do not tell which record it is: a record was exchanged for one made to look like it, or the seal was changed"
	if p.silent(m) {
		kind, detail = SealChanged, "the seals of the "+m.source.String()+" contradict the records; those of the log fit"
	}
	d.problem(Problem{Kind: kind, Topic: p.at.topic, Partition: p.at.partition, Offset: m.from, Until: m.to, Against: m.source.String(), Detail: detail})
	return 0, nil
}

// silent tells whether the seals of the log find nothing where another source does.
func (p *deepPart) silent(m misfit) bool {
	return m.source != inLog && !slices.ContainsFunc(p.misfits, func(o misfit) bool { return o.source == inLog && o.from < m.to && m.from < o.to })
}

// explained is a difference in words.
type explained struct {
	difference
	problem Problem
}

// compare aligns the records of a range, and some behind it, with the leaves that a source
// has of them. ok tells whether they differ within the range.
func (d *deep) compare(ctx context.Context, p *deepPart, s sources, from, to uint64) (explained, bool, error) {
	if to-from > rangeMax {
		return explained{}, false, nil
	}
	want, err := d.sealed(ctx, p, s, from, to+window)
	if err != nil || len(want) == 0 {
		return explained{}, false, err
	}
	have, err := d.found(ctx, p.at, from, min(to+window, p.rep.Next))
	if err != nil {
		return explained{}, false, err
	}
	diff, differs := align(want, have.shorts)
	if !differs || from+uint64(diff.at) >= max(to, from+1) || diff.at == len(have.shorts) {
		return explained{}, false, nil
	}
	e := explained{difference: diff, problem: Problem{Topic: p.at.topic, Partition: p.at.partition, Offset: from + uint64(diff.at), RecordedAt: have.times[diff.at], Exact: true, Against: s.String()}}
	e.word(len(want)-diff.at, len(have.shorts)-diff.at)
	return e, true, nil
}

// word says what a difference means. want and have are how many leaves there are from it on.
func (e *explained) word(want, have int) {
	p := &e.problem
	switch {
	case !e.sure && want == 1 && have >= 1:
		p.Kind, p.Records, p.Detail = Changed, 1, "the last sealed record is not the one that was sealed: it was changed, or removed and what was not sealed yet has moved up"
	case !e.sure:
		p.Kind, p.Records, p.Detail = Changed, uint64(want), fmt.Sprintf("from here on none of %d sealed records fits: they were replaced, or the log was continued from an older copy", want)
	case e.removed == e.inserted:
		p.Kind, p.Records, p.Detail = Changed, uint64(e.removed), plural(e.removed, "record is not what was sealed", "records in a row are not what was sealed")
	case e.inserted == 0:
		p.Kind, p.Records, p.Detail = Removed, uint64(e.removed), plural(e.removed, "sealed record is missing here, the next ones have moved up", "sealed records are missing here, the next ones have moved up")
	case e.removed == 0:
		p.Kind, p.Records, p.Detail = Inserted, uint64(e.inserted), plural(e.inserted, "record stands here that was not there when the log was sealed", "records stand here that were not there when the log was sealed")
	default:
		p.Kind, p.Records, p.Detail = Changed, uint64(e.removed), fmt.Sprintf("%d sealed records were replaced by %d others", e.removed, e.inserted)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// headless looks at the records before the first place where the chain is known: the log may
// begin in the middle of a seal.
func (d *deep) headless(ctx context.Context, p *deepPart) (int, error) {
	if len(p.jobs) == 0 || len(p.jobs[0].start) > 0 || len(p.jobs[0].bounds) == 0 {
		return 0, nil
	}
	to := p.jobs[0].bounds[0].offset
	for _, s := range [...]sources{inAnchors, inStore, inLog} {
		diff, ok, err := d.compare(ctx, p, s, p.rep.First, to)
		if err != nil {
			return 0, err
		}
		if ok {
			d.problem(diff.problem)
			return diff.removed - diff.inserted, nil
		}
	}
	return 0, nil
}

// tail reports a log that ends before its seals, or before what the store has of it. shift is
// by how many records a removal that was found explains it.
func (d *deep) tail(ctx context.Context, p *deepPart, shift int) error {
	cut, err := d.cut(ctx, p, shift)
	if stored := d.index.reached[p.at]; err == nil && !cut && shift == 0 && stored > p.rep.Next {
		d.problem(Problem{Kind: Cut, Topic: p.at.topic, Partition: p.at.partition, Offset: p.rep.Next, Until: stored, Records: stored - p.rep.Next, Exact: true, Against: inStore.String(),
			Detail: fmt.Sprintf("the log ends here, but the store has its records up to offset %d", stored)})
	}
	return err
}

// cut compares the end of the log with the seals; it tells whether something was found.
func (d *deep) cut(ctx context.Context, p *deepPart, shift int) (bool, error) {
	var last *sealRef
	for i := range p.seals.refs {
		if r := &p.seals.refs[i]; r.next > p.rep.Next && (last == nil || r.next > last.next) {
			last = r
		}
	}
	if last == nil || shift > 0 && uint64(shift) == last.next-p.rep.Next {
		return last != nil, nil
	}
	if shift == 0 {
		s := last.in & -last.in
		from := p.rep.First
		for _, b := range p.bounds {
			if b.offset <= p.rep.Next && b.in&s != 0 {
				from = max(from, b.offset)
			}
		}
		diff, ok, err := d.compare(ctx, p, s, from, p.rep.Next)
		if err != nil {
			return true, err
		}
		if ok {
			d.problem(diff.problem)
			if shift = diff.removed - diff.inserted; shift > 0 && uint64(shift) == last.next-p.rep.Next {
				return true, nil
			}
		}
	}
	d.problem(Problem{Kind: Cut, Topic: p.at.topic, Partition: p.at.partition, Offset: p.rep.Next, Until: last.next, Records: last.next - p.rep.Next, Exact: true, Against: last.in.String(),
		Detail: fmt.Sprintf("the log ends here, but was sealed up to offset %d at %s", last.next, last.sealedAt)})
	return true, nil
}

// holes reports records between two seals that no seal covers.
func (d *deep) holes(p *deepPart) {
	at := p.rep.First
	for i := range p.seals.refs {
		r := &p.seals.refs[i]
		if r.in&inLog == 0 {
			continue
		}
		if r.first > at && (d.index.logFirst == 0 || at > p.rep.First) {
			d.problem(Problem{Kind: SealMissing, Topic: p.at.topic, Partition: p.at.partition, Offset: at, Until: min(r.first, max(p.rep.Next, at)), Records: r.first - at, Against: inLog.String(),
				Detail: "no seal of the log covers these records, but later ones are sealed"})
		}
		at = max(at, r.next)
	}
}
