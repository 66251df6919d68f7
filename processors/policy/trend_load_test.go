package policy

import (
	"slices"
	"strings"
	"testing"
)

// The trend stands on lines 15 to 27, one key a line.
const goodTrend = `pack: own
rules:
  - id: calls-rise
    version: 1
    title: {en: Calls rise, sv: Samtalen ökar}
    description: {en: Calls rise., sv: Samtalen ökar.}
    severity: low
    policy: [{document: Own policy, section: "3", quote: Ska minska.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: unit
    window: month
    source: usage
    where: [{column: forwarded, is: true}]
    trend:
      sum: duration_s
      scale: 3600
      unit: h
      test: seasonal-mann-kendall
      season: 12
      lookback_weeks: 156
      at_least: 60
      rise_share: 0.1
      recent: 4
      exposure: employees
      false_discovery: 0.1
      baseline: {from: 2024-01-01, to: 2025-01-01}
`

func TestParseTrend(t *testing.T) {
	rules, problems := Parse("own.yaml", []byte(goodTrend))
	if len(problems) > 0 || len(rules) != 1 {
		t.Fatalf("rules %v, problems %v", rules, problems)
	}
	tr := rules[0].Trend
	if !tr.statistical() || !tr.coupled() || tr.hasZ || tr.Season != 12 || tr.Per != WindowWeek || tr.Baseline.To.String() != "2025-01-01" || tr.riseDen != 10 || tr.inUnit(5400) != 1.5 {
		t.Errorf("read as %+v", tr)
	}
	core, _ := builtin(t).Find("rising-watches", 1)
	if core.Trend.statistical() {
		t.Error("the plain form of the core pack is judged by package stats")
	}
}

