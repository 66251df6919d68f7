package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"linesman/internal/broker"
	"linesman/internal/words"
)

// Log is what is asked of the log.
type Log interface {
	Health(ctx context.Context) (broker.Health, error)
	DiskError() error
}

// oneBatch is what the log takes at a time: with less room it takes nothing.
const oneBatch = 1 << 20

// LookLog looks whether the log can be reached, whole and not full.
func LookLog(ctx context.Context, log Log) []Check {
	h, err := log.Health(ctx)
	if err != nil {
		do := "restart linesman; its log says what the embedded log met"
		if h.Mode == broker.ModeCluster {
			do = "look whether the brokers run and whether broker.brokers, TLS and SASL settings are right"
		}
		return []Check{Bad(do, "cannot be reached: %s", cut(err.Error()))}
	}
	var out []Check
	for _, d := range h.Damage {
		out = append(out, Bad("stop linesman and restore the log directory from a backup, or import the source files of that time again; then linesman verify says whether anything is missing", "%s", cut(d)))
	}
	if err := log.DiskError(); err != nil {
		out = append(out, Bad(broker.DiskAdvice(err), "cannot be written: %v", err))
	}
	partitions := 0
	var records int64
	for _, t := range h.Topics {
		for _, p := range t.Partitions {
			partitions++
			records += p.Next - p.First
		}
	}
	text := fmt.Sprintf("%s, %s records in %d partitions", h.Mode, words.Thousands(uint64(max(records, 0))), partitions)
	if h.MaxBytes == 0 {
		return append(out, OK("%s", text))
	}
	text += fmt.Sprintf(", %s of at most %s", size(h.Bytes), size(h.MaxBytes))
	do := "raise broker.max_bytes if the disk has room (linesman needs a restart), or archive: the log is never trimmed by itself"
	switch left := h.MaxBytes - h.Bytes; {
	case left < oneBatch || left < h.MaxBytes/50:
		out = append(out, Bad(do, "the log is full: %s (setting broker.max_bytes); nothing more is collected", text))
	case left < h.MaxBytes/5:
		out = append(out, Look(do, "%s: it is filling up", text))
	default:
		out = append(out, OK("%s", text))
	}
	return out
}

// Progress reports how far every partition is.
type Progress func(ctx context.Context) ([]Partition, error)

// How often the second look at partitions that are behind is taken, and how long they may
// stand still before that is told.
const (
	lookAgain  = 150 * time.Millisecond
	standStill = 2 * time.Second
)

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
		out = append(out, OK("%s records behind, and moving", words.Thousands(n)))
	case len(out) == 0:
		out = append(out, Look("wait a little and look again: one large range, a rebuild or a verify may take that long; if it stays, look at the store",
			"%s records behind and not moving for %s", words.Thousands(n), standStill))
	}
	return out, last
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

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Tail is the newest records of a partition: when they were recorded.
type Tail struct {
	Topic     string
	Partition int
	Times     []time.Time // in the order of the log
}

// How far clocks may be apart before that is told.
const (
	ahead    = 5 * time.Minute // records from the future
	backward = 5 * time.Minute // between two records that follow each other
)

// LookClock compares the machine's clock with the newest records of the log.
func LookClock(tails []Tail, now time.Time) []Check {
	var newest time.Time
	var back time.Duration
	where := ""
	for _, t := range tails {
		for i, at := range t.Times {
			if at.After(newest) {
				newest = at
			}
			if i == 0 {
				continue
			}
			if d := t.Times[i-1].Sub(at); d > back {
				back, where = d, fmt.Sprintf("%s/%d", t.Topic, t.Partition)
			}
		}
	}
	do := "set the machine's clock by NTP (timedatectl): recorded times say what was known when, and rules about being informed rest on them"
	switch {
	case newest.IsZero():
		return []Check{OK("%s, nothing recorded yet", when(now))}
	case newest.Sub(now) > ahead:
		return []Check{Bad(do, "the newest record is from the future: recorded %s, the clock says %s", when(newest), when(now))}
	case back > backward:
		return []Check{Look(do, "the clock was set back: in %s a record was recorded %s before the one in front of it", where, age(back))}
	}
	return []Check{OK("%s, the newest record is %s old", when(now), age(now.Sub(newest)))}
}
