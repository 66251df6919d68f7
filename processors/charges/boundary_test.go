package charges

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/processors/rate"
	"linesman/schema"
)

// scene is one case among many in a world: its operator is its own.
type scene struct {
	t      *testing.T
	zone   *time.Location
	name   string
	month  schema.Day
	prices []schema.Price
	lines  []schema.Line
	usage  []schema.Usage
	want   string // charges in order: kind line quantity unit amount, separated by "; "
	notes  string // kinds of notes and their records
}

func (s *scene) day(n int) schema.Time { return (s.month + schema.Day(n-1)).Start(s.zone) }

func (s *scene) price(id, per, amount string, edit func(*schema.Price)) {
	p := schema.Price{PriceID: s.name + "/" + id, Book: s.name, BookVersion: "1", Operator: s.name, Per: per, Price: money(s.t, amount), Currency: "SEK", ValidFrom: 1, Rank: uint64(len(s.prices) + 1)}
	if edit != nil {
		edit(&p)
	}
	s.prices = append(s.prices, p)
}

func (s *scene) bundle(name string, included uint64, pool string, prorated bool) {
	s.price("holds-"+name, "bundle", "0", func(p *schema.Price) { p.Bundle, p.Included, p.Pool, p.Prorated = name, included, pool, prorated })
}

func (s *scene) of(bundle, service string) func(*schema.Price) {
	return func(p *schema.Price) { p.Bundle, p.Service = bundle, service }
}

// line is held on a plan from a day of the month to before another; 0: before and after.
func (s *scene) line(id, plan string, from, to int) {
	l := schema.Line{LineID: s.name + id, Kind: "mobile", UnitID: "U", CostCentre: "1", Operator: s.name, Plan: plan, ValidFrom: 1, Rank: uint64(len(s.lines) + 1)}
	if from > 0 {
		l.ValidFrom = s.day(from)
	}
	if to > 0 {
		l.ValidTo = s.day(to)
	}
	s.lines = append(s.lines, l)
}

// record adds a record as it was rated by its price.
func (s *scene) record(line, price string, at schema.Time, edit func(*schema.Usage)) {
	u := schema.Usage{Kind: "call", Answered: true, Line: s.name + line, UnitID: "U", CostCentre: "1", Subscription: s.name, Plan: "P", OccurredAt: at, PriceID: s.name + "/" + price, RateReason: rate.ReasonBundle, EventID: schema.NewID(s.name, fmt.Sprint(len(s.usage)))}
	for _, p := range s.prices {
		if p.PriceID == u.PriceID {
			u.Service = p.Service
		}
	}
	edit(&u)
	s.usage = append(s.usage, u)
}

func texts(n uint32) func(*schema.Usage) {
	return func(u *schema.Usage) { u.Kind, u.Messages = "sms", n }
}

func lasts(s uint32) func(*schema.Usage) { return func(u *schema.Usage) { u.DurationS = s } }

func identified(first byte, edit func(*schema.Usage)) func(*schema.Usage) {
	return func(u *schema.Usage) {
		u.EventID = schema.ID{first}
		u.EventID[1] = byte(len(u.Line))
		edit(u)
	}
}

