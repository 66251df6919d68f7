package follow

import (
	"sync"
	"time"
)

// Counts is what following did since the start of the program.
type Counts struct {
	Settled  uint64        // settlements that did something and went well
	Failures uint64        // those that failed
	Took     time.Duration // time spent in those that went well
	LastTook time.Duration // of the last one that went well
	LastAt   time.Time     // end of the last one that went well; zero: none yet

	// Since when settling fails, when it failed last, and why; zero and empty while the last
	// try went well.
	FailingSince, FailedAt time.Time
	Error                  string
}

// counters holds Counts. The zero value is ready.
type counters struct {
	mu sync.Mutex
	c  Counts
}

// note counts one settlement that began at a moment.
func (c *counters) note(began time.Time, err error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.c.Settled++
		c.c.LastAt, c.c.LastTook = now, now.Sub(began)
		c.c.Took += c.c.LastTook
		c.c.FailingSince, c.c.FailedAt, c.c.Error = time.Time{}, time.Time{}, ""
		return
	}
	c.c.Failures++
	c.c.FailedAt, c.c.Error = now, err.Error()
	if c.c.FailingSince.IsZero() {
		c.c.FailingSince = now
	}
}

// Counts says how following goes.
func (f *Follower) Counts() Counts {
	f.counters.mu.Lock()
	defer f.counters.mu.Unlock()
	return f.counters.c
}
