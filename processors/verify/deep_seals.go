package verify

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/processors/store"
	"linesman/schema"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition uint32
}

// sources says where a seal stands: bits of it.
type sources uint8

const (
	inLog sources = 1 << iota
	inStore
	inAnchors
	sourceCount = 3
)

// String names the sources.
func (s sources) String() string {
	out := ""
	for i, name := range [sourceCount]string{"log", "store", "anchors"} {
		if s&(1<<i) != 0 {
			if out != "" {
				out += " and "
			}
			out += name
		}
	}
	return out
}

// sealRef is a seal without its leaves. The same seal in several sources is one.
type sealRef struct {
	first, next   uint64
	before, chain seal.Chain
	digest        uint64 // of the leaves
	in            sources
	sealedAt      schema.Time
	where         [sourceCount]int64 // offset in linesman.seals, the same as the store has it, byte in the anchor file
}

type refKey struct {
	first, next   uint64
	before, chain seal.Chain
	digest        uint64
}

// partSeals is the seals of one partition, by first offset.
type partSeals struct {
	refs []sealRef
	by   map[refKey]int
}

// sealIndex is all seals of all sources.
type sealIndex struct {
	parts     map[place]*partSeals
	logFirst  uint64           // of linesman.seals
	reached   map[place]uint64 // up to where the store has the partitions
	storeNext uint64           // up to where the store has linesman.seals
}

func newSealIndex() *sealIndex {
	return &sealIndex{parts: map[place]*partSeals{}, reached: map[place]uint64{}}
}

func (x *sealIndex) part(at place) *partSeals {
	p := x.parts[at]
	if p == nil {
		p = &partSeals{by: map[refKey]int{}}
		x.parts[at] = p
	}
	return p
}

// add takes a seal in. An error says why it cannot be one.
func (x *sealIndex) add(s *schema.Seal, from sources, where int64) error {
	before, err := seal.ParseChain(s.Before)
	if err != nil {
		return err
	}
	chain, err := seal.ParseChain(s.Chain)
	if err != nil {
		return err
	}
	if s.Next <= s.First {
		return fmt.Errorf("it covers no records: %d to %d", s.First, s.Next)
	}
	if seal.EventID(s) != s.EventID {
		return errors.New("its id does not follow from its content")
	}
	sum := sha256.Sum256([]byte(s.Leaves))
	key := refKey{s.First, s.Next, before, chain, binary.LittleEndian.Uint64(sum[:8])}
	p := x.part(place{s.Topic, s.Partition})
	i, ok := p.by[key]
	if !ok {
		i = len(p.refs)
		p.by[key] = i
		p.refs = append(p.refs, sealRef{first: s.First, next: s.Next, before: before, chain: chain, digest: key.digest, sealedAt: s.SealedAt, where: [sourceCount]int64{-1, -1, -1}})
	}
	r := &p.refs[i]
	r.in |= from
	if n := from.index(); r.where[n] < 0 || where < r.where[n] { // the store gives them in no order
		r.where[n] = where
	}
	return nil
}

func (s sources) index() int {
	switch s {
	case inLog:
		return 0
	case inStore:
		return 1
	}
	return 2
}

// sources lists the sources that are compared.
func (d *deep) sources() sources {
	in := inLog
	if d.store != nil {
		in |= inStore
	}
	if d.anchors != nil {
		in |= inAnchors
	}
	return in
}

// readSeals reads the seals of all sources: the log last, so that it has every seal that the
// others have; the partitions are measured after that, so that they hold what is sealed.
func (d *deep) readSeals(ctx context.Context) error {
	if err := d.storeSeals(ctx); err != nil {
		return fmt.Errorf("reading the seals of the store: %w", err)
	}
	if d.anchors != nil {
		if err := d.anchorSeals(ctx); err != nil {
			return fmt.Errorf("reading the anchor file: %w", err)
		}
	}
	if err := d.logSeals(ctx); err != nil {
		return fmt.Errorf("reading the seals of the log: %w", err)
	}
	for at, p := range d.index.parts {
		p.by = nil
		slices.SortFunc(p.refs, func(a, b sealRef) int {
			return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.next, b.next))
		})
		d.compareSources(at, p)
	}
	d.unanchored()
	return nil
}

func (d *deep) storeSeals(ctx context.Context) error {
	if d.store == nil {
		return nil
	}
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			next, _, err := d.store.Position(ctx, t.Name, uint32(n))
			if err != nil {
				return err
			}
			d.index.reached[place{t.Name, uint32(n)}] = next
		}
	}
	d.index.storeNext = d.index.reached[place{schema.TopicSeals, 0}]
	rows, err := d.store.Conn().Query(store.Exact(ctx), "SELECT lower(hex(event_id)), toString(topic), partition, first, next, chain_before, chain, leaves, sealed_at, log_offset FROM seals")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s schema.Seal
		var id string
		var at time.Time
		if err := rows.Scan(&id, &s.Topic, &s.Partition, &s.First, &s.Next, &s.Before, &s.Chain, &s.Leaves, &at, &s.Offset); err != nil {
			return err
		}
		s.SealedAt = schema.TimeOf(at)
		if s.EventID, err = schema.ParseID(id); err == nil {
			err = d.index.add(&s, inStore, int64(s.Offset))
		}
		if err != nil {
			d.problem(Problem{Kind: SealChanged, Topic: schema.TopicSeals, Offset: s.Offset, Exact: true, Against: "store", Detail: "a seal in the store is none: " + err.Error()})
			continue
		}
		d.rep.InStore++
	}
	return rows.Err()
}

