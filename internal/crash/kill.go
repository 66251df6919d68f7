package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"linesman/internal/failpoint"
)

// How long a fail point is waited for: first for the program to come to it by itself, then
// with linesman verify, which has everything judged at once.
const (
	strikeBySelf = 5 * time.Second
	strikeSealed = 15 * time.Second // seals have a rhythm of their own
	strikeLimit  = 30 * time.Second
	strikeAfter  = time.Second // after the command has ended
)

// step does a kill with the work around it. Afterwards the program may be gone.
func (c *campaign) step(ctx context.Context, s step) error {
	switch s.Kill {
	case killStart:
		return c.atStart(ctx, s)
	case killAlone:
		return c.alone(ctx, s)
	case killPoint, killAtPoint:
		return c.atPoint(ctx, s)
	}
	if err := c.recover(ctx); err != nil {
		return err
	}
	switch s.Kill {
	case killEngine:
		return c.engine(ctx, s)
	case killClient:
		return c.client(ctx, s)
	case killRebuild:
		return c.inRebuild(ctx, s)
	}
	if err := c.node.give(ctx, s.Files); err != nil {
		return err
	}
	c.pause(ctx, s.Delay)
	c.killUp(killUp)
	return nil
}

// extra is a kill with a file that came before.
func (c *campaign) extra(ctx context.Context) error {
	f, err := c.m.repeat()
	if err != nil {
		return err
	}
	s := step{Kill: killUp, Delay: 300 * time.Millisecond}
	if f.Collector == "cucm" || f.Collector == "itemised" {
		f = c.rounds[0].Steps[0].Files[0] // only what both runs have had under its name
	}
	f.Client = false
	s.Files = []file{f}
	return c.step(ctx, s)
}

func (c *campaign) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// note writes a kill down.
func (c *campaign) note(kind, point string) *kill {
	k := c.res.kill(kill{Campaign: c.number, Round: c.round, Kind: kind, Point: point, At: time.Since(c.began)})
	fmt.Fprintf(c.say, "  kill %d at %6.1fs: %s %s\n", k.N, k.At.Seconds(), kind, point)
	return k
}

// recover starts the program where it is not there and waits until it is ready.
func (c *campaign) recover(ctx context.Context) error {
	_, took, err := c.node.serving(ctx)
	if err != nil {
		return err
	}
	c.recovered(took)
	return nil
}

func (c *campaign) recovered(took time.Duration) {
	if c.down != nil {
		c.down.Recovery = took
		c.down = nil
	}
}

// killUp kills the program when it is there.
func (c *campaign) killUp(kind string) {
	p := c.node.process()
	if p == nil || !p.alive() {
		return
	}
	p.kill()
	c.down = c.note(kind, "")
}

func (c *campaign) atStart(ctx context.Context, s step) error {
	if p := c.node.process(); p != nil && p.alive() {
		c.killUp(killUp)
	}
	if err := c.node.give(ctx, s.Files); err != nil {
		return err
	}
	if _, err := c.node.launch(); err != nil {
		return err
	}
	c.pause(ctx, s.Delay)
	c.killUp(killStart)
	return nil
}

// engine kills the engine and waits until the store answers again.
func (c *campaign) engine(ctx context.Context, s step) error {
	if err := c.node.give(ctx, s.Files); err != nil {
		return err
	}
	c.pause(ctx, s.Delay)
	for _, pid := range c.node.process().engines() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have gone by itself
	}
	return c.answersAgain(ctx, c.note(killEngine, ""))
}

