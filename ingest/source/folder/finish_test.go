package folder

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReportsThatACrashLeftGetTheirNamesOrGo(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("moved")
	write(".moved" + reportSuffix + ".tmp")
	write(".waiting" + reportSuffix + ".tmp") // its file is still in the inbox: it will be written anew
	write("told")
	write("told" + reportSuffix)
	write(".told" + reportSuffix + ".tmp") // has its report
	if err := finishReports(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"moved" + reportSuffix: true, ".moved" + reportSuffix + ".tmp": false, ".waiting" + reportSuffix + ".tmp": false, "waiting" + reportSuffix: false,
		"told" + reportSuffix: true, ".told" + reportSuffix + ".tmp": false} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s there: %v, want %v", name, err == nil, want)
		}
	}
}
