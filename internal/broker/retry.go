package broker

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

const (
	// retryFor bounds how long temporary errors are met with another attempt.
	// It covers the choice of a new leader in a cluster that restarts brokers
	// one by one.
	retryFor     = 30 * time.Second
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 2 * time.Second
)

// errChecksum says that a batch was changed on its way or on disk.
var errChecksum = errors.New("its checksum does not match its content: the log's disk or network damages data")

// retrier decides whether to try again and waits before it.
type retrier struct {
	pause    func(context.Context, time.Duration) error
	deadline time.Time
	backoff  time.Duration
}

// again reports whether another attempt makes sense, after waiting for it.
func (r *retrier) again(ctx context.Context, err error) bool {
	now := time.Now()
	if r.deadline.IsZero() {
		r.deadline, r.backoff = now.Add(retryFor), firstBackoff
	}
	if ctx.Err() != nil || !temporary(err) || now.Add(r.backoff).After(r.deadline) {
		return false
	}
	wait := r.backoff
	r.backoff = min(2*r.backoff, maxBackoff)
	return r.pause(ctx, wait) == nil
}

// reset forgets earlier errors after a success.
func (r *retrier) reset() { r.deadline = time.Time{} }

// temporary tells whether trying again can help: the broker says so, or the
// connection broke.
func temporary(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return code.Temporary()
	}
	var netErr net.Error
	return brokenOff(err) || errors.As(err, &netErr) || errors.Is(err, protocol.ErrNoLeader) || // seen by the client itself
		errors.Is(err, io.ErrNoProgress) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNREFUSED)
}

// brokenOff tells whether the other side went away in mid-talk. A connection that was kept
// since before its broker died answers so, once, while the other brokers are well.
func brokenOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// anew asks again when a kept connection turns out to be dead: a few times, since each may
// lead to another broker that went away.
func anew[T any](ctx context.Context, ask func(context.Context) (T, error)) (res T, err error) {
	const most = 5
	for range most {
		if res, err = ask(ctx); err == nil || !brokenOff(err) || ctx.Err() != nil {
			break
		}
	}
	return res, err
}
