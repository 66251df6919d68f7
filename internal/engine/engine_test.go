package engine

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestOpenHealthClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	ctx := testContext(t)
	e := openTest(t, dir)
	h, err := e.Health(ctx)
	if err != nil || h.State != StateReady || h.PID == 0 || h.PID == os.Getpid() || h.Version == "" || h.Restarts != 0 {
		t.Fatalf("Health: %+v, %v", h, err)
	}
	if runtime.GOOS == "linux" && h.RSS < 10<<20 {
		t.Errorf("RSS of the child is %d bytes", h.RSS)
	}
	var db, zone string
	if err := e.Conn().QueryRow(ctx, "SELECT currentDatabase(), timezone()").Scan(&db, &zone); err != nil || db != DefaultDatabase || zone != "UTC" {
		t.Fatalf("database %q, zone %q, %v", db, zone, err)
	}
	if err := e.Conn().Exec(ctx, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	if err := e.Conn().Exec(ctx, "INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if h, err := e.Health(ctx); err == nil || h.State != StateStopped {
		t.Errorf("Health after Close: %+v, %v", h, err)
	}
	e = openTest(t, dir)
	var n uint64
	if err := e.Conn().QueryRow(ctx, "SELECT count() FROM t").Scan(&n); err != nil || n != 2 {
		t.Fatalf("after opening again: %d rows, %v", n, err)
	}
}

func TestFilesAreThePrivateOfTheOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	e := openTest(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, e.dir.socket: 0o600, filepath.Join(dir, "conf", "users.xml"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	// the secret is in neither the arguments nor the environment
	for _, f := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(e.sup.proc.Pid), f))
		if runtime.GOOS == "linux" && (err != nil || bytes.Contains(b, []byte(e.sup.cfg.Secret))) {
			t.Errorf("%s of the child holds the secret, or cannot be read: %v", f, err)
		}
	}
}

func TestWrongSecret(t *testing.T) {
	e := openTest(t, t.TempDir())
	cfg := e.sup.cfg
	cfg.Secret = "x"
	other := &supervisor{cfg: cfg, http: e.sup.http, ask: defaultPatience}
	if _, err := other.status(testContext(t)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a wrong secret gave %v", err)
	}
}

func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	e := openTest(t, dir)
	if err := e.Conn().Ping(testContext(t)); err != nil {
		t.Fatal(err)
	}
	temp := e.dir.tempDir
	if temp == "" || len(e.dir.socket) > maxSocketPath {
		t.Fatalf("socket %s", e.dir.socket)
	}
	if err := e.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", temp, err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	e := openTest(t, dir)
	_, err := Open(testContext(t), Config{Dir: dir}, testLog(t))
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second Open: %v", err)
	}
	if err := e.Conn().Ping(testContext(t)); err != nil {
		t.Errorf("the first engine suffered: %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notalib.so")
	if err := os.WriteFile(file, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"no library", Config{Dir: t.TempDir(), Library: "/nowhere/libchdb.so"}, []string{"make engine", envLibrary, "/nowhere/libchdb.so"}},
		{"library is a directory", Config{Dir: t.TempDir(), Library: t.TempDir()}, []string{"directory"}},
		{"not a library", Config{Dir: t.TempDir(), Library: file}, []string{"notalib.so"}},
		{"no directory", Config{}, []string{"needs a directory"}},
		{"mode", Config{Mode: "x"}, []string{`"x"`, ModeEmbedded}},
		{"database", Config{Dir: "x", Database: "a;b"}, []string{`"a;b"`}},
		{"memory", Config{Dir: "x", MemoryLimit: 1}, []string{"too small"}},
		{"no address", Config{Mode: ModeCluster}, []string{"address"}},
		{"protocol", Config{Mode: ModeCluster, Addrs: []string{"x:1"}, Protocol: "smtp"}, []string{"smtp"}},
		{"authority without TLS", Config{Mode: ModeCluster, Addrs: []string{"x:1"}, TLSCAFile: "x"}, []string{"TLS"}},
		{"authority without file", Config{Mode: ModeCluster, Addrs: []string{"x:1"}, TLS: true, TLSCAFile: "/nowhere"}, []string{"/nowhere"}},
		{"nobody there", Config{Mode: ModeCluster, Addrs: []string{"127.0.0.1:1"}}, []string{"127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(testContext(t), c.cfg, testLog(t))
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error lacks %q: %v", w, err)
				}
			}
		})
	}
}

func TestOpenWithoutRunChildIfAsked(t *testing.T) {
	t.Setenv(envChild, "1")
	_, err := Open(testContext(t), Config{Dir: t.TempDir()}, testLog(t))
	if err == nil || !strings.Contains(err.Error(), "RunChildIfAsked") {
		t.Fatal(err)
	}
}

// The script that installs the library and LibraryPath must mean the same file.
func TestInstallScriptAgrees(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the script is tested on Linux only")
	}
	script, err := filepath.Abs("../../scripts/install-engine.sh")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for name, env := range map[string]map[string]string{
		"home":           {"HOME": home},
		"XDG cache":      {"HOME": home, "XDG_CACHE_HOME": filepath.Join(home, "xdg")},
		"LINESMAN_CACHE": {"HOME": home, "LINESMAN_CACHE": filepath.Join(home, "own")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []string{"HOME", "XDG_CACHE_HOME", envCache, envLibrary} {
				t.Setenv(k, env[k])
			}
			out, err := exec.CommandContext(context.Background(), "sh", script, "--print-path").Output()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(string(out)); got != LibraryPath() {
				t.Errorf("the script installs %s, the program looks for %s", got, LibraryPath())
			}
		})
	}
}
