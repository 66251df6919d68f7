package store

import (
	"testing"
	"time"

	"linesman/schema"
)

// The deadline counts the configured days from the day on which the violation was opened, in
// the configured zone, and ends on a day on which somebody works.
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
	free := []schema.Day{schema.Date(2026, time.April, 3), schema.Date(2026, time.April, 6)} // Good Friday, Easter Monday
	for _, c := range []struct {
		days int
		zone *time.Location
		free []schema.Day
		want string
	}{
		{14, stockholm, nil, "2026-03-16"}, {21, stockholm, nil, "2026-03-23"},
		{21, time.UTC, nil, "2026-03-23"}, // the 22nd is a Sunday
		{1, time.UTC, nil, "2026-03-02"}, {1, time.UTC, nil, "2026-03-02"},
		{31, stockholm, free, "2026-04-02"}, {32, stockholm, free, "2026-04-07"}, {33, stockholm, free, "2026-04-07"}, {32, stockholm, nil, "2026-04-03"}, // and a night of 23 hours between
	} {
		if err := s.SetCaseTerms(ctx, CaseTerms{Days: c.days, Zone: c.zone, Free: c.free}); err != nil {
			t.Fatal(err)
		}
		if got := deadline(); got != c.want {
			t.Errorf("%d days in %s with %d holidays: %s, want %s", c.days, c.zone, len(c.free), got, c.want)
		}
	}
}
