package broker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRecoverAfterCrash checks the snapshots made after a crash against what
// the server itself finds in the log.
func TestRecoverAfterCrash(t *testing.T) {
	tests := []struct {
		name  string
		crash func(t *testing.T, dir string, segments []string)
		lost  bool
	}{
		{"no snapshot", func(t *testing.T, dir string, _ []string) {
			remove(t, filepath.Join(dir, snapshotFile))
		}, false},
		{"torn snapshot", func(t *testing.T, dir string, _ []string) {
			write(t, filepath.Join(dir, snapshotFile), []byte(`{"version":1,"high_wa`))
		}, false},
		{"segment begun", func(t *testing.T, dir string, _ []string) {
			write(t, filepath.Join(dir, "800.dat"), nil)
			write(t, filepath.Join(dir, "800.idx"), nil)
		}, false},
		{"segment begun with half a batch", func(t *testing.T, dir string, segments []string) {
			data, err := os.ReadFile(segments[0])
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "800.dat"), data[:100])
		}, false},
		{"index missing", func(t *testing.T, dir string, _ []string) {
			remove(t, filepath.Join(dir, snapshotFile))
			remove(t, filepath.Join(dir, "0.idx"))
		}, false},
		{"last segment cut", func(t *testing.T, _ string, segments []string) {
			file := segments[len(segments)-1]
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(file, info.Size()-1); err != nil {
				t.Fatal(err)
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Dir: t.TempDir(), NoSync: true}
			recs := stopped(t, cfg)
			files := segments(t, cfg.Dir, "facts", 0)
			tt.crash(t, filepath.Dir(files[0]), files)
			for range 2 { // the second start must find nothing to repair
				b := openTest(t, cfg)
				h, err := b.Health(testContext(t))
				if err != nil {
					t.Fatal(err)
				}
				next := h.Topics[0].Partitions[0].Next
				if lost := next < int64(len(recs)); lost != tt.lost {
					t.Fatalf("the log ends at %d of %d", next, len(recs))
				}
				produce(t, b, "facts", 0, numbered(0, 5))
				got := readAll(t, b, "facts", 0, 0, int(next)+5, 100)
				if string(got[next].Value) != "value 0" {
					t.Errorf("record %d is %q", next, got[next].Value)
				}
				recs = append(recs[:min(len(recs), int(next))], numbered(0, 5)...)
				tt.lost = false
				if err := b.Close(testContext(t)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The embedded log deletes nothing: that it begins later is told, whatever its snapshot says.
func TestLogThatBeginsLaterIsDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, segments []string)
		want string
	}{
		"segments removed": {func(t *testing.T, segments []string) { remove(t, segments[0]) }, " are missing"},
		"all there":        {func(*testing.T, []string) {}, "records 0 to 799 are hidden"},
		"all removed": {func(t *testing.T, segments []string) {
			for _, s := range segments {
				remove(t, s)
			}
		}, "it now ends at 0"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Dir: t.TempDir(), NoSync: true}
			stopped(t, cfg)
			files := segments(t, cfg.Dir, "facts", 0)
			snap, err := readSnapshot(filepath.Dir(files[0]))
			if err != nil {
				t.Fatal(err)
			}
			c.harm(t, files)
			snap.LogStartOffset = snap.HighWatermark
			if err := writeSnapshot(filepath.Dir(files[0]), snap); err != nil {
				t.Fatal(err)
			}
			b := openTest(t, cfg)
			defer b.Close(testContext(t))
			if h, err := b.Health(testContext(t)); err != nil || !slices.ContainsFunc(h.Damage, func(d string) bool { return strings.Contains(d, c.want) }) {
				t.Errorf("%v, damage %q", err, h.Damage)
			}
		})
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
