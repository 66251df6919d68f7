package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/doctor"
)

func TestDoctor(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	nothing := linesman(t, "doctor", "--data", data)
	if nothing.code != 1 || !strings.Contains(nothing.out, "FAIL  data directory") || !strings.Contains(nothing.out, "no such directory") {
		t.Errorf("without a directory: %d\n%s%s", nothing.code, nothing.out, nothing.err)
	}
	if strings.Contains(nothing.out, "\033") {
		t.Error("colours where there is no terminal")
	}
	i := startUp(t, data)
	// The control socket may come a moment after the console.
	await(t, func() string { return linesman(t, "doctor", "--data", data).out }, func() bool { return linesman(t, "doctor", "--data", data).code == 0 })
	var r doctor.Report
	succeedJSON(t, &r, "doctor", "--data", data)
	if !r.Running || r.State == doctor.Red || r.Verdict == "" || len(r.Partitions) == 0 || r.Checks[0].Hop != "configuration" || r.Checks[len(r.Checks)-1].Hop != doctor.EndToEnd {
		t.Errorf("running: %+v", r)
	}
	// A mistyped setting is told, and the rest is looked at all the same.
	config := write(t, filepath.Join(t.TempDir(), "c.yaml"), []byte("broker:\n  max_byts: 7\n"))
	wrong := linesman(t, "doctor", "--data", data, "--config", config, "--json")
	if err := json.Unmarshal([]byte(wrong.out), &r); err != nil {
		t.Fatalf("%v: %s%s", err, wrong.out, wrong.err)
	}
	if c, _ := r.Find("configuration"); wrong.code != 1 || c.State != doctor.Red || !strings.Contains(c.Detail, `did you mean "broker.max_bytes"?`) {
		t.Errorf("a wrong setting: %d, %+v", wrong.code, c)
	}
	if c, _ := r.Find("store"); c.State != doctor.Green {
		t.Errorf("the store beside a wrong setting: %+v", c)
	}
	i.kill()
	killed := linesman(t, "doctor", "--data", data)
	if killed.code != 1 || !strings.Contains(killed.out, "FAIL  process") || !strings.Contains(killed.out, "is gone") || !strings.Contains(killed.out, "files do not become rows: the way stops at process") {
		t.Errorf("killed: %d\n%s%s", killed.code, killed.out, killed.err)
	}
	i = startUp(t, data)
	i.stop()
	stopped := linesman(t, "doctor", "--data", data)
	if stopped.code != 1 || !strings.Contains(stopped.out, "not running: files that arrive wait in the inbox") {
		t.Errorf("stopped: %d\n%s%s", stopped.code, stopped.out, stopped.err)
	}
}
