package rate

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// TestMonthWorkedOutByHand rates what testdata/month.txt worked out by hand.
func TestMonthWorkedOutByHand(t *testing.T) {
	text, err := os.ReadFile("testdata/month.txt")
	if err != nil {
		t.Fatal(err)
	}
	loc := stockholm(t)
	var prices []schema.Price
	var rates []schema.ExchangeRate
	var cases [][2]string
	for _, l := range strings.Split(string(text), "\n") {
		f := strings.Fields(l)
		switch {
		case len(f) == 0 || f[0] == "#":
		case f[0] == "price":
			prices = append(prices, statedPrice(t, f, loc))
		case f[0] == "rate":
			r := schema.ExchangeRate{Currency: f[1], Rate: money(t, f[2]), ValidFrom: day(t, f[3], loc)}
			if len(f) > 4 {
				r.ValidTo = day(t, f[4], loc)
			}
			rates = append(rates, r)
		default:
			record, want, _ := strings.Cut(l, " -> ")
			cases = append(cases, [2]string{record, want})
		}
	}
	book := New(prices, rates)
	for _, c := range cases {
		u := recorded(t, strings.Fields(c[0]), loc)
		if err := book.Apply(&u); err != nil {
			t.Fatal(err)
		}
		price := u.PriceID
		if price == "" {
			price = "-"
		}
		if got := price + " " + u.Rated.String() + " " + u.Cost.String() + " " + u.RateReason; got != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], got, c[1])
		}
		if e, err := book.Explain(&u); err != nil || e.Rated != u.Rated || e.Cost != u.Cost || e.PriceID != u.PriceID || e.Reason != u.RateReason {
			t.Errorf("%s is explained as %+v, error %v", c[0], e, err)
		}
	}
	if len(cases) < 35 {
		t.Errorf("%d records", len(cases))
	}
}

func money(t *testing.T, s string) schema.Money {
	m, err := schema.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func day(t *testing.T, s string, loc *time.Location) schema.Time {
	d, err := schema.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d.Start(loc)
}

func statedPrice(t *testing.T, f []string, loc *time.Location) schema.Price {
	p := schema.Price{PriceID: f[1], Per: f[2], Price: money(t, f[3]), Currency: "SEK", ValidFrom: day(t, "2026-01-01", loc)}
	for _, kv := range f[4:] {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "class":
			p.OtherClass = v
		case "country":
			p.OtherCountry = v
		case "service":
			p.Service = v
		case "plan":
			p.Plan = v
		case "zone":
			p.Zone = v
		case "visited":
			p.Visited = v
		case "weekdays":
			p.Weekdays = v
		case "hours":
			p.Hours = v
		case "bundle":
			p.Bundle = v
		case "currency":
			p.Currency = v
		case "opening":
			p.Opening = money(t, v)
		case "first":
			p.FirstS = uint32(number(t, v))
		case "next":
			p.NextS = uint32(number(t, v))
		default:
			t.Fatalf("price %s: %q", f[1], kv)
		}
	}
	return p
}

func recorded(t *testing.T, f []string, loc *time.Location) schema.Usage {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", f[0]+" "+f[1], loc)
	if err != nil {
		t.Fatal(err)
	}
	u := schema.Usage{OccurredAt: schema.TimeOf(at), Zone: schema.DefaultZone, Answered: true, Currency: "SEK"}
	u.Kind, u.Service, _ = strings.Cut(f[2], "/")
	switch n := number(t, f[3]); u.Kind {
	case schema.KindCall:
		u.DurationS = uint32(n)
	case schema.KindData:
		u.VolumeBytes = n
	case schema.KindSMS:
		u.Messages = uint32(n)
	}
	for _, kv := range f[4:] {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "class":
			u.Class = v
		case "country":
			u.OtherCountry = v
		case "plan":
			u.Plan = v
		case "zone":
			u.RoamingZone = v
		case "visited":
			u.VisitedCtry = v
		case "operator":
			u.Operator = v
		case "charged":
			u.Charged = money(t, v)
		case "currency":
			u.Currency = v
		case "answered":
			u.Answered = v != "no"
		default:
			t.Fatalf("%v: %q", f, kv)
		}
	}
	return u
}
