package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/schema"
)

// dice makes usage of which every column that rules ask about is drawn.
type dice struct{ *rand.Rand }

func (d dice) of(words ...string) string { return words[d.IntN(len(words))] }

func (d dice) usage(n int) schema.Usage {
	when := schema.TimeOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) + schema.Time(d.Int64N(60*86_400_000))
	u := usage(d.of(schema.KindCall, schema.KindCall, schema.KindData, schema.KindSMS), fmt.Sprint("L", d.IntN(12)), fmt.Sprint("U", d.IntN(4)), when, n)
	u.Service = d.of(schema.ServiceVoiceOut, schema.ServiceVoiceIn, schema.ServiceVoiceForward, schema.ServiceVoiceInRoaming, schema.ServiceSMS, schema.ServiceData, schema.ServicePremium)
	u.OtherClass = d.of("mobile", "mobile", "fixed", "internal", "premium", "international", "none", "satellite")
	u.VisitedCtry, u.OtherCountry = d.of("", "SE", "SE", "NO", "DK", "TH"), d.of("", "SE", "SE", "DK")
	u.Forwarded, u.Private, u.Answered, u.Direction = d.IntN(5) == 0, d.IntN(6) == 0, d.IntN(3) > 0, d.of("in", "out")
	u.VolumeBytes, u.DurationS, u.RingS, u.Cost = d.Uint64N(90_000_000), uint32(d.IntN(900)), uint32(d.IntN(60)), schema.Money(d.Int64N(9_000_000))
	return d.enriched(u)
}

// enriched draws what reference data give, within what [enrich.Enricher] may make of the row.
func (d dice) enriched(u schema.Usage) schema.Usage {
	if u.Class = u.OtherClass; d.IntN(4) == 0 {
		u.Class = "internal"
	}
	u.RoamingZone = enrich.Zone(u.VisitedCtry, u.LocalDay)
	u.LineKind, u.Role, u.UnitID = d.of("mobile", "fixed", "softphone", "data", ""), d.of("on_call", "personal", "shared", ""), fmt.Sprint("U", d.IntN(4))
	u.CostCentre = "K" + u.UnitID
	return u
}

// condition draws a condition, of parts that prove something, nearly do, and do not.
func (d dice) condition(depth int) string {
	if depth > 0 && d.IntN(4) > 0 {
		a, b := d.condition(depth-1), d.condition(depth-1)
		return d.of("("+a+" && "+b+")", "("+a+" && "+b+")", "("+a+" || "+b+")", "!("+a+")")
	}
	column := d.of("visited_country", "other_country")
	list := func(words ...string) string {
		n := 1 + d.IntN(len(words))
		d.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return `["` + strings.Join(words[:n], `", "`) + `"]`
	}
	return d.of("forwarded", "!forwarded", "private != false", "false == private", column+` != ""`, column+` != "SE"`, column+" in "+list("", "SE", "NO", "DK"), column+" in "+list("NO", "TH"),
		"!("+column+" in "+list("", "SE", "NO")+")", "!("+column+` in ["", "SE"])`, "other_class in "+list("premium", "satellite", "internal", "mobile"), `other_class != "mobile"`, `other_class == "premium"`,
		"recorded_class in "+list("premium", "satellite", "internal"), "service in "+list("premium", "voice_forward", "voice_out"), "roaming_zone in "+list("", "home", "eea", "world"),
		`!(roaming_zone in ["home", ""])`, "answered", `kind == "call"`, "duration_s > 100", `cost > kr("2")`, "hour(occurred_at) < 8", "visited_country == other_country")
}

// rules lists rules that claim to be over uncommon rows, and as many conditions that
// do not.
func (d dice) rules(t *testing.T, n int) (claim, not []*Rule) {
	t.Helper()
	for _, r := range everyPack(t).Rules() {
		if r.From == SourceUsage && r.uncommon() {
			claim = append(claim, r)
		}
	}
	for tries := 0; len(claim) < n || len(not) < n; tries++ {
		if tries > 100*n {
			t.Fatalf("%d conditions that prove it and %d that do not", len(claim), len(not))
		}
		switch r := ruleWhen(t, d.condition(3)); {
		case r.uncommon() && len(claim) < n:
			claim = append(claim, r)
		case !r.uncommon() && len(not) < n:
			not = append(not, r)
		}
	}
	return claim, not
}

// A row that a rule selects is uncommon, where the rule claims so.
func TestRulesSelectWhatTheyClaim(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	d := dice{rand.New(rand.NewPCG(41, 3))}
	rows := make([]schema.Usage, 8000)
	for i := range rows {
		rows[i] = d.usage(i)
	}
	insert(s, schema.UsageTable(), rows...)
	claim, not := d.rules(t, 150)
	count := func(rules []*Rule) (hit, wrong []uint64) {
		sums := make([]string, len(rules))
		for i, r := range rules {
			sums[i] = fmt.Sprintf("countIf(%[1]s), countIf(%[1]s AND NOT uncommon)", r.concernSQL())
		}
		var all []uint64
		if err := s.conn.QueryRow(testCtx(t), "SELECT ["+strings.Join(sums, ", ")+"] FROM usage SETTINGS max_query_size = 10000000").Scan(&all); err != nil {
			t.Fatal(err)
		}
		for i := range rules {
			hit, wrong = append(hit, all[2*i]), append(wrong, all[2*i+1])
		}
		return hit, wrong
	}
	hit, wrong := count(claim)
	some := 0
	for i, r := range claim {
		if wrong[i] > 0 {
			t.Errorf("rule %s selects %d rows, %d of which are ordinary: %s", r.Name(), hit[i], wrong[i], r.concernSQL())
		}
		if hit[i] > 0 {
			some++
		} else if r.ID != "own" {
			t.Errorf("the rows are too tame for rule %s", r.Name())
		}
	}
	_, wrong = count(not)
	rightly := 0
	for i := range not {
		if wrong[i] > 0 {
			rightly++
		}
	}
	t.Logf("of %d rules that claim it %d select rows; of %d that do not %d select ordinary ones", len(claim), some, len(not), rightly)
	if some < len(claim)/2 || rightly < len(not)/2 {
		t.Error("the conditions are too tame")
	}
}

