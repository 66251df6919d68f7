package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/dashboards/query"
	"linesman/schema"
)

func day(text string) time.Time {
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation("2006-01-02", text, zone)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// hospital is a tree: H has A and B, A has A1 and A2; A2 moves to B in March; B1 ends with May; C begins in June and is above itself with D.
func hospital() []unitRow {
	year, march, june := day("2026-01-01"), day("2026-03-01"), day("2026-06-01")
	return []unitRow{
		{"H", "", year, time.Time{}}, {"A", "H", year, time.Time{}}, {"B", "H", year, time.Time{}}, {"A1", "A", year, time.Time{}},
		{"A2", "A", year, time.Time{}}, {"A2", "B", march, time.Time{}}, // the row before has no end: the later one counts
		{"B1", "B", year, june}, {"C", "D", june, time.Time{}}, {"D", "C", year, time.Time{}}, {"", "H", year, time.Time{}},
	}
}

func TestTree(t *testing.T) {
	for _, tc := range []struct{ unit, at, want string }{
		{"A", "2026-02-28", "A A1 A2"}, {"A", "2026-03-01", "A A1"}, {"B", "2026-02-28", "B B1"}, {"B", "2026-03-01", "A2 B B1"}, {"B", "2026-05-31", "A2 B B1"}, {"B", "2026-06-01", "A2 B"},
		{"C", "2026-05-31", "C D"}, {"C", "2026-06-01", "C D"}, {"D", "2026-06-01", "C D"}, {"A1", "2026-06-01", "A1"}, {"gone", "2026-06-01", "gone"}, {"A", "2025-12-31", "A"},
	} {
		below := units{ids: treeAt(hospital(), day(tc.at)).below(tc.unit)}
		if got := strings.Join(below.list(), " "); got != tc.want {
			t.Errorf("%s on %s has %q, want %q", tc.unit, tc.at, got, tc.want)
		}
	}
	// Units move at midnight of the judging zone, which is eleven in the evening in UTC.
	for at, want := range map[time.Time]int{time.Date(2026, 2, 28, 22, 59, 59, 0, time.UTC): 3, time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC): 2} {
		if got := treeAt(hospital(), at).below("A"); len(got) != want {
			t.Errorf("at %s A has %v", at, got)
		}
	}
	if got := treeAt(hospital(), day("2026-06-01")).below("H"); got[""] {
		t.Errorf("what belongs to no unit is below H: %v", got)
	}
}

// TestRoles: what each role sees and may, and that several add up.
func TestRoles(t *testing.T) {
	t2 := treeAt(hospital(), day("2026-04-01"))
	end := day("2027-01-01")
	open := func(unit string) grant {
		return grant{id: "case-" + unit, who: "Pa", role: schema.RolePersonLevel, unit: unit, purpose: "calls to premium numbers", approver: "Pb", to: end}
	}
	role := func(role, unit string) grant { return grant{id: role, who: "Pa", role: role, unit: unit} }
	for _, tc := range []struct {
		name   string
		grants []grant
		scope  query.Scope
		may    []Right
	}{
		{"manager", []grant{role(schema.RoleUnitManager, "B")}, query.Scope{Units: []string{"A2", "B", "B1"}, Figures: true}, []Right{Figures}},
		{"manager of two", []grant{role(schema.RoleUnitManager, "A"), role(schema.RoleUnitManager, "B1")}, query.Scope{Units: []string{"A", "A1", "B1"}, Figures: true}, []Right{Figures}},
		{"manager of a unit nobody knows", []grant{role(schema.RoleUnitManager, "Z")}, query.Scope{Units: []string{"Z"}, Figures: true}, []Right{Figures}},
		{"finance", []grant{role(schema.RoleFinance, "")}, query.Scope{All: true, Figures: true}, []Right{Backtest, Figures, Money}},
		{"finance of a unit", []grant{role(schema.RoleFinance, "A")}, query.Scope{Units: []string{"A", "A1"}, Figures: true}, []Right{Figures}},
		{"data protection officer", []grant{role(schema.RoleDataProtectionOfficer, "")}, query.Scope{AccessLog: true}, []Right{AccessLog}},
		{"admin", []grant{role(schema.RoleAdmin, "")}, query.Scope{All: true, Figures: true, AccessLog: true}, []Right{AccessLog, Backtest, Figures, Money, Operations}},
		{"admin with a case", []grant{role(schema.RoleAdmin, ""), open("A")}, query.Scope{All: true, Figures: true, AccessLog: true, Persons: query.Persons{Units: []string{"A", "A1"}}}, []Right{AccessLog, Backtest, Figures, Money, Operations}},
		{"manager with a case elsewhere", []grant{role(schema.RoleUnitManager, "A"), open("B1")}, query.Scope{Units: []string{"A", "A1", "B1"}, Figures: true, Persons: query.Persons{Units: []string{"B1"}}}, []Right{Figures}},
		{"a case of everything", []grant{open("")}, query.Scope{All: true, Figures: true, Persons: query.Persons{All: true}}, []Right{Figures}},
		{"manager and officer", []grant{role(schema.RoleUnitManager, "A1"), role(schema.RoleDataProtectionOfficer, "")}, query.Scope{Units: []string{"A1"}, Figures: true, AccessLog: true}, []Right{AccessLog, Figures}},
	} {
		c, err := rightsOf(tc.grants, t2)
		if err != nil || !slices.Equal(c.Rights(), tc.may) {
			t.Errorf("%s: %v, %v", tc.name, c.Rights(), err)
		}
		sees(t, tc.name, c, tc.scope)
	}
	incomplete := open("A")
	for name, change := range map[string]func(*grant){"no purpose": func(g *grant) { g.purpose = "" }, "no approver": func(g *grant) { g.approver = "" }, "approved by who has it": func(g *grant) { g.approver = g.who },
		"no end": func(g *grant) { g.to = time.Time{} }, "a role that there is not": func(g *grant) { g.role = "boss" }, "no role": func(g *grant) { g.role = "" }, "admin of a unit": func(g *grant) { g.role = schema.RoleAdmin }, "officer of a unit": func(g *grant) { g.role = schema.RoleDataProtectionOfficer }} {
		g := incomplete
		change(&g)
		if c, err := rightsOf([]grant{g}, t2); !errors.Is(err, ErrNoRights) || len(c.Rights()) > 0 || c.Scope.Figures {
			t.Errorf("a grant with %s gives %+v, %v", name, c, err)
		}
	}
}

