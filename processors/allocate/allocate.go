// Package allocate works out who bears the costs of a month: the cost centre and unit that held a
// line when it was used, another one by rule, or the holder who repays private use.
//
// Nothing of it is recorded: the same usage, rules, approvals and exchange rates always give the
// same postings, whatever order they came in. The postings of a month add up to its costs, to a
// millionth: what cannot be divided evenly goes to those whose remainder is largest, and what no
// rule can place stays with whoever held the line. docs/allocation.md says it for finance.
package allocate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/covered"
	"linesman/schema"
)

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Input says what is asked.
type Input struct {
	Zone  *time.Location // in which months begin
	Month schema.Day     // any day of the month; 0: the newest whole month that the data cover
}

// Result is who bears a month.
type Result struct {
	Month    schema.Day       `json:"month"` // its first day
	Postings []schema.Posting `json:"postings"`
	Cost     schema.Money     `json:"cost"` // SEK excluding VAT; what the postings add up to
	VAT      schema.Money     `json:"vat"`  // SEK; what the postings add up to
	Notices  []Notice         `json:"notices"`
	Queries  []Query          `json:"queries"`
}

// Query is what was asked of the store for a figure. Lines in it are pseudonyms.
type Query struct {
	Name string `json:"name"`
	SQL  string `json:"sql"`
}

// What a notice says.
const (
	NoticeMixed     = "mixed"      // the rows of a rule disagree about it: those of its first target hold
	NoticeTargets   = "targets"    // a rule of kind to has several targets: the first one bears it
	NoticeHow       = "how"        // how a rule divides is not known: whoever held the line bears it
	NoticeShares    = "shares"     // nothing to divide by: whoever held the line bears it
	NoticeNoRate    = "no_rate"    // charged in a currency whose worth nobody stated: it costs 0
	NoticeNoRateVAT = "no_vatrate" // the same of VAT
	NoticeNoHolder  = "no_holder"  // private use of lines without a holder: nobody repays it
	NoticeNoCentre  = "no_centre"  // cost of lines that no cost centre is stated for
)

// Notice is something that whoever uses the figures should know.
type Notice struct {
	Code     string       `json:"code"`
	Rule     string       `json:"rule,omitempty"`
	Currency string       `json:"currency,omitempty"`
	Records  uint64       `json:"records,omitempty"`
	Cost     schema.Money `json:"cost"` // SEK; 0 where no amount belongs to it
}

// Month works out who bears the costs of a month. The error is covered.ErrNoMonth where the data
// do not cover it.
func Month(ctx context.Context, st Store, in Input) (Result, error) {
	l, err := newLoader(ctx, st, in)
	if err != nil {
		return Result{}, err
	}
	if err := l.loadRules(ctx); err != nil {
		return Result{}, err
	}
	w := newWork(l.spans)
	sql := l.usageSQL("")
	if err := l.eachUse(ctx, sql, func(u use) { w.take(u, l.permits) }); err != nil {
		return Result{}, fmt.Errorf("allocating %s: reading usage: %w", l.month, err)
	}
	r := Result{Month: l.month, Cost: w.total.cost, VAT: w.total.vat, Queries: []Query{{"usage", sql}}}
	r.Postings = w.postings(l.month)
	if err := r.check(); err != nil {
		return Result{}, err
	}
	for _, n := range l.notices {
		w.notices.add(n)
	}
	r.Notices = w.notices.list()
	return r, nil
}

// check holds the postings against the costs: a figure that does not add up is worse than none.
func (r *Result) check() error {
	var cost, vat schema.Money
	for _, p := range r.Postings {
		cost, vat = cost+p.Cost, vat+p.VAT
	}
	if cost != r.Cost || vat != r.VAT {
		return fmt.Errorf("allocating %s: the postings add up to %s and VAT %s, the costs to %s and %s", r.Month, cost, vat, r.Cost, r.VAT)
	}
	return nil
}

// sums are what records add up to.
type sums struct {
	records   uint64
	cost, vat schema.Money
}

func (s *sums) add(o sums) {
	s.records, s.cost, s.vat = s.records+o.records, s.cost+o.cost, s.vat+o.vat
}

// group is what is divided as one: the same rule, in the same span, of the same bearer.
type group struct {
	span                                    int // 1 + index in spans; 0: no rule
	centre, unit, kind, service, byOperator string
}

// work adds usage up and divides it.
type work struct {
	spans   []span
	groups  map[group]sums
	repaid  map[group]sums
	used    map[string]uint64            // calls, messages and data sessions by cost centre
	ruled   map[string]map[string]uint64 // of these, those of a rule
	total   sums
	notices notices
}

func newWork(spans []span) *work {
	return &work{spans: spans, groups: map[group]sums{}, repaid: map[group]sums{}, used: map[string]uint64{}, ruled: map[string]map[string]uint64{}, notices: notices{}}
}

// take adds one row of the answer.
func (w *work) take(u use, p permits) {
	w.total.add(u.sums)
	g := group{u.span, u.centre, u.unit, u.kind, u.service, u.operator}
	if u.kind != schema.KindFee {
		w.used[u.centre] += u.records
	}
	w.note(u)
	if u.private && u.holder != "" && !p.cover(u.line, u.unit, u.at) {
		into(w.repaid, g, u.sums)
		return
	}
	if g.span > 0 && u.kind != schema.KindFee {
		rule := w.spans[g.span-1].rule
		if w.ruled[rule] == nil {
			w.ruled[rule] = map[string]uint64{}
		}
		w.ruled[rule][u.centre] += u.records
	}
	into(w.groups, g, u.sums)
}

