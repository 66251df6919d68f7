package query

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
	"linesman/schema"
)

var update = flag.Bool("update", false, "write the words that the code makes")

// TestGoalWords compares the words for every way a goal can stand with those that were read
// by a person.
func TestGoalWords(t *testing.T) {
	texts, err := messages.Load()
	if err != nil {
		t.Fatal(err)
	}
	dec := decimal.NewFromFloat
	oct, end := schema.Date(2026, 10, 1), schema.Date(2026, 10, 31)
	base := func(metric string, now, before, target float64) GoalState {
		return GoalState{Metric: metric, Unit: "U", Baseline: dec(400), Target: dec(target), From: schema.Date(2026, 1, 1), TargetDay: schema.Date(2026, 12, 31), AsOf: end,
			Measured: true, Now: dec(now), NowDay: end, Month: oct, HasBefore: true, Before: dec(before), Expected: dec(275), Status: statusTooLittle}
	}
	with := func(g GoalState, status string, onPath bool, forecast ...float64) GoalState {
		g.Status, g.OnPath = status, onPath
		if len(forecast) == 3 {
			g.HasForecast, g.Forecast, g.Low, g.High = true, dec(forecast[0]), dec(forecast[1]), dec(forecast[2])
		}
		return g
	}
	change := func(g GoalState, f func(*GoalState)) GoalState { f(&g); return g }
	watches := base("watches_open", 312, 330, 250)
	cases := []struct {
		name string
		goal GoalState
	}{
		{"off track", with(watches, statusOffTrack, false, 270.4, 255.2, 289.6)},
		{"off track by less than rounding shows", with(watches, statusOffTrack, false, 250.2, 249.9, 250.4)},
		{"on track", with(watches, statusOnTrack, true, 240, 231, 251)},
		{"on track, no doubt", with(watches, statusOnTrack, true, 250, 250, 250)},
		{"on track, behind the path", with(watches, statusOnTrack, false, 240, 231, 251)},
		{"off track, ahead of the path", with(watches, statusOffTrack, true, 312, 300, 320)},
		{"reached", with(base("watches_open", 250, 249, 250), statusReached, true)},
		{"one", with(base("watches_open", 1, 1, 250), statusReached, true)},
		{"thousands", change(with(base("watches_open", 12312, 14000, 9500), statusOffTrack, false, 10250, 9800, 11020), func(g *GoalState) { g.Baseline = dec(15000) })},
		{"too few", with(watches, statusTooLittle, true)},
		{"the month before is missing", change(with(watches, statusTooLittle, true), func(g *GoalState) { g.HasBefore = false })},
		{"the newest month is missing", change(with(watches, statusTooLittle, true), func(g *GoalState) { g.AsOf = schema.Date(2026, 11, 30) })},
		{"nothing measured", change(watches, func(g *GoalState) { g.Measured = false })},
		{"missed", change(with(watches, statusMissed, false), func(g *GoalState) { g.TargetDay = end })},
		{"reached on its day", change(with(base("watches_open", 240, 260, 250), statusReached, true), func(g *GoalState) { g.TargetDay = end })},
		{"nobody knows", change(with(watches, statusTooLittle, false), func(g *GoalState) { g.TargetDay, g.Measured = end, false })},
		{"more is better", change(with(base("watches_open", 420, 410, 500), statusOnTrack, true, 510, 480, 530), func(*GoalState) {})},
		{"forwarding", with(base("forwarded_calls", 45, 45, 30), statusOffTrack, false, 44.5, 38.2, 49.6)},
		{"forwarding, one", with(base("forwarded_calls", 1, 3, 30), statusReached, true)},
		{"unused lines", with(base("unused_lines", 14, 17, 5), statusOnTrack, true, 4.6, 2.2, 6.9)},
		{"unused lines, one", with(base("unused_lines", 1, 0, 0), statusOffTrack, true, 1, 0, 2)},
		{"cost per employee", with(base("cost_per_employee", 412.4, 431.6, 380), statusOnTrack, true, 377.2, 361.8, 392.4)},
		{"cost per employee, little", with(base("cost_per_employee", 41.25, 41.25, 38), statusOffTrack, false, 41.25, 40.1, 42.4)},
		{"a budget kept", with(base("cost_month", 10250.4, 11020, 10500), statusOnTrack, true)},
		{"a budget exceeded", with(base("cost_month", 12250.6, 11020, 10500), statusOffTrack, false)},
		{"a budget exceeded by öre", with(base("cost_month", 10500.04, 11020, 10500), statusOffTrack, false)},
	}
	for _, lang := range messages.Languages() {
		var b strings.Builder
		for _, tc := range cases {
			fmt.Fprintf(&b, "%s:\n  %s\n", tc.name, goalSentence(texts.In(lang), tc.goal))
		}
		if strings.Contains(b.String(), "goalsay") || strings.Contains(b.String(), "{") {
			t.Errorf("%s: keys where words should be", lang)
		}
		file := filepath.Join("testdata", "goal_words."+lang+".golden")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != string(want) {
			t.Errorf("%s is not what the code says; run go test ./dashboards/query -run TestGoalWords -update and read it:\n%s", file, got)
		}
	}
}