// anchorSeals reads the file that was kept elsewhere. Who names one wants it compared: a file
// without a seal is an error.
func (d *deep) anchorSeals(ctx context.Context) error {
	in := bufio.NewReaderSize(io.NewSectionReader(d.anchors, 0, math.MaxInt64), 1<<20)
	bad := 0
	for at := int64(0); ; {
		text, err := in.ReadSlice('\n')
		line := text
		if errors.Is(err, bufio.ErrBufferFull) { // no seal is this long
			bad++
			for errors.Is(err, bufio.ErrBufferFull) {
				at += int64(len(text))
				text, err = in.ReadSlice('\n')
			}
			line = nil
		}
		if len(line) > 1 {
			var a seal.Anchor
			s, e := schema.Seal{}, json.Unmarshal(line, &a)
			if e == nil {
				s, e = a.Seal()
			}
			if e == nil {
				e = d.index.add(&s, inAnchors, at)
			}
			if e != nil {
				bad++
			} else {
				d.rep.InAnchors++
			}
		}
		at += int64(len(text))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if d.rep.InAnchors == 0 {
		return errors.New("it holds no seal: it was emptied, or it is another file, and nothing can be compared with it")
	}
	if bad > 0 {
		d.rep.Notes = append(d.rep.Notes, fmt.Sprintf("%d lines of the anchor file are no seals and are left aside: a crash can leave a part of a line", bad))
	}
	return nil
}

func (d *deep) logSeals(ctx context.Context) error {
	first, next, err := d.log.Offsets(ctx, schema.TopicSeals, 0)
	if err != nil {
		return err
	}
	d.index.logFirst = uint64(first)
	dec := schema.NewDecoder(schema.SealTable())
	return d.records(ctx, place{schema.TopicSeals, 0}, uint64(first), uint64(next), func(recs []broker.Record) error {
		for i := range recs {
			var s schema.Seal
			err := dec.Decode(recs[i].Value, &s)
			if err == nil {
				err = d.index.add(&s, inLog, recs[i].Offset)
			}
			if err != nil {
				d.problem(Problem{Kind: SealChanged, Topic: schema.TopicSeals, Offset: uint64(recs[i].Offset), Exact: true, RecordedAt: recs[i].Time, Against: "log", Detail: "a record among the seals is no seal: " + err.Error()})
			}
		}
		return nil
	}, func(at uint64, err error) { // the walk tells it as a finding
		text := "no seal behind it is known"
		if next, ok := behindLoss(err, at); ok {
			text = fmt.Sprintf("the seals go on at offset %d", next)
		}
		d.note("the seals of the log cannot be read at offset %d: %s", at, text)
	})
}

// compareSources tells which seals one source has and another lacks.
func (d *deep) compareSources(at place, p *partSeals) {
	type lack struct {
		ref *sealRef
		n   uint64
	}
	var gone, unstored lack
	note := func(l *lack, r *sealRef) {
		if l.n++; l.ref == nil {
			l.ref = r
		}
	}
	for i := range p.refs {
		r := &p.refs[i]
		switch {
		case r.in&inLog == 0 && d.index.logFirst > 0 && (r.in&inStore == 0 || uint64(r.where[1]) < d.index.logFirst):
			// The log keeps its seals only for some time.
		case r.in&inLog == 0:
			note(&gone, r)
		case d.store != nil && r.in&inStore == 0 && uint64(r.where[0]) < d.index.storeNext:
			note(&unstored, r)
		}
	}
	if r := gone.ref; r != nil {
		kind, what := SealMissing, "are not in the log"
		if slices.ContainsFunc(p.refs, func(o sealRef) bool { return o.in&inLog != 0 && o.first == r.first && o.next == r.next }) {
			kind, what = SealChanged, "are not in the log, which has others for the same records"
		}
		d.problem(Problem{Kind: kind, Topic: at.topic, Partition: at.partition, Offset: r.first, Until: r.next, Against: r.in.String(),
			Detail: fmt.Sprintf("%d seals of the %s %s; the first was made at %s", gone.n, r.in, what, r.sealedAt)})
	}
	if r := unstored.ref; r != nil {
		d.problem(Problem{Kind: SealMissing, Topic: at.topic, Partition: at.partition, Offset: r.first, Until: r.next, Against: "log",
			Detail: fmt.Sprintf("%d seals of the log are not in the store; the first was made at %s: linesman rebuild makes the store anew; if it was right, the seals were put into the log later", unstored.n, r.sealedAt)})
	}
}
