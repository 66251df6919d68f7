package messages

import "time"

// Day writes a day as people do: 31 december 2026 in Swedish, 31 December 2026 in English.
func (t Texts) Day(day time.Time) string { return day.Format("2") + " " + t.Month(day) }

// MonthName writes the month of a day without its year: oktober, October.
func (t Texts) MonthName(day time.Time) string { return t.T("month." + day.Format("01")) }
