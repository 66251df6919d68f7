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

// serveDeep answers a command; with anchors=true the body is the file of seals, also when it
// is empty.
func (n *Node) serveDeep(w http.ResponseWriter, r *http.Request) {
	answer(w, func(say func(Progress)) (any, error) {
		if r.URL.Query().Get("anchors") != "true" {
			return n.DeepVerify(r.Context(), nil, say)
		}
		anchors, err := spool(n.cfg.Data, r.Body)
		if err != nil {
			return nil, fmt.Errorf("taking the file of seals: %w", err)
		}
		defer func() { _ = anchors.Close() }()
		return n.DeepVerify(r.Context(), anchors, say)
	})
}

// spool keeps what is sent in a passing file, because it is read in no order. The file has no
// name any more when it is returned: a process that is killed leaves nothing behind.
func spool(dir string, body io.Reader) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".seals-*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := io.Copy(f, body); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// DeepVerify has the running node walk its log.
func (c *Client) DeepVerify(ctx context.Context, anchors *os.File, say func(Progress)) (out verify.Deep, err error) {
	if anchors == nil {
		return out, c.call(ctx, http.MethodPost, "/v1/verify/deep", nil, say, &out)
	}
	body := io.NopCloser(anchors) // the file is its opener's
	return out, c.call(ctx, http.MethodPost, "/v1/verify/deep?anchors=true", body, say, &out)
}
