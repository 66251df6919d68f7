package verify

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/broker"
	"linesman/processors/seal"
)

// The page for auditors comes with a script that shares no code with us: both must agree, on
// an untouched log and on what was touched.
func TestScriptOfThePageAgrees(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("REQUIRE_PYTHON") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("python3 is not here")
	}
	w := newWorld(t)
	anchors := filepath.Join(t.TempDir(), "anchors")
	w.produce(calls, made(rand.New(rand.NewPCG(20, 20)), 9000))
	if err := w.sealer(seal.Config{AnchorFile: anchors}).Round(t.Context(), all()); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.Symlink(w.dir, filepath.Join(data, "log")); err != nil {
		t.Fatal(err)
	}
	check := func(code int, words ...string) {
		t.Helper()
		w.stop()
		for _, args := range [][]string{{data}, {data, anchors}} {
			out, err := exec.CommandContext(t.Context(), python, append([]string{"../../docs/check-seals.py"}, args...)...).CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) || (exit == nil) != (code == 0) {
				t.Fatalf("%v: %s", err, out)
			}
			for _, word := range words {
				if !strings.Contains(string(out), word) {
					t.Errorf("no %q in %s", word, out)
				}
			}
		}
		w.start()
	}
	rep := w.deep()
	check(0, rep.Partitions[1].Head.Chain, "\nas sealed")
	w.tamper(calls, func(recs []broker.Record) []broker.Record { recs[5432].Value[0]++; return recs })
	want(t, only(t, w.deep()), Changed, calls, 5432, 1)
	check(1, "first record that is not the sealed one: 5432", "NOT as sealed")
	recs := w.read(calls)
	recs[5432].Value[0]--
	w.stop()
	w.rewrite(calls, seal.Most, recs[seal.Most:])
	w.start()
	want(t, only(t, besides(w.deep())), Removed, calls, 0, seal.Most)
	check(1, "records 0 to 4095 are not there", "NOT as sealed")
	// A partition of which nothing is left, and a file of seals that was emptied.
	w.stop()
	if err := os.RemoveAll(filepath.Join(w.dir, "data", "partitions", calls+"-0")); err != nil {
		t.Fatal(err)
	}
	w.start()
	if p := besides(w.deep()); p.OK || p.Problems[0].Kind != Cut || p.Problems[0].Records != 9000 {
		t.Errorf("a partition that is gone: %+v", p.Problems)
	}
	check(1, calls+"-0: the seal of records 0 to 4095 does not fit", "NOT as sealed")
	if err := os.Truncate(anchors, 0); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "../../docs/check-seals.py", data, anchors).CombinedOutput()
	if !strings.Contains(string(out), "holds no seal") || err == nil || !strings.Contains(err.Error(), "exit status 2") {
		t.Errorf("%v: %s", err, out)
	}
}
