package rate

import (
	"slices"
	"testing"
	"time"

	"linesman/schema"
)

// peak is 60 öre a minute on weekdays from 8 to 18, 30 öre else, with an opening fee of 49 öre
// by day and none by night, charged by the second.
func peak() []schema.Price {
	return []schema.Price{
		{PriceID: "peak", Service: "voice_out", Per: PerMinute, Price: schema.Ore(60), Opening: schema.Ore(49), FirstS: 1, NextS: 1, Weekdays: "12345", Hours: "08:00-18:00", ValidFrom: 1},
		{PriceID: "off-peak", Service: "voice_out", Per: PerMinute, Price: schema.Ore(30), FirstS: 1, NextS: 1, ValidFrom: 1},
	}
}

// called is an answered call at a local time of Stockholm, or a time with its offset.
func called(t testing.TB, at string, seconds uint32) schema.Usage {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04:05", at, stockholm(t))
	if err != nil {
		if m, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
	}
	return schema.Usage{Kind: "call", Service: "voice_out", Answered: true, OccurredAt: schema.TimeOf(m), DurationS: seconds, Zone: schema.DefaultZone}
}

// rated applies a book twice, and once more in another order: rating again changes nothing.
func rated(t testing.TB, prices []schema.Price, u schema.Usage) schema.Usage {
	t.Helper()
	book := New(prices, nil)
	if err := book.Apply(&u); err != nil {
		t.Fatal(err)
	}
	again := u
	reversed := slices.Clone(prices)
	slices.Reverse(reversed)
	for _, b := range []*Book{book, book.Clone(), New(reversed, nil)} {
		if err := b.Apply(&again); err != nil || again != u {
			t.Fatalf("rated again, error %v: %+v\nwas %+v", err, again, u)
		}
	}
	return u
}

func check(t *testing.T, u schema.Usage, price, amount string) {
	t.Helper()
	if u.PriceID != price || u.Rated.String() != amount {
		t.Errorf("%s by %q (%s), want %s by %q", u.Rated, u.PriceID, u.RateReason, amount, price)
	}
}

// Raters that took the price of the start for the whole call charged too much in the evening
// and too little in the morning.
func TestPeakEndsInMidCall(t *testing.T) {
	for name, c := range map[string]struct {
		at      string
		seconds uint32
		price   string
		amount  string
	}{
		"a minute of each":                              {"2026-03-10 17:59:00", 120, "peak", "1.39"},                  // 0.49 + 0.60 + 0.30
		"begins exactly at the end":                     {"2026-03-10 18:00:00", 60, "off-peak", "0.30"},               //
		"ends exactly at the end":                       {"2026-03-10 17:59:00", 60, "peak", "1.09"},                   // 0.49 + 0.60
		"a second after it":                             {"2026-03-10 17:59:00", 61, "peak", "1.095"},                  // + 1 s × 0.005
		"a second before the beginning":                 {"2026-03-10 07:59:59", 61, "off-peak", "0.605"},              // 0.005 + 0.60, no opening fee
		"begins exactly at the beginning":               {"2026-03-10 08:00:00", 60, "peak", "1.09"},                   //
		"over both edges and midnight":                  {"2026-03-10 07:00:00", 24 * 3600, "off-peak", "612.00"},      // 10 h × 36 + 14 h × 18
		"over a week":                                   {"2026-03-09 00:00:00", 7 * 24 * 3600, "off-peak", "3924.00"}, // 50 h × 36 + 118 h × 18
		"into the weekend":                              {"2026-03-13 17:00:00", 24 * 3600, "peak", "450.49"},          // 1 h × 36 + 23 h × 18 + 0.49
		"over midnight into a weekday":                  {"2026-03-08 23:59:30", 60, "off-peak", "0.30"},               //
		"Epiphany is no Tuesday":                        {"2026-01-06 12:00:00", 60, "off-peak", "0.30"},               //
		"the eve of Epiphany is a Monday":               {"2026-01-05 12:00:00", 60, "peak", "1.09"},                   //
		"National Day on a Saturday":                    {"2026-06-06 12:00:00", 60, "off-peak", "0.30"},               //
		"Ascension Day, into the Friday after it":       {"2026-05-14 23:59:00", 8*3600 + 120, "off-peak", "144.90"},   // 0.30 + 8 h × 18 + 0.60
		"leap day, a Thursday":                          {"2024-02-29 12:00:00", 60, "peak", "1.09"},                   //
		"from the leap day into March":                  {"2024-02-29 23:59:30", 60, "off-peak", "0.30"},               //
		"the year that is divisible by 100 has one":     {"2000-02-29 12:00:00", 60, "peak", "1.09"},                   // a Tuesday
		"rings before the end and is answered after it": {"2026-03-10 17:59:50", 60, "off-peak", "0.30"},               // rings 10 s, see below
	} {
		t.Run(name, func(t *testing.T) {
			u := called(t, c.at, c.seconds)
			if name == "rings before the end and is answered after it" {
				u.RingS = 10
			}
			check(t, rated(t, peak(), u), c.price, c.amount)
		})
	}
}

