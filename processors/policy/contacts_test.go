package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

var contactPack = packOf(
	ruleText("partners-key", "unit", `source: contacts
    window: month
    when: key == "9" && origin == "internal"
    limits: [{measure: contacts, sum: offered, unit: contacts, above: 20, high_above: 40, except: [{unit: U2, above: 30}]}]`),
	ruleText("any-outside", "unit", `source: contacts
    kind: match
    when: key == "8" && origin == "external" && offered > 0 && hour(occurred_at) >= 8`),
	ruleText("intervals", "unit", `source: contacts
    window: week
    when: abandoned > 2
    limits: [{measure: share, share: {of: offered > 0}, at_least: 5, above: 40}, {measure: same, most: queue, unit: intervals, above: 6}]`))

func contact(unit string, at schema.Time, key, origin string, offered, abandoned uint32, extract schema.Time) schema.Contact {
	return schema.Contact{EventID: schema.NewID("contact", unit, fmt.Sprint(at), key, origin, fmt.Sprint(extract, offered, abandoned)), UnitID: unit, Queue: "q" + unit + key, Key: key, Origin: origin,
		OccurredAt: at, Zone: schema.DefaultZone, IntervalS: 900, Offered: offered, Abandoned: abandoned, Answered: offered - min(abandoned, offered), ExtractAt: extract, Rank: uint64(extract), LocalDay: schema.DayOf(at, stockholm)}
}

// slowlyContacts is the reference of contactPack.
func slowlyContacts(latest map[string]schema.Contact) map[string]verdict {
	groups := map[string][]schema.Contact{}
	wholes := map[string][2]int{}
	for _, c := range latest {
		if c.OccurredAt < informed {
			continue
		}
		local := time.UnixMilli(int64(c.OccurredAt)).In(stockholm)
		day := schema.Date(local.Year(), local.Month(), local.Day())
		week := place("intervals", c.UnitID, day-schema.Day((int(local.Weekday())+6)%7))
		if c.Key == "9" && c.Origin == "internal" {
			at := place("partners-key", c.UnitID, schema.Date(local.Year(), local.Month(), 1))
			groups[at] = append(groups[at], c)
		}
		if c.Key == "8" && c.Origin == "external" && c.Offered > 0 && local.Hour() >= 8 {
			at := place("any-outside", c.UnitID, day)
			groups[at] = append(groups[at], c)
		}
		n := wholes[week]
		if c.Abandoned > 2 {
			groups[week] = append(groups[week], c)
			if c.Offered > 0 {
				n[0]++
			}
		}
		if c.Offered > 0 {
			n[1]++
		}
		wholes[week] = n
	}
	out := map[string]verdict{}
	for at, rows := range groups {
		slices.SortFunc(rows, func(a, b schema.Contact) int {
			return byMoment(schema.Usage{OccurredAt: a.OccurredAt, EventID: a.EventID}, schema.Usage{OccurredAt: b.OccurredAt, EventID: b.EventID})
		})
		rule, rest, _ := strings.Cut(at, " ")
		v := verdict{Severity: "low"}
		v.Unit, _, _ = strings.Cut(rest, " ")
		days, queues, offered := map[schema.Day]bool{}, map[string]int{}, 0
		for _, c := range rows {
			v.Evidence = append(v.Evidence, c.EventID)
			days[schema.DayOf(c.OccurredAt, stockholm)] = true
			queues[c.Queue]++
			offered += int(c.Offered)
		}
		v.Days = len(days)
		switch rule {
		case "partners-key":
			v.Measure, v.Value, v.Limit = "contacts", float64(offered), 20
			if offered > 40 {
				v.Severity = "high"
			}
			if v.Unit == "U2" {
				v.Limit, v.Excepted = 30, "contacts:unit"
			}
		case "any-outside":
			v.Measure, v.Value = "matches", float64(len(rows))
		default:
			n, most := wholes[at], 0
			for _, q := range queues {
				most = max(most, q)
			}
			v.Parts = fmt.Sprintf("share:%d/%d", n[0], n[1])
			if v.Measure, v.Value, v.Limit = "same", float64(most), 6; n[1] >= 5 && 100*n[0] > 40*n[1] {
				v.Measure, v.Value, v.Limit = "share", round6(100*float64(n[0])/float64(n[1])), 40
			}
		}
		if v.Value > v.Limit {
			out[at] = v
		}
	}
	return out
}

// Statistics of contact centres are judged as the reference judges them, while extracts of
// the same intervals come again with other numbers.
func TestContactsDifferential(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set, err := loadAll(contactPack)
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	seen := map[string]int{}
	for seed := range uint64(3) {
		s.t = t
		s.reset()
		rnd := rand.New(rand.NewPCG(seed, 23))
		latest := map[string]schema.Contact{}
		for step := range 4 {
			var scope Scope
			var rows []schema.Contact
			for i := range 160 {
				day := schema.Date(2025, 12, 20) + schema.Day(rnd.IntN(24))
				at := day.Start(stockholm) + schema.Time(900_000*int64(rnd.IntN(96)))
				c := contact(fmt.Sprint("U", rnd.IntN(3)), at, fmt.Sprint(8+rnd.IntN(2)), []string{"internal", "external", "unknown"}[rnd.IntN(3)], uint32(rnd.IntN(6)), uint32(rnd.IntN(5)),
					schema.Time(1000*(step+1)+i))
				rows = append(rows, c)
				id := fmt.Sprint(c.UnitID, c.OccurredAt, c.Queue, c.Key, c.Origin)
				latest[id] = c
				scope.TouchUnit(c.UnitID, c.LocalDay)
			}
			insert(s, schema.ContactTable(), rows...)
			s.project(s.evaluate(e, scope))
			want := slowlyContacts(latest)
			difference(t, fmt.Sprintf("seed %d step %d", seed, step), s.standing(), want)
			for at, v := range want {
				seen[strings.Fields(at)[0]+" "+v.Measure]++
			}
		}
		if events := s.evaluate(e, Scope{All: true}); len(events) > 0 {
			t.Errorf("a look at everything finds more: %v", brief(events))
		}
	}
	t.Logf("windows flagged: %v", seen)
	for _, what := range []string{"partners-key contacts", "any-outside matches", "intervals share", "intervals same"} {
		if seen[what] < 3 {
			t.Errorf("the worlds are too tame to test %s: %d windows flagged", what, seen[what])
		}
	}
}

