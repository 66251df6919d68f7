package node

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/demo"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

// delivery is a file and the collector that it is for.
type delivery struct{ collector, path string }

// deliveries lists the files of folders named after the collectors.
func deliveries(t *testing.T, dirs ...string) []delivery {
	t.Helper()
	var out []delivery
	for _, dir := range dirs {
		for _, c := range Collectors() {
			paths, err := filepath.Glob(filepath.Join(dir, c, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range paths {
				out = append(out, delivery{c, p})
			}
		}
	}
	return out
}

// contentOf lists what must not depend on the order in which files came: everything but where
// and when a record was first read, and the history of what was thought meanwhile.
func contentOf(t *testing.T, n *Node) string {
	t.Helper()
	var b strings.Builder
	aside := []string{"file_id", "file_row", "recorded_at", "log_partition", "log_offset", "revision", "rank"}
	for _, in := range schema.Catalogue() {
		var cols []string
		for _, c := range in.Columns {
			if !slices.Contains(aside, c.Name) {
				cols = append(cols, "`"+c.Name+"`")
			}
		}
		switch in.Topic {
		case schema.TopicFiles, schema.TopicRejects, schema.TopicViolations, schema.TopicRestatements, schema.TopicSeals, schema.TopicCases, schema.TopicAccess:
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", in.Name, ask(t, n, "SELECT count(), sum(xxh3("+strings.Join(cols, ", ")+")) FROM "+in.Name))
	}
	for _, table := range [...]string{"usage_daily", "usage_line_daily", "watches_current"} {
		fmt.Fprintf(&b, "%s %s\n", table, ask(t, n, "SELECT count(), sum(xxh3(*)) FROM "+table))
	}
	b.WriteString(ask(t, n, "SELECT hex(violation_id), rule, subject_id, unit_id, cost_centre, window_from, severity, value, `limit`, cost, evidence_total, hex(arrayStringConcat(evidence)) FROM violations_current WHERE change != 'retracted' ORDER BY ALL"))
	return b.String()
}

// TestFilesInAnyOrder delivers a region's files, among them corrections, cancellations, late
// files and statements about the past, in random orders and some of them twice. The store is
// the same each time.
func TestFilesInAnyOrder(t *testing.T) {
	region, wave := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Amendments(wave, 1); err != nil {
		t.Fatal(err)
	}
	// The statements about moves correct the ones of the beginning: both must tell their time.
	stateAt(t, filepath.Join(region, "reference", "lines_2025-01.csv"), "2025-01-01")
	stateAt(t, filepath.Join(region, "reference", "lines_moves.csv"), "2026-10-01")
	files := deliveries(t, region, wave)
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed, "files", len(files))
	key := filepath.Join(t.TempDir(), "pseudonym.key")
	if _, err := pseudonym.LoadOrCreate(key); err != nil {
		t.Fatal(err)
	}
	want := ""
	for order := range 3 {
		r := rand.New(rand.NewPCG(seed, uint64(order)))
		got := deliver(t, r, key, files, order == 0)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("order %d differs from the first:\n%s", order, diffLines(want, got))
		}
	}
}

// stateAt adds the column stated_at to a reference file.
func stateAt(t *testing.T, path, at string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(raw), "\r\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r") + ";" + map[bool]string{true: "stated_at", false: at}[i == 0]
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// deliver collects the files in random order, a fifth of them twice, and lets the processors
// catch up at random moments.
func deliver(t *testing.T, r *rand.Rand, key string, files []delivery, sorted bool) string {
	cfg := testConfig(t)
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Path("pseudonym.key"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	n := openNode(t, cfg)
	all := slices.Clone(files)
	if !sorted {
		for range len(files) / 5 {
			all = append(all, files[r.IntN(len(files))])
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	for i, f := range all {
		raw, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Collect(t.Context(), CollectRequest{Collector: f.collector, Name: filepath.Base(f.path), Size: int64(len(raw))}, bytes.NewReader(raw)); err != nil {
			t.Fatalf("%s: %v", filepath.Base(f.path), err)
		}
		if !sorted && r.IntN(len(all)) < 3 || i == len(all)-1 {
			if err := n.CatchUp(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	rep, err := n.Verify(t.Context(), nil)
	if err != nil || !rep.OK {
		t.Errorf("verify: %v, %+v", err, rep)
	}
	return contentOf(t, n)
}

// diffLines lists the lines that only one of two texts has.
func diffLines(a, b string) string {
	var out []string
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range la {
		if !slices.Contains(lb, l) {
			out = append(out, "- "+l[:min(len(l), 160)])
		}
	}
	for _, l := range lb {
		if !slices.Contains(la, l) {
			out = append(out, "+ "+l[:min(len(l), 160)])
		}
	}
	return strings.Join(out[:min(len(out), 40)], "\n")
}
