package demo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Amended is what a second wave of files does to a small region: which records die, how costs
// move, which violations come and go. It is worked out from the plan of both waves, in the
// generator's own arithmetic.
type Amended struct {
	Seed    uint64   `json:"seed"`
	Files   []File   `json:"files"` // of the second wave; Rows counts records: a row that moves usage to another line or topic is two
	Rejects []Reject `json:"rejects"`
	// Usage counts the distinct usage records of both waves that were delivered, and how many of these still count.
	Usage  int64 `json:"usage"`
	Living int64 `json:"living"`
	// Amendments counts the distinct cancellations and corrections.
	Amendments int64      `json:"amendments"`
	Dead       []Dead     `json:"dead"`
	Costs      []CostMove `json:"costs"`
	// Violations are those of the rules about lines that stand after both waves; the three
	// lists below say what became of them on the way. Rising watches are not touched.
	Violations []Expectation `json:"violations"`
	Opened     []Expectation `json:"opened"`
	Retracted  []Expectation `json:"retracted"` // as they were
	Changed    []Expectation `json:"changed"`   // another value than before; as they are
}

// Dead is a usage record that does not count any more.
type Dead struct {
	EventID  string `json:"eventId"`
	Operator string `json:"operator"`
	Invoice  string `json:"invoice"`
	Row      string `json:"row"`
	Why      string `json:"why"`
}

// CostMove is what a unit paid in a month before and after the second wave, in SEK; months
// that stay as they were are left out.
type CostMove struct {
	Month      string `json:"month"`
	Unit       string `json:"unit"`
	CostCentre string `json:"costCentre"` // of the unit: every line follows its unit's
	Before     string `json:"before"`
	After      string `json:"after"`
}

// Amendments writes a second wave of files for the small region of a seed: corrections,
// cancellations and credits of earlier rows by both operators, records that come months late,
// reference data about the past. dir may be the region's own folder or another one; it gets
// the same folders, and the file truth_amended.json. The files may be collected in any order,
// before or after those of the region, and more than once: the outcome is the same.
func Amendments(dir string, seed uint64) (Amended, error) {
	r, err := newRegion(Config{Dir: dir, Size: Small, Seed: seed})
	if err != nil {
		return Amended{}, fmt.Errorf("laying out the demo region: %w", err)
	}
	p, err := newPlan(r)
	if err != nil {
		return Amended{}, fmt.Errorf("planting what is to be found: %w", err)
	}
	w := newWorld(p)
	if err := w.agrees(); err != nil {
		return Amended{}, fmt.Errorf("drawing the first wave again: %w", err)
	}
	before, usedToCost := w.violations(), w.costs()
	s := &secondWave{world: w, rng: r.rng(streamAmend, 0)}
	if err := s.think(); err != nil {
		return Amended{}, fmt.Errorf("planting amendments: %w", err)
	}
	truth := Amended{Seed: seed, Dead: s.resolve()}
	if err := s.write(&truth); err != nil {
		return Amended{}, fmt.Errorf("writing amendments: %w", err)
	}
	truth.compare(before, w.violations())
	truth.costs(w, usedToCost, w.costs())
	w.count(&truth, s)
	b, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return Amended{}, fmt.Errorf("writing truth_amended.json: %w", err)
	}
	return truth, os.WriteFile(filepath.Join(dir, "truth_amended.json"), append(b, '\n'), 0o640)
}

// compare sorts violations into those that came, went and changed.
func (t *Amended) compare(before, after map[string]Expectation) {
	for _, k := range slices.Sorted(maps.Keys(after)) {
		e := after[k]
		t.Violations = append(t.Violations, e)
		switch old, was := before[k]; {
		case !was:
			t.Opened = append(t.Opened, e)
		case *old.Value != *e.Value || old.Measure != e.Measure:
			t.Changed = append(t.Changed, e)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[k]; !still {
			t.Retracted = append(t.Retracted, before[k])
		}
	}
}

func (t *Amended) costs(w *world, before, after map[unitMonth]micro) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	keys := slices.SortedFunc(maps.Keys(all), func(a, b unitMonth) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.unit, b.unit))
	})
	for _, k := range keys {
		if before[k] != after[k] {
			u := &w.units[k.unit]
			t.Costs = append(t.Costs, CostMove{w.months[k.month].label, u.id, w.centres[u.centre].code, before[k].decimal('.'), after[k].decimal('.')})
		}
	}
}

// count sums up the usage records: what the exchange delivered, whether or not it can cost,
// and what the operators did.
func (w *world) count(t *Amended, s *secondWave) {
	for i := range w.days {
		t.Usage += int64(len(w.exchange(w.rng(streamCUCM, i), i)))
	}
	t.Usage += int64(len(s.lateCalls) + len(w.items))
	t.Living = t.Usage - int64(len(t.Dead))
}

// write writes the files. It refuses to overwrite one.
func (s *secondWave) write(t *Amended) error {
	for _, sub := range []string{dirReference, dirCUCM, dirItemised} {
		if err := os.MkdirAll(filepath.Join(s.dir, sub), 0o750); err != nil {
			return err
		}
	}
	for _, op := range []operator{norrTele, fjordTel} {
		for n := range changeFiles {
			if err := s.writeChanges(t, op, n); err != nil {
				return err
			}
		}
	}
	for _, step := range []func(*Amended) error{s.writeLateRecords, s.writeLateCalls, s.writeStatements} {
		if err := step(t); err != nil {
			return err
		}
	}
	return nil
}

// put writes a new file and notes it in the truth.
func (s *secondWave) put(t *Amended, f File, content []byte) error {
	t.Files = append(t.Files, f)
	file, err := os.OpenFile(filepath.Join(s.dir, f.Collector, f.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: the second wave was written before", f.Name)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// utc turns a local time of the plan into one in UTC.
func (r *region) utc(local string) (string, error) {
	at, err := time.ParseInLocation(time.DateTime, local, r.zone)
	if err != nil {
		return "", fmt.Errorf("a time of the plan: %w", err)
	}
	return at.UTC().Format("2006-01-02T15:04:05Z"), nil
}
