package policy

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// ownTrend loads one rule over watches or usage with the given trend.
func ownTrend(t *testing.T, source, from, trend string) *Set {
	t.Helper()
	where := ""
	if source == SourceUsage {
		where = "\n    where: [{column: forwarded, is: true}]"
	}
	text := "pack: own\nrules:\n  - id: own-trend" + trendHead + "    valid_from: " + from + "\n    window: month\n    source: " + source + where + "\n    trend: {" + trend + "}\n"
	text = strings.Replace(text, "informed_at: 2023-01-01", "informed_at: "+from, 1)
	rules, problems := Parse("own.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	set, _ := newSet(contents{rules: rules})
	return set
}

// judgements are what a set's only rule says of the last window of each unit.
func (s *testStore) judgements(set *Set) map[string]Judgement {
	s.t.Helper()
	found, err := s.evaluator(set).Trends(testCtx(s.t), set.Rules()[0], nil)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]Judgement{}
	for _, j := range found {
		out[j.Unit] = j
	}
	return out
}

// weeklyWatches puts one count a week, the first on a given day; below 0 is a week without.
func weeklyWatches(s *testStore, unit string, first schema.Day, open ...int) {
	var rows []schema.Watch
	for i, n := range open {
		if d := first + schema.Day(7*i); n >= 0 {
			rows = append(rows, schema.Watch{EventID: schema.NewID("w", unit, d.String()), UnitID: unit, Day: d, Week: d.Week(), Open: uint32(n), ExtractAt: 1})
		}
	}
	insert(s, schema.WatchTable(), rows...)
}

func numbers(j Judgement) string {
	var out []string
	for _, p := range j.used {
		out = append(out, fmt.Sprintf("%s=%d", p.counted, p.value))
	}
	return strings.Join(out, " ")
}

const plainTrend = "lookback_weeks: 12, at_least: 8, z: 1.5, rise_share: 0.15, recent: 4, test: mann-kendall"

// Missing weeks count as time: eight counts that rise by 5 a count over eleven weeks rise
// by less than 5 a week.
func TestTrendMissingWeeks(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	weeklyWatches(s, "U1", schema.Date(2026, 1, 5), 50, -1, -1, 65, 70, 75, -1, 85, 90, 95, -1, 105)
	weeklyWatches(s, "U2", schema.Date(2026, 1, 5), 50, -1, -1, 55, 60, 65, -1, 70, 75, 80, -1, 85)
	got := s.judgements(ownTrend(t, SourceWatches, "2025-01-01", plainTrend))
	if j := got["U1"]; !j.Flagged || j.Counts != 8 || j.Slope.Estimate != 5 || j.Rise != 55 {
		t.Errorf("five for each week that passed: %+v", j.Slope)
	}
	if j := got["U2"]; j.Slope.Estimate >= 5 || j.Slope.Estimate <= 2.5 || j.Z != got["U1"].Z {
		t.Errorf("five for each count, as certain but slower: %+v", j.Slope)
	}
}

// Exactly at the limit counts, a little below does not; what is shown decides.
func TestTrendLimit(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	series := func(middle, step int) []int {
		out := make([]int, 9)
		for i := range out {
			out[i] = middle + step*(i-4)
		}
		return out
	}
	for unit, people := range map[string]uint32{"at": 70, "below": 70} {
		insert(s, schema.UnitTable(), schema.Unit{UnitID: unit, Employees: people, ValidFrom: at(t, "2025-01-01 00:00:00")})
	}
	weeklyWatches(s, "at", schema.Date(2026, 1, 5), series(160, 3)...)
	weeklyWatches(s, "below", schema.Date(2026, 1, 5), series(161, 3)...)
	got := s.judgements(ownTrend(t, SourceWatches, "2025-01-01", plainTrend+", exposure: employees"))
	if j := got["at"]; !j.Flagged || j.Rise != round6(2400.0/70) {
		t.Errorf("a rise of 24 on 160, per 100 of 70 employees: %+v", j)
	}
	if got["below"].Flagged || got["below"].Silent != "" {
		t.Error("a rise of 24 on 161 is flagged")
	}
}

