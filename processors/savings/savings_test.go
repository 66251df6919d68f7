package savings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"linesman/processors/covered"
	"linesman/processors/rate"
	"linesman/schema"
)

const long = "2024-06-01"

// everyMonth calls once in each of the three months, and so much that the plan is right.
func (w *world) everyMonth(line string, minutes uint32) {
	for _, on := range []string{"2026-04-10", "2026-05-10", "2026-06-10"} {
		w.call(line, on, minutes)
	}
}

func (w *world) plant() []wanted {
	w.line("edge", "fixed", "on_call", "", "", "", long, "")
	w.call("edge", "2025-07-01", 1)
	w.call("edge", "2026-06-30", 1)

	// Leavers: last day of work 29 June; on 30 June one is still employed.
	w.line("gone", "mobile", "personal", "h-gone", "N", "Small", long, "")
	w.everyMonth("gone", 1)
	for m := 1; m <= 6; m++ { // 300 in twelve months
		w.fee("gone", fmt.Sprintf("2026-%02d-01", m), 50)
	}
	w.fee("gone", "2026-06-02", 0) // an operator's line without an amount
	w.record("gone", "2026-06-03", schema.Usage{Kind: "fee", Service: "one_time", Operator: "N", Charged: schema.Kronor(500)})
	w.line("stays", "mobile", "personal", "h-stays", "N", "Small", long, "")
	w.everyMonth("stays", 1)
	w.line("gone-late", "mobile", "personal", "h-gone", "N", "Small", "2026-01-10", "") // its first whole month is February: 250 in five months
	for m := 1; m <= 6; m++ {
		w.fee("gone-late", fmt.Sprintf("2026-%02d-15", m), 50)
	}
	w.line("gone-long", "mobile", "personal", "h-gone", "N", "Small", long, "") // more fees than are named
	for m := 1; m <= 6; m++ {
		for d := range 4 {
			w.fee("gone-long", fmt.Sprintf("2026-%02d-%02d", m, 28-d), 1)
		}
	}
	w.line("gone-free", "fixed", "personal", "h-gone", "", "", long, "") // nobody knows a fee

	// Unused: the 90 days that end on 30 June begin on 2 April. Rated fees; shared is told as such.
	w.line("silent", "mobile", "shared", "", "O", "Only", long, "")
	w.call("silent", "2026-04-01", 1)
	w.line("just", "mobile", "shared", "", "O", "Only", long, "")
	w.call("just", "2026-04-02", 1)
	w.line("on-call", "mobile", "on_call", "", "O", "Only", long, "") // waits, and is to
	w.line("silent-leaver", "mobile", "personal", "h-gone", "O", "Only", long, "")
	w.line("young", "mobile", "shared", "", "O", "Only", "2026-04-03", "") // not held for 90 days
	w.line("ended", "mobile", "shared", "", "O", "Only", long, "2026-06-30")

	// Duplicates: the one used least is found; who holds an unused one and one more has no duplicate.
	w.line("much", "mobile", "personal", "h-two", "O", "Only", long, "")
	w.everyMonth("much", 1)
	w.call("much", "2026-06-11", 1)
	w.line("little", "mobile", "personal", "h-two", "O", "Only", "2026-01-01", "")
	w.everyMonth("little", 1)
	w.line("used", "mobile", "personal", "h-three", "O", "Only", long, "")
	w.everyMonth("used", 1)
	w.line("unused", "mobile", "personal", "h-three", "O", "Only", long, "")
	w.line("tablet", "data", "personal", "h-three", "O", "Only", long, "") // no mobile
	w.everyMonth("tablet", 1)

	w.plantPlans()
	w.plantForwarding()
	return []wanted{
		{Leaver, "gone", "", "300.00"}, {Leaver, "gone-late", "", "600.00"}, {Leaver, "gone-long", "", "24.00"}, {Leaver, "silent-leaver", "", "1188.00"}, {Unused, "silent", "", "1188.00"}, {Unused, "unused", "", "1188.00"}, {Duplicate, "little", "much", "1188.00"},
		// Large 3 x 250 = 750; Small 3 x 50 + 3 x 20 = 210; x 4.
		{PlanTooLarge, "large", "Small", "2160.00"},
		// Small 3 x 50 + 400 + 90 + 95 = 735; Medium 3 x 130 + 300 beyond the first month's 100 = 690; Large 750.
		{PlanTooSmall, "small", "Medium", "180.00"},
		// May: Small 50 + 20 MB x 10 = 250, World 200 + 20 x 0.50 = 210: 40 x 4. April and June cost more on World.
		{Roaming, "roams", "World", "160.00"},
		{Forwarding, "forwards", "", "240.00"}, {Forwarding, "large", "", "20.00"},
	}
}

