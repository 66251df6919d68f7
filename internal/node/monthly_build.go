package node

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/messages"
	"linesman/dashboards/report"
	"linesman/processors/covered"
	"linesman/processors/store"
	"linesman/processors/verify"
	"linesman/schema"
)

// monthlyBase is what the reports of a month share.
type monthlyBase struct {
	n     *Node
	month schema.Day
	zone  *time.Location
	texts *messages.Catalogue
	first schema.Day // first day of which there is usage
	gaps  verify.GapReport
	units map[string]unitAsOf // as of the end of the month
	names map[string]string   // of cost centres
	same  map[string]int      // how many units have a name
	goals map[string][]Goal   // by language

	postings  []schema.Posting // who bears the month
	allocated bool
	repayers  map[[2]string]string // line and unit to the holder who repays; nil: not asked yet
	scoped    []report.Scope       // what something was published about; nil: not asked yet
	noMail    string               // why the mail server is not asked any more
}

// unitAsOf is a unit as of the end of the month.
type unitAsOf struct{ name, centre string }

// monthly prepares the reports of a month; 0: the newest whole month that the data cover.
func (n *Node) monthly(ctx context.Context, asked schema.Day) (*monthlyBase, error) {
	b := &monthlyBase{n: n, units: map[string]unitAsOf{}, same: map[string]int{}, names: map[string]string{}, goals: map[string][]Goal{}}
	var err error
	if b.zone, err = time.LoadLocation(n.cfg.Zone); err != nil {
		return nil, err
	}
	if b.texts, err = messages.Load(); err != nil {
		return nil, err
	}
	ctx = store.Exact(ctx)
	if b.month, err = covered.Month(ctx, n.store.Conn(), asked); err != nil {
		return nil, err
	}
	if b.first, _, err = covered.Days(ctx, n.store.Conn()); err != nil {
		return nil, err
	}
	if b.gaps, err = n.Gaps(ctx, b.month); err != nil {
		return nil, err
	}
	end := b.moment(covered.Next(b.month))
	err = b.each(ctx, "SELECT toString(unit_id), argMax(name, (valid_from, rank)), toString(argMax(cost_centre, (valid_from, rank))) FROM units WHERE valid_from < toDateTime64('"+end+"', 3, 'UTC') GROUP BY unit_id", func(rows driver.Rows) error {
		var id string
		var u unitAsOf
		err := rows.Scan(&id, &u.name, &u.centre)
		b.units[id] = u
		b.same[u.name]++
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the names of units: %w", err)
	}
	err = b.each(ctx, "SELECT toString(cost_centre), argMax(name, (valid_from, rank)) FROM cost_centres WHERE valid_from < toDateTime64('"+end+"', 3, 'UTC') GROUP BY cost_centre", func(rows driver.Rows) error {
		var id, name string
		err := rows.Scan(&id, &name)
		b.names[id] = name
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the names of cost centres: %w", err)
	}
	return b, nil
}

// moment is when a day begins in the zone, as SQL has it.
func (b *monthlyBase) moment(day schema.Day) string {
	return day.Start(b.zone).UTC().Format("2006-01-02 15:04:05.000")
}

func (b *monthlyBase) each(ctx context.Context, sql string, scan func(driver.Rows) error) error {
	rows, err := b.n.store.Conn().Query(store.Exact(ctx), sql)
	if err != nil {
		return err
	}
	return store.EachRow(rows, scan)
}

// scopes lists what reports of the month can be about: the whole, then every cost centre and unit
// with usage in the month or a budget.
func (b *monthlyBase) scopes(ctx context.Context) ([]report.Scope, error) {
	out := []report.Scope{{Kind: report.ScopeAll}}
	q := monthlySQL{zone: b.n.cfg.Zone}
	for _, x := range [...]struct{ kind, column string }{{report.ScopeCostCentre, "cost_centre"}, {report.ScopeUnit, "unit_id"}} {
		sql := fmt.Sprintf("SELECT DISTINCT toString(%[1]s) AS id FROM usage_daily WHERE %[1]s != '' AND %[2]s ORDER BY id", x.column, q.days(b.month))
		if err := b.each(ctx, sql, func(rows driver.Rows) error {
			s := report.Scope{Kind: x.kind}
			if err := rows.Scan(&s.ID); err != nil {
				return err
			}
			out = append(out, b.named(s))
			return nil
		}); err != nil {
			return nil, fmt.Errorf("reading which cost centres and units there are: %w", err)
		}
	}
	return out, nil
}

func (b *monthlyBase) named(s report.Scope) report.Scope {
	switch s.Kind {
	case report.ScopeCostCentre:
		s.Name = b.names[s.ID]
	case report.ScopeUnit:
		s.Name = b.units[s.ID].name
	}
	return s
}

// builder makes one report.
type builder struct {
	*monthlyBase
	messages.Texts
	q     monthlySQL
	r     *report.Report
	index map[string]int // figures by id
}

// build makes the report of a scope in a language.
func (b *monthlyBase) build(ctx context.Context, scope report.Scope, lang string) (*report.Report, error) {
	scope = b.named(scope)
	x := &builder{monthlyBase: b, Texts: b.texts.In(lang), q: monthlySQL{scope, b.n.cfg.Zone}, index: map[string]int{},
		r: &report.Report{Scope: scope, Month: b.month.String(), Language: lang, Organisation: b.n.cfg.Organisation}}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"totals", x.totals}, {"the course of costs", x.course}, {"services", x.services}, {"parts", x.parts}, {"changes", x.moves}, {"forwarding and roaming", x.away},
		{"violations", x.violations}, {"goals", x.goalRows}, {"unused lines", x.unused}, {"sources", x.sources}, {"figures", x.fill}, {"divided costs", x.borne},
	} {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("report of %s about %s %s: %s: %w", b.month, scope.Kind, scope.ID, step.what, err)
		}
	}
	return x.r, nil
}

