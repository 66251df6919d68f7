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

// workdaySQL writes [calendar.isWorkday] of the local day of a DateTime64 column. The holidays
// of all years are a set that a query works out once, so that of a row only its weekday and its
// day are asked.
func workdaySQL(column, zone string) string {
	c, n := calendarOf(zone), strconv.Itoa
	date := func(v int) string { return "makeDate32(y, " + n(v/100) + ", " + n(v%100) + ")" }
	var holidays []string
	for _, v := range c.fixed {
		holidays = append(holidays, date(v))
	}
	for _, v := range c.movable {
		holidays = append(holidays, "easter + "+n(v))
	}
	later := "makeDate32(y, 1, 1)" // a holiday in any case
	if c.after != 0 {
		later = date(c.after)
	}
	holidays = append(holidays, "if(y < "+n(c.changed)+", easter + "+n(c.before)+", "+later+")")
	day := "toDate32(" + column + ", " + Quote(zone) + ")"
	return "(toDayOfWeek(" + day + ") < 6 AND " + day + " NOT IN (SELECT arrayJoin([" + strings.Join(holidays, ", ") + "]) FROM (" +
		"SELECT number + " + n(firstYear) + " AS y, makeDate32(y, 3, 22) + reinterpretAsUInt8(substring(" + Quote(easters()) + ", number + 1, 1)) - 48 AS easter " +
		"FROM numbers(" + n(lastYear-firstYear+1) + "))))"
}
