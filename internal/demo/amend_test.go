package demo

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func secondWaveOf(t *testing.T, seed uint64) (dir string, first Truth, second Amended) {
	t.Helper()
	dir, first = small(t, seed)
	second, err := Amendments(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	return dir, first, second
}

func TestSecondWaveIsTheSame(t *testing.T) {
	dir1, _, _ := secondWaveOf(t, 7)
	dir2, dir3 := t.TempDir(), t.TempDir() // another folder than the region's
	for dir, seed := range map[string]uint64{dir2: 7, dir3: 8} {
		if _, err := Amendments(dir, seed); err != nil {
			t.Fatal(err)
		}
	}
	one, two, other := sums(t, dir1), sums(t, dir2), sums(t, dir3)
	if len(two) != 11 {
		t.Errorf("%d files, want 10 and the truth", len(two))
	}
	for name, sum := range two {
		if one[name] != sum {
			t.Errorf("%s differs between two runs with the same seed", name)
		}
		if other[name] == sum && !strings.HasPrefix(name, dirReference) {
			t.Errorf("%s does not depend on the seed", name)
		}
	}
	if _, err := Amendments(dir1, 7); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("written twice: got %v", err)
	}
}

// TestSecondWave works everything out again from the files and the wording of the rules.
func TestSecondWave(t *testing.T) {
	for _, seed := range []uint64{1, 2, 7, 42} {
		dir, first, second := secondWaveOf(t, seed)
		both := first
		both.Files = slices.Concat(first.Files, second.Files)
		both.Rejects = slices.Concat(first.Rejects, second.Rejects)
		dead, amendments := deadByFiles(t, dir, &both)
		want := map[string]bool{}
		for _, d := range second.Dead {
			want[strings.ToLower(d.Operator)+"/"+d.Invoice+"/"+d.Row] = true
			if len(d.EventID) != 32 || d.Why == "" {
				t.Errorf("%+v", d)
			}
		}
		a := auditWithout(t, dir, &both, dead)
		for key := range dead {
			if !a.seen[key[strings.IndexByte(key, '/')+1:]] {
				delete(dead, key) // the original never came
			}
		}
		if !maps.Equal(dead, want) || amendments != second.Amendments {
			t.Errorf("seed %d: the files kill %d records with %d amendments, the truth says %d and %d", seed, len(dead), amendments, len(want), second.Amendments)
		}
		wanted := map[string]float64{}
		for _, e := range second.Violations {
			wanted[e.Rule+" "+e.Number+" "+e.Month] = *e.Value
			if u := a.unitAt(e.Number, e.Month+"-28"); u != e.Unit {
				t.Errorf("%+v: the files say unit %s", e, u)
			}
		}
		if got := a.violations(); !maps.Equal(got, wanted) {
			t.Errorf("seed %d: violations in the files:\n%v\nin the truth:\n%v", seed, got, wanted)
		}
		if got := a.kinds["cucm"] + a.kinds["itemised"]; got != second.Usage || second.Living != second.Usage-int64(len(want)) {
			t.Errorf("seed %d: %d usage records in the files, the truth says %d, %d of them living", seed, got, second.Usage, second.Living)
		}
		checkSecond(t, &first, &second)
	}
}

// checkSecond holds that the second wave has something of everything, and that the lists fit
// together.
func checkSecond(t *testing.T, first *Truth, second *Amended) {
	t.Helper()
	if len(second.Opened) < 2 || len(second.Retracted) < 5 || len(second.Changed) < 2 || len(second.Dead) < 50 || len(second.Costs) < 20 || len(second.Rejects) != 2 {
		t.Errorf("%d opened, %d retracted, %d changed, %d dead, %d costs, %d rejects", len(second.Opened), len(second.Retracted), len(second.Changed), len(second.Dead), len(second.Costs), len(second.Rejects))
	}
	open := map[string]float64{}
	for _, e := range first.Violations {
		if e.Rule != RuleWatches {
			open[e.key()] = *e.Value
		}
	}
	for _, e := range second.Retracted {
		if open[e.key()] != *e.Value {
			t.Errorf("retracted and never opened: %+v", e)
		}
		delete(open, e.key())
	}
	for _, e := range slices.Concat(second.Opened, second.Changed) {
		open[e.key()] = *e.Value
	}
	for _, e := range second.Violations {
		if open[e.key()] != *e.Value {
			t.Errorf("%+v: by the lists %v", e, open[e.key()])
		}
		delete(open, e.key())
	}
	for k := range open {
		t.Errorf("%s is left over", k)
	}
}

// deadByFiles reads the changes from the files: of each original the latest holds.
func deadByFiles(t *testing.T, dir string, truth *Truth) (dead map[string]bool, amendments int64) {
	t.Helper()
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		t.Fatal(err)
	}
	type change struct {
		at  time.Time
		row string // what it puts in the original's place; empty: nothing that is tied to it
	}
	all := map[string]map[string]change{} // original → row → change
	for i := range truth.Files {
		f := &truth.Files[i]
		if f.Profile != "norrtele" && f.Profile != "fjordtel" {
			continue
		}
		rows(t, dir, f, func(r *rowOf) {
			a := audit{}
			what, of := r.get("Ändring"), r.get("Avser faktura")+"/"+r.get("Avser rad")
			at, err := time.ParseInLocation(time.DateTime, r.get("Ändrad"), zone)
			if f.Profile == "fjordtel" {
				what, of = r.get("change"), r.get("corrects_invoice")+"/"+r.get("corrects_record")
				at, err = time.Parse(time.RFC3339, r.get("changed_at"))
			}
			row := f.Profile + "/" + a.key(f, r)
			if of = f.Profile + "/" + of; what == "" || of == row {
				return
			}
			if err != nil {
				t.Fatalf("%s:%d: %v", f.Name, r.line, err)
			}
			if all[of] == nil {
				all[of] = map[string]change{}
			}
			c := change{at: at}
			if (what == "Rättad" || what == "CORRECT") && r.get("Avser abonnemang")+r.get("corrects_subscription") == "" {
				c.row = strings.Clone(row)
			}
			all[of][row] = c
		})
	}
	dead = map[string]bool{}
	for of, changes := range all {
		dead[of] = true
		var holds change
		for _, c := range changes {
			amendments++
			if c.at.After(holds.at) {
				holds = c
			}
		}
		for _, c := range changes {
			if c.row != "" && c.row != holds.row {
				dead[c.row] = true
			}
		}
	}
	return dead, amendments
}

func TestSecondWaveNeedsAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Amendments(dir, 1); err == nil {
		t.Error("wrote into a file")
	}
}
