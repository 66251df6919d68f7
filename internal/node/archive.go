package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linesman/internal/archive"
)

// StepArchived is the Progress.What of archiving.
const StepArchived = "records archived"

// ArchiveRequest asks for the log to be archived.
type ArchiveRequest struct {
	To    string `json:"to"`    // folder or s3://bucket/prefix; empty: as configured
	Until string `json:"until"` // last month, yyyy-mm; empty: the last one that is over
	Open  bool   `json:"open"`  // also what is of later months
}

// archive does one run.
func (n *Node) archive(ctx context.Context, req ArchiveRequest, say func(Progress)) (archive.Result, error) {
	opt := archive.Options{Open: req.Open, Program: Version, Workers: 2}
	var err error
	if req.Until != "" {
		if opt.Until, err = archive.ParseMonth(req.Until); err != nil {
			return archive.Result{}, err
		}
	}
	st, err := n.cfg.OpenArchive(req.To)
	if err != nil {
		return archive.Result{}, err
	}
	heads, err := n.archiveHeads()
	if err != nil {
		return archive.Result{}, err
	}
	n.mu.Lock()
	if n.serving {
		opt.Workers = 1 // leave room for the rest
	}
	n.mu.Unlock()
	opt.Known = heads[st.String()]
	if say != nil {
		tell := throttle(say)
		opt.Say = func(done, total int64) { tell(Progress{StepArchived, uint64(done), uint64(total)}) }
	}
	res, err := archive.Write(ctx, n.broker, st, opt)
	var damaged *archive.DamagedError
	switch {
	case errors.As(err, &damaged) && opt.Known.Number > 0:
		return res, fmt.Errorf("%w. The head noted at the last run is in %s: remove its line there if the archive was meant to begin anew", err, n.headsPath())
	case err != nil:
		return res, err
	}
	heads[st.String()] = res.Head
	return res, n.noteHeads(heads)
}

// headsPath is the file that notes the newest manifest of each archive, so that the next run
// sees when an archive was cut back or replaced.
func (n *Node) headsPath() string { return n.cfg.Path("archive.json") }

func (n *Node) archiveHeads() (map[string]archive.Head, error) {
	heads := map[string]archive.Head{}
	raw, err := os.ReadFile(n.headsPath())
	if errors.Is(err, os.ErrNotExist) {
		return heads, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &heads)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the heads of the archives: %w", err)
	}
	return heads, nil
}

func (n *Node) noteHeads(heads map[string]archive.Head) error {
	raw, err := json.MarshalIndent(heads, "", " ")
	if err == nil {
		err = replaceFile(n.headsPath(), append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("noting the head of the archive: %w", err)
	}
	return nil
}

// replaceFile writes a small file so that a crash leaves the old or the new one.
func replaceFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".replace-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// archiveEvery archives the months that are over, as often as configured. A run that fails is
// logged and tried again at the next time; what it could not do is not lost, the log has it.
func (n *Node) archiveEvery(ctx context.Context) error {
	if n.cfg.Archive.Every <= 0 {
		return nil
	}
	for {
		if n.cfg.Shared() && !n.pipeline.Leads() { // another instance archives the log
			if err := sleep(ctx, min(n.cfg.Archive.Every, time.Minute)); err != nil {
				return nil
			}
			continue
		}
		res, err := n.Archive(ctx, ArchiveRequest{}, nil)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.log.Error("the log was not archived", "to", n.cfg.Archive.To, "error", err)
		default:
			n.log.Info("the log is archived", "to", res.To, "files", res.Files, "records", res.Records, "of open months", res.Left, "head", res.Head.String())
		}
		if err := sleep(ctx, n.cfg.Archive.Every); err != nil {
			return nil
		}
	}
}

// serveArchive answers a command.
func (n *Node) serveArchive(w http.ResponseWriter, r *http.Request) {
	var req ArchiveRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, func(say func(Progress)) (any, error) { return n.Archive(r.Context(), req, say) })
}

// Archive has the running node archive its log.
func (c *Client) Archive(ctx context.Context, req ArchiveRequest, say func(Progress)) (out archive.Result, err error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/archive", strings.NewReader(string(raw)), say, &out)
}

// restoring is the note that a restore has begun and is not done.
type restoring struct {
	From    string       `json:"from"`
	Head    archive.Head `json:"head"`
	Checked bool         `json:"checked"`      // log and store were empty: what is in them now is of this restore
	Logged  bool         `json:"log_complete"` // only the store is missing
	Began   time.Time    `json:"began"`
}
