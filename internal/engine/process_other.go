//go:build unix && !linux

package engine

import (
	"errors"
	"syscall"
)

// childAttributes puts the child into its own process group, so that Ctrl-C in the terminal reaches only the parent.
// The child notices the parent's death by the pipe.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func residentBytes(int) (int64, error) {
	return 0, errors.New("the memory of another process is not known on this system")
}
