package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/report"
	"linesman/processors/covered"
	"linesman/processors/goals"
	"linesman/processors/verify"
	"linesman/schema"
)

// both are the days of the month and of the month before.
func (x *builder) both() string {
	return fmt.Sprintf("%slocal_day BETWEEN '%s' AND '%s'", x.q.within(), x.before(), covered.End(x.month))
}

// service names a service, or the kind where it has none.
func (x *builder) service(kind, service string) string {
	if service == "" {
		return x.Value("kind", kind)
	}
	return x.Value("service", service)
}

func (x *builder) serviceRow(kind, service string) report.Row {
	return x.pair("service."+kind+"."+service, x.service(kind, service), report.SEK, func(m schema.Day) string {
		return x.q.zero("sum(cost)", m, " AND kind = "+sqlText(kind)+" AND service = "+sqlText(service))
	})
}

func (x *builder) services(ctx context.Context) error {
	sql := "SELECT toString(kind) AS k, toString(service) AS s, sumIf(cost, local_day >= '" + x.month.String() + "') AS now FROM usage_daily WHERE " + x.both() +
		" GROUP BY k, s HAVING now != 0 OR sum(cost) != now ORDER BY now DESC, k, s"
	return x.each(ctx, "SELECT k, s FROM ("+sql+")", func(rows driver.Rows) error {
		var kind, service string
		if err := rows.Scan(&kind, &service); err != nil {
			return err
		}
		x.r.Services = append(x.r.Services, x.serviceRow(kind, service))
		return nil
	})
}

// part is the column that divides the scope, and what names its values.
func (x *builder) part() (column string, name func(string) string) {
	switch x.q.scope.Kind {
	case report.ScopeAll:
		return "cost_centre", func(id string) string {
			return strings.TrimSpace(cmp.Or(id, x.T("report.no_part")) + " " + x.names[id])
		}
	case report.ScopeCostCentre:
		return "unit_id", func(id string) string { return x.called(id, x.units[id].name, x.same[x.units[id].name]) }
	}
	return "line_kind", func(id string) string {
		if id == "" {
			return x.T("report.no_part")
		}
		return x.Value("report.line_kind", id)
	}
}

// called names a unit or cost centre. Of several with the same name it says the id too.
func (x *builder) called(id, name string, same int) string {
	switch {
	case id == "":
		return x.T("report.no_part")
	case name == "" || name == id:
		return id
	case same > 1:
		return name + " (" + id + ")"
	}
	return name
}

func (x *builder) parts(ctx context.Context) error {
	column, name := x.part()
	from := "usage_daily WHERE " + x.both()
	of := func(id string) func(schema.Day) string {
		return func(m schema.Day) string { return x.q.zero("sum(cost)", m, " AND "+column+" = "+sqlText(id)) }
	}
	if column == "line_kind" { // the roll-ups do not have it
		from = fmt.Sprintf("usage WHERE %s AND occurred_at >= '%s 00:00:00' AND occurred_at < '%s 00:00:00'", x.both(), x.before()-1, covered.Next(x.month)+1)
		of = func(id string) func(schema.Day) string {
			return func(m schema.Day) string {
				return x.q.records(m, "toString(sum(cost))", " AND line_kind = "+sqlText(id))
			}
		}
	}
	sql := fmt.Sprintf("SELECT id FROM (SELECT toString(%s) AS id, sumIf(cost, local_day >= '%s') AS now FROM %s GROUP BY id HAVING now != 0 OR sum(cost) != now ORDER BY now DESC, id)", column, x.month, from)
	return x.each(ctx, sql, func(rows driver.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		x.r.Parts = append(x.r.Parts, x.pair("part."+id, name(id), report.SEK, of(id)))
		return nil
	})
}

// mostMoves is how many changes are told in words.
const mostMoves = 6

