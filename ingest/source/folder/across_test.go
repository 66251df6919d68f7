package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// elsewhere makes a data folder whose inbox of cucm is on another file system.
func elsewhere(t *testing.T) (dir, inbox string) {
	t.Helper()
	dir = t.TempDir()
	there, err := os.MkdirTemp("/dev/shm", "linesman-")
	if err != nil {
		t.Skipf("no second file system here: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(there) })
	var a, b syscall.Stat_t
	if err := errors.Join(syscall.Stat(dir, &a), syscall.Stat(there, &b)); err != nil || a.Dev == b.Dev {
		t.Skipf("no second file system here (%v)", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "inbox"), 0o700); err != nil {
		t.Fatal(err)
	}
	inbox = filepath.Join(dir, "inbox", "cucm")
	if err := os.Symlink(there, inbox); err != nil {
		t.Fatal(err)
	}
	return dir, inbox
}

func lstat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// names lists a folder, the folder's passing names too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestInboxOnAnotherFileSystem(t *testing.T) {
	base, inbox := elsewhere(t)
	d := &desk{}
	_, dir := start(t, Config{Dir: base}, d.handle)
	write(t, inbox, "f", "content")
	until(t, "the file is done", func() bool { return exists(dir, "done", "cucm", "f.report.json") })
	got, err := os.ReadFile(filepath.Join(dir, "done", "cucm", "f"))
	if err != nil || string(got) != "content" || len(names(t, inbox)) != 0 {
		t.Errorf("done is %q (%v), the inbox has %q", got, err, names(t, inbox))
	}
}

// TestFaultNameTakenAcrossFileSystems gives the name of a collected file to another one before
// it is copied and while it is.
func TestFaultNameTakenAcrossFileSystems(t *testing.T) {
	report := ingest.Report{State: schema.FileDone}
	setup := func(t *testing.T, content []byte) (s *Source, dir, path string) {
		dir, inbox := elsewhere(t)
		s, err := New(Config{Dir: dir, Collectors: []string{"cucm"}}, (&desk{}).handle, discard())
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(inbox, "f")
		write(t, path, string(content))
		return s, dir, path
	}
	replace := func(path string) error {
		next := filepath.Join(filepath.Dir(path), ".next")
		return errors.Join(os.WriteFile(next, []byte("not collected"), 0o600), os.Rename(next, path))
	}
	t.Run("before", func(t *testing.T) {
		s, dir, path := setup(t, []byte("collected"))
		collected := lstat(t, path)
		if err := replace(path); err != nil {
			t.Fatal(err)
		}
		if err := s.put("cucm", path, report, collected); !errors.Is(err, errChanged) {
			t.Errorf("put: %v", err)
		}
		if got, err := os.ReadFile(path); string(got) != "not collected" || exists(dir, "done", "cucm", "f") {
			t.Errorf("in the inbox is %q, %v; done has %q", got, err, names(t, filepath.Join(dir, "done", "cucm")))
		}
	})
	t.Run("while it is copied", func(t *testing.T) {
		content := bytes.Repeat([]byte("collected "), 10<<20)
		s, dir, path := setup(t, content)
		done := filepath.Join(dir, "done", "cucm")
		moved := make(chan error, 1)
		go func() { moved <- s.put("cucm", path, report, lstat(t, path)) }()
		until(t, "copying has begun", func() bool { return exists(done, ".f.part") || exists(done, "f") })
		if err := errors.Join(replace(path), <-moved); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != "not collected" {
			t.Errorf("in the inbox is %q, %v", got, err)
		}
		if got, err := os.ReadFile(filepath.Join(done, "f")); err != nil || !bytes.Equal(got, content) {
			t.Errorf("done has %d bytes, %v; want %d", len(got), err, len(content))
		}
	})
}

// TestFaultCopyFails keeps the file in the inbox, under its name, and leaves nothing half done.
func TestFaultCopyFails(t *testing.T) {
	dir, inbox := t.TempDir(), t.TempDir()
	path := filepath.Join(inbox, "f")
	write(t, path, "content")
	if err := moveAcross(path, filepath.Join(dir, "nowhere", "f"), lstat(t, path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moving into a folder that is not there: %v", err)
	}
	// The name is taken when the copy gives way: both stay.
	collected := lstat(t, path)
	held := filepath.Join(inbox, ".f"+heldSuffix)
	if err := os.Rename(path, held); err != nil {
		t.Fatal(err)
	}
	write(t, path, "another")
	if err := moveAcross(path, filepath.Join(dir, "f"), collected); !errors.Is(err, errChanged) {
		t.Errorf("moving another file: %v", err)
	}
	if got := fmt.Sprint(names(t, inbox), names(t, dir)); got != "[f f.2] []" {
		t.Errorf("inbox and done have %s", got)
	}
}

// TestCrashWhileCopied starts anew with what a crash leaves: the file under its passing name,
// its name taken or not.
func TestCrashWhileCopied(t *testing.T) {
	base := t.TempDir()
	inbox := filepath.Join(base, "inbox", "cucm")
	if err := os.MkdirAll(inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, inbox, ".a"+heldSuffix, "held a")
	write(t, inbox, ".b"+heldSuffix, "held b")
	write(t, inbox, "b", "another b")
	d := &desk{}
	_, dir := start(t, Config{Dir: base}, d.handle)
	done := filepath.Join(dir, "done", "cucm")
	until(t, "all are done", func() bool {
		return exists(done, "a.report.json") && exists(done, "b.report.json") && exists(done, "b.2.report.json")
	})
	for name, want := range map[string]string{"a": "held a", "b": "another b", "b.2": "held b"} {
		if got, err := os.ReadFile(filepath.Join(done, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
}

// TestFileThatIsNotThere tells a file that somebody took away from other things that are not
// there.
func TestFileThatIsNotThere(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "segment", Err: syscall.ENOENT}
	for _, tt := range []struct {
		name    string
		err     error
		takenBy func(path string) error
		want    error
	}{
		{"the file", missing, os.Remove, nil},
		{"something else", missing, nil, missing},
		{"the log", &ingest.LogError{Err: missing}, nil, missing},
		{"the log, and the file", &ingest.LogError{Err: missing}, os.Remove, missing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(Config{Dir: t.TempDir(), Collectors: []string{"cucm"}}, func(_ context.Context, _, path string) (ingest.Report, error) {
				if tt.takenBy != nil {
					if err := tt.takenBy(path); err != nil {
						t.Error(err)
					}
				}
				return ingest.Report{}, tt.err
			}, discard())
			if err != nil {
				t.Fatal(err)
			}
			b := newInbox(s, "cucm", nil)
			if err := os.MkdirAll(b.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, b.dir, "f", "x")
			if err := b.look(time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := b.one(t.Context(), "f"); !errors.Is(err, tt.want) {
				t.Errorf("collecting ended with %v, want %v", err, tt.want)
			}
		})
	}
}
