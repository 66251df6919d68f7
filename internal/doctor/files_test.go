package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func TestDataDir(t *testing.T) {
	good := strings.Repeat("k", KeySize)
	for _, tc := range []struct {
		name  string
		make  func(dir string)
		state State
		words []string
	}{
		{"empty", func(string) {}, Green, nil},
		{"whole", func(d string) { put(t, d+"/pseudonym.key", good, 0o600) }, Green, nil},
		{"missing", func(d string) { _ = os.Remove(d) }, Red, []string{"no such directory", "--data"}},
		{"a file", func(d string) { _ = os.Remove(d); put(t, d, "", 0o600) }, Red, []string{"is no directory"}},
		{"open to all", func(d string) { _ = os.Chmod(d, 0o755) }, Yellow, []string{"mode 0755", "chmod 0700"}},
		{"key lost", func(d string) { _ = os.MkdirAll(d+"/log/data", 0o700) }, Red, []string{"pseudonym.key is missing", "backup"}},
		{"key exposed", func(d string) { put(t, d+"/pseudonym.key", good, 0o644) }, Red, []string{"mode 0644", "chmod 0600"}},
		{"key cut", func(d string) { put(t, d+"/pseudonym.key", "short", 0o600) }, Red, []string{"not a key of 32 bytes"}},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		tc.make(dir)
		want(t, tc.name, DataDir(dir), tc.state, tc.words...)
	}
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	both := []Place{{"log", filepath.Join(dir, "log")}, {"store", filepath.Join(dir, "not", "there", "yet")}}
	checks := Disk(both, 1)
	want(t, "room", checks, Green, "free for the log and store")
	if len(checks) != 1 {
		t.Errorf("one disk is told %d times: %+v", len(checks), checks)
	}
	want(t, "none", Disk(both, 1<<60), Red, "doctor.min_free", "nothing is lost")
	free, err := Free(dir)
	if err != nil || free <= 0 {
		t.Fatal(free, err)
	}
	want(t, "scarce", Disk(both, free/2), Yellow, "becomes scarce")
}

func inboxOf(dir string, a *Activity) Inbox {
	return Inbox{Data: dir, Collector: "cucm", Now: time.Now(), Activity: a, Mask: func(s string) string { return strings.ReplaceAll(s, "0701234567", "07xxx") },
		Passing: func(s string) bool { return strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".tmp") }}
}

