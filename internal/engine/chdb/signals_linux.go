package chdb

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
	"golang.org/x/sys/unix"
)

// disposition is an opaque struct sigaction; glibc needs 152 bytes on amd64 and arm64.
type disposition [256]byte

const (
	sigRTMin = 34 // the engine's handler behind system.stack_trace
	// saFlagsOffset is where glibc keeps sa_flags: after the handler (8 bytes) and the mask (128 bytes).
	saFlagsOffset = 136
	saOnStack     = 0x08000000
)

// guarded are the signals the Go runtime must keep: a lost SIGSEGV handler turns a recoverable nil dereference into
// the death of the process.
var guarded = [...]int32{int32(unix.SIGILL), int32(unix.SIGTRAP), int32(unix.SIGABRT), int32(unix.SIGBUS), int32(unix.SIGFPE),
	int32(unix.SIGSEGV), int32(unix.SIGPIPE), int32(unix.SIGSYS)}

func (l *Lib) saveDispositions() {
	sym, err := purego.Dlsym(purego.RTLD_DEFAULT, "sigaction")
	if err != nil {
		return // not glibc: nothing to guard with
	}
	purego.RegisterFunc(&l.sigaction, sym)
	l.savedDispositions = make([]disposition, len(guarded))
	for i, n := range guarded {
		l.sigaction(n, nil, unsafe.Pointer(&l.savedDispositions[i]))
	}
	runtime.KeepAlive(l)
}

// restoreDispositions puts Go's handlers back, and lets the engine's own handler run on Go's signal stack: without
// SA_ONSTACK it would run on, and overrun, a small goroutine stack.
func (l *Lib) restoreDispositions() {
	if l.savedDispositions == nil {
		return
	}
	for i, n := range guarded {
		l.sigaction(n, unsafe.Pointer(&l.savedDispositions[i]), nil)
	}
	a := new(disposition)
	l.sigaction(sigRTMin, nil, unsafe.Pointer(a))
	if *(*uintptr)(unsafe.Pointer(a)) > 1 { // a handler, not SIG_DFL or SIG_IGN
		*(*uint32)(unsafe.Pointer(&a[saFlagsOffset])) |= saOnStack
		l.sigaction(sigRTMin, unsafe.Pointer(a), nil)
	}
}
