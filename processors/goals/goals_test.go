package goals

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

func dec(v float64) decimal.Decimal { return decimal.NewFromFloat(v) }

func day(t testing.TB, s string) schema.Day {
	t.Helper()
	d, err := schema.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// months are values of months in a row from the first on; a negative one is a gap.
func months(first schema.Day, values ...float64) []Point {
	var out []Point
	for m := first; len(values) > 0; m, values = lastDay(m)+1, values[1:] {
		if values[0] >= 0 {
			out = append(out, Point{Day: lastDay(m), Value: dec(values[0])})
		}
	}
	return out
}

// along is what the path of a goal says at the end of each month, times a factor.
func along(g Goal, first schema.Day, n int, factor float64) []Point {
	a := Assessment{Metric: g.Metric, Baseline: g.Baseline, Target: g.Target, From: g.From, TargetDay: g.TargetDay}
	var out []Point
	for m := first; n > 0; m, n = lastDay(m)+1, n-1 {
		out = append(out, Point{Day: lastDay(m), Value: a.path(lastDay(m)).Mul(dec(factor))})
	}
	return out
}

func TestJudge(t *testing.T) {
	jan := day(t, "2026-01-01")
	fall := Goal{ID: "f", Metric: ForwardedCalls, Unit: "U", Baseline: dec(300), Target: dec(200), From: jan, TargetDay: day(t, "2026-12-31")}
	rise := fall
	rise.Baseline, rise.Target = dec(100), dec(200)
	keep := fall
	keep.Baseline = dec(200)
	budget := fall
	budget.Metric = CostMonth
	short := fall
	short.TargetDay = day(t, "2026-08-15")
	first := fall
	first.TargetDay = day(t, "2026-08-01")
	late := fall
	late.From = day(t, "2026-06-15")
	end := func(s string) schema.Day { return lastDay(day(t, s)) }
	oct := end("2026-10-01")
	for _, tc := range []struct {
		name     string
		goal     Goal
		points   []Point
		asOf     schema.Day
		status   string
		now      float64
		progress float64
		onPath   bool
		forecast float64 // < 0: none
	}{
		{"exactly on the path", fall, along(fall, jan, 10, 1), oct, OnTrack, 216.758, 83.242, true, 200},
		{"just off the path", fall, along(fall, jan, 10, 1.001), oct, OffTrack, 216.975, 83.025, false, 200.2},
		{"flat", fall, months(jan, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300), oct, OffTrack, 300, 0, false, 300},
		{"flat below the path of today: ahead, and yet not there in the end", fall, months(jan, 210, 210, 210, 210, 210), end("2026-05-01"), OffTrack, 210, 90, true, 210},
		{"behind the path, but fast enough", fall, months(jan, 300, 300, 300, 295, 285, 270, 255, 240, 225, 217), oct, OnTrack, 217, 83, false, -2},
		{"reached before its day", fall, months(jan, 290, 240, 199), end("2026-03-01"), Reached, 199, 101, true, -2},
		{"exactly at the target", fall, months(jan, 290, 240, 200), end("2026-03-01"), Reached, 200, 100, true, -2},
		{"a rise towards more", rise, along(rise, jan, 10, 1), oct, OnTrack, 183.242, 83.242, true, 200},
		{"a fall where more is wanted", rise, months(jan, 100, 95, 90), end("2026-03-01"), OffTrack, 90, -10, false, -2},
		{"a level to keep, kept", keep, months(jan, 190, 195, 199), end("2026-03-01"), Reached, 199, 0, true, -2},
		{"a level to keep, not kept", keep, months(jan, 205, 205, 205), end("2026-03-01"), OffTrack, 205, 0, false, 205},
		{"one month only", fall, months(jan, 290), end("2026-01-01"), TooLittleData, 290, 10, true, -1},
		{"two months only", fall, months(jan, 290, 280), end("2026-02-01"), TooLittleData, 280, 20, true, -1},
		{"one month only, and reached", fall, months(jan, 150), end("2026-01-01"), Reached, 150, 150, true, -1},
		{"months missing in between", fall, months(jan, 290, -1, -1, 260, 250), end("2026-05-01"), OnTrack, 250, 50, true, -2},
		{"the newest month missing", fall, months(jan, 290, 280, 270, 260, -1), end("2026-05-01"), TooLittleData, 260, 40, true, -2},
		{"nothing measured", fall, nil, oct, TooLittleData, -1, 0, false, -1},
		{"months before the goal are not its pace", late, months(jan, 400, 390, 380, 370, 360, 350, 260, 255), end("2026-08-01"), TooLittleData, 255, 45, true, -1},
		{"its day has passed: reached", short, months(jan, 300, 290, 280, 270, 260, 250, 200, 400), end("2026-08-01"), Reached, 200, 100, true, -1},
		{"its day has passed: missed", short, months(jan, 300, 290, 280, 270, 260, 250, 201, 100), end("2026-08-01"), Missed, 201, 99, true, -1},
		{"its day is not over before its month is", short, months(jan, 300, 290, 280, 270, 260, 250, 240), end("2026-07-01"), OffTrack, 240, 60, false, -2},
		{"its day has passed, and nothing was measured in the months before it", short, months(jan, 300, 290, 280, 150, -1, -1, -1, -1), end("2026-08-01"), TooLittleData, 150, 150, true, -1},
		{"its day has passed, and the month before it is missing", short, months(jan, 300, 290, 280, 270, 260, 150, -1, 150), end("2026-08-01"), TooLittleData, 150, 150, true, -1},
		{"a fall below nothing stops there", fall, months(jan, 900, 700, 500, 300), end("2026-04-01"), OnTrack, 300, 0, false, 0},
		{"by the first of a month means the month before", first, months(jan, 300, 290, 280, 270, 260, 250, 190, 250), end("2026-08-01"), Reached, 190, 110, true, -1},
		{"a budget kept", budget, months(jan, 190), end("2026-01-01"), OnTrack, 190, 0, true, -1},
		{"a budget exactly kept", budget, months(jan, 190, 200), end("2026-02-01"), OnTrack, 200, 0, true, -1},
		{"a budget exceeded, however little", budget, months(jan, 190, 200.01), end("2026-02-01"), OffTrack, 200.01, 0, false, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := Judge(tc.goal, Series{Points: tc.points, AsOf: tc.asOf})
			near := func(what string, got decimal.Decimal, want float64) {
				if got.Sub(dec(want)).Abs().GreaterThan(dec(0.001)) {
					t.Errorf("%s %s, want %v", what, got, want)
				}
			}
			if a.Status != tc.status || a.OnPath != tc.onPath || a.Measured != (tc.now >= 0) {
				t.Errorf("status %s, on the path %v, measured %v; want %s, %v", a.Status, a.OnPath, a.Measured, tc.status, tc.onPath)
			}
			if a.Measured {
				near("now", a.Now, tc.now)
				near("progress", a.Progress, tc.progress)
			}
			switch {
			case a.HasForecast != (tc.forecast != -1):
				t.Errorf("forecast %v, from %d points", a.HasForecast, a.Points)
			case tc.forecast >= 0:
				near("forecast", a.Forecast, tc.forecast)
			}
			if a.HasForecast && (a.Low.GreaterThan(a.Forecast) || a.High.LessThan(a.Forecast)) {
				t.Errorf("the forecast %s lies outside %s to %s", a.Forecast, a.Low, a.High)
			}
		})
	}
}