func TestWhatACallerMay(t *testing.T) {
	end := day("2027-01-01")
	c, err := rightsOf([]grant{{id: "m", role: schema.RoleUnitManager, unit: "A"}, {id: "f", role: schema.RoleFinance},
		{id: "case-1", role: schema.RolePersonLevel, unit: "B", purpose: "one", approver: "Pb", who: "Pa", to: end}, {id: "case-2", role: schema.RolePersonLevel, unit: "B1", purpose: "two", approver: "Pb", who: "Pa", to: end}}, treeAt(hospital(), day("2026-04-01")))
	if err != nil {
		t.Fatal(err)
	}
	c.Who, c.Way, c.Name = "Pa", schema.WayConsole, "Anna Andersson"
	// Whoever sees everything for finance settles violations of their own units only.
	for unit, want := range map[string][3]bool{"A": {true, true, false}, "A1": {true, true, false}, "B": {true, false, true}, "B1": {true, false, true}, "C": {true, false, false}, "": {true, false, false}} {
		if got := [3]bool{c.MaySee(unit), c.MaySettle(unit), c.MaySeePersons(unit)}; got != want {
			t.Errorf("unit %q: sees, settles, persons %v, want %v", unit, got, want)
		}
	}
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	read := c.Read(at, query.Read{Metric: "violation", Subject: "00ff", Unit: "B1", Rows: 3}, schema.AccessAllowed)
	want := schema.AccessRead{At: schema.TimeOf(at), Who: "Pa", Way: "console", Roles: "finance,person_level,unit_manager", What: "violation", Subject: "00ff", UnitID: "B1", GrantID: "case-1, case-2", Purpose: "one; two", Outcome: "allowed", Rows: 3}
	if read != want {
		t.Errorf("%+v", read)
	}
	if one := c.Read(at, query.Read{Metric: "x", Unit: "B"}, schema.AccessAllowed); one.GrantID != "case-1" || one.Purpose != "one" {
		t.Errorf("%+v", one)
	}
	if denied := c.Read(at, query.Read{Metric: "x", Unit: "B"}, schema.AccessDenied); denied.GrantID != "" || denied.Purpose != "" {
		t.Errorf("%+v", denied)
	}
	raw, err := json.Marshal(read)
	if err != nil || strings.Contains(string(raw), "Anna") {
		t.Errorf("the name is in the event: %s %v", raw, err)
	}
	if got := cut(strings.Repeat("å", 1000)); len(got) > 910 || !strings.HasSuffix(got, "å…") {
		t.Errorf("cut to %d bytes: %q", len(got), got[880:])
	}
	var nobody Caller
	if nobody.May(Figures) || nobody.MaySee("A") || nobody.MaySee("") || nobody.MaySettle("") || nobody.MaySeePersons("") {
		t.Error("nobody may something")
	}
	owner := local("Plocal")
	if !owner.MaySeePersons("") || !owner.MaySettle("x") || !owner.May(AccessLog) || !owner.Local {
		t.Errorf("the owner: %+v", owner)
	}
	none := c.withoutPersons()
	if none.MaySeePersons("B") || none.MaySettle("A") || slices.Contains(none.Roles, schema.RolePersonLevel) || !c.MaySeePersons("B") || !slices.Contains(c.Roles, schema.RolePersonLevel) {
		t.Errorf("%+v of %+v", none, c)
	}
	if _, ok := Of(t.Context()); ok {
		t.Error("a context knows somebody")
	}
	if got, ok := Of(With(t.Context(), c)); !ok || got.Who != "Pa" {
		t.Error("the context forgot who asks")
	}
}

func ExampleInside() {
	for _, next := range []string{"/d/violations?unit=A", "https://evil.example", "//evil.example", `/\evil.example`, "/%2F/evil.example", "javascript:alert(1)", "", "/login?next=/login", "d", "/\t/evil.example", "/logout"} {
		fmt.Println(Inside(next))
	}
	// Output:
	// /d/violations?unit=A
	// /
	// /
	// /
	// /
	// /
	// /
	// /
	// /
	// /
	// /
}
