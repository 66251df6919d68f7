package itemised

import (
	"errors"
	"testing"
	"time"
)

func TestMicro(t *testing.T) {
	comma := decimal{point: ',', thousands: []byte{'.'}, blanks: true, credit: [][]byte{[]byte("CR"), []byte("kredit")}, ignore: [][]byte{[]byte("kr"), []byte("SEK")}}
	point := decimal{point: '.', thousands: []byte{',', '\''}}
	for _, c := range []struct {
		d    decimal
		in   string
		want int64
		err  error
	}{
		{comma, "0", 0, nil},
		{comma, "0,59", 590_000, nil},
		{comma, ",5", 500_000, nil},
		{comma, "5,", 5_000_000, nil},
		{comma, "1.234,56", 1_234_560_000, nil},
		{comma, "1 234,56", 1_234_560_000, nil},
		{comma, "1\u00a0234,56", 1_234_560_000, nil},
		{comma, "1\u202f234\u202f567,5", 1_234_567_500_000, nil},
		{comma, "12.345.678", 12_345_678_000_000, nil},
		{comma, "-1,5", -1_500_000, nil},
		{comma, "\u22121,5", -1_500_000, nil},
		{comma, "1,5-", -1_500_000, nil},
		{comma, "1,5\u2212", -1_500_000, nil},
		{comma, "(1,5)", -1_500_000, nil},
		{comma, "+1,5", 1_500_000, nil},
		{comma, "- 1,5", -1_500_000, nil},
		{comma, "1,5CR", -1_500_000, nil},
		{comma, "1,5 cr", -1_500_000, nil},
		{comma, "Kredit 1,5", -1_500_000, nil},
		{comma, "1,5 kr", 1_500_000, nil},
		{comma, "-1,5\u00a0KR", -1_500_000, nil},
		{comma, "SEK -1,5", -1_500_000, nil},
		{comma, "1,5 CR kr", -1_500_000, nil},
		{comma, "kr", 0, errNumber},
		{comma, "0,123456", 123_456, nil},
		{comma, "0,1234560000", 123_456, nil},
		{comma, "999999999999,999999", 999_999_999_999_999_999, nil},
		{point, "1,234.56", 1_234_560_000, nil},
		{point, "1'234.56", 1_234_560_000, nil},

		{comma, "0,1234567", 0, errDecimals},
		{comma, "1000000000000", 0, errLarge},
		{comma, "1.23", 0, errGroups}, // a decimal point read as a thousands sign would be 123
		{comma, "1.2345,6", 0, errGroups},
		{comma, "1234.567", 0, errGroups},
		{comma, ".567", 0, errGroups},
		{comma, "1,2,3", 0, errNumber},
		{comma, "1,2.3", 0, errNumber},
		{comma, "--1", 0, errNumber},
		{comma, "-1-", 0, errNumber},
		{comma, "", 0, errNumber},
		{comma, "-", 0, errNumber},
		{comma, ",", 0, errNumber},
		{comma, "CR", 0, errNumber},
		{comma, "1e3", 0, errNumber},
		{comma, "١", 0, errNumber},
		{comma, "NaN", 0, errNumber},
		{point, "1 234.56", 0, errNumber},
		{point, "0,59", 0, errGroups},
	} {
		got, err := c.d.micro([]byte(c.in))
		if got != c.want || !errors.Is(err, c.err) || err == nil && c.err != nil {
			t.Errorf("%q: got %d, %v; want %d, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		micro int64
		unit  uint64
		want  uint64
		err   error
	}{
		{1_234_567_000, 1000, 1_234_567, nil},
		{1_500_000, 1 << 20, 1_572_864, nil},
		{499_999, 1, 0, nil},
		{500_000, 1, 1, nil},
		{333_333, 1000, 333, nil},
		{maxWhole * 1e6, 1e9, 0, errLarge},
		{-1, 1, 0, errNegative},
	} {
		got, err := scale(c.micro, c.unit)
		if c.err == errLarge && err == nil && got > 1<<63 { // fits 64 bits, refused by the caller
			continue
		}
		if err != c.err || err == nil && got != c.want {
			t.Errorf("%d × %d: got %d, %v; want %d, %v", c.micro, c.unit, got, err, c.want, c.err)
		}
	}
}

func TestDurations(t *testing.T) {
	d := decimal{point: ','}
	for _, c := range []struct {
		style durationStyle
		in    string
		want  uint32
		err   error
	}{
		{seconds, "200", 200, nil}, {seconds, "0,5", 1, nil}, {seconds, "-1", 0, errNegative}, {seconds, "x", 0, errNumber},
		{minutes, "1,25", 75, nil},
		{minutesSeconds, "01:15", 75, nil}, {minutesSeconds, "90:00", 5400, nil}, {minutesSeconds, "1:5", 0, errDuration},
		{minutesSeconds, "01:60", 0, errDuration}, {minutesSeconds, "00:01:15", 0, errDuration}, {minutesSeconds, "15", 0, errDuration},
		{hoursMinutesSeconds, "00:01:15", 75, nil}, {hoursMinutesSeconds, "1:00:00", 3600, nil}, {hoursMinutesSeconds, "100:00:00", 360000, nil},
		{hoursMinutesSeconds, "-00:01:15", 0, errNegative}, {hoursMinutesSeconds, "-x", 0, errDuration}, {hoursMinutesSeconds, "", 0, errDuration},
		{hoursMinutesSeconds, "00:01:15:", 0, errDuration}, {hoursMinutesSeconds, "9000:00:00", 0, errLarge}, {hoursMinutesSeconds, "1234567890:00:00", 0, errDuration},
	} {
		got, err := c.style.seconds([]byte(c.in), &d)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q: got %d, %v; want %d, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestLayouts(t *testing.T) {
	for _, c := range []struct{ pattern, in, want string }{
		{"yyyy-MM-dd", "2026-03-14", "2026-03-14 00:00:00.000"},
		{"yyyyMMdd", "20260314", "2026-03-14 00:00:00.000"},
		{"yyMMdd", "260314", "2026-03-14 00:00:00.000"},
		{"d/M/yyyy H:mm", "4/3/2026 8:15", "2026-03-04 08:15:00.000"},
		{"d MMM yyyy", "14 mars 2026", "2026-03-14 00:00:00.000"},
		{"d-MMM-yy", "1-Okt-26", "2026-10-01 00:00:00.000"},
		{"dd.MM.yyyy HH.mm.ss", "14.03.2026 08.15.30", "2026-03-14 08:15:30.000"},
		{"yyyy-MM-ddTHH:mm:ss.SSSX", "2026-03-14T08:15:30.250+01:00", "2026-03-14 07:15:30.250"},
		{"yyyy-MM-dd'kl'HH:mm:ssX", "2026-03-14kl08:15:30-0230", "2026-03-14 10:45:30.000"},
		{"yyyy-MM-ddTHH:mm:ssX", "2026-03-14T08:15:30Z", "2026-03-14 08:15:30.000"},
		{"yyyy-MM-ddTHH:mm:ss.SSSSSSX", "2026-03-14T08:15:30.123456+01", "2026-03-14 07:15:30.123"},
		{"yyyy-MM-dd", "2026-3-14", ""},
		{"yyyy-MM-dd", "2026-03-14 ", ""},
		{"yyyy-MM-dd", "26-03-14", ""},
		{"yyyy-MM-dd", "", ""},
		{"d MMM yyyy", "14 xxx 2026", ""},
		{"yyyy-MM-ddTHH:mm:ssX", "2026-03-14T08:15:30", ""},
		{"yyyy-MM-ddTHH:mm:ssX", "2026-03-14T08:15:30+1", ""},
	} {
		l, err := newLayout(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		var w wall
		got := ""
		if l.parse([]byte(c.in), &w) {
			k := clock{zone: time.UTC}
			m, err := k.moment(&w, nil)
			if err != nil {
				t.Error(err)
			}
			got = m.UTC().Format("2006-01-02 15:04:05.000")
		}
		if got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.pattern, c.in, got, c.want)
		}
	}
}

func TestCivil(t *testing.T) {
	for d := time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2101; d = d.AddDate(0, 0, 1) {
		if got := civil(d.Year(), int(d.Month()), d.Day()); got != d.Unix()/86400 {
			t.Fatalf("%s: %d, want %d", d, got, d.Unix()/86400)
		}
	}
}

func TestClock(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	type at struct{ in, want string } // want without date: "" is refused
	for _, c := range []struct {
		doubled, missing string
		times            []at
	}{
		{"first", "shift", []at{
			{"2026-01-15 12:00", "11:00"}, {"2026-07-15 12:00", "10:00"},
			{"2026-03-29 01:59", "00:59"}, {"2026-03-29 02:00", "01:00"}, {"2026-03-29 02:59", "01:59"}, {"2026-03-29 03:00", "01:00"}, {"2026-03-29 23:00", "21:00"},
			{"2026-10-25 01:59", "23:59"}, {"2026-10-25 02:00", "00:00"}, {"2026-10-25 02:59", "00:59"}, {"2026-10-25 03:00", "02:00"}, {"2026-10-26 02:30", "01:30"},
		}},
		{"second", "shift", []at{{"2026-10-25 01:59", "23:59"}, {"2026-10-25 02:00", "01:00"}, {"2026-10-25 02:59", "01:59"}, {"2026-10-25 03:00", "02:00"}}},
		{"reject", "reject", []at{{"2026-10-25 02:30", ""}, {"2026-03-29 02:30", ""}, {"2026-10-25 03:00", "02:00"}, {"2026-03-29 03:00", "01:00"}}},
		{"by_order", "shift", []at{
			{"2026-10-25 02:10", "00:10"}, {"2026-10-25 02:50", "00:50"}, {"2026-10-25 02:50", "00:50"},
			{"2026-10-25 02:05", "01:05"}, {"2026-10-25 02:55", "01:55"}, {"2026-10-25 03:00", "02:00"},
			{"2025-10-26 02:10", "00:10"}, // another year's hour begins anew
		}},
	} {
		k := clock{zone: stockholm, doubled: c.doubled, missing: c.missing, last: map[string]order{}}
		for _, x := range c.times {
			in, err := time.Parse("2006-01-02 15:04", x.in)
			if err != nil {
				t.Fatal(err)
			}
			w := wall{year: in.Year(), month: int(in.Month()), day: in.Day(), hour: in.Hour(), minute: in.Minute()}
			got := ""
			if m, err := k.moment(&w, func() string { return "line" }); err == nil {
				got = m.UTC().Format("15:04")
			}
			if got != x.want {
				t.Errorf("%s/%s %s: got %q, want %q UTC", c.doubled, c.missing, x.in, got, x.want)
			}
		}
	}
}

// Away from changes of the offset the clock agrees with the standard library in every zone.
func TestClockAgrees(t *testing.T) {
	for _, name := range []string{"Europe/Stockholm", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		k := clock{zone: zone, doubled: "first", missing: "shift"}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(17 * time.Minute) {
			l := at.In(zone)
			w := wall{year: l.Year(), month: int(l.Month()), day: l.Day(), hour: l.Hour(), minute: l.Minute()}
			m, err := k.moment(&w, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !m.UTC().Equal(at) { // only the second run of a doubled hour may differ
				if other := m.UTC().In(zone); other.Format(time.DateTime) != l.Format(time.DateTime) || !m.UTC().Before(at) {
					t.Fatalf("%s %s became %s", name, l, other)
				}
			}
		}
	}
}
