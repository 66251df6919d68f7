package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// groupsPack holds rules that select much, one for each way in which groups are measured
// before they are judged: counts, sums, money, shares, commonest values; with exceptions,
// approvals, exempt numbers, limited lifetimes; of units, lines and cost centres; in months of
// zones that begin at the same and at other moments, and in other windows.
const groupsPack = `pack: groups
exempt_numbers: [L0000000000007]
rules:
  - {id: many, subject: unit, window: month, when: 'kind == "call"', exempt: {approval: forwarding}, limits: [{measure: count, count: true, unit: calls, above: 6, except: [{unit: U1, above: 3}, {role: on_call, above: 2}]}]}
  - {id: many-danish, zone: Europe/Copenhagen, valid_to: 2026-03-20, subject: unit, window: month, when: 'kind == "call"', limits: [{measure: count, count: true, unit: calls, above: 6}]}
  - {id: many-elsewhere, zone: America/New_York, subject: unit, window: month, when: 'kind == "call"', limits: [{measure: count, count: true, unit: calls, above: 6}]}
  - {id: many-utc, zone: UTC, subject: unit, window: month, when: 'kind == "call"', limits: [{measure: count, count: true, unit: calls, above: 6}]}
  - {id: dear, subject: unit, window: month, when: 'kind != "fee"', limits: [{measure: cost, cost: true, unit: SEK, above: 20}, {measure: duration, sum: duration_s, unit: s, above: 900}]}
  - {id: dear-line, subject: line, window: month, when: 'kind != "fee"', limits: [{measure: cost, cost: true, unit: SEK, above: 8}]}
  - {id: slow, informed_at: 2025-12-05, subject: unit, window: month, when: 'kind == "call" && !answered', limits: [{measure: share, share: {of: 'kind == "call"'}, at_least: 2, above: 20}]}
  - {id: evening, subject: unit, window: month, when: 'kind == "call" && hour(occurred_at) >= 12', evidence: none, limits: [{measure: share, share: {of: 'kind == "call"'}, at_least: 3, above: 40}]}
  - {id: same-number, subject: unit, window: month, when: 'kind == "call"', limits: [{measure: same-number, most: other_hash, unit: calls, above: 1}]}
  - {id: same-class, subject: unit, window: month, when: 'kind == "call"', limits: [{measure: same-class, most: other_class, unit: calls, above: 4}]}
  - {id: busy-day, subject: unit, window: day, when: 'kind != "fee"', limits: [{measure: count, count: true, unit: calls, above: 2}]}
  - {id: busy-week, zone: Europe/Copenhagen, subject: unit, window: week, when: 'kind != "fee"', limits: [{measure: count, count: true, unit: calls, above: 4}]}
`

// groupsSet loads the pack with what all its rules have in common.
func groupsSet(t testing.TB) *Set {
	t.Helper()
	var b strings.Builder
	for _, line := range strings.SplitAfter(groupsPack, "\n") {
		if rest, ok := strings.CutPrefix(line, "  - {id: "); ok {
			id := rest[:strings.Index(rest, ",")]
			common := "version: 1, severity: low, title: {en: T, sv: T}, description: {en: D, sv: D}, policy: [{document: D, section: S, quote: Q}], valid_from: 2025-01-01, source: usage, "
			if !strings.Contains(line, "informed_at") {
				common += "informed_at: 2025-01-01, "
			}
			line = "  - {id: " + id + ", " + common + strings.TrimSpace(rest[len(id)+1:]) + "\n"
		}
		b.WriteString(line)
	}
	rules, problems := Parse("groups.yaml", []byte(b.String()))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, wrong := newSet(contents{rules: rules})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return set
}

// TestGroupsDifferential compares what rules that select much find after their groups were
// measured with what they find alone with FINAL, in random stores.
func TestGroupsDifferential(t *testing.T) {
	t.Parallel()
	n := settledWorlds(t, rulesOfUsage(groupsSet(t)), 31, 2, func(g *growth) {
		g.decorate = func(u *schema.Usage) { u.OtherHash = uint64(g.rnd.IntN(4)) }
	})
	if n.measured < 40 {
		t.Errorf("groups were measured by %d queries only", n.measured)
	}
}

