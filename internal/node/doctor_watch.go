package node

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"linesman/ingest"
	"linesman/ingest/source/folder"
	"linesman/internal/doctor"
	"linesman/processors/store"
	"linesman/schema"
)

// watch is what the node notes about itself, for doctor and metrics.
type watch struct {
	inserts *prometheus.HistogramVec
	failed  *prometheus.CounterVec

	mu      sync.Mutex
	console string // host:port
	by      map[string]*doings

	moves     doctor.Movement
	doctorMu  sync.Mutex // one look at a time
	reportMu  sync.Mutex
	report    doctor.Report
	reportAt  time.Time
	figuresMu sync.Mutex
	figures   figures
}

// doings is what one collector does.
type doings struct {
	file    string
	since   time.Time
	done    time.Time
	failing map[string]*doctor.Failing // by the name of the file
}

// mostFailing bounds how many failing files of a collector are remembered.
const mostFailing = 1000

func newWatch() *watch {
	m := metricByName()
	w := &watch{by: map[string]*doings{},
		inserts: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: metricInserts, Help: m[metricInserts].Help,
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, m[metricInserts].Labels),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricInsertErrors, Help: m[metricInsertErrors].Help}, m[metricInsertErrors].Labels)}
	for _, t := range schema.Catalogue() {
		w.inserts.WithLabelValues(t.Name)
		w.failed.WithLabelValues(t.Name)
	}
	for _, c := range Collectors() {
		w.by[c] = &doings{failing: map[string]*doctor.Failing{}}
	}
	return w
}

// handle notes what a folder source has collected.
func (w *watch) handle(next folder.Handle) folder.Handle {
	return func(ctx context.Context, collector, path string) (ingest.Report, error) {
		name := filepath.Base(path)
		w.begin(collector, name)
		rep, err := next(ctx, collector, path)
		w.end(ctx, collector, name, err)
		return rep, err
	}
}

func (w *watch) begin(collector, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.by[collector]; d != nil {
		d.file, d.since = ingest.MaskName(name), time.Now()
	}
}

func (w *watch) end(ctx context.Context, collector, name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.by[collector]
	if d == nil {
		return
	}
	file := d.file
	d.file = ""
	switch {
	case err == nil:
		d.done = time.Now()
		delete(d.failing, name)
	case ctx.Err() != nil || errors.Is(err, os.ErrNotExist):
	default:
		f := d.failing[name]
		if f == nil {
			if len(d.failing) >= mostFailing {
				return
			}
			f = &doctor.Failing{File: file, Since: time.Now()}
			d.failing[name] = f
		}
		f.Tries++
		f.Error = err.Error()
	}
}

// activity tells what the collectors do. Files that are no longer in their inbox do not fail.
func (w *watch) activity(inbox func(collector string) string) map[string]doctor.Activity {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]doctor.Activity{}
	for c, d := range w.by {
		a := doctor.Activity{File: d.file, Since: d.since, Done: d.done}
		for name, f := range d.failing {
			if _, err := os.Lstat(filepath.Join(inbox(c), name)); errors.Is(err, os.ErrNotExist) {
				delete(d.failing, name)
				continue
			}
			a.Failing = append(a.Failing, *f)
		}
		slices.SortFunc(a.Failing, func(a, b doctor.Failing) int { return a.Since.Compare(b.Since) })
		out[c] = a
	}
	return out
}

// at notes where the console listens.
func (w *watch) at(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.console = address
}

func (w *watch) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.console
}

// measured measures the inserts of an engine.
func (w *watch) measured(e store.Engine) store.Engine { return &measuredEngine{e, w} }

type measuredEngine struct {
	store.Engine
	w *watch
}

// InsertArrow implements store.Engine.
func (m *measuredEngine) InsertArrow(ctx context.Context, table, token string, columns []string, body io.Reader) error {
	began := time.Now()
	err := m.Engine.InsertArrow(ctx, table, token, columns, body)
	if err != nil {
		m.w.failed.WithLabelValues(table).Inc()
		return err
	}
	m.w.inserts.WithLabelValues(table).Observe(time.Since(began).Seconds())
	return nil
}

// passing tells whether a name says that its file is still being written, as the folder
// source has it.
func passing(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || strings.HasSuffix(lower, ".tmp") || strings.HasSuffix(lower, ".part")
}
