package itemised

import (
	"errors"
	"time"

	"linesman/schema"
)

var (
	errDoubled = errors.New("the time stands in the hour that comes twice when summer time ends, and the profile refuses those")
	errMissed  = errors.New("the time stands in the hour that is left out when summer time begins, and the profile refuses those")
)

// clock turns wall times of one file into moments. It remembers the last day, so it is not
// safe for concurrent use.
type clock struct {
	zone             *time.Location
	doubled, missing string

	day    int64 // the remembered day, counted from 1970-01-01; its offsets hold when known is true
	known  bool
	before int64 // offset from UTC around the day, in seconds: before a change …
	after  int64 // … and after it; mostly the same

	last map[string]order // by_order: what was seen of the doubled hour, by line and service
}

// order is the last time in a doubled hour, and whether the hour's second run has begun.
type order struct {
	day    int64
	local  int64
	second bool
}

func newClock(c *compiled) *clock {
	return &clock{zone: c.zone, doubled: c.doubled, missing: c.missing, last: map[string]order{}}
}

// moment returns the moment of a wall time. who tells apart the sequences that by_order goes by.
func (k *clock) moment(w *wall, who func() string) (schema.Time, error) {
	day := civil(w.year, w.month, w.day)
	local := day*86400 + int64(w.hour*3600+w.minute*60+w.second)
	sec := local
	switch {
	case w.hasZone:
		sec -= int64(w.offset)
	default:
		if !k.known || day != k.day {
			k.remember(day)
		}
		if k.before == k.after {
			sec -= k.before
			break
		}
		var err error
		if sec, err = k.change(local, who); err != nil {
			return 0, err
		}
	}
	return schema.Time(sec*1000 + int64(w.ms)), nil
}

func (k *clock) remember(day int64) {
	k.day, k.known = day, true
	k.before = k.offset((day - 1) * 86400)
	k.after = k.offset((day + 2) * 86400)
}

func (k *clock) offset(unix int64) int64 {
	_, offset := time.Unix(unix, 0).In(k.zone).Zone()
	return int64(offset)
}

// change resolves a wall time near a change of the offset.
func (k *clock) change(local int64, who func() string) (int64, error) {
	early, late := local-k.before, local-k.after
	isEarly, isLate := k.offset(early) == k.before, k.offset(late) == k.after
	switch {
	case isEarly && isLate: // the doubled hour: early is the first run
		switch k.doubled {
		case "second":
			return late, nil
		case "reject":
			return 0, errDoubled
		case "by_order":
			if k.secondRun(local, who()) {
				return late, nil
			}
		}
		return early, nil
	case isEarly:
		return early, nil
	case isLate:
		return late, nil
	case k.missing == "reject":
		return 0, errMissed
	}
	return early, nil // the missing hour: as if the clock had not been moved
}

// maxOrders bounds what by_order remembers against a file with ever new lines.
const maxOrders = 1 << 18

// secondRun tells whether the rows of one line have gone back in time within the doubled
// hour: from there on it is the hour's second run.
func (k *clock) secondRun(local int64, who string) bool {
	o, seen := k.last[who]
	switch {
	case !seen || o.day != k.day:
		o = order{day: k.day}
	case local < o.local:
		o.second = true
	}
	o.local = local
	if !seen && len(k.last) >= maxOrders {
		clear(k.last)
	}
	k.last[who] = o
	return o.second
}

// civil counts the days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant,
// "chrono-compatible low-level date algorithms").
func civil(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era*146097 + doe - 719468)
}
