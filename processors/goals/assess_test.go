package goals

import (
	"context"
	"fmt"
	"log/slog"
	"os"
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

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// open starts an engine with every table and the rows of a made-up place: unit U with ten
// employees (twelve from March), cost centre 1, usage from 1 October 2025 to 14 April 2026.
func open(t *testing.T) *engine.Engine {
	t.Helper()
	e := enginetest.Open(t)
	if _, err := store.New(t.Context(), e, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	put := func(table, columns string, rows ...string) {
		t.Helper()
		if err := e.Conn().Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, columns, strings.Join(rows, ", "))); err != nil {
			t.Fatalf("filling %s: %v", table, err)
		}
	}
	// Moments as an export states them: midnight in Stockholm is the evening before in UTC.
	at := func(s string) string {
		if s == "" {
			return "0"
		}
		return fmt.Sprint(int64(day(t, s).Start(stockholm(t))))
	}
	put("units", "unit_id, name, cost_centre, employees, valid_from, valid_to, log_offset", "('U', 'Enheten', '1', 10, "+at("2025-01-01")+", 0, 1)",
		"('U', 'Enheten', '1', 12, "+at("2026-03-01")+", 0, 2)", "('V', 'Andra', '2', 0, "+at("2025-01-01")+", 0, 3)")
	var daily, lines []string
	for d := day(t, "2025-10-01"); d <= day(t, "2026-04-14"); d++ {
		if m := d.Month(); m == day(t, "2025-12-01") {
			continue // nothing came for December
		}
		// Unit U: one forwarded call a day, two from February on; 100 kr a day.
		n := 1
		if d >= day(t, "2026-02-01") {
			n = 2
		}
		daily = append(daily, fmt.Sprintf("('%s', 'U', '1', 'call', true, %d, 100)", d, n), fmt.Sprintf("('%s', 'U', '9', 'call', false, 5, 1.5)", d))
		// Unit V is quiet in January.
		if d.Month() != day(t, "2026-01-01") {
			daily = append(daily, fmt.Sprintf("('%s', 'V', '2', 'call', true, 1, 7)", d))
		}
		lines = append(lines, fmt.Sprintf("('%s', 'always', 'U', 'call', 1)", d), fmt.Sprintf("('%s', 'fee-only', 'U', 'fee', 1)", d))
	}
	lines = append(lines, fmt.Sprintf("('%s', 'long-ago', 'U', 'call', 1)", "2025-12-31"), fmt.Sprintf("('%s', 'just-in-time', 'U', 'sms', 1)", "2026-01-01"))
	put("usage_daily", "local_day, unit_id, cost_centre, kind, forwarded, events, cost", daily...)
	put("usage_line_daily", "local_day, line_id, unit_id, kind, events", lines...)
	line := func(id, role, from, to string) string {
		return fmt.Sprintf("('%s', '%s', 'U', '', %s, %s, 1)", id, role, at(from), at(to))
	}
	put("lines", "line_id, role, unit_id, cost_centre, valid_from, valid_to, log_offset",
		line("always", "personal", "2025-01-01", ""), line("fee-only", "shared", "2025-01-01", ""), line("long-ago", "personal", "2025-01-01", ""), line("just-in-time", "personal", "2025-01-01", ""),
		line("silent-on-call", "on_call", "2025-01-01", ""), line("silent-machine", "m2m", "2025-01-01", ""), line("silent-loan", "loan", "2025-01-01", ""),
		line("new", "personal", "2026-01-01", ""), line("one-day-newer", "personal", "2026-01-02", ""), line("handed-back", "personal", "2025-01-01", "2026-03-31"), line("to-the-last-day", "personal", "2025-01-01", "2026-04-01"))
	var counts []string
	for i := range 12 {
		counts = append(counts, fmt.Sprintf("('U', '%s', '%s', '', %d, 0, unhex('%032x'), %d)", day(t, "2026-01-05")+schema.Day(7*i), day(t, "2026-01-05")+schema.Day(7*i), 120-i, i+1, i))
	}
	put("watches", "unit_id, day, week, profession_group, open, extract_at, event_id, log_offset", counts...)
	goal := func(id, metric, unit, centre string, baseline, target float64, by, from, to string) string {
		return fmt.Sprintf("('%s', '%s', '%s', '%s', %v, %v, '%s', 'Enhetschef', %s, %s, 1)", id, metric, unit, centre, baseline, target, by, at(from), at(to))
	}
	put("goals", "goal_id, metric, unit_id, cost_centre, baseline, target, target_day, owner, valid_from, valid_to, log_offset",
		goal("watches", "watches_open", "U", "", 120, 90, "2026-06-30", "2026-01-01", ""),
		goal("forward", "forwarded_calls", "U", "", 60, 40, "2026-12-31", "2025-10-01", ""),
		goal("quiet", "forwarded_calls", "V", "", 60, 40, "2026-12-31", "2026-01-01", ""),
		goal("each", "cost_per_employee", "U", "", 400, 250, "2026-12-31", "2025-10-01", ""),
		goal("each-centre", "cost_per_employee", "", "1", 400, 250, "2026-12-31", "2025-10-01", ""),
		goal("nobody", "cost_per_employee", "V", "", 400, 250, "2026-12-31", "2025-10-01", ""),
		goal("unused", "unused_lines", "U", "", 8, 2, "2026-12-31", "2025-10-01", ""),
		goal("unused-centre", "unused_lines", "", "1", 8, 2, "2026-12-31", "2025-10-01", ""),
		goal("budget", "cost_month", "", "1", 0, 3100, "2026-12-31", "2025-01-01", ""),
		goal("budget", "cost_month", "", "1", 0, 3000, "2026-12-31", "2026-03-01", ""),
		goal("budget-unit", "cost_month", "U", "", 0, 3200, "2026-12-31", "2025-01-01", ""),
		goal("ended", "cost_month", "", "2", 0, 1, "2026-12-31", "2025-01-01", "2026-03-31"),
		goal("to-come", "cost_month", "", "2", 0, 1, "2026-12-31", "2026-05-01", ""))
	return e
}