func TestParseTrendProblems(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"misspelt test", "test: seasonal-mann-kendall", "test: seasonal-man-kendall", `19:13: rule calls-rise trend: "test" cannot be "seasonal-man-kendall"; did you mean "seasonal-mann-kendall"?`},
		{"misspelt key", "exposure: employees", "exposur: employees", `25:7: rule calls-rise trend: unknown key "exposur"; did you mean "exposure"?`},
		{"thirteen seasons", "season: 12", "season: 13", `20:15: rule calls-rise trend: "season" is the number of seasons of a year: one of 52 12 4 per week`},
		{"weeks as seasons of months", "season: 12", "season: 52\n      per: month", `20:15: rule calls-rise trend: "season" is the number of seasons of a year: one of 12 4 per month`},
		{"no season", "      season: 12\n", "", `16:7: rule calls-rise trend: "season" is missing`},
		{"season without its test", "test: seasonal-mann-kendall", "test: mann-kendall", `20:15: rule calls-rise trend: "season" goes with test: seasonal-mann-kendall`},
		{"less than two years", "lookback_weeks: 156", "lookback_weeks: 103", `21:23: rule calls-rise trend: seasons are compared between years; lookback_weeks wants at least 104`},
		{"weeks for months", "season: 12", "season: 12\n      per: month", `22:23: rule calls-rise trend: numbers per month look back "lookback_months"`},
		{"other exposure", "exposure: employees", "exposure: beds", `25:17: rule calls-rise trend: "exposure" cannot be "beds"; known are employees, lines`},
		{"everything is false", "false_discovery: 0.1", "false_discovery: 1", `26:24: rule calls-rise trend: "false_discovery" is the share of false ones among the units found: above 0 and at most 0.5`},
		{"nothing is false", "false_discovery: 0.1", "false_discovery: 0", `26:24: rule calls-rise trend: "false_discovery" is the share of false ones among the units found: above 0 and at most 0.5`},
		{"share in words", "false_discovery: 0.1", "false_discovery: few", `26:24: rule calls-rise trend: "false_discovery" wants a number such as 60 or 12.5, with a point and at most six decimals`},
		{"neither z nor control", "      false_discovery: 0.1\n", "", `16:7: rule calls-rise trend: "z" is missing`},
		{"baseline without end", ", to: 2025-01-01}", "}", `27:17: rule calls-rise trend baseline: "to" is missing`},
		{"baseline of six days", "to: 2025-01-01}", "to: 2024-01-07}", `27:40: rule calls-rise trend baseline: "to" is the day after the last; want at least one whole week after from`},
		{"no date", "from: 2024-01-01", "from: spring", `27:24: rule calls-rise trend baseline: "from" wants a date such as 2025-01-01`},
		{"column of watches", "sum: duration_s", "column: open", `16:15: rule calls-rise trend: "column" is for source watches; usage has one of count: true, sum: a column, cost: true`},
		{"no measure", "      sum: duration_s\n", "", `16:7: rule calls-rise trend: give exactly one of count: true, sum: a column, cost: true`},
		{"two measures", "sum: duration_s", "sum: duration_s\n      count: true", `16:7: rule calls-rise trend: give exactly one of count: true, sum: a column, cost: true`},
		{"sum of a word", "sum: duration_s", "sum: device", `16:12: rule calls-rise trend: column "device" is a symbol and cannot be summed`},
		{"sum of nothing known", "sum: duration_s", "sum: durations", `16:12: rule calls-rise trend: table usage has no column "durations"; did you mean "duration_s"?`},
		{"count of false", "sum: duration_s", "count: false", `16:14: rule calls-rise trend: count wants true`},
		{"no unit", "      unit: h\n", "", `16:7: rule calls-rise trend: "unit" is missing`},
		{"of lines", "subject: unit", "subject: line", `3:5: rule calls-rise: a rule with a trend has the subject unit and the window week or month`},
		{"by day", "window: month", "window: day", `3:5: rule calls-rise: a rule with a trend has the subject unit and the window week or month`},
		{"limits too", "    trend:\n", "    limits: []\n    trend:\n", `15:13: rule calls-rise: a rule has limits or a trend, not both`},
		{"too far back", "lookback_weeks: 156", "lookback_weeks: 261", `16:7: rule calls-rise trend: want recent ≤ at_least ≤ lookback_weeks ≤ 260`},
		{"measure of watches", "source: usage\n    where: [{column: forwarded, is: true}]", "source: watches", `15:12: rule calls-rise trend: "sum" is for source usage; watches have a "column"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(goodTrend, tt.old) {
				t.Fatalf("the good rule has no %q", tt.old)
			}
			_, problems := Parse("own.yaml", []byte(strings.Replace(goodTrend, tt.old, tt.new, 1)))
			if !slices.ContainsFunc(problems, func(p Problem) bool { return p.String() == "own.yaml:"+tt.want }) {
				t.Errorf("problems:\n%v\nwant among them:\nown.yaml:%s", problems, tt.want)
			}
		})
	}
}

// What a retyped unit or threshold is judged by is in the text of the query, and a unit
// cannot end the comment it stands in.
func TestTrendQueryNamesThresholds(t *testing.T) {
	text := func(old, new string) string {
		rules, problems := Parse("own.yaml", []byte(strings.Replace(goodTrend, old, new, 1)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		q, err := rules[0].Compile()
		if err != nil {
			t.Fatal(err)
		}
		return q.SQL()
	}
	plain := text("", "")
	for old, new := range map[string]string{"false_discovery: 0.1": "false_discovery: 0.2", "rise_share: 0.1": "rise_share: 0.11", "recent: 4": "recent: 5", "at_least: 60": "at_least: 61",
		"season: 12": "season: 4", "scale: 3600": "scale: 60", "to: 2025-01-01}": "to: 2025-02-01}", "exposure: employees": "exposure: lines", "unit: h": "unit: hours", "unit: h\n": "unit: h\n      z: 0\n"} {
		if text(old, new) == plain {
			t.Errorf("%s instead of %s is the same query", new, old)
		}
	}
	if evil := text("unit: h", `unit: "h */ SELECT 1 /*"`); strings.Count(evil, "*/") != 1 {
		t.Errorf("a unit ends the comment: %s", evil[:300])
	}
}
