package archive

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// remade changes a manifest as somebody would who knows the format: its hash of itself fits.
func remade(t *testing.T, dir string, number int, change func(*Manifest)) {
	t.Helper()
	path := filepath.Join(dir, manifestName(number))
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeManifest(raw, number)
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	if raw, err = m.encode(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func rewritten(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

// twoManifests makes an archive of two runs, and names one of its files.
func twoManifests(t *testing.T, log Log, dir string) (head Head, file string) {
	t.Helper()
	st := inFolder(t, dir)
	write(t, log, st, Options{Now: at("2026-11-02T00:00:00.000Z")})
	head = write(t, log, st, everything).Head
	files, err := filepath.Glob(filepath.Join(dir, "linesman.calls", "p0", "*", "*.parquet"))
	if err != nil || len(files) != 2 || head.Number != 2 {
		t.Fatalf("%v, %+v, %v", files, head, err)
	}
	if file, err = filepath.Rel(dir, files[0]); err != nil {
		t.Fatal(err)
	}
	return head, file
}

func TestDamageIsNamed(t *testing.T) {
	log := filled(t, 300, at("2026-10-31T23:57:00.000Z"))
	whole := filepath.Join(t.TempDir(), "A")
	head, victim := twoManifests(t, log, whole)
	flip := func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }
	remove := func(t *testing.T, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	at := func(m *Manifest) *File {
		return &m.Files[slices.IndexFunc(m.Files, func(f File) bool { return filepath.FromSlash(f.Name) == victim })]
	}
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir string)
		want string
		head Head
	}{
		"one bit of a file": {func(t *testing.T, dir string) { rewritten(t, filepath.Join(dir, victim), flip) }, filepath.ToSlash(victim) + ": its content was changed", Head{}},
		"the end of a file": {func(t *testing.T, dir string) {
			rewritten(t, filepath.Join(dir, victim), func(b []byte) []byte { return b[:len(b)-1] })
		}, "the manifest says", Head{}},
		"a file":              {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, victim)) }, "the file is missing (offsets 0 to ", Head{}},
		"one bit of manifest": {func(t *testing.T, dir string) { rewritten(t, filepath.Join(dir, manifestName(2)), flip) }, manifestName(2) + ": ", Head{}},
		"a manifest, empty": {func(t *testing.T, dir string) {
			rewritten(t, filepath.Join(dir, manifestName(1)), func([]byte) []byte { return nil })
		}, manifestName(1) + ": it is damaged", Head{}},
		"the first manifest":   {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, manifestName(1))) }, manifestName(1) + ": it is missing", Head{}},
		"the last manifest":    {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, manifestName(2))) }, manifestName(2) + ": it is missing", head},
		"a manifest, remade":   {func(t *testing.T, dir string) { remade(t, dir, 1, func(m *Manifest) { m.Program = "other" }) }, manifestName(2) + ": the manifest before it was changed", Head{}},
		"the last, remade":     {func(t *testing.T, dir string) { remade(t, dir, 2, func(m *Manifest) { m.Program = "other" }) }, manifestName(2) + ": it was replaced", head},
		"a line of a manifest": {func(t *testing.T, dir string) { remade(t, dir, 1, func(m *Manifest) { m.Files = m.Files[1:] }) }, "are in no file", Head{}},
		"hash and line": {func(t *testing.T, dir string) {
			remade(t, dir, 1, func(m *Manifest) { at(m).SHA256 = strings.Repeat("0", 64) })
		}, "its content was changed", Head{}},
		"a range twice": {func(t *testing.T, dir string) {
			remade(t, dir, 2, func(m *Manifest) { f := m.Files[0]; m.Files = append(m.Files, f) })
		}, "are in several files", Head{}},
		"a name that leads elsewhere": {func(t *testing.T, dir string) {
			remade(t, dir, 2, func(m *Manifest) { m.Files[0].Name = "linesman.calls/p0/2026-10/../../../../etc/passwd" })
		}, "no name of an archive file", Head{}},
		"a partition that is none": {func(t *testing.T, dir string) { remade(t, dir, 2, func(m *Manifest) { m.Files[0].Partition = 7 }) }, "the log has no", Head{}},
		"a strange file": {func(t *testing.T, dir string) {
			rewritten(t, filepath.Join(dir, manifestName(1)), func(b []byte) []byte { return bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 2`), 1) })
		}, "this program knows", Head{}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "A")
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			c.harm(t, dir)
			named(t, log, inFolder(t, dir), c.head, c.want)
		})
	}
}

// named wants a check to name a problem, and nobody to go on with the archive.
func named(t *testing.T, log Log, bad Store, head Head, want string) {
	t.Helper()
	rep, err := Check(t.Context(), bad, head, nil)
	if err != nil || rep.OK || !strings.Contains(strings.Join(rep.Problems, "\n"), want) {
		t.Errorf("problems %q, %v; want %q", rep.Problems, err, want)
	}
	if _, err := Prepare(t.Context(), bad, head, nil); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("it would be restored: %v", err)
	}
	if strings.HasPrefix(want, "manifests/") || strings.Contains(want, "are in") {
		opt := everything
		opt.Known = head
		if _, err := Write(t.Context(), log, bad, opt); err == nil {
			t.Error("a run went on with it")
		}
	}
}

// What lies in the archive and in no manifest does not count.
func TestUnlistedFiles(t *testing.T) {
	dir := t.TempDir()
	st := inFolder(t, dir)
	write(t, filled(t, 100, at("2026-10-01T00:00:00.000Z")), st, everything)
	stray := "linesman.calls/p0/2026-10/00000000000000000100-00000000000000000199-0123456789ab.parquet"
	if err := os.WriteFile(filepath.Join(dir, stray), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := checked(t, st); !slices.Equal(rep.Unlisted, []string{stray}) {
		t.Errorf("%q", rep.Unlisted)
	}
}

func TestHeads(t *testing.T) {
	h := Head{3, strings.Repeat("a", 64)}
	if got, err := ParseHead(h.String()); err != nil || got != h {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "3", "3:", "x:" + h.SHA256, "0:" + h.SHA256, "3:" + h.SHA256[1:]} {
		if _, err := ParseHead(s); err == nil {
			t.Errorf("%q was taken for a head", s)
		}
	}
}

func FuzzManifest(f *testing.F) {
	m := &Manifest{Format: Format, Version: FormatVersion, Number: 1, Topics: map[string]int{"linesman.calls": 1}, Files: []File{{Name: "a", Topic: "linesman.calls"}}}
	raw, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format":"linesman-archive","version":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := decodeManifest(raw, 1)
		if err != nil {
			return
		}
		for i := range m.Files {
			if strings.Contains(m.Files[i].Name, "..") || m.Files[i].Next <= m.Files[i].First {
				t.Errorf("accepted %+v", m.Files[i])
			}
		}
		if again, err := json.Marshal(m); err != nil || len(again) == 0 {
			t.Error(err)
		}
	})
}
