// Package doctor looks at every stage of the way from a file to a flag and says what is wrong
// and what to do. It only looks: nothing is opened, locked or changed.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// State is how a stage is.
type State string

// States. Yellow works, but deserves a look.
const (
	Green  State = "green"
	Yellow State = "yellow"
	Red    State = "red"
)

// worse tells whether a state is worse than another.
func (s State) worse(than State) bool { return s.rank() > than.rank() }

func (s State) rank() int {
	switch s {
	case Green:
		return 0
	case Yellow:
		return 1
	}
	return 2
}

// Check is what was found at one stage.
type Check struct {
	Hop    string `json:"hop"`
	State  State  `json:"state"`
	Detail string `json:"detail"`         // what is, and why it is not green
	Do     string `json:"do,omitempty"`   // what to do about it
	Path   bool   `json:"path,omitempty"` // rows stop arriving when this is red
}

// OK is a green check.
func OK(format string, args ...any) Check {
	return Check{State: Green, Detail: fmt.Sprintf(format, args...)}
}

// Look is a yellow check.
func Look(do, format string, args ...any) Check {
	return Check{State: Yellow, Detail: fmt.Sprintf(format, args...), Do: do}
}

// Bad is a red check.
func Bad(do, format string, args ...any) Check {
	return Check{State: Red, Detail: fmt.Sprintf(format, args...), Do: do}
}

// Hop is one stage that is looked at.
type Hop struct {
	Name string
	// Path says that rows stop arriving when this stage is red.
	Path bool
	// Needs names a stage that this one asks: while that is red, nothing is known here.
	Needs string
	// Stuck says what to do when there is no answer in time.
	Stuck string
	// Look finds out. Checks without a name get the hop's.
	Look func(ctx context.Context) []Check
}

// Partition is how far one partition of the log has come.
type Partition struct {
	Topic        string    `json:"topic"`
	Partition    int       `json:"partition"`
	Logged       uint64    `json:"logged"`   // offset after the newest record
	Stored       uint64    `json:"stored"`   // offsets below are in the store
	Follows      bool      `json:"follows"`  // roll-ups and rules follow this topic
	Judged       uint64    `json:"judged"`   // offsets below are in the roll-ups and judged
	Failures     uint64    `json:"failures"` // tries that failed since the start
	Error        string    `json:"error,omitempty"`
	FailingSince time.Time `json:"failingSince,omitzero"`
	StandsSince  time.Time `json:"standsSince,omitzero"` // since when it was seen to stand there, while it is behind
}

// Report is what all stages found, in the order a file travels.
type Report struct {
	At         time.Time   `json:"at"`
	Version    string      `json:"version"`
	Running    bool        `json:"running"` // a node answered
	State      State       `json:"state"`   // the worst of all
	Verdict    string      `json:"verdict"` // the last check in one sentence
	Checks     []Check     `json:"checks"`
	Partitions []Partition `json:"partitions,omitempty"`
}

// grace is how much longer than its time a stage may take to say that it was interrupted.
const grace = 300 * time.Millisecond

// Run looks at all stages at the same time and gives each at most the timeout. A stage that
// does not answer is red; its goroutine is left behind until it does.
func Run(ctx context.Context, timeout time.Duration, hops []Hop) Report {
	found := make([][]Check, len(hops))
	var wg sync.WaitGroup
	for i, h := range hops {
		wg.Go(func() { found[i] = one(ctx, timeout, h) })
	}
	wg.Wait()
	r := Report{At: time.Now().UTC()}
	red := map[string]bool{}
	for i, h := range hops {
		for _, c := range found[i] {
			if c.State == Red {
				red[h.Name] = true
			}
		}
	}
	for i, h := range hops {
		if h.Needs != "" && red[h.Needs] && red[h.Name] {
			found[i] = []Check{{Hop: h.Name, State: Yellow, Detail: "not known while the " + h.Needs + " does not work"}}
		}
		for j := range found[i] {
			found[i][j].Path = h.Path
		}
		r.Checks = append(r.Checks, found[i]...)
	}
	r.Conclude()
	return r
}

// one looks at one stage.
func one(ctx context.Context, timeout time.Duration, h Hop) []Check {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan []Check, 1)
	go func() { done <- h.look(ctx) }()
	late := time.NewTimer(timeout + grace)
	defer late.Stop()
	var checks []Check
	select {
	case checks = <-done:
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && worst(checks) == Red {
			checks = []Check{h.stuck(timeout)}
		}
	case <-late.C:
		checks = []Check{h.stuck(timeout)}
	}
	for i := range checks {
		if checks[i].Hop == "" {
			checks[i].Hop = h.Name
		}
	}
	return checks
}

// look looks. A defect in looking must not end the program that is looked at.
func (h Hop) look(ctx context.Context) (out []Check) {
	defer func() {
		if p := recover(); p != nil {
			out = []Check{Look("tell the makers: this is a defect of the doctor, not of the stage", "not known: looking failed: %v", p)}
		}
	}()
	return h.Look(ctx)
}

func (h Hop) stuck(timeout time.Duration) Check {
	return Check{State: Red, Detail: fmt.Sprintf("does not answer within %s", timeout), Do: h.Stuck}
}

func worst(checks []Check) State {
	s := Green
	for _, c := range checks {
		if c.State.worse(s) {
			s = c.State
		}
	}
	return s
}

// EndToEnd is the name of the last check.
const EndToEnd = "end to end"

// Put puts a check in front of the others and concludes anew.
func (r *Report) Put(c Check) {
	r.Checks = append([]Check{c}, r.Checks...)
	r.Conclude()
}

// Conclude adds the check that answers in one sentence why files do not become rows.
func (r *Report) Conclude() {
	if n := len(r.Checks); n > 0 && r.Checks[n-1].Hop == EndToEnd {
		r.Checks = r.Checks[:n-1]
	}
	r.State = worst(r.Checks)
	var stops, red, yellow *Check
	for i := range r.Checks {
		c := &r.Checks[i]
		switch {
		case c.State == Red && c.Path && stops == nil:
			stops = c
		case c.State == Red && red == nil:
			red = c
		case c.State == Yellow && yellow == nil:
			yellow = c
		}
	}
	last := Check{Hop: EndToEnd, State: r.State}
	switch {
	case stops != nil:
		last.Detail, last.Do = fmt.Sprintf("files do not become rows: the way stops at %s: %s", stops.Hop, stops.Detail), stops.Do
	case red != nil:
		last.Detail, last.Do = fmt.Sprintf("files become rows, but %s is red: %s", red.Hop, red.Detail), red.Do
	case yellow != nil:
		last.Detail, last.Do = fmt.Sprintf("files become rows and are judged; worth a look: %s: %s", yellow.Hop, yellow.Detail), yellow.Do
	default:
		last.Detail = "files become rows and are judged: nothing stands in the way"
	}
	r.Verdict = last.Detail
	r.Checks = append(r.Checks, last)
}

// Find returns the worst check of a hop; false when there is none.
func (r *Report) Find(hop string) (Check, bool) {
	var out Check
	found := false
	for _, c := range r.Checks {
		if c.Hop == hop && (!found || c.State.worse(out.State)) {
			out, found = c, true
		}
	}
	return out, found
}
