package pipeline

import (
	"sync"
	"time"
)

// Counts is what one partition's loop did since the start of the program.
type Counts struct {
	Topic     string
	Partition uint32
	Stored    uint64 // offsets below this are in the store
	Ranges    uint64 // ranges that were stored since the start
	Records   uint64 // records in them
	Failures  uint64 // tries of a range that failed

	// Since when the present range fails, when it failed last, and why; zero and empty while
	// the last try went well.
	FailingSince, FailedAt time.Time
	Error                  string
}

// counters holds the counts of all partitions. The zero value is ready.
type counters struct {
	mu sync.Mutex
	by map[topicPartition]*Counts
}

func (c *counters) change(pt *part, do func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := topicPartition{pt.topic, pt.partition}
	if c.by == nil {
		c.by = map[topicPartition]*Counts{}
	}
	if c.by[at] == nil {
		c.by[at] = &Counts{Topic: pt.topic, Partition: pt.partition}
	}
	do(c.by[at])
}

// done counts a range of n records that is in the store.
func (c *counters) done(pt *part, n int) {
	c.change(pt, func(x *Counts) {
		x.Ranges++
		x.Records += uint64(n)
		x.FailingSince, x.FailedAt, x.Error = time.Time{}, time.Time{}, ""
	})
}

// failed counts a try that failed.
func (c *counters) failed(pt *part, why string) {
	now := time.Now()
	c.change(pt, func(x *Counts) {
		x.Failures++
		x.FailedAt, x.Error = now, why
		if x.FailingSince.IsZero() {
			x.FailingSince = now
		}
	})
}

// Counts reports every partition, also those whose loop has done nothing yet.
func (p *Pipeline) Counts() []Counts {
	var out []Counts
	for _, pt := range p.all() {
		p.counters.change(pt, func(c *Counts) {
			c.Stored = pt.next.Load()
			out = append(out, *c)
		})
	}
	return out
}

// Judged tells whether roll-ups and rules follow a topic: its rows may touch windows.
func Judged(topic string) bool { return judged(topic) }