// bundles are the cases about where a bundle ends.
func bundles() map[string]func(*scene) {
	sms := func(s *scene, holds uint64, pool string) {
		s.price("sms", "SMS", "0.5", s.of("b", "sms"))
		s.bundle("b", holds, pool, false)
	}
	voice := func(s *scene, opening string, first, next uint32) {
		s.price("min", "minute", "0.6", func(p *schema.Price) {
			p.Bundle, p.Service, p.Opening, p.FirstS, p.NextS = "b", "voice_out", money(s.t, opening), first, next
		})
		s.bundle("b", 10, "", false)
	}
	return map[string]func(*scene){
		"to the end": func(s *scene) { sms(s, 3, ""); s.record("a", "sms", s.day(2), texts(3)) },
		"one beyond": func(s *scene) {
			sms(s, 3, "")
			s.record("a", "sms", s.day(2), texts(3))
			s.record("a", "sms", s.day(3), texts(1))
			s.want = "overage a 1 SMS 0.50"
		},
		"crosses": func(s *scene) {
			sms(s, 3, "")
			s.record("a", "sms", s.day(2), texts(2))
			s.record("a", "sms", s.day(3), texts(2))
			s.want = "overage a 1 SMS 0.50"
		},
		"holds nothing": func(s *scene) {
			sms(s, 0, "")
			s.record("a", "sms", s.day(2), texts(2))
			s.want = "overage a 2 SMS 1.00"
		},
		"crossing call": func(s *scene) { // 540 s, then 120 s of which 60 s are beyond: no opening fee; then one that bears it
			voice(s, "0.29", 60, 60)
			s.record("a", "min", s.day(2), lasts(540))
			s.record("a", "min", s.day(3), lasts(61))
			s.record("a", "min", s.day(4), lasts(1))
			s.want = "overage a 120 s 1.49"
		},
		"no time": func(s *scene) { // while there is room a call of no time costs nothing, at the end its opening fee
			voice(s, "0.29", 60, 60)
			s.record("a", "min", s.day(2), lasts(0))
			s.record("a", "min", s.day(3), lasts(600))
			s.record("a", "min", s.day(4), lasts(0))
			s.want = "overage a 0 s 0.29"
		},
		"same moment": func(s *scene) { // the lower event id draws first, whatever line it is of
			sms(s, 3, poolFixed)
			s.record("b", "sms", s.day(2), identified(2, texts(2)))
			s.record("a", "sms", s.day(2), identified(9, texts(2)))
			s.want = "overage a 1 SMS 0.50"
		},
		"pool of three": func(s *scene) { // 3 x 2; the one that comes last pays, though it used least
			sms(s, 2, poolShared)
			for _, id := range []string{"a", "b", "c"} {
				s.line(id, "P", 0, 0)
			}
			s.line("d", "other", 0, 0)
			s.record("b", "sms", s.day(9), texts(2))
			s.record("c", "sms", s.day(20), texts(1))
			s.record("a", "sms", s.day(8), texts(4))
			s.want = "overage c 1 SMS 0.50"
		},
		"pool by days": func(s *scene) { // 30 for the month, and 30 x 10/30 and nothing for who left before
			s.price("sms", "SMS", "0.5", s.of("b", "sms"))
			s.bundle("b", 30, poolShared, true)
			s.line("a", "P", 0, 0)
			s.line("b", "P", 0, 11)
			s.line("c", "P", -40, 1)
			s.record("a", "sms", s.day(29), texts(41))
			s.want = "overage a 1 SMS 0.50"
		},
		"months apart": func(s *scene) { // the last moment of a month draws from that month's bundle
			sms(s, 3, "")
			s.record("a", "sms", s.day(1)-1, texts(3))
			s.record("a", "sms", s.day(1), texts(3))
			s.record("a", "sms", (s.month + 30).Start(s.zone), texts(3)) // 1 July
		},
		"charged in a currency that nobody stated": func(s *scene) { // it draws nevertheless
			sms(s, 3, "")
			s.record("a", "sms", s.day(2), func(u *schema.Usage) { texts(4)(u); u.RateReason = rate.ReasonNoExchangeRate })
			s.want = "overage a 1 SMS 0.50"
		},
		"two countries": func(s *scene) { // Denmark and Norway draw from a bundle of 2, the rest of the world from one of 1
			s.price("sms", "SMS", "0.5", s.of("b", "sms"))
			s.bundle("b", 2, "", false)
			s.prices[1].OtherCountry = "DK, NO"
			s.price("holds-abroad", "bundle", "0", func(p *schema.Price) { p.Bundle, p.Included, p.OtherCountry = "b", 1, "*" })
			for i, country := range []string{"NO", "FI", "DK", "NO"} {
				s.record("a", "sms", s.day(2+i), func(u *schema.Usage) { texts(1)(u); u.OtherCountry = country })
			}
			s.want = "overage a 1 SMS 0.50"
		},
		"content unknown": func(s *scene) {
			s.price("sms", "SMS", "0.5", s.of("b", "sms"))
			s.record("a", "sms", s.day(2), texts(4))
			s.record("a", "gone", s.day(2), texts(4))
			s.notes = "no_bundle 1; no_price 1"
		},
		"fair use": func(s *scene) { // 5 in all, 2 of them abroad: at home 2, abroad 4 of which 2 are fair; then 2 at home, of which 1 is beyond
			sms(s, 5, "")
			s.price("fair", "fair_use", "0.07", func(p *schema.Price) { p.Bundle, p.Zone, p.Included = "b", "eea", 2 })
			s.record("a", "sms", s.day(2), texts(2))
			s.record("a", "sms", s.day(3), func(u *schema.Usage) { texts(4)(u); u.RoamingZone = "eea" })
			s.record("a", "sms", s.day(4), texts(2))
			s.want = "overage a 1 SMS 0.50; fair_use a 2 SMS 0.14"
		},
		"dearer by day": func(s *scene) { // 600 s, then from 07:59:30 a minute at night and a minute by day
			voice(s, "0", 30, 30)
			s.prices[0].Service = "voice_out"
			s.price("day", "minute", "6", func(p *schema.Price) {
				p.Bundle, p.Service, p.FirstS, p.NextS, p.Hours = "b", "voice_out", 30, 30, "08:00-18:00"
			})
			s.record("a", "min", s.day(2), lasts(600))
			s.record("a", "min", s.day(3)+(7*3600+59*60+30)*1000, lasts(60))
			for i := range s.prices {
				s.prices[i].Bundle = "by-hours" // a bundle with hours is read in another way
			}
			s.want = "overage a 60 s 3.30"
		},
	}
}