// An increment that began at one price was charged by parts, or the call began anew with the
// first increment of the other price.
func TestIncrementBelongsToThePriceInWhichItBegins(t *testing.T) {
	prices := []schema.Price{
		{PriceID: "day", Per: PerMinute, Price: schema.Kronor(2), Opening: schema.Kronor(1), FirstS: 60, NextS: 60, Hours: "06:00-18:00", ValidFrom: 1},
		{PriceID: "night", Per: PerMinute, Price: schema.Kronor(1), Opening: schema.Kronor(5), FirstS: 600, NextS: 30, ValidFrom: 1},
	}
	for _, c := range []struct {
		at      string
		seconds uint32
		amount  string
	}{
		{"2026-03-10 17:59:59", 60, "3.00"},  // one minute that began by day, and its opening fee
		{"2026-03-10 17:59:59", 61, "3.50"},  // half a minute of the night, without its opening fee and its ten minutes
		{"2026-03-10 17:59:00", 61, "3.50"},  // the second increment begins at 18:00:00
		{"2026-03-10 17:58:59", 61, "5.00"},  // it begins at 17:59:59
		{"2026-03-10 05:59:00", 30, "15.00"}, // ten minutes of the night, whatever the hour
		{"2026-03-10 05:59:00", 601, "17.00"},
	} {
		if u := rated(t, prices, called(t, c.at, c.seconds)); u.Rated.String() != c.amount {
			t.Errorf("%s, %d s: %s, want %s", c.at, c.seconds, u.Rated, c.amount)
		}
	}
}

// The hour that comes twice was free, or charged at another price; the hour that is missing was
// charged.
func TestNightsOnWhichTheClocksChange(t *testing.T) {
	prices := []schema.Price{
		{PriceID: "two", Per: PerMinute, Price: schema.Kronor(2), NextS: 1, Hours: "02:00-03:00", ValidFrom: 1},
		{PriceID: "half", Per: PerMinute, Price: schema.Kronor(3), NextS: 1, Hours: "02:30-02:45", ValidFrom: 1},
		{PriceID: "night", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, ValidFrom: 1},
	}
	two := []schema.Price{prices[0], prices[2]}
	for name, c := range map[string]struct {
		prices  []schema.Price
		at      string
		minutes uint32
		price   string
		amount  string
	}{
		"autumn: the hour comes twice":              {two, "2026-10-25T01:59:00+02:00", 122, "night", "242.00"},                                                                                                                            // 1 + 120 × 2 + 1
		"autumn: the first of the two":              {two, "2026-10-25T02:30:00+02:00", 1, "two", "2.00"},                                                                                                                                  //
		"autumn: the second of the two":             {two, "2026-10-25T02:30:00+01:00", 1, "two", "2.00"},                                                                                                                                  //
		"autumn: from the first into the second":    {two, "2026-10-25T02:59:00+02:00", 2, "two", "4.00"},                                                                                                                                  //
		"autumn: a quarter comes twice":             {[]schema.Price{prices[1], prices[2]}, "2026-10-25T02:00:00+02:00", 120, "night", "180.00"},                                                                                           // 90 + 2 × 15 × 3
		"spring: the hour does not come":            {two, "2026-03-29T01:59:00+01:00", 2, "night", "2.00"},                                                                                                                                //
		"spring: the price begins in no hour":       {[]schema.Price{prices[1], prices[2]}, "2026-03-29T01:59:00+01:00", 60, "night", "60.00"},                                                                                             //
		"spring: a price that ends in no hour":      {[]schema.Price{{PriceID: "late", Per: PerMinute, Price: schema.Kronor(2), NextS: 1, Hours: "22:00-02:30", ValidFrom: 1}, prices[2]}, "2026-03-29T01:59:00+01:00", 2, "late", "3.00"}, //
		"spring: the day has 23 hours":              {two, "2026-03-29T00:00:00+01:00", 23 * 60, "night", "1380.00"},                                                                                                                       //
		"autumn: the day has 25 hours":              {two, "2026-10-25T00:00:00+02:00", 25 * 60, "night", "1620.00"},                                                                                                                       // 23 h × 60 + 2 h × 120
		"the day after is like any other":           {two, "2026-10-26T01:59:00+01:00", 62, "night", "122.00"},                                                                                                                             // 1 + 60 × 2 + 1
		"an hour of the record's zone, not of ours": {two, "2026-10-26T02:59:00+01:00", 1, "two", "2.00"},                                                                                                                                  //
	} {
		t.Run(name, func(t *testing.T) { check(t, rated(t, c.prices, called(t, c.at, c.minutes*60)), c.price, c.amount) })
	}
	u := called(t, "2026-10-26T02:30:00+01:00", 60)
	u.Zone = "Europe/Helsinki" // where it is 03:30
	check(t, rated(t, two, u), "night", "1.00")
}