// plantPlans makes lines whose plans are compared.
func (w *world) plantPlans() {
	w.line("large", "mobile", "personal", "h-l", "N", "Large", long, "")
	w.everyMonth("large", 20)
	w.line("large-right", "mobile", "personal", "h-lr", "N", "Large", long, "") // 3 x 250 = Medium 3 x (130 + 120): not less
	w.everyMonth("large-right", 220)
	w.line("small", "mobile", "personal", "h-s", "N", "Small", long, "")
	for on, minutes := range map[string]uint32{"2026-04-10": 400, "2026-05-10": 90, "2026-06-10": 95} {
		w.call("small", on, minutes)
	}
	w.line("small-right", "mobile", "personal", "h-sr", "N", "Small", long, "") // 3 x (50 + 80) = 3 x 130: not less
	w.everyMonth("small-right", 80)
	w.line("new-plan", "mobile", "personal", "h-n", "N", "Small", long, "2026-04-02") // on its plan for all but a day
	w.line("new-plan", "mobile", "personal", "h-n", "N", "Large", "2026-04-02", "")
	w.everyMonth("new-plan", 1)
	w.line("dark", "mobile", "personal", "h-d", "Q", "One", long, "") // Two would be cheaper, but nothing is itemised
	w.record("dark", "2026-06-10", schema.Usage{Kind: "call", Service: "voice_out", Answered: true, DurationS: 60, Class: "mobile"})
	w.line("roams", "mobile", "personal", "h-r", "N", "Small", long, "")
	w.everyMonth("roams", 1)
	w.data("roams", "2026-05-11", "world", "TH", 20)
	w.data("roams", "2026-06-11", "world", "TH", 1) // the package would not have paid
	w.data("roams", "2026-04-11", "home", "SE", 900)
	w.line("roams-little", "mobile", "personal", "h-rl", "N", "Small", long, "") // 50 + 150 = 200 < World 200 + 7.50
	w.data("roams-little", "2026-05-11", "world", "TH", 15)
}

// plantForwarding makes lines that forward.
func (w *world) plantForwarding() {
	w.line("forwards", "fixed", "shared", "", "", "", long, "")
	w.forward("forwards", "2026-04-01", "mobile", 60) // 30 + 30 in three months, 240 a year
	w.forward("forwards", "2026-06-30", "mobile", 60)
	w.forward("forwards", "2026-03-31", "mobile", 600) // before them
	w.line("inside", "fixed", "shared", "", "", "", long, "")
	w.forward("inside", "2026-06-10", "internal", 600)
	w.forward("large", "2026-06-10", "mobile", 10) // beside the plan, and not in its comparison
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	if _, err := Find(t.Context(), w.st.Conn(), Input{Zone: w.zone}); !errors.Is(err, covered.ErrNoMonth) {
		t.Fatalf("of an empty store: %v", err)
	}
	w.book = rate.New(prices(), nil)
	want := w.plant()
	put(w, schema.EmploymentTable(), []schema.Employment{w.person("h-gone", "employed", "2020-01-01", "2026-06-30"), w.person("h-stays", "employed", "2020-01-01", "2026-07-01")})
	w.finish()
	r, err := Find(t.Context(), w.st.Conn(), Input{Zone: w.zone})
	if err != nil {
		t.Fatal(err)
	}
	var got []wanted
	var total schema.Money
	ids := map[string]bool{}
	for _, f := range r.Findings {
		got = append(got, wanted{f.Kind, f.LineID, f.Other, f.Year.String()})
		total += f.Year
		if k := fmt.Sprint(f.LineID, f.Kind == Forwarding); ids[k] {
			t.Errorf("line %s was found twice", f.LineID)
		} else {
			ids[k] = true
		}
		if f.UnitID != "U" || f.CostCentre != "4711" {
			t.Errorf("line %s: unit %q, cost centre %q", f.LineID, f.UnitID, f.CostCentre)
		}
		if f.Why+f.Do != "" {
			t.Errorf("words nobody asked for: %q", f.Why)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("found, but not planted: %+v", g)
		}
	}
	for _, g := range want {
		if !slices.Contains(got, g) {
			t.Errorf("planted, but not found: %+v", g)
		}
	}
	if r.Month != "2026-06-01" || r.Months != 3 || r.Total.Year != total || r.Total.Findings != len(want) || len(r.Units) != 1 || r.Units[0].Year != total || r.Units[0].Name != "Enheten" {
		t.Errorf("month %s, %d months, total %+v, units %+v; the findings add up to %s", r.Month, r.Months, r.Total, r.Units, total)
	}
	if r.Unpriced[Leaver] != 1 || len(r.Unpriced) != 1 {
		t.Errorf("without a fee: %v", r.Unpriced)
	}
	if r.NotCompared[noItemised] != 1 || r.NotCompared[changed] == 0 || r.NotCompared[noOther] == 0 {
		t.Errorf("not compared: %v", r.NotCompared)
	}
	evidence(t, w, r)
	fees(t, w, r)
	readings(t, w, r)
	asked(t, w, r)
}

