//go:build failpoints

package failpoint

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// On tells whether this build has fail points.
const On = true

// armed is what the variable said. It is the package's only state, and only in this build: a
// point must be one line where it stands.
var armed struct {
	mu      sync.Mutex
	actions map[string]Action
	passed  map[string]int
}

// Start reads LINESMAN_FAILPOINTS. It takes the variable out of the environment: it is no
// setting, and the configuration refuses what it does not know.
func Start() error {
	actions, err := Parse(os.Getenv(Env))
	if err != nil {
		return err
	}
	armed.mu.Lock()
	defer armed.mu.Unlock()
	armed.actions, armed.passed = map[string]Action{}, map[string]int{}
	for _, a := range actions {
		armed.actions[a.Name] = a
	}
	return os.Unsetenv(Env)
}

// Hit passes a point.
func Hit(name string) { _ = Err(name) }

// Err passes a point that can fail.
func Err(name string) error {
	a, ok := due(name)
	if !ok {
		return nil
	}
	fmt.Fprintf(os.Stderr, "failpoint %s\n", a)
	switch a.Kind {
	case Kill:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing more happens here
	case KillEngine:
		killChildren()
	case Sleep:
		time.Sleep(a.Sleep)
	case Error:
		return fmt.Errorf("fail point %s", name)
	}
	return nil
}

// Halfway returns a reader that passes a point when half of its size bytes are read.
func Halfway(name string, r io.Reader, size int) io.Reader {
	first := io.LimitReader(r, int64(size/2))
	return io.MultiReader(first, &passing{name: name}, r)
}

// passing is an empty reader that passes a point when it is read.
type passing struct{ name string }

func (p *passing) Read([]byte) (int, error) {
	Hit(p.name)
	return 0, io.EOF
}

func due(name string) (Action, bool) {
	armed.mu.Lock()
	defer armed.mu.Unlock()
	a, ok := armed.actions[name]
	if !ok {
		return a, false
	}
	armed.passed[name]++
	return a, a.Nth == 0 || a.Nth == armed.passed[name]
}

// killChildren kills the children of this process and waits until they are gone.
func killChildren() {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, l := range lists {
		text, _ := os.ReadFile(l) // threads come and go
		for _, f := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(f)
			if err != nil {
				continue
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
			for ; alive(pid); time.Sleep(time.Millisecond) {
			}
		}
	}
}

// alive tells whether a child still runs; one that was not waited for yet does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
