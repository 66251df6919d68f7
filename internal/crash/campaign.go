package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// campaign is one data directory that is killed again and again, and one that is not.
type campaign struct {
	number int
	seed   uint64
	dir    string
	exe    string
	light  bool
	say    io.Writer
	res    *result

	rounds []round
	m      *material
	calm   []snapshot
	node   *node
	round  int
	began  time.Time
	down   *kill // the kill that the next start recovers from
}

// run runs the campaign: first without crashes, then with. It returns whether both agree.
func (c *campaign) run(ctx context.Context, kills, skip int) (bool, error) {
	var err error
	if c.rounds, c.m, err = makePlan(ctx, filepath.Join(c.dir, "material"), c.seed, kills, skip, c.light); err != nil {
		return false, fmt.Errorf("planning: %w", err)
	}
	fmt.Fprintf(c.say, "campaign %d: seed %d, %d rounds, in %s\n", c.number, c.seed, len(c.rounds), c.dir)
	if err := c.runCalm(ctx); err != nil {
		return false, fmt.Errorf("the run without crashes: %w", err)
	}
	c.began = time.Now()
	prog, err := newProgram(c.exe, filepath.Join(c.dir, "crashed"), filepath.Join(c.dir, "logs"))
	if err != nil {
		return false, err
	}
	if err := c.sameKey(); err != nil {
		return false, err
	}
	c.node = newNode(prog)
	defer func() {
		if p := c.node.process(); p != nil {
			p.kill()
		}
	}()
	good := true
	for i, r := range c.rounds {
		c.round = i
		last := i == len(c.rounds)-1
		ok, err := c.one(ctx, r, last, kills)
		if err != nil {
			return false, fmt.Errorf("campaign %d (seed %d), round %d: %w", c.number, c.seed, i, err)
		}
		if good = good && ok; !ok {
			break // the rounds after it would only show the same
		}
	}
	return good, nil
}

// runCalm does every round without a kill and keeps what the store shows then.
func (c *campaign) runCalm(ctx context.Context) error {
	began := time.Now()
	prog, err := newProgram(c.exe, filepath.Join(c.dir, "calm"), filepath.Join(c.dir, "logs-calm"))
	if err != nil {
		return err
	}
	n := newNode(prog)
	defer func() {
		if p := n.process(); p != nil {
			p.kill()
		}
	}()
	for i, r := range c.rounds {
		if _, _, err := n.serving(ctx); err != nil {
			return err
		}
		if err := n.give(ctx, r.files()); err != nil {
			return err
		}
		if err := n.settled(ctx); err != nil {
			return err
		}
		s, err := take(ctx, n)
		if err != nil {
			return err
		}
		if err := s.write(filepath.Join(c.dir, "calm-rounds", fmt.Sprintf("%02d", i))); err != nil {
			return err
		}
		c.calm = append(c.calm, s)
		if wrong := n.failures(); len(wrong) > 0 {
			return fmt.Errorf("%v", wrong)
		}
	}
	if wrong := n.checkFolders(); len(wrong) > 0 {
		return fmt.Errorf("%v", wrong)
	}
	fmt.Fprintf(c.say, "  without crashes: %d rounds, %d rows in the end, %s\n", len(c.rounds), c.calm[len(c.calm)-1].rows(), time.Since(began).Round(time.Millisecond))
	return n.stop()
}

// sameKey gives both runs the same pseudonyms.
func (c *campaign) sameKey() error {
	key, err := os.ReadFile(filepath.Join(c.dir, "calm", "pseudonym.key"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, "crashed", "pseudonym.key"), key, 0o600)
}

// one does a round with its kills and compares.
func (c *campaign) one(ctx context.Context, r round, last bool, kills int) (bool, error) {
	for _, s := range r.Steps {
		if err := c.step(ctx, s); err != nil {
			return false, err
		}
	}
	for last && c.res.killsOf(c.number) < kills { // some found nothing to kill
		if err := c.extra(ctx); err != nil {
			return false, err
		}
	}
	if err := c.recover(ctx); err != nil {
		return false, err
	}
	rest := c.node.settled
	if c.round%3 == 0 || last { // it must also come to rest without being asked
		rest = c.node.quiet
	}
	if err := rest(ctx); err != nil {
		return false, err
	}
	out, err := c.judge(ctx, c.calm[c.round], last)
	if err != nil {
		return false, err
	}
	c.res.Rounds = append(c.res.Rounds, out)
	fmt.Fprintf(c.say, "  round %d: %d rows compared, %d lost, %d too many; %d collections, %d more interrupted\n", c.round, out.Rows, out.Lost, out.More, out.Collections, out.Interrupted)
	for _, w := range out.Wrong {
		fmt.Fprintf(c.say, "    WRONG: %s\n", w)
	}
	if len(out.Wrong) > 0 {
		fmt.Fprintf(c.say, "  everything is kept in %s (seed %d, round %d)\n", c.dir, c.seed, c.round)
	}
	return len(out.Wrong) == 0, nil
}

// judge compares the store with the run without crashes.
func (c *campaign) judge(ctx context.Context, want snapshot, last bool) (roundResult, error) {
	out := roundResult{Campaign: c.number, Seed: c.seed, Round: c.round}
	got, err := take(ctx, c.node)
	if err != nil {
		return out, err
	}
	out.Rows = want.rows()
	for _, d := range compare(want, got) {
		out.Lost, out.More = out.Lost+d.Lost, out.More+d.More
		out.Wrong = append(out.Wrong, d.String())
	}
	more, err := chains(ctx, c.node)
	if err != nil {
		return out, err
	}
	out.Wrong = append(append(out.Wrong, more...), c.node.checkFolders()...)
	var counted int
	if out.Collections, out.Interrupted, counted, err = collections(ctx, c.node); err != nil {
		return out, err
	}
	if counted > 0 {
		out.Wrong = append(out.Wrong, fmt.Sprintf("%d interrupted collections are counted as read", counted))
	}
	if len(out.Wrong) > 0 {
		err = got.write(filepath.Join(c.dir, "crashed-rounds", fmt.Sprintf("%02d", c.round)))
	}
	if err := verify(ctx, c.node); err != nil {
		out.Wrong = append(out.Wrong, err.Error())
	}
	if last {
		if text, err := c.node.ask(ctx, "verify", "--deep"); err != nil {
			out.Wrong = append(out.Wrong, fmt.Sprintf("verify --deep: %v\n%s", err, tail(text)))
		}
	}
	if last && len(out.Wrong) == 0 {
		out.Wrong = append(out.Wrong, c.rebuilt(ctx, want)...)
	}
	out.Wrong = append(out.Wrong, c.node.failures()...)
	return out, err
}

// rebuilt makes the store anew from the log that the crashes left, and compares again.
func (c *campaign) rebuilt(ctx context.Context, want snapshot) []string {
	var wrong []string
	if _, err := c.node.ask(ctx, "rebuild"); err != nil {
		return []string{"rebuild: " + err.Error()}
	}
	if err := c.node.settled(ctx); err != nil {
		return []string{err.Error()}
	}
	got, err := take(ctx, c.node)
	if err != nil {
		return []string{err.Error()}
	}
	for _, d := range compare(want, got) {
		wrong = append(wrong, "rebuilt after crashes: "+d.String())
	}
	return wrong
}
