package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"linesman/schema"
)

const shared = "linesman.calls"

// owner is an instance that carries partition 1 of shared.
type owner struct {
	t     *testing.T
	s     *Store
	claim Claim
	next  uint64
}

func claimed(t *testing.T, s *Store, name string) *owner {
	t.Helper()
	c, err := s.Claim(t.Context(), shared, 1, name)
	if err != nil {
		t.Fatal(err)
	}
	return &owner{t, s, c, c.Start}
}

func (o *owner) next1(n uint64) Range {
	return Range{Topic: shared, Partition: 1, First: o.next, Next: o.next + n, Epoch: o.claim.Epoch}
}

func (o *owner) begin(n uint64) {
	o.t.Helper()
	if err := o.s.Begin(o.t.Context(), o.next1(n)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *owner) done(n uint64) {
	o.t.Helper()
	out := Outcome{Accepted: n, Files: map[schema.ID]FileOutcome{schema.NewID("file"): {Accepted: n}}}
	if err := o.s.Done(o.t.Context(), o.next1(n), out); err != nil {
		o.t.Fatal(err)
	}
	o.next += n
}

func position(t *testing.T, s *Store, want uint64) {
	t.Helper()
	next, _, err := s.Position(t.Context(), shared, 1)
	if err != nil || next != want {
		t.Fatalf("position %d, %v; want %d", next, err, want)
	}
	var accepted, files uint64
	if err := s.Conn().QueryRow(exact(t.Context()), "SELECT (SELECT sum(accepted) FROM valid_ranges), (SELECT sum(accepted) FROM files)").Scan(&accepted, &files); err != nil {
		t.Fatal(err)
	}
	if accepted != want || files != want {
		t.Fatalf("%d records accepted, %d by file; want %d", accepted, files, want)
	}
}

func TestClaims(t *testing.T) {
	for name, try := range map[string]func(t *testing.T, s *Store){
		"what a zombie finishes after the claim is void": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.done(10)
			a.begin(7)
			b := claimed(t, s, "b")
			if b.claim.Start != 10 || b.claim.Touched != 17 {
				t.Fatalf("claimed %+v", b.claim)
			}
			a.done(7)
			a.done(5)
			position(t, s, 10)
			b.done(3)
			position(t, s, 13)
			b.done(20)
			position(t, s, 33)
			if err := s.Holds(t.Context(), shared, 1, a.claim.Epoch); !errors.Is(err, ErrSuperseded) {
				t.Errorf("the first claim still holds: %v", err)
			}
			if err := s.Holds(t.Context(), shared, 1, b.claim.Epoch); err != nil {
				t.Error(err)
			}
		},
		"what was finished before the claim counts": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.done(10)
			a.done(10)
			b := claimed(t, s, "b")
			b.done(1)
			c := claimed(t, s, "c")
			c.done(1)
			position(t, s, 22)
		},
		"an owner that dies before its first range": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.done(10)
			claimed(t, s, "b").begin(5)
			a.done(5)
			position(t, s, 10)
			c := claimed(t, s, "c")
			if c.claim.Start != 10 || c.claim.Touched != 15 {
				t.Fatalf("claimed %+v", c.claim)
			}
			a.done(5)
			c.done(2)
			position(t, s, 12)
		},
		"only the owner's own pending range is done again": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.begin(9)
			b := claimed(t, s, "b")
			if _, pending, err := s.Position(t.Context(), shared, 1); err != nil || pending != nil {
				t.Fatalf("%v, %v", pending, err)
			}
			b.begin(4)
			if _, pending, err := s.Position(t.Context(), shared, 1); err != nil || pending == nil || pending.Next != 4 || pending.Epoch != b.claim.Epoch {
				t.Fatalf("%v, %v", pending, err)
			}
		},
		"who claimed at the same time and lost changes nothing": func(t *testing.T, s *Store) {
			old := claimed(t, s, "old")
			old.done(10)
			// The loser has read position 10 before the old owner went on to 20.
			loser := Claim{Topic: shared, Partition: 1, Owner: "loser", Epoch: old.claim.Epoch + 1, Start: 10, epochs: []uint64{old.claim.Epoch}, untils: []uint64{10}}
			old.done(10)
			b := claimed(t, s, "b")
			if err := s.putClaim(t.Context(), loser); err != nil {
				t.Fatal(err)
			}
			l := &owner{t, s, loser, 10}
			l.done(3)
			position(t, s, 20)
			b.done(1)
			l.done(30)
			position(t, s, 21)
		},
		"a claim upon a store without claims": func(t *testing.T, s *Store) {
			alone := &owner{t, s, Claim{}, 0}
			alone.done(10)
			position(t, s, 10)
			b := claimed(t, s, "b")
			alone.done(5)
			b.done(2)
			position(t, s, 12)
		},
		"a zombie that outlives the store": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.done(10)
			if err := s.DropAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.done(5)
			position(t, s, 0)
			b := claimed(t, s, "b")
			if b.claim.Start != 0 || b.claim.Epoch>>32 < a.claim.Epoch>>32 {
				t.Errorf("claimed %+v after %+v", b.claim, a.claim)
			}
			a.done(5)
			b.done(4)
			position(t, s, 4)
		},
		"what was evaluated of a void range is evaluated again": func(t *testing.T, s *Store) {
			a := claimed(t, s, "a")
			a.done(10)
			if err := s.SetEvaluated(t.Context(), []Range{{Topic: shared, Partition: 1, Next: 17, Epoch: a.claim.Epoch}}); err != nil {
				t.Fatal(err)
			}
			b := claimed(t, s, "b")
			for _, want := range []uint64{10, 12} {
				if next, err := s.Evaluated(t.Context(), shared, 1); err != nil || next != want {
					t.Fatalf("evaluated %d, %v; want %d", next, err, want)
				}
				if err := s.SetEvaluated(t.Context(), []Range{{Topic: shared, Partition: 1, Next: 12, Epoch: b.claim.Epoch}}); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t)
			try(t, s)
		})
	}
}

