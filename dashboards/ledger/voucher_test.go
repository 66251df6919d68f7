package ledger

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"linesman/dashboards/messages"
	"linesman/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// catalogue is read once: reading it takes longer than making a voucher.
var catalogue = sync.OnceValues(messages.Load)

func swedish(t testing.TB) messages.Texts {
	t.Helper()
	c, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	return c.In(messages.Swedish)
}

func config(t testing.TB) Config {
	return Config{Program: "Linesman", Version: "0.1.0", Company: "Region Norrvik", OrgNr: "232100-0016", Series: "T", Accounts: map[string]string{"default": "6210", "data": "6230", "premium": "6290"},
		Clearing: "2999", Repay: "1610", CostCentre: 1, Project: 6, Activity: 20, Texts: swedish(t)}
}

var (
	september = schema.Date(2026, time.September, 1)
	october   = schema.Date(2026, time.October, 2)
)

// month is a month worked out by hand: see the golden file.
func month() []schema.Posting {
	p := func(centre, project, kind, service string, repay bool, cost schema.Money) schema.Posting {
		return schema.Posting{Month: september, CostCentre: centre, Project: project, Kind: kind, Service: service, Repay: repay, Records: 1, Cost: cost, VAT: cost / 4, UnitID: "E1"}
	}
	return []schema.Posting{
		p("0100", "", "call", "voice_out", false, 10_003_333), // 10.00 and 0.003333
		p("0100", "", "call", "voice_out", false, 3_334),      // together 10.006667: 10.01
		p("0100", "P-7", "call", "voice_out", false, 1_004_444),
		p("0100", "", "data", "data", false, 99_999_999),
		p("0200", "", "call", "premium", false, 5_000_000),
		p("0200", "", "fee", "credit", false, -250_500_000),
		p("0200", "", "call", "voice_out", true, 12_340_000),
		p("", "", "sms", "sms", false, 490_000),
	}
}

func input(postings []schema.Posting, published ...schema.Publication) Input {
	return Input{Month: september, Today: october, Postings: postings, Published: published, Centres: map[string]string{"0100": "Akuten Östra", "0200": "Vårdcentralen \"Älgen\""}}
}

