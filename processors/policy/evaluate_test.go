package policy

import (
	"fmt"
	"reflect"
	"testing"

	"linesman/schema"
)

// brief says what an event is about.
func brief(events []schema.Violation) []string {
	out := []string{}
	for _, v := range events {
		out = append(out, fmt.Sprintf("%s %s %s %s %s=%s %s %s", v.Change, v.Rule, v.SubjectID, v.WindowFrom, v.Measure, number(v.Value), v.Cost, v.ReasonCode))
	}
	return out
}

func wantEvents(t *testing.T, what string, got []schema.Violation, want ...string) {
	t.Helper()
	if g := brief(got); !reflect.DeepEqual(g, append([]string{}, want...)) {
		t.Fatalf("%s:\ngot  %q\nwant %q", what, g, want)
	}
}

// TestLife follows a violation from its opening to its retraction and back.
func TestLife(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	first := premium("L1", "U1", at(t, "2026-03-10 10:00:00"))
	// An id that ends in zero bytes must come back whole.
	copy(first.EventID[14:], []byte{0, 0})
	insert(s, schema.UsageTable(), first)
	var scope Scope
	scope.TouchLine("L1", first.LocalDay)

	opened := s.evaluate(e, scope)
	wantEvents(t, "opened", opened, "opened premium-call L1 2026-03-01 count=1 20.00 ")
	if opened[0].Evidence[0] != first.EventID {
		t.Errorf("evidence %v, want %v", opened[0].Evidence, first.EventID)
	}
	if again := s.evaluate(e, scope); !reflect.DeepEqual(again, opened) {
		t.Errorf("the same state gives other events: %+v", again)
	}
	s.project(opened)
	wantEvents(t, "nothing new", s.evaluate(e, scope))
	wantEvents(t, "nothing new anywhere", s.evaluate(e, Scope{All: true}))

	insert(s, schema.UsageTable(), premium("L1", "U1", at(t, "2026-03-09 10:00:00")), premium("L1", "U1", at(t, "2026-04-09 10:00:00")))
	changed := s.evaluate(e, scope)
	wantEvents(t, "a late call, another in a month not touched", changed, "changed premium-call L1 2026-03-01 count=2 40.00 data")
	if changed[0].ViolationID != opened[0].ViolationID || changed[0].EventID == opened[0].EventID {
		t.Error("a changed violation keeps its id and gets a new event id")
	}
	s.project(changed)

	approval := schema.Approval{ApprovalID: "A", Kind: "premium", LineID: "L1", ValidFrom: at(t, "2026-01-01 00:00:00"), Offset: 1}
	insert(s, schema.ApprovalTable(), approval)
	scope.Reason = ReasonReference
	retracted := s.evaluate(e, scope)
	wantEvents(t, "approved afterwards", retracted, "retracted premium-call L1 2026-03-01 count=0 0.00 reference")
	if v := retracted[0]; v.Evidence != nil || v.UnitID != "U1" || v.Limit != 0 || v.WindowTo != changed[0].WindowTo {
		t.Errorf("retracted %+v", v)
	}
	s.project(retracted)
	wantEvents(t, "stays retracted", s.evaluate(e, scope))

	approval.ValidFrom, approval.ApprovalID, approval.Offset = at(t, "2026-01-01 00:00:00"), "A", 2
	approval.ValidTo = at(t, "2026-03-10 00:00:00")
	insert(s, schema.ApprovalTable(), approval) // it covered only the first of the two calls
	reopened := s.evaluate(e, scope)
	wantEvents(t, "opened again", reopened, "opened premium-call L1 2026-03-01 count=1 20.00 ")
	if reopened[0].ViolationID != opened[0].ViolationID || reopened[0].EventID == opened[0].EventID {
		t.Error("opened again: the same violation, another event")
	}
	if reopened[0].Detail != opened[0].Detail {
		t.Error("the same evidence has another detail")
	}
}

