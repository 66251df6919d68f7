// Package folder collects files from folders: <Dir>/inbox/<collector>/ is watched, and what
// was collected moves to <Dir>/done/<collector>/ or, when it was refused, to
// <Dir>/failed/<collector>/, with its report beside it.
//
// A file is taken once its size and time of change have stood still for a while, or at once
// when it was written under a passing name and then renamed. Names that begin with "_" or "."
// or end in ".tmp" or ".part" are passing names.
package folder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linesman/ingest"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/errgroup"
)

// Config of the source. Zero durations mean the defaults.
type Config struct {
	Dir        string        // base folder
	Collectors []string      // one inbox for each
	Settle     time.Duration // how long a file must not change; 0: 500 ms
	Poll       time.Duration // how often folders are looked through without notice from the system; 0: 2 s
	RetryMin   time.Duration // first wait after a failure; 0: 250 ms, doubled up to RetryMax
	RetryMax   time.Duration // 0: 30 s
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		at   *time.Duration
		want time.Duration
	}{{&c.Settle, 500 * time.Millisecond}, {&c.Poll, 2 * time.Second}, {&c.RetryMin, 250 * time.Millisecond}, {&c.RetryMax, 30 * time.Second}} {
		if *d.at <= 0 {
			*d.at = d.want
		}
	}
	return c
}

// Handle collects one file. Without an error the file's fate is known and it is moved; with
// an error it stays in the inbox and is tried again. After an *[ingest.LogError] the other
// files of the inbox wait too.
type Handle func(ctx context.Context, collector, path string) (ingest.Report, error)

// Source watches the inboxes.
type Source struct {
	cfg    Config
	handle Handle
	log    *slog.Logger
}

// New makes a source.
func New(cfg Config, handle Handle, log *slog.Logger) (*Source, error) {
	if cfg.Dir == "" || handle == nil {
		return nil, errors.New("a folder source needs a folder and somebody who collects")
	}
	if len(cfg.Collectors) == 0 {
		return nil, errors.New("a folder source needs at least one collector")
	}
	for _, c := range cfg.Collectors {
		if c == "" || strings.ContainsAny(c, `/\`) || strings.HasPrefix(c, ".") {
			return nil, fmt.Errorf("collector %q cannot name a folder", c)
		}
	}
	return &Source{cfg: cfg.withDefaults(), handle: handle, log: log}, nil
}

// Inbox is the folder that is watched for a collector.
func (s *Source) Inbox(collector string) string {
	return filepath.Join(s.cfg.Dir, "inbox", collector)
}

// Run collects until ctx ends. Inboxes are worked through beside each other, the files of
// one inbox one after the other in the order of their names.
func (s *Source) Run(ctx context.Context) error {
	for _, c := range s.cfg.Collectors {
		for _, kind := range []string{"inbox", "done", "failed"} {
			if err := os.MkdirAll(filepath.Join(s.cfg.Dir, kind, c), 0o750); err != nil {
				return fmt.Errorf("making the folders of collector %s: %w", c, err)
			}
			if err := finishReports(filepath.Join(s.cfg.Dir, kind, c)); err != nil {
				return fmt.Errorf("naming reports of collector %s that a crash left: %w", c, err)
			}
		}
	}
	for _, c := range s.cfg.Collectors {
		if err := finishMoves(s.Inbox(c)); err != nil {
			return fmt.Errorf("giving files of collector %s their names back: %w", c, err)
		}
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		// Inboxes on network drives give no notice either: looking through them is enough.
		s.log.Warn("the system gives no notice of new files, inboxes are looked through instead", "every", s.cfg.Poll, "error", err)
	} else {
		defer watcher.Close() // ends with the process at the latest
	}
	group, ctx := errgroup.WithContext(ctx)
	boxes := map[string]*inbox{}
	for _, c := range s.cfg.Collectors {
		b := newInbox(s, c, watcher)
		boxes[b.dir] = b
		group.Go(func() error { return b.run(ctx) })
	}
	if watcher != nil {
		group.Go(func() error { return s.dispatch(ctx, watcher, boxes) })
	}
	err = group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// dispatch wakes the inbox in which something happened.
func (s *Source) dispatch(ctx context.Context, watcher *fsnotify.Watcher, boxes map[string]*inbox) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-watcher.Events:
			if !ok {
				return nil
			}
			if b := boxes[filepath.Dir(e.Name)]; b != nil {
				if from := renamedFrom(e); from != "" && passing(filepath.Base(from)) {
					b.whole(filepath.Base(e.Name))
				}
				b.wakeUp()
			}
		case err, ok := <-watcher.Errors:
			if !ok {
				return nil
			}
			s.log.Warn("watching the inboxes failed, they are looked through instead", "error", err)
			for _, b := range boxes {
				b.wakeUp()
			}
		}
	}
}

// renamedFrom returns the former path of a file that was renamed into its place. The library
// shows it in the event's text only; where it shows none, files settle like all others.
func renamedFrom(e fsnotify.Event) string {
	_, quoted, ok := strings.Cut(e.String(), " ← ")
	if !ok || !e.Has(fsnotify.Create) {
		return ""
	}
	from, err := strconv.Unquote(quoted)
	if err != nil {
		return ""
	}
	return from
}

// passing tells whether a name says that its file is still being written.
func passing(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || strings.HasSuffix(lower, ".tmp") || strings.HasSuffix(lower, ".part")
}