// fees are the cases about fees, credits and rebates.
func fees() map[string]func(*scene) {
	fee := func(s *scene, plan, amount string, prorated bool) {
		s.price("fee-"+plan, "month", amount, func(p *schema.Price) { p.Plan, p.Prorated = plan, prorated })
	}
	month := func(s *scene, y int, m time.Month) { s.month = schema.Date(y, m, 1) }
	return map[string]func(*scene){
		"whole month": func(s *scene) {
			fee(s, "P", "99.999999", true)
			s.line("a", "P", 0, 0)
			s.want = "fee a 30 day 99.999999"
		},
		"february": func(s *scene) {
			month(s, 2026, 2)
			fee(s, "P", "100", true)
			s.line("a", "P", 0, 15)
			s.want = "fee a 14 day 50.00"
		},
		"leap year": func(s *scene) {
			month(s, 2028, 2)
			fee(s, "P", "100", true)
			s.line("a", "P", 0, 15)
			s.want = "fee a 14 day 48.275862"
		},
		"clocks": func(s *scene) {
			month(s, 2026, 10)
			fee(s, "P", "31", true)
			s.line("a", "P", 25, 26)
			s.want = "fee a 1 day 1.00"
		},
		"ends":  func(s *scene) { fee(s, "P", "100", false); s.line("a", "P", 0, 2); s.want = "fee a 1 month 100.00" },
		"ended": func(s *scene) { fee(s, "P", "100", false); s.line("a", "P", 0, 1) },
		"begins on the last day": func(s *scene) {
			fee(s, "P", "90", true)
			s.line("a", "P", 30, 0)
			s.want = "fee a 1 day 3.00"
		},
		"changes plan": func(s *scene) {
			fee(s, "P", "100", true)
			fee(s, "Q", "200", true)
			s.line("a", "P", 0, 11)
			s.line("a", "Q", 11, 0)
			s.want = "fee a 10 day 33.333333; fee a 20 day 133.333333"
		},
		"changes plan, by the month": func(s *scene) { // the plan of the first day bears it
			fee(s, "P", "100", false)
			fee(s, "Q", "200", false)
			s.line("a", "P", 0, 2)
			s.line("a", "Q", 2, 0)
			s.want = "fee a 1 month 100.00"
		},
		"credit": func(s *scene) {
			fee(s, "P", "100", false)
			s.price("credit", "month", "-20.000001", func(p *schema.Price) { p.Prorated = true })
			s.line("a", "P", 0, 16)
			s.want = "fee a 1 month 100.00; credit a 15 day -10.000001"
		},
		"later version": func(s *scene) { // both are in force; what the later says replaces the earlier
			fee(s, "P", "100", false)
			s.price("fee-2", "month", "110", func(p *schema.Price) { p.Plan, p.BookVersion, p.ValidFrom = "P", "2", s.day(-40) })
			s.line("a", "P", 0, 0)
			s.want = "fee a 1 month 110.00"
		},
		"price changes": func(s *scene) {
			fee(s, "P", "30", true)
			s.prices[0].ValidTo = s.day(11)
			s.price("fee-2", "month", "60", func(p *schema.Price) { p.Plan, p.Prorated, p.ValidFrom = "P", true, s.day(11) })
			s.line("a", "P", 0, 0)
			s.want = "fee a 20 day 40.00; fee a 10 day 10.00"
		},
		"in euro": func(s *scene) {
			fee(s, "P", "10", false)
			s.prices[0].Currency = "EUR"
			s.line("a", "P", 0, 0)
			s.want = "fee a 1 month 112.50"
		},
		"in a currency without a rate": func(s *scene) {
			fee(s, "P", "10", false)
			s.prices[0].Currency = "XAU"
			s.line("a", "P", 0, 0)
			s.want, s.notes = "fee a 1 month 0.00", "no_exchange_rate 0"
		},
		"rebate of half a millionth": func(s *scene) { // away from zero
			s.price("sms", "SMS", "0.00005", s.of("", "sms"))
			s.price("less", "percent", "-1", nil)
			s.record("a", "sms", s.day(2), func(u *schema.Usage) { texts(1)(u); u.Rated, u.RateReason = 50, rate.ReasonRated })
			s.want = "rebate a 0  -0.000001"
		},
		"rebate on calls to two countries": func(s *scene) { // of three calls of a krona those to Denmark and Norway
			s.price("call", "call", "1", s.of("", "voice_out"))
			s.price("less", "percent", "-10", func(p *schema.Price) { p.OtherCountry = "DK,NO" })
			for i, country := range []string{"NO", "FI", "DK", ""} {
				s.record("a", "call", s.day(2+i), func(u *schema.Usage) {
					u.OtherCountry, u.Rated, u.RateReason = country, schema.Micro, rate.ReasonRated
				})
			}
			s.want = "rebate a 0  -0.20"
		},
		"rebate on what is beyond": func(s *scene) { // 1.00 rated and 0.50 beyond, 10 % of both, once
			s.price("sms", "SMS", "0.5", s.of("b", "sms"))
			s.price("mms", "SMS", "1", s.of("", "sms"))
			s.bundle("b", 0, "", false)
			s.price("less", "percent", "-10", func(p *schema.Price) { p.Service = "sms" })
			s.record("a", "sms", s.day(2), texts(1))
			s.record("a", "mms", s.day(2), func(u *schema.Usage) { texts(1)(u); u.Rated, u.RateReason = schema.Micro, rate.ReasonRated })
			s.want = "overage a 1 SMS 0.50; rebate a 0  -0.15"
		},
	}
}

