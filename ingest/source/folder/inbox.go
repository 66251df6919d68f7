package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"linesman/ingest"

	"github.com/fsnotify/fsnotify"
)

// inbox is one watched folder.
type inbox struct {
	s         *Source
	collector string
	dir       string
	watcher   *fsnotify.Watcher
	wake      chan struct{}
	files     *tracker
	warned    map[string]bool // names that are passed over and were mentioned
	pause     backoff         // of the whole inbox, while the log is away

	mu       sync.Mutex
	finished map[string]bool // names that were given to finished files since the last look
}

func newInbox(s *Source, collector string, watcher *fsnotify.Watcher) *inbox {
	return &inbox{
		s: s, collector: collector, dir: s.Inbox(collector), watcher: watcher, wake: make(chan struct{}, 1),
		finished: map[string]bool{}, files: newTracker(s.cfg.Settle), warned: map[string]bool{}, pause: backoff{min: s.cfg.RetryMin, max: s.cfg.RetryMax},
	}
}

// wakeUp asks for a look at the folder; asking again before it happened changes nothing.
func (b *inbox) wakeUp() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// whole notes that a finished file got its name.
func (b *inbox) whole(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finished[name] = true
}

func (b *inbox) takeWhole() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := b.finished
	b.finished = map[string]bool{}
	return names
}

// gather is how long the notices of a busy folder are gathered before a look at it.
const gather = 10 * time.Millisecond

func (b *inbox) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var due time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
			if soon := time.Now().Add(gather); soon.Before(due) {
				due = soon
				timer.Reset(gather)
			}
			continue
		case <-timer.C:
			b.watch()
		}
		now := time.Now()
		wait := b.s.cfg.Poll
		if until := b.pause.until; now.Before(until) {
			wait = min(wait, until.Sub(now))
		} else if err := b.look(now); err != nil {
			b.s.log.Error("an inbox cannot be read, trying again", "collector", b.collector, "error", err)
		} else {
			b.collect(ctx)
			wait = min(wait, b.next())
		}
		due = time.Now().Add(wait)
		timer.Reset(wait)
	}
}

// next is how long to wait until a file may be ready.
func (b *inbox) next() time.Duration {
	now := time.Now()
	at := b.files.next()
	if b.pause.until.After(now) {
		at = b.pause.until
	}
	if at.IsZero() {
		return b.s.cfg.Poll
	}
	return max(at.Sub(now), time.Millisecond)
}

// watch (again) asks the system for notice, for a folder that was removed and came back too.
func (b *inbox) watch() {
	if b.watcher == nil {
		return
	}
	if err := os.MkdirAll(b.dir, 0o750); err == nil {
		err = b.watcher.Add(b.dir)
		if err == nil {
			return
		}
		if !b.warned["/watch"] {
			b.warned["/watch"] = true
			b.s.log.Warn("the system gives no notice of new files here, the inbox is looked through instead", "collector", b.collector, "every", b.s.cfg.Poll, "error", err)
		}
	}
}

// look reads the folder and brings the tracker up to date.
func (b *inbox) look(now time.Time) error {
	whole := b.takeWhole()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return bare(err)
	}
	seen := make(map[string]fs.FileInfo, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone in the meantime
		}
		if err != nil {
			return bare(err)
		}
		if !info.Mode().IsRegular() {
			b.passOver(e.Name(), info.Mode())
			continue
		}
		seen[e.Name()] = info
	}
	b.files.update(seen, whole, now)
	return nil
}

// passOver says once that something in the inbox is no file.
func (b *inbox) passOver(name string, mode fs.FileMode) {
	if !b.warned[name] && !passing(name) && len(b.warned) < 1000 {
		b.warned[name] = true
		b.s.log.Warn("this is no plain file and is not collected", "collector", b.collector, "name", ingest.MaskName(name), "type", mode.Type().String())
	}
}

// collect takes the files that are ready, in the order of their names.
func (b *inbox) collect(ctx context.Context) {
	ready := b.files.ready(time.Now())
	sort.Strings(ready)
	for _, name := range ready {
		if ctx.Err() != nil {
			return
		}
		err := b.one(ctx, name)
		var log *ingest.LogError
		switch {
		case err == nil:
			b.files.forget(name)
			b.pause.reset()
		case ctx.Err() != nil:
			return
		case errors.As(err, &log):
			wait := b.pause.fail(time.Now())
			b.s.log.Error("the log cannot be written, the inbox waits", "collector", b.collector, "file", ingest.MaskName(name), "wait", wait, "error", err)
			return
		case errors.Is(err, errChanged):
			b.s.log.Info("a file changed while it was read and is read again", "collector", b.collector, "file", ingest.MaskName(name))
			b.files.get(name).retry.fail(time.Now())
		default:
			wait := b.files.get(name).retry.fail(time.Now())
			b.s.log.Error("a file could not be collected or moved, trying again", "collector", b.collector, "file", ingest.MaskName(name), "wait", wait, "error", err)
		}
	}
}

var errChanged = errors.New("the file changed while it was read")

// one collects a file and moves it away.
func (b *inbox) one(ctx context.Context, name string) error {
	path := filepath.Join(b.dir, name)
	f := b.files.get(name)
	f.retry.min, f.retry.max = b.s.cfg.RetryMin, b.s.cfg.RetryMax
	if f.report == nil {
		report, err := b.s.handle(ctx, b.collector, path)
		if takenAway(err, path) {
			return nil
		}
		if err != nil {
			return err
		}
		now, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			b.s.log.Warn("a file vanished from the inbox while it was collected", "collector", b.collector, "file", report.Name)
			return nil
		}
		if err != nil || !same(f.info, now) {
			// Its writer was slower than the settling time: it is read once more, whole.
			// Events that were read already are recognised by their ids.
			return errors.Join(err, errChanged)
		}
		f.report = &report
		b.tell(report)
	}
	// Collected, but not moved: only the moving is tried again.
	if err := b.s.put(b.collector, path, *f.report, f.info); err != nil {
		return fmt.Errorf("moving a collected file: %w", err)
	}
	return nil
}

// takenAway tells whether collecting failed because somebody took the file away. Something
// else that does not exist, such as a folder of the log, is no such reason.
func takenAway(err error, path string) bool {
	var log *ingest.LogError
	if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &log) {
		return false
	}
	_, err = os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (b *inbox) tell(r ingest.Report) {
	log := b.s.log.Info
	if r.Failed() {
		log = b.s.log.Warn
	}
	log("collected", "collector", b.collector, "file", r.Name, "state", r.State, "read", r.Read, "sent", r.Sent, "rejected", r.Rejected, "repeated", r.Repeated, "error", r.Error)
}
