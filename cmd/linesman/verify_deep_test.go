package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/processors/verify"
)

// An older copy of the log is without fault in itself. What is kept elsewhere tells.
func TestDeepVerifyTellsAnOlderCopy(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	kept := filepath.Join(t.TempDir(), "seals.jsonl")
	run := func(file string) {
		t.Helper()
		i := startUp(t, data, "LINESMAN_SEAL_ANCHOR_FILE="+kept, "LINESMAN_SEAL_EVERY=1h") // it seals when it stops
		succeed(t, "collect", "--data", data, "cucm", "testdata/"+file)
		if file == older { // nothing is in the file yet
			fails(t, []string{"holds no seal"}, "verify", "--deep", "--data", data, "--anchors", kept)
		} else if out := succeed(t, "verify", "--deep", "--data", data, "--anchors", kept); !strings.Contains(out, "the log is as it was sealed") {
			t.Errorf("verify --deep of the running one said %q", out)
		}
		i.stop()
	}
	write(t, kept, nil)
	run(older)
	var rep verify.Deep
	succeedJSON(t, &rep, "verify", "--deep", "--data", data, "--anchors", kept)
	if !rep.OK || rep.Unsealed != 1 || rep.InAnchors == 0 || rep.InAnchors != sealsOf(rep) {
		t.Errorf("after the first run: %+v", rep)
	}
	copied := filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(data, "log"))); err != nil {
		t.Fatal(err)
	}
	run(newer)
	if err := os.RemoveAll(filepath.Join(data, "log")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(data, "log"), os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--anchors", kept}} { // the store knows how far the log was
		r := linesman(t, append([]string{"verify", "--deep", "--data", data}, args...)...)
		if r.code != 1 || !strings.Contains(r.out, "cut ") || !strings.Contains(r.out, "linesman.calls/") || !strings.Contains(r.out, "NOT as it was sealed") {
			t.Errorf("%v: ended with %d: %s%s", args, r.code, r.out, r.err)
		}
	}
	fails(t, []string{"--anchors is for verify --deep"}, "verify", "--data", data, "--anchors", kept)
	fails(t, []string{"unknown flag"}, "verify", "--deep", "--anchor", kept)
	var answer struct{ Error string }
	none := linesman(t, "verify", "--deep", "--data", data, "--anchors", kept+"not", "--json")
	if err := json.Unmarshal([]byte(none.out), &answer); err != nil || none.code != 2 || !strings.Contains(answer.Error, "opening the file of seals") {
		t.Errorf("could not look: %d, %v: %s%s", none.code, err, none.out, none.err)
	}
	fails(t, []string{"opening the file of seals"}, "verify", "--deep", "--data", data, "--anchors", kept+"not")
}

func sealsOf(rep verify.Deep) int {
	n := 0
	for _, p := range rep.Partitions {
		n += p.Seals
	}
	return n
}

func TestGapsCommand(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older)
	var rep verify.GapReport
	succeedJSON(t, &rep, "gaps", "--data", data)
	if len(rep.Sources) != 1 || rep.Sources[0].Source != "cucm StandAloneCluster/01" || rep.Sources[0].First != "2026-03-14" || rep.Sources[0].Events != 10 {
		t.Errorf("gaps %+v", rep.Sources)
	}
	out := succeed(t, "gaps", "--data", data, "--since", "2026-03-01")
	for _, words := range []string{"cucm StandAloneCluster/01: 1 file", "rule rising-watches", "2026-03 no data", "rule premium-call"} {
		if !strings.Contains(out, words) {
			t.Errorf("no %q in %s", words, out)
		}
	}
	fails(t, []string{"--since", "want yyyy-mm-dd"}, "gaps", "--data", data, "--since", "March")
}
