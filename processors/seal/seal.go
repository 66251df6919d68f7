package seal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
)

// Log is what the sealer needs of the log.
type Log interface {
	NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error)
	Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error)
	Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (first int64, err error)
}

// Config tunes the sealer; zero values take the defaults.
type Config struct {
	Every      time.Duration // between two rounds of sealing; default 1 min
	AnchorFile string        // every seal is also appended to this file; empty: none
	Patience   time.Duration // how long a round waits for a lull at most; default 5 min
}

// Sealer seals the records of the partitions that it is told to own.
type Sealer struct {
	cfg     Config
	log     Log
	out     *slog.Logger
	encoder *schema.Encoder[schema.Seal]
	anchor  *anchor
	hasher  Hasher
	now     func() time.Time

	at    map[place]standing // partitions owned, up to where they are sealed
	slow  bool               // much arrives all the same: work with long pauses
	last  bool               // the program stops: do not wait for anything
	paced pace
	mu    sync.Mutex
	state Status
}

// Status is how the sealing goes.
type Status struct {
	Seals     uint64    `json:"seals"`                // appended since the start
	Records   uint64    `json:"records"`              // covered by them
	SealedAt  time.Time `json:"sealed_at,omitzero"`   // when the last round ended well
	AppendAt  time.Time `json:"append_at,omitzero"`   // when seals were last appended, in the middle of a round too
	Error     string    `json:"error,omitempty"`      // why the last round did not seal everything
	Anchor    string    `json:"anchor,omitempty"`     // the anchor file, where one is set
	AnchorErr string    `json:"anchor_err,omitempty"` // why seals are waiting to be written to it
	Unwritten int       `json:"unwritten,omitempty"`  // seals that wait for it
	Failures  uint64    `json:"failures"`             // failed attempts to write to it since the start
	Lost      uint64    `json:"lost"`                 // seals that never came into it: they are in the log only
}

// New returns a sealer.
func New(cfg Config, log Log, out *slog.Logger) (*Sealer, error) {
	if cfg.Every < 0 || cfg.Patience < 0 {
		return nil, errors.New("sealing: a time below zero")
	}
	if cfg.Every == 0 {
		cfg.Every = time.Minute
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Minute
	}
	s := &Sealer{cfg: cfg, log: log, out: out, encoder: schema.NewEncoder(schema.SealTable()), now: time.Now, at: map[place]standing{}}
	if cfg.AnchorFile != "" {
		s.anchor = &anchor{path: cfg.AnchorFile}
		s.state.Anchor = cfg.AnchorFile
	}
	return s, nil
}

// Status tells how the sealing goes.
func (s *Sealer) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// While more than flood records arrive within a moment, sealing waits for a lull.
const (
	moment = 500 * time.Millisecond
	flood  = 1000
	// lastWait bounds the round that is made when the program stops.
	lastWait = 10 * time.Second
)

// Run seals until ctx ends, and once more then. owned lists the partitions to seal by topic;
// it is asked before every round. What fails is tried again; Run gives no error.
//
// Two sealers may own the same partition for a while: seals of the same or of overlapping
// ranges do no harm.
func (s *Sealer) Run(ctx context.Context, owned func() map[string][]int) error {
	mine := owned()
	for {
		select {
		case <-ctx.Done():
			if now := owned(); len(now) > 0 {
				mine = now
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
			defer cancel()
			s.slow, s.last = false, true
			s.report(s.Round(last, mine))
			return nil
		case <-time.After(s.cfg.Every):
		}
		mine = owned()
		s.lull(ctx, mine)
		if ctx.Err() != nil {
			continue
		}
		if err := s.Round(ctx, mine); ctx.Err() == nil {
			s.report(err)
		}
	}
}

// report notes how a round went.
func (s *Sealer) report(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.state.SealedAt, s.state.Error = s.now().UTC(), ""
		return
	}
	if s.state.Error != err.Error() { // once, not every minute
		s.out.Error("sealing the log: tried again", "error", err)
	}
	s.state.Error = err.Error()
}

// lull waits until little arrives, but not for longer than patience.
func (s *Sealer) lull(ctx context.Context, owned map[string][]int) {
	s.slow = false
	before, err := s.arrived(ctx, owned)
	for began := time.Now(); err == nil && ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(moment):
		}
		var now int64
		if now, err = s.arrived(ctx, owned); err == nil && now-before < flood {
			return
		}
		if before = now; time.Since(began) > s.cfg.Patience {
			s.slow = true
			return
		}
	}
}

// pace is what had arrived at a moment.
type pace struct {
	owned   map[string][]int
	arrived int64
	at      time.Time
}

// measure tells, in the middle of a long round, whether a flood has begun or is over.
func (s *Sealer) measure(ctx context.Context) {
	took := time.Since(s.paced.at)
	if s.last || took < moment {
		return
	}
	now, err := s.arrived(ctx, s.paced.owned)
	if err != nil {
		return // whoever reads next meets it too
	}
	if !s.paced.at.IsZero() {
		s.slow = (now-s.paced.arrived)*int64(moment) > flood*int64(took)
	}
	s.paced.arrived, s.paced.at = now, time.Now()
}

// arrived is the sum of the offsets at which the partitions end.
func (s *Sealer) arrived(ctx context.Context, owned map[string][]int) (int64, error) {
	var sum int64
	for topic, partitions := range owned {
		for _, p := range partitions {
			_, next, err := s.log.Offsets(ctx, topic, p)
			if err != nil {
				return 0, err
			}
			sum += next
		}
	}
	return sum, nil
}

// Round seals everything that the partitions hold now, the seals themselves last. An error of
// one partition does not keep the others from being sealed.
func (s *Sealer) Round(ctx context.Context, owned map[string][]int) error {
	if err := s.anchor.ask(ctx, s.log); err != nil {
		return err
	}
	if err := s.own(ctx, owned); err != nil {
		return err
	}
	s.paced = pace{owned: owned}
	var errs []error
	seals := place{schema.TopicSeals, 0}
	for at := range maps.Clone(s.at) {
		if at != seals {
			errs = append(errs, s.partition(ctx, at))
		}
	}
	if _, ok := s.at[seals]; ok {
		errs = append(errs, s.partition(ctx, seals))
	}
	s.write(nil) // what could not be written before
	return errors.Join(errs...)
}

// own forgets partitions that went to somebody else and finds the standing of new ones.
func (s *Sealer) own(ctx context.Context, owned map[string][]int) error {
	wanted := map[place]struct{}{}
	kept := make(map[place]standing, len(s.at))
	for topic, partitions := range owned {
		for _, p := range partitions {
			at := place{topic, p}
			if have, ok := s.at[at]; ok {
				kept[at] = have
				continue
			}
			_, next, err := s.log.Offsets(ctx, topic, p)
			if err != nil {
				return fmt.Errorf("sealing %s/%d: %w", topic, p, err)
			}
			if next == 0 { // it has no seals, and looking for them would read them all
				kept[at] = standing{}
				continue
			}
			wanted[at] = struct{}{}
		}
	}
	found, err := s.standings(ctx, wanted)
	if err != nil {
		return err
	}
	maps.Copy(kept, found)
	s.at = kept
	return nil
}
