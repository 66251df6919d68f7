package schema_test

import (
	"math"
	"testing"
	"time"

	"linesman/schema"
)

func zone(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func moment(t testing.TB, s string) schema.Time {
	m, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return schema.TimeOf(m)
}

func TestDayOfAMomentInStockholm(t *testing.T) {
	stockholm := zone(t, schema.DefaultZone)
	for at, want := range map[string]string{
		"2026-01-31T22:59:59.999Z": "2026-01-31", "2026-01-31T23:00:00Z": "2026-02-01", // winter: UTC+1
		"2026-06-30T21:59:59.999Z": "2026-06-30", "2026-06-30T22:00:00Z": "2026-07-01", // summer: UTC+2
		"2026-03-28T23:00:00Z": "2026-03-29", "2026-03-29T00:59:59.999Z": "2026-03-29", "2026-03-29T21:59:59.999Z": "2026-03-29", "2026-03-29T22:00:00Z": "2026-03-30", // 23 hours
		"2026-10-24T21:59:59.999Z": "2026-10-24", "2026-10-24T22:00:00Z": "2026-10-25", "2026-10-25T22:59:59.999Z": "2026-10-25", "2026-10-25T23:00:00Z": "2026-10-26", // 25 hours
		"2025-12-31T22:59:59.999Z": "2025-12-31", "2025-12-31T23:00:00Z": "2026-01-01",
		"2024-02-28T23:00:00Z": "2024-02-29", "2024-02-29T23:00:00Z": "2024-03-01", "2023-02-28T23:00:00Z": "2023-03-01",
		"1969-12-31T23:30:00Z": "1970-01-01", "1899-06-01T12:00:00Z": "1899-06-01",
	} {
		if got := schema.DayOf(moment(t, at), stockholm).String(); got != want {
			t.Errorf("%s is on %s, want %s", at, got, want)
		}
	}
}

func TestLengthOfDays(t *testing.T) {
	stockholm := zone(t, schema.DefaultZone)
	for day, hours := range map[string]int64{"2026-03-29": 23, "2026-10-25": 25, "2026-03-28": 24, "2026-03-30": 24, "2024-02-29": 24, "2025-12-31": 24} {
		d, err := schema.ParseDay(day)
		if got := int64((d + 1).Start(stockholm) - d.Start(stockholm)); err != nil || got != hours*3_600_000 {
			t.Errorf("%s has %d ms, want %d hours", day, got, hours)
		}
	}
}

// Days of a zone follow each other without gap or overlap, wherever the clocks are changed:
// at midnight in Havana and Beirut, and over the whole of a day in Apia.
func TestDaysPartitionTime(t *testing.T) {
	for _, name := range []string{schema.DefaultZone, "UTC", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "America/Asuncion", "Atlantic/Azores", "Asia/Gaza", "Africa/Cairo", "Asia/Tehran", "America/New_York", "Pacific/Auckland", "Pacific/Apia", "Asia/Kathmandu"} {
		loc := zone(t, name)
		for d := schema.Date(2005, 1, 1); d < schema.Date(2031, 1, 1); d++ {
			start, next := d.Start(loc), (d + 1).Start(loc)
			if name == "Pacific/Apia" && d == schema.Date(2011, 12, 30) {
				continue // the day that was left out
			}
			if got := schema.DayOf(start, loc); got != d {
				t.Errorf("%s begins at %s in %s, which is on %s", d, start, name, got)
			}
			if got := schema.DayOf(start-1, loc); got >= d {
				t.Errorf("%s begins before %s in %s", d, start, name)
			}
			if got := schema.DayOf(next-1, loc); got > d || next <= start {
				t.Errorf("%s in %s lasts until %s, which is on %s", d, name, next-1, got)
			}
		}
	}
}

func TestMonthAndWeek(t *testing.T) {
	for day, want := range map[string][2]string{
		"2026-01-01": {"2026-01-01", "2025-12-29"}, "2025-12-31": {"2025-12-01", "2025-12-29"}, "2026-12-31": {"2026-12-01", "2026-12-28"}, "2027-01-03": {"2027-01-01", "2026-12-28"},
		"2027-01-04": {"2027-01-01", "2027-01-04"}, "2024-02-29": {"2024-02-01", "2024-02-26"}, "2026-03-29": {"2026-03-01", "2026-03-23"}, "2026-03-30": {"2026-03-01", "2026-03-30"},
		"1970-01-01": {"1970-01-01", "1969-12-29"}, "1969-12-28": {"1969-12-01", "1969-12-22"},
	} {
		d, err := schema.ParseDay(day)
		if err != nil || d.Month().String() != want[0] || d.Week().String() != want[1] {
			t.Errorf("%s: month %s, week %s, want %v", day, d.Month(), d.Week(), want)
		}
	}
	for d := schema.Date(1990, 1, 1); d < schema.Date(2040, 1, 1); d++ {
		u := d.At(time.UTC)
		y, w := u.ISOWeek()
		my, mw := d.Week().At(time.UTC).ISOWeek()
		if y != my || w != mw || d.Week().At(time.UTC).Weekday() != time.Monday || d-d.Week() > 6 || d < d.Week() {
			t.Fatalf("%s is in the week of %s", d, d.Week())
		}
		if m := d.Month().At(time.UTC); m.Day() != 1 || m.Month() != u.Month() || m.Year() != u.Year() {
			t.Fatalf("%s is in the month of %s", d, d.Month())
		}
		if got, err := schema.ParseDay(d.String()); err != nil || got != d || schema.Date(u.Year(), u.Month(), u.Day()) != d {
			t.Fatalf("%s is read as %s, %v", d, got, err)
		}
	}
}

func TestParseDayRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", "01-01-2026", "2026-00-10", "2026-04-31"} {
		if d, err := schema.ParseDay(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
}

func TestTime(t *testing.T) {
	for at, want := range map[schema.Time]string{0: "-", 1: "1970-01-01T00:00:00.001Z", -1: "1969-12-31T23:59:59.999Z", moment(t, "2026-03-29T01:00:00.5+01:00"): "2026-03-29T00:00:00.500Z"} {
		if at.String() != want {
			t.Errorf("%d is written %s, want %s", at, at, want)
		}
		if schema.TimeOf(at.UTC()) != at {
			t.Errorf("%d becomes %d as a time.Time and back", at, schema.TimeOf(at.UTC()))
		}
	}
	if !schema.Time(0).UTC().IsZero() || schema.TimeOf(time.Time{}) != 0 {
		t.Error("a time that is not set does not stay so")
	}
	for _, at := range []schema.Time{math.MinInt64, math.MaxInt64} { // of a corrupt record: any day, but no panic
		_, _ = schema.DayOf(at, zone(t, schema.DefaultZone)), at.String()
	}
}
