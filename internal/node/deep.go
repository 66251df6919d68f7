package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"linesman/processors/verify"
)

// StepWalked is the Progress.What of walking the log.
const StepWalked = "records walked"

// DeepVerify recomputes the hash chains of the whole log and compares them with the seals of
// log, store and, unless nil, a file of seals that was kept elsewhere. Processing goes on.
func (n *Node) DeepVerify(ctx context.Context, anchors *os.File, say func(Progress)) (verify.Deep, error) {
	var kept verify.Anchors
	if anchors != nil {
		kept = anchors
	}
	tell := throttle(say)
	return verify.DeepRun(ctx, n.broker, n.store, kept, func(done, total uint64) { tell(Progress{StepWalked, done, total}) })
}

// serveDeep answers a command; the body holds the file of seals.
func (n *Node) serveDeep(w http.ResponseWriter, r *http.Request) {
	answer(w, func(say func(Progress)) (any, error) {
		anchors, err := spool(r.Body)
		if err != nil {
			return nil, fmt.Errorf("taking the file of seals: %w", err)
		}
		if anchors != nil {
			defer func() {
				_ = anchors.Close()
				_ = os.Remove(anchors.Name())
			}()
		}
		return n.DeepVerify(r.Context(), anchors, say)
	})
}

// spool keeps what is sent in a passing file, because it is read in no order; nil for nothing.
func spool(body io.Reader) (*os.File, error) {
	f, err := os.CreateTemp("", "linesman-seals-*")
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(f, body)
	if err != nil || size == 0 {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

// DeepVerify has the running node walk its log.
func (c *Client) DeepVerify(ctx context.Context, anchors *os.File, say func(Progress)) (out verify.Deep, err error) {
	var body io.Reader
	if anchors != nil {
		body = io.NopCloser(anchors) // the file is its opener's
	}
	return out, c.call(ctx, http.MethodPost, "/v1/verify/deep", body, say, &out)
}
