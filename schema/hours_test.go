package schema

import "testing"

func TestParseWeekdays(t *testing.T) {
	for text, want := range map[string]uint16{"1": 2, "12345": 0x3e, "67h": 0x1c0, "H": 0x100} {
		if got, err := ParseWeekdays(text); err != nil || got != want {
			t.Errorf("%q: %x, %v; want %x", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "8", "11", "hh", "1-5", "mån", "1 2"} {
		if got, err := ParseWeekdays(text); err == nil {
			t.Errorf("%q is read as %x", text, got)
		}
	}
}

func TestParseHours(t *testing.T) {
	for text, want := range map[string][2]int{"00:00-24:00": {0, 1440}, "08:00-18:30": {480, 1110}, "22:00-06:00": {1320, 360}, "18:00-00:00": {1080, 0}} {
		if from, to, err := ParseHours(text); err != nil || from != want[0] || to != want[1] {
			t.Errorf("%q: %d-%d, %v; want %v", text, from, to, err, want)
		}
	}
	for _, text := range []string{"", "8-18", "8:00-18:00", "08:00", "08:00-08:00", "24:00-06:00", "08:60-18:00", "25:00-26:00", "08.00-18.00", "08:00-24:01", "08:00-18:00-20:00", "-1:00-18:00", "/0:00-18:00"} {
		if from, to, err := ParseHours(text); err == nil {
			t.Errorf("%q is read as %d-%d", text, from, to)
		}
	}
}
