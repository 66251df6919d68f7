package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/schema"
)

// only reads the rules of kindsPack with one id.
func onlyRule(t testing.TB, ids ...string) *Set {
	t.Helper()
	head, rest, _ := strings.Cut(kindsPack(), "  - id: ")
	text := head
	for _, r := range strings.Split(rest, "  - id: ") {
		for _, id := range ids {
			if strings.HasPrefix(r, id+"\n") {
				text += "  - id: " + r
			}
		}
	}
	return parsed(t, text)
}

// aLine states a line from one moment to another ("" means until further notice).
func aLine(t testing.TB, id, unit, from, to string) schema.Line {
	l := schema.Line{LineID: id, Kind: "mobile", Role: "personal", UnitID: unit, CostCentre: "K" + unit, ValidFrom: at(t, from), EventID: schema.NewID("line", id, from)}
	if to != "" {
		l.ValidTo = at(t, to)
	}
	return l
}

// found says what a look at everything finds: rule, subject, window, value.
func (s *testStore) found(set *Set) string {
	s.t.Helper()
	var out []string
	for _, v := range s.evaluate(s.evaluator(set), Scope{All: true}) {
		out = append(out, fmt.Sprintf("%s %s %s–%s %s=%s %s %s", v.Rule, v.SubjectID, v.WindowFrom, v.WindowTo-1, v.Measure, number(v.Value), v.UnitID, v.Cost))
	}
	return strings.Join(out, "; ")
}

const lineA = "L000000000000A"

func TestAbsenceBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	const march = "unused " + lineA + " 2024-03-01–2024-03-31 absence=45 U1 0.00"
	// 45 days up to the end of March begin on 16 February 2024: the month has 29 days.
	lines := func(l ...schema.Line) []schema.Line { return l }
	whole := lines(aLine(t, lineA, "U1", "2024-01-01 00:00:00", ""))
	for _, c := range []struct {
		name   string
		lines  []schema.Line
		use    string // of the line
		newest string // usage of another line
		first  string
		want   string
	}{
		{"not used", whole, "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"usage ends on the window's last day", whole, "", "2024-03-31 23:59:59", "2024-01-05 12:00:00", ""},
		{"used in the first second", whole, "2024-02-16 00:00:00", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"used a second before", whole, "2024-02-15 23:59:59", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"used in the last second", whole, "2024-03-31 23:59:59", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"used a second after", whole, "2024-04-01 00:00:00", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"used in the night when clocks change", whole, "2024-03-31 03:00:00", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"usage begins on the first day", whole, "", "2024-04-01 00:00:00", "2024-02-16 23:00:00", march},
		{"usage begins a day later", whole, "", "2024-04-01 00:00:00", "2024-02-17 00:00:00", ""},
		{"in force from the first second", lines(aLine(t, lineA, "U1", "2024-02-16 00:00:00", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"in force from a second later", lines(aLine(t, lineA, "U1", "2024-02-16 00:00:01", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"in force to the end", lines(aLine(t, lineA, "U1", "2024-01-01 00:00:00", "2024-04-01 00:00:00")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"in force to a second before", lines(aLine(t, lineA, "U1", "2024-01-01 00:00:00", "2024-03-31 23:59:59")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"a SIM that changes hands and unit", lines(aLine(t, lineA, "U2", "2024-01-01 00:00:00", "2024-03-10 12:00:00"), aLine(t, lineA, "U1", "2024-03-10 12:00:00", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"with a second between", lines(aLine(t, lineA, "U2", "2024-01-01 00:00:00", "2024-03-10 12:00:00"), aLine(t, lineA, "U1", "2024-03-10 12:00:01", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", ""},
		{"changes unit in the window's last second", lines(aLine(t, lineA, "U2", "2024-01-01 00:00:00", ""), aLine(t, lineA, "U1", "2024-03-31 23:59:59", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
		{"changes unit after the window", lines(aLine(t, lineA, "U1", "2024-01-01 00:00:00", ""), aLine(t, lineA, "U2", "2024-04-01 00:00:00", "")), "", "2024-04-01 00:00:00", "2024-01-05 12:00:00", march},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.reset()
			insert(s, schema.LineTable(), c.lines...)
			rows := []schema.Usage{usage(schema.KindCall, "LB", "U1", at(t, c.newest)), usage(schema.KindCall, "LB", "U1", at(t, c.first)), usage(schema.KindCall, "LB", "U1", at(t, "2024-02-20 12:00:00")), usage(schema.KindCall, "LB", "U1", at(t, "2024-03-20 12:00:00"))}
			if c.use != "" {
				rows = append(rows, usage(schema.KindData, lineA, "U1", at(t, c.use)))
			}
			insert(s, schema.UsageTable(), rows...)
			var got string // of March; February is judged too
			for _, one := range strings.Split(s.found(onlyRule(t, "unused")), "; ") {
				if strings.Contains(one, " 2024-03-01–") {
					got += one
				}
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestScheduleBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	type open struct {
		weekday, from, to uint32
		since, until      string
	}
	for _, c := range []struct {
		name  string
		hours []open
		want  string
	}{
		{"exactly five hours, one each", []open{{1, 540, 600, "", ""}, {2, 540, 600, "", ""}, {3, 540, 600, "", ""}, {4, 540, 600, "", ""}, {5, 540, 600, "", ""}}, ""},
		{"a minute less", []open{{1, 540, 599, "", ""}, {2, 540, 781, "", ""}}, "shortest-hours"},
		{"a minute less in the week", []open{{1, 540, 839, "", ""}}, "weekly-hours"},
		{"adjoining", []open{{1, 540, 570, "", ""}, {1, 570, 600, "", ""}, {2, 0, 240, "", ""}}, ""},
		{"overlapping hours count once", []open{{1, 540, 720, "", ""}, {1, 600, 780, "", ""}}, "weekly-hours"},
		{"over midnight", []open{{1, 1410, 1440, "", ""}, {2, 0, 30, "", ""}, {3, 0, 240, "", ""}}, ""},
		{"from Sunday to Monday", []open{{7, 1410, 1440, "", ""}, {1, 0, 30, "", ""}, {3, 0, 240, "", ""}}, ""},
		{"a gap at midnight", []open{{1, 1410, 1440, "", ""}, {2, 1, 30, "", ""}, {3, 0, 300, "", ""}}, "shortest-hours"},
		{"always open", []open{{1, 0, 1440, "", ""}, {2, 0, 1440, "", ""}, {3, 0, 1440, "", ""}, {4, 0, 1440, "", ""}, {5, 0, 1440, "", ""}, {6, 0, 1440, "", ""}, {7, 0, 1440, "", ""}}, ""},
		{"closed all week is no telephone hour", []open{{1, 540, 540, "", ""}}, ""},
		{"ends and is too short afterwards", []open{{1, 540, 720, "", "2024-06-10 00:00:00"}, {2, 540, 720, "", ""}}, "2024-06-10"},
		{"the same hours stated anew", []open{{1, 540, 840, "", "2024-06-10 00:00:00"}, {1, 540, 700, "2024-06-10 00:00:00", ""}, {1, 690, 840, "2024-06-10 00:00:00", ""}}, ""},
		{"too short from before the rule on", []open{{1, 540, 600, "2023-05-01 00:00:00", ""}}, "2024-01-01"},
		{"before the rule only", []open{{1, 540, 600, "2023-05-01 00:00:00", "2024-01-01 00:00:00"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.reset()
			for i, o := range c.hours {
				h := schema.TelephoneHours{LineID: lineA, UnitID: "U1", Weekday: o.weekday, OpensMin: o.from, ClosesMin: o.to, ValidFrom: at(t, "2024-03-01 00:00:00"), EventID: schema.NewID("hours", fmt.Sprint(i))}
				if o.since != "" {
					h.ValidFrom = at(t, o.since)
				}
				if o.until != "" {
					h.ValidTo = at(t, o.until)
				}
				insert(s, schema.TelephoneHoursTable(), h)
			}
			got := s.found(onlyRule(t, "line-hours"))
			if c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Contains(got, ";") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	// Two lines of a unit: what they offer at the same time counts once.
	s.t = t
	s.reset()
	for i, line := range []string{lineA, "L000000000000B"} {
		insert(s, schema.TelephoneHoursTable(), schema.TelephoneHours{LineID: line, UnitID: "U1", Weekday: 1, OpensMin: 480, ClosesMin: 840, ValidFrom: at(t, "2024-03-01 00:00:00"), EventID: schema.NewID("hours", fmt.Sprint(i))})
	}
	if got, want := s.found(onlyRule(t, "unit-hours")), "unit-hours U1 2024-03-01–2024-03-01 weekly-hours=6 U1 0.00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBudgetBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	budget := func(id, unit, centre string, target float64, from string) schema.Goal {
		return schema.Goal{GoalID: id, Metric: "cost_month", UnitID: unit, CostCentre: centre, Target: target, ValidFrom: at(t, from), EventID: schema.NewID("goal", id, from)}
	}
	spend := func(unit, when string, cost schema.Money) schema.Usage {
		u := usage(schema.KindCall, lineA, unit, at(t, when), cost)
		u.Cost = cost
		return u
	}
	for _, c := range []struct {
		name  string
		rule  string
		goals []schema.Goal
		usage []schema.Usage
		want  string
	}{
		{"exactly at the limit", "unit-budget", []schema.Goal{budget("G", "U1", "", 0.3, "2024-01-01 00:00:00")}, []schema.Usage{spend("U1", "2024-02-29 23:59:59", 100_000), spend("U1", "2024-02-01 00:00:00", 200_000)}, ""},
		{"a millionth above", "unit-budget", []schema.Goal{budget("G", "U1", "", 0.3, "2024-01-01 00:00:00")}, []schema.Usage{spend("U1", "2024-02-29 23:59:59", 100_001), spend("U1", "2024-02-01 00:00:00", 200_000)}, "unit-budget U1 2024-02-01–2024-02-29 budget=0.300001 U1 0.300001"},
		{"the other second is of the next month", "unit-budget", []schema.Goal{budget("G", "U1", "", 0.3, "2024-01-01 00:00:00")}, []schema.Usage{spend("U1", "2024-03-01 00:00:00", 100_001), spend("U1", "2024-02-01 00:00:00", 200_000)}, ""},
		{"exactly 80 per cent", "centre-budget", []schema.Goal{budget("G", "", "KU1", 1.25, "2024-01-01 00:00:00")}, []schema.Usage{spend("U1", "2024-02-29 12:00:00", 1_000_000)}, ""},
		{"above 80 per cent", "centre-budget", []schema.Goal{budget("G", "", "KU1", 1.25, "2024-01-01 00:00:00")}, []schema.Usage{spend("U1", "2024-02-29 12:00:00", 1_000_001)}, "centre-budget KU1 2024-02-01–2024-02-29 budget=1.000001  1.000001"},
		{"a budget that begins in the month's last second", "unit-budget", []schema.Goal{budget("G", "U1", "", 5, "2024-01-01 00:00:00"), budget("G", "U1", "", 1, "2024-02-29 23:59:59")}, []schema.Usage{spend("U1", "2024-02-03 12:00:00", 2_000_000)}, "unit-budget U1 2024-02-01–2024-02-29 budget=2 U1 2.00"},
		{"one that begins after it", "unit-budget", []schema.Goal{budget("G", "U1", "", 5, "2024-01-01 00:00:00"), budget("G", "U1", "", 1, "2024-03-01 00:00:00")}, []schema.Usage{spend("U1", "2024-02-03 12:00:00", 2_000_000)}, ""},
		{"a goal that became another", "unit-budget", []schema.Goal{budget("G", "U1", "", 1, "2024-01-01 00:00:00"), {GoalID: "G", Metric: "unused_lines", UnitID: "U1", ValidFrom: at(t, "2024-02-10 00:00:00"), EventID: schema.NewID("other")}}, []schema.Usage{spend("U1", "2024-02-03 12:00:00", 2_000_000)}, ""},
		{"months of a year that have a budget", "year-budget", []schema.Goal{budget("G", "U1", "", 1, "2024-11-15 00:00:00")}, []schema.Usage{spend("U1", "2024-10-31 23:59:59", 9_000_000), spend("U1", "2024-11-01 00:00:00", 1_000_000), spend("U1", "2024-12-31 23:59:59", 1_000_001)}, "year-budget U1 2024-01-01–2024-12-31 budget=2.000001 U1 2.000001"},
		{"new year", "year-budget", []schema.Goal{budget("G", "U1", "", 1, "2024-11-15 00:00:00")}, []schema.Usage{spend("U1", "2024-11-01 00:00:00", 1_000_000), spend("U1", "2025-01-01 00:00:00", 9_000_001)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.reset()
			insert(s, schema.GoalTable(), c.goals...)
			insert(s, schema.UsageTable(), c.usage...)
			if got := s.found(onlyRule(t, c.rule)); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestRollingBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, c := range []struct {
		name  string
		calls []string // day and time; xN: so many
		want  string
	}{
		{"exactly at the limit", []string{"2024-02-26 12:00:00x3", "2024-03-03 12:00:00x3"}, ""},
		{"above it on the seventh day, over the leap day", []string{"2024-02-26 00:00:00x3", "2024-03-03 23:59:59x4"}, "2024-02-26–2024-03-03 count=7"},
		{"on the eighth day", []string{"2024-02-25 23:59:59x3", "2024-03-03 23:59:59x4"}, ""},
		{"the night when clocks are put forward", []string{"2024-03-25 00:00:00x3", "2024-03-31 23:59:59x4"}, "2024-03-25–2024-03-31 count=7"},
		{"and back", []string{"2024-10-20 23:59:59x3", "2024-10-27 00:00:00x4", "2024-10-27 02:30:00x3"}, "2024-10-21–2024-10-27 count=7"},
		{"a run goes on", []string{"2024-06-01 12:00:00x7", "2024-06-07 12:00:00x1", "2024-06-08 12:00:00x6"}, "2024-05-26–2024-06-08 count=8"},
		{"a day that is not above ends it", []string{"2024-06-01 12:00:00x7", "2024-06-08 12:00:00x1", "2024-06-09 12:00:00x6"}, "2024-05-26–2024-06-01 count=7;2024-06-03–2024-06-09 count=7"},
		{"seven days without anything end it", []string{"2024-06-01 12:00:00x7", "2024-06-08 12:00:00x7"}, "2024-05-26–2024-06-01 count=7;2024-06-02–2024-06-08 count=7"},
		{"over new year", []string{"2024-12-31 23:59:59x4", "2025-01-01 00:00:00x3"}, "2024-12-26–2025-01-01 count=7"},
		{"nothing before the rule counts", []string{"2023-12-31 23:59:59x4", "2024-01-01 00:00:00x6"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.reset()
			for i, call := range c.calls {
				when, times, _ := strings.Cut(call, "x")
				for n := range int(times[0] - '0') {
					insert(s, schema.UsageTable(), usage(schema.KindCall, lineA, "U1", at(t, when), i, n))
				}
			}
			var got []string
			for _, v := range s.evaluate(s.evaluator(onlyRule(t, "often")), Scope{All: true}) {
				got = append(got, fmt.Sprintf("%s–%s %s=%s", v.WindowFrom, v.WindowTo-1, v.Measure, number(v.Value)))
			}
			if g := strings.Join(got, ";"); g != c.want {
				t.Errorf("got  %q\nwant %q", g, c.want)
			}
		})
	}
}

func TestReturnBoundaries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	type employment struct{ state, from, to string }
	for _, c := range []struct {
		name     string
		employed []employment
		returned string
		want     string // reason, when it was due, and days late up to 2025-06-30
	}{
		{"still employed", []employment{{"employed", "2023-01-01 00:00:00", ""}}, "", ""},
		{"left", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}}, "", "employment_ended 2025-06-01 29 false"},
		{"left, back on the day", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}}, "2025-06-01 16:00:00", "employment_ended 2025-06-01 0 true"},
		{"back before", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}}, "2025-05-31 16:00:00", ""},
		{"changes unit", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}, {"assignment", "2025-06-01 00:00:00", ""}}, "", ""},
		{"goes on as an assignment that ends", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}, {"assignment", "2025-06-01 00:00:00", "2025-06-11 00:00:00"}}, "", "assignment_ended 2025-06-11 19 false"},
		{"comes back", []employment{{"employed", "2023-01-01 00:00:00", "2025-06-01 00:00:00"}, {"employed", "2025-06-10 00:00:00", ""}}, "", "employment_ended 2025-06-01 9 false"},
		{"leaves after what the data cover", []employment{{"employed", "2023-01-01 00:00:00", "2025-07-01 00:00:00"}}, "", ""},
		{"leave of a year", []employment{{"leave", "2024-02-29 00:00:00", "2025-02-28 00:00:00"}}, "", ""},
		{"leave of a year and a second", []employment{{"leave", "2024-02-29 00:00:00", "2025-02-28 00:00:01"}}, "", "leave 2024-02-29 365 false"},
		{"leave until further notice", []employment{{"leave", "2024-06-20 08:00:00", ""}}, "", "leave 2025-06-20 10 false"},
		{"not yet a year", []employment{{"leave", "2024-07-01 08:00:00", ""}}, "", ""},
		{"a leave that is prolonged", []employment{{"leave", "2024-01-10 00:00:00", "2024-09-01 00:00:00"}, {"leave", "2024-09-01 00:00:00", "2025-05-01 00:00:00"}}, "", "leave 2024-09-01 242 false"},
		{"two leaves with a day between", []employment{{"leave", "2024-01-10 00:00:00", "2024-09-01 00:00:00"}, {"leave", "2024-09-02 00:00:00", "2025-05-01 00:00:00"}}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.reset()
			insert(s, schema.UsageTable(), usage(schema.KindCall, lineA, "U1", at(t, "2025-07-01 00:00:00")))
			e := schema.Equipment{ItemID: "I1", Kind: "mobile", LineID: lineA, Holder: "H1", UnitID: "U1", ValidFrom: at(t, "2023-02-01 00:00:00"), EventID: schema.NewID("equipment")}
			if c.returned != "" {
				e.ValidTo = at(t, c.returned)
			}
			insert(s, schema.EquipmentTable(), e)
			for i, m := range c.employed {
				one := schema.Employment{Holder: "H1", State: m.state, ValidFrom: at(t, m.from), EventID: schema.NewID("employment", fmt.Sprint(i))}
				if m.to != "" {
					one.ValidTo = at(t, m.to)
				}
				insert(s, schema.EmploymentTable(), one)
			}
			rows, err := s.conn.Query(testCtx(t), "SELECT reason, toInt32(toDate32(occurred_at, 'Europe/Stockholm')), late_days, returned FROM (\n"+returnsSQL(schema.DefaultZone)+") ORDER BY occurred_at "+settings)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var got []string
			for rows.Next() {
				var reason string
				var day int32
				var late uint32
				var back bool
				if err := rows.Scan(&reason, &day, &late, &back); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s %s %d %t", reason, schema.Day(day), late, back))
			}
			if g := strings.Join(got, "; "); g != c.want {
				t.Errorf("got  %q\nwant %q", g, c.want)
			}
		})
	}
}

// TestKindsExplained keeps what violations of these kinds say of themselves.
func TestKindsExplained(t *testing.T) {
	set := kindsSet(t)
	march := schema.Date(2026, 3, 1)
	list := []schema.Violation{
		{Rule: "unused", RuleVersion: 1, Measure: "absence", WindowKind: "month", WindowFrom: march, Detail: "days=45;from=2026-02-15;to=2026-03-31;fees=1;cost=119.00;digest=x"},
		{Rule: "unused", RuleVersion: 1, Measure: "absence", WindowKind: "month", WindowFrom: march, Detail: "days=45;from=2026-02-15;to=2026-03-31;fees=2;cost=238.50;digest=x"},
		{Rule: "unreviewed", RuleVersion: 1, Measure: "absence", WindowKind: "month", WindowFrom: march, Detail: "days=60;from=2026-02-01;to=2026-03-31;fees=0;cost=0.00;digest=x"},
		{Rule: "line-hours", RuleVersion: 1, Measure: "shortest-hours", WindowKind: "day", WindowFrom: march, Detail: "measures=weekly-hours:6,shortest-hours:0.5;limits=weekly-hours:5,shortest-hours:1;hours=1 09:00-09:30,3 13:00-18:30;digest=x"},
		{Rule: "unit-budget", RuleVersion: 1, Measure: "budget", WindowKind: "month", WindowFrom: march, ValueUnit: "SEK", Detail: "goal=G1;spent=12500.00;budget=10000.00;above_percent=100;events=12;digest=x"},
		{Rule: "year-budget", RuleVersion: 1, Measure: "budget", WindowKind: "year", WindowFrom: schema.Date(2026, 1, 1), ValueUnit: "SEK", Detail: "goal=G1;spent=12500.50;budget=10000.00;above_percent=110;months=7;events=12;digest=x"},
		{Rule: "gone", RuleVersion: 1, Measure: "goal", WindowKind: "month", WindowFrom: march, Detail: "goal=G1;metric=watches_open;status=off_track;now=120.00;target=80.00;target_day=2026-12-31;baseline=150.00;expected=110.00;forecast=101.40;low=90.00;high=112.00;digest=x"},
		{Rule: "gone", RuleVersion: 1, Measure: "goal", WindowKind: "month", WindowFrom: march, ValueUnit: "SEK", Detail: "goal=G1;metric=cost_month;status=missed;now=1200.00;target=800.00;target_day=2026-12-31;baseline=800.00;expected=800.00;digest=x"},
		{Rule: "often", RuleVersion: 1, Measure: "count", WindowKind: "rolling", WindowFrom: march, WindowTo: march + 9, Value: 8, Limit: 6, Detail: "days=4;rolling=7;measures=count:8,cost:20.50;limits=count:6,cost:20.00;digest=x"},
	}
	var b strings.Builder
	for _, v := range list {
		for _, lang := range []string{"en", "sv", "da"} {
			fmt.Fprintf(&b, "%s: %s\n", lang, set.Explain(v, lang))
		}
	}
	file := filepath.Join("testdata", "kinds_explained.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		t.Errorf("explanations differ from %s (%v); got\n%s", file, err, b.String())
	}
}
