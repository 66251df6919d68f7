package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"linesman/internal/engine"
)

// The tests run the program as people do: the test binary starts itself again as linesman.
const asLinesman = "LINESMAN_TEST_MAIN"

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	if os.Getenv(asLinesman) == "1" {
		main()
		os.Exit(0)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err)
	}
	http.DefaultClient.Jar = jar // as a browser does, it keeps who is logged in
	os.Exit(m.Run())
}

// patience bounds every wait: far more than a busy machine needs.
const patience = 2 * time.Minute

// result is what a command left.
type result struct {
	out, err string
	code     int
}

func program(t *testing.T, ctx context.Context, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(append(os.Environ(), asLinesman+"=1"), env...)
	return cmd
}

// linesman runs a command to its end.
func linesman(t *testing.T, args ...string) result {
	t.Helper()
	return linesmanIn(t, "", nil, args...)
}

// linesmanIn runs a command with standard input and more environment.
func linesmanIn(t *testing.T, input string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := program(t, ctx, env, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("linesman %v: %v", args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("linesman %v did not end within %s: %s", args, patience, errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// succeed runs a command that must end well and returns what it printed.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	r := linesman(t, args...)
	if r.code != 0 {
		t.Fatalf("linesman %v ended with %d:\n%s%s", args, r.code, r.out, r.err)
	}
	return r.out
}

// succeedJSON runs a command with --json and decodes its answer.
func succeedJSON(t *testing.T, into any, args ...string) {
	t.Helper()
	out := succeed(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("linesman %v --json: %v:\n%s", args, err, out)
	}
}

// fails runs a command that must end with an error on standard error that holds every word.
func fails(t *testing.T, words []string, args ...string) string {
	t.Helper()
	r := linesman(t, args...)
	want := 1
	if args[0] == "verify" || args[0] == "archive" && args[1] == "check" { // it could not look
		want = 2
	}
	if r.code != want {
		t.Errorf("linesman %v ended with %d, want %d:\n%s%s", args, r.code, want, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("linesman %v: the message has no %q:\n%s", args, w, r.err)
		}
	}
	return r.err
}

func query(t *testing.T, data, sql string) string {
	t.Helper()
	return strings.TrimSpace(succeed(t, "query", "--data", data, sql))
}

// wants asks and compares.
func wants(t *testing.T, data, sql, want string) {
	t.Helper()
	if got := query(t, data, sql); got != want {
		t.Errorf("%s:\n got %q\nwant %q", sql, got, want)
	}
}

// eventually polls until a question has the answer, and returns when it had.
func eventually(t *testing.T, data, sql, want string) time.Time {
	t.Helper()
	last := ""
	await(t, func() string { return fmt.Sprintf("%s: is %q, want %q", sql, last, want) }, func() bool {
		time.Sleep(15 * time.Millisecond) // each question is a process of its own
		r := linesman(t, "query", "--data", data, sql)
		last = strings.TrimSpace(r.out + r.err)
		return r.code == 0 && last == want
	})
	return time.Now()
}

func await(t *testing.T, what func() string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what())
		}
	}
}

// instance is a running linesman up.
type instance struct {
	t    *testing.T
	data string
	url  string // of the console
	link string // that was printed: the url with the token
	cmd  *exec.Cmd
	out  *output
	errs *output
	done chan struct{}
}

// output gathers what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// startUp starts linesman up and waits until it is ready.
func startUp(t *testing.T, data string, env ...string) *instance {
	t.Helper()
	i := launch(t, data, env...)
	await(t, func() string { return "linesman up: " + i.errs.String() }, func() bool {
		select {
		case <-i.done:
			t.Fatalf("linesman up ended with %d:\n%s", i.cmd.ProcessState.ExitCode(), i.errs)
		default:
		}
		_, rest, ok := strings.Cut(i.out.String(), "ready: ")
		i.link, _, _ = strings.Cut(rest, " ")
		return ok && strings.HasSuffix(rest, "\n")
	})
	i.enter()
	return i
}

// enter opens the link that was printed, as somebody does in a browser: http.DefaultClient is logged in then.
func (i *instance) enter() {
	i.t.Helper()
	i.url, _, _ = strings.Cut(i.link, "/login?token=")
	req, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, i.link+"&next=/api/me", nil)
	if err != nil {
		i.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		i.t.Fatalf("the link %s gave %s", i.link, res.Status)
	}
}

// launch starts linesman up and does not wait.
func launch(t *testing.T, data string, env ...string) *instance {
	t.Helper()
	// The process lives until stop or kill: a test's context would kill it before its cleanup.
	i := &instance{t: t, data: data, out: &output{}, errs: &output{}, done: make(chan struct{})}
	i.cmd = program(t, context.Background(), env, "up", "--data", data, "--listen", "127.0.0.1:0")
	i.cmd.Stdout, i.cmd.Stderr = i.out, i.errs
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = i.cmd.Wait() // the tests look at the exit code
		close(i.done)
	}()
	t.Cleanup(func() {
		select {
		case <-i.done:
		default:
			i.kill()
		}
		if t.Failed() {
			t.Logf("linesman up wrote:\n%s", i.errs)
		}
	})
	return i
}

// stop ends it as Ctrl-C and service managers do; that is no error.
func (i *instance) stop() {
	i.t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		i.t.Fatal(err)
	}
	select {
	case <-i.done:
	case <-time.After(patience):
		i.t.Fatalf("linesman up did not stop:\n%s", i.errs)
	}
	if code := i.cmd.ProcessState.ExitCode(); code != 0 {
		i.t.Errorf("linesman up ended with %d after SIGTERM:\n%s", code, i.errs)
	}
}

// kill ends it as a power cut does.
func (i *instance) kill() {
	_ = i.cmd.Process.Kill() // it may be gone
	<-i.done
}

// engines lists the processes of the engine.
func (i *instance) engines() []int {
	var out []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", i.cmd.Process.Pid))
	for _, l := range lists {
		text, _ := os.ReadFile(l) // threads come and go
		for _, f := range strings.Fields(string(text)) {
			pid := 0
			if _, err := fmt.Sscan(f, &pid); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// drop delivers a file as careful senders do: under a passing name, then renamed.
func drop(t *testing.T, data, collector, name string, content []byte) time.Time {
	t.Helper()
	dir := filepath.Join(data, "inbox", collector)
	passing := filepath.Join(dir, "."+name+".tmp")
	if err := os.WriteFile(passing, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(passing, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return time.Now()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