// Instances that claim at any moment, all at once, and go on when they lost the partition:
// what counts is always a row of ranges without hole and without overlap.
func TestRangesThatCountNeverLeaveAHole(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	const instances, steps = 4, 60
	for i := range instances {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			var c Claim
			var next uint64
			for range steps {
				if c.Epoch == 0 || rng.IntN(5) == 0 {
					var err error
					if c, err = s.Claim(ctx, shared, 1, fmt.Sprint("instance ", i)); err != nil {
						t.Error(err)
						return
					}
					next = c.Start
				}
				r := Range{Topic: shared, Partition: 1, First: next, Next: next + 1 + rng.Uint64N(9), Epoch: c.Epoch}
				out := Outcome{Accepted: r.Next - r.First, Files: map[schema.ID]FileOutcome{schema.NewID("file"): {Accepted: r.Next - r.First}}}
				if err := errors.Join(s.Begin(ctx, r), s.Done(ctx, r, out)); err != nil {
					t.Error(err)
					return
				}
				next = r.Next
			}
		})
	}
	wg.Wait()
	next, _, err := s.Position(ctx, shared, 1)
	if err != nil {
		t.Fatal(err)
	}
	position(t, s, next)
	rows, err := s.Conn().Query(exact(context.WithoutCancel(ctx)), "SELECT first, next, epoch FROM valid_ranges ORDER BY first, next")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var at, first, to, epoch uint64
	epochs := map[uint64]bool{}
	for rows.Next() {
		if err := rows.Scan(&first, &to, &epoch); err != nil {
			t.Fatal(err)
		}
		if first != at {
			t.Fatalf("a range begins at %d, the one before ended at %d", first, at)
		}
		at, epochs[epoch] = to, true
	}
	if at != next || len(epochs) < 2 {
		t.Errorf("ranges end at %d, the position is %d; %d epochs", at, next, len(epochs))
	}
	t.Logf("position %d, ranges of %d claims", next, len(epochs))
}

// A leader that was thought dead wakes up in the middle of recomputing a roll-up: what it built
// must not be swapped in over what its heir has made since.
func TestAnOldLeaderCannotSwapInARollUp(t *testing.T) {
	s, e := open(t)
	ctx := t.Context()
	zombie, heir := newStore(e, s.log, nil), newStore(e, s.log, nil)
	base := schema.TimeOf(time.Date(2026, 3, 14, 10, 0, 0, 0, time.UTC))
	add := func(i int) {
		w := NewWriter(s, schema.UsageTable())
		w.Add([]schema.Usage{usage(i, base+schema.Time(i)*1000)})
		if err := w.Flush(ctx, ""); err != nil {
			t.Fatal(err)
		}
	}
	events := func() (n uint64) {
		if err := s.Conn().QueryRow(ctx, "SELECT sum(events) FROM usage_daily").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := zombie.Stage(ctx, 5<<32); err != nil {
		t.Fatal(err)
	}
	days := []schema.Day{schema.DayOf(base, time.UTC)}
	add(1)
	if err := zombie.Recompute(ctx, days); err != nil {
		t.Fatal(err)
	}
	if n := events(); n != 1 {
		t.Fatalf("%d events", n)
	}
	// It stands still between building and swapping.
	add(2)
	err := zombie.RecomputeAndTell(ctx, days, func(context.Context, schema.Day, []Shift) error {
		add(3)
		if err := heir.Stage(ctx, 6<<32); err != nil {
			return err
		}
		return heir.Recompute(ctx, days)
	})
	if err == nil {
		t.Error("the old leader swapped in its month")
	}
	if n := events(); n != 3 {
		t.Errorf("%d events in the roll-up, want 3", n)
	}
	if err := zombie.Recompute(ctx, days); err == nil {
		t.Error("the old leader went on")
	}
	if err := zombie.Stage(ctx, 7<<32); err != nil { // elected anew
		t.Fatal(err)
	}
	if err := zombie.Recompute(ctx, days); err != nil {
		t.Error(err)
	}
}