// TestGroupsAtMonthEnds counts calls on both sides of the moments at which a month of a zone
// and one of UTC begin, in months that are merged and in one that is not. Each call goes into
// the month in which it was where it is judged.
func TestGroupsAtMonthEnds(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.quietParts()
	var rows []schema.Usage
	zones := map[string]*time.Location{}
	for _, zone := range []string{"UTC", "Europe/Stockholm", "America/New_York"} {
		zones[zone] = zoneNamed(t, zone)
		for month := time.January; month <= time.May; month++ {
			edge := schema.Date(2026, month, 1).Start(zones[zone])
			for _, off := range []schema.Time{-3_600_000, -1, 0, 1, 3_600_000} {
				rows = append(rows, premium("LA", "U1", edge+off))
			}
		}
	}
	s.asIs(rows...)
	for _, month := range []string{"202512", "202601", "202602", "202603", "202604"} {
		s.merge(month)
	}
	for name, id := range map[string]string{"UTC": "many-utc", "Europe/Stockholm": "many-danish", "America/New_York": "many-elsewhere"} {
		rule := *ruleNamed(t, groupsSet(t), id)
		rule.ValidTo = 0
		rule.Limits = slices.Clone(rule.Limits)
		rule.Limits[0].above = 2
		m := &meddling{Store: s.conn}
		found, err := s.empty(Config{bulk: 1}, m).Verdicts(testCtx(t), &rule, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := map[schema.Day]uint32{}
		for _, u := range rows {
			want[schema.DayOf(u.OccurredAt, zones[name]).Month()]++
		}
		got := map[schema.Day]uint32{}
		for _, v := range found {
			got[v.WindowFrom] = v.EvidenceTotal
		}
		for day, calls := range want { // one row is made of those that are at the same moment
			if distinct := distinctCalls(rows, zones[name], day); distinct <= 2 {
				delete(want, day)
			} else if calls != distinct {
				want[day] = distinct
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if measuredBy(m.queries) == 0 {
			t.Errorf("%s: no groups were measured", name)
		}
	}
}

func distinctCalls(rows []schema.Usage, zone *time.Location, month schema.Day) uint32 {
	seen := map[schema.ID]bool{}
	for _, u := range rows {
		if schema.DayOf(u.OccurredAt, zone).Month() == month {
			seen[u.EventID] = true
		}
	}
	return uint32(len(seen))
}

func zoneNamed(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func ruleNamed(t testing.TB, set *Set, id string) *Rule {
	t.Helper()
	for _, r := range set.Rules() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return nil
}

// measuredBy counts the queries that measure groups.
func measuredBy(queries []string) int {
	n := 0
	for _, q := range queries {
		if strings.Contains(q, "] AS sums\n") {
			n++
		}
	}
	return n
}

// TestRestedMonths divides a month where it begins elsewhere.
func TestRestedMonths(t *testing.T) {
	months := settled{"202602": "a", "202603": "b", "202610": "c"}
	for _, c := range []struct{ zone, partition, month string }{
		{"UTC", "202603", "toInt32(20513)"},
		{"Europe/Stockholm", "202602", "toInt32(if(occurred_at < toDateTime64('2026-02-28 23:00:00.000', 3, 'UTC'), 20485, 20513))"},
		{"Europe/Stockholm", "202603", "toInt32(if(occurred_at < toDateTime64('2026-03-31 22:00:00.000', 3, 'UTC'), 20513, 20544))"},
		{"Europe/Stockholm", "202610", "toInt32(if(occurred_at < toDateTime64('2026-10-31 23:00:00.000', 3, 'UTC'), 20727, 20758))"},
		{"America/New_York", "202603", "toInt32(if(occurred_at >= toDateTime64('2026-03-01 05:00:00.000', 3, 'UTC'), 20513, 20485))"},
	} {
		list, _ := months.restedIn(zoneNamed(t, c.zone))
		for _, got := range list {
			if got.partition == c.partition && got.monthSQL() != c.month {
				t.Errorf("%s in %s: %q, want %q", c.partition, c.zone, got.monthSQL(), c.month)
			}
		}
	}
	if list, torn := (settled{"202602": "a", "all": "b"}).restedIn(time.UTC); len(list) != 1 || torn["all"] != "b" {
		t.Errorf("a part that is no month: %v and %v", list, torn)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{{"Europe/Stockholm", "Europe/Copenhagen", true}, {"Europe/Stockholm", "Europe/Stockholm", true}, {"Europe/Stockholm", "Europe/Helsinki", false}, {"Europe/Stockholm", "UTC", false}} {
		if got := sameMonths(zoneNamed(t, c.a), zoneNamed(t, c.b), schema.Date(2025, 1, 1)); got != c.want {
			t.Errorf("%s and %s: %t", c.a, c.b, got)
		}
	}
}

// TestLongQueries: what is asked of many months, with many names, is longer than the engine
// takes unless it is told so.
func TestLongQueries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	names := make([]string, 60_000)
	for i := range names {
		names[i] = "SE2321000016-" + strconv.Itoa(i)
	}
	e := s.empty(Config{}, s.conn)
	var n uint64
	err := e.each(testCtx(t), "SELECT count() FROM usage WHERE 1"+inList("unit_id", names), func(scan func(...any) error) error { return scan(&n) })
	if err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}
