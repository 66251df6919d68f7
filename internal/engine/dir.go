package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// storeDir is the directory of an embedded store, locked for this process.
type storeDir struct {
	root    string
	data    string // the engine's own files
	conf    string
	socket  string
	tempDir string // of the socket, when root is too long a path; else empty
	lock    *flock.Flock
}

// maxSocketPath is below the 104 (macOS) and 108 (Linux) bytes a unix socket's path may have.
const maxSocketPath = 100

// ErrInUse says that another process has the store open.
var ErrInUse = errors.New("the store is in use")

// openDir creates and locks the directory. One engine per directory: two would destroy each other's files.
func openDir(root string) (*storeDir, error) {
	d := &storeDir{root: root, data: filepath.Join(root, "data"), conf: filepath.Join(root, "conf")}
	for _, p := range []string{d.root, d.data, d.conf} {
		if err := os.MkdirAll(p, 0o700); err != nil {
			return nil, fmt.Errorf("creating the store's directory: %w", err)
		}
	}
	lockFile := filepath.Join(root, "lock")
	d.lock = flock.New(lockFile)
	got, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the store's directory %s: %w", root, err)
	}
	if !got {
		return nil, fmt.Errorf("%w: the process with pid %s has %s open", ErrInUse, lockHolder(lockFile), root)
	}
	if err := os.WriteFile(lockFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lock file: %w", err), d.lock.Unlock())
	}
	d.socket = filepath.Join(root, "engine.sock")
	if len(d.socket) > maxSocketPath {
		if d.tempDir, err = os.MkdirTemp("", "linesman-engine-"); err != nil {
			return nil, errors.Join(fmt.Errorf("creating a directory for the engine's socket: %w", err), d.lock.Unlock())
		}
		d.socket = filepath.Join(d.tempDir, "engine.sock")
	}
	return d, nil
}

func lockHolder(lockFile string) string {
	b, err := os.ReadFile(lockFile)
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return pid
	}
	return "(unknown)"
}

// close removes the socket and gives the lock back. The lock file stays: removing it would let a third process lock a
// new file of that name while a second still waits on this one.
func (d *storeDir) close() error {
	err := os.Remove(d.socket)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if d.tempDir != "" {
		err = errors.Join(err, os.RemoveAll(d.tempDir))
	}
	return errors.Join(err, d.lock.Unlock())
}
