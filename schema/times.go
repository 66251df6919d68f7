package schema

import (
	"fmt"
	"time"
)

// DefaultZone is the zone in which events are judged where nothing else is configured.
const DefaultZone = "Europe/Stockholm"

// What the store can hold: Date32 knows the days from 1900-01-01, a Monday, to 2299-12-31.
// The local day of every moment between FirstTime and LastTime is one of them in every zone.
const (
	FirstDay  Day  = -25_567
	LastDay   Day  = 120_529
	FirstTime Time = Time(FirstDay+1) * 86_400_000
	LastTime  Time = Time(LastDay)*86_400_000 - 1
)

// Time is a moment: milliseconds since 1970-01-01T00:00:00Z. Zero means "not set".
type Time int64

// TimeOf converts a time; the zero time.Time becomes 0.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// UTC returns the moment as a time.Time in UTC; 0 becomes the zero time.Time.
func (t Time) UTC() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// String writes RFC 3339 in UTC, or "-" for 0.
func (t Time) String() string {
	if t == 0 {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// Day is a calendar day, counted from 1970-01-01, in the judging zone.
type Day int32

// DayOf returns the calendar day of a moment in a zone.
func DayOf(t Time, zone *time.Location) Day {
	y, m, d := t.UTC().In(zone).Date()
	return Date(y, m, d)
}

// Date returns a calendar day.
func Date(y int, m time.Month, d int) Day {
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads "2006-01-02".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("date %q: want yyyy-mm-dd", s)
	}
	return Day(t.Unix() / 86400), nil
}

// String writes "2006-01-02".
func (d Day) String() string { return d.At(time.UTC).Format(time.DateOnly) }

// At returns the first moment of the day in a zone: midnight, the first of two midnights, or
// the moment to which the clocks were put forward.
func (d Day) At(zone *time.Location) time.Time {
	u := time.Unix(int64(d)*86400, 0).UTC()
	t := time.Date(u.Year(), u.Month(), u.Day(), 0, 0, 0, 0, zone)
	switch {
	case t.Day() != u.Day(): // no midnight: t is before the change
		if _, change := t.ZoneBounds(); !change.IsZero() {
			return change
		}
	case t.Add(-1).Day() == u.Day(): // midnight came twice, and t is the second
		change, _ := t.ZoneBounds()
		_, offset := change.Add(-1).Zone()
		return u.Add(-time.Duration(offset) * time.Second).In(zone)
	}
	return t
}

// Start returns the first moment of the day in a zone as Time.
func (d Day) Start(zone *time.Location) Time { return TimeOf(d.At(zone)) }

// Month returns the first day of the day's month.
func (d Day) Month() Day {
	u := d.At(time.UTC)
	return Date(u.Year(), u.Month(), 1)
}

// Week returns the Monday of the day's ISO week.
func (d Day) Week() Day { return d - Day((int(d.At(time.UTC).Weekday())+6)%7) }
