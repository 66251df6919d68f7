package main

import (
	"context"
	"math/rand/v2"
	"time"

	"linesman/internal/failpoint"
)

// What a step kills, and when.
const (
	killUp      = "up"      // the program, while it works
	killStart   = "start"   // the program, while it starts
	killEngine  = "engine"  // the engine's process
	killClient  = "client"  // a linesman collect that is handing its file over
	killAlone   = "alone"   // a linesman collect that works by itself, with engine and all
	killRebuild = "rebuild" // the program, while it makes the store anew
	killPoint   = "point"   // the program at a fail point
	killAtPoint = "engine at point"
)

// step is one kill and the work around it.
type step struct {
	Kill  string
	Point failpoint.Action // of killPoint and killAtPoint
	When  string           // what the point waits for
	Delay time.Duration    // from when the work is there
	Files []file
}

// round is work that is compared when it is in.
type round struct{ Steps []step }

// files lists what a round delivers.
func (r round) files() []file {
	var out []file
	for _, s := range r.Steps {
		out = append(out, s.Files...)
	}
	return out
}

// planner makes the rounds of a campaign. The same seed makes the same plan.
type planner struct {
	rng  *rand.Rand
	m    *material
	deck []step // fail points still to be tried

	planned int
}

const stepsPerRound = 7

// makePlan plans about kills kills. skip is how many fail points earlier campaigns tried; light
// leaves out most of the large files.
func makePlan(ctx context.Context, dir string, seed uint64, kills, skip int, light bool) ([]round, *material, error) {
	rng := rand.New(rand.NewPCG(seed, 0x6b696c6c)) //nolint:gosec // repeatable
	m, err := newMaterial(ctx, dir, seed, rng, light)
	if err != nil {
		return nil, nil, err
	}
	p := &planner{rng: rng, m: m, deck: deck(skip)}
	var rounds []round
	for planned := 0; planned < 2*kills; {
		m.newRound()
		var r round
		for len(r.Steps) < stepsPerRound && planned < 2*kills {
			s, err := p.step(len(rounds) == 0 && len(r.Steps) == 0)
			if err != nil {
				return nil, nil, err
			}
			r.Steps = append(r.Steps, s)
			planned += 2
			if s.Point.Name != "" || s.Kill == killAlone { // mostly the program that runs is killed first
				planned++
			}
		}
		rounds = append(rounds, r)
	}
	return rounds, m, nil
}

// deck lists every fail point with kill and, where it makes sense, kill-engine. Its order is
// the same for every seed, so that campaigns one after the other go through all of it: it
// jumps through the list so that any part of it has points of all kinds.
func deck(skip int) []step {
	var all []step
	for _, p := range failpoint.Names() {
		all = append(all, step{Kill: killPoint, When: p.When, Point: failpoint.Action{Name: p.Name, Kind: failpoint.Kill}})
	}
	for _, p := range failpoint.Names() {
		if p.Engine {
			all = append(all, step{Kill: killAtPoint, When: p.When, Point: failpoint.Action{Name: p.Name, Kind: failpoint.KillEngine}})
		}
	}
	stride := 7
	for gcd(stride, len(all)) != 1 {
		stride++
	}
	out := make([]step, len(all))
	for i := range all {
		out[i] = all[(i+skip)*stride%len(all)]
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// fewFiles are delivered where a point waits for files.
const fewFiles = 3

// passes says how often a point may be passed before it strikes.
func passes(name, when string) int {
	switch name {
	case "migrate.statement.before", "migrate.statement.after", "drop.table.after":
		return 15
	case "range.amends.before", "seal.append.before", "seal.append.after":
		return 2
	case "migrate.note.before", "migrate.note.after":
		return 2
	}
	switch when {
	case failpoint.WhenStored:
		return 6
	case failpoint.WhenCollected, failpoint.WhenFolder:
		return fewFiles
	}
	return 1
}

func (p *planner) step(first bool) (step, error) {
	p.planned++
	s := p.kill(first)
	most := 300 // while files are collected and stored
	if p.rng.IntN(3) == 0 {
		most = 1500 // or judged, or nothing is left to do
	}
	s.Delay = time.Duration(p.rng.IntN(most)) * time.Millisecond
	if err := p.work(&s, first); err != nil {
		return s, err
	}
	return s, nil
}

func (p *planner) kill(first bool) step {
	n := p.rng.IntN(100)
	switch {
	case first:
		return step{Kill: killStart} // while the tables are made
	case p.planned%2 == 0: // every other kill is at a fail point
		s := p.deck[0]
		p.deck = append(p.deck[1:], s)
		s.Point.Nth = 1 + p.rng.IntN(passes(s.Point.Name, s.When))
		return s
	case n < 38:
		return step{Kill: killUp}
	case n < 74:
		return step{Kill: killEngine}
	case n < 84:
		return step{Kill: killClient}
	case n < 90:
		return step{Kill: killAlone}
	case n < 94:
		return step{Kill: killRebuild}
	}
	return step{Kill: killStart}
}

// work chooses what is delivered with a kill, so that the kill has something to hit.
func (p *planner) work(s *step, first bool) error {
	if first {
		s.Files = append(s.Files, p.m.early...)
	}
	n := 1 + p.rng.IntN(3)
	if first || s.When == failpoint.WhenStored || s.When == failpoint.WhenCollected || s.When == failpoint.WhenFolder {
		n = fewFiles
	}
	if s.Kill == killClient || s.Kill == killAlone {
		n = 1
	}
	files, err := p.m.usage(n)
	if err != nil {
		return err
	}
	for i := range files {
		files[i].Client = files[i].Client && s.When != failpoint.WhenFolder && s.When != failpoint.WhenRecovered
	}
	s.Files = append(s.Files, files...)
	if s.Kill == killClient || s.Kill == killAlone {
		s.Files[len(s.Files)-1].Client = true
		return nil
	}
	about := s.When == failpoint.WhenReference || s.When == failpoint.WhenViolated || s.When == failpoint.WhenRestated
	priced := s.When == failpoint.WhenPriced
	if about || priced || p.rng.IntN(6) == 0 {
		statements := p.m.reference
		switch {
		case about:
			statements = func() (file, error) { return p.m.statement(25) }
		case priced:
			statements = p.m.prices
		}
		f, err := statements()
		if err != nil {
			return err
		}
		s.Files = append(s.Files, f)
	}
	if p.rng.IntN(4) == 0 {
		f, err := p.m.repeat()
		if err != nil {
			return err
		}
		s.Files = append(s.Files, f)
	}
	if p.rng.IntN(4) == 0 {
		f, ok, err := p.m.correction()
		if err != nil {
			return err
		}
		if ok {
			s.Files = append(s.Files, f)
		}
	}
	return nil
}
