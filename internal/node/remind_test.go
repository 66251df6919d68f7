package node

import (
	"testing"
	"time"

	"linesman/internal/config"
)

// Reminders are due at an hour of the zone, also in the weeks in which the clock is moved.
func TestScheduleOfReminders(t *testing.T) {
	const form = "2006-01-02T15:04Z07:00"
	for _, c := range []struct {
		weekday    string
		hour       int
		now        string // UTC
		last, next string
		apart      int
	}{
		{"monday", 7, "2026-03-09T05:59Z", "2026-03-02T07:00+01:00", "2026-03-09T07:00+01:00", 7},
		{"monday", 7, "2026-03-09T06:00Z", "2026-03-09T07:00+01:00", "2026-03-16T07:00+01:00", 7},
		{"monday", 7, "2026-03-29T12:00Z", "2026-03-23T07:00+01:00", "2026-03-30T07:00+02:00", 7},
		{"sunday", 2, "2026-03-29T00:59Z", "2026-03-22T02:00+01:00", "2026-03-29T03:00+02:00", 7}, // there is no two o'clock
		{"sunday", 2, "2026-03-29T01:00Z", "2026-03-29T03:00+02:00", "2026-04-05T02:00+02:00", 7},
		{"daily", 23, "2026-10-25T22:30Z", "2026-10-25T23:00+01:00", "2026-10-26T23:00+01:00", 1},
		{"monday,thursday", 0, "2026-12-31T22:59Z", "2026-12-31T00:00+01:00", "2027-01-04T00:00+01:00", 4},
		{"friday,monday,tuesday", 12, "2026-12-31T23:30Z", "2026-12-29T12:00+01:00", "2027-01-01T12:00+01:00", 3},
	} {
		s, err := newSchedule(&config.Mail{Weekday: c.weekday, Hour: c.hour}, "Europe/Stockholm")
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(form, c.now)
		if err != nil {
			t.Fatal(err)
		}
		last, next := s.around(now)
		if last.Format(form) != c.last || next.Format(form) != c.next || s.apart() != c.apart {
			t.Errorf("%s at %d, at %s: %s and %s, %d days apart", c.weekday, c.hour, c.now, last.Format(form), next.Format(form), s.apart())
		}
	}
}

func TestFailedRemindersAreTriedLessOften(t *testing.T) {
	before := time.Duration(0)
	for tries := 1; tries < 20; tries++ {
		if d := again(tries); d < before || d < time.Minute || d > 30*time.Minute {
			t.Errorf("after %d tries: %s", tries, d)
		} else {
			before = d
		}
	}
}
