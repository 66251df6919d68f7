package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"linesman/schema"
)

const protection = `pack: agreement
protect:
  - columns: [device]
    when: device.startsWith("jabber")
    says: {en: Nobody's use of Jabber is controlled, sv: Ingens användning av Jabber kontrolleras}
    policy: [{document: Agreement, section: "1", quote: Ingen kontroll.}]
    min_lines: 7
`

// ruleText writes a rule with what a test says of it.
func ruleText(id, subject, rest string) string {
	return "  - id: " + id + `
    version: 1
    title: {en: T, sv: T}
    description: {en: D., sv: D.}
    severity: low
    policy: [{document: Own policy, section: "1", quote: Q.}]
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    subject: ` + subject + "\n    " + rest + "\n"
}

func packOf(rules ...string) string { return "pack: own\nrules:\n" + strings.Join(rules, "") }

func loadAll(files ...string) (*Set, error) {
	folder := fstest.MapFS{}
	for i, f := range files {
		folder[fmt.Sprintf("%c.yaml", 'a'+i)] = &fstest.MapFile{Data: []byte(f)}
	}
	return Load(folder)
}

// agreement is the pack that protects, with a rule of its own.
func agreement() string {
	return protection + "rules:\n" + ruleText("jabber-cost", "unit", `source: usage
    window: month
    when: device.startsWith("jabber")
    limits: [{measure: cost, cost: true, unit: SEK, above: 0}]`)
}

func TestProtectRefuses(t *testing.T) {
	for name, c := range map[string]struct{ rest, want string }{
		"where":      {"source: usage\n    window: day\n    where: [{column: device, is: mobile}]\n    limits: [{measure: count, count: true, unit: c, above: 1}]", "b.yaml:14:22"},
		"inside any": {"source: usage\n    window: day\n    where: [{any: [{column: kind, is: call}, {column: device, is: mobile}]}]\n    limits: [{measure: count, count: true, unit: c, above: 1}]", "b.yaml:14:55"},
		"when":       {"source: usage\n    kind: match\n    when: >-\n      kind == \"call\" &&\n      device == \"mobile\"", "b.yaml:16:7"},
		"share":      {"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: part, share: {of: 'device != \"\"'}, above: 1}]", "b.yaml:15:43"},
		"most":       {"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: same, most: device, unit: c, above: 1}]", "b.yaml:15:36"},
	} {
		t.Run(name, func(t *testing.T) {
			own := packOf(ruleText("of-lines", "line", c.rest))
			want := c.want + `: rule of-lines: a.yaml line 3 protects the column "device": Nobody's use of Jabber is controlled. A rule about lines may not judge by it`
			refused := func(err error, where string) {
				t.Helper()
				var problems Problems
				if !errors.As(err, &problems) || problems[0].String() != want {
					t.Errorf("%s: %v\nwant %s", where, err, want)
				}
			}
			_, err := loadAll(agreement(), own)
			refused(err, "in one folder")
			protecting, err := loadAll(agreement())
			if err != nil {
				t.Fatal(err)
			}
			alone, err := Load(fstest.MapFS{"b.yaml": {Data: []byte(own)}})
			if err != nil {
				t.Fatal("nothing is protected here:", err)
			}
			_, err = Merge(alone, protecting)
			refused(err, "merged")
			merged, err := Merge(protecting)
			if err != nil {
				t.Fatal(err)
			}
			_, err = merged.Bind(alone)
			refused(err, "as a draft")
			_, err = merged.under(alone.Rules()[0])
			refused(err, "asked for its verdicts")
			ofUnits, err := loadAll(agreement(), strings.Replace(own, "subject: line", "subject: unit", 1))
			if err != nil || len(ofUnits.Protections()) != 1 {
				t.Errorf("a rule about units is refused: %v", err)
			}
		})
	}
	_, err := loadAll(strings.Replace(agreement(), "columns: [device]", "columns: [device, role]", 1), packOf(ruleText("of-lines", "line",
		"source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: c, above: 1, except: [{role: loan, above: 2}]}]")))
	if err == nil || !strings.Contains(err.Error(), `b.yaml:15:79: rule of-lines: a.yaml line 3 protects the column "role"`) {
		t.Errorf("an exception by role: %v", err)
	}
}

