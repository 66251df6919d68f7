package phone

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func reducer(t testing.TB, region string, style Style) *Reducer {
	t.Helper()
	r, err := New(region, style)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type reduction struct {
	raw  string
	want Number
}

func check(t *testing.T, r *Reducer, cases []reduction) {
	t.Helper()
	for _, c := range cases {
		for range 2 { // the second comes from the cache
			got, err := r.Reduce(c.raw)
			if err != nil || got != c.want {
				t.Errorf("%s %q:\n got %+v, %v\nwant %+v", r.style, c.raw, got, err, c.want)
			}
		}
	}
}

func TestSpellings(t *testing.T) {
	mobile := Number{"+46701234567", Mobile, "SE", "+4670123••••"}
	var cases []reduction
	for _, raw := range []string{
		"0701234567", "070-123 45 67", "070-1234567", "070/123 45 67", "(070) 123 45 67", "070.123.45.67",
		"+46701234567", "+46 70 123 45 67", "+46 (0)70-123 45 67", "+46(0)701234567", "+460701234567",
		"0046701234567", "00460701234567", "46701234567", "tel:+46701234567", "TEL:+46-70-123-45-67;ext=1",
		"sip:+46701234567@example.se", " 0701234567 ", "'0701234567", `="0701234567"`,
		"070\u00a0123\u202f45\u200967", "070\u2011123\u201145\u201367",
	} {
		cases = append(cases, reduction{raw, mobile})
	}
	for _, style := range []Style{National, E164, Exchange} {
		check(t, reducer(t, "SE", style), cases)
	}
}

func TestNational(t *testing.T) {
	check(t, reducer(t, "", National), []reduction{
		{"", Number{Class: None}},
		{"  ", Number{Class: None}},
		{"-", Number{Class: None}},
		{"0720000001", Number{"+46720000001", Mobile, "SE", "+4672000••••"}},
		{"0730000001", Number{"+46730000001", Mobile, "SE", "+4673000••••"}},
		{"0760000001", Number{"+46760000001", Mobile, "SE", "+4676000••••"}},
		{"0790000001", Number{"+46790000001", Mobile, "SE", "+4679000••••"}},
		{"0719123456", Number{"+46719123456", Mobile, "SE", "+4671912••••"}},
		{"0710123456789", Number{"+46710123456789", Mobile, "SE", "+4671012345••••"}},
		{"010-476 12 34", Number{"+46104761234", Corporate, "SE", "+4610476••••"}},
		{"08-123 456", Number{"+468123456", Fixed, "SE", "+46812••••"}},
		{"08-12 34 56 78", Number{"+46812345678", Fixed, "SE", "+4681234••••"}},
		{"046-222 00 00", Number{"+46462220000", Fixed, "SE", "+4646222••••"}},
		{"0480-123 45", Number{"+4648012345", Fixed, "SE", "+464801••••"}},
		{"090-785 00 00", Number{"+46907850000", Fixed, "SE", "+4690785••••"}},
		{"0900-123 45 67", Number{"+469001234567", Premium, "SE", "+469001234567"}},
		{"0939-123 4567", Number{"+469391234567", Premium, "SE", "+469391234567"}},
		{"0944 123 45 67", Number{"+469441234567", Premium, "SE", "+469441234567"}},
		{"099-123 45 67", Number{"+46991234567", Premium, "SE", "+46991234567"}},
		{"0770-123 456", Number{"+46770123456", SharedCost, "SE", "+4677012••••"}},
		{"0771-123 456", Number{"+46771123456", SharedCost, "SE", "+4677112••••"}},
		{"0775-123 456", Number{"+46775123456", SharedCost, "SE", "+4677512••••"}},
		{"0778-123 456", Number{"+46778123456", SharedCost, "SE", "+4677812••••"}},
		{"020-12 34 56", Number{"+4620123456", TollFree, "SE", "+462012••••"}},
		{"112", Number{"112", Emergency, "SE", "112"}},
		{"0112", Number{"112", Emergency, "SE", "112"}},
		{"+46112", Number{"112", Emergency, "SE", "112"}},
		{"118118", Number{"118118", Directory, "SE", "118118"}},
		{"118 100", Number{"118100", Directory, "SE", "118100"}},
		{"+46118118", Number{"118118", Directory, "SE", "118118"}},
		{"1177", Number{"1177", ShortCode, "SE", "1177"}},
		{"11313", Number{"11313", ShortCode, "SE", "11313"}},
		{"11414", Number{"11414", ShortCode, "SE", "11414"}},
		{"116123", Number{"116123", ShortCode, "SE", "116•••"}},
		{"72456", Number{"72456", Premium, "SE", "72456"}},
		{"71456", Number{"71456", ShortCode, "SE", "71456"}},
		{"222", Number{"222", ShortCode, "SE", "•••"}},
		{"90200", Number{"90200", ShortCode, "SE", "90•••"}},
		{"0701234", Number{"0701234", Unknown, "", "070••••"}},
		{"07012345678", Number{"07012345678", Unknown, "", "0701234••••"}},
		{"+4670123456", Number{"+4670123456", Unknown, "SE", "+467012••••"}},
		{"701234567", Number{"701234567", Unknown, "", "70123••••"}}, // a lost leading zero
		{"12345678", Number{"12345678", Unknown, "", "1234••••"}},    // no area code
		{"0", Number{"0", Unknown, "", "•"}},
		{"+", Number{Class: None}},
		{"+999123456", Number{"+999123456", Unknown, "", "+99912••••"}},
	})
}

func TestAbroad(t *testing.T) {
	check(t, reducer(t, "SE", National), []reduction{
		{"+4712345678", Number{"+4712345678", International, "NO", "+471234••••"}},
		{"004512345678", Number{"+4512345678", International, "DK", "+451234••••"}},
		{"+44 (0)20 7946 0018", Number{"+442079460018", International, "GB", "+44207946••••"}},
		{"+441481720000", Number{"+441481720000", International, "GG", "+44148172••••"}},
		{"+12125550123", Number{"+12125550123", International, "US", "+1212555••••"}},
		{"+14165550123", Number{"+14165550123", International, "CA", "+1416555••••"}},
		{"+35840123456", Number{"+35840123456", International, "FI", "+3584012••••"}},
		{"+35818123456", Number{"+35818123456", International, "AX", "+3581812••••"}},
		{"+66812345678", Number{"+66812345678", International, "TH", "+6681234••••"}},
		{"+77012345678", Number{"+77012345678", International, "KZ", "+7701234••••"}},
		{"+390612345678", Number{"+390612345678", International, "IT", "+39061234••••"}},
		{"+870772001234", Number{"+870772001234", Satellite, "", "+87077200••••"}},
		{"+881612345678", Number{"+881612345678", Satellite, "", "+88161234••••"}},
		{"+88213123456", Number{"+88213123456", Satellite, "", "+8821312••••"}},
		{"+883510012345", Number{"+883510012345", Satellite, "", "+88351001••••"}},
		{"+80012345678", Number{"+80012345678", TollFree, "", "+8001234••••"}},
		{"+979123456789", Number{"+979123456789", Premium, "", "+97912345••••"}},
		// An exchange's prefix that slipped into the operator's file.
		{"00701234567", Number{"+46701234567", Mobile, "SE", "+4670123••••"}},
	})
	check(t, reducer(t, "SE", E164), []reduction{
		{"4712345678", Number{"+4712345678", International, "NO", "+471234••••"}},
		{"870772001234", Number{"+870772001234", Satellite, "", "+87077200••••"}},
		{"701234567", Number{"701234567", Unknown, "", "70123••••"}},
		{"1177", Number{"1177", ShortCode, "SE", "1177"}},
		{"112", Number{"112", Emergency, "SE", "112"}},
		{"46701234xxx", Number{Class: Masked, Country: "SE", Mask: "+4670123••••"}},
		{"INFO", Number{Class: Masked, Mask: "••••"}},
	})
}

func TestExchange(t *testing.T) {
	check(t, reducer(t, "SE", Exchange), []reduction{
		{"61234", Number{"61234", Internal, "", "61•••"}},
		{"12", Number{"12", Internal, "", "••"}},
		{"612345", Number{"612345", Internal, "", "612•••"}},
		{"72456", Number{"72456", Internal, "", "72•••"}}, // no pay SMS from a desk phone
		{"71456", Number{"71456", Internal, "", "71•••"}},
		{"1", Number{"1", Unknown, "", "•"}},
		{"112", Number{"112", Emergency, "SE", "112"}},
		{"0112", Number{"112", Emergency, "SE", "112"}},
		{"01177", Number{"1177", ShortCode, "SE", "1177"}},
		{"0118118", Number{"118118", Directory, "SE", "118118"}},
		{"00701234567", Number{"+46701234567", Mobile, "SE", "+4670123••••"}},
		{"000701234567", Number{"+46701234567", Mobile, "SE", "+4670123••••"}},
		{"0004670 1234567", Number{"+46701234567", Mobile, "SE", "+4670123••••"}},
		{"0004712345678", Number{"+4712345678", International, "NO", "+471234••••"}},
		{"004712345678", Number{"+4712345678", International, "NO", "+471234••••"}},
		{"008123456", Number{"+468123456", Fixed, "SE", "+46812••••"}},
		{"00462220000", Number{"+46462220000", Fixed, "SE", "+4646222••••"}}, // 0, then Lund's area code
		{"009001234567", Number{"+469001234567", Premium, "SE", "+469001234567"}},
		{"61XXX", Number{Class: Masked, Mask: "6••••"}},
	})
}

func TestMasked(t *testing.T) {
	check(t, reducer(t, "SE", National), []reduction{
		{"+4670xxxxxxx", Number{Class: Masked, Country: "SE", Mask: "+4670•••••••"}},
		{"+4670123XXXX", Number{Class: Masked, Country: "SE", Mask: "+4670123••••"}},
		{"070-123****", Number{Class: Masked, Country: "SE", Mask: "070123••••"}},
		{"0701234xxx", Number{Class: Masked, Country: "SE", Mask: "070123••••"}},
		{"070123••••", Number{Class: Masked, Country: "SE", Mask: "070123••••"}},
		{"070123....", Number{Class: Masked, Country: "SE", Mask: "070123••••"}},
		{"004512xxxxxx", Number{Class: Masked, Country: "DK", Mask: "004512••••••"}},
		{"+4670xxx4567", Number{Class: Masked, Country: "SE", Mask: "+4670•••••••"}},
		{"xxxxxx4567", Number{Class: Masked, Mask: "••••••••••"}},
		{"0701234567 Anna", Number{Class: Masked, Country: "SE", Mask: "070123••••••••"}},
		{"+46701234567 x", Number{Class: Masked, Country: "SE", Mask: "+4670123•••••"}},
		{"INFO", Number{Class: Masked, Mask: "••••"}},
		{"okänd", Number{Class: Masked, Mask: "•••••"}},
		{"*21*0701234567#", Number{Class: Masked, Mask: "•••••••••••••••"}},
		{"0701234567,5", Number{Class: Masked, Country: "SE", Mask: "070123••••••"}},
		{"070\xff1234567", Number{Class: Masked, Country: "SE", Mask: "070••••••••"}},
	})
}

func TestElsewhere(t *testing.T) {
	check(t, reducer(t, "DK", National), []reduction{
		// Denmark's plan does not tell mobile from fixed.
		{"20 12 34 56", Number{"+4520123456", Fixed, "DK", "+452012••••"}},
		{"+4520123456", Number{"+4520123456", Fixed, "DK", "+452012••••"}},
		{"004520123456", Number{"+4520123456", Fixed, "DK", "+452012••••"}},
		{"80 12 34 56", Number{"+4580123456", TollFree, "DK", "+458012••••"}},
		{"0046701234567", Number{"+46701234567", International, "SE", "+4670123••••"}},
		{"112", Number{"112", Emergency, "DK", "112"}},
		{"1813", Number{"1813", ShortCode, "DK", "1•••"}},
	})
	check(t, reducer(t, "DK", Exchange), []reduction{{"61234", Number{"61234", Internal, "", "61•••"}}})
}

func TestErrors(t *testing.T) {
	r := reducer(t, "SE", National)
	for _, c := range []struct {
		raw  string
		want error
	}{
		{"4,67E+10", ErrDamaged}, {"4.67012E+10", ErrDamaged}, {"4e+10", ErrDamaged},
		{strings.Repeat("1", 23), ErrTooLong}, {strings.Repeat("1", 100), ErrTooLong},
	} {
		for range 2 {
			n, err := r.Reduce(c.raw)
			if !errors.Is(err, c.want) || n != (Number{Class: Unknown}) {
				t.Errorf("%q: got %+v, %v; want %v", c.raw, n, err, c.want)
			}
		}
	}
	for _, bad := range []struct {
		region string
		style  Style
	}{{"SE", "nationell"}, {"XX", National}} {
		if r, err := New(bad.region, bad.style); err == nil || r != nil {
			t.Errorf("New(%q, %q) was accepted", bad.region, bad.style)
		}
	}
}

func TestConcurrentReduce(t *testing.T) {
	r := reducer(t, "SE", National)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				raw := fmt.Sprintf("070%07d", (i*7+w)%5000)
				if n, err := r.Reduce(raw); err != nil || n.Digits != "+46"+raw[1:] {
					t.Errorf("%s: %+v, %v", raw, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// The caller may use the memory of the raw number again.
func TestCacheOwnsItsKeys(t *testing.T) {
	r := reducer(t, "SE", National)
	if allocated := testing.AllocsPerRun(100, func() { _, _ = r.Reduce("0701234567") }); allocated != 0 {
		t.Errorf("a repeated number allocates %v times", allocated)
	}
}

func FuzzReduce(f *testing.F) {
	for _, s := range []string{"0701234567", "+46 (0)70-123", "tel:112", "4,67E+10", "+4670xxxx", "=\"070\"", "00047", "sip:a@b", "(0)", "+1", "..", "\u00a00"} {
		f.Add(s)
	}
	var reducers []*Reducer
	for _, style := range []Style{National, E164, Exchange} {
		reducers = append(reducers, reducer(f, "SE", style), reducer(f, "NO", style))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, r := range reducers {
			n, err := r.Reduce(raw)
			if err != nil && n != (Number{Class: Unknown}) {
				t.Fatalf("%q: error and number %+v", raw, n)
			}
			hidden := 4
			switch n.Class {
			case Internal, ShortCode:
				hidden = 3
			case None, Masked:
				if n.Digits != "" {
					t.Fatalf("%q: class %s has digits", raw, n.Class)
				}
			}
			whole := n.Class == Premium || n.Class == Directory || n.Class == Emergency || n.Class == ShortCode && n.Mask == n.Digits
			if tail := lastRunes(n.Mask, hidden); !whole && strings.ContainsAny(tail, "0123456789") {
				t.Fatalf("%q: mask %q shows its last digits (%+v)", raw, n.Mask, n)
			}
			if strings.ContainsAny(raw, "xX*#") && n.Digits != "" && !strings.ContainsAny(raw, ";@") {
				t.Fatalf("%q was masked and became %+v", raw, n)
			}
		}
	})
}

func lastRunes(s string, n int) string {
	r := []rune(s)
	return string(r[max(0, len(r)-n):])
}

func BenchmarkReduce(b *testing.B) {
	for _, c := range []struct{ name, format string }{{"mobile", "070%07d"}, {"norway", "+47%08d"}, {"germany", "+4915%09d"}} {
		b.Run("new/"+c.name, func(b *testing.B) {
			r := reducer(b, "SE", National)
			raws := make([]string, 1<<18)
			for i := range raws {
				raws[i] = fmt.Sprintf(c.format, i*31)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, _ = r.Reduce(raws[i&(1<<18-1)])
			}
		})
	}
	b.Run("repeated", func(b *testing.B) {
		r := reducer(b, "SE", National)
		raws := make([]string, 1<<13)
		for i := range raws {
			raws[i] = fmt.Sprintf("070-%03d %04d", i%100, i)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, _ = r.Reduce(raws[i&(1<<13-1)])
		}
	})
}
