package doctor

import (
	"context"
	"strings"
	"sync"
	"time"

	"linesman/internal/words"
)

// Progress reports how far every partition is.
type Progress func(ctx context.Context) ([]Partition, error)

// How often the second look at partitions that are behind is taken, and how long they may
// stand still before that is told.
const (
	lookAgain  = 150 * time.Millisecond
	standStill = 2 * time.Second
	// standAlone is how long one partition may stand while others move: ranges take turns.
	standAlone = time.Minute
)

// Movement remembers since when partitions that are behind stand where they are.
type Movement struct {
	mu     sync.Mutex
	stands map[partitionName]stand
}

type partitionName struct {
	topic     string
	partition int
}

type stand struct {
	stored uint64
	since  time.Time
}

// Note compares with what was noted before and fills in StandsSince.
func (m *Movement) Note(parts []Partition, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stands == nil {
		m.stands = map[partitionName]stand{}
	}
	for i := range parts {
		p := &parts[i]
		name := partitionName{p.Topic, p.Partition}
		if p.Stored >= p.Logged {
			delete(m.stands, name)
			continue
		}
		s, ok := m.stands[name]
		if !ok || s.stored != p.Stored {
			s = stand{p.Stored, now}
			m.stands[name] = s
		}
		p.StandsSince = s.since
	}
}

// LookLag looks twice how far the store is behind the log: whether it moves says more than
// how far it is.
func LookLag(ctx context.Context, progress Progress, now func() time.Time) ([]Check, []Partition) {
	first, err := progress(ctx)
	if err != nil {
		return []Check{Bad("see the stage log", "not known: %s", cut(err.Error()))}, nil
	}
	last, moved := first, behind(first) == 0
	for began := now(); !moved && now().Sub(began) < standStill; {
		if !pause(ctx, lookAgain) {
			break
		}
		if last, err = progress(ctx); err != nil {
			return []Check{Bad("see the stage log", "not known: %s", cut(err.Error()))}, first
		}
		moved = behind(last) == 0 || stored(last) > stored(first)
	}
	var out []Check
	for _, p := range last {
		if p.Error != "" {
			out = append(out, failing(p, now()))
		}
	}
	n := behind(last)
	switch {
	case n == 0:
		out = append(out, OK("none: all %s records of the log are in the store", words.Thousands(stored(last))))
	case moved:
		out = append(out, alone(last, now())...)
		out = append(out, OK("%s records behind, and moving", words.Thousands(n)))
	case len(out) == 0:
		out = append(out, Look("wait a little and look again: one large range, a rebuild or a verify may take that long; if it stays, look at the store",
			"%s records behind and not moving for %s", words.Thousands(n), standStill))
	}
	return out, last
}

// alone tells of partitions that stand still while others move.
func alone(parts []Partition, now time.Time) (out []Check) {
	for _, p := range parts {
		if p.Error != "" || p.StandsSince.IsZero() || now.Sub(p.StandsSince) < standAlone {
			continue
		}
		out = append(out, Look("look again in a while: one large range may take that long; if it stays, linesman's log says what that partition waits for",
			"%s/%d stands at offset %d of %d for %s while others move", p.Topic, p.Partition, p.Stored, p.Logged, age(now.Sub(p.StandsSince))))
	}
	return out
}

func behind(parts []Partition) (n uint64) {
	for _, p := range parts {
		n += p.Logged - min(p.Logged, p.Stored)
	}
	return n
}

func stored(parts []Partition) (n uint64) {
	for _, p := range parts {
		n += p.Stored
	}
	return n
}

// failing tells of a range that is tried again and again.
func failing(p Partition, now time.Time) Check {
	since := ""
	if !p.FailingSince.IsZero() {
		since = " for " + age(now.Sub(p.FailingSince))
	}
	do := "mend what the error names: the range is tried again by itself and nothing is lost; linesman rebuild makes a damaged store anew from the log"
	if strings.Contains(p.Error, "NOT_ENOUGH_SPACE") || strings.Contains(p.Error, "No space left") {
		do = "free space on the disk of the store"
	}
	return Bad(do, "%s/%d stands at offset %d of %d: a range fails%s: %s", p.Topic, p.Partition, p.Stored, p.Logged, since, cut(p.Error))
}