// add adds a figure, once.
func (x *builder) add(f report.Figure) string {
	if _, ok := x.index[f.ID]; !ok {
		x.index[f.ID] = len(x.r.Figures)
		x.r.Figures = append(x.r.Figures, f)
	}
	return f.ID
}

// fill asks for the figures that are not known yet: each by its own query, many at a time.
func (x *builder) fill(ctx context.Context) error {
	const atOnce = 16
	var open []int
	for i := range x.r.Figures {
		if x.r.Figures[i].Query != "" {
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		part := open[:min(atOnce, len(open))]
		open = open[len(part):]
		asks := make([]string, len(part))
		for i, at := range part {
			asks[i] = "ifNull(toString((" + x.r.Figures[at].Query + ")), '')"
		}
		var got []string
		if err := x.n.store.Conn().QueryRow(store.Exact(ctx), "SELECT ["+strings.Join(asks, ",\n")+"]").Scan(&got); err != nil {
			return err
		}
		for i, at := range part {
			x.r.Figures[at].Value = got[i]
		}
	}
	return nil
}

func (x *builder) inWords(month schema.Day) string { return x.Month(month.At(time.UTC)) }

func (x *builder) before() schema.Day { return (x.month - 1).Month() }

// pair adds the figure of something for the month and for the month before, and gives the row.
func (x *builder) pair(id, label, unit string, query func(month schema.Day) string) report.Row {
	of := func(month schema.Day) string { return x.T("report.label.of", "what", label, "month", x.inWords(month)) }
	return report.Row{Label: label,
		Now:    x.add(report.Figure{ID: id, Label: of(x.month), Unit: unit, Query: query(x.month), Fixed: true}),
		Before: x.add(report.Figure{ID: id + ".before", Label: of(x.before()), Unit: unit, Query: query(x.before())})}
}

func (x *builder) cost(id string, month schema.Day) string {
	return x.add(report.Figure{ID: id, Label: x.T("report.label.cost", "month", x.inWords(month)), Unit: report.SEK, Query: x.q.daily("sum(cost)", month, ""), Fixed: month == x.month})
}

func (x *builder) totals(ctx context.Context) error {
	m := x.month
	x.cost(report.FigureCost, m)
	x.cost(report.FigurePrevious, x.before())
	x.cost(report.FigureYearAgo, yearBefore(m))
	x.add(report.Figure{ID: report.FigureBudget, Label: x.T("report.label.budget", "month", x.inWords(m)), Unit: report.SEK, Query: x.q.budget(m), Fixed: true})
	err := x.each(ctx, "SELECT DISTINCT toString(currency) AS c FROM usage WHERE "+x.q.usage(m)+" AND vat != 0 ORDER BY c", func(rows driver.Rows) error {
		var currency string
		if err := rows.Scan(&currency); err != nil {
			return err
		}
		unit := cmp.Or(currency, report.SEK)
		x.r.VAT = append(x.r.VAT, x.add(report.Figure{ID: "vat." + unit, Label: x.T("report.label.vat", "month", x.inWords(m), "currency", unit), Unit: unit, Fixed: true,
			Query: x.q.records(m, "toString(sum(vat))", " AND currency = "+sqlText(currency))}))
		return nil
	})
	x.add(report.Figure{ID: report.FigurePrivate, Label: x.T("report.label.private", "month", x.inWords(m)), Unit: report.SEK, Fixed: true,
		Query: x.q.records(m, few("uniqExact(line_id)", "sum(cost)"), " AND private AND cost != 0")})
	x.add(report.Figure{ID: report.FigureRepay, Label: x.T("report.label.repay", "month", x.inWords(m)), Unit: report.SEK, Fixed: true, Command: "linesman allocate --month " + m.String()[:len("2006-01")] + " --json"})
	x.add(report.Figure{ID: report.FigureRecords, Label: x.T("report.label.records", "month", x.inWords(m)), Unit: report.Count, Query: x.q.zero("sum(events)", m, ""), Fixed: true})
	return err
}

func yearBefore(month schema.Day) schema.Day {
	t := month.At(time.UTC)
	return schema.Date(t.Year()-1, t.Month(), 1)
}

// course is the cost of thirteen months, as far back as data go.
func (x *builder) course(context.Context) error {
	for m := yearBefore(x.month); m <= x.month; m = covered.Next(m) {
		id := "cost." + m.String()[:len("2006-01")]
		switch {
		case m == x.month:
			id = report.FigureCost
		case m == x.before():
			id = report.FigurePrevious
		case covered.End(m) < x.first:
			continue
		case m == yearBefore(x.month):
			id = report.FigureYearAgo
		default:
			x.cost(id, m)
		}
		x.r.Course = append(x.r.Course, report.Point{Month: m.String(), Figure: id})
	}
	return nil
}
