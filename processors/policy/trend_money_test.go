package policy

import "testing"

// Amounts beyond what a float holds are compared and told to the millionth.
func TestTrendMoney(t *testing.T) {
	sek := &Trend{Scale: 1, money: true}
	for _, tt := range []struct {
		values []int64
		text   string
		target float64
		above  bool
	}{
		{[]int64{60_000_000}, "60", 60, false},
		{[]int64{60_000_001}, "60.000001", 60, true},
		{[]int64{100, 60_000_000, 60_000_001, 90_000_000}, "60.0000005", 60, true},
		{[]int64{9_007_199_254_740_993}, "9007199254.740993", 9007199254.740993, false}, // 2⁵³+1
		{[]int64{100_000, 300_000}, "0.2", 0.2, false},
		{[]int64{100_001, 300_000}, "0.2000005", 0.2, true},
		{[]int64{-5, 5, 0}, "0", 0, false},
	} {
		m := sek.exactMedian(tt.values)
		if exactText(m) != tt.text || aboveTarget(m, tt.target) != tt.above {
			t.Errorf("%v: %s, above %v: %t", tt.values, exactText(m), tt.target, aboveTarget(m, tt.target))
		}
	}
	if s := exactText((&Trend{Scale: 3600}).exact(5400)); s != "1.5" {
		t.Errorf("an hour and a half is %s", s)
	}
}
