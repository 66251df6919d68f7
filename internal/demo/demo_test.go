package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

func small(t *testing.T, seed uint64) (string, Truth) {
	t.Helper()
	dir := t.TempDir()
	truth, err := Generate(context.Background(), Config{Dir: dir, Size: Small, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// sums are the checksums of all files below a folder.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		sum := sha256.Sum256(b)
		out[rel] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	dir1, _ := small(t, 7)
	dir2, _ := small(t, 7)
	dir3, _ := small(t, 8)
	one, two, other := sums(t, dir1), sums(t, dir2), sums(t, dir3)
	if len(one) != len(two) || len(one) < 150 {
		t.Fatalf("%d and %d files", len(one), len(two))
	}
	differ := 0
	for name, sum := range one {
		if two[name] != sum {
			t.Errorf("%s differs between two runs with the same seed", name)
		}
		if other[name] != sum {
			differ++
		}
	}
	if differ < len(one)/2 {
		t.Errorf("only %d of %d files depend on the seed", differ, len(one))
	}
}

func TestTruthMatchesFiles(t *testing.T) {
	for _, seed := range []uint64{1, 2, 42} {
		dir, truth := small(t, seed)
		newAudit(t, dir, &truth).check()
		checkWatches(t, dir, &truth)
		checkPlanted(t, &truth, 2)
		checkListed(t, dir, &truth)
		if u := truth.Records.Usage; u < 15_000 || u > 30_000 {
			t.Errorf("seed %d: %d usage records", seed, u)
		}
	}
}

// checkPlanted counts subjects by rule: enough violations and near misses of each.
func checkPlanted(t *testing.T, truth *Truth, least int) {
	t.Helper()
	for _, rule := range []string{RuleRoaming, RuleForwarding, RulePremium, RuleWatches} {
		for what, list := range map[string][]Expectation{KindViolation: truth.Violations, KindNearMiss: truth.NearMisses} {
			subjects := map[string]bool{}
			for _, e := range list {
				if e.Kind != what || e.Note == "" || e.Month == "" || e.Unit == "" {
					t.Errorf("incomplete: %+v", e)
				}
				if e.Rule == rule {
					subjects[e.Number+e.Unit] = true
				}
			}
			if len(subjects) < least {
				t.Errorf("%s: %d subjects with %s, want at least %d", rule, len(subjects), what, least)
			}
		}
	}
	if len(truth.Rejects) < 12 || len(truth.FailedFiles) != 1 || len(truth.Duplicates) < 3 {
		t.Errorf("%d rejects, %d failed files, %d duplicates", len(truth.Rejects), len(truth.FailedFiles), len(truth.Duplicates))
	}
}

// checkListed finds every file in the truth and every file of the truth on the disk.
func checkListed(t *testing.T, dir string, truth *Truth) {
	t.Helper()
	have := sums(t, dir)
	delete(have, "truth.json")
	for _, f := range truth.Files {
		name := filepath.Join(f.Collector, f.Name)
		if _, ok := have[name]; !ok {
			t.Errorf("%s is in the truth and not on the disk", name)
		}
		delete(have, name)
	}
	for name := range have {
		t.Errorf("%s is on the disk and not in the truth", name)
	}
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read Truth
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Violations) != len(truth.Violations) || read.Records != truth.Records {
		t.Error("truth.json is not what Generate returned")
	}
}

func TestShapes(t *testing.T) {
	dir, truth := small(t, 1)
	typed, untyped, packed, plain, summed := 0, 0, 0, 0, 0
	for i := range truth.Files {
		f := &truth.Files[i]
		b := content(t, dir, f)
		switch {
		case f.Collector == "cucm" && bytes.Contains(b, []byte("UNIQUEIDENTIFIER")):
			typed++
		case f.Collector == "cucm":
			untyped++
		case f.Profile == "norrtele" && utf8.Valid(b):
			t.Errorf("%s is not windows-1252", f.Name)
		case f.Profile == "norrtele" && bytes.Contains(b, []byte("\nSumma;")):
			summed++
		case f.Profile == "fjordtel" && filepath.Ext(f.Name) == ".zip":
			packed++
		case f.Profile == "fjordtel":
			plain++
		}
	}
	if typed == 0 || untyped == 0 || packed == 0 || plain == 0 || summed == 0 {
		t.Errorf("%d files with types, %d without, %d packed, %d plain, %d with a sum: want some of each", typed, untyped, packed, plain, summed)
	}
}

func TestColumnsOfCUCM(t *testing.T) {
	if w := newLayout(cucmColumns).width; w != 129 {
		t.Errorf("older release: %d columns", w)
	}
	l := newLayout(cucmColumns + cucmNewer)
	if l.width != 133 || len(l.cells) != allCells {
		t.Errorf("newer release: %d columns, %d of %d cells placed", l.width, len(l.cells), allCells)
	}
}

func TestRefusesUsedFolder(t *testing.T) {
	dir, _ := small(t, 1)
	if _, err := Generate(context.Background(), Config{Dir: dir, Seed: 1}); err == nil {
		t.Error("generated into a folder that was used")
	}
}

func TestStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	_, err := Generate(ctx, Config{Dir: dir, Seed: 1, Progress: func(int64, int64, string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "truth.json")); err == nil {
		t.Error("wrote a truth about half a region")
	}
}

func TestProgress(t *testing.T) {
	var last, all int64
	_, err := Generate(context.Background(), Config{Dir: t.TempDir(), Seed: 1, Progress: func(done, total int64, what string) {
		if done != last+1 || what == "" {
			t.Errorf("%d after %d, %q", done, last, what)
		}
		last, all = done, total
	}})
	if err != nil || last != all || all < 100 {
		t.Errorf("%d of %d, %v", last, all, err)
	}
}

// TestGoalsTellStories counts where the goals stand: some reached, most on track, a few off
// track, at least one missed, and one of which too little is known.
func TestGoalsTellStories(t *testing.T) {
	for seed := range uint64(6) {
		_, truth := small(t, seed+1)
		stand := map[string]int{}
		metrics := map[string]bool{}
		for _, g := range truth.Goals {
			metrics[g.Metric] = true
			if g.Metric != "cost_month" {
				stand[g.Status]++
			}
		}
		others := stand[goalReached] + stand[goalOffTrack] + stand[goalMissed] + stand[goalTooLittle]
		if stand[goalReached] < 3 || stand[goalOnTrack] < 10 || stand[goalOffTrack] < 2 || stand[goalOffTrack] > 6 || stand[goalMissed] != 1 || stand[goalTooLittle] != 1 || stand[goalOnTrack] < others-1 || len(metrics) != 6 {
			t.Errorf("seed %d: goals stand %v", seed+1, stand)
		}
	}
}
