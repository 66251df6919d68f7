package pseudonym

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func fixed() *Key { return New(bytes.Repeat([]byte{7}, SecretSize)) }

// The values were computed with another implementation of HMAC-SHA256.
func TestPseudonymsAreStable(t *testing.T) {
	k := fixed()
	if got := k.Number("+46701234567"); got != goldenNumber {
		t.Errorf("Number = %#x, want %#x", got, uint64(goldenNumber))
	}
	if got := k.Line("+46701234567"); got != goldenLine {
		t.Errorf("Line = %s, want %s", got, goldenLine)
	}
	if got := k.Person("anna01"); got != goldenPerson {
		t.Errorf("Person = %s, want %s", got, goldenPerson)
	}
	if got := k.Row([]byte("a;b;c")).String(); got != goldenRow {
		t.Errorf("Row = %s, want %s", got, goldenRow)
	}
}

func TestDomainsAreSeparate(t *testing.T) {
	k := fixed()
	if k.Line("61234")[1:] == k.Person("61234")[1:] {
		t.Error("a number and a person with the same characters share a pseudonym")
	}
	if k.Line("61234") != LineOf(k.Number("61234")) {
		t.Error("LineOf differs from Line")
	}
	if k.Number("61234") == New(bytes.Repeat([]byte{8}, SecretSize)).Number("61234") {
		t.Error("two keys give the same hash")
	}
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		v    uint64
		want string
	}{{0, "L0000000000000"}, {31, "L000000000000Z"}, {32, "L0000000000010"}, {1<<64 - 1, "LFZZZZZZZZZZZZ"}} {
		if got := encode('L', c.v); got != c.want {
			t.Errorf("encode(%#x) = %s, want %s", c.v, got, c.want)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	k, want := fixed(), fixed().Line("+46701234567")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				k.Person("x")
				k.Row([]byte("y"))
				if got := k.Line("+46701234567"); got != want {
					t.Errorf("Line = %s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pseudonym.key")
	a, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size() != SecretSize {
		t.Errorf("mode %o size %d, want 600 and %d", info.Mode().Perm(), info.Size(), SecretSize)
	}
	b, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if a.Line("1") != b.Line("1") {
		t.Error("the second load gave another key")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("folder holds %v (%v), want the key alone", left, err)
	}
}

func TestLoadOrCreateTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pseudonym.key")
	var wg sync.WaitGroup
	lines := make([]string, 16)
	for i := range lines {
		wg.Go(func() {
			k, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			lines[i] = k.Line("1")
		})
	}
	wg.Wait()
	for _, l := range lines {
		if l != lines[0] {
			t.Fatalf("different keys: %v", lines)
		}
	}
}

func TestLoadOrCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Repeat([]byte{9}, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		path string
		want error
	}{
		{"world-readable", write("world", SecretSize, 0o604), ErrExposed},
		{"group-readable", write("group", SecretSize, 0o640), ErrExposed},
		{"others may write", write("write", SecretSize, 0o602), ErrExposed},
		{"cut off", write("short", 31, 0o600), ErrDamaged},
		{"empty", write("empty", 0, 0o600), ErrDamaged},
		{"too long", write("long", 33, 0o600), ErrDamaged},
		{"a folder", dir, ErrDamaged},
		{"no such folder", filepath.Join(dir, "none", "key"), os.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := LoadOrCreate(c.path)
			if !errors.Is(err, c.want) || k != nil {
				t.Fatalf("got %v, %v; want %v", k, err, c.want)
			}
			if !strings.Contains(err.Error(), c.path) {
				t.Errorf("%q does not name the file", err)
			}
		})
	}
}

func BenchmarkNumber(b *testing.B) {
	k := fixed()
	b.ReportAllocs()
	for b.Loop() {
		k.Number("+46701234567")
	}
}

const (
	goldenNumber = 0x8e372a999eee69af
	goldenLine   = "L8WDSAK6FEWTDF"
	goldenPerson = "P4E4G1R1D7QVCH"
	goldenRow    = "1240ac2de3f4cf2dd3a69f31ccb62824"
)
