// Package savings finds what a unit could do without or have cheaper, each with what it costs in
// a year and with the evidence. It is about lines and units, never about how somebody works: a
// finding names a line by its pseudonym, and of its holder nothing. docs/savings.md says how each
// kind is worked out, and which comes before which, so that no krona is counted twice.
package savings

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
	"linesman/processors/goals"
	"linesman/processors/subscriptions"
	"linesman/schema"
)

// Kinds of findings. A line has at most one of the first six, the first that applies; forwarding
// is about other money and may stand beside any.
const (
	Leaver       = "leaver"         // its holder's employment has ended, and it is still paid
	Unused       = "unused"         // not used for days
	Duplicate    = "duplicate"      // its holder has another personal mobile
	PlanTooLarge = "plan_too_large" // a plan with lower fees would have cost less
	PlanTooSmall = "plan_too_small" // a plan with the same or higher fees would have cost less
	Roaming      = "roaming"        // a plan with a package for where it roamed, in those months only
	Forwarding   = "forwarding"     // calls forwarded to outside, which the organisation pays
)

// Kinds lists them in the order of a report.
func Kinds() []string {
	return []string{Leaver, Unused, Duplicate, PlanTooLarge, PlanTooSmall, Roaming, Forwarding}
}

const (
	compared  = 3  // months that plans, roaming and forwarding are judged by
	feeMonths = 12 // months that fees are taken from, where a line was held that long
	mostIDs   = 20 // event ids named of a finding
)

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Input says what is asked.
type Input struct {
	Zone  *time.Location // in which days begin
	Month schema.Day     // any day of the month as of whose end it is; 0: the newest whole month that the data cover
	Days  int            // for how long an unused line was not used; 0: goals.UnusedDays
	Unit  string         // empty: every unit
}

// Sum is a named amount behind a finding.
type Sum struct {
	Name   string       `json:"name"` // fees, now, then, cost, roaming
	Month  string       `json:"month,omitempty"`
	Plan   string       `json:"plan,omitempty"`
	Amount schema.Money `json:"amount"` // SEK
}

// Evidence is what a finding rests on.
type Evidence struct {
	From    string   `json:"from"`               // first day of the months
	To      string   `json:"to"`                 // last day
	Months  int      `json:"months"`             // how many
	Sums    []Sum    `json:"sums"`               // of these months
	Rated   bool     `json:"rated,omitempty"`    // the fees are those of the price book: the operator charged none
	LastUse string   `json:"last_use,omitempty"` // day; empty: none within 400 days
	Days    int      `json:"days,omitempty"`     // for how long an unused line was to be silent
	Prices  []string `json:"prices,omitempty"`   // ids of price rows
	Events  []string `json:"events,omitempty"`   // ids of events, in order of time, at most 20
	Records uint64   `json:"records,omitempty"`  // how many events there are
	Used    uint64   `json:"used,omitempty"`     // of a duplicate: how often it was used in the months that are judged
}

// Finding is one thing that could be saved.
type Finding struct {
	Kind       string       `json:"kind"`
	LineID     string       `json:"line"` // pseudonym
	UnitID     string       `json:"unit"`
	CostCentre string       `json:"cost_centre"`
	LineKind   string       `json:"line_kind"`
	Role       string       `json:"role"` // personal, shared, on_call, loan or m2m: whoever decides has to know
	Operator   string       `json:"operator"`
	Plan       string       `json:"plan"`
	Other      string       `json:"other,omitempty"` // the plan to change to; of a duplicate the line to keep
	Year       schema.Money `json:"sek_a_year"`
	Evidence   Evidence     `json:"evidence"`
	Why        string       `json:"why,omitempty"` // the evidence in words, where a language was asked for
	Do         string       `json:"do,omitempty"`  // what to do
}

// Total is what findings add up to.
type Total struct {
	Findings int          `json:"findings"`
	Year     schema.Money `json:"sek_a_year"`
}

// UnitTotal is what the findings of a unit add up to.
type UnitTotal struct {
	UnitID string           `json:"unit"`
	Name   string           `json:"name"`
	Kinds  map[string]Total `json:"kinds"`
	Total
}

// Report is everything that was found.
type Report struct {
	Month    string           `json:"month"` // first day of the month as of whose end it is
	Days     int              `json:"days"`
	Months   int              `json:"months"` // that plans, roaming and forwarding are judged by; fewer than 3 where the data cover fewer: plans are not compared then
	Findings []Finding        `json:"findings"`
	Kinds    map[string]Total `json:"kinds"`
	Units    []UnitTotal      `json:"units"` // the most to save first
	Total    Total            `json:"total"`
	// Unpriced counts lines that a finding would be about, by kind, if a fee of theirs were known.
	Unpriced map[string]int `json:"unpriced,omitempty"`
	// NotCompared counts lines whose plan was compared with no other, by why.
	NotCompared map[string]int `json:"not_compared,omitempty"`
}

