package charges

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// table reads a file of testdata: its rows by the names of its columns.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	in := csv.NewReader(f)
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func fillGolden(t *testing.T, w *world) {
	t.Helper()
	n := func(s string) int64 { return number(t, s) }
	var prices []schema.Price
	for i, r := range table(t, "prices.csv") {
		prices = append(prices, schema.Price{PriceID: r["id"], Book: "n", BookVersion: r["version"], Operator: r["operator"], Plan: r["plan"], Service: r["service"], OtherClass: r["class"], Zone: r["zone"], Per: r["per"],
			Price: money(t, r["price"]), Opening: money(t, r["opening"]), FirstS: uint32(n(r["first"])), NextS: uint32(n(r["next"])), Currency: "SEK", Bundle: r["bundle"], Included: uint64(n(r["included"])),
			Pool: r["pool"], Prorated: r["prorated"] == "1", ValidFrom: schema.Time(n(r["from"])), ValidTo: schema.Time(n(r["to"])), Offset: uint64(i), Rank: uint64(i)})
	}
	w.prices(prices...)
	var lines []schema.Line
	for i, r := range table(t, "lines.csv") {
		lines = append(lines, schema.Line{LineID: r["line"], Kind: "mobile", UnitID: r["unit"], CostCentre: r["centre"], Operator: r["operator"], Plan: r["plan"], ValidFrom: schema.Time(n(r["from"])), ValidTo: schema.Time(n(r["to"])), Offset: uint64(i), Rank: uint64(i)})
	}
	w.lines(lines...)
	put(w, schema.UnitTable(), []schema.Unit{{UnitID: "U1", CostCentre: "100", ValidFrom: 1, Rank: 1}, {UnitID: "U2", CostCentre: "299", ValidFrom: 1, Rank: 2}})
	var rows []schema.Usage
	for _, r := range table(t, "usage.csv") {
		id, err := schema.ParseID(r["event"])
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, schema.Usage{EventID: id, Kind: "call", Line: r["line"], UnitID: r["unit"], CostCentre: r["centre"], Subscription: r["operator"], Plan: r["plan"], Service: r["service"], RoamingZone: r["zone"], OccurredAt: schema.Time(n(r["at"])),
			DurationS: uint32(n(r["duration"])), VolumeBytes: uint64(n(r["bytes"])), Messages: uint32(n(r["messages"])), PriceID: r["price"], Rated: money(t, r["rated"]), RateReason: r["reason"]})
	}
	w.usage(rows...)
	w.usage(schema.Usage{Kind: "fee", Service: "subscription", Line: "L1", Subscription: "N", Plan: "A", OccurredAt: rows[0].OccurredAt, Charged: 5}) // what an operator charged is no use
}

// TestGoldenMonth compares with what testdata/golden.py worked out.
func TestGoldenMonth(t *testing.T) {
	w := newWorld(t)
	fillGolden(t, w)
	month := schema.Date(2026, time.March, 1)
	r := w.month(month + 17)
	var got, want []string
	sum := map[string]schema.Money{}
	for _, c := range r.Charges {
		got = append(got, strings.Join([]string{c.Kind, c.LineID, c.UnitID, c.CostCentre, c.Operator, c.Plan, c.PriceID, c.Bundle, c.Service, c.Unit, fmt.Sprint(c.Quantity), c.Amount.String()}, ";"))
		sum[c.Kind] += c.Amount
	}
	for _, r := range table(t, "want.csv") {
		want = append(want, strings.Join([]string{r["kind"], r["line"], r["unit"], r["centre"], r["operator"], r["plan"], r["price"], r["bundle"], r["service"], r["measure"], r["quantity"], money(t, r["amount"]).String()}, ";"))
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("charged, but not by the script: %s", g)
		}
	}
	for _, g := range want {
		if !slices.Contains(got, g) {
			t.Errorf("not charged: %s", g)
		}
	}
	for kind, amount := range sum {
		if r.Sums[kind] != amount {
			t.Errorf("sum of %s is %s, the charges add up to %s", kind, r.Sums[kind], amount)
		}
	}
	if len(r.Notes) != 0 {
		t.Errorf("notes: %+v", r.Notes)
	}
	// One line is told as all are.
	for _, line := range []string{"L2", "L4", "L7"} {
		one, err := Month(t.Context(), w.st.Conn(), Input{Zone: w.zone, Month: month, Line: line})
		if err != nil {
			t.Fatal(err)
		}
		var same []Charge
		for _, c := range r.Charges {
			if c.LineID == line {
				same = append(same, c)
			}
		}
		if !slices.Equal(one.Charges, same) {
			t.Errorf("line %s alone: %+v, among all %+v", line, one.Charges, same)
		}
	}
	explainAll(t, w, month, r)
}

// explainAll asks of every record of a line where it stands: what is told of them adds up to the charges.
func explainAll(t *testing.T, w *world, month schema.Day, r Result) {
	t.Helper()
	got, asked := map[string]schema.Money{}, 0
	err := storeScan(w, func(u *schema.Usage) {
		if u.RateReason != "bundle" || u.LocalDay.Month() != month || u.Line != "L4" {
			return
		}
		s, err := ExplainBundle(t.Context(), w.st.Conn(), w.zone, u)
		if err != nil {
			t.Fatal(err)
		}
		if s.Within+s.Beyond+s.Unfair != s.Quantity {
			t.Errorf("event %s: %+v does not add up", u.EventID, s)
		}
		asked++
		got[KindOverage] += s.BeyondCost
		got[KindFairUse] += s.UnfairCost
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]schema.Money{}
	for _, c := range r.Charges {
		if c.LineID == "L4" {
			want[c.Kind] += c.Amount
		}
	}
	if asked < 20 || got[KindOverage] != want[KindOverage] || got[KindFairUse] != want[KindFairUse] || want[KindFairUse] == 0 {
		t.Errorf("%d records explained: %v, charged %v", asked, got, want)
	}
	premium := schema.Usage{PriceID: "n/1/premium", OccurredAt: month.Start(w.zone), LocalDay: month}
	if _, err := ExplainBundle(t.Context(), w.st.Conn(), w.zone, &premium); err == nil {
		t.Error("a record without a bundle was explained")
	}
}
