package folder

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/schema"
)

// TestFaultFilesThatChange does to a file what its writer should not, while half of it is read.
func TestFaultFilesThatChange(t *testing.T) {
	const before, after = "the first content of it", "another content, longer"
	stamp := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	put := func(path, content string) error {
		next := filepath.Join(filepath.Dir(path), ".next")
		if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
			return err
		}
		if err := os.Chtimes(next, stamp, stamp); err != nil {
			return err
		}
		return os.Rename(next, path)
	}
	for _, tt := range []struct {
		name string
		do   func(path string) error
		want string // what is read last; empty: the file is gone
	}{
		{"replaced", func(path string) error { return put(path, after) }, after},
		{"replaced by one as long and as old", func(path string) error { return put(path, strings.ToUpper(before)) }, strings.ToUpper(before)},
		{"cut", func(path string) error { return os.Truncate(path, 3) }, before[:3]},
		{"emptied and written again", func(path string) error { return os.WriteFile(path, []byte(after), 0o600) }, after},
		{"deleted", os.Remove, ""},
		{"replaced by a folder", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var read []string
			calls := 0
			_, dir := start(t, Config{}, func(_ context.Context, _, path string) (ingest.Report, error) {
				f, err := os.Open(path)
				if err != nil {
					return ingest.Report{}, err
				}
				defer f.Close()
				half := make([]byte, len(before)/2)
				n, err := io.ReadFull(f, half)
				if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					return ingest.Report{}, err
				}
				if calls++; calls == 1 {
					if err := tt.do(path); err != nil {
						t.Error(err)
					}
				}
				rest, err := io.ReadAll(f)
				read = append(read, string(half[:n])+string(rest))
				return ingest.Report{Name: "f", State: schema.FileDone, Read: 1, Sent: 1}, err
			})
			inbox, done := filepath.Join(dir, "inbox", "cucm"), filepath.Join(dir, "done", "cucm")
			if err := put(filepath.Join(inbox, "f"), before); err != nil {
				t.Fatal(err)
			}
			if tt.want == "" {
				write(t, inbox, "g", "the next file is collected all the same")
				until(t, "the next file is done", func() bool { return exists(done, "g") })
				if exists(done, "f") {
					t.Error("a file that is gone stands among the done ones")
				}
				return
			}
			until(t, "the file is done", func() bool { return exists(done, "f.report.json") })
			got, err := os.ReadFile(filepath.Join(done, "f"))
			if err != nil || string(got) != tt.want || read[len(read)-1] != tt.want {
				t.Errorf("done is %q (%v), read was %q; want %q", got, err, read, tt.want)
			}
		})
	}
}

// TestFaultNameTakenBeforeTheMove gives the name of a collected file to another one in the
// moment before it is moved: that one must not stand among the done ones unread.
func TestFaultNameTakenBeforeTheMove(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Dir: dir, Collectors: []string{"cucm"}}, (&desk{}).handle, discard())
	if err != nil {
		t.Fatal(err)
	}
	inbox := filepath.Join(dir, "inbox", "cucm")
	if err := os.MkdirAll(inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(inbox, "f")
	write(t, path, "collected")
	collected, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, inbox, ".f.tmp", "not collected")
	if err := os.Rename(filepath.Join(inbox, ".f.tmp"), path); err != nil {
		t.Fatal(err)
	}
	if err := s.put("cucm", path, ingest.Report{State: schema.FileDone}, collected); !errors.Is(err, errChanged) {
		t.Errorf("put: %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "not collected" || exists(dir, "done", "cucm", "f") {
		t.Errorf("in the inbox is %q, %v", got, err)
	}
}

// TestFaultThingsThatAreNoFiles leaves what is no plain file in the inbox, and says so.
func TestFaultThingsThatAreNoFiles(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{}, d.handle)
	inbox := filepath.Join(dir, "inbox", "cucm")
	outside := filepath.Join(dir, "outside")
	write(t, outside, "not to be read")
	if err := errors.Join(os.Mkdir(filepath.Join(inbox, "folder"), 0o700), os.Symlink(outside, filepath.Join(inbox, "link")),
		os.Symlink("/nowhere", filepath.Join(inbox, "dangling")), syscall.Mkfifo(filepath.Join(inbox, "pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	write(t, inbox, "folder", "inner", "files of folders are not collected")
	write(t, inbox, "zz-plain", "plain")
	until(t, "the plain file is done", func() bool { return exists(dir, "done", "cucm", "zz-plain.report.json") })
	if got := d.seen(); len(got) != 1 {
		t.Errorf("collected %q", got)
	}
	for _, name := range []string{"folder", "link", "dangling", "pipe"} {
		if _, err := os.Lstat(filepath.Join(inbox, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestFaultTimesOfFiles collects files whose times lie far off: only whether they stand still
// counts.
func TestFaultTimesOfFiles(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{}, d.handle)
	inbox := filepath.Join(dir, "inbox", "cucm")
	for name, at := range map[string]time.Time{"past": time.Unix(0, 0), "before1970": time.Date(1901, 12, 14, 0, 0, 0, 0, time.UTC),
		"future": time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), "tomorrow": time.Now().Add(24 * time.Hour)} {
		write(t, inbox, "."+name, name)
		if err := os.Chtimes(filepath.Join(inbox, "."+name), at, at); err != nil {
			t.Fatal(err)
		}
		// A hard link gives no notice of a rename: it settles like any file.
		if err := os.Link(filepath.Join(inbox, "."+name), filepath.Join(inbox, name)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all are done", func() bool {
		done, _ := filepath.Glob(filepath.Join(dir, "done", "cucm", "*.report.json"))
		return len(done) == 4
	})
}

// TestFaultStrangeNames collects files whose names no sane sender would choose.
func TestFaultStrangeNames(t *testing.T) {
	d := &desk{}
	_, dir := start(t, Config{}, d.handle)
	names := []string{"new\nline", "bad\xff\xfeutf8", "-rf", "a b\t;$(touch x)", "ÅÄÖ e\u0301", strings.Repeat("n", 200), "100%d%s", "'quoted\"", "c:\\x"}
	for _, name := range names {
		write(t, dir, "inbox", "cucm", name, "content")
	}
	for _, name := range names {
		until(t, "done: "+name, func() bool {
			return exists(dir, "done", "cucm", name) && exists(dir, "done", "cucm", name+reportSuffix)
		})
	}
	// So long that its report can have no name: it is told, stays, and harms no neighbour.
	long := strings.Repeat("l", 250)
	write(t, dir, "inbox", "cucm", long, "content")
	write(t, dir, "inbox", "cucm", "zz", "content")
	until(t, "the neighbour of a name that is too long", func() bool { return exists(dir, "done", "cucm", "zz") })
	if !exists(dir, "inbox", "cucm", long) && !exists(dir, "done", "cucm", long) {
		t.Error("the file with the long name is gone")
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