// Rules find the same with the condition on uncommon rows and without it: what FINAL of all
// rows shows, several versions and dead rows among them, is what is found.
func TestUncommonRulesFindTheSame(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.quietParts()
	d := dice{rand.New(rand.NewPCG(41, 5))}
	var approvals []schema.Approval
	for i := range 12 {
		a := schema.Approval{ApprovalID: fmt.Sprint("A", i), Kind: d.of("trip", "premium", "forwarding", "private"), LineID: fmt.Sprint("L", d.IntN(12)), Countries: d.of("", "NO", "DK,TH"),
			ValidFrom: schema.TimeOf(time.Date(2026, 3, 1+d.IntN(30), 0, 0, 0, 0, time.UTC)), Offset: uint64(i)}
		a.ValidTo = a.ValidFrom + schema.Time(d.Int64N(20*86_400_000))
		approvals = append(approvals, a)
	}
	insert(s, schema.ApprovalTable(), approvals...)
	var rows []schema.Usage
	for i := range 3000 {
		u := d.usage(i)
		rows = append(rows, u)
		if d.IntN(3) == 0 { // restated
			u = d.enriched(u)
			u.Revision = 1
			rows = append(rows, u)
		}
		if d.IntN(8) == 0 { // cancelled
			u.Revision, u.Deleted = schema.RevisionDead, true
			rows = append(rows, u)
		}
	}
	d.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	s.asIs(rows[:len(rows)/2]...)
	s.asIs(rows[len(rows)/2:]...)
	s.merge("202603")
	claim, _ := d.rules(t, 45)
	fast, exact := s.empty(Config{}, s.conn), s.empty(Config{Exact: true}, s.conn)
	total := 0
	var queries []Query
	want := map[*Rule][]schema.Violation{}
	for _, r := range claim {
		q := mustCompile(t, r)
		queries = append(queries, q)
		plain := q
		if plain.text = strings.ReplaceAll(q.text, "AND uncommon\n", "\n"); plain.text == q.text || strings.Contains(plain.text, "uncommon") {
			t.Fatalf("rule %s: the condition was not taken away:\n%s", r.Name(), plain.text)
		}
		var err error
		if want[r], _, err = exact.find(testCtx(t), plain, nil); err != nil {
			t.Fatal(err)
		}
		for name, e := range map[string]*Evaluator{"with FINAL": exact, "with a month as it lies": fast} {
			got, _, err := e.find(testCtx(t), q, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want[r]) {
				t.Errorf("rule %s %s finds %d, want %d: %s", r.Name(), name, len(got), len(want[r]), r.concernSQL())
			}
		}
		total += len(want[r])
	}
	if total < 300 {
		t.Errorf("the world is too tame: %d verdicts", total)
	}
	// And when they are read together, in a store that counts as large.
	large := s.empty(Config{bulk: 1}, s.conn)
	other := mustCompile(t, ruleWhen(t, "kind == \"sms\" && duration_s > 850 && cost > kr(\"8.9\")"))
	together, err := large.findShared(testCtx(t), append(queries, other), nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for r, got := range together.found {
		if r == other.rule {
			t.Error("a rule over ordinary rows is read with those over uncommon ones")
			continue
		}
		shared++
		if !reflect.DeepEqual(byID(got), byID(want[r])) {
			t.Errorf("rule %s, read with others, finds %d, want %d", r.Name(), len(got), len(want[r]))
		}
	}
	if shared < 10 {
		t.Errorf("%d rules were read together", shared)
	}
	t.Logf("%d rules find %d, %d of them together", len(claim), total, shared)
}

func byID(list []schema.Violation) []schema.Violation {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b schema.Violation) int { return slices.Compare(a.ViolationID[:], b.ViolationID[:]) })
	return list
}

// What the prover holds of derived columns is what the enricher makes of rows.
func TestDerivedColumnsFollowFromRecordedOnes(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(1, 2))}
	state := enrich.NewState()
	change := enrich.NewChange()
	for i := range 6 {
		hash := uint64(i + 1)
		state.ApplyLine(schema.Line{EventID: schema.NewID("l", fmt.Sprint(i)), LineID: schema.LineID(hash), UnitID: "U1"}, change)
	}
	e := enrich.New(state, rate.New(nil, nil))
	internal := 0
	for i := range 5000 {
		u := d.usage(i)
		u.OtherHash = d.Uint64N(12)
		if err := e.Apply(&u); err != nil {
			t.Fatal(err)
		}
		if u.Class != u.OtherClass {
			if internal++; u.Class != "internal" {
				t.Fatalf("%s is made of %s", u.Class, u.OtherClass)
			}
		}
		abroad := u.VisitedCtry != "" && u.VisitedCtry != "SE"
		if got := u.RoamingZone != "" && u.RoamingZone != "home"; got != abroad {
			t.Fatalf("%q is in zone %q", u.VisitedCtry, u.RoamingZone)
		}
	}
	if internal < 100 {
		t.Errorf("%d numbers of our own", internal)
	}
}
