package messages

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

func TestEveryLanguageHasEveryKey(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	en, sv := c.Keys(English), c.Keys(Swedish)
	if len(en) < 100 {
		t.Fatalf("the catalogue holds only %d keys", len(en))
	}
	for _, k := range en {
		if !slices.Contains(sv, k) {
			t.Errorf("no Swedish text for %q", k)
		}
	}
	for _, k := range sv {
		if !slices.Contains(en, k) {
			t.Errorf("no English text for %q", k)
		}
	}
}

func TestPlaceholdersAgree(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`\{\w+\}`)
	for _, k := range c.Keys(English) {
		a, b := place.FindAllString(c.texts[English][k], -1), place.FindAllString(c.texts[Swedish][k], -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: placeholders differ: %v and %v", k, a, b)
		}
	}
}

func TestTexts(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	sv, en := c.In("sv-SE"), c.In("EN_gb")
	for _, tc := range []struct{ got, want string }{
		{sv.T("notice.rows", "n", "10"), "Bara de första 10 raderna visas; det finns fler."},
		{en.T("no.such.key"), "no.such.key"},
		{sv.Value("kind", "call"), "Samtal"},
		{sv.Value("kind", "telex"), "telex"},
		{sv.Value("kind", ""), "–"},
		{sv.Number(decimal.RequireFromString("-1234567.895"), 2), "−1\u202f234\u202f567,90"},
		{en.Number(decimal.RequireFromString("1234567.895"), 1), "1,234,567.9"},
		{en.Number(decimal.RequireFromString("-0.2"), 0), "0"},
		{sv.Month(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), "mars 2026"},
		{sv.Measured(decimal.NewFromInt(61_340_000), "byte"), "61,3\u00a0MB"},
		{sv.Measured(decimal.NewFromInt(74), "calls"), "74\u00a0samtal"},
		{en.Measured(decimal.RequireFromString("150.5"), "SEK"), "150.50\u00a0kr"},
		{Language("de"), Swedish},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
