package demo

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFull generates the full region and checks it as the small one is checked. It takes half
// a minute and 200 MB, so it runs only when asked for: LINESMAN_FULL=1.
func TestFull(t *testing.T) {
	if os.Getenv("LINESMAN_FULL") == "" {
		t.Skip("set LINESMAN_FULL=1 to generate the full region")
	}
	dir := t.TempDir()
	start := time.Now()
	truth, err := Generate(context.Background(), Config{Dir: dir, Size: Full, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	t.Logf("%v, %d MB, %+v, %d lines, %d units", took, size(t, dir)>>20, truth.Records, truth.Lines, truth.Units)
	newAudit(t, dir, &truth).check()
	checkWatches(t, dir, &truth)
	checkPlanted(t, &truth, 6)
	checkListed(t, dir, &truth)
	if n := size(t, dir); n > 300<<20 {
		t.Errorf("%d bytes on disk", n)
	}
}

func size(t *testing.T, dir string) int64 {
	t.Helper()
	var n int64
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
