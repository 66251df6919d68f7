package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// dirLock keeps a second process out of a data directory.
type dirLock struct {
	file *flock.Flock
	pid  string
}

// BusyError says that another process has the data directory.
type BusyError struct {
	Dir string
	PID int // 0 when not known
}

func (e *BusyError) Error() string {
	who := "another linesman"
	if e.PID > 0 {
		who += " (process " + strconv.Itoa(e.PID) + ")"
	}
	return fmt.Sprintf("data directory %s is in use by %s: stop it, or use another --data", e.Dir, who)
}

func lockDir(dir string) (*dirLock, error) {
	l := &dirLock{file: flock.New(filepath.Join(dir, "lock")), pid: filepath.Join(dir, "pid")}
	ok, err := l.file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	if !ok {
		text, _ := os.ReadFile(l.pid)
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &BusyError{Dir: dir, PID: pid}
	}
	if err := os.WriteFile(l.pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("noting the process id: %w", err), l.file.Unlock())
	}
	return l, nil
}

func (l *dirLock) release() error {
	return errors.Join(os.Remove(l.pid), l.file.Unlock())
}
