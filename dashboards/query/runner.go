package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// Config is what a [Runner] needs to know.
type Config struct {
	Zone     *time.Location      // judging zone: where days, weeks and months begin
	Messages *messages.Catalogue // names of fields and values
	Rules    RuleTexts           // titles of rules; may be nil
	Goals    GoalSource          // judgements of goals; nil: there are no goals
	Reports  ReportSource        // what processors work out of a month; nil: nothing of it
	Audit    Audit               // records reads of rows of single persons; nil: nobody records them, as in commands and tests
}

// Runner answers queries. It holds no state between them and is safe for concurrent use.
type Runner struct {
	cfg   Config
	store Store
}

// New prepares a runner over a store.
func New(cfg Config, store Store) (*Runner, error) {
	if cfg.Zone == nil || cfg.Messages == nil || store == nil {
		return nil, errors.New("a query runner needs a zone, messages and a store")
	}
	if cfg.Reports != nil {
		cfg.Reports = wholeReports{cfg.Reports}
	}
	return &Runner{cfg: cfg, store: store}, nil
}

// Run answers one query within a row scope and a time range. The errors wrap [ErrQuery]
// when the query is wrong and [ErrScope] when it reaches beyond the scope.
func (r *Runner) Run(ctx context.Context, q Query, scope Scope, span TimeRange) (*data.Frame, error) {
	q, err := q.normal()
	if err != nil {
		return nil, err
	}
	m, ok := catalogue()[q.Metric]
	if !ok {
		return nil, unknown("metric", q.Metric, Metrics())
	}
	if q.Metric != accessLogList { // which is no figure
		if err := scope.check(); err != nil {
			return nil, err
		}
	}
	ctx = r.within(ctx, scope)
	var frame *data.Frame
	switch {
	case m.source == sourceList:
		frame, err = r.runList(ctx, q, m, scope, span)
	case q.Compare != "":
		frame, err = r.compare(ctx, q, scope, span)
	default:
		frame, err = r.aggregate(ctx, q, scope, span)
	}
	var words *refusal
	if errors.As(err, &words) {
		return nil, err // in the reader's language
	}
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", q.Metric, err)
	}
	frame.RefID = q.RefID
	return frame, nil
}

func (r *Runner) aggregate(ctx context.Context, q Query, scope Scope, span TimeRange) (*data.Frame, error) {
	a, err := r.plan(q, scope, span)
	if err != nil {
		return nil, err
	}
	s, err := a.statement()
	if err != nil {
		return nil, err
	}
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	small, err := r.smallCells(ctx, a, got)
	if err != nil {
		return nil, err
	}
	labels, err := r.labels(ctx, q.Lang, a.dims, got)
	if err != nil {
		return nil, err
	}
	out := &framing{a: a, texts: r.texts(q), labels: labels, zone: r.cfg.Zone, small: small}
	frame := out.frame(got)
	frame.Meta.ExecutedQueryString = s.String()
	if a.uses("line") {
		a.notePersons(frame, r.texts(q))
		if err := r.audit(ctx, a.read(len(got))); err != nil {
			return nil, err
		}
	}
	if a.decl[0].source == sourceGoals && a.decl[0].level && q.Format == FormatTimeseries && len(a.dims) == 0 {
		err = r.noteUnitsWithoutGoal(ctx, a, frame, r.texts(q))
	}
	return frame, err
}

func (r *Runner) texts(q Query) messages.Texts { return r.cfg.Messages.In(q.Lang) }

// total answers a query that has one number, exactly; nil when there are no rows behind it.
func (r *Runner) total(ctx context.Context, q Query, scope Scope, p *period, span TimeRange) (*decimal.Decimal, string, error) {
	a, err := r.plan(q, scope, span)
	if err != nil {
		return nil, "", err
	}
	if p != nil {
		a.period = *p
	}
	s, err := a.statement()
	if err != nil {
		return nil, "", err
	}
	got, err := read(ctx, r.store, s)
	if err != nil || len(got) == 0 || asCount(got[0][1]) == 0 {
		return nil, s.String(), err
	}
	if a.uses("line") {
		if err := r.audit(ctx, a.read(len(got))); err != nil {
			return nil, "", err
		}
	}
	if small, err := r.smallCells(ctx, a, got); err != nil || len(small) > 0 {
		return nil, s.String(), err
	}
	d := asNumber(got[0][0])
	return &d, s.String(), nil
}

// compare answers "against budget" and "against the months before" for one number.
func (r *Runner) compare(ctx context.Context, q Query, scope Scope, span TimeRange) (*data.Frame, error) {
	if q.Format != FormatStat || (strings.HasPrefix(q.Compare, "budget") && q.Metric != "cost") {
		return nil, fmt.Errorf("%w: compare %q goes with format %q, and budgets with cost only", ErrQuery, q.Compare, FormatStat)
	}
	base := q
	base.Compare = ""
	now, sql, err := r.total(ctx, base, scope, nil, span)
	if err != nil {
		return nil, err
	}
	var than *decimal.Decimal
	var otherSQL, notice string
	if strings.HasPrefix(q.Compare, "budget") {
		notice = "notice.no_budget"
		than, otherSQL, err = r.total(ctx, budgetOf(q), scope, nil, span)
	} else {
		notice = "notice.no_previous"
		p, _, perr := periodOf(base, span, r.cfg.Zone)
		if perr != nil || p.months == nil {
			return nil, fmt.Errorf("%w: comparing with the months before needs a filter on month", ErrQuery)
		}
		before := p.before()
		than, otherSQL, err = r.total(ctx, base, scope, &before, span)
	}
	if err != nil {
		return nil, err
	}
	texts, unit := r.texts(q), catalogue()[q.Metric].unit
	if strings.HasSuffix(q.Compare, "_percent") {
		unit = unitPercent
	}
	f := data.NewFrame(q.Metric, numberField(q.Compare, texts.T("compare."+q.Compare), unit, []*float64{edge(compared(q.Compare, now, than))}))
	f.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: data.FrameTypeVersion{0, 1}, ExecutedQueryString: sql + "\n\n" + otherSQL}
	if than == nil {
		note(f, texts.T(notice))
	}
	return f, nil
}