// TestMonthBefore finds the month that the newest one is compared with: the one right before
// it, or none.
func TestMonthBefore(t *testing.T) {
	g := Goal{Metric: ForwardedCalls, Unit: "U", Baseline: dec(300), Target: dec(200), From: day(t, "2023-11-01"), TargetDay: day(t, "2024-12-31")}
	// 2024 is a leap year: February ends on the 29th.
	a := Judge(g, Series{Points: months(day(t, "2023-12-01"), 280, 270, 265), AsOf: day(t, "2024-02-29")})
	if a.NowDay != day(t, "2024-02-29") || a.Month != day(t, "2024-02-01") || !a.HasBefore || !a.Before.Equal(dec(270)) {
		t.Errorf("on the leap day: %+v", a)
	}
	// 120 of 426 days are gone on the leap day.
	if want := dec(300).Sub(dec(100).Mul(dec(120)).DivRound(dec(426), 6)); !a.Expected.Equal(want) {
		t.Errorf("the path stands at %s, want %s", a.Expected, want)
	}
	a = Judge(g, Series{Points: months(day(t, "2023-12-01"), 280, -1, 265), AsOf: day(t, "2024-02-29")})
	if a.HasBefore {
		t.Errorf("a month that is missing is compared with: %s", a.Before)
	}
}

