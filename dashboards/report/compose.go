package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// composer puts a report into words.
type composer struct {
	messages.Texts
	r       *Report
	numbers map[string]int // of figures, by id
}

func newComposer(r *Report, t messages.Texts) *composer {
	c := &composer{Texts: t, r: r, numbers: map[string]int{}}
	for i := range r.Figures {
		c.numbers[r.Figures[i].ID] = i + 1
	}
	return c
}

const nbsp = "\u00a0"

// amount writes the value of a figure as it is printed.
func (c *composer) amount(f *Figure) string {
	d, ok := f.Decimal()
	switch {
	case ok:
		return c.value(d, f.Unit)
	case f != nil && f.Value == Hidden:
		return c.T("report.hidden")
	}
	return "–"
}

func (c *composer) value(d decimal.Decimal, unit string) string {
	switch unit {
	case SEK:
		return c.Number(d, 2)
	case Count:
		return c.Number(d, 0)
	case Bytes:
		return c.Measured(d, "bytes")
	}
	return c.Number(d, 2) + nbsp + unit
}

// figure is the cell of a figure.
func (c *composer) figure(id string) cell {
	f := c.r.Figure(id)
	out := cell{text: c.amount(f), number: true}
	if f != nil {
		out.ref = c.numbers[id]
	}
	return out
}

func (c *composer) decimal(id string) (decimal.Decimal, bool) { return c.r.Figure(id).Decimal() }

// difference is the cell with what one figure is more than another.
func (c *composer) difference(now, before string) cell {
	a, has := c.decimal(now)
	b, had := c.decimal(before)
	if !has || !had {
		return cell{text: "–", number: true}
	}
	return cell{text: c.signed(a.Sub(b), c.r.Figure(now).Unit), number: true}
}

func (c *composer) signed(d decimal.Decimal, unit string) string {
	out := c.value(d, unit)
	if d.Sign() > 0 && strings.Trim(out, "0.,") != "" {
		out = "+" + out
	}
	return out
}

// percent is the cell with how many per cent one figure is more than another.
func (c *composer) percent(now, before string) cell {
	a, has := c.decimal(now)
	b, had := c.decimal(before)
	if !has || !had || b.Sign() <= 0 {
		return cell{text: "–", number: true}
	}
	d := a.Sub(b).Mul(decimal.NewFromInt(100)).DivRound(b, 6)
	out := c.Number(d, 1)
	if d.Sign() > 0 && strings.Trim(out, "0.,") != "" {
		out = "+" + out
	}
	return cell{text: out + nbsp + "%", number: true}
}

func (c *composer) monthName() string { return c.Month(day(c.r.Month)) }

func (c *composer) before() string { return c.Month(day(c.r.Month).AddDate(0, -1, 0)) }

// scope names what the report is about.
func (c *composer) scope() string {
	s := c.r.Scope
	name := s.ID
	if s.Name != "" && s.Name != s.ID {
		name = s.Name + " (" + s.ID + ")"
	}
	switch s.Kind {
	case ScopeCostCentre:
		return c.T("report.scope.cost_centre", "name", name)
	case ScopeUnit:
		return c.T("report.scope.unit", "name", name)
	}
	if c.r.Organisation != "" {
		return c.r.Organisation
	}
	return c.T("report.scope.all")
}

func (c *composer) document() *document {
	d := c.frame(c.T("report.title", "month", c.monthName()))
	d.subject = c.T("report.subject", "scope", c.scope(), "month", c.monthName())
	if c.r.Published == "" {
		d.draft = c.T("report.draft")
	}
	d.sections = []section{c.overview(), c.course(), c.services(), c.parts(), c.moves(), c.borne(), c.away(), c.rules(), c.goals(), c.unused(), c.sources()}
	d.sections = slices.DeleteFunc(d.sections, func(s section) bool { return len(s.blocks) == 0 })
	for i := range c.r.Figures {
		f := &c.r.Figures[i]
		one := ref{n: i + 1, label: f.Label, value: c.amount(f), exact: f.Value, how: f.Query, sql: true}
		if f.Query == "" {
			one.how, one.sql = f.Command, false
		}
		if f.Unit == SEK && one.value != "–" && f.Value != Hidden {
			one.value += nbsp + "kr"
		}
		d.refs = append(d.refs, one)
	}
	return d
}

// frame is what every document has.
func (c *composer) frame(title string) *document {
	d := &document{lang: c.Lang(), title: title, subtitle: c.scope(), author: c.r.Organisation, made: c.r.Published,
		words: docWords{page: c.T("report.page"), of: c.T("report.of"), to: c.T("report.to"), contents: c.T("report.appendix")}}
	if d.made == "" {
		d.made = c.r.Month
	}
	if c.r.Organisation != "" && c.r.Scope.Kind != ScopeAll {
		d.facts = append(d.facts, [2]string{c.T("report.organisation"), c.r.Organisation})
	}
	d.facts = append(d.facts, [2]string{c.T("report.month"), c.monthName()})
	if c.r.Published != "" {
		d.facts = append(d.facts, [2]string{c.T("report.published"), c.Day(day(c.r.Published))})
	}
	return d
}

