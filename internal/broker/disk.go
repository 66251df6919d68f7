package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"

	kafka "github.com/segmentio/kafka-go"
)

// ErrDisk says that the embedded log could not write to its disk. Nothing was appended.
var ErrDisk = errors.New("the log cannot write to its disk")

// diskTrouble remembers why the embedded log could not write, until it can again. The server
// itself answers with an error that says nothing, and tells the reason to its log only.
type diskTrouble struct {
	mu  sync.Mutex
	why error
}

func (d *diskTrouble) set(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.why = why
}

// err is why the last write failed; nil when it did not.
func (d *diskTrouble) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}

// persistMessages begins what the server logs when a batch could not be written.
const persistMessages = "persist batch"

// persist takes a message of the server about a batch that could not be written, and tells
// whether it is one.
func (l *serverLog) persist(msg string, args []any) bool {
	if !strings.HasPrefix(msg, persistMessages) || len(args) == 0 {
		return false
	}
	why, ok := args[len(args)-1].(error)
	if !ok {
		return false
	}
	why = plainDisk(why)
	if had := l.disk.err(); had == nil || had.Error() != why.Error() { // once, not for every try
		l.log.Error("the log cannot write to its disk: nothing is collected until it can", "error", why, "do", DiskAdvice(why))
	}
	l.disk.set(why)
	return true
}

// plainDisk takes the path out of an error.
func plainDisk(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}

// DiskAdvice says what to do about a failed write to the log's disk.
func DiskAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on the disk of the data directory's folder log, or move the data directory to a larger one; then everything goes on by itself"
	case errors.Is(err, syscall.EROFS):
		return "the file system has become read-only: look into the system's log (dmesg) for errors of the disk"
	case errors.Is(err, fs.ErrPermission):
		return "give the data directory's folder log back to the user that linesman runs as"
	}
	return "look into the system's log (dmesg) for errors of the disk"
}

// DiskError is why the embedded log could not write when it tried last; nil when it could.
func (b *Broker) DiskError() error {
	if b.embedded == nil {
		return nil
	}
	return b.embedded.disk.err()
}

// diskRefusal is the server's verdict with the reason it keeps to itself.
type diskRefusal struct{ why, verdict error }

// Error says why and what to do.
func (e *diskRefusal) Error() string {
	return fmt.Sprintf("%v: %v; %s", ErrDisk, e.why, DiskAdvice(e.why))
}

// Unwrap gives ErrDisk, the reason and the server's verdict.
func (e *diskRefusal) Unwrap() []error { return []error{ErrDisk, e.why, e.verdict} }

// judge completes the server's verdict about a batch: nil when it was appended.
func (b *Broker) judge(verdict error) error {
	if b.embedded == nil {
		return verdict
	}
	if verdict == nil {
		b.embedded.disk.set(nil)
		return nil
	}
	if why := b.embedded.disk.err(); why != nil && errors.Is(verdict, kafka.Unknown) {
		return &diskRefusal{why: why, verdict: verdict}
	}
	return verdict
}
