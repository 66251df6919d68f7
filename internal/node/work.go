package node

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"linesman/processors/verify"
	"linesman/schema"
)

// processing is a running set of loops.
type processing struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// pause asks Run to stop the loops, call do, and start them again.
type pause struct {
	do  func(ctx context.Context) error
	err chan error
	ctx context.Context
}

// process runs pipeline and follower until ctx ends, and makes room for pauses.
func (n *Node) process(ctx context.Context, ready func()) error {
	n.setPaused(true)
	defer n.setPaused(false)
	for {
		if err := n.pipeline.Open(ctx); err != nil {
			return err
		}
		p := n.start(ctx)
		ready()
		select {
		case <-ctx.Done():
			<-p.done
			return nil
		case <-p.done:
			p.cancel()
			return p.err
		case req := <-n.pauses:
			p.cancel()
			<-p.done
			req.err <- req.do(req.ctx)
		}
	}
}

// setPaused tells exclusive whether somebody serves the pauses.
func (n *Node) setPaused(serving bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serving = serving
}

func (n *Node) start(ctx context.Context) *processing {
	ctx, cancel := context.WithCancel(ctx)
	p := &processing{cancel: cancel, done: make(chan struct{})}
	n.pipeline.MarkRunning()
	var wg sync.WaitGroup
	wg.Go(func() {
		p.err = n.pipeline.Run(ctx)
		cancel()
	})
	wg.Go(func() { _ = n.follower.Run(ctx) })
	go func() {
		wg.Wait()
		close(p.done)
	}()
	return p
}

// exclusive calls do while no loop runs.
func (n *Node) exclusive(ctx context.Context, do func(ctx context.Context) error) error {
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if !serving {
		n.alone.Lock()
		defer n.alone.Unlock()
		return do(ctx)
	}
	req := pause{do: do, err: make(chan error, 1), ctx: ctx}
	select {
	case n.pauses <- req:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-req.err
}

// Progress is how far a long piece of work has come.
type Progress struct {
	What  string `json:"what"`
	Done  uint64 `json:"done"`
	Total uint64 `json:"total"`
}

// CatchUp brings the store up to the log and settles roll-ups and violations. It is for
// commands that run without Run.
func (n *Node) CatchUp(ctx context.Context, say func(Progress)) error {
	return n.exclusive(ctx, func(ctx context.Context) error {
		if err := n.pipeline.Open(ctx); err != nil {
			return err
		}
		return n.catchUp(ctx, say)
	})
}

// throttle passes progress on at most some times a second.
func throttle(say func(Progress)) func(Progress) {
	var mu sync.Mutex
	var last time.Time
	return func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if say == nil || (p.Done != p.Total && time.Since(last) < 200*time.Millisecond) {
			return
		}
		last = time.Now()
		say(p)
	}
}

func (n *Node) catchUp(ctx context.Context, say func(Progress)) error {
	say = throttle(say)
	if err := n.pipeline.CatchUp(ctx, func(done, total uint64) { say(Progress{"records stored", done, total}) }); err != nil {
		return err
	}
	for { // what was published is caught up in turn
		res, err := n.follower.Settle(ctx, func(what string) { say(Progress{What: what}) })
		if err != nil {
			return err
		}
		if len(res.Events) == 0 {
			return n.pipeline.CatchUp(ctx, nil)
		}
	}
}

// Rebuilt is what a rebuild did.
type Rebuilt struct {
	Records uint64            `json:"records"`
	Took    time.Duration     `json:"-"`
	Seconds float64           `json:"seconds"`
	Stored  float64           `json:"stored_seconds"` // without roll-ups and evaluation
	Changed []string          `json:"changed_tables"` // tables whose content differs from before
	Events  int               `json:"violation_events"`
	Before  map[string]string `json:"before"`
	After   map[string]string `json:"after"`
}

// Rebuild drops every table and builds the store anew from the log. Collecting goes on
// meanwhile; what arrives is stored afterwards.
func (n *Node) Rebuild(ctx context.Context, say func(Progress)) (Rebuilt, error) {
	var out Rebuilt
	err := n.exclusive(ctx, func(ctx context.Context) error {
		began := time.Now()
		if err := n.pipeline.Open(ctx); err == nil { // a store that fits the log can be compared
			if err := n.catchUp(ctx, nil); err != nil {
				return err
			}
			if out.Before, err = n.store.Checksums(ctx); err != nil {
				return err
			}
			began = time.Now()
		} else {
			n.log.Warn("the store does not fit the log and is not compared", "error", err)
		}
		n.pipeline.Close()
		if err := n.store.DropAll(ctx); err != nil {
			return err
		}
		if err := n.pipeline.Open(ctx); err != nil {
			return err
		}
		tell := throttle(say)
		if err := n.pipeline.CatchUp(ctx, func(done, total uint64) {
			out.Records = total
			tell(Progress{"records stored", done, total})
		}); err != nil {
			return err
		}
		out.Stored = time.Since(began).Seconds()
		res, err := n.follower.Settle(ctx, func(what string) { tell(Progress{What: what}) })
		if err != nil {
			return err
		}
		out.Events = len(res.Events)
		out.Took = time.Since(began)
		out.Seconds = out.Took.Seconds()
		if out.After, err = n.store.Checksums(ctx); err != nil {
			return err
		}
		for _, in := range schema.Catalogue() {
			out.compare(in.Name)
		}
		out.compare("usage_daily")
		out.compare("usage_line_daily")
		n.pipeline.Close()
		return nil
	})
	return out, err
}

func (r *Rebuilt) compare(table string) {
	if r.Before != nil && r.Before[table] != r.After[table] {
		r.Changed = append(r.Changed, table)
	}
}

// Verify compares log and store.
func (n *Node) Verify(ctx context.Context, say func(Progress)) (verify.Report, error) {
	tell := throttle(say)
	return verify.New(n.broker, n.store).Run(ctx, func(done, total uint64) { tell(Progress{"records read", done, total}) })
}

// QueryRequest is SQL of a person.
type QueryRequest struct {
	SQL    string `json:"sql"`
	Format string `json:"format"`
}

// Query runs SQL that only reads and writes the result to w. Tables are read as merged.
func (n *Node) Query(ctx context.Context, req QueryRequest, w io.Writer) error {
	if req.Format == "" {
		req.Format = "PrettyCompactMonoBlock"
	}
	settings := map[string]string{"final": "1", "readonly": "2", "do_not_merge_across_partitions_select_final": "1", "max_execution_time": "600"}
	if err := n.engine.QueryFormat(ctx, req.SQL, req.Format, settings, w); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}
