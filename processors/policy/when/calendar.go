package when

import (
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// The Swedish public holidays are those of lagen (1989:253) om allmänna helgdagar with the
// change of 2005 (the National Day in place of Whit Monday), taken back and forward to all
// years. Eves are no public holidays. Holidays that always fall on a Saturday or a Sunday
// need no mention.
const (
	goodFriday   = -2 // days after Easter Sunday
	easterMonday = 1
	ascensionDay = 39
	whitMonday   = 50   // a holiday before 2005
	nationalDay  = 606  // 6 June, a holiday from 2005
	changedIn    = 2005 // SFS 2004:1320
	firstYear    = 1900 // of the store's days
	lastYear     = 2299
)

// fixedHolidays lists month times 100 plus day: New Year's Day, Epiphany, May Day,
// Christmas Day, the day after it.
func fixedHolidays() []int { return []int{101, 106, 501, 1225, 1226} }

// isWorkday tells whether a calendar day is a Monday to Friday and no Swedish public holiday.
func isWorkday(day time.Time) bool {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return false
	}
	y, m, d := day.Date()
	date := int(m)*100 + d
	for _, h := range fixedHolidays() {
		if date == h {
			return false
		}
	}
	since := int(schema.Date(y, m, d) - easter(y))
	switch {
	case since == goodFriday, since == easterMonday, since == ascensionDay:
		return false
	case y < changedIn:
		return since != whitMonday
	}
	return date != nationalDay
}

// easter computes Easter Sunday (the Gregorian computus in the form of Meeus, Jones and Butcher).
func easter(year int) schema.Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (b - (b+8)/25 + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return schema.Date(year, time.Month(n/31), n%31+1)
}

// easters holds a letter for each year that the store knows: '0' plus the days from 22
// March to Easter Sunday.
func easters() string {
	var b strings.Builder
	for y := firstYear; y <= lastYear; y++ {
		b.WriteByte('0' + byte(easter(y)-schema.Date(y, time.March, 22)))
	}
	return b.String()
}

// workdaySQL writes [isWorkday] of the local day of a DateTime64 column.
func workdaySQL(column, zone string) string {
	day := "toDate32(" + column + ", " + Quote(zone) + ")"
	year, date := "toYear("+day+")", "toMonth("+day+") * 100 + toDayOfMonth("+day+")"
	since := "toInt32(" + day + ") - toInt32(makeDate32(" + year + ", 3, 22)) - reinterpretAsUInt8(substring(" + Quote(easters()) + ", " +
		year + " - " + strconv.Itoa(firstYear-1) + ", 1)) + 48"
	fixed := make([]string, 0, len(fixedHolidays()))
	for _, h := range fixedHolidays() {
		fixed = append(fixed, strconv.Itoa(h))
	}
	n := strconv.Itoa
	return "(toDayOfWeek(" + day + ") < 6 AND " + date + " NOT IN (" + strings.Join(fixed, ", ") + ")" +
		" AND " + since + " NOT IN (" + n(goodFriday) + ", " + n(easterMonday) + ", " + n(ascensionDay) + ")" +
		" AND if(" + year + " < " + n(changedIn) + ", " + since + " != " + n(whitMonday) + ", " + date + " != " + n(nationalDay) + "))"
}