func (w *work) note(u use) {
	if u.noRate > 0 {
		w.notices.add(Notice{Code: NoticeNoRate, Records: u.noRate})
	}
	if u.lacking != "" {
		w.notices.add(Notice{Code: NoticeNoRateVAT, Currency: u.lacking, Records: u.records})
	}
	if u.private && u.holder == "" {
		w.notices.add(Notice{Code: NoticeNoHolder, Records: u.records, Cost: u.cost})
	}
}

func into(m map[group]sums, g group, s sums) {
	have := m[g]
	have.add(s)
	m[g] = have
}

// postings divides what was added up.
func (w *work) postings(month schema.Day) []schema.Posting {
	merged := map[schema.Posting]sums{}
	post := func(p schema.Posting, s sums) {
		p.Month = month
		have := merged[p]
		have.add(s)
		merged[p] = have
	}
	for g, s := range w.repaid {
		p := g.posting()
		p.Repay = true
		post(p, s)
	}
	for g, s := range w.groups {
		w.divide(g, s, post)
	}
	out := make([]schema.Posting, 0, len(merged))
	for p, s := range merged {
		if p.CostCentre == "" && s.cost != 0 {
			w.notices.add(Notice{Code: NoticeNoCentre, Records: s.records, Cost: s.cost})
		}
		p.Records, p.Cost, p.VAT = s.records, s.cost, s.vat
		out = append(out, p)
	}
	slices.SortFunc(out, comparePostings)
	return out
}

func comparePostings(a, b schema.Posting) int {
	return cmp.Or(strings.Compare(a.CostCentre, b.CostCentre), strings.Compare(a.UnitID, b.UnitID), strings.Compare(a.Project, b.Project),
		strings.Compare(a.Activity, b.Activity), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Service, b.Service), strings.Compare(a.Operator, b.Operator),
		strings.Compare(a.Rule, b.Rule), compareBool(a.Repay, b.Repay))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// posting is what the group's holder bears.
func (g group) posting() schema.Posting {
	return schema.Posting{CostCentre: g.centre, UnitID: g.unit, Kind: g.kind, Service: g.service, Operator: g.byOperator}
}

// divide hands what belongs to a group to those who bear it.
func (w *work) divide(g group, s sums, post func(schema.Posting, sums)) {
	if g.span == 0 {
		post(g.posting(), s)
		return
	}
	sp := &w.spans[g.span-1]
	weights, why := w.weights(sp, g.centre)
	if why != "" {
		w.notices.add(Notice{Code: why, Rule: sp.rule, Records: s.records, Cost: s.cost})
		post(g.posting(), s)
		return
	}
	costs, vats := Split(s.cost, weights), Split(s.vat, weights)
	for i := range weights {
		part := sums{cost: costs[i], vat: vats[i]}
		if i == 0 {
			part.records = s.records
		}
		if part != (sums{}) {
			post(sp.bearer(i, g), part)
		}
	}
}

// weights are those of the targets, or why there are none.
func (w *work) weights(sp *span, centre string) (weights []uint64, why string) {
	var total uint64
	for _, t := range sp.targets {
		n := uint64(1)
		switch sp.how {
		case schema.AllocateTo, schema.AllocateEqual:
		case schema.AllocateKey:
			n = uint64(max(t.Share, 0))
		case schema.AllocateUsage:
			c := cmp.Or(t.ToCostCentre, centre)
			n = w.used[c] - w.ruled[sp.rule][c]
		default:
			return nil, NoticeHow
		}
		weights = append(weights, n)
		total |= n
	}
	if total == 0 {
		return nil, NoticeShares
	}
	return weights, ""
}

// bearer is who bears the part of a target.
func (sp *span) bearer(i int, g group) schema.Posting {
	t, p := &sp.targets[i], g.posting()
	p.Rule, p.Project, p.Activity = sp.rule, t.ToProject, t.ToActivity
	stays := t.ToCostCentre == "" || t.ToCostCentre == g.centre
	p.CostCentre = cmp.Or(t.ToCostCentre, g.centre)
	switch {
	case t.ToUnit != "":
		p.UnitID = t.ToUnit
	case !stays:
		p.UnitID = ""
	}
	return p
}

// notices add up what several rows say.
type notices map[Notice]Notice

func (n notices) add(x Notice) {
	key := Notice{Code: x.Code, Rule: x.Rule, Currency: x.Currency}
	have := n[key]
	key.Records, key.Cost = have.Records+x.Records, have.Cost+x.Cost
	n[Notice{Code: x.Code, Rule: x.Rule, Currency: x.Currency}] = key
}

func (n notices) list() []Notice {
	out := make([]Notice, 0, len(n))
	for _, x := range n {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Notice) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Currency, b.Currency))
	})
	return out
}

// newLoader finds the month, and reads what is needed to tell who repays.
func newLoader(ctx context.Context, st Store, in Input) (*loader, error) {
	if in.Zone == nil {
		return nil, errors.New("allocating costs needs a zone")
	}
	month, err := covered.Month(ctx, st, in.Month)
	if err != nil {
		return nil, fmt.Errorf("allocating costs: %w", err)
	}
	// A local day lies within a day of the same date in UTC on either side.
	l := &loader{store: st, month: month, next: covered.Next(month)}
	l.from, l.to = (l.month - 1).Start(time.UTC), (l.next + 1).Start(time.UTC)
	for _, step := range []struct {
		what string
		read func(context.Context) error
	}{{"extensions", l.loadExtensions}, {"approvals", l.loadPermits}, {"exchange rates", l.loadRates}} {
		if err := step.read(ctx); err != nil {
			return nil, fmt.Errorf("allocating %s: reading %s: %w", month, step.what, err)
		}
	}
	return l, nil
}
