package node

import (
	"context"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"linesman/processors/pipeline"
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
	for tries := 1; ; tries = manyTries {
		if err := n.whileEngineDies(ctx, func() error { return n.reopen(ctx, tries) }); err != nil {
			if ctx.Err() != nil {
				return nil // stopped meanwhile
			}
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

// reopen opens the pipeline. The engine may be starting anew, so that one failure says
// little; that the store does not fit the log is said at once.
func (n *Node) reopen(ctx context.Context, tries int) error {
	for try := 1; ; try++ {
		err := n.makeStore(ctx) // a rebuild may have ended halfway
		if err == nil {
			err = n.openPipeline(ctx)
		}
		if err == nil || try == tries || ctx.Err() != nil || pipeline.Unfit(err) {
			return err
		}
		n.log.Warn("the pipeline did not open and is tried again", "error", err)
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// How often opening is tried: before something is compared, and before the program gives up.
const (
	someTries = 5
	manyTries = 20
)

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
	if n.pipeline.Leads() {
		wg.Go(func() { _ = n.follower.Run(ctx) })
		wg.Go(func() { n.repairCases(ctx) })
		wg.Go(func() { n.remindEvery(ctx) })
		wg.Go(func() { n.reportEvery(ctx) })
	}
	go func() {
		wg.Wait()
		close(p.done)
	}()
	return p
}

// trimEvery is how long nothing must have arrived before memory is given back.
const trimEvery = 15 * time.Second

// trim gives memory back to the system when a flood is over: the runtime would take many
// minutes, and a quiet night needs little.
func (n *Node) trim(ctx context.Context) error {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	var last, trimmed uint64
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if at := n.pipeline.Carried(); at != last {
			last = at
		} else if at != trimmed {
			debug.FreeOSMemory()
			trimmed = at
		}
	}
}

// exclusive calls do while no loop runs.
func (n *Node) exclusive(ctx context.Context, do func(ctx context.Context) error) error {
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if n.pipeline == nil {
		return ErrOnlyCollects
	}
	if !serving {
		n.alone.Lock()
		defer n.alone.Unlock()
		if n.cfg.Shared() {
			return n.asOnly(ctx, do)
		}
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

// StepStored is the Progress.What of carrying records into the store.
const StepStored = "records stored"

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
		if err := n.openPipeline(ctx); err != nil {
			return err
		}
		return n.catchUp(ctx, say)
	})
}

// WaitLogged returns when the store holds what the log holds now. Run must be running.
func (n *Node) WaitLogged(ctx context.Context) error {
	if n.pipeline == nil { // others carry what it collects
		return nil
	}
	ends, err := n.pipeline.Logged(ctx)
	if err != nil {
		return err
	}
	for {
		stored, err := n.pipeline.Stored(ctx)
		if err != nil || stored.Reach(ends) {
			return err
		}
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
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
	if err := n.pipeline.CatchUp(ctx, func(done, total uint64) { say(Progress{StepStored, done, total}) }); err != nil {
		return err
	}
	for { // what was published is caught up in turn
		res, err := n.follower.Settle(ctx, func(what string) { say(Progress{What: what}) })
		if err != nil {
			return err
		}
		if len(res.Events) == 0 {
			return nil // what has arrived meanwhile is not in the roll-ups and stays behind
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
	out := Rebuilt{Changed: []string{}}
	err := n.exclusive(ctx, func(ctx context.Context) error {
		ends, err := n.beforeRebuild(ctx, &out)
		if err != nil {
			return err
		}
		began := time.Now()
		n.pipeline.Close()
		if err := n.store.DropAll(ctx); err != nil {
			return err
		}
		if err := n.openPipeline(ctx); err != nil {
			return err
		}
		if ends == nil {
			if ends, err = n.pipeline.Logged(ctx); err != nil {
				return err
			}
		}
		tell := throttle(say)
		if err := n.pipeline.CatchUpTo(ctx, ends, func(done, total uint64) {
			out.Records = total
			tell(Progress{StepStored, done, total})
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

// beforeRebuild sums up a store that fits the log, so that it can be compared. It says how far
// the store is: what arrives later cannot be compared. A store that does not fit has no ends.
func (n *Node) beforeRebuild(ctx context.Context, out *Rebuilt) (pipeline.Ends, error) {
	if err := n.reopen(ctx, someTries); err != nil {
		n.log.Warn("the store does not fit the log and is not compared", "error", err)
		return nil, nil
	}
	if err := n.catchUp(ctx, nil); err != nil {
		return nil, err
	}
	ends, err := n.pipeline.Stored(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if out.Before, err = n.store.Checksums(ctx); err != nil {
		return nil, err
	}
	n.log.Debug("checksums", "took", time.Since(began))
	return ends, nil
}

func (r *Rebuilt) compare(table string) {
	if r.Before != nil && r.Before[table] != r.After[table] {
		r.Changed = append(r.Changed, table)
	}
}

// Verify brings the store up to the log and compares the two. Processing rests meanwhile,
// collecting goes on: without that, what is on its way would look like a difference.
func (n *Node) Verify(ctx context.Context, say func(Progress)) (rep verify.Report, err error) {
	tell := throttle(say)
	err = n.exclusive(ctx, func(ctx context.Context) error {
		defer n.pipeline.Close()
		if err := n.reopen(ctx, someTries); err != nil {
			n.log.Warn("the store does not fit the log and is compared as it is", "error", err)
		} else if err := n.catchUp(ctx, say); err != nil {
			return err
		}
		rep, err = verify.New(n.broker, n.store).Run(ctx, func(done, total uint64) { tell(Progress{"records read", done, total}) })
		return err
	})
	return rep, err
}

// QueryRequest is SQL of a person.
type QueryRequest struct {
	SQL    string `json:"sql"`
	Format string `json:"format"`
}

// Query runs SQL that only reads and writes the result to w. Tables are read as merged.
func (n *Node) Query(ctx context.Context, req QueryRequest, w io.Writer) error {
	if n.engine == nil {
		return ErrOnlyCollects
	}
	if req.Format == "" {
		req.Format = "PrettyCompactMonoBlock"
	}
	settings := map[string]string{"final": "1", "readonly": "2", "do_not_merge_across_partitions_select_final": "1", "max_execution_time": "600"}
	if err := n.engine.QueryFormat(ctx, req.SQL, req.Format, settings, w); err != nil {
		return &QueryError{err}
	}
	return nil
}

// QueryError is the engine's word about a statement, without what only confuses: numbers of
// codes, and the list of everything that could have stood where the statement went wrong.
type QueryError struct{ Err error }

// Error says what is wrong, and what to do where that is known.
func (e *QueryError) Error() string {
	text := e.Err.Error()
	if _, rest, ok := strings.Cut(text, ", message: "); ok {
		text = rest
	}
	if head, tail, ok := strings.Cut(text, ". Expected one of: "); ok {
		text = head
		if i := strings.LastIndex(tail, " ("); i >= 0 {
			text += tail[i:]
		}
	}
	switch {
	case strings.Contains(text, "(READONLY)"):
		text += ": statements may only read; data come in through the inbox and linesman collect"
	case strings.Contains(text, "(UNKNOWN_TABLE)"):
		text += `: linesman query "SHOW TABLES" lists what there is`
	}
	return "query: " + text
}

// Unwrap gives the engine's error.
func (e *QueryError) Unwrap() error { return e.Err }
