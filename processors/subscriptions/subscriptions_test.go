package subscriptions

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/store"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked() // the store of the tests is this program, started again
	os.Exit(m.Run())
}

func day(t testing.TB, s string) schema.Day {
	t.Helper()
	d, err := schema.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// place is a made-up store: usage from 1 January 2025 to 14 March 2026.
type place struct {
	t    *testing.T
	e    *engine.Engine
	zone *time.Location
}

func open(t *testing.T) *place {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, enginetest.Open(t), zone}
	if _, err := store.New(t.Context(), p.e, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) put(table, columns string, rows ...string) {
	p.t.Helper()
	if err := p.e.Conn().Exec(p.t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, columns, strings.Join(rows, "), ("))); err != nil {
		p.t.Fatalf("filling %s: %v", table, err)
	}
}

// at is midnight in the zone, as statements tell it; empty: 0.
func (p *place) at(s string) string {
	if s == "" {
		return "0"
	}
	return fmt.Sprint(int64(day(p.t, s).Start(p.zone)))
}

// line states a line of unit U.
func (p *place) line(id, kind, role, holder, sim, from, to string) {
	p.put("lines", "line_id, alias_id, kind, role, holder, unit_id, operator, plan, sim_status, valid_from, valid_to, log_offset",
		fmt.Sprintf("'%s', 'x%s', '%s', '%s', '%s', 'U', 'Norrtele', 'Bas', '%s', %s, %s, 1", id, id, kind, role, holder, sim, p.at(from), p.at(to)))
}

func (p *place) used(id, on string) {
	p.put("usage_line_daily", "local_day, line_id, unit_id, kind, events, cost", fmt.Sprintf("'%s', '%s', 'U', 'call', 1, 2.5", on, id))
}

func (p *place) fee(id, on string) {
	p.put("usage_line_daily", "local_day, line_id, unit_id, kind, events, cost", fmt.Sprintf("'%s', '%s', 'U', 'fee', 1, 99", on, id))
}

