package when

import (
	"slices"
	"testing"
	"time"

	"linesman/processors/holiday"
)

// Holidays as the almanacs print them.
func TestWorkday(t *testing.T) {
	swedish := calendarOf("Europe/Stockholm")
	free := map[int][]string{ // weekdays that are public holidays
		2004: {"01-01", "01-06", "04-09", "04-12", "05-20", "05-31"},
		2024: {"01-01", "03-29", "04-01", "05-01", "05-09", "06-06", "12-25", "12-26"},
		2025: {"01-01", "01-06", "04-18", "04-21", "05-01", "05-29", "06-06", "12-25", "12-26"},
		2026: {"01-01", "01-06", "04-03", "04-06", "05-01", "05-14", "12-25"},
		2028: {"01-06", "04-14", "04-17", "05-01", "05-25", "06-06", "12-25", "12-26"},
	}
	for year, want := range free {
		var got []string
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
			if !weekend && !swedish.isWorkday(day) {
				got = append(got, day.Format("01-02"))
			}
			if weekend && swedish.isWorkday(day) {
				t.Errorf("%s is a workday", day.Format(time.DateOnly))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", year, got, want)
		}
	}
}

// Danish holidays as the almanacs print them. 1 May and 5 June are workdays.
func TestDanishWorkday(t *testing.T) {
	danish := calendarOf("Europe/Copenhagen")
	free := map[int][]string{
		2022: {"04-14", "04-15", "04-18", "05-13", "05-26", "06-06", "12-26"},
		2023: {"04-06", "04-07", "04-10", "05-05", "05-18", "05-29", "12-25", "12-26"},
		2024: {"01-01", "03-28", "03-29", "04-01", "05-09", "05-20", "12-25", "12-26"},
		2026: {"01-01", "04-02", "04-03", "04-06", "05-14", "05-25", "12-25"},
	}
	for year, want := range free {
		var got []string
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
			if !weekend && !danish.isWorkday(day) {
				got = append(got, day.Format("01-02"))
			}
			if weekend && danish.isWorkday(day) {
				t.Errorf("%s is a workday", day.Format(time.DateOnly))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", year, got, want)
		}
	}
}

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{1900: "1900-04-15", 1913: "1913-03-23", 1943: "1943-04-25", 1954: "1954-04-18", 1981: "1981-04-19", 2000: "2000-04-23",
		2008: "2008-03-23", 2026: "2026-04-05", 2038: "2038-04-25", 2049: "2049-04-18", 2285: "2285-03-22"} {
		if got := holiday.Easter(year).String(); got != want {
			t.Errorf("%d: got %s, want %s", year, got, want)
		}
	}
}
