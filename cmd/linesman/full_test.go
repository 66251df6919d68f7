package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFull runs on a file system of its own that gets full, and then has room again.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		leftOut(t, "only root may mount the small file system that this test fills")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"); err != nil {
		leftOut(t, fmt.Sprintf("no small file system here, nothing to fill: mounting a tmpfs: %v", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error("unmounting:", err)
		}
	})
	data := filepath.Join(disk, "D")
	i := startUp(t, data)
	drop(t, data, "cucm", older, read(t, "testdata/"+older))
	eventually(t, data, "SELECT count() FROM usage", "10")
	settled(t, data)

	l := newLayout(t)
	waiting := filepath.Join(data, "inbox", "cucm", "waiting")
	write(t, filepath.Join(disk, "waiting"), l.file(calls("waiting", 2000)...))
	fill(t, filepath.Join(disk, "filler"))
	if err := os.Rename(filepath.Join(disk, "waiting"), waiting); err != nil {
		t.Fatal(err)
	}
	await(t, i.errs.String, func() bool { return strings.Contains(i.errs.String(), "the log cannot be written, the inbox waits") })
	if text := i.errs.String(); !strings.Contains(text, "no space left on device") {
		t.Errorf("the reason is not said:\n%s", text)
	}
	if _, err := os.Stat(waiting); err != nil {
		t.Errorf("the file did not stay in the inbox: %v", err)
	}
	// Killed while the disk is full, too, it comes back whole.
	i.kill()
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	i = startUp(t, data)
	eventually(t, data, "SELECT count(), uniqExact(event_id) FROM usage", "2010\t2010")
	settled(t, data)

	// And once more without a restart: room alone is enough.
	write(t, filepath.Join(disk, "waiting"), l.file(calls("again", 2000)...))
	fill(t, filepath.Join(disk, "filler"))
	if err := os.Rename(filepath.Join(disk, "waiting"), waiting); err != nil {
		t.Fatal(err)
	}
	await(t, i.errs.String, func() bool { return strings.Contains(i.errs.String(), "no space left on device") })
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	eventually(t, data, "SELECT count(), uniqExact(event_id) FROM usage", "4010\t4010")
	settled(t, data)
	i.stop()
}

// fill takes all the room that the file system has.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filled %d bytes: %v", n, err)
	}
}

func TestLogFull(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	l := newLayout(t)
	i := startUp(t, data, "LINESMAN_BROKER_MAX_BYTES=300000")
	const files = 8
	for n := range files {
		drop(t, data, "cucm", fmt.Sprintf("calls_%d", n), l.file(calls(fmt.Sprint("full", n), 1000)...))
	}
	await(t, i.errs.String, func() bool { return strings.Contains(i.errs.String(), "the log cannot be written, the inbox waits") })
	if text := i.errs.String(); !strings.Contains(text, "the log is full") || !strings.Contains(text, "max_bytes") {
		t.Errorf("the message does not say what to do:\n%s", text)
	}
	left, err := os.ReadDir(filepath.Join(data, "inbox", "cucm"))
	if err != nil || len(left) == 0 || len(left) == files {
		t.Errorf("%d of %d files wait in the inbox, %v", len(left), files, err)
	}
	// What is in the log is in the store all the same, and can be asked for.
	eventually(t, data, "SELECT count() > 1000 FROM usage", "1")
	i.stop()
	i = startUp(t, data)
	eventually(t, data, "SELECT count(), uniqExact(event_id) FROM usage", fmt.Sprintf("%d\t%d", files*1000, files*1000))
	await(t, func() string { return "the inbox is not empty" }, func() bool {
		left, err := os.ReadDir(filepath.Join(data, "inbox", "cucm"))
		return err == nil && len(left) == 0
	})
	settled(t, data)
	i.stop()
}
