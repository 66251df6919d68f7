package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"linesman/internal/archive"
	"linesman/internal/doctor"
)

// archiveRun is how archiving to one place went last.
type archiveRun struct {
	Done  time.Time `json:"done,omitzero"`   // the last run that went well ended
	Tried time.Time `json:"tried"`           // the last run ended
	Error string    `json:"error,omitempty"` // why the last run did not go well
}

// runsPath is the file that notes how archiving went, by place: a copy that somebody makes
// elsewhere says nothing about the configured one.
func (n *Node) runsPath() string { return n.cfg.Path("archive-runs.json") }

func (n *Node) archiveRuns() (map[string]archiveRun, error) {
	runs := map[string]archiveRun{}
	raw, err := os.ReadFile(n.runsPath())
	if errors.Is(err, os.ErrNotExist) {
		return runs, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &runs)
	}
	if err != nil {
		return nil, fmt.Errorf("reading how archiving went: %w", err)
	}
	return runs, nil
}

// noteRun notes how a run went. The runs of a node take turns.
func (n *Node) noteRun(to string, wrong error, now time.Time) error {
	runs, err := n.archiveRuns()
	if err != nil {
		runs = map[string]archiveRun{} // a note that is damaged is made anew
	}
	run := runs[to]
	run.Tried, run.Error = now.UTC(), ""
	if wrong == nil {
		run.Done = run.Tried
	} else {
		run.Error = wrong.Error()
	}
	runs[to] = run
	raw, err := json.MarshalIndent(runs, "", " ")
	if err == nil {
		err = replaceFile(n.runsPath(), append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("noting how archiving went: %w", err)
	}
	return nil
}

// Archive copies what is new of the log to an archive. Processing and collecting go on.
func (n *Node) Archive(ctx context.Context, req ArchiveRequest, say func(Progress)) (archive.Result, error) {
	if req.To == "" {
		req.To = n.cfg.Archive.To
	}
	n.archiving.Lock() // runs of one node share the folder for files on their way
	defer n.archiving.Unlock()
	res, err := n.archive(ctx, req, say)
	if err != nil && ctx.Err() != nil { // stopped
		return res, err
	}
	if wrong := n.noteRun(req.To, err, time.Now()); wrong != nil {
		n.log.Warn("how archiving went is not noted", "error", wrong)
	}
	return res, err
}

// archiveHop looks at the configured copies of the log.
func (n *Node) archiveHop(now time.Time) doctor.Hop {
	return doctor.Hop{Name: "archive", Look: func(context.Context) []doctor.Check {
		a := doctor.Archiving{To: n.cfg.Archive.To, Every: n.cfg.Archive.Every}
		runs, err := n.archiveRuns()
		if err != nil {
			return []doctor.Check{doctor.Look("remove the file: it is made anew", "%v", err)}
		}
		run := runs[a.To]
		a.Last, a.Tried, a.Error = run.Done, run.Tried, run.Error
		a.Elsewhere = n.cfg.Shared() && n.pipeline != nil && !n.pipeline.Leads()
		return doctor.LookArchive(a, n.started, now)
	}}
}
