//go:build linux || darwin

package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// writable tells why files cannot be made in a folder and moved out of it.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// readable tells why a file cannot be read.
func readable(path string) error { return unix.Access(path, unix.R_OK) }

// statfs returns the number of a file system and what an ordinary user may still write to it.
func statfs(path string) (id uint64, free int64, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("asking the file system: %w", err)
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		id = uint64(sys.Dev)
	}
	return id, int64(s.Bavail) * int64(s.Bsize), nil
}

// alive tells whether a process exists.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}

// arrived is since when a file is where it is, as far as the system knows.
func arrived(info fs.FileInfo) time.Time {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		if at := changed(sys); at.After(info.ModTime()) {
			return at
		}
	}
	return info.ModTime()
}
