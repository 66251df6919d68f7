package rate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// The rater below is the documentation (docs/prices.md) written down once more, slowly: every
// price is looked at for every increment, the clock is asked by package time, and amounts are
// decimals. It shares nothing with the book but [schema].

// freeDays are the Swedish public holidays of 2026, as the almanac prints them.
const freeDays = "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-20 10-31 12-25 12-26"

func slowDay(local time.Time) string {
	if local.Year() == 2026 && strings.Contains(freeDays, local.Format("01-02")) {
		return "h"
	}
	return string("7123456"[local.Weekday()])
}

// slowClock is what a clock and a calendar on the wall show.
type slowClock struct{ now, day, yesterday string }

func look(at time.Time) slowClock {
	y, m, d := at.Date()
	return slowClock{at.Format("15:04"), slowDay(at), slowDay(time.Date(y, m, d-1, 12, 0, 0, 0, at.Location()))}
}

func slowHolds(p *schema.Price, at slowClock) bool {
	on := func(day string) bool { return p.Weekdays == "" || strings.Contains(p.Weekdays, day) }
	if p.Hours == "" {
		return on(at.day)
	}
	from, to := p.Hours[:5], p.Hours[6:]
	if from < to {
		return on(at.day) && from <= at.now && at.now < to
	}
	return on(at.day) && from <= at.now || on(at.yesterday) && at.now < to
}

func slowMatches(p *schema.Price, u *schema.Usage) bool {
	kind := map[string]string{"minute": "call", "MB": "data", "SMS": "sms"}[p.Per]
	who := u.Operator
	if who == "" {
		who = u.Subscription
	}
	in := func(list, v string) bool { return list == "" || slices.Contains(strings.Split(list, ","), v) }
	country := in(p.OtherCountry, u.OtherCountry)
	if p.OtherCountry == "*" {
		country = u.OtherCountry != "" && u.OtherCountry != "SE"
	}
	return (kind == "" || kind == u.Kind) && p.ValidFrom <= u.OccurredAt && (p.ValidTo == 0 || u.OccurredAt < p.ValidTo) && in(p.Operator, who) && in(p.Plan, u.Plan) &&
		in(p.Service, u.Service) && in(p.OtherClass, u.Class) && in(p.Zone, u.RoamingZone) && in(p.Visited, u.VisitedCtry) && country
}

// slowBefore tells whether x is looked at before y, word for word.
func slowBefore(x, y *schema.Price) bool {
	one := func(stated bool) int { return map[bool]int{true: 1}[stated] }
	count := func(list string) int { return -len(strings.FieldsFunc(list, func(r rune) bool { return r == ',' })) }
	rank := func(p *schema.Price) []int {
		abroad := one(p.OtherCountry == "*")
		stated := 2*(one(p.Operator != "")+one(p.Plan != "")+one(p.Service != "")+one(p.OtherClass != "")+one(p.Zone != "")+one(p.Visited != "")+one(p.OtherCountry != "")) - abroad
		return []int{stated, one(p.Plan != ""), one(p.Operator != ""), one(p.Visited != ""), one(p.OtherCountry != "") - abroad, abroad, one(p.Zone != ""), one(p.OtherClass != ""), one(p.Service != ""),
			count(p.Visited), (1 - abroad) * count(p.OtherCountry), one(p.Hours != ""), one(p.Weekdays != ""), int(p.ValidFrom)}
	}
	if c := slices.Compare(rank(x), rank(y)); c != 0 {
		return c > 0
	}
	return x.PriceID < y.PriceID
}

