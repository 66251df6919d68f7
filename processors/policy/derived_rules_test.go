package policy

import (
	"strings"
	"testing"
	"testing/fstest"
)

const kindsHead = `
    version: 1
    title: {en: A rule, sv: En regel}
    description: {en: A rule., sv: En regel.}
    severity: medium
    policy: [{document: Own policy, section: "1", quote: Så ska det vara.}]
    valid_from: 2024-01-01
    informed_at: 2024-01-01
`

// kindsPack holds a rule of every kind that is judged outside the one query, and one over
// every source that is made of statements. The reference below says the same in Go.
func kindsPack() string {
	rules := []string{`unused
    kind: absence
    subject: line
    window: month
    source: usage
    when: kind != "fee"
    absence: {days: 45, lines: 'kind == "mobile" && role in ["personal", "shared"]'}
    says: {en: "not used for {value} days", sv: "inte använt på {value} dagar"}`, `unused-year
    kind: absence
    subject: line
    window: year
    source: usage
    when: kind == "call"
    absence: {}`, `unreviewed
    kind: absence
    subject: line
    window: month
    source: approvals
    when: kind == "review"
    absence: {days: 60, lines: 'kind == "mobile"'}`, `line-hours
    kind: schedule
    subject: line
    window: day
    source: hours
    schedule: {weekly_hours: 5, shortest_hours: 1}`, `unit-hours
    kind: schedule
    window: day
    source: hours
    when: weekday < 6
    schedule: {weekly_hours: 7.5}`, `unit-budget
    kind: budget
    window: month
    source: usage
    when: device != "desk_phone"
    budget: {metric: cost_month, above_percent: 100, high_above_percent: 120}`, `centre-budget
    kind: budget
    subject: cost_centre
    window: month
    source: usage
    budget: {metric: cost_month, above_percent: 80}`, `year-budget
    kind: budget
    window: year
    source: usage
    budget: {metric: cost_month}`, `often
    subject: line
    window: rolling
    days: 7
    source: usage
    when: kind == "call"
    exempt: {approval: forwarding}
    limits:
      - {measure: count, count: true, unit: calls, above: 6, high_above: 9}
      - {measure: cost, cost: true, unit: SEK, above: 20}`, `often-unit
    window: rolling
    days: 5
    source: usage
    when: kind == "data"
    limits: [{measure: volume, sum: volume_bytes, scale: 1000000, unit: MB, above: 30}]`, `hours-at-all
    kind: match
    subject: unit
    window: day
    source: hours
    when: closes_min - opens_min > 0 || weekday > 0
    exempt: {approval: hours}`, `kept
    kind: match
    subject: unit
    window: month
    source: returns
    when: '!returned && late_days > 14'`, `returns-late
    subject: line
    window: year
    source: returns
    where: []
    when: late_days > 0
    limits: [{measure: days, sum: late_days, unit: days, above: 20}]`, `not-blocked
    subject: line
    window: month
    source: losses
    when: item in ["mobile", "sim"]
    limits:
      - {measure: hours, sum: block_hours, unit: h, above: 24}
      - {measure: used, sum: used_after, unit: events, above: 0}
      - {measure: cost, cost: true, unit: SEK, above: 1}`, `many-approvals
    window: month
    source: approvals
    when: kind in ["trip", "premium"]
    limits: [{measure: count, count: true, unit: approvals, above: 1}]`}
	text := "pack: kinds\nrules:\n"
	for _, r := range rules {
		id, rest, _ := strings.Cut(r, "\n")
		text += "  - id: " + id + kindsHead + rest + "\n"
	}
	return strings.Replace(text, "closes_min - opens_min > 0 || weekday > 0", "weekday > 0", 1)
}

func kindsSet(t testing.TB) *Set {
	t.Helper()
	return parsed(t, kindsPack())
}

// parsed loads a pack that has nothing wrong.
func parsed(t testing.TB, text string) *Set {
	t.Helper()
	set, err := Load(fstest.MapFS{"kinds.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
