package verify

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"linesman/internal/broker"
	"linesman/processors/seal"
	"linesman/processors/store"
	"linesman/schema"
)

// What a problem of the log can be.
const (
	Changed     = "changed"      // a record is not the one that was sealed
	Removed     = "removed"      // a record that was sealed is not there: later ones have moved up, or the log begins behind it
	Inserted    = "inserted"     // a record stands between sealed ones that was not there
	Cut         = "cut"          // the log ends before the end of what was sealed
	Unreadable  = "unreadable"   // the log does not give its records: damaged segments
	SealChanged = "seal_changed" // a seal contradicts the records and the other seals
	SealMissing = "seal_missing" // a seal that must be there is not
	Damaged     = "damaged"      // the log found itself damaged when it was opened
)

// Problem is one finding. Offset is that of the first record concerned.
type Problem struct {
	Kind       string    `json:"kind"`
	Topic      string    `json:"topic"`
	Partition  uint32    `json:"partition"`
	Offset     uint64    `json:"offset"`
	Until      uint64    `json:"until,omitempty"`      // offset after the last one that can be meant, where the exact record is not known
	Records    uint64    `json:"records,omitempty"`    // how many, where it is known
	RecordedAt time.Time `json:"recorded_at,omitzero"` // recorded time of the record that stands at Offset now
	Exact      bool      `json:"exact"`                // the record itself is known, not only a range it is in
	Against    string    `json:"against,omitempty"`    // whose seals tell: log, store, anchors
	Detail     string    `json:"detail"`
}

// Head is the chain at an offset: what an auditor writes down.
type Head struct {
	Next  uint64 `json:"next"` // the chain covers the records before this offset
	Chain string `json:"chain"`
}

// DeepPartition is what was found in one partition.
type DeepPartition struct {
	Topic        string    `json:"topic"`
	Partition    uint32    `json:"partition"`
	First        uint64    `json:"first"` // offset of the first record that is there
	Next         uint64    `json:"next"`
	Sealed       uint64    `json:"sealed"`
	Unsealed     uint64    `json:"unsealed"`
	Seals        int       `json:"seals"` // in the log
	LastSealAt   time.Time `json:"last_seal_at,omitzero"`
	SealedHead   Head      `json:"sealed_head"` // as the last seal says
	Head         Head      `json:"head"`        // as the records say, unsealed ones included
	Mismatches   int       `json:"mismatches"`  // ranges between two seals that do not fit
	OK           bool      `json:"ok"`
	lastMismatch uint64
}

// Deep is the report on the whole log.
type Deep struct {
	OK         bool            `json:"ok"`
	At         time.Time       `json:"at"`
	Seconds    float64         `json:"seconds"`
	Records    uint64          `json:"records"` // walked
	PerSecond  uint64          `json:"records_per_second"`
	Sealed     uint64          `json:"sealed"`
	Unsealed   uint64          `json:"unsealed"`
	LastSealAt time.Time       `json:"last_seal_at,omitzero"`
	InStore    int             `json:"seals_in_store"`
	InAnchors  int             `json:"seals_in_anchors"`
	Partitions []DeepPartition `json:"partitions"`
	Problems   []Problem       `json:"problems"`
	Notes      []string        `json:"notes,omitempty"`
}

// Anchors is a file of seals that was kept elsewhere.
type Anchors interface {
	io.ReaderAt
}

// deep is one run.
type deep struct {
	log     Log
	store   *store.Store // nil: not compared
	anchors Anchors      // nil: none
	index   *sealIndex
	rep     Deep

	retention time.Duration // after which the log deletes records, as configured; 0: never

	mu   sync.Mutex
	done atomic.Uint64
	step func(done, total uint64)
	all  uint64
}

// DeepRun walks the whole log, recomputes the hash chains and compares them with the seals of
// the log, of the store (unless st is nil) and of the anchor file (unless anchors is nil).
// What it finds is in the report; an error says that it could not look.
func DeepRun(ctx context.Context, log Log, st *store.Store, anchors Anchors, progress func(done, total uint64)) (Deep, error) {
	began := time.Now()
	d := &deep{log: log, store: st, anchors: anchors, index: newSealIndex(), step: progress}
	d.rep = Deep{At: began.UTC(), Problems: []Problem{}}
	if err := d.damage(ctx); err != nil {
		return d.rep, err
	}
	if err := d.readSeals(ctx); err != nil {
		return d.rep, err
	}
	parts, err := d.plan(ctx)
	if err != nil {
		return d.rep, err
	}
	if err := d.walkAll(ctx, parts); err != nil {
		return d.rep, err
	}
	for _, p := range parts {
		if err := d.judge(ctx, p); err != nil {
			return d.rep, err
		}
		d.rep.Partitions = append(d.rep.Partitions, p.rep)
		d.rep.Sealed += p.rep.Sealed
		d.rep.Unsealed += p.rep.Unsealed
		if p.rep.LastSealAt.After(d.rep.LastSealAt) {
			d.rep.LastSealAt = p.rep.LastSealAt
		}
	}
	d.finish(time.Since(began))
	return d.rep, nil
}

