package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"linesman/schema"
)

// Anchor is a seal as a line of the anchor file, in JSON.
type Anchor struct {
	EventID   string `json:"event_id"`
	Topic     string `json:"topic"`
	Partition uint32 `json:"partition"`
	First     uint64 `json:"first"`
	Next      uint64 `json:"next"`
	Before    string `json:"chain_before"`
	Chain     string `json:"chain"`
	SealedAt  string `json:"sealed_at"`
	Leaves    string `json:"leaves"`
}

// NewAnchor writes a seal as a line.
func NewAnchor(s *schema.Seal) Anchor {
	return Anchor{EventID: s.EventID.String(), Topic: s.Topic, Partition: s.Partition, First: s.First, Next: s.Next, Before: s.Before, Chain: s.Chain,
		SealedAt: s.SealedAt.String(), Leaves: s.Leaves}
}

// Seal is the seal that the line holds.
func (a *Anchor) Seal() (schema.Seal, error) {
	s := schema.Seal{Topic: a.Topic, Partition: a.Partition, First: a.First, Next: a.Next, Before: a.Before, Chain: a.Chain, Leaves: a.Leaves}
	id, err := schema.ParseID(a.EventID)
	if err != nil {
		return s, err
	}
	at, err := time.Parse(time.RFC3339, a.SealedAt)
	s.EventID, s.SealedAt = id, schema.TimeOf(at)
	return s, err
}

// maxWaiting bounds the seals that wait in memory for the anchor file to be writable again.
const maxWaiting = 4096

// anchor appends seals to a file that is meant to lie elsewhere: on a write-once or remote
// mount. The file is opened for each write, so that it may be moved away or mounted anew.
type anchor struct {
	path    string
	waiting []schema.Seal
	torn    bool // the last write failed: a part of a line may be there
	begun   bool // this run has written to it
	asked   bool // fresh is known
	fresh   bool // the log had no seals when this run began: the file may be made
}

// ask finds out, once, whether the log had seals before this run: then the file must be there. A
// mount that is absent leaves a folder in which it could be made, on the machine's own disk.
func (a *anchor) ask(ctx context.Context, log Log) error {
	if a == nil || a.asked {
		return nil
	}
	_, next, err := log.Offsets(ctx, schema.TopicSeals, 0)
	if err != nil {
		return fmt.Errorf("looking for seals: %w", err)
	}
	a.asked, a.fresh = true, next == 0
	return nil
}

// open opens the file to append to it.
func (a *anchor) open() (*os.File, error) {
	flags, first := os.O_APPEND|os.O_WRONLY, a.fresh && !a.begun
	if first {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(a.path, flags, 0o640)
	if errors.Is(err, os.ErrNotExist) && !first {
		return nil, fmt.Errorf("the anchor file is not there, although the log has seals: mount what it is on, or, if it is to begin now, make it empty (touch): %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the anchor file: %w", err)
	}
	return f, nil
}

// write appends seals to the anchor file. A failure is told and tried again with the next
// round; sealing goes on.
func (s *Sealer) write(seals []schema.Seal) {
	if s.anchor == nil {
		return
	}
	a := s.anchor
	a.waiting = append(a.waiting, seals...)
	err := a.flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.state.AnchorErr != err.Error() {
			s.out.Error("writing seals to the anchor file: tried again", "error", err)
		}
		s.state.Failures++
		s.state.AnchorErr = err.Error()
		if over := len(a.waiting) - maxWaiting; over > 0 {
			a.waiting = append([]schema.Seal{}, a.waiting[over:]...)
			s.state.Lost += uint64(over)
		}
	} else {
		s.state.AnchorErr = ""
	}
	s.state.Unwritten = len(a.waiting)
}

func (a *anchor) flush() error {
	if len(a.waiting) == 0 {
		return nil
	}
	var b bytes.Buffer
	if a.torn || !a.begun { // an earlier write, or an earlier run, may have left a part of a line
		b.WriteByte('\n')
	}
	enc := json.NewEncoder(&b)
	for i := range a.waiting {
		if err := enc.Encode(NewAnchor(&a.waiting[i])); err != nil {
			return fmt.Errorf("encoding a seal for %s: %w", a.path, err)
		}
	}
	f, err := a.open()
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		a.torn = true
		return fmt.Errorf("writing the anchor file: %w", err)
	}
	a.torn, a.begun, a.waiting = false, true, a.waiting[:0]
	return nil
}
