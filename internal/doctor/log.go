package doctor

import (
	"context"
	"fmt"
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

// LookLog looks whether the log can be reached and is not full.
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

// LookDamage tells what of the log was found broken, ever, until the notes about it are removed.
// Files go on becoming rows: what is lost is of earlier times.
func LookDamage(ctx context.Context, log Log) []Check {
	h, err := log.Health(ctx)
	if err != nil {
		return []Check{Bad("see the stage log", "not known: %s", cut(err.Error()))}
	}
	if len(h.Damage) == 0 {
		return []Check{OK("none is known")}
	}
	var out []Check
	for _, d := range h.Damage {
		out = append(out, Bad("stop linesman and restore the log directory from a backup, or import the source files of that time again; then linesman verify says whether anything is missing", "%s", cut(d)))
	}
	return out
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