// Equal measures with other evidence are a change: the auditor must see the right calls.
func TestEvidenceChanges(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	call := premium("L1", "U1", at(t, "2026-03-10 10:00:00"))
	insert(s, schema.UsageTable(), call)
	s.project(s.evaluate(e, Scope{All: true}))
	call.Revision, call.Class, call.Service = 1, "mobile", schema.ServiceVoiceOut
	insert(s, schema.UsageTable(), call, premium("L1", "U1", at(t, "2026-03-10 11:00:00")))
	wantEvents(t, "other evidence", s.evaluate(e, Scope{All: true}), "changed premium-call L1 2026-03-01 count=1 20.00 data")
}

// A restated unit moves the violation, although value and evidence stay.
func TestUnitRestated(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	call := premium("L1", "U1", at(t, "2026-03-10 10:00:00"))
	insert(s, schema.UsageTable(), call)
	s.project(s.evaluate(e, Scope{All: true}))
	call.Revision, call.UnitID, call.CostCentre = 1, "U9", "K9"
	insert(s, schema.UsageTable(), call)
	events := s.evaluate(e, Scope{All: true, Reason: ReasonReference})
	wantEvents(t, "moved", events, "changed premium-call L1 2026-03-01 count=1 20.00 reference")
	if events[0].UnitID != "U9" || events[0].CostCentre != "K9" {
		t.Errorf("moved to %s, %s", events[0].UnitID, events[0].CostCentre)
	}
}

// More evidence than an event carries: the total and the digest still see every change.
func TestMuchEvidence(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	rows := make([]schema.Usage, MaxEvidence+200)
	for i := range rows {
		rows[i] = forwarded("L1", "U1", at(t, "2026-03-01 08:00:00")+schema.Time(i)*60_000, schema.Ore(10), i)
	}
	insert(s, schema.UsageTable(), rows...)
	first := only(t, s.evaluate(e, Scope{All: true}), "excessive-forwarding")
	if len(first.Evidence) != MaxEvidence || first.EvidenceTotal != MaxEvidence+200 || first.Cost != schema.Kronor(120) || first.Evidence[MaxEvidence-1] != rows[MaxEvidence-1].EventID {
		t.Fatalf("%d ids of %d, cost %s", len(first.Evidence), first.EvidenceTotal, first.Cost)
	}
	s.project([]schema.Violation{first})
	gone, other := rows[1100], rows[1100]
	gone.Revision, gone.Answered = 1, false
	other.EventID = schema.NewID("test", "another")
	insert(s, schema.UsageTable(), gone, other)
	wantEvents(t, "one beyond the first thousand was replaced", s.evaluate(e, Scope{All: true}),
		"changed excessive-forwarding L1 2026-03-01 count=1200 120.00 data")
}

// A rule that is gone, or has a new version, leaves no violations behind; only a look at
// everything may say so.
func TestRetiredRule(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	call := premium("L1", "U1", at(t, "2026-03-10 10:00:00"))
	insert(s, schema.UsageTable(), call)
	s.project(s.evaluate(s.evaluator(builtin(t)), Scope{All: true}))

	var rules []*Rule
	for _, r := range builtin(t).Rules() {
		if r.ID == "premium-call" {
			r.Version = 2
		}
		rules = append(rules, r)
	}
	next, _ := newSet(contents{rules: rules})
	e := s.evaluator(next)
	var scope Scope
	scope.TouchLine("L1", call.LocalDay)
	bounded := s.evaluate(e, scope)
	wantEvents(t, "bounded", bounded, "opened premium-call L1 2026-03-01 count=1 20.00 ")
	s.project(bounded)
	all := s.evaluate(e, Scope{All: true})
	wantEvents(t, "all", all, "retracted premium-call L1 2026-03-01 count=0 0.00 rule")
	if all[0].RuleVersion != 1 {
		t.Errorf("version %d was retracted", all[0].RuleVersion)
	}
	s.project(all)
	wantEvents(t, "once", s.evaluate(e, Scope{All: true}))
	empty, _ := newSet(contents{})
	wantEvents(t, "no rules at all", s.evaluate(s.evaluator(empty), Scope{All: true}), "retracted premium-call L1 2026-03-01 count=0 0.00 rule")
}