func (c *composer) overview() section {
	s := section{id: "overview", title: c.T("report.overview")}
	cost := c.r.Figure(FigureCost)
	if _, ok := cost.Decimal(); !ok {
		s.blocks = append(s.blocks, block{text: c.T("report.no_usage", "month", c.monthName()), warn: true})
	}
	if !c.complete() {
		s.blocks = append(s.blocks, block{text: c.T("report.incomplete"), warn: true})
	}
	kr := func(id string) string {
		if _, ok := c.decimal(id); !ok {
			return c.amount(c.r.Figure(id))
		}
		return c.figure(id).text + nbsp + "kr"
	}
	against := func(key, id string) card {
		out := card{label: c.T(key), value: c.percent(FigureCost, id).text, ref: c.numbers[id]}
		out.note = kr(id)
		return out
	}
	cards := []card{{label: c.T("report.cost"), value: kr(FigureCost), note: c.T("report.without_vat"), ref: c.numbers[FigureCost]},
		against("report.against_month", FigurePrevious), against("report.against_year", FigureYearAgo)}
	if budget, ok := c.decimal(FigureBudget); ok {
		one := card{label: c.T("report.budget"), ref: c.numbers[FigureBudget], note: c.T("report.of_budget", "budget", kr(FigureBudget)), value: "–"}
		if now, ok := cost.Decimal(); ok && budget.Sign() > 0 {
			one.value = c.Number(now.Mul(decimal.NewFromInt(100)).DivRound(budget, 6), 1) + nbsp + "%"
			one.bad = now.GreaterThan(budget)
		}
		cards = append(cards, one)
	} else {
		cards = append(cards, card{label: c.T("report.budget"), value: "–", note: c.T("report.no_budget"), ref: c.numbers[FigureBudget]})
	}
	s.blocks = append(s.blocks, block{cards: cards}, block{table: c.totals()}, block{text: c.T("report.totals_note"), small: true})
	return s
}

// totals sets the cost of the month beside what it is compared with, and what is told apart.
func (c *composer) totals() *table {
	t := &table{caption: c.T("report.totals"), head: []string{"", c.T("report.amount"), c.T("report.difference"), c.T("report.percent")}}
	line := func(key, id string, compare bool) {
		if c.r.Figure(id) == nil {
			return
		}
		cells := []cell{text(c.T(key)), c.figure(id), {number: true}, {number: true}}
		if compare {
			cells[2], cells[3] = c.difference(FigureCost, id), c.percent(FigureCost, id)
		}
		t.rows = append(t.rows, row{cells: cells})
	}
	t.rows = append(t.rows, row{total: true, cells: []cell{text(c.T("report.cost_of", "month", c.monthName())), c.figure(FigureCost), {number: true}, {number: true}}})
	for _, x := range [...]struct{ key, id string }{{"report.previous", FigurePrevious}, {"report.year_ago", FigureYearAgo}, {"report.budget_month", FigureBudget}} {
		line(x.key, x.id, true)
	}
	for _, id := range c.r.VAT {
		line("report.vat", id, false)
	}
	line("report.private", FigurePrivate, false)
	line("report.repayments", FigureRepay, false)
	line("report.records", FigureRecords, false)
	return t
}

func (c *composer) course() section {
	s := section{id: "course", title: c.T("report.course")}
	if len(c.r.Course) == 0 {
		return s
	}
	t := &table{caption: c.T("report.course.table"), head: []string{c.T("report.month"), c.T("report.cost_kr"), c.T("report.against_before")}}
	var bars []bar
	for i, p := range c.r.Course {
		at := day(p.Month)
		d, ok := c.decimal(p.Figure)
		bars = append(bars, bar{label: string([]rune(c.MonthName(at))[:3]) + " " + at.Format("2006"), value: d.InexactFloat64(), known: ok, shown: c.Number(d, 0), mark: p.Month == c.r.Month})
		change := cell{text: "–", number: true}
		if i > 0 {
			change = c.percent(p.Figure, c.r.Course[i-1].Figure)
		}
		t.rows = append(t.rows, row{total: p.Month == c.r.Month, cells: []cell{text(c.Month(at)), c.figure(p.Figure), change}})
	}
	ch := &chart{id: "course", title: c.T("report.course"), desc: c.T("report.course.desc", "scope", c.scope())}
	budget, _ := c.decimal(FigureBudget)
	columns(ch, bars, budget.InexactFloat64(), c.T("report.budget_line", "budget", c.Number(budget, 0)), func(v float64) string {
		places := int32(0)
		if v != float64(int64(v)) {
			places = 1
		}
		return c.Number(decimal.NewFromFloat(v), places)
	})
	s.blocks = []block{{chart: ch}, {table: t}}
	return s
}

// compared is a section with a chart and the table of the same numbers.
func (c *composer) compared(id, title, caption, first string, list []Row) section {
	s := section{id: id, title: title}
	if len(list) == 0 {
		return s
	}
	t := &table{caption: caption, head: []string{first, c.monthName(), c.before(), c.T("report.difference"), c.T("report.percent")}}
	var bars []bar
	for _, r := range list {
		t.rows = append(t.rows, row{cells: []cell{text(r.Label), c.figure(r.Now), c.figure(r.Before), c.difference(r.Now, r.Before), c.percent(r.Now, r.Before)}})
		now, known := c.decimal(r.Now)
		was, had := c.decimal(r.Before)
		bars = append(bars, bar{label: r.Label, value: now.InexactFloat64(), known: known, shown: c.amount(c.r.Figure(r.Now)), before: was.InexactFloat64(), had: had})
	}
	t.rows = append(t.rows, row{total: true, cells: []cell{text(c.T("report.total")), c.figure(FigureCost), c.figure(FigurePrevious), c.difference(FigureCost, FigurePrevious), c.percent(FigureCost, FigurePrevious)}})
	const most = 14 // bars that can be taken in; the table has all
	if len(bars) > most {
		slices.SortStableFunc(bars, func(a, b bar) int { return -compareFloat(a.value, b.value) })
		bars = bars[:most]
	}
	ch := &chart{id: id, title: title, desc: c.T("report.compared.desc", "what", strings.ToLower(first), "month", c.monthName(), "before", c.before(), "n", strconv.Itoa(len(bars)))}
	rows(ch, bars, c.monthName(), c.before())
	s.blocks = []block{{chart: ch}, {table: t}}
	return s
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
