package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/node"
)

// TestRateCommands takes prices, exchange rates and calls from their files to the answers of
// linesman rate, with and without a running linesman; then a corrected price and an exchange
// rate, each of which leaves one row for each call.
func TestRateCommands(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "D")
	layout, made := newLayout(t), calls("rate", 2)
	begin := time.Date(2026, 3, 10, 16, 59, 0, 0, time.UTC) // 17:59 in Stockholm
	for i := range made {
		at := begin.Unix() + int64(i)*86400
		made[i] = made[i].with("dateTimeOrigination", fmt.Sprint(at)).with("dateTimeConnect", fmt.Sprint(at)).with("dateTimeDisconnect", fmt.Sprint(at+120)).with("duration", "120").
			with("callingPartyNumber", "62000").with("finalCalledPartyNumber", "00701234567")
	}
	prices := func(name, version, night string) string {
		const head = "book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to;weekdays;hours;stated_at\n"
		return write(t, filepath.Join(dir, name), []byte(head+
			"b;1;day;;;;;;;minute;0,60;0,49;1;1;SEK;2026-01-01;;12345;08:00-18:00;"+version+"\n"+
			"b;1;night;;;;;;;minute;"+night+";0;1;1;EUR;2026-01-01;;;;"+version+"\n"+
			"b;1;nobody;fjordtel;;voice_out;;;;minute;1;0;1;1;SEK;2026-01-01;2026-02-01;;;"+version+"\n"+
			"b;1;fee;;;;;;;month;89;0;0;0;SEK;2026-01-01;;;;"+version+"\n"))
	}
	succeed(t, "collect", "--data", data, "cucm", write(t, filepath.Join(dir, "cdr_StandAloneCluster_01_202603111800_1"), layout.file(made...)))
	succeed(t, "collect", "--data", data, "reference", prices("prices.csv", "2026-01-01 00:00", "0,30"))
	const state = "SELECT count(), uniqExact(event_id), toString(sum(rated)), any(rate_reason), any(toString(price_id)) FROM usage"
	ids := strings.Fields(succeed(t, "query", "--data", data, "SELECT lower(hex(event_id)) FROM usage ORDER BY occurred_at"))
	if len(ids) != 2 {
		t.Fatalf("%d records: %v", len(ids), ids)
	}
	// 17:59 to 18:01: the day's price first. Both prices are of different currencies: the day's goes on.
	if got, want := succeed(t, "query", "--data", data, state), "2\t2\t3.38\trated\tb/1/day\n"; got != want { // 2 × (0.49 + 2 × 0.60)
		t.Errorf("rated %q, want %q", got, want)
	}
	var e node.RateExplanation
	succeedJSON(t, &e, "rate", "explain", "--data", data, ids[0])
	if !e.Agrees || e.Rated.PriceID != "b/1/day" || e.Amount.String() != "1.69" || len(e.Segments) != 1 || e.Segments[0].At != "2026-03-10T17:59:00+01:00" || len(e.Rows) != 3 {
		t.Errorf("explained: %+v", e)
	}
	words := map[string]string{}
	for _, r := range e.Rows {
		words[r.PriceID] = r.Word
	}
	if words["b/1/day"] != "chosen" || words["b/1/night"] != "less_specific" || words["b/1/nobody"] != "ended" {
		t.Errorf("the words are %v", words)
	}
	check := func() {
		t.Helper()
		out := succeed(t, "rate", "explain", "--data", data, "--lang", "sv", ids[0])
		for _, want := range []string{"b/1/day", "valt", "gäller också, mindre specifikt", "gäller inte längre", "öppningsavgift"} {
			if !strings.Contains(out, want) {
				t.Errorf("explain said\n%s\nwithout %q", out, want)
			}
		}
		var b node.RateBook
		succeedJSON(t, &b, "rate", "book", "--data", data, "--day", "2026-01-15", "--operator", "norrtele")
		if len(b.Prices) != 3 || b.Prices[2].Per != "month" {
			t.Errorf("the book is %+v", b)
		}
		if out := succeed(t, "rate", "book", "--data", data, "--day", "2026-01-15"); !strings.Contains(out, "b/1/nobody") || strings.Count(out, "\n") != 6 {
			t.Errorf("the book of all operators is\n%s", out)
		}
		fails(t, []string{"no usage record"}, "rate", "explain", "--data", data, strings.Repeat("0", 31)+"1")
		fails(t, []string{"id"}, "rate", "explain", "--data", data, "x")
		fails(t, []string{`language "fi"`}, "rate", "book", "--data", data, "--lang", "fi")
	}
	check()
	startUp(t, data)
	check()
	// The day's price ends: the night's, in a currency that is worth something only later.
	succeed(t, "collect", "--data", data, "reference", write(t, filepath.Join(dir, "ends.csv"), []byte(
		"book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to;weekdays;hours;stated_at\n"+
			"b;1;day;;;;;;;minute;0,60;0,49;1;1;SEK;2026-01-01;2026-02-01;12345;08:00-18:00;2026-02-01 00:00\n")))
	eventually(t, data, state, "2\t2\t0\tno_exchange_rate\tb/1/night")
	succeed(t, "collect", "--data", data, "reference", write(t, filepath.Join(dir, "rates.csv"), []byte("currency;rate;valid_from;valid_to\nEUR;11,50;2026-01-01;\n")))
	eventually(t, data, state, "2\t2\t13.8\trated\tb/1/night") // 2 × 2 × 0.30 × 11.50
	drawn(t, dir, data, ids)
}

// drawn gives the line a plan with a bundle of three minutes a month: of the second call of two
// minutes one lies beyond it.
func drawn(t *testing.T, dir, data string, ids []string) {
	t.Helper()
	succeed(t, "collect", "--data", data, "reference",
		write(t, filepath.Join(dir, "lines.csv"), []byte("number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to\n+46104762000;62000;fixed;personal;;U1;;norrtele;Paket;;2026-01-01;\n")),
		write(t, filepath.Join(dir, "bundle.csv"), []byte("book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to;bundle;included\n"+
			"b;1;talk;norrtele;Paket;voice_out;;;;minute;0,80;0;1;1;SEK;2026-01-01;;TAL;\nb;1;held;norrtele;Paket;;;;;bundle;0;0;0;0;SEK;2026-01-01;;TAL;3\n")))
	eventually(t, data, "SELECT count(), toString(sum(rated)), any(rate_reason), any(toString(price_id)) FROM usage", "2\t0\tbundle\tb/1/talk")
	for i, want := range []string{"before 0, left 180, beyond 0, 0.00", "before 120, left 60, beyond 60, 0.80"} {
		var e node.RateExplanation
		succeedJSON(t, &e, "rate", "explain", "--data", data, ids[i])
		s := e.Standing
		if s == nil || s.Holds != 180 || s.Quantity != 120 {
			t.Fatalf("call %d stands %+v", i, s)
		}
		if got := fmt.Sprintf("before %d, left %d, beyond %d, %s", s.Before, s.Left, s.Beyond, s.Amount); got != want {
			t.Errorf("call %d: %s, want %s", i, got, want)
		}
	}
	if out := succeed(t, "rate", "explain", "--data", data, "--lang", "sv", ids[1]); !strings.Contains(out, "120 av 180 var använt innan, 60 fanns kvar") {
		t.Errorf("explain said\n%s", out)
	}
}
