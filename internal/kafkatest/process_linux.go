package kafkatest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Signals to brokers.
const (
	stopSignal   = syscall.SIGTERM
	freezeSignal = syscall.SIGSTOP
	thawSignal   = syscall.SIGCONT
)

var _ os.Signal = stopSignal

// endWithParent kills the process when the test is killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// keepThread keeps the goroutine on its thread: the end of the thread that
// started a process counts as the parent's death.
func keepThread() { runtime.LockOSThread() }