// evidence looks at what findings rest on.
func evidence(t *testing.T, w *world, r Report) {
	t.Helper()
	of := func(kind, line string) Finding {
		for _, f := range r.Findings {
			if f.Kind == kind && f.LineID == line {
				return f
			}
		}
		t.Fatalf("no %s of %s", kind, line)
		return Finding{}
	}
	known := map[string]schema.Usage{}
	for _, u := range w.usage {
		known[u.EventID.String()] = u
	}
	events := func(f Finding, n int, service string) {
		t.Helper()
		if len(f.Evidence.Events) != n || f.Evidence.Records != uint64(n) {
			t.Errorf("%s of %s: events %v of %d, want %d", f.Kind, f.LineID, f.Evidence.Events, f.Evidence.Records, n)
		}
		for _, id := range f.Evidence.Events {
			if u := known[id]; u.Line != f.LineID || u.Service != service {
				t.Errorf("%s of %s: event %s is a %s of %s", f.Kind, f.LineID, id, u.Service, u.Line)
			}
		}
	}
	gone := of(Leaver, "gone")
	if e := gone.Evidence; e.Months != 12 || e.From != "2025-07-01" || e.To != "2026-06-30" || e.Rated || e.Sums[0].Amount != schema.Kronor(300) || e.LastUse != "2026-06-10" {
		t.Errorf("leaver: %+v", e)
	}
	events(gone, 7, "subscription")
	if e := of(Unused, "silent").Evidence; !e.Rated || e.Days != 90 || e.LastUse != "2026-04-01" || !slices.Equal(e.Prices, []string{"O/fee-Only"}) {
		t.Errorf("unused: %+v", e)
	}
	if f := of(Unused, "silent"); f.Role != "shared" {
		t.Errorf("a shared line is told as %q", f.Role)
	}
	if e := of(PlanTooLarge, "large").Evidence; len(e.Sums) != 6 || e.Sums[0].Amount != schema.Kronor(250) || e.Sums[1].Amount != schema.Kronor(70) || !slices.Equal(e.Prices, []string{"N/fee-Large", "N/fee-Small", "N/min-small"}) {
		t.Errorf("plan: %+v", e)
	}
	if e := of(Duplicate, "little").Evidence; e.Used != 3 {
		t.Errorf("duplicate: %+v", e)
	}
	roaming := of(Roaming, "roams")
	if e := roaming.Evidence; len(e.Sums) != 2 || e.Sums[0].Month != "2026-05-01" || e.Sums[0].Amount != schema.Kronor(251) || e.Sums[1].Amount != schema.Kronor(211) {
		t.Errorf("roaming: %+v", e)
	}
	events(roaming, 1, "data")
	events(of(Forwarding, "forwards"), 2, "voice_forward")
}

// asked asks in other ways.
func asked(t *testing.T, w *world, all Report) {
	t.Helper()
	find := func(in Input) Report {
		t.Helper()
		in.Zone = w.zone
		r, err := Find(t.Context(), w.st.Conn(), in)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := find(Input{Unit: "V"}); len(r.Findings) != 0 || r.Total.Year != 0 {
		t.Errorf("of a unit without lines: %+v", r.Findings)
	}
	if r := find(Input{Unit: "U"}); r.Total != all.Total {
		t.Errorf("of the unit: %+v, of all %+v", r.Total, all.Total)
	}
	lines := func(r Report, kind string) string {
		var out []string
		for _, f := range r.Findings {
			if f.Kind == kind {
				out = append(out, f.LineID)
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	if got := lines(find(Input{Days: 91}), Unused); got != "unused" {
		t.Errorf("not used for 91 days: %s", got)
	}
	if got := lines(find(Input{Days: 60}), Unused); got != "just silent unused young" {
		t.Errorf("not used for 60 days: %s", got)
	}
	early := find(Input{Month: w.day("2025-08-15")})
	if early.Months != 2 || early.NotCompared[fewMonths] == 0 || lines(early, PlanTooLarge)+lines(early, Unused) != "" {
		t.Errorf("with two months of data: %+v", early)
	}
	if _, err := Find(t.Context(), w.st.Conn(), Input{Zone: w.zone, Days: 401}); err == nil {
		t.Error("401 days are more than are looked at")
	}
}