// TestWeeks judges counts of weeks, over the night the clocks change: days are days there.
func TestWeeks(t *testing.T) {
	g := Goal{Metric: WatchesOpen, Unit: "U", Baseline: dec(400), Target: dec(260), From: day(t, "2026-02-02"), TargetDay: day(t, "2026-06-22")}
	var points []Point
	for i := range 9 { // seven fewer every week, on the path: 400 − 7 × 20 weeks = 260
		points = append(points, Point{Day: g.From + schema.Day(7*i), Value: dec(float64(400 - 7*i))})
	}
	a := Judge(g, Series{Weekly: true, Points: points, AsOf: day(t, "2026-03-31")})
	if a.Status != OnTrack || !a.OnPath || !a.Forecast.Equal(dec(260)) || !a.Low.Equal(a.High) {
		t.Errorf("on the path: %s, forecast %s (%s–%s)", a.Status, a.Forecast, a.Low, a.High)
	}
	// The last count of March is of the 30th, the last of February of the 23rd.
	if !a.Now.Equal(dec(344)) || !a.HasBefore || !a.Before.Equal(dec(379)) || a.NowDay != day(t, "2026-03-30") {
		t.Errorf("now %s on %s, before %s", a.Now, a.NowDay, a.Before)
	}
	for i := range points[:5] {
		a = Judge(g, Series{Weekly: true, Points: points[:i+1], AsOf: lastDay(points[i].Day)})
		if a.Status != TooLittleData || a.HasForecast {
			t.Errorf("%d weeks: %s", i+1, a.Status)
		}
	}
}

func TestBudgetHasNoWay(t *testing.T) {
	g := Goal{Metric: CostMonth, CostCentre: "1", Baseline: dec(900), Target: dec(1000), From: day(t, "2026-01-01"), TargetDay: day(t, "2026-12-31")}
	a := Judge(g, Series{Points: months(g.From, 950), AsOf: day(t, "2026-01-31")})
	if a.HasProgress || !a.Expected.Equal(g.Target) {
		t.Errorf("a budget has progress %v and is expected to be %s", a.HasProgress, a.Expected)
	}
}

// TestCoverage finds whole months: those at the ends are not, where data begin or end within
// them, and neither are months without any data.
func TestCoverage(t *testing.T) {
	var c coverage
	c.add(day(t, "2025-11-05"), day(t, "2025-11-30"))
	c.add(day(t, "2025-12-01"), day(t, "2025-12-31"))
	c.add(day(t, "2026-02-01"), day(t, "2026-02-28"))
	c.add(day(t, "2026-03-01"), day(t, "2026-03-30"))
	c.settle()
	if c.asOf != day(t, "2026-02-28") {
		t.Errorf("the newest whole month ends on %s", c.asOf)
	}
	c.reach(nil)
	if got := c.wholes(); len(got) != 2 || got[0] != day(t, "2025-12-01") || got[1] != day(t, "2026-02-01") {
		t.Errorf("whole months %v", got)
	}
	c.reach([]Goal{{TargetDay: day(t, "2024-03-15")}})
	if c.from != day(t, "2024-01-01") || c.from.At(time.UTC).Day() != 1 {
		t.Errorf("the history begins on %s", c.from)
	}
	if (&coverage{}).wholes() != nil {
		t.Error("an empty store has whole months")
	}
}