func vouchers(t *testing.T, in Input) Set {
	t.Helper()
	set, err := Vouchers(config(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func publish(t *testing.T, e *Entry, offset uint64) schema.Publication {
	t.Helper()
	p, err := e.Publish(september, "finance", "by hand", time.Date(2026, 10, 2, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	p.Offset = offset
	return p
}

func content(t *testing.T, e *Entry) []byte {
	t.Helper()
	raw, _, err := e.Content("UTKAST: ")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A month by hand: 10.01 + 1.00 + 100.00 + 5.00 - 250.50 + 12.34 + 0.49 = -121.66, its exact
// total is -121.658890. (Of 10.006667, 1.004444 and 99.999999 the two that lose most go up.)
func TestVoucherByHand(t *testing.T) {
	set := vouchers(t, input(month()))
	if len(set.Published) != 0 || set.Pending == nil || set.Pending.Revision != 0 || len(set.Notices) != 1 {
		t.Fatalf("%+v", set)
	}
	p := publish(t, set.Pending, 7)
	if p.Number != 20260900 || p.Series != "T" || p.Name != "linesman-20260900.si" || p.Kind != schema.PublicationVoucher || p.Month != september {
		t.Errorf("published %+v", p)
	}
	done := vouchers(t, input(month(), p))
	if done.Pending != nil || len(done.Published) != 1 {
		t.Fatalf("after it was published: %+v", done)
	}
	raw := content(t, &done.Published[0])
	const golden = "testdata/202609.si"
	if *update {
		if err := os.WriteFile(golden, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(raw, want) {
		t.Errorf("wrote\n%s\nwant\n%s (%v)", decode(raw), decode(want), err)
	}
	got, err := Read(golden, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]schema.Money{}
	for _, x := range got.Vouchers[0].Transactions {
		sums[x.Account+fmt.Sprint(x.Objects)] += x.Amount
	}
	byHand := map[string]schema.Money{"1610[{1 0200 }]": schema.Ore(1234), "6210[]": schema.Ore(49), "6210[{1 0100 }]": schema.Ore(1001), "6210[{1 0100 } {6 P-7 }]": schema.Ore(100), "6210[{1 0200 }]": schema.Ore(-25050),
		"6230[{1 0100 }]": schema.Ore(10000), "6290[{1 0200 }]": schema.Ore(500), "2999[]": schema.Ore(12166)}
	if !reflect.DeepEqual(sums, byHand) {
		t.Errorf("posted %v", sums)
	}
}

// A draft can be taken for nothing else.
func TestDraft(t *testing.T) {
	set := vouchers(t, input(month()))
	got, err := Read("draft", bytes.NewReader(content(t, set.Pending)))
	if err != nil {
		t.Fatal(err)
	}
	if v := got.Vouchers[0]; got.Flag != FlagRead || v.Series != SeriesDraft || v.Number != "0" || !strings.HasPrefix(v.Text, "UTKAST: ") || v.Sum() != 0 {
		t.Errorf("the draft is %+v", got.Document)
	}
	if set.Pending.Voucher().Series != "T" || set.Pending.Voucher().Text != "Telefoni september 2026" {
		t.Errorf("the draft spoiled the voucher: %+v", set.Pending.Voucher())
	}
}

// What later data change becomes a correction; the first file stays as it is, whatever else has
// changed: the name of the organisation, those of cost centres, the language, the accounts.
func TestCorrection(t *testing.T) {
	first := publish(t, vouchers(t, input(month())).Pending, 1)
	original := content(t, &vouchers(t, input(month(), first)).Published[0])
	later := month()
	later[3].Cost += 20_000_000 // data of 0100
	later = append(later, schema.Posting{CostCentre: "0300", Kind: "sms", Service: "sms", Cost: 1_250_000})
	in := input(later, first)
	in.Today += 30
	in.Centres = map[string]string{"0300": "Ny"}
	cfg := config(t)
	cfg.Company, cfg.OrgNr, cfg.Version = "Region Nytt Namn", "", "0.2.0"
	set, err := Vouchers(cfg, in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, &set.Published[0]), original) {
		t.Error("the published file has changed")
	}
	v := set.Pending.Voucher()
	want := []Transaction{{Account: "6210", Objects: []Object{{1, "0300", ""}}, Amount: schema.Ore(125)}, {Account: "6230", Objects: []Object{{1, "0100", ""}}, Amount: schema.Kronor(20)},
		{Account: "2999", Amount: schema.Ore(-2125), Text: "Avräkning av operatörernas fakturor"}}
	if v.Number != "20260901" || v.Date != "2026-11-01" || v.Text != "Telefoni september 2026, rättelse 1" || !reflect.DeepEqual(v.Transactions, want) {
		t.Errorf("the correction is %+v", v)
	}
	second, err := set.Pending.Publish(september, "finance", "by hand", time.Unix(1_793_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	second.Offset = 2
	if again := vouchers(t, input(later, second, first)); again.Pending != nil || len(again.Published) != 2 {
		t.Errorf("after the correction: %+v", again.Pending)
	}
	back := vouchers(t, input(month(), first, second)) // the late data were withdrawn
	if back.Pending == nil || back.Pending.Revision != 2 || back.Pending.Voucher().Transactions[1].Amount != schema.Kronor(-20) {
		t.Errorf("after the data went away: %+v", back.Pending)
	}
}

// Other accounts move what was posted; the total stays.
func TestMovedAccount(t *testing.T) {
	first := publish(t, vouchers(t, input(month())).Pending, 1)
	cfg := config(t)
	cfg.Accounts["data"] = "6231"
	set, err := Vouchers(cfg, input(month(), first))
	if err != nil {
		t.Fatal(err)
	}
	if v := set.Pending.Voucher(); len(v.Transactions) != 2 || v.Transactions[0].Amount != -v.Transactions[1].Amount {
		t.Errorf("moved by %+v", v.Transactions)
	}
}

// A draft carries the day it was made, and nothing else changes with the day; the page about exports says
// in which lines. What was published has the same bytes on any day.
func TestDraftOfAnotherDay(t *testing.T) {
	page, err := os.ReadFile("../../docs/exports.md")
	if err != nil {
		t.Fatal(err)
	}
	_, about, _ := strings.Cut(string(page), "**Draft.**")
	about, _, found := strings.Cut(about, "**Published.**")
	if !found {
		t.Fatal("docs/exports.md has no paragraph about drafts")
	}
	first := publish(t, vouchers(t, input(month())).Pending, 1)
	dearer := append(month(), schema.Posting{CostCentre: "0100", Kind: "sms", Service: "sms", Cost: schema.Kronor(20)})
	for name, c := range map[string]struct {
		in   Input
		want map[string]bool
	}{
		"first":      {input(month()), map[string]bool{"#GEN": true}},
		"correction": {input(dearer, first), map[string]bool{"#GEN": true, "#VER": true, "#TRANS": true}},
	} {
		later := c.in
		later.Today++
		today, tomorrow := vouchers(t, c.in), vouchers(t, later)
		one, other := strings.Split(string(content(t, today.Pending)), "\r\n"), strings.Split(string(content(t, tomorrow.Pending)), "\r\n")
		if len(one) != len(other) {
			t.Fatalf("%s: %d lines and %d", name, len(one), len(other))
		}
		differ := map[string]bool{}
		for i := range one {
			if one[i] != other[i] {
				label, _, _ := strings.Cut(one[i], " ")
				differ[label] = true
				if !strings.Contains(about, "`"+label+"`") {
					t.Errorf("%s: %s is of another day, and the page does not say so", name, label)
				}
			}
		}
		if !reflect.DeepEqual(differ, c.want) {
			t.Errorf("%s: %v differ by the day", name, differ)
		}
		for i := range today.Published {
			if !bytes.Equal(content(t, &today.Published[i]), content(t, &tomorrow.Published[i])) {
				t.Errorf("%s: what was published is of another day", name)
			}
		}
	}
}

// Whatever accounts are configured anew between vouchers, the clearing account among them, what they
// posted together is what the month costs, in öre.
func TestPostedAddsUp(t *testing.T) {
	dearer := append(month(), schema.Posting{CostCentre: "0100", Kind: "sms", Service: "sms", Cost: schema.Kronor(20)})
	cheaper := month()[:5]
	total := schema.Ore(-12166)
	for _, c := range []struct {
		name     string
		change   func(cfg *Config)
		postings []schema.Posting
		want     schema.Money // that the second voucher posts
		rows     int
	}{
		{"another clearing account", func(cfg *Config) { cfg.Clearing = "2998" }, month(), 0, 2},
		{"another clearing account and more costs", func(cfg *Config) { cfg.Clearing = "2998" }, dearer, schema.Kronor(20), 3},
		{"another clearing account and fewer costs", func(cfg *Config) { cfg.Clearing = "2998" }, cheaper, schema.Ore(11601) - total, 5},
		{"costs and clearing change places", func(cfg *Config) { cfg.Clearing, cfg.Accounts["premium"] = "6290", "2999" }, month(), 0, 4},
		{"another account for costs", func(cfg *Config) { cfg.Accounts["data"] = "6231" }, dearer, schema.Kronor(20), 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := publish(t, vouchers(t, input(month())).Pending, 1)
			cfg := config(t)
			c.change(&cfg)
			set, err := Vouchers(cfg, input(c.postings, first))
			if err != nil {
				t.Fatal(err)
			}
			p := set.Pending
			if posted := set.Published[0].Figures.Posted; posted != total || p.Figures.Posted != c.want || p.Voucher().Sum() != 0 || len(p.Voucher().Transactions) != c.rows {
				t.Errorf("posted %s and %s, want %s and %s: %+v", posted, p.Figures.Posted, total, c.want, p.Voucher().Transactions)
			}
			if set, err := Vouchers(cfg, input(c.postings, first, publish(t, p, 2))); err != nil || set.Pending != nil {
				t.Errorf("published, and again there is %+v, %v", set.Pending, err)
			}
		})
	}
}

// Of two that published the same revision the first in the log holds, for everybody.
func TestFirstPublicationHolds(t *testing.T) {
	one := publish(t, vouchers(t, input(month())).Pending, 5)
	other := month()
	other[0].Cost += schema.Kronor(1)
	two := publish(t, vouchers(t, input(other)).Pending, 4)
	if one.EventID == two.EventID || one.PublicationID != two.PublicationID {
		t.Fatal("two vouchers of a month, with different figures")
	}
	set := vouchers(t, input(other, one, two))
	if len(set.Published) != 1 || set.Published[0].Publication.EventID != two.EventID || set.Pending != nil {
		t.Errorf("%+v", set)
	}
	cfg := config(t)
	cfg.Series = "X"
	if set, err := Vouchers(cfg, input(other, two)); err != nil || set.Pending != nil {
		t.Errorf("another series posts the month again: %+v, %v", set.Pending, err)
	}
}

func TestSpoiledPublications(t *testing.T) {
	p := publish(t, vouchers(t, input(month())).Pending, 1)
	for _, c := range []struct {
		spoil func(p *schema.Publication)
		want  error
	}{
		{func(p *schema.Publication) { p.Figures = "{" }, ErrFigures},
		{func(p *schema.Publication) { p.Figures = "{}" }, ErrFigures},
		{func(p *schema.Publication) { p.Revision = 1 }, ErrGap},
		{func(p *schema.Publication) { p.Figures = strings.Replace(p.Figures, "Norrvik", "Norrvyk", 1) }, ErrContent},
	} {
		bad := p
		c.spoil(&bad)
		set, err := Vouchers(config(t), input(month(), bad))
		if err == nil {
			_, _, err = set.Published[0].Content("")
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	same := config(t)
	same.Accounts = map[string]string{"default": "2999"}
	if _, err := Vouchers(same, input(month())); !errors.Is(err, ErrAccounts) {
		t.Errorf("costs on the clearing account give %v", err)
	}
	if set := vouchers(t, input(nil)); set.Pending != nil {
		t.Errorf("nothing gives %+v", set.Pending)
	}
}

// Whatever the data do from month to month: every voucher adds up to zero, and all of a month
// together post what the month costs now, by account and objects to less than an öre.
func TestVouchersFollowTheCosts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	services := [...]string{"voice_out", "data", "premium", "credit"}
	for range 150 {
		var published []schema.Publication
		postings := []schema.Posting{}
		for range 5 {
			for range r.IntN(12) {
				s := services[r.IntN(len(services))]
				postings = append(postings, schema.Posting{CostCentre: [...]string{"", "01", "1", "02"}[r.IntN(4)], Project: [...]string{"", "P"}[r.IntN(2)], Service: s, Repay: r.IntN(8) == 0, Cost: schema.Money(r.Int64N(40_000_000) - 10_000_000)})
			}
			if n := len(postings); n > 0 && r.IntN(3) == 0 {
				postings = postings[:r.IntN(n)]
			}
			set := vouchers(t, input(postings, published...))
			if set.Pending != nil {
				if s := set.Pending.Voucher().Sum(); s != 0 {
					t.Fatalf("a voucher adds up to %s", s)
				}
				published = append(published, publish(t, set.Pending, uint64(len(published))))
			}
			set = vouchers(t, input(postings, published...))
			if set.Pending != nil {
				t.Fatalf("published, and again there is %+v", set.Pending.Voucher())
			}
			var total, posted, exact schema.Money
			for i := range set.Published {
				posted += set.Published[i].Figures.Posted
				f, err := Read("x", bytes.NewReader(content(t, &set.Published[i])))
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range f.Vouchers[0].Transactions {
					if x.Account != "2999" {
						total += x.Amount
					}
				}
			}
			for _, p := range postings {
				exact += p.Cost
			}
			if total != exact.RoundOre() || posted != total {
				t.Fatalf("posted %s of %s, told %s", total, exact, posted)
			}
		}
	}
}