// 2026 has 53 weeks. The wild count of its week 53 shares a season with week 52, where
// their median stands for both; everything else rises by one a year.
func TestTrendWeek53(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	monday := schema.Date(2024, 12, 30)
	var open []int
	for d := monday; d < schema.Date(2028, 1, 3); d += 7 {
		year, week := d.At(time.UTC).ISOWeek()
		open = append(open, 100+(year-2025))
		if week == 53 {
			open[len(open)-1] = 1000
		}
	}
	if len(open) != 157 {
		t.Fatalf("%d weeks", len(open))
	}
	weeklyWatches(s, "U1", monday, open...)
	seasonal := "lookback_weeks: 157, at_least: 100, z: 1.5, rise_share: 0, recent: 4, test: seasonal-mann-kendall, season: 52"
	j := s.judgements(ownTrend(t, SourceWatches, "2024-12-01", seasonal))["U1"]
	want := round6((51*3 + 1 - 1) / math.Sqrt(52*3*2*11/18.0))
	if j.Test != TestSeasonal || j.Counts != 157 || j.Z != want {
		t.Errorf("z %v of %d counts by %s, want %v", j.Z, j.Counts, j.Test, want)
	}
	// A week less than two years: the plain test, and the violation says so.
	s.reset()
	rising := make([]int, 104)
	for i := range rising {
		rising[i] = 100 + i
	}
	weeklyWatches(s, "short", monday, rising[:103]...)
	weeklyWatches(s, "full", monday, rising...)
	set := ownTrend(t, SourceWatches, "2024-12-01", strings.Replace(seasonal, "at_least: 100", "at_least: 50", 1))
	got := s.judgements(set)
	if got["short"].Test != TestMannKendall || got["full"].Test != TestSeasonal {
		t.Errorf("%s on 103 weeks, %s on 104", got["short"].Test, got["full"].Test)
	}
	for _, v := range s.evaluate(s.evaluator(set), Scope{All: true}) {
		if d := parseDetail(v.Detail); d["season"] != "52" || (d["test"] == TestSeasonal) != strings.Contains(set.Explain(v, "en"), "by season (52 a year)") {
			t.Errorf("%s: %s", v.Detail, set.Explain(v, "en"))
		}
	}
}

func TestTrendSeasons(t *testing.T) {
	for _, tt := range []struct {
		per          string
		season       int
		day          string
		want, ofYear int
	}{
		{WindowWeek, 52, "2026-12-21", 52, 2026}, {WindowWeek, 52, "2026-12-28", 52, 2026}, {WindowWeek, 52, "2027-01-04", 1, 2027}, {WindowWeek, 52, "2024-12-30", 1, 2025},
		{WindowWeek, 12, "2024-12-30", 12, 2024}, {WindowWeek, 4, "2026-06-29", 2, 2026}, {WindowMonth, 12, "2028-02-01", 2, 2028}, {WindowMonth, 4, "2026-10-01", 4, 2026},
	} {
		trend := &Trend{Per: tt.per, Season: tt.season}
		d, _ := schema.ParseDay(tt.day)
		if season, year := trend.season(d); season != tt.want || year != tt.ofYear {
			t.Errorf("%s in %d seasons: %d of %d", tt.day, tt.season, season, year)
		}
		if next := trend.after(d, 1); trend.clock(next)-trend.clock(d) != 1 || trend.after(next, -1) != d {
			t.Errorf("after %s comes %s", tt.day, next)
		}
	}
}

// call puts forwarded calls at local times; other ones show that the unit was at work.
func call(t *testing.T, s *testStore, unit string, counts bool, times ...string) []schema.Usage {
	var rows []schema.Usage
	for i, when := range times {
		u := forwarded("L1", unit, at(t, when), schema.Kronor(1), unit, counts, i)
		u.Forwarded = counts
		rows = append(rows, u)
	}
	insert(s, schema.UsageTable(), rows...)
	return rows
}

