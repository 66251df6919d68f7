package policy

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"linesman/schema"
)

// setOf loads files, each with the name of its pack.
func setOf(t *testing.T, files map[string]string) *Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name+".yaml"] = &fstest.MapFile{Data: []byte("pack: " + name + "\n" + text)}
	}
	set, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// matchRule is a rule over answered calls; more are keys of the rule.
func matchRule(id string, version int, from, more string) string {
	return fmt.Sprintf(`
  - id: %s
    version: %d
    title: {en: T, sv: T}
    description: {en: D, sv: D}
    severity: low
    policy: [{document: D, section: S, quote: Q}]
    valid_from: %s
    informed_at: %s
    subject: line
    kind: match
    source: usage
    when: kind == "call"
%s`, id, version, from, from, more)
}

func TestVersionsSucceedEachOther(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for i, day := range []string{"2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"} {
		insert(s, schema.UsageTable(), usage(schema.KindCall, fmt.Sprint("L", i), "U", at(t, day+" 00:00:00")))
	}
	flagged := func(set *Set) string {
		t.Helper()
		events, err := s.evaluator(set).Evaluate(testCtx(t), Scope{All: true})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, v := range events {
			out = append(out, fmt.Sprintf("%s/%d", v.WindowFrom.String()[5:], v.RuleVersion))
		}
		return strings.Join(out, " ")
	}
	first := setOf(t, map[string]string{"a": "rules:" + matchRule("calls", 1, "2026-02-01", "")})
	second := setOf(t, map[string]string{"b": "rules:" + matchRule("calls", 2, "2026-03-01", "") + matchRule("calls", 3, "2026-04-01", "")})
	earlier := setOf(t, map[string]string{"b": "rules:" + matchRule("calls", 2, "2026-01-01", "")})
	ended := setOf(t, map[string]string{"a": "rules:" + matchRule("calls", 1, "2026-02-01", "    valid_to: 2026-02-28")})
	for _, tc := range []struct {
		name string
		sets []*Set
		want string
	}{
		{"one version", []*Set{first}, "02-01/1 02-28/1 03-01/1 03-31/1 04-01/1"},
		{"three, each to the day before the next", []*Set{first, second}, "02-01/1 02-28/1 03-01/2 03-31/2 04-01/3"},
		{"in whatever order", []*Set{second, first}, "02-01/1 02-28/1 03-01/2 03-31/2 04-01/3"},
		{"one that begins earlier leaves nothing to the old one", []*Set{first, earlier}, "01-31/2 02-01/2 02-28/2 03-01/2 03-31/2 04-01/2"},
		{"one that ended before stays ended", []*Set{ended, second}, "02-01/1 03-01/2 03-31/2 04-01/3"},
	} {
		set, err := Merge(tc.sets...)
		if err != nil {
			t.Fatal(err)
		}
		if got := flagged(set); got != tc.want {
			t.Errorf("%s: flagged %s, want %s", tc.name, got, tc.want)
		}
	}
	if got := flagged(first); got != "02-01/1 02-28/1 03-01/1 03-31/1 04-01/1" {
		t.Errorf("the set that was merged with others flags %s now", got)
	}
}

