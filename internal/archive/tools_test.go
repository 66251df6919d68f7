package archive

import (
	"os"
	"path/filepath"
	"testing"
)

// toolsVersion is kept in step with scripts/install-archive-tools.sh.
const toolsVersion = "1"

// tool returns a program that scripts/install-archive-tools.sh installed, or leaves the test
// out. With REQUIRE_ARCHIVE_TOOLS=1 in the environment a missing one is an error.
func tool(t *testing.T, name string) string {
	t.Helper()
	cache := os.Getenv("LINESMAN_CACHE")
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			t.Skip(err)
		}
		cache = filepath.Join(dir, "linesman")
	}
	path := filepath.Join(cache, "archive-tools", toolsVersion, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("REQUIRE_ARCHIVE_TOOLS") != "" {
			t.Fatalf("%v: run scripts/install-archive-tools.sh", err)
		}
		t.Skipf("left out: %s is not installed (scripts/install-archive-tools.sh)", filepath.Base(path))
	}
	return path
}