// Weeks and months begin at midnight in the rule's zone, in the night of daylight saving
// too; 29 February belongs to February.
func TestTrendPeriods(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	call(t, s, "U1", true, "2026-03-22 23:59:59", "2026-03-23 00:00:00", "2026-03-29 01:30:00", "2026-03-29 03:00:00", "2026-03-29 23:59:59", // the clocks go forward
		"2026-03-30 00:00:00", "2026-10-25 23:59:59", "2026-10-26 00:00:00", "2026-10-26 00:00:01")
	call(t, s, "U1", false, "2026-03-20 10:00:00", "2026-04-06 00:00:00", "2026-11-02 00:00:00")
	weeks := ownTrend(t, SourceUsage, "2025-01-01", "count: true, unit: calls, lookback_weeks: 40, at_least: 3, z: 0, rise_share: 0, recent: 1")
	if got := numbers(s.judgements(weeks)["U1"]); got != "2026-03-22=1 2026-03-29=4 2026-04-05=1 2026-10-25=1 2026-11-01=2" {
		t.Errorf("weeks: %s", got)
	}
	s.reset()
	call(t, s, "U1", true, "2028-01-31 23:59:59", "2028-02-01 00:00:00", "2028-02-29 00:00:00", "2028-02-29 23:59:59", "2028-03-01 00:00:00", "2028-04-01 00:00:00")
	months := ownTrend(t, SourceUsage, "2025-01-01", "count: true, unit: calls, per: month, lookback_months: 12, at_least: 3, z: 0, rise_share: 0, recent: 1")
	if got := numbers(s.judgements(months)["U1"]); got != "2028-01-31=1 2028-02-29=3 2028-03-31=1" {
		t.Errorf("months: %s", got)
	}
}

// A period counts once there is usage of the next one. Weeks in which a unit used no
// telephone are missing; those in which it only forwarded nothing are 0. The week in which
// the staff were informed is not whole.
func TestTrendUsageWeeks(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := ownTrend(t, SourceUsage, "2026-01-07", "count: true, unit: calls, lookback_weeks: 12, at_least: 4, z: 1, rise_share: 0.1, recent: 2")
	e := s.evaluator(set)
	var times []string
	for week, n := range []int{3, 0, 2, 0, 4, 6, 8} { // from 5 January on
		for i := range n {
			times = append(times, (schema.Date(2026, 1, 5)+schema.Day(7*week)).String()+fmt.Sprintf(" 10:%02d:00", i))
		}
	}
	rows := call(t, s, "U1", true, times...)
	call(t, s, "U1", false, "2026-01-12 09:00:00")                         // at work in the second week, not in the fourth
	rows = append(rows, call(t, s, "U2", false, "2026-01-26 09:00:00")...) // others were
	if got := numbers(s.judgements(set)["U1"]); got != "2026-01-18=0 2026-01-25=2 2026-02-08=4 2026-02-15=6" {
		t.Errorf("while the week of 16 February is not over: %s", got)
	}
	var scope Scope
	for _, u := range rows {
		scope.TouchLine(u.Line, u.LocalDay)
	}
	s.project(s.evaluate(e, scope))
	next := call(t, s, "U2", false, "2026-03-01 23:59:59", "2026-02-23 00:00:00")
	scope = Scope{}
	scope.TouchLine("L1", schema.Date(2026, 2, 23))
	v := only(t, s.evaluate(e, scope), "own-trend")
	if got := numbers(s.judgements(set)["U1"]); !strings.HasSuffix(got, "2026-02-15=6 2026-02-22=8") || v.Change != schema.ChangeChanged || v.EvidenceTotal != 20 || v.Cost != schema.Kronor(20) {
		t.Errorf("after the first call of the next week (%d calls): %s; %+v", len(next), got, v)
	}
	if v.Evidence[0] != rows[3].EventID || v.Evidence[19] != rows[22].EventID || len(v.Evidence) != 20 {
		t.Errorf("evidence %v", v.Evidence)
	}
}

