package policy

import (
	"fmt"
	"math"
	"testing"

	"linesman/schema"
)

// TestTrend judges made series on both sides of every limit of rising-watches. Counts are
// of consecutive Mondays that end with Monday 23 March 2026 unless a case says otherwise;
// a negative count is a week without one.
func TestTrend(t *testing.T) {
	t.Parallel()
	linear := func(n, middle, step int) []int { // the median of an odd n is middle
		y := make([]int, n)
		for i := range y {
			y[i] = middle + step*(i-n/2)
		}
		return y
	}
	day := func(s string) schema.Time { return at(t, s+" 00:00:00") }
	goal := func(target float64, from, to string) *schema.Goal {
		g := &schema.Goal{Metric: "watches_open", Target: target, ValidFrom: day(from)}
		if to != "" {
			g.ValidTo = day(to)
		}
		return g
	}
	other := goal(1000, "2025-01-01", "")
	other.Metric = "forwarded_calls"
	last := schema.Date(2026, 3, 23)
	tests := []struct {
		name string
		y    []int
		goal *schema.Goal
		last schema.Day // day of the last count; 0: 23 March 2026
		want bool       // flagged in the month of the last count's Monday
	}{
		{"rises", linear(12, 100, 5), nil, 0, true},
		{"falls", linear(12, 100, -5), nil, 0, false},
		{"level", linear(12, 100, 0), nil, 0, false},
		{"seven counts", linear(7, 100, 5), nil, 0, false},
		{"eight counts", linear(8, 100, 5), nil, 0, true},
		{"rise of exactly 15 % of the median", linear(9, 160, 3), nil, 0, true},
		{"rise a little below", linear(9, 161, 3), nil, 0, false},
		// S = 19 of 28 pairs: z is 2.23 by the plain formula, 2.47 with the correction for ties.
		{"certain because of ties", []int{10, 10, 10, 10, 20, 20, 20, 30}, nil, 0, true},
		{"not certain", []int{10, 40, 12, 44, 14, 30, 16, 50}, nil, 0, false},
		// The last four of 12 counts around 100 with step 5 are 110, 115, 120 and 125.
		{"goal reached", linear(12, 100, 5), goal(117.5, "2025-01-01", ""), 0, false},
		{"goal missed", linear(12, 100, 5), goal(117.4, "2025-01-01", ""), 0, true},
		{"goal ended on the last day", linear(12, 100, 5), goal(1000, "2025-01-01", "2026-03-23"), 0, true},
		{"goal ends the day after", linear(12, 100, 5), goal(1000, "2025-01-01", "2026-03-24"), 0, false},
		{"goal begins on the last day", linear(12, 100, 5), goal(1000, "2026-03-23", ""), 0, false},
		{"goal begins the day after", linear(12, 100, 5), goal(1000, "2026-03-24", ""), 0, true},
		{"goal of another metric", linear(12, 100, 5), other, 0, true},
		// Eight counts, the first of them twelve weeks before the last: only seven are looked at.
		{"a count thirteen weeks back", []int{60, -1, -1, -1, -1, -1, 70, 75, 80, 85, 90, 95, 100}, nil, 0, false},
		{"a count twelve weeks back", []int{60, -1, -1, -1, -1, 70, 75, 80, 85, 90, 95, 100}, nil, 0, true},
		{"nothing before the staff were informed", linear(8, 100, 5), nil, schema.Date(2025, 2, 17), false},
		{"all after", linear(8, 100, 5), nil, schema.Date(2025, 2, 24), true},
	}
	s := openStore(t)
	want := map[string]bool{}
	for i, tt := range tests {
		unit, end := fmt.Sprintf("U%02d", i), tt.last
		if end == 0 {
			end = last
		}
		for j, open := range tt.y {
			if open >= 0 {
				d := end - schema.Day(7*(len(tt.y)-1-j))
				insert(s, schema.WatchTable(), schema.Watch{EventID: schema.NewID("t", unit, fmt.Sprint(j)), UnitID: unit, Day: d, Week: d.Week(), Open: uint32(open), ExtractAt: 1})
			}
		}
		if tt.goal != nil {
			tt.goal.GoalID, tt.goal.UnitID = "G"+unit, unit
			insert(s, schema.GoalTable(), *tt.goal)
		}
		want[place("rising-watches", unit, end.Week().Month())] = tt.want
	}
	got := map[string]schema.Violation{}
	for _, v := range s.evaluate(s.evaluator(builtin(t)), Scope{All: true}) {
		got[place(v.Rule, v.SubjectID, v.WindowFrom)] = v
	}
	for i, tt := range tests {
		for at, flagged := range want {
			if _, ok := got[at]; at[15:18] == fmt.Sprintf("U%02d", i) && ok != flagged {
				t.Errorf("%s (%s): flagged %t, want %t", tt.name, at, ok, flagged)
			}
		}
	}
	v := got[place("rising-watches", "U07", schema.Date(2026, 3, 1))]
	d := parseDetail(v.Detail)
	if z := 18 / math.Sqrt((8*7*21-4*3*13-3*2*11)/18.0); d["z"] != number(round6(z)) || d["counts"] != "8" || v.Limit != 2.25 || v.FirstEventAt != at(t, "2026-02-02 00:00:00") {
		t.Errorf("ties: %+v", v)
	}
}

// The window is the month of the week's Monday; the latest extract of a day and group
// counts, groups are added up, the latest day of the week speaks.
func TestTrendCounts(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var n uint64
	count := func(day schema.Day, group string, open uint32, extract schema.Time) schema.Watch {
		n++
		w := schema.Watch{EventID: schema.NewID("t", fmt.Sprint(n)), UnitID: "U1", Day: day, Week: day.Week(), Group: group, Open: open, ExtractAt: extract, Offset: n}
		insert(s, schema.WatchTable(), w)
		return w
	}
	var used []schema.ID
	sunday := schema.Date(2026, 3, 1) // its week began on Monday 23 February
	for i := range 8 {
		day := sunday - schema.Day(7*(7-i))
		if i == 7 {
			count(day, "a", 1, 2) // an earlier extract than the one below
			count(day, "a", 2, 4)
			count(day-1, "a", 900, 1)
		}
		a, b := count(day, "a", uint32(50+5*i), 5), count(day, "b", uint32(50+5*i), 5)
		pair := []schema.ID{a.EventID, b.EventID}
		if string(pair[0][:]) > string(pair[1][:]) {
			pair[0], pair[1] = pair[1], pair[0]
		}
		used = append(used, pair...)
	}
	insert(s, schema.UnitTable(), schema.Unit{UnitID: "U1", CostCentre: "4711", ValidFrom: at(t, "2025-01-01 00:00:00")},
		schema.Unit{UnitID: "U1", CostCentre: "4712", ValidFrom: at(t, "2026-03-02 00:00:00")})
	v := only(t, s.evaluate(s.evaluator(builtin(t)), Scope{All: true}), "rising-watches")
	if v.WindowFrom.String() != "2026-02-01" || v.Value != 70 || v.UnitID != "U1" || v.CostCentre != "4711" || v.EvidenceTotal != 16 {
		t.Errorf("got %+v", v)
	}
	for i, id := range v.Evidence {
		if id != used[i] {
			t.Errorf("evidence %d is %s, want %s", i, id, used[i])
		}
	}
}
