package folder

import (
	"io/fs"
	"os"
	"time"

	"linesman/ingest"
)

// tracker knows since when each file of an inbox has not changed. Times come from one
// process's monotonic clock; the files' own times are only compared with each other.
type tracker struct {
	settle time.Duration
	files  map[string]*tracked
}

type tracked struct {
	info   fs.FileInfo
	since  time.Time // unchanged since then
	retry  backoff
	report *ingest.Report // collected already, not yet moved
}

func newTracker(settle time.Duration) *tracker {
	return &tracker{settle: settle, files: map[string]*tracked{}}
}

// update takes what the folder holds at a moment. whole are names that their writers gave to
// finished files.
func (t *tracker) update(seen map[string]fs.FileInfo, whole map[string]bool, now time.Time) {
	for name := range t.files {
		if _, still := seen[name]; !still {
			delete(t.files, name)
		}
	}
	for name, info := range seen {
		if passing(name) {
			continue
		}
		f := t.files[name]
		if f == nil || !same(f.info, info) {
			f = &tracked{info: info, since: now}
			t.files[name] = f
		}
		if whole[name] {
			f.since = now.Add(-t.settle)
		}
	}
}

// same tells whether nothing was written between two looks at a name.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// ready lists the files that may be collected.
func (t *tracker) ready(now time.Time) []string {
	var names []string
	for name, f := range t.files {
		if !now.Before(f.at(t.settle)) {
			names = append(names, name)
		}
	}
	return names
}

// at is when a file may be collected.
func (f *tracked) at(settle time.Duration) time.Time {
	at := f.since.Add(settle)
	if f.retry.until.After(at) {
		at = f.retry.until
	}
	return at
}

// next is when the first file may be ready; zero when there is none.
func (t *tracker) next() (at time.Time) {
	for _, f := range t.files {
		if a := f.at(t.settle); at.IsZero() || a.Before(at) {
			at = a
		}
	}
	return at
}

func (t *tracker) get(name string) *tracked { return t.files[name] }

func (t *tracker) forget(name string) { delete(t.files, name) }

// backoff is a wait that doubles with every failure.
type backoff struct {
	min, max time.Duration
	wait     time.Duration
	until    time.Time
}

// fail starts the next wait.
func (b *backoff) fail(now time.Time) time.Duration {
	b.wait = min(max(2*b.wait, b.min), b.max)
	b.until = now.Add(b.wait)
	return b.wait
}

func (b *backoff) reset() { b.wait, b.until = 0, time.Time{} }