// Hours past midnight were lost on the day after, or belonged to it.
func TestHoursPastMidnightBelongToTheDayOnWhichTheyBegan(t *testing.T) {
	prices := []schema.Price{
		{PriceID: "friday night", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, Weekdays: "5", Hours: "22:00-06:00", ValidFrom: 1},
		{PriceID: "else", Per: PerMinute, Price: schema.Kronor(2), NextS: 1, ValidFrom: 1},
	}
	for at, price := range map[string]string{
		"2026-03-13 21:59:59": "else", "2026-03-13 22:00:00": "friday night", "2026-03-14 00:00:00": "friday night", "2026-03-14 05:59:59": "friday night", "2026-03-14 06:00:00": "else",
		"2026-03-13 00:00:00": "else", "2026-03-13 05:59:59": "else", "2026-03-14 22:00:00": "else",
		"2026-05-01 23:00:00": "else", // Friday, and a public holiday: no weekday
	} {
		if u := rated(t, prices, called(t, at, 1)); u.PriceID != price {
			t.Errorf("%s: %q, want %q", at, u.PriceID, price)
		}
	}
}

// A call over midnight, the end of the month or a change of prices was cut in two, with two
// opening fees, or rated by the new book.
func TestThePricesOfTheStartHold(t *testing.T) {
	loc := stockholm(t)
	change := schema.Date(2026, 4, 1).Start(loc)
	prices := []schema.Price{
		{PriceID: "p", Per: PerMinute, Price: schema.Kronor(1), Opening: schema.Ore(50), NextS: 1, ValidFrom: 1, ValidTo: change},
		{PriceID: "p", Per: PerMinute, Price: schema.Kronor(9), Opening: schema.Kronor(9), NextS: 1, ValidFrom: change},
	}
	check(t, rated(t, prices, called(t, "2026-03-31 23:59:59", 120)), "p", "2.50")
	check(t, rated(t, prices, called(t, "2026-04-01 00:00:00", 120)), "p", "27.00")
}

// Package time is wrong about the last day of 2040; a rater that trusted it did not end.
func TestEveryMomentIsOnTheClock(t *testing.T) {
	loc, book := stockholm(t), New(nil, nil)
	k := book.clock(schema.DefaultZone)
	for at := schema.Date(1995, 1, 1).Start(loc); at < schema.Date(2150, 1, 1).Start(loc); at += 7 * 3_600_000 {
		m := at.UTC().In(loc)
		if minute, _, _ := k.read(at); minute != m.Hour()*60+m.Minute() {
			t.Fatalf("%s: minute %d of the day", m, minute)
		}
	}
	if len(k.spans) > 1000 {
		t.Errorf("%d changes of the clocks", len(k.spans))
	}
}

func TestZeroDuration(t *testing.T) {
	u := called(t, "2026-03-10 12:00:00", 0)
	check(t, rated(t, peak(), u), "peak", "0.49") // answered: the opening fee, and no minute
	u.Answered = false
	if u = rated(t, peak(), u); u.RateReason != ReasonFree {
		t.Errorf("nobody answered: %s, %s", u.Rated, u.RateReason)
	}
}

