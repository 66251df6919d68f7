package store

import (
	"testing"
	"time"

	"linesman/schema"
)

// The deadline counts the configured days from the day on which the violation was opened, in
// the configured zone.
func TestCaseTermsAreOfTheConfiguration(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	opened := schema.TimeOf(time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)) // 2 March in Stockholm
	w := NewWriter(s, schema.ViolationTable())
	w.Add([]schema.Violation{{EventID: schema.NewID("e"), ViolationID: schema.NewID("v"), Change: schema.ChangeOpened, RecordedAt: opened}})
	if err := w.Flush(ctx, ""); err != nil {
		t.Fatal(err)
	}
	deadline := func() (day string) {
		t.Helper()
		if err := s.Conn().QueryRow(ctx, "SELECT toString(deadline) FROM cases_current").Scan(&day); err != nil {
			t.Fatal(err)
		}
		return day
	}
	if got := deadline(); got != "2026-03-16" {
		t.Errorf("a new store says %s", got)
	}
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		days int
		zone *time.Location
		want string
	}{{14, stockholm, "2026-03-16"}, {21, stockholm, "2026-03-23"}, {21, time.UTC, "2026-03-22"}, {1, time.UTC, "2026-03-02"}, {1, time.UTC, "2026-03-02"}} {
		if err := s.SetCaseTerms(ctx, c.days, c.zone); err != nil {
			t.Fatal(err)
		}
		if got := deadline(); got != c.want {
			t.Errorf("%d days in %s: %s, want %s", c.days, c.zone, got, c.want)
		}
	}
}
