package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"linesman/processors/store"
)

// Status is how a node is.
type Status struct {
	Version      string    `json:"version"`
	Organisation string    `json:"organisation"`
	Zone         string    `json:"zone"`
	Started      time.Time `json:"started"`
	LastEventAt  time.Time `json:"lastEventAt,omitzero"` // latest event in the store
	FilesDone    uint64    `json:"filesDone"`
	FilesFailed  uint64    `json:"filesFailed"`
	Waiting      int       `json:"waiting"` // files in the inbox
	Rows         uint64    `json:"rows"`    // usage rows
	Lag          uint64    `json:"lag"`     // records of the log that are not in the store yet
	Violations   uint64    `json:"violations"`
	Healthy      bool      `json:"healthy"`
	Hops         []Hop     `json:"hops"`
}

// Hop is one stage of the way from a file to a flag.
type Hop struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// statusLife is how long a status is served again: every open console page asks for it.
const statusLife = 2 * time.Second

// statusPatience is how long status waits for all parts together: one that hangs must not keep
// the answer about the others.
const statusPatience = 8 * time.Second

// Status asks every part how it is.
func (n *Node) Status(ctx context.Context) (Status, error) {
	n.statusMu.Lock()
	defer n.statusMu.Unlock()
	if time.Since(n.statusAt) < statusLife {
		return n.status, nil
	}
	s := Status{Version: Version, Organisation: n.cfg.Organisation, Zone: n.cfg.Zone, Started: n.started.UTC(), Healthy: true}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	s.inbox(n)
	if n.pipeline == nil { // it only collects
		_, err := n.broker.Health(ctx)
		s.hop("log", err, "")
		n.status, n.statusAt = s, time.Now()
		return s, nil
	}
	s.broker(ctx, n)
	s.engine(ctx, n)
	s.rows(ctx, n)
	n.status, n.statusAt = s, time.Now()
	return s, nil
}

func (s *Status) hop(name string, err error, detail string) {
	if err != nil {
		s.Healthy = false
		detail = err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			detail = "does not answer; an engine that hangs is started again by itself within a minute, and nothing that was collected is lost"
		}
	}
	s.Hops = append(s.Hops, Hop{Name: name, OK: err == nil, Detail: detail})
}

func (s *Status) inbox(n *Node) {
	for _, c := range Collectors() {
		entries, err := os.ReadDir(n.cfg.Path("inbox", c))
		if err != nil {
			if os.IsNotExist(err) {
				continue
			}
			s.hop("inbox", err, "")
			return
		}
		for _, e := range entries {
			if e.Type().IsRegular() && filepath.Ext(e.Name()) != ".tmp" {
				s.Waiting++
			}
		}
	}
	s.hop("inbox", nil, fmt.Sprintf("%d files waiting", s.Waiting))
}

func (s *Status) broker(ctx context.Context, n *Node) {
	h, err := n.broker.Health(ctx)
	s.hop("log", err, fmt.Sprintf("%s, %d MB", h.Mode, h.Bytes>>20))
	lags, err := n.pipeline.Lags(ctx)
	for _, l := range lags {
		s.Lag += l.Logged - min(l.Logged, l.Stored)
		if l.Error != "" && err == nil {
			err = fmt.Errorf("%s/%d stands at offset %d of %d: %s", l.Topic, l.Partition, l.Stored, l.Logged, l.Error)
		}
	}
	s.hop("pipeline", err, fmt.Sprintf("%d records behind", s.Lag))
}

func (s *Status) engine(ctx context.Context, n *Node) {
	h, err := n.engine.Health(ctx)
	s.hop("store", err, fmt.Sprintf("%s %s, %d MB, %d restarts", h.Mode, h.Version, h.RSS>>20, h.Restarts))
}

func (s *Status) rows(ctx context.Context, n *Node) {
	ctx = store.Exact(ctx)
	err := n.store.Conn().QueryRow(ctx, "SELECT (SELECT sum(events) FROM usage_daily), (SELECT max(occurred_at) FROM usage), (SELECT countIf(state = 'done') FROM file_reports), "+
		"(SELECT countIf(state = 'failed') FROM file_reports), (SELECT count() FROM violations_current WHERE change != 'retracted')").
		Scan(&s.Rows, &s.LastEventAt, &s.FilesDone, &s.FilesFailed, &s.Violations)
	if s.LastEventAt.Unix() <= 0 {
		s.LastEventAt = time.Time{}
	}
	s.hop("rules", err, fmt.Sprintf("%d rules, %d violations", len(n.rules.Rules()), s.Violations))
}

// Empty tells whether nothing was ever collected.
func (n *Node) Empty(ctx context.Context) (bool, error) {
	lags, err := n.pipeline.Lags(ctx)
	if err != nil {
		return false, err
	}
	for _, l := range lags {
		if l.Logged > 0 {
			return false, nil
		}
	}
	return true, nil
}