// However the scope is cut, the touched windows get the verdicts of a look at everything.
func TestScopes(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := builtin(t)
	var rows []schema.Usage
	for i := range 40 {
		rows = append(rows, premium(fmt.Sprintf("L%02d", i%20), "U1", at(t, "2026-03-05 10:00:00")+schema.Time(i%5)*30*86_400_000, i))
	}
	insert(s, schema.UsageTable(), rows...)
	all := s.evaluate(s.evaluator(set), Scope{All: true})
	if len(all) < 15 {
		t.Fatalf("only %d violations", len(all))
	}
	var touched Scope
	for _, r := range rows {
		touched.TouchLine(r.Line, r.LocalDay)
	}
	var months Scope
	for _, r := range rows {
		months.TouchMonth(r.LocalDay)
	}
	days := Scope{Lines: map[string]Days{}} // a caller that gives days instead of months
	for _, r := range rows {
		if days.Lines[r.Line] == nil {
			days.Lines[r.Line] = Days{}
		}
		days.Lines[r.Line][r.LocalDay], days.Lines[r.Line][r.LocalDay.Month()] = struct{}{}, struct{}{}
	}
	few, err := New(Config{MaxSubjects: 3}, s.conn, set, s.evaluator(set).log)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]schema.Violation{
		"touched lines": s.evaluate(s.evaluator(set), touched), "touched months": s.evaluate(s.evaluator(set), months),
		"days": s.evaluate(s.evaluator(set), days), "too many lines to name": s.evaluate(few, touched),
	} {
		if !reflect.DeepEqual(got, all) {
			t.Errorf("%s: %d events, want %d", name, len(got), len(all))
		}
	}
	var one Scope
	one.TouchLine("L03", rows[3].LocalDay)
	for _, v := range s.evaluate(s.evaluator(set), one) {
		if v.SubjectID != "L03" || v.WindowFrom != rows[3].LocalDay.Month() {
			t.Errorf("outside the scope: %s %s", v.SubjectID, v.WindowFrom)
		}
	}
	if got := s.evaluate(s.evaluator(set), Scope{}); len(got) != 0 || !(&Scope{}).Empty() {
		t.Errorf("nothing touched: %v", got)
	}
}

// Text from outside reaches the query as text.
func TestHostileSubject(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	hostile := "L1') OR 1=1 --\\"
	insert(s, schema.UsageTable(), premium(hostile, "U1", at(t, "2026-03-10 10:00:00")), premium("L2", "U1", at(t, "2026-03-10 10:00:00")))
	var scope Scope
	scope.TouchLine(hostile, schema.Date(2026, 3, 10))
	wantEvents(t, "hostile", s.evaluate(e, scope), "opened premium-call "+hostile+" 2026-03-01 count=1 20.00 ")
}

// Usage that the exchange recorded under a line's extension is found when the line is
// touched, although a bounded query looks rows up by the recorded number.
func TestRecordedUnderExtension(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := s.evaluator(builtin(t))
	call := premium("L1", "U1", at(t, "2026-03-10 10:00:00"))
	call.LineID = "x61234"
	stranger := premium("L2", "U1", at(t, "2026-03-10 10:00:00"))
	stranger.LineID = "x61235"
	insert(s, schema.LineTable(), schema.Line{LineID: "L1", Alias: "x61234", ValidFrom: at(t, "2025-01-01 00:00:00")}, schema.Line{LineID: "L2", Alias: "x61235", ValidFrom: at(t, "2025-01-01 00:00:00")})
	insert(s, schema.UsageTable(), call, stranger)
	var scope, other Scope
	scope.TouchLine("L1", call.LocalDay)
	wantEvents(t, "one", s.evaluate(e, scope), "opened premium-call L1 2026-03-01 count=1 20.00 ")
	other.TouchLine("L2", call.LocalDay)
	scope.Add(other)
	wantEvents(t, "both", s.evaluate(e, scope), "opened premium-call L1 2026-03-01 count=1 20.00 ", "opened premium-call L2 2026-03-01 count=1 20.00 ")
}
