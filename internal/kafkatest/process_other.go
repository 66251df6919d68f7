//go:build !linux

package kafkatest

import (
	"os/exec"
	"syscall"
)

// Signals to brokers.
const (
	stopSignal   = syscall.SIGTERM
	freezeSignal = syscall.SIGSTOP
	thawSignal   = syscall.SIGCONT
)

// endWithParent does nothing where the system offers nothing.
func endWithParent(*exec.Cmd) {}

func keepThread() {}
