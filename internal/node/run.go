package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"linesman/ingest"
	"linesman/ingest/source/folder"
	"linesman/internal/config"
)

// RunOptions say what Run starts beside the processing.
type RunOptions struct {
	Console bool
	Demo    bool // shown in the console
	// Ready is called once everything runs, with the link that opens the console; it may hold the start-up token.
	Ready func(url string)
}

// run is [Node.Run] without the note about why it ended.
func (n *Node) run(ctx context.Context, opt RunOptions) error {
	source, err := folder.New(folder.Config{Dir: n.cfg.Data, Collectors: Collectors(), Settle: n.cfg.Ingest.Settle}, n.watch.handle(n.collectFile), n.log)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if n.cfg.Has(config.RoleProcess) && !n.startProcessing(ctx, g) {
		return g.Wait()
	}
	if n.cfg.Has(config.RoleCollect) {
		g.Go(func() error { return source.Run(ctx) })
	}
	g.Go(func() error { return n.serveControl(ctx) })
	url := ""
	if opt.Console && n.cfg.Has(config.RoleConsole) {
		c, err := n.newConsole(opt)
		if err != nil {
			return errors.Join(err, stopGroup(g))
		}
		g.Go(func() error { return c.Run(ctx) })
		if url, err = n.consoleLink(c.Addr()); err != nil {
			return errors.Join(err, stopGroup(g))
		}
	}
	if opt.Ready != nil {
		g.Go(func() error {
			opt.Ready(url)
			return nil
		})
	}
	return g.Wait()
}

// startProcessing starts what goes from the log to the store, and returns when it goes. It
// returns false when ctx ended before.
func (n *Node) startProcessing(ctx context.Context, g *errgroup.Group) bool {
	processing := make(chan struct{})
	var once sync.Once
	ready := func() { once.Do(func() { close(processing) }) }
	g.Go(func() error {
		if n.cfg.Shared() {
			return n.processShare(ctx, ready)
		}
		return n.process(ctx, ready)
	})
	select {
	case <-processing:
	case <-ctx.Done():
		return false
	}
	g.Go(func() error { return n.trim(ctx) })
	g.Go(func() error { return n.archiveEvery(ctx) })
	g.Go(func() error { return n.sealer.Run(ctx, n.sealed) })
	return true
}

var errStop = errors.New("stop")

// stopGroup ends a group whose members stop with its context.
func stopGroup(g *errgroup.Group) error {
	g.Go(func() error { return errStop })
	if err := g.Wait(); !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// collectFile is what the folder source calls for a file of an inbox.
func (n *Node) collectFile(ctx context.Context, collector, path string) (ingest.Report, error) {
	// Without these flags a pipe or a link that took the name would be waited for or followed.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err // without the path: a name may hold a number
	}
	if err != nil {
		return ingest.Report{}, fmt.Errorf("opening the file: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return ingest.Report{}, fmt.Errorf("opening the file: %w", err)
	}
	if !st.Mode().IsRegular() {
		return ingest.Report{}, fmt.Errorf("opening the file: it is %s, no plain file", st.Mode().Type())
	}
	rep, err := n.collector.Collect(ctx, collector, filepath.Base(path), f, st.Size())
	return rep, logFull(err)
}

// collectOrder lists the collectors so that reference data come first.
func collectOrder() []string {
	return []string{"reference", "melior", "contacts", "itemised", "cucm", "invoices"}
}

// Feed moves the files of dir/<collector>/ into the inbox, reference data first so that
// little has to be moved to its unit afterwards, waits until they are collected and stored
// and what they change is judged. Run must be running.
func (n *Node) Feed(ctx context.Context, dir string, say func(Progress)) error {
	say = throttle(say)
	files := 0
	for _, c := range collectOrder() {
		moved, err := n.moveIn(dir, c)
		if err != nil {
			return err
		}
		files += moved
		if c == "reference" {
			if err := n.waitInbox(ctx, files, say); err != nil {
				return err
			}
			if err := n.waitStored(ctx, say); err != nil {
				return err
			}
			files = 0
		}
	}
	if err := n.waitInbox(ctx, files, say); err != nil {
		return err
	}
	if err := n.waitStored(ctx, say); err != nil {
		return err
	}
	_, err := n.follower.Settle(ctx, func(what string) { say(Progress{What: what}) })
	return err
}

func (n *Node) moveIn(dir, collector string) (int, error) {
	from := filepath.Join(dir, collector)
	entries, err := os.ReadDir(from)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", from, err)
	}
	inbox := n.cfg.Path("inbox", collector)
	if err := os.MkdirAll(inbox, 0o750); err != nil {
		return 0, fmt.Errorf("making the inbox: %w", err)
	}
	moved := 0
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(inbox, e.Name())); err != nil {
			return moved, fmt.Errorf("moving a file to the inbox: %w", err)
		}
		moved++
	}
	return moved, nil
}

// look is how often waiting looks.
const look = 20 * time.Millisecond

func (n *Node) waitInbox(ctx context.Context, files int, say func(Progress)) error {
	for {
		waiting := 0
		for _, c := range Collectors() {
			entries, err := os.ReadDir(n.cfg.Path("inbox", c))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("looking at the inbox: %w", err)
			}
			waiting += len(entries)
		}
		say(Progress{What: "files collected", Done: uint64(max(0, files-waiting)), Total: uint64(files)})
		if waiting == 0 {
			return nil
		}
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
}

func (n *Node) waitStored(ctx context.Context, say func(Progress)) error {
	for {
		lags, err := n.pipeline.Lags(ctx)
		if err != nil {
			return err
		}
		var stored, logged uint64
		for _, l := range lags {
			stored, logged = stored+l.Stored, logged+l.Logged
		}
		say(Progress{What: StepStored, Done: stored, Total: logged})
		if stored >= logged {
			return nil
		}
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