// slow rates a record: the price, the amount, and the reason.
func slow(book []schema.Price, u *schema.Usage, loc *time.Location) (string, decimal.Decimal, string) {
	if u.Kind == "call" && (!u.Answered || u.Service == "voice_in") {
		return "", decimal.Zero, "free"
	}
	begin := time.UnixMilli(int64(u.OccurredAt) + int64(u.RingS)*1000).In(loc)
	var matching []*schema.Price
	for i := range book {
		if slowMatches(&book[i], u) {
			matching = append(matching, &book[i])
		}
	}
	find := func(at time.Time, like *schema.Price) *schema.Price {
		var best *schema.Price
		clock := look(at)
		for _, p := range matching {
			if slowHolds(p, clock) && (like == nil || p.Per == "minute" && p.Bundle == like.Bundle && p.Currency == like.Currency) && (best == nil || slowBefore(p, best)) {
				best = p
			}
		}
		return best
	}
	first := find(begin, nil)
	switch {
	case first == nil:
		return "", decimal.Zero, "no_price"
	case first.Bundle != "":
		return first.PriceID, decimal.Zero, "bundle"
	}
	money := func(m schema.Money) decimal.Decimal { return decimal.New(int64(m), -6) }
	sum := decimal.Zero
	switch first.Per {
	case "call":
		return first.PriceID, money(first.Price + first.Opening), "rated"
	case "SMS":
		return first.PriceID, money(first.Price).Mul(decimal.NewFromInt(int64(u.Messages))), "rated"
	case "MB":
		return first.PriceID, money(first.Price).Mul(decimal.NewFromUint64(u.VolumeBytes)).DivRound(decimal.NewFromInt(1_000_000), 6), "rated"
	}
	now := first
	for done := 0; done < int(u.DurationS); {
		if next := find(begin.Add(time.Duration(done)*time.Second), first); next != nil {
			now = next
		}
		step := int(max(now.NextS, 1))
		if done == 0 && now.FirstS > 0 {
			step = int(now.FirstS)
		}
		sum = sum.Add(money(now.Price).Mul(decimal.NewFromInt(int64(step))))
		done += step
	}
	return first.PriceID, sum.DivRound(decimal.NewFromInt(60), 6).Add(money(first.Opening)), "rated"
}

func stockholm(t testing.TB) *time.Location {
	loc, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// randomBook makes prices that overlap in every respect.
func randomBook(r *rand.Rand, loc *time.Location) []schema.Price {
	var book []schema.Price
	plain := r.IntN(4) > 0
	for i := range 1 + r.IntN(25) {
		p := schema.Price{PriceID: fmt.Sprint("p", i), Operator: pick(r, "", "", "norrtele"), Plan: pick(r, "", "", "flat"), Service: pick(r, "", "voice_out", "voice_out", "sms", "data"),
			OtherClass: pick(r, "", "", "mobile", "international"), OtherCountry: pick(r, "", "", "", "*", "NO", "DK,NO"), Zone: pick(r, "", "", "home", "eea"),
			Visited: pick(r, "", "", "", "NO", "DK,NO"), Per: pick(r, PerMinute, PerMinute, PerMinute, PerCall, PerSMS, PerMB), Price: schema.Money(r.IntN(9_000_000)),
			Opening: schema.Money(r.IntN(3) * 490_000), FirstS: pick[uint32](r, 0, 1, 30, 60, 600), NextS: pick[uint32](r, 0, 1, 6, 30, 60, 7, 60, 180), Bundle: pick(r, "", "", "", "", "b"),
			Weekdays: pick(r, "", "", "12345", "67h", "5", "h"), Hours: pick(r, "", "08:00-18:00", "18:00-08:00", "22:00-02:30", "02:00-03:00", "00:00-24:00", "12:00-00:00")}
		if plain { // what differs is mostly the hours, so that calls run from one price into another
			p.Operator, p.Plan, p.OtherCountry, p.Zone, p.Visited, p.Per = "", pick(r, "", "", "", "flat"), "", "", "", PerMinute
			p.Hours = pick(r, p.Hours, "08:00-18:00", "18:00-08:00", "22:00-02:30", "02:00-03:00", "12:00-00:00", "07:30-08:15")
			p.Service, p.OtherClass, p.Bundle = "voice_out", "", pick(r, "", "", "", "", "", "", "b")
		}
		p.ValidFrom = schema.Date(2025, 1, 1).Start(loc)
		if r.IntN(4) == 0 {
			p.ValidFrom = schema.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28)).Start(loc)
		}
		if r.IntN(4) == 0 {
			p.ValidTo = p.ValidFrom + schema.Time(r.IntN(400))*86_400_000 + 1
		}
		book = append(book, p)
	}
	return book
}