// damage passes on what the log found when it was opened: it cuts off what is damaged, so that
// the walk meets only a gap or an end. It also learns whether the log may delete anything.
func (d *deep) damage(ctx context.Context) error {
	log, ok := d.log.(interface {
		Health(context.Context) (broker.Health, error)
	})
	if !ok {
		return nil
	}
	h, err := log.Health(ctx)
	if err != nil {
		return err
	}
	d.retention = h.Retention
	for _, text := range h.Damage {
		d.problem(Problem{Kind: Damaged, Detail: text})
	}
	return nil
}

func (d *deep) finish(took time.Duration) {
	d.rep.Records = d.done.Load()
	d.rep.Seconds = took.Seconds()
	d.rep.PerSecond = uint64(float64(d.rep.Records) / took.Seconds())
	names := topicNames()
	slices.SortStableFunc(d.rep.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(names, a.Topic), slices.Index(names, b.Topic)), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	d.rep.OK = len(d.rep.Problems) == 0
	for i := range d.rep.Partitions {
		p := &d.rep.Partitions[i]
		p.OK = !slices.ContainsFunc(d.rep.Problems, func(x Problem) bool { return x.Topic == p.Topic && x.Partition == p.Partition })
	}
}

func topicNames() []string {
	var out []string
	for _, t := range schema.Topics() {
		out = append(out, t.Name)
	}
	return out
}

// problem notes a finding.
func (d *deep) problem(p Problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rep.Problems = append(d.rep.Problems, p)
}

// deepPart is one partition in work.
type deepPart struct {
	at      place
	seals   *partSeals
	bounds  []bound
	jobs    []*job
	rep     DeepPartition
	mu      sync.Mutex
	misfits []misfit
	read    int    // failed reads: a limit to patience
	told    uint64 // up to here it was said what happened
}

// plan looks how far each partition goes and cuts it into jobs.
func (d *deep) plan(ctx context.Context) ([]*deepPart, error) {
	var parts []*deepPart
	for _, t := range schema.Topics() {
		for n := range t.Partitions {
			first, next, err := d.log.Offsets(ctx, t.Name, n)
			if err != nil {
				return nil, err
			}
			at := place{t.Name, uint32(n)}
			p := &deepPart{at: at, seals: d.index.part(at)}
			p.rep = DeepPartition{Topic: t.Name, Partition: at.partition, First: uint64(first), Next: uint64(next), SealedHead: Head{0, seal.Chain{}.String()}}
			p.cover()
			p.bounds = p.seals.bounds()
			p.cutJobs(d.sources())
			d.all += p.rep.Next - p.rep.First
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// cover counts what the seals of the log cover.
func (p *deepPart) cover() {
	at := p.rep.First
	for i := range p.seals.refs {
		r := &p.seals.refs[i]
		if r.in&inLog == 0 {
			continue
		}
		p.rep.Seals++
		if to := min(r.next, p.rep.Next); to > at {
			p.rep.Sealed += to - max(at, min(r.first, to))
			at = to
		}
		if r.next >= p.rep.SealedHead.Next {
			p.rep.SealedHead, p.rep.LastSealAt = Head{r.next, r.chain.String()}, r.sealedAt.UTC()
		}
	}
	p.rep.Unsealed = p.rep.Next - p.rep.First - p.rep.Sealed
}

// walkAll does the jobs of all partitions, as many at once as there are processors.
func (d *deep) walkAll(ctx context.Context, parts []*deepPart) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range parts {
		for _, j := range p.jobs {
			g.Go(func() error {
				if err := d.walk(ctx, p, j); err != nil {
					return fmt.Errorf("walking %s/%d: %w", p.at.topic, p.at.partition, err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

func (d *deep) count(n int) {
	done := d.done.Add(uint64(n))
	if d.step != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.step(done, d.all)
	}
}