func (c *campaign) answersAgain(ctx context.Context, k *kill) error {
	began := time.Now()
	err := until(ctx, patience, func() bool {
		if !c.node.running() {
			return true
		}
		_, err := c.node.query(ctx, "SELECT 1")
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("the store does not answer after its engine was killed: %w", err)
	}
	if !c.node.running() {
		return c.node.judgeEnd(c.node.process()) // it must live through this
	}
	k.Recovery = time.Since(began)
	return nil
}

// client kills a collect that has handed over half of its file, which is then collected.
func (c *campaign) client(ctx context.Context, s step) error {
	f := s.Files[len(s.Files)-1]
	p, release, err := c.node.slowClient(f)
	if err != nil {
		return err
	}
	c.pause(ctx, min(s.Delay, 400*time.Millisecond)+50*time.Millisecond)
	p.kill()
	release()
	c.note(killClient, "")
	return c.node.give(ctx, s.Files)
}

// alone kills a collect that found no program and works by itself.
func (c *campaign) alone(ctx context.Context, s step) error {
	c.killUp(killUp)
	if err := c.node.give(ctx, s.Files[:len(s.Files)-1]); err != nil {
		return err
	}
	f := s.Files[len(s.Files)-1]
	c.node.gate.Lock() // nobody else starts it meanwhile
	p, err := c.node.prog.start("alone", nil, "collect", "--data", c.node.prog.data, "--json", f.Collector, f.Path)
	if err != nil {
		c.node.gate.Unlock()
		return err
	}
	c.pause(ctx, 500*time.Millisecond+3*s.Delay) // opening takes a while
	if p.alive() {
		p.kill()
		c.note(killAlone, "")
	}
	c.node.gate.Unlock()
	return c.node.give(ctx, s.Files[len(s.Files)-1:])
}

// inRebuild kills the program while it makes the store anew.
func (c *campaign) inRebuild(ctx context.Context, s step) error {
	if err := c.node.give(ctx, s.Files); err != nil {
		return err
	}
	p, err := c.talk("rebuild")
	if err != nil {
		return err
	}
	c.pause(ctx, s.Delay)
	c.killUp(killRebuild)
	return p.wait(patience)
}

// talk starts a command that talks to the running program.
func (c *campaign) talk(command string) (*process, error) {
	c.node.gate.RLock() // it must find the program
	defer c.node.gate.RUnlock()
	if !c.node.running() {
		return nil, errDied
	}
	return c.node.prog.start(command, nil, command, "--data", c.node.prog.data)
}

// grow has the work of a step collected.
func (c *campaign) grow(ctx context.Context, s step) error {
	if err := c.recover(ctx); err != nil {
		return err
	}
	if err := c.node.give(ctx, s.Files); err != nil {
		return err
	}
	return until(ctx, patience, func() bool { return c.node.waiting() == 0 || !c.node.running() })
}

// atPoint starts the program with a fail point, gives it work and waits until the point
// strikes.
func (c *campaign) atPoint(ctx context.Context, s step) error {
	if s.When == failpoint.WhenRecovered { // the log must have grown before
		if err := c.grow(ctx, s); err != nil {
			return err
		}
	}
	c.killUp(killUp)
	p, err := c.node.launch(s.Point)
	if err != nil {
		return err
	}
	if s.When != failpoint.WhenRecovered {
		if err := c.node.give(ctx, s.Files); err != nil {
			return err
		}
	}
	if took, err := c.node.ready(ctx, p); err == nil {
		c.recovered(took)
	} else if !errors.Is(err, errDied) {
		return err
	}
	asked, missed, err := c.provoke(ctx, s, p)
	switch {
	case err != nil:
		return err
	case missed:
		c.res.Missed = append(c.res.Missed, s.Point.String())
		fmt.Fprintf(c.say, "  %s was not reached\n", s.Point)
		c.killUp(killUp) // it would strike at any time
	case s.Kill == killPoint:
		<-p.done
		if !p.killed() {
			return c.node.judgeEnd(p)
		}
		c.down = c.note(killPoint, s.Point.String())
	default:
		if err := c.answersAgain(ctx, c.note(killAtPoint, s.Point.String())); err != nil {
			return err
		}
	}
	if asked != nil {
		return asked.wait(patience)
	}
	return nil
}

// provoke does what makes a program reach the point at which it is to die. It returns the
// command that it asked for, if any, and whether the point was missed all the same.
func (c *campaign) provoke(ctx context.Context, s step, p *process) (asked *process, missed bool, err error) {
	struck := func() bool { return !p.alive() || len(p.struck()) > 0 }
	if s.When == failpoint.WhenRebuilt && !struck() {
		if asked, err = c.talk("rebuild"); err != nil && !errors.Is(err, errDied) {
			return nil, false, err
		}
	}
	bySelf := strikeBySelf
	if s.When == failpoint.WhenSealed {
		bySelf = strikeSealed
	}
	if until(ctx, bySelf, struck) != nil && asked == nil {
		if asked, err = c.talk("verify"); err != nil && !errors.Is(err, errDied) {
			return nil, false, err
		}
	}
	if until(ctx, strikeLimit, func() bool { return struck() || (asked != nil && !asked.alive()) }) != nil {
		return asked, true, nil
	}
	return asked, until(ctx, strikeAfter, struck) != nil, nil
}
