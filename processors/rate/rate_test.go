package rate

import (
	"testing"

	"linesman/schema"
)

func TestChargedSeconds(t *testing.T) {
	for _, c := range []struct {
		duration, first, next uint32
		want                  int64
	}{
		{0, 60, 1, 0}, {1, 0, 0, 1}, {10, 60, 1, 60}, {60, 60, 1, 60}, {61, 60, 1, 61}, {61, 30, 30, 90}, {60, 30, 30, 60}, {31, 30, 6, 36}, {4294967295, 1, 1, 4294967295},
	} {
		if got := ChargedSeconds(c.duration, c.first, c.next); got != c.want {
			t.Errorf("ChargedSeconds(%d, %d, %d) = %d, want %d", c.duration, c.first, c.next, got, c.want)
		}
	}
}

func book() *Book {
	jan := schema.Date(2026, 1, 1).Start(zone())
	return New([]schema.Price{
		{PriceID: "any-mobile", Service: "voice_out", OtherClass: "mobile", Per: PerMinute, Price: schema.Ore(30), Opening: schema.Ore(49), FirstS: 60, NextS: 1, ValidFrom: 1, ValidTo: jan},
		{PriceID: "any-mobile", Service: "voice_out", OtherClass: "mobile", Per: PerMinute, Price: schema.Ore(40), Opening: schema.Ore(49), FirstS: 60, NextS: 1, ValidFrom: jan},
		{PriceID: "plan-mobile", Plan: "flat", Service: "voice_out", OtherClass: "mobile", Per: PerCall, Price: 0, ValidFrom: 1},
		{PriceID: "abroad", Service: "voice_out", OtherCountry: "*", Per: PerMinute, Price: schema.Kronor(2), ValidFrom: 1},
		{PriceID: "norway", Service: "voice_out", OtherCountry: "NO", Per: PerMinute, Price: schema.Kronor(1), ValidFrom: 1},
		{PriceID: "data", Service: "data", Zone: "world", Per: PerMB, Price: schema.Kronor(9), ValidFrom: 1},
		{PriceID: "sms", Service: "sms", Per: PerSMS, Price: schema.Ore(69), ValidFrom: 1},
	}, nil)
}

func TestApply(t *testing.T) {
	jan := schema.Date(2026, 1, 1).Start(zone())
	call := func(edit func(*schema.Usage)) schema.Usage {
		u := schema.Usage{Kind: "call", Service: "voice_out", Answered: true, Class: "mobile", OtherCountry: "SE", DurationS: 61, OccurredAt: jan - 1}
		edit(&u)
		return u
	}
	for name, c := range map[string]struct {
		u      schema.Usage
		price  string
		rated  string
		cost   string
		reason string
	}{
		"last millisecond of the old book":  {call(func(*schema.Usage) {}), "any-mobile", "0.795", "0.795", ReasonRated},
		"first millisecond of the new book": {call(func(u *schema.Usage) { u.OccurredAt++ }), "any-mobile", "0.896667", "0.896667", ReasonRated},
		"plan is more specific":             {call(func(u *schema.Usage) { u.Plan = "flat" }), "plan-mobile", "0.00", "0.00", ReasonRated},
		"any abroad":                        {call(func(u *schema.Usage) { u.Class, u.OtherCountry = "international", "DE" }), "abroad", "2.033333", "2.033333", ReasonRated},
		"named country beats any abroad":    {call(func(u *schema.Usage) { u.Class, u.OtherCountry = "international", "NO" }), "norway", "1.016667", "1.016667", ReasonRated},
		"nobody answered":                   {call(func(u *schema.Usage) { u.Answered = false }), "", "0.00", "0.00", ReasonFree},
		"no price":                          {call(func(u *schema.Usage) { u.Class = "fixed" }), "", "0.00", "0.00", ReasonNoPrice},
		"operator's charge is the cost":     {call(func(u *schema.Usage) { u.Operator, u.Charged = "x", schema.Kronor(3) }), "any-mobile", "0.795", "3.00", ReasonRated},
		"data by volume":                    {schema.Usage{Kind: "data", Service: "data", RoamingZone: "world", VolumeBytes: 1_500_001, OccurredAt: 5}, "data", "13.500009", "13.500009", ReasonRated},
		"sms by message":                    {schema.Usage{Kind: "sms", Service: "sms", Messages: 3, OccurredAt: 5}, "sms", "2.07", "2.07", ReasonRated},
		"fees are not rated":                {schema.Usage{Kind: "fee", Service: "subscription", Operator: "x", Charged: schema.Kronor(79), OccurredAt: 5}, "", "0.00", "79.00", ReasonFee},
	} {
		t.Run(name, func(t *testing.T) {
			u := c.u
			if err := book().Apply(&u); err != nil {
				t.Fatal(err)
			}
			if u.PriceID != c.price || u.Rated.String() != c.rated || u.Cost.String() != c.cost || u.RateReason != c.reason {
				t.Errorf("price %q rated %s cost %s reason %q, want %q %s %s %q", u.PriceID, u.Rated, u.Cost, u.RateReason, c.price, c.rated, c.cost, c.reason)
			}
		})
	}
}

func TestLaterStatementOfThePriceHolds(t *testing.T) {
	b := New([]schema.Price{
		{PriceID: "p", Service: "sms", Per: PerSMS, Price: schema.Kronor(2), ValidFrom: 1, Offset: 9},
		{PriceID: "p", Service: "sms", Per: PerSMS, Price: schema.Kronor(1), ValidFrom: 1, Offset: 3},
	}, nil)
	u := schema.Usage{Kind: "sms", Service: "sms", Messages: 1, OccurredAt: 5}
	if err := b.Apply(&u); err != nil || u.Rated != schema.Kronor(2) {
		t.Errorf("rated %s, %v; want 2.00", u.Rated, err)
	}
}
