// Package holiday knows the public holidays of Sweden and Denmark.
package holiday

import (
	"slices"
	"time"

	"linesman/schema"
)

// The Swedish public holidays are those of lagen (1989:253) om allmänna helgdagar with the
// change of 2005 (the National Day in place of Whit Monday); ordinary Sundays, which the law
// lists too, are none here. The Danish ones are the holy days of the Danish church with the
// change of 2024 (lov nr. 214 of 7 March 2023 abolished Store bededag); Constitution Day and
// the eves are none. Both are taken back and forward to all years.
const (
	maundyThursday = -3 // days after Easter Sunday
	goodFriday     = -2
	easterSunday   = 0
	easterMonday   = 1
	greatPrayerDay = 26 // Store bededag, a holiday before 2024
	ascensionDay   = 39
	whitSunday     = 49
	whitMonday     = 50   // in Sweden a holiday before 2005
	nationalDay    = 606  // 6 June, a holiday from 2005
	midsummer      = 620  // Midsummer Day is the Saturday from 20 June
	allSaints      = 1031 // All Saints' Day is the Saturday from 31 October
	changedIn      = 2005 // SFS 2004:1320
	abolishedIn    = 2024
)

// Calendar holds the public holidays of a country.
type Calendar struct {
	Fixed   []int // month times 100 plus day
	Movable []int // days after Easter Sunday; none of them is a Saturday or a Sunday
	Changed int   // first year of the present law
	Before  int   // a movable holiday until then
	After   int   // a fixed holiday since then; 0: none

	sundays   []int // holidays that are Sundays: days after Easter Sunday
	saturdays []int // holidays that are Saturdays: the first of the seven dates it may have
}

// Of returns the public holidays where a clock shows a zone's time: the Danish ones in
// Europe/Copenhagen, the Swedish ones everywhere else.
func Of(zone string) Calendar {
	if zone == "Europe/Copenhagen" {
		return Calendar{[]int{101, 1225, 1226}, []int{maundyThursday, goodFriday, easterMonday, ascensionDay, whitMonday}, abolishedIn, greatPrayerDay, 0,
			[]int{easterSunday, whitSunday}, nil}
	}
	return Calendar{[]int{101, 106, 501, 1225, 1226}, []int{goodFriday, easterMonday, ascensionDay}, changedIn, whitMonday, nationalDay,
		[]int{easterSunday, whitSunday}, []int{midsummer, allSaints}}
}

// Holiday tells whether a calendar day is a public holiday, on whatever weekday it falls.
func (c Calendar) Holiday(day schema.Day) bool {
	y, m, d := day.At(time.UTC).Date()
	date, since := int(m)*100+d, int(day-Easter(y))
	if slices.Contains(c.Fixed, date) || slices.Contains(c.Movable, since) || slices.Contains(c.sundays, since) {
		return true
	}
	for _, first := range c.saturdays {
		if from := schema.Date(y, time.Month(first/100), first%100); day >= from && day < from+7 && day.At(time.UTC).Weekday() == time.Saturday {
			return true
		}
	}
	if y < c.Changed {
		return since == c.Before
	}
	return date == c.After
}

// Easter computes Easter Sunday (the Gregorian computus in the form of Meeus, Jones and Butcher).
func Easter(year int) schema.Day {
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
