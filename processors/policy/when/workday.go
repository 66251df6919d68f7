package when

import (
	"time"

	"linesman/schema"
)

// Workday tells whether a day is a Monday to Friday and no Swedish public holiday.
func Workday(day schema.Day) bool {
	return calendarOf(schema.DefaultZone).isWorkday(day.Start(time.UTC).UTC())
}
