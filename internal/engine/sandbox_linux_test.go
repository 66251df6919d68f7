package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sandboxProbe is the program in the sandbox of TestSandbox: it tries what must not work, and what must.
func sandboxProbe(dir string) {
	if os.Getenv(envChild) != childInside {
		err := enterSandbox([]string{dir}, nil, []string{envSandboxTest + "=" + dir, envChild + "=" + childInside})
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"sandbox": err.Error()})
		os.Exit(1)
	}
	results := map[string]string{}
	try := func(what string, err error) {
		results[what] = fmt.Sprint(err)
	}
	_, err := os.ReadFile("/etc/passwd")
	try("read /etc/passwd", err)
	_, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid()))
	try("read the parent's environment", err)
	try("write outside", os.WriteFile(filepath.Join(filepath.Dir(dir), "outside"), nil, 0o600))
	try("run a program", exec.Command("/bin/ls").Run())
	_, err = net.Dial("tcp", "127.0.0.1:9")
	try("connect", err)
	try("signal the parent", syscall.Kill(os.Getppid(), syscall.SIGWINCH))
	_, err = os.ReadFile("/proc/self/statm")
	try("inside: /proc/self", err)
	try("inside: write", os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600))
	try("inside: mkdir", os.Mkdir(filepath.Join(dir, "d"), 0o700))
	try("inside: rename", os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "d", "b")))
	try("inside: link", os.Link(filepath.Join(dir, "d", "b"), filepath.Join(dir, "c")))
	try("inside: truncate", os.Truncate(filepath.Join(dir, "c"), 0))
	try("inside: remove", os.RemoveAll(filepath.Join(dir, "d")))
	ln, err := net.Listen("unix", filepath.Join(dir, "sock"))
	try("inside: listen", err)
	if err == nil {
		_ = ln.Close()
	}
	_ = json.NewEncoder(os.Stdout).Encode(results)
	os.Exit(0)
}

func TestSandbox(t *testing.T) {
	if dir := os.Getenv(envSandboxTest); dir != "" {
		sandboxProbe(dir)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "inside")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(testContext(t), exe, "-test.run=^TestSandbox$")
	cmd.Env = []string{envSandboxTest + "=" + dir}
	out, _ := cmd.Output()
	var results map[string]string
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if results["sandbox"] == errNoSandbox.Error() {
		t.Skip(errNoSandbox)
	}
	if len(results) != 14 {
		t.Errorf("only %d probes ran", len(results))
	}
	for what, err := range results {
		denied := strings.Contains(err, syscall.EACCES.Error()) || strings.Contains(err, syscall.EPERM.Error())
		if inside := strings.HasPrefix(what, "inside: "); inside && err != "<nil>" || !inside && !denied {
			t.Errorf("%s: %s", what, err)
		}
	}
}

func TestChildIsInTheSandbox(t *testing.T) {
	t.Setenv("ENGINE_TEST_PASSWORD", "a secret of the parent")
	e := openTest(t, t.TempDir())
	h, err := e.Health(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", h.PID))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(env, []byte("a secret of the parent")) {
		t.Error("the child has the parent's environment")
	}
	if !bytes.Contains(env, []byte(envChild+"="+childInside)) {
		t.Error("the child did not enter the sandbox")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.PID))
	if err != nil || !bytes.Contains(status, []byte("NoNewPrivs:\t1")) {
		t.Errorf("the child could gain privileges, %v", err)
	}
}

// The kernel kills the child with its parent only if the sandbox, which starts the child's program a second time, has
// not made it forget to.
func TestParentDeathSignalSurvivesTheSandbox(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(testContext(t), exe, "-test.run=^TestParentKilled$")
	cmd.Env = append(os.Environ(), "ENGINE_TEST_PARENT="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var h Health
	if err := json.NewDecoder(out).Decode(&h); err != nil || h.PID == 0 {
		t.Fatalf("%+v, %v", h, err)
	}
	// A stopped child cannot notice the closed pipe; only the kernel can end it.
	if err := syscall.Kill(h.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	poll(t, "the kernel to kill the orphan", func() bool { return errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH) || zombie(h.PID) })
}