func TestFollow(t *testing.T) {
	p := open(t)
	if _, err := Follow(t.Context(), p.e.Conn(), Input{Zone: p.zone}); !errors.Is(err, ErrNoMonth) {
		t.Fatalf("of an empty store: %v", err)
	}
	p.put("usage_daily", "local_day, unit_id, events, cost", "'2025-01-01', 'U', 1, 1", "'2026-03-14', 'U', 1, 1")
	p.put("units", "unit_id, name, cost_centre, valid_from, log_offset", "'U', 'Enheten', '4711', "+p.at("2024-01-01")+", 1", "'V', 'Andra', '4712', "+p.at("2024-01-01")+", 2")
	const long, open = "2024-06-01", ""
	reviewed := func(id, on string) {
		p.put("approvals", "approval_id, kind, line_id, decided_at, valid_from, log_offset", fmt.Sprintf("'r%s%s', 'review', '%s', %s, %s, 1", id, on, id, p.at(on), p.at(on)))
	}
	want := map[string][]string{}
	expect := func(id string, questions ...string) { want[id] = questions }

	// Unused: the 90 days that end on 28 February begin on 1 December.
	p.line("just-in-time", "fixed", "shared", "", "", long, open)
	p.used("just-in-time", "2025-12-01")
	expect("just-in-time")
	p.line("a-day-late", "fixed", "shared", "", "", long, open)
	p.used("a-day-late", "2025-11-30")
	p.fee("a-day-late", "2026-02-28")
	p.fee("a-day-late", "2026-03-01") // the month after
	expect("a-day-late", Unused)
	p.line("new", "fixed", "shared", "", "", "2025-12-02", open)
	expect("new")
	p.line("silent-on-call", "fixed", "on_call", "", "", long, open)
	expect("silent-on-call")
	p.line("ended", "fixed", "shared", "", "", long, "2026-02-28") // not in force at the end of the month
	p.line("to-end", "fixed", "shared", "", "", long, "2026-03-01")
	expect("to-end", Unused)

	// Holders.
	person := func(holder, state, from, to string) {
		p.put("employments", "holder, state, unit_id, valid_from, valid_to, log_offset", fmt.Sprintf("'%s', '%s', 'U', %s, %s, 1", holder, state, p.at(from), p.at(to)))
	}
	fixed := func(holder string, questions ...string) {
		p.line("of-"+holder, "fixed", "personal", holder, "", long, open)
		p.used("of-"+holder, "2026-02-01")
		expect("of-"+holder, questions...)
	}
	person("left", "employed", "2020-01-01", "2026-02-28") // the last day of work was the 27th
	fixed("left", Leaver)
	person("leaves", "employed", "2020-01-01", "2026-03-01")
	fixed("leaves")
	person("back", "employed", "2020-01-01", "2025-06-01")
	person("back", "assignment", "2025-09-01", "")
	fixed("back")
	fixed("unknown")
	person("away", "employed", "2020-01-01", "")
	person("away", "leave", "2025-09-01", "2026-09-02") // a year and a day
	fixed("away", LongLeave)
	person("a-year", "employed", "2020-01-01", "")
	person("a-year", "leave", "2025-09-01", "2026-09-01") // exactly a year
	fixed("a-year")
	person("since-a-year", "leave", "2025-02-28", "") // until further notice
	fixed("since-a-year", LongLeave)
	person("not-yet", "leave", "2025-03-01", "")
	fixed("not-yet")
	p.line("nobody", "fixed", "personal", "", "", long, open)
	p.used("nobody", "2026-02-01")
	expect("nobody", NoHolder)

	// Mobile holdings are reviewed once a year, by number or by extension.
	mobile := func(id, holder, sim, from string, questions ...string) {
		p.line(id, "mobile", "personal", holder, sim, from, open)
		p.used(id, "2026-02-01")
		expect(id, questions...)
	}
	mobile("never", "h1", "", long, Unreviewed)
	mobile("young", "h2", "", "2025-03-02") // a year only on 2 March
	mobile("reviewed", "h3", "", long)
	reviewed("reviewed", "2025-03-01")
	mobile("a-year-ago", "h4", "", long, Unreviewed)
	reviewed("a-year-ago", "2025-02-28")
	mobile("by-extension", "h5", "", long)
	reviewed("xby-extension", "2025-08-01")
	mobile("later", "h6", "", long, Unreviewed)
	reviewed("later", "2026-03-01") // after the day the report is of
	mobile("first", "two", "", "2025-06-01", Several)
	mobile("second", "two", "active", "2025-06-01", Several)
	mobile("blocked", "h7", "blocked", "2025-06-01", Blocked)
	p.fee("blocked", "2026-02-01")
	mobile("spare", "h8", "spare", "2025-06-01") // costs nothing

	r, err := Follow(t.Context(), p.e.Conn(), Input{Zone: p.zone})
	if err != nil {
		t.Fatal(err)
	}
	if r.AsOf != "2026-02-28" || r.Month != "2026-02-01" {
		t.Errorf("as of %s, month %s", r.AsOf, r.Month)
	}
	got := map[string][]string{}
	for _, l := range r.Lines {
		got[l.LineID] = l.Questions
		if l.CostCentre != "4711" {
			t.Errorf("line %s: cost centre %q", l.LineID, l.CostCentre)
		}
	}
	for id, questions := range want {
		if !slices.Equal(got[id], questions) {
			t.Errorf("line %s: asked %v, want %v", id, got[id], questions)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		t.Errorf("asked about others: %v", got)
	}
	if len(r.Units) != 1 || r.Units[0].Name != "Enheten" || r.Units[0].Lines != len(want) || r.Total.Lines != len(want) {
		t.Errorf("units %+v, total %+v, want %d lines", r.Units, r.Total, len(want))
	}
	if r.Total.Fees.String() != "198.00" || r.Total.Idle.String() != "99.00" {
		t.Errorf("fees %s, of unused lines %s", r.Total.Fees, r.Total.Idle)
	}
	other, err := Follow(t.Context(), p.e.Conn(), Input{Zone: p.zone, Unit: "V"})
	if err != nil || len(other.Units) != 0 || other.Total.Lines != 0 {
		t.Errorf("of a unit without lines: %+v, %v", other, err)
	}
	if _, err := Follow(t.Context(), p.e.Conn(), Input{Zone: p.zone, AsOf: day(t, "2026-03-01")}); !errors.Is(err, ErrNoMonth) {
		t.Errorf("of a month that is not over: %v", err)
	}
	earlier, err := Follow(t.Context(), p.e.Conn(), Input{Zone: p.zone, AsOf: day(t, "2025-02-10")})
	if err != nil || earlier.AsOf != "2025-02-28" || earlier.Total.Asked[Unused] != 0 {
		t.Errorf("before 90 days are covered nothing is unused: %+v, %v", earlier.Total, err)
	}
}
