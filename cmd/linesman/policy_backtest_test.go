package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"linesman/processors/backtest"
)

// premiumDraft is a draft of the built-in rule about premium-rate calls: above how many, and
// how bad.
func premiumDraft(t *testing.T, above, severity string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "draft.yaml"), []byte(`pack: own
rules:
  - id: premium-call
    version: 2
    title: {en: Calls to premium-rate services, sv: Samtal till betaltjänster}
    description: {en: Any., sv: Alla.}
    severity: `+severity+`
    policy: [{document: Telefonpolicy, section: "1", quote: Betaltjänster får inte användas.}]
    valid_from: 2027-01-01
    informed_at: 2026-12-01
    subject: line
    window: month
    source: usage
    where:
      - {column: other_class, is: premium}
      - {column: answered, is: true}
    limits:
      - {measure: count, count: true, unit: calls, above: `+above+`}
`))
}

// Beside a running program and alone the answer is the same, and nothing is written.
func TestPolicyBacktest(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	succeed(t, "collect", "--data", data, "cucm", "testdata/"+older, "testdata/"+newer)
	settled(t, data)
	const state = "SELECT groupBitXor(cityHash64(*)), count() FROM violations"
	before := query(t, data, state)
	high, milder := premiumDraft(t, "0", "high"), premiumDraft(t, "1", "medium")

	var alone, beside backtest.Report
	succeedJSON(t, &alone, "policy", "backtest", "--data", data, "--policy", high, "--evidence")
	if tot := alone.Total; tot.Changed.Count != 1 || tot.New.Count+tot.Gone.Count+tot.Unchanged.Count != 0 || len(alone.Rules[0].Examples) != 1 {
		t.Errorf("high severity: %+v", alone)
	}
	i := startUp(t, data)
	succeedJSON(t, &beside, "policy", "backtest", "--data", data, "--policy", high, "--evidence")
	alone.Seconds, beside.Seconds = 0, 0
	if !reflect.DeepEqual(alone, beside) {
		t.Errorf("alone  %+v\nbeside %+v", alone, beside)
	}
	out := succeed(t, "policy", "backtest", "--data", data, "--policy", milder, "--lang", "sv")
	for _, want := range []string{"premium-call 1 → 2", "gräns för count: 0 → 1 calls", "enligt sina egna datum flaggar det ingenting före 2027-01-01", "borta",
		"med utkastet bedömer version 1 från och med 2025-01-01 till och med 2026-12-31, utkastet version 2 från och med 2027-01-01"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	var gone backtest.Report
	succeedJSON(t, &gone, "policy", "backtest", "--data", data, "--policy", milder, "--rule", "premium-call", "--from", "2026-03-01", "--to", "2026-03-31")
	if gone.Total.Gone.Count != 1 || gone.Total.New.Count != 0 || gone.To.String() != "2026-03-31" {
		t.Errorf("milder: %+v", gone)
	}
	if out := succeed(t, "policy", "backtest", "--data", data, "--policy", milder, "--as-dated"); !strings.Contains(out, "each judged by its own dates") || strings.Contains(out, "judged from") {
		t.Errorf("by its own dates:\n%s", out)
	}
	out = succeed(t, "policy", "backtest", "--data", data, "--policy", milder, "--from", "2026-03-02", "--to", "2026-03-31")
	if !strings.Contains(out, "no whole window (month) lies in the period") || strings.Contains(out, "windows") {
		t.Errorf("no whole window:\n%s", out)
	}
	fails(t, []string{"premium-cal", "premium-call"}, "policy", "backtest", "--data", data, "--policy", milder, "--rule", "premium-cal")
	fails(t, []string{"yyyy-mm-dd"}, "policy", "backtest", "--data", data, "--policy", milder, "--from", "March")
	if after := query(t, data, state); after != before {
		t.Errorf("violations were %s and are %s", before, after)
	}
	i.stop()
}

func TestPolicyBacktestRefuses(t *testing.T) {
	broken := write(t, filepath.Join(t.TempDir(), "broken.yaml"), []byte("pack: own\nrules:\n  - id: X\n"))
	fails(t, []string{broken + ":3:9: rule id \"X\""}, "policy", "backtest", "--policy", broken)
	fails(t, []string{"no draft"}, "policy", "backtest")
	fails(t, []string{"en or sv"}, "policy", "backtest", "--policy", broken, "--lang", "da")
	fails(t, []string{"turn --from and --to around"}, "policy", "backtest", "--policy", broken, "--from", "2026-02-01", "--to", "2026-01-01")
	fails(t, []string{"--to", "yyyy-mm-dd"}, "policy", "backtest", "--policy", broken, "--to", "31/1")
	fails(t, []string{"there are no data"}, "policy", "backtest", "--data", filepath.Join(t.TempDir(), "none"), "--policy", premiumDraft(t, "0", "high"))
}

func TestPolicyDiff(t *testing.T) {
	old, next := premiumDraft(t, "0", "medium"), premiumDraft(t, "3", "high")
	if out := succeed(t, "policy", "diff", old, next); out != "premium-call 2 → 2  Calls to premium-rate services\n  · severity: medium → high\n  · limit of count: 0 → 3 calls\n" {
		t.Errorf("diff said\n%s", out)
	}
	if out := succeed(t, "policy", "diff", next, "--lang", "sv"); !strings.Contains(out, "premium-call 1 → 2  Samtal till betaltjänster\n  · version: 1 → 2\n") || strings.Contains(out, "private-roaming") {
		t.Errorf("diff with what is in force said\n%s", out)
	}
	var diffs []backtest.RuleDiff
	succeedJSON(t, &diffs, "policy", "diff", old, old)
	if len(diffs) != 1 || len(diffs[0].Words) != 0 {
		t.Errorf("a file differs from itself: %+v", diffs)
	}
	if out := succeed(t, "policy", "diff", "--rule", "premium-call", "--from-version", "1", "--to-version", "1"); !strings.Contains(out, "nothing changes") {
		t.Errorf("diff of a version with itself said\n%s", out)
	}
	fails(t, []string{"no rule premium-call/9 is in force"}, "policy", "diff", "--rule", "premium-call", "--from-version", "1", "--to-version", "9")
	fails(t, []string{"name two rule files"}, "policy", "diff")
	fails(t, []string{"name two rule files"}, "policy", "diff", old, next, "--rule", "premium-call", "--from-version", "1", "--to-version", "2")
}
