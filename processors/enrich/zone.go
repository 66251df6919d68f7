package enrich

import (
	"strings"
	"time"

	"linesman/schema"
)

// Roaming zones.
const (
	ZoneHome  = "home"
	ZoneEEA   = "eea"
	ZoneWorld = "world"
)

// homeCountry is the country whose operators the organisation's lines belong to.
const homeCountry = "SE"

// eea lists where roaming costs what it costs at home: Regulation (EU) 2022/612, the EEA
// states (Iceland, Liechtenstein, Norway), and Ukraine and Moldova from 2026-01-01.
const eea = " AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES IS LI NO "

// Zone returns the roaming zone of a visited country on a day; "" when no country is known.
func Zone(country string, day schema.Day) string {
	switch {
	case country == "":
		return ""
	case country == homeCountry:
		return ZoneHome
	case len(country) == 2 && strings.Contains(eea, " "+country+" "):
		return ZoneEEA
	case (country == "UA" || country == "MD") && day >= schema.Date(2026, time.January, 1):
		return ZoneEEA
	}
	return ZoneWorld
}
