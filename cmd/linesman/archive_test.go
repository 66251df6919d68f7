package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/internal/archive"
	"linesman/internal/demo"
	"linesman/internal/node"
)

// killedOnce runs a command and kills it when reached says so; false: it ended by itself before.
func killedOnce(t *testing.T, reached func(errs string) bool, args ...string) bool {
	t.Helper()
	errs := &output{}
	cmd := program(t, t.Context(), nil, args...)
	cmd.Stderr = errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the engine dies with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	deadline := time.Now().Add(patience)
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("linesman %v: %v\n%s", args, err, errs)
			}
			return false
		case <-time.After(2 * time.Millisecond):
		}
		if reached(errs.String()) {
			break
		}
		if time.Now().After(deadline) {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			t.Fatalf("linesman %v was not ready to be killed within %s:\n%s", args, patience, errs)
		}
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended meanwhile
	return <-done != nil
}

func inArchive(dir string) int {
	parts, _ := filepath.Glob(filepath.Join(dir, "linesman.*", "p*", "*", "*.parquet"))
	others, _ := filepath.Glob(filepath.Join(dir, ".tmp", "*"))
	return len(parts) + len(others)
}

// Archive and restore as people run them, killed again and again: what comes back is what was
// there.
func TestArchiveAndRestoreKilled(t *testing.T) {
	region := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "D")
	files := feed(t, region, data, node.Collectors()...)
	i := startUp(t, data)
	emptied(t, i, files)
	i.stop()
	before := verified(t, data)
	dir := filepath.Join(t.TempDir(), "A")
	rep := archivedWithKills(t, data, dir)
	fresh := filepath.Join(t.TempDir(), "N")
	restoredWithKills(t, dir, fresh, "--key", filepath.Join(data, "pseudonym.key"), "--head", rep.Head.String())
	if after := verified(t, fresh); after != before {
		t.Errorf("restored: %s\noriginal: %s", after, before)
	}
	succeed(t, "verify", "--deep", "--data", fresh)
	var again archive.Result
	if succeedJSON(t, &again, "archive", "--open", "--to", dir, "--data", fresh); again.Before != rep.Records {
		t.Errorf("the archive does not go on from the restored log: %+v", again)
	}
}

// verified verifies a store that nobody else has open and returns the checksums of its tables.
func verified(t *testing.T, data string) string {
	t.Helper()
	var rep struct {
		OK      bool
		Content map[string]string
	}
	succeedJSON(t, &rep, "verify", "--data", data)
	raw, err := json.Marshal(rep.Content)
	if err != nil || !rep.OK || len(rep.Content) < 10 {
		t.Fatalf("%+v, %v", rep, err)
	}
	return string(raw)
}

func archivedWithKills(t *testing.T, data, dir string) (rep archive.Report) {
	t.Helper()
	kills := 0
	for n := 1; n <= 12; n++ { // a file more is there each time
		if killedOnce(t, func(string) bool { return inArchive(dir) >= n }, "archive", "--open", "--to", dir, "--data", data) {
			kills++
		}
	}
	var res archive.Result
	succeedJSON(t, &res, "archive", "--open", "--to", dir, "--data", data)
	succeedJSON(t, &rep, "archive", "check", "--from", dir, "--head", res.Head.String())
	if !rep.OK || rep.Records != res.Before+res.Records || rep.Records < 20_000 || kills < 5 {
		t.Fatalf("%d kills: %+v\n%+v", kills, res, rep)
	}
	t.Logf("the archive was killed %d times; it has %d manifests, %d files and %d that do not count", kills, rep.Manifests, rep.Files, len(rep.Unlisted))
	return rep
}

func restoredWithKills(t *testing.T, dir, fresh string, flags ...string) {
	t.Helper()
	restore := append([]string{"restore", "--from", dir, "--data", fresh}, flags...)
	mark := filepath.Join(fresh, "restore.json")
	marked := func(string) bool { _, err := os.Stat(mark); return err == nil }
	says := func(what string) func(string) bool {
		return func(errs string) bool { return strings.Contains(errs, what) }
	}
	kills := 0
	for _, reached := range []func(string) bool{marked, logHolds(fresh, 100_000), logHolds(fresh, 600_000), logHolds(fresh, 1_500_000),
		says("records restored"), says(node.StepStored), says("judging")} {
		if !killedOnce(t, reached, restore...) {
			break
		}
		kills++
		fails(t, []string{"run linesman restore --from " + dir}, "collect", "cucm", "testdata/"+older, "--data", fresh)
	}
	t.Logf("the restore was killed %d times", kills)
	if kills < 5 {
		t.Errorf("too few kills for a test")
	}
	if marked("") {
		succeed(t, restore...)
	}
	fails(t, []string{"name another one with --data"}, restore...)
}

// logHolds tells when the files of a log take so many bytes.
func logHolds(data string, least int64) func(string) bool {
	return func(string) bool {
		var size int64
		_ = filepath.WalkDir(filepath.Join(data, "log"), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if info, err := d.Info(); err == nil {
					size += info.Size()
				}
			}
			return nil // files come and go while it looks
		})
		return size >= least
	}
}

func TestArchiveSaysWhatIsWrong(t *testing.T) {
	data, none := filepath.Join(t.TempDir(), "D"), filepath.Join(t.TempDir(), "none")
	month := time.Now().UTC().Month()
	succeed(t, "collect", "cucm", "testdata/"+older, "--data", data)
	fails(t, []string{"--to DIR"}, "archive", "--data", data)
	fails(t, []string{"2026-10"}, "archive", "--to", none, "--until", "october", "--data", data)
	fails(t, []string{"s3://bucket/prefix"}, "archive", "--to", "ftp://x/y", "--data", data)
	fails(t, []string{"LINESMAN_ARCHIVE_S3_SECRET_KEY"}, "archive", "--to", "s3://x/y", "--data", data)
	fails(t, []string{"there is no archive there"}, "archive", "check", "--from", none)
	fails(t, []string{"there is no archive there"}, "restore", "--from", none, "--data", none+"2")
	fails(t, []string{"--data"}, "restore", "--from", none)
	fails(t, []string{"name another one with --data"}, "restore", "--from", none, "--data", data)
	if out := succeed(t, "archive", "--to", none, "--data", data); !strings.Contains(out, "0 files written") && time.Now().UTC().Month() == month {
		t.Errorf("the month is not over:\n%s", out)
	}
	succeed(t, "archive", "--to", none, "--open", "--data", data)
	if out := succeed(t, "archive", "check", "--from", none); !strings.Contains(out, "the archive is whole") {
		t.Error(out)
	}
	manifest := filepath.Join(none, "manifests", "000001.json")
	write(t, manifest, []byte(strings.Replace(string(read(t, manifest)), `"records": `, `"records": 1`, 1)))
	if r := linesman(t, "archive", "check", "--from", none); r.code != 1 || !strings.Contains(r.out, "BAD  manifests/000001.json") {
		t.Errorf("%+v", r)
	}
	fails(t, []string{"is damaged", "manifests/000001.json"}, "restore", "--from", none, "--data", none+"3")
}
