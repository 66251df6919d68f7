package main

import (
	"reflect"
	"testing"

	"linesman/internal/failpoint"
)

// TestPlan sees that the same seed makes the same files and kills, and another one others.
func TestPlan(t *testing.T) {
	plan := func(seed uint64) []round {
		dir := t.TempDir()
		rounds, _, err := makePlan(t.Context(), dir, seed, 60, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rounds {
			for j := range rounds[i].Steps {
				for k := range rounds[i].Steps[j].Files {
					rounds[i].Steps[j].Files[k].Path = ""
				}
			}
		}
		return rounds
	}
	one := plan(1)
	if !reflect.DeepEqual(one, plan(1)) {
		t.Error("the same seed made two plans")
	}
	if reflect.DeepEqual(one, plan(2)) {
		t.Error("two seeds made the same plan")
	}
	for i, r := range one {
		for _, s := range r.Steps {
			if len(s.Files) == 0 {
				t.Errorf("round %d has a kill without work: %+v", i, s)
			}
			if s.Point.Name != "" {
				if _, err := failpoint.Parse(s.Point.String()); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestTheSameAgain sees that the command that is named after a difference makes the campaign
// that differed.
func TestTheSameAgain(t *testing.T) {
	for _, args := range [][]string{{}, {"-kills", "30", "-light"}, {"-kills", "100", "-seed", "7"}, {"-skip", "5", "-seed", "3", "-kills", "200", "-light"}} {
		o, err := parse(args)
		if err != nil {
			t.Fatal(err)
		}
		for n, done := 0, 0; done < o.kills; n++ {
			want := o.campaign(n, done)
			again, err := parse(want.flags())
			if err != nil {
				t.Fatal(err)
			}
			if got := again.campaign(0, 0); got != want {
				t.Errorf("%v, campaign %d: %v makes %+v, want %+v", args, n, want.flags(), got, want)
			}
			done += want.kills
		}
	}
}

// TestDeck sees that campaigns one after the other try every fail point.
func TestDeck(t *testing.T) {
	tried := map[failpoint.Action]bool{}
	all := deck(0)
	for skip := 0; skip < len(all); skip += 10 {
		for _, s := range deck(skip)[:10] {
			tried[s.Point] = true
		}
	}
	if len(tried) != len(all) || len(all) < len(failpoint.Names()) {
		t.Errorf("%d of %d were tried", len(tried), len(all))
	}
}

func TestCompare(t *testing.T) {
	calm := snapshot{"usage": {"a", "b", "c"}, "sums": {"1"}}
	for _, c := range []struct {
		name       string
		crashed    snapshot
		lost, more int
	}{
		{"the same", snapshot{"usage": {"a", "b", "c"}, "sums": {"1"}}, 0, 0},
		{"in another order", snapshot{"usage": {"c", "a", "b"}, "sums": {"1"}}, 0, 0},
		{"one lost", snapshot{"usage": {"a", "c"}, "sums": {"1"}}, 1, 0},
		{"one twice", snapshot{"usage": {"a", "b", "b", "c"}, "sums": {"1"}}, 0, 1},
		{"one different", snapshot{"usage": {"a", "b", "d"}, "sums": {"1"}}, 1, 1},
		{"a section gone", snapshot{"usage": {"a", "b", "c"}}, 1, 0},
		{"nothing there", snapshot{}, 4, 0},
	} {
		var lost, more int
		for _, d := range compare(calm, c.crashed) {
			lost, more = lost+d.Lost, more+d.More
		}
		if lost != c.lost || more != c.more {
			t.Errorf("%s: %d lost, %d too many", c.name, lost, more)
		}
	}
}

func TestLife(t *testing.T) {
	for life, want := range map[string]bool{"o": true, "occ": true, "ocr": true, "oro": true, "orocr": true, "": true, "c": false, "oo": false, "orr": false, "orc": false, "r": false} {
		if lived(life) != want {
			t.Errorf("%q: %t", life, !want)
		}
	}
}
