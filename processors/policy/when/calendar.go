package when

import (
	"strconv"
	"strings"
	"time"

	"linesman/processors/holiday"
	"linesman/schema"
)

const (
	firstYear = 1900 // of the store's days
	lastYear  = 2299
)

// calendar holds the public holidays of a country. Those on a Saturday or a Sunday are of no
// matter here.
type calendar struct{ holiday.Calendar }

// calendarOf returns the public holidays where a clock shows a zone's time.
func calendarOf(zone string) calendar { return calendar{holiday.Of(zone)} }

// isWorkday tells whether a calendar day is a Monday to Friday and no public holiday.
func (c calendar) isWorkday(day time.Time) bool {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return false
	}
	return !c.Holiday(schema.Date(day.Date()))
}

// easters holds a letter for each year that the store knows: '0' plus the days from 22
// March to Easter Sunday.
func easters() string {
	var b strings.Builder
	for y := firstYear; y <= lastYear; y++ {
		b.WriteByte('0' + byte(holiday.Easter(y)-schema.Date(y, time.March, 22)))
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
	for _, v := range c.Fixed {
		holidays = append(holidays, date(v))
	}
	for _, v := range c.Movable {
		holidays = append(holidays, "easter + "+n(v))
	}
	later := "makeDate32(y, 1, 1)" // a holiday in any case
	if c.After != 0 {
		later = date(c.After)
	}
	holidays = append(holidays, "if(y < "+n(c.Changed)+", easter + "+n(c.Before)+", "+later+")")
	day := "toDate32(" + column + ", " + Quote(zone) + ")"
	return "(toDayOfWeek(" + day + ") < 6 AND " + day + " NOT IN (SELECT arrayJoin([" + strings.Join(holidays, ", ") + "]) FROM (" +
		"SELECT number + " + n(firstYear) + " AS y, makeDate32(y, 3, 22) + reinterpretAsUInt8(substring(" + Quote(easters()) + ", number + 1, 1)) - 48 AS easter " +
		"FROM numbers(" + n(lastYear-firstYear+1) + "))))"
}