func TestBoundaries(t *testing.T) {
	w := newWorld(t)
	cases := bundles()
	for name, build := range fees() {
		cases[name] = build
	}
	var scenes []*scene
	months := map[schema.Day]*Result{}
	for name, build := range cases {
		s := &scene{t: t, zone: w.zone, name: strings.ReplaceAll(name, " ", "-") + ":", month: schema.Date(2026, time.June, 1)}
		build(s)
		scenes = append(scenes, s)
		months[s.month] = nil
		w.prices(s.prices...)
		if len(s.lines) > 0 {
			w.lines(s.lines...)
		}
		if len(s.usage) > 0 {
			w.usage(s.usage...)
		}
	}
	put(w, schema.ExchangeRateTable(), []schema.ExchangeRate{{Currency: "EUR", Rate: money(t, "11.25"), ValidFrom: 1, Rank: 1}})
	for month := range months {
		r := w.month(month)
		months[month] = &r
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			var got, notes []string
			for _, c := range months[s.month].Charges {
				if c.Operator == s.name {
					got = append(got, fmt.Sprintf("%s %s %d %s %s", c.Kind, strings.TrimPrefix(c.LineID, s.name), c.Quantity, c.Unit, c.Amount))
				}
			}
			for _, n := range months[s.month].Notes {
				if n.Operator == s.name {
					notes = append(notes, fmt.Sprintf("%s %d", n.Kind, n.Records))
				}
			}
			want := strings.Split(s.want, "; ")
			if s.want == "" {
				want = nil
			}
			if g, w := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)); !slices.Equal(g, w) {
				t.Errorf("charged %q, want %q", got, s.want)
			}
			if strings.Join(notes, "; ") != s.notes {
				t.Errorf("notes %q, want %q", notes, s.notes)
			}
		})
	}
}
