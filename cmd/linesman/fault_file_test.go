package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestFaultReadError collects a file that the kernel fails to read: the first page of a
// process's memory gives EIO.
func TestFaultReadError(t *testing.T) {
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		t.Skip("no /proc here:", err)
	}
	data := filepath.Join(t.TempDir(), "D")
	fails(t, []string{"input/output error"}, "collect", "--data", data, "cucm", "/proc/self/mem")
	wants(t, data, "SELECT count() FROM files", "0") // nothing is concluded: it is to be collected again
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older)
	settled(t, data)
}

// TestFaultManySmallFiles delivers files of one call each, LINESMAN_FILES of them (500).
func TestFaultManySmallFiles(t *testing.T) {
	n := 500
	if text := os.Getenv("LINESMAN_FILES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal("LINESMAN_FILES:", err)
		}
	}
	data := filepath.Join(t.TempDir(), "D")
	i := startUp(t, data)
	l := newLayout(t)
	began := time.Now()
	for k := range n {
		drop(t, data, "cucm", fmt.Sprintf("tiny_%06d", k), l.file(calls(fmt.Sprint("tiny", k), 1)...))
	}
	eventually(t, data, "SELECT count(), uniqExact(event_id), (SELECT countIf(state = 'done' AND accepted = 1) FROM files) FROM usage", fmt.Sprintf("%d\t%d\t%d", n, n, n))
	took := time.Since(began)
	t.Logf("%d files in %v, %.0f a second", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	await(t, func() string { return "the inbox is empty" }, func() bool { return handled(data) == n })
	settled(t, data)
	i.stop()
}