// TestExemptNumbersBindEveryPack has one file exempt a number and another judge calls to it.
func TestExemptNumbersBindEveryPack(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for hash, line := range map[uint64]string{7: "L7", 8: "L8", 9: "L9"} {
		u := usage(schema.KindCall, line, "U", at(t, "2026-02-01 10:00:00"))
		u.OtherHash = hash
		insert(s, schema.UsageTable(), u)
	}
	number := func(hash uint64) string { return schema.LineID(hash) }
	judging := setOf(t, map[string]string{"judging": "exempt_numbers: [" + number(9) + "]\nrules:" + matchRule("calls", 1, "2026-01-01", "")})
	for name, set := range map[string]*Set{
		"in one folder": setOf(t, map[string]string{"union": "exempt_numbers: [" + number(7) + "]\nrules:" + matchRule("other", 1, "2027-01-01", ""),
			"judging": "exempt_numbers: [" + number(9) + "]\nrules:" + matchRule("calls", 1, "2026-01-01", "")}),
		"merged": func() *Set {
			set, err := Merge(judging, setOf(t, map[string]string{"union": "exempt_numbers: [" + number(7) + "]\nrules:" + matchRule("other", 1, "2027-01-01", "")}))
			if err != nil {
				t.Fatal(err)
			}
			return set
		}(),
	} {
		events, err := s.evaluator(set).Evaluate(testCtx(t), Scope{All: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 1 || events[0].SubjectID != "L8" {
			t.Errorf("%s: %d events, of %v; want that of L8 alone", name, len(events), events)
		}
	}
}

func TestCandidatesThatAreNoneAnyMore(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	insert(s, schema.UsageTable(), usage(schema.KindCall, "L1", "U", at(t, "2026-02-01 10:00:00")))
	suspects := setOf(t, map[string]string{"a": "rules:" + matchRule("calls", 1, "2026-01-01", "    candidate: true")})
	certain := setOf(t, map[string]string{"a": "rules:" + matchRule("calls", 1, "2026-01-01", "")})
	events, err := s.evaluator(suspects).Evaluate(testCtx(t), Scope{All: true})
	if err != nil || len(events) != 1 || !events[0].Candidate {
		t.Fatalf("%v, %v", events, err)
	}
	insert(s, schema.ViolationTable(), events...)
	events, err = s.evaluator(certain).Evaluate(testCtx(t), Scope{All: true, Reason: ReasonRule})
	if err != nil || len(events) != 1 || events[0].Candidate || events[0].Change != schema.ChangeChanged || events[0].ReasonCode != ReasonRule {
		t.Errorf("after the rule became certain: %+v, %v", events, err)
	}
	if suspects.Digest() == certain.Digest() {
		t.Error("the digest does not see the difference: a store would not be judged anew")
	}
}

// TestTextsOfRulesStayTexts puts what would end a comment where a trend names its unit.
func TestTextsOfRulesStayTexts(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, unit := range []string{"**// CREATE TABLE pwned ENGINE = Memory AS --", "*/ SELECT 1; /*", "/*", "' OR 1=1 --", "a\u0000b"} {
		if strings.ContainsRune(unit, 0) {
			continue // YAML refuses it
		}
		set := ownTrend(t, SourceUsage, "2024-01-01", fmt.Sprintf("count: true, unit: %q, lookback_weeks: 26, at_least: 8, z: 1.6, rise_share: 0.1, recent: 4, test: mann-kendall", unit))
		if sql := mustCompile(t, set.Rules()[0]).SQL(); strings.Contains(sql, "pwned") || strings.Count(sql, "*/") != 1 {
			t.Errorf("unit %q stands in the query: %s", unit, sql[:300])
		}
		if _, err := s.evaluator(set).Verdicts(testCtx(t), set.Rules()[0], nil); err != nil {
			t.Errorf("unit %q: %v", unit, err)
		}
	}
}

func mustCompile(t *testing.T, r *Rule) Query {
	t.Helper()
	q, err := r.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestErrorsQuoteNoQueries has the engine refuse a query that names a line.
func TestErrorsQuoteNoQueries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := setOf(t, map[string]string{"a": "rules:" + matchRule("calls", 1, "2026-01-01", "")})
	ev := s.evaluator(set)
	t.Cleanup(func() { s.renew(schema.UsageTable().Info()) })
	s.exec("ALTER TABLE usage DROP COLUMN kind")
	var scope Scope
	scope.TouchLine("L0000000000SECRET", 20_500)
	_, err := ev.Evaluate(testCtx(t), scope)
	var cut *queryError
	switch {
	case err == nil:
		t.Fatal("the engine took a query over a column that is gone")
	case !errors.As(err, &cut) || !strings.Contains(err.Error(), "calls/1"):
		t.Errorf("the error is %v", err)
	case strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "SELECT"):
		t.Errorf("the error quotes the query: %v", err)
	case !strings.Contains(cut.whole.Error(), "kind"):
		t.Errorf("nothing tells any more what was wrong: %v", cut.whole)
	}
}

func TestFilesThatSayMoreThanIsRead(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a second document", "pack: a\nrules:" + matchRule("calls", 1, "2026-01-01", "") + "---\npack: b\nrules:" + matchRule("other", 1, "2026-01-01", ""), ":15:1: a second document begins here"},
		{"a version beyond 32 bits", "pack: a\nrules:" + matchRule("calls", math.MaxUint32+1, "2026-01-01", ""), "version 4294967296 is too large"},
		{"informed when it has ended", "pack: a\nrules:" + strings.Replace(matchRule("calls", 1, "2026-01-01", "    valid_to: 2026-06-01"), "informed_at: 2026-01-01", "informed_at: 2026-06-01", 1), "nothing is ever flagged"},
		{"a measure with a name that is taken", "pack: a\nrules:" + strings.Replace(matchRule("calls", 1, "2026-01-01", "    window: month\n    limits: [{measure: matches, count: true, unit: calls, above: 3}]"), "kind: match", "kind: threshold", 1), "are taken"},
	} {
		_, problems := Parse("x.yaml", []byte(tc.text))
		if len(problems) != 1 || !strings.Contains(problems[0].String(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, problems, tc.want)
		}
	}
}

// TestAnExtensionThatChangedHands has an approval for an extension that another line had before.
func TestAnExtensionThatChangedHands(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	line := func(id, alias, from string, rank uint64) schema.Line {
		return schema.Line{EventID: schema.NewID("line", id, from), LineID: id, Alias: alias, UnitID: "U", ValidFrom: at(t, from+" 00:00:00"), Rank: rank}
	}
	insert(s, schema.LineTable(), line("L1", "E", "2025-01-01", 1), line("L1", "", "2025-06-01", 2), line("L2", "E", "2025-06-01", 3), line("L2", "F", "2025-11-01", 4))
	insert(s, schema.ApprovalTable(), schema.Approval{ApprovalID: "a", Kind: "premium", LineID: "E", ValidFrom: at(t, "2025-02-01 00:00:00"), ValidTo: at(t, "2026-02-01 00:00:00")})
	for _, call := range []string{"L1 2025-01-31", "L1 2025-02-01", "L1 2025-05-31", "L1 2025-06-01", "L2 2025-05-31", "L2 2025-06-01", "L2 2025-10-31", "L2 2025-11-01"} {
		id, day, _ := strings.Cut(call, " ")
		insert(s, schema.UsageTable(), premium(id, "U", at(t, day+" 12:00:00")))
	}
	set := setOf(t, map[string]string{"a": "rules:" + strings.Replace(matchRule("calls", 1, "2025-01-01", "    exempt: {approval: premium}"), `kind == "call"`, `service == "premium"`, 1)})
	events, err := s.evaluator(set).Evaluate(testCtx(t), Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range events {
		got = append(got, v.SubjectID+" "+v.WindowFrom.String())
	}
	if want := "L1 2025-01-31, L2 2025-05-31, L1 2025-06-01, L2 2025-11-01"; strings.Join(got, ", ") != want {
		t.Errorf("flagged %v, want %s", got, want)
	}
}