// With control of false discoveries the verdict of a unit hangs on the others: a level unit
// that begins to count takes away what stood out alone, although it is the only one touched.
func TestTrendDiscoveries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := ownTrend(t, SourceWatches, "2025-01-01", "lookback_weeks: 12, at_least: 8, rise_share: 0.1, recent: 4, false_discovery: 0.1")
	e := s.evaluator(set)
	weeklyWatches(s, "A", schema.Date(2026, 1, 5), 50, 60, 55, 70, 52, 80, 54, 90) // S = 16: p = 0.032
	first := only(t, s.evaluate(e, Scope{All: true}), "own-trend")
	if d := parseDetail(first.Detail); d["judged"] != "1" || d["found"] != "1" || first.SubjectID != "A" {
		t.Fatalf("alone: %+v", first)
	}
	s.project([]schema.Violation{first})
	for _, unit := range []string{"B", "C", "D"} {
		weeklyWatches(s, unit, schema.Date(2026, 1, 5), 50, 50, 50, 50, 50, 50, 50, 50)
	}
	weeklyWatches(s, "E", schema.Date(2026, 1, 5), 50, 60, 70, 80, 90, 100, 110) // too few to be judged
	var scope Scope
	scope.TouchUnit("B", schema.Date(2026, 1, 5))
	scope.TouchUnit("B", schema.Date(2026, 2, 23))
	gone := s.evaluate(e, scope)
	wantEvents(t, "among four", gone, "retracted own-trend A 2026-02-01 rise=0 0.00 data")
}

// A unit of which no staff is known is not judged, and is told of; counts of days without
// are left out. A new number of employees holds from its day on, a new cost centre too.
func TestTrendExposure(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := ownTrend(t, SourceWatches, "2025-01-01", plainTrend+", exposure: employees")
	monday := schema.Date(2026, 1, 5)
	for _, unit := range []string{"none", "late", "grows", "zero"} {
		weeklyWatches(s, unit, monday, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28)
	}
	insert(s, schema.UnitTable(),
		schema.Unit{UnitID: "late", Employees: 50, ValidFrom: at(t, "2026-01-12 00:00:00")},
		schema.Unit{UnitID: "grows", Name: "old name", CostCentre: "1", Employees: 100, ValidFrom: at(t, "2020-01-01 00:00:00")},
		schema.Unit{UnitID: "grows", Name: "new name", CostCentre: "2", Parent: "elsewhere", Employees: 200, ValidFrom: at(t, "2026-02-09 00:00:00")},
		schema.Unit{UnitID: "zero", Employees: 0, ValidFrom: at(t, "2020-01-01 00:00:00")})
	got := s.judgements(set)
	if got["none"].Silent != SilentExposure || got["zero"].Silent != SilentExposure {
		t.Errorf("without staff: %q, %q", got["none"].Silent, got["zero"].Silent)
	}
	if j := got["late"]; !j.Flagged || j.Counts != 9 || j.Without != 1 || j.Exposed != 50 || j.Slope.Estimate != 4 {
		t.Errorf("staff known from the second week on: %+v", j)
	}
	// 10, 12, 14, 16 and 18 per 100, then 10, 11, 12, 13 and 14: no rise.
	if j := got["grows"]; j.Flagged || j.Recent != 12.5 || j.Median != 12.5 {
		t.Errorf("twice the staff from the count of 9 February on: %+v", j)
	}
	weeklyWatches(s, "grows", monday+70, 60, 66, 72, 78)
	v := only(t, lastOf(s.evaluate(s.evaluator(set), Scope{All: true}), "grows"), "own-trend")
	if v.CostCentre != "2" || v.ValueUnit != "watches per 100 employees" {
		t.Errorf("renamed and moved: %+v", v)
	}
}

