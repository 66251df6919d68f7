package holiday

import (
	"slices"
	"testing"
	"time"

	"linesman/schema"
)

// Holidays as the almanacs print them, those on Saturdays and Sundays included.
func TestHoliday(t *testing.T) {
	for _, c := range []struct {
		zone string
		year int
		want []string
	}{
		{"Europe/Stockholm", 2004, []string{"01-01", "01-06", "04-09", "04-11", "04-12", "05-01", "05-20", "05-30", "05-31", "06-26", "11-06", "12-25", "12-26"}},
		{"Europe/Stockholm", 2026, []string{"01-01", "01-06", "04-03", "04-05", "04-06", "05-01", "05-14", "05-24", "06-06", "06-20", "10-31", "12-25", "12-26"}},
		{"Europe/Stockholm", 2025, []string{"01-01", "01-06", "04-18", "04-20", "04-21", "05-01", "05-29", "06-06", "06-08", "06-21", "11-01", "12-25", "12-26"}},
		{"Europe/Copenhagen", 2023, []string{"01-01", "04-06", "04-07", "04-09", "04-10", "05-05", "05-18", "05-28", "05-29", "12-25", "12-26"}},
	} {
		var got []string
		for day := schema.Date(c.year, 1, 1); day < schema.Date(c.year+1, 1, 1); day++ {
			if Of(c.zone).Holiday(day) {
				got = append(got, day.At(time.UTC).Format("01-02"))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %d: got %v, want %v", c.zone, c.year, got, c.want)
		}
	}
}
