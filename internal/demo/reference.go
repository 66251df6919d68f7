package demo

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	holdsFrom = "2025-01-01" // before every period: reference data is older than usage
	bookName  = "Norrvik"
)

// table builds a reference file.
type table struct {
	b    strings.Builder
	rows int64
}

func newTable(header string) *table {
	t := &table{}
	t.b.WriteString(header + "\n")
	return t
}

func (t *table) add(cells ...string) {
	t.b.WriteString(strings.Join(cells, ";") + "\n")
	t.rows++
}

// writeReference writes the reference data. It comes last because budgets and goals are made
// from what the region used.
func (g *generator) writeReference() (*output, error) {
	sum := g.sum()
	out := &output{tally: newTally()}
	for _, f := range []struct {
		name, kind string
		t          *table
	}{
		{"units_2025.csv", "units", g.unitsTable()},
		{"cost_centres_2025.csv", "cost_centres", g.centresTable()},
		{"lines_2025-01.csv", "lines", g.linesTable()},
		{"lines_moves.csv", "lines", g.movesTable()},
		{"number_ranges.csv", "number_ranges", g.rangesTable()},
		{"approvals.csv", "approvals", g.approvalsTable()},
		{"prices_2025.csv", "prices", g.pricesTable(0)},
		{"prices_2026.csv", "prices", g.pricesTable(1)},
		{"equipment.csv", "equipment", g.equipmentTable()},
		{"employments.csv", "employments", g.employmentsTable()},
		{"telephone_hours.csv", "telephone_hours", g.hoursTable()},
		{"allocation_rules.csv", "allocation_rules", g.allocationTable()},
		{"goals.csv", "goals", g.goalsTable(&sum)},
		{"access_grants.csv", "access_grants", g.accessTable()},
	} {
		out.files = append(out.files, File{Name: f.name, Collector: dirReference, Profile: f.kind, Rows: f.t.rows, Accepted: f.t.rows})
		if err := g.writeFile(dirReference, f.name, []byte(f.t.b.String())); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *generator) unitsTable() *table {
	t := newTable("unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to")
	for i := range g.units {
		u := &g.units[i]
		t.add(u.id, u.name, u.parent, g.centres[u.centre].code, strconv.Itoa(u.employees), holdsFrom, "")
	}
	return t
}

func (g *generator) centresTable() *table {
	t := newTable("cost_centre;name;valid_from;valid_to")
	for _, c := range g.centres {
		t.add(c.code, c.name, holdsFrom, "")
	}
	return t
}

const linesHeader = "number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to"

func (g *generator) lineRow(t *table, l *line, unit int, holder, from, to string) {
	u := &g.units[unit]
	t.add(l.number, l.ext, l.kind, l.role, holder, u.id, g.centres[u.centre].code, l.op.String(), l.plan, l.sim, from, to)
}

func (g *generator) linesTable() *table {
	t := newTable(linesHeader)
	for i := range g.lines {
		l := &g.lines[i]
		g.lineRow(t, l, l.unit, l.holder, holdsFrom, l.back)
	}
	return t
}

// movesTable is a later delivery: each line that moved once more with the day on which its
// first statement ends, and then with its new unit or holder.
func (g *generator) movesTable() *table {
	t := newTable(linesHeader)
	for _, m := range g.plan.moved {
		l := &g.lines[m.line]
		g.lineRow(t, l, l.unit, l.holder, holdsFrom, m.at)
		g.lineRow(t, l, m.unit, m.holder, m.at, "")
	}
	return t
}

func (g *generator) rangesTable() *table {
	t := newTable("first;last;name;valid_from;valid_to")
	t.add("+46104760000", "+46104769999", "Växelserie Norrvik", holdsFrom, "")
	return t
}

func (g *generator) approvalsTable() *table {
	t := newTable("approval_id;kind;number;unit_id;countries;approved_by;decided_at;valid_from;valid_to")
	for i, a := range g.plan.approvals {
		t.add(fmt.Sprintf("B-%04d", i+1), a.kind, a.number, a.unit, a.countries, a.by, a.decided, a.from, a.to)
	}
	return t
}

func (g *generator) pricesTable(i int) *table {
	t := newTable("book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to")
	b := &g.book[i]
	from, to := holdsFrom, "2026-01-01"
	if i == 1 {
		from, to = to, ""
	}
	for n, p := range b.rows {
		t.add(bookName, b.version, strconv.Itoa(n+1), p.operator, p.plan, p.service, p.class, p.country, p.zone, p.per,
			p.price.decimal(','), p.opening.decimal(','), strconv.Itoa(int(p.first)), strconv.Itoa(int(p.next)), "SEK", from, to)
	}
	return t
}

// allocationTable says that Jabber is paid by the region and not by the units, and that the
// switchboard's lines are shared by all who have calls.
func (g *generator) allocationTable() *table {
	t := newTable("rule_id;target;priority;how;number;unit_id;cost_centre;operator;service;device;line_kind;role;to_cost_centre;to_unit;to_project;to_activity;share;valid_from;valid_to")
	region := g.centres[g.units[0].centre].code
	t.add("JABBER", "1", "10", "to", "", "", "", "", "", "jabber", "", "", region, "", "", "TELEFONI", "", "2026-01-01", "")
	for i := range g.units {
		if u := &g.units[i]; u.kind == switchb && u.pilot >= 0 {
			for target, share := range []string{"3", "2"} {
				to := g.centres[(u.centre+target)%len(g.centres)].code
				t.add("SVARSGRUPP", strconv.Itoa(target+1), "20", "key", g.lines[u.pilot].ext, "", "", "", "", "", "", "", to, "", "", "", share, "2026-01-01", "")
			}
			break
		}
	}
	return t
}