// lastOf keeps the last event of a subject.
func lastOf(events []schema.Violation, subject string) []schema.Violation {
	var out []schema.Violation
	for _, v := range events {
		if v.SubjectID == subject {
			out = []schema.Violation{v}
		}
	}
	return out
}

// Lines in force: one lent to another unit counts there while it is lent.
func TestTrendLines(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	day := func(d string) schema.Time { return at(t, d+" 00:00:00") }
	insert(s, schema.LineTable(), schema.Line{LineID: "L1", UnitID: "A", ValidFrom: day("2025-01-01")}, schema.Line{LineID: "L2", UnitID: "A", ValidFrom: day("2025-01-01")},
		schema.Line{LineID: "L2", UnitID: "B", ValidFrom: day("2026-02-01"), ValidTo: day("2026-03-01")}, schema.Line{LineID: "L3", UnitID: "B", ValidFrom: day("2026-01-15"), ValidTo: day("2026-02-10")})
	weeklyWatches(s, "A", schema.Date(2026, 1, 5), 1, 1, 1, 1, 1, 1, 1, 1, 1)
	weeklyWatches(s, "B", schema.Date(2026, 1, 5), 1, 1, 1, 1, 1, 1, 1, 1, 1)
	set := ownTrend(t, SourceWatches, "2025-01-01", plainTrend+", exposure: lines")
	got := s.judgements(set)
	exposures := func(unit string) (out []int64) {
		j := got[unit]
		for _, p := range j.series.points {
			out = append(out, j.series.exposed(ExposureLines, p.counted.Start(stockholm)))
		}
		return out
	}
	if a, b := fmt.Sprint(exposures("A")), fmt.Sprint(exposures("B")); a != "[2 2 2 2 1 1 1 1 2]" || b != "[0 0 1 1 2 2 1 1 0]" {
		t.Errorf("lines of A %s, of B %s", a, b)
	}
	if got["A"].Silent != "" || got["B"].Silent != SilentExposure || got["B"].Without != 3 {
		t.Errorf("A %q, B %q", got["A"].Silent, got["B"].Silent)
	}
}

// The rise is measured by the baseline, which may lie before the staff were informed; a
// unit that only climbs back to it is not flagged, nor one without a baseline.
func TestTrendBaseline(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := ownTrend(t, SourceWatches, "2026-01-01", plainTrend+", baseline: {from: 2025-01-01, to: 2025-03-01}")
	for unit, level := range map[string]int{"low": 40, "high": 200, "even": 97, "edge": 98} {
		weeklyWatches(s, unit, schema.Date(2025, 1, 6), level, level, level, level, level, level)
	}
	weeklyWatches(s, "outside", schema.Date(2025, 2, 12), 40, 40, 40, 40, 40) // only two of its weeks lie within
	for _, unit := range []string{"low", "high", "outside", "none", "even", "edge"} {
		weeklyWatches(s, unit, schema.Date(2026, 1, 5), 50, 56, 62, 68, 74, 80, 86, 92, 98, 104)
	}
	got := s.judgements(set)
	if j := got["low"]; !j.Flagged || j.Baseline != 40 || set.Rules()[0].leastRise(&j) != 6 {
		t.Errorf("above a low baseline: %+v", j)
	}
	if got["high"].Flagged || got["high"].Silent != "" || !got["edge"].HasTarget && got["edge"].Recent != 95 {
		t.Errorf("below a high baseline: %+v", got["high"])
	}
	if got["even"].Flagged || got["edge"].Flagged {
		t.Error("latest counts of 95 are above baselines of 97 and 98")
	}
	if got["outside"].Silent != SilentBaseline || got["none"].Silent != SilentBaseline {
		t.Errorf("without a baseline: %q, %q", got["outside"].Silent, got["none"].Silent)
	}
}
