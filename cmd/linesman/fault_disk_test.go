package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a small file system of its own on a folder of a data directory.
func smallDisk(t *testing.T, dir, size string) {
	t.Helper()
	if os.Getuid() != 0 {
		leftOut(t, "only root may mount the small file system that this test fills")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=0700"); err != nil {
		leftOut(t, fmt.Sprintf("no small file system here, nothing to fill: mounting a tmpfs: %v", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error("unmounting:", err)
		}
	})
}

// leftOut skips a test that fills a disk; with REQUIRE_SMALL_DISK=1 it fails it.
func leftOut(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("REQUIRE_SMALL_DISK") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// TestFaultDiskFullOnOneSide fills the disk of the log and that of the store, one at a time.
func TestFaultDiskFullOnOneSide(t *testing.T) {
	l := newLayout(t)
	begin := func(t *testing.T, side, size string) (i *instance, filler string) {
		data := filepath.Join(t.TempDir(), "D")
		smallDisk(t, filepath.Join(data, side), size)
		i = startUp(t, data)
		drop(t, data, "cucm", "before", l.file(calls("before", 1000)...))
		eventually(t, data, "SELECT count() FROM usage", "1000")
		filler = filepath.Join(data, side, "filler")
		fill(t, filler)
		drop(t, data, "cucm", "more", l.file(calls("more", 30_000)...))
		return i, filler
	}
	end := func(t *testing.T, i *instance, filler string) {
		t.Helper()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		eventually(t, i.data, "SELECT count(), uniqExact(event_id) FROM usage", "31000\t31000")
		await(t, func() string { return "the file is done" }, func() bool { return handled(i.data) == 2 })
		settled(t, i.data)
		i.stop()
	}
	says := func(t *testing.T, i *instance, words ...string) {
		t.Helper()
		await(t, i.errs.String, func() bool {
			for _, line := range strings.Split(i.errs.String(), "\n") {
				all := true
				for _, w := range words {
					all = all && strings.Contains(strings.ToLower(line), w)
				}
				if all {
					return true
				}
			}
			return false
		})
	}
	t.Run("log", func(t *testing.T) {
		i, filler := begin(t, "log", "48m")
		says(t, i, "the log cannot be written, the inbox waits", "no space left on device")
		if _, err := os.Stat(filepath.Join(i.data, "inbox", "cucm", "more")); err != nil {
			t.Errorf("the file did not stay in the inbox: %v", err)
		}
		wants(t, i.data, "SELECT count() >= 1000 FROM usage", "1") // the store answers
		end(t, i, filler)
	})
	t.Run("store", func(t *testing.T) {
		i, filler := begin(t, "store", "96m")
		says(t, i, "a range was not stored and is tried again", "space")
		await(t, func() string { return "the log takes the file although the store is full" }, func() bool { return handled(i.data) == 2 })
		end(t, i, filler)
	})
}