func TestAssess(t *testing.T) {
	e := open(t)
	all, err := Assess(t.Context(), e.Conn(), Input{Zone: stockholm(t)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Assessment{}
	var ids []string
	for _, a := range all {
		got[a.ID], ids = a, append(ids, a.ID)
	}
	if want := "watches forward quiet unused-centre unused each-centre each nobody budget budget-unit"; strings.Join(ids, " ") != want {
		t.Errorf("goals %v, want %s", ids, want)
	}
	for _, tc := range []struct {
		id, status  string
		now, before float64 // < 0: none
		asOf        string
	}{
		// Counted on 23 March for the last time: the 30th would have been the next one.
		{"watches", OffTrack, 113, 117, "2026-02-28"}, // 23 February; 26 January
		{"forward", OffTrack, 62, 56, "2026-03-31"},
		{"quiet", Reached, 31, 28, "2026-03-31"},
		{"each", OnTrack, (31*100 + 31*1.5) / 12, 28 * 101.5 / 10, "2026-03-31"},
		{"each-centre", OnTrack, 31 * 100 / 12.0, 28 * 100 / 10.0, "2026-03-31"},
		{"nobody", TooLittleData, -1, -1, "2026-03-31"},
		{"budget", OffTrack, 3100, 2800, "2026-03-31"},
		{"budget-unit", OnTrack, 3146.5, 2842, "2026-03-31"},
		// The 90 days before April begin on 1 January: fee-only, long-ago, new and to-the-last-day; no earlier month has 90 days behind it.
		{"unused", TooLittleData, 4, -1, "2026-03-31"},
		{"unused-centre", TooLittleData, 4, -1, "2026-03-31"},
	} {
		a := got[tc.id]
		if a.Status != tc.status || a.AsOf.String() != tc.asOf {
			t.Errorf("%s: %s as of %s, want %s as of %s", tc.id, a.Status, a.AsOf, tc.status, tc.asOf)
		}
		check := func(what string, has bool, v interface{ InexactFloat64() float64 }, want float64) {
			if has != (want >= 0) || (has && (v.InexactFloat64()-want > 1e-4 || want-v.InexactFloat64() > 1e-4)) {
				t.Errorf("%s, %s: %v (%v), want %v", tc.id, what, v, has, want)
			}
		}
		check("now", a.Measured, a.Now, tc.now)
		check("before", a.HasBefore, a.Before, tc.before)
	}
	t.Run("as of a day", func(t *testing.T) { testAsOf(t, e) })
	t.Run("of some units", func(t *testing.T) {
		some, err := Assess(t.Context(), e.Conn(), Input{Zone: stockholm(t), Units: []string{"V"}})
		if err != nil || len(some) != 2 || some[0].ID != "quiet" || some[1].ID != "nobody" {
			t.Errorf("%v, %v", some, err)
		}
		if none, err := Assess(t.Context(), e.Conn(), Input{Zone: stockholm(t), Units: []string{}}); err != nil || none != nil {
			t.Errorf("of no unit: %v, %v", none, err)
		}
	})
}

// testAsOf judges as if later data had not come: in the middle of February, by January.
func testAsOf(t *testing.T, e *engine.Engine) {
	all, err := Assess(context.Background(), e.Conn(), Input{Zone: stockholm(t), AsOf: day(t, "2026-02-14")})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		switch a.ID {
		case "forward":
			// December is a gap, not a month without calls.
			if a.AsOf != day(t, "2026-01-31") || !a.Now.Equal(dec(31)) || a.HasBefore || a.Points != 3 {
				t.Errorf("forwarded calls: %+v", a)
			}
		case "quiet":
			// The house was recorded in January, the unit forwarded nothing.
			if !a.Measured || !a.Now.IsZero() || a.Status != Reached {
				t.Errorf("a month without calls: %+v", a)
			}
		case "budget":
			if !a.Target.Equal(dec(3100)) {
				t.Errorf("the budget of February is %s", a.Target)
			}
		case "unused":
			if a.Measured {
				t.Errorf("lines are unused for 90 days though 90 days were not recorded: %+v", a)
			}
		case "ended", "watches", "each", "each-centre", "nobody", "unused-centre", "budget-unit":
		default:
			t.Errorf("a goal that does not hold: %s", a.ID)
		}
	}
}

// TestAssessChanges judges goals around which things change: units that close and move,
// employees who come, owners who hand over, lines that were out of service, telephones that
// are handed in and lost.
func TestAssessChanges(t *testing.T) {
	e := enginetest.Open(t)
	if _, err := store.New(t.Context(), e, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	put := func(table, columns string, rows ...string) {
		t.Helper()
		if err := e.Conn().Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, columns, strings.Join(rows, ", "))); err != nil {
			t.Fatalf("filling %s: %v", table, err)
		}
	}
	at := func(s string) string {
		if s == "" {
			return "0"
		}
		return fmt.Sprint(int64(day(t, s).Start(stockholm(t))))
	}
	unit := func(id, centre string, employees int, from, to string) string {
		return fmt.Sprintf("('%s', '%s', %d, %s, %s, 1)", id, centre, employees, at(from), at(to))
	}
	// C is closed on 15 March. M moves from cost centre 1 to 2 on 21 April, a third of the way
	// before its end. G grows from 10 to 40 on the same day. N is stated from April on, X never.
	put("units", "unit_id, cost_centre, employees, valid_from, valid_to, log_offset", unit("C", "3", 5, "2025-01-01", "2026-03-15"),
		unit("M", "1", 30, "2025-01-01", "2026-04-21"), unit("M", "2", 30, "2026-04-21", ""), unit("S", "1", 10, "2025-01-01", ""),
		unit("G", "4", 10, "2025-01-01", "2026-04-21"), unit("G", "4", 40, "2026-04-21", ""), unit("N", "5", 6, "2026-04-01", ""))
	var daily []string
	for d := day(t, "2026-01-01"); d <= day(t, "2026-04-30"); d++ {
		if d < day(t, "2026-03-15") {
			daily = append(daily, fmt.Sprintf("('%s', 'C', '3', 'call', true, 1, 1)", d))
		}
		centre := "1"
		if d >= day(t, "2026-04-21") {
			centre = "2"
		}
		daily = append(daily, fmt.Sprintf("('%s', 'M', '%s', 'call', true, 2, 100)", d, centre), fmt.Sprintf("('%s', 'G', '4', 'call', true, 2, 10)", d),
			fmt.Sprintf("('%s', 'N', '5', 'call', true, 1, 6)", d), fmt.Sprintf("('%s', 'X', '6', 'call', true, 1, 6)", d))
	}
	put("usage_daily", "local_day, unit_id, cost_centre, kind, forwarded, events, cost", daily...)
	line := func(id, unit, from, to string) string {
		return fmt.Sprintf("('%s', 'personal', '%s', '', %s, %s, 1)", id, unit, at(from), at(to))
	}
	// The first was out of service for a day of the 90; the second changed hands without one.
	put("lines", "line_id, role, unit_id, cost_centre, valid_from, valid_to, log_offset",
		line("gap", "S", "2025-01-01", "2026-03-01"), line("gap", "S", "2026-03-02", ""), line("handed-over", "S", "2025-01-01", "2026-03-01"), line("handed-over", "S", "2026-03-01", ""),
		// All that G had was given back in April, and what C had went with it.
		line("g", "G", "2025-01-01", "2026-04-15"), line("c", "C", "2025-01-01", "2026-03-15"))
	item := func(id, kind, unit, from, to, lost string) string {
		return fmt.Sprintf("('%s', '%s', '%s', %s, %s, %s, 1)", id, kind, unit, at(from), at(to), at(lost))
	}
	put("equipment", "item_id, kind, unit_id, valid_from, valid_to, lost_at, log_offset",
		item("1", "desk_phone", "M", "2020-01-01", "", ""), item("2", "desk_phone", "M", "2020-01-01", "2026-02-28", ""), item("3", "desk_phone", "M", "2020-01-01", "2026-04-01", ""),
		item("4", "desk_phone", "M", "2020-01-01", "", "2026-03-31"), item("5", "mobile", "M", "2020-01-01", "", ""), item("6", "desk_phone", "M", "2026-04-30", "", ""),
		item("7", "desk_phone", "G", "2020-01-01", "2026-03-01", ""), item("1", "desk_phone", "S", "2026-04-10", "", ""), item("8", "desk_phone", "C", "2020-01-01", "", ""))
	goal := func(id, metric, unit, centre, owner, from, to string, target int) string {
		return fmt.Sprintf("('%s', '%s', '%s', '%s', 100, %d, '2026-12-31', '%s', %s, %s, 1)", id, metric, unit, centre, target, owner, at(from), at(to))
	}
	put("goals", "goal_id, metric, unit_id, cost_centre, baseline, target, target_day, owner, valid_from, valid_to, log_offset",
		goal("closed", "forwarded_calls", "C", "", "a", "2026-01-01", "", 20), goal("closed-phones", "desk_phones", "C", "", "a", "2026-01-01", "", 0), goal("closed-lines", "unused_lines", "C", "", "a", "2026-01-01", "", 3),
		goal("unknown", "forwarded_calls", "X", "", "a", "2026-01-01", "", 20), goal("late-known", "forwarded_calls", "N", "", "a", "2026-01-01", "", 20),
		goal("old-home", "cost_per_employee", "", "1", "a", "2026-01-01", "", 20), goal("new-home", "cost_per_employee", "", "2", "a", "2026-01-01", "", 20),
		goal("moved", "cost_per_employee", "M", "", "a", "2026-01-01", "", 20), goal("grown", "cost_per_employee", "G", "", "a", "2026-01-01", "", 20), goal("half", "cost_per_employee", "N", "", "a", "2026-01-01", "", 20),
		goal("handed-over", "forwarded_calls", "M", "", "old", "2026-01-01", "2026-04-01", 50), goal("handed-over", "forwarded_calls", "M", "", "new", "2026-04-01", "", 50),
		goal("tightened", "forwarded_calls", "M", "", "old", "2026-01-01", "2026-04-01", 50), goal("tightened", "forwarded_calls", "M", "", "old", "2026-04-01", "", 40),
		goal("after-a-gap", "forwarded_calls", "M", "", "old", "2026-01-01", "2026-02-01", 50), goal("after-a-gap", "forwarded_calls", "M", "", "old", "2026-03-01", "", 50),
		goal("of-the-year", "forwarded_calls", "M", "", "a", "2026-01-01", "2026-05-01", 50),
		goal("lines", "unused_lines", "S", "", "a", "2026-01-01", "", 0), goal("no-lines", "unused_lines", "G", "", "a", "2026-01-01", "", 0),
		goal("phones", "desk_phones", "M", "", "a", "2026-01-01", "", 0), goal("phones-centre", "desk_phones", "", "1", "a", "2026-01-01", "", 0), goal("none-left", "desk_phones", "G", "", "a", "2026-01-01", "", 0), goal("never-any", "desk_phones", "X", "", "a", "2026-01-01", "", 0))
	for _, tc := range []struct {
		name string
		asOf schema.Day
	}{{"as far as the data reach", 0}, {"far in the future", day(t, "2031-12-31")}, {"on the last day", day(t, "2026-04-30")}} {
		t.Run(tc.name, func(t *testing.T) {
			all, err := Assess(t.Context(), e.Conn(), Input{Zone: stockholm(t), AsOf: tc.asOf})
			if err != nil {
				t.Fatal(err)
			}
			checkChanges(t, all)
		})
	}
	all, err := AssessMonth(t.Context(), e.Conn(), stockholm(t), day(t, "2026-02-11"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.AsOf != day(t, "2026-02-28") || (a.Measured && a.NowDay != a.AsOf) || (a.ID == "closed" && a.Status != OffTrack && a.Status != TooLittleData) {
			t.Errorf("as of February: %s as of %s, measured on %s", a.ID, a.AsOf, a.NowDay)
		}
	}
}

func checkChanges(t *testing.T, all []Assessment) {
	t.Helper()
	got := map[string]Assessment{}
	for _, a := range all {
		got[a.ID] = a
	}
	for _, tc := range []struct {
		id, status string
		now        float64 // < 0: none
		from       string
	}{
		{"closed", TooLittleData, 28, "2026-01-01"}, // February; that it forwards nothing any more is no success
		{"closed-phones", TooLittleData, 1, "2026-01-01"},
		{"closed-lines", TooLittleData, -1, "2026-01-01"},
		{"unknown", OffTrack, 30, "2026-01-01"},
		{"late-known", OffTrack, 30, "2026-01-01"},
		// April of cost centre 1: 20 days of M, so 30 × 20/30 + 10 employees.
		{"old-home", OffTrack, 2000 / 30.0, "2026-01-01"},
		{"new-home", TooLittleData, 1000 / 10.0, "2026-01-01"},
		{"moved", OffTrack, 3000 / 30.0, "2026-01-01"},
		{"grown", Reached, 300 / 20.0, "2026-01-01"},
		{"half", TooLittleData, 180 / 6.0, "2026-01-01"},
		{"handed-over", OffTrack, 60, "2026-01-01"},
		{"tightened", TooLittleData, 60, "2026-04-01"},
		{"after-a-gap", TooLittleData, 60, "2026-03-01"},
		{"of-the-year", OffTrack, 60, "2026-01-01"},
		{"lines", TooLittleData, 1, "2026-01-01"},
		{"no-lines", Reached, 0, "2026-01-01"},
		// 1 went to another unit, 2 and 3 came back, 4 is lost, 6 is new on the last day.
		{"phones", OnTrack, 1, "2026-01-01"},
		{"phones-centre", OnTrack, 1, "2026-01-01"}, // M is of cost centre 2 by then, and S has number 1
		{"none-left", Reached, 0, "2026-01-01"},
		{"never-any", TooLittleData, -1, "2026-01-01"},
	} {
		a, ok := got[tc.id]
		switch {
		case !ok:
			t.Errorf("%s is not judged", tc.id)
		case a.Status != tc.status || a.Measured != (tc.now >= 0) || a.From.String() != tc.from:
			t.Errorf("%s: %s, measured %v (%s on %s), from %s; want %s from %s", tc.id, a.Status, a.Measured, a.Now, a.NowDay, a.From, tc.status, tc.from)
		case a.Measured && a.Now.Sub(dec(tc.now)).Abs().GreaterThan(dec(1e-4)):
			t.Errorf("%s: now %s, want %v", tc.id, a.Now, tc.now)
		}
	}
	if len(all) != 20 {
		t.Errorf("%d goals", len(all))
	}
	phones := got["phones"]
	if want := "[4 3 2 1]"; fmt.Sprint(phones.Values) != want || len(phones.Days) != 4 || !got["old-home"].Weights[3].Equal(dec(30)) {
		t.Errorf("telephones by month %v, want %s; employees %v", phones.Values, want, got["old-home"].Weights)
	}
}

func TestAssessNothing(t *testing.T) {
	e := enginetest.Open(t)
	if _, err := store.New(t.Context(), e, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	if got, err := Assess(t.Context(), e.Conn(), Input{Zone: stockholm(t)}); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Assess(t.Context(), e.Conn(), Input{}); err == nil {
		t.Error("no zone is no error")
	}
}