func compared(how string, now, than *decimal.Decimal) *decimal.Decimal {
	if now == nil || than == nil {
		return nil
	}
	hundred := decimal.NewFromInt(100)
	d := now.Sub(*than)
	switch how {
	case "budget_percent":
		if than.Sign() <= 0 {
			return nil
		}
		d = now.Mul(hundred).DivRound(*than, 12)
	case "previous_percent":
		if than.Sign() <= 0 {
			return nil
		}
		d = d.Mul(hundred).DivRound(*than, 12)
	}
	return &d
}

// noteUnitsWithoutGoal says so when the goal lines hold for some of the units only.
func (r *Runner) noteUnitsWithoutGoal(ctx context.Context, a *aggregate, f *data.Frame, texts messages.Texts) error {
	s := &statement{}
	var c conditions
	table, day, having := "watches_weekly", "week", ""
	if a.decl[0].goal.metric == "forwarded_calls" {
		table, day, having = "usage_daily", "local_day", "\nHAVING sumIf(events, forwarded) > 0"
	}
	s.span(&c, day, a.period)
	c.add("unit_id != ''")
	s.scope(&c, a.scope, "unit_id")
	for _, filter := range a.filters {
		if filter.Field == "unit" {
			s.in(&c, "unit_id", filter)
		}
	}
	s.write("SELECT count(), countIf(unit_id IN (SELECT unit_id FROM goals WHERE metric = %s)) FROM (SELECT unit_id FROM %s%s\nGROUP BY unit_id%s)\nSETTINGS final = 1",
		s.bind("String", a.decl[0].goal.metric), table, c.where(), having)
	got, err := read(ctx, r.store, s)
	if err != nil || len(got) == 0 {
		return err
	}
	all, with := asNumber(got[0][0]), asNumber(got[0][1])
	if with.LessThan(all) && with.Sign() > 0 {
		note(f, texts.T("notice.goals_partial", "n", with.String(), "all", all.String()))
	}
	return nil
}

// Period is the span of the data: what a dashboard shows when nobody chose a time range.
type Period struct {
	From, To time.Time // the first and last month of data: moments, To exclusive
	Month    string    // the last complete month of usage, as 2026-03; the last one when none is complete
	Days     [2]string // first and last day of usage, as 2026-03-14
}

// Period finds the span of usage and watches. ok is false when the store is empty.
// Within a scope it is that of the rows that may be seen; who may see no figures has none.
func (r *Runner) Period(ctx context.Context, scope Scope) (p Period, ok bool, err error) {
	if scope.check() != nil {
		return p, false, nil
	}
	ctx = r.within(ctx, scope)
	s := &statement{}
	s.write(`SELECT count(), min(local_day), max(local_day) FROM usage_daily
UNION ALL SELECT count(), min(week), max(week) FROM watches_weekly`)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return p, false, err
	}
	var first, last, lastUsage time.Time
	for _, row := range got {
		if asCount(row[0]) == 0 {
			continue
		}
		lo, hi := asTime(row[1]), asTime(row[2])
		if first.IsZero() || lo.Before(first) {
			first = lo
		}
		if hi.After(last) {
			last = hi
		}
	}
	if first.IsZero() {
		return p, false, nil
	}
	months, err := r.months(ctx)
	if err != nil {
		return p, false, err
	}
	i := slices.IndexFunc(months, func(m dataMonth) bool { return m.complete })
	lastUsage = monthOf(last)
	if len(months) > 0 {
		lastUsage = months[max(i, 0)].first
		p.Days = [2]string{months[len(months)-1].from.Format(time.DateOnly), months[0].to.Format(time.DateOnly)}
	}
	p.From, p.To = midnight(monthOf(first), r.cfg.Zone), midnight(monthOf(last).AddDate(0, 1, 0), r.cfg.Zone)
	p.Month = lastUsage.Format("2006-01")
	return p, true, nil
}

type dataMonth struct {
	first, from, to time.Time
	complete        bool
}

// months lists the months that hold usage, newest first. A month is complete when usage
// reaches its last day, or when a later month has begun.
func (r *Runner) months(ctx context.Context) ([]dataMonth, error) {
	s := &statement{}
	// Grouped by the partition key itself, this is answered from the parts' own minima and
	// maxima, without reading a row.
	s.write("SELECT toYYYYMM(local_day) AS m, min(local_day), max(local_day) FROM usage_daily GROUP BY m ORDER BY m DESC LIMIT %d", maxBuckets)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	var out []dataMonth
	for i, row := range got {
		m := dataMonth{first: monthOf(asTime(row[1])), from: asTime(row[1]), to: asTime(row[2])}
		m.complete = i > 0 || m.to.Equal(m.first.AddDate(0, 1, -1))
		out = append(out, m)
	}
	return out, nil
}