func TestProtectProblems(t *testing.T) {
	for name, c := range map[string][3]string{
		"unknown column": {"columns: [device]", "columns: [divice]", `a.yaml:3:15: protect columns: table usage has no column "divice"; did you mean "device"?`},
		"no column":      {"columns: [device]", "columns: []", `a.yaml:3:14: protect: "columns" is empty`},
		"condition":      {`startsWith("jabber")`, `startsWith(7)`, `a.yaml:4:18: protect when: write it as`},
		"few lines":      {"min_lines: 7", "min_lines: 1", `a.yaml:7:16: protect: "min_lines" wants a whole number of at least 2`},
		"unknown key":    {"min_lines: 7", "lines: 7", `a.yaml:7:5: protect: unknown key "lines"`},
		"no words":       {"    says: {en: Nobody's use of Jabber is controlled, sv: Ingens användning av Jabber kontrolleras}\n", "", `a.yaml:3:5: protect: "says" is missing`},
	} {
		_, problems := parse("a.yaml", []byte(strings.Replace(agreement(), c[0], c[1], 1)), nil)
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.String(), c[2]) }) {
			t.Errorf("%s: problems:\n%v\nwant among them:\n%s", name, problems, c[2])
		}
	}
}

func TestProtectDigest(t *testing.T) {
	digest := func(files ...string) uint64 {
		t.Helper()
		set, err := loadAll(files...)
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	own := packOf(ruleText("of-lines", "line", "source: usage\n    window: day\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: c, above: 1}]"))
	bare := strings.Replace(agreement(), protection, "pack: agreement\n", 1)
	seen := map[uint64]string{}
	for name, files := range map[string][]string{"none": {bare, own}, "seven": {agreement(), own}, "eight": {strings.Replace(agreement(), "min_lines: 7", "min_lines: 8", 1), own},
		"desktops": {strings.Replace(agreement(), `startsWith("jabber")`, `startsWith("jabber_d")`, 1), own}} {
		d := digest(files...)
		if seen[d] != "" {
			t.Errorf("%s and %s have the same digest", name, seen[d])
		}
		seen[d] = name
	}
}

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

// TestProtectBoundaries counts lines at the least number, and looks at what a verdict tells.
func TestProtectBoundaries(t *testing.T) {
	s := openStore(t)
	set, err := loadAll(agreement(), packOf(
		ruleText("unit-calls", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: calls, above: 0}]")))
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	// lines makes n lines of a unit call, the first m of them with Jabber.
	lines := func(unit string, n, m int) []schema.Usage {
		var out []schema.Usage
		for i := range n {
			u := usage(schema.KindCall, fmt.Sprint("L", unit, i), unit, at(t, fmt.Sprintf("2026-04-%02d 10:30:00", 2+i)))
			if u.Device = "mobile"; i < m {
				u.Device, u.Cost = "jabber_iphone", schema.Kronor(1)
			}
			out = append(out, u)
		}
		return out
	}
	again := func(rows []schema.Usage) []schema.Usage { // the same lines once more
		for _, u := range rows {
			u.EventID, u.OccurredAt = schema.NewID("again", u.LineID), u.OccurredAt+1
			rows = append(rows, u)
		}
		return rows
	}
	unknown := func(rows []schema.Usage) []schema.Usage {
		u := rows[0]
		u.EventID, u.LineID, u.Line, u.OccurredAt = schema.NewID("unknown", u.UnitID), "", "", u.OccurredAt+5
		return append(rows, u)
	}
	for name, c := range map[string]struct {
		rows     []schema.Usage
		total    uint32 // events told of; 0: nothing is
		evidence int
	}{
		"seven":               {lines("U7", 7, 1), 7, 6},
		"six":                 {lines("U6", 6, 1), 0, 0},
		"six, none protected": {lines("N6", 6, 0), 6, 6},
		"six twice":           {again(lines("T6", 6, 1)), 0, 0},
		"six and nobody":      {unknown(lines("X6", 6, 1)), 0, 0},
		"all protected":       {lines("A7", 7, 7), 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.reset()
			insert(s, schema.UsageTable(), c.rows...)
			var got *schema.Violation
			for _, v := range s.evaluate(e, Scope{All: true}) {
				if v.Rule == "unit-calls" {
					got = &v
				}
			}
			if got == nil || c.total == 0 {
				if got != nil || c.total != 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			if got.EvidenceTotal != c.total || len(got.Evidence) != c.evidence {
				t.Errorf("%d events, %d named", got.EvidenceTotal, len(got.Evidence))
			}
			first, last := c.rows[0].OccurredAt, c.rows[len(c.rows)-1].OccurredAt
			if c.total != uint32(c.evidence) { // to the day
				first, last = at(t, "2026-04-02 00:00:00"), schema.DayOf(last, stockholm).Start(stockholm)
			}
			if got.FirstEventAt != first || got.LastEventAt != last {
				t.Errorf("from %s to %s, want %s to %s", got.FirstEventAt, got.LastEventAt, first, last)
			}
			for _, id := range got.Evidence {
				if i := slices.IndexFunc(c.rows, func(u schema.Usage) bool { return u.EventID == id }); i < 0 || strings.HasPrefix(c.rows[i].Device, "jabber") {
					t.Error("a protected event is named")
				}
			}
		})
	}
}

// A line more or less, or a call that turns out to be of Jabber, opens and retracts.
func TestProtectFollows(t *testing.T) {
	s := openStore(t)
	set, err := loadAll(agreement())
	if err != nil {
		t.Fatal(err)
	}
	e := s.evaluator(set)
	var rows []schema.Usage
	for i := range 7 {
		u := usage(schema.KindCall, fmt.Sprint("L", i), "U1", at(t, "2026-04-15 10:30:00"), i)
		u.Device, u.Cost = "jabber_iphone", schema.Kronor(1)
		rows = append(rows, u)
	}
	var scope Scope
	scope.TouchUnit("U1", schema.Date(2026, 4, 15))
	look := func(want string) {
		t.Helper()
		events := s.evaluate(e, scope)
		s.project(events)
		got := ""
		for _, v := range events {
			got += fmt.Sprint(v.Change, " ", v.Cost, " ")
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	insert(s, schema.UsageTable(), rows[:6]...)
	look("")
	insert(s, schema.UsageTable(), rows[6])
	look("opened 7.00")
	rows[6].Revision, rows[6].Deleted = 1, true
	insert(s, schema.UsageTable(), rows[6])
	look("retracted 0.00")
}

// A period of a trend with too few lines is as if it were not there.
func TestProtectTrend(t *testing.T) {
	s := openStore(t)
	rise := ruleText("calls-rise", "unit", `source: usage
    window: month
    when: kind == "call"
    trend: {count: true, unit: calls, lookback_weeks: 20, at_least: 8, z: 1.6, rise_share: 0.1, recent: 2}`)
	free, err := loadAll(packOf(rise))
	if err != nil {
		t.Fatal(err)
	}
	bound, err := loadAll(agreement(), packOf(rise))
	if err != nil {
		t.Fatal(err)
	}
	approved, err := loadAll(agreement(), packOf(strings.Replace(rise, "    trend:", "    exempt: {approval: forwarding}\n    trend:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	monday := schema.Date(2025, 3, 3)
	var rows []schema.Usage
	for week := range 12 {
		for i := range 10 + 2*week {
			u := usage(schema.KindCall, fmt.Sprint("L", i%8), "U1", (monday+schema.Day(7*week)).Start(stockholm)+36_000_000+schema.Time(i), week)
			if u.Device = "mobile"; i == 3 {
				u.Device = "jabber_iphone"
			}
			if week == 4 { // two lines only
				u.Line = fmt.Sprint("L", i%2)
				u.LineID = u.Line
			}
			rows = append(rows, u)
		}
	}
	insert(s, schema.UsageTable(), rows...)
	for name, c := range map[string]struct {
		set    *Set
		counts int
		total  uint32
		ids    int
	}{"free": {free, 11, 220, 220}, "bound": {bound, 10, 202, 192}, "with approvals": {approved, 10, 202, 192}} {
		ev := s.evaluator(c.set)
		r, _ := c.set.Find("calls-rise", 1)
		judged, err := ev.Trends(testCtx(t), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if last := judged[len(judged)-1]; last.Counts != c.counts || !last.Flagged {
			t.Errorf("%s: %+v", name, last)
		}
		found, err := ev.Verdicts(testCtx(t), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := found[len(found)-1]; v.EvidenceTotal != c.total || len(v.Evidence) != c.ids {
			t.Errorf("%s: %d events, %d named", name, v.EvidenceTotal, len(v.Evidence))
		}
	}
}

// The line of an exempt number is no subject, and does not count in its unit.
func TestExemptLine(t *testing.T) {
	s := openStore(t)
	union := schema.LineID(5)
	set, err := loadAll(strings.Replace(packOf(
		ruleText("of-lines", "line", "source: usage\n    kind: match\n    when: kind == \"call\""),
		ruleText("of-units", "unit", "source: usage\n    window: month\n    when: '!answered'\n    limits: [{measure: share, share: {of: kind == \"call\"}, at_least: 1, above: 0}]")),
		"rules:", "exempt_numbers: ["+union+"]\nrules:", 1))
	if err != nil {
		t.Fatal(err)
	}
	own := usage(schema.KindCall, union, "U1", at(t, "2026-04-15 10:00:00"))
	short := usage(schema.KindCall, "L9", "U1", at(t, "2026-04-15 11:00:00"))
	short.LineID = union // recorded as the union's number, of another line now
	other := usage(schema.KindCall, "L8", "U1", at(t, "2026-04-15 12:00:00"))
	own.Answered, short.Answered, other.Answered = false, false, false
	insert(s, schema.UsageTable(), own, short, other)
	var got []string
	for _, v := range s.evaluate(s.evaluator(set), Scope{All: true}) {
		got = append(got, fmt.Sprint(v.SubjectID, " ", v.EvidenceTotal, " ", parseDetail(v.Detail)["parts"]))
	}
	if !slices.Equal(got, []string{"L8 1 ", "U1 1 share:1/1"}) {
		t.Errorf("found %q", got)
	}
}

// Whoever agrees on a protection later takes the names of events out of what is known.
func TestProtectLater(t *testing.T) {
	s := openStore(t)
	own := packOf(ruleText("unit-calls", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    limits: [{measure: count, count: true, unit: calls, above: 0}]"),
		ruleText("calls-rise", "unit", "source: usage\n    window: month\n    when: kind == \"call\"\n    trend: {count: true, unit: calls, lookback_weeks: 20, at_least: 8, z: 1.6, rise_share: 0.1, recent: 2}"))
	monday := schema.Date(2025, 3, 3)
	var rows []schema.Usage
	jabber := map[schema.ID]bool{}
	for week := range 12 {
		for i := range 10 + 2*week {
			u := usage(schema.KindCall, fmt.Sprint("L", i%8), "U1", (monday+schema.Day(7*week)).Start(stockholm)+36_000_000+schema.Time(i), week)
			if u.Device = "mobile"; i == 3 {
				u.Device = "jabber_iphone"
				jabber[u.EventID] = true
			}
			rows = append(rows, u)
		}
	}
	insert(s, schema.UsageTable(), rows...)
	named := func(events []schema.Violation) (protected, others int) {
		for _, v := range events {
			for _, id := range v.Evidence {
				if jabber[id] {
					protected++
				} else {
					others++
				}
			}
		}
		return protected, others
	}
	first := s.evaluate(s.evaluator(must(loadAll(own))), Scope{All: true})
	s.project(first)
	if protected, _ := named(first); protected == 0 || len(first) < 4 {
		t.Fatalf("%d protected events are named by %d verdicts", protected, len(first))
	}
	second := s.evaluate(s.evaluator(must(loadAll(own, protection+"rules:\n"+ruleText("none", "unit", "source: usage\n    kind: match\n    when: kind == \"sms\"")))), Scope{All: true, Reason: ReasonRule})
	s.project(second)
	if protected, others := named(second); protected > 0 || others == 0 || len(second) != len(first) {
		t.Errorf("%d verdicts changed of %d; they name %d protected events and %d others", len(second), len(first), protected, others)
	}
	none := s.evaluate(s.evaluator(must(loadAll(strings.ReplaceAll(own, "    when:", "    evidence: none\n    when:")))), Scope{All: true, Reason: ReasonRule})
	if protected, others := named(none); protected+others > 0 || len(none) != len(first) {
		t.Errorf("%d verdicts changed of %d; they name %d events", len(none), len(first), protected+others)
	}
}