// 60 s with 60/60 are one minute, not two; 60/30 and 30/60 are not the same.
func TestExactMultiplesOfIncrements(t *testing.T) {
	for _, c := range []struct {
		first, next, seconds uint32
		minutes              string
	}{
		{60, 60, 60, "1.00"}, {60, 60, 61, "2.00"}, {60, 60, 120, "2.00"}, {60, 60, 121, "3.00"}, {60, 30, 60, "1.00"}, {60, 30, 61, "1.50"}, {60, 30, 90, "1.50"},
		{30, 60, 30, "0.50"}, {30, 60, 31, "1.50"}, {30, 60, 90, "1.50"}, {60, 1, 59, "1.00"}, {60, 1, 61, "1.016667"}, {1, 1, 30, "0.50"}, {0, 0, 30, "0.50"}, {0, 60, 1, "1.00"}, {180, 60, 1, "3.00"},
	} {
		always := schema.Price{PriceID: "p", Per: PerMinute, Price: schema.Kronor(1), FirstS: c.first, NextS: c.next, ValidFrom: 1}
		day, night := always, always
		day.PriceID, day.Hours, night.PriceID, night.Hours = "day", "06:00-18:00", "night", "18:00-06:00"
		for name, prices := range map[string][]schema.Price{"one price": {always}, "over an edge": {day, night}} {
			if u := rated(t, prices, called(t, "2026-03-10 17:59:40", c.seconds)); u.Rated.String() != c.minutes {
				t.Errorf("%s, %d/%d: %d s are %s minutes, want %s", name, c.first, c.next, c.seconds, u.Rated, c.minutes)
			}
		}
	}
}

// Half a millionth is rounded up, once for the whole amount: a call that ran over ten edges
// was rounded ten times.
func TestRounding(t *testing.T) {
	price := func(id string, m schema.Money, hours string) schema.Price {
		return schema.Price{PriceID: id, Per: PerMinute, Price: m, NextS: 1, Hours: hours, ValidFrom: 1}
	}
	for _, c := range []struct {
		price   schema.Money
		seconds uint32
		amount  string
	}{{30, 1, "0.000001"}, {29, 1, "0.00"}, {10, 3, "0.000001"}, {10, 2, "0.00"}, {10, 9, "0.000002"}, {1, 90, "0.000002"}, {1, 89, "0.000001"}} {
		for name, prices := range map[string][]schema.Price{"one price": {price("p", c.price, "")}, "over an edge": {price("p", c.price, "06:00-18:00"), price("q", c.price, "18:00-06:00")}} {
			if u := rated(t, prices, called(t, "2026-03-10 17:59:59", c.seconds)); u.Rated.String() != c.amount {
				t.Errorf("%s: %d s at %s are %s, want %s", name, c.seconds, c.price, u.Rated, c.amount)
			}
		}
	}
}

func TestVeryLarge(t *testing.T) {
	most := schema.Money(999_999_999_999_999_999)
	data := schema.Usage{Kind: "data", Service: "data", OccurredAt: 5, VolumeBytes: 1 << 63, Zone: schema.DefaultZone}
	mb := schema.Price{PriceID: "mb", Per: PerMB, Price: schema.Ore(1), ValidFrom: 1}
	check(t, rated(t, []schema.Price{mb}, data), "mb", "92233720368.547758") // 2^63 - 1 bytes are counted
	mb.Price = schema.Kronor(1000)
	if u := rated(t, []schema.Price{mb}, data); u.RateReason != ReasonOutOfRange || u.Rated != 0 {
		t.Errorf("%s, %s", u.Rated, u.RateReason)
	}
	u := called(t, "2026-03-10 12:00:00", 1<<32-1) // 136 years
	check(t, rated(t, []schema.Price{{PriceID: "p", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, ValidFrom: 1}}, u), "p", "71582788.25")
	over := []schema.Price{{PriceID: "p", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, Hours: "06:00-18:00", ValidFrom: 1}, {PriceID: "q", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, ValidFrom: 1}}
	check(t, rated(t, over, u), "p", "71582788.25")
	over[1].Price = most
	if u := rated(t, over, u); u.RateReason != ReasonOutOfRange || u.Rated != 0 {
		t.Errorf("%s, %s", u.Rated, u.RateReason)
	}
}

// Two rows with one identity were both charged, or the first one went on holding.
func TestIdenticalIDs(t *testing.T) {
	p := schema.Price{PriceID: "p", Per: PerMinute, Price: schema.Kronor(1), NextS: 1, ValidFrom: 1, Rank: 2}
	q := p
	q.Price, q.Rank = schema.Kronor(2), 1
	check(t, rated(t, []schema.Price{p, q}, called(t, "2026-03-10 12:00:00", 60)), "p", "1.00")
	// One identity that holds twice at a time: the one that began later.
	q.ValidFrom, q.PriceID = 2, "p"
	check(t, rated(t, []schema.Price{p, q}, called(t, "2026-03-10 12:00:00", 60)), "p", "2.00")
	// Two records with one id are rated alike; that they are one record is known to the store.
	u := called(t, "2026-03-10 12:00:00", 60)
	u.EventID = schema.NewID("x", "y")
	if a, b := rated(t, peak(), u), rated(t, peak(), u); a != b {
		t.Errorf("%+v\n%+v", a, b)
	}
}