func TestInbox(t *testing.T) {
	idle := &Activity{}
	for _, tc := range []struct {
		name     string
		activity *Activity
		later    time.Duration // how much later somebody looks
		make     func(dir string)
		state    State
		words    []string
	}{
		{"empty", idle, 0, func(string) {}, Green, []string{"empty"}},
		{"a file where the inbox should be", idle, 0, func(d string) { _ = os.RemoveAll(d + "/inbox/cucm"); put(t, d+"/inbox/cucm", "", 0o600) }, Red, []string{"inbox/cucm is a file where a folder should be"}},
		{"a file where done should be", idle, 0, func(d string) { _ = os.RemoveAll(d + "/done/cucm"); put(t, d+"/done/cucm", "", 0o600) }, Red, []string{"done/cucm is a file where a folder should be"}},
		{"gone", idle, 0, func(d string) { _ = os.RemoveAll(d + "/inbox/cucm") }, Red, []string{"inbox/cucm is gone"}},
		{"gone, not running", nil, 0, func(d string) { _ = os.RemoveAll(d + "/inbox/cucm") }, Green, nil},
		{"just arrived", idle, 0, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Green, []string{"1 file waiting"}},
		{"waits", idle, 5 * time.Minute, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Yellow, []string{"the oldest for 5 min", "none is being read"}},
		{"waits too long", idle, time.Hour, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Red, []string{"the oldest for 60 min"}},
		{"waits while others are read", &Activity{File: "b", Since: time.Now()}, time.Hour, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Green, []string{"worked through"}},
		{"not running", nil, time.Hour, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Yellow, []string{"start linesman up"}},
		{"sender broke off", idle, 2 * time.Hour, func(d string) { put(t, d+"/inbox/cucm/a.tmp", "", 0o600) }, Yellow, []string{"passing name"}},
		{"failing", &Activity{Failing: []Failing{{File: "masked", Tries: 7, Since: time.Now(), Error: "the log is full"}}}, 0, func(d string) { put(t, d+"/inbox/cucm/a", "", 0o600) }, Red,
			[]string{"masked could not be collected 7 times", "the log is full"}},
		{"refused", idle, 0, func(d string) {
			put(t, d+"/failed/cucm/x_0701234567.csv", "", 0o600)
			put(t, d+"/failed/cucm/x_0701234567.csv.report.json", `{"name":"x","error":"x:2: a personnummer"}`, 0o600)
		}, Yellow, []string{"1 file in failed/cucm", "x_07xxx.csv: x:2: a personnummer"}},
	} {
		dir := t.TempDir()
		for _, kind := range []string{"inbox", "done", "failed"} {
			if err := os.MkdirAll(filepath.Join(dir, kind, "cucm"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		tc.make(dir)
		in := inboxOf(dir, tc.activity)
		in.Now = in.Now.Add(tc.later)
		checks := in.Look()
		want(t, tc.name, checks, tc.state, tc.words...)
		for _, c := range checks {
			if strings.Contains(c.Detail, "0701234567") {
				t.Errorf("%s: a person's number is shown: %s", tc.name, c.Detail)
			}
		}
	}
}

// As root every file can be read and every folder written.
func TestPermissions(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("runs as root, whom permissions do not stop")
	}
	dir := t.TempDir()
	put(t, dir+"/inbox/cucm/a", "", 0o000)
	want(t, "unreadable", inboxOf(dir, nil).Look(), Red, "1 file cannot be read")
	if err := os.Chmod(dir+"/inbox/cucm", 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(dir+"/inbox/cucm", 0o700) }() // or it could not be removed
	want(t, "not writable", inboxOf(dir, nil).Look(), Red, "inbox/cucm cannot be written")
}

func TestHolder(t *testing.T) {
	dir := t.TempDir()
	if p := Holder(dir); p.Held || p.PID != 0 || p.Gone {
		t.Errorf("nobody: %+v", p)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/pid", strconv.Itoa(gone.Process.Pid)+"\n", 0o600)
	put(t, dir+"/lock", "", 0o600)
	if p := Holder(dir); p.Held || !p.Gone || p.PID != gone.Process.Pid {
		t.Errorf("stale: %+v", p)
	}
	want(t, "stale", NotRunning(dir, time.Now(), true, time.Second), Red, "not running", "is gone", "free", "linesman up --data")
	put(t, dir+"/pid", strconv.Itoa(os.Getpid())+"\n", 0o600)
	lock := flock.New(dir + "/lock")
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer func() { _ = lock.Unlock() }()
	p := Holder(dir)
	if !p.Held || p.Gone || p.PID != os.Getpid() || p.Started.IsZero() {
		t.Errorf("held: %+v", p)
	}
	want(t, "silent", NotRunning(dir, time.Now(), false, time.Second), Red, "hangs", strconv.Itoa(os.Getpid()), "kill -QUIT")
	starts := Process{Held: true, PID: 7, Command: "up", Started: time.Now()}
	want(t, "starts", []Check{starts.silent(time.Now())}, Yellow, "it starts")
	want(t, "started long ago", []Check{starts.silent(time.Now().Add(time.Hour))}, Red, "does not take commands")
	starts.Command = "rebuild"
	want(t, "a command", []Check{starts.silent(time.Now().Add(time.Hour))}, Yellow, "linesman rebuild (process 7)")
}

func TestTheLastErrorIsTold(t *testing.T) {
	dir := t.TempDir()
	if err := NoteEnd(dir, Ended{At: time.Now(), PID: 7, Hop: "store", Error: "written by a newer linesman", Do: "run that version"}); err != nil {
		t.Fatal(err)
	}
	checks := NotRunning(dir, time.Now(), true, time.Second)
	want(t, "after an error", checks, Red, "written by a newer linesman", "run that version")
	if checks[0].Hop != "store" {
		t.Errorf("the error belongs to the store: %+v", checks)
	}
	if err := ForgetEnd(dir); err != nil {
		t.Fatal(err)
	}
	want(t, "forgotten", NotRunning(dir, time.Now(), true, time.Second), Red, "files that arrive wait in the inbox")
	if err := ForgetEnd(dir); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
}
