package rate

import (
	"slices"
	"sort"
	"time"

	"linesman/processors/holiday"
	"linesman/schema"
)

// minutesPerDay is the end of a day on the clock, 24:00.
const minutesPerDay = 24 * 60

// publicHoliday is the day of the week that public holidays are, after 1 to 7.
const publicHoliday = 8

// band is the hours of a price: on some weekdays, from a minute of the day to another. A band
// that ends before it begins runs past midnight, and belongs to the day on which it began.
type band struct {
	days     uint16 // a bit for each of 1 (Monday) to 7, and for publicHoliday
	from, to int    // minutes; to is exclusive
}

// newBand reads what a price states; nil: at every hour. Of what is not well formed nothing
// holds: such a price rates nothing, and does not rate at hours for which it was not meant.
func newBand(weekdays, hours string) *band {
	if weekdays == "" && hours == "" {
		return nil
	}
	b := &band{days: 0x1fe, to: minutesPerDay}
	var err, wrong error
	if weekdays != "" {
		b.days, err = schema.ParseWeekdays(weekdays)
	}
	if hours != "" {
		b.from, b.to, wrong = schema.ParseHours(hours)
	}
	if err != nil || wrong != nil {
		b.days = 0
	}
	return b
}

// holds tells whether a moment on the clock is in the band. day and before are the bits of
// the day and of the day before.
func (b *band) holds(minute int, day, before uint16) bool {
	if b.from < b.to {
		return b.days&day != 0 && minute >= b.from && minute < b.to
	}
	return b.days&day != 0 && minute >= b.from || b.days&before != 0 && minute < b.to
}

// edges lists the minutes of the day at which a band of some prices may begin or end. Midnight
// is always one: another day begins.
func edges(rows []*row) []int {
	all := []int{minutesPerDay}
	for _, r := range rows {
		if r.band != nil {
			all = append(all, r.band.from, r.band.to)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// at returns the first price in whose hours a moment lies; accept, if given, must agree.
func (c *choice) at(k *clock, t schema.Time, accept func(*row) bool) *row {
	minute, day, before := k.read(t)
	for _, r := range c.rows {
		if (r.band == nil || r.band.holds(minute, day, before)) && (accept == nil || accept(r)) {
			return r
		}
	}
	return nil
}

// next returns the first moment after t at which another price may hold.
func (c *choice) next(k *clock, t schema.Time) schema.Time {
	s := k.span(t)
	local := int64(t) + s.offset
	inDay := local - floorDay(local)*msPerDay
	i := sort.SearchInts(c.edges, int(inDay/60_000)+1)
	edge := t + schema.Time(int64(c.edges[i])*60_000-inDay)
	return min(edge, s.to) // when the clocks change it is another time of day
}

// clock tells the time of day and the day of the week in a zone, fast. It is not safe for
// concurrent use.
type clock struct {
	loc   *time.Location
	free  holiday.Calendar
	spans []span // between two changes of the clocks, ascending, disjoint
	last  int    // the one that was used last
	days  map[int64]uint16
}

// span is a time in which the clocks are not changed.
type span struct {
	from, to schema.Time
	offset   int64 // milliseconds east of UTC
}

const (
	msPerHour = 60 * 60 * 1000
	msPerDay  = 24 * msPerHour
	farAway   = schema.Time(1) << 60
)

// clock returns the clock of a zone. A zone that is not known is judged in UTC: enrichment
// refuses such records before they are rated.
func (b *Book) clock(zone string) *clock {
	k, ok := b.clocks[zone]
	if !ok {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			loc = time.UTC
		}
		k = &clock{loc: loc, free: holiday.Of(zone), days: map[int64]uint16{}}
		if len(b.clocks) < maxCache {
			b.clocks[zone] = k
		}
	}
	return k
}

// span returns the time around a moment in which the clocks are not changed.
func (k *clock) span(t schema.Time) *span {
	if k.last < len(k.spans) {
		if s := &k.spans[k.last]; t >= s.from && t < s.to {
			return s
		}
	}
	i, _ := slices.BinarySearchFunc(k.spans, t, func(s span, t schema.Time) int {
		if s.to <= t {
			return -1
		}
		return 1
	})
	if i == len(k.spans) || t < k.spans[i].from {
		m := time.UnixMilli(int64(t)).In(k.loc)
		_, offset := m.Zone()
		s := span{-farAway, farAway, int64(offset) * 1000}
		from, to := m.ZoneBounds()
		if !from.IsZero() {
			s.from = schema.Time(from.UnixMilli())
		}
		if !to.IsZero() {
			s.to = schema.Time(to.UnixMilli())
		}
		if t < s.from || t >= s.to { // package time errs on the last day of leap years from 2040 on
			s.from, s.to = t, t-t%msPerHour+msPerHour
		}
		if i > 0 {
			s.from = max(s.from, k.spans[i-1].to)
		}
		if i < len(k.spans) {
			s.to = min(s.to, k.spans[i].from)
		}
		k.spans = slices.Insert(k.spans, i, s)
	}
	k.last = i
	return &k.spans[i]
}

// read tells the minute of the day and the bits of the day of the week and of the day before.
func (k *clock) read(t schema.Time) (minute int, day, before uint16) {
	local := int64(t) + k.span(t).offset
	n := floorDay(local)
	return int((local - n*msPerDay) / 60_000), k.weekday(n), k.weekday(n - 1)
}

func floorDay(ms int64) int64 {
	n := ms / msPerDay
	if ms < n*msPerDay {
		n--
	}
	return n
}

// weekday returns the bit of a day: that of its weekday, or that of public holidays.
func (k *clock) weekday(n int64) uint16 {
	if bit, ok := k.days[n]; ok {
		return bit
	}
	bit := uint16(1) << (((n+3)%7+7)%7 + 1) // 1 January 1970 was a Thursday
	if k.free.Holiday(schema.Day(n)) {
		bit = 1 << publicHoliday
	}
	if len(k.days) < maxCache {
		k.days[n] = bit
	}
	return bit
}