// moves finds what changed most: a service of a part, or of the scope where the parts are kinds of lines.
func (x *builder) moves(ctx context.Context) error {
	column, name := x.part()
	id := "toString(" + column + ")"
	if column == "line_kind" {
		id = "''"
	}
	sql := fmt.Sprintf("SELECT id, k, s FROM (SELECT %s AS id, toString(kind) AS k, toString(service) AS s, sumIf(cost, local_day >= '%s') AS now, sum(cost) - now AS was FROM usage_daily WHERE %s GROUP BY id, k, s HAVING abs(now - was) >= 1 ORDER BY abs(now - was) DESC, id, k, s LIMIT %d)",
		id, x.month, x.both(), mostMoves)
	return x.each(ctx, sql, func(rows driver.Rows) error {
		var id, kind, service string
		if err := rows.Scan(&id, &kind, &service); err != nil {
			return err
		}
		if column == "line_kind" {
			x.r.Moves = append(x.r.Moves, x.serviceRow(kind, service))
			return nil
		}
		x.r.Moves = append(x.r.Moves, x.pair("part."+id+".service."+kind+"."+service, name(id)+", "+x.service(kind, service), report.SEK, func(m schema.Day) string {
			return x.q.zero("sum(cost)", m, " AND "+column+" = "+sqlText(id)+" AND kind = "+sqlText(kind)+" AND service = "+sqlText(service))
		}))
		return nil
	})
}

func (x *builder) away(context.Context) error {
	for _, f := range [...]struct{ id, unit, expr, where string }{
		{"forwarding_cost", report.SEK, "sum(cost)", " AND forwarded"}, {"forwarded_calls", report.Count, "sum(events)", " AND forwarded"},
		{"roaming_cost", report.SEK, "sum(cost)", " AND roaming_zone IN ('eea', 'world')"}, {"roaming_data", report.Bytes, "sum(volume_bytes)", " AND roaming_zone IN ('eea', 'world')"},
	} {
		x.r.Away = append(x.r.Away, x.pair(f.id, x.T("report."+f.id), f.unit, func(m schema.Day) string { return x.q.zero(f.expr, m, f.where) }))
	}
	return nil
}

// violations counts what the rules found. Small counts of what is about people's lines are hidden
// by the query already.
func (x *builder) violations(ctx context.Context) error {
	found := map[string]bool{}
	rules := ruleTexts{x.n.rules}
	title := func(id string) string {
		if text, ok := rules.Rule(id, 0); ok {
			if x.Lang() == "sv" && text.Title.SV != "" {
				return text.Title.SV
			}
			return text.Title.EN
		}
		return x.Value("rule", id)
	}
	where := x.q.violations(x.month)
	err := x.each(ctx, "SELECT toString(rule) AS r, max(subject_kind != 'unit') FROM violations_current WHERE "+where+" AND change != 'retracted' GROUP BY r ORDER BY r", func(rows driver.Rows) error {
		var rule string
		var people uint8
		if err := rows.Scan(&rule, &people); err != nil {
			return err
		}
		count := "toString(count())"
		if people != 0 {
			count = few("count()", "count()")
		}
		of := " AND rule = " + sqlText(rule)
		found[rule] = true
		x.r.Rules = append(x.r.Rules, report.Rule{Title: title(rule),
			Found: x.add(report.Figure{ID: "violations." + rule, Label: x.T("report.label.found", "rule", title(rule)), Unit: report.Count, Fixed: true, Query: "SELECT " + count + " FROM violations_current WHERE " + where + " AND change != 'retracted'" + of}),
			Open:  x.add(report.Figure{ID: "violations." + rule + ".open", Label: x.T("report.label.open", "rule", title(rule)), Unit: report.Count, Query: "SELECT " + count + " FROM cases_current WHERE " + where + " AND due" + of})})
		return nil
	})
	month := x.month.String()[:len("2006-01")]
	for _, m := range x.gaps.Rules {
		if m.Month == month && !found[m.Rule] && (len(m.Wanting) > 0 || m.State == verify.RuleNoData) && !slices.Contains(x.r.Unsure, title(m.Rule)) {
			x.r.Unsure = append(x.r.Unsure, title(m.Rule))
		}
	}
	slices.Sort(x.r.Unsure)
	return err
}

