package when

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"linesman/schema"
)

// The Swedish public holidays are those of lagen (1989:253) om allmänna helgdagar with the
// change of 2005 (the National Day in place of Whit Monday). The Danish ones are the holy days
// of the Danish church with the change of 2024 (lov nr. 214 of 7 March 2023 abolished Store
// bededag); Constitution Day and the eves are none. Both are taken back and forward to all
// years. Holidays that always fall on a Saturday or a Sunday need no mention.
const (
	maundyThursday = -3 // days after Easter Sunday
	goodFriday     = -2
	easterMonday   = 1
	greatPrayerDay = 26 // Store bededag, a holiday before 2024
	ascensionDay   = 39
	whitMonday     = 50   // in Sweden a holiday before 2005
	nationalDay    = 606  // 6 June, a holiday from 2005
	changedIn      = 2005 // SFS 2004:1320
	abolishedIn    = 2024
	firstYear      = 1900 // of the store's days
	lastYear       = 2299
)

// calendar holds the public holidays of a country.
type calendar struct {
	fixed   []int // month times 100 plus day
	movable []int // days after Easter Sunday
	changed int   // first year of the present law
	before  int   // a movable holiday until then
	after   int   // a fixed holiday since then; 0: none
}

// calendarOf returns the public holidays where a clock shows a zone's time: the Danish ones
// in Europe/Copenhagen, the Swedish ones everywhere else.
func calendarOf(zone string) calendar {
	if zone == "Europe/Copenhagen" {
		return calendar{[]int{101, 1225, 1226}, []int{maundyThursday, goodFriday, easterMonday, ascensionDay, whitMonday}, abolishedIn, greatPrayerDay, 0}
	}
	return calendar{[]int{101, 106, 501, 1225, 1226}, []int{goodFriday, easterMonday, ascensionDay}, changedIn, whitMonday, nationalDay}
}

// isWorkday tells whether a calendar day is a Monday to Friday and no public holiday.
func (c calendar) isWorkday(day time.Time) bool {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return false
	}
	y, m, d := day.Date()
	date, since := int(m)*100+d, int(schema.Date(y, m, d)-easter(y))
	if slices.Contains(c.fixed, date) || slices.Contains(c.movable, since) {
		return false
	}
	if y < c.changed {
		return since != c.before
	}
	return date != c.after
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

// workdaySQL writes [calendar.isWorkday] of the local day of a DateTime64 column.
func workdaySQL(column, zone string) string {
	c, n := calendarOf(zone), strconv.Itoa
	day := "toDate32(" + column + ", " + Quote(zone) + ")"
	year, date := "toYear("+day+")", "toMonth("+day+") * 100 + toDayOfMonth("+day+")"
	since := "toInt32(" + day + ") - toInt32(makeDate32(" + year + ", 3, 22)) - reinterpretAsUInt8(substring(" + Quote(easters()) + ", " +
		year + " - " + n(firstYear-1) + ", 1)) + 48"
	list := func(numbers []int) string {
		out := make([]string, len(numbers))
		for i, v := range numbers {
			out[i] = n(v)
		}
		return strings.Join(out, ", ")
	}
	return "(toDayOfWeek(" + day + ") < 6 AND " + date + " NOT IN (" + list(c.fixed) + ")" +
		" AND " + since + " NOT IN (" + list(c.movable) + ")" +
		" AND if(" + year + " < " + n(c.changed) + ", " + since + " != " + n(c.before) + ", " + date + " != " + n(c.after) + "))"
}
