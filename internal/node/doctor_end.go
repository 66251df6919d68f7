package node

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"linesman/internal/broker"
	"linesman/internal/doctor"
	"linesman/internal/engine"
	"linesman/internal/pseudonym"
	"linesman/processors/store"
)

// Stages in which a node can end.
const (
	stageOpen = "open"
	stageRun  = "run"
)

// Run collects, processes, judges and answers until ctx ends.
func (n *Node) Run(ctx context.Context, opt RunOptions) error {
	if err := n.forgetEnd(stageOpen, stageRun); err != nil {
		return err
	}
	return n.noteEnd(n.run(ctx, opt), stageRun)
}

// forgetEnd removes the note about an earlier end: that stage went well now.
func (n *Node) forgetEnd(stages ...string) error {
	e, ok := doctor.LastEnd(n.cfg.Data)
	if !ok || !slices.Contains(stages, e.Stage) {
		return nil
	}
	return doctor.ForgetEnd(n.cfg.Data)
}

// noteEnd keeps why the node ended, for a doctor that finds none stageRun, and returns it.
func (n *Node) noteEnd(err error, stage string) error {
	var busy *BusyError
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &busy) || errors.Is(err, broker.ErrLocked) || errors.Is(err, engine.ErrInUse) {
		return err
	}
	e := doctor.Ended{At: time.Now().UTC(), PID: os.Getpid(), Stage: stage, Hop: "process", Error: err.Error(), Do: "mend what the error names"}
	var newer *store.NewerError
	var outside *broker.OffsetRangeError
	var gap *broker.GapError
	switch {
	case errors.As(err, &newer):
		e.Hop, e.Do = hopStore, "run the version of linesman that wrote the store, or let this one build it from the log: linesman rebuild"
	case errors.Is(err, engine.ErrNoLibrary):
		e.Hop, e.Do = "library", "make engine installs it, or set store.library"
	case errors.Is(err, ErrKeyLost), errors.Is(err, pseudonym.ErrExposed), errors.Is(err, pseudonym.ErrDamaged):
		e.Hop, e.Do = "data directory", "put pseudonym.key right (mode 0600, 32 bytes); restore it from a backup if it is lost"
	case errors.As(err, &outside), errors.As(err, &gap):
		e.Hop, e.Do = hopLog, "if the log is the right one, linesman rebuild makes the store anew from it; if records are missing, restore the log from a backup"
	case errors.Is(err, broker.ErrDisk), errors.Is(err, broker.ErrLogFull):
		e.Hop, e.Do = hopLog, broker.DiskAdvice(err)
	}
	if wrong := doctor.NoteEnd(n.cfg.Data, e); wrong != nil {
		n.log.Warn("why linesman ended could not be noted", "error", wrong)
	}
	return err
}