func (x *builder) goalRows(ctx context.Context) error {
	lang := x.Lang()
	if _, ok := x.monthlyBase.goals[lang]; !ok {
		all, err := x.n.Goals(ctx, GoalsRequest{Lang: lang, AsOf: covered.End(x.month)})
		if err != nil {
			return err
		}
		x.monthlyBase.goals[lang] = all
	}
	for _, g := range x.monthlyBase.goals[lang] {
		switch s := x.q.scope; {
		case s.Kind == report.ScopeUnit && g.Unit != s.ID:
			continue
		case s.Kind == report.ScopeCostCentre && g.CostCentre != s.ID && x.units[g.Unit].centre != s.ID:
			continue
		}
		row := report.Goal{Place: g.Place, Title: g.Title, Status: g.StatusText, Words: g.Words, Good: g.Status == "reached" || g.Status == "on_track"}
		f := report.Figure{ID: "goal." + g.ID, Label: x.T("report.label.goal", "goal", g.Title, "place", g.Place), Unit: report.Count, Command: fmt.Sprintf("linesman goals --as-of %s", covered.End(x.month))}
		if g.Unit != "" {
			f.Command += " --unit " + g.Unit
		}
		if g.Metric == "cost_month" || g.Metric == "cost_per_employee" {
			f.Unit = report.SEK
		}
		if g.Now != nil {
			f.Value = g.Now.String()
		}
		row.Figure = x.add(f)
		x.r.Goals = append(x.r.Goals, row)
	}
	return nil
}

// unused counts lines that nobody used, where usage is known for as long as that takes.
func (x *builder) unused(context.Context) error {
	if x.first > covered.Next(x.month)-goals.UnusedDays {
		return nil
	}
	lines := x.q.unusedLines(x.month, x.moment)
	x.add(report.Figure{ID: report.FigureUnused, Label: x.T("report.unused.lines"), Unit: report.Count, Fixed: true, Query: "SELECT toString(count()) FROM (" + lines + ")"})
	x.add(report.Figure{ID: report.FigureIdle, Label: x.T("report.unused.fees"), Unit: report.SEK, Fixed: true,
		Query: fmt.Sprintf("SELECT toString(sum(cost)) FROM usage_line_daily WHERE %s AND kind = 'fee' AND line_id IN (%s)", x.q.days(x.month), lines)})
	return nil
}

// sources tells what is known to be missing in the month.
func (x *builder) sources(context.Context) error {
	from, to := x.month, covered.End(x.month)
	for i, s := range x.gaps.Sources {
		one := report.Source{Name: s.Source, State: "complete", Last: min(s.Last, to.String())}
		for _, g := range s.Gaps {
			if days := overlap(g.From, g.To, from, to); days > 0 {
				one.Missing += int(cmp.Or(min(g.Missing, uint64(days)), uint64(days)))
				one.State = "gap"
			}
		}
		seen, empty := 0, 0
		for _, c := range s.Coverage {
			days := overlap(c.From, c.To, from, to)
			if seen += days; c.State == verify.CoverNoData {
				empty += days
			}
			if days > 0 && c.State != verify.CoverComplete {
				one.State = "gap"
			}
		}
		if seen > 0 && seen == empty || s.Last != "" && s.Last < from.String() {
			one.State = "no_data"
		}
		one.Figure = x.add(report.Figure{ID: "source." + strconv.Itoa(i+1), Label: x.T("report.label.source", "source", s.Source), Value: strconv.Itoa(one.Missing), Unit: report.Count, Command: "linesman gaps --since " + from.String()})
		x.r.Sources = append(x.r.Sources, one)
	}
	return nil
}

// overlap is how many days two spans of days have in common.
func overlap(from, to string, lo, hi schema.Day) int {
	a, err := schema.ParseDay(from)
	if err != nil {
		return 0
	}
	b, err := schema.ParseDay(to)
	if err != nil {
		return 0
	}
	return max(0, int(min(b, hi)-max(a, lo))+1)
}