// What contacts do not have is refused.
func TestContactProblems(t *testing.T) {
	for rest, want := range map[string]string{
		"source: contacts\n    window: month\n    when: key == \"9\"\n    limits: [{measure: cost, cost: true, unit: SEK, above: 1}]":                                        "contacts have no cost",
		"source: contacts\n    window: month\n    when: key == \"9\"\n    exempt: {approval: trip}\n    limits: [{measure: n1, count: true, unit: x, above: 1}]":             "contacts have none",
		"source: contacts\n    window: month\n    exempt_numbers: [L0000000000001]\n    when: key == \"9\"\n    limits: [{measure: n1, count: true, unit: x, above: 1}]":     "contacts have neither lines nor other parties",
		"source: contacts\n    window: month\n    when: origin == \"intern\"\n    limits: [{measure: n1, count: true, unit: x, above: 1}]":                                   `no value "intern"; did you mean "internal"?`,
		"source: contacts\n    window: month\n    when: other_class == \"mobile\"\n    limits: [{measure: n1, count: true, unit: x, above: 1}]":                              `table contacts has no column "other_class"`,
		"source: contacts\n    window: month\n    when: key == \"9\"\n    limits: [{measure: n1, count: true, unit: x, above: 1, except: [{role: loan, above: 2}]}]":         "contacts have no role",
		"source: contacts\n    window: month\n    when: key == \"9\"\n    limits: [{measure: n1, most: offered2, unit: x, above: 1}]":                                        `no column "offered2"; did you mean "offered"?`,
		"source: contacts\n    window: month\n    when: key == \"9\"\n    limits: [{measure: n1, most: occurred_at, unit: x, above: 1}]":                                     "most counts equal texts and whole numbers",
		"source: contacts\n    window: month\n    when: key == \"9\"\n    trend: {cost: true, unit: SEK, lookback_weeks: 12, at_least: 3, z: 1, rise_share: 0.1, recent: 1}": "contacts have no cost",
	} {
		_, problems := Parse("own.yaml", []byte(packOf(ruleText("of-contacts", "unit", rest))))
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Text, want) }) {
			t.Errorf("%s\nproblems:\n%v\nwant: %s", rest, problems, want)
		}
	}
	_, problems := Parse("own.yaml", []byte(packOf(ruleText("of-contacts", "line", "source: contacts\n    window: month\n    when: key == \"9\"\n    limits: [{measure: n1, count: true, unit: x, above: 1}]"))))
	if len(problems) != 1 || problems[0].String() != "own.yaml:11:14: rule of-contacts: a rule over contacts has the subject unit, not line" {
		t.Errorf("a line: %v", problems)
	}
}

// A rise of contacts is judged per week, and the latest extract of an interval counts.
func TestContactTrend(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set, err := loadAll(packOf(ruleText("contacts-rise", "unit", `source: contacts
    window: month
    when: key == "9"
    trend: {sum: offered, unit: contacts, lookback_weeks: 20, at_least: 8, z: 1.6, rise_share: 0.2, recent: 2}`)))
	if err != nil {
		t.Fatal(err)
	}
	var rows []schema.Contact
	monday := schema.Date(2025, 3, 3)
	for week := range 12 {
		at := (monday + schema.Day(7*week)).Start(stockholm) + 36_000_000
		rows = append(rows, contact("rises", at, "9", "internal", 900, 0, 1), contact("rises", at, "9", "internal", uint32(20+3*week), 0, 2),
			contact("level", at, "9", "internal", 30, 0, 1), contact("level", at, "8", "internal", uint32(20+30*week), 0, 1))
	}
	insert(s, schema.ContactTable(), rows...)
	e := s.evaluator(set)
	found := s.evaluate(e, Scope{All: true})
	for i, want := range []struct {
		month schema.Day
		value float64
		total uint32
	}{{schema.Date(2025, 4, 1), 24, 9}, {schema.Date(2025, 5, 1), 30, 11}} {
		if len(found) != 2 || found[i].SubjectID != "rises" || found[i].WindowFrom != want.month || found[i].Value != want.value || found[i].Cost != 0 || found[i].EvidenceTotal != want.total || len(found[i].Evidence) != int(want.total) {
			t.Fatalf("found %v", brief(found))
		}
	}
	// Another unit's statistics of a later week tell that the last one is over.
	s.project(found)
	var scope Scope
	insert(s, schema.ContactTable(), contact("level", (monday+90).Start(stockholm), "9", "internal", 1, 0, 1))
	scope.TouchUnit("level", monday+90)
	if found = s.evaluate(e, scope); len(found) != 1 || found[0].Change != schema.ChangeChanged || found[0].Value != 33 || found[0].EvidenceTotal != 12 {
		t.Errorf("a week is over, and found is %v", brief(found))
	}
}