// Find finds what could be saved as of the end of a month.
func Find(ctx context.Context, store Store, in Input) (Report, error) {
	if in.Zone == nil {
		return Report{}, errors.New("finding savings needs a zone")
	}
	in.Days = cmp.Or(in.Days, goals.UnusedDays)
	month, err := covered.Month(ctx, store, in.Month)
	if err != nil {
		return Report{}, fmt.Errorf("finding savings: %w", err)
	}
	first, _, err := covered.Days(ctx, store)
	if err != nil {
		return Report{}, fmt.Errorf("finding savings: %w", err)
	}
	f := &finder{store: store, in: in, month: month, end: covered.End(month), first: first, taken: map[string]bool{}, unpriced: map[string]int{}, notCompared: map[string]int{}}
	if err := f.find(ctx); err != nil {
		return Report{}, fmt.Errorf("finding savings as of %s: %w", f.end, err)
	}
	return f.report()
}

// back is the first day of the month n months before.
func back(month schema.Day, n int) schema.Day {
	for range n {
		month = (month - 1).Month()
	}
	return month
}

// find works the kinds off in the order in which one comes before another.
func (f *finder) find(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"reading lines", f.loadLines}, {"reading units", f.loadNames}, {"reading fees", f.loadFees}, {"reading price books", f.loadBooks},
		{"following up subscriptions", f.asked}, {"looking for duplicates", f.duplicates}, {"naming fees", f.feeEvents}, {"comparing plans", f.plans}, {"adding up forwarding", f.forwarding},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// asked finds the lines of leavers and the unused ones, as the follow-up of subscriptions does.
func (f *finder) asked(ctx context.Context) error {
	r, err := subscriptions.Follow(ctx, f.store, subscriptions.Input{Zone: f.in.Zone, AsOf: f.month, Days: f.in.Days})
	if err != nil {
		return err
	}
	for _, kind := range [...]string{Leaver, Unused} {
		question := map[string]string{Leaver: subscriptions.Leaver, Unused: subscriptions.Unused}[kind]
		for _, l := range r.Lines {
			if !slices.Contains(l.Questions, question) || f.taken[l.LineID] {
				continue
			}
			e := Evidence{LastUse: l.LastUse}
			if kind == Unused {
				e.Days = f.in.Days
			}
			if err := f.fee(kind, l.LineID, "", e); err != nil {
				return err
			}
		}
	}
	return nil
}

// duplicates finds, of the personal mobiles of one holder, all but the one that is used most.
func (f *finder) duplicates(ctx context.Context) error {
	of := map[string][]*line{}
	for _, l := range f.lines {
		if n := l.now(); n.kind == "mobile" && n.role == "personal" && n.holder != "" && !f.taken[l.id] {
			of[n.holder] = append(of[n.holder], l)
		}
	}
	var holders []string
	for h, lines := range of {
		if len(lines) > 1 {
			holders = append(holders, h)
		}
	}
	if len(holders) == 0 {
		return nil
	}
	used, err := f.used(ctx)
	if err != nil {
		return err
	}
	slices.Sort(holders)
	for _, h := range holders {
		lines := of[h]
		slices.SortFunc(lines, func(a, b *line) int {
			return cmp.Or(cmp.Compare(used[b.id], used[a.id]), strings.Compare(a.id, b.id))
		})
		for _, l := range lines[1:] {
			if err := f.fee(Duplicate, l.id, lines[0].id, Evidence{Used: used[l.id]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// add notes a finding about a line.
func (f *finder) add(kind string, l *line, other string, year schema.Money, e Evidence) {
	n := l.now()
	f.findings = append(f.findings, Finding{Kind: kind, LineID: l.id, UnitID: n.unit, CostCentre: cmp.Or(n.centre, f.centres[n.unit]), LineKind: n.kind, Role: n.role, Operator: n.operator, Plan: n.plan, Other: other, Year: year, Evidence: e})
	if kind != Forwarding {
		f.taken[l.id] = true
	}
}

// report orders the findings and adds them up.
func (f *finder) report() (Report, error) {
	r := Report{Month: f.month.String(), Days: f.in.Days, Months: f.months(), Findings: []Finding{}, Kinds: map[string]Total{}, Units: []UnitTotal{}, Unpriced: f.unpriced, NotCompared: f.notCompared}
	at := map[string]int{}
	for _, g := range f.findings {
		if f.in.Unit != "" && g.UnitID != f.in.Unit {
			continue
		}
		r.Findings = append(r.Findings, g)
		n, ok := at[g.UnitID]
		if !ok {
			n = len(r.Units)
			at[g.UnitID] = n
			r.Units = append(r.Units, UnitTotal{UnitID: g.UnitID, Name: f.names[g.UnitID], Kinds: map[string]Total{}})
		}
		u := &r.Units[n]
		var err error
		if u.Kinds[g.Kind], err = plus(u.Kinds[g.Kind], g.Year); err == nil {
			if u.Total, err = plus(u.Total, g.Year); err == nil {
				if r.Kinds[g.Kind], err = plus(r.Kinds[g.Kind], g.Year); err == nil {
					r.Total, err = plus(r.Total, g.Year)
				}
			}
		}
		if err != nil {
			return Report{}, fmt.Errorf("adding up savings: %w", err)
		}
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Year, a.Year), strings.Compare(a.LineID, b.LineID), strings.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(r.Units, func(a, b UnitTotal) int {
		return cmp.Or(cmp.Compare(b.Year, a.Year), strings.Compare(a.UnitID, b.UnitID))
	})
	return r, nil
}

func plus(t Total, m schema.Money) (Total, error) {
	sum, err := (t.Year + m).MulDiv(1, 1)
	return Total{t.Findings + 1, sum}, err
}
