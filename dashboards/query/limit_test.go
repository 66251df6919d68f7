package query

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/query/querytest"
)

// TestLimit asks the store under a scope with statements that forgot it.
func TestLimit(t *testing.T) {
	conn := querytest.OpenMoved(t)
	if err := conn.Exec(t.Context(), "INSERT INTO access_log (event_id, at, who, unit_id) VALUES ('1234567890123456', 1, 'P1', {unit:String}), ('1234567890123457', 1, 'P1', '')", clickhouse.Named("unit", querytest.Surgery)); err != nil {
		t.Fatal(err)
	}
	// While changed prices are rated, months of usage are there twice.
	for _, stmt := range []string{"CREATE TABLE usage_rerated AS usage", "INSERT INTO usage_rerated SELECT * FROM usage"} {
		if err := conn.Exec(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	r := runner(t, conn)
	t.Run("every table is known", func(t *testing.T) { testTablesKnown(t, conn) })
	t.Run("foreign rows", func(t *testing.T) { testForeignRows(t, r, conn) })
	t.Run("ways around", func(t *testing.T) { testShapes(t, r) })
	t.Run("refused statements", func(t *testing.T) { testRefused(t, r) })
	t.Run("hostile units", func(t *testing.T) { testHostileUnits(t, r, conn) })
	t.Run("many units", func(t *testing.T) { testManyUnits(t, r) })
	t.Run("moved", func(t *testing.T) { testMoved(t, r) })
	t.Run("rights without figures", func(t *testing.T) { testNoFigures(t, r) })
}

func column(t *testing.T, conn driver.Conn, sql string) []string {
	t.Helper()
	s := &statement{}
	s.write("%s", sql)
	out, err := texts(context.Background(), conn, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// testTablesKnown finds a table that was added and that nobody decided about.
func testTablesKnown(t *testing.T, conn driver.Conn) {
	there := column(t, conn, "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	if known := slices.Sorted(maps.Keys(byUnit())); !slices.Equal(known, there) {
		t.Errorf("limited are\n%v\nthere are\n%v", known, there)
	}
	var limited []string
	for name, by := range byUnit() {
		if by {
			limited = append(limited, name)
		}
	}
	limited = append(limited, slices.Collect(maps.Keys(otherwise()))...)
	slices.Sort(limited)
	if with := column(t, conn, "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'unit_id' ORDER BY table"); !slices.Equal(limited, with) {
		t.Errorf("by unit are\n%v\nthe column unit_id is in\n%v", limited, with)
	}
	for view, tables := range over() {
		def := column(t, conn, "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = '"+view+"'")
		for _, table := range there {
			if reads := regexp.MustCompile(`\b` + table + `\b`).MatchString(strings.Join(def, "")); reads && byUnit()[table] && !slices.Contains(tables, table) {
				t.Errorf("%s reads %s too", view, table)
			}
		}
	}
	for _, name := range harmless() {
		if by, known := byUnit()[name]; !known || by {
			t.Errorf("%s is no table without units", name)
		}
	}
}

// rowsOf runs a statement that counts, as read does it.
func rowsOf(t *testing.T, r *Runner, scope Scope, sql string) uint64 {
	t.Helper()
	s := &statement{}
	s.write("%s\nSETTINGS final = 1", sql)
	got, err := read(r.within(t.Context(), scope), r.store, s)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return asCount(got[0][0])
}

// testForeignRows reads every table whole, without any condition of its own.
func testForeignRows(t *testing.T, r *Runner, conn driver.Conn) {
	seen := map[string]bool{}
	for _, unit := range []string{querytest.Surgery, querytest.Emergency} {
		for name, by := range byUnit() {
			all := rowsOf(t, r, Everything(), "SELECT count() FROM "+name)
			got := rowsOf(t, r, Figures(unit), "SELECT count() FROM "+name)
			switch {
			case slices.Contains(harmless(), name):
				if got != all {
					t.Errorf("%s: %d of %d rows", name, got, all)
				}
			case !by || name == "access_log":
				if got != 0 {
					t.Errorf("%s shows %d rows", name, got)
				}
			default:
				foreign := " WHERE unit_id != '" + unit + "'"
				n := rowsOf(t, r, Figures(unit), "SELECT count() FROM "+name+foreign)
				if own := rowsOf(t, r, Everything(), "SELECT count() FROM "+name) - rowsOf(t, r, Everything(), "SELECT count() FROM "+name+foreign); got-n != own {
					t.Errorf("%s shows %d rows of %s, which has %d", name, got-n, unit, own)
				}
				// Of a violation and a goal that went from one unit to another every event is needed.
				if n > 0 && !(n == 1 && (name == "violations" || name == "goals")) {
					t.Errorf("%s shows %d rows of other units", name, n)
				}
				if all > got {
					seen[name] = true
				}
			}
		}
	}
	for _, name := range []string{"usage", "usage_daily", "usage_line_daily", "watches", "watches_current", "watches_weekly", "violations", "violations_current", "lines", "lines_now", "units", "units_now", "goals"} {
		if !seen[name] {
			t.Errorf("%s held nothing foreign: the test shows nothing", name)
		}
	}
	if one(t, conn, "count()) FROM access_log") != 2 || rowsOf(t, r, Figures(querytest.Surgery), "SELECT count() FROM access_log") != 0 {
		t.Error("the access log is open")
	}
}

// testShapes leaves the scope out in statements of every form that there is.
func testShapes(t *testing.T, r *Runner) {
	surgery := Figures(querytest.Surgery)
	for _, sql := range []string{
		"SELECT count() FROM usage AS u WHERE u.unit_id != 'SE0001-S'",
		"SELECT count() FROM linesman.usage WHERE unit_id != 'SE0001-S'",
		"SELECT count() FROM (SELECT unit_id FROM usage_daily) WHERE unit_id != 'SE0001-S'",
		"WITH x AS (SELECT unit_id FROM usage) SELECT count() FROM x WHERE unit_id != 'SE0001-S'",
		"SELECT countIf(b.unit_id != 'SE0001-S') FROM lines AS a LEFT JOIN usage AS b ON b.line_id = a.line_id",
		"SELECT count() FROM units AS a CROSS JOIN goals AS b WHERE a.unit_id != 'SE0001-S'",
		"SELECT count() FROM cost_centres WHERE code IN (SELECT cost_centre FROM usage WHERE unit_id != 'SE0001-S')",
		"SELECT toUInt64((SELECT count() FROM usage WHERE unit_id != 'SE0001-S'))",
		"SELECT sum(n) FROM (SELECT count() AS n FROM watches WHERE unit_id != 'SE0001-S' UNION ALL SELECT count() FROM usage_daily WHERE unit_id != 'SE0001-S')",
		"SELECT count() FROM view(SELECT * FROM usage) WHERE unit_id != 'SE0001-S'",
		"SELECT count() FROM usage AS cost_centres WHERE cost_centres.unit_id != 'SE0001-S'",
	} {
		sql = strings.ReplaceAll(sql, "SELECT count() FROM cost_centres WHERE code", "SELECT count() FROM cost_centres WHERE cost_centre")
		if n := rowsOf(t, r, surgery, sql); n != 0 {
			t.Errorf("%d foreign rows by %s", n, sql)
		}
		if n := rowsOf(t, r, Everything(), sql); n == 0 {
			t.Errorf("there is nothing to find by %s", sql)
		}
	}
}

func testRefused(t *testing.T, r *Runner) {
	for _, sql := range []string{
		"SELECT count() FROM usage SETTINGS additional_table_filters = {}", "SELECT 1 SETTINGS Additional_Table_Filters={'a':'1'}",
		"SELECT count() FROM merge('usage')", "SELECT count() FROM merge (currentDatabase(), '^usage$')", "SELECT count() FROM `merge`('usage')", "SELECT count() FROM MERGE/* */('usage')",
		"SELECT * FROM mergeTreeIndex(currentDatabase(), usage)", "SELECT * FROM remote('localhost', usage)", "SELECT * FROM cluster('c', usage)", "SELECT * FROM loop(usage)", "SELECT dictGet('d', 'a', 1)",
		"SELECT * FROM system.tables", "SELECT * FROM `system`.parts", "SELECT * FROM information_schema.tables", "SELECT * FROM file('x.csv')",
	} {
		s := &statement{}
		s.write("%s", sql)
		if _, err := read(r.within(t.Context(), Everything()), r.store, s); !errors.Is(err, ErrScope) {
			t.Errorf("%s gave %v", sql, err)
		}
	}
	s := &statement{}
	s.write("SELECT sumMerge(x), 'merge' FROM (SELECT sumState(1) AS x)")
	if _, err := read(r.within(t.Context(), Figures("u")), r.store, s); err != nil {
		t.Errorf("a name that only ends alike: %v", err)
	}
	if _, err := read(t.Context(), r.store, s); !errors.Is(err, ErrScope) {
		t.Errorf("a statement without a scope gave %v", err)
	}
}

// testHostileUnits gives units ids that would end a text, a list or a setting.
func testHostileUnits(t *testing.T, r *Runner, conn driver.Conn) {
	hostile := []string{`'`, `\`, `\'`, `a'b\c`, `') OR 1 OR unit_id IN ('`, `\') OR (1`, "x'}", `\\\'),'usage':'1'}`, "å\nä\tö", "nul\x00nul", "{p1:String}", "%s%[2]s", "`units`", "--", "/*", "a,b", "€', '"}
	for _, id := range hostile {
		if err := conn.Exec(t.Context(), "INSERT INTO units (unit_id, name, cost_centre, valid_from) VALUES (unhex({id:String}), unhex({id:String}), '0900', '2026-01-01 00:00:00')", clickhouse.Named("id", hexed(id))); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range hostile {
		got, err := r.Options(t.Context(), Figures(id), "units", "en")
		if err != nil || len(got) != 1 || got[0].Value != id {
			t.Errorf("unit %q sees %v, %v", id, got, err)
		}
		if n := rowsOf(t, r, Figures(id), "SELECT count() FROM units WHERE hex(unit_id) != '"+hexed(id)+"'"); n != 0 {
			t.Errorf("unit %q: the store gives %d other units", id, n)
		}
		if n := rowsOf(t, r, Figures(id), "SELECT count() FROM usage"); n != 0 {
			t.Errorf("unit %q: the store gives %d records", id, n)
		}
	}
	if got, err := r.Options(t.Context(), Figures(hostile...), "units", "en"); err != nil || len(got) != len(hostile) {
		t.Errorf("together %d units, %v", len(got), err)
	}
	for _, scope := range []Scope{Figures(), Figures(""), {All: true}, {Units: []string{querytest.Surgery}}} {
		if _, err := r.Options(t.Context(), scope, "units", "en"); !errors.Is(err, ErrScope) {
			t.Errorf("%+v sees units: %v", scope, err)
		}
	}
	// An empty id is what belongs to no unit.
	if n := rowsOf(t, r, Figures("", querytest.Surgery), "SELECT count() FROM goals WHERE unit_id = ''"); n != 0 {
		t.Errorf("an empty unit opens %d budgets of cost centres", n)
	}
}

// testManyUnits is whoever leads a large part of a region.
func testManyUnits(t *testing.T, r *Runner) {
	units := []string{querytest.Surgery}
	for i := range 1500 {
		units = append(units, fmt.Sprintf("SE2321000131-E%012d", i))
	}
	got, err := r.Run(t.Context(), Query{Metric: "cost", GroupBy: []string{"unit"}}, Figures(units...), quarter())
	want, wantErr := r.Run(t.Context(), Query{Metric: "cost", GroupBy: []string{"unit"}}, Figures(querytest.Surgery), quarter())
	if err != nil || wantErr != nil || got.Rows() != 1 || number(t, got, "cost", 0) != number(t, want, "cost", 0) {
		t.Errorf("of %d units: %v, %v", len(units), err, wantErr)
	}
	for _, metric := range []string{"violation_list", "watches_open", "watches_age", "violations_new", "cost_centre_follow_up"} {
		if _, err := r.Run(t.Context(), Query{Metric: metric}, Figures(units...), quarter()); err != nil {
			t.Errorf("%s of %d units: %v", metric, len(units), err)
		}
	}
	if _, err := r.Violation(t.Context(), Scope{Units: units, Figures: true, Persons: Persons{All: true}}, querytest.ViolationID("moved").String(), "en"); err != nil {
		t.Errorf("a violation of %d units: %v", len(units), err)
	}
	for i := range 20000 {
		units = append(units, fmt.Sprintf("SE2321000131-F%012d", i))
	}
	if _, err := r.Run(t.Context(), Query{Metric: "cost"}, Figures(units...), quarter()); !errors.Is(err, ErrScope) {
		t.Errorf("%d units gave %v", len(units), err)
	}
}

func hexed(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(digits[text[i]>>4])
		b.WriteByte(digits[text[i]&15])
	}
	return b.String()
}

// testMoved reads what passed from one unit to the other: the one has it no longer, not even as
// it was stated at first, and the other has it whole.
func testMoved(t *testing.T, r *Runner) {
	for name, want := range map[string][2]uint64{ // emergency, surgery
		"SELECT count() FROM usage WHERE cost = 777":                                                                       {0, 1},
		"SELECT count() FROM usage_daily WHERE cost >= 777":                                                                {0, 1},
		"SELECT count() FROM violations_current WHERE cost = 777":                                                          {0, 1},
		"SELECT sum(changes) FROM violations_current WHERE cost = 777":                                                     {0, 2},
		"SELECT count() FROM cases_current WHERE cost = 777":                                                               {0, 1},
		"SELECT count() FROM lines_now WHERE line_id = '" + querytest.LineID(3) + "'":                                      {0, 1},
		"SELECT count() FROM lines WHERE line_id = '" + querytest.LineID(3) + "'":                                          {1, 1},
		"SELECT countIf(u = 'SE0001-S') FROM (SELECT argMax(unit_id, valid_from) AS u FROM goals WHERE goal_id = 'moved')": {1, 1},
	} {
		for i, unit := range []string{querytest.Emergency, querytest.Surgery} {
			if got := rowsOf(t, r, Figures(unit), name); got != want[i] {
				t.Errorf("%s gives %s %d, want %d", name, unit, got, want[i])
			}
		}
	}
	v, err := r.Violation(t.Context(), Figures(querytest.Surgery), querytest.ViolationID("moved").String(), "sv")
	if err != nil || len(v.History) != 2 {
		t.Errorf("the violation that moved: %+v, %v", v, err)
	}
	if _, err := r.Violation(t.Context(), Figures(querytest.Emergency), querytest.ViolationID("moved").String(), "sv"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the violation that moved away: %v", err)
	}
}

// testNoFigures is who follows up who read what, and sees nothing else.
func testNoFigures(t *testing.T, r *Runner) {
	officer := Scope{AccessLog: true, All: true}
	for name := range byUnit() {
		n := rowsOf(t, r, officer, "SELECT count() FROM "+name)
		if open := name == "access_log" || name == "units" || name == "units_now" || slices.Contains(harmless(), name); !open && n > 0 {
			t.Errorf("%s shows %d rows", name, n)
		}
	}
	for _, metric := range Metrics() {
		if _, err := r.Run(t.Context(), Query{Metric: metric}, officer, quarter()); metric != accessLogList && !errors.Is(err, ErrScope) {
			t.Errorf("%s: %v", metric, err)
		}
	}
	if _, ok, err := r.Period(t.Context(), officer); ok || err != nil {
		t.Errorf("a period: %v, %v", ok, err)
	}
}
