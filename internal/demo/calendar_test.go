package demo

import (
	"testing"
	"time"
)

func TestCalendar(t *testing.T) {
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		t.Fatal(err)
	}
	days, months := calendar(Full, zone)
	if len(days) != 396 || len(months) != 13 {
		t.Errorf("%d days in %d months", len(days), len(months))
	}
	free, doubled := map[string]bool{}, ""
	for _, d := range days {
		free[d.label] = d.free
		if d.doubled {
			doubled += d.label + " "
		}
		if d.factor <= 0 || d.factor > 1.2 || d.free && d.factor > 0.2 {
			t.Errorf("%s: factor %v", d.label, d.factor)
		}
	}
	if doubled != "2025-10-26 2026-10-25 " {
		t.Errorf("days with a doubled hour: %s", doubled)
	}
	for label, want := range map[string]bool{"2025-12-24": true, "2026-01-06": true, "2026-04-03": true, "2026-04-06": true, "2026-05-14": true,
		"2026-06-19": true, "2026-10-31": true, "2026-01-05": false, "2026-03-16": false, "2026-05-15": false, "2026-03-14": true} {
		if free[label] != want {
			t.Errorf("%s: free %v", label, free[label])
		}
	}
}

// TestNightsOfClockChange draws a great many moments of the nights on which the clocks change.
func TestNightsOfClockChange(t *testing.T) {
	r, err := newRegion(Config{Size: Full, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day             string
		summer, winter2 bool // whether 02:xx comes in summer time, in winter time
	}{{"2025-10-26", true, true}, {"2026-03-29", false, false}, {"2026-03-28", false, true}} {
		for i := range r.days {
			if r.days[i].label != c.day {
				continue
			}
			s := &shift{region: r, rng: r.rng(streamCUCM, i), day: &r.days[i]}
			for k := clinic; k <= switchb; k++ {
				h := hours(k, true)
				for j := 1; j < 24; j++ {
					h[j] += h[j-1]
				}
				s.clocks = append(s.clocks, h)
			}
			var summer, winter bool
			for range 20000 {
				at := time.Unix(s.when(emergency), 0).In(r.zone)
				if at.Format(time.DateOnly) != c.day {
					t.Fatalf("%v is not on %s", at, c.day)
				}
				if at.Hour() == 2 {
					summer = summer || at.IsDST()
					winter = winter || !at.IsDST()
				}
			}
			if summer != c.summer || winter != c.winter2 {
				t.Errorf("%s: 02:xx in summer time %v, in winter time %v", c.day, summer, winter)
			}
		}
	}
}

func TestClockOfMobiles(t *testing.T) {
	r, err := newRegion(Config{Size: Full, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	u := &user{region: r, rng: r.rng(streamItemised, 0)}
	for i := range r.days {
		d := &r.days[i]
		for range 200 {
			if at := time.Unix(u.clock(&r.lines[len(r.lines)-1], d), 0).In(r.zone); at.Format(time.DateOnly) != d.label {
				t.Fatalf("%v is not on %s", at, d.label)
			}
		}
	}
}
