package failpoint_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"linesman/internal/failpoint"
)

const root = "../.."

// TestNamesAndPlaces compares the list with the program.
func TestNamesAndPlaces(t *testing.T) {
	listed, placed := map[string]bool{}, map[string]int{}
	for _, p := range failpoint.Names() {
		if listed[p.Name] || p.Meaning == "" || p.When == "" {
			t.Errorf("%q stands twice or says nothing", p.Name)
		}
		listed[p.Name] = true
	}
	call := regexp.MustCompile(`failpoint\.(?:Hit|Err|Halfway)\("([^"]+)"`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "failpoint") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range call.FindAllSubmatch(text, -1) {
			placed[string(m[1])]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range listed {
		if placed[name] != 1 {
			t.Errorf("fail point %s stands at %d places in the program", name, placed[name])
		}
	}
	for name := range placed {
		if !listed[name] {
			t.Errorf("fail point %s is not listed", name)
		}
	}
}

func TestParse(t *testing.T) {
	got, err := failpoint.Parse("range.begin.after=kill@3, folder.move.before=sleep:200ms,insert.after=kill-engine,range.insert.after=error@1")
	want := []failpoint.Action{{Name: "range.begin.after", Kind: failpoint.Kill, Nth: 3}, {Name: "folder.move.before", Kind: failpoint.Sleep, Sleep: 200 * time.Millisecond},
		{Name: "insert.after", Kind: failpoint.KillEngine}, {Name: "range.insert.after", Kind: failpoint.Error, Nth: 1}}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
		back, err := failpoint.Parse(got[i].String())
		if err != nil || back[0] != want[i] {
			t.Errorf("%s reads as %v, %v", got[i], back, err)
		}
	}
	for text, want := range map[string]string{
		"nowhere=kill":                  `there is no fail point "nowhere"`,
		"range.begin.after":             "want NAME=ACTION",
		"range.begin.after=explode":     "none of kill",
		"range.begin.after=kill@0":      "no number of passes",
		"range.begin.after=kill:1":      "takes nothing",
		"folder.move.before=sleep:soon": "no duration",
		"range.begin.after=error":       "cannot return an error",
		"folder.move.after=kill-engine": "nothing to do with the engine",
	} {
		if _, err := failpoint.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestOrdinaryBuild looks into the program as it is delivered, and into one with fail points
// to see that looking finds them.
func TestOrdinaryBuild(t *testing.T) {
	for tags, want := range map[string]bool{"": false, "failpoints": true} {
		file := filepath.Join(t.TempDir(), "linesman")
		out, err := exec.Command("go", "build", "-tags", tags, "-o", file, "linesman/cmd/linesman").CombinedOutput()
		if err != nil {
			t.Fatalf("building with tags %q: %v\n%s", tags, err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		marks := []string{failpoint.Env, "linesman/internal/failpoint.Hit", "linesman/internal/failpoint.Err"}
		for _, p := range failpoint.Names() {
			marks = append(marks, p.Name)
		}
		for _, m := range marks {
			if got := bytes.Contains(text, []byte(m)); got != want {
				t.Errorf("built with tags %q: %q in the program: %t, want %t", tags, m, got, want)
			}
		}
		env := append(os.Environ(), failpoint.Env+"=nowhere=kill")
		cmd := exec.Command(file, "version")
		cmd.Env = env
		out, err = cmd.CombinedOutput()
		if want && (err == nil || !strings.Contains(string(out), "no fail point")) {
			t.Errorf("an unknown name: %v\n%s", err, out)
		}
	}
}