// randomUsage makes a record near to where something changes.
func randomUsage(r *rand.Rand, loc *time.Location) schema.Usage {
	day := pick(r, schema.Date(2026, 3, 28), schema.Date(2026, 3, 29), schema.Date(2026, 10, 24), schema.Date(2026, 10, 25), schema.Date(2026, 6, 5), schema.Date(2026, 4, 30), schema.Date(2026, 1, 1)+schema.Day(r.IntN(365)))
	at := day.At(loc).Add(time.Duration(r.IntN(24*60))*time.Minute + pick[time.Duration](r, 0, 0, time.Second, 59*time.Second, time.Duration(r.IntN(60_000))*time.Millisecond))
	if r.IntN(3) == 0 { // shortly before an edge
		at = day.At(loc).Add(time.Duration(pick(r, 2, 3, 8, 18, 22, 24))*time.Hour - time.Duration(r.IntN(90))*time.Second)
	}
	u := schema.Usage{OccurredAt: schema.TimeOf(at), Zone: schema.DefaultZone, Kind: pick(r, "call", "call", "call", "sms", "data"), Answered: r.IntN(20) > 0,
		DurationS: pick(r, 0, 1, 59, 60, 61, uint32(r.IntN(600)), uint32(r.IntN(9000)), uint32(r.IntN(9000)), uint32(r.IntN(40_000))), RingS: pick[uint32](r, 0, 0, 7, 60), VolumeBytes: uint64(r.IntN(1 << 32)), Messages: uint32(r.IntN(4)),
		Class: pick(r, "mobile", "international", "fixed"), OtherCountry: pick(r, "SE", "NO", "DK", ""), VisitedCtry: pick(r, "SE", "NO", "DK", ""), RoamingZone: pick(r, "home", "eea", ""),
		Plan: pick(r, "", "flat"), Subscription: pick(r, "", "norrtele")}
	u.Service = map[string]string{"call": "voice_out", "sms": "sms", "data": "data"}[u.Kind]
	return u
}

// The book and the slow rater agree on random books and records, whatever the order of the
// statements; rating twice is rating once; and what explain tells adds up.
func TestBookAgreesWithTheSlowRater(t *testing.T) {
	loc := stockholm(t)
	several := 0 // calls that more than one price charged
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		prices := randomBook(r, loc)
		book := New(prices, nil)
		shuffled := slices.Clone(prices)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other := New(shuffled, nil)
		for range 30 {
			u := randomUsage(r, loc)
			price, amount, reason := slow(prices, &u, loc)
			got := u
			if err := book.Apply(&got); err != nil {
				t.Fatal(err)
			}
			if got.PriceID != price || got.RateReason != reason || !decimal.New(int64(got.Rated), -6).Equal(amount) {
				t.Fatalf("seed %d: rated %s by %q (%s), the slow rater says %s by %q (%s)\n%+v", seed, got.Rated, got.PriceID, got.RateReason, amount, price, reason, u)
			}
			again := got
			if err := other.Apply(&again); err != nil || again != got {
				t.Fatalf("seed %d: rated again, from statements in another order, error %v:\n%+v\nwas\n%+v", seed, err, again, got)
			}
			if len(checkExplained(t, book, &got).Segments) > 1 {
				several++
			}
		}
	}
	if several < 150 { // the seeds are fixed, and so is the number
		t.Errorf("only %d calls ran over an edge", several)
	}
}

func checkExplained(t *testing.T, book *Book, u *schema.Usage) Explanation {
	t.Helper()
	e, err := book.Explain(u)
	if err != nil || e.PriceID != u.PriceID || e.Rated != u.Rated || e.Reason != u.RateReason || e.Cost != u.Cost {
		t.Fatalf("explained as %+v, error %v; rated as %+v", e, err, u)
	}
	chosen := 0
	for _, l := range e.Rows {
		if l.Word == Chosen {
			chosen++
		}
	}
	if want := map[bool]int{true: 1}[u.PriceID != ""]; chosen != want {
		t.Fatalf("%d prices are chosen, want %d", chosen, want)
	}
	var sum, seconds = e.Opening, int64(0)
	for _, s := range e.Segments {
		sum += s.Amount
		seconds += s.Charged
	}
	if len(e.Segments) > 0 && sum != e.Amount {
		t.Fatalf("segments and opening add up to %s, the amount is %s", sum, e.Amount)
	}
	if e.Bundle == "" {
		return e
	}
	if len(e.Segments) > 0 && uint64(seconds) != e.Drawn {
		t.Fatalf("%d s drawn, %d s in segments", e.Drawn, seconds)
	}
	all, err := book.Beyond(u, e.Drawn)
	if err != nil || e.Drawn > 0 && all != 0 {
		t.Fatalf("all of it covered, %s is beyond, error %v", all, err)
	}
	return e
}
