package demo

import (
	"fmt"
	"time"
	_ "time/tzdata" // the generator must not depend on the zone files of the machine
)

const zoneName = "Europe/Stockholm"

// day is one calendar day in Europe/Stockholm.
type day struct {
	date    time.Time // midnight, local
	label   string    // 2026-03-14
	month   int       // index into region.months
	free    bool      // weekend or public holiday
	factor  float64   // traffic compared with an ordinary working day
	doubled bool      // the night on which 02:00–03:00 comes twice
}

// month is one calendar month of usage.
type month struct {
	year  int
	month time.Month
	label string // 2026-03
	first int    // index of its first day in region.days
	days  int
}

// holidays are the Swedish public holidays of the period, and the eves that are days off in
// practice; the value is the traffic compared with an ordinary Sunday.
func holidays() map[string]float64 {
	return map[string]float64{
		"2025-11-01": 1, "2025-12-24": 0.8, "2025-12-25": 0.8, "2025-12-26": 0.9, "2025-12-31": 0.9,
		"2026-01-01": 0.8, "2026-01-06": 1, "2026-04-03": 0.9, "2026-04-05": 1, "2026-04-06": 1,
		"2026-05-01": 1, "2026-05-14": 1, "2026-05-24": 1, "2026-06-06": 1, "2026-06-19": 0.8, "2026-06-20": 0.8, "2026-10-31": 1,
	}
}

// bridges are working days on which many are off.
func bridges() map[string]float64 {
	return map[string]float64{
		"2025-12-22": 0.7, "2025-12-23": 0.6, "2025-12-29": 0.55, "2025-12-30": 0.55,
		"2026-01-02": 0.5, "2026-01-05": 0.55, "2026-04-02": 0.75, "2026-04-30": 0.85, "2026-05-15": 0.6, "2026-06-18": 0.85,
	}
}

// calendar lists days and months of usage.
func calendar(size Size, zone *time.Location) ([]day, []month) {
	from := time.Date(2025, time.October, 1, 0, 0, 0, 0, zone)
	if size == Small {
		from = time.Date(2026, time.July, 1, 0, 0, 0, 0, zone)
	}
	end := time.Date(2026, time.November, 1, 0, 0, 0, 0, zone)
	var days []day
	var months []month
	for d := from; d.Before(end); d = d.AddDate(0, 0, 1) {
		y, m, dd := d.Date()
		if dd == 1 {
			months = append(months, month{year: y, month: m, label: fmt.Sprintf("%04d-%02d", y, int(m)), first: len(days)})
		}
		months[len(months)-1].days++
		days = append(days, newDay(d, len(months)-1))
	}
	return days, months
}

func newDay(d time.Time, m int) day {
	out := day{date: d, label: d.Format(time.DateOnly), month: m, factor: 1}
	wd := d.Weekday()
	out.doubled = d.AddDate(0, 0, 1).Sub(d) > 24*time.Hour
	holiday, off := holidays()[out.label]
	switch {
	case off:
		out.free, out.factor = true, 0.16*holiday
	case wd == time.Saturday:
		out.free, out.factor = true, 0.17
	case wd == time.Sunday:
		out.free, out.factor = true, 0.16
	default:
		out.factor = [...]float64{0, 1.14, 1.04, 1.0, 0.98, 0.86, 0}[wd]
		if b, ok := bridges()[out.label]; ok {
			out.factor *= b
		}
	}
	if !out.free {
		switch d.Month() {
		case time.July:
			out.factor *= 0.52
		case time.June, time.August:
			out.factor *= 0.84
		}
	}
	return out
}

// moment is a time of a day of a month, in the local zone, as seconds since the epoch.
func (r *region) moment(m, dayOfMonth, hour, minute, second int) int64 {
	mo := r.months[m]
	return time.Date(mo.year, mo.month, dayOfMonth, hour, minute, second, 0, r.zone).Unix()
}

// dayOf is the index of the local day of a moment.
func (r *region) dayOf(at int64) int {
	y, m, d := time.Unix(at, 0).In(r.zone).Date()
	utc := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	fy, fm, fd := r.days[0].date.Date()
	return int(utc.Sub(time.Date(fy, fm, fd, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
}

// last is the number of days in a month.
func (r *region) last(m int) int { return r.months[m].days }
