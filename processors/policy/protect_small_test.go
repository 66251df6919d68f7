package policy

import (
	"fmt"
	"testing"

	"linesman/schema"
)

const protectJabber = "protect:\n  - {columns: [device], when: 'device.startsWith(\"jabber\")', says: {en: a, sv: a}, policy: [{document: D, section: S, quote: Q}], min_lines: 5}\n"

// A budget for one cost centre of a unit tells of the lines that pay there, however many the
// unit has.
func TestBudgetsOfFewProtectedLines(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := setOf(t, map[string]string{"own": protectJabber + "rules:" + ownRule("budget-of-jabber", "    kind: budget\n    subject: unit\n    window: month\n    source: usage\n    when: device.startsWith(\"jabber\")\n    budget: {metric: cost_month}\n")})
	for _, g := range []schema.Goal{{UnitID: "U1", CostCentre: "K9"}, {UnitID: "U2", CostCentre: "K1"}, {UnitID: "U3"}} {
		g.GoalID, g.Metric, g.Target, g.ValidFrom, g.EventID = g.UnitID, "cost_month", 1, at(t, "2025-01-01 00:00:00"), schema.NewID(g.UnitID)
		insert(s, schema.GoalTable(), g)
	}
	for _, unit := range []string{"U1", "U2", "U3"} {
		for i := range 6 {
			u := usage(schema.KindCall, fmt.Sprint("L", unit, i), unit, at(t, "2026-03-05 10:00:00"))
			u.Device, u.Cost, u.CostCentre = "jabber_desktop", schema.Kronor(3), "K1"
			if i == 0 {
				u.CostCentre = "K9"
			}
			insert(s, schema.UsageTable(), u)
		}
	}
	got := map[string]string{}
	for _, v := range s.evaluate(s.evaluator(set), Scope{All: true}) {
		got[v.SubjectID] = v.Cost.String()
	}
	if len(got) != 2 || got["U2"] != "15.00" || got["U3"] != "18.00" {
		t.Errorf("told of %v, want the five lines of U2 and the six of U3", got)
	}
}

// A number that one file exempts is no subject of another file's rules over statements.
func TestExemptLinesAreNoSubjectsOfStatements(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	line, other := schema.LineID(4711), schema.LineID(4712)
	set := setOf(t, map[string]string{"own": "exempt_numbers: [" + line + "]\nrules:" + matchRule("calls", 1, "2027-01-01", ""),
		"other": "rules:" + ownRule("lost-phones", "    kind: match\n    subject: line\n    source: losses\n    when: used_after > 0\n")})
	for _, id := range []string{line, other} {
		insert(s, schema.LineTable(), schema.Line{LineID: id, UnitID: "U", ValidFrom: at(t, "2025-01-01 00:00:00"), Kind: "mobile", EventID: schema.NewID(id)})
		insert(s, schema.EquipmentTable(), schema.Equipment{ItemID: id, Kind: "mobile", LineID: id, UnitID: "U", ValidFrom: at(t, "2025-01-01 00:00:00"), LostAt: at(t, "2026-03-01 00:00:00"), EventID: schema.NewID("item", id)})
		for i := range 7 {
			insert(s, schema.UsageTable(), usage(schema.KindCall, id, "U", at(t, fmt.Sprintf("2026-03-%02d 10:00:00", i+2))))
		}
	}
	events := s.evaluate(s.evaluator(set), Scope{All: true})
	if len(events) != 1 || events[0].SubjectID != other {
		t.Errorf("told of %v", events)
	}
}

// Columns of other sources have the names of protected ones and mean other things.
func TestProtectionIsAboutUsage(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	set := setOf(t, map[string]string{"own": "protect:\n  - {columns: [service], when: 'kind == \"sms\"', says: {en: a, sv: a}, policy: [{document: D, section: S, quote: Q}]}\nrules:" +
		ownRule("sms-approvals", "    kind: match\n    subject: line\n    source: approvals\n    when: kind == \"sms\"\n")})
	insert(s, schema.ApprovalTable(), schema.Approval{ApprovalID: "A", Kind: "sms", LineID: "L1", UnitID: "U", ValidFrom: at(t, "2026-01-01 00:00:00"), DecidedAt: at(t, "2026-01-01 00:00:00"), EventID: schema.NewID("c")})
	if events := s.evaluate(s.evaluator(set), Scope{All: true}); len(events) != 1 {
		t.Errorf("%d found, want the approval", len(events))
	}
}
