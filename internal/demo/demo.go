// Package demo writes a made-up hospital region as files in the formats of the real
// systems: reference data, Cisco CUCM call records, operators' itemised files and counts of
// Melior watches. The same seed always gives the same bytes. What was planted in the
// files, and what has to be found there, is written beside them in truth.json.
//
// Nothing in it is about a real organisation or person. Numbers are taken from the series
// that the Swedish Post and Telecom Authority keeps for fiction as far as these reach.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Size chooses how large the region is.
type Size int

// The sizes. Small is the last four months of a region of 8 units and 140 lines; Full is
// 13 months, some 40 units, 3,000 lines and two million usage records.
const (
	Small Size = iota
	Full
)

// String names the size as truth.json does.
func (s Size) String() string {
	if s == Full {
		return "full"
	}
	return "small"
}

// Config says what to generate and where.
type Config struct {
	Dir      string // gets the folders reference, cucm, itemised, melior, contacts and invoices and the file truth.json
	Size     Size
	Seed     uint64
	Progress func(done, total int64, what string) // files written; may be nil; never called concurrently
}

// Folders under Config.Dir, named as the collectors are.
const (
	dirReference = "reference"
	dirCUCM      = "cucm"
	dirItemised  = "itemised"
	dirMelior    = "melior"
)

// Generate writes the demo region below cfg.Dir. It refuses a folder that already holds
// files of one of the collectors, because two regions in one folder are none. On an error
// or when ctx ends, what was written so far stays; truth.json is written last.
func Generate(ctx context.Context, cfg Config) (Truth, error) {
	if err := prepare(cfg.Dir); err != nil {
		return Truth{}, fmt.Errorf("preparing the demo folder: %w", err)
	}
	r, err := newRegion(cfg)
	if err != nil {
		return Truth{}, fmt.Errorf("laying out the demo region: %w", err)
	}
	p, err := newPlan(r)
	if err != nil {
		return Truth{}, fmt.Errorf("planting what is to be found: %w", err)
	}
	g := &generator{region: r, plan: p, progress: cfg.Progress}
	if err := g.run(ctx); err != nil {
		return Truth{}, err
	}
	truth := g.truth()
	if err := truth.write(filepath.Join(cfg.Dir, "truth.json")); err != nil {
		return Truth{}, fmt.Errorf("writing truth.json: %w", err)
	}
	return truth, nil
}

func prepare(dir string) error {
	if dir == "" {
		return errors.New("no folder given")
	}
	for _, sub := range []string{dirReference, dirCUCM, dirItemised, dirMelior, dirContacts, dirInvoices} {
		path := filepath.Join(dir, sub)
		entries, err := os.ReadDir(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(entries) > 0 {
			return fmt.Errorf("%s is not empty", path)
		}
		if err := os.MkdirAll(path, 0o750); err != nil {
			return err
		}
	}
	return nil
}

// generator runs the tasks that write files and collects what they wrote.
type generator struct {
	*region
	plan     *plan
	progress func(done, total int64, what string)

	mu      sync.Mutex
	done    int64
	results []*output

	standings []GoalStanding
}

// output is what one task wrote.
type output struct {
	files   []File
	rejects []Reject
	dups    []Duplicate
	wrong   []BilledWrong
	tally   tally
	heads   [][]byte // first rows of an itemised file, for the overlapping delivery
}

// task writes one file or one group of files. Tasks share nothing that they change, and
// each draws from its own random stream, so their order does not matter.
type task struct {
	what string
	run  func() (*output, error)
}

func (g *generator) run(ctx context.Context) error {
	tasks := g.tasks()
	g.results = make([]*output, len(tasks))
	grp, ctx := errgroup.WithContext(ctx)
	grp.SetLimit(runtime.GOMAXPROCS(0))
	total := int64(len(tasks) + 1)
	for i, t := range tasks {
		grp.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			out, err := t.run()
			if err != nil {
				return fmt.Errorf("writing %s: %w", t.what, err)
			}
			g.results[i] = out
			g.tick(total, t.what)
			return nil
		})
	}
	if err := grp.Wait(); err != nil {
		return err
	}
	ref, err := g.writeReference()
	if err != nil {
		return fmt.Errorf("writing reference data: %w", err)
	}
	g.results = append(g.results, ref)
	g.tick(total, dirReference)
	return nil
}

func (g *generator) tick(total int64, what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done++
	if g.progress != nil {
		g.progress(g.done, total, what)
	}
}

func (g *generator) tasks() []task {
	var tasks []task
	for i := range g.days {
		tasks = append(tasks, task{dirCUCM + " " + g.days[i].label, func() (*output, error) { return g.writeCUCMDay(i) }})
	}
	for _, op := range []operator{norrTele, fjordTel} {
		for m := range g.months {
			tasks = append(tasks, task{op.file() + " " + g.months[m].label, func() (*output, error) { return g.writeItemised(op, m) }})
		}
	}
	return append(tasks, task{dirMelior, g.writeMelior}, task{dirContacts, g.writeContacts})
}

// writeFile writes a whole file below the demo folder.
func (g *generator) writeFile(dir, name string, content []byte) error {
	return os.WriteFile(filepath.Join(g.dir, dir, name), content, 0o640)
}
