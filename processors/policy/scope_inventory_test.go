package policy

import (
	"testing"
	"time"
)

// How many lines a unit has and what a cost centre may cost is stated: without any usage, all
// windows of rules that ask it are judged, and of no others.
func TestStatementsHaveRulesJudgedThatAskThem(t *testing.T) {
	for _, c := range []struct {
		name string
		rule Rule
		all  bool
	}{
		{"a trend per line", Rule{Window: WindowMonth, From: SourceUsage, Subject: SubjectUnit, Trend: &Trend{Exposure: ExposureLines}}, true},
		{"a trend per employee", Rule{Window: WindowMonth, From: SourceUsage, Subject: SubjectUnit, Trend: &Trend{Exposure: ExposureEmployees}}, false},
		{"a budget", Rule{Window: WindowMonth, From: SourceUsage, Subject: SubjectCostCentre, Budget: &Budget{}}, true},
		{"a sum of usage", Rule{Window: WindowMonth, From: SourceUsage, Subject: SubjectLine}, false},
	} {
		parts := c.rule.parts(Scope{Inventory: true}, time.UTC, 10)
		if (parts == nil) != c.all || !c.all && len(parts) != 0 {
			t.Errorf("%s: parts %v, want everything: %t", c.name, parts, c.all)
		}
	}
}
