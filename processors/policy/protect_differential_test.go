package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/schema"
)

// protectedPack holds rules of every make beside a protection that another pack declares.
var protectedPack = packOf(
	ruleText("line-calls", "line", "source: usage\n    window: month\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: calls, above: 8}]"),
	ruleText("line-share", "line", "source: usage\n    window: month\n    when: '!answered'\n    limits: [{measure: share, share: {of: 'kind == \"call\"'}, at_least: 3, above: 25}]"),
	ruleText("unit-week", "unit", "source: usage\n    window: week\n    when: kind == \"call\"\n    limits: [{measure: cost, cost: true, unit: SEK, above: 4.5}]"),
	ruleText("unit-share", "unit", "source: usage\n    window: day\n    when: '!answered'\n    limits: [{measure: share, share: {of: 'kind == \"call\"'}, at_least: 2, above: 10}]"),
	ruleText("unit-year", "unit", "source: usage\n    window: year\n    evidence: none\n    when: kind == \"call\"\n    limits: [{measure: same, most: other_hash, unit: calls, above: 14}, {measure: devices, most: device, unit: calls, above: 20}]"))

// slowlyProtected is the reference of protectedPack.
func slowlyProtected(w *world) map[string]verdict {
	type group struct{ picked, all []schema.Usage }
	groups := map[string]*group{}
	for _, u := range w.usage {
		if u.OccurredAt < informed || u.OtherHash == 3 || u.Line == schema.LineID(3) {
			continue
		}
		local := time.UnixMilli(int64(u.OccurredAt)).In(stockholm)
		day := schema.Date(local.Year(), local.Month(), local.Day())
		jabber, call := strings.HasPrefix(u.Device, "jabber"), u.Kind == "call"
		add := func(rule, subject string, from schema.Day, picked, whole bool) {
			if subject == "" || !picked && !whole || jabber && strings.HasPrefix(rule, "line") {
				return
			}
			at := place(rule, subject, from)
			if groups[at] == nil {
				groups[at] = &group{}
			}
			groups[at].all = append(groups[at].all, u)
			if picked {
				groups[at].picked = append(groups[at].picked, u)
			}
		}
		month := schema.Date(local.Year(), local.Month(), 1)
		add("line-calls", u.Line, month, call, false)
		add("line-share", u.Line, month, !u.Answered, call)
		add("unit-week", u.UnitID, day-schema.Day((int(local.Weekday())+6)%7), call, false)
		add("unit-share", u.UnitID, day, !u.Answered, call)
		add("unit-year", u.UnitID, schema.Date(local.Year(), 1, 1), call, false)
	}
	out := map[string]verdict{}
	for at, g := range groups {
		rule, subject, _ := strings.Cut(at, " ")
		if strings.HasPrefix(rule, "unit") && (tooFew(g.all) || tooFew(g.picked)) {
			continue
		}
		if v, broken := judgeProtected(rule, g.picked, g.all); broken {
			if strings.HasPrefix(rule, "unit") {
				v.Unit, _, _ = strings.Cut(subject, " ")
			}
			out[at] = v
		}
	}
	return out
}

// tooFew tells whether rows hold protected ones, and are from fewer than seven lines.
func tooFew(rows []schema.Usage) bool {
	lines, jabber := map[string]bool{}, false
	for _, u := range rows {
		lines[u.Line] = true
		jabber = jabber || strings.HasPrefix(u.Device, "jabber")
	}
	return jabber && len(lines) < 7
}

func judgeProtected(rule string, picked, all []schema.Usage) (verdict, bool) {
	if len(picked) == 0 {
		return verdict{}, false
	}
	slices.SortFunc(picked, byMoment)
	last := picked[len(picked)-1]
	v := verdict{Severity: "low", Unit: last.UnitID, CostCentre: last.CostCentre}
	days, hashes, devices := map[string]bool{}, map[uint64]int{}, map[string]int{}
	part, whole := 0, 0
	for _, u := range picked {
		v.Cost += u.Cost
		if rule != "unit-year" && !strings.HasPrefix(u.Device, "jabber") {
			v.Evidence = append(v.Evidence, u.EventID)
		}
		days[time.UnixMilli(int64(u.OccurredAt)).In(stockholm).Format(time.DateOnly)] = true
		hashes[u.OtherHash]++
		devices[u.Device]++
		if u.Kind == "call" {
			part++
		}
	}
	for _, u := range all {
		if u.Kind == "call" {
			whole++
		}
	}
	v.Days = len(days)
	delete(hashes, 0)
	delete(devices, "")
	switch rule {
	case "line-calls":
		v.Measure, v.Value, v.Limit = "count", float64(len(picked)), 8
	case "unit-week":
		v.Measure, v.Value, v.Limit = "cost", float64(v.Cost)/1e6, 4.5
	case "unit-year":
		same, device := 0, 0
		for _, n := range hashes {
			same = max(same, n)
		}
		for _, n := range devices {
			device = max(device, n)
		}
		if v.Measure, v.Value, v.Limit = "same", float64(same), 14; same <= 14 {
			v.Measure, v.Value, v.Limit = "devices", float64(device), 20
		}
	default:
		least, limit := 3, 25.0
		if rule == "unit-share" {
			least, limit = 2, 10
		}
		v.Parts = fmt.Sprintf("share:%d/%d", part, whole)
		if whole < least {
			return v, false
		}
		v.Measure, v.Value, v.Limit = "share", round6(100*float64(part)/float64(whole)), limit
	}
	return v, v.Value > v.Limit
}

// TestProtectDifferential holds rules beside a protection against the reference, in worlds
// that grow, look by look at what was touched.
func TestProtectDifferential(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	own := strings.Replace(protectedPack, "rules:", "exempt_numbers: ["+schema.LineID(3)+"]\nrules:", 1)
	a, err := loadAll(own)
	if err != nil {
		t.Fatal(err)
	}
	b, err := loadAll(agreement())
	if err != nil {
		t.Fatal(err)
	}
	set, err := Merge(a, b)
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	seen := map[string]int{}
	for seed := range uint64(3) {
		s.t = t
		s.reset()
		g := &growth{s: s, rnd: rand.New(rand.NewPCG(seed, 17))}
		g.decorate = func(u *schema.Usage) {
			u.Device, u.OtherHash = pick(g, "jabber_desktop", "jabber_iphone", "mobile", "mobile", "mobile", "mobile", "", "jabbe"), uint64(g.rnd.IntN(9))
			if u.Line == "L3" {
				u.Line, u.LineID = schema.LineID(3), schema.LineID(3)
			}
		}
		for step := range 3 {
			scope := g.grow()
			s.project(s.evaluate(e, scope))
			got := s.standing()
			for at := range got {
				if strings.HasPrefix(at, "jabber-cost") {
					delete(got, at)
				}
			}
			want := slowlyProtected(&g.world)
			difference(t, fmt.Sprintf("seed %d step %d", seed, step), got, want)
			for at, v := range want {
				seen[strings.Fields(at)[0]+" "+v.Measure]++
			}
		}
		if events := s.evaluate(e, Scope{All: true}); len(events) > 0 {
			t.Errorf("a look at everything finds more: %v", brief(events))
		}
	}
	t.Logf("windows flagged: %v", seen)
	for _, what := range []string{"line-calls count", "line-share share", "unit-week cost", "unit-share share", "unit-year same", "unit-year devices"} {
		if seen[what] < 2 {
			t.Errorf("the worlds are too tame to test %s: %d windows flagged", what, seen[what])
		}
	}
}

func byMoment(a, b schema.Usage) int {
	return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), bytes.Compare(a.EventID[:], b.EventID[:]))
}
